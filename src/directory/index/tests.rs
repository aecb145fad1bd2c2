//! Which values a resource is found by.
#![allow(clippy::unwrap_used)]

use super::entries;
use crate::directory::keys::index_value;
use crate::scim::schema;
use serde_json::json;

#[test]
fn every_indexed_value_has_an_entry_in_its_compared_form() {
    let attributes = json!({
        "externalId": "Ext", "userName": "ADA", "displayName": "Ada", "title": "T",
        "emails": [{"value": "A@X", "type": "work"}, {"value": "a@x", "type": "home"}, {"type": "other"}],
    });
    let found = entries(schema::user(), attributes.as_object().unwrap());
    let found: Vec<(&str, bool, Vec<u8>)> = found.iter().map(|e| (e.name, e.unique, e.value.clone())).collect();
    assert_eq!(
        found,
        [
            ("userName", true, index_value("ada")),
            ("externalId", false, index_value("Ext")),
            ("emails", false, index_value("a@x")),
            ("displayName", false, index_value("ada")),
        ]
    );
}

#[test]
fn long_values_stay_apart_and_no_value_s_key_starts_another_s() {
    let long = "x".repeat(300);
    let values = [long.clone() + "a", long.clone() + "b", long, "x".repeat(200), "x".to_owned(), "xx".to_owned()];
    let keys: Vec<Vec<u8>> = values.iter().map(|value| index_value(value)).collect();
    for (n, key) in keys.iter().enumerate() {
        assert!(key.len() < 300);
        for other in keys.iter().skip(n + 1) {
            assert_ne!(key, other);
        }
    }
    assert!(!index_value("xx").starts_with(&index_value("x")));
}
