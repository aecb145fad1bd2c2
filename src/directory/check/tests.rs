//! A database that was made by the verbs passes, and any single damaged row is told.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Checker, Outcome, backup, snapshot};
use crate::clock::Clock;
use crate::directory::audit::Admin;
use crate::directory::record::{self, Record};
use crate::directory::tenant::settings;
use crate::directory::tests::Fixture;
use crate::directory::{keys, scope, sweep};
use crate::scim::schema;
use crate::store::dump;
use crate::store::{Batch, Scan, Store};
use serde_json::json;

async fn check(site: &Fixture) -> Outcome {
    let pinned = site.directory.store.pin().await.unwrap();
    let live = snapshot(&pinned, &mut |_| true).unwrap();
    let mut file = Vec::new();
    dump::write(&pinned, &mut file, &mut |_| true).unwrap();
    let (copied, summary) = backup(&mut file.as_slice(), &mut |_| true).unwrap();
    assert_eq!(live, copied);
    assert_eq!(summary.rows, live.rows);
    live
}

async fn passes(site: &Fixture) {
    assert_eq!(check(site).await.problems, Vec::<String>::new());
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Users and groups after many random operations.
async fn busy() -> Fixture {
    let site = Fixture::new().await;
    let mut dice = Dice(7);
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for n in 0..400 {
        match dice.below(10) {
            0..4 => {
                let email = json!([{"value": format!("mail{n}@example.com"), "type": "work"}]);
                let body = json!({"schemas": [schema::USER], "userName": format!("user{n}"), "externalId": format!("x{}", n % 7), "emails": email});
                users.push(site.make(schema::user(), body).await);
            }
            4 => groups.push(site.group(&format!("group{n}"), &[]).await),
            5 | 6 if !users.is_empty() && !groups.is_empty() => {
                let member = if dice.below(9) == 0 { &groups[0] } else { &users[dice.below(users.len())] };
                let group = &groups[dice.below(groups.len())];
                if group != &groups[0] {
                    let add = json!([{"op": "add", "path": "members", "value": [{"value": member}]}]);
                    site.patch(schema::group(), group, add).await;
                }
            }
            7 if !users.is_empty() => {
                let user = &users[dice.below(users.len())];
                let rename =
                    json!([{"op": "replace", "value": {"displayName": format!("n{n}"), "userName": format!("r{n}")}}]);
                site.patch(schema::user(), user, rename).await;
            }
            8 if users.len() > 3 => site.delete(schema::user(), &users.swap_remove(dice.below(users.len()))).await,
            9 if groups.len() > 3 => {
                let index = 1 + dice.below(groups.len() - 1);
                site.delete(schema::group(), &groups.swap_remove(index)).await;
            }
            _ => {}
        }
    }
    site
}

/// The first key with this prefix that `fits`.
async fn find(site: &Fixture, prefix: &[u8], fits: impl Fn(&[u8]) -> bool) -> (Vec<u8>, Vec<u8>) {
    let snapshot = site.directory.snapshot().await.unwrap();
    let scan = Scan { prefix, after: None, skip: 0, limit: 1_000, values: true };
    let page = snapshot.scan(&scan).await.unwrap();
    let row = page.iter().find(|row| fits(row.key)).unwrap();
    (row.key.to_vec(), row.value.to_vec())
}

async fn damage(site: &Fixture, change: impl FnOnce(&mut Batch)) {
    let mut batch = site.directory.batch();
    change(&mut batch);
    site.directory.commit(batch).await.unwrap().unwrap();
}

/// Damages, looks whether it is told in these words, and repairs.
async fn told(site: &Fixture, words: &str, harm: impl FnOnce(&mut Batch), repair: impl FnOnce(&mut Batch)) {
    damage(site, harm).await;
    let problems = check(site).await.problems;
    assert!(!problems.is_empty() && problems.iter().any(|problem| problem.contains(words)), "{words}: {problems:?}");
    assert!(problems.iter().all(|problem| problem.contains("tenant")), "{problems:?}");
    damage(site, repair).await;
    passes(site).await;
}

#[tokio::test]
async fn random_operations_leave_everything_in_agreement() {
    let site = busy().await;
    passes(&site).await;
    sweep::round(&site.directory, 0).await.unwrap();
    passes(&site).await;
}

#[tokio::test]
async fn big_memberships_agree_before_and_after_the_sweeper() {
    let site = Fixture::over(Store::memory(), Clock::System).await;
    let mut users = Vec::new();
    for n in 0..4_010 {
        users.push(site.user(&format!("u{n}")).await);
    }
    let group = site.group("all", &users).await;
    passes(&site).await;
    let list: Vec<_> = users[5..].iter().map(|id| json!({"value": id})).collect();
    site.patch(schema::group(), &group, json!([{"op": "replace", "path": "members", "value": list}])).await;
    passes(&site).await;
    sweep::round(&site.directory, 0).await.unwrap();
    passes(&site).await;
    site.delete(schema::group(), &group).await;
    passes(&site).await;
    sweep::round(&site.directory, 0).await.unwrap();
    passes(&site).await;
}

#[tokio::test]
async fn each_damaged_row_is_told() {
    let site = busy().await;
    for (prefix, length, words) in [
        (&b"U\0\0\0\x01"[..], 0, "unique index"),
        (b"I\0\0\0\x01", 0, "entries of the index"),
        (b"M\0\0\0\x01", 45, "memberships under members"),
        (b"E\0\0\0\x01", 45, "memberships under members"),
        (b"R\0\0\0\x01", 0, "unique index"),
        (b"R\0\0\0\x01\x02", 0, "counters of resources"),
        (b"P\0\0\0\x01T", 0, "tokens"),
        (b"K", 0, "tokens"),
        (b"Ndefault", 0, "the name does not lead"),
    ] {
        let (key, value) = find(&site, prefix, |key| length == 0 || key.len() == length).await;
        told(&site, words, |batch| batch.delete(key.clone()), |batch| batch.put(key.clone(), value)).await;
    }
    for (prefix, words) in [
        (&b"C\0\0\0\x01T"[..], "counters of resources"),
        (b"C\0\0\0\x01B", "counters of resources"),
        (b"C\0\0\0\x01M", "counters of members"),
        (b"C\0\0\0\x01N", "groups in groups"),
    ] {
        let (key, _) = find(&site, prefix, |_| true).await;
        told(&site, words, |batch| batch.add(key.clone(), 1), |batch| batch.add(key.clone(), -1)).await;
    }
    for prefix in [b'R', b'M', b'E', b'I', b'L', b'T', b'S'] {
        let prefix = [&[prefix][..], &[0, 0, 0, 1]].concat();
        let (key, value) = find(&site, &prefix, |_| true).await;
        told(
            &site,
            "",
            |batch| batch.put(key.clone(), b"\x07nonsense".to_vec()),
            |batch| batch.put(key.clone(), value),
        )
        .await;
    }
    let (key, value) = find(&site, b"E\0\0\0\x01", |key| key.len() == 21).await;
    let has_rows = find(&site, &key, |other| other.len() == 45).await;
    assert!(has_rows.0.starts_with(&key));
    told(&site, "no mark", |batch| batch.delete(key.clone()), |batch| batch.put(key.clone(), value)).await;
}

#[tokio::test]
async fn each_damaged_row_of_what_was_deleted_is_told() {
    let mut site = Fixture::new().await;
    let change = |settings: &mut record::Tenant| settings.deleted_kept_days = 1;
    settings::update(&site.directory, &Admin::server(), "default", None, change).await.unwrap();
    site.scope = scope::find(&site.directory, "default", "https://scim.test").await.unwrap();
    let user = site.user("anna").await;
    site.delete(schema::user(), &user).await;
    passes(&site).await;
    for kind in [b'R', b'I', b'T'] {
        let (key, value) = find(&site, &[b'X', 0, 0, 0, 1, kind], |_| true).await;
        let words = "what deleted resources are found by";
        told(&site, words, |batch| batch.delete(key.clone()), |batch| batch.put(key.clone(), value.clone())).await;
        let nonsense = b"\x07nonsense".to_vec();
        told(&site, "", |batch| batch.put(key.clone(), nonsense), |batch| batch.put(key.clone(), value.clone())).await;
    }
    damage(&site, |batch| batch.put(b"X\0\0\0\x01Z".to_vec(), record::PRESENT)).await;
    assert_eq!(check(&site).await.problems.len(), 1);
}

#[tokio::test]
async fn a_record_that_changed_without_its_index_is_told() {
    let site = Fixture::new().await;
    let id = uuid::Uuid::parse_str(&site.user("anna").await).unwrap();
    let key = keys::record(1, keys::USER, id);
    let (_, old) = find(&site, &key, |_| true).await;
    let mut attributes = Record::decode(&old).unwrap().attributes().unwrap();
    attributes.insert("userName".to_owned(), json!("berta"));
    let new = record::encode(schema::user(), None, 0, &record::Values::plain(attributes)).unwrap();
    told(&site, "unique index", |batch| batch.put(key.clone(), new), |batch| batch.put(key.clone(), old)).await;
}

#[tokio::test]
async fn strange_rows_are_told() {
    let site = Fixture::new().await;
    site.user("anna").await;
    for (key, value, words) in [
        (keys::nesting_mark(9), record::PRESENT.to_vec(), "tenant number 9"),
        (b"Z\0\0\0\x01x".to_vec(), Vec::new(), "'Z'"),
        (b"R".to_vec(), Vec::new(), "a key"),
        (keys::log(0), Vec::new(), "audit log"),
    ] {
        damage(&site, |batch| batch.put(key.clone(), value)).await;
        let problems = check(&site).await.problems;
        assert!(problems.iter().any(|problem| problem.contains(words)), "{words}: {problems:?}");
        damage(&site, |batch| batch.delete(key)).await;
    }
    let mut checker = Checker::default();
    checker.row(&keys::total(1, 1), &1_i64.to_be_bytes(), false);
    assert_eq!(checker.finish().problems.len(), 1);
}

#[tokio::test]
async fn problems_and_memory_are_bounded_and_a_check_can_be_ended() {
    let mut checker = Checker::default();
    for number in 0..100_000_u32 {
        checker.row(&keys::nesting_mark(number), b"?", false);
    }
    assert!(checker.tenants.len() <= crate::limits::CHECK_TENANTS_MAX);
    assert_eq!(checker.finish().problems.len(), crate::limits::CHECK_PROBLEMS_MAX);
}

#[tokio::test]
async fn a_tenant_on_its_way_out_need_not_agree() {
    let site = Fixture::new().await;
    let user = site.user("anna").await;
    let key = keys::record(1, keys::USER, uuid::Uuid::parse_str(&user).unwrap());
    damage(&site, |batch| {
        batch.put(keys::deletion(1), record::PRESENT);
        batch.delete(key);
    })
    .await;
    passes(&site).await;
}
