//! Tests of times as text: tables, and random times against jiff.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

#[test]
fn formats() {
    let rows = [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_799_999, "2000-02-29T23:59:59.999Z"),
        (1_709_251_199_000, "2024-02-29T23:59:59.000Z"),
        (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (FIRST_MS, "0000-01-01T00:00:00.000Z"),
        (LAST_MS, "9999-12-31T23:59:59.999Z"),
    ];
    for (ms, text) in rows {
        assert_eq!(format_ms(ms), text);
        assert_eq!(parse_ms(text), Some(ms));
    }
    assert_eq!(format_ms(i64::MIN), format_ms(FIRST_MS));
    assert_eq!(format_ms(i64::MAX), format_ms(LAST_MS));
    let mut out = b"W/".to_vec();
    write_ms(&mut out, 0);
    assert_eq!(out, b"W/1970-01-01T00:00:00.000Z");
}

#[test]
fn accepts() {
    let rows = [
        // The example of RFC 7643 section 2.3.5, and those of RFC 3339 section 5.8 that are no leap seconds.
        ("2008-01-23T04:56:22Z", "2008-01-23T04:56:22.000Z"),
        ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z"),
        ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000Z"),
        ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"),
        // .NET's seven digits and Go's nine; the fourth digit on is dropped.
        ("2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00.123Z"),
        ("2026-01-01T00:00:00.123999999Z", "2026-01-01T00:00:00.123Z"),
        ("2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.100Z"),
        ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
        ("2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00.000Z"),
        ("2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00.000Z"),
        ("2026-01-01T00:00:00-14:00", "2026-01-01T14:00:00.000Z"),
        ("2026-01-01T05:45:00.5+05:45", "2026-01-01T00:00:00.500Z"),
        ("2026-12-31T24:00:00Z", "2027-01-01T00:00:00.000Z"),
        ("2024-02-28T24:00:00.000+01:00", "2024-02-28T23:00:00.000Z"),
        ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999Z"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
    ];
    for (text, utc) in rows {
        assert_eq!(parse_ms(text).map(format_ms).as_deref(), Some(utc), "{text}");
    }
}

#[test]
fn refuses() {
    let rows = [
        "",
        "Z",
        "2026-01-01",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.123",
        "2026-01-01 00:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-01-01T00:00:00z",
        "20260101T000000Z",
        " 2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z ",
        "2026-01-01T00:00:00ZZ",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00,5Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00.12a4Z",
        "2026-01-01T00:00:00+1400",
        "2026-01-01T00:00:00+14",
        "2026-01-01T00:00:00+14:01",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00+01:00Z",
        "2026-01-01T00:00:00\u{2212}01:00",
        "2026-01-01T00:00:00Z[Etc/UTC]",
        "2026-01-01T00:00:00+01:00[Europe/Berlin]",
        // Days and times that do not exist.
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-01T24:00:01Z",
        "2026-01-01T24:00:00.001Z",
        "2026-01-01T24:00:00.000000001Z",
        "2026-01-01T24:01:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:60:00Z",
        // Leap seconds, also the real ones.
        "2026-01-01T00:00:60Z",
        "2016-12-31T23:59:60Z",
        "1990-12-31T15:59:60-08:00",
        // Years beyond four digits, written or reached.
        "-0001-01-01T00:00:00Z",
        "12026-01-01T00:00:00Z",
        "+2026-01-01T00:00:00Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T24:00:00Z",
        "9999-12-31T23:59:59-00:01",
        "٢٠٢٦-01-01T00:00:00Z",
    ];
    for text in rows {
        assert_eq!(parse_ms(text), None, "{text:?}");
    }
}

proptest! {
    #[test]
    fn round_trip(ms in FIRST_MS..=LAST_MS) {
        prop_assert_eq!(parse_ms(&format_ms(ms)), Some(ms));
    }

    /// jiff ends a day before year 9999 does, so the last two days are left to the table above.
    #[test]
    fn agrees_with_jiff(ms in FIRST_MS..LAST_MS - 2 * DAY_MS) {
        prop_assert_eq!(format_ms(ms), format!("{:.3}", Timestamp::from_millisecond(ms).unwrap()));
    }

    #[test]
    fn sorts_as_it_reads(one in FIRST_MS..=LAST_MS, other in FIRST_MS..=LAST_MS) {
        prop_assert_eq!(format_ms(one).cmp(&format_ms(other)), one.cmp(&other));
    }

    /// Bytes that nearly spell a time neither panic nor give a time that cannot be written.
    #[test]
    fn nearly_times(text in "[0-9]{3,5}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,11})?(Z|[+-][0-9]{2}:[0-9]{2})?") {
        if let Some(ms) = parse_ms(&text) {
            prop_assert_eq!(parse_ms(&format_ms(ms)), Some(ms));
        }
    }

    #[test]
    fn any_text(text in any::<String>()) {
        parse_ms(&text);
    }
}
