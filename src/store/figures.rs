//! What a store counts about itself, for metrics: plain numbers to take at any time, and the atomics behind them. It does
//! not know who looks at them.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::CommitError;

/// The upper bounds of [`Figures::commit_batches`], in batches.
pub const COMMIT_BATCHES_BOUNDS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// The upper bounds of [`Figures::commit_duration_us`], in microseconds: 100 us to 10 s.
pub const COMMIT_DURATION_BOUNDS_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];

/// The figures of one store at one time. Each is right for itself; two of them may be a commit apart. What is counted
/// begins at 0 when the store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Transactions made durable, each with one or more batches; in memory, each batch is one.
    pub commits: u64,
    /// Batches committed.
    pub batches: u64,
    /// Batches refused because an expectation did not hold.
    pub conflicts: u64,
    /// Batches refused because the store could not be written.
    pub failed: u64,
    /// Batches of each commit.
    pub commit_batches: Histogram,
    /// The time each commit took, from its first batch applied until it was durable, in microseconds.
    pub commit_duration_us: Histogram,
    /// Batches that wait for the writer or are being committed; 0 in memory.
    pub queue_batches: u64,
    /// Bytes of those batches, by [`super::Batch::bytes`].
    pub queue_bytes: u64,
    /// Bytes of the database file; 0 in memory and once closed.
    pub file_bytes: u64,
    /// How often the database was opened again after a fault of the disk.
    pub reopenings: u64,
    /// Points in time that a newer commit has replaced and that snapshots still hold readable: each keeps pages from being
    /// used again, so that the file grows. Those that have expired are not among them. 0 in memory.
    pub replaced_snapshots: u64,
}

/// How many of what was measured are at most as large as each bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// The bounds, ascending, and how many of the measured are not above each: every count holds the ones before it.
    pub buckets: Vec<(u64, u64)>,
    /// How many were measured, those above the last bound included.
    pub count: u64,
    /// The sum of what was measured.
    pub sum: u64,
}

/// The counters of one store, kept by its engine.
pub(super) struct Counters {
    batches: AtomicU64,
    conflicts: AtomicU64,
    failed: AtomicU64,
    reopenings: AtomicU64,
    replaced: AtomicU64,
    commit_batches: Measured<{ COMMIT_BATCHES_BOUNDS.len() }>,
    commit_duration_us: Measured<{ COMMIT_DURATION_BOUNDS_US.len() }>,
}

/// Values counted by the first bound that is not below them.
struct Measured<const BOUNDS: usize> {
    bounds: [u64; BOUNDS],
    within: [AtomicU64; BOUNDS],
    beyond: AtomicU64,
    sum: AtomicU64,
}

impl Default for Counters {
    fn default() -> Counters {
        Counters {
            batches: AtomicU64::new(0),
            conflicts: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            reopenings: AtomicU64::new(0),
            replaced: AtomicU64::new(0),
            commit_batches: Measured::new(COMMIT_BATCHES_BOUNDS),
            commit_duration_us: Measured::new(COMMIT_DURATION_BOUNDS_US),
        }
    }
}

impl Counters {
    /// Counts a commit of this many batches that wrote something.
    pub(super) fn committed(&self, batches: usize, took: Duration) {
        self.commit_batches.add(batches as u64);
        self.commit_duration_us.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Counts the answer to one batch.
    pub(super) fn answered<T>(&self, answer: &Result<T, CommitError>) {
        match answer {
            Ok(_) => self.batches.fetch_add(1, Relaxed),
            Err(CommitError::Conflict { .. }) => self.conflicts.fetch_add(1, Relaxed),
            Err(CommitError::Unavailable(_)) => self.failed.fetch_add(1, Relaxed),
            // Faults of the caller, and the end of the store.
            Err(CommitError::TooLarge { .. } | CommitError::Illegal { .. } | CommitError::Closed) => 0,
        };
    }

    /// Counts an opening after a fault.
    pub(super) fn reopened(&self) {
        self.reopenings.fetch_add(1, Relaxed);
    }

    /// Counts a replaced view that is still held.
    pub(super) fn replaced(&self) {
        self.replaced.fetch_add(1, Relaxed);
    }

    /// Takes a replaced view back out of the count.
    pub(super) fn released(&self) {
        self.replaced.fetch_sub(1, Relaxed);
    }

    /// The figures, without those of a queue and a file.
    pub(super) fn figures(&self) -> Figures {
        let commit_batches = self.commit_batches.histogram();
        Figures {
            commits: commit_batches.count,
            batches: self.batches.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            failed: self.failed.load(Relaxed),
            commit_batches,
            commit_duration_us: self.commit_duration_us.histogram(),
            queue_batches: 0,
            queue_bytes: 0,
            file_bytes: 0,
            reopenings: self.reopenings.load(Relaxed),
            replaced_snapshots: self.replaced.load(Relaxed),
        }
    }
}

impl<const BOUNDS: usize> Measured<BOUNDS> {
    fn new(bounds: [u64; BOUNDS]) -> Self {
        let within = [(); BOUNDS].map(|()| AtomicU64::new(0));
        Measured { bounds, within, beyond: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }

    fn add(&self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.within.get(bucket).unwrap_or(&self.beyond).fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    fn histogram(&self) -> Histogram {
        let mut count = 0;
        let buckets = self.bounds.iter().zip(&self.within).map(|(bound, within)| {
            count += within.load(Relaxed);
            (*bound, count)
        });
        let buckets = buckets.collect();
        Histogram { buckets, count: count + self.beyond.load(Relaxed), sum: self.sum.load(Relaxed) }
    }
}

#[cfg(test)]
mod tests;
