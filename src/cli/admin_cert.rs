//! `scimd admin-cert`: makes, lists and revokes the client certificates for the admin plane over the network.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::client::{Connection, Server};
use super::error::{Error, Exit};
use super::{Output, pages, print, values};
use crate::server::admin::api::v1::{
    AdminCertificate, CreateAdminCertificateRequest, CreateAdminCertificateResponse, ListAdminCertificatesRequest,
    ListAdminCertificatesResponse, RevokeAdminCertificateRequest, Role,
};

/// The flags of `admin-cert`.
#[derive(Debug, clap::Args)]
pub struct AdminCert {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Makes a client certificate: NAME.pem, NAME.key and NAME-ca.pem, for --admin-cert, --admin-key and --admin-ca.
    ///
    /// The key is made once and not kept by the server. Repeating it with the same name and role makes nothing and succeeds.
    Create(Create),
    /// Lists all that were made.
    List,
    /// Ends a certificate for good, on the next call.
    Revoke {
        /// Its serial number, or the name of the one that is not revoked.
        serial: String,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// Whom it is for: 1 to 63 characters a-z, A-Z, 0-9, "-", "_", "." and "@".
    name: String,

    /// What its holder may do: look (viewer), also rotate and revoke tokens and see personal values (operator), or
    /// everything (admin).
    #[arg(long, value_name = "viewer|operator|admin", value_parser = role)]
    role: Role,

    /// How long it is valid, from 1h to 3652d.
    #[arg(long, value_name = "TIME", value_parser = values::period, default_value = "365d")]
    ttl: Duration,

    /// Writes the files into this directory. None that is there is overwritten.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// The files of a certificate.
struct Files {
    cert: PathBuf,
    key: PathBuf,
    ca: PathBuf,
}

impl AdminCert {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::Create(create) => create.run(&server, out).await,
            Verb::List => list(&server, out).await,
            Verb::Revoke { serial } => {
                let request = server.ask(RevokeAdminCertificateRequest { serial: serial.clone() });
                let answer = server.admin_certificates().revoke_admin_certificate(request).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => show(out, &answer.certificate.unwrap_or_default()),
                }
            }
        })
    }
}

impl Create {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let files = self.files()?;
        let request = CreateAdminCertificateRequest {
            name: self.name.clone(),
            role: self.role.into(),
            ttl: Some(values::duration(self.ttl)),
        };
        let created = server.admin_certificates().create_admin_certificate(server.ask(request)).await?;
        let answer = created.into_inner();
        if answer.created {
            files.write(&answer)?;
        }
        if server.output == Output::Json {
            return print::json(out, &answer);
        }
        show(out, &answer.certificate.unwrap_or_default())?;
        if !answer.created {
            writeln!(out, "\nIt was there already; its key was given out when it was made. No file is written.")?;
            return Ok(());
        }
        let shown = |path: &Path| print::clean(&path.display().to_string());
        writeln!(
            out,
            "\nUse it with\n  --admin https://HOST:PORT --admin-cert {} --admin-key {} --admin-ca {}\n\
             where HOST:PORT is the server's --admin-addr. {} is a secret.",
            shown(&files.cert),
            shown(&files.key),
            shown(&files.ca),
            shown(&files.key)
        )?;
        Ok(())
    }

    /// The names of the files, of which none may be there: a key that cannot be written would be lost.
    fn files(&self) -> Result<Files, Error> {
        if self.name.contains(['/', '\0']) {
            return Err(Error::refused(Exit::Usage, "a certificate's name has no slash", ""));
        }
        let file = |end: &str| self.dir.join(format!("{}{end}", self.name));
        let files = Files { cert: file(".pem"), key: file(".key"), ca: file("-ca.pem") };
        fs::create_dir_all(&self.dir).map_err(|error| Error::file(&self.dir, "create the directory", &error))?;
        for path in [&files.cert, &files.key, &files.ca] {
            if path.symlink_metadata().is_ok() {
                let message = format!("{}: the file is there already", path.display());
                return Err(Error::refused(Exit::Conflict, message, "choose another directory with --dir"));
            }
        }
        Ok(files)
    }
}

impl Files {
    fn write(&self, answer: &CreateAdminCertificateResponse) -> Result<(), Error> {
        let new = |path: &Path, mode: u32, text: &str| {
            let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
            opened
                .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
                .map_err(|error| Error::file(path, "write it", &error))
        };
        new(&self.key, 0o600, &answer.private_key_pem)?;
        new(&self.cert, 0o644, &answer.certificate_pem)?;
        new(&self.ca, 0o644, &answer.server_ca_pem)
    }
}

async fn list(server: &Server, out: &mut impl Write) -> Result<(), Error> {
    let certificates = pages::all(async |page_size, page_token| {
        let request = server.ask(ListAdminCertificatesRequest { page_size, page_token });
        let page = server.admin_certificates().list_admin_certificates(request).await?.into_inner();
        Ok((page.certificates, page.next_page_token))
    })
    .await?;
    if server.output == Output::Json {
        return print::json(out, &ListAdminCertificatesResponse { certificates, next_page_token: String::new() });
    }
    let rows: Vec<_> = certificates
        .iter()
        .map(|certificate| {
            [
                certificate.serial.clone(),
                certificate.name.clone(),
                role_text(certificate.role()).to_owned(),
                print::time(certificate.create_time.as_ref()),
                print::relative(certificate.expire_time.as_ref()),
                print::time(certificate.revoke_time.as_ref()),
            ]
        })
        .collect();
    print::table(out, ["SERIAL", "NAME", "ROLE", "CREATED", "EXPIRES", "REVOKED"], &rows)
}

fn show(out: &mut impl Write, certificate: &AdminCertificate) -> Result<(), Error> {
    print::fields(
        out,
        &[
            ("Name", certificate.name.clone()),
            ("Serial", certificate.serial.clone()),
            ("Role", role_text(certificate.role()).to_owned()),
            ("Created", print::time(certificate.create_time.as_ref())),
            ("Expires", print::time_and_distance(certificate.expire_time.as_ref(), "-")),
            ("Revoked", print::time(certificate.revoke_time.as_ref())),
            ("SHA-256", certificate.sha256.clone()),
        ],
    )
}

fn role(text: &str) -> Result<Role, String> {
    match text {
        "viewer" => Ok(Role::Viewer),
        "operator" => Ok(Role::Operator),
        "admin" => Ok(Role::Admin),
        _ => Err("it is viewer, operator or admin".to_owned()),
    }
}

fn role_text(role: Role) -> &'static str {
    match role {
        Role::Unspecified => "-",
        Role::Viewer => "viewer",
        Role::Operator => "operator",
        Role::Admin => "admin",
    }
}
