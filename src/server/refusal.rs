//! Why a request is refused before any handler sees it, and the answer that says so.
//! It does not know how the fault was found, nor what the request was about.

use bytes::Bytes;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use super::body::Answer;

/// A fault in the framing of a request (RFC 9112, RFC 9113), or the exceeding of a limit on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Refusal {
    /// A line of the head or of the chunk framing ends in LF without CR.
    BareLf,
    /// A control character in the head: NUL, a CR that ends no line, and the like.
    Control,
    /// A header line that continues the one before it (obs-fold).
    Fold,
    /// A request line that is not `METHOD TARGET HTTP/1.x`.
    RequestLine,
    /// A header line without a colon, with an empty name, or with a name that is no token.
    HeaderName,
    /// A version of HTTP other than 1.0 and 1.1.
    Version,
    /// `CONNECT`: this server is no proxy.
    Connect,
    /// No Host in HTTP/1.1, or more than one.
    Host,
    /// The target names another authority than Host.
    Authority,
    /// Content-Length more than once, or not a plain number.
    ContentLength,
    /// Transfer-Encoding other than exactly `chunked`, or in HTTP/1.0.
    TransferEncoding,
    /// Both Content-Length and Transfer-Encoding.
    Both,
    /// A chunk size that is no hexadecimal number, or a chunk that does not end where it says.
    Chunk,
    /// Trailers that are malformed, too long, or name a header that frames the message.
    Trailer,
    /// A head over `HEAD_BYTES_MAX`, or with more than `HEADERS_MAX` headers.
    HeadTooLarge,
    /// A target over `URI_BYTES_MAX`.
    UriTooLong,
    /// A head that was begun and not finished in `HEAD_MS_MAX`.
    SlowHead,
    /// Nobody's fault but ours: the handler panicked.
    Panic,
}

/// All of them, in the order of their numbers, so that one can be kept in an atomic.
const ALL: [Refusal; 18] = [
    Refusal::BareLf,
    Refusal::Control,
    Refusal::Fold,
    Refusal::RequestLine,
    Refusal::HeaderName,
    Refusal::Version,
    Refusal::Connect,
    Refusal::Host,
    Refusal::Authority,
    Refusal::ContentLength,
    Refusal::TransferEncoding,
    Refusal::Both,
    Refusal::Chunk,
    Refusal::Trailer,
    Refusal::HeadTooLarge,
    Refusal::UriTooLong,
    Refusal::SlowHead,
    Refusal::Panic,
];

impl Refusal {
    /// The refusal of a number that `as u8` gave.
    pub fn from_number(number: u8) -> Option<Self> {
        ALL.get(usize::from(number)).copied()
    }

    /// The stable word that metrics use.
    pub fn name(self) -> &'static str {
        match self {
            Self::BareLf => "bare_lf",
            Self::Control => "control_character",
            Self::Fold => "folded_header",
            Self::RequestLine => "request_line",
            Self::HeaderName => "header_line",
            Self::Version => "http_version",
            Self::Connect => "connect",
            Self::Host => "host",
            Self::Authority => "authority",
            Self::ContentLength => "content_length",
            Self::TransferEncoding => "transfer_encoding",
            Self::Both => "length_and_encoding",
            Self::Chunk => "chunk",
            Self::Trailer => "trailer",
            Self::HeadTooLarge => "head_too_large",
            Self::UriTooLong => "uri_too_long",
            Self::SlowHead => "slow_head",
            Self::Panic => "panic",
        }
    }

    /// The status of the answer.
    pub fn status(self) -> StatusCode {
        match self {
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::SlowHead => StatusCode::REQUEST_TIMEOUT,
            Self::Panic => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// One sentence for the client; it repeats nothing that the client sent.
    pub fn detail(self) -> &'static str {
        match self {
            Self::BareLf => "A line of the request ends in LF without CR.",
            Self::Control => "The request head contains a control character.",
            Self::Fold => "A header continues on the next line; write it on one line.",
            Self::RequestLine => "The request line is not METHOD TARGET HTTP/1.1.",
            Self::HeaderName => "A header line is not NAME: VALUE.",
            Self::Version => "The HTTP version is neither 1.0 nor 1.1.",
            Self::Connect => "CONNECT is not served here.",
            Self::Host => "HTTP/1.1 requires exactly one Host header.",
            Self::Authority => "The request target and the Host header name different servers.",
            Self::ContentLength => "Content-Length must be given once, as a plain number.",
            Self::TransferEncoding => "Transfer-Encoding must be exactly chunked, in HTTP/1.1.",
            Self::Both => "Content-Length and Transfer-Encoding exclude each other.",
            Self::Chunk => "The chunked request body is malformed.",
            Self::Trailer => "The trailers of the request body are malformed or too long.",
            Self::HeadTooLarge => "The request head is larger than 32 KB or has more than 100 headers.",
            Self::UriTooLong => "The request target is longer than 16 KB.",
            Self::SlowHead => "The request head was not complete in time.",
            Self::Panic => "The server failed on this request.",
        }
    }

    /// The answer: a SCIM Error (RFC 7644 section 3.12) that also closes an HTTP/1 connection, a failure of our own
    /// excepted.
    pub fn answer(self) -> Response<Answer> {
        let status = self.status();
        let kind = match status {
            StatusCode::BAD_REQUEST => r#","scimType":"invalidSyntax""#,
            _ => "",
        };
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"{}"{kind},"detail":"{}"}}"#,
            status.as_u16(),
            self.detail()
        );
        let mut response = Response::new(Answer::Full(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
        if self != Self::Panic {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

#[cfg(test)]
mod tests;
