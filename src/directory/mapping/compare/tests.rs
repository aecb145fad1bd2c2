//! Mappings side by side.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::compare;
use crate::mapping::document::{Document, GroupName, NameRule, OnInactive, Policy, Rule};
use serde_json::{Value, json};

fn rule(name: &str, expression: &str) -> Rule {
    Rule { name: name.to_owned(), expression: expression.to_owned(), ..Rule::default() }
}

fn told(before: &Document, after: &Document) -> Vec<(String, Value, Value)> {
    let changes = compare(before, after).into_iter();
    changes.map(|one| (one.path, one.before.unwrap_or_default(), one.after.unwrap_or_default())).collect()
}

#[test]
fn rules_are_compared_by_their_names() {
    let before = Document { rules: vec![rule("a", "[x]"), rule("b", "[y]")], ..Document::default() };
    let after = Document { rules: vec![rule("b", "[y]"), rule("a", "[z]"), rule("c", "[c]")], ..Document::default() };
    let changes = told(&before, &after);
    assert_eq!(changes[0], ("rules[a].expression".to_owned(), json!("[x]"), json!("[z]")));
    assert_eq!((changes[1].0.as_str(), &changes[1].1), ("rules[c]", &Value::Null));
    assert_eq!(changes[2], ("rules".to_owned(), json!(["a", "b"]), json!(["b", "a"])));
    assert_eq!(changes.len(), 3);
}

#[test]
fn the_policy_is_compared_member_by_member() {
    let before = Document::default();
    let mut after = Document {
        policy: Policy {
            username_rule: Some(NameRule { pattern: "@.*".to_owned(), replacement: String::new() }),
            on_inactive: OnInactive::Delete,
            protected_users: vec!["anna".to_owned()],
            ..Policy::default()
        },
        ..Document::default()
    };
    after.policy.groups.table = vec![GroupName { from: "x".to_owned(), to: "y".to_owned() }];
    let paths: Vec<String> = compare(&before, &after).into_iter().map(|one| one.path).collect();
    let expected =
        ["policy.groups.table[x]", "policy.on_inactive", "policy.protected_users[anna]", "policy.username_rule"];
    let mut sorted = paths.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    let back = compare(&after, &before);
    assert!(back.iter().all(|one| one.path != "policy.groups.table[x]" || one.after.is_none()));
    assert_eq!(compare(&after, &after), []);
}

#[test]
fn elements_of_one_name_are_told_apart() {
    let row = |to: &str| GroupName { from: "x".to_owned(), to: to.to_owned() };
    let mut before = Document::default();
    before.policy.groups.table = vec![row("a"), row("b")];
    let mut after = before.clone();
    after.policy.groups.table[1].to = "c".to_owned();
    assert_eq!(told(&before, &after), [("policy.groups.table[x#2].to".to_owned(), json!("b"), json!("c"))]);
}
