//! Opening a database file, creating it where none is, and the refusals. It does not know who writes to it then.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{self, Base, Disk};
use super::redb::{self, Database, Refusal, View};
use super::{Error, OpenError, Options};

/// An open database, and its newest commit.
pub(super) struct Opened {
    pub(super) base: Arc<Base>,
    pub(super) db: Database,
    pub(super) view: View,
}

/// What came of making a new database file.
pub(super) enum Made<T> {
    /// The file, locked, and what filling it gave.
    New(File, T),
    /// Another process has made one meanwhile.
    Another,
}

/// Opens the database at `path`, or creates it.
pub(super) fn open(
    path: &Path,
    options: &Options,
    #[cfg(test)] faults: &Arc<disk::fault::Faults>,
) -> Result<Opened, OpenError> {
    let refused = |error| disk::refusal(path, error);
    check_directory(path)?;
    let file = if is_there(path).map_err(refused)? { disk::open_locked(path, false)? } else { create(path, options)? };
    let len = file.metadata().map_err(refused)?.len();
    if len == 0 {
        return Err(OpenError::Empty { path: path.to_owned() });
    }
    let base = Base::new(
        file,
        #[cfg(test)]
        Arc::clone(faults),
    );
    let base = Arc::new(base.map_err(refused)?);
    let named = |refusal| name(path, refusal);
    redb::check_header(&base.header()).map_err(named)?;
    base.warm();
    let (db, view) = attach(&base, options, true).map_err(named)?;
    Ok(Opened { base, db, view })
}

/// Refuses a path whose directory is not there.
pub(super) fn check_directory(path: &Path) -> Result<(), OpenError> {
    match fs::metadata(disk::directory(path)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(OpenError::MissingDirectory { path: path.to_owned() })
        }
        Err(error) => Err(disk::refusal(path, error)),
    }
}

/// Opens the database over a file that is locked already.
pub(super) fn attach(base: &Arc<Base>, options: &Options, check: bool) -> Result<(Database, View), Refusal> {
    let disk = Arc::new(Disk::new(Arc::clone(base)));
    let db = Database::open(disk, options.cache_bytes, check)?;
    let view = db.checked_view()?;
    Ok((db, view))
}

/// Makes an empty database. Answers with the file, locked.
fn create(path: &Path, options: &Options) -> Result<File, OpenError> {
    let made = make(
        path,
        options,
        #[cfg(test)]
        &Arc::default(),
        |_| Ok::<_, OpenError>(()),
    )?;
    match made {
        Made::New(file, ()) => Ok(file),
        Made::Another => disk::open_locked(path, false),
    }
}

/// Makes a database under another name, fills it, and gives it its own only when it is whole and durable, so that a crash
/// leaves either no database or one that opens. Leaves no file behind when that fails.
pub(super) fn make<T, E: From<OpenError>>(
    path: &Path,
    options: &Options,
    #[cfg(test)] faults: &Arc<disk::fault::Faults>,
    fill: impl FnOnce(&Database) -> Result<T, E>,
) -> Result<Made<T>, E> {
    let unfinished = unfinished(path);
    let refused = |error| disk::refusal(path, error);
    let file = match disk::open_locked(&unfinished, true) {
        Ok(file) => file,
        Err(OpenError::ReadOnly { source, .. } | OpenError::Io { source, .. }) => {
            return Err(refused(source).into());
        }
        Err(_) => {
            return Err(OpenError::Locked { path: path.to_owned() }.into());
        }
    };
    // Another process may have finished between the look at `path` and the lock.
    if is_there(path).map_err(refused)? {
        fs::remove_file(&unfinished).map_err(refused)?;
        return Ok(Made::Another);
    }
    let name = || {
        let filled = write(
            &file,
            path,
            options,
            #[cfg(test)]
            faults,
            fill,
        )?;
        // What came there meanwhile is not replaced.
        if is_there(path).map_err(refused)? {
            return Ok(None);
        }
        fs::rename(&unfinished, path).map_err(refused)?;
        Ok(Some(filled))
    };
    match name() {
        Ok(Some(filled)) => match disk::sync_directory(path) {
            Ok(()) => Ok(Made::New(file, filled)),
            Err(error) => {
                discard(path);
                Err(refused(error).into())
            }
        },
        Ok(None) => {
            discard(&unfinished);
            Ok(Made::Another)
        }
        Err(error) => {
            discard(&unfinished);
            Err(error)
        }
    }
}

/// Writes a new database into a file and makes it durable.
fn write<T, E: From<OpenError>>(
    file: &File,
    path: &Path,
    options: &Options,
    #[cfg(test)] faults: &Arc<disk::fault::Faults>,
    fill: impl FnOnce(&Database) -> Result<T, E>,
) -> Result<T, E> {
    let refused = |error| disk::refusal(path, error);
    file.set_len(0).map_err(refused)?;
    let base = Base::new(
        file.try_clone().map_err(refused)?,
        #[cfg(test)]
        Arc::clone(faults),
    );
    let disk = Arc::new(Disk::new(Arc::new(base.map_err(refused)?)));
    let db = Database::open(disk, options.cache_bytes, false).map_err(|refusal| name(path, refusal))?;
    let failed = |error: Error| refused(io::Error::other(error));
    db.initialize().map_err(failed)?;
    let filled = fill(&db)?;
    db.close().map_err(failed)?;
    file.sync_all().map_err(refused)?;
    Ok(filled)
}

/// Removes what did not become a database, while it is locked. The failure before is the one to tell.
fn discard(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(%error, path = %path.display(), "an unfinished database was not removed");
    }
}

/// Whether anything has the name. A link that leads nowhere counts: the database may be on a volume that is not mounted.
pub(super) fn is_there(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Where a database is made before it has its name.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// The refusal of a file, by its name.
pub(super) fn name(path: &Path, refusal: Refusal) -> OpenError {
    let path = path.to_owned();
    match refusal {
        Refusal::NotADatabase => OpenError::NotADatabase { path },
        Refusal::Newer { found, known } => OpenError::NewerFormat { path, found, known },
        Refusal::Damaged(reason) => OpenError::Damaged { path, reason },
        Refusal::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
            OpenError::Damaged { path, reason: "it is truncated".into() }
        }
        Refusal::Io(source) => disk::refusal(&path, source),
    }
}
