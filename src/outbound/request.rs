//! A request to a target and its answer, as data. It does not know the target's URL, its credentials, nor how anything is sent.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What is left as it is in paths and queries: the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request to a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The method.
    pub method: &'static str,
    /// What follows the target's URL: encoded, with the query.
    pub path: String,
    /// Headers; credentials are not among them.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body. It may hold a password.
    pub body: Option<Value>,
}

/// An answer.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// The status.
    pub status: u16,
    /// Names in lower case, with their values.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
    /// When it came, in milliseconds since the epoch.
    pub now_ms: i64,
}

impl Reply<'_> {
    /// The body as JSON; `Null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(self.body).unwrap_or_default()
    }

    /// Whether it is a 2xx.
    pub fn is_fine(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// For how long `Retry-After` asks to wait, in milliseconds (RFC 9110 section 10.2.3: seconds, or a date); not negative.
    pub fn retry_after_ms(&self) -> Option<i64> {
        let (_, value) = self.headers.iter().find(|(name, _)| name == "retry-after")?;
        let value = value.trim();
        if let Ok(seconds) = value.parse::<u32>() {
            return Some(i64::from(seconds) * 1_000);
        }
        let date = jiff::fmt::rfc2822::parse(value).ok()?;
        Some((date.timestamp().as_millisecond() - self.now_ms).max(0))
    }
}

/// A text as one segment of a path, or as a value of a query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// A path with a query of these names and values.
pub fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let mut whole = path.to_owned();
    for (at, (name, value)) in query.iter().enumerate() {
        whole.push(if at == 0 { '?' } else { '&' });
        whole.push_str(name);
        whole.push('=');
        whole.push_str(&encoded(value));
    }
    whole
}
