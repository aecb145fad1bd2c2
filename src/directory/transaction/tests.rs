//! What is kept of transactions, for how long, and how they are found.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{State, begin, end, find, forget, page};
use crate::clock::Clock;
use crate::directory::Directory;
use crate::directory::record::{Outcome, Transaction};
use crate::directory::refused::Refused;
use crate::directory::tests::Fixture;
use crate::limits;
use crate::store::Store;
use std::sync::atomic::Ordering;
use uuid::Uuid;

fn asked() -> Transaction {
    let (method, path, token) = ("PUT".to_owned(), "/Users/u1".to_owned(), "t1".to_owned());
    Transaction { method, path, token, started_ms: 1_000, outcome: None }
}

fn outcome(status: u16) -> Outcome {
    Outcome { status, ended_ms: 2_000, ..Outcome::default() }
}

async fn ids(directory: &Directory) -> Vec<Uuid> {
    let (all, next) = page(directory, 1, |_| true, None, 10_000).await.unwrap();
    assert_eq!(next, None);
    all.into_iter().map(|one| one.id).collect()
}

#[tokio::test]
async fn a_transaction_runs_and_is_done() {
    let site = Fixture::new().await;
    let id = site.directory.clock().id();
    let place = site.directory.transactions.place(id, 1, 10).unwrap();
    begin(&site.call(), id, &asked()).await.unwrap();
    assert_eq!(find(&site.directory, 1, &id.to_string()).await.unwrap().state, State::Running);
    end(&site.call(), id, asked(), outcome(200)).await;
    drop(place);
    let found = find(&site.directory, 1, &id.to_string()).await.unwrap();
    assert_eq!((found.state, found.record.outcome.unwrap().status), (State::Done, 200));
    for unknown in ["", "nonsense", &Uuid::nil().to_string()] {
        let refused = find(&site.directory, 1, unknown).await;
        assert!(matches!(refused, Err(Refused::NotFound(..))), "{unknown}");
    }
    assert!(matches!(find(&site.directory, 2, &id.to_string()).await, Err(Refused::NotFound(..))), "another tenant's");
}

#[tokio::test]
async fn what_a_process_left_behind_is_interrupted() {
    let store = Store::memory();
    let site = Fixture::over(store.clone(), Clock::System).await;
    let id = site.directory.clock().id();
    let _place = site.directory.transactions.place(id, 1, 10).unwrap();
    begin(&site.call(), id, &asked()).await.unwrap();
    let later = Directory::new(store, Clock::System);
    assert_eq!(find(&later, 1, &id.to_string()).await.unwrap().state, State::Interrupted);
    let (all, _) = page(&later, 1, |one| one.state == State::Interrupted, None, 10).await.unwrap();
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn the_oldest_give_way_and_the_old_are_forgotten() {
    let (clock, hand) = Clock::fixed(1_000);
    let site = Fixture::over(Store::memory(), clock).await;
    let mut made = Vec::new();
    for _ in 0..limits::TRANSACTIONS_KEPT_MAX + 3 {
        let id = site.directory.clock().id();
        begin(&site.call(), id, &asked()).await.unwrap();
        made.push(id);
        hand.fetch_add(1, Ordering::SeqCst);
    }
    assert!(ids(&site.directory).await == made[3..], "others than the oldest are gone");
    hand.store(1_000 + limits::TRANSACTIONS_KEPT_MS, Ordering::SeqCst);
    forget(&site.directory, 1).await.unwrap();
    assert!(ids(&site.directory).await.len() >= limits::TRANSACTIONS_KEPT_MAX - 1, "the rest is not too old yet");
    hand.fetch_add(10_000, Ordering::SeqCst);
    forget(&site.directory, 1).await.unwrap();
    assert!(ids(&site.directory).await.is_empty());
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended() {
    let site = Fixture::new().await;
    let mut made = Vec::new();
    for n in 0..limits::TRANSACTION_SCAN_ROWS + 5 {
        let id = site.directory.clock().id();
        end(&site.call(), id, asked(), outcome(if n % 2 == 0 { 200 } else { 404 })).await;
        if n % 2 == 1 {
            made.push(id);
        }
    }
    let failed = |one: &super::Found| one.record.outcome.as_ref().is_some_and(|outcome| outcome.status == 404);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let (some, next) = page(&site.directory, 1, failed, after, 4).await.unwrap();
        seen.extend(some.into_iter().map(|one| one.id));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, made);
}

#[tokio::test]
async fn places_are_bounded_in_number_and_bytes() {
    let site = Fixture::new().await;
    let transactions = &site.directory.transactions;
    let all = limits::TRANSACTIONS_AT_WORK_MAX + limits::TRANSACTIONS_WAITING_MAX;
    let take = |tenant| std::iter::from_fn(move || transactions.place(Uuid::new_v4(), tenant, 1));
    let mut places: Vec<_> = take(1).collect();
    assert_eq!(places.len(), limits::TRANSACTIONS_TENANT_MAX, "one tenant leaves room for others");
    places.extend((2..10).flat_map(take));
    assert_eq!(places.len(), all);
    let mut turns = Vec::new();
    for place in places.iter().take(limits::TRANSACTIONS_AT_WORK_MAX) {
        turns.push(place.turn().await.unwrap());
    }
    assert_eq!(transactions.work.available_permits(), 0);
    drop(turns);
    places.clear();
    transactions.drained().await;
    let bytes = limits::REQUEST_BODY_BYTES_MAX;
    let large: Vec<_> = std::iter::from_fn(|| transactions.place(Uuid::new_v4(), 1, bytes)).collect();
    assert_eq!(large.len(), limits::TRANSACTIONS_BODIES_KIB_MAX * 1_024 / bytes);
}
