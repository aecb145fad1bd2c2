//! `scimd restore`: makes the database of a new data directory from a backup. No server is asked, and none may run there.

use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::client::Connection;
use super::error::{Error, Exit};
use super::{Output, bar, verify};
use crate::store::Options;
use crate::store::dump::{self, RestoreError};

/// What may lie in a data directory that a database is restored into: certificates, which no backup holds; the directory of
/// the socket; and what a restore that was interrupted has left.
const MAY_BE_THERE: &[&str] = &["tls", "admin", "scimd.redb.new"];

/// The flags of `restore`.
#[derive(Debug, clap::Args)]
pub struct Restore {
    #[command(flatten)]
    connection: Connection,

    /// The backup, as `scimd backup` made it.
    file: PathBuf,
}

impl Restore {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        let folder = self.connection.data_dir(env);
        refuse_used(&folder)?;
        let mut input = verify::open(&self.file)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| Error::file(&folder, "create the directory", &error))?;
        let bar = bar::begin("rows restored");
        let restored = dump::restore(&mut input, &folder.join("scimd.redb"), &Options::default(), &mut |so_far| {
            bar.set(i64::try_from(so_far.rows).unwrap_or(i64::MAX), 0);
            true
        });
        bar.end();
        let summary = restored.map_err(|error| match error {
            RestoreError::Dump(error) => verify::damaged(&self.file, &error),
            RestoreError::Exists { .. } => Error::refused(Exit::Conflict, error.to_string(), ""),
            RestoreError::Database(error) => Error::refused(Exit::Failed, error.to_string(), ""),
        })?;
        match self.connection.output {
            Output::Json => Ok(writeln!(out, "{:#}", json!({"summary": verify::summary_json(&summary)}))?),
            Output::Table => {
                verify::show(out, &self.file, &summary)?;
                let folder = folder.display();
                Ok(writeln!(out, "\nIt is in {folder} now. Start it with `scimd serve --data-dir {folder}`.")?)
            }
        }
    }
}

/// Refuses a directory that has data, or whose server runs.
fn refuse_used(folder: &Path) -> Result<(), Error> {
    if UnixStream::connect(folder.join("admin").join("admin.sock")).is_ok() {
        let message = format!("{}: a server runs on this data directory", folder.display());
        return Err(Error::refused(Exit::Conflict, message, "restore into another one with --data-dir DIR"));
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::file(folder, "read the directory", &error)),
    };
    for entry in entries {
        let name = entry.map_err(|error| Error::file(folder, "read the directory", &error))?.file_name();
        if !MAY_BE_THERE.iter().any(|may| name == *may) {
            let message = format!("{}: the data directory is not empty: it has {}", folder.display(), name.display());
            let next = "restore into another one with --data-dir DIR, or move this one away";
            return Err(Error::refused(Exit::Conflict, message, next));
        }
    }
    Ok(())
}
