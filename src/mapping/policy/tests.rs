//! What is wrong with mappings is found when they are set, and all of it at once.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Policy, Wrong, names};
use crate::limits;
use crate::mapping::document::{Document, GroupName, Groups, NameRule, Rule};
use crate::scim::dialect::Dialect;
use crate::scim::schema::types::Types;

fn wrong(document: &Document) -> Vec<Wrong> {
    let dialect: &Dialect = &crate::scim::samples::TOLERANT;
    Policy::compile(document, Types::builtin(), dialect).err().unwrap_or_default()
}

fn fields(document: &Document) -> Vec<String> {
    wrong(document).into_iter().map(|wrong| wrong.field).collect()
}

fn rule(name: &str, target: &str, expression: &str) -> Rule {
    let (name, target, expression) = (name.to_owned(), target.to_owned(), expression.to_owned());
    Rule { name, target, expression, ..Rule::default() }
}

#[test]
fn all_that_is_wrong_is_told_with_its_place() {
    let document = Document {
        rules: vec![
            rule("a", "displayName", "[nickName]"),
            rule("a", "externalId", "[nickName]"),
            rule("Big Name", "noSuch", "ToLower("),
            rule(names::GROUPS, "groups", "[nickName]"),
            Rule { resource_type: "Robot".to_owned(), ..rule("b", "title", "[nickName]") },
        ],
        ..Document::default()
    };
    let found = fields(&document);
    for field in [
        "rules[a].name",
        "rules[a].target",
        "rules[Big Name].name",
        "rules[Big Name].target",
        "rules[Big Name].expression",
        "rules[groups].name",
        "rules[groups].target",
        "rules[b].resource_type",
    ] {
        assert!(found.iter().any(|known| known == field), "{field} is not among {found:?}");
    }
    assert!(wrong(&document).iter().any(|wrong| wrong.column.is_some()));
}

#[test]
fn what_the_server_or_the_provider_owns_is_no_target() {
    for target in ["id", "meta.created", "schemas", "externalId", "groups", "password", "userName.x", "groups.value"] {
        let document = Document { rules: vec![rule("a", target, "[nickName]")], ..Document::default() };
        assert_eq!(fields(&document), ["rules[a].target"], "{target}");
    }
    let group = Rule { resource_type: "Group".to_owned(), ..rule("a", "members", "[displayName]") };
    assert_eq!(fields(&Document { rules: vec![group], ..Document::default() }), ["rules[a].target"]);
}

#[test]
fn policies_are_bounded_and_make_sense() {
    let mut document = Document::default();
    document.policy.protected_users = vec!["x".to_owned(); limits::MAPPING_PROTECTED_MAX + 1];
    document.policy.default_groups = vec![" ".to_owned()];
    document.policy.deleted_kept_days = Some(limits::DELETED_KEPT_DAYS_MAX + 1);
    let row = |from: &str| GroupName { from: from.to_owned(), to: "x".to_owned() };
    let rename = Some(NameRule { pattern: "a".to_owned(), replacement: "b".to_owned() });
    document.policy.groups =
        Groups { table: vec![row("Devs"), row("devs")], table_only: true, rename, ..Groups::default() };
    document.rules = (0..=limits::MAPPING_RULES_MAX).map(|n| rule(&n.to_string(), "title", "[nickName]")).collect();
    let expected = [
        "rules",
        "policy.groups.table",
        "policy.groups.rename",
        "policy.default_groups",
        "policy.protected_users",
        "policy.deleted_kept_days",
    ];
    let found = fields(&document);
    for field in expected {
        assert!(found.iter().any(|known| known == field), "{field} is not among {found:?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:?}");
}
