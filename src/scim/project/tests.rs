//! Tests of projection: both parameters in every form, against every `returned` characteristic.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::scim::samples::{self, GADGET, STRICT, TOLERANT, WARRANTY};
use crate::scim::schema::{self, ENTERPRISE_USER, USER};
use serde_json::json;

fn projection<'a>(resource_type: &'a ResourceType, attributes: &[&str], excluded: &[&str]) -> Projection<'a> {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    Projection::new(resource_type, &owned(attributes), &owned(excluded), &mut Reading::new(&TOLERANT))
}

fn applied(resource_type: &ResourceType, stored: Value, attributes: &[&str], excluded: &[&str]) -> Value {
    let Value::Object(stored) = stored else { panic!("{stored} is no object") };
    Value::Object(projection(resource_type, attributes, excluded).apply(resource_type, stored))
}

fn ann() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE_USER], "id": "1", "externalId": "e", "meta": {"resourceType": "User", "version": "v"},
        "userName": "ann", "name": {"familyName": "F", "givenName": "G"},
        "emails": [{"value": "a@x", "type": "work"}, {"type": "home"}],
        (ENTERPRISE_USER): {"department": "D", "manager": {"value": "m", "displayName": "Boss"}},
    })
}

/// Names (an attribute, or an extension's) that are left, parts in brackets.
fn left(value: &Value) -> String {
    let names = |object: &Map<String, Value>| object.keys().cloned().collect::<Vec<_>>().join(" ");
    let line = |(name, value): (&String, &Value)| match value {
        Value::Object(object) => format!("{}({})", name.replace(ENTERPRISE_USER, "E"), names(object)),
        Value::Array(list) if list.iter().any(Value::is_object) => {
            let parts = list.iter().map(|element| names(element.as_object().unwrap()));
            format!("{name}[{}]", parts.collect::<Vec<_>>().join(", "))
        }
        _ => name.clone(),
    };
    value.as_object().unwrap().iter().map(line).collect::<Vec<_>>().join(" ")
}

#[test]
fn attributes_that_are_asked_for() {
    let department = format!("{ENTERPRISE_USER}:department");
    let user_name = format!("{}:USERNAME", USER.to_uppercase());
    let rows: [(&[&str], &str); 15] = [
        (&["userName"], "schemas id userName"),
        (&["USERNAME", "externalid"], "schemas id externalId userName"),
        (&[&user_name], "schemas id userName"),
        (&["id"], "schemas id"),
        (&["meta"], "schemas id meta(resourceType version)"),
        (&["meta.version"], "schemas id meta(version)"),
        (&["name.givenName"], "schemas id name(givenName)"),
        (&["name.givenName", "name"], "schemas id name(familyName givenName)"),
        (&["emails.value"], "schemas id emails[value]"),
        (&["emails.Type", "emails.value"], "schemas id emails[value type, type]"),
        (&[ENTERPRISE_USER], "schemas id E(department manager)"),
        (&[&department], "schemas id E(department)"),
        (&["department", "manager.value"], "schemas id E(department manager)"),
        (&["favouriteColour"], "schemas id"),
        (&["", "urn:x:y", "emails[type eq \"work\"]", USER], "schemas id"),
    ];
    for (attributes, expected) in rows {
        assert_eq!(left(&applied(schema::user(), ann(), attributes, &[])), expected, "{attributes:?}");
        // The other parameter has no say then.
        assert_eq!(left(&applied(schema::user(), ann(), attributes, &["userName"])), expected, "{attributes:?}");
    }
    let manager = applied(schema::user(), ann(), &["manager.value"], &[]);
    assert_eq!(manager[ENTERPRISE_USER], json!({"manager": {"value": "m"}}));
    // An extension's name alone is the RFC's; the strict dialect does not know it.
    let names = ["department".to_owned()];
    let strict = Projection::new(schema::user(), &names, &[], &mut Reading::new(&STRICT));
    assert_eq!(left(&Value::Object(strict.apply(schema::user(), ann().as_object().unwrap().clone()))), "schemas id");
}

#[test]
fn attributes_that_are_left_out() {
    let manager = format!("{ENTERPRISE_USER}:manager");
    let all = "schemas id externalId meta(resourceType version) userName name(familyName givenName) \
               emails[value type, type] E(department manager)";
    let rows: [(&[&str], &str, &str); 9] = [
        (&["favouriteColour"], "", ""),
        (&["id", "schemas"], "", ""),
        (&["meta"], "meta(resourceType version) ", ""),
        (&["NAME"], "name(familyName givenName) ", ""),
        (&["name.familyName"], "familyName ", ""),
        (&["emails.type"], "[value type, type]", "[value]"),
        (&["name.givenName", "name.familyName"], "name(familyName givenName) ", ""),
        (&[ENTERPRISE_USER], " E(department manager)", ""),
        (&[&manager], "department manager", "department"),
    ];
    for (excluded, part, instead) in rows {
        let expected = if part.is_empty() { all.to_owned() } else { all.replace(part, instead) };
        assert_eq!(left(&applied(schema::user(), ann(), &[], excluded)), expected, "{excluded:?}");
    }
    assert_eq!(applied(schema::user(), ann(), &[], &[]), ann());
}

#[test]
fn attributes_that_are_returned_on_request_only() {
    let gadget = samples::gadget();
    let it = json!({"id": "1", "label": "g", "note": "n", (WARRANTY): {"number": "1"}});
    let without = json!({"id": "1", "label": "g", (WARRANTY): {"number": "1"}});
    assert_eq!(applied(&gadget, it.clone(), &[], &[]), without);
    assert_eq!(applied(&gadget, it.clone(), &[], &["favouriteColour"]), without);
    assert_eq!(applied(&gadget, it.clone(), &[], &["note", "note.x"]), without);
    assert_eq!(applied(&gadget, it.clone(), &["note"], &[]), json!({"id": "1", "note": "n"}));
    assert_eq!(applied(&gadget, it.clone(), &[&format!("{GADGET}:NOTE")], &[]), json!({"id": "1", "note": "n"}));
    assert_eq!(applied(&gadget, it, &[WARRANTY], &[]), json!({"id": "1", (WARRANTY): {"number": "1"}}));
    assert!(!projection(&gadget, &[], &[]).is_default());
    assert!(projection(schema::user(), &[], &[]).is_default());
    assert!(!projection(schema::user(), &["id"], &[]).is_default());
    assert!(!projection(schema::user(), &[], &["members"]).is_default());
}

#[test]
fn parts_of_attributes_that_are_stored_elsewhere() {
    let group = schema::group();
    let members =
        |attributes: &[&str], excluded: &[&str]| projection(group, attributes, excluded).core(group, "members");
    assert_eq!(members(&[], &[]), Part::Whole);
    assert_eq!(members(&["members"], &[]), Part::Whole);
    assert_eq!(members(&["Members.Value", "displayName"], &[]), Part::Only(vec!["value"]));
    assert_eq!(members(&["displayName"], &[]), Part::Absent);
    assert_eq!(members(&[], &["members"]), Part::Absent);
    assert_eq!(members(&[], &["members.display"]), Part::Without(vec!["display"]));
    assert_eq!(members(&[], &["displayName"]), Part::Whole);
    assert_eq!(projection(group, &[], &[]).core(group, "groups"), Part::Absent);
    let user = schema::user();
    assert_eq!(projection(user, &["password"], &[]).core(user, "password"), Part::Absent);
    assert_eq!(projection(user, &["userName"], &[]).core(user, "id"), Part::Whole);
    let has = |part: Part<'_>| ["value", "type"].map(|name| part.has(name));
    assert_eq!(has(Part::Absent), [false, false]);
    assert_eq!(has(Part::Whole), [true, true]);
    assert_eq!(has(Part::Only(vec!["value"])), [true, false]);
    assert_eq!(has(Part::Without(vec!["value"])), [false, true]);
}
