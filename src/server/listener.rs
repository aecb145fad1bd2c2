//! The accept loop: lets connections in up to a number, and lets them finish when the server stops.
//! It does not know what is said on a connection.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Request, Response};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::body::Answer;
use super::connection::{self, Peer, Pulse, Setting};
use crate::limits;

/// How many connections are let in.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Connections kept at a time; over it the oldest idle one is asked to close.
    pub connections: usize,
    /// More connections that may be open while those asked are closing.
    pub closing: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { connections: limits::CONNECTIONS_MAX, closing: limits::CONNECTIONS_CLOSING_MAX }
    }
}

/// What became of the connections that were open at the stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that closed when their last request was answered, or at once because they had none.
    pub finished: usize,
    /// Connections that were cut when the time was up.
    pub cut: usize,
}

/// Accepts connections until `setting.stop` becomes true (or its sender is gone) and resolves when all of them are
/// closed, at most `times.stop` later. The listening socket is closed at the stop. A new TLS configuration in the
/// channel is used from the next connection on; without one the listener speaks HTTP/1 in the clear.
pub async fn serve<H, F>(
    listener: TcpListener,
    tls: Option<watch::Receiver<Arc<ServerConfig>>>,
    setting: Setting<H>,
    room: Room,
) -> Drained
where
    H: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Answer>> + Send + 'static,
{
    let door = Arc::new(Door { room, inside: Mutex::default() });
    let mut stop = setting.stop.clone();
    let mut tasks = JoinSet::new();
    let mut pause = Pause::default();
    let mut refused = 0_u64;
    loop {
        let accepted = tokio::select! {
            // An error of the receiver is a sender that is gone, which stops as well.
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = tasks.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((tcp, addr)) => {
                pause = Pause::default();
                let Some(place) = door.admit() else {
                    refused += 1;
                    setting.traffic.refused();
                    // Rarer the more there are: a flood of connections must not become a flood of lines.
                    if refused.is_power_of_two() {
                        tracing::warn!(%addr, refused, "too many connections, and none is idle: refused");
                    }
                    continue;
                };
                let config = tls.as_ref().map(|tls| Arc::clone(&tls.borrow()));
                tasks.spawn(connect(tcp, addr, config, place, setting.clone()));
            }
            Err(error) => {
                let time = pause.after(&error);
                if !time.is_zero() {
                    tracing::warn!(%error, pause_ms = time.as_millis(), "cannot accept connections");
                }
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => break,
                    () = sleep(time) => {}
                }
            }
        }
    }
    drop(listener);
    drain(tasks, setting.times.stop).await
}

async fn connect<H, F>(
    tcp: TcpStream,
    addr: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    place: Place,
    setting: Setting<H>,
) where
    H: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Answer>> + Send + 'static,
{
    let _open = setting.traffic.accepted();
    // Answers are written whole; waiting for more would only delay them.
    if let Err(error) = tcp.set_nodelay(true) {
        tracing::debug!(%addr, %error, "no TCP_NODELAY");
    }
    connection::run(tcp, addr, tls, Arc::clone(&place.pulse), setting).await;
}

/// Waits for the connections to finish, and cuts those that do not.
async fn drain(mut tasks: JoinSet<()>, at_most: Duration) -> Drained {
    let mut drained = Drained { finished: 0, cut: 0 };
    let all = async {
        while tasks.join_next().await.is_some() {
            drained.finished += 1;
        }
    };
    if timeout(at_most, all).await.is_err() {
        drained.cut = tasks.len();
        tracing::warn!(connections = drained.cut, "connections cut: their requests took too long to finish");
        tasks.shutdown().await;
    }
    drained
}

/// Pauses of the accept loop: longer with every error, none for errors of a single connection.
#[derive(Debug, Default)]
pub struct Pause {
    errors: u32,
}

impl Pause {
    /// How long to wait after this error.
    pub fn after(&mut self, error: &std::io::Error) -> Duration {
        use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
            return Duration::ZERO;
        }
        // Too many open files, no memory, and whatever else: it may go away, and the loop must not spin until it does.
        let ms = limits::ACCEPT_PAUSE_MS_MIN.saturating_mul(1 << self.errors.min(16));
        self.errors = self.errors.saturating_add(1);
        Duration::from_millis(ms.min(limits::ACCEPT_PAUSE_MS_MAX))
    }
}

/// Who is inside.
#[derive(Debug)]
struct Door {
    room: Room,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    next: u64,
    pulses: HashMap<u64, Arc<Pulse>>,
}

/// A connection's place inside, free again when this is dropped.
#[derive(Debug)]
struct Place {
    number: u64,
    pulse: Arc<Pulse>,
    door: Arc<Door>,
}

impl Door {
    /// A place for one more connection; if all are taken, the oldest idle one is asked to leave. `None` if there is
    /// none.
    fn admit(self: &Arc<Self>) -> Option<Place> {
        let mut inside = self.lock();
        if inside.pulses.len() >= self.room.connections {
            if inside.pulses.len() >= self.room.connections.saturating_add(self.room.closing) {
                return None;
            }
            oldest_idle(inside.pulses.values())?.ask_to_close();
        }
        inside.next += 1;
        let (number, pulse) = (inside.next, Arc::new(Pulse::default()));
        inside.pulses.insert(number, Arc::clone(&pulse));
        Some(Place { number, pulse, door: Arc::clone(self) })
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Nothing that holds the lock can leave the map half changed.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.door.lock().pulses.remove(&self.number);
    }
}

fn oldest_idle<'a>(pulses: impl Iterator<Item = &'a Arc<Pulse>>) -> Option<&'a Arc<Pulse>> {
    let idle = pulses.filter_map(|pulse| pulse.idle_since().map(|since: Instant| (since, pulse)));
    idle.min_by_key(|(since, _)| *since).map(|(_, pulse)| pulse)
}

#[cfg(test)]
mod tests;
