//! What the recorder is given of a request that was answered. It does not decide what is a secret, nor how long anything is kept.

use super::{Face, Seen};
use crate::directory::tenant::Tenant;
use crate::profile::detect;
use crate::scim::errors::Kind;
use crate::scim::schema::types::Types;
use crate::server::body::Answer;
use crate::server::connection::Peer;
use crate::server::exchange::redact::{self, Fate, Kept};
use crate::server::exchange::{Exchange, Knock};
use crate::server::respond;
use bytes::Bytes;
use hyper::header::{
    ACCEPT, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH, LOCATION,
    RETRY_AFTER, USER_AGENT,
};
use hyper::http::request::Parts;
use hyper::{Method, Response};
use std::time::Duration;

/// Whether an exchange is worth keeping: what describes the service alone is not, unless it was refused.
pub(super) fn is_kept(endpoint: &str, status: u16) -> bool {
    const PLAIN: [&str; 5] = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/healthz", "/readyz"];
    status >= 400 || !PLAIN.contains(&endpoint)
}

/// An exchange as it is kept.
pub(super) fn exchange(
    face: &Face,
    (head, peer): (&Parts, &Peer),
    response: &Response<Answer>,
    request_id: &str,
    seen: &Seen,
    duration: Duration,
) -> Exchange {
    let status = response.status().as_u16();
    let elapsed_ms = i64::try_from(duration.as_millis()).unwrap_or(0);
    let kind = response.extensions().get::<Kind>();
    Exchange {
        id: request_id.to_owned(),
        time_ms: face.directory.clock().now_ms().saturating_sub(elapsed_ms),
        duration,
        method: seen.method.as_str().to_owned(),
        target: target(head, seen),
        endpoint: seen.endpoint,
        status,
        scim_type: kind.and_then(|kind| kind.scim_type()).unwrap_or_default(),
        token: seen.token.clone(),
        address: seen.from,
        user_agent: value(&head.headers, USER_AGENT).unwrap_or_default(),
        used: seen.used,
        rules: seen.rules.told(),
        http: peer.http,
        knock: seen.denied.map(|denied| Knock::of(&head.headers, denied)),
        request_headers: headers(&head.headers, &REQUEST_HEADERS),
        request_body: request_body(seen),
        response_headers: headers(response.headers(), &RESPONSE_HEADERS),
        response_body: match response.body() {
            Answer::Full(body) => kept(body, seen),
            Answer::Stream(_) => redact::nothing(Fate::Streamed),
        },
    }
}

/// Tells the log, once for each tenant, when a request speaks plainly for another profile than the tenant's.
pub(super) fn hint(face: &Face, tenant: &Tenant, exchange: &Exchange) {
    if let Some(found) = detect::strong(&exchange.shape())
        && exchange.status != 401
        && found.profile != tenant.dialect.name
        && face.recorder.is_first_hint(tenant.number)
    {
        let (profile, suggested, reason) = (tenant.dialect.name, found.profile, found.reason);
        tracing::info!(tenant = tenant.name, profile, suggested, reason, "another profile may suit the tenant better");
    }
}

const REQUEST_HEADERS: [(&str, HeaderName); 6] = [
    ("accept", ACCEPT),
    ("content-type", CONTENT_TYPE),
    ("content-encoding", CONTENT_ENCODING),
    ("if-match", IF_MATCH),
    ("if-none-match", IF_NONE_MATCH),
    ("prefer", HeaderName::from_static("prefer")),
];

const RESPONSE_HEADERS: [(&str, HeaderName); 7] = [
    ("content-type", CONTENT_TYPE),
    ("location", LOCATION),
    ("etag", ETAG),
    ("retry-after", RETRY_AFTER),
    ("allow", ALLOW),
    ("preference-applied", respond::PREFERENCE_APPLIED),
    ("set-txn", respond::SET_TXN),
];

fn headers(map: &HeaderMap, wanted: &[(&'static str, HeaderName)]) -> Vec<(&'static str, String)> {
    let mut found = Vec::with_capacity(wanted.len());
    found.extend(wanted.iter().filter_map(|(name, header)| Some((*name, value(map, header)?))));
    found
}

fn value(map: &HeaderMap, name: impl hyper::header::AsHeaderName) -> Option<String> {
    map.get(name)?.to_str().ok().map(redact::header)
}

/// A body that may hold what the tenant has defined as never returned is left out whole.
fn kept(body: &Bytes, seen: &Seen) -> Kept {
    match own_types(seen).is_some_and(|types| types.may_hold_secret(body)) {
        true => Kept { bytes: Some(body.len() as u64), ..redact::nothing(Fate::LeftOut) },
        false => redact::body(body),
    }
}

fn target(head: &Parts, seen: &Seen) -> String {
    let is_told = |query: &&str| {
        let decoded = || percent_encoding::percent_decode_str(query).collect::<Vec<u8>>();
        !own_types(seen).is_some_and(|types| types.may_hold_secret(&decoded()))
    };
    let shown = head.uri.query().map(|query| Some(query).filter(is_told).unwrap_or(redact::HIDDEN));
    redact::target(head.uri.path(), shown)
}

/// The types of a tenant that has defined some of its own: what all have is never a secret.
fn own_types(seen: &Seen) -> Option<&Types> {
    let tenant = seen.tenant.as_ref().filter(|tenant| tenant.definitions.is_some())?;
    Some(&tenant.types)
}

fn request_body(seen: &Seen) -> Kept {
    match &seen.body {
        Some(body) => kept(body, seen),
        None if [Method::POST, Method::PUT, Method::PATCH].contains(&seen.method) => redact::nothing(Fate::Unread),
        None => redact::nothing(Fate::Whole),
    }
}
