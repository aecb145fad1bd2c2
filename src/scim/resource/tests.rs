//! Bodies of POST and PUT: what is kept of them, and what is refused.
#![allow(clippy::unwrap_used)]

use super::{is_complete, read};
use crate::scim::dialect::tests::{LENIENT, STRICT};
use crate::scim::dialect::{Dialect, Reading};
use crate::scim::errors::{Error, Kind};
use crate::scim::schema::{self, ENTERPRISE_USER, USER};
use serde_json::{Value, json};

fn kept(dialect: &Dialect, body: Value) -> Result<Value, Error> {
    let incoming = read(schema::user(), body, &mut Reading::new(dialect))?;
    is_complete(schema::user(), &incoming.attributes)?;
    Ok(Value::Object(incoming.attributes))
}

#[test]
fn names_become_canonical_and_stand_in_the_schema_s_order() {
    let body = json!({
        "SCHEMAS": [USER, ENTERPRISE_USER], ENTERPRISE_USER: {"Department": "D"}, "emails": [{"Primary": true, "TYPE": "work", "value": "a@x"}],
        "USERNAME": "ada", "externalId": "e", "id": "mine", "meta": {"version": "x"}, "groups": [{"value": "g"}], "password": "secret",
    });
    let kept = kept(&STRICT, body).unwrap();
    let expected = json!({
        "externalId": "e", "userName": "ada", "emails": [{"value": "a@x", "type": "work", "primary": true}],
        ENTERPRISE_USER: {"department": "D"},
    });
    assert_eq!(kept.to_string(), expected.to_string());
    let again = read(schema::user(), json!({"schemas": [USER], "userName": "ada"}), &mut Reading::new(&STRICT));
    assert_eq!(Value::Object(again.unwrap().attributes), json!({"userName": "ada"}));
}

#[test]
fn values_of_the_wrong_type_are_refused_by_name() {
    for (name, value) in [
        ("userName", json!(5)),
        ("userName", json!(null)),
        ("userName", json!("")),
        ("userName", json!({})),
        ("externalId", json!(1)),
        ("externalId", json!(true)),
        ("active", json!("maybe")),
        ("active", json!(1)),
        ("name", json!("Ada")),
        ("emails", json!([5])),
        ("emails", json!([{"value": 5}])),
        ("emails", json!([["x"]])),
        ("x509Certificates", json!([{"value": "not base64!"}])),
        ("title", json!(["a", "b"])),
        ("emails", json!([{"value": "a", "primary": true}, {"value": "b", "primary": true}])),
        ("title", json!("x".repeat(crate::limits::VALUE_BYTES_MAX + 1))),
    ] {
        let mut body = json!({"schemas": [USER], "userName": "ada"});
        body[name] = value.clone();
        for dialect in [&LENIENT, &STRICT] {
            let error = kept(dialect, body.clone()).unwrap_err();
            assert_eq!(error.kind, Kind::InvalidValue, "{name}");
            assert!(error.detail.contains(name), "{name}: {error}");
        }
    }
    assert_eq!(kept(&LENIENT, json!([])).unwrap_err().kind, Kind::InvalidSyntax);
    assert_eq!(kept(&LENIENT, json!({"schemas": "x", "userName": "a"})).unwrap_err().kind, Kind::InvalidSyntax);
}

#[test]
fn what_identity_providers_send_is_taken_by_the_lenient_and_refused_by_the_strict() {
    for (extra, name, expected) in [
        (json!({"active": "True"}), "active", json!(true)),
        (json!({"active": ["false"]}), "active", json!(false)),
        (json!({"emails": {"value": "a@x"}}), "emails", json!([{"value": "a@x"}])),
        (json!({"roles": ["admin"]}), "roles", json!([{"value": "admin"}])),
        (json!({"name.givenName": "Ada"}), "name", json!({"givenName": "Ada"})),
        (json!({format!("{ENTERPRISE_USER}:department"): "D"}), ENTERPRISE_USER, json!({"department": "D"})),
        (
            json!({"department": "D", "manager": "m"}),
            ENTERPRISE_USER,
            json!({"department": "D", "manager": {"value": "m"}}),
        ),
        (
            json!({"urn:ietf:params:scim:schemas:extension:enterprise:2.0User": {"department": "D"}}),
            ENTERPRISE_USER,
            json!({"department": "D"}),
        ),
        (json!({"nope": 1, "urn:x:y": {"a": 1}}), "nope", Value::Null),
    ] {
        let mut body = json!({"schemas": [USER], "userName": "ada"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        assert!(kept(&STRICT, body.clone()).is_err(), "{extra}");
        assert_eq!(kept(&LENIENT, body).unwrap().get(name).cloned().unwrap_or(Value::Null), expected, "{extra}");
    }
    let template = json!({"title": "", "addresses": [{"locality": "", "region": ""}], "name": {"givenName": ""}, "userName": "ada", "photos": [], "nickName": null});
    assert_eq!(kept(&LENIENT, template).unwrap(), json!({"userName": "ada"}));
    assert!(kept(&STRICT, json!({"userName": "ada"})).is_err());
}

#[test]
fn scim_1_is_told_what_to_do() {
    let error = kept(&LENIENT, json!({"schemas": ["urn:scim:schemas:core:1.0"], "userName": "a"})).unwrap_err();
    assert!(error.kind == Kind::InvalidSyntax && error.detail.contains("SCIM 2.0"), "{error}");
}
