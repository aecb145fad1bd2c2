//! `scimd verify`: checks a backup, or the database of a stopped server, from the first byte to the last, and whether what it holds agrees
//! with itself. No server is asked.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::client::Connection;
use super::error::{Error, Exit};
use super::{Output, bar, print};
use crate::directory::check::{self, Outcome};
use crate::store::dump::{self, Summary};
use crate::store::{Options, Store};

/// The flags of `verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    connection: Connection,

    /// The backup to be checked, or the file scimd.redb of a server that does not run.
    file: PathBuf,
}

impl Verify {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Error> {
        let mut input = open(&self.file)?;
        let bar = bar::counting("rows checked");
        let mut progress = |rows| {
            bar.set(i64::try_from(rows).unwrap_or(i64::MAX), 0);
            true
        };
        let checked = match input.fill_buf().is_ok_and(|start| start.starts_with(DATABASE)) {
            true => database(&self.file, &mut progress).map(|outcome| (outcome, None)),
            false => check::backup(&mut input, &mut progress)
                .map(|(outcome, summary)| (outcome, Some(summary)))
                .map_err(|error| damaged(&self.file, &error)),
        };
        bar.end();
        let (outcome, summary) = checked?;
        match self.connection.output {
            Output::Json => {
                let summary = summary.as_ref().map(summary_json);
                let text = json!({"summary": summary, "rows": outcome.rows.to_string(), "problems": outcome.problems});
                writeln!(out, "{text:#}")?;
            }
            Output::Table => self.tell(out, &outcome, summary.as_ref())?,
        }
        match outcome.problems.len() {
            0 => Ok(()),
            problems => {
                let message = format!("{}: {problems} things in it do not agree", self.file.display());
                Err(Error::refused(Exit::Failed, message, "restore a backup from before the damage"))
            }
        }
    }

    fn tell(&self, out: &mut impl Write, outcome: &Outcome, summary: Option<&Summary>) -> Result<(), Error> {
        match summary {
            Some(summary) => show(out, &self.file, summary)?,
            None => print::fields(
                out,
                &[("Database", self.file.display().to_string()), ("Rows", outcome.rows.to_string())],
            )?,
        }
        for problem in &outcome.problems {
            writeln!(out, "{}", print::clean(problem))?;
        }
        match (outcome.problems.is_empty(), summary) {
            (true, Some(_)) => writeln!(out, "\nThe backup is whole, and what it holds agrees.")?,
            (true, None) => writeln!(out, "\nWhat the database holds agrees.")?,
            (false, _) => {}
        }
        Ok(())
    }
}

/// How the file of a database begins.
const DATABASE: &[u8] = b"redb";

/// Checks the database of a server that does not run.
fn database(path: &Path, progress: &mut dyn FnMut(u64) -> bool) -> Result<Outcome, Error> {
    let next = "stop the server that works on it, or verify a backup of it";
    let refused = |error: String| Error::refused(Exit::Failed, error, next);
    let store = Store::open(path, &Options::default()).map_err(|error| refused(error.to_string()))?;
    super::client::wait(async {
        let snapshot = store.pin().await.map_err(|error| refused(error.to_string()))?;
        let outcome = check::snapshot(&snapshot, progress).map_err(|error| damaged(path, &error));
        drop(snapshot);
        store.close().await;
        outcome
    })
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
    Ok(writeln!(out, "{:#}", json!({"summary": summary_json(summary)}))?)
}

fn summary_json(summary: &Summary) -> serde_json::Value {
    json!({
        "revision": summary.revision.to_string(),
        "time": time(summary),
        "rows": summary.rows.to_string(),
        "bytes": summary.bytes.to_string(),
        "sha256": hex(&summary.sha256),
    })
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
