//! Budgets and texts that are made.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn a_budget_is_spent_once() {
    let mut budget = Budget::new(10);
    budget.spend(4, 1).unwrap();
    budget.spend(6, 1).unwrap();
    assert_eq!(budget.left(), 0);
    budget.spend(0, 1).unwrap();
    assert_eq!(budget.spend(1, 9).unwrap_err().column, 9);
    let mut budget = Budget::new(10);
    budget.spend(u64::MAX, 2).unwrap_err();
    assert_eq!(budget.left(), 0, "what was too much leaves nothing");
}

#[test]
fn texts_end_at_their_limit() {
    let mut budget = Budget::new(limits::MAPPING_STEPS_MAX);
    let mut out = Output::new(4);
    assert!(out.is_empty());
    out.push(&"x".repeat(limits::MAPPING_TEXT_BYTES_MAX), &mut budget).unwrap();
    out.push("", &mut budget).unwrap();
    assert_eq!(out.push("y", &mut budget).unwrap_err().column, 4);
    assert_eq!(out.into_text().len(), limits::MAPPING_TEXT_BYTES_MAX);
}
