//! A recorded request once more, through the same pipeline as the first time but for the connection and the token. Over which data, the
//! caller chooses: over a fork, nothing is written.

use super::{Face, Job, Seen, Sent};
use crate::directory::provision::Told;
use crate::directory::tenant::Tenant;
use crate::directory::token::Access;
use crate::scim::dialect::Used;
use crate::scim::errors::{Error, Kind};
use crate::server::auth::Admitted;
use crate::server::body::Answer;
use crate::server::connection::Peer;
use crate::server::exchange::Exchange;
use crate::server::negotiate;
use crate::server::respond::Media;
use hyper::Request;
use std::net::SocketAddr;
use std::sync::Arc;

/// What a replay was answered with.
pub struct Replayed {
    /// The status.
    pub status: u16,
    /// The body; none when it was to be streamed.
    pub body: Option<bytes::Bytes>,
    /// The quirks that reading it needed.
    pub used: Used,
    /// The rules of the tenant's mapping that had a hand in it.
    pub rules: Vec<Told>,
}

/// Runs the request on the data behind `face`. It is neither counted nor recorded.
///
/// # Errors
/// What was recorded is no request, which is a defect.
pub async fn replay(face: Arc<Face>, tenant: Arc<Tenant>, exchange: &Exchange) -> Result<Replayed, Error> {
    let mut builder = Request::builder().method(exchange.method.as_str()).uri(exchange.target.as_str());
    for (name, value) in &exchange.request_headers {
        builder = builder.header(*name, value.as_str());
    }
    let unusable = |_| Error::new(Kind::Internal, "the recorded request cannot be made again");
    let (head, ()) = builder.body(()).map_err(unusable)?.into_parts();
    let mut seen = Seen::new(head.method.clone(), exchange.address);
    let job = Job {
        request_id: face.directory.clock().id().to_string(),
        face,
        admitted: Admitted::Token(Access {
            key_id: exchange.token.clone(),
            tenant,
            read_only: false,
            requests_per_s_max: 0,
        }),
        media: negotiate::media(&head.headers).unwrap_or(Media::Scim),
        head: Arc::new(head),
        // A replay is to show the outcome.
        may_defer: false,
        new_id: None,
        rules: seen.rules.clone(),
        peer: Peer { addr: SocketAddr::new(exchange.address, 0), tls: None, http: exchange.http },
    };
    let rules = seen.rules.clone();
    let response = job.answer(Sent::Whole(exchange.request_body.text.clone()), &mut seen).await;
    let status = response.status().as_u16();
    let body = match response.into_body() {
        Answer::Full(body) => Some(body),
        Answer::Stream(_) => None,
    };
    Ok(Replayed { status, body, used: seen.used, rules: rules.told() })
}
