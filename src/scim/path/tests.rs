//! Tests of names and paths: what they resolve to, in every spelling, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::scim::samples::{self, MISSPELT, STRICT, TOLERANT};
use crate::scim::schema::{self, ENTERPRISE_USER, USER};
use expect_test::expect;
use proptest::prelude::*;
use serde_json::json;

fn named(text: &str, reading: &mut Reading<'_>) -> String {
    match find(schema::user(), text, reading) {
        Found::Attr(attr) => attr.name(),
        Found::Extension(schema) => schema.id.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn names_in_every_spelling() {
    let department = format!("{ENTERPRISE_USER}:department");
    let manager_value = format!("{ENTERPRISE_USER}:manager.value");
    let rows = [
        ("userName", "userName"),
        ("USERNAME", "userName"),
        ("name.givenname", "name.givenName"),
        ("emails.$ref", "UnknownAttribute"),
        ("id", "id"),
        ("meta.lastModified", "meta.lastModified"),
        ("externalid", "externalId"),
        (&format!("{USER}:userName"), "userName"),
        (&format!("{}:NAME.givenName", USER.to_uppercase()), "name.givenName"),
        (&format!("{USER}:id"), "id"),
        (&department, &department),
        (&department.to_uppercase(), &department),
        (&manager_value, &manager_value),
        // Microsoft's own collection writes a dot before the attribute.
        (&format!("{ENTERPRISE_USER}.manager"), &format!("{ENTERPRISE_USER}:manager")),
        ("department", &department),
        ("manager.Value", &manager_value),
        (ENTERPRISE_USER, ENTERPRISE_USER),
        (MISSPELT, ENTERPRISE_USER),
        (&format!("{MISSPELT}:department"), &department),
        (USER, "Core"),
        ("urn:example:2.0:Other:x", "UnknownSchema"),
        ("urn:", "UnknownSchema"),
        ("favouriteColour", "UnknownAttribute"),
        ("userName.first", "UnknownAttribute"),
        (&format!("{USER}:favouriteColour"), "UnknownAttribute"),
        (&format!("{USER}:"), "Malformed"),
        (&format!("{USER}:name.given.x"), "Malformed"),
        ("name.givenName.x", "Malformed"),
        ("name.", "Malformed"),
        (".name", "Malformed"),
        ("", "Malformed"),
        ("user name", "Malformed"),
        ("1name", "Malformed"),
        ("naïve", "Malformed"),
        ("übername", "Malformed"),
        ("a$b-c_d9", "UnknownAttribute"),
    ];
    for (text, expected) in rows {
        assert_eq!(named(text, &mut Reading::new(&TOLERANT)), expected, "{text}");
    }
}

#[test]
fn quirks_are_counted_or_refused() {
    let rows = [("department", "unqualified_extension"), (MISSPELT, "schema_alias"), ("userName", "")];
    for (text, quirk) in rows {
        let mut reading = Reading::new(&TOLERANT);
        named(text, &mut reading);
        assert_eq!(reading.used.names().collect::<Vec<_>>().concat(), quirk);
        let mut reading = Reading::new(&STRICT);
        assert_eq!(named(text, &mut reading) == "userName", quirk.is_empty());
        assert!(reading.used.is_empty());
    }
}

#[test]
fn values_at_a_name() {
    let user = json!({
        "name": {"givenName": "A"},
        "emails": [{"value": "a@x", "type": "work"}, {"type": "home"}, {"value": "b@x"}],
        (ENTERPRISE_USER): {"manager": {"value": "m"}},
    });
    let rows = [
        ("name.givenName", json!(["A"])),
        ("name", json!([{"givenName": "A"}])),
        ("emails.value", json!(["a@x", "b@x"])),
        ("title", json!([])),
        ("title.x", json!([])),
        ("manager.value", json!(["m"])),
        ("department", json!([])),
    ];
    for (text, expected) in rows {
        let Found::Attr(attr) = find(schema::user(), text, &mut Reading::new(&TOLERANT)) else {
            assert_eq!(expected, json!([]), "{text}");
            continue;
        };
        let values: Vec<_> = attr.values(user.as_object().unwrap()).cloned().collect();
        assert_eq!(json!(values), expected, "{text}");
    }
}

fn parsed(resource_type: &ResourceType, text: &str, reading: &mut Reading<'_>) -> String {
    match parse(resource_type, text, reading) {
        Ok(Path::Attr { attr, filter: None }) => attr.name(),
        Ok(Path::Attr { attr, filter: Some(_) }) => {
            let sub = attr.sub.map_or_else(String::new, |sub| format!(".{}", sub.name));
            format!("{}[…]{sub}", Attr { sub: None, ..attr }.name())
        }
        Ok(Path::Extension(schema)) => schema.id.clone(),
        Ok(Path::Core) => "core".to_owned(),
        Ok(Path::UnknownSchema) => "unknown schema".to_owned(),
        Err(error) => {
            assert_eq!(error.kind, Kind::InvalidPath);
            error.detail
        }
    }
}

#[test]
fn paths_of_patch() {
    let rows = [
        // RFC 7644 figure 8, its last path aside: a member has no displayName.
        ("name.familyName", "name.familyName"),
        (r#"addresses[type eq "work"]"#, "addresses[…]"),
        (r#"addresses[type eq "work"].streetAddress"#, "addresses[…].streetAddress"),
        (r#"emails[type eq "work" and value ew "example.com"]"#, "emails[…]"),
        (r#"emails[type eq"work"].Value"#, "emails[…].value"),
        (r#" Emails[ type eq "wo]rk" ].value "#, "emails[…].value"),
        (r#"emails[type eq "a\"]b"].value"#, "emails[…].value"),
        (r#"emails[type eq 'a]b'].value"#, "emails[…].value"),
        (r#"roles[primary eq "True"].value"#, "roles[…].value"),
        (r#"emails[not (type eq "work")]"#, "emails[…]"),
        (&format!(r#"{USER}:emails[value eq "urn:a:b.c"].value"#), "emails[…].value"),
        (&format!("{ENTERPRISE_USER}:department"), &format!("{ENTERPRISE_USER}:department")),
        (ENTERPRISE_USER, ENTERPRISE_USER),
        (USER, "core"),
        ("urn:example:2.0:Other:x", "unknown schema"),
        (r#"urn:example:2.0:Other:x[value eq "1"]"#, "unknown schema"),
    ];
    for (text, expected) in rows {
        assert_eq!(parsed(schema::user(), text, &mut Reading::new(&TOLERANT)), expected, "{text}");
    }
    let group = r#"members[value eq"2819c223...919d-413861904646"]"#;
    assert_eq!(parsed(schema::group(), group, &mut Reading::new(&STRICT)), "members[…]");
    assert_eq!(parsed(&samples::gadget(), r#"tags[value sw "a"]"#, &mut Reading::new(&STRICT)), "tags[…]");
}

#[test]
fn paths_that_are_none() {
    let long = format!("emails[value eq \"{}\"]", "x".repeat(limits::FILTER_BYTES_MAX));
    let deep = format!("emails[{}type pr{}]", "(".repeat(32), ")".repeat(32));
    let texts = [
        "noSuchAttribute.deep[",
        "noSuchAttribute",
        "name.",
        "emails[",
        "emails[]",
        "emails[type eq",
        r#"emails[type eq "work""#,
        r#"emails[type eq "work]"#,
        r#"emails[type eq "work"]value"#,
        r#"emails[type eq "work"]."#,
        r#"emails[type eq "work"].nope"#,
        r#"emails[type eq "work"].value.x"#,
        r#"emails[colour eq "red"].value"#,
        r#"emails[type is "work"]"#,
        r#"emails.value[type eq "work"]"#,
        r#"userName[value eq "x"].type"#,
        r#"emails[emails[type eq "work"]]"#,
        r#"ünïcode[type eq "é"]"#,
        &deep,
        &long,
    ];
    let list: Vec<_> =
        texts.iter().map(|text| parsed(schema::user(), text, &mut Reading::new(&TOLERANT)) + "\n").collect();
    expect![[r#"
        the path 'noSuchAttribute.deep[' names no attribute of any schema
        the path 'noSuchAttribute' names no attribute of any schema
        the path 'name.' is not a path
        the path 'emails[' has a bad filter: the filter is wrong at column 8, at its end: expected an attribute name
        the path 'emails[]' has a bad filter: the filter is wrong at column 8, near ']': expected an attribute name
        the path 'emails[type eq' has a bad filter: the filter is wrong at column 15, at its end: expected a value
        the path 'emails[type eq "work"' has a bad filter: the filter is wrong at column 22, at its end: expected ']'
        the path 'emails[type eq "work]' has a bad filter: the filter is wrong at column 16, near '"work]': a string without its closing quote
        the path 'emails[type eq "work"]value' goes on after ']' with something other than '.'
        the path 'emails[type eq "work"].' names no sub-attribute after the filter
        the path 'emails[type eq "work"].nope' names no sub-attribute after the filter
        the path 'emails[type eq "work"].value.x' names no sub-attribute after the filter
        the path 'emails[colour eq "red"].value' has a bad filter: the filter is wrong at column 8, near 'colour eq "red"].value': 'emails' has no 'colour'
        the path 'emails[type is "work"]' has a bad filter: the filter is wrong at column 13, near 'is "work"]': expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)
        the path 'emails.value[type eq "work"]' has a filter on what is no attribute with many values
        the path 'userName[value eq "x"].type' has a filter on what is no attribute with many values
        the path 'emails[emails[type eq "work"]]' has a bad filter: the filter is wrong at column 8, near 'emails[type eq "work"]]': 'emails' has no 'emails'
        the path 'ünïcode[type eq "é"]' has a filter on what is no attribute with many values
        the path 'emails[((((((((((((((((((((((((((((((((type pr))))))))))))))))))))))))))))))))]' has a bad filter: the filter is wrong at column 40, near 'type pr))))))))))))))))))))))))))))))))]': nested deeper than 32 levels
        the path 'emails[value eq "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…' is longer than 16384 bytes
    "#]].assert_eq(&list.concat());
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC*") {
        for resource_type in [schema::user(), schema::group()] {
            let _ = parse(resource_type, &text, &mut Reading::new(&TOLERANT));
            let _ = find(resource_type, &text, &mut Reading::new(&STRICT));
        }
    }

    #[test]
    fn any_pieces_have_an_answer(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12)) {
        let _ = parse(schema::user(), &pieces.concat(), &mut Reading::new(&TOLERANT));
        let _ = parse(&samples::gadget(), &pieces.concat(), &mut Reading::new(&STRICT));
    }
}

const PIECES: &[&str] = &[
    "emails",
    "tags",
    "[",
    "]",
    ".",
    "value",
    "type",
    " eq ",
    " pr",
    "\"x\"",
    "'",
    "\"",
    "\\",
    "é",
    "(",
    ")",
    "not",
    " or ",
    USER,
    ENTERPRISE_USER,
    ":",
    "urn:",
    "$ref",
    " ",
    "true",
    "1",
];
