//! The connection to the admin plane: which server, over which way, and what its refusals mean for whoever asked. It does
//! not know what is asked.

use std::error::Error as StdError;
use std::fs;
use std::future::Future;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use super::error::{Error, Exit};
use super::{Output, print, values};
use crate::config::key;
use crate::limits;
use crate::server::admin::api::v1::admin_certificate_service_client::AdminCertificateServiceClient;
use crate::server::admin::api::v1::application_service_client::ApplicationServiceClient;
use crate::server::admin::api::v1::audit_service_client::AuditServiceClient;
use crate::server::admin::api::v1::backup_service_client::BackupServiceClient;
use crate::server::admin::api::v1::certificate_service_client::CertificateServiceClient;
use crate::server::admin::api::v1::change_service_client::ChangeServiceClient;
use crate::server::admin::api::v1::exchange_service_client::ExchangeServiceClient;
use crate::server::admin::api::v1::mapping_service_client::MappingServiceClient;
use crate::server::admin::api::v1::metrics_service_client::MetricsServiceClient;
use crate::server::admin::api::v1::profile_service_client::ProfileServiceClient;
use crate::server::admin::api::v1::resource_service_client::ResourceServiceClient;
use crate::server::admin::api::v1::schema_service_client::SchemaServiceClient;
use crate::server::admin::api::v1::server_service_client::ServerServiceClient;
use crate::server::admin::api::v1::target_service_client::TargetServiceClient;
use crate::server::admin::api::v1::tenant_service_client::TenantServiceClient;
use crate::server::admin::api::v1::token_service_client::TokenServiceClient;
use crate::server::admin::api::v1::transaction_service_client::TransactionServiceClient;
use crate::server::admin::api::v1::transfer_service_client::TransferServiceClient;

/// Which server, and how to print what it answers.
#[derive(Debug, Clone, clap::Args)]
pub struct Connection {
    /// Finds the server by its data directory: its admin socket is DIR/admin/admin.sock. [default: ./scimd-data] [env:
    /// SCIMD_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Admin plane")]
    data_dir: Option<String>,

    /// Speaks to this admin plane: unix:PATH, or https://HOST:PORT with a client certificate. [default: the socket in the
    /// data directory] [env: SCIMD_ADMIN]
    #[arg(long, global = true, value_name = "ADDRESS", help_heading = "Admin plane")]
    admin: Option<String>,

    /// The client certificate for https (PEM), as `scimd admin-cert create` makes it. [env: SCIMD_ADMIN_CERT]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Admin plane")]
    admin_cert: Option<String>,

    /// The private key of the client certificate (PEM). [env: SCIMD_ADMIN_KEY]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Admin plane")]
    admin_key: Option<String>,

    /// The certificate authority that the server's certificate comes from (PEM). [default: tls/ca.pem in the data
    /// directory] [env: SCIMD_ADMIN_CA]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Admin plane")]
    admin_ca: Option<String>,

    /// Waits for an answer this long, such as 30s or 5m. What streams and what checks much data has no such end unless this
    /// is given. [default: 30s]
    #[arg(long, global = true, value_name = "TIME", value_parser = values::period, help_heading = "Admin plane")]
    timeout: Option<Duration>,

    /// Prints a table for a person, or JSON for a program: the proto3 JSON form of the answer, with the field names of the
    /// proto files; streams as one object a line.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "table|json",
        default_value = "table",
        hide_possible_values = true,
        help_heading = "Admin plane"
    )]
    pub(super) output: Output,
}

/// A connected admin plane.
#[derive(Debug)]
pub struct Server {
    channel: Channel,
    timeout: Option<Duration>,
    /// How to print.
    pub output: Output,
}

/// Where the admin plane is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Address {
    Socket(PathBuf),
    Https(String),
}

impl Connection {
    /// Connects, and does `work` with the connected server.
    ///
    /// # Errors
    /// What keeps from connecting, see [`Exit`], and what `work` fails with.
    pub fn run<T>(
        &self,
        env: impl Fn(&str) -> Option<String>,
        work: impl AsyncFnOnce(Server) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        wait(async {
            let channel = self.connect(&env).await?;
            work(Server { channel, timeout: self.timeout, output: self.output }).await
        })
    }

    /// The data directory that is meant.
    pub fn data_dir(&self, env: impl Fn(&str) -> Option<String>) -> PathBuf {
        let named = self.data_dir.clone().or_else(|| env("SCIMD_DATA_DIR").filter(|value| !value.is_empty()));
        PathBuf::from(named.as_deref().unwrap_or(key::DATA_DIR))
    }

    fn address(&self, env: impl Fn(&str) -> Option<String>) -> Result<Address, Error> {
        // A data directory named on the command line is nearer than an address in the environment.
        let named = match (&self.admin, &self.data_dir) {
            (Some(admin), _) => Some(admin.clone()),
            (None, Some(_)) => None,
            (None, None) => env("SCIMD_ADMIN"),
        };
        match named.as_deref() {
            None => Ok(Address::Socket(self.data_dir(env).join("admin").join("admin.sock"))),
            Some(text) => match text.strip_prefix("unix://").or_else(|| text.strip_prefix("unix:")) {
                Some(path) if !path.is_empty() => Ok(Address::Socket(PathBuf::from(path))),
                None if text.starts_with("https://") => Ok(Address::Https(text.to_owned())),
                _ => Err(Error::refused(
                    Exit::Usage,
                    format!("\"{}\" is no address of an admin plane", print::clean(text)),
                    "write unix:PATH or https://HOST:PORT",
                )),
            },
        }
    }

    async fn connect(&self, env: &impl Fn(&str) -> Option<String>) -> Result<Channel, Error> {
        let address = self.address(env)?;
        let endpoint = match &address {
            Address::Socket(path) => Endpoint::from_shared(format!("unix:{}", path.display())),
            Address::Https(url) => Endpoint::from_shared(url.clone()),
        };
        let mut endpoint = endpoint
            .map_err(|error| Error::refused(Exit::Usage, format!("{}: {error}", address.text()), ""))?
            .connect_timeout(Duration::from_millis(limits::CLI_CONNECT_MS_MAX));
        if matches!(address, Address::Https(_)) {
            let tls = self.tls(env)?;
            endpoint = endpoint.tls_config(tls).map_err(|error| {
                Error::refused(
                    Exit::Failed,
                    format!("the client certificate cannot be used: {}", root(&error)),
                    "--admin-cert and --admin-key must be PEM files that belong to each other",
                )
            })?;
        }
        endpoint.connect().await.map_err(|error| address.unreachable(&error))
    }

    fn tls(&self, env: &impl Fn(&str) -> Option<String>) -> Result<ClientTlsConfig, Error> {
        let named = |flag: &Option<String>, variable: &str| flag.clone().or_else(|| env(variable));
        let own_ca = self.data_dir(env).join("tls").join("ca.pem");
        let ca = match named(&self.admin_ca, "SCIMD_ADMIN_CA") {
            Some(file) => PathBuf::from(file),
            None if own_ca.exists() => own_ca,
            None => {
                let next = "name the server's certificate authority with --admin-ca FILE";
                return Err(Error::refused(Exit::Usage, "https needs the certificate authority of the server", next));
            }
        };
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem(&ca)?));
        match (named(&self.admin_cert, "SCIMD_ADMIN_CERT"), named(&self.admin_key, "SCIMD_ADMIN_KEY")) {
            (Some(cert), Some(key)) => {
                Ok(tls.identity(Identity::from_pem(pem(Path::new(&cert))?, pem(Path::new(&key))?)))
            }
            _ => Err(Error::refused(
                Exit::Usage,
                "https needs a client certificate and its key",
                "name them with --admin-cert FILE --admin-key FILE; `scimd admin-cert create` makes them",
            )),
        }
    }
}

impl Server {
    /// A request whose answer is waited for as long as `--timeout` says, or 30 seconds.
    pub fn ask<T>(&self, message: T) -> Request<T> {
        let timeout = self.timeout.unwrap_or(Duration::from_millis(limits::CLI_CALL_MS_DEFAULT));
        with_timeout(message, Some(timeout))
    }

    /// A request that may take long: it has an end only where `--timeout` is given.
    pub fn ask_long<T>(&self, message: T) -> Request<T> {
        with_timeout(message, self.timeout)
    }
}

/// One function a service, so that each has the same limit of size.
macro_rules! services {
    ($($name:ident: $client:ident),* $(,)?) => {
        impl Server {$(
            #[doc = concat!("`", stringify!($client), "` on this connection.")]
            pub fn $name(&self) -> $client<Channel> {
                $client::new(self.channel.clone()).max_decoding_message_size(limits::CLI_MESSAGE_BYTES_MAX)
            }
        )*}
    };
}

services! {
    admin_certificates: AdminCertificateServiceClient,
    applications: ApplicationServiceClient,
    audit: AuditServiceClient,
    backups: BackupServiceClient,
    certificates: CertificateServiceClient,
    changes: ChangeServiceClient,
    exchanges: ExchangeServiceClient,
    mappings: MappingServiceClient,
    metrics: MetricsServiceClient,
    profiles: ProfileServiceClient,
    resources: ResourceServiceClient,
    schemas: SchemaServiceClient,
    server: ServerServiceClient,
    targets: TargetServiceClient,
    tenants: TenantServiceClient,
    tokens: TokenServiceClient,
    transactions: TransactionServiceClient,
    transfers: TransferServiceClient,
}

/// Runs a command's future to its end on a runtime of its own.
///
/// # Errors
/// [`Error::Runtime`], and what the future fails with.
pub fn wait<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
    let done = runtime.block_on(work);
    // A read of standard input that is still waiting would keep the process; nobody waits for it any more.
    runtime.shutdown_background();
    done
}

/// What to do about a refusal, by its reason.
const NEXT: &[(&str, &str)] = &[
    ("TENANT_NOT_FOUND", "`scimd tenant list` shows the tenants"),
    ("TENANT_EXISTS", "`scimd tenant update` changes it"),
    ("TOKEN_NOT_FOUND", "`scimd token list --tenant NAME` shows the ids of a tenant's tokens"),
    ("TOKEN_EXISTS", "choose another --name, or rotate that token with `scimd token rotate ID`"),
    ("TOKEN_ROTATED", "rotate its successor, or revoke that first with `scimd token revoke ID`"),
    ("TOKEN_NOT_ACTIVE", "make a new one with `scimd token create`"),
    ("TOO_MANY_TOKENS", "revoke tokens that nobody uses; `scimd token list` shows when each was last used"),
    ("RESOURCE_NOT_FOUND", "`scimd user list`, `group list` and `resource list` show what is there, --filter finds it"),
    ("SCHEMA_NOT_FOUND", "`scimd schema list` shows the schemas of a tenant"),
    ("RESOURCE_TYPE_NOT_FOUND", "`scimd resource-type list` shows the resource types of a tenant"),
    ("DEFINITION_IN_USE", "change what uses it first, or define something new beside it"),
    ("SCHEMA_IN_USE", "take it out of the resource type with `scimd resource-type put`, or delete that first"),
    ("DEFINITIONS_CHANGING", "repeat the command"),
    ("EXCHANGE_NOT_FOUND", "the recorder keeps the last ones only; `scimd exchange list` shows them"),
    ("TRANSACTION_NOT_FOUND", "the last 1000 of a tenant are kept for a week; `scimd transaction list` shows them"),
    ("CHANGES_TRIMMED", "the changes up to there are gone: take an export, then go on with --from-start"),
    ("ETAG_MISMATCH", "read it again, then decide again"),
    ("CONFIRMATION_MISMATCH", "write the tenant's name after --confirm"),
    ("NOT_AUTHENTICATED", "use another certificate; `scimd admin-cert create` makes one where you may use the socket"),
    ("ADMIN_CERTIFICATE_NOT_FOUND", "`scimd admin-cert list` shows the certificates"),
    ("ADMIN_CERTIFICATE_EXISTS", "choose another name, or revoke that one with `scimd admin-cert revoke NAME`"),
    ("CERTIFICATE_REFUSED", "the server goes on with the certificate it had; `scimd certificate status` shows it"),
    ("STORE_UNAVAILABLE", "the server runs and cannot store at this moment; `scimd server status` says why"),
    ("TOO_MANY_BACKUPS", "wait for the backup that is being taken"),
    ("TOO_MANY_REPLAYS", "try again in a moment"),
    ("MAPPING_VERSION_NOT_FOUND", "`scimd mapping history` shows the versions that are kept"),
    (
        "MAPPING_COLLIDES",
        "`scimd mapping preview --file FILE` shows all of them; change the rule so that each keeps a value of its own",
    ),
    ("MAPPING_TEST_FAILED", "`scimd mapping preview --file FILE --sample FILE` shows what becomes of a resource"),
    ("CHANGED_MEANWHILE", "`scimd mapping get` shows what is in force now; look at a preview again"),
];

impl From<Status> for Error {
    fn from(status: Status) -> Error {
        // Only what this side found out for itself has a cause.
        if let Some(cause) = status.source() {
            return ended(&root(cause));
        }
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.as_str()).unwrap_or_default();
        let text = match status.message() {
            "" => status.code().description().to_owned(),
            text => text.to_owned(),
        };
        let mut more: Vec<String> = details
            .bad_request()
            .map(|request| request.field_violations.iter())
            .into_iter()
            .flatten()
            .map(|violation| format!("{}: {}", print::clean(&violation.field), print::clean(&violation.description)))
            .collect();
        let obstacles = details.precondition_failure().map(|failure| failure.violations.as_slice()).unwrap_or_default();
        let message = match (more.len(), reason) {
            (0, "") => print::clean(&text),
            (0, reason) => format!("{} ({})", print::clean(&text), print::clean(reason)),
            (1, _) => "the server refuses a value".to_owned(),
            (many, _) => format!("the server refuses {many} values"),
        };
        let line = |one: &tonic_types::PreconditionViolation| {
            format!("{}: {}", print::clean(&one.subject), print::clean(&one.description))
        };
        more.extend(obstacles.iter().map(line));
        let next = NEXT.iter().find(|(known, _)| *known == reason).map(|(_, next)| *next);
        more.extend(next.or_else(|| next_of(&status, reason)).map(str::to_owned));
        Error::Refused { exit: exit_of(status.code()), message, more }
    }
}

impl Address {
    fn text(&self) -> String {
        match self {
            Address::Socket(path) => path.display().to_string(),
            Address::Https(url) => print::clean(url),
        }
    }

    fn unreachable(&self, error: &(dyn StdError + 'static)) -> Error {
        let kind = chain(error).find_map(|error| error.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
        let cause = print::clean(&root(error));
        let at = self.text();
        match (self, kind) {
            (Address::Socket(path), Some(ErrorKind::PermissionDenied)) => Error::refused(
                Exit::Permission,
                format!("{at}: only the user that the server runs as may use this socket"),
                format!("run it as {}, or use a client certificate with --admin https://HOST:PORT", owner(path)),
            ),
            (Address::Socket(_), Some(ErrorKind::NotFound)) => Error::refused(
                Exit::Unreachable,
                format!("{at}: there is no such socket"),
                "is the server running? start it with `scimd serve`, or name it with --data-dir or --admin",
            ),
            (Address::Socket(_), Some(ErrorKind::ConnectionRefused)) => Error::refused(
                Exit::Unreachable,
                format!("{at}: nobody answers on this socket"),
                "the server has ended; start it with `scimd serve`, or name another one with --data-dir or --admin",
            ),
            (Address::Https(_), _) if is_tls(&cause) => {
                Error::refused(Exit::Permission, format!("{at}: {cause}"), tls_advice(&cause))
            }
            (Address::Https(_), _) => Error::refused(
                Exit::Unreachable,
                format!("{at}: cannot connect: {cause}"),
                "is the server started with --admin-addr, and is this its address?",
            ),
            (Address::Socket(_), _) => {
                Error::refused(Exit::Unreachable, format!("{at}: cannot connect: {cause}"), "name it with --admin")
            }
        }
    }
}

fn with_timeout<T>(message: T, timeout: Option<Duration>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    request
}

/// The failure of a connection that ended under a call.
fn ended(cause: &str) -> Error {
    let message = format!("the connection ended before the server had answered: {}", print::clean(cause));
    match is_tls(cause) {
        true => Error::refused(Exit::Permission, message, tls_advice(cause)),
        // With TLS 1.3 a client learns only now that its certificate is refused, and often not even why.
        false => Error::refused(
            Exit::Unreachable,
            message,
            "is the server still running? over https this is also how it refuses a client certificate: one of another \
             authority, expired or revoked",
        ),
    }
}

fn exit_of(code: Code) -> Exit {
    match code {
        Code::InvalidArgument => Exit::Usage,
        Code::NotFound => Exit::NotFound,
        Code::AlreadyExists | Code::Aborted | Code::FailedPrecondition => Exit::Conflict,
        Code::PermissionDenied | Code::Unauthenticated => Exit::Permission,
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Exit::Unreachable,
        Code::Ok
        | Code::Unknown
        | Code::ResourceExhausted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss => Exit::Failed,
    }
}

/// What to do where the reason says nothing.
fn next_of(status: &Status, reason: &str) -> Option<&'static str> {
    match status.code() {
        Code::PermissionDenied => Some("it takes a higher role: `scimd admin-cert create NAME --role operator|admin`"),
        Code::Unimplemented => Some("the server is another release than this command; `scimd server version` shows it"),
        Code::Cancelled | Code::DeadlineExceeded => Some("it took too long; --timeout gives it more time"),
        Code::Unavailable if reason.is_empty() => Some("try again; `scimd server status` shows how the server is"),
        // The words are tonic's, for an answer that is not gRPC.
        Code::Internal if status.message().starts_with("protocol error") => {
            Some("this is no admin plane; it is on the port of --admin-addr")
        }
        _ => None,
    }
}

/// Whether it was TLS that failed. The words are those of rustls, which the cause comes from.
fn is_tls(cause: &str) -> bool {
    ["certificate", "Certificate", "fatal alert", "UnknownCA", "corrupt message"]
        .iter()
        .any(|word| cause.contains(word))
}

fn tls_advice(cause: &str) -> &'static str {
    if cause.contains("invalid peer certificate: Expired") {
        "the server's certificate has expired; `scimd doctor` on its machine says what to do"
    } else if cause.contains("not valid for name") || cause.contains("NotValidForName") {
        "connect by a name or address that the server's certificate has"
    } else if cause.contains("invalid peer certificate") {
        "name the certificate authority of this server with --admin-ca FILE"
    } else if cause.contains("corrupt message") {
        "this is no TLS port; the admin plane is on the port of --admin-addr"
    } else {
        "the server refuses the client certificate: is it one of its own, not expired and not revoked?"
    }
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (*error).source())
}

/// The innermost cause, which is the one that says something.
fn root(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Who owns the directory of the socket, as far as can be seen.
fn owner(socket: &Path) -> String {
    let seen = socket.ancestors().skip(1).find_map(|folder| fs::metadata(folder).ok());
    seen.map_or_else(|| "that user".to_owned(), |seen| format!("the user with the id {}", seen.uid()))
}

fn pem(path: &Path) -> Result<Vec<u8>, Error> {
    let size = fs::metadata(path).map_err(|error| Error::file(path, "read it", &error))?.len();
    if size > limits::PEM_FILE_BYTES_MAX {
        return Err(Error::refused(Exit::Usage, format!("{}: this is no PEM file", path.display()), ""));
    }
    fs::read(path).map_err(|error| Error::file(path, "read it", &error))
}

#[cfg(test)]
mod tests;
