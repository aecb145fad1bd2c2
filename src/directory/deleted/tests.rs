//! What is deleted is gone and comes back as the same; what nobody wants back is gone for good, with every row.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{list, purge, restore};
use crate::clock::Clock;
use crate::directory::audit::Admin;
use crate::directory::check;
use crate::directory::create::{self, New};
use crate::directory::log::{self, Bounds};
use crate::directory::record::{Change, ChangeKind, Values};
use crate::directory::refused::Refused;
use crate::directory::tenant::{removal, settings};
use crate::directory::tests::Fixture;
use crate::directory::view::{self, View};
use crate::directory::{count, keys, scope, sweep};
use crate::limits::DAY_MS;
use crate::scim::errors::Kind;
use crate::scim::schema::{self, ResourceType};
use crate::store::{Scan, Store};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

const START_MS: i64 = 1_700_000_000_000;

/// A tenant that keeps what is deleted for so many days, and the hand of its clock.
async fn site(days: u32) -> (Fixture, Arc<AtomicI64>) {
    let (clock, hand) = Clock::fixed(START_MS);
    let mut site = Fixture::over(Store::memory(), clock).await;
    keeps(&mut site, days).await;
    (site, hand)
}

async fn keeps(site: &mut Fixture, days: u32) {
    let change = |settings: &mut crate::directory::record::Tenant| settings.deleted_kept_days = days;
    settings::update(&site.directory, &Admin::server(), "default", None, change).await.unwrap();
    site.scope = scope::find(&site.directory, "default", "https://scim.test").await.unwrap();
}

async fn see(site: &Fixture, kind: &ResourceType, id: &str) -> Result<View, Kind> {
    let snapshot = site.directory.snapshot().await.unwrap();
    view::find(&site.call(), &snapshot, kind, id.parse().unwrap()).await.map_err(|error| error.kind)
}

/// The ids of the groups that a user is in, sorted.
async fn groups_of(site: &Fixture, user: &str) -> Vec<String> {
    let view = see(site, schema::user(), user).await.unwrap();
    let mut groups: Vec<String> = view.groups.iter().map(|group| group.id.to_string()).collect();
    groups.sort();
    groups
}

async fn agrees(site: &Fixture) {
    sweep::round(&site.directory, 0).await.unwrap();
    let snapshot = site.directory.snapshot().await.unwrap();
    assert_eq!(check::snapshot(&snapshot, &mut |_| true).unwrap().problems, Vec::<String>::new());
}

async fn rows(site: &Fixture, prefix: &[u8]) -> usize {
    let snapshot = site.directory.snapshot().await.unwrap();
    snapshot.scan(&Scan { prefix, after: None, skip: 0, limit: 1_000, values: false }).await.unwrap().len()
}

async fn bring_back(site: &Fixture, kind: &ResourceType, id: &str) -> Result<restore::Restored, Refused> {
    restore::restore(&site.call(), &Admin::server(), kind, id).await
}

fn user(name: &str, external_id: Option<&str>) -> Value {
    let mut user = json!({"schemas": [schema::USER], "userName": name});
    if let Some(external_id) = external_id {
        user["externalId"] = json!(external_id);
    }
    user
}

fn add(id: &str) -> Value {
    json!([{"op": "add", "path": "members", "value": [{"value": id}]}])
}

#[tokio::test]
async fn a_user_who_is_created_again_is_the_same_without_memberships() {
    let (site, hand) = site(30).await;
    let anna = site.make(schema::user(), user("anna", None)).await;
    let group = site.group("sales", std::slice::from_ref(&anna)).await;
    hand.fetch_add(1_000, SeqCst);
    site.delete(schema::user(), &anna).await;

    assert_eq!(see(&site, schema::user(), &anna).await.err(), Some(Kind::NotFound));
    let snapshot = site.directory.snapshot().await.unwrap();
    assert_eq!(count::total(&snapshot, 1, keys::USER).await.unwrap(), 0);
    agrees(&site).await;

    hand.fetch_add(29 * DAY_MS, SeqCst);
    let body = json!({"schemas": [schema::USER], "userName": "Anna", "title": "new"});
    assert_eq!(site.make(schema::user(), body).await, anna);
    let view = see(&site, schema::user(), &anna).await.unwrap();
    let record = view.record().unwrap();
    let attributes = record.attributes().unwrap();
    assert_eq!((attributes["userName"].as_str(), attributes["title"].as_str()), (Some("Anna"), Some("new")));
    assert_eq!(view.created_ms(&record), START_MS);
    assert_eq!(view.modified_ms(), START_MS + 1_000 + 29 * DAY_MS);
    assert_eq!(groups_of(&site, &anna).await, Vec::<String>::new());
    site.patch(schema::group(), &group, add(&anna)).await;
    assert_eq!(groups_of(&site, &anna).await, [group]);
    assert_eq!(rows(&site, b"X").await, 0);
    agrees(&site).await;

    let snapshot = site.directory.snapshot().await.unwrap();
    let from = log::oldest(&snapshot, 1).await.unwrap();
    let bounds = Bounds { entries_max: 100, before_ms: None };
    let entries = log::read(&snapshot, &from, |change: &Change| change.id == anna, &bounds).await.unwrap().entries;
    let kinds: Vec<ChangeKind> = entries.into_iter().map(|entry| entry.value.kind).collect();
    assert_eq!(kinds, [ChangeKind::Create, ChangeKind::Delete, ChangeKind::Create]);
}

#[tokio::test]
async fn an_external_id_says_who_is_who() {
    let (site, _) = site(30).await;
    let anna = site.make(schema::user(), user("anna", Some("1"))).await;
    site.delete(schema::user(), &anna).await;
    // Another person of the same name is another resource, or she would have what the first one had elsewhere.
    let other = site.make(schema::user(), user("anna", Some("2"))).await;
    assert_ne!(other, anna);
    assert_eq!(site.make(schema::user(), user("anna.married", Some("1"))).await, anna);
    site.delete(schema::user(), &anna).await;
    site.delete(schema::user(), &other).await;
    // Of several of one name the one that was deleted last, when nothing tells them apart.
    assert_eq!(site.make(schema::user(), user("anna", None)).await, other);
    agrees(&site).await;
}

#[tokio::test]
async fn a_group_that_is_created_again_has_the_members_that_are_named_then() {
    let (site, _) = site(30).await;
    let (anna, bert) = (site.user("anna").await, site.user("bert").await);
    let group = site.group("sales", &[anna.clone(), bert.clone()]).await;
    site.delete(schema::group(), &group).await;
    assert_eq!(groups_of(&site, &anna).await, Vec::<String>::new());
    agrees(&site).await;
    assert_eq!(site.group("Sales", std::slice::from_ref(&bert)).await, group);
    assert_eq!(groups_of(&site, &anna).await, Vec::<String>::new());
    assert_eq!(groups_of(&site, &bert).await, std::slice::from_ref(&group));
    agrees(&site).await;
    assert_eq!(rows(&site, b"M").await, 2, "the mark and one member");
    site.delete(schema::group(), &group).await;
    assert_eq!(site.group("sales", &[]).await, group);
    agrees(&site).await;
}

#[tokio::test]
async fn an_admin_brings_back_a_user_with_memberships() {
    let (site, _) = site(30).await;
    let anna = site.make(schema::user(), user("anna", Some("1"))).await;
    let stays = site.group("stays", std::slice::from_ref(&anna)).await;
    let goes = site.group("goes", std::slice::from_ref(&anna)).await;
    site.delete(schema::user(), &anna).await;
    site.delete(schema::group(), &goes).await;

    let page = list::list(&site.call(), keys::USER, None, 10).await.unwrap();
    assert_eq!((page.items.len(), page.next), (1, None));
    assert_eq!(page.items[0].was.id.to_string(), anna);
    assert_eq!(page.items[0].purge_ms, START_MS + 30 * DAY_MS);
    let restored = bring_back(&site, schema::user(), &anna).await.unwrap();
    assert_eq!(restored.groups.len(), 1);
    assert_eq!(restored.lost[0].0.to_string(), goes);
    assert_eq!(groups_of(&site, &anna).await, [stays]);
    assert!(matches!(bring_back(&site, schema::user(), &anna).await, Err(Refused::NotFound(..))));
    agrees(&site).await;
}

#[tokio::test]
async fn an_admin_brings_back_a_group_with_members() {
    let (site, _) = site(30).await;
    let (anna, bert) = (site.user("anna").await, site.user("bert").await);
    let inner = site.group("inner", &[anna.clone(), bert.clone()]).await;
    let outer = site.group("outer", std::slice::from_ref(&inner)).await;
    site.delete(schema::group(), &inner).await;
    assert_eq!(groups_of(&site, &anna).await, Vec::<String>::new());
    // Who is deleted or renamed meanwhile is so in the kept members too.
    site.delete(schema::user(), &bert).await;
    site.patch(schema::user(), &anna, json!([{"op": "replace", "path": "displayName", "value": "Anna B."}])).await;
    let page = list::list(&site.call(), keys::GROUP, None, 10).await.unwrap();
    assert_eq!(page.items[0].members, 1);
    bring_back(&site, schema::group(), &inner).await.unwrap();
    let mut both = [inner.clone(), outer.clone()];
    both.sort();
    assert_eq!(groups_of(&site, &anna).await, both);
    // Bert was in the group when he was deleted, and the group is there again.
    assert_eq!(bring_back(&site, schema::user(), &bert).await.unwrap().groups.len(), 1);
    agrees(&site).await;
}

#[tokio::test]
async fn no_circle_is_closed_by_bringing_back() {
    let (site, _) = site(30).await;
    let inner = site.group("inner", &[]).await;
    let middle = site.group("middle", std::slice::from_ref(&inner)).await;
    let outer = site.group("outer", std::slice::from_ref(&middle)).await;
    site.delete(schema::group(), &middle).await;
    site.patch(schema::group(), &inner, add(&outer)).await;
    let restored = bring_back(&site, schema::group(), &middle).await.unwrap();
    assert_eq!((restored.groups.len(), restored.lost.len()), (0, 1));
    assert_eq!(restored.lost[0].0.to_string(), outer);
    agrees(&site).await;
}

#[tokio::test]
async fn a_name_that_is_taken_or_a_time_that_is_over_stops_it() {
    let (site, hand) = site(2).await;
    let anna = site.make(schema::user(), user("anna", Some("1"))).await;
    site.delete(schema::user(), &anna).await;
    let other = site.make(schema::user(), user("ANNA", Some("2"))).await;
    match bring_back(&site, schema::user(), &anna).await {
        Err(Refused::Directory(error)) => assert_eq!(error.kind, Kind::Uniqueness),
        other => panic!("{other:?}"),
    }
    site.delete(schema::user(), &other).await;
    hand.fetch_add(2 * DAY_MS, SeqCst);
    assert!(matches!(bring_back(&site, schema::user(), &anna).await, Err(Refused::NotFound(..))));
    assert_eq!(list::list(&site.call(), keys::USER, None, 10).await.unwrap().items.len(), 0);
    assert_ne!(site.make(schema::user(), user("anna", Some("1"))).await, anna);
    for text in ["", "anna", "00000000-0000-0000-0000-000000000000"] {
        assert!(matches!(bring_back(&site, schema::user(), text).await, Err(Refused::NotFound(..))), "{text}");
    }
    agrees(&site).await;
}

#[tokio::test]
async fn after_its_time_everything_of_it_is_removed() {
    let (mut site, hand) = site(1).await;
    let mut users = Vec::new();
    for n in 0..250 {
        users.push(site.make(schema::user(), user(&format!("user{n}"), Some(&n.to_string()))).await);
    }
    for name in ["all", "the same", "the same again"] {
        let group = site.group(name, &users).await;
        site.delete(schema::group(), &group).await;
    }
    for user in users.iter().take(240) {
        site.delete(schema::user(), user).await;
    }
    hand.fetch_add(DAY_MS / 2, SeqCst);
    site.delete(schema::user(), &users[240]).await;
    purge::round(&site.directory).await.unwrap();
    assert_eq!(rows(&site, &keys::gone_all(1, keys::USER)).await, 241);
    agrees(&site).await;

    hand.fetch_add(DAY_MS / 2, SeqCst);
    purge::round(&site.directory).await.unwrap();
    assert_eq!(rows(&site, &keys::gone_all(1, keys::USER)).await, 1);
    assert_eq!(rows(&site, &keys::gone_all(1, keys::GROUP)).await, 0);
    agrees(&site).await;
    assert_eq!(rows(&site, b"M").await, 0);

    // A tenant that keeps nothing any more loses what it kept.
    keeps(&mut site, 0).await;
    purge::round(&site.directory).await.unwrap();
    assert_eq!(rows(&site, b"X").await, 0);
    site.delete(schema::user(), &users[241]).await;
    assert_eq!(rows(&site, b"X").await, 0);
    assert_ne!(site.make(schema::user(), user("user241", None)).await, users[241]);
    agrees(&site).await;
}

#[tokio::test]
async fn what_comes_back_and_goes_again_is_kept_from_the_last_time() {
    let (site, hand) = site(10).await;
    let anna = site.user("anna").await;
    site.delete(schema::user(), &anna).await;
    hand.fetch_add(9 * DAY_MS, SeqCst);
    assert_eq!(site.user("anna").await, anna);
    site.delete(schema::user(), &anna).await;
    hand.fetch_add(9 * DAY_MS, SeqCst);
    purge::round(&site.directory).await.unwrap();
    assert_eq!(site.user("anna").await, anna);
    agrees(&site).await;
}

#[tokio::test]
async fn an_id_that_was_deleted_is_not_given_to_another_resource() {
    let (site, hand) = site(10).await;
    let anna = site.user("anna").await;
    site.delete(schema::user(), &anna).await;
    let attributes = serde_json::Map::from_iter([("userName".to_owned(), json!("berta"))]);
    let new = New { id: anna.parse().unwrap(), is_given: true, created_ms: None, values: &Values::plain(attributes) };
    let refused = create::make(&site.call(), schema::user(), &new).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Uniqueness);
    assert!(refused.detail.contains("can be restored"));
    hand.fetch_add(10 * DAY_MS, SeqCst);
    purge::round(&site.directory).await.unwrap();
    create::make(&site.call(), schema::user(), &new).await.unwrap();
    agrees(&site).await;
}

#[tokio::test]
async fn many_who_create_it_again_at_once_get_it_once() {
    let (site, _) = site(10).await;
    let site = Arc::new(site);
    let anna = site.user("anna").await;
    let group = site.group("sales", std::slice::from_ref(&anna)).await;
    site.delete(schema::user(), &anna).await;
    site.delete(schema::group(), &group).await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let site = site.clone();
            tokio::spawn(async move {
                let mut made = Vec::new();
                for (kind, body) in [
                    (schema::user(), user("anna", None)),
                    (schema::group(), json!({"schemas": [schema::GROUP], "displayName": "sales"})),
                ] {
                    let mut reading = crate::scim::dialect::Reading::new(&site.scope.tenant.dialect);
                    let projection = crate::scim::project::Projection::default();
                    let call = site.call();
                    made.push(create::create(&call, kind, body, &projection, &mut reading).await.is_ok());
                }
                made
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    for kind in [0, 1] {
        assert_eq!(all.iter().filter(|made| made[kind]).count(), 1);
    }
    assert!(see(&site, schema::user(), &anna).await.is_ok() && see(&site, schema::group(), &group).await.is_ok());
    agrees(&site).await;
}

#[tokio::test]
async fn another_tenant_has_nothing_of_it_and_a_deleted_tenant_neither() {
    let (mut site, _) = site(10).await;
    let anna = site.user("anna").await;
    site.delete(schema::user(), &anna).await;
    let settings = crate::directory::record::Tenant {
        name: "other".to_owned(),
        profile: "custom".to_owned(),
        deleted_kept_days: 10,
        ..Default::default()
    };
    settings::create(&site.directory, &Admin::server(), settings).await.unwrap();
    let first = scope::find(&site.directory, "default", "https://scim.test").await.unwrap();
    site.scope = scope::find(&site.directory, "other", "https://scim.test").await.unwrap();
    assert_ne!(site.user("anna").await, anna);
    assert!(matches!(bring_back(&site, schema::user(), &anna).await, Err(Refused::NotFound(..))));
    site.scope = first;
    removal::start(&site.directory, &Admin::server(), "default", "default").await.unwrap();
    removal::round(&site.directory, &|_, _| {}).await.unwrap();
    assert_eq!(rows(&site, b"X").await, 0);
}
