//! When two values are equal, and which comes first.
//!
//! Texts compare character by character, upper and lower case apart. A number and a text that is one compare as numbers, a date and a
//! text that is one as dates, truth and a text without regard to case. Null equals nothing, and comes neither before nor after
//! anything; so `[country] = ""` is false where there is no country, and `[country] <> "USA"` true. (The reference says of conditions
//! over absent attributes only that they fail.)

use super::Failure;
use super::cell::Cell;
use super::evaluate::{Budget, DATE_STEPS, wide};
use super::expression::node::Comparison;
use super::format;
use std::cmp::Ordering;

/// Whether the comparison of two simple values holds.
pub(super) fn holds(
    how: Comparison,
    left: &Cell<'_>,
    right: &Cell<'_>,
    column: usize,
    budget: &mut Budget,
) -> Result<bool, Failure> {
    let length = |cell: &Cell<'_>| match cell {
        Cell::Text(text) => wide(text.len()),
        _ => 0,
    };
    let dates = if matches!((left, right), (Cell::Date(_), _) | (_, Cell::Date(_))) { DATE_STEPS } else { 0 };
    budget.spend(length(left).min(length(right)) / 4 + 20 + dates, column)?;
    let order = order(left, right);
    Ok(match how {
        Comparison::Equal => order == Some(Ordering::Equal),
        Comparison::NotEqual => order != Some(Ordering::Equal),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}

/// The order of two simple values; `None` when there is none.
fn order(left: &Cell<'_>, right: &Cell<'_>) -> Option<Ordering> {
    match (left, right) {
        (Cell::Nothing, _) | (_, Cell::Nothing) => None,
        (Cell::Text(left), Cell::Text(right)) => Some(left.cmp(right)),
        (Cell::Integer(left), Cell::Integer(right)) => Some(left.cmp(right)),
        (Cell::Boolean(_), _) | (_, Cell::Boolean(_)) => match (left.condition(), right.condition()) {
            (Some(left), Some(right)) if left == right => Some(Ordering::Equal),
            _ => None,
        },
        (Cell::Date(_), _) | (_, Cell::Date(_)) => Some(time(left)?.cmp(&time(right)?)),
        _ => left.number()?.partial_cmp(&right.number()?),
    }
}

fn time(cell: &Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Date(ms) => Some(*ms),
        Cell::Text(text) => format::parse_any(text),
        _ => None,
    }
}
