//! The recorder's bounds: what gives way, and what a flood of refusals must not push out.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use bytes::Bytes;
use hyper::header::HeaderValue;

/// An exchange with this id and status.
pub(super) fn exchange(id: &str, status: u16) -> Exchange {
    Exchange {
        id: id.to_owned(),
        time_ms: 1_700_000_000_000,
        duration: Duration::from_micros(20),
        method: "GET".to_owned(),
        target: "/tenants/acme/scim/v2/Users/1".to_owned(),
        endpoint: "/Users/{id}",
        status,
        scim_type: "",
        token: "t".to_owned(),
        address: IpAddr::from([192, 0, 2, 7]),
        user_agent: "test".to_owned(),
        used: Used::default(),
        rules: Vec::new(),
        http: Http::One,
        knock: None,
        request_headers: Vec::new(),
        request_body: redact::nothing(Fate::Whole),
        response_headers: Vec::new(),
        response_body: redact::nothing(Fate::Whole),
    }
}

const ACME: u32 = 101;
const OTHER: u32 = 102;
const NOBODY: u32 = 103;
const SMALL: u32 = 104;
const LARGE: u32 = 105;

fn large(id: &str, status: u16) -> Exchange {
    let text = Bytes::from(vec![b'x'; limits::EXCHANGE_BODY_BYTES_MAX]);
    Exchange { response_body: Kept { text, bytes: None, fate: Fate::Cut }, ..exchange(id, status) }
}

fn ids(recorder: &Recorder, tenant: u32) -> Vec<String> {
    recorder.exchanges(tenant).into_iter().map(|(_, exchange)| exchange.id.clone()).collect()
}

/// The sizes as they are kept, against the sizes as they are.
fn check(recorder: &Recorder) {
    let shelves = recorder.lock();
    let mut refused = 0;
    for (name, shelf) in &shelves.by_tenant {
        let bytes: usize = shelf.let_in.iter().map(|(_, exchange)| exchange.bytes()).sum();
        assert_eq!(bytes, shelf.bytes);
        assert!(shelves.by_size.contains(&(bytes, *name)));
        refused += shelf.refused.iter().map(|(_, exchange)| exchange.bytes()).sum::<usize>();
    }
    assert_eq!(shelves.by_size.len(), shelves.by_tenant.len());
    assert_eq!(shelves.bytes, shelves.by_tenant.values().map(|shelf| shelf.bytes).sum::<usize>());
    assert_eq!(shelves.refused_bytes, refused);
    assert!(shelves.bytes <= limits::EXCHANGES_TOTAL_BYTES_MAX);
    assert!(shelves.refused_bytes <= limits::EXCHANGES_REFUSED_TOTAL_BYTES_MAX);
}

#[test]
fn a_tenant_keeps_its_last_ones() {
    let recorder = Recorder::default();
    for number in 0..limits::EXCHANGES_MAX + 10 {
        recorder.record(ACME, exchange(&number.to_string(), 200));
    }
    recorder.record(OTHER, exchange("theirs", 200));
    let ids = ids(&recorder, ACME);
    assert_eq!((ids.len(), ids[0].as_str(), ids[ids.len() - 1].as_str()), (limits::EXCHANGES_MAX, "1009", "10"));
    assert!(recorder.find(ACME, "10").is_some() && recorder.find(ACME, "9").is_none());
    assert!(recorder.find(ACME, "theirs").is_none() && recorder.find(NOBODY, "10").is_none());
    check(&recorder);
    recorder.forget(ACME);
    assert!(recorder.exchanges(ACME).is_empty());
    check(&recorder);
}

#[test]
fn bytes_are_bounded_for_one_and_for_all() {
    let recorder = Recorder::default();
    recorder.record(SMALL, exchange("kept", 200));
    for number in 0..400 {
        recorder.record(LARGE, large(&number.to_string(), 200));
    }
    check(&recorder);
    assert!(recorder.lock().by_tenant[&LARGE].bytes <= limits::EXCHANGES_BYTES_MAX);
    assert!(ids(&recorder, LARGE).len() > 200);
    for tenant in 0..10 {
        for number in 0..250 {
            recorder.record(tenant, large(&number.to_string(), 200));
        }
    }
    check(&recorder);
    // The largest gave way, not the small one.
    assert_eq!(ids(&recorder, SMALL), ["kept"]);
    assert!((0..10).all(|tenant| ids(&recorder, tenant).len() > 100));
}

#[test]
fn refusals_push_out_only_refusals() {
    let recorder = Recorder::default();
    recorder.record(ACME, exchange("real", 404));
    for number in 0..limits::EXCHANGES_REFUSED_MAX + 50 {
        recorder.record(ACME, exchange(&format!("bad-{number}"), 401));
    }
    let all = ids(&recorder, ACME);
    assert_eq!(
        (all.len(), all[0].as_str(), all[all.len() - 1].as_str()),
        (limits::EXCHANGES_REFUSED_MAX + 1, "bad-149", "real")
    );
    check(&recorder);
    for tenant in 0..5 {
        for number in 0..limits::EXCHANGES_REFUSED_MAX {
            recorder.record(tenant, large(&number.to_string(), 401));
        }
    }
    check(&recorder);
    assert!(recorder.find(ACME, "real").is_some());
}

#[test]
fn headers_show_what_is_wrong_with_a_token() {
    let bearer = |token: &str| format!("Bearer {token}");
    for (values, expected) in [
        (vec![], Knock::NoHeader),
        (vec![bearer("a"), bearer("b")], Knock::SeveralHeaders),
        (vec!["Basic YTpi".to_owned()], Knock::OtherScheme),
        (vec!["Bearer".to_owned()], Knock::NoToken),
        (vec![bearer("Bearer abc")], Knock::NoToken),
        (vec![bearer("something-that-somebody-chose")], Knock::Token(Denied::Unknown)),
    ] {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(&value).unwrap());
        }
        assert_eq!(Knock::of(&headers, Denied::Unknown), expected, "{headers:?}");
    }
}

#[test]
fn only_whole_requests_are_replayed() {
    let body = |fate| Exchange { method: "PUT".to_owned(), request_body: redact::nothing(fate), ..exchange("1", 200) };
    for fate in [Fate::Whole, Fate::WithoutPasswords] {
        assert_eq!(body(fate).not_replayable(), None);
    }
    for fate in [Fate::Cut, Fate::LeftOut, Fate::WithoutSecrets, Fate::Unread] {
        assert!(body(fate).not_replayable().is_some());
    }
    assert!(exchange("1", 401).not_replayable().is_some());
    assert!(exchange("1", 429).not_replayable().is_some());
    assert!(Exchange { endpoint: "", ..exchange("1", 404) }.not_replayable().is_some());
}
