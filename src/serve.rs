//! Wires everything together; owns start and stop. It does not know where the settings come from, nor where the welcome
//! is printed.

pub mod certificate;
pub mod settings;
pub mod welcome;
mod workers;

use self::settings::{Secret, Settings, Tls};
use self::welcome::{FirstToken, Welcome};
use crate::clock::Clock;
use crate::directory::token::secret::Secret as Token;
use crate::directory::{Directory, record, tenant, upgrade};
use crate::limits;
use crate::scim;
use crate::server::admin::listener::Secure;
use crate::server::admin::{self, AdminState, Readiness};
use crate::server::certificate::Certificates;
use crate::server::connection::{Setting, Times};
use crate::server::exchange::Recorder;
use crate::server::listener::{self, Room};
use crate::server::metrics::live::Sources;
use crate::server::metrics::traffic::Traffic;
use crate::server::metrics::{Metrics, scrape};
use crate::server::rate::Rates;
use crate::server::scim::{Face, handle};
use crate::server::tls;
use crate::store::{self, Options, Store};
use std::fs::DirBuilder;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Why the server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory of the data directory cannot be used.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// There was a database once.
    #[error("{}: the database is missing, although the data directory has been used; restore it or use another directory", .0.display())]
    DatabaseMissing(PathBuf),
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// The first tenant cannot be made or read.
    #[error("the tenant 'default': {0}")]
    Tenant(scim::errors::Error),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The admin plane cannot be served.
    #[error(transparent)]
    Admin(#[from] admin::Error),
    /// A listener cannot have its address.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The metrics listener cannot have its address.
    #[error("cannot listen on {addr} for metrics: {source}")]
    Metrics {
        /// The address.
        addr: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Signals cannot be received.
    #[error("cannot receive signals: {0}")]
    Signal(io::Error),
}

/// Runs the server until it is told to stop. `welcome` is called once, when requests are answered.
///
/// # Errors
/// Whatever keeps the server from starting or going on, see [`Error`]. Everything that can be refused without a port is.
pub async fn run(settings: Settings, welcome: impl FnOnce(&Welcome)) -> Result<(), Error> {
    quiet_panics();
    let clock = Clock::System;
    let store = open_store(&settings)?;
    let directory = Arc::new(Directory::new(store.clone(), clock.clone()));
    let certificates = certificate::load(&settings, &clock)?.map(Arc::new);
    let secure = certificate::secure(&settings, certificates.as_deref()).await?;
    let admin_addr = secure.as_ref().and_then(|secure: &Secure| secure.listener.local_addr().ok());
    let socket = admin::bind(&settings.data_dir.join("admin").join("admin.sock"))?;
    upgrade::run(&directory).await.map_err(Error::Tenant)?;
    let first_token = first_tenant(&directory, &settings).await.map_err(Error::Tenant)?;
    let listen = |source| Error::Listen { addr: settings.scim_addr, source };
    let listener = TcpListener::bind(settings.scim_addr).await.map_err(listen)?;
    let scim_addr = listener.local_addr().map_err(listen)?;
    let public_url = settings.public_url.clone().unwrap_or_else(|| own_url(&settings.tls, scim_addr));

    let (stop, stopping) = watch::channel(false);
    let off = || watch::channel(None).1;
    let certificate_not_after_s = certificates.as_ref().map_or_else(off, |certificates| certificates.not_after_s());
    let (readiness, ready) = watch::channel(Readiness::Ready);
    let (version, started_ms) = (env!("CARGO_PKG_VERSION"), clock.now_ms());
    let metrics = Arc::new(Metrics::new(Sources {
        directory: directory.clone(),
        certificate_not_after_s: certificate_not_after_s.clone(),
        data_dir: settings.data_dir.clone(),
        version,
        started_ms,
    }));
    let scrape = metrics_listener(settings.metrics_addr, &metrics, stopping.clone()).await?;
    let recorder = Arc::new(Recorder::default());
    let state = AdminState {
        crowd_addr: None,
        crowd_url: String::new(),
        directory: directory.clone(),
        metrics: metrics.clone(),
        recorder: recorder.clone(),
        version,
        started_ms,
        scim_addr,
        public_url: public_url.clone(),
        ready,
        certificate_not_after_s,
        stopping: stopping.clone(),
        certificates: certificates.clone(),
        authority_dir: certificate::authority_dir(&settings),
    };
    let face = Arc::new(Face {
        directory: directory.clone(),
        public_url: public_url.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
        rates: Rates::default(),
        metrics: metrics.clone(),
        recorder: recorder.clone(),
    });
    let tls = certificates.as_ref().map(|certificates| certificates.scim());
    let handler = move |request, peer| handle(face.clone(), request, peer);
    let traffic = metrics.traffic.clone();
    let setting = Setting { handler, times: Times::default(), stop: stopping.clone(), traffic };
    let scim = tokio::spawn(listener::serve(listener, tls, setting, Room::default()));
    let admin = tokio::spawn(admin::serve(socket.with(secure), state, stopping.clone()));
    let mut tasks = workers::start(&directory, &metrics, &recorder, certificates.clone(), &stopping);
    tasks.extend([scrape, tokio::spawn(workers::report(directory.clone(), readiness, stopping)), admin_outcome(admin)]);
    welcome(&Welcome {
        tenant_url: format!("{public_url}/tenants/default/scim/v2"),
        first_token,
        ca_file: (settings.tls == Tls::LocalCa).then(|| settings.data_dir.join("tls").join("ca.pem")),
        data_dir: settings.data_dir.clone(),
    });
    let admin_addr = admin_addr.map(tracing::field::display);
    tracing::info!(%scim_addr, admin_addr, version, "ready");
    until_stopped(certificates.as_deref(), &directory).await?;
    let _ = stop.send(true);
    drain(scim, tasks).await;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Answers Prometheus, when there is an address for it.
async fn metrics_listener(
    addr: Option<SocketAddr>,
    metrics: &Arc<Metrics>,
    stop: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, Error> {
    let Some(addr) = addr else { return Ok(tokio::spawn(async {})) };
    let listen = |source| Error::Metrics { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(listen)?;
    let metrics_addr = listener.local_addr().map_err(listen)?;
    tracing::info!(%metrics_addr, "metrics are served");
    let metrics = metrics.clone();
    let handler = move |request, peer| scrape::handle(metrics.clone(), request, peer);
    let setting = Setting { handler, times: Times::default(), stop, traffic: Traffic::default() };
    let room = Room { connections: limits::METRICS_CONNECTIONS_MAX, closing: limits::METRICS_CONNECTIONS_CLOSING_MAX };
    Ok(tokio::spawn(async move {
        listener::serve(listener, None, setting, room).await;
    }))
}

/// Opens the database, and never puts an empty one where one was lost.
fn open_store(settings: &Settings) -> Result<Store, Error> {
    let dir = &settings.data_dir;
    let file = |path: &Path| {
        let path = path.to_owned();
        |source| Error::File { path, source }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(file(dir))?;
    let path = dir.join("scimd.redb");
    if !path.try_exists().map_err(file(&path))? && dir.join("tls").exists() {
        return Err(Error::DatabaseMissing(path));
    }
    let cache_bytes = usize::try_from(settings.cache_bytes).unwrap_or(usize::MAX);
    Ok(Store::open(&path, &Options { cache_bytes, ..Options::default() })?)
}

/// Makes the tenant `default` and its token at the first start.
async fn first_tenant(directory: &Directory, settings: &Settings) -> Result<FirstToken, scim::errors::Error> {
    let token = match &settings.bootstrap_token {
        Some(given) => Token::chosen(given.expose()),
        None => Token::random()?,
    };
    let record = record::Token {
        hash: token.hash(),
        created_ms: directory.clock().now_ms(),
        description: "made at the first start".to_owned(),
        ..record::Token::default()
    };
    let open = settings.discovery_without_token;
    let is_new = tenant::make_first(directory, &settings.profile, open, &token.key_id(), record).await?;
    Ok(match (is_new, &settings.bootstrap_token) {
        (false, _) => FirstToken::Earlier,
        (true, Some(_)) => FirstToken::Given,
        (true, None) => FirstToken::Made(Secret::new(token.expose().to_owned())),
    })
}

/// Waits for SIGTERM or SIGINT; SIGHUP reads the certificate again and keeps the old one when the new one is bad.
async fn until_stopped(certificates: Option<&Certificates>, directory: &Directory) -> Result<(), Error> {
    let on = |kind| signal(kind).map_err(Error::Signal);
    let (mut term, mut int, mut hup) =
        (on(SignalKind::terminate())?, on(SignalKind::interrupt())?, on(SignalKind::hangup())?);
    loop {
        tokio::select! {
            _ = term.recv() => return Ok(()),
            _ = int.recv() => return Ok(()),
            _ = hup.recv() => certificate::reload(certificates, directory).await,
        }
    }
}

fn admin_outcome(admin: JoinHandle<Result<(), admin::Error>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        match admin.await {
            Ok(Err(error)) => tracing::error!(%error, "the admin plane ended"),
            Err(error) => tracing::error!(%error, "the admin plane ended"),
            Ok(Ok(())) => {}
        }
    })
}

async fn drain(scim: JoinHandle<listener::Drained>, tasks: Vec<JoinHandle<()>>) {
    if let Ok(drained) = scim.await {
        tracing::info!(finished = drained.finished, cut = drained.cut, "connections closed");
    }
    for task in tasks {
        // A task that does not hear the stop within its second is not waited for: what it does is in the store or it is not.
        let _ = tokio::time::timeout(Duration::from_millis(limits::TASK_STOP_MS_MAX), task).await;
    }
}

/// The URL of a listener that was given none: by its address, or by the host's name when it listens on all of them.
fn own_url(tls: &Tls, addr: SocketAddr) -> String {
    let scheme = if *tls == Tls::Off { "http" } else { "https" };
    match addr.ip().is_unspecified() {
        true => format!("{scheme}://{}:{}", gethostname::gethostname().to_string_lossy(), addr.port()),
        false => format!("{scheme}://{addr}"),
    }
}

/// A panic is logged by its place alone: its text may quote what somebody sent.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a defect: something panicked");
    }));
}
