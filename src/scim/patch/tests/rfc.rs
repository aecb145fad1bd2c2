//! Tests of what RFC 7644 section 3.5.2 and RFC 7643 section 2 say about PATCH; the RFC's own examples, re-typed.

use super::*;
use crate::scim::samples::{self, GADGET, WARRANTY};
use crate::scim::schema::ENTERPRISE_USER;

fn check_gadget(before: &Value, operations: Value, expected: Expect) {
    expected.assert_eq(&outcome(&samples::gadget(), before, &operations, &STRICT));
}

#[test]
fn add_as_the_rfc_shows_it() {
    check(
        &json!({"userName": "babs", "nickName": "Barb", "emails": [{"value": "b@example.com", "type": "work"}]}),
        json!([{"op": "add", "value": {"emails": [{"value": "babs@jensen.org", "type": "home"}], "nickname": "Babs"}}]),
        expect![[r#"
            nickName "Babs"
            emails [{"value":"b@example.com","type":"work"},{"value":"babs@jensen.org","type":"home"}]"#]],
    );
    // A complex attribute, one with a value, one without.
    check(
        &ann(),
        json!([
            {"op": "add", "path": "name", "value": {"familyName": "New"}},
            {"op": "add", "path": "title", "value": "Guide"},
            {"op": "add", "path": "userName", "value": "anna"},
            {"op": "add", "path": format!("{ENTERPRISE_USER}:employeeNumber"), "value": "7"},
        ]),
        expect![[r#"
            userName "anna"
            name {"familyName":"New","givenName":"Ann","middleName":"Q"}
            title "Guide"
            urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"employeeNumber":"7"}"#]],
    );
}

#[test]
fn add_of_what_is_there_changes_nothing() {
    for operation in [
        json!({"op": "add", "path": "emails", "value": [{"type": "home", "value": "ann@home.test"}]}),
        json!({"op": "add", "path": "emails", "value": [{"type": "work", "value": "ann@work.test", "primary": true}]}),
        json!({"op": "add", "path": "emails", "value": []}),
        json!({"op": "add", "path": "emails", "value": null}),
        json!({"op": "add", "path": "emails[type eq \"work\"]", "value": null}),
        json!({"op": "add", "path": "emails[type eq \"work\"]", "value": {}}),
        json!({"op": "add", "path": "emails[type eq \"work\"]", "value": {"value": "ann@work.test"}}),
        json!({"op": "add", "path": "userName", "value": "ann"}),
        json!({"op": "add", "path": "name", "value": {"givenName": "Ann"}}),
        json!({"op": "add", "value": {}}),
    ] {
        let after = patched(schema::user(), &ann(), &json!([operation]), &mut Reading::new(&STRICT)).unwrap();
        assert_eq!(after.to_string(), ann().to_string(), "{operation}");
    }
    // The same value and type with more to it is the same e-mail.
    check(
        &bare(),
        json!([
            {"op": "add", "path": "emails", "value": [{"value": "a", "type": "work"}, {"value": "a", "type": "home"}]},
            {"op": "add", "path": "emails", "value": [{"value": "a", "type": "work", "display": "A"}]},
        ]),
        expect![[r#"emails [{"value":"a","display":"A","type":"work"},{"value":"a","type":"home"}]"#]],
    );
}

#[test]
fn remove_as_the_rfc_has_it() {
    check(
        &ann(),
        json!([{"op": "remove", "path": "emails[type eq \"work\" and value ew \"work.test\"]"}]),
        expect![[r#"emails [{"value":"ann@home.test","type":"home"}]"#]],
    );
    check(
        &ann(),
        json!([{"op": "remove", "path": "emails"}, {"op": "remove", "path": "name"}, {"op": "remove", "path": "active"}]),
        expect![[r#"
            -name
            -active
            -emails"#]],
    );
    check(
        &ann(),
        json!([{"op": "remove", "path": "name.middleName"}, {"op": "remove", "path": "emails[type eq \"work\"].primary"}]),
        expect![[r#"
            name {"familyName":"Old","givenName":"Ann"}
            emails [{"value":"ann@work.test","type":"work"},{"value":"ann@home.test","type":"home"}]"#]],
    );
    // The last value and the last part take the attribute with them.
    check(
        &json!({"userName": "ann", "name": {"givenName": "A"}, "emails": [{"type": "work"}], "ims": [{"value": "x"}]}),
        json!([
            {"op": "remove", "path": "name.givenName"},
            {"op": "remove", "path": "emails[type eq \"work\"].type"},
            {"op": "remove", "path": "ims[value eq \"x\"]"},
        ]),
        expect![[r#"
            -name
            -emails
            -ims"#]],
    );
    // What is not there is gone already.
    check(
        &bare(),
        json!([{"op": "remove", "path": "title"}, {"op": "remove", "path": "emails[type eq \"work\"]"}, {"op": "remove", "path": "name.givenName"}]),
        expect![[r#""#]],
    );
    check(
        &ann(),
        json!([{"op": "remove", "path": "emails.primary"}]),
        expect![[r#"emails [{"value":"ann@work.test","type":"work"},{"value":"ann@home.test","type":"home"}]"#]],
    );
}

#[test]
fn replace_as_the_rfc_shows_it() {
    let addresses = json!({"userName": "ann", "addresses": [
        {"streetAddress": "1 Old St", "locality": "X", "type": "work"},
        {"streetAddress": "2 Home St", "type": "home", "primary": true},
    ]});
    check(
        &addresses,
        json!([{"op": "replace", "path": "addresses[type eq \"work\"]", "value": {
            "type": "work", "streetAddress": "911 Universal City Plaza", "region": "CA", "postalCode": "91608", "country": "US",
            "formatted": "911 Universal City Plaza\nHollywood, CA 91608 US", "primary": true,
        }}]),
        expect![[
            r#"addresses [{"formatted":"911 Universal City Plaza\nHollywood, CA 91608 US","streetAddress":"911 Universal City Plaza","region":"CA","postalCode":"91608","country":"US","type":"work","primary":true},{"streetAddress":"2 Home St","type":"home","primary":false}]"#
        ]],
    );
    check(
        &addresses,
        json!([{"op": "replace", "path": "addresses[type eq \"work\"].streetAddress", "value": "1010 Broadway Ave"}]),
        expect![[
            r#"addresses [{"streetAddress":"1010 Broadway Ave","locality":"X","type":"work"},{"streetAddress":"2 Home St","type":"home","primary":true}]"#
        ]],
    );
    check(
        &ann(),
        json!([{"op": "replace", "value": {
            "emails": [
                {"value": "bjensen@example.com", "type": "work", "primary": true},
                {"value": "babs@jensen.org", "type": "home"},
            ],
            "nickname": "Babs",
        }}]),
        expect![[r#"
            nickName "Babs"
            emails [{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}]"#]],
    );
    // Every value that matches; an attribute that has none is added.
    check(
        &json!({"userName": "ann", "ims": [{"value": "a", "type": "x"}, {"value": "b", "type": "y"}, {"value": "c", "type": "x"}]}),
        json!([
            {"op": "replace", "path": "ims[type eq \"x\"].display", "value": "D"},
            {"op": "replace", "path": "name.givenName", "value": "Ann"},
            {"op": "replace", "path": "roles", "value": [{"value": "r"}]},
        ]),
        expect![[r#"
            name {"givenName":"Ann"}
            ims [{"value":"a","display":"D","type":"x"},{"value":"b","type":"y"},{"value":"c","display":"D","type":"x"}]
            roles [{"value":"r"}]"#]],
    );
}

#[test]
fn values_that_mean_no_value() {
    let rows = [
        json!({"op": "replace", "path": "emails", "value": []}),
        json!({"op": "replace", "path": "emails", "value": null}),
        json!({"op": "replace", "value": {"emails": []}}),
        json!({"op": "replace", "value": {"emails": null}}),
        json!({"op": "replace", "path": "emails[value pr]", "value": null}),
        json!({"op": "remove", "path": "emails", "value": null}),
        json!({"op": "remove", "path": "emails[type eq \"home\" or type eq \"work\"]", "value": [{"value": "other"}]}),
    ];
    for operation in rows {
        let after = outcome(schema::user(), &ann(), &json!([operation]), &STRICT);
        assert_eq!(after, "-emails", "{operation}");
    }
    check(
        &ann(),
        json!([{"op": "replace", "value": {"externalId": null, "name": {"middleName": null}, "active": null}}]),
        expect![[r#"
            -externalId
            -name
            -active"#]],
    );
    check_quirk(
        &ann(),
        json!([{"op": "replace", "path": "name.middleName", "value": ""}, {"op": "replace", "path": "active", "value": ""}]),
        Quirk::EmptyString,
        expect![[r#"
            -active
            name {"familyName":"Old","givenName":"Ann"}"#]],
        Kind::InvalidValue,
    );
}

#[test]
fn the_primary_mark_moves() {
    check(
        &ann(),
        json!([{"op": "add", "path": "emails", "value": [{"type": "other", "value": "o@x", "primary": true}]}]),
        expect![[
            r#"emails [{"value":"ann@work.test","type":"work","primary":false},{"value":"ann@home.test","type":"home"},{"value":"o@x","type":"other","primary":true}]"#
        ]],
    );
    check(
        &ann(),
        json!([{"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}]),
        expect![[
            r#"emails [{"value":"ann@work.test","type":"work","primary":false},{"value":"ann@home.test","type":"home","primary":true}]"#
        ]],
    );
    check(
        &ann(),
        json!([{"op": "add", "path": "emails[type eq \"home\"]", "value": {"primary": true}}]),
        expect![[
            r#"emails [{"value":"ann@work.test","type":"work","primary":false},{"value":"ann@home.test","type":"home","primary":true}]"#
        ]],
    );
    check(
        &ann(),
        json!([{"op": "replace", "path": "emails.primary", "value": true}]),
        expect![[
            r#"emails [{"value":"ann@work.test","type":"work","primary":false},{"value":"ann@home.test","type":"home","primary":true}]"#
        ]],
    );
    // What does not touch the mark leaves it.
    check(
        &ann(),
        json!([{"op": "replace", "path": "emails[primary eq true].value", "value": "n@x"}]),
        expect![[r#"emails [{"value":"n@x","type":"work","primary":true},{"value":"ann@home.test","type":"home"}]"#]],
    );
    check(
        &ann(),
        json!([{"op": "replace", "path": "emails[primary eq true]", "value": {"value": "n@x"}}]),
        expect![[r#"emails [{"value":"n@x","primary":true},{"value":"ann@home.test","type":"home"}]"#]],
    );
    check(
        &ann(),
        json!([{"op": "replace", "path": "emails", "value": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}]),
        expect!["invalidValue: Operations[0]: 'emails' has more than one primary value"],
    );
}

#[test]
fn a_reference_does_not_outlive_its_value() {
    let managed = json!({"userName": "a", (ENTERPRISE_USER): {"manager": {"value": "m1", "$ref": "Users/m1"}}});
    let path = format!("{ENTERPRISE_USER}:manager");
    check(
        &managed,
        json!([{"op": "replace", "path": path, "value": {"value": "m2"}}]),
        expect![[r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"manager":{"value":"m2"}}"#]],
    );
    check(
        &managed,
        json!([{"op": "replace", "path": format!("{path}.value"), "value": "m2"}]),
        expect![[r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"manager":{"value":"m2"}}"#]],
    );
    check(
        &managed,
        json!([{"op": "remove", "path": format!("{path}.value")}]),
        expect!["-urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    );
    check(
        &managed,
        json!([{"op": "replace", "path": path, "value": {"$ref": "Users/m2", "value": "m2"}}]),
        expect![[
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"manager":{"value":"m2","$ref":"Users/m2"}}"#
        ]],
    );
    check(&managed, json!([{"op": "add", "path": path, "value": {"value": "m1"}}]), expect![[r#""#]]);
}

#[test]
fn a_password_leaves_no_trace() {
    for operation in [
        json!({"op": "replace", "path": "password", "value": "pW-1!"}),
        json!({"op": "replace", "value": {"password": "pW-1!"}}),
        json!({"op": "remove", "path": "password"}),
    ] {
        assert_eq!(outcome(schema::user(), &bare(), &json!([operation]), &STRICT), "");
    }
    check(
        &bare(),
        json!([{"op": "replace", "path": "password", "value": 12345}]),
        expect!["invalidValue: Operations[0]: 'password' must be a string"],
    );
}

#[test]
fn simple_lists_immutable_and_required_attributes() {
    let gadget = json!({"label": "g", "serial": "S1", "tags": ["red", "blue"], "parts": [{"value": "p", "count": 1}]});
    check_gadget(
        &gadget,
        json!([{"op": "add", "path": "tags", "value": ["red", "green"]}]),
        expect![[r#"tags ["red","blue","green"]"#]],
    );
    check_gadget(&gadget, json!([{"op": "remove", "path": "tags[value eq \"RED\"]"}]), expect![[r#"tags ["blue"]"#]]);
    check_gadget(
        &gadget,
        json!([{"op": "replace", "path": "tags[value eq \"red\"]", "value": "pink"}]),
        expect![[r#"tags ["pink","blue"]"#]],
    );
    check_gadget(
        &gadget,
        json!([{"op": "replace", "path": "tags[value pr]", "value": "pink"}]),
        expect![[r#"tags ["pink"]"#]],
    );
    check_gadget(
        &gadget,
        json!([{"op": "remove", "path": "tags"}]),
        expect!["mutability: Operations[0]: 'tags' is required and cannot be removed"],
    );
    check_gadget(
        &gadget,
        json!([{"op": "remove", "path": "tags[value pr]"}]),
        expect!["mutability: Operations[0]: 'tags[value pr]' is required and cannot be removed"],
    );
    check_gadget(
        &gadget,
        json!([{"op": "remove", "path": "parts.value"}]),
        expect!["invalidValue: 'parts[0].value' is required"],
    );
    check_gadget(
        &gadget,
        json!([{"op": "replace", "path": "serial", "value": "S2"}]),
        expect!["mutability: Operations[0]: 'serial' is immutable and has a value"],
    );
    check_gadget(
        &gadget,
        json!([{"op": "remove", "path": "serial"}]),
        expect!["mutability: Operations[0]: 'serial' is immutable and has a value"],
    );
    check_gadget(&gadget, json!([{"op": "add", "path": "serial", "value": "S1"}]), expect![[r#""#]]);
    check_gadget(
        &json!({"label": "g", "tags": ["t"]}),
        json!([{"op": "add", "path": "serial", "value": "S2"}]),
        expect![[r#"serial "S2""#]],
    );
    check_gadget(
        &gadget,
        json!([{"op": "replace", "path": "parts[value eq \"p\"].count", "value": 2}]),
        expect![[r#"parts [{"value":"p","count":2}]"#]],
    );
    check_gadget(
        &gadget,
        json!([{"op": "replace", "path": "state", "value": "on"}]),
        expect!["mutability: Operations[0]: 'state' is readOnly"],
    );
    check_gadget(
        &gadget,
        json!([{"op": "add", "path": format!("{WARRANTY}:until"), "value": "2026-01-01T00:00:00Z"}]),
        expect!["invalidValue: 'urn:example:params:scim:schemas:extension:1.0:Warranty:number' is required"],
    );
    check_gadget(
        &gadget,
        json!([{"op": "add", "value": {(WARRANTY): {"number": "1"}, "level": 3}}]),
        expect![[r#"
        level 3
        urn:example:params:scim:schemas:extension:1.0:Warranty {"number":"1"}"#]],
    );
    let mut warranted = gadget.clone();
    warranted[WARRANTY] = json!({"number": "1", "until": "2026-01-01T00:00:00Z"});
    check_gadget(
        &warranted,
        json!([{"op": "remove", "path": WARRANTY}]),
        expect!["-urn:example:params:scim:schemas:extension:1.0:Warranty"],
    );
    check_gadget(
        &warranted,
        json!([{"op": "remove", "path": format!("{WARRANTY}:number")}]),
        expect![
            "mutability: Operations[0]: 'urn:example:params:scim:schemas:extension:1.0:Warranty:number' is required and cannot be removed"
        ],
    );
    check_gadget(
        &warranted,
        json!([{"op": "replace", "value": {(WARRANTY): {"status": "void"}}}]),
        expect![
            "mutability: Operations[0]: 'urn:example:params:scim:schemas:extension:1.0:Warranty:status' is readOnly"
        ],
    );
    check_gadget(
        &gadget,
        json!([{"op": "add", "path": format!("{GADGET}:ratio"), "value": 0.5}]),
        expect!["ratio 0.5"],
    );
}

#[test]
fn required_attributes_of_a_user() {
    check(
        &ann(),
        json!([{"op": "remove", "path": "userName"}]),
        expect!["mutability: Operations[0]: 'userName' is required and cannot be removed"],
    );
    check(
        &ann(),
        json!([{"op": "replace", "path": "userName", "value": null}]),
        expect!["mutability: Operations[0]: 'userName' is required and cannot be removed"],
    );
    check(
        &ann(),
        json!([{"op": "replace", "value": {"userName": null}}]),
        expect!["mutability: Operations[0]: 'userName' is required and cannot be removed"],
    );
    let blank = json!([{"op": "replace", "path": "userName", "value": " "}]);
    expect!["invalidValue: 'userName' is required"].assert_eq(&outcome(schema::user(), &ann(), &blank, &TOLERANT));
    expect!["invalidValue: 'userName' must not be empty"].assert_eq(&outcome(schema::user(), &ann(), &blank, &STRICT));
}
