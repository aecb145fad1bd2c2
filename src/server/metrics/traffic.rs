//! What listeners count before any request has a handler: connections, handshakes, and requests refused for their form. It does
//! not know what is asked on a connection.

use crate::server::refusal::Refusal;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use rustls::ProtocolVersion;

/// The counters of one listener; clones count into the same ones. By default nobody reads them.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    listener: &'static str,
    accepted: Counter,
    refused: Counter,
    open: Gauge,
    all: Families,
}

/// The counters of all listeners.
#[derive(Clone, Debug, Default)]
struct Families {
    accepted: Family<ListenerLabel, Counter>,
    refused: Family<ListenerLabel, Counter>,
    open: Family<ListenerLabel, Gauge>,
    handshakes: Family<HandshakeLabels, Counter>,
    rejected: Family<ReasonLabels, Counter>,
}

/// The SCIM listener in labels.
pub const SCIM: &str = "scim";

/// The Crowd listener in labels.
pub const CROWD: &str = "crowd";

/// How a TLS handshake ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// With a connection of this version.
    Done(Option<ProtocolVersion>),
    /// Client and server could not agree, or the client hung up.
    Failed,
    /// The client took too long.
    TooSlow,
}

/// A connection counts as open for as long as this lives.
#[derive(Debug)]
pub struct Open(Gauge);

impl Traffic {
    /// The counters of the first listener, with their names.
    pub fn register(listener: &'static str, registry: &mut Registry) -> Traffic {
        let all = Families::default();
        let accepted = "Connections let in, by listener (scim, crowd)";
        registry.register("scimd_connections_accepted", accepted, all.accepted.clone());
        let refused = "Connections refused because there were too many and none was idle, by listener";
        registry.register("scimd_connections_refused", refused, all.refused.clone());
        registry.register("scimd_connections_open", "Connections that are open, by listener", all.open.clone());
        let handshakes = "TLS handshakes by listener, outcome (done, failed, too_slow) and version";
        registry.register("scimd_tls_handshakes", handshakes, all.handshakes.clone());
        let rejected = "Requests refused, by listener and reason: their form, their sender, or the error that they were answered with";
        registry.register("scimd_rejected", rejected, all.rejected.clone());
        all.of(listener)
    }

    /// The counters of another listener, told beside these.
    pub fn beside(&self, listener: &'static str) -> Traffic {
        self.all.of(listener)
    }

    /// Counts a connection that was let in.
    pub fn accepted(&self) -> Open {
        self.accepted.inc();
        self.open.inc();
        Open(self.open.clone())
    }

    /// Counts a connection that was not let in.
    pub fn refused(&self) {
        self.refused.inc();
    }

    /// Counts a handshake.
    pub fn handshake(&self, outcome: Handshake) {
        let (outcome, version) = match outcome {
            Handshake::Done(Some(ProtocolVersion::TLSv1_3)) => ("done", "1.3"),
            Handshake::Done(Some(ProtocolVersion::TLSv1_2)) => ("done", "1.2"),
            Handshake::Done(_) => ("done", "other"),
            Handshake::Failed => ("failed", ""),
            Handshake::TooSlow => ("too_slow", ""),
        };
        let labels = HandshakeLabels { listener: self.listener, outcome, version };
        self.all.handshakes.get_or_create(&labels).inc();
    }

    /// Counts a request that was refused for its form.
    pub fn malformed(&self, refusal: Refusal) {
        self.rejected(refusal.name());
    }

    /// Counts a request that was refused for a reason, which is a word of a closed set.
    pub fn rejected(&self, reason: &'static str) {
        let labels = ReasonLabels { listener: self.listener, reason };
        self.all.rejected.get_or_create(&labels).inc();
    }
}

impl Families {
    fn of(&self, listener: &'static str) -> Traffic {
        let label = ListenerLabel { listener };
        Traffic {
            listener,
            accepted: self.accepted.get_or_create_owned(&label),
            refused: self.refused.get_or_create_owned(&label),
            open: self.open.get_or_create_owned(&label),
            all: self.clone(),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabel {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HandshakeLabels {
    listener: &'static str,
    outcome: &'static str,
    version: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    listener: &'static str,
    reason: &'static str,
}
