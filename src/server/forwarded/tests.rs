//! Who is believed, and how far.
#![allow(clippy::unwrap_used)]

use super::{client, origin};
use crate::directory::network::Network;
use hyper::HeaderMap;
use hyper::header::HeaderName;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::from_static(name), value.parse().unwrap());
    }
    headers
}

fn trusted() -> Vec<Network> {
    ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).to_vec()
}

#[test]
fn the_client_is_the_last_one_that_no_trusted_proxy_vouches_for() {
    for (peer, forwarded, client_is) in [
        ("192.0.2.1", vec!["198.51.100.7"], "192.0.2.1"),
        ("10.0.0.1", vec![], "10.0.0.1"),
        ("10.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", vec!["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", vec!["203.0.113.9, 198.51.100.7, 10.1.1.1"], "198.51.100.7"),
        ("10.0.0.1", vec!["203.0.113.9", "198.51.100.7", "10.1.1.1"], "198.51.100.7"),
        ("10.0.0.1", vec!["203.0.113.9, unknown"], "10.0.0.1"),
        ("::ffff:10.0.0.1", vec!["2001:db8::1"], "2001:db8::1"),
        ("::ffff:192.0.2.1", vec![], "192.0.2.1"),
    ] {
        let pairs: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
        let found = client(peer.parse().unwrap(), &headers(&pairs), &trusted());
        assert_eq!(found.to_string(), client_is, "{peer} {forwarded:?}");
    }
}

#[test]
fn the_origin_is_a_trusted_proxys_word_alone() {
    let both = headers(&[("x-forwarded-host", "scim.example.com"), ("x-forwarded-proto", "http")]);
    assert_eq!(origin("10.0.0.1".parse().unwrap(), &both, &trusted()).unwrap(), "http://scim.example.com");
    assert_eq!(origin("192.0.2.1".parse().unwrap(), &both, &trusted()), None);
    let evil = headers(&[("x-forwarded-host", "scim.example.com/evil")]);
    assert_eq!(origin("10.0.0.1".parse().unwrap(), &evil, &trusted()), None);
}
