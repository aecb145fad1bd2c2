//! Functions of several values.
//!
//! `Join` passes over null and empty values with their separators, as the reference's example with an empty source does, and gives null
//! when nothing is left. Where the reference is silent: `Item` gives null for an index that no value has; `RemoveDuplicates` keeps the
//! first of equal values, upper and lower case apart.

use super::{Function, Gives, Takes, required};
use crate::mapping::Failure;
use crate::mapping::cell::Cell;
use crate::mapping::evaluate::{Call, Output, wide};
use crate::scim::schema::Kind;
use std::collections::HashSet;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "Join",
        about: "The sources, and each value of those that have several, with the separator between them.",
        example: r#"Join(", ", [name.familyName], [name.givenName])"#,
        parameters: &[required("separator", Takes::Simple), required("source", Takes::Values)],
        repeats: 1,
        result: Gives::One(Kind::String),
        each: false,
        shape: None,
        evaluate: join,
    },
    Function {
        name: "Count",
        about: "How many values there are.",
        example: "Count([emails])",
        parameters: &[required("attribute", Takes::Anything)],
        repeats: 0,
        result: Gives::One(Kind::Integer),
        each: false,
        shape: None,
        evaluate: count,
    },
    Function {
        name: "Item",
        about: "One of several values; the first one's index is 1.",
        example: "Item([emails.value], 1)",
        parameters: &[required("attribute", Takes::Anything), required("index", Takes::Integer)],
        repeats: 0,
        result: Gives::ItemOfFirst,
        each: false,
        shape: None,
        evaluate: item,
    },
    Function {
        name: "RemoveDuplicates",
        about: "The values, each once.",
        example: "RemoveDuplicates([emails.value])",
        parameters: &[required("attribute", Takes::Values)],
        repeats: 0,
        result: Gives::First,
        each: false,
        shape: None,
        evaluate: remove_duplicates,
    },
];

fn join<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let separator = call.text(0)?.unwrap_or_default();
    let mut out = Output::new(call.column);
    for at in 1..call.len() {
        let column = call.column_of(at);
        for value in call.values(at)? {
            let Some(text) = value.single(column)?.into_text().filter(|text| !text.is_empty()) else { continue };
            if !out.is_empty() {
                out.push(&separator, call.budget())?;
            }
            out.push(&text, call.budget())?;
        }
    }
    Ok(match out.is_empty() {
        true => Cell::Nothing,
        false => out.into_cell(),
    })
}

fn count<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    Ok(Cell::count(call.values(0)?.len()))
}

fn item<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let values = call.values(0)?;
    let Some(index) = call.integer(1)? else { return Ok(Cell::Nothing) };
    let before = usize::try_from(index).ok().and_then(|index| index.checked_sub(1));
    Ok(before.and_then(|before| values.into_iter().nth(before)).unwrap_or(Cell::Nothing))
}

fn remove_duplicates<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let column = call.column_of(0);
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for value in call.values(0)? {
        let Some(text) = value.clone().single(column)?.into_text() else { continue };
        call.spend(50 + 2 * wide(text.len()))?;
        if seen.insert(text) {
            kept.push(value);
        }
    }
    Ok(Cell::several(kept))
}
