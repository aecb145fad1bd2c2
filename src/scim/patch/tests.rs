//! Tests of PATCH: what the tests below share, and the messages and operations that are refused.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::scim::dialect::Dialect;
use crate::scim::samples::{STRICT, TOLERANT};
use crate::scim::schema::{self, USER};
use expect_test::{Expect, expect};
use serde_json::json;

mod dialects;
mod hostile;
mod members;
mod rfc;

fn body(operations: &Value) -> Value {
    json!({"schemas": [PATCH_OP], "Operations": operations})
}

fn patched(
    resource_type: &ResourceType,
    before: &Value,
    operations: &Value,
    reading: &mut Reading<'_>,
) -> Result<Value, Error> {
    let changes = read(resource_type, body(operations), reading)?
        .into_iter()
        .map(|step| match step {
            Step::Attribute(change) => change,
            Step::Members(step) => panic!("{step:?} in a test of attributes"),
        })
        .collect();
    let before = before.as_object().unwrap().clone();
    apply(resource_type, before, changes, reading).map(Value::Object)
}

/// What the operations change, or the error; how one dialect sees it.
fn outcome(resource_type: &ResourceType, before: &Value, operations: &Value, dialect: &Dialect) -> String {
    described(before, patched(resource_type, before, operations, &mut Reading::new(dialect)))
}

fn described(before: &Value, after: Result<Value, Error>) -> String {
    let after = match after {
        Ok(after) => after,
        Err(error) => return error.to_string(),
    };
    let (old, new) = (before.as_object().unwrap(), after.as_object().unwrap());
    let set = new.iter().filter(|(name, value)| old.get(*name) != Some(value));
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    let lines: Vec<_> =
        gone.map(|name| format!("-{name}")).chain(set.map(|(name, value)| format!("{name} {value}"))).collect();
    lines.join("\n")
}

/// What both dialects do.
fn check(before: &Value, operations: Value, expected: Expect) {
    let after = outcome(schema::user(), before, &operations, &TOLERANT);
    assert_eq!(after, outcome(schema::user(), before, &operations, &STRICT));
    expected.assert_eq(&after);
}

/// What only the tolerant dialect does, with the quirk that lets it; the strict one refuses it with `kind`.
fn check_quirk(before: &Value, operations: Value, quirk: Quirk, expected: Expect, kind: Kind) {
    let mut reading = Reading::new(&TOLERANT);
    let after = patched(schema::user(), before, &operations, &mut reading);
    expected.assert_eq(&described(before, after));
    assert!(reading.used.contains(quirk), "{operations} used {:?}", reading.used);
    let refusal = patched(schema::user(), before, &operations, &mut Reading::new(&STRICT)).unwrap_err();
    assert_eq!(refusal.kind, kind, "{operations}: {refusal}");
    assert!(refusal.detail.starts_with("Operations["), "{refusal}");
}

fn ann() -> Value {
    json!({
        "externalId": "e1",
        "userName": "ann",
        "name": {"familyName": "Old", "givenName": "Ann", "middleName": "Q"},
        "active": true,
        "emails": [{"value": "ann@work.test", "type": "work", "primary": true}, {"value": "ann@home.test", "type": "home"}],
    })
}

fn bare() -> Value {
    json!({"userName": "ann"})
}

#[test]
fn mistakes_name_their_operation() {
    let good = json!({"op": "replace", "path": "title", "value": "After"});
    let bad = [
        json!("x"),
        json!({}),
        json!({"op": "move", "path": "title"}),
        json!({"op": 5}),
        json!({"op": "remove"}),
        json!({"op": "remove", "path": ""}),
        json!({"op": "remove", "path": null, "value": {"title": "x"}}),
        json!({"op": "remove", "path": USER}),
        json!({"op": "add"}),
        json!({"op": "add", "path": "title"}),
        json!({"op": "add", "value": "x"}),
        json!({"op": "replace", "value": [{"title": "x"}]}),
        json!({"op": "add", "path": 5, "value": "x"}),
        json!({"op": "replace", "path": "noSuchAttribute.deep[", "value": "x"}),
        json!({"op": "replace", "path": "noSuchAttribute", "value": "x"}),
        json!({"op": "replace", "path": "name.noSuch", "value": "x"}),
        json!({"op": "replace", "path": "emails[type eq", "value": "x"}),
        json!({"op": "replace", "path": "name[givenName eq \"A\"].familyName", "value": "x"}),
        json!({"op": "replace", "path": "title", "value": 5}),
        json!({"op": "replace", "path": "title", "value": {"x": 1}}),
        json!({"op": "replace", "path": "name", "value": "x"}),
        json!({"op": "add", "path": "emails", "value": [{"value": "a"}, {"value": 5}]}),
        json!({"op": "replace", "path": "emails[type eq \"work\"].primary", "value": "maybe"}),
        json!({"op": "replace", "path": "emails[type eq \"work\"]", "value": [{"value": "a"}, {"value": "b"}]}),
    ];
    let mut lines = String::new();
    for operation in bad {
        let before = ann();
        lines += &outcome(schema::user(), &before, &json!([good, operation]), &TOLERANT);
        lines += "\n";
        assert_eq!(before, ann());
    }
    expect![[r#"
        invalidSyntax: Operations[1]: must be an object
        invalidSyntax: Operations[1]: 'op' is missing
        invalidSyntax: Operations[1]: 'op' must be add, replace or remove, not '"move"'
        invalidSyntax: Operations[1]: 'op' must be add, replace or remove, not '5'
        noTarget: Operations[1]: a remove operation needs a 'path'
        noTarget: Operations[1]: a remove operation needs a 'path'
        noTarget: Operations[1]: a remove operation needs a 'path'
        noTarget: Operations[1]: a remove operation needs a 'path'
        invalidValue: Operations[1]: without a 'path', 'value' must be an object of attributes
        invalidValue: Operations[1]: 'title' needs a 'value'
        invalidValue: Operations[1]: without a 'path', 'value' must be an object of attributes
        invalidValue: Operations[1]: without a 'path', 'value' must be an object of attributes
        invalidPath: Operations[1]: 'path' must be a string
        invalidPath: Operations[1]: the path 'noSuchAttribute.deep[' names no attribute of any schema
        invalidPath: Operations[1]: the path 'noSuchAttribute' names no attribute of any schema
        invalidPath: Operations[1]: the path 'name.noSuch' names no attribute of any schema
        invalidPath: Operations[1]: the path 'emails[type eq' has a bad filter: the filter is wrong at column 15, at its end: expected a value
        invalidPath: Operations[1]: the path 'name[givenName eq "A"].familyName' has a filter on what is no attribute with many values
        invalidValue: Operations[1]: 'title' must be a string
        invalidValue: Operations[1]: 'title' must be a string
        invalidValue: Operations[1]: 'name' must be an object
        invalidValue: Operations[1]: 'emails[1].value' must be a string
        invalidValue: Operations[1]: 'emails[type eq "work"].primary' must be true or false
        invalidValue: Operations[1]: 'emails[type eq "work"]' must be an object
    "#]].assert_eq(&lines);
}

#[test]
fn messages() {
    let operations = json!([{"op": "add", "path": "title", "value": "T"}]);
    let outcome = |message: Value, dialect: &Dialect| match read(schema::user(), message, &mut Reading::new(dialect)) {
        Ok(steps) => format!("{} steps", steps.len()),
        Err(error) => error.to_string(),
    };
    let rows = [
        json!({"schemas": [PATCH_OP], "Operations": operations}),
        json!({"Schemas": [PATCH_OP.to_uppercase(), "x"], "operations": operations}),
        json!({"Operations": operations}),
        json!({"schemas": [], "Operations": operations}),
        json!({"schemas": PATCH_OP, "Operations": operations}),
        json!({"schemas": [PATCH_OP], "id": "x", "Operations": operations}),
        json!({"schemas": [PATCH_OP], "Operations": [{"name": "addMember", "op": "add", "path": "title", "value": "T"}]}),
        json!({"schemas": [PATCH_OP]}),
        json!({"schemas": [PATCH_OP], "Operations": []}),
        json!({"schemas": [PATCH_OP], "Operations": null}),
        json!({"schemas": [PATCH_OP], "Operations": operations[0]}),
        json!({"schemas": ["urn:scim:schemas:core:1.0"], "members": [{"value": "u", "operation": "delete"}]}),
        json!({"members": [{"value": "u", "operation": "delete"}]}),
        json!([operations[0]]),
    ];
    let lines: String = rows
        .into_iter()
        .map(|row| format!("{row}\n    {}\n    {}\n", outcome(row.clone(), &TOLERANT), outcome(row.clone(), &STRICT)))
        .collect();
    expect![[r#"
        {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"title","value":"T"}]}
            1 steps
            1 steps
        {"Schemas":["URN:IETF:PARAMS:SCIM:API:MESSAGES:2.0:PATCHOP","x"],"operations":[{"op":"add","path":"title","value":"T"}]}
            1 steps
            1 steps
        {"Operations":[{"op":"add","path":"title","value":"T"}]}
            1 steps
            invalidSyntax: 'schemas' must hold 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
        {"schemas":[],"Operations":[{"op":"add","path":"title","value":"T"}]}
            1 steps
            invalidSyntax: 'schemas' must hold 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
        {"schemas":"urn:ietf:params:scim:api:messages:2.0:PatchOp","Operations":[{"op":"add","path":"title","value":"T"}]}
            invalidSyntax: 'schemas' must be an array of URIs
            invalidSyntax: 'schemas' must be an array of URIs
        {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"id":"x","Operations":[{"op":"add","path":"title","value":"T"}]}
            1 steps
            invalidSyntax: a PatchOp has no 'id'
        {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"name":"addMember","op":"add","path":"title","value":"T"}]}
            1 steps
            invalidSyntax: Operations[0]: an operation has no 'name'
        {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
            invalidSyntax: the body has no 'Operations'; a SCIM 2.0 PATCH is a list of operations
            invalidSyntax: the body has no 'Operations'; a SCIM 2.0 PATCH is a list of operations
        {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[]}
            invalidSyntax: 'Operations' is empty
            invalidSyntax: 'Operations' is empty
        {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":null}
            invalidSyntax: 'Operations' must be an array
            invalidSyntax: 'Operations' must be an array
        {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{"op":"add","path":"title","value":"T"}}
            invalidSyntax: 'Operations' must be an array
            invalidSyntax: 'Operations' must be an array
        {"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"u","operation":"delete"}]}
            invalidSyntax: the body is SCIM 1.1; this is a SCIM 2.0 server: choose SCIM 2.0 (at OneLogin: SCIM v2 Enterprise) in the identity provider
            invalidSyntax: the body is SCIM 1.1; this is a SCIM 2.0 server: choose SCIM 2.0 (at OneLogin: SCIM v2 Enterprise) in the identity provider
        {"members":[{"value":"u","operation":"delete"}]}
            invalidSyntax: the body has no 'Operations'; a SCIM 2.0 PATCH is a list of operations
            invalidSyntax: a PatchOp has no 'members'
        [{"op":"add","path":"title","value":"T"}]
            invalidSyntax: the body must be a PatchOp object
            invalidSyntax: the body must be a PatchOp object
    "#]].assert_eq(&lines);
}
