//! Reading logs: in pieces, by time, with filters, and where positions are refused.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Bounds, Entry, Position, newest, oldest, read, since};
use crate::clock::Clock;
use crate::directory::keys;
use crate::directory::record::{self, Change};
use crate::directory::refused::Refused;
use crate::directory::tests::Fixture;
use crate::store::Store;
use std::sync::atomic::Ordering;

const LOG: u32 = 1;

async fn all(site: &Fixture, from: &Position, piece: usize) -> Vec<Entry<Change>> {
    let snapshot = site.directory.snapshot().await.unwrap();
    let (mut entries, mut from) = (Vec::new(), from.clone());
    loop {
        let bounds = Bounds { entries_max: piece, before_ms: None };
        let chunk = read(&snapshot, &from, |_: &Change| true, &bounds).await.unwrap();
        assert!(chunk.entries.len() <= piece);
        entries.extend(chunk.entries);
        if chunk.is_end {
            return entries;
        }
        from = chunk.next;
    }
}

fn ids(entries: &[Entry<Change>]) -> Vec<String> {
    entries.iter().map(|entry| entry.value.id.clone()).collect()
}

#[tokio::test]
async fn pieces_of_any_size_are_the_whole() {
    let site = Fixture::new().await;
    let mut users = Vec::new();
    for n in 0..20 {
        users.push(site.user(&format!("u{n}")).await);
    }
    let snapshot = site.directory.snapshot().await.unwrap();
    let start = oldest(&snapshot, LOG).await.unwrap();
    for piece in [1, 3, 7, 19, 20, 21] {
        let entries = all(&site, &start, piece).await;
        assert_eq!(ids(&entries), users, "{piece}");
        for (n, entry) in entries.iter().enumerate() {
            let position = Position::parse(LOG, &entry.position.text()).unwrap();
            assert_eq!(position, entry.position);
            assert_eq!(ids(&all(&site, &position, 100).await), users[n + 1..]);
        }
    }
    assert!(all(&site, &newest(&snapshot, LOG), 5).await.is_empty());
}

#[tokio::test]
async fn a_time_is_found() {
    let (clock, hand) = Clock::fixed(1_000);
    let site = Fixture::over(Store::memory(), clock).await;
    let mut users = Vec::new();
    for n in 0..10 {
        hand.store(10_000 + n * 1_000, Ordering::SeqCst);
        users.push(site.user(&format!("u{n}")).await);
    }
    let snapshot = site.directory.snapshot().await.unwrap();
    for (ms, first) in [(0, 0), (10_000, 0), (10_001, 1), (14_000, 4), (18_999, 9), (19_000, 9), (19_001, 10)] {
        let from = since(&snapshot, LOG, ms).await.unwrap();
        assert_eq!(ids(&all(&site, &from, 100).await), users[first..], "{ms}");
    }
    let bounds = Bounds { entries_max: 100, before_ms: Some(12_000) };
    let from = oldest(&snapshot, LOG).await.unwrap();
    let chunk = read(&snapshot, &from, |_: &Change| true, &bounds).await.unwrap();
    assert_eq!((ids(&chunk.entries), chunk.is_end), (users[..2].to_vec(), true));
}

#[tokio::test]
async fn a_filter_moves_on_over_what_it_drops() {
    let site = Fixture::new().await;
    for n in 0..30 {
        site.user(&format!("u{n}")).await;
    }
    let snapshot = site.directory.snapshot().await.unwrap();
    let bounds = Bounds { entries_max: 10, before_ms: None };
    let from = oldest(&snapshot, LOG).await.unwrap();
    let chunk = read(&snapshot, &from, |_: &Change| false, &bounds).await.unwrap();
    assert!(chunk.entries.is_empty() && chunk.is_end);
    assert_eq!(chunk.next, newest(&snapshot, LOG));
}

#[tokio::test]
async fn a_position_is_of_one_log() {
    let text = Position::at(1, 77).text();
    assert!(Position::parse(1, &text).is_some());
    assert_eq!(Position::parse(1, &text).unwrap().revision(), 77);
    assert_eq!(Position::parse(2, &text), None);
    assert_eq!(Position::parse(keys::AUDIT, &text), None);
    assert_eq!(Position::parse(1, "nonsense"), None);
}

#[tokio::test]
async fn a_position_that_the_log_does_not_reach_is_refused() {
    let site = Fixture::new().await;
    site.user("anna").await;
    let snapshot = site.directory.snapshot().await.unwrap();
    let mut batch = site.directory.batch();
    batch.put(keys::trimmed(LOG), record::pack(&snapshot.revision()).unwrap());
    site.directory.commit(batch).await.unwrap();
    let snapshot = site.directory.snapshot().await.unwrap();
    let bounds = Bounds { entries_max: 10, before_ms: None };
    for (revision, reached) in [(0, false), (1, false), (2, true), (3, true), (4, false), (u64::MAX, false)] {
        let position = Position::at(LOG, revision);
        let outcome = read(&snapshot, &position, |_: &Change| true, &bounds).await;
        let refused = matches!(outcome, Err(Refused::Trimmed { reason: "CHANGES_TRIMMED", .. }));
        assert_eq!(!refused, reached, "{revision}: {outcome:?}");
    }
    assert_eq!(oldest(&snapshot, LOG).await.unwrap().revision(), 2);
}
