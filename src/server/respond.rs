//! The one place that chooses HTTP statuses for SCIM answers, and the headers that every one of them has.

use super::body::Answer;
use super::metrics::RATE_LIMITED;
use super::prefer::{self, Returned};
use crate::directory::answer::Content;
use crate::directory::bulk::{Done, Outcome};
use crate::scim::errors::{Error, Kind};
use crate::scim::schema::{BULK_RESPONSE, ERROR};
use bytes::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, ETAG, HeaderName,
    HeaderValue, LOCATION, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use serde_json::{Map, Value};
use std::time::Duration;

/// The form that the client accepts; both are JSON (RFC 7644 section 3.1; OneLogin accepts only the second one).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/scim+json`
    Scim,
    /// `application/json`
    Json,
}

impl Media {
    fn value(self) -> HeaderValue {
        match self {
            Media::Scim => HeaderValue::from_static("application/scim+json"),
            Media::Json => HeaderValue::from_static("application/json"),
        }
    }
}

/// What an answer tells besides its body.
#[derive(Debug, Default)]
pub struct Headers<'a> {
    /// The entity tag.
    pub version: Option<&'a str>,
    /// The resource's URL.
    pub location: Option<&'a str>,
}

/// The header that has a transaction's id.
pub const SET_TXN: HeaderName = HeaderName::from_static("set-txn");

/// The request headers that choose between forms of an answer.
const VARIES: &str = "Accept, Accept-Encoding";

/// The header that says which preferences of the client were heeded.
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The request id's header.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// 200 with a body.
pub fn ok(content: Content, headers: &Headers<'_>, media: Media) -> Response<Answer> {
    with(StatusCode::OK, content, headers, media)
}

/// 201: the resource is made.
pub fn created(content: Content, headers: &Headers<'_>, media: Media) -> Response<Answer> {
    with(StatusCode::CREATED, content, headers, media)
}

/// 202: the work goes on, and its outcome will be known by the transaction's id (draft-ietf-scim-events section 2.5.1.1).
pub fn accepted(transaction: &str, location: Option<&str>) -> Response<Answer> {
    let headers = Headers { version: None, location };
    let mut response = with(StatusCode::ACCEPTED, Content::Empty, &headers, Media::Scim);
    if let Ok(value) = HeaderValue::from_str(transaction) {
        response.headers_mut().insert(SET_TXN, value);
    }
    response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static(prefer::RESPOND_ASYNC));
    response
}

/// 503: too much work of this kind waits already.
pub fn no_place(media: Media) -> Response<Answer> {
    let why = "too many requests with `Prefer: respond-async` wait for their turn; come again, or wait for the answer";
    error(&Error::new(Kind::Unavailable, why), media)
}

/// The answer to a write as the client prefers it (RFC 7240 section 4.2): without the resource, or with it as it is.
pub fn preferred(mut response: Response<Answer>, returned: Returned) -> Response<Answer> {
    let status = match (response.status(), returned) {
        (StatusCode::CREATED, _) => StatusCode::CREATED,
        (StatusCode::OK | StatusCode::NO_CONTENT, Returned::Minimal) => StatusCode::NO_CONTENT,
        (StatusCode::OK, Returned::Representation) => StatusCode::OK,
        _ => return response,
    };
    *response.status_mut() = status;
    if returned == Returned::Minimal {
        *response.body_mut() = Answer::empty();
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LOCATION);
    }
    response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static(returned.applied()));
    response
}

/// The answer to HEAD: what the answer to GET is, without its body. On HTTP/2 nobody else takes it away.
pub fn without_body(mut response: Response<Answer>) -> Response<Answer> {
    let body = std::mem::replace(response.body_mut(), Answer::empty());
    if let Answer::Full(bytes) = body
        && !bytes.is_empty()
    {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    }
    response
}

/// 204: done, and there is nothing to say.
pub fn no_content(headers: &Headers<'_>) -> Response<Answer> {
    with(StatusCode::NO_CONTENT, Content::Empty, headers, Media::Scim)
}

/// 304: the client has this version.
pub fn not_modified(headers: &Headers<'_>) -> Response<Answer> {
    let mut response = with(StatusCode::NOT_MODIFIED, Content::Empty, headers, Media::Scim);
    response.headers_mut().insert(VARY, HeaderValue::from_static(VARIES));
    response
}

/// 401, the same for every reason (RFC 6750 section 3.1).
pub fn unauthorized(media: Media) -> Response<Answer> {
    let mut response = failed(StatusCode::UNAUTHORIZED, None, "a valid bearer token is required", media);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"scimd\""));
    response
}

/// 429: too many requests of this tenant or token; when the next one may come, in whole seconds (RFC 6585 section 4).
pub fn too_many_requests(wait: Duration, media: Media) -> Response<Answer> {
    let why = "too many requests a second for this token or tenant";
    let mut response = failed(StatusCode::TOO_MANY_REQUESTS, None, why, media);
    let seconds = u64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX).max(1);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// 405 with the methods that are served there.
pub fn method_not_allowed(allow: &'static str, media: Media) -> Response<Answer> {
    let detail = format!("this endpoint serves {allow}");
    let mut response = failed(StatusCode::METHOD_NOT_ALLOWED, None, &detail, media);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

/// The answer to OPTIONS.
pub fn options(allow: &'static str) -> Response<Answer> {
    let mut response = no_content(&Headers::default());
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

/// 406: the client takes nothing that is served.
pub fn not_acceptable(detail: &str) -> Response<Answer> {
    failed(StatusCode::NOT_ACCEPTABLE, None, detail, Media::Scim)
}

/// 415: a body in a form that is not read here. Where its coding is the reason, the answer says which one is read (RFC 9110
/// section 12.5.3).
pub fn unsupported_media(detail: &str, is_coded: bool, media: Media) -> Response<Answer> {
    let mut response = failed(StatusCode::UNSUPPORTED_MEDIA_TYPE, None, detail, media);
    if is_coded {
        response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    response
}

/// 408: the body came too slowly.
pub fn too_slow(media: Media) -> Response<Answer> {
    failed(StatusCode::REQUEST_TIMEOUT, None, "the request body came too slowly", media)
}

/// Whether the server lives, or is ready: 200 or 503, and no details.
pub fn health(is_well: bool) -> Response<Answer> {
    let (status, text) = match is_well {
        true => (StatusCode::OK, "ok\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unavailable\n"),
    };
    plain(status, Bytes::from_static(text.as_bytes()), "text/plain; charset=utf-8")
}

/// The metrics, in the format that Prometheus asks for.
pub fn metrics(text: String) -> Response<Answer> {
    plain(StatusCode::OK, Bytes::from(text), "application/openmetrics-text; version=1.0.0; charset=utf-8")
}

/// 404 outside of SCIM.
pub fn plain_not_found(text: &'static str) -> Response<Answer> {
    plain(StatusCode::NOT_FOUND, Bytes::from_static(text.as_bytes()), "text/plain; charset=utf-8")
}

/// 405 outside of SCIM, with the methods that are served there.
pub fn plain_method_not_allowed(allow: &'static str) -> Response<Answer> {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, Bytes::new(), "text/plain; charset=utf-8");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

/// Why a request was refused, in a stable word for metrics; empty when it was not.
pub fn reason(response: &Response<Answer>) -> &'static str {
    if let Some(kind) = response.extensions().get::<Kind>() {
        return kind.name();
    }
    match response.status() {
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::REQUEST_TIMEOUT => "too_slow",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::NOT_ACCEPTABLE => "not_acceptable",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        StatusCode::TOO_MANY_REQUESTS => RATE_LIMITED,
        status if status.is_client_error() || status.is_server_error() => "other",
        _ => "",
    }
}

/// The answer to a bulk request (RFC 7644 section 3.7.3): 200, with what the answer to each operation would have been by itself.
pub fn bulk(done: Vec<Done>, media: Media) -> Response<Answer> {
    let operation = |done: Done| {
        let (status, response) = match &done.outcome {
            Outcome::Created => (StatusCode::CREATED, None),
            Outcome::Changed => (StatusCode::OK, None),
            Outcome::Silent => (StatusCode::NO_CONTENT, None),
            Outcome::Failed(error) => {
                let status = status(error.kind);
                (status, Some(error_body(status, error.kind.scim_type(), &error.detail)))
            }
        };
        let fields = [
            ("location", done.location.map(Value::from)),
            ("method", Some(Value::from(done.method))),
            ("bulkId", done.bulk_id.map(Value::from)),
            ("version", done.version.map(Value::from)),
            ("status", Some(Value::from(status.as_str()))),
            ("response", response),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>()
    };
    let mut body = Map::new();
    body.insert("schemas".to_owned(), Value::from(vec![BULK_RESPONSE]));
    body.insert("Operations".to_owned(), done.into_iter().map(operation).map(Value::Object).collect());
    ok(Content::Whole(Value::Object(body).to_string().into_bytes()), &Headers::default(), media)
}

/// An error of the core or the directory.
pub fn error(error: &Error, media: Media) -> Response<Answer> {
    let status = status(error.kind);
    let mut response = failed(status, error.kind.scim_type(), &error.detail, media);
    response.extensions_mut().insert(error.kind);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::InvalidFilter
        | Kind::TooMany
        | Kind::Mutability
        | Kind::InvalidSyntax
        | Kind::InvalidPath
        | Kind::NoTarget
        | Kind::InvalidValue
        | Kind::InvalidCursor
        | Kind::ExpiredCursor
        | Kind::InvalidCount
        | Kind::InvalidVers => StatusCode::BAD_REQUEST,
        Kind::Uniqueness | Kind::Unresolved => StatusCode::CONFLICT,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::VersionMismatch => StatusCode::PRECONDITION_FAILED,
        Kind::VersionRequired => StatusCode::PRECONDITION_REQUIRED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::NotImplemented => StatusCode::NOT_IMPLEMENTED,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn failed(status: StatusCode, scim_type: Option<&str>, detail: &str, media: Media) -> Response<Answer> {
    let content = Content::Whole(error_body(status, scim_type, detail).to_string().into_bytes());
    with(status, content, &Headers::default(), media)
}

/// The RFC's Error body (RFC 7644 section 3.12): `status` is a string.
fn error_body(status: StatusCode, scim_type: Option<&str>, detail: &str) -> Value {
    let mut body = Map::new();
    body.insert("schemas".to_owned(), Value::from(vec![ERROR]));
    body.insert("status".to_owned(), Value::from(status.as_str()));
    if let Some(scim_type) = scim_type {
        body.insert("scimType".to_owned(), Value::from(scim_type));
    }
    body.insert("detail".to_owned(), Value::from(detail));
    Value::Object(body)
}

fn plain(status: StatusCode, text: Bytes, media: &'static str) -> Response<Answer> {
    let mut response = Response::new(Answer::Full(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn with(status: StatusCode, content: Content, headers: &Headers<'_>, media: Media) -> Response<Answer> {
    let has_body = !matches!(content, Content::Empty);
    let mut response = Response::new(match content {
        Content::Empty => Answer::empty(),
        Content::Whole(bytes) => Answer::Full(Bytes::from(bytes)),
        Content::Stream(chunks) => Answer::Stream(chunks),
    });
    *response.status_mut() = status;
    let map = response.headers_mut();
    if has_body {
        map.insert(CONTENT_TYPE, media.value());
        map.insert(VARY, HeaderValue::from_static(VARIES));
    }
    map.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Whatever has a body has its `meta.location` as Content-Location too (RFC 7643 section 3.1).
    let shown = headers.location.filter(|_| has_body);
    for (name, value) in [(ETAG, headers.version), (LOCATION, headers.location), (CONTENT_LOCATION, shown)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            map.insert(name, value);
        }
    }
    response
}
