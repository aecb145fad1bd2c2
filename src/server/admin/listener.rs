//! The accept loops of the admin plane: the Unix socket, and TCP with mutual TLS. They hand connections to the gRPC server together
//! with what the connection proves of its other end; they do not know what a caller may do.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use super::access::{Holder, Peer};
use super::spelling::Spelling;
use crate::clock::Clock;
use crate::directory::record::Role;
use crate::limits;
use crate::server::listener::Pause;
use crate::server::subject::Subject;
use crate::server::trust::Trust;

/// The listener for client certificates.
#[derive(Debug)]
pub struct Secure {
    /// Where it listens.
    pub listener: TcpListener,
    /// How it speaks TLS, always the newest.
    pub configs: watch::Receiver<Arc<ServerConfig>>,
    /// Whose certificates it takes.
    pub trust: Trust,
    /// The roles of holders of the external authority.
    pub roles: Vec<(Subject, Role)>,
}

/// A connection that the gRPC server may serve.
#[derive(Debug)]
pub struct Connection {
    socket: Socket,
    peer: Peer,
    /// Its place among the connections, free again when it is gone.
    _place: Option<OwnedSemaphorePermit>,
}

#[derive(Debug)]
enum Socket {
    Unix(UnixStream, Spelling),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Where accepted connections go.
pub type Accepted = mpsc::Sender<io::Result<Connection>>;

/// Accepts connections of the Unix socket until `stop` is true or its sender is gone.
pub async fn accept_users(listener: UnixListener, accepted: Accepted, mut stop: watch::Receiver<bool>) {
    let mut pause = Pause::default();
    loop {
        let next = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            next = listener.accept() => next,
        };
        match next {
            Ok((socket, _)) => {
                pause = Pause::default();
                let peer = Peer::User(socket.peer_cred().ok().map(|user| user.uid()));
                let connection = Connection { socket: Socket::Unix(socket, Spelling::default()), peer, _place: None };
                if accepted.send(Ok(connection)).await.is_err() {
                    return;
                }
            }
            Err(error) => wait(&mut pause, &error).await,
        }
    }
}

/// Accepts connections over TLS until `stop` is true or its sender is gone. Handshakes go on beside each other, each within its
/// time, and both they and the connections are limited in number.
pub async fn accept_holders(secure: Secure, accepted: Accepted, clock: Clock, mut stop: watch::Receiver<bool>) {
    let handshakes = Arc::new(Semaphore::new(limits::ADMIN_HANDSHAKES_MAX));
    let places = Arc::new(Semaphore::new(limits::ADMIN_CONNECTIONS_MAX));
    let mut tasks = JoinSet::new();
    let (mut pause, mut failed) = (Pause::default(), 0_u64);
    loop {
        let next = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            Some(done) = tasks.join_next() => {
                failed += u64::from(!matches!(done, Ok(true)));
                continue;
            }
            next = secure.listener.accept() => next,
        };
        match next {
            Ok((tcp, addr)) => {
                pause = Pause::default();
                let Ok(permit) = Arc::clone(&handshakes).try_acquire_owned() else {
                    refuse(addr, "too many handshakes at a time", failed);
                    continue;
                };
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                    refuse(addr, "too many connections", failed);
                    continue;
                };
                let config = Arc::clone(&secure.configs.borrow());
                let (trust, accepted, clock) = (secure.trust.clone(), accepted.clone(), clock.clone());
                tasks.spawn(async move {
                    let connection = handshake(tcp, addr, config, &trust, &clock, place).await;
                    drop(permit);
                    match connection {
                        Ok(connection) => accepted.send(Ok(connection)).await.is_ok(),
                        Err(error) => {
                            refuse(addr, &error.to_string(), failed);
                            false
                        }
                    }
                });
            }
            Err(error) => wait(&mut pause, &error).await,
        }
    }
}

async fn handshake(
    tcp: TcpStream,
    addr: SocketAddr,
    config: Arc<ServerConfig>,
    trust: &Trust,
    clock: &Clock,
    place: OwnedSemaphorePermit,
) -> io::Result<Connection> {
    tcp.set_nodelay(true)?;
    let limit = Duration::from_millis(limits::HANDSHAKE_MS_MAX);
    let stream = timeout(limit, TlsAcceptor::from(config).accept(tcp)).await??;
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let is_local = trust.is_local(chain, clock.now_ms());
    let holder = chain.first().and_then(|first| Holder::of(first, is_local, addr.ip()));
    let holder = holder.ok_or_else(|| io::Error::other("a client certificate that cannot be read"))?;
    let peer = Peer::Holder(Arc::new(holder));
    Ok(Connection { socket: Socket::Tls(Box::new(stream)), peer, _place: Some(place) })
}

/// Rarer the more there are: whoever knocks without end must not fill the log.
fn refuse(addr: SocketAddr, why: &str, before: u64) {
    if before < 16 || before.is_power_of_two() {
        tracing::warn!(%addr, why, before, "an admin connection was refused");
    }
}

async fn wait(pause: &mut Pause, error: &io::Error) {
    let time = pause.after(error);
    if !time.is_zero() {
        tracing::warn!(%error, pause_ms = time.as_millis(), "cannot accept admin connections");
    }
    sleep(time).await;
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Unix(socket, spelling) => {
                let before = out.filled().len();
                let read = Pin::new(socket).poll_read(cx, out);
                spelling.mend(out.filled_mut().get_mut(before..).unwrap_or_default());
                read
            }
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, out),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().socket {
            Socket::Unix(socket, _) => Pin::new(socket).poll_write(cx, bytes),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Unix(socket, _) => Pin::new(socket).poll_flush(cx),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Unix(socket, _) => Pin::new(socket).poll_shutdown(cx),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
