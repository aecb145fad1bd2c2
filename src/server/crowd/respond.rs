//! The Crowd protocol's statuses and errors, and the header without which its clients take no answer for one of a Crowd server. Whatever
//! the status, a client reads the reason; but for 401 and 403, whose body it shows as it is.

use super::encode::Form;
use super::xml;
use crate::scim::errors::{Error, Kind};
use crate::server::body::Answer;
use crate::server::connection::Mark;
use crate::server::refusal;
use crate::server::respond::REQUEST_ID;
use bytes::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::json;

/// Why a request is refused, by the words of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The application is none, or its password is wrong.
    ApplicationAccessDenied,
    /// The application may not do that.
    ApplicationPermissionDenied,
    /// There is no such user.
    UserNotFound,
    /// There is no such group.
    GroupNotFound,
    /// Who is asked about is not in it.
    MembershipNotFound,
    /// The user cannot log in here.
    InvalidUserAuthentication,
    /// The user may not log in at all.
    InactiveAccount,
    /// There is no such session.
    InvalidSsoToken,
    /// The request is wrong.
    IllegalArgument,
    /// There is nothing at this URL.
    UnsupportedOperation,
    /// It is read from the start.
    EventTokenExpired,
    /// There is no such webhook.
    WebhookNotFound,
    /// The server failed.
    OperationFailed,
}

/// A refusal.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Why, for the client.
    pub reason: Reason,
    /// Why, in a sentence for a person.
    pub message: String,
    kind: Status,
}

#[derive(Clone, Copy, Debug)]
enum Status {
    /// As the reason has it.
    Usual,
    /// Found wrong where it is not a question of existence, as a login's.
    Bad,
    TooLarge,
    TooSlow,
    Method(&'static str),
    Unavailable,
    Throttled(u64),
}

impl Refusal {
    /// With the reason's usual status.
    pub fn new(reason: Reason, message: impl Into<String>) -> Refusal {
        Refusal { reason, message: message.into(), kind: Status::Usual }
    }

    /// As a login is refused: 401 would be taken for the application's own, and 404 for an old server.
    pub fn login(reason: Reason, message: impl Into<String>) -> Refusal {
        Refusal { reason, message: message.into(), kind: Status::Bad }
    }

    /// The request is wrong, as the sentence says.
    pub fn illegal(message: impl Into<String>) -> Refusal {
        Refusal::new(Reason::IllegalArgument, message)
    }

    /// The body is too large.
    pub fn too_large() -> Refusal {
        let message = "the request body is larger than is read here".to_owned();
        Refusal { reason: Reason::IllegalArgument, message, kind: Status::TooLarge }
    }

    /// The body came too slowly.
    pub fn too_slow() -> Refusal {
        let message = "the request body came too slowly".to_owned();
        Refusal { reason: Reason::IllegalArgument, message, kind: Status::TooSlow }
    }

    /// Another method is served there.
    pub fn method(allow: &'static str) -> Refusal {
        let message = format!("this resource serves {allow}");
        Refusal { reason: Reason::UnsupportedOperation, message, kind: Status::Method(allow) }
    }

    /// It can be had later.
    pub fn busy(message: impl Into<String>) -> Refusal {
        Refusal { reason: Reason::OperationFailed, message: message.into(), kind: Status::Unavailable }
    }

    /// There were too many failed attempts; when the next one is looked at, in whole seconds.
    pub fn throttled(wait_s: u64) -> Refusal {
        let message = format!("too many failed attempts; come again in {wait_s} seconds");
        Refusal { reason: Reason::OperationFailed, message, kind: Status::Throttled(wait_s) }
    }

    fn status(&self) -> StatusCode {
        match (self.kind, self.reason) {
            (Status::Bad, _) => StatusCode::BAD_REQUEST,
            (Status::TooLarge, _) => StatusCode::PAYLOAD_TOO_LARGE,
            (Status::TooSlow, _) => StatusCode::REQUEST_TIMEOUT,
            (Status::Method(_), _) => StatusCode::METHOD_NOT_ALLOWED,
            (Status::Unavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
            (Status::Throttled(_), _) => StatusCode::TOO_MANY_REQUESTS,
            (Status::Usual, reason) => match reason {
                Reason::ApplicationAccessDenied => StatusCode::UNAUTHORIZED,
                Reason::ApplicationPermissionDenied => StatusCode::FORBIDDEN,
                Reason::UserNotFound
                | Reason::GroupNotFound
                | Reason::MembershipNotFound
                | Reason::InvalidSsoToken
                | Reason::UnsupportedOperation
                | Reason::WebhookNotFound => StatusCode::NOT_FOUND,
                Reason::InvalidUserAuthentication
                | Reason::InactiveAccount
                | Reason::IllegalArgument
                | Reason::EventTokenExpired => StatusCode::BAD_REQUEST,
                Reason::OperationFailed => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let message = error.detail;
        match error.kind {
            Kind::Unavailable => Refusal::busy(message),
            _ => Refusal::new(Reason::OperationFailed, message),
        }
    }
}

impl Reason {
    /// The protocol's word.
    pub fn word(self) -> &'static str {
        match self {
            Reason::ApplicationAccessDenied => "APPLICATION_ACCESS_DENIED",
            Reason::ApplicationPermissionDenied => "APPLICATION_PERMISSION_DENIED",
            Reason::UserNotFound => "USER_NOT_FOUND",
            Reason::GroupNotFound => "GROUP_NOT_FOUND",
            Reason::MembershipNotFound => "MEMBERSHIP_NOT_FOUND",
            Reason::InvalidUserAuthentication => "INVALID_USER_AUTHENTICATION",
            Reason::InactiveAccount => "INACTIVE_ACCOUNT",
            Reason::InvalidSsoToken => "INVALID_SSO_TOKEN",
            Reason::IllegalArgument => "ILLEGAL_ARGUMENT",
            Reason::UnsupportedOperation => "UNSUPPORTED_OPERATION",
            Reason::EventTokenExpired => "EVENT_TOKEN_EXPIRED",
            Reason::WebhookNotFound => "WEBHOOK_NOT_FOUND",
            Reason::OperationFailed => "OPERATION_FAILED",
        }
    }
}

/// Only its presence is looked at. The number is of a Crowd that has all that is served here.
const VERSION: HeaderName = HeaderName::from_static("x-embedded-crowd-version");
const VERSION_VALUE: HeaderValue = HeaderValue::from_static("Crowd/6.1.3");

/// How answers look that are made elsewhere: with the header by which clients know a Crowd server, and refusals that they can read.
pub fn everywhere() -> Mark {
    Mark { header: (VERSION, VERSION_VALUE), refused: malformed }
}

/// The answer to a request that is refused for its form, or whose handler failed.
fn malformed(refusal: refusal::Refusal) -> Response<Answer> {
    let (mut head, _) = refusal.answer().into_parts();
    let reason = match head.status.is_server_error() {
        true => Reason::OperationFailed,
        false => Reason::IllegalArgument,
    };
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(Form::Xml.media()));
    let body = error(&Refusal::new(reason, refusal.detail()), Form::Xml);
    Response::from_parts(head, Answer::Full(Bytes::from(body)))
}

/// Puts onto an answer what every one of them has.
pub fn mark(response: &mut Response<Answer>, request_id: &str) {
    let headers = response.headers_mut();
    headers.insert(VERSION, VERSION_VALUE);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
}

/// 200 with a body in this form.
pub fn ok(body: Answer, form: Form) -> Response<Answer> {
    with(StatusCode::OK, body, form.media())
}

/// 204: done, and there is nothing to say.
pub fn no_content() -> Response<Answer> {
    let mut response = Response::new(Answer::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A refusal, in this form. What is said of the application itself is plain text but for those who want JSON: the products show the
/// body as it is, and other clients read its message.
pub fn refused(refusal: &Refusal, form: Form) -> Response<Answer> {
    let status = refusal.status();
    let mut response = match (refusal.reason, form) {
        (Reason::ApplicationAccessDenied | Reason::ApplicationPermissionDenied, Form::Xml) => {
            let text = format!("{}: {}\n", refusal.reason.word(), refusal.message);
            with(status, Answer::Full(Bytes::from(text)), "text/plain; charset=utf-8")
        }
        _ => with(status, Answer::Full(Bytes::from(error(refusal, form))), form.media()),
    };
    response.extensions_mut().insert(refusal.reason);
    let headers = response.headers_mut();
    match refusal.kind {
        Status::Method(allow) => {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        Status::Unavailable => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        Status::Throttled(wait_s) => {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait_s.max(1)));
        }
        _ if status == StatusCode::UNAUTHORIZED => {
            let challenge = HeaderValue::from_static("Basic realm=\"scimd\", charset=\"UTF-8\"");
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        _ => {}
    }
    response
}

/// Whether the client may have what was sent before, as one that lost its connection.
pub fn is_failure(response: &Response<Answer>) -> bool {
    response.status().is_server_error()
}

fn error(refusal: &Refusal, form: Form) -> Vec<u8> {
    let (reason, message) = (refusal.reason.word(), &refusal.message);
    match form {
        Form::Json => json!({"reason": reason, "message": message}).to_string().into_bytes(),
        Form::Xml => {
            let mut out = super::encode::DECLARATION.to_vec();
            out.extend_from_slice(b"<error><reason>");
            out.extend_from_slice(reason.as_bytes());
            out.extend_from_slice(b"</reason><message>");
            xml::escape(&mut out, message);
            out.extend_from_slice(b"</message></error>");
            out
        }
    }
}

fn with(status: StatusCode, body: Answer, media: &'static str) -> Response<Answer> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    response
}
