//! Tests of IP networks: what parses, and who is inside.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::Network;

fn inside(network: &str, peer: &str) -> bool {
    network.parse::<Network>().unwrap().contains(peer.parse().unwrap())
}

#[test]
fn membership_follows_the_prefix() {
    assert!(inside("10.0.0.0/8", "10.255.0.1"));
    assert!(!inside("10.0.0.0/8", "11.0.0.1"));
    assert!(inside("0.0.0.0/0", "203.0.113.9"));
    assert!(inside("192.0.2.7", "192.0.2.7"));
    assert!(!inside("192.0.2.7", "192.0.2.8"));
    assert!(inside("::/0", "2001:db8::1"));
    assert!(inside("fd00::/8", "fd12::1"));
    assert!(!inside("fd00::/8", "fe80::1"));
}

#[test]
fn an_ipv4_peer_on_an_ipv6_socket_is_an_ipv4_peer() {
    assert!(inside("10.0.0.0/8", "::ffff:10.1.2.3"));
    assert!(!inside("::/0", "::ffff:10.1.2.3"));
    assert!(!inside("0.0.0.0/0", "::1"));
}

#[test]
fn slips_are_refused() {
    for bad in
        ["", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/", "10.0.0.1/8", "fd00::1/8", "::/129", "proxy.local", "10.0.0"]
    {
        assert!(bad.parse::<Network>().is_err(), "{bad}");
    }
}

#[test]
fn networks_print_as_they_parse() {
    for text in ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32", "::1/128"] {
        assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
    }
}
