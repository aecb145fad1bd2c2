//! Checks and applies the batches of one group to the rows of an engine: the one place that says what a batch means. It
//! does not know when the rows become durable, nor who waits.

use std::collections::BTreeMap;

use super::row::{self, Kind};
use super::{Batch, CommitError, Error, Expect, Stamp, Write, fork, memory, redb};

/// The rows of an engine while a group is applied.
pub(super) enum Rows<'a> {
    Redb(redb::Rows<'a>),
    Memory(memory::Rows<'a>),
    Fork(fork::Rows<'a>),
}

/// The group being applied: the newest stamp and the counters touched, which are written once, at the end.
pub(super) struct Group {
    last: Stamp,
    counters: BTreeMap<Vec<u8>, Counter>,
    /// What the batch being applied has changed, newest last, so that an illegal write can take it back.
    undo: Vec<Undo>,
    row: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Counter {
    value: i64,
    stamp: Stamp,
}

enum Undo {
    Row(Vec<u8>, Option<Vec<u8>>),
    Counter(Vec<u8>, Option<Counter>),
}

/// Why a batch stopped: the batch is refused and the group goes on, or the group is over.
enum Stop {
    Illegal(&'static str),
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

impl Group {
    /// A group that follows the commit of this stamp.
    pub(super) fn new(last: Stamp) -> Group {
        Group { last, counters: BTreeMap::new(), undo: Vec::new(), row: Vec::new() }
    }

    /// Checks a batch and applies it, or nothing of it. The outer error ends the group: the rows cannot be used.
    pub(super) fn apply(&mut self, rows: &mut Rows<'_>, batch: &Batch) -> Result<Result<Stamp, CommitError>, Error> {
        for (expectation, expect) in batch.expect.iter().enumerate() {
            if !self.holds(rows, expect)? {
                return Ok(Err(CommitError::Conflict { expectation }));
            }
        }
        if batch.writes.is_empty() {
            return Ok(Ok(self.last));
        }
        let stamp = Stamp { revision: self.last.revision + 1, time_ms: self.last.time_ms.max(batch.now_ms) };
        self.undo.clear();
        for (index, write) in batch.writes.iter().enumerate() {
            match self.write(rows, write, stamp) {
                Ok(()) => {}
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::Illegal(reason)) => {
                    self.take_back(rows)?;
                    return Ok(Err(CommitError::Illegal { write: index, reason }));
                }
            }
        }
        self.last = stamp;
        Ok(Ok(stamp))
    }

    /// Writes the counters, which ends the group, and answers with its newest stamp.
    pub(super) fn finish(mut self, rows: &mut Rows<'_>) -> Result<Stamp, Error> {
        for (key, counter) in std::mem::take(&mut self.counters) {
            if counter.value == 0 {
                rows.remove(&key)?;
            } else {
                row::encode(&mut self.row, Kind::Counter, counter.stamp, &counter.value.to_be_bytes());
                rows.insert(&key, &self.row)?;
            }
        }
        Ok(self.last)
    }

    fn holds(&self, rows: &Rows<'_>, expect: &Expect) -> Result<bool, Error> {
        let found = match self.counters.get(expect.key()) {
            Some(counter) => (counter.value != 0).then_some(counter.stamp),
            None => rows.find(expect.key(), row::stamp)?,
        };
        Ok(match expect {
            Expect::Absent(_) => found.is_none(),
            Expect::Exists(_) => found.is_some(),
            Expect::Unchanged(_, revision) => found.is_some_and(|stamp| stamp.revision == *revision),
        })
    }

    fn write(&mut self, rows: &mut Rows<'_>, write: &Write, stamp: Stamp) -> Result<(), Stop> {
        match write {
            Write::Put(key, value) => self.put(rows, key, value, stamp),
            Write::Delete(key) => self.delete(rows, key, stamp),
            Write::Add(key, delta) => self.add(rows, key, *delta, stamp),
            Write::PutStamped { prefix, suffix, value } => {
                let key = [prefix, stamp.revision.to_be_bytes().as_slice(), suffix].concat();
                self.put(rows, &key, value, stamp)
            }
        }
    }

    fn put(&mut self, rows: &mut Rows<'_>, key: &[u8], value: &[u8], stamp: Stamp) -> Result<(), Stop> {
        let deleted = match self.counters.get(key) {
            Some(counter) if counter.value != 0 => return Err(Stop::Illegal("a counter is put")),
            // A counter that this group has brought to 0 is gone, though its row is still there.
            Some(counter) => {
                self.undo.push(Undo::Counter(key.to_vec(), Some(*counter)));
                self.counters.remove(key);
                true
            }
            None => false,
        };
        row::encode(&mut self.row, Kind::Plain, stamp, value);
        let old = rows.insert(key, &self.row)?;
        let was_counter = old.as_deref().is_some_and(|old| row::kind(old) == Kind::Counter);
        self.undo.push(Undo::Row(key.to_vec(), old));
        if was_counter && !deleted { Err(Stop::Illegal("a counter is put")) } else { Ok(()) }
    }

    fn delete(&mut self, rows: &mut Rows<'_>, key: &[u8], stamp: Stamp) -> Result<(), Stop> {
        if let Some(counter) = self.counters.get_mut(key) {
            self.undo.push(Undo::Counter(key.to_vec(), Some(*counter)));
            *counter = Counter { value: 0, stamp };
            return Ok(());
        }
        if let Some(old) = rows.remove(key)? {
            self.undo.push(Undo::Row(key.to_vec(), Some(old)));
        }
        Ok(())
    }

    fn add(&mut self, rows: &mut Rows<'_>, key: &[u8], delta: i64, stamp: Stamp) -> Result<(), Stop> {
        let pending = self.counters.get(key).copied();
        let value = match pending {
            Some(counter) => counter.value,
            None => match rows.find(key, row::count)? {
                None => 0,
                Some(Some(value)) => value,
                Some(None) => return Err(Stop::Illegal("an entry that is no counter is added to")),
            },
        };
        let Some(value) = value.checked_add(delta) else {
            return Err(Stop::Illegal("a counter overflows"));
        };
        self.undo.push(Undo::Counter(key.to_vec(), pending));
        self.counters.insert(key.to_vec(), Counter { value, stamp });
        Ok(())
    }

    fn take_back(&mut self, rows: &mut Rows<'_>) -> Result<(), Error> {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Row(key, Some(old)) => rows.insert(&key, &old).map(drop)?,
                Undo::Row(key, None) => rows.remove(&key).map(drop)?,
                Undo::Counter(key, Some(old)) => drop(self.counters.insert(key, old)),
                Undo::Counter(key, None) => drop(self.counters.remove(&key)),
            }
        }
        Ok(())
    }
}

impl Rows<'_> {
    fn find<R>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, Error> {
        match self {
            Rows::Redb(rows) => rows.find(key, read),
            Rows::Memory(rows) => Ok(rows.find(key, read)),
            Rows::Fork(rows) => rows.find(key, read),
        }
    }

    /// Sets a row and answers with the one that was there.
    fn insert(&mut self, key: &[u8], row: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Rows::Redb(rows) => rows.insert(key, row),
            Rows::Memory(rows) => Ok(rows.insert(key, row)),
            Rows::Fork(rows) => rows.insert(key, row),
        }
    }

    /// Removes a row and answers with it.
    fn remove(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Rows::Redb(rows) => rows.remove(key),
            Rows::Memory(rows) => Ok(rows.remove(key)),
            Rows::Fork(rows) => rows.remove(key),
        }
    }
}
