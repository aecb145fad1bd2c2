//! Which lookup a filter gets.
#![allow(clippy::unwrap_used)]

use super::{Lookup, plan};
use crate::profile::custom;
use crate::scim::dialect::Reading;
use crate::scim::filter;
use crate::scim::schema::{self, ResourceType};

const ID: &str = "01a20cfd-4e1f-71d4-bdda-a83ce6936f15";

fn chosen(resource_type: &ResourceType, text: &str) -> String {
    let parsed = filter::parse(resource_type, text, &mut Reading::new(&custom::DIALECT)).unwrap();
    let Some(plan) = plan(resource_type, &parsed.expr) else { return "scan".to_owned() };
    let lookup = match plan.lookup {
        Lookup::Nothing => "nothing",
        Lookup::Id(_) => "id",
        Lookup::Unique(..) => "unique",
        Lookup::Equal(..) => "equal",
        Lookup::GroupsWith(_) => "groups with",
        Lookup::Starting(..) => "starting",
        Lookup::Any(_) => "any",
    };
    format!("{lookup}{}", if plan.is_exact { "" } else { ", checked" })
}

#[test]
fn the_best_index_is_taken() {
    for (text, expected) in [
        (r#"userName eq "a""#, "unique"),
        (r#"externalId eq "a""#, "equal"),
        (r#"emails eq "a""#, "equal"),
        (r#"emails[type eq "work"].value eq "a""#, "equal, checked"),
        (r#"emails.type eq "work""#, "scan"),
        (r#"displayName sw "a""#, "starting"),
        (r#"title eq "x" and userName eq "a""#, "unique, checked"),
        (r#"displayName sw "a" and externalId eq "b""#, "equal, checked"),
        (r#"userName eq "a" or userName eq "b""#, "any"),
        (r#"userName eq "a" or title eq "b""#, "scan"),
        (r#"not (userName eq "a")"#, "scan"),
        (r#"title pr"#, "scan"),
        (r#"id eq "nope""#, "nothing"),
    ] {
        assert_eq!(chosen(schema::user(), text), expected, "{text}");
    }
    assert_eq!(chosen(schema::user(), &format!("id eq \"{ID}\" and manager eq \"x\"")), "id, checked");
    assert_eq!(chosen(schema::group(), &format!("members eq \"{ID}\"")), "groups with");
    assert_eq!(chosen(schema::group(), &format!("members[value eq \"{ID}\"]")), "groups with, checked");
}
