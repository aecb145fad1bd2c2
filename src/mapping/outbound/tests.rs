//! Users and groups as others see them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use serde_json::json;

fn outbound(definition: &Definition) -> Outbound {
    Outbound::compile(definition, Types::builtin()).unwrap()
}

fn person(definition: &Definition, resource: Value) -> Result<Person, Failure> {
    outbound(definition).user(resource.as_object().unwrap(), 0)
}

fn seen(name: &str, display_name: &str, first_name: &str, last_name: &str, email: &str, active: bool) -> Person {
    let own = str::to_owned;
    Person {
        name: own(name),
        display_name: own(display_name),
        first_name: own(first_name),
        last_name: own(last_name),
        email: own(email),
        active,
    }
}

#[test]
fn without_a_definition_users_are_what_their_attributes_say() {
    let plain = Definition::default();
    for (resource, expected) in [
        (json!({"userName": "ada"}), seen("ada", "ada", "", "ada", "", true)),
        (
            json!({"userName": "ada", "active": false, "displayName": "Ada King Lovelace", "emails": [{"value": "a@x"}]}),
            seen("ada", "Ada King Lovelace", "Ada King", "Lovelace", "a@x", false),
        ),
        (
            json!({"userName": "ada", "active": true, "name": {"formatted": "Countess Ada", "givenName": "Ada"},
                "emails": [{"value": "a@x"}, {"value": "b@x", "type": "Work"}]}),
            seen("ada", "Countess Ada", "Ada", "", "b@x", true),
        ),
        (
            json!({"userName": "ada", "name": {"givenName": "Ada", "familyName": "Lovelace"},
                "emails": [{"value": "b@x", "type": "work"}, {"value": "c@x", "primary": true}]}),
            seen("ada", "Ada Lovelace", "Ada", "Lovelace", "c@x", true),
        ),
    ] {
        assert_eq!(person(&plain, resource.clone()).unwrap(), expected, "{resource}");
    }
    assert!(outbound(&plain).names_users_plainly());
    assert_eq!(person(&plain, json!({"userName": ""})).unwrap_err().why, "no user name results");
    assert!(person(&plain, json!({})).is_err());
}

#[test]
fn expressions_take_the_place_of_defaults() {
    let definition = Definition {
        user_name: r#"ToLower(Word([userName], 1, "@"))"#.to_owned(),
        display_name: r#"Join(", ", [name.familyName], [name.givenName])"#.to_owned(),
        first_name: "[nickName]".to_owned(),
        last_name: "ToUpper([name.familyName])".to_owned(),
        email: r#"[emails[type eq "home"].value]"#.to_owned(),
        group_name: r#"Append("scim-", [displayName])"#.to_owned(),
    };
    let resource = json!({"userName": "Ada@Example.com", "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "w@x", "type": "work"}]});
    assert_eq!(person(&definition, resource).unwrap(), seen("ada", "Lovelace, Ada", "Ada", "LOVELACE", "", true));
    // Nothing results of the display name's expression.
    assert_eq!(person(&definition, json!({"userName": "bob"})).unwrap(), seen("bob", "bob", "", "bob", "", true));
    assert!(person(&definition, json!({"userName": "@"})).is_err());
    let outbound = outbound(&definition);
    assert!(!outbound.names_users_plainly());
    assert_eq!(outbound.group_name(json!({"displayName": "ops"}).as_object().unwrap(), 0).unwrap(), "scim-ops");
    let plain = Outbound::compile(&Definition::default(), Types::builtin()).unwrap();
    assert_eq!(plain.group_name(json!({"displayName": "ops"}).as_object().unwrap(), 0).unwrap(), "ops");
    assert!(plain.group_name(&Map::new(), 0).is_err());
}

#[test]
fn the_user_name_alone_is_a_plain_name() {
    for (user_name, plain) in [
        ("[userName]", true),
        (" [USERNAME] ", true),
        ("[urn:ietf:params:scim:schemas:core:2.0:User:userName]", true),
        ("[externalId]", false),
        ("ToLower([userName])", false),
    ] {
        let definition = Definition { user_name: user_name.to_owned(), ..Definition::default() };
        assert_eq!(outbound(&definition).names_users_plainly(), plain, "{user_name}");
    }
}

#[test]
fn every_wrong_field_is_told() {
    let definition = Definition {
        user_name: "[emails.value]".to_owned(),
        display_name: "[active]".to_owned(),
        first_name: "Left([userName]".to_owned(),
        email: "[nope]".to_owned(),
        group_name: "[userName]".to_owned(),
        ..Definition::default()
    };
    let wrongs = Outbound::compile(&definition, Types::builtin()).unwrap_err();
    let fields: Vec<&str> = wrongs.iter().map(|(field, _)| *field).collect();
    assert_eq!(fields, ["user_name", "display_name", "first_name", "email", "group_name"]);
}

#[test]
fn a_definition_is_stored_by_its_fields() {
    let stored = r#"{"email":"[userName]","unknown":1}"#;
    let definition: Definition = serde_json::from_str(stored).unwrap();
    assert_eq!(definition, Definition { email: "[userName]".to_owned(), ..Definition::default() });
}
