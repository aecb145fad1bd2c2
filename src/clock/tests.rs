//! Tests of the clock: what moves, what is unique, what sorts.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::atomic::Ordering;

use super::{Clock, new_id, now_ms};

#[test]
fn a_fixed_clock_moves_only_by_hand() {
    let (clock, hand) = Clock::fixed(1_000);
    assert_eq!(clock.now_ms(), 1_000);
    hand.store(5_000, Ordering::SeqCst);
    assert_eq!(clock.clone().now_ms(), 5_000);
    hand.store(-5, Ordering::SeqCst);
    assert_eq!(clock.now_ms(), -5);
}

#[test]
fn system_time_is_after_2020() {
    assert!(now_ms() > 1_577_836_800_000);
    assert!(Clock::System.now_ms() > 1_577_836_800_000);
}

#[test]
fn ids_are_version_7_unique_and_ascending() {
    let ids: Vec<_> = (0..1_000).map(|_| new_id()).collect();
    assert!(ids.is_sorted());
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(ids.iter().all(|id| id.get_version_num() == 7));
}

#[test]
fn ids_of_a_fixed_clock_carry_its_time() {
    let (clock, hand) = Clock::fixed(1_700_000_000_123);
    let first = clock.id();
    assert_eq!(first.get_version_num(), 7);
    assert_ne!(first, clock.id());
    let stamp = first.get_timestamp().unwrap().to_unix();
    assert_eq!(stamp, (1_700_000_000, 123_000_000));
    hand.store(1_700_000_000_124, Ordering::SeqCst);
    assert!(clock.id() > first);
    // Before the epoch a UUID has no time to carry; it is still an id.
    hand.store(-1, Ordering::SeqCst);
    assert_eq!(clock.id().get_version_num(), 7);
}
