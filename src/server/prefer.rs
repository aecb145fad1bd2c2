//! The Prefer header (RFC 7240): what a client would like of the answer to a write, and whether it would rather not wait for it. It
//! does not know what a request does.

use super::negotiate;
use hyper::header::HeaderMap;

/// What the client prefers, as far as it is known here; all else is ignored, as the RFC asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// What the answer to a write is to hold.
    pub returned: Option<Returned>,
    /// The answer may come before the work is done.
    pub respond_async: bool,
    /// How long the client waits before it would rather have an answer without an outcome, in seconds.
    pub wait_s: Option<u64>,
}

/// What the answer to a write is to hold (RFC 7240 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Nothing but headers.
    Minimal,
    /// The resource.
    Representation,
}

impl Returned {
    /// What Preference-Applied says of it.
    pub fn applied(self) -> &'static str {
        match self {
            Returned::Minimal => "return=minimal",
            Returned::Representation => "return=representation",
        }
    }
}

/// What Preference-Applied says of an answer before the work is done.
pub const RESPOND_ASYNC: &str = "respond-async";

/// Reads all Prefer headers of a request. Of a preference that comes twice the first one counts (RFC 7240 section 2).
pub fn read(headers: &HeaderMap) -> Preferences {
    let text = negotiate::joined(headers, "prefer").unwrap_or_default();
    let mut preferences = Preferences::default();
    let mut seen = Vec::new();
    for item in text.split(',') {
        // Parameters after a semicolon say nothing about these preferences.
        let preference = item.split(';').next().unwrap_or_default();
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
        if seen.contains(&name) {
            continue;
        }
        match name.as_str() {
            "return" if value.eq_ignore_ascii_case("minimal") => preferences.returned = Some(Returned::Minimal),
            "return" if value.eq_ignore_ascii_case("representation") => {
                preferences.returned = Some(Returned::Representation);
            }
            RESPOND_ASYNC => preferences.respond_async = true,
            "wait" => preferences.wait_s = value.parse().ok(),
            _ => {}
        }
        seen.push(name);
    }
    preferences
}

#[cfg(test)]
mod tests;
