//! Names that are meant, and names that become others.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn patterns(include: &[&str], exclude: &[&str]) -> Patterns {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    Patterns::new(&owned(include), &owned(exclude)).unwrap()
}

#[test]
fn names_are_included_and_excluded_whole() {
    let all = patterns(&[], &[]);
    assert!(all.admits("anything") && all.admits("") && all.is_empty());
    let some = patterns(&["eng-.*", "ops"], &["eng-secret.*"]);
    for (name, admitted) in [
        ("eng-core", true),
        ("ENG-Core", true),
        ("ops", true),
        ("devops", false),
        ("ops2", false),
        ("eng-secret-1", false),
        ("Eng-Secret", false),
        ("other", false),
        ("", false),
    ] {
        assert_eq!(some.admits(name), admitted, "{name}");
    }
    assert!(!patterns(&[], &["a|b"]).admits("B"));
    assert!(patterns(&[], &["a|b"]).admits("ab"));
}

#[test]
fn a_name_that_is_too_long_is_not_meant() {
    let longest = "x".repeat(limits::MAPPING_PATTERN_TEXT_BYTES_MAX);
    assert!(patterns(&[], &[]).admits(&longest));
    assert!(!patterns(&[], &[]).admits(&format!("{longest}x")));
}

#[test]
fn a_wrong_pattern_is_named() {
    let wrong = Patterns::new(&["a".to_owned(), "b(".to_owned()], &[]).unwrap_err();
    assert_eq!(wrong.column, 2);
    assert!(wrong.why.contains("'b('") && wrong.why.contains("unclosed group"), "{wrong}");
    let many = vec!["a".to_owned(); limits::PATTERNS_MAX + 1];
    assert!(Patterns::new(&[], &many).unwrap_err().why.contains("more than"));
    let long = Patterns::new(&["x".repeat(limits::MAPPING_PATTERN_BYTES_MAX + 1)], &[]).unwrap_err();
    assert!(long.why.len() < 400, "{long}");
}

#[test]
fn names_become_others() {
    for (pattern, replacement, name, other) in [
        ("^(.*)@example\\.com$", "$1", "ada@example.com", "ada"),
        ("^(.*)@example\\.com$", "$1", "ada@EXAMPLE.com", "ada@EXAMPLE.com"),
        ("(?i)^(.*)@example\\.com$", "$1", "ada@EXAMPLE.com", "ada"),
        ("^", "corp-", "staff", "corp-staff"),
        (" ", "-", "a b c", "a-b-c"),
        ("^(?<dept>[^/]+)/(?<team>.+)$", "${team} (${dept})", "R&D/Core", "Core (R&D)"),
        ("x", "y", "none", "none"),
    ] {
        assert_eq!(Rename::new(pattern, replacement).unwrap().apply(name).unwrap(), other);
    }
}

#[test]
fn what_cannot_rename_says_so() {
    assert!(Rename::new("(", "").unwrap_err().why.contains("unclosed group"));
    assert!(Rename::new("a", "${b}").unwrap_err().why.contains("no group 'b'"));
    assert!(Rename::new("(a)", "$1$2x").unwrap_err().why.contains("no group '2'"));
    assert_eq!(Rename::new("(a)", "$$2$1").unwrap().apply("a").unwrap(), "$2a");
    assert!(Rename::new("a", &"x".repeat(limits::MAPPING_PATTERN_BYTES_MAX + 1)).is_err());
    let rename = Rename::new("x", &"y".repeat(1_000)).unwrap();
    assert!(rename.apply(&"x".repeat(limits::MAPPING_PATTERN_TEXT_BYTES_MAX)).is_err());
    assert!(rename.apply(&"x".repeat(limits::MAPPING_PATTERN_TEXT_BYTES_MAX + 1)).is_err());
}
