//! `scimd export`: a tenant's users, groups and memberships as lines of JSON.

use std::io::Write;
use std::path::PathBuf;

use serde_json::Value;

use super::client::{Connection, Server};
use super::error::{Error, Exit};
use super::files::Partial;
use super::{Output, bar, print};
use crate::server::admin::api::v1::ExportTenantRequest;

/// The flags of `export`.
#[derive(Debug, clap::Args)]
pub struct Export {
    #[command(flatten)]
    connection: Connection,

    /// The file to be made; without it, or with -, the lines go to standard output. An export is whole only if its last line
    /// begins with {"end":true.
    file: Option<PathBuf>,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Overwrites a file that is there.
    #[arg(long)]
    force: bool,
}

/// Where the lines go.
enum Target<'a> {
    Stream(&'a mut dyn Write),
    File(Partial),
}

impl Export {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| {
            let Some(path) = self.file.as_ref().filter(|path| path.as_os_str() != "-") else {
                self.receive(&server, Target::Stream(out)).await?;
                return Ok(());
            };
            let file = Partial::begin(path, self.force)?;
            let end = self.receive(&server, Target::File(file)).await?;
            if server.output == Output::Json {
                return Ok(writeln!(out, "{end:#}")?);
            }
            let number = |name: &str| end.get(name).map_or_else(|| "-".to_owned(), Value::to_string);
            print::fields(
                out,
                &[
                    ("Export", path.display().to_string()),
                    ("Users", number("users")),
                    ("Groups", number("groups")),
                    ("Members", number("members")),
                ],
            )
        })
    }

    /// Receives the lines, and answers with the last one, without which they are no export.
    async fn receive(&self, server: &Server, mut target: Target<'_>) -> Result<Value, Error> {
        let request = server.ask_long(ExportTenantRequest { tenant: self.tenant.clone() });
        let mut pieces = server.transfers().export_tenant(request).await?.into_inner();
        let bar = bar::begin("users and groups");
        let mut last_line = Vec::new();
        while let Some(piece) = pieces.message().await? {
            bar.set(piece.resources_done, piece.resources_total);
            match &mut target {
                Target::Stream(out) => out.write_all(&piece.lines)?,
                Target::File(file) => file.append(&piece.lines)?,
            }
            // Pieces are whole lines.
            let lines = piece.lines.strip_suffix(b"\n").unwrap_or(&piece.lines);
            if let Some(line) = lines.rsplit(|byte| *byte == b'\n').next().filter(|line| !line.is_empty()) {
                last_line = line.to_vec();
            }
        }
        bar.end();
        let end: Value = serde_json::from_slice(&last_line).unwrap_or_default();
        if end.get("end") != Some(&Value::Bool(true)) {
            let message = "the export ended before it was whole";
            return Err(Error::refused(Exit::Unreachable, message, "what was written is of no use; try again"));
        }
        match target {
            Target::Stream(out) => out.flush()?,
            Target::File(file) => file.finish()?,
        }
        Ok(end)
    }
}
