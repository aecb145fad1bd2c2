//! What is trimmed, and what is not.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::round;
use crate::clock::Clock;
use crate::directory::audit::{self, Act, Admin};
use crate::directory::log::{self, Bounds};
use crate::directory::record::{self, AuditEntry, Change, Seal};
use crate::directory::seal;
use crate::directory::tests::Fixture;
use crate::directory::{keys, log::Position};
use crate::limits;
use crate::store::Store;
use std::sync::atomic::Ordering;

/// Seals the log up to the newest revision.
async fn stamp(site: &Fixture, number: u32) -> u64 {
    let snapshot = site.directory.snapshot().await.unwrap();
    let upto = snapshot.revision();
    let seal = Seal { after: 0, upto, entries: 0, previous: [0; 32], hash: [0; 32] };
    let mut batch = site.directory.batch();
    batch.put(keys::seals(number), record::pack(&seal).unwrap());
    batch.put(keys::seal(number, upto), record::pack(&seal).unwrap());
    site.directory.commit(batch).await.unwrap();
    upto
}

async fn changes(site: &Fixture) -> Vec<String> {
    let snapshot = site.directory.snapshot().await.unwrap();
    let from = log::oldest(&snapshot, 1).await.unwrap();
    let bounds = Bounds { entries_max: 10_000, before_ms: None };
    let chunk = log::read(&snapshot, &from, |_: &Change| true, &bounds).await.unwrap();
    chunk.entries.into_iter().map(|entry| entry.value.id).collect()
}

#[tokio::test]
async fn old_sealed_changes_go_and_others_stay() {
    let (clock, hand) = Clock::fixed(1_000);
    let site = Fixture::over(Store::memory(), clock).await;
    let mut users = Vec::new();
    for n in 0..1_100 {
        users.push(site.user(&format!("old{n}")).await);
    }
    let mark = stamp(&site, 1).await;
    users.push(site.user("old and not sealed").await);
    hand.store(1_000 + limits::CHANGES_KEPT_MS, Ordering::SeqCst);
    round(&site.directory).await.unwrap();
    assert_eq!(changes(&site).await, users, "nothing is too old yet");

    hand.fetch_add(1, Ordering::SeqCst);
    round(&site.directory).await.unwrap();
    assert_eq!(changes(&site).await, users[1_100..]);
    let snapshot = site.directory.snapshot().await.unwrap();
    assert_eq!(log::trimmed(&snapshot, 1).await.unwrap(), mark);
    // The seal at the mark is what the next one goes on from.
    assert!(snapshot.get(&keys::seal(1, mark)).await.unwrap().is_some());

    // Sealed now, but by a young seal.
    let young = stamp(&site, 1).await;
    round(&site.directory).await.unwrap();
    assert_eq!(changes(&site).await, users[1_100..]);
    hand.fetch_add(limits::CHANGES_KEPT_MS + 1, Ordering::SeqCst);
    round(&site.directory).await.unwrap();
    assert!(changes(&site).await.is_empty());
    let snapshot = site.directory.snapshot().await.unwrap();
    assert!(snapshot.get(&keys::seal(1, mark)).await.unwrap().is_none());
    assert!(snapshot.get(&keys::seal(1, young)).await.unwrap().is_some());
    let bounds = Bounds { entries_max: 1, before_ms: None };
    assert!(log::read(&snapshot, &Position::at(1, mark), |_: &Change| true, &bounds).await.is_err());
}

#[tokio::test]
async fn what_remains_is_verified_from_the_seal_at_the_mark() {
    let (clock, hand) = Clock::fixed(1_000);
    let site = Fixture::over(Store::memory(), clock).await;
    let sealed = async |users: usize| {
        for _ in 0..users {
            site.user(&uuid::Uuid::now_v7().to_string()).await;
        }
        seal::round(&site.directory).await;
    };
    sealed(3).await;
    sealed(4).await;
    hand.fetch_add(limits::CHANGES_KEPT_MS + 1, Ordering::SeqCst);
    sealed(5).await;
    let verified = seal::verify(&site.directory, 1).await.unwrap();
    assert_eq!((verified.problem, verified.entries), (None, 12));

    round(&site.directory).await.unwrap();
    assert_eq!(changes(&site).await.len(), 5);
    let verified = seal::verify(&site.directory, 1).await.unwrap();
    assert_eq!((verified.problem, verified.entries, verified.unsealed), (None, 5, 0));
    sealed(2).await;
    let verified = seal::verify(&site.directory, 1).await.unwrap();
    assert_eq!((verified.problem, verified.entries), (None, 7));

    // The seal at the mark is missed like any other.
    let snapshot = site.directory.snapshot().await.unwrap();
    let mark = log::trimmed(&snapshot, 1).await.unwrap();
    let mut batch = site.directory.batch();
    batch.delete(keys::seal(1, mark));
    site.directory.commit(batch).await.unwrap();
    let problem = seal::verify(&site.directory, 1).await.unwrap().problem.unwrap();
    assert!(problem.contains("a seal is missing"), "{problem}");
}

#[tokio::test]
async fn the_audit_log_is_never_trimmed() {
    let (clock, hand) = Clock::fixed(1_000);
    let site = Fixture::over(Store::memory(), clock).await;
    let mut batch = site.directory.batch();
    let act = Act { action: "tenant.update", tenant: "default", target: "default" };
    audit::add::<Seal>(&mut batch, &Admin::server(), act, None, None).unwrap();
    site.directory.commit(batch).await.unwrap();
    stamp(&site, keys::AUDIT).await;
    hand.fetch_add(10 * limits::CHANGES_KEPT_MS, Ordering::SeqCst);
    round(&site.directory).await.unwrap();
    let snapshot = site.directory.snapshot().await.unwrap();
    let from = log::oldest(&snapshot, keys::AUDIT).await.unwrap();
    let bounds = Bounds { entries_max: 10, before_ms: None };
    let chunk = log::read(&snapshot, &from, |_: &AuditEntry| true, &bounds).await.unwrap();
    assert_eq!(chunk.entries.len(), 1);
}
