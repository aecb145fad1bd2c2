//! Names that are found and values that are read.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::scim::schema::{group, user};
use serde_json::json;

#[test]
fn names_are_those_of_the_schema() {
    for (path, name, kind, multi_valued) in [
        ("username", "userName", Kind::String, false),
        ("name.GivenName", "name.givenName", Kind::String, false),
        ("emails", "emails", Kind::Complex, true),
        ("emails.value", "emails.value", Kind::String, true),
        ("emails[type eq \"work\"].value", "emails.value", Kind::String, false),
        ("emails[type eq \"work\"]", "emails", Kind::Complex, false),
        ("meta.created", "meta.created", Kind::DateTime, false),
        ("externalId", "externalId", Kind::String, false),
        ("schemas", "schemas", Kind::Reference, true),
    ] {
        let found = look_up(path, user()).unwrap();
        assert_eq!((found.name.as_str(), found.kind, found.multi_valued), (name, kind, multi_valued), "{path}");
    }
    let department = look_up("department", user()).unwrap();
    assert_eq!(department.name, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department");
    assert!(look_up("department", group()).is_err());
}

#[test]
fn names_of_entra_are_told_in_scim() {
    for (name, meant) in ENTRA {
        let found = look_up(meant, user());
        assert!(found.is_ok(), "{name}: {found:?}");
    }
    for (path, meant) in [("surname", "[name.familyName]"), ("givenName", "[name.givenName]"), ("jobTitle", "[title]")]
    {
        let why = look_up(path, user()).unwrap_err();
        assert!(why.contains(meant), "{why}");
    }
}

#[test]
fn values_are_read_where_they_are() {
    let resource =
        json!({"userName": "ada", "emails": [{"value": "a"}, {"type": "work"}, {"value": "b", "type": "work"}]});
    let resource = resource.as_object().unwrap();
    let read = |path: &str, all: bool| {
        let cell = read(path, resource, user(), all, 3, &mut Budget::new(100_000))?;
        cell.into_value(3, &mut Budget::new(100_000))
    };
    assert_eq!(read("userName", false).unwrap(), json!("ada"));
    assert_eq!(read("emails.value", false).unwrap(), json!(["a", "b"]));
    assert_eq!(read("emails[type eq \"work\"].value", false).unwrap(), json!("b"));
    assert_eq!(read("emails[value pr].value", true).unwrap(), json!(["a", "b"]));
    assert_eq!(read("emails[value pr].value", false).unwrap(), json!("a"));
    assert_eq!(read("emails[type eq \"home\"]", true).unwrap(), json!(null));
    assert_eq!(read("title", false).unwrap(), json!(null));
    assert_eq!(read("nope", false).unwrap_err().column, 3);
}
