//! Tests of sort keys: their order, and what of a resource they are taken from.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::profile::custom;
use crate::scim::dialect::Reading;
use crate::scim::path::{self, Found};
use crate::scim::schema::user;
use serde_json::json;

fn key(name: &str, document: Value) -> SortKey {
    let Found::Attr(attr) = path::find(user(), name, &mut Reading::new(&custom::DIALECT)) else { panic!("{name}") };
    key_of(&attr, document.as_object().unwrap())
}

fn text(value: &str) -> SortKey {
    SortKey::Text(keys::index_value(value))
}

#[test]
fn keys_are_in_one_order() {
    let ascending = [
        SortKey::Boolean(false),
        SortKey::Boolean(true),
        SortKey::Number(-2.0),
        SortKey::Number(10.0),
        SortKey::Time(-1),
        SortKey::Time(1_000),
        text("a"),
        text("a b"),
        text("ab"),
        text("b"),
        text("é"),
        SortKey::Missing,
    ];
    for (n, a) in ascending.iter().enumerate() {
        for (m, b) in ascending.iter().enumerate() {
            assert_eq!(a.order(b), n.cmp(&m), "{a:?} {b:?}");
        }
        let mut bytes = Vec::new();
        a.encode(&mut bytes);
        assert_eq!(SortKey::decode(&bytes).as_ref(), Some(a));
    }
    for bad in [&[][..], &[0], &[1, 2], &[2], &[4, 0], &[5]] {
        assert_eq!(SortKey::decode(bad), None);
    }
}

#[test]
fn a_key_is_the_value_that_counts() {
    let mails = json!([{"value": "B@x.test"}, {"value": "a@x.test", "primary": true}]);
    let extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let rows = [
        ("userName", json!({"userName": "STRASSE"}), text("strasse")),
        ("userName", json!({"userName": "Straße"}), text("strasse")),
        ("externalId", json!({"externalId": "Ab"}), text("Ab")),
        ("name.givenName", json!({"name": {"givenName": "Ann"}}), text("ann")),
        ("name.givenName", json!({"name": {"familyName": "Ann"}}), SortKey::Missing),
        ("emails.value", json!({"emails": mails}), text("a@x.test")),
        ("emails.type", json!({"emails": [{"value": "x", "type": "work"}, {"value": "y"}]}), text("work")),
        ("emails.type", json!({"emails": [{"value": "x"}, {"value": "y", "type": "work"}]}), SortKey::Missing),
        ("emails.value", json!({"emails": []}), SortKey::Missing),
        ("active", json!({"active": true}), SortKey::Boolean(true)),
        ("active", json!({}), SortKey::Missing),
        ("meta.created", json!({"meta": {"created": "1970-01-01T01:00:00.5+01:00"}}), SortKey::Time(500)),
        (&format!("{extension}:department"), json!({extension: {"department": "Sales"}}), text("sales")),
        (&format!("{extension}:manager.value"), json!({extension: {"manager": {"value": "x"}}}), text("x")),
    ];
    for (name, document, expected) in rows {
        assert_eq!(key(name, document.clone()), expected, "{name} {document}");
    }
}
