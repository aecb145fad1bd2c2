//! Making a database file from a dump. How a new file gets its name is for the opening of databases to say.

use std::io::{self, Read};
use std::path::Path;

use super::super::open::{self, Made};
use super::super::redb::Database;
use super::super::{OpenError, Options, Page, Stamp};
use super::{Progress, RestoreError, Summary, read};
use crate::limits;

#[cfg(test)]
type Faults = std::sync::Arc<super::super::disk::fault::Faults>;

/// Makes a new database file at `path` from a dump.
pub(super) fn restore(
    input: &mut impl Read,
    path: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> bool,
    #[cfg(test)] faults: &Faults,
) -> Result<Summary, RestoreError> {
    let exists = || RestoreError::Exists { path: path.to_owned() };
    open::check_directory(path)?;
    if open::is_there(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })? {
        return Err(exists());
    }
    let made = open::make(
        path,
        options,
        #[cfg(test)]
        faults,
        |db| fill(db, input, path, progress),
    )?;
    match made {
        Made::New(_, summary) => Ok(summary),
        Made::Another => Err(exists()),
    }
}

/// Puts the rows of a dump into an empty database. Only the last transaction is durable, and it is made once the whole
/// dump has been checked; what is in the file without it counts for nothing.
fn fill(
    db: &Database,
    input: &mut impl Read,
    path: &Path,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Summary, RestoreError> {
    let failed = |error: super::super::Error| OpenError::Io { path: path.to_owned(), source: io::Error::other(error) };
    let mut rows = Page::default();
    let summary = read::walk(input, |key, stored, so_far| {
        rows.push(key, stored, true);
        if rows.len() < limits::STORE_RESTORE_ROWS_MAX && rows.bytes() < limits::STORE_RESTORE_BYTES_MAX {
            return Ok(());
        }
        db.load(&std::mem::take(&mut rows), None).map_err(failed)?;
        if progress(so_far) { Ok(()) } else { Err(RestoreError::Dump(super::Error::Cancelled)) }
    })?;
    let newest = Stamp { revision: summary.revision, time_ms: summary.time_ms };
    db.load(&rows, Some(newest)).map_err(failed)?;
    Ok(summary)
}
