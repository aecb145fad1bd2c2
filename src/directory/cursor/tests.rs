//! Tests of cursors: what is sealed comes back, for its own query alone, and nothing else is taken.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::clock::Clock;
use crate::scim::schema::{group, user};
use crate::store::Store;

fn ours() -> Secret {
    Secret(Zeroizing::new([7; SECRET_BYTES]))
}

fn cursor(key: Option<SortKey>) -> Cursor {
    let place = Place { part: 1, key, id: Uuid::from_u128(42) };
    Cursor { expires_ms: 1_000, count: 10, total: Some(5), seek: Seek { forward: false, place } }
}

fn query(filter: &str) -> Query {
    Query { filter: Some(filter.to_owned()), ..Query::default() }
}

fn kind(result: Result<Cursor, Error>) -> Kind {
    result.unwrap_err().kind
}

#[test]
fn what_is_sealed_comes_back() {
    let binding = Binding::new(1, &[user()], &Query::default());
    let keys = [
        None,
        Some(SortKey::Missing),
        Some(SortKey::Boolean(true)),
        Some(SortKey::Number(-1.5)),
        Some(SortKey::Time(-1)),
        Some(SortKey::Text(Vec::new())),
        Some(SortKey::Text(vec![0xff; 233])),
    ];
    for key in keys {
        for total in [None, Some(0), Some(usize::MAX - 1)] {
            let cursor = Cursor { total, ..cursor(key.clone()) };
            let text = write(&ours(), &binding, &cursor);
            let is_unreserved = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            assert!(text.chars().all(is_unreserved) && text.len() < limits::CURSOR_CHARS_MAX / 2, "{text}");
            assert_eq!(read(&ours(), &binding, &text, 1_000).unwrap(), cursor);
        }
    }
}

#[test]
fn it_hides_what_it_says() {
    let binding = Binding::new(1, &[user()], &Query::default());
    let text = write(&ours(), &binding, &cursor(Some(SortKey::Text(b"someone@example.test".to_vec()))));
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"someone"));
}

#[test]
fn it_is_good_for_its_own_query_alone() {
    let other = Secret(Zeroizing::new([8; SECRET_BYTES]));
    let binding = Binding::new(1, &[user()], &query("title pr"));
    let text = write(&ours(), &binding, &cursor(None));
    // Names in a filter are compared without regard to case, as the example of RFC 9865 section 2 does.
    assert!(read(&ours(), &Binding::new(1, &[user()], &query("TITLE pr")), &text, 0).is_ok());
    let sorted = |by: &str| Query { sort_by: Some(by.to_owned()), ..query("title pr") };
    let strangers = [
        Binding::new(2, &[user()], &query("title pr")),
        Binding::new(1, &[group()], &query("title pr")),
        Binding::new(1, &[user(), group()], &query("title pr")),
        Binding::new(1, &[user()], &Query::default()),
        Binding::new(1, &[user()], &query("title  pr")),
        Binding::new(1, &[user()], &sorted("title")),
        Binding::new(1, &[user()], &Query { sort_by: Some("title pr".to_owned()), ..Query::default() }),
        Binding::new(1, &[user()], &Query { descending: true, ..query("title pr") }),
    ];
    for stranger in strangers {
        assert_eq!(kind(read(&ours(), &stranger, &text, 0)), Kind::InvalidCursor);
    }
    assert_eq!(kind(read(&other, &binding, &text, 0)), Kind::InvalidCursor);
}

#[test]
fn no_other_text_is_taken() {
    let binding = Binding::new(1, &[user()], &Query::default());
    let text = write(&ours(), &binding, &cursor(None));
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(&text).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut forged = bytes.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        let forged = BASE64_URL_SAFE_NO_PAD.encode(forged);
        assert_eq!(kind(read(&ours(), &binding, &forged, 0)), Kind::InvalidCursor, "{bit}");
    }
    let long = "A".repeat(limits::CURSOR_CHARS_MAX + 1);
    for other in ["x", "VZUTiyhEQJ94IR", &text[..text.len() - 4], &format!("{text}AAAA"), &long, "é", "\0"] {
        assert_eq!(kind(read(&ours(), &binding, other, 0)), Kind::InvalidCursor, "{other}");
    }
}

#[test]
fn it_expires() {
    let binding = Binding::new(1, &[user()], &Query::default());
    let text = write(&ours(), &binding, &cursor(None));
    assert!(read(&ours(), &binding, &text, 1_000).is_ok());
    assert_eq!(kind(read(&ours(), &binding, &text, 1_001)), Kind::ExpiredCursor);
}

#[tokio::test]
async fn the_secret_stays_the_same_over_a_restart() {
    let store = Store::memory();
    let (one, two) = (Directory::new(store.clone(), Clock::System), Directory::new(store, Clock::System));
    let other = Directory::new(Store::memory(), Clock::System);
    let binding = Binding::new(1, &[user()], &Query::default());
    let text = write(secret(&one).await.unwrap(), &binding, &cursor(None));
    assert!(read(secret(&two).await.unwrap(), &binding, &text, 0).is_ok());
    assert_eq!(kind(read(secret(&other).await.unwrap(), &binding, &text, 0)), Kind::InvalidCursor);
}
