//! Dumps: one commit of a store as a stream of bytes that can be checked to the last one, and the way back into a
//! database file. It knows nothing of what a key or a value means.
//!
//! Everything here is synchronous: run it where blocking is allowed.
//!
//! # The format
//!
//! All numbers are big-endian.
//!
//! ```text
//! dump    = header block* trailer
//! header  = magic (16 bytes), format: u32, revision: u64, time_ms: i64, crc: u32 of the 36 bytes before
//! block   = length: u32, not 0; row* (length bytes); crc: u32 of the length and the rows
//! row     = key length: u32, row length: u32, key, stored row
//! trailer = 0: u32, rows: u64, bytes of header and blocks: u64, SHA-256 of everything before it
//! ```
//!
//! A stored row is the revision (u64, its topmost bit set in a counter) and the time (i64) of the commit that wrote it,
//! then the value. Rows are in the order of their keys, no key comes twice, none is empty, and no row is of a later
//! revision than the header's. Nothing follows the trailer.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::row::{self, Kind};
use super::{OpenError, Options, Scan, Snapshot, Stamp};
use crate::limits;

mod read;
mod restore;
mod write;

/// The version of the format that is written; a dump of a later one is refused.
pub const FORMAT: u32 = 1;

/// How a dump begins: what a transfer as text would spoil is in it.
const MAGIC: &[u8; 16] = b"\x89scimd dump\r\n\x1a\n\0";

/// The bytes of the header.
const HEADER_BYTES: usize = 40;

/// The bytes of the trailer behind the 0 that begins it: two numbers and the hash.
const TRAILER_BYTES: usize = 48;

/// What one row costs beside its key and its stored row.
const ROW_OVERHEAD_BYTES: usize = 8;

// A block ends with the row that fills it: the largest row a batch can write has to fit.
const _: () = assert!(
    limits::STORE_DUMP_BLOCK_BYTES + limits::STORE_BATCH_BYTES_MAX + 1_024 < limits::STORE_DUMP_BLOCK_BYTES_MAX
);

/// One row of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// The full key.
    pub key: &'a [u8],
    /// The value as it was put; of a counter, its eight bytes, big-endian.
    pub value: &'a [u8],
    /// The stamp of the batch that wrote it.
    pub stamp: Stamp,
    /// Whether it is a counter.
    pub counter: bool,
}

/// How far a dump or a restoration has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows so far.
    pub rows: u64,
    /// Bytes of the dump so far.
    pub bytes: u64,
}

/// What a whole dump is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The revision of the commit it shows.
    pub revision: u64,
    /// The time of that commit, milliseconds since the epoch.
    pub time_ms: i64,
    /// Its rows.
    pub rows: u64,
    /// Its bytes, from the first to the last.
    pub bytes: u64,
    /// The hash in its trailer, of everything before it.
    pub sha256: [u8; 32],
}

/// Why a dump was not written or is refused. An offset is that of the first byte of what it speaks of.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes do not begin as a dump does.
    #[error("this is not a dump of a scimd database (byte 0)")]
    NotADump,
    /// A newer scimd wrote the dump.
    #[error("the dump has format {found} (byte {offset}), this scimd knows up to {known}")]
    NewerFormat {
        /// Where the format stands.
        offset: u64,
        /// The format of the dump.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// The dump ends before its trailer does.
    #[error("the dump is truncated: it ends at byte {offset}")]
    Truncated {
        /// Where it ends.
        offset: u64,
    },
    /// A part of the dump is not as it was written.
    #[error("the dump is damaged at byte {offset}: {what}")]
    Damaged {
        /// Where the part begins.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A row's key is not higher than the one before.
    #[error("the rows of the dump are out of order at byte {offset}")]
    OutOfOrder {
        /// Where the row begins.
        offset: u64,
    },
    /// The trailer does not say what was read.
    #[error("the trailer of the dump at byte {offset} disagrees with what is before it: {what}")]
    Disagrees {
        /// Where the trailer begins.
        offset: u64,
        /// What differs.
        what: &'static str,
    },
    /// Something follows the trailer.
    #[error("something follows the end of the dump at byte {offset}")]
    TrailingBytes {
        /// Where the dump ends.
        offset: u64,
    },
    /// The dump could not be read.
    #[error("the dump cannot be read at byte {offset}: {source}")]
    Read {
        /// Where.
        offset: u64,
        /// What the system answered.
        source: std::io::Error,
    },
    /// The dump could not be written.
    #[error("the dump cannot be written at byte {offset}: {source}")]
    Write {
        /// Where.
        offset: u64,
        /// What the system answered.
        source: std::io::Error,
    },
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] super::Error),
    /// The caller did not want to go on.
    #[error("cancelled")]
    Cancelled,
}

/// Why no database was made from a dump. There is no file of its name then, unless one was there before.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Something has the name of the database; it is not replaced.
    #[error("{path}: there is something of that name already; it is not replaced", path = path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The dump is refused, or the caller cancelled.
    #[error(transparent)]
    Dump(#[from] Error),
    /// The database could not be made.
    #[error(transparent)]
    Database(#[from] OpenError),
}

/// Writes a dump of the snapshot and flushes it; making it durable is the caller's. `progress` is asked about every
/// quarter of a megabyte and cancels with false. Memory stays bounded by the largest row and a little more.
///
/// Take a pinned snapshot: an ordinary one expires under a long dump while others write.
pub fn write(
    snapshot: &Snapshot,
    out: &mut impl Write,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Summary, Error> {
    write::write(snapshot, out, progress)
}

/// Reads a dump, checks all of it and shows each row on the way; memory stays bounded by one block.
///
/// A row is shown once its block is known to be whole, but what was shown is only a dump when this answers with its
/// summary. An error of `row` ends the reading. Reads up to the end of `input`.
pub fn read<E: From<Error>>(
    input: &mut impl Read,
    row: &mut dyn FnMut(Row<'_>) -> Result<(), E>,
) -> Result<Summary, E> {
    read::walk(input, |key, stored, _| row(shown(key, stored)))
}

/// Shows each row of a snapshot in the order of the keys, as [`read`] shows those of a dump.
pub fn rows<E: From<Error>>(snapshot: &Snapshot, row: &mut dyn FnMut(Row<'_>) -> Result<(), E>) -> Result<(), E> {
    walk(snapshot, |key, stored| row(shown(key, stored)))
}

/// Makes a new database file (mode 0600) at `path` from a dump, all or nothing. The rows keep their stamps, and the
/// revisions of the database go on after the dump's. `progress` is asked at most every
/// [`limits::STORE_RESTORE_ROWS_MAX`] rows and cancels with false.
///
/// The file has another name until the whole dump was checked and everything is durable, so that a crash leaves either
/// no database or all of it.
pub fn restore(
    input: &mut impl Read,
    path: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Summary, RestoreError> {
    restore::restore(
        input,
        path,
        options,
        progress,
        #[cfg(test)]
        &std::sync::Arc::default(),
    )
}

/// Pages through a snapshot, bounded in rows and bytes.
fn walk<E: From<Error>>(snapshot: &Snapshot, mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let limit = limits::STORE_DUMP_PAGE_ROWS_MAX;
        let scan = Scan { prefix: &[], after: after.as_deref(), skip: 0, limit, values: true };
        let page = snapshot.view.scan(&scan, limits::STORE_DUMP_PAGE_BYTES_MAX).map_err(Error::Store)?;
        for (key, stored) in page.stored() {
            visit(key, stored)?;
        }
        match page.last_key() {
            Some(last) => after = Some(last.to_vec()),
            None => return Ok(()),
        }
    }
}

fn shown<'a>(key: &'a [u8], stored: &'a [u8]) -> Row<'a> {
    let counter = row::kind(stored) == Kind::Counter;
    Row { key, value: row::value(stored), stamp: row::stamp(stored), counter }
}

#[cfg(test)]
mod tests;
