//! `scimd import`: sends lines of JSON, as an export has them, into a tenant. A line that fails stops no other one.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::client::{Connection, Server};
use super::error::{Error, Exit};
use super::{Output, bar, print};
use crate::limits;
use crate::server::admin::api::v1::{ImportConflict, ImportError, ImportTenantRequest, ImportTenantResponse};

/// The flags of `import`.
#[derive(Debug, clap::Args)]
pub struct Import {
    #[command(flatten)]
    connection: Connection,

    /// The lines, as `scimd export` made them; without it, or with -, they are read from standard input.
    #[arg(default_value = "-", hide_default_value = true)]
    file: PathBuf,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// What to do with a resource whose id is there already with other content: its line fails, it is left as it is, or it
    /// is replaced.
    #[arg(long, value_name = "fail|skip|replace", value_parser = conflict, default_value = "fail")]
    on_conflict: ImportConflict,

    /// Only checks every line; nothing is written.
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        let input: Box<dyn Read + Send> = match self.file.as_os_str() == "-" {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(&self.file).map_err(|error| Error::file(&self.file, "open it", &error))?),
        };
        self.connection.run(env, async |server| self.send(&server, input, out).await)
    }

    async fn send(&self, server: &Server, input: Box<dyn Read + Send>, out: &mut impl Write) -> Result<(), Error> {
        let (pieces, sent) = mpsc::channel(limits::CLI_PIECES_AHEAD_MAX);
        let first = ImportTenantRequest {
            tenant: self.tenant.clone(),
            on_conflict: self.on_conflict.into(),
            dry_run: self.dry_run,
            data: Default::default(),
        };
        let reader = tokio::task::spawn_blocking(move || read(input, first, &pieces));
        let request = server.ask_long(ReceiverStream::new(sent));
        let mut steps = server.transfers().import_tenant(request).await?.into_inner();
        let bar = bar::begin("lines");
        let mut failed = Vec::new();
        let mut outcome = None;
        while let Some(mut step) = steps.message().await? {
            bar.set(step.lines, 0);
            for error in std::mem::take(&mut step.errors) {
                if server.output == Output::Table {
                    bar.aside(|| mention(&error))?;
                }
                if failed.len() < limits::CLI_IMPORT_ERRORS_MAX {
                    failed.push(error);
                }
            }
            let done = step.done;
            outcome = Some(step);
            if done {
                break;
            }
        }
        bar.end();
        let Some(outcome) = outcome.filter(|outcome| outcome.done) else {
            let message = "the import ended before everything was dealt with";
            return Err(Error::refused(Exit::Unreachable, message, "repeat it: what is there already stays as it is"));
        };
        // A file that could not be read to its end looks to the server like a shorter one.
        match reader.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Error::file(&self.file, "read it to its end", &error)),
            Err(error) => return Err(Error::Output(io::Error::other(error))),
        }
        self.tell(server, ImportTenantResponse { errors: failed, ..outcome }, out)
    }

    fn tell(&self, server: &Server, outcome: ImportTenantResponse, out: &mut impl Write) -> Result<(), Error> {
        match server.output {
            Output::Json => print::json(out, &outcome)?,
            Output::Table => print::fields(
                out,
                &[
                    ("Lines", outcome.lines.to_string()),
                    ("Created", outcome.created.to_string()),
                    ("Replaced", outcome.replaced.to_string()),
                    ("Unchanged", outcome.unchanged.to_string()),
                    ("Members added", outcome.members_added.to_string()),
                    ("Failed", outcome.failed.to_string()),
                ],
            )?,
        }
        if self.dry_run && server.output == Output::Table {
            writeln!(out, "\nThis was a dry run: nothing was written.")?;
        }
        match outcome.failed {
            0 => Ok(()),
            failed => {
                let next = "correct these lines and repeat the import: what is there already stays as it is";
                Err(Error::refused(Exit::Incomplete, format!("{failed} lines failed"), next))
            }
        }
    }
}

fn mention(error: &ImportError) -> Result<(), Error> {
    let id =
        if error.resource_id.is_empty() { String::new() } else { format!(" ({})", print::clean(&error.resource_id)) };
    Ok(writeln!(io::stderr(), "line {}{id}: {}", error.line, print::clean(&error.message))?)
}

/// Sends the parameters, and the input in pieces. It ends early when nobody takes them any more, which the answer explains.
fn read(
    mut input: Box<dyn Read + Send>,
    first: ImportTenantRequest,
    pieces: &mpsc::Sender<ImportTenantRequest>,
) -> io::Result<()> {
    if pieces.blocking_send(first).is_err() {
        return Ok(());
    }
    let mut buffer = vec![0; limits::CLI_PIECE_BYTES_MAX];
    loop {
        let length = match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let data = buffer.get(..length).unwrap_or_default().to_vec();
        if pieces.blocking_send(ImportTenantRequest { data, ..ImportTenantRequest::default() }).is_err() {
            return Ok(());
        }
    }
}

fn conflict(text: &str) -> Result<ImportConflict, String> {
    match text {
        "fail" => Ok(ImportConflict::Fail),
        "skip" => Ok(ImportConflict::Skip),
        "replace" => Ok(ImportConflict::Replace),
        _ => Err("it is fail, skip or replace".to_owned()),
    }
}
