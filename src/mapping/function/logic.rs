//! Functions that choose and that ask.
//!
//! A null condition of `IIF` is false. Other than in Entra, `IsNullOrEmpty` and `IsPresent` may be conditions of it, and an empty text is
//! what it is. `Switch` compares as `=` does, but that a null source has the key `""`, as the reference says; a null key is such a key
//! too. Where the reference is silent: `CBool` of null is false, and of a text that is neither `True` nor `False` nor a number it fails,
//! as in VBA. `Not` of what is not true is true, null and other texts included.

use super::{Branches, Function, Gives, Takes, optional, required};
use crate::mapping::Failure;
use crate::mapping::cell::Cell;
use crate::mapping::compare;
use crate::mapping::evaluate::Call;
use crate::mapping::expression::node::Comparison;
use crate::scim::schema::Kind;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "IIF",
        about: "One of two values, by a condition.",
        example: r#"IIF([userType] = "Guest", "external", "staff")"#,
        parameters: &[
            required("condition", Takes::Condition),
            optional("valueIfTrue", Takes::Anything),
            optional("valueIfFalse", Takes::Anything),
        ],
        repeats: 0,
        result: Gives::OneOf(Branches::SecondAndThird),
        each: false,
        shape: None,
        evaluate: iif,
    },
    Function {
        name: "Switch",
        about: "The value of the key that the source is, or the default value.",
        example: r#"Switch([userType], "staff", "Guest", "external", "", "unknown")"#,
        parameters: &[
            required("source", Takes::Simple),
            optional("defaultValue", Takes::Anything),
            required("key", Takes::Simple),
            optional("value", Takes::Anything),
        ],
        repeats: 2,
        result: Gives::OneOf(Branches::EverySecond),
        each: false,
        shape: Some(switch_shape),
        evaluate: switch,
    },
    Function {
        name: "Coalesce",
        about: "The first value that is not null.",
        example: "Coalesce([nickName], [name.givenName], [userName])",
        parameters: &[required("source", Takes::Anything)],
        repeats: 1,
        result: Gives::OneOf(Branches::All),
        each: false,
        shape: None,
        evaluate: coalesce,
    },
    Function {
        name: "IgnoreFlowIfNullOrEmpty",
        about: "The value, or nothing when it is an empty text.",
        example: "IgnoreFlowIfNullOrEmpty([department])",
        parameters: &[required("expression", Takes::Anything)],
        repeats: 0,
        result: Gives::First,
        each: false,
        shape: None,
        evaluate: ignore_flow,
    },
    Function {
        name: "IsNull",
        about: "Whether there is no value.",
        example: "IsNull([displayName])",
        parameters: &[required("expression", Takes::Anything)],
        repeats: 0,
        result: Gives::One(Kind::Boolean),
        each: false,
        shape: None,
        evaluate: is_null,
    },
    Function {
        name: "IsNullOrEmpty",
        about: "Whether there is no value, or an empty text.",
        example: "IsNullOrEmpty([displayName])",
        parameters: &[required("expression", Takes::Anything)],
        repeats: 0,
        result: Gives::One(Kind::Boolean),
        each: false,
        shape: None,
        evaluate: is_null_or_empty,
    },
    Function {
        name: "IsPresent",
        about: "Whether there is a value that is not an empty text.",
        example: "IsPresent([displayName])",
        parameters: &[required("expression", Takes::Anything)],
        repeats: 0,
        result: Gives::One(Kind::Boolean),
        each: false,
        shape: None,
        evaluate: is_present,
    },
    Function {
        name: "IsString",
        about: "Whether the value is a text.",
        example: "IsString([title])",
        parameters: &[required("expression", Takes::Anything)],
        repeats: 0,
        result: Gives::One(Kind::Boolean),
        each: false,
        shape: None,
        evaluate: is_string,
    },
    Function {
        name: "Not",
        about: "The opposite of true and false.",
        example: "Not([active])",
        parameters: &[required("source", Takes::Condition)],
        repeats: 0,
        result: Gives::One(Kind::Boolean),
        each: false,
        shape: None,
        evaluate: not,
    },
    Function {
        name: "CBool",
        about: "Whether the value is true, or a number other than 0.",
        example: r#"CBool([userType] = "Employee")"#,
        parameters: &[required("expression", Takes::Condition)],
        repeats: 0,
        result: Gives::One(Kind::Boolean),
        each: false,
        shape: None,
        evaluate: c_bool,
    },
    Function {
        name: "CStr",
        about: "The value as text.",
        example: "CStr([active])",
        parameters: &[required("value", Takes::Simple)],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: false,
        shape: None,
        evaluate: c_str,
    },
];

fn switch_shape(arguments: &[crate::mapping::expression::node::Node]) -> Result<(), crate::mapping::Wrong> {
    match arguments.len() % 2 {
        0 => Ok(()),
        _ => Err(crate::mapping::Wrong { column: 0, why: "the last key has no value".to_owned() }),
    }
}

fn iif<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    match call.condition(0)? {
        Some(true) => call.whole(1),
        Some(false) | None => call.whole(2),
    }
}

fn switch<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let source = call.simple(0)?;
    let (column, count) = (call.column, call.len());
    for at in (2..count).step_by(2) {
        let key = call.simple(at)?;
        let both_empty = source.is_null_or_empty() && key.is_null_or_empty();
        if both_empty || compare::holds(Comparison::Equal, &source, &key, column, call.budget())? {
            return call.whole(at + 1);
        }
    }
    call.whole(1)
}

fn coalesce<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    for at in 0..call.len() {
        let cell = call.whole(at)?;
        if cell != Cell::Nothing {
            return Ok(cell);
        }
    }
    Ok(Cell::Nothing)
}

fn ignore_flow<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let cell = call.whole(0)?;
    Ok(if cell.is_null_or_empty() { Cell::Nothing } else { cell })
}

fn is_null<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    Ok(Cell::Boolean(call.whole(0)? == Cell::Nothing))
}

fn is_null_or_empty<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    Ok(Cell::Boolean(call.whole(0)?.is_null_or_empty()))
}

fn is_present<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    Ok(Cell::Boolean(!call.whole(0)?.is_null_or_empty()))
}

fn is_string<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    Ok(Cell::Boolean(matches!(call.whole(0)?, Cell::Text(_))))
}

fn not<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let is_true = call.simple(0)?.condition() == Some(true);
    Ok(Cell::Boolean(!is_true))
}

fn c_bool<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    Ok(Cell::Boolean(call.condition(0)?.unwrap_or(false)))
}

fn c_str<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    Ok(call.simple(0)?.into_text().map_or(Cell::Nothing, Cell::Text))
}
