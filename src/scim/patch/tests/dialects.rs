//! Tests of the PATCH bodies that identity providers send beside the RFC: taken by the tolerant dialect, refused by the strict one.

use super::*;
use crate::scim::samples::MISSPELT;
use crate::scim::schema::ENTERPRISE_USER;

#[test]
fn operations_in_any_case() {
    for op in ["Add", "ADD", "Replace", "replacE"] {
        check_quirk(
            &bare(),
            json!([{"op": op, "path": "TITLE", "value": "T"}]),
            Quirk::OpCase,
            expect![[r#"title "T""#]],
            Kind::InvalidSyntax,
        );
    }
    check_quirk(
        &ann(),
        json!([{"op": "Remove", "path": "Emails"}]),
        Quirk::OpCase,
        expect!["-emails"],
        Kind::InvalidSyntax,
    );
    check(&bare(), json!([{"OP": "add", "Path": "Title", "VALUE": "T"}]), expect![[r#"title "T""#]]);
}

#[test]
fn booleans_as_text() {
    for value in [json!("False"), json!("false"), json!(["false"]), json!([false])] {
        check_quirk(
            &json!({"userName": "a", "active": true}),
            json!([{"op": "replace", "path": "active", "value": value}]),
            if value[0].is_boolean() { Quirk::ScalarAsArray } else { Quirk::BooleanAsString },
            expect!["active false"],
            Kind::InvalidValue,
        );
    }
    check(&ann(), json!([{"op": "replace", "value": {"active": false}}]), expect!["active false"]);
    // SailPoint, with `add`.
    check(&bare(), json!([{"op": "add", "value": {"active": false}}]), expect!["active false"]);
}

#[test]
fn a_filtered_path_makes_what_it_selects() {
    check_quirk(
        &bare(),
        json!([
            {"op": "add", "path": "emails[type eq \"work\"].value", "value": "a@fabrikam.test"},
            {"op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "555"},
            {"op": "replace", "path": "addresses[type eq \"work\"].formatted", "value": "1 Quay Rd"},
            {"op": "replace", "path": "addresses[type eq \"work\"].Locality", "value": "Oslo"},
            {"op": "add", "path": "addresses[type eq \"work\"].country", "value": "NO"},
            {"op": "replace", "path": "emails[type eq \"home\"]", "value": {"value": "h@x"}},
        ]),
        Quirk::CreateOnFilteredPath,
        expect![[r#"
            emails [{"value":"a@fabrikam.test","type":"work"},{"value":"h@x","type":"home"}]
            phoneNumbers [{"value":"555","type":"mobile"}]
            addresses [{"formatted":"1 Quay Rd","locality":"Oslo","country":"NO","type":"work"}]"#]],
        Kind::NoTarget,
    );
    // Roles, by a boolean as text; the second operation finds what the first made.
    check_quirk(
        &json!({"userName": "a", "roles": [{"value": "old", "primary": false}]}),
        json!([
            {"op": "add", "path": "roles[primary eq \"True\"].value", "value": "Auditor"},
            {"op": "add", "path": "roles[primary eq \"True\"].display", "value": "Auditor"},
        ]),
        Quirk::CreateOnFilteredPath,
        expect![[r#"roles [{"value":"old","primary":false},{"value":"Auditor","display":"Auditor","primary":true}]"#]],
        Kind::InvalidPath,
    );
    check_quirk(
        &ann(),
        json!([{"op": "add", "path": "emails[type eq \"other\" and primary eq true].value", "value": "o@x"}]),
        Quirk::CreateOnFilteredPath,
        expect![[
            r#"emails [{"value":"ann@work.test","type":"work","primary":false},{"value":"ann@home.test","type":"home"},{"value":"o@x","type":"other","primary":true}]"#
        ]],
        Kind::NoTarget,
    );
    // No value, no element.
    check_quirk(
        &bare(),
        json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": ""}]),
        Quirk::EmptyString,
        expect![[r#""#]],
        Kind::NoTarget,
    );
    check(
        &bare(),
        json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": null}]),
        expect![[r#""#]],
    );
}

#[test]
fn a_filter_that_says_no_element_has_no_target() {
    for filter in [
        r#"type sw "w""#,
        r#"type eq "work" or type eq "home""#,
        r#"not (type eq "home")"#,
        r#"type eq "work" and type eq "home""#,
        r#"type eq """#,
        "type pr",
    ] {
        for op in ["add", "replace"] {
            let path = format!("emails[{filter}].value");
            let operations = json!([{"op": op, "path": path, "value": "x"}]);
            let error = patched(schema::user(), &bare(), &operations, &mut Reading::new(&TOLERANT)).unwrap_err();
            assert_eq!(error.kind, Kind::NoTarget);
            assert_eq!(error.detail, format!("Operations[0]: '{path}' selects no value"));
        }
    }
}

#[test]
fn keys_without_a_path() {
    // Entra with its flag.
    check_quirk(
        &ann(),
        json!([
            {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "n@fabrikam.test"},
            {"op": "replace", "value": {
                "displayName": "Bea Kade", "name.givenName": "Bea", "name.familyName": "Kade",
                (format!("{ENTERPRISE_USER}:employeeNumber")): "7", (format!("{USER}:title")): "T",
                "emails[type eq \"other\"].Value": "o@x", "department": "D",
            }},
        ]),
        Quirk::DottedKey,
        expect![[r#"
            name {"familyName":"Kade","givenName":"Bea","middleName":"Q"}
            displayName "Bea Kade"
            title "T"
            emails [{"value":"n@fabrikam.test","type":"work","primary":true},{"value":"ann@home.test","type":"home"},{"value":"o@x","type":"other"}]
            urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"employeeNumber":"7","department":"D"}"#]],
        Kind::InvalidSyntax,
    );
    // An extension as an object; what it does not name stays.
    let employed = json!({"userName": "a", (ENTERPRISE_USER): {"employeeNumber": "1", "department": "D"}});
    check(
        &employed,
        json!([{"op": "replace", "value": {(ENTERPRISE_USER): {"Department": "E", "manager": {"value": "m"}}}}]),
        expect![[
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"employeeNumber":"1","department":"E","manager":{"value":"m"}}"#
        ]],
    );
    check(
        &employed,
        json!([{"op": "add", "path": ENTERPRISE_USER, "value": {"costCenter": "4"}}]),
        expect![[
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"employeeNumber":"1","costCenter":"4","department":"D"}"#
        ]],
    );
    check(
        &employed,
        json!([{"op": "remove", "path": ENTERPRISE_USER}]),
        expect!["-urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    );
    check(
        &employed,
        json!([{"op": "replace", "value": {(ENTERPRISE_USER): null}}]),
        expect!["-urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    );
    check(
        &employed,
        json!([{"op": "replace", "path": ENTERPRISE_USER, "value": "x"}]),
        expect![
            "invalidValue: Operations[0]: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User' must be an object"
        ],
    );
    check(&bare(), json!([{"op": "replace", "path": USER, "value": {"title": "T"}}]), expect![[r#"title "T""#]]);
    check_quirk(
        &employed,
        json!([{"op": "replace", "value": {(MISSPELT): {"department": "E"}}}]),
        Quirk::SchemaAlias,
        expect![[
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"employeeNumber":"1","department":"E"}"#
        ]],
        Kind::InvalidSyntax,
    );
}

#[test]
fn what_a_client_echoes_is_ignored_without_a_path_only() {
    check_quirk(
        &bare(),
        json!([{"op": "replace", "value": {
            "id": "x", "schemas": [USER], "meta": {"resourceType": "User"}, "groups": [], "title": "T",
            (ENTERPRISE_USER): {"manager": {"value": "m", "displayName": "Boss"}}, "manager.displayName": "Boss",
        }}]),
        Quirk::ReadOnlyInValue,
        expect![[r#"
            title "T"
            urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"manager":{"value":"m"}}"#]],
        Kind::Mutability,
    );
    check(&bare(), json!([{"op": "replace", "value": {"schemas": [USER], "title": "T"}}]), expect![[r#"title "T""#]]);
    for path in [
        "id",
        "meta",
        "meta.created",
        "groups",
        "groups[value eq \"g\"]",
        &format!("{ENTERPRISE_USER}:manager.displayName"),
    ] {
        for op in ["add", "replace", "remove"] {
            let operations = json!([{"op": op, "path": path, "value": "x"}]);
            let error = patched(schema::user(), &bare(), &operations, &mut Reading::new(&TOLERANT)).unwrap_err();
            assert_eq!(error, Error::new(Kind::Mutability, format!("Operations[0]: '{path}' is readOnly")));
        }
    }
}

#[test]
fn managers() {
    let path = format!("{ENTERPRISE_USER}:manager");
    let managed = expect![[r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"manager":{"value":"m1"}}"#]];
    let as_text = json!([{"op": "Add", "path": path, "value": "m1"}]);
    check_quirk(&bare(), as_text, Quirk::ComplexAsScalar, managed, Kind::InvalidSyntax);
    check_quirk(
        &bare(),
        json!([{"op": "add", "path": "manager", "value": [{"$ref": "http://host.test/scim/Users/m1", "value": "m1"}]}]),
        Quirk::UnqualifiedExtension,
        expect![[
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"manager":{"value":"m1","$ref":"http://host.test/scim/Users/m1"}}"#
        ]],
        Kind::InvalidPath,
    );
    // Microsoft's collection writes a dot before the attribute; the path is taken as it was meant.
    check_quirk(
        &bare(),
        json!([{"op": "replace", "path": format!("{ENTERPRISE_USER}.manager"), "value": "m1"}]),
        Quirk::ComplexAsScalar,
        expect![[r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User {"manager":{"value":"m1"}}"#]],
        Kind::InvalidValue,
    );
    // A removal never writes the value that it carries.
    let before = json!({"userName": "ann", (ENTERPRISE_USER): {"manager": {"value": "m1"}}});
    check(
        &before,
        json!([{"op": "remove", "path": path, "value": "m2"}]),
        expect!["-urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    );
    check(
        &before,
        json!([{"op": "remove", "path": path, "value": {"value": "m2"}}]),
        expect!["-urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    );
    check(
        &before,
        json!([{"op": "remove", "path": path}]),
        expect!["-urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    );
}

#[test]
fn removal_of_listed_values() {
    check_quirk(
        &ann(),
        json!([{"op": "remove", "path": "emails", "value": [{"value": "ANN@home.test"}, {"value": "nobody@x"}]}]),
        Quirk::RemoveWithValue,
        expect![[r#"emails [{"value":"ann@work.test","type":"work","primary":true}]"#]],
        Kind::InvalidSyntax,
    );
    for value in [json!([]), json!([{"value": "nobody@x"}]), json!("")] {
        let operations = json!([{"op": "remove", "path": "emails", "value": value}]);
        assert_eq!(outcome(schema::user(), &ann(), &operations, &TOLERANT), "");
    }
    // JSON inside a value, as Entra sends application roles.
    check_quirk(
        &json!({"userName": "a", "roles": [{"value": "{\"id\":1}"}, {"value": "{\"id\":2}"}]}),
        json!([{"op": "remove", "path": "roles", "value": [{"value": "{\"id\":1}"}]}, {"op": "add", "path": "roles", "value": [{"value": "{\"id\":3}"}]}]),
        Quirk::RemoveWithValue,
        expect![[r#"roles [{"value":"{\"id\":2}"},{"value":"{\"id\":3}"}]"#]],
        Kind::InvalidSyntax,
    );
}

#[test]
fn unknown_attributes_and_schemas() {
    check_quirk(
        &bare(),
        json!([{"op": "replace", "value": {"title": "T", "shoeSize": 44, "no way": 1}}]),
        Quirk::UnknownAttribute,
        expect![[r#"title "T""#]],
        Kind::InvalidSyntax,
    );
    check_quirk(
        &bare(),
        json!([{"op": "add", "path": "urn:ietf:params:scim:schemas:extension:Custom:2.0:User:tag", "value": "x"}]),
        Quirk::UnknownSchema,
        expect![[r#""#]],
        Kind::InvalidPath,
    );
    check_quirk(
        &bare(),
        json!([{"op": "replace", "value": {"urn:ietf:params:scim:schemas:extension:Custom:2.0:User": {"tag": 1}, "title": "T"}}]),
        Quirk::UnknownSchema,
        expect![[r#"title "T""#]],
        Kind::InvalidSyntax,
    );
}
