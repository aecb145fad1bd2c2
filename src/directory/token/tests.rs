//! Who is let in by a token, and when.
#![allow(clippy::unwrap_used)]

use super::secret::Secret;
use super::{Access, Denied, check};
use crate::clock::Clock;
use crate::directory::audit::Admin;
use crate::directory::token::issue::{self, Made, Rotation, Wanted};
use crate::directory::{Directory, record, tenant};
use crate::store::Store;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub(super) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const MINUTE_MS: i64 = 60_000;

/// A directory with the tenant `default`, and the hand of its clock.
pub(super) async fn directory() -> (Directory, Arc<AtomicI64>) {
    let (clock, hand) = Clock::fixed(1_700_000_000_000);
    let directory = Directory::new(Store::memory(), clock);
    let secret = Secret::random().unwrap();
    let token = record::Token { hash: secret.hash(), ..record::Token::default() };
    assert!(tenant::make_first(&directory, "custom", false, &secret.key_id(), token).await.unwrap());
    (directory, hand)
}

pub(super) async fn make(directory: &Directory, wanted: &Wanted) -> (String, Secret) {
    match issue::create(directory, &Admin::server(), "default", wanted).await.unwrap() {
        Made::New(shown, secret) => (shown.key_id, secret),
        Made::There(shown) => panic!("{} is there", shown.key_id),
    }
}

async fn verdict(directory: &Directory, secret: &Secret) -> Result<Access, Denied> {
    check(directory, secret.expose(), HERE).await.unwrap()
}

#[tokio::test]
async fn only_the_right_secret_speaks_for_the_tenant() {
    for secret in [Secret::random().unwrap(), Secret::chosen("0123456789abcdef0123456789abcdef")] {
        let directory = Directory::new(Store::memory(), Clock::System);
        let stored = record::Token { hash: secret.hash(), ..record::Token::default() };
        assert!(tenant::make_first(&directory, "custom", false, &secret.key_id(), stored.clone()).await.unwrap());
        let access = verdict(&directory, &secret).await.unwrap();
        assert_eq!((access.tenant.name.as_str(), access.key_id), ("default", secret.key_id()));
        let other = Secret::random().unwrap();
        assert_eq!(verdict(&directory, &other).await.unwrap_err(), Denied::Unknown);
        let wrong = format!("{}x", secret.expose());
        for bad in [wrong.as_str(), "", "x", "scim_", "scim_a_b_c"] {
            assert!(check(&directory, bad, HERE).await.unwrap().is_err(), "{bad}");
        }
        assert!(!tenant::make_first(&directory, "custom", false, &secret.key_id(), stored).await.unwrap());
    }
}

#[tokio::test]
async fn a_token_ends_at_its_time_and_when_it_is_revoked() {
    let (directory, hand) = directory().await;
    let (_, secret) = make(&directory, &Wanted { lifetime_ms: Some(MINUTE_MS), ..Wanted::default() }).await;
    let (revoked, gone) = make(&directory, &Wanted::default()).await;
    assert!(verdict(&directory, &secret).await.is_ok() && verdict(&directory, &gone).await.is_ok());
    issue::revoke(&directory, &Admin::server(), &revoked).await.unwrap();
    assert_eq!(verdict(&directory, &gone).await.unwrap_err(), Denied::Revoked);
    hand.fetch_add(MINUTE_MS - 1, Ordering::SeqCst);
    assert!(verdict(&directory, &secret).await.is_ok());
    hand.fetch_add(1, Ordering::SeqCst);
    assert_eq!(verdict(&directory, &secret).await.unwrap_err(), Denied::Expired);
}

#[tokio::test]
async fn a_token_is_bound_to_its_networks() {
    let (directory, _) = directory().await;
    let networks = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    let (_, secret) = make(&directory, &Wanted { networks, ..Wanted::default() }).await;
    for (from, is_in) in [
        ("192.0.2.77", true),
        ("::ffff:192.0.2.77", true),
        ("2001:db8::7", true),
        ("198.51.100.1", false),
        ("::1", false),
    ] {
        let verdict = check(&directory, secret.expose(), from.parse().unwrap()).await.unwrap();
        assert_eq!(verdict.is_ok(), is_in, "{from}");
        assert!(is_in || matches!(verdict, Err(Denied::Address)));
    }
}

#[tokio::test]
async fn both_tokens_are_valid_during_the_overlap() {
    let (directory, hand) = directory().await;
    let (id, old) = make(&directory, &Wanted { read_only: true, ..Wanted::default() }).await;
    let rotation = Rotation { overlap_ms: Some(MINUTE_MS), ..Rotation::default() };
    let (shown, new, replaced) = issue::rotate(&directory, &Admin::server(), &id, &rotation).await.unwrap();
    assert_eq!(shown.token.replaces.as_deref(), Some(id.as_str()));
    assert_eq!(replaced.token.replaced_by.as_deref(), Some(shown.key_id.as_str()));
    for secret in [&old, &new] {
        assert!(verdict(&directory, secret).await.unwrap().read_only);
    }
    hand.fetch_add(MINUTE_MS, Ordering::SeqCst);
    assert_eq!(verdict(&directory, &old).await.unwrap_err(), Denied::Expired);
    assert!(verdict(&directory, &new).await.is_ok());
}

#[tokio::test]
async fn a_closed_tenant_lets_nobody_in() {
    let (directory, _) = directory().await;
    let (_, secret) = make(&directory, &Wanted::default()).await;
    let close = |is: bool| {
        tenant::settings::update(&directory, &ADMIN, "default", None, move |settings| settings.disabled = is)
    };
    close(true).await.unwrap();
    assert_eq!(verdict(&directory, &secret).await.unwrap_err(), Denied::TenantClosed);
    close(false).await.unwrap();
    assert!(verdict(&directory, &secret).await.is_ok());
}

static ADMIN: Admin = Admin { name: String::new(), address: String::new() };
