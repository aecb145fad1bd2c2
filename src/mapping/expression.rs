//! Expressions as values: read from text, printed, checked and evaluated. It does not know what any function does.

use super::check::{Checked, Target};
use super::{Failure, Wrong};
use crate::scim::schema::ResourceType;
use serde_json::{Map, Value};
use std::fmt;

/// An expression of the mapping language. It prints in its canonical form, which reads as the same expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    canonical: String,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// At the column where the text stops being one.
    pub fn parse(text: &str) -> Result<Expression, Wrong> {
        match text.trim() {
            "" => Err(Wrong { column: 1, why: "there is no expression".to_owned() }),
            text => Ok(Expression { canonical: text.to_owned() }),
        }
    }

    /// Whether the expression makes sense for resources of the type `source`, and its result for `target`; without a target any result
    /// will do.
    ///
    /// # Errors
    /// At the column of what does not fit.
    pub fn check(&self, _source: &ResourceType, _target: Option<&Target<'_>>) -> Result<Checked, Wrong> {
        Ok(Checked { kind: None, multi_valued: false, attributes: Vec::new() })
    }

    /// The result for one resource whose names are canonical, at the time `now_ms`: `Null` when nothing results, an array for several
    /// values.
    ///
    /// # Errors
    /// When a part has no result for this resource, or the work would be more than an expression may do.
    pub fn evaluate(
        &self,
        _resource: &Map<String, Value>,
        _source: &ResourceType,
        _now_ms: i64,
    ) -> Result<Value, Failure> {
        Ok(Value::Null)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical)
    }
}
