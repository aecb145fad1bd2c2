//! The two forms say the same.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::super::xml;
use super::{from_json, from_xml};
use crate::directory::sight::search::{Match, Property, Restriction, Test};
use serde_json::json;

fn read(text: &str) -> Result<Restriction, String> {
    from_xml(&xml::parse(text.as_bytes()).unwrap())
}

fn property(name: &str, mode: &str, value: &str) -> String {
    format!(
        "<property-search-restriction><property><name>{name}</name><type>STRING</type></property><match-mode>{mode}</match-mode>{value}</property-search-restriction>"
    )
}

#[test]
fn all_kinds_are_read_in_both_forms() {
    assert_eq!(read("<null-search-restriction/>").unwrap(), Restriction::All);
    assert_eq!(from_json(&json!({"restriction-type": "null-search-restriction"})).unwrap(), Restriction::All);
    assert_eq!(read(&property("name", "NULL", "")).unwrap(), Restriction::Term(Property::Name, Test::Null));
    let modes = [
        ("EXACTLY_MATCHES", Match::Exactly),
        ("STARTS_WITH", Match::StartsWith),
        ("CONTAINS", Match::Contains),
        ("LESS_THAN", Match::Less),
        ("GREATER_THAN", Match::Greater),
    ];
    for (mode, how) in modes {
        let wanted = Restriction::compare(Property::Email, how, "A@x").unwrap();
        assert_eq!(read(&property("email", mode, "<value>A@x</value>")).unwrap(), wanted);
        let twin = json!({"restriction-type": "property-search-restriction", "property": {"name": "email", "type": "STRING"}, "match-mode": mode, "value": "A@x"});
        assert_eq!(from_json(&twin).unwrap(), wanted);
    }
    let both = Restriction::Or(vec![
        Restriction::All,
        Restriction::compare(Property::Active, Match::Exactly, "true").unwrap(),
    ]);
    let inner = property("active", "EXACTLY_MATCHES", "<value>true</value>");
    let text = format!(
        "<boolean-search-restriction boolean-logic=\"or\"><restrictions><null-search-restriction/>{inner}</restrictions></boolean-search-restriction>"
    );
    assert_eq!(read(&text).unwrap(), both);
    let twin = json!({"restriction-type": "boolean-search-restriction", "boolean-logic": "or", "restrictions": [
        {"restriction-type": "null-search-restriction"},
        {"restriction-type": "property-search-restriction", "property": {"name": "active", "type": "BOOLEAN"}, "match-mode": "EXACTLY_MATCHES", "value": true}]});
    assert_eq!(from_json(&twin).unwrap(), both);
}

#[test]
fn what_is_wrong_is_refused() {
    for text in [
        "<x/>",
        "<boolean-search-restriction boolean-logic=\"xor\"><restrictions><null-search-restriction/></restrictions></boolean-search-restriction>",
        "<boolean-search-restriction boolean-logic=\"and\"/>",
        "<property-search-restriction/>",
        &property("name", "SOUNDS_LIKE", "<value>x</value>"),
        &property("name", "CONTAINS", ""),
        &property("createdDate", "LESS_THAN", "<value>x</value>"),
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    let mut deep = json!({"restriction-type": "null-search-restriction"});
    for _ in 0..25 {
        deep =
            json!({"restriction-type": "boolean-search-restriction", "boolean-logic": "and", "restrictions": [deep]});
    }
    assert!(from_json(&deep).is_err());
    assert!(from_json(&json!([])).is_err());
}
