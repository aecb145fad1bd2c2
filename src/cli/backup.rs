//! `scimd backup`: copies the whole database into a file while the server works.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::client::{Connection, Server};
use super::error::{Error, Exit};
use super::files::Partial;
use super::{Output, bar, print};
use crate::server::admin::api::v1::create_backup_response::Part;
use crate::server::admin::api::v1::{BackupSummary, CreateBackupRequest};

/// The flags of `backup`.
#[derive(Debug, clap::Args)]
pub struct Backup {
    #[command(flatten)]
    connection: Connection,

    /// The file to be made. It holds personal data and only its owner may read it.
    file: PathBuf,

    /// Overwrites a file that is there.
    #[arg(long)]
    force: bool,
}

impl Backup {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| {
            let file = Partial::begin(&self.file, self.force)?;
            receive(&server, file, &self.file, out).await
        })
    }
}

/// Receives the backup. Only the summary at its end makes it one.
async fn receive(server: &Server, mut file: Partial, path: &Path, out: &mut impl Write) -> Result<(), Error> {
    let request = server.ask_long(CreateBackupRequest {});
    let mut parts = server.backups().create_backup(request).await?.into_inner();
    let bar = bar::begin("rows");
    let mut bytes = 0_i64;
    while let Some(message) = parts.message().await? {
        bar.set(message.rows_done, message.rows_total);
        match &message.part {
            Some(Part::Chunk(chunk)) => {
                bytes = bytes.saturating_add(i64::try_from(chunk.len()).unwrap_or(i64::MAX));
                file.append(chunk)?;
            }
            Some(Part::Summary(summary)) => {
                if summary.bytes != bytes {
                    let message = format!("{bytes} bytes of the backup came, and it has {}", summary.bytes);
                    return Err(Error::refused(Exit::Failed, message, "nothing was kept; try again"));
                }
                file.finish()?;
                bar.end();
                return match server.output {
                    Output::Json => print::json(out, &message),
                    Output::Table => show(out, path, summary),
                };
            }
            None => {}
        }
    }
    Err(Error::refused(Exit::Unreachable, "the backup ended before it was whole", "nothing was kept; try again"))
}

fn show(out: &mut impl Write, path: &Path, summary: &BackupSummary) -> Result<(), Error> {
    print::fields(
        out,
        &[
            ("Backup", path.display().to_string()),
            ("Commit", format!("{} of {}", summary.revision, print::time(summary.time.as_ref()))),
            ("Rows", summary.rows.to_string()),
            ("Size", print::bytes(summary.bytes)),
            ("SHA-256", summary.sha256.clone()),
        ],
    )?;
    writeln!(
        out,
        "\nCheck it with `scimd verify FILE`. Certificates and keys are not in it: copy the directory tls beside it."
    )?;
    Ok(())
}
