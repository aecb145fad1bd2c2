//! Every error of the protocol, one row each: its kind, its `scimType`, and the sentence for the client.
//! Knows no HTTP: which status a kind has is chosen in `server/respond.rs`.

use crate::limits;
use std::fmt;

/// What went wrong, in the words of RFC 7644 section 3.12 where it has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The filter is malformed, or compares what cannot be compared (`invalidFilter`).
    InvalidFilter,
    /// The query needs more work or yields more than the server does for one request (`tooMany`).
    TooMany,
    /// A value that must be unique is taken (`uniqueness`).
    Uniqueness,
    /// The change is not compatible with the attribute's mutability (`mutability`).
    Mutability,
    /// The body is not what its schema says it is (`invalidSyntax`).
    InvalidSyntax,
    /// The PATCH path is malformed or names nothing that exists (`invalidPath`).
    InvalidPath,
    /// The PATCH path selects nothing that could be changed (`noTarget`).
    NoTarget,
    /// A value is missing, of the wrong type, or refers to nothing (`invalidValue`).
    InvalidValue,
    /// The cursor was not given out for this query (`invalidCursor`, RFC 9865 section 2.1).
    InvalidCursor,
    /// The cursor was given out too long ago (`expiredCursor`, RFC 9865 section 2.1).
    ExpiredCursor,
    /// The count is no number, or not the one that the cursor was given out with (`invalidCount`, RFC 9865 section 2.1).
    InvalidCount,
    /// The protocol version is not one that is spoken here (`invalidVers`).
    InvalidVers,
    /// An operation of a bulk request refers to one that failed, or closes a circle of references (RFC 7644 section 3.7.1).
    Unresolved,
    /// The request is understood and not permitted.
    Forbidden,
    /// There is no such resource or endpoint.
    NotFound,
    /// If-Match or If-None-Match does not hold.
    VersionMismatch,
    /// The tenant demands If-Match and there is none.
    VersionRequired,
    /// The body or the batch is larger than a limit.
    TooLarge,
    /// The endpoint exists in the RFC and is not served here.
    NotImplemented,
    /// The store cannot take or give the data now; trying again later may help.
    Unavailable,
    /// A defect of the server.
    Internal,
}

impl Kind {
    /// The stable word that metrics use; every kind has one.
    pub fn name(self) -> &'static str {
        match self {
            Kind::InvalidFilter => "invalid_filter",
            Kind::TooMany => "too_many",
            Kind::Uniqueness => "uniqueness",
            Kind::Mutability => "mutability",
            Kind::InvalidSyntax => "invalid_syntax",
            Kind::InvalidPath => "invalid_path",
            Kind::NoTarget => "no_target",
            Kind::InvalidValue => "invalid_value",
            Kind::InvalidVers => "invalid_version",
            Kind::InvalidCursor => "invalid_cursor",
            Kind::ExpiredCursor => "expired_cursor",
            Kind::InvalidCount => "invalid_count",
            Kind::Unresolved => "unresolved",
            Kind::Forbidden => "forbidden",
            Kind::NotFound => "not_found",
            Kind::VersionMismatch => "version_mismatch",
            Kind::VersionRequired => "version_required",
            Kind::TooLarge => "too_large",
            Kind::NotImplemented => "not_implemented",
            Kind::Unavailable => "unavailable",
            Kind::Internal => "internal",
        }
    }

    /// The `scimType` of RFC 7644 table 9 and RFC 9865 section 2.1, where there is one.
    pub fn scim_type(self) -> Option<&'static str> {
        match self {
            Kind::InvalidFilter => Some("invalidFilter"),
            Kind::TooMany => Some("tooMany"),
            Kind::Uniqueness => Some("uniqueness"),
            Kind::Mutability => Some("mutability"),
            Kind::InvalidSyntax => Some("invalidSyntax"),
            Kind::InvalidPath => Some("invalidPath"),
            Kind::NoTarget => Some("noTarget"),
            Kind::InvalidValue => Some("invalidValue"),
            Kind::InvalidCursor => Some("invalidCursor"),
            Kind::ExpiredCursor => Some("expiredCursor"),
            Kind::InvalidCount => Some("invalidCount"),
            Kind::InvalidVers => Some("invalidVers"),
            Kind::Unresolved
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::VersionMismatch
            | Kind::VersionRequired
            | Kind::TooLarge
            | Kind::NotImplemented
            | Kind::Unavailable
            | Kind::Internal => None,
        }
    }
}

/// An error and the sentence that tells the client which attribute, where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which row of the table.
    pub kind: Kind,
    /// For the client; never holds a secret, and no more of a value than is needed to find it.
    pub detail: String,
}

impl Error {
    /// An error of `kind` that says `detail`.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Error {
        Error { kind, detail: detail.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind.scim_type() {
            Some(scim_type) => write!(f, "{scim_type}: {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

impl std::error::Error for Error {}

/// `text` shortened so that it can stand in a `detail`.
pub fn clip(text: &str) -> String {
    match text.char_indices().nth(limits::DETAIL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
