//! Histograms count each value once, and their buckets hold the ones before.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use super::{COMMIT_BATCHES_BOUNDS, COMMIT_DURATION_BOUNDS_US, Counters};

#[test]
fn buckets_hold_the_ones_before() {
    let counters = Counters::default();
    for (batches, took_us) in [(1, 100), (1, 101), (2, 90), (3, 1_000_000), (256, 10_000_000), (300, 10_000_001)] {
        counters.committed(batches, Duration::from_micros(took_us));
    }
    let figures = counters.figures();
    assert_eq!(figures.commits, 6);
    let batches = figures.commit_batches;
    assert_eq!(batches.buckets.iter().map(|(bound, _)| *bound).collect::<Vec<_>>(), COMMIT_BATCHES_BOUNDS);
    assert_eq!(batches.buckets.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 3, 4, 4, 4, 4, 4, 4, 5]);
    assert_eq!((batches.count, batches.sum), (6, 1 + 1 + 2 + 3 + 256 + 300));
    let durations = figures.commit_duration_us;
    assert_eq!(durations.buckets.first(), Some(&(100, 2)));
    assert_eq!(durations.buckets.get(1), Some(&(250, 3)));
    assert_eq!(durations.buckets.get(12), Some(&(1_000_000, 4)));
    assert_eq!(durations.buckets.last(), Some(&(10_000_000, 5)));
    assert_eq!((durations.buckets.len(), durations.count), (COMMIT_DURATION_BOUNDS_US.len(), 6));
}
