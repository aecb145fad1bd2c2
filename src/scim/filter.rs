//! Filters (RFC 7644 section 3.4.2.2): the tree that a filter becomes, and whether a resource matches it.
//! The grammar is read in `filter/parse.rs`; odd forms are made ordinary there, so that one meaning stays here.

use crate::scim::datetime;
use crate::scim::dialect::Reading;
use crate::scim::errors::Error;
use crate::scim::fold::fold;
use crate::scim::path::Attr;
use crate::scim::schema::{Attribute, Kind, ResourceType};
use serde_json::{Map, Value};
use std::borrow::Cow;

mod parse;

/// A filter whose names are resolved and whose literals have their attribute's type. Never nested deeper than the parser's limit.
#[derive(Clone, Debug)]
pub enum Expr<'a> {
    /// All of them.
    And(Vec<Expr<'a>>),
    /// Any of them.
    Or(Vec<Expr<'a>>),
    /// Not that.
    Not(Box<Expr<'a>>),
    /// The attribute has a value.
    Present(Attr<'a>),
    /// A value of the attribute compares so.
    Compare(Compare<'a>),
    /// One value of the attribute matches the filter by itself: `emails[type eq "work" and value co "@x"]`.
    Element(Attr<'a>, Box<Expr<'a>>),
    /// Compares an attribute that this resource type does not have.
    Never,
}

/// One comparison.
#[derive(Clone, Debug)]
pub struct Compare<'a> {
    /// What is compared.
    pub attr: Attr<'a>,
    /// How.
    pub op: Op,
    /// With what.
    pub operand: Operand,
}

/// The comparison operators; `ne` is `Not` of `Eq`, and `pr` is [`Expr::Present`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// equal
    Eq,
    /// contains
    Co,
    /// starts with
    Sw,
    /// ends with
    Ew,
    /// greater than
    Gt,
    /// greater than or equal
    Ge,
    /// less than
    Lt,
    /// less than or equal
    Le,
}

/// A literal, of the type of the attribute that it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Text as sent, for caseExact attributes.
    Exact(String),
    /// Text for the others: as sent, and after case folding.
    Folded {
        /// As sent.
        raw: String,
        /// What is compared.
        folded: String,
    },
    /// A truth value.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A time in milliseconds since the epoch.
    Time(i64),
}

/// A filter for one resource type.
#[derive(Clone, Debug)]
pub struct Filter<'a> {
    /// What it says.
    pub expr: Expr<'a>,
    /// The attributes in it that the resource type does not have.
    pub unknown: Vec<String>,
}

/// Reads a filter over resources of one type; `invalidFilter` says what is wrong and where.
/// An attribute that the type does not have is left to the caller, in [`Filter::unknown`].
pub fn parse<'a>(resource_type: &'a ResourceType, text: &str, reading: &mut Reading<'_>) -> Result<Filter<'a>, Error> {
    parse::filter(resource_type, text, reading)
}

/// Reads the `[…]` that starts at byte `open` of a path, over one value of `attribute`, and says at which byte it ends.
pub fn parse_element<'a>(
    attribute: &'a Attribute,
    path: &str,
    open: usize,
    reading: &mut Reading<'_>,
) -> Result<(Expr<'a>, usize), Error> {
    parse::element(attribute, path, open, reading)
}

impl Expr<'_> {
    /// Whether `resource`, whose names are canonical, matches.
    pub fn matches(&self, resource: &Map<String, Value>) -> bool {
        match self {
            Expr::And(all) => all.iter().all(|expr| expr.matches(resource)),
            Expr::Or(any) => any.iter().any(|expr| expr.matches(resource)),
            Expr::Not(expr) => !expr.matches(resource),
            Expr::Present(attr) => attr.values(resource).any(is_present),
            Expr::Compare(compare) => {
                compare.attr.values(resource).any(|value| compare.op.holds(value, &compare.operand))
            }
            Expr::Element(attr, inner) => {
                attr.values(resource).any(|element| inner.matches_element(attr.attribute, element))
            }
            Expr::Never => false,
        }
    }

    /// Whether a resource matches of which there are two forms. What is asked for may stand in either; what must not be there is
    /// looked for in `seen` alone, which is the form that the answer has.
    pub fn matches_either(&self, seen: &Map<String, Value>, sent: &Map<String, Value>) -> bool {
        match self {
            Expr::And(all) => all.iter().all(|expr| expr.matches_either(seen, sent)),
            Expr::Or(any) => any.iter().any(|expr| expr.matches_either(seen, sent)),
            Expr::Not(_) => self.matches(seen),
            _ => self.matches(seen) || self.matches(sent),
        }
    }

    /// Whether `element`, one value of `attribute`, matches a filter over such values.
    pub fn matches_element(&self, attribute: &Attribute, element: &Value) -> bool {
        match element {
            Value::Object(object) => self.matches(object),
            // A simple value has no parts: `tags[value eq "x"]` compares what stands under the attribute's own name.
            simple => self.matches(&Map::from_iter([(attribute.name.clone(), simple.clone())])),
        }
    }

    /// Whether the filter looks at the core attribute `name`.
    pub fn mentions(&self, name: &str) -> bool {
        match self {
            Expr::And(exprs) | Expr::Or(exprs) => exprs.iter().any(|expr| expr.mentions(name)),
            Expr::Not(expr) => expr.mentions(name),
            Expr::Present(attr) | Expr::Element(attr, _) => attr.is_core(name),
            Expr::Compare(compare) => compare.attr.is_core(name),
            Expr::Never => false,
        }
    }

    /// The comparisons `sub eq literal` that all must hold: what a new element must have to match.
    /// `None` when something else is asked for, so that no element can be made from the filter.
    pub fn equalities(&self) -> Option<Vec<(&Attribute, Value)>> {
        match self {
            Expr::And(all) => {
                let parts: Option<Vec<_>> = all.iter().map(Expr::equalities).collect();
                parts.map(|parts| parts.into_iter().flatten().collect())
            }
            Expr::Compare(Compare { attr, op: Op::Eq, operand }) => Some(vec![(attr.leaf(), operand.to_value())]),
            // `primary eq false`
            Expr::Not(expr) => match &**expr {
                Expr::Compare(Compare { attr, op: Op::Eq, operand: Operand::Boolean(true) })
                    if attr.leaf().name == "primary" =>
                {
                    Some(vec![(attr.leaf(), Value::Bool(false))])
                }
                _ => None,
            },
            _ => None,
        }
    }
}

impl Op {
    fn holds(self, value: &Value, operand: &Operand) -> bool {
        match (value, operand) {
            (Value::String(text), Operand::Exact(wanted)) => self.holds_text(text, wanted),
            (Value::String(text), Operand::Folded { folded, .. }) => self.holds_text(&fold(text), folded),
            (Value::String(text), Operand::Time(wanted)) => {
                datetime::parse_ms(text).is_some_and(|time| self.holds_ordered(&time, wanted))
            }
            (Value::Bool(value), Operand::Boolean(wanted)) => self == Op::Eq && value == wanted,
            (Value::Number(number), Operand::Number(wanted)) => {
                number.as_f64().is_some_and(|number| self.holds_ordered(&number, wanted))
            }
            _ => false,
        }
    }

    fn holds_text(self, text: &str, wanted: &str) -> bool {
        match self {
            Op::Co => text.contains(wanted),
            Op::Sw => text.starts_with(wanted),
            Op::Ew => text.ends_with(wanted),
            _ => self.holds_ordered(text, wanted),
        }
    }

    fn holds_ordered<T: PartialOrd + ?Sized>(self, value: &T, wanted: &T) -> bool {
        match self {
            Op::Eq => value == wanted,
            Op::Gt => value > wanted,
            Op::Ge => value >= wanted,
            Op::Lt => value < wanted,
            Op::Le => value <= wanted,
            Op::Co | Op::Sw | Op::Ew => false,
        }
    }
}

/// Whole numbers below this are exact as floats.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

impl Operand {
    fn to_value(&self) -> Value {
        match self {
            Operand::Exact(raw) | Operand::Folded { raw, .. } => Value::from(raw.as_str()),
            Operand::Boolean(value) => Value::from(*value),
            Operand::Number(number) if number.fract() == 0.0 && number.abs() < EXACT_INTEGERS => {
                Value::from(*number as i64)
            }
            Operand::Number(number) => Value::from(*number),
            Operand::Time(ms) => Value::from(datetime::format_ms(*ms)),
        }
    }
}

/// `pr`: neither null nor empty (RFC 7644 table 3).
pub fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => list.iter().any(is_present),
        Value::Object(object) => object.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The text by which values of `attribute` are compared, sorted, indexed and unique.
pub fn comparable<'t>(attribute: &Attribute, text: &'t str) -> Cow<'t, str> {
    match compares_exactly(attribute) {
        true => Cow::Borrowed(text),
        false => fold(text),
    }
}

/// Whether values are compared byte by byte. Base64 always is, although the RFC's tables call certificates caseExact:false.
pub fn compares_exactly(attribute: &Attribute) -> bool {
    attribute.case_exact || attribute.kind == Kind::Binary
}

#[cfg(test)]
mod tests;
