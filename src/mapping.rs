//! What is made of attributes on their way in and on their way out: the mapping language, and rules and policies written in it. Pure
//! functions over JSON; it knows no store, no clock and no socket.

pub mod document;
pub mod policy;
pub mod rule;
pub mod expression;
pub mod function;
pub mod check;
pub mod pattern;
pub mod outbound;

mod attribute;
mod cell;
mod compare;
mod evaluate;
mod format;
mod matcher;
#[cfg(test)]
mod samples;

use std::fmt;

/// What is wrong with an expression or a pattern, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The place in the text, in characters from 1 on.
    pub column: usize,
    /// What is wrong there, as the end of a sentence.
    pub why: String,
}

/// Why an expression, though nothing is wrong with it, has no result for one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The place of the part that failed, in characters of the expression's text from 1 on.
    pub column: usize,
    /// Why, without any of the resource's values.
    pub why: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.why)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.why)
    }
}
