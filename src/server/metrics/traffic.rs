//! What a listener counts before any request has a handler: connections, handshakes, and requests refused for their form. It does
//! not know what is asked on a connection.

use crate::server::refusal::Refusal;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use rustls::ProtocolVersion;

/// The counters of one listener; clones count into the same ones.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    accepted: Counter,
    refused: Counter,
    open: Gauge,
    handshakes: Family<HandshakeLabels, Counter>,
    rejected: Family<ReasonLabel, Counter>,
}

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
    /// Gives the counters their names.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("scimd_connections_accepted", "Connections of the SCIM listener", self.accepted.clone());
        let refused = "Connections refused because there were too many and none was idle";
        registry.register("scimd_connections_refused", refused, self.refused.clone());
        registry.register("scimd_connections_open", "Connections that are open", self.open.clone());
        let handshakes = "TLS handshakes by outcome (done, failed, too_slow) and version";
        registry.register("scimd_tls_handshakes", handshakes, self.handshakes.clone());
        let rejected =
            "Requests refused, by reason: their form, their sender, or the error that they were answered with";
        registry.register("scimd_rejected", rejected, self.rejected.clone());
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
        self.handshakes.get_or_create(&HandshakeLabels { outcome, version }).inc();
    }

    /// Counts a request that was refused for its form.
    pub fn malformed(&self, refusal: Refusal) {
        self.rejected(refusal.name());
    }

    /// Counts a request that was refused for a reason, which is a word of a closed set.
    pub fn rejected(&self, reason: &'static str) {
        self.rejected.get_or_create(&ReasonLabel { reason }).inc();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HandshakeLabels {
    outcome: &'static str,
    version: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}
