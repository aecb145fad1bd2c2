//! Tests of the log settings: which levels are taken, and when a line is JSON.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Format, as_json, check_level};

#[test]
fn levels_and_targets_are_taken() {
    for good in ["info", "OFF", "warn,scimd::store=debug", "info,hyper=off", "scimd[span]=trace"] {
        assert_eq!(check_level(good), Ok(()), "{good}");
    }
}

#[test]
fn a_misspelt_level_is_refused_by_name() {
    for (bad, named) in [
        ("verbos", "verbos"),
        ("", "\"\""),
        ("info,scimd=loud", "scimd=loud"),
        ("3", "\"3\""),
        ("info, hyper=off", "info, hyper=off"),
    ] {
        let problem = check_level(bad).unwrap_err();
        assert!(problem.contains(named), "{problem}");
    }
}

#[test]
fn auto_is_text_on_a_terminal_only() {
    assert!(!as_json(Format::Auto, true));
    assert!(as_json(Format::Auto, false));
    assert!(!as_json(Format::Text, false));
    assert!(as_json(Format::Json, true));
}
