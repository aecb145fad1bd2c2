//! What an expression results in for one resource, within a budget of steps. What each function does is its own business.

use super::attribute;
use super::cell::Cell;
use super::expression::node::{Node, What};
use super::format;
use super::function::Function;
use super::matcher::Matcher;
use super::{Failure, compare};
use crate::limits;
use crate::scim::schema::ResourceType;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The result of `root`; see [`super::expression::Expression::evaluate`].
pub(super) fn run(
    root: &Node,
    resource: &Map<String, Value>,
    source: &ResourceType,
    now_ms: i64,
    budget: &mut Budget,
) -> Result<Value, Failure> {
    let mut machine = Machine { resource, source, now_ms, budget };
    let cell = machine.evaluate(root, true)?;
    cell.into_value(root.column, machine.budget)
}

/// How much work may still be done, in steps.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
}

impl Budget {
    /// So many steps.
    pub(super) fn new(steps: u64) -> Budget {
        Budget { left: steps }
    }

    /// The steps that are left.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Takes steps for work that is about to be done at `column`.
    ///
    /// # Errors
    /// When there are not so many left; none are left then.
    pub(super) fn spend(&mut self, steps: u64, column: usize) -> Result<(), Failure> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                let why =
                    format!("is more work than the {} steps that one evaluation may take", limits::MAPPING_STEPS_MAX);
                Err(Failure { column, why })
            }
        }
    }
}

/// What one part of an expression costs, whatever it is.
const NODE_STEPS: u64 = 30;
/// What reading or writing a date costs.
pub(super) const DATE_STEPS: u64 = 400;
/// How many bytes are copied in one step.
const BYTES_COPIED_PER_STEP: u64 = 8;

/// A text that is being made.
pub(super) struct Output {
    text: String,
    column: usize,
}

impl Output {
    /// An empty one, made at `column`.
    pub(super) fn new(column: usize) -> Output {
        Output { text: String::new(), column }
    }

    /// Adds `piece`.
    ///
    /// # Errors
    /// When the text becomes too long, or copying is too much work.
    pub(super) fn push(&mut self, piece: &str, budget: &mut Budget) -> Result<(), Failure> {
        budget.spend(3 + wide(piece.len()) / BYTES_COPIED_PER_STEP, self.column)?;
        fits(self.text.len().saturating_add(piece.len()), self.column)?;
        self.text.push_str(piece);
        Ok(())
    }

    /// Whether nothing has been added.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// The text as a result.
    pub(super) fn into_cell<'v>(self) -> Cell<'v> {
        Cell::text(self.text)
    }
}

fn fits(bytes: usize, column: usize) -> Result<(), Failure> {
    match bytes > limits::MAPPING_TEXT_BYTES_MAX {
        true => Err(Failure { column, why: format!("makes more than {} bytes", limits::MAPPING_TEXT_BYTES_MAX) }),
        false => Ok(()),
    }
}

struct Machine<'v, 'b> {
    resource: &'v Map<String, Value>,
    source: &'v ResourceType,
    now_ms: i64,
    budget: &'b mut Budget,
}

impl<'v> Machine<'v, '_> {
    /// The value of `node`. Of an attribute with a value filter it is the first value that matches, or with `all` every one.
    fn evaluate(&mut self, node: &'v Node, all: bool) -> Result<Cell<'v>, Failure> {
        self.budget.spend(NODE_STEPS, node.column)?;
        match &node.what {
            What::Missing | What::Comparing { .. } => Ok(Cell::Nothing),
            What::Attribute(path) => attribute::read(path, self.resource, self.source, all, node.column, self.budget),
            What::Text(text) => Ok(Cell::Text(Cow::Borrowed(text))),
            What::Integer(number) => Ok(Cell::Integer(*number)),
            What::Decimal(number) => Ok(Cell::Decimal(*number)),
            What::Boolean(value) => Ok(Cell::Boolean(*value)),
            What::Pattern(matcher) => Ok(Cell::Text(Cow::Borrowed(matcher.text()))),
            What::Format(format) => Ok(Cell::Text(Cow::Borrowed(format.text()))),
            What::Compare(how, left, right) => {
                let left = self.single(left)?;
                let right = self.single(right)?;
                compare::holds(*how, &left, &right, node.column, self.budget).map(Cell::Boolean)
            }
            What::Call(function, arguments) => self.call(function, arguments, all, node.column),
        }
    }

    fn call(
        &mut self,
        function: &'static Function,
        arguments: &'v [Node],
        all: bool,
        column: usize,
    ) -> Result<Cell<'v>, Failure> {
        let first = match arguments.first() {
            Some(node) if function.each => Some(self.evaluate(node, false)?),
            _ => None,
        };
        let Some(Cell::Several(values)) = first else {
            return (function.evaluate)(&mut Call { machine: self.reborrow(), arguments, all, column, first });
        };
        let mut results = Vec::with_capacity(values.len());
        for value in values {
            self.budget.spend(NODE_STEPS, column)?;
            let mut call = Call { machine: self.reborrow(), arguments, all, column, first: Some(value) };
            results.push((function.evaluate)(&mut call)?);
        }
        Ok(Cell::several(results))
    }

    fn single(&mut self, node: &'v Node) -> Result<Cell<'v>, Failure> {
        let cell = self.evaluate(node, false)?;
        cell.single(node.column)
    }

    fn reborrow(&mut self) -> Machine<'v, '_> {
        Machine { resource: self.resource, source: self.source, now_ms: self.now_ms, budget: self.budget }
    }
}

/// One call of a function: its arguments, each evaluated when it is asked for, so that `IIF` costs one branch and the other cannot fail.
pub(super) struct Call<'m, 'v> {
    machine: Machine<'v, 'm>,
    arguments: &'v [Node],
    /// Whether all values are wanted of an attribute with a value filter, if that is the result.
    all: bool,
    /// Where the call stands.
    pub(super) column: usize,
    /// The first argument, when the function is applied to each of several values.
    first: Option<Cell<'v>>,
}

impl<'v> Call<'_, 'v> {
    /// The number of arguments, those that were left empty included.
    pub(super) fn len(&self) -> usize {
        self.arguments.len()
    }

    /// Whether the argument was left empty or out.
    pub(super) fn is_missing(&self, at: usize) -> bool {
        self.arguments.get(at).is_none_or(Node::is_missing)
    }

    /// The argument, whatever it is, as the function's result.
    pub(super) fn whole(&mut self, at: usize) -> Result<Cell<'v>, Failure> {
        self.argument(at, self.all)
    }

    /// The argument as a single simple value.
    pub(super) fn simple(&mut self, at: usize) -> Result<Cell<'v>, Failure> {
        let column = self.column_of(at);
        self.argument(at, false)?.single(column)
    }

    /// The argument's values.
    pub(super) fn values(&mut self, at: usize) -> Result<Vec<Cell<'v>>, Failure> {
        Ok(match self.argument(at, true)? {
            Cell::Nothing => Vec::new(),
            Cell::Several(values) => values,
            one => vec![one],
        })
    }

    /// The argument as text; `None` for null.
    pub(super) fn text(&mut self, at: usize) -> Result<Option<Cow<'v, str>>, Failure> {
        Ok(self.simple(at)?.into_text())
    }

    /// The argument as a whole number; `None` for null.
    pub(super) fn integer(&mut self, at: usize) -> Result<Option<i64>, Failure> {
        let cell = self.simple(at)?;
        match cell.integer() {
            Some(number) => Ok(Some(number)),
            None if cell.is_null_or_empty() => Ok(None),
            None => Err(self.failure_at(at, "is no whole number")),
        }
    }

    /// Whether the argument is true; `None` for null.
    pub(super) fn condition(&mut self, at: usize) -> Result<Option<bool>, Failure> {
        let cell = self.simple(at)?;
        match cell.condition() {
            Some(value) => Ok(Some(value)),
            None if cell.is_null_or_empty() => Ok(None),
            None => Err(self.failure_at(at, "is neither true nor false")),
        }
    }

    /// The argument as a time in milliseconds since 1970; `None` for null.
    pub(super) fn date(&mut self, at: usize) -> Result<Option<i64>, Failure> {
        let cell = self.simple(at)?;
        self.spend(DATE_STEPS)?;
        match &cell {
            Cell::Date(ms) => Ok(Some(*ms)),
            Cell::Text(text) if !text.is_empty() => {
                let parsed = format::parse_any(text);
                parsed.map(Some).ok_or_else(|| self.failure_at(at, "is no date that is understood"))
            }
            _ if cell.is_null_or_empty() => Ok(None),
            _ => Err(self.failure_at(at, "is no date")),
        }
    }

    /// The argument as a regular expression; `None` if it was left empty.
    pub(super) fn pattern(&self, at: usize) -> Option<&'v Matcher> {
        match &self.arguments.get(at)?.what {
            What::Pattern(matcher) => Some(matcher),
            _ => None,
        }
    }

    /// The argument as the format of a date.
    pub(super) fn format(&self, at: usize) -> Option<&'v format::Format> {
        match &self.arguments.get(at)?.what {
            What::Format(format) => Some(format),
            _ => None,
        }
    }

    /// Whether the argument is `vbTextCompare`.
    pub(super) fn compares_as_text(&self, at: usize) -> bool {
        self.arguments.get(at).is_some_and(|node| matches!(node.what, What::Comparing { text: true }))
    }

    /// The time of the evaluation.
    pub(super) fn now_ms(&self) -> i64 {
        self.machine.now_ms
    }

    /// What is left to do.
    pub(super) fn budget(&mut self) -> &mut Budget {
        self.machine.budget
    }

    /// Takes steps.
    pub(super) fn spend(&mut self, steps: u64) -> Result<(), Failure> {
        self.machine.budget.spend(steps, self.column)
    }

    /// Takes the steps for looking at each byte of `text`, each for so many.
    pub(super) fn look_at(&mut self, text: &str, steps_per_byte: u64) -> Result<(), Failure> {
        self.spend(wide(text.len()).saturating_mul(steps_per_byte))
    }

    /// A text as the function's result.
    pub(super) fn made(&mut self, text: String) -> Result<Cell<'v>, Failure> {
        fits(text.len(), self.column)?;
        Ok(Cell::text(text))
    }

    /// That the function has no result.
    pub(super) fn failure(&self, why: impl Into<String>) -> Failure {
        Failure { column: self.column, why: why.into() }
    }

    /// That an argument is the reason.
    pub(super) fn failure_at(&self, at: usize, why: &str) -> Failure {
        Failure { column: self.column_of(at), why: why.to_owned() }
    }

    fn argument(&mut self, at: usize, all: bool) -> Result<Cell<'v>, Failure> {
        if at == 0
            && let Some(first) = &self.first
        {
            return Ok(first.clone());
        }
        match self.arguments.get(at) {
            Some(node) => self.machine.evaluate(node, all),
            None => Ok(Cell::Nothing),
        }
    }

    /// Where an argument stands.
    pub(super) fn column_of(&self, at: usize) -> usize {
        self.arguments.get(at).map_or(self.column, |node| node.column)
    }
}

/// A length as a number of steps.
pub(super) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
