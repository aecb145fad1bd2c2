//! Tests of single values made canonical: type by type, in both dialects.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::scim::dialect::Dialect;
use crate::scim::samples::{self, STRICT, TOLERANT};
use crate::scim::schema;
use serde_json::json;

/// The canonical form, `null` for no value, or the error's detail.
fn coerced(attribute: &Attribute, value: Value, dialect: &Dialect) -> Value {
    match super::attribute(attribute, value, &attribute.name, &mut Reading::new(dialect)) {
        Ok(value) => value.unwrap_or_default(),
        Err(error) => {
            assert!(matches!(error.kind, Kind::InvalidValue | Kind::InvalidSyntax), "{error}");
            Value::String(format!("! {}", error.detail))
        }
    }
}

/// Rows of: attribute, value as sent, what the tolerant dialect takes it for, what the strict one does.
fn check(of: impl Fn(&str) -> Attribute, rows: &[(&str, Value, Value, Value)]) {
    for (name, sent, tolerant, strict) in rows {
        assert_eq!(&coerced(&of(name), sent.clone(), &TOLERANT), tolerant, "tolerant: {name} {sent}");
        assert_eq!(&coerced(&of(name), sent.clone(), &STRICT), strict, "strict: {name} {sent}");
    }
}

/// Rows that both dialects take the same way.
fn check_same(of: impl Fn(&str) -> Attribute, rows: &[(&str, Value, Value)]) {
    let rows: Vec<_> =
        rows.iter().map(|(name, sent, both)| (*name, sent.clone(), both.clone(), both.clone())).collect();
    check(of, &rows);
}

fn of_user(name: &str) -> Attribute {
    let enterprise = &schema::user().extensions[0].schema;
    schema::user().attribute(name).or_else(|| enterprise.attribute(name)).unwrap().clone()
}

fn of_gadget(name: &str) -> Attribute {
    samples::gadget().attribute(name).unwrap().clone()
}

#[test]
fn values_of_their_type() {
    check_same(
        of_user,
        &[
            ("userName", json!("a"), json!("a")),
            ("userName", json!(" a "), json!(" a ")),
            ("userName", json!(null), json!(null)),
            ("userName", json!(5), json!("! 'userName' must be a string")),
            ("userName", json!(true), json!("! 'userName' must be a string")),
            ("userName", json!({"value": "a"}), json!("! 'userName' must be a string")),
            ("externalId", json!(5), json!("! 'externalId' must be a string")),
            ("externalId", json!(false), json!("! 'externalId' must be a string")),
            ("externalId", json!(["a", "b"]), json!("! 'externalId' must be a string")),
            ("active", json!(true), json!(true)),
            ("active", json!(1), json!("! 'active' must be true or false")),
            ("active", json!("yes"), json!("! 'active' must be true or false")),
            ("profileUrl", json!("https://example.com/me"), json!("https://example.com/me")),
            ("profileUrl", json!(1), json!("! 'profileUrl' must be a URI in a string")),
            ("name", json!({}), json!(null)),
            ("name", json!({"givenName": null}), json!(null)),
            ("name", json!("Ann"), json!("! 'name' must be an object")),
            ("name", json!({"givenName": 5}), json!("! 'name.givenName' must be a string")),
            ("name", json!({"GIVENNAME": "A", "familyName": "B"}), json!({"familyName": "B", "givenName": "A"})),
            (
                "x509Certificates",
                json!([{"value": "not base64!"}]),
                json!("! 'x509Certificates[0].value' must be base64"),
            ),
            ("x509Certificates", json!([{"value": "-_8"}]), json!([{"value": "-_8"}])),
            ("x509Certificates", json!([{"value": "AAEC\r\nAwQF"}]), json!([{"value": "AAEC\r\nAwQF"}])),
            ("emails", json!([]), json!(null)),
            ("emails", json!(null), json!(null)),
            ("emails", json!([null, {}, {"value": null}]), json!(null)),
        ],
    );
    check_same(
        of_gadget,
        &[
            ("level", json!(5), json!(5)),
            ("level", json!(-5), json!(-5)),
            ("level", json!(18_446_744_073_709_551_615_u64), json!(18_446_744_073_709_551_615_u64)),
            ("level", json!(5.0), json!("! 'level' must be a whole number")),
            ("level", json!("5"), json!("! 'level' must be a whole number")),
            ("ratio", json!(5), json!(5)),
            ("ratio", json!(0.5), json!(0.5)),
            ("ratio", json!("0.5"), json!("! 'ratio' must be a number")),
            ("madeAt", json!("2026-01-01T00:00:00.5+01:00"), json!("2026-01-01T00:00:00.5+01:00")),
            ("madeAt", json!("2026-01-01"), json!("! 'madeAt' must be a dateTime such as 2026-01-31T12:00:00Z")),
            ("madeAt", json!(0), json!("! 'madeAt' must be a dateTime such as 2026-01-31T12:00:00Z")),
            ("image", json!(0), json!("! 'image' must be base64")),
            ("tags", json!(["a", "b", "a", "A"]), json!(["a", "b", "A"])),
            ("tags", json!(["a", 5]), json!("! 'tags[1]' must be a string")),
            ("tags", json!([["a"]]), json!("! 'tags[0]' must be a string")),
            // readOnly and never returned: not taken.
            ("parts", json!([{"value": "p", "owner": "me", "key": "k"}]), json!([{"value": "p"}])),
        ],
    );
}

#[test]
fn values_as_identity_providers_send_them() {
    let many = |name: &str| json!(format!("! '{name}' has many values and must be an array"));
    check(
        of_user,
        &[
            ("active", json!("True"), json!(true), json!("! 'active' must be true or false")),
            ("active", json!("FALSE"), json!(false), json!("! 'active' must be true or false")),
            ("active", json!(["false"]), json!(false), json!("! 'active' must be true or false")),
            ("active", json!([true]), json!(true), json!("! 'active' must be true or false")),
            ("active", json!(""), json!(null), json!("! 'active' must be true or false")),
            ("title", json!(""), json!(null), json!("")),
            ("title", json!(" "), json!(null), json!(" ")),
            ("title", json!(["T"]), json!("T"), json!("! 'title' must be a string")),
            ("title", json!([]), json!(null), json!("! 'title' must be a string")),
            ("name", json!(""), json!(null), json!("! 'name' must be an object")),
            ("name", json!([{"givenName": "A"}]), json!({"givenName": "A"}), json!("! 'name' must be an object")),
            (
                "name",
                json!({"givenName": "", "familyName": ""}),
                json!(null),
                json!({"familyName": "", "givenName": ""}),
            ),
            ("name", json!({"nick": "A"}), json!(null), json!("! no schema has an attribute 'name.nick'")),
            ("emails", json!({"value": "a"}), json!([{"value": "a"}]), many("emails")),
            ("emails", json!("a"), json!([{"value": "a"}]), many("emails")),
            ("emails", json!(""), json!(null), many("emails")),
            (
                "emails",
                json!(["a", "b"]),
                json!([{"value": "a"}, {"value": "b"}]),
                json!("! 'emails[0]' must be an object"),
            ),
            (
                "emails",
                json!([5]),
                json!("! 'emails[0].value' must be a string"),
                json!("! 'emails[0]' must be an object"),
            ),
            ("addresses", json!([""]), json!(null), json!("! 'addresses[0]' must be an object")),
            (
                "addresses",
                json!(["x"]),
                json!("! 'addresses[0]' must be an object"),
                json!("! 'addresses[0]' must be an object"),
            ),
            (
                "addresses",
                json!([{"locality": "", "region": ""}]),
                json!(null),
                json!([{"locality": "", "region": ""}]),
            ),
            (
                "emails",
                json!([{"Value": "a", "Primary": "True"}]),
                json!([{"value": "a", "primary": true}]),
                json!("! 'emails[0].primary' must be true or false"),
            ),
            (
                "emails",
                json!([{"value": "a", "verified": true}]),
                json!([{"value": "a"}]),
                json!("! no schema has an attribute 'emails[0].verified'"),
            ),
            ("manager", json!("m1"), json!({"value": "m1"}), json!("! 'manager' must be an object")),
            ("manager", json!(["m1"]), json!({"value": "m1"}), json!("! 'manager' must be an object")),
            (
                "manager",
                json!([{"$ref": "u/m1", "value": "m1"}]),
                json!({"value": "m1", "$ref": "u/m1"}),
                json!("! 'manager' must be an object"),
            ),
            ("manager", json!({"value": "", "displayName": " "}), json!(null), json!({"value": ""})),
            (
                "manager",
                json!({"managerId": "m1"}),
                json!(null),
                json!("! no schema has an attribute 'manager.managerId'"),
            ),
            ("manager", json!(5), json!("! 'manager.value' must be a string"), json!("! 'manager' must be an object")),
        ],
    );
    check(
        of_gadget,
        &[
            ("level", json!(""), json!(null), json!("! 'level' must be a whole number")),
            ("tags", json!("a"), json!(["a"]), many("tags")),
            ("tags", json!(["", "a", null]), json!(["a"]), json!(["", "a"])),
        ],
    );
}

#[test]
fn values_of_lists_are_there_once_and_one_is_primary() {
    let mail = |value: &str, primary: bool| json!({"value": value, "type": "work", "primary": primary});
    check_same(
        of_user,
        &[
            ("emails", json!([mail("a", true), mail("a", true)]), json!([mail("a", true)])),
            ("emails", json!([mail("a", true), mail("a", false)]), json!([mail("a", true), mail("a", false)])),
            (
                "emails",
                json!([mail("a", true), mail("b", false), mail("c", true)]),
                json!("! 'emails' has more than one primary value"),
            ),
        ],
    );
}

#[test]
fn sizes_are_bounded() {
    let large = "x".repeat(limits::VALUE_BYTES_MAX + 1);
    let rows = [
        ("title", json!(large), "! 'title' must be no longer than 262144 bytes"),
        ("photos", json!([{"value": large}]), "! 'photos[0].value' must be no longer than 262144 bytes"),
        (
            "x509Certificates",
            json!([{"value": large}]),
            "! 'x509Certificates[0].value' must be no longer than 262144 bytes",
        ),
        ("emails", json!(vec!["a"; limits::VALUES_MAX + 1]), "! 'emails' has 501 values, more than 500"),
    ];
    for (name, sent, expected) in rows {
        assert_eq!(coerced(&of_user(name), sent, &TOLERANT), expected, "{name}");
    }
    let fits = json!("x".repeat(limits::VALUE_BYTES_MAX));
    assert_eq!(coerced(&of_user("title"), fits.clone(), &STRICT), fits);
}

#[test]
fn quirks_are_counted() {
    let rows = [
        ("active", json!("True"), "boolean_as_string"),
        ("active", json!([true]), "scalar_as_array"),
        ("emails", json!({"value": "a"}), "array_as_scalar"),
        ("manager", json!("m"), "complex_as_scalar"),
        ("name", json!({"x": 1}), "unknown_attribute"),
        ("title", json!(""), "empty_string"),
        ("title", json!("t"), ""),
    ];
    for (name, sent, quirk) in rows {
        let mut reading = Reading::new(&TOLERANT);
        attribute(&of_user(name), sent, name, &mut reading).unwrap();
        assert_eq!(reading.used.names().collect::<Vec<_>>().concat(), quirk, "{name}");
    }
}
