//! PATCH bodies and what they make of a resource.
#![allow(clippy::unwrap_used)]

use super::{MembersChange, Step, apply, read};
use crate::scim::dialect::tests::{LENIENT, STRICT};
use crate::scim::dialect::{Dialect, Reading};
use crate::scim::errors::{Error, Kind};
use crate::scim::schema::{self, ENTERPRISE_USER, PATCH_OP};
use serde_json::{Value, json};

fn user() -> Value {
    json!({
        "externalId": "e", "userName": "ada", "name": {"givenName": "Ada", "familyName": "L"}, "active": true, "title": "Old",
        "emails": [{"value": "w@x", "type": "work", "primary": true}, {"value": "h@x", "type": "home"}],
    })
}

fn patched(dialect: &Dialect, operations: Value) -> Result<Value, Error> {
    let mut reading = Reading::new(dialect);
    let steps = read(schema::user(), json!({"schemas": [PATCH_OP], "Operations": operations}), &mut reading)?;
    let changes = steps.into_iter().map(|step| match step {
        Step::Attribute(change) => change,
        Step::Members(_) => panic!("a user has no members"),
    });
    let Value::Object(object) = user() else { panic!("an object") };
    apply(schema::user(), object, changes.collect(), &mut reading).map(Value::Object)
}

/// The attribute after the operations.
fn after(operations: Value, name: &str) -> Value {
    patched(&LENIENT, operations).unwrap().get(name).cloned().unwrap_or(Value::Null)
}

fn refused(dialect: &Dialect, operations: Value) -> Kind {
    patched(dialect, operations).unwrap_err().kind
}

#[test]
fn operations_do_what_the_rfc_says() {
    for (operation, name, expected) in [
        (json!({"op": "add", "path": "nickName", "value": "A"}), "nickName", json!("A")),
        (json!({"op": "replace", "path": "title", "value": "New"}), "title", json!("New")),
        (json!({"op": "remove", "path": "title"}), "title", Value::Null),
        (json!({"op": "replace", "path": "title", "value": null}), "title", Value::Null),
        (
            json!({"op": "replace", "path": "name", "value": {"givenName": "B"}}),
            "name",
            json!({"familyName": "L", "givenName": "B"}),
        ),
        (
            json!({"op": "replace", "path": "name.givenName", "value": "B"}),
            "name",
            json!({"familyName": "L", "givenName": "B"}),
        ),
        (json!({"op": "remove", "path": "name.givenName"}), "name", json!({"familyName": "L"})),
        (
            json!({"op": "remove", "path": "emails[type eq \"home\"]"}),
            "emails",
            json!([{"value": "w@x", "type": "work", "primary": true}]),
        ),
        (json!({"op": "remove", "path": "emails[value ew \"@x\"]"}), "emails", Value::Null),
        (json!({"op": "remove", "path": "emails[type eq \"none\"]"}), "emails", user()["emails"].clone()),
        (json!({"op": "replace", "path": "emails", "value": [{"value": "n@x"}]}), "emails", json!([{"value": "n@x"}])),
        (json!({"op": "replace", "path": "emails", "value": []}), "emails", Value::Null),
        (
            json!({"op": "add", "path": "emails", "value": [{"value": "h@x", "type": "home"}]}),
            "emails",
            user()["emails"].clone(),
        ),
        (
            json!({"op": "replace", "path": "emails[type eq \"home\"]", "value": {"value": "n@x"}}),
            "emails",
            json!([{"value": "w@x", "type": "work", "primary": true}, {"value": "n@x", "type": "home"}]),
        ),
        (
            json!({"op": "add", "path": "emails[type eq \"home\"].display", "value": "d"}),
            "emails",
            json!([{"value": "w@x", "type": "work", "primary": true}, {"value": "h@x", "display": "d", "type": "home"}]),
        ),
        (json!({"op": "add", "value": {"title": "T", "nickName": "N"}}), "nickName", json!("N")),
        (
            json!({"op": "add", "path": format!("{ENTERPRISE_USER}:department"), "value": "D"}),
            ENTERPRISE_USER,
            json!({"department": "D"}),
        ),
        (
            json!({"op": "add", "value": {ENTERPRISE_USER: {"department": "D"}}}),
            ENTERPRISE_USER,
            json!({"department": "D"}),
        ),
    ] {
        let mut reading = Reading::new(&STRICT);
        let body = json!({"schemas": [PATCH_OP], "Operations": [operation.clone()]});
        assert!(read(schema::user(), body, &mut reading).is_ok(), "{operation}");
        assert_eq!(after(json!([operation]), name), expected, "{operation}");
    }
}

#[test]
fn a_new_primary_value_demotes_the_old_one() {
    let demoted = json!({"value": "w@x", "type": "work", "primary": false});
    let add = json!([{"op": "add", "path": "emails", "value": [{"value": "n@x", "type": "other", "primary": true}]}]);
    assert_eq!(after(add, "emails")[0], demoted);
    let mark = json!([{"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}]);
    let emails = after(mark, "emails");
    assert_eq!((&emails[0], &emails[1]["primary"]), (&demoted, &json!(true)));
}

#[test]
fn both_of_entra_s_dialects_are_understood() {
    let operations = json!([
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1"},
        {"op": "Add", "path": "addresses[type eq \"work\"].Formatted", "value": "Quay 1"},
        {"op": "Add", "path": "addresses[type eq \"work\"].country", "value": "NL"},
        {"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "Auditor"},
        {"op": "Add", "path": "roles[primary eq \"True\"].display", "value": "Auditor"},
        {"op": "Add", "path": format!("{ENTERPRISE_USER}:manager"), "value": "m1"},
    ]);
    let old = patched(&LENIENT, operations.clone()).unwrap();
    assert_eq!(old["active"], json!(false));
    assert_eq!(old["phoneNumbers"], json!([{"value": "1", "type": "mobile"}]));
    assert_eq!(old["addresses"], json!([{"formatted": "Quay 1", "country": "NL", "type": "work"}]));
    assert_eq!(old["roles"], json!([{"value": "Auditor", "display": "Auditor", "primary": true}]));
    assert_eq!(old[ENTERPRISE_USER], json!({"manager": {"value": "m1"}}));
    assert!(patched(&STRICT, operations).is_err());
    let flag = json!([
        {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "n@x"},
        {"op": "replace", "value": {"name.givenName": "Bea", format!("{ENTERPRISE_USER}:employeeNumber"): "7", "active": false}},
    ]);
    let new = patched(&LENIENT, flag).unwrap();
    assert_eq!(new["name"], json!({"familyName": "L", "givenName": "Bea"}));
    assert_eq!((&new["emails"][0]["value"], &new["active"]), (&json!("n@x"), &json!(false)));
    assert_eq!(new[ENTERPRISE_USER], json!({"employeeNumber": "7"}));
    for value in [json!("m2"), json!({"value": "m2"}), json!([{"$ref": "x", "value": "m2"}])] {
        let manager = after(json!([{"op": "Add", "path": "manager", "value": value}]), ENTERPRISE_USER);
        assert_eq!(manager["manager"]["value"], json!("m2"));
    }
    let removed = json!([
        {"op": "Add", "path": "manager", "value": "m1"},
        {"op": "Remove", "path": format!("{ENTERPRISE_USER}:manager"), "value": "other"},
    ]);
    assert_eq!(after(removed, ENTERPRISE_USER), Value::Null);
}

#[test]
fn odd_forms_are_taken_as_they_are_meant() {
    for (operation, name, expected) in [
        (json!({"op": "replace", "path": "active", "value": ["false"]}), "active", json!(false)),
        (json!({"op": "add", "value": {"active": false}}), "active", json!(false)),
        (
            json!({"op": "replace", "value": {"id": "x", "schemas": [], "meta": {}, "groups": [], "title": "T"}}),
            "title",
            json!("T"),
        ),
        (json!({"op": "replace", "value": {"externalId": null}}), "externalId", Value::Null),
        (
            json!({"op": "remove", "path": "emails", "value": [{"value": "W@X"}]}),
            "emails",
            json!([{"value": "h@x", "type": "home"}]),
        ),
        (json!({"op": "add", "path": "urn:x:Custom:2.0:User:tag", "value": "t"}), "title", json!("Old")),
        (json!({"op": "replace", "path": "title", "value": ""}), "title", Value::Null),
        (json!({"op": "add", "name": "n", "path": "title", "value": "T"}), "title", json!("T")),
    ] {
        assert_eq!(after(json!([operation]), name), expected, "{operation}");
    }
}

#[test]
fn what_cannot_be_done_says_why_and_changes_nothing() {
    for (operation, kind) in [
        (json!({"op": "replace", "path": "id", "value": "x"}), Kind::Mutability),
        (json!({"op": "replace", "path": "meta.created", "value": "x"}), Kind::Mutability),
        (json!({"op": "add", "path": "groups", "value": []}), Kind::Mutability),
        (json!({"op": "remove", "path": "userName"}), Kind::Mutability),
        (json!({"op": "remove"}), Kind::NoTarget),
        (json!({"op": "replace", "path": "emails[value sw \"zz\"].display", "value": "x"}), Kind::NoTarget),
        (json!({"op": "add", "path": "nope", "value": "x"}), Kind::InvalidPath),
        (json!({"op": "add", "path": "emails[type eq", "value": "x"}), Kind::InvalidPath),
        (json!({"op": "add", "path": "title[value eq \"x\"]", "value": "x"}), Kind::InvalidPath),
        (json!({"op": "move", "path": "title", "value": "x"}), Kind::InvalidSyntax),
        (json!({"path": "title", "value": "x"}), Kind::InvalidSyntax),
        (json!({"op": "add", "path": "title"}), Kind::InvalidValue),
        (json!({"op": "add", "value": "x"}), Kind::InvalidValue),
        (json!({"op": "add", "path": "active", "value": "maybe"}), Kind::InvalidValue),
        (json!({"op": "replace", "path": "userName", "value": 5}), Kind::InvalidValue),
        (
            json!({"op": "replace", "path": "emails", "value": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}),
            Kind::InvalidValue,
        ),
    ] {
        assert_eq!(refused(&LENIENT, json!([operation])), kind, "{operation}");
        let error =
            patched(&LENIENT, json!([{"op": "replace", "path": "title", "value": "x"}, operation])).unwrap_err();
        assert!(error.kind != kind || !error.detail.is_empty());
    }
    let strict = json!([{"op": "replace", "path": "emails[type eq \"other\"].value", "value": "x"}]);
    assert_eq!(refused(&STRICT, strict), Kind::NoTarget);
    let mut reading = Reading::new(&LENIENT);
    for body in [json!({}), json!([]), json!({"Operations": []}), json!({"members": [{"operation": "delete"}]})] {
        assert_eq!(read(schema::group(), body, &mut reading).unwrap_err().kind, Kind::InvalidSyntax);
    }
}

#[test]
fn bombs_are_refused() {
    let many = vec![json!({"op": "add", "path": "title", "value": "x"}); crate::limits::PATCH_OPERATIONS_MAX + 1];
    assert_eq!(refused(&LENIENT, Value::Array(many)), Kind::TooLarge);
    let values: Vec<Value> = (0..100_000).map(|n| json!({"value": format!("{n}@x")})).collect();
    assert_eq!(refused(&LENIENT, json!([{"op": "add", "path": "emails", "value": values}])), Kind::InvalidValue);
    let full: Vec<Value> = (0..400).map(|n| json!({"value": format!("{n}@x")})).collect();
    let mut operations = vec![json!({"op": "add", "path": "emails", "value": full})];
    operations.extend(vec![json!({"op": "remove", "path": "emails[value eq \"none\"]"}); 9_000]);
    assert_eq!(refused(&LENIENT, Value::Array(operations)), Kind::TooLarge);
}

#[test]
fn steps_on_members_are_told_apart() {
    let step = |operation: Value| {
        let mut reading = Reading::new(&LENIENT);
        let mut steps = read(schema::group(), json!({"Operations": [operation]}), &mut reading).unwrap();
        let ids = |members: Vec<super::MemberRef>| members.into_iter().map(|m| m.value).collect::<Vec<_>>().join(",");
        match steps.pop() {
            Some(Step::Members(MembersChange::Add(members))) => format!("add {}", ids(members)),
            Some(Step::Members(MembersChange::Replace(members))) => format!("replace {}", ids(members)),
            Some(Step::Members(MembersChange::Remove(members))) => format!("remove {}", ids(members)),
            Some(Step::Members(MembersChange::RemoveWhere(_))) => "remove where".to_owned(),
            Some(Step::Members(MembersChange::ReplaceWhere(..))) => "replace where".to_owned(),
            other => format!("{other:?}"),
        }
    };
    for (operation, expected) in [
        (json!({"op": "Add", "path": "members", "value": [{"$ref": null, "value": "a"}]}), "add a"),
        (json!({"op": "add", "path": "members", "value": ["a", "b"]}), "add a,b"),
        (json!({"op": "add", "path": "members", "value": {"value": "a"}}), "add a"),
        (json!({"op": "Remove", "path": "members", "value": [{"value": "a"}]}), "remove a"),
        (json!({"op": "remove", "path": "members"}), "replace "),
        (json!({"op": "remove", "path": "members", "value": []}), "remove "),
        (json!({"op": "remove", "path": "members[value eq \"a\"]"}), "remove where"),
        (json!({"op": "replace", "path": "members", "value": []}), "replace "),
        (json!({"op": "replace", "value": {"members": [{"value": "a", "display": "A"}]}}), "replace a"),
    ] {
        assert_eq!(step(operation.clone()), expected, "{operation}");
    }
    let body = json!({"Operations": [{"op": "add", "path": "members", "value": [{"display": "x"}]}]});
    assert_eq!(read(schema::group(), body, &mut Reading::new(&LENIENT)).unwrap_err().kind, Kind::InvalidValue);
}

#[test]
fn no_operation_changes_nothing() {
    let Value::Object(object) = user() else { panic!("an object") };
    let same = apply(schema::user(), object, Vec::new(), &mut Reading::new(&STRICT)).unwrap();
    assert_eq!(Value::Object(same), user());
}
