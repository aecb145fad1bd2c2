//! Checking a database file that nobody has open, without changing a byte of it. It does not know why.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use super::disk::{self, Base, Disk};
use super::open::name;
use super::redb::{self, Database};
use super::{OpenError, Stamp};

/// The stamp of the newest commit of a file whose every page is right.
pub(super) fn file(path: &Path, cache_bytes: usize) -> Result<Stamp, OpenError> {
    let refused = |error| disk::refusal(path, error);
    let file = File::open(path).map_err(refused)?;
    // Those who write have it for themselves; those who only check may share it.
    match file.try_lock_shared() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => return Err(refused(source)),
    }
    if file.metadata().map_err(refused)?.len() == 0 {
        return Err(OpenError::Empty { path: path.to_owned() });
    }
    let base = Base::new(
        file,
        #[cfg(test)]
        Arc::default(),
    );
    let base = Arc::new(base.map_err(refused)?);
    let named = |refusal| name(path, refusal);
    redb::check_header(&base.header()).map_err(named)?;
    base.warm();
    let disk = Arc::new(Disk::untouched(base).map_err(refused)?);
    let db = Database::open(disk, cache_bytes, true).map_err(named)?;
    Ok(db.checked_view().map_err(named)?.stamp())
}
