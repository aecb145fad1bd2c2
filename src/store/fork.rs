//! What-if stores: a snapshot of another store, and over it what the fork's own commits have changed, in memory. It does
//! not know where the base keeps its rows, and never writes to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::memory::{self, Map};
use super::{Batch, CommitError, Error, Page, Scan, Snapshot, Stamp, apply};
use crate::limits;

/// A fork; it holds its base for as long as it lives.
pub(super) type Engine = memory::Engine<View>;

/// By key the row, or none for one that the base has and that was removed.
type Changes = Map<Option<Arc<[u8]>>>;

/// The rows at one commit of a fork.
pub(super) struct View {
    /// A view of the store at the bottom, never one of a fork: a fork of a fork takes over the changes.
    base: super::View,
    /// The changes that were there when the fork began, which are those of the fork it is one of.
    begun: Changes,
    changes: Changes,
    /// What the batches so far weighed.
    bytes: usize,
    stamp: Stamp,
}

/// The rows while a group is applied.
pub(super) struct Rows<'a> {
    base: &'a super::View,
    changes: &'a mut Changes,
}

/// A fork that begins as the snapshot.
pub(super) fn new(base: &Snapshot) -> Engine {
    let stamp = base.view.stamp();
    let view = match &base.view {
        super::View::Fork(fork) => View {
            base: fork.base.clone(),
            begun: fork.changes.clone(),
            changes: fork.changes.clone(),
            bytes: 0,
            stamp,
        },
        base => View { base: base.clone(), begun: Changes::new(), changes: Changes::new(), bytes: 0, stamp },
    };
    Engine::new(view, stamp.revision)
}

impl View {
    pub(super) fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Applies a batch as a group of its own.
    pub(super) fn apply(&self, batch: &Batch) -> Result<(Stamp, Option<View>), CommitError> {
        let mut changes = self.changes.clone();
        let rows = apply::Rows::Fork(Rows { base: &self.base, changes: &mut changes });
        let (stamp, changed) = memory::apply_alone(self.stamp, rows, batch)?;
        if !changed {
            return Ok((stamp, None));
        }
        let bytes = self.bytes.saturating_add(batch.bytes());
        if bytes > limits::STORE_FORK_BYTES_MAX {
            return Err(CommitError::Unavailable("the fork holds as much as it may".into()));
        }
        let view = View { base: self.base.clone(), begun: self.begun.clone(), changes, bytes, stamp };
        Ok((stamp, Some(view)))
    }

    pub(super) fn find<R>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, Error> {
        match self.changes.get(key) {
            Some(change) => Ok(change.as_deref().map(read)),
            None => self.base.find(key, read),
        }
    }

    /// Merges the rows of the base, a piece at a time, with the changes.
    pub(super) fn scan(&self, scan: &Scan<'_>, bytes_max: usize) -> Result<Page, Error> {
        let mut changes = memory::range(&self.changes, scan).peekable();
        if changes.peek().is_none() {
            return self.base.scan(scan, bytes_max);
        }
        let mut merged = Merged { page: Page::with_room(scan), passed: 0, scan, bytes_max };
        let mut after = scan.after.map(<[u8]>::to_vec);
        while !merged.is_full() {
            let limit = merged.wanted().min(limits::STORE_FORK_PIECE_ROWS_MAX);
            let piece = Scan { after: after.as_deref(), skip: 0, limit, ..*scan };
            let piece = self.base.scan(&piece, limits::STORE_FORK_PIECE_BYTES_MAX)?;
            for (key, row) in piece.stored() {
                while let Some((changed, row)) = changes.next_if(|(changed, _)| changed.as_ref() < key) {
                    merged.push(changed, row.as_deref());
                }
                match changes.next_if(|(changed, _)| changed.as_ref() == key) {
                    Some((_, row)) => merged.push(key, row.as_deref()),
                    None => merged.push(key, Some(row)),
                }
            }
            match piece.last_key() {
                Some(last) => after = Some(last.to_vec()),
                None => break,
            }
        }
        changes.for_each(|(key, row)| merged.push(key, row.as_deref()));
        Ok(merged.page)
    }

    /// The keys whose rows are other ones than when the fork began, ascending.
    pub(super) fn forked(&self) -> Vec<Vec<u8>> {
        let changed = self.changes.iter().filter(|(key, row)| self.begun.get(*key) != Some(*row));
        // What the fork before had put and this one has removed is no change of the base.
        let undone = self.begun.iter().filter(|(key, _)| !self.changes.contains_key(*key));
        let keys: BTreeSet<_> = changed.chain(undone).map(|(key, _)| key).collect();
        keys.into_iter().map(|key| key.to_vec()).collect()
    }
}

/// The page of a scan while it is merged.
struct Merged<'a> {
    page: Page,
    /// Rows seen, those skipped included.
    passed: usize,
    scan: &'a Scan<'a>,
    bytes_max: usize,
}

impl Merged<'_> {
    /// Appends the next row, if there is one and it is wanted.
    fn push(&mut self, key: &[u8], row: Option<&[u8]>) {
        let Some(row) = row.filter(|_| !self.is_full()) else {
            return;
        };
        if self.passed >= self.scan.skip {
            self.page.push(key, row, self.scan.values);
        }
        self.passed += 1;
    }

    fn wanted(&self) -> usize {
        self.scan.skip.saturating_add(self.scan.limit) - self.passed
    }

    fn is_full(&self) -> bool {
        self.page.len() >= self.scan.limit || self.page.bytes() >= self.bytes_max
    }
}

impl Rows<'_> {
    pub(super) fn find<R>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, Error> {
        match self.changes.get(key) {
            Some(change) => Ok(change.as_deref().map(read)),
            None => self.base.find(key, read),
        }
    }

    pub(super) fn insert(&mut self, key: &[u8], row: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.changes.insert(key.into(), Some(row.into())) {
            Some(old) => Ok(old.map(|old| old.to_vec())),
            None => self.base.find(key, <[u8]>::to_vec),
        }
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some(row) = self.base.find(key, <[u8]>::to_vec)? else {
            return Ok(self.changes.remove(key).flatten().map(|old| old.to_vec()));
        };
        match self.changes.insert(key.into(), None) {
            Some(old) => Ok(old.map(|old| old.to_vec())),
            None => Ok(Some(row)),
        }
    }
}
