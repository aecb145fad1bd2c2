//! What is masked and what is not.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use expect_test::{Expect, expect};

const ID: &str = "01890000-0000-7000-8000-000000000001";

fn masks(text: &str, expected: Expect) {
    expected.assert_eq(&body(text.replace("#ID", ID).as_bytes()).unwrap());
}

#[test]
fn bodies_keep_their_form_and_lose_their_values() {
    masks(
        r##"{"schemas":["urn:x"],"id":"#ID","userName":"jane@example.com","active":"False","title":"","nickName":null,
            "employeeNumber":4711,"name":{"familyName":"Doe"},"emails":[{"value":"jane@example.com","type":"work","primary":true}],
            "groups":[{"value":"#ID","$ref":"https://h/tenants/t/scim/v2/Groups/#ID","display":"Sales"}],
            "manager":{"$ref":"../Users/jane"},"meta":{"resourceType":"User","version":"W/\"3\""}}"##,
        expect![[
            r#"{"schemas":["urn:x"],"id":"01890000-0000-7000-8000-000000000001","userName":"***","active":"False","title":"","nickName":null,"employeeNumber":"***","name":{"familyName":"***"},"emails":[{"value":"***","type":"work","primary":true}],"groups":[{"value":"01890000-0000-7000-8000-000000000001","$ref":"https://h/tenants/t/scim/v2/Groups/01890000-0000-7000-8000-000000000001","display":"***"}],"manager":{"$ref":"***"},"meta":{"resourceType":"User","version":"W/\"3\""}}"#
        ]],
    );
    masks(
        r##"{"Operations":[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"jane@example.com"},
            {"op":"remove","path":"members[value eq \"#ID\"]"},{"op":"add","value":{"name.givenName":"Jane"}}]}"##,
        expect![[
            r#"{"Operations":[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"***"},{"op":"remove","path":"members[value eq \"01890000-0000-7000-8000-000000000001\"]"},{"op":"add","value":{"name.givenName":"***"}}]}"#
        ]],
    );
    assert_eq!(body(b"jane, not JSON"), None);
    assert_eq!(
        value("emails", &serde_json::json!([{"value": "j@x", "type": "home"}])),
        r#"[{"value":"***","type":"home"}]"#
    );
}

#[test]
fn filters_keep_all_but_the_values() {
    for (filter, expected) in [
        (r#"userName eq "jane doe""#, r#"userName eq "***""#),
        ("userName eq jane", "userName eq ***"),
        ("userName eq 'jane doe' and active eq true", "userName eq *** *** and active eq true"),
        (
            r#"emails[type eq "work" and value co "jane"].value pr"#,
            r#"emails[type eq "work" and value co "***"].value pr"#,
        ),
        (r#"(a eq "x \" or b" or c pr) and not (d sw e)"#, r#"(a eq "***" or c pr) and not (d sw ***)"#),
        (r#"userName eq "open"#, r#"userName eq "***""#),
        ("title pr", "title pr"),
    ] {
        assert_eq!(literals(filter), expected);
    }
}

#[test]
fn targets_keep_ids_and_attributes() {
    let base = "/tenants/acme/scim/v2";
    for (given, expected) in [
        ("/Users/#ID?attributes=userName", "/Users/#ID?attributes=userName"),
        ("/Users/jane@example.com", "/Users/***"),
        ("/Users?filter=userName+eq+%22jane%22&count=1", "/Users?filter=userName eq \"***\"&count=1"),
        ("/Users/.search", "/Users/.search"),
        ("/Users?filter=jane%40example.com", "/Users?filter=jane@example.com"),
    ] {
        let (given, expected) = (given.replace("#ID", ID), expected.replace("#ID", ID));
        assert_eq!(target(&format!("{base}{given}")), format!("{base}{expected}"));
    }
}

#[test]
fn sentences_keep_names_of_the_protocol() {
    for (given, expected) in [
        ("the value of 'userName' is already taken", "the value of 'userName' is already taken"),
        ("'emails[0].value' must be a string", "'emails[0].value' must be a string"),
        ("'Operations[3].value' has no 'active'", "'Operations[3].value' has no 'active'"),
        ("there is no User with the id 'jane'", "there is no User with the id '***'"),
        (&format!("no User '{ID}'"), &format!("no User '{ID}'")),
        ("near 'jane@example.com' at 3", "near '***' at 3"),
        ("no quotes", "no quotes"),
        ("'open", "'***"),
    ] {
        assert_eq!(sentence(given), expected);
    }
}

#[test]
fn values_that_names_compare_with_are_masked() {
    masks(
        r##"{"Operations":[{"op":"add","value":{"emails[value eq \"jane@example.com\"].type":"work","emails[type eq \"work\"].value":"j"}}]}"##,
        expect![[
            r#"{"Operations":[{"op":"add","value":{"emails[value eq \"***\"].type":"***","emails[type eq \"work\"].value":"***"}}]}"#
        ]],
    );
}
