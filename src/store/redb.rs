//! The engine in a file: the only place that names redb. It knows how rows lie in its tables and how a group becomes one
//! transaction; the queue, the answers and the recovery are the writer's.

use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{Builder, DatabaseError, Durability, ReadableDatabase, StorageError, TableDefinition, TableError};
use redb::{ReadOnlyTable, ReadableTable};

use super::apply::{self, Group};
use super::disk::{Disk, Fault};
use super::{Batch, CommitError, Error, Page, Scan, Stamp, page};

/// The format of the rows and of the store's own table; a file of a higher one is refused.
pub(super) const FORMAT: u32 = 1;

const ROWS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("rows");
const META: TableDefinition<&[u8], &[u8]> = TableDefinition::new("meta");
const META_FORMAT: &[u8] = b"format";
const META_LAST: &[u8] = b"last";

/// The version of the file format of redb, and where the two commit slots of the header have it.
const FILE_FORMAT: u8 = 3;
const FILE_FORMAT_OFFSETS: [usize; 2] = [64, 192];
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// An open database.
pub(super) struct Database {
    db: redb::Database,
    disk: Arc<Disk>,
}

/// The rows at one commit.
pub(super) struct View {
    rows: ReadOnlyTable<&'static [u8], &'static [u8]>,
    stamp: Stamp,
}

/// The rows while a group is applied.
pub(super) struct Rows<'a>(redb::Table<'a, &'static [u8], &'static [u8]>);

/// Why a database could not be opened.
#[derive(Debug)]
pub(super) enum Refusal {
    NotADatabase,
    Newer { found: u32, known: u32 },
    Damaged(String),
    Io(std::io::Error),
}

/// The answers to the batches of a group, in their order, and the view that sees them all, when anything was written.
pub(super) struct Committed {
    pub(super) answers: Vec<Result<Stamp, CommitError>>,
    pub(super) view: Option<View>,
}

impl Database {
    /// Opens a database over a file, after checking all of it when `check` says so.
    pub(super) fn open(disk: Arc<Disk>, cache_bytes: usize, check: bool) -> Result<Database, Refusal> {
        let backend = Backend(Arc::clone(&disk));
        let open = AssertUnwindSafe(|| {
            Builder::new()
                .set_cache_size(cache_bytes)
                .set_check_integrity_on_open(check)
                .set_repair_callback(|session| {
                    tracing::debug!(progress = session.progress(), "checking the database");
                })
                .create_with_backend(backend)
        });
        // Bytes changed outside may break an assumption of the engine; that is a refusal as well.
        let opened = catch_unwind(open).map_err(|_| Refusal::Damaged("its pages contradict each other".into()))?;
        let db = opened.map_err(|error| match error {
            DatabaseError::Storage(StorageError::Corrupted(reason)) => Refusal::Damaged(reason),
            DatabaseError::Storage(StorageError::Io(source)) => Refusal::Io(source),
            other => Refusal::Io(std::io::Error::other(other)),
        })?;
        match disk.fault() {
            Some(fault) => Err(Refusal::Io(std::io::Error::other(fault.reason))),
            None => Ok(Database { db, disk }),
        }
    }

    /// Writes what makes a new file a database of the store.
    pub(super) fn initialize(&self) -> Result<(), Error> {
        let transaction = self.db.begin_write().map_err(failed)?;
        {
            transaction.open_table(ROWS).map_err(failed)?;
            let mut meta = transaction.open_table(META).map_err(failed)?;
            meta.insert(META_FORMAT, FORMAT.to_be_bytes().as_slice()).map_err(failed)?;
            meta.insert(META_LAST, encode(Stamp::default()).as_slice()).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        self.disk.fault().map_or(Ok(()), |fault| Err(Error::Unavailable(fault.reason)))
    }

    /// The newest commit, once the format of the rows has been found to be one that is known.
    pub(super) fn checked_view(&self) -> Result<View, Refusal> {
        let unreadable = |error: TableError| match error {
            TableError::Storage(StorageError::Io(source)) => Refusal::Io(source),
            TableError::Storage(other) => Refusal::Damaged(other.to_string()),
            _ => Refusal::NotADatabase,
        };
        let damaged = |error: StorageError| Refusal::Damaged(error.to_string());
        let transaction = self.db.begin_read().map_err(|error| Refusal::Damaged(error.to_string()))?;
        let meta = transaction.open_table(META).map_err(unreadable)?;
        let format = meta.get(META_FORMAT).map_err(damaged)?;
        let format = format.and_then(|value| Some(u32::from_be_bytes(value.value().try_into().ok()?)));
        match format {
            None => return Err(Refusal::NotADatabase),
            Some(found) if found > FORMAT => {
                return Err(Refusal::Newer { found, known: FORMAT });
            }
            Some(_) => {}
        }
        let last = meta.get(META_LAST).map_err(damaged)?.and_then(|value| decode(value.value()));
        let stamp = last.ok_or_else(|| Refusal::Damaged("its newest revision is missing".into()))?;
        let rows = transaction.open_table(ROWS).map_err(unreadable)?;
        Ok(View { rows, stamp })
    }

    /// Applies the batches in their order and makes them durable with one commit. On an error none of them is, unless the
    /// file could not be read right after. A fault that came too late to matter is left for the caller to find.
    pub(super) fn commit<'a>(&self, batches: impl Iterator<Item = &'a Batch>, last: Stamp) -> Result<Committed, Error> {
        let header = self.disk.header();
        let mut transaction = self.db.begin_write().map_err(failed)?;
        transaction.set_durability(Durability::Immediate).map_err(failed)?;
        let mut answers = Vec::new();
        let stamp = {
            let mut rows = apply::Rows::Redb(Rows(transaction.open_table(ROWS).map_err(failed)?));
            let mut group = Group::new(last);
            for batch in batches {
                answers.push(group.apply(&mut rows, batch)?);
            }
            group.finish(&mut rows)?
        };
        if stamp == last {
            transaction.abort().map_err(failed)?;
            return Ok(Committed { answers, view: None });
        }
        {
            let mut meta = transaction.open_table(META).map_err(failed)?;
            meta.insert(META_LAST, encode(stamp).as_slice()).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        // One sync makes a commit durable, header and all. What fails after that, such as giving space back, is no
        // reason to deny the commit.
        if let Some(fault) = self.disk.fault()
            && self.disk.header() == header
        {
            return Err(Error::Unavailable(fault.reason));
        }
        let transaction = self.db.begin_read().map_err(failed)?;
        let rows = transaction.open_table(ROWS).map_err(failed)?;
        Ok(Committed { answers, view: Some(View { rows, stamp }) })
    }

    /// Puts rows as they are stored, those of a restoration. With the stamp of the last ones everything so far becomes
    /// durable; without one, nothing does.
    pub(super) fn load(&self, rows: &Page, last: Option<Stamp>) -> Result<(), Error> {
        let mut transaction = self.db.begin_write().map_err(failed)?;
        let durability = if last.is_some() { Durability::Immediate } else { Durability::None };
        transaction.set_durability(durability).map_err(failed)?;
        {
            let mut table = transaction.open_table(ROWS).map_err(failed)?;
            for (key, row) in rows.stored() {
                table.insert(key, row).map_err(failed)?;
            }
        }
        if let Some(last) = last {
            let mut meta = transaction.open_table(META).map_err(failed)?;
            meta.insert(META_LAST, encode(last).as_slice()).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        self.disk.fault().map_or(Ok(()), |fault| Err(Error::Unavailable(fault.reason)))
    }

    /// Sets or removes the format, for tests of what is refused.
    #[cfg(test)]
    pub(super) fn write_format(&self, format: Option<u32>) {
        let write = || -> Result<(), redb::Error> {
            let transaction = self.db.begin_write()?;
            {
                let mut meta = transaction.open_table(META)?;
                match format {
                    Some(format) => drop(meta.insert(META_FORMAT, format.to_be_bytes().as_slice())?),
                    None => drop(meta.remove(META_FORMAT)?),
                }
            }
            Ok(transaction.commit()?)
        };
        assert!(write().is_ok());
    }

    /// The first failure of the file, if there was one.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.disk.fault()
    }

    /// Makes this use of the file one for reading only, so that even closing it writes nothing.
    pub(super) fn freeze(&self) {
        self.disk.freeze();
    }

    /// Closes the database so that the next opening finds it clean.
    pub(super) fn close(self) -> Result<(), Error> {
        self.db.close().map_err(failed)?;
        self.disk.fault().map_or(Ok(()), |fault| Err(Error::Unavailable(fault.reason)))
    }
}

impl View {
    pub(super) fn stamp(&self) -> Stamp {
        self.stamp
    }

    pub(super) fn find<R>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, Error> {
        Ok(self.rows.get(key).map_err(failed)?.map(|row| read(row.value())))
    }

    pub(super) fn scan(&self, scan: &Scan<'_>, bytes_max: usize) -> Result<Page, Error> {
        let mut page = Page::with_room(scan);
        let Some((start, excluded, end)) = page::bounds(scan) else {
            return Ok(page);
        };
        let start = if excluded { Bound::Excluded(start.as_slice()) } else { Bound::Included(start.as_slice()) };
        let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range::<&[u8]>((start, end)).map_err(failed)?;
        for (index, row) in rows.take(scan.skip.saturating_add(scan.limit)).enumerate() {
            let (key, row) = row.map_err(failed)?;
            if index >= scan.skip {
                page.push(key.value(), row.value(), scan.values);
            }
            if page.bytes() >= bytes_max {
                break;
            }
        }
        Ok(page)
    }
}

impl Rows<'_> {
    pub(super) fn find<R>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, Error> {
        Ok(self.0.get(key).map_err(failed)?.map(|row| read(row.value())))
    }

    pub(super) fn insert(&mut self, key: &[u8], row: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let old = self.0.insert(key, row).map_err(failed)?;
        Ok(old.map(|old| old.value().to_vec()))
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let old = self.0.remove(key).map_err(failed)?;
        Ok(old.map(|old| old.value().to_vec()))
    }
}

/// Refuses by its first bytes a file that redb would not tell from a damaged one.
pub(super) fn check_header(header: &[u8]) -> Result<(), Refusal> {
    if !header.starts_with(MAGIC) {
        return Err(Refusal::NotADatabase);
    }
    let versions = FILE_FORMAT_OFFSETS.iter().filter_map(|offset| header.get(*offset));
    match versions.max() {
        Some(version) if *version > FILE_FORMAT => {
            Err(Refusal::Newer { found: u32::from(*version), known: u32::from(FILE_FORMAT) })
        }
        Some(_) => Ok(()),
        None => Err(Refusal::Damaged("it ends within its header".into())),
    }
}

fn encode(stamp: Stamp) -> Vec<u8> {
    [stamp.revision.to_be_bytes(), stamp.time_ms.to_be_bytes()].concat()
}

fn decode(bytes: &[u8]) -> Option<Stamp> {
    let (revision, time) = bytes.split_first_chunk()?;
    let time_ms = i64::from_be_bytes(time.try_into().ok()?);
    Some(Stamp { revision: u64::from_be_bytes(*revision), time_ms })
}

/// An error of redb in the words of the store. A view whose database was closed under it has expired.
fn failed(error: impl Into<redb::Error>) -> Error {
    match error.into() {
        redb::Error::DatabaseClosed => Error::Expired,
        other => Error::Unavailable(other.to_string()),
    }
}

/// A [`Disk`] as redb wants it. The lock is the file's own, held for longer than redb uses it.
#[derive(Debug)]
struct Backend(Arc<Disk>);

impl redb::StorageBackend for Backend {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.0.write(offset, data)
    }

    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, redb::BackendError> {
        Ok(true)
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), redb::BackendError> {
        Ok(())
    }

    fn query_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, redb::BackendError> {
        Ok(false)
    }
}
