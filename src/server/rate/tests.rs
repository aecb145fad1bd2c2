//! Limits are kept, apart for each token, and follow the settings.

use super::Rates;
use crate::directory::tenant::Tenant;
use crate::directory::token::Access;
use crate::profile::custom;
use crate::scim::schema::types::Types;
use std::sync::Arc;

fn access(token: &str, token_max: u32, tenant_max: u32) -> Access {
    let tenant = Tenant {
        mapping: None,
        mapping_version: 0,
        number: 1,
        name: "default".to_owned(),
        dialect: Arc::new(custom::DIALECT.clone()),
        public_url: None,
        discovery_without_token: false,
        if_match_required: false,
        unique_group_names: false,
        requests_per_s_max: tenant_max,
        token_requests_per_s_max: 0,
        deleted_kept_ms: 0,
        is_open: true,
        types: Types::builtin().clone(),
        definitions: None,
        is_changing: false,
    };
    Access { key_id: token.to_owned(), tenant: Arc::new(tenant), read_only: false, requests_per_s_max: token_max }
}

/// How many of so many requests at once may come.
fn allowed(rates: &Rates, access: &Access, requests: usize) -> usize {
    (0..requests).filter(|_| rates.wait(access).is_none()).count()
}

#[test]
fn a_second_s_worth_may_come_at_once() {
    let rates = Rates::default();
    assert_eq!(allowed(&rates, &access("a", 0, 0), 10_000), 10_000);
    assert_eq!(allowed(&rates, &access("b", 5, 0), 6), 5);
    let wait = rates.wait(&access("b", 5, 0));
    assert!(wait.is_some_and(|wait| !wait.is_zero()), "{wait:?}");
}

#[test]
fn tokens_do_not_share_their_limits_and_share_the_tenant_s() {
    let rates = Rates::default();
    assert_eq!(allowed(&rates, &access("a", 3, 8), 4), 3);
    assert_eq!(allowed(&rates, &access("b", 3, 8), 4), 3);
    assert_eq!(allowed(&rates, &access("c", 3, 8), 4), 2);
}

#[test]
fn another_limit_is_in_force_at_once() {
    let rates = Rates::default();
    assert_eq!(allowed(&rates, &access("a", 3, 0), 4), 3);
    assert_eq!(allowed(&rates, &access("a", 2, 0), 4), 2);
    assert_eq!(allowed(&rates, &access("a", 0, 0), 100), 100);
}
