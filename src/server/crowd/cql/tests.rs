//! Restrictions as people write them, and as nobody should.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::parse;
use crate::directory::sight::search::{Match, Property, Restriction, Test};

fn equal(name: &str, value: &str) -> Restriction {
    Restriction::compare(Property::named(name), Match::Exactly, value).unwrap()
}

#[test]
fn terms_are_joined() {
    assert_eq!(parse("").unwrap(), Restriction::All);
    assert_eq!(parse(" active=true ").unwrap(), equal("active", "true"));
    let (a, b, c) = (equal("name", "a"), equal("email", "b@x.org"), equal("firstName", "c d"));
    let parsed = parse("name = a AND email=\"b@x.org\" or firstName = 'c d'").unwrap();
    assert_eq!(parsed, Restriction::Or(vec![Restriction::And(vec![a.clone(), b.clone()]), c.clone()]));
    let parsed = parse("name=a and (email = b@x.org or firstName = \"c d\")").unwrap();
    assert_eq!(parsed, Restriction::And(vec![a.clone(), Restriction::Or(vec![b, c])]));
    assert_eq!(parse("not name = a").unwrap(), parse("name != a").unwrap());
    assert_eq!(parse("name <> a").unwrap(), Restriction::Not(Box::new(a)));
}

#[test]
fn asterisks_orders_and_null() {
    let parts = |parts: &[&str]| {
        Restriction::Term(Property::Name, Test::Parts(parts.iter().map(|part| (*part).to_owned()).collect()))
    };
    assert_eq!(parse("name = Ad*").unwrap(), parts(&["ad", ""]));
    assert_eq!(parse("name = \"*d*n\"").unwrap(), parts(&["", "d", "n"]));
    assert_eq!(
        parse("department = null").unwrap(),
        Restriction::Term(Property::Attribute("department".to_owned()), Test::Null)
    );
    assert_eq!(
        parse("createdDate > 2020-01-01").unwrap(),
        Restriction::compare(Property::Created, Match::Greater, "2020-01-01").unwrap()
    );
    assert_eq!(parse("name=\"a\\\"b\"").unwrap(), equal("name", "a\"b"));
    // One that is escaped stands for itself.
    assert_eq!(parse(r#"name = "a\*b""#).unwrap(), equal("name", "a*b"));
    assert_eq!(parse(r#"name = "a\*b*""#).unwrap(), parts(&["a*b", ""]));
}

#[test]
fn comparisons_that_there_are_not_are_named() {
    for (text, named) in [("createdDate >= 2020", "'>='"), ("name<=a", "'<='")] {
        let why = parse(text).unwrap_err();
        assert!(why.starts_with(named), "{text}: {why}");
    }
}

#[test]
fn what_is_wrong_is_refused() {
    let deep = "(".repeat(10_000);
    let nots = "not ".repeat(2_000) + "name=a";
    let long = "name=a or ".repeat(1_000) + "name=b";
    for text in [
        "name",
        "name =",
        "= a",
        "name = a b",
        "(name = a",
        "name = a)",
        "name = \"a",
        "active = maybe",
        "createdDate = x",
        "name < null",
        "name = a and",
        "name ( a",
        "! name",
        &deep,
        &nots,
        &long,
        "name = a or or name = b",
        "()",
    ] {
        assert!(parse(text).is_err(), "{text:.40}");
    }
}
