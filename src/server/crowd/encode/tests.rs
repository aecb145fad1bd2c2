//! One user and one group in both forms.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::super::xml;
use super::{Detail, Encoder, Entity, Form};
use crate::directory::sight::entity::{Group, User};
use serde_json::{Value, json};
use uuid::Uuid;

fn encoder(form: Form) -> Encoder {
    Encoder { form, base: "https://x/rest/usermanagement/1".to_owned() }
}

fn user() -> User {
    User {
        id: Uuid::nil(),
        name: "a&b \u{e9}".into(),
        first_name: "<A>".to_owned(),
        last_name: String::new(),
        display_name: "A \"B\"".to_owned(),
        email: "a@x.org".to_owned(),
        active: false,
        created_ms: 0,
        updated_ms: 1_767_225_600_000,
        attributes: vec![("title", vec!["1".to_owned(), "2".to_owned()])],
    }
}

#[test]
fn a_user_in_xml() {
    let text = encoder(Form::Xml).user_document(&user(), Detail::Attributes);
    let root = xml::parse(&text).unwrap();
    assert_eq!((root.name.as_str(), root.attribute("name")), ("user", Some("a&b \u{e9}")));
    let child = |name: &str| root.child(name).unwrap().text.clone();
    assert_eq!([child("first-name"), child("last-name"), child("active")], ["<A>", "", "false"]);
    assert_eq!(child("updated-date"), "2026-01-01T00:00:00.000Z");
    assert_eq!(child("key"), Uuid::nil().to_string());
    let order: Vec<&str> = root.children.iter().map(|child| child.name.as_str()).collect();
    let real = ["link", "first-name", "last-name", "display-name", "email", "active", "created-date", "updated-date"];
    assert_eq!(order, [&real[..], &["key", "attributes"]].concat());
    let link = root.child("link").unwrap().attribute("href").unwrap();
    assert_eq!(link, "https://x/rest/usermanagement/1/user?username=a%26b%20%C3%A9");
    let title = root.child("attributes").unwrap().child("attribute").unwrap();
    assert_eq!((title.attribute("name"), title.children[0].children.len()), (Some("title"), 2));
    let plain = xml::parse(&encoder(Form::Xml).user_document(&user(), Detail::Record)).unwrap();
    assert_eq!(plain.child("attributes").unwrap().child("attribute"), None);
}

#[test]
fn the_same_user_in_json() {
    let text = encoder(Form::Json).user_document(&user(), Detail::Attributes);
    let value: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(value["name"], "a&b \u{e9}");
    assert_eq!((&value["active"], &value["first-name"]), (&json!(false), &json!("<A>")));
    assert_eq!(value["attributes"]["attributes"], json!([{"name": "title", "values": ["1", "2"]}]));
}

#[test]
fn groups_and_lists() {
    let group = Group { id: Uuid::nil(), name: "devs".into(), created_ms: 0, updated_ms: 0, attributes: Vec::new() };
    let root = xml::parse(&encoder(Form::Xml).group_document(&group, Detail::Record)).unwrap();
    assert_eq!(root.child("type").unwrap().text, "GROUP");
    for form in [Form::Xml, Form::Json] {
        let encoder = encoder(form);
        let mut out = encoder.begin();
        encoder.list_begins(&mut out, Entity::Group);
        encoder.group(&mut out, &group, Detail::Record);
        encoder.between(&mut out);
        encoder.name(&mut out, Entity::Group, "x");
        encoder.list_ends(&mut out, Entity::Group);
        match form {
            Form::Xml => assert_eq!(xml::parse(&out).unwrap().children.len(), 2),
            Form::Json => {
                let value: Value = serde_json::from_slice(&out).unwrap();
                assert_eq!(
                    (value["groups"][0]["name"].as_str(), value["groups"][1]["name"].as_str()),
                    (Some("devs"), Some("x"))
                );
            }
        }
    }
}
