//! `scimd certificate`: shows the certificate that the SCIM listener presents, and has it read again.

use std::io::Write;

use super::client::Connection;
use super::error::Error;
use super::{Output, print};
use crate::server::admin::api::v1::{CertificateStatus, GetCertificateRequest, ReloadCertificateRequest};

/// The flags of `certificate`.
#[derive(Debug, clap::Args)]
pub struct Certificate {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Shows the chain that is being served.
    Status,
    /// Reads certificate and key again. A pair that cannot be served is refused, and the old one stays in use.
    Reload,
}

impl Certificate {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::Status => {
                let request = server.ask(GetCertificateRequest {});
                let answer = server.certificates().get_certificate(request).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => show(out, &answer.status.unwrap_or_default()),
                }
            }
            Verb::Reload => {
                let request = server.ask(ReloadCertificateRequest {});
                let answer = server.certificates().reload_certificate(request).await?.into_inner();
                if server.output == Output::Json {
                    return print::json(out, &answer);
                }
                let said =
                    if answer.changed { "Another certificate is served now." } else { "It is the same certificate." };
                writeln!(out, "{said}\n")?;
                show(out, &answer.status.unwrap_or_default())
            }
        })
    }
}

fn show(out: &mut impl Write, status: &CertificateStatus) -> Result<(), Error> {
    let made = if status.local_authority { "scimd's own certificate authority" } else { "files given to the server" };
    print::fields(
        out,
        &[
            ("From", made.to_owned()),
            ("File", print::text(&status.cert_file)),
            ("Read", print::time_and_distance(status.load_time.as_ref(), "-")),
            ("Last refusal", print::text(&status.last_refusal)),
        ],
    )?;
    for (place, certificate) in status.chain.iter().enumerate() {
        let kind = match place {
            0 => "Server certificate",
            _ if certificate.subject == certificate.issuer => "Certificate authority",
            _ => "Intermediate certificate",
        };
        writeln!(out, "\n{kind}")?;
        print::fields(
            out,
            &[
                ("Subject", certificate.subject.clone()),
                ("Issuer", certificate.issuer.clone()),
                ("Serial", certificate.serial.clone()),
                ("Names", print::list(&certificate.subject_alt_names)),
                ("Key", certificate.key.clone()),
                ("Valid from", print::time(certificate.not_before.as_ref())),
                ("Valid until", print::time_and_distance(certificate.not_after.as_ref(), "-")),
                ("SHA-256", certificate.sha256.clone()),
            ],
        )?;
    }
    Ok(())
}
