//! What Prometheus asks for: `GET /metrics`, and nothing else. No authentication: whoever reaches the address may read.

use super::Metrics;
use crate::server::body::Answer;
use crate::server::connection::Peer;
use crate::server::respond;
use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use std::sync::Arc;

/// Answers one request of the metrics listener.
pub async fn handle(metrics: Arc<Metrics>, request: Request<Incoming>, _: Peer) -> Response<Answer> {
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => match tokio::task::spawn_blocking(move || metrics.text()).await {
            Ok(text) => respond::metrics(text),
            Err(_) => respond::health(false),
        },
        (_, "/metrics") => respond::plain_method_not_allowed("GET, HEAD"),
        _ => respond::plain_not_found("the metrics are at /metrics\n"),
    }
}
