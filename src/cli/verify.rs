//! `scimd verify`: checks a backup file from its first byte to its last. No server is asked.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::client::Connection;
use super::error::{Error, Exit};
use super::{Output, bar, print};
use crate::store::dump::{self, Row, Summary};

/// The flags of `verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    connection: Connection,

    /// The backup to be checked.
    file: PathBuf,
}

impl Verify {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Error> {
        let mut input = open(&self.file)?;
        let bar = bar::counting("rows checked");
        let mut rows = 0_i64;
        let read = dump::read(&mut input, &mut |_: Row<'_>| {
            rows += 1;
            if rows % 1_024 == 0 {
                bar.set(rows, 0);
            }
            Ok::<(), dump::Error>(())
        });
        bar.end();
        let summary = read.map_err(|error| damaged(&self.file, &error))?;
        match self.connection.output {
            Output::Json => json(out, &summary),
            Output::Table => {
                show(out, &self.file, &summary)?;
                Ok(writeln!(out, "\nThe backup is whole.")?)
            }
        }
    }
}

/// Opens a backup.
///
/// # Errors
/// What the operating system refuses.
pub(super) fn open(path: &Path) -> Result<BufReader<File>, Error> {
    let file = File::open(path).map_err(|error| Error::file(path, "open it", &error))?;
    Ok(BufReader::with_capacity(1 << 20, file))
}

/// The failure of a backup that is none, or is damaged.
pub(super) fn damaged(path: &Path, error: &dump::Error) -> Error {
    let message = format!("{}: {}", path.display(), print::clean(&error.to_string()));
    Error::refused(Exit::Failed, message, "use another backup; this one cannot be relied on")
}

/// What a backup holds, as the summary of the call that made it.
pub(super) fn json(out: &mut impl Write, summary: &Summary) -> Result<(), Error> {
    let text = json!({"summary": {
        "revision": summary.revision.to_string(),
        "time": time(summary),
        "rows": summary.rows.to_string(),
        "bytes": summary.bytes.to_string(),
        "sha256": hex(&summary.sha256),
    }});
    Ok(writeln!(out, "{text:#}")?)
}

/// What a backup holds, for a person.
pub(super) fn show(out: &mut impl Write, path: &Path, summary: &Summary) -> Result<(), Error> {
    print::fields(
        out,
        &[
            ("Backup", path.display().to_string()),
            ("Commit", format!("{} of {}", summary.revision, time(summary))),
            ("Rows", summary.rows.to_string()),
            ("Size", print::bytes(i64::try_from(summary.bytes).unwrap_or(i64::MAX))),
            ("SHA-256", hex(&summary.sha256)),
        ],
    )
}

fn time(summary: &Summary) -> String {
    print::time(Some(&super::values::timestamp(summary.time_ms)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
