//! A value while an expression is evaluated: what JSON has, and dates.

use super::evaluate::{Budget, wide};
use super::{Failure, format};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'v> {
    /// Null.
    Nothing,
    /// A text.
    Text(Cow<'v, str>),
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Decimal(f64),
    /// A time in milliseconds since 1970.
    Date(i64),
    /// A value with sub-attributes.
    Complex(&'v Map<String, Value>),
    /// Several values, none of them null or several.
    Several(Vec<Cell<'v>>),
}

impl<'v> Cell<'v> {
    /// A value of JSON.
    pub(super) fn of(value: &'v Value) -> Cell<'v> {
        match value {
            Value::Null => Cell::Nothing,
            Value::Bool(value) => Cell::Boolean(*value),
            Value::Number(number) => match number.as_i64() {
                Some(number) => Cell::Integer(number),
                None => Cell::Decimal(number.as_f64().unwrap_or(0.0)),
            },
            Value::String(text) => Cell::Text(Cow::Borrowed(text)),
            Value::Object(object) => Cell::Complex(object),
            Value::Array(values) => Cell::several(values.iter().map(Cell::of)),
        }
    }

    /// Several values, without nulls; null when none is left.
    pub(super) fn several(cells: impl IntoIterator<Item = Cell<'v>>) -> Cell<'v> {
        let mut values = Vec::new();
        for cell in cells {
            match cell {
                Cell::Nothing => {}
                Cell::Several(inner) => values.extend(inner),
                one => values.push(one),
            }
        }
        match values.is_empty() {
            true => Cell::Nothing,
            false => Cell::Several(values),
        }
    }

    /// A text that was made.
    pub(super) fn text(text: String) -> Cell<'v> {
        Cell::Text(Cow::Owned(text))
    }

    /// The empty text.
    pub(super) fn empty() -> Cell<'v> {
        Cell::Text(Cow::Borrowed(""))
    }

    /// A number of things.
    pub(super) fn count(number: usize) -> Cell<'v> {
        Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// Null, or an empty text.
    pub(super) fn is_null_or_empty(&self) -> bool {
        match self {
            Cell::Nothing => true,
            Cell::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    /// The value, if it is a single simple one.
    pub(super) fn single(self, column: usize) -> Result<Cell<'v>, Failure> {
        let why = match self {
            Cell::Complex(_) => "has sub-attributes; one of them must be named",
            Cell::Several(mut values) => match (values.pop(), values.is_empty()) {
                (Some(only), true) => return only.single(column),
                _ => "has several values where one is taken",
            },
            one => return Ok(one),
        };
        Err(Failure { column, why: why.to_owned() })
    }

    /// A single simple value as text: truth as `True` and `False`, dates as `M/d/yyyy h:mm:ss tt`. `None` for null, and for what is
    /// neither single nor simple.
    pub(super) fn into_text(self) -> Option<Cow<'v, str>> {
        match self {
            Cell::Text(text) => Some(text),
            Cell::Boolean(true) => Some(Cow::Borrowed("True")),
            Cell::Boolean(false) => Some(Cow::Borrowed("False")),
            Cell::Integer(number) => Some(Cow::Owned(number.to_string())),
            Cell::Decimal(number) => Some(Cow::Owned(decimal_text(number))),
            Cell::Date(ms) => Some(Cow::Owned(format::general(ms))),
            Cell::Nothing | Cell::Complex(_) | Cell::Several(_) => None,
        }
    }

    /// The value as a whole number, if it is one or its text is.
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Cell::Integer(number) => Some(*number),
            Cell::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The value as a number, if it is one or its text is.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Cell::Integer(number) => Some(*number as f64),
            Cell::Decimal(number) => Some(*number),
            Cell::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// Whether the value is true: itself, `True` or `False` in any case, or a number other than 0.
    pub(super) fn condition(&self) -> Option<bool> {
        match self {
            Cell::Boolean(value) => Some(*value),
            Cell::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Cell::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            other => other.number().map(|number| number != 0.0),
        }
    }

    /// The value as JSON.
    pub(super) fn into_value(self, column: usize, budget: &mut Budget) -> Result<Value, Failure> {
        Ok(match self {
            Cell::Nothing => Value::Null,
            Cell::Boolean(value) => Value::Bool(value),
            Cell::Integer(number) => Value::from(number),
            Cell::Decimal(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
            Cell::Text(text) => {
                budget.spend(wide(text.len()) / BYTES_KEPT_PER_STEP, column)?;
                Value::String(text.into_owned())
            }
            Cell::Date(ms) => Value::String(format::general(ms)),
            Cell::Complex(object) => {
                budget.spend(copying(object.values()), column)?;
                Value::Object(object.clone())
            }
            Cell::Several(values) => {
                let values = values.into_iter().map(|value| {
                    budget.spend(10, column)?;
                    value.into_value(column, budget)
                });
                Value::Array(values.collect::<Result<Vec<Value>, Failure>>()?)
            }
        })
    }
}

/// A number with a fraction as text: as short as reads back as the same number.
fn decimal_text(number: f64) -> String {
    let plain = number.to_string();
    match plain.len() > 40 {
        true => format!("{number:e}"),
        false => plain,
    }
}

/// How many bytes of a result are copied in one step; memory that is new costs more than the copying.
const BYTES_KEPT_PER_STEP: u64 = 2;

/// What copying these values costs, in steps.
fn copying<'a>(values: impl Iterator<Item = &'a Value>) -> u64 {
    const VALUE_STEPS: u64 = 60;
    values
        .map(|value| match value {
            Value::String(text) => VALUE_STEPS + wide(text.len()) / BYTES_KEPT_PER_STEP,
            Value::Array(values) => VALUE_STEPS + copying(values.iter()),
            Value::Object(object) => VALUE_STEPS + copying(object.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) => VALUE_STEPS,
        })
        .sum()
}
