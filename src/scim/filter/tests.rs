//! What filters mean, and what is refused.
#![allow(clippy::unwrap_used)]

use super::parse;
use crate::scim::dialect::tests::{LENIENT, STRICT};
use crate::scim::dialect::{Dialect, Reading};
use crate::scim::errors::{Error, Kind};
use crate::scim::schema;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn ada() -> Map<String, Value> {
    let Value::Object(object) = json!({
        "id": "a1", "externalId": "Ext-1", "userName": "Ada@Example.test", "title": "Engineer", "active": true,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [
            {"type": "work", "value": "ada@example.test", "primary": true},
            {"type": "home", "value": "home@other.test"},
        ],
        "roles": [{"value": "Admin", "primary": true}],
        "meta": {"created": "2026-01-01T00:00:00.000Z", "lastModified": "2026-02-01T10:00:00.000Z"},
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D", "manager": {"value": "m1"}},
    }) else {
        unreachable!()
    };
    object
}

fn try_match(dialect: &Dialect, text: &str) -> Result<bool, Error> {
    let filter = parse(schema::user(), text, &mut Reading::new(dialect))?;
    assert_eq!(filter.unknown, None, "{text}");
    Ok(filter.expr.matches(&ada()))
}

#[test]
fn the_rfc_s_filters_mean_what_the_rfc_says() {
    for (text, expected) in [
        (r#"userName eq "ada@EXAMPLE.test""#, true),
        (r#"USERNAME EQ "ada@example.test""#, true),
        (r#"externalId eq "ext-1""#, false),
        (r#"externalId eq "Ext-1""#, true),
        (r#"userName ne "bob""#, true),
        (r#"nickName ne "bob""#, true),
        (r#"name.familyName co "LACE""#, true),
        (r#"userName sw "ada@" and userName ew ".test""#, true),
        (r#"title pr and not (nickName pr)"#, true),
        (r#"title eq null"#, false),
        (r#"nickName eq null"#, true),
        (r#"title gt "Driver" and title le "engineer""#, true),
        (r#"meta.lastModified gt "2026-01-15T00:00:00Z""#, true),
        (r#"meta.lastModified ge "2026-02-01T11:00:00+01:00""#, true),
        (r#"meta.created lt "2025-12-31T23:59:59Z""#, false),
        (r#"emails eq "home@other.test""#, true),
        (r#"emails.type eq "work""#, true),
        (r#"emails[type eq "work" and value co "@other"]"#, false),
        (r#"emails[type eq "home" and value co "@other"]"#, true),
        (r#"active eq true"#, true),
        (r#"active ne true"#, false),
        // `and` binds stronger than `or`.
        (r#"title eq "x" and title eq "y" or active eq true"#, true),
        (r#"title eq "x" and (title eq "y" or active eq true)"#, false),
        (r#"not (title eq "x") and not(active eq false)"#, true),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ADA""#, true),
        (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "r&d""#, true),
        (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:manager.value eq "m1""#, true),
        (r#"title eq "a\"b]c""#, false),
    ] {
        assert_eq!(try_match(&STRICT, text).unwrap(), expected, "{text}");
        assert_eq!(try_match(&LENIENT, text).unwrap(), expected, "{text}");
    }
}

#[test]
fn what_identity_providers_add_is_taken_or_refused_as_the_dialect_has_it() {
    for (text, expected) in [
        (r#"emails[type eq "work"].value eq "ADA@example.test""#, true),
        (r#"emails[type eq "home"].value eq "ada@example.test""#, false),
        (r#"emails[type eq "work"].value pr"#, true),
        (r#"emails[type eq "work"].value eq "ada@example.test" and active eq true"#, true),
        ("userName eq Ada@Example.test", true),
        ("userName eq 'ada@example.test'", true),
        ("(title eq engineer)", true),
        (r#"active eq "True""#, true),
        (r#"roles[primary eq "True"]"#, true),
        (r#"manager eq "m1""#, true),
        (r#"department eq "R&D""#, true),
    ] {
        assert_eq!(try_match(&LENIENT, text).unwrap(), expected, "{text}");
        let mut reading = Reading::new(&STRICT);
        let strict = parse(schema::user(), text, &mut reading);
        assert!(strict.is_err() || strict.unwrap().unknown.is_some(), "{text}");
    }
}

#[test]
fn malformed_filters_are_refused_with_their_place() {
    for text in [
        "",
        " ",
        "userName",
        "userName eq",
        r#"userName xx "a""#,
        r#"userName eq "a"#,
        r#"userName eq "a" and"#,
        r#"(userName eq "a""#,
        r#"userName eq "a")"#,
        r#"emails[type eq "work""#,
        r#"emails[nope eq "x"]"#,
        r#"emails[type eq "a"].nope eq "x""#,
        r#"active gt true"#,
        r#"active co "tr""#,
        r#"active eq "maybe""#,
        r#"meta.created gt "yesterday""#,
        r#"name eq "x""#,
        r#"title[value eq "x"]"#,
        r#"title gt null"#,
        r#"userName eq "a" userName eq "b""#,
        r#"9name eq "x""#,
        r#"emails[emails[type eq "a"]]"#,
        r#"x509Certificates.value gt "AA==""#,
    ] {
        let error = parse(schema::user(), text, &mut Reading::new(&LENIENT)).unwrap_err();
        assert_eq!(error.kind, Kind::InvalidFilter, "{text}: {error}");
        assert!(error.detail.contains("column"), "{text}: {error}");
    }
    let filter = parse(schema::user(), r#"title pr or nope.x eq "1""#, &mut Reading::new(&LENIENT)).unwrap();
    assert_eq!(filter.unknown.as_deref(), Some("nope.x"));
}

/// A nested filter ended several servers by overflowing their stack, one of them while it dropped what it had parsed.
#[test]
fn nesting_and_size_are_bounded_on_a_small_stack() {
    let run = || {
        let refused = |text: &str| {
            assert_eq!(try_match(&LENIENT, text).unwrap_err().kind, Kind::InvalidFilter);
        };
        let nest = |depth: usize| format!("{}title pr{}", "(".repeat(depth), ")".repeat(depth));
        assert!(try_match(&LENIENT, &nest(crate::limits::FILTER_DEPTH_MAX)).unwrap());
        for depth in [crate::limits::FILTER_DEPTH_MAX + 1, 1_000, 1_000_000] {
            refused(&nest(depth));
            refused(&"(".repeat(depth));
            refused(&"not (".repeat(depth));
            refused(&format!("{}!", nest(depth)));
        }
        refused(&"emails[".repeat(100_000));
        refused(&format!("title eq \"{}\"", "x".repeat(60_000)));
        refused(&vec!["title pr"; 10_000].join(" or "));
        assert!(try_match(&LENIENT, &vec!["title pr"; crate::limits::FILTER_TERMS_MAX].join(" or ")).unwrap());
    };
    std::thread::Builder::new().stack_size(512 * 1024).spawn(run).unwrap().join().unwrap();
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[ -~é\\n]{0,80}") {
        let _ = parse(schema::user(), &text, &mut Reading::new(&LENIENT));
        let _ = crate::scim::path::parse(schema::user(), &text, &mut Reading::new(&LENIENT));
        let _ = crate::scim::query::from_url(&text);
        let _ = crate::scim::json::parse(text.as_bytes());
    }

    #[test]
    fn no_soup_of_tokens_makes_the_parser_panic(
        tokens in prop::collection::vec(
            prop::sample::select(vec!["emails", "[", "]", "(", ")", "type", "eq", "\"work\"", "and", "or", "not", ".value", "pr", "é", "\"", "true"]),
            0..20,
        ),
    ) {
        let _ = parse(schema::user(), &tokens.join(" "), &mut Reading::new(&LENIENT));
        let _ = crate::scim::path::parse(schema::user(), &tokens.concat(), &mut Reading::new(&LENIENT));
    }
}
