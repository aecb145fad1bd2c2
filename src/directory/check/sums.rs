//! Sets with repetitions, as sums of hashes: equal sets have equal sums, and others as good as never.

use sha2::{Digest, Sha256};

/// One set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    hash: u128,
    count: i64,
}

/// A set that is there, and the one that is expected to be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pair {
    pub(super) there: Sum,
    pub(super) expected: Sum,
}

impl Sum {
    /// Adds an item, so many times.
    pub(super) fn add(&mut self, item: &[u8], times: i64) {
        let digest = Sha256::digest(item);
        let hash = digest.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes));
        self.hash = self.hash.wrapping_add(hash.wrapping_mul(i128::from(times).cast_unsigned()));
        self.count = self.count.wrapping_add(times);
    }

    /// How many items there are.
    pub(super) fn count(&self) -> i64 {
        self.count
    }
}

impl Pair {
    /// Whether the two are the same.
    pub(super) fn agrees(&self) -> bool {
        self.there == self.expected
    }
}
