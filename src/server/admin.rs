//! The admin plane: gRPC on a Unix socket that only the server's own user can reach, and over mutual TLS where that is asked for. It
//! turns calls into use cases of the directory and knows nothing of SCIM's HTTP; with its folder it is the only place that chooses
//! gRPC statuses.

pub mod access;
pub mod api;
pub mod ask;
mod deadline;
pub mod listener;
mod outbound;
pub mod refusal;
pub mod spelling;
pub mod wire;
mod exchange_service;
mod metrics_service;
mod admin_certificate_service;
mod certificate_service;
mod server_service;
mod tenant_service;
mod profile_service;
mod token_service;
mod schema_service;
mod mapping_service;
mod resource_service;
mod change_service;
mod audit_service;
mod transaction_service;
mod transfer_service;
mod backup_service;
mod target_service;
mod application_service;

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use self::access::{Gate, Policy};
use self::api::v1::admin_certificate_service_server::AdminCertificateServiceServer;
use self::api::v1::application_service_server::ApplicationServiceServer;
use self::api::v1::audit_service_server::AuditServiceServer;
use self::api::v1::backup_service_server::BackupServiceServer;
use self::api::v1::certificate_service_server::CertificateServiceServer;
use self::api::v1::change_service_server::ChangeServiceServer;
use self::api::v1::exchange_service_server::ExchangeServiceServer;
use self::api::v1::mapping_service_server::MappingServiceServer;
use self::api::v1::metrics_service_server::MetricsServiceServer;
use self::api::v1::profile_service_server::ProfileServiceServer;
use self::api::v1::resource_service_server::ResourceServiceServer;
use self::api::v1::schema_service_server::SchemaServiceServer;
use self::api::v1::server_service_server::ServerServiceServer;
use self::api::v1::target_service_server::TargetServiceServer;
use self::api::v1::tenant_service_server::TenantServiceServer;
use self::api::v1::token_service_server::TokenServiceServer;
use self::api::v1::transaction_service_server::TransactionServiceServer;
use self::api::v1::transfer_service_server::TransferServiceServer;
use self::listener::Secure;
use super::certificate::Certificates;
use crate::directory::Directory;
use crate::limits;
use crate::server::exchange::Recorder;
use crate::server::metrics::Metrics;

/// What the services work on and tell about the server. Whatever changes while the server runs arrives through a channel.
#[derive(Clone)]
pub struct AdminState {
    /// The data.
    pub directory: Arc<Directory>,
    /// What the server counts.
    pub metrics: Arc<Metrics>,
    /// The exchanges that the server keeps.
    pub recorder: Arc<Recorder>,
    /// The version of the binary.
    pub version: &'static str,
    /// When the process started, in milliseconds since the Unix epoch.
    pub started_ms: i64,
    /// The address that the SCIM listener is bound to, its port never 0.
    pub scim_addr: SocketAddr,
    /// What every Tenant URL begins with, without a slash at its end.
    pub public_url: String,
    /// The address that the Crowd listener is bound to, its port never 0; `None`: there is none.
    pub crowd_addr: Option<SocketAddr>,
    /// The URL that products are given; empty where there is no Crowd listener.
    pub crowd_url: String,
    /// Whether the server is ready; the same as `/readyz`.
    pub ready: watch::Receiver<Readiness>,
    /// When the certificate of the SCIM listener ends, in seconds since the Unix epoch; `None` when TLS is off.
    pub certificate_not_after_s: watch::Receiver<Option<i64>>,
    /// Becomes true when the server stops; streams that do not end by themselves end then.
    pub stopping: watch::Receiver<bool>,
    /// The certificate of the SCIM listener; `None` when TLS is off.
    pub certificates: Option<Arc<Certificates>>,
    /// The directory of the local authority, which signs client certificates.
    pub authority_dir: PathBuf,
}

/// Whether the server can do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// Requests are answered and what they send is stored.
    Ready,
    /// Why not, as one sentence for a person, without a secret.
    NotReady(String),
}

/// Why the admin plane cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process answers on the socket.
    #[error("admin socket {}: another process answers on it", .0.display())]
    InUse(PathBuf),
    /// Something that is not a socket has the socket's name. It is left alone.
    #[error("admin socket {}: the file is there and is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// The operating system refused.
    #[error("admin socket {}: cannot {action}: {source}", .path.display())]
    Io {
        /// The socket or its directory.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// The descriptor set that was compiled in cannot be served.
    #[error("admin plane: reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The listener failed while it was serving.
    #[error("admin plane: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// A bound socket whose file goes away with it. Binding is apart from [`serve`], so that a start that cannot have its
/// socket is refused before anything else begins.
#[derive(Debug)]
pub struct Bound {
    listener: StdListener,
    file: SocketFile,
    secure: Option<Secure>,
}

impl Bound {
    /// Serves clients with certificates as well.
    #[must_use]
    pub fn with(self, secure: Option<Secure>) -> Bound {
        Bound { secure, ..self }
    }
}

/// Binds `socket` (for instance `scimd-data/admin/admin.sock`). Its directory is made when missing and has mode 0700
/// afterwards, the socket mode 0600. A socket file that nobody answers on is left over from a crash and replaced.
///
/// # Errors
/// [`Error::InUse`], [`Error::NotASocket`] or [`Error::Io`]; a path of more than about 107 bytes is an `Io` error, for
/// the operating system's socket addresses end there.
pub fn bind(socket: &Path) -> Result<Bound, Error> {
    let io = |action| move |source| Error::Io { path: socket.to_owned(), action, source };
    if let Some(folder) = socket.parent() {
        private_folder(folder)?;
    }
    remove_stale(socket)?;
    let listener = StdListener::bind(socket).map_err(io("bind it"))?;
    let file = SocketFile(socket.to_owned());
    fs::set_permissions(socket, Permissions::from_mode(0o600)).map_err(io("set its mode"))?;
    listener.set_nonblocking(true).map_err(io("set it up"))?;
    Ok(Bound { listener, file, secure: None })
}

/// Serves all services, health and reflection (v1 and v1alpha) until `stop` is true or its sender is gone. Calls in
/// flight are answered; a stream that is still open after [`limits::ADMIN_DRAIN_MS_MAX`] is cut.
///
/// # Errors
/// [`Error::Io`] outside a tokio runtime's I/O, [`Error::Reflection`], [`Error::Transport`].
pub async fn serve(bound: Bound, state: AdminState, stop: watch::Receiver<bool>) -> Result<(), Error> {
    let Bound { listener, file, secure } = bound;
    let listener = UnixListener::from_std(listener).map_err(|source| Error::Io {
        path: file.0.clone(),
        action: "listen on it",
        source,
    })?;
    let (reporter, health) = tonic_health::server::health_reporter();
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(api::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let (ready, clock) = (state.ready.clone(), state.directory.clock().clone());
    let roles = secure.as_ref().map(|secure| secure.roles.clone()).unwrap_or_default();
    let owner = rustix::process::geteuid().as_raw();
    let (accepted, connections) = mpsc::channel(limits::ADMIN_ACCEPTED_MAX);
    let serving = Server::builder()
        .layer(Gate::new(Policy { directory: state.directory.clone(), owner, roles }))
        .concurrency_limit_per_connection(limits::ADMIN_CALLS_PER_CONNECTION_MAX)
        .max_concurrent_streams(limits::ADMIN_STREAMS_PER_CONNECTION_MAX)
        .http2_max_header_list_size(limits::ADMIN_HEADER_BYTES_MAX)
        .http2_keepalive_interval(Some(Duration::from_millis(limits::ADMIN_PING_MS)))
        .add_service(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(ServerServiceServer::new(state.clone()))
        .add_service(TenantServiceServer::new(state.clone()))
        .add_service(TokenServiceServer::new(state.clone()))
        .add_service(ProfileServiceServer::new(state.clone()))
        .add_service(SchemaServiceServer::new(state.clone()))
        .add_service(MappingServiceServer::new(state.clone()))
        .add_service(ResourceServiceServer::new(state.clone()))
        .add_service(ChangeServiceServer::new(state.clone()))
        .add_service(AuditServiceServer::new(state.clone()))
        .add_service(ExchangeServiceServer::new(state.clone()))
        .add_service(MetricsServiceServer::new(state.clone()))
        .add_service(CertificateServiceServer::new(state.clone()))
        .add_service(AdminCertificateServiceServer::new(state.clone()))
        .add_service(TransactionServiceServer::new(state.clone()))
        .add_service(ApplicationServiceServer::new(state.clone()))
        .add_service(TransferServiceServer::new(state.clone()))
        .add_service(TargetServiceServer::new(state.clone()))
        .add_service(BackupServiceServer::new(state))
        .serve_with_incoming_shutdown(ReceiverStream::new(connections), stopped(stop.clone()));
    let accepting = async {
        let users = listener::accept_users(listener, accepted.clone(), stop.clone());
        let holders = async {
            if let Some(secure) = secure {
                listener::accept_holders(secure, accepted.clone(), clock, stop.clone()).await;
            }
        };
        tokio::join!(users, holders);
        // The calls in flight are still to be answered.
        std::future::pending::<()>().await;
    };

    tokio::select! {
        served = serving => served?,
        () = accepting => {}
        // Reporting never ends by itself, so this arm is the drain running out.
        () = report_until(ready, reporter, stop.clone()) => {}
    }
    drop(file);
    Ok(())
}

/// Keeps the health service's answer for the whole server in step with readiness. Ends when the drain is over.
async fn report_until(mut ready: watch::Receiver<Readiness>, reporter: HealthReporter, stop: watch::Receiver<bool>) {
    let follow = async {
        loop {
            let status = match *ready.borrow_and_update() {
                Readiness::Ready => ServingStatus::Serving,
                Readiness::NotReady(_) => ServingStatus::NotServing,
            };
            reporter.set_service_status("", status).await;
            if ready.changed().await.is_err() {
                // Nobody can change readiness any more: the last word stands.
                std::future::pending::<()>().await;
            }
        }
    };
    let drained = async {
        stopped(stop).await;
        tokio::time::sleep(Duration::from_millis(limits::ADMIN_DRAIN_MS_MAX)).await;
    };
    tokio::select! {
        () = follow => {}
        () = drained => {}
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // A sender that is gone can never say stop, so its end is the end.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn private_folder(folder: &Path) -> Result<(), Error> {
    let io = |action| move |source| Error::Io { path: folder.to_owned(), action, source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io("create the directory"))?;
    // It may have been there with another mode.
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(io("set the directory's mode"))
}

fn remove_stale(socket: &Path) -> Result<(), Error> {
    let io = |action| move |source| Error::Io { path: socket.to_owned(), action, source };
    match fs::symlink_metadata(socket) {
        Ok(there) if !there.file_type().is_socket() => {
            return Err(Error::NotASocket(socket.to_owned()));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io("look at it")(error)),
    }
    match StdStream::connect(socket) {
        Ok(_) => Err(Error::InUse(socket.to_owned())),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(socket).map_err(io("remove what a crash left"))
        }
        Err(error) => Err(io("see whether it is in use")(error)),
    }
}

/// The socket's name in the file system, removed when the server is done with it.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // What remains after a failure is a stale socket, which the next start removes.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
pub(crate) mod tests;
