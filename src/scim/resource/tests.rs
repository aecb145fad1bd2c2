//! Tests of whole resources: what a POST or PUT body becomes, and what it must have.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::scim::dialect::Dialect;
use crate::scim::samples::{self, GADGET, MISSPELT, STRICT, TOLERANT, WARRANTY, any_json, any_name};
use crate::scim::schema::{self, ENTERPRISE_USER, GROUP, USER};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::json;

/// What is kept, on one line, or the error.
fn outcome(resource_type: &ResourceType, body: Value, dialect: &Dialect) -> String {
    match read(resource_type, body, &mut Reading::new(dialect)) {
        Ok(incoming) => match incoming.members {
            Some(members) => format!("{} members {members}", Value::Object(incoming.attributes)),
            None => Value::Object(incoming.attributes).to_string(),
        },
        Err(error) => error.to_string(),
    }
}

fn check(resource_type: &ResourceType, body: Value, tolerant: Expect, strict: Expect) {
    tolerant.assert_eq(&outcome(resource_type, body.clone(), &TOLERANT));
    strict.assert_eq(&outcome(resource_type, body, &STRICT));
}

fn check_same(resource_type: &ResourceType, body: Value, expected: Expect) {
    expected.assert_eq(&outcome(resource_type, body.clone(), &TOLERANT));
    expected.assert_eq(&outcome(resource_type, body, &STRICT));
}

fn user(mut body: Value) -> Value {
    body["schemas"] = json!([USER, ENTERPRISE_USER]);
    body
}

#[test]
fn names_types_and_order_are_the_schema_s() {
    check_same(
        schema::user(),
        user(json!({
            (ENTERPRISE_USER.to_lowercase()): {"MANAGER": {"displayName": "Boss", "value": "m1"}, "costcenter": "4"},
            "Emails": [{"Type": "work", "VALUE": "a@x", "Primary": true}],
            "ACTIVE": false,
            "name": {"givenName": "A", "familyname": "B"},
            "username": "Ann",
            "externalID": "e1",
        })),
        expect![[
            r#"{"externalId":"e1","userName":"Ann","name":{"familyName":"B","givenName":"A"},"active":false,"emails":[{"value":"a@x","type":"work","primary":true}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"costCenter":"4","manager":{"value":"m1"}}}"#
        ]],
    );
}

#[test]
fn what_the_server_owns_is_ignored() {
    check_same(
        schema::user(),
        user(json!({
            "id": "mine", "meta": {"version": "W/\"stale\"", "resourceType": "Group"}, "groups": [{"value": "g"}],
            "userName": "a",
        })),
        expect![[r#"{"userName":"a"}"#]],
    );
    check_same(
        schema::user(),
        user(json!({"id": 5, "groups": "x", "userName": "a"})),
        expect![[r#"{"userName":"a"}"#]],
    );
    check_same(
        &samples::gadget(),
        json!({"schemas": [GADGET], "label": "g", "state": "on", "tags": ["t"], (WARRANTY): {"status": "void"}}),
        expect![[r#"{"label":"g","tags":["t"]}"#]],
    );
}

#[test]
fn a_password_is_checked_and_never_kept() {
    check_same(schema::user(), user(json!({"userName": "a", "password": "pW-1!"})), expect![[r#"{"userName":"a"}"#]]);
    check_same(
        schema::user(),
        user(json!({"userName": "a", "PASSWORD": {"x": "pW-1!"}})),
        expect!["invalidValue: 'password' must be a string"],
    );
}

#[test]
fn values_of_the_wrong_type() {
    check_same(schema::user(), user(json!({"userName": 5})), expect!["invalidValue: 'userName' must be a string"]);
    check_same(schema::user(), user(json!({"externalId": 5})), expect!["invalidValue: 'externalId' must be a string"]);
    check_same(
        schema::user(),
        user(json!({"externalId": true})),
        expect!["invalidValue: 'externalId' must be a string"],
    );
    check_same(
        schema::user(),
        user(json!({"emails": [{"value": "a"}, {"type": 1}]})),
        expect!["invalidValue: 'emails[1].type' must be a string"],
    );
    check_same(
        schema::user(),
        user(json!({(ENTERPRISE_USER): {"department": 1}})),
        expect![
            "invalidValue: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department' must be a string"
        ],
    );
    check_same(
        schema::user(),
        user(json!({(ENTERPRISE_USER): "x"})),
        expect!["invalidValue: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User' must be an object"],
    );
    check_same(schema::user(), json!([]), expect!["invalidSyntax: the body must be a JSON object"]);
    check(
        schema::user(),
        user(json!({"active": "True"})),
        expect![[r#"{"active":true}"#]],
        expect!["invalidValue: 'active' must be true or false"],
    );
    check(
        schema::user(),
        user(json!({"active": ["false"]})),
        expect![[r#"{"active":false}"#]],
        expect!["invalidValue: 'active' must be true or false"],
    );
}

#[test]
fn unknown_attributes_and_schemas() {
    check(
        schema::user(),
        user(json!({"userName": "a", "ocid": "o1", "custom": {"x": [1]}})),
        expect![[r#"{"userName":"a"}"#]],
        expect!["invalidSyntax: no schema has an attribute 'ocid'"],
    );
    check(
        schema::user(),
        user(
            json!({"userName": "a", "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User": {"isFederatedUser": false}}),
        ),
        expect![[r#"{"userName":"a"}"#]],
        expect![
            "invalidSyntax: no schema has an attribute 'urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User'"
        ],
    );
    check(
        schema::user(),
        user(json!({(ENTERPRISE_USER): {"schemas": ["x"], "shoeSize": 44, "department": "D"}})),
        expect![[r#"{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D"}}"#]],
        expect![
            "invalidSyntax: no schema has an attribute 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:shoeSize'"
        ],
    );
    let entra = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
    check(
        schema::group(),
        json!({"schemas": [GROUP, entra], "displayName": "g"}),
        expect![[r#"{"displayName":"g"}"#]],
        expect![
            "invalidValue: 'schemas' holds 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group', which no schema here is"
        ],
    );
    // Microsoft's example: top-level attributes of the extension, nulls, and a URN without its colon.
    check(
        schema::user(),
        json!({
            "schemas": [USER.to_uppercase(), MISSPELT], "userName": "a", "addresses": null, "title": null, "department": "D",
            "manager": null, (MISSPELT): {"employeeNumber": "7"},
        }),
        expect![[
            r#"{"userName":"a","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"7","department":"D"}}"#
        ]],
        expect![
            "invalidValue: 'schemas' holds 'urn:ietf:params:scim:schemas:extension:enterprise:2.0User', which no schema here is"
        ],
    );
}

#[test]
fn schemas_of_the_body() {
    let missing = || expect!["invalidSyntax: 'schemas' must hold 'urn:ietf:params:scim:schemas:core:2.0:User'"];
    let kept = || expect![[r#"{"userName":"a"}"#]];
    check(schema::user(), json!({"userName": "a"}), kept(), missing());
    check(schema::user(), json!({"schemas": null, "userName": "a"}), kept(), missing());
    check(schema::user(), json!({"schemas": [], "userName": "a"}), kept(), missing());
    check(schema::user(), json!({"schemas": [ENTERPRISE_USER], "userName": "a"}), kept(), missing());
    let not_a_list = || expect!["invalidSyntax: 'schemas' must be an array of URIs"];
    check_same(schema::user(), json!({"schemas": USER}), not_a_list());
    check_same(schema::user(), json!({"schemas": [USER, 5]}), not_a_list());
    check_same(schema::user(), json!({"SCHEMAS": [USER], "userName": "a"}), kept());
    check_same(
        schema::user(),
        json!({"schemas": ["urn:scim:schemas:core:1.0"], "userName": "a"}),
        expect![
            "invalidSyntax: the body is SCIM 1.1; this is a SCIM 2.0 server: choose SCIM 2.0 (at OneLogin: SCIM v2 Enterprise) in the identity provider"
        ],
    );
}

#[test]
fn keys_that_are_paths() {
    check(
        schema::user(),
        user(json!({
            "name.givenName": "A", "name": {"middleName": "M"}, "name.familyName": "B", (format!("{USER}:title")): "T",
            (format!("{ENTERPRISE_USER}:manager.value")): "m1", (ENTERPRISE_USER): {"manager": {"$ref": "u/m1"}},
        })),
        expect![[
            r#"{"name":{"familyName":"B","givenName":"A","middleName":"M"},"title":"T","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"m1","$ref":"u/m1"}}}"#
        ]],
        expect!["invalidSyntax: 'name.givenName' is a path, not the name of an attribute"],
    );
    check(
        schema::user(),
        user(json!({"emails.value": "a@x"})),
        expect!["invalidSyntax: 'emails.value' has many values and needs an array"],
        expect!["invalidSyntax: 'emails.value' is a path, not the name of an attribute"],
    );
}

#[test]
fn one_attribute_under_two_spellings_is_refused() {
    let rows = [
        (json!({"title": "a", (format!("{USER}:title")): "b"}), "title"),
        (json!({"name": {"givenName": "a"}, "name.givenName": "b"}), "name.givenName"),
        (json!({"name.givenName": "b", "name": {"givenName": "a"}}), "name.givenName"),
        (json!({"emails": ["a"], (format!("{USER}:emails")): ["b"]}), "emails"),
        (
            json!({"department": "a", (ENTERPRISE_USER): {"department": "b"}}),
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        ),
        (
            json!({(MISSPELT): {"department": "a"}, (ENTERPRISE_USER): {"department": "b"}}),
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        ),
    ];
    for (body, name) in rows {
        let expected = format!("invalidSyntax: '{name}' comes twice in the body");
        assert_eq!(outcome(schema::user(), user(body), &TOLERANT), expected);
    }
    let body = json!({"members": [], (format!("{GROUP}:members")): []});
    assert_eq!(outcome(schema::group(), body, &TOLERANT), "invalidSyntax: 'members' comes twice in the body");
}

#[test]
fn empty_strings_of_a_template() {
    check(
        schema::user(),
        user(json!({
            "id": null, "userName": "a", "title": "", "name": {"givenName": "Ana", "middleName": ""}, "active": "",
            "addresses": [{"locality": "", "region": "", "country": ""}], "photos": [], "emails": "",
            (ENTERPRISE_USER): {"division": "", "manager": {"value": "", "displayName": " ", "managerId": "x"}},
        })),
        expect![[r#"{"userName":"a","name":{"givenName":"Ana"}}"#]],
        expect!["invalidValue: 'active' must be true or false"],
    );
}

#[test]
fn members_are_apart() {
    check_same(
        schema::group(),
        json!({"schemas": [GROUP], "displayName": "g", "Members": [{"value": "u"}]}),
        expect![[r#"{"displayName":"g"} members [{"value":"u"}]"#]],
    );
    let without = || expect![[r#"{"displayName":"g"}"#]];
    check_same(schema::group(), json!({"schemas": [GROUP], "displayName": "g", "members": null}), without());
    check_same(schema::group(), json!({"schemas": [GROUP], "displayName": "g"}), without());
}

#[test]
fn completeness() {
    let warranty = |object: Value| json!({"label": "g", "tags": ["t"], (WARRANTY): object});
    let gadget = samples::gadget();
    let rows: [(&ResourceType, Value, &str); 11] = [
        (schema::user(), json!({"userName": "a"}), ""),
        (schema::user(), json!({"title": "a"}), "'userName' is required"),
        (schema::user(), json!({"userName": " "}), "'userName' must not be empty"),
        (schema::group(), json!({"externalId": "a"}), "'displayName' is required"),
        (&gadget, json!({"label": "g", "tags": ["t"]}), ""),
        (&gadget, json!({"label": "g"}), "'tags' is required"),
        (&gadget, json!({"label": "g", "tags": ["t"], "parts": [{"value": "p"}]}), ""),
        (
            &gadget,
            json!({"label": "g", "tags": ["t"], "parts": [{"value": "p"}, {"count": 1}]}),
            "'parts[1].value' is required",
        ),
        (&gadget, warranty(json!({"number": "1"})), ""),
        (
            &gadget,
            warranty(json!({"until": "2026-01-01T00:00:00Z"})),
            "'urn:example:params:scim:schemas:extension:1.0:Warranty:number' is required",
        ),
        (
            &gadget,
            warranty(json!({"number": ""})),
            "'urn:example:params:scim:schemas:extension:1.0:Warranty:number' must not be empty",
        ),
    ];
    for (resource_type, attributes, expected) in rows {
        let error = is_complete(resource_type, attributes.as_object().unwrap()).err();
        assert!(error.as_ref().is_none_or(|error| error.kind == Kind::InvalidValue));
        assert_eq!(error.map_or_else(String::new, |error| error.detail), expected, "{attributes}");
    }
    let mut needs = samples::gadget();
    needs.extensions[0].required = true;
    let error = is_complete(&needs, json!({"label": "g", "tags": ["t"]}).as_object().unwrap()).unwrap_err();
    assert_eq!(error.detail, "the extension 'urn:example:params:scim:schemas:extension:1.0:Warranty' is required");
}

/// A user body that is often acceptable.
fn any_body() -> impl Strategy<Value = Value> {
    prop::collection::vec((any_name(), any_json()), 0..6)
        .prop_map(|entries| Value::Object(entries.into_iter().filter(|(name, _)| name != "schemas").collect()))
}

proptest! {
    #[test]
    fn any_json_has_an_answer(body in any_json()) {
        let _ = read(schema::user(), body.clone(), &mut Reading::new(&TOLERANT));
        let _ = read(&samples::gadget(), body, &mut Reading::new(&STRICT));
    }

    #[test]
    fn reading_what_was_read_changes_nothing(body in any_body()) {
        if let Ok(first) = read(schema::user(), body, &mut Reading::new(&TOLERANT)) {
            let again = read(schema::user(), Value::Object(first.attributes.clone()), &mut Reading::new(&TOLERANT)).unwrap();
            // As text, because the order counts too.
            prop_assert_eq!(json!(again.attributes).to_string(), json!(first.attributes).to_string());
        }
    }
}
