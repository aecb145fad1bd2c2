//! Whom restrictions find.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Match, Property, Restriction, Test};
use crate::directory::sight::entity::User;
use uuid::Uuid;

fn ann() -> User {
    User {
        id: Uuid::nil(),
        name: "Ann.Lee".into(),
        first_name: "Ann".to_owned(),
        last_name: String::new(),
        display_name: "Ann L\u{e9}e".to_owned(),
        email: "Ann@x.org".to_owned(),
        active: true,
        created_ms: 1_000,
        updated_ms: 2_000,
        attributes: vec![("phoneNumbers", vec!["1".to_owned(), "22".to_owned()])],
    }
}

fn finds(property: &str, how: Match, value: &str) -> bool {
    Restriction::compare(Property::named(property), how, value).unwrap().finds_user(&ann())
}

#[test]
fn texts_are_compared_without_case() {
    assert!(finds("name", Match::Exactly, "ANN.lee"));
    assert!(finds("email", Match::StartsWith, "ann@"));
    assert!(finds("email", Match::EndsWith, "X.ORG"));
    assert!(finds("displayName", Match::Contains, "l\u{c9}"));
    assert!(finds("first-name", Match::Less, "b"));
    assert!(!finds("firstName", Match::Greater, "b"));
    assert!(finds("phoneNumbers", Match::Exactly, "22"));
    assert!(!finds("lastName", Match::Contains, ""));
}

#[test]
fn dates_and_booleans_are_compared_as_such() {
    assert!(finds("createdDate", Match::Less, "1970-01-02"));
    assert!(finds("updatedDate", Match::Greater, "1500"));
    assert!(finds("updatedDate", Match::Exactly, "1970-01-01T00:00:02.000+0000"));
    // A date may end early, as in Crowd's own examples; four digits are a year.
    for early in ["1969", "1969-12", "1969-12-31", "1969-12-31T23", "1969-12-31T23:59", "1969-12-31T23:59:59"] {
        assert!(finds("createdDate", Match::Greater, early), "{early}");
        assert!(!finds("createdDate", Match::Less, early), "{early}");
    }
    assert!(finds("updatedDate", Match::Exactly, "1970-01-01T00:00:02"));
    assert!(finds("updatedDate", Match::Exactly, "1970-01-01T00:00:02.000"));
    for none in ["1970-", "1970-1", "1970-13", "1970-01-01T", "1970-01-01Z", "\u{e4}\u{e4}"] {
        assert!(Restriction::compare(Property::Created, Match::Less, none).is_err(), "{none}");
    }
    assert!(finds("active", Match::Exactly, "TRUE"));
    assert!(Restriction::compare(Property::Active, Match::Contains, "true").is_err());
    assert!(Restriction::compare(Property::Created, Match::Less, "soon").is_err());
}

#[test]
fn nobody_is_without_a_name() {
    let null = |property| Restriction::Term(property, Test::Null).finds_user(&ann());
    assert!(!null(Property::Name));
    assert!(null(Property::LastName));
    assert!(null(Property::Attribute("title".to_owned())));
    assert!(Restriction::Not(Box::new(Restriction::Term(Property::Name, Test::Null))).finds_user(&ann()));
}

#[test]
fn parts_come_in_their_order() {
    let parts = |parts: &[&str]| {
        let parts = parts.iter().map(|part| (*part).to_owned()).collect();
        Restriction::Term(Property::Name, Test::Parts(parts)).finds_user(&ann())
    };
    assert!(parts(&["a", "n.", "ee"]));
    assert!(parts(&["", ""]));
    assert!(!parts(&["ann.l", "l", ""]));
    assert!(!parts(&["ann.lee", "e"]));
}
