//! Sockets in: TLS, connections, HTTP, the SCIM endpoints and the admin plane. The only layer that knows HTTP and gRPC; it knows
//! nothing of how things are stored, nor where its settings come from.

pub mod admin;
pub mod auth;
pub mod authority;
pub mod body;
pub mod certificate;
pub mod compress;
pub mod chain;
pub mod connection;
pub mod crowd;
pub mod exchange;
pub mod forwarded;
pub mod framing;
pub mod guard;
pub mod listener;
pub mod rate;
pub mod metrics;
pub mod negotiate;
pub mod prefer;
pub mod refusal;
pub mod respond;
pub mod route;
pub mod scim;
pub mod socket;
pub mod subject;
pub mod tls;
pub mod trust;
