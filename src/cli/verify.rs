//! `scimd verify`: checks a backup file from its first byte to its last, the file of a database that no server works on, or the
//! database of the running server; and whether what is in it agrees with itself.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::client::{self, Connection, Server};
use super::error::{Error, Exit};
use super::{Output, bar, print};
use crate::directory::check::{self, Outcome};
use crate::server::admin::api::v1::VerifyDatabaseRequest;
use crate::server::chain::hex;
use crate::store::dump::{self, Summary};
use crate::store::{Options, Store};

/// How the file of a database begins.
const DATABASE: &[u8] = b"redb";

/// The flags of `verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    connection: Connection,

    /// The backup to be checked, or the file scimd.redb of a server that does not run; no server is asked. Without it, the
    /// database of the running server is checked.
    file: Option<PathBuf>,
}

impl Verify {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        match &self.file {
            Some(path) => self.file(path, out),
            None => self.connection.run(env, async |server| running(&server, out).await),
        }
    }

    fn file(&self, path: &Path, out: &mut impl Write) -> Result<(), Error> {
        let mut input = open(path)?;
        let bar = bar::begin("rows checked");
        let mut progress = |rows| {
            bar.set(i64::try_from(rows).unwrap_or(i64::MAX), 0);
            true
        };
        let checked = match input.fill_buf().is_ok_and(|start| start.starts_with(DATABASE)) {
            true => stopped(path, &mut progress).map(|outcome| (outcome, None)),
            false => check::backup(&mut input, &mut progress)
                .map(|(outcome, summary)| (outcome, Some(summary)))
                .map_err(|error| damaged(path, &error)),
        };
        bar.end();
        let (outcome, summary) = checked?;
        match (self.connection.output, &summary) {
            (Output::Json, summary) => {
                let summary = summary.as_ref().map(summary_json);
                let rows = outcome.rows.to_string();
                let answer = json!({"summary": summary, "rows": rows, "problems": outcome.problems});
                writeln!(out, "{answer:#}")?;
            }
            (Output::Table, Some(summary)) => show(out, path, summary)?,
            (Output::Table, None) => {
                let rows = outcome.rows.to_string();
                print::fields(out, &[("Database", path.display().to_string()), ("Rows", rows)])?;
            }
        }
        agreement(&outcome.problems)?;
        match (self.connection.output, summary) {
            (Output::Json, _) => Ok(()),
            (Output::Table, Some(_)) => Ok(writeln!(out, "\nThe backup is whole, and what it holds agrees.")?),
            (Output::Table, None) => Ok(writeln!(out, "\nWhat the database holds agrees.")?),
        }
    }
}

/// Checks the database of a server that does not run.
fn stopped(path: &Path, progress: &mut dyn FnMut(u64) -> bool) -> Result<Outcome, Error> {
    let next = "stop the server that works on it, or leave the file away to have that server check it";
    let refused = |error: String| Error::refused(Exit::Failed, error, next);
    let store = Store::open(path, &Options::default()).map_err(|error| refused(error.to_string()))?;
    client::wait(async {
        let snapshot = store.pin().await.map_err(|error| refused(error.to_string()))?;
        let outcome = check::snapshot(&snapshot, progress).map_err(|error| damaged(path, &error));
        drop(snapshot);
        store.close().await;
        outcome
    })
}

/// Has the running server check its database.
async fn running(server: &Server, out: &mut impl Write) -> Result<(), Error> {
    let request = server.ask_long(VerifyDatabaseRequest {});
    let mut steps = server.backups().verify_database(request).await?.into_inner();
    let bar = bar::begin("rows checked");
    while let Some(step) = steps.message().await? {
        bar.set(step.rows, 0);
        if server.output == Output::Json {
            print::json_line(out, &step)?;
        }
        if step.done {
            bar.end();
            agreement(&step.problems)?;
            if server.output == Output::Table {
                writeln!(out, "The database agrees with itself; {} rows were read.", step.rows)?;
            }
            return Ok(());
        }
    }
    Err(Error::stream_ended())
}

/// A failure where something does not agree.
fn agreement(problems: &[String]) -> Result<(), Error> {
    if problems.is_empty() {
        return Ok(());
    }
    let message = "what is in the database does not agree with itself".to_owned();
    let more = problems.iter().map(|problem| print::clean(problem)).collect();
    Err(Error::Refused { exit: Exit::Failed, message, more })
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

/// What a backup holds, as the call that makes one says it.
pub(super) fn summary_json(summary: &Summary) -> Value {
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
