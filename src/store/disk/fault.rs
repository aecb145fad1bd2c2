//! Faults for tests: a switch that makes operations of a file fail as a broken or full disk would.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use super::Operation;

/// The faults of one file; the default has none.
#[derive(Debug, Default)]
pub(in crate::store) struct Faults {
    /// While on, every write, extension and sync fails.
    pub(in crate::store) writes: AtomicBool,
    /// While on, every sync fails, though the writes before it reached the system.
    pub(in crate::store) syncs: AtomicBool,
    /// While on, every extension of the file, and every write, fails as on a full disk.
    pub(in crate::store) full: AtomicBool,
    /// While on, every read fails.
    pub(in crate::store) reads: AtomicBool,
    /// Counts down at each operation; that which brings it to 0 fails. Not above 0: none does.
    pub(in crate::store) countdown: AtomicI64,
    /// Operations so far.
    pub(in crate::store) seen: AtomicU64,
}

impl Faults {
    pub(super) fn gate(&self, operation: Operation) -> io::Result<()> {
        self.seen.fetch_add(1, Ordering::SeqCst);
        if self.countdown.fetch_sub(1, Ordering::SeqCst) == 1 {
            return Err(io::Error::other("injected"));
        }
        let read = matches!(operation, Operation::Read { .. });
        if read && self.reads.load(Ordering::SeqCst) || !read && self.writes.load(Ordering::SeqCst) {
            return Err(io::Error::other("injected"));
        }
        if matches!(operation, Operation::Sync) && self.syncs.load(Ordering::SeqCst) {
            return Err(io::Error::other("injected"));
        }
        let grows = matches!(operation, Operation::Write { offset: 4096.., .. } | Operation::SetLen(_));
        if grows && self.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}
