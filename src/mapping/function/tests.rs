//! What the functions give: a table of expressions over small resources. The reference's own examples are in it, typed anew.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::mapping::expression::Expression;
use crate::mapping::samples;
use serde_json::Value;
use std::collections::BTreeSet;

mod cases;
mod dates;
mod refusals;

/// An expression, the attributes of a resource as JSON, and the result as JSON; or `fails N` for a failure at column N.
pub(super) type Case = (&'static str, &'static str, &'static str);

fn run(cases: &[Case]) -> Vec<String> {
    let source = samples::source();
    let mut wrong = Vec::new();
    for (text, attributes, expected) in cases {
        let expression = match Expression::parse(text) {
            Ok(expression) => expression,
            Err(error) => {
                wrong.push(format!("{text}: {error}"));
                continue;
            }
        };
        if let Err(error) = expression.check(&source, None) {
            wrong.push(format!("{text}: {error}"));
        }
        let resource = samples::resource(&source, attributes);
        let found = match expression.evaluate(&resource, &source, samples::NOW_MS) {
            Ok(value) => value.to_string(),
            Err(failure) => format!("fails {}", failure.column),
        };
        let expected = match expected.starts_with("fails") {
            true => (*expected).to_owned(),
            false => serde_json::from_str::<Value>(expected).expect(expected).to_string(),
        };
        if found != expected {
            wrong.push(format!("{text} of {attributes}: {found}, not {expected}"));
        }
        // What prints is the same expression.
        let printed = expression.to_string();
        if Expression::parse(&printed).as_ref() != Ok(&expression) {
            wrong.push(format!("{text} prints as {printed}"));
        }
    }
    wrong
}

#[test]
fn functions_give_what_the_reference_says() {
    let wrong = run(cases::CASES);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases::CASES.len() >= 150, "{}", cases::CASES.len());
}

#[test]
fn dates_are_what_the_reference_says() {
    let wrong = run(dates::CASES);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_wrong_is_told_at_its_column() {
    let source = samples::source();
    let mut wrong = Vec::new();
    for (text, column, why) in refusals::CASES {
        let refused = Expression::parse(text).and_then(|expression| expression.check(&source, None)).err();
        let is_right = refused.as_ref().is_some_and(|error| error.column == *column && error.why.contains(why));
        if !is_right {
            wrong.push(format!("{text}: {refused:?}, not {column}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_function_has_a_case_and_an_example_that_checks() {
    let source = crate::scim::schema::user();
    let texts = || cases::CASES.iter().chain(dates::CASES).map(|(text, ..)| *text);
    let mut names = BTreeSet::new();
    for function in functions() {
        let call = format!("{}(", function.name);
        assert!(texts().filter(|text| text.contains(&call)).count() >= 2, "{} has no cases", function.name);
        assert!(!function.about.is_empty() && function.about.ends_with('.'), "{}", function.name);
        let example = Expression::parse(function.example).expect(function.example);
        assert_eq!(example.check(source, None).err(), None, "{}", function.example);
        assert_eq!(example.to_string(), function.example);
        assert!(function.example.contains(&call), "{}", function.example);
        assert!(names.insert(function.name.to_ascii_lowercase()), "{} is there twice", function.name);
    }
}

#[test]
fn the_readme_has_every_function() {
    let readme = include_str!("../../../README.md");
    for function in functions() {
        let row = format!("| `{}` | {} |", function.signature(), function.about);
        assert!(readme.contains(&row), "the README lacks {row}");
    }
    for (name, _) in refused::REFUSED {
        assert!(readme.contains(&format!("`{name}`")), "the README does not say that there is no {name}");
    }
}

#[test]
fn names_are_read_in_any_case_and_printed_in_one() {
    let expression = Expression::parse("tolower( JOIN(\"\",[userName] , [title]))").unwrap();
    assert_eq!(expression.to_string(), "ToLower(Join(\"\", [userName], [title]))");
}

#[test]
fn signatures_show_what_may_be_left_out_and_what_repeats() {
    assert_eq!(find("switch").unwrap().signature(), "Switch(source, [defaultValue], key, [value], ...)");
    assert_eq!(find("Now").unwrap().signature(), "Now()");
}
