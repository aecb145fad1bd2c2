//! What Prefer headers mean.
#![allow(clippy::unwrap_used)]

use super::{Preferences, Returned, read};
use hyper::header::{HeaderMap, HeaderValue};

fn of(lines: &[&str]) -> Preferences {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("prefer", HeaderValue::from_str(line).unwrap());
    }
    read(&headers)
}

#[test]
fn preferences_are_read() {
    assert_eq!(of(&[]), Preferences::default());
    let minimal = Preferences { returned: Some(Returned::Minimal), ..Preferences::default() };
    for text in ["return=minimal", "Return = \"minimal\"", "return=minimal; foo=bar", "lenient, return=minimal"] {
        assert_eq!(of(&[text]), minimal, "{text}");
    }
    assert_eq!(of(&["return=representation"]).returned, Some(Returned::Representation));
    let deferred = Preferences { respond_async: true, wait_s: Some(10), returned: None };
    assert_eq!(of(&["respond-async, wait=10"]), deferred);
    assert_eq!(of(&["respond-async", "wait=10"]), deferred);
}

#[test]
fn the_first_of_two_counts_and_what_nobody_knows_is_ignored() {
    assert_eq!(of(&["return=minimal, return=representation"]).returned, Some(Returned::Minimal));
    assert_eq!(of(&["return=everything", "return=minimal"]).returned, None);
    assert_eq!(of(&["respond-asynchronously, handling=strict, wait=soon, ,;"]), Preferences::default());
}
