//! The Crowd listener: a second door with the certificate, the limits and the stop of the SCIM listener. It does not know what is said
//! there.

use super::Error;
use super::settings::{Settings, Tls};
use crate::directory::Directory;
use crate::directory::sight::Sights;
use crate::limits;
use crate::server::certificate::Certificates;
use crate::server::connection::{Setting, Times};
use crate::server::crowd::{Face, Streams, handle, respond};
use crate::server::listener::{self, Drained, Room};
use crate::server::metrics::Metrics;
use crate::server::metrics::traffic;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The path below which products look for the API, as a Crowd server's is.
const CONTEXT: &str = "/crowd";

/// An open listener that nobody is served on yet.
pub struct Bound {
    listener: TcpListener,
    /// Its address, the port never 0.
    pub addr: SocketAddr,
    /// What products call it, without a path.
    origin: String,
}

impl Bound {
    /// The URL to paste at a product.
    pub fn url(&self) -> String {
        format!("{}{CONTEXT}", self.origin)
    }

    /// Serves applications until the stop.
    pub fn serve(
        self,
        settings: &Settings,
        directory: Arc<Directory>,
        metrics: Arc<Metrics>,
        certificates: Option<&Certificates>,
        stop: watch::Receiver<bool>,
    ) -> JoinHandle<Drained> {
        let traffic = metrics.traffic.beside(traffic::CROWD);
        let face = Arc::new(Face {
            directory,
            public_url: self.origin,
            trusted_proxies: settings.trusted_proxies.clone(),
            metrics,
            sights: Arc::new(Sights::default()),
            streams: Streams::default(),
        });
        let handler = move |request, peer| handle(face.clone(), request, peer);
        let setting = Setting { handler, times: Times::default(), stop, traffic, mark: Some(respond::everywhere()) };
        let tls = certificates.map(Certificates::scim);
        let room = Room { connections: limits::CROWD_CONNECTIONS_MAX, closing: limits::CROWD_CONNECTIONS_CLOSING_MAX };
        tokio::spawn(listener::serve(self.listener, tls, setting, room))
    }
}

/// Opens the Crowd listener, when the settings want one.
pub async fn bind(settings: &Settings) -> Result<Option<Bound>, Error> {
    let Some(crowd) = &settings.crowd else { return Ok(None) };
    let listen = |source| Error::Listen { addr: crowd.addr, source };
    let listener = TcpListener::bind(crowd.addr).await.map_err(listen)?;
    let addr = listener.local_addr().map_err(listen)?;
    let origin = crowd.url.clone().unwrap_or_else(|| origin(settings, addr));
    Ok(Some(Bound { listener, addr, origin }))
}

/// The URL of a Crowd listener that was given none: the host that is known for the server, with the listener's port.
fn origin(settings: &Settings, addr: SocketAddr) -> String {
    let scheme = if settings.tls == Tls::Off { "http" } else { "https" };
    match settings.public_url.as_deref().and_then(super::certificate::host_of) {
        Some(host) if host.contains(':') => format!("{scheme}://[{host}]:{}", addr.port()),
        Some(host) => format!("{scheme}://{host}:{}", addr.port()),
        None => super::own_url(&settings.tls, addr),
    }
}
