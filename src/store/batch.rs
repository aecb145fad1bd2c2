//! Building and weighing a batch. It does not know how one is applied.

use super::{Batch, CommitError, Expect, Limits, Write};

/// What a write costs beyond its bytes: the header of its row and its place in the tree.
const WRITE_OVERHEAD_BYTES: usize = 32;

impl Batch {
    /// An empty batch with the caller's clock, in milliseconds since the epoch.
    pub fn new(now_ms: i64) -> Batch {
        Batch { now_ms, expect: Vec::new(), writes: Vec::new() }
    }

    /// Expects that the key has no entry.
    pub fn expect_absent(&mut self, key: impl Into<Vec<u8>>) {
        self.expect.push(Expect::Absent(key.into()));
    }

    /// Expects that the key has an entry.
    pub fn expect_exists(&mut self, key: impl Into<Vec<u8>>) {
        self.expect.push(Expect::Exists(key.into()));
    }

    /// Expects that the entry of the key is the one the batch of this revision wrote.
    pub fn expect_unchanged(&mut self, key: impl Into<Vec<u8>>, revision: u64) {
        self.expect.push(Expect::Unchanged(key.into(), revision));
    }

    /// Sets a value.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.writes.push(Write::Put(key.into(), value.into()));
    }

    /// Removes an entry.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) {
        self.writes.push(Write::Delete(key.into()));
    }

    /// Adds to a counter.
    pub fn add(&mut self, key: impl Into<Vec<u8>>, delta: i64) {
        self.writes.push(Write::Add(key.into(), delta));
    }

    /// Sets a value under a key that holds the revision of the commit between `prefix` and `suffix`.
    pub fn put_stamped(&mut self, prefix: impl Into<Vec<u8>>, suffix: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.writes.push(Write::PutStamped { prefix: prefix.into(), suffix: suffix.into(), value: value.into() });
    }

    /// Whether the batch expects and writes nothing.
    pub fn is_empty(&self) -> bool {
        self.expect.is_empty() && self.writes.is_empty()
    }

    /// What the batch weighs against [`Limits::bytes_max`].
    pub fn bytes(&self) -> usize {
        let expected: usize = self.expect.iter().map(|expect| expect.key().len()).sum();
        let written: usize = self.writes.iter().map(|write| write.bytes() + WRITE_OVERHEAD_BYTES).sum();
        expected + written
    }

    /// Refuses a batch over the limits, and one with an empty key.
    pub(super) fn check(&self, limits: Limits) -> Result<(), CommitError> {
        let (writes, bytes) = (self.writes.len(), self.bytes());
        if writes > limits.writes_max || bytes > limits.bytes_max {
            return Err(CommitError::TooLarge { writes, bytes });
        }
        match self.writes.iter().position(Write::is_keyless) {
            Some(write) => Err(CommitError::Illegal { write, reason: "the key is empty" }),
            None => Ok(()),
        }
    }
}

impl Expect {
    /// The key it speaks of.
    pub(super) fn key(&self) -> &[u8] {
        match self {
            Expect::Absent(key) | Expect::Exists(key) | Expect::Unchanged(key, _) => key,
        }
    }
}

impl Write {
    fn bytes(&self) -> usize {
        match self {
            Write::Put(key, value) => key.len() + value.len(),
            Write::Delete(key) | Write::Add(key, _) => key.len(),
            Write::PutStamped { prefix, suffix, value } => prefix.len() + suffix.len() + value.len(),
        }
    }

    fn is_keyless(&self) -> bool {
        match self {
            Write::Put(key, _) | Write::Delete(key) | Write::Add(key, _) => key.is_empty(),
            Write::PutStamped { .. } => false,
        }
    }
}
