//! An ordered key-value store of bytes: snapshot reads and whole-batch commits, over one of three engines: a file, memory, and
//! a fork of another store. It knows nothing of resources, tenants or SCIM; what a key or a value means is its callers' business.
//!
//! There is no interactive write transaction. A caller reads a [`Snapshot`], builds a [`Batch`] of expectations and
//! writes, and commits it whole; when an expectation no longer holds, nothing of the batch is applied and the caller
//! starts again from a new snapshot. Every committed batch has its own [`Stamp`], and every entry carries the stamp of
//! the batch that wrote it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

use crate::limits;

mod apply;
mod batch;
mod check;
mod disk;
pub mod dump;
pub mod figures;
mod fork;
mod held;
mod memory;
mod open;
mod page;
mod redb;
mod row;
mod writer;

/// A handle on one ordered key-value store; cloning it is cheap, and every clone is the same store.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Redb(Arc<writer::Handle>),
    Memory(Arc<memory::Engine<memory::View>>),
    Fork(Arc<fork::Engine>),
}

/// How a database file is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes of pages kept in memory.
    pub cache_bytes: usize,
    /// Milliseconds for which a snapshot may be read after a newer commit has replaced it.
    pub snapshot_age_ms: u64,
    /// The same for a pinned snapshot ([`Store::pin`]).
    pub pinned_age_ms: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            cache_bytes: limits::STORE_CACHE_BYTES_DEFAULT,
            snapshot_age_ms: limits::STORE_SNAPSHOT_AGE_MS_MAX,
            pinned_age_ms: limits::STORE_PINNED_AGE_MS_MAX,
        }
    }
}

/// What one batch may be at most. Larger work is split by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Writes of one batch.
    pub writes_max: usize,
    /// Bytes of one batch: the keys and values of its writes and expectations.
    pub bytes_max: usize,
}

/// Whether the store takes writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Batches are committed.
    Ready,
    /// Batches are refused. Reads may go on. The store comes back by itself, except after [`Store::close`].
    Unavailable {
        /// What happened, for a log or an admin; never holds a key or a value.
        reason: String,
    },
}

/// The order and the time of one committed batch. Both are given by the store and never go back, across restarts too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// One more than that of the batch committed before. Below 2^63.
    pub revision: u64,
    /// Milliseconds since the epoch: the clock of the batch, or the time of an earlier batch when that was later.
    pub time_ms: i64,
}

/// What a read gives: a value and the stamp of the commit that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The stamp of the batch that wrote the value.
    pub stamp: Stamp,
    /// The value as it was put; of a counter, its eight bytes, big-endian.
    pub value: Vec<u8>,
}

/// One consistent point in time of a store. Cloning it is cheap, and the clones are the same point.
///
/// A snapshot that a newer commit has replaced may be read for [`Options::snapshot_age_ms`] more, because the file grows
/// while it lives; at the first commit after that it expires, and its reads answer [`Error::Expired`].
#[derive(Clone)]
pub struct Snapshot {
    view: View,
}

#[derive(Clone)]
enum View {
    Redb(Arc<held::Held>),
    Memory(Arc<memory::View>),
    Fork(Arc<fork::View>),
}

/// Keys that start with `prefix`, ascending, strictly after `after` when given, without the first `skip`, at most `limit`.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    /// What every key starts with; empty for all keys.
    pub prefix: &'a [u8],
    /// A full key, present or not; the scan begins with the first key after it.
    pub after: Option<&'a [u8]>,
    /// Rows passed over at the start. Each costs about as much as one that is returned.
    pub skip: usize,
    /// The most rows returned.
    pub limit: usize,
    /// Whether values are read; without them every value of the page is empty.
    pub values: bool,
}

/// The rows of one scan, in one buffer.
#[derive(Clone, Default)]
pub struct Page {
    bytes: Vec<u8>,
    ends: Vec<page::Ends>,
}

/// One row of a [`Page`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// The full key, its prefix included.
    pub key: &'a [u8],
    /// The value; empty when the scan asked for keys only.
    pub value: &'a [u8],
    /// The stamp of the batch that wrote it.
    pub stamp: Stamp,
}

/// Expectations and writes that are committed together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The caller's clock, milliseconds since the epoch. The store's time does not follow it back.
    pub now_ms: i64,
    /// What has to hold, checked with every earlier batch applied.
    pub expect: Vec<Expect>,
    /// What is then done, in this order; a later write to the same key wins.
    pub writes: Vec<Write>,
}

/// One thing that has to hold for a batch to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// The key has no entry.
    Absent(Vec<u8>),
    /// The key has an entry.
    Exists(Vec<u8>),
    /// The key has an entry and it is the one that the batch of this revision wrote.
    Unchanged(Vec<u8>, u64),
}

/// One write of a batch. Keys are not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Sets the value of a key. The key must not be that of a counter.
    Put(Vec<u8>, Vec<u8>),
    /// Removes the entry of a key, a counter as well, if there is one.
    Delete(Vec<u8>),
    /// Adds to a counter, which is 0 while it has no entry; at 0 the entry is removed.
    Add(Vec<u8>, i64),
    /// Sets the value of a key that holds the revision of its own commit: `prefix`, the revision in eight bytes
    /// big-endian, `suffix`.
    PutStamped {
        /// The bytes before the revision.
        prefix: Vec<u8>,
        /// The bytes after the revision.
        suffix: Vec<u8>,
        /// The value.
        value: Vec<u8>,
    },
}

/// Why a read failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The database could not be read.
    #[error("the store cannot be read: {0}")]
    Unavailable(String),
    /// The snapshot is too old, or the database was opened again since; a new snapshot sees what is there now.
    #[error("the snapshot has expired")]
    Expired,
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// A count was asked of an entry that is not a counter.
    #[error("the entry is not a counter")]
    NotACounter,
}

/// Why a batch was not committed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// An expectation does not hold; nothing was applied.
    #[error("expectation {expectation} of the batch does not hold")]
    Conflict {
        /// The index of the first expectation that does not hold.
        expectation: usize,
    },
    /// The batch is larger than [`Store::limits`] allow; nothing was applied.
    #[error("the batch of {writes} writes and {bytes} bytes is too large")]
    TooLarge {
        /// Its writes.
        writes: usize,
        /// Its bytes.
        bytes: usize,
    },
    /// A write no batch may hold: a fault of the caller. Nothing was applied.
    #[error("write {write} of the batch is illegal: {reason}")]
    Illegal {
        /// The index of the write.
        write: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The disk refused, and nothing was applied. Only where the file could not even be read after the commit may the batch
    /// be there, as a whole.
    #[error("the store cannot be written: {0}")]
    Unavailable(String),
    /// The store is closed; nothing was applied.
    #[error("the store is closed")]
    Closed,
}

/// Why a database file was not opened. Each names the file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the database open.
    #[error("{path}: the database is in use by another process", path = path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file is there and holds nothing. It was a database once or was made by something else; it is not replaced.
    #[error("{path}: the file is empty, not a database; restore a backup, or remove it to start anew", path = path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is no database of scimd.
    #[error("{path}: the file is not a scimd database", path = path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A newer scimd wrote the database.
    #[error("{path}: the database has format {found}, this scimd knows up to {known}", path = path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// The file is truncated or was changed outside scimd.
    #[error("{path}: the database is damaged: {reason}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file or its directory cannot be written: a read-only file system, or missing rights.
    #[error("{path}: the database cannot be opened for writing: {source}", path = path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// The directory of the file is not there.
    #[error("{path}: the directory of the database does not exist", path = path.display())]
    MissingDirectory {
        /// The file.
        path: PathBuf,
    },
    /// Anything else the system answered.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
}

impl Store {
    /// An empty store in memory, gone with its last handle.
    pub fn memory() -> Store {
        Store { engine: Engine::Memory(Arc::new(memory::Engine::new(memory::View::default(), 0))) }
    }

    /// Opens the database file, or creates it (mode 0600) where no file is. Checks the whole file; blocks meanwhile.
    ///
    /// Refuses, naming the file, what it cannot serve, and never puts an empty database in place of one that was there.
    pub fn open(path: &Path, options: &Options) -> Result<Store, OpenError> {
        Ok(Store { engine: Engine::Redb(Arc::new(writer::open(path, options)?)) })
    }

    /// A store that begins as `base`, a snapshot of this one, and whose commits go to memory only, gone with its last
    /// handle: what a change would do can be tried, with the stamps it might get, and this store never sees it. A fork can
    /// be forked.
    ///
    /// A fork holds its base: take a pinned snapshot where it may live for long. Once the base expires, reads of what the
    /// fork has not changed answer [`Error::Expired`], and its commits [`CommitError::Unavailable`]; so do commits after
    /// [`limits::STORE_FORK_BYTES_MAX`] bytes.
    pub fn fork(&self, base: &Snapshot) -> Store {
        debug_assert!(base.revision() <= *self.revisions().borrow(), "the snapshot is of another store");
        Store { engine: Engine::Fork(Arc::new(fork::new(base))) }
    }

    /// Checks a whole database file that nobody has open, and changes nothing of it; blocks meanwhile. Answers with the stamp of
    /// its newest commit.
    ///
    /// Refuses what [`Store::open`] would refuse, but for rights to write.
    pub fn check(path: &Path, cache_bytes: usize) -> Result<Stamp, OpenError> {
        check::file(path, cache_bytes)
    }

    /// The newest committed state.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        let view = match &self.engine {
            Engine::Redb(handle) => View::Redb(handle.newest()?),
            Engine::Memory(engine) => View::Memory(engine.view()?),
            Engine::Fork(engine) => View::Fork(engine.view()?),
        };
        Ok(Snapshot { view })
    }

    /// The newest committed state, to be read for longer than by an ordinary snapshot ([`Options::pinned_age_ms`]): for
    /// backups and exports. Until it and its clones are dropped, the file grows by what is changed. Ordinary snapshots of
    /// the same commit expire as ever.
    pub async fn pin(&self) -> Result<Snapshot, Error> {
        match &self.engine {
            Engine::Redb(handle) => Ok(Snapshot { view: View::Redb(handle.pin()?) }),
            // What is in memory stays readable anyway, and a fork as long as its base.
            Engine::Memory(_) | Engine::Fork(_) => self.snapshot().await,
        }
    }

    /// Commits a batch and answers with its stamp once it is durable. An empty batch commits nothing and answers with the
    /// stamp of the newest commit.
    ///
    /// Waits for a place in the queue of the writer. From then on the batch is committed even when this future is
    /// dropped.
    pub async fn commit(&self, batch: Batch) -> Result<Stamp, CommitError> {
        let result = self.try_commit(batch).await;
        debug_assert!(!matches!(result, Err(CommitError::Illegal { .. })), "{result:?}");
        result
    }

    /// [`Self::commit`] that does not treat an illegal write as the end of a debug build, so that tests can see it.
    async fn try_commit(&self, batch: Batch) -> Result<Stamp, CommitError> {
        batch.check(self.limits())?;
        match &self.engine {
            Engine::Redb(handle) => handle.commit(batch).await,
            Engine::Memory(engine) => engine.commit(|view| view.apply(&batch)),
            Engine::Fork(engine) => engine.commit(|view| view.apply(&batch)),
        }
    }

    /// What one batch may be at most.
    pub fn limits(&self) -> Limits {
        Limits { writes_max: limits::STORE_BATCH_WRITES_MAX, bytes_max: limits::STORE_BATCH_BYTES_MAX }
    }

    /// The revision of the newest commit, for those who wait for the next one. It changes once the commit can be read,
    /// before the caller of the commit is answered; commits made durable together are one change. On a closed store it
    /// never changes again.
    pub fn revisions(&self) -> watch::Receiver<u64> {
        match &self.engine {
            Engine::Redb(handle) => handle.revisions(),
            Engine::Memory(engine) => engine.revisions(),
            Engine::Fork(engine) => engine.revisions(),
        }
    }

    /// What the store counts about itself, for metrics. Costs a few dozen loads and asks the system for the size of the
    /// file.
    pub fn figures(&self) -> figures::Figures {
        match &self.engine {
            Engine::Redb(handle) => handle.figures(),
            Engine::Memory(engine) => engine.figures(),
            Engine::Fork(engine) => engine.figures(),
        }
    }

    /// Whether the store takes writes, for readiness.
    pub fn state(&self) -> State {
        match &self.engine {
            Engine::Redb(handle) => handle.state(),
            Engine::Memory(engine) => engine.state(),
            Engine::Fork(engine) => engine.state(),
        }
    }

    /// Commits what is queued, refuses what comes later, and closes the database; other handles then answer `Closed`.
    /// Closing a closed store does nothing.
    pub async fn close(self) {
        match &self.engine {
            Engine::Redb(handle) => handle.close().await,
            Engine::Memory(engine) => engine.close(),
            Engine::Fork(engine) => engine.close(),
        }
    }
}

impl Snapshot {
    /// The entry of a key.
    pub async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        self.view.find(key, row::entry)
    }

    /// The entries of several keys, in their order.
    pub async fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Entry>>, Error> {
        keys.iter().map(|key| self.view.find(key, row::entry)).collect()
    }

    /// The value of a counter; 0 when it has no entry.
    pub async fn count(&self, key: &[u8]) -> Result<i64, Error> {
        match self.view.find(key, row::count)? {
            None => Ok(0),
            Some(count) => count.ok_or(Error::NotACounter),
        }
    }

    /// The rows of a scan. A long one is read on the blocking pool.
    pub async fn scan(&self, scan: &Scan<'_>) -> Result<Page, Error> {
        if scan.skip.saturating_add(scan.limit) <= limits::STORE_SCAN_INLINE_ROWS_MAX {
            return self.view.scan(scan, usize::MAX);
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return self.view.scan(scan, usize::MAX);
        };
        let view = self.view.clone();
        let (prefix, after) = (scan.prefix.to_vec(), scan.after.map(<[u8]>::to_vec));
        let (skip, limit, values) = (scan.skip, scan.limit, scan.values);
        let read =
            move || view.scan(&Scan { prefix: &prefix, after: after.as_deref(), skip, limit, values }, usize::MAX);
        match runtime.spawn_blocking(read).await {
            Ok(page) => page,
            Err(stopped) => Err(Error::Unavailable(stopped.to_string())),
        }
    }

    /// The revision of the newest commit this snapshot sees.
    pub fn revision(&self) -> u64 {
        self.view.stamp().revision
    }

    /// The keys at which this snapshot of a fork differs from the snapshot that was forked, ascending. A value that was
    /// put again unchanged is among them, for its stamp is another one. Empty where the store is no fork.
    pub fn forked(&self) -> Vec<Vec<u8>> {
        match &self.view {
            View::Fork(view) => view.forked(),
            View::Redb(_) | View::Memory(_) => Vec::new(),
        }
    }
}

impl View {
    fn stamp(&self) -> Stamp {
        match self {
            View::Redb(held) => held.stamp(),
            View::Memory(view) => view.stamp(),
            View::Fork(view) => view.stamp(),
        }
    }

    fn find<R>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, Error> {
        match self {
            View::Redb(held) => held.find(key, read),
            View::Memory(view) => Ok(view.find(key, read)),
            View::Fork(view) => view.find(key, read),
        }
    }

    /// The rows of a scan; the first one that brings the page to `bytes_max` bytes is its last.
    fn scan(&self, scan: &Scan<'_>, bytes_max: usize) -> Result<Page, Error> {
        match self {
            View::Redb(held) => held.scan(scan, bytes_max),
            View::Memory(view) => Ok(view.scan(scan, bytes_max)),
            View::Fork(view) => view.scan(scan, bytes_max),
        }
    }
}

#[cfg(test)]
mod tests;
