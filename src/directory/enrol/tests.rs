//! Members that an admin adds and removes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{add, remove};
use crate::directory::mapping::tests::admin;
use crate::directory::refused::Refused;
use crate::directory::tests::Fixture;
use crate::directory::{browse, check, keys, tenant};
use crate::mapping::document::{Document, Membership};
use crate::scim::schema;
use serde_json::json;

async fn members(site: &Fixture, group: &str) -> Vec<String> {
    let page = browse::members(&site.call(), schema::group(), group, None, 100).await.unwrap();
    page.items.iter().map(|one| one.id.to_string()).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn marks(site: &Fixture, group: &str) -> usize {
    let snapshot = site.directory.snapshot().await.unwrap();
    let prefix = keys::all_added_here(tenant::FIRST, group.parse().unwrap());
    let scan = crate::store::Scan { prefix: &prefix, after: None, skip: 0, limit: 10, values: false };
    snapshot.scan(&scan).await.unwrap().len()
}

#[tokio::test]
async fn members_come_and_go_by_id_and_name() {
    let site = Fixture::new().await;
    let anna = site.user("anna").await;
    let bert = site.user("bert").await;
    let inner = site.group("inner", &[]).await;
    let staff = site.group("staff", std::slice::from_ref(&bert)).await;
    let (admin, call) = (admin(), site.call());
    assert_eq!(add(&call, &admin, "staff", &names(&["Anna", &bert, &inner])).await.unwrap(), 2);
    assert_eq!(members(&site, &staff).await, [anna.clone(), bert.clone(), inner.clone()]);
    assert_eq!(marks(&site, &staff).await, 3);
    let revision = site.directory.snapshot().await.unwrap().revision();
    assert_eq!(add(&call, &admin, &staff, &names(&["anna"])).await.unwrap(), 0);
    assert_eq!(site.directory.snapshot().await.unwrap().revision(), revision, "nothing is written twice");
    let circle = add(&call, &admin, "inner", &names(&[&staff])).await.unwrap_err();
    assert!(matches!(circle, Refused::Directory(_)), "{circle:?}");
    assert_eq!(remove(&call, &admin, "staff", &names(&["anna", &inner])).await.unwrap(), 2);
    assert_eq!(remove(&call, &admin, "staff", &names(&["anna"])).await.unwrap(), 0);
    assert_eq!(members(&site, &staff).await, [bert]);
    assert_eq!(marks(&site, &staff).await, 1);
    for (group, who) in [("nobody", vec!["anna"]), ("staff", vec!["nobody"])] {
        let refused = add(&call, &admin, group, &names(&who)).await.unwrap_err();
        assert!(matches!(refused, Refused::NotFound(..)), "{refused:?}");
    }
    let refused = add(&call, &admin, "staff", &[]).await.unwrap_err();
    assert!(matches!(refused, Refused::Fields(_)), "{refused:?}");
    let outcome = check::snapshot(&site.directory.snapshot().await.unwrap(), &mut |_| true).unwrap();
    assert_eq!(outcome.problems, Vec::<String>::new());
}

#[tokio::test]
async fn a_provider_does_not_take_out_who_was_added_here() {
    let mut site = Fixture::new().await;
    let anna = site.user("anna").await;
    let bert = site.user("bert").await;
    let staff = site.group("staff", std::slice::from_ref(&bert)).await;
    let mut document = Document::default();
    document.policy.membership = Membership::Additive;
    site.map(&document).await;
    add(&site.call(), &admin(), "staff", &names(&["anna"])).await.unwrap();
    let steps = json!([{"op": "replace", "path": "members", "value": []}]);
    site.patch(schema::group(), &staff, steps).await;
    assert_eq!(members(&site, &staff).await, [anna]);
    remove(&site.call(), &admin(), "staff", &names(&["anna"])).await.unwrap();
    assert_eq!(members(&site, &staff).await, Vec::<String>::new());
}
