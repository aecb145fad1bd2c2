//! The one mapping of refusals to gRPC statuses: `google.rpc.Status` with an ErrorInfo whose reason is a stable word for programs,
//! and a BadRequest that names each field that cannot be so.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::directory::refused::{Noun, Obstacle, Refused};
use crate::limits;
use crate::scim::errors::{Error, Kind};

/// The domain of all reasons.
const DOMAIN: &str = "scimd";

/// The status of a refusal.
pub fn status(refused: Refused) -> Status {
    let message = refused.to_string();
    match refused {
        Refused::NotFound(noun, name) => {
            with(Code::NotFound, &format!("{}_NOT_FOUND", word(noun)), message, &[("name", &name)])
        }
        Refused::Exists(noun, name, _) => {
            with(Code::AlreadyExists, &format!("{}_EXISTS", word(noun)), message, &[("name", &name)])
        }
        Refused::Fields(fields) => {
            let mut details = ErrorDetails::with_error_info("INVALID_FIELD", DOMAIN, HashMap::new());
            for field in fields {
                details.add_bad_request_violation(field.name, field.why);
            }
            Status::with_error_details(Code::InvalidArgument, message, details)
        }
        Refused::Named(fields) => {
            let mut details = ErrorDetails::with_error_info("INVALID_FIELD", DOMAIN, HashMap::new());
            for Obstacle { subject, why } in bounded(fields) {
                details.add_bad_request_violation(subject, why);
            }
            Status::with_error_details(Code::InvalidArgument, clip_sentence(message), details)
        }
        Refused::Obstacles { reason, obstacles, .. } => {
            let mut details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
            for Obstacle { subject, why } in bounded(obstacles) {
                details.add_precondition_failure_violation(reason, subject, why);
            }
            Status::with_error_details(Code::FailedPrecondition, message, details)
        }
        Refused::Meanwhile(_) => with(Code::Aborted, "CHANGED_MEANWHILE", message, &[]),
        Refused::Changed => with(Code::Aborted, "ETAG_MISMATCH", message, &[]),
        Refused::State { reason, .. } => with(Code::FailedPrecondition, reason, message, &[]),
        Refused::Exhausted { reason, .. } => with(Code::ResourceExhausted, reason, message, &[]),
        Refused::Trimmed { reason, .. } => with(Code::OutOfRange, reason, message, &[]),
        Refused::Directory(error) => failure(&error),
    }
}

/// The status of a field that cannot be so.
pub fn field(name: &'static str, why: impl Into<String>) -> Status {
    status(Refused::field(name, why))
}

/// A status with a reason.
pub fn with(code: Code, reason: &str, message: String, metadata: &[(&str, &str)]) -> Status {
    let metadata: HashMap<_, _> =
        metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Status::with_error_details(code, message, ErrorDetails::with_error_info(reason, DOMAIN, metadata))
}

/// The status of an error of the core or the directory.
pub fn failure(error: &Error) -> Status {
    let (code, reason) = match error.kind {
        Kind::InvalidFilter | Kind::InvalidPath => (Code::InvalidArgument, "INVALID_FILTER"),
        Kind::TooMany | Kind::TooLarge => (Code::ResourceExhausted, "TOO_MANY_RESULTS"),
        Kind::Mutability
        | Kind::InvalidSyntax
        | Kind::NoTarget
        | Kind::InvalidValue
        | Kind::InvalidVers
        | Kind::InvalidCursor
        | Kind::ExpiredCursor
        | Kind::InvalidCount => (Code::InvalidArgument, "INVALID_VALUE"),
        Kind::Unresolved => (Code::FailedPrecondition, "INVALID_VALUE"),
        Kind::Uniqueness => (Code::AlreadyExists, "VALUE_TAKEN"),
        Kind::Forbidden => (Code::PermissionDenied, "FORBIDDEN"),
        Kind::NotFound => (Code::NotFound, "RESOURCE_NOT_FOUND"),
        Kind::VersionMismatch | Kind::VersionRequired => (Code::Aborted, "ETAG_MISMATCH"),
        Kind::NotImplemented => (Code::Unimplemented, "NOT_IMPLEMENTED"),
        Kind::Unavailable => (Code::Unavailable, "STORE_UNAVAILABLE"),
        Kind::Internal => (Code::Internal, "INTERNAL"),
    };
    with(code, reason, error.detail.clone(), &[])
}

/// As many as a client takes: a status goes in headers, and those are small.
fn bounded(obstacles: Vec<Obstacle>) -> impl Iterator<Item = Obstacle> {
    let mut room = limits::REFUSAL_DETAIL_BYTES_MAX;
    obstacles.into_iter().take_while(move |one| {
        let bytes = one.subject.len() + one.why.len();
        let fits = bytes <= room;
        room = room.saturating_sub(bytes);
        fits
    })
}

/// A message of bounded length; the details have the whole.
fn clip_sentence(mut message: String) -> String {
    if message.len() > limits::REFUSAL_MESSAGE_BYTES_MAX {
        let end = (0..=limits::REFUSAL_MESSAGE_BYTES_MAX).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
    message
}

fn word(noun: Noun) -> &'static str {
    match noun {
        Noun::Tenant => "TENANT",
        Noun::Token => "TOKEN",
        Noun::Resource => "RESOURCE",
        Noun::Exchange => "EXCHANGE",
        Noun::Transaction => "TRANSACTION",
        Noun::AdminCertificate => "ADMIN_CERTIFICATE",
        Noun::Profile => "PROFILE",
        Noun::Schema => "SCHEMA",
        Noun::ResourceType => "RESOURCE_TYPE",
        Noun::Target => "TARGET",
        Noun::MappingVersion => "MAPPING_VERSION",
        Noun::Application => "APPLICATION",
    }
}
