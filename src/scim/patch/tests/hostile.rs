//! Tests of PATCH with large and with random operations.

use super::*;
use crate::limits::{PATCH_OPERATIONS_MAX, VALUE_BYTES_MAX, VALUES_MAX};
use crate::scim::coerce::is_primary;
use crate::scim::samples::any_json;
use proptest::prelude::*;

fn refused(before: &Value, operations: &Value) -> Error {
    patched(schema::user(), before, operations, &mut Reading::new(&TOLERANT)).unwrap_err()
}

fn mails(from: usize, count: usize) -> Vec<Value> {
    (from..from + count).map(|n| json!({"value": format!("m{n}@x"), "type": "work"})).collect()
}

#[test]
fn bombs_are_bounded() {
    let many = |operation: Value, count: usize| Value::Array(vec![operation; count]);
    let full = json!({"userName": "a", "emails": mails(0, VALUES_MAX)});
    // As many operations as there may be, each of them cheap.
    let cheap = many(json!({"op": "replace", "path": "title", "value": "t"}), PATCH_OPERATIONS_MAX);
    assert!(patched(schema::user(), &full, &cheap, &mut Reading::new(&STRICT)).is_ok());
    let error =
        refused(&full, &many(json!({"op": "replace", "path": "title", "value": "t"}), PATCH_OPERATIONS_MAX + 1));
    assert_eq!(error, Error::new(Kind::TooLarge, "10001 operations in one PATCH, more than 10000"));
    // Each looks at every value.
    let costly = [
        json!({"op": "replace", "path": "emails[value eq \"nobody\" or type eq \"work\"].display", "value": "d"}),
        json!({"op": "add", "path": "emails", "value": [{"value": "m1@x", "type": "work"}]}),
        json!({"op": "add", "path": "emails", "value": mails(0, VALUES_MAX)}),
        json!({"op": "replace", "path": "emails", "value": mails(0, VALUES_MAX)}),
        json!({"op": "remove", "path": "emails", "value": mails(1_000, VALUES_MAX)}),
    ];
    for operation in costly {
        let count = match operation["value"].as_array() {
            Some(list) if list.len() > 1 => 201,
            _ => 401,
        };
        let error = refused(&full, &many(operation, count));
        assert_eq!(error.kind, Kind::TooLarge, "{error}");
        assert!(error.detail.contains("look at more than 200000 values"), "{error}");
    }
    // Too many values for one attribute, at once and one by one.
    let rows = [
        (bare(), json!([{"op": "add", "path": "emails", "value": mails(0, 100_000)}])),
        (full.clone(), json!([{"op": "add", "path": "emails", "value": mails(VALUES_MAX, 1)}])),
        (full.clone(), json!([{"op": "add", "path": "emails[type eq \"new\"].value", "value": "x"}])),
    ];
    for (before, operations) in rows {
        let error = refused(&before, &operations);
        assert_eq!(error.kind, Kind::InvalidValue);
        assert!(error.detail.ends_with("values, more than 500"), "{error}");
    }
    // One text into hundreds of values.
    let text = "x".repeat(VALUE_BYTES_MAX);
    for operation in [
        json!({"op": "replace", "path": "emails.display", "value": text}),
        json!({"op": "add", "path": "emails[type pr]", "value": {"display": text}}),
    ] {
        let error = refused(&full, &json!([operation]));
        assert_eq!(error.kind, Kind::TooLarge);
        assert!(error.detail.contains("500 copies"), "{error}");
    }
}

#[test]
fn many_steps_make_what_they_say() {
    let mut operations: Vec<Value> =
        (0..VALUES_MAX).map(|n| json!({"op": "add", "path": "emails", "value": mails(n, 1)})).collect();
    operations.push(json!({"op": "remove", "path": "emails[value sw \"m1\"]"}));
    let after = patched(schema::user(), &bare(), &Value::Array(operations), &mut Reading::new(&STRICT)).unwrap();
    assert_eq!(after["emails"].as_array().unwrap().len(), VALUES_MAX - 111);
}

const PATHS: &[&str] = &[
    "userName",
    "title",
    "active",
    "name",
    "name.givenName",
    "emails",
    "emails[type eq \"work\"]",
    "emails[type eq \"work\"].value",
    "emails[type eq \"work\"].display",
    "emails[type eq \"home\"].primary",
    "roles[primary eq \"True\"].value",
    "roles",
    "emails.display",
    "addresses[type eq \"work\"].locality",
    "manager",
    "manager.value",
    "department",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "photos",
    "x509Certificates",
    "externalId",
];

/// Values that often fit, and do not make an element other than its path selects.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => prop::sample::select(vec!["x", "y", "", "True"]).prop_map(Value::from),
        1 => prop::sample::select(vec![
            json!(null), json!(true), json!(false), json!([]), json!({}), json!(5),
            json!({"value": "a@x"}), json!({"value": "b@x", "primary": true}), json!({"display": "d", "$ref": "r"}),
            json!([{"value": "a@x", "type": "work"}, {"value": "h@x", "type": "home", "primary": true}]),
            json!([{"value": "a@x", "display": "1"}, {"value": "a@x", "display": "2"}]),
            json!({"givenName": "G", "familyName": ""}), json!({"department": "D", "manager": {"value": "m"}}),
        ]),
    ]
}

fn any_operation() -> impl Strategy<Value = Value> {
    (prop::sample::select(vec!["add", "replace", "remove"]), prop::sample::select(PATHS), any_value())
        .prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}))
}

proptest! {
    #[test]
    fn any_message_has_an_answer(message in any_json()) {
        let _ = read(schema::user(), message.clone(), &mut Reading::new(&TOLERANT));
        let _ = read(schema::group(), body(&message), &mut Reading::new(&TOLERANT));
    }

    #[test]
    fn any_operation_has_an_answer(path in "\\PC{0,12}", value in any_json()) {
        for op in ["add", "replace", "remove"] {
            let operations = json!([{"op": op, "path": path, "value": value}, {"op": op, "value": value}]);
            let _ = patched(schema::user(), &ann(), &operations, &mut Reading::new(&TOLERANT));
        }
    }

    /// Whatever is done, what is left is what a POST of it would have made.
    #[test]
    fn the_result_is_canonical(operations in prop::collection::vec(any_operation(), 1..8)) {
        let operations = Value::Array(operations);
        if let Ok(after) = patched(schema::user(), &ann(), &operations, &mut Reading::new(&TOLERANT)) {
            let again = resource::read(schema::user(), after.clone(), &mut Reading::new(&TOLERANT)).unwrap();
            prop_assert_eq!(Value::Object(again.attributes).to_string(), after.to_string());
            for list in after.as_object().unwrap().values().filter_map(Value::as_array) {
                prop_assert!(list.iter().filter(|element| is_primary(element)).count() <= 1);
            }
        }
    }

    /// Replacing twice is replacing once.
    #[test]
    fn replace_is_idempotent(path in prop::sample::select(PATHS), value in any_value()) {
        let operations = json!([{"op": "replace", "path": path, "value": value}]);
        if let Ok(once) = patched(schema::user(), &ann(), &operations, &mut Reading::new(&TOLERANT)) {
            let twice = patched(schema::user(), &once, &operations, &mut Reading::new(&TOLERANT)).unwrap();
            prop_assert_eq!(twice.to_string(), once.to_string());
        }
    }
}
