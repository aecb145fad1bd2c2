//! What a change entry names.
#![allow(clippy::unwrap_used)]

use super::attributes;
use crate::scim::schema::ENTERPRISE_USER;
use serde_json::json;

#[test]
fn only_what_differs_is_named() {
    let old =
        json!({"userName": "a", "title": "t", "nickName": "n", ENTERPRISE_USER: {"department": "D", "division": "V"}});
    let new =
        json!({"userName": "a", "title": "u", "active": true, ENTERPRISE_USER: {"department": "E", "division": "V"}});
    let names = attributes(old.as_object().unwrap(), new.as_object().unwrap());
    assert_eq!(names, ["title", "nickName", &format!("{ENTERPRISE_USER}:department"), "active"]);
    let none = json!({"userName": "a"});
    let names = attributes(none.as_object().unwrap(), new.as_object().unwrap());
    let department = format!("{ENTERPRISE_USER}:department");
    assert_eq!(names, ["title", "active", department.as_str(), &format!("{ENTERPRISE_USER}:division")]);
}
