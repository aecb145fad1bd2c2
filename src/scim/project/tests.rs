//! Which attributes an answer has.
#![allow(clippy::unwrap_used)]

use super::{Part, Projection};
use crate::scim::dialect::Reading;
use crate::scim::dialect::tests::LENIENT;
use crate::scim::schema::{self, ENTERPRISE_USER};
use serde_json::{Value, json};

fn shown(attributes: &[&str], excluded: &[&str]) -> Value {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let projection = Projection::new(schema::user(), &list(attributes), &list(excluded), &mut Reading::new(&LENIENT));
    let Value::Object(stored) = json!({
        "externalId": "e", "userName": "ada", "name": {"givenName": "A", "familyName": "L"},
        "emails": [{"value": "a@x", "type": "work"}], ENTERPRISE_USER: {"department": "D", "costCenter": "C"},
    }) else {
        panic!("an object")
    };
    Value::Object(projection.apply(schema::user(), stored))
}

#[test]
fn names_select_and_exclude() {
    for (attributes, excluded, expected) in [
        (&["userName"][..], &[][..], json!({"userName": "ada"})),
        (&["USERNAME", "nope"], &[], json!({"userName": "ada"})),
        (&["name.givenName", "emails.value"], &[], json!({"name": {"givenName": "A"}, "emails": [{"value": "a@x"}]})),
        (&[ENTERPRISE_USER], &[], json!({ENTERPRISE_USER: {"department": "D", "costCenter": "C"}})),
        (
            &["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"],
            &[],
            json!({ENTERPRISE_USER: {"department": "D"}}),
        ),
        (&["urn:ietf:params:scim:schemas:core:2.0:User:userName"], &[], json!({"userName": "ada"})),
        (&[], &["emails", "name", "externalId", ENTERPRISE_USER], json!({"userName": "ada"})),
        (
            &[],
            &["name.familyName", "emails", "externalId", "userName", ENTERPRISE_USER],
            json!({"name": {"givenName": "A"}}),
        ),
    ] {
        assert_eq!(shown(attributes, excluded), expected, "{attributes:?} {excluded:?}");
    }
}

#[test]
fn the_id_is_always_there_and_a_password_never() {
    let user = schema::user();
    let mut reading = Reading::new(&LENIENT);
    let excluded = Projection::new(user, &[], &["id".to_owned()], &mut reading);
    assert_eq!(excluded.core(user, "id"), Part::Whole);
    let asked = Projection::new(user, &["password".to_owned()], &[], &mut reading);
    assert_eq!(asked.core(user, "password"), Part::Absent);
    assert_eq!(asked.core(user, "meta"), Part::Absent);
    assert_eq!(Projection::default().core(user, "meta"), Part::Whole);
}
