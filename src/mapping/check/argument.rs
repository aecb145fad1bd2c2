//! Whether a value of a known type is something for a parameter. It does not know which function asks.

use super::{Known, constant};
use crate::mapping::Wrong;
use crate::mapping::expression::node::{Node, What};
use crate::mapping::function::Takes;
use crate::scim::schema::Kind;

/// Judges the argument `node`; with `each` the function is applied to each of several values.
pub(super) fn judge(node: &Node, known: Known, takes: Takes, each: bool) -> Result<(), Wrong> {
    let wrong = |why: String| Err(Wrong { column: node.column, why });
    if node.is_missing() {
        return Ok(());
    }
    if takes == Takes::Comparing {
        return match node.what {
            What::Comparing { .. } => Ok(()),
            _ => wrong("should be vbTextCompare or vbBinaryCompare".to_owned()),
        };
    }
    if let Some(text) = node.constant_text() {
        return constant(text, takes).map_err(|why| Wrong { column: node.column, why: format!("\"{text}\" {why}") });
    }
    if known.several && !each && !matches!(takes, Takes::Values | Takes::Anything) {
        return wrong("has several values where one is taken; use Item or Join".to_owned());
    }
    let Some(kind) = known.kind else { return Ok(()) };
    let is_text = matches!(kind, Kind::String | Kind::Reference | Kind::Binary);
    let is_number = matches!(kind, Kind::Integer | Kind::Decimal);
    let fits = match takes {
        Takes::Anything => true,
        _ if kind == Kind::Complex => return wrong("has sub-attributes; name one of them".to_owned()),
        Takes::Simple | Takes::Values => true,
        Takes::Text if kind == Kind::Boolean => return wrong("is true or false and no text; use CStr".to_owned()),
        Takes::Text => true,
        Takes::Integer => is_text || kind == Kind::Integer,
        Takes::Condition => is_text || is_number || kind == Kind::Boolean,
        Takes::Date => is_text || kind == Kind::DateTime,
        Takes::Interval | Takes::Culture | Takes::Styles | Takes::Pattern | Takes::Format => is_text,
        Takes::Comparing => false,
    };
    match fits {
        true => Ok(()),
        false => wrong(format!("is {} where {} is taken", called(kind), taken(takes))),
    }
}

/// What a type is called in errors.
pub(super) fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "a text",
        Kind::Boolean => "true or false",
        Kind::Decimal => "a number",
        Kind::Integer => "a whole number",
        Kind::DateTime => "a date",
        Kind::Binary => "binary data",
        Kind::Reference => "a reference",
        Kind::Complex => "an attribute with sub-attributes",
    }
}

fn taken(takes: Takes) -> &'static str {
    match takes {
        Takes::Text => "a text",
        Takes::Simple => "a single value",
        Takes::Values => "values",
        Takes::Anything => "anything",
        Takes::Integer => "a whole number",
        Takes::Condition => "something true or false",
        Takes::Date => "a date",
        Takes::Interval => "an interval",
        Takes::Pattern => "a regular expression",
        Takes::Format => "the format of a date",
        Takes::Styles => "a style of dates",
        Takes::Culture => "a culture",
        Takes::Comparing => "a way to compare",
    }
}
