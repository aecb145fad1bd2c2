//! Who may try how often.
#![allow(clippy::unwrap_used)]

use super::Failures;
use crate::limits;
use std::net::IpAddr;
use std::time::Duration;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn an_address_has_a_few_failures_and_gets_them_back_one_by_one() {
    let failures = Failures::default();
    let (now, here) = (Duration::from_secs(1), address("192.0.2.1"));
    for n in 0..limits::APPLICATION_FAILURES_OF_ADDRESS_MAX {
        // Another name each time does not help.
        assert!(failures.attempt_at(now, here, &format!("n{n}")).is_ok(), "{n}");
    }
    let pause = Duration::from_millis(limits::APPLICATION_FAILURE_OF_ADDRESS_MS);
    assert_eq!(failures.attempt_at(now, here, "x").map(drop), Err(pause));
    assert!(failures.attempt_at(now, address("192.0.2.2"), "x").is_ok());
    assert!(failures.attempt_at(now + pause, here, "x").is_ok());
    assert!(failures.attempt_at(now + pause, here, "x").is_err());
}

#[test]
fn a_success_costs_nothing() {
    let failures = Failures::default();
    let here = address("192.0.2.1");
    for _ in 0..1_000 {
        failures.attempt_at(Duration::ZERO, here, "jira").unwrap().succeeded();
    }
}

#[test]
fn a_name_has_an_end_too_from_however_many_addresses() {
    let failures = Failures::default();
    for n in 0..limits::APPLICATION_FAILURES_OF_NAME_MAX {
        let from = address(&format!("192.0.{}.{}", n / 250, n % 250));
        assert!(failures.attempt_at(Duration::ZERO, from, "jira").is_ok());
    }
    let (fresh, pause) = (address("198.51.100.1"), Duration::from_millis(limits::APPLICATION_FAILURE_OF_NAME_MS));
    for _ in 0..100 {
        // What the name refuses does not count against the address.
        assert_eq!(failures.attempt_at(Duration::ZERO, fresh, "jira").map(drop), Err(pause));
    }
    let other =
        (0..).map(|n| format!("other{n}")).find(|name| failures.attempt_at(Duration::ZERO, fresh, name).is_ok());
    assert!(other.is_some());
}

#[test]
fn whoever_has_a_network_has_one_count() {
    let failures = Failures::default();
    for n in 0..limits::APPLICATION_FAILURES_OF_ADDRESS_MAX {
        assert!(failures.attempt_at(Duration::ZERO, address(&format!("2001:db8::{n}")), &n.to_string()).is_ok());
    }
    assert!(failures.attempt_at(Duration::ZERO, address("2001:db8::ffff:1"), "x").is_err());
    assert!(failures.attempt_at(Duration::ZERO, address("2001:db8:0:1::1"), "x").is_ok());
    // An IPv4 address on an IPv6 socket is the IPv4 address.
    for n in 0..limits::APPLICATION_FAILURES_OF_ADDRESS_MAX {
        assert!(failures.attempt_at(Duration::ZERO, address("::ffff:192.0.2.9"), &n.to_string()).is_ok());
    }
    assert!(failures.attempt_at(Duration::ZERO, address("192.0.2.9"), "y").is_err());
    assert!(failures.attempt_at(Duration::ZERO, address("::ffff:192.0.2.10"), "y").is_ok());
}
