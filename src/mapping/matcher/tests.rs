//! What .NET's patterns become, and what they cost.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;

fn replaced(pattern: &str, replacement: &str, text: &str) -> String {
    let mut budget = Budget::new(limits::MAPPING_STEPS_MAX);
    Matcher::new(pattern).unwrap().replace(text, replacement, 1, &mut budget).unwrap()
}

#[test]
fn patterns_of_dotnet_are_read_as_it_reads_them() {
    for (pattern, rust_pattern) in [
        (r"[[\]]", r"[\[\]]"),
        (r"[]a]", r"[\]a]"),
        (r"[^]a]", r"[^\]a]"),
        (r"[a&&b]", r"[a\&&b]"),
        (r"\<a\>[\<]", r"<a>[<]"),
        (r"a\Z", r"a\z"),
        (r"\[[\w.]+\]", r"\[[\w.]+\]"),
        (r"\\", r"\\"),
    ] {
        assert_eq!(rust(pattern), rust_pattern);
    }
    assert_eq!(replaced("(?<x>a)(b)", "$1-$2-${x}-${1}", "ab"), "b-a-a-b");
    assert_eq!(replaced("(b)?a", "[$1]", "a"), "[]");
    assert_eq!(replaced("a", "${", "a"), "${");
    assert_eq!(replaced("a", "${nope}$", "a"), "${nope}$");
    assert_eq!(replaced("a", "$&$&$$", "a"), "aa$");
}

#[test]
fn a_name_in_a_replacement_must_be_a_groups() {
    let matcher = Matcher::new("(?<x>a)(b)").unwrap();
    for (replacement, unknown) in
        [("${x}${1}${2}$$", None), ("${y}", Some("y")), ("${3}", Some("3")), ("$${y}", None), ("${}", None)]
    {
        assert_eq!(matcher.unknown_group(replacement).as_deref(), unknown, "{replacement}");
    }
}

#[test]
fn a_whole_name_matches_in_any_case() {
    let matcher = Matcher::taken("eng|ops", Manner::Whole).unwrap();
    assert!(matcher.matches("ENG") && matcher.matches("ops"));
    assert!(!matcher.matches("engineers") && !matcher.matches("devops"));
}

#[test]
fn searches_take_steps_and_stop() {
    let matcher = Matcher::new("a").unwrap();
    let long = "b".repeat(limits::MAPPING_PATTERN_TEXT_BYTES_MAX + 1);
    let mut budget = Budget::new(limits::MAPPING_STEPS_MAX);
    assert!(matcher.replace(&long, "", 7, &mut budget).unwrap_err().why.contains("longer than"));
    let mut budget = Budget::new(1_000);
    let failure = matcher.replace(&"a".repeat(100), "", 7, &mut budget).unwrap_err();
    assert_eq!((failure.column, failure.why.contains("more work"), budget.left()), (7, true, 0));
}

#[test]
fn what_is_wrong_is_one_line() {
    for (pattern, why) in [
        ("(", "unclosed group"),
        ("(?<=a)b", "look-around"),
        (r"(a)\1", "backreferences"),
        (r"\w{900}", "needs more than"),
    ] {
        let error = Matcher::new(pattern).unwrap_err();
        assert!(error.contains(why) && !error.contains('\n'), "{error}");
    }
}

proptest! {
    #[test]
    fn no_pattern_makes_the_reader_panic(pattern in any::<String>(), text in any::<String>(), replacement in any::<String>()) {
        if let Ok(matcher) = Matcher::new(&pattern) {
            let mut budget = Budget::new(limits::MAPPING_STEPS_MAX);
            let _ = matcher.replace(&text, &replacement, 1, &mut budget);
        }
    }

    #[test]
    fn patterns_of_pieces_do_not_either(
        pieces in prop::collection::vec(prop::sample::select(vec!["a", "[", "]", "^", "(", ")", "?<n>", "|", "*", "\\", "d", "&&", "-", "{2}", "."]), 0..9),
        text in "[ab&\\[\\]-]{0,9}",
    ) {
        if let Ok(matcher) = Matcher::new(&pieces.concat()) {
            let mut budget = Budget::new(limits::MAPPING_STEPS_MAX);
            let same = matcher.replace(&text, "$&", 1, &mut budget);
            prop_assert!(same.is_err() || same.unwrap() == text);
        }
    }
}
