//! Tests of times and periods on the command line.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use super::{duration, moment, period, timestamp};
use crate::clock;

#[test]
fn periods_add_up() {
    let seconds = |text: &str| period(text).unwrap().as_secs();
    assert_eq!(seconds("0"), 0);
    assert_eq!(seconds("30s"), 30);
    assert_eq!(seconds("10m"), 600);
    assert_eq!(seconds("24h"), 86_400);
    assert_eq!(seconds("90d"), 90 * 86_400);
    assert_eq!(seconds("2w"), 14 * 86_400);
    assert_eq!(seconds("1d12h"), 36 * 3_600);
}

#[test]
fn what_is_no_period_is_refused() {
    for text in ["", "5", "h", "1d5", "-1h", "1.5h", "1 h", "1y", "99999999999999999999d", "9999999999999d", "１h"] {
        assert!(period(text).unwrap_err().contains("is not a time such as"), "{text}");
    }
}

#[test]
fn a_moment_is_a_time_a_day_or_a_period_ago() {
    assert_eq!(moment("1970-01-01T00:00:01.5Z").unwrap(), 1_500);
    assert_eq!(moment("1970-01-01T01:00:00+01:00").unwrap(), 0);
    assert_eq!(moment("1970-01-02").unwrap(), 86_400_000);
    assert!(moment("1h").unwrap() <= clock::now_ms() - 3_600_000);
    assert!(moment("yesterday").is_err());
}

#[test]
fn the_admin_plane_gets_seconds_and_nanoseconds() {
    let sent = duration(Duration::from_millis(1_500));
    assert_eq!((sent.seconds, sent.nanos), (1, 500_000_000));
    let sent = timestamp(-500);
    assert_eq!((sent.seconds, sent.nanos), (-1, 500_000_000));
}
