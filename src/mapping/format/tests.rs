//! Formats written and read again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;

/// 0001-01-01 and the last millisecond of 9999.
const FIRST_MS: i64 = -62_135_596_800_000;
const LAST_MS: i64 = 253_402_300_799_999;

fn format(text: &str) -> Format {
    Format::new(text).unwrap()
}

#[test]
fn the_ends_of_time_are_the_years_1_and_9999() {
    assert_eq!(general(FIRST_MS), "1/1/0001 12:00:00 AM");
    assert_eq!(general(LAST_MS), "12/31/9999 11:59:59 PM");
    assert!(civil(FIRST_MS - 1).is_none() && civil(LAST_MS + 1).is_none());
    assert_eq!((civil(i64::MIN), civil(i64::MAX)), (None, None));
    assert_eq!(general(i64::MAX), "");
}

#[test]
fn formats_that_are_wrong_say_so() {
    for (text, why) in [
        ("", "empty"),
        ("d", "standard"),
        ("yyy", "too often"),
        ("hhh", "too often"),
        ("fffffffff", "too often"),
        ("gg", "eras"),
        ("'a", "not closed"),
        ("a\\", "backslash"),
    ] {
        let error = Format::new(text).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn texts_of_another_format_are_no_dates() {
    for (pattern, text) in [
        ("yyyy-MM-dd", "2021-13-01"),
        ("yyyy-MM-dd", "2021-00-01"),
        ("yyyy-MM-dd", "21-01-01"),
        ("yyyy-MM-dd", "2021-01-01x"),
        ("HH:mm", "24:00"),
        ("hh:mm tt", "13:00 PM"),
        ("hh:mm tt", "12:00 XM"),
        ("HH:mm:ss.ff", "10:00:00.1"),
        ("HH:mmzzz", "10:00+15:00"),
        ("HH:mmzzz", "10:00+01:60"),
        ("HH:mmzzz", "10:0001:00"),
        ("MMM d yyyy", "Foo 1 2021"),
        ("ss", "60"),
    ] {
        assert_eq!(format(pattern).parse(text, 0), None, "{text}");
    }
    for text in ["", "2021", "2021-02-30", "1/32/2021", "é", "2021-01-01T25:00:00Z", "0000-01-01", &"1".repeat(99)] {
        assert_eq!(parse_any(text), None, "{text}");
    }
}

#[test]
fn offsets_of_every_form_count() {
    let hour = format("yyyy-MM-dd HHzzz").parse("2021-01-01 10+02:00", 0).unwrap();
    assert_eq!(format("yyyy-MM-dd HHzz").parse("2021-01-01 10+02", 0), Some(hour));
    assert_eq!(format("yyyy-MM-dd HHz").parse("2021-01-01 10+2", 0), Some(hour));
    assert_eq!(format("yyyy-MM-dd HHK").parse("2021-01-01 08Z", 0), Some(hour));
    assert_eq!(format("yyyy-MM-dd HHK").parse("2021-01-01 08", 0), Some(hour));
    assert_eq!(format("z zz zzz K").write(hour).unwrap(), "+0 +00 +00:00 Z");
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(ms in FIRST_MS..=LAST_MS) {
        for text in ["yyyy-MM-ddTHH:mm:ss.fffK", "M/d/yyyy h:m:s.FFF tt", "dddd, dd MMMM yyyy HH:mm:ss.fffffff zzz"] {
            let format = format(text);
            prop_assert_eq!(format.parse(&format.write(ms).unwrap(), 0), Some(ms));
        }
        prop_assert_eq!(parse_any(&general(ms)), Some(ms.div_euclid(1_000) * 1_000));
    }

    #[test]
    fn nothing_panics(text in any::<String>(), pattern in "[yMdHhmsftzFK:/ .'-]{0,12}", ms in any::<i64>()) {
        parse_any(&text);
        if let Ok(format) = Format::new(&pattern) {
            format.parse(&text, ms);
            format.write(ms);
        }
    }
}
