//! Expressions as values: read from text, printed, checked and evaluated. It does not know what any function does.
//!
//! The language is that of attribute mappings in Microsoft Entra ID: `Function(argument, …)`, attributes in square brackets, texts in
//! double quotes with `\"` and `\\`, numbers, and `=`, `<>`, `<`, `<=`, `>`, `>=` between two of these. An argument may be left empty.
//! Attributes are SCIM paths: `[name.givenName]`, `[emails[type eq "work"].value]`, `[department]` or with its URN. Other than there,
//! a text, a number or an attribute alone is an expression too, and names of functions may be in any case.

use super::check::{self, Checked, Target};
use super::evaluate::{self, Budget};
use super::{Failure, Wrong};
use crate::limits;
use crate::scim::schema::ResourceType;
use node::{Node, What};
use serde_json::{Map, Value};
use std::fmt;

pub(in crate::mapping) mod node;
mod parse;

/// An expression of the mapping language. It prints in its canonical form, which reads as the same expression; two that print alike are
/// equal.
#[derive(Clone)]
pub struct Expression {
    root: Node,
    canonical: String,
}

impl Expression {
    /// Reads an expression: its names of functions, their numbers of arguments and its regular expressions are right then.
    ///
    /// # Errors
    /// At the column where the text stops being one.
    pub fn parse(text: &str) -> Result<Expression, Wrong> {
        let root = parse::expression(text)?;
        let canonical = root.to_string();
        Ok(Expression { root, canonical })
    }

    /// Whether the expression makes sense for resources of the type `source`, and its result for `target`; without a target any result
    /// will do.
    ///
    /// # Errors
    /// At the column of what does not fit.
    pub fn check(&self, source: &ResourceType, target: Option<&Target<'_>>) -> Result<Checked, Wrong> {
        check::check(&self.root, source, target)
    }

    /// The result for one resource whose names are canonical, at the time `now_ms`: `Null` when nothing results, an array for several
    /// values, dates as `M/d/yyyy h:mm:ss tt` (see [`Target::fit`]). The same arguments always give the same result.
    ///
    /// # Errors
    /// When a part has no result for this resource, or the work would be more than an expression may do.
    pub fn evaluate(
        &self,
        resource: &Map<String, Value>,
        source: &ResourceType,
        now_ms: i64,
    ) -> Result<Value, Failure> {
        let mut budget = Budget::new(limits::MAPPING_STEPS_MAX);
        evaluate::run(&self.root, resource, source, now_ms, &mut budget)
    }

    /// As [`Expression::evaluate`], and how many steps it took.
    ///
    /// # Errors
    /// As there.
    pub fn evaluate_counted(
        &self,
        resource: &Map<String, Value>,
        source: &ResourceType,
        now_ms: i64,
    ) -> (Result<Value, Failure>, u64) {
        let mut budget = Budget::new(limits::MAPPING_STEPS_MAX);
        let result = evaluate::run(&self.root, resource, source, now_ms, &mut budget);
        (result, limits::MAPPING_STEPS_MAX - budget.left())
    }

    /// The path, when the whole expression is one attribute.
    pub fn attribute(&self) -> Option<&str> {
        match &self.root.what {
            What::Attribute(path) => Some(path),
            _ => None,
        }
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Expression {}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.canonical).finish()
    }
}

#[cfg(test)]
mod tests;
