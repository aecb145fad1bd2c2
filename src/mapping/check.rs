//! Whether an expression makes sense before it meets a resource: attributes that are there, arguments of the right types, and a result
//! that its target takes. Types are judged where they are known; a text may turn out to be a number only at run time.

use super::expression::node::{Node, What};
use super::function::{Function, Gives, Takes};
use super::{Wrong, attribute, format, function};
use crate::scim::datetime;
use crate::scim::path::Attr;
use crate::scim::schema::{Kind, ResourceType};
use serde_json::Value;

mod argument;

/// The attribute that a result is for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// What errors call it.
    pub name: &'a str,
    /// Its type.
    pub kind: Kind,
    /// Whether it takes several values.
    pub multi_valued: bool,
}

/// What is known of an expression's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The type of its values; `None` when that depends on the resource.
    pub kind: Option<Kind>,
    /// Whether there may be several.
    pub multi_valued: bool,
    /// The attributes that the expression reads, by their full names, each once.
    pub attributes: Vec<String>,
}

/// See [`super::expression::Expression::check`].
pub(super) fn check(root: &Node, source: &ResourceType, target: Option<&Target<'_>>) -> Result<Checked, Wrong> {
    let mut checker = Checker { source, attributes: Vec::new() };
    let known = checker.node(root)?;
    if let Some(target) = target {
        checker.result(root, target)?;
    }
    Ok(Checked { kind: known.kind, multi_valued: known.several, attributes: checker.attributes })
}

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Known {
    /// `None` when it depends on the resource, or there is no value.
    kind: Option<Kind>,
    several: bool,
}

struct Checker<'s> {
    source: &'s ResourceType,
    attributes: Vec<String>,
}

impl Checker<'_> {
    fn node(&mut self, node: &Node) -> Result<Known, Wrong> {
        let one = |kind| Ok(Known { kind: Some(kind), several: false });
        match &node.what {
            What::Missing | What::Comparing { .. } => Ok(Known { kind: None, several: false }),
            What::Text(_) | What::Pattern(_) | What::Format(_) => one(Kind::String),
            What::Integer(_) => one(Kind::Integer),
            What::Decimal(_) => one(Kind::Decimal),
            What::Boolean(_) => one(Kind::Boolean),
            What::Attribute(path) => {
                let named = attribute::look_up(path, self.source).map_err(|why| Wrong { column: node.column, why })?;
                let known = Known { kind: Some(named.kind), several: named.multi_valued };
                if !self.attributes.contains(&named.name) {
                    self.attributes.push(named.name);
                }
                Ok(known)
            }
            What::Compare(_, left, right) => {
                for side in [left, right] {
                    let known = self.node(side)?;
                    argument::judge(side, known, Takes::Simple, false)?;
                }
                one(Kind::Boolean)
            }
            What::Call(function, arguments) => self.call(function, arguments),
        }
    }

    fn call(&mut self, function: &Function, arguments: &[Node]) -> Result<Known, Wrong> {
        let mut all = Vec::with_capacity(arguments.len());
        for (at, node) in arguments.iter().enumerate() {
            let known = self.node(node)?;
            if let Some(parameter) = function.parameter(at) {
                let each = function.each && at == 0;
                argument::judge(node, known, parameter.takes, each)
                    .map_err(|wrong| Wrong { why: format!("{} ({})", wrong.why, function.signature()), ..wrong })?;
            }
            all.push(known);
        }
        let first = all.first().copied().unwrap_or(Known { kind: None, several: false });
        Ok(match function.result {
            Gives::One(kind) => Known { kind: Some(kind), several: function.each && first.several },
            Gives::Texts => Known { kind: Some(Kind::String), several: true },
            Gives::First => first,
            Gives::ItemOfFirst => Known { several: false, ..first },
            Gives::OneOf(branches) => {
                let results = all.iter().zip(arguments).enumerate();
                let results = results.filter(|(at, (_, node))| branches.has(*at) && !node.is_missing());
                let results: Vec<Known> = results.map(|(_, (known, _))| *known).collect();
                let kind = results.first().and_then(|first| first.kind);
                let is_same = |kind: &Kind| results.iter().all(|known| known.kind == Some(*kind));
                // What may have sub-attributes is nothing for whoever takes none.
                let may_be_complex = results.iter().any(|known| known.kind == Some(Kind::Complex));
                Known {
                    kind: kind.filter(is_same).or(may_be_complex.then_some(Kind::Complex)),
                    several: results.iter().any(|known| known.several),
                }
            }
        })
    }

    /// Whether whatever may result is something for the target.
    fn result(&mut self, node: &Node, target: &Target<'_>) -> Result<(), Wrong> {
        if let What::Call(function, arguments) = &node.what {
            match function.result {
                Gives::OneOf(branches) => {
                    let mut results = arguments.iter().enumerate().filter(|(at, _)| branches.has(*at));
                    return results.try_for_each(|(_, node)| self.result(node, target));
                }
                Gives::First if arguments.len() == 1 => {
                    return arguments.iter().try_for_each(|node| self.result(node, target));
                }
                _ => {}
            }
        }
        let wrong = |why: String| Wrong { column: node.column, why };
        let constant = match &node.what {
            What::Missing => return Ok(()),
            What::Text(text) => Some(Value::from(text.as_str())),
            What::Integer(number) => Some(Value::from(*number)),
            What::Decimal(number) => Some(Value::from(*number)),
            What::Boolean(value) => Some(Value::Bool(*value)),
            _ => None,
        };
        if let Some(constant) = constant {
            return target.fit(constant).map(|_| ()).map_err(wrong);
        }
        let known = self.node(node)?;
        if known.several && !target.multi_valued {
            let why = format!("gives several values, and {} takes one; use Item or Join", target.name);
            return Err(wrong(why));
        }
        match known.kind.map_or(Ok(()), |kind| converts(kind, target.kind)) {
            Ok(()) => Ok(()),
            Err(advice) => Err(wrong(format!(
                "gives {}, and {} takes {}{advice}",
                known.kind.map_or("a value", argument::called),
                target.name,
                argument::called(target.kind)
            ))),
        }
    }
}

/// Whether values of one type become those of another; the error says what would help.
fn converts(from: Kind, to: Kind) -> Result<(), &'static str> {
    let is_text = |kind| matches!(kind, Kind::String | Kind::Reference | Kind::Binary);
    match (from, to) {
        (Kind::Complex, Kind::Complex) => Ok(()),
        (Kind::Complex, _) => Err("; name a sub-attribute"),
        (_, Kind::Complex) => Err("; map its sub-attributes one by one"),
        (Kind::Boolean, Kind::Boolean) => Ok(()),
        (Kind::Boolean, to) if is_text(to) => Err("; use CStr"),
        (_, Kind::Boolean) => Err("; use CBool"),
        (Kind::Boolean, _) => Err(""),
        // Where the text is no number or date, that shows at run time.
        (from, _) if is_text(from) => Ok(()),
        (_, to) if is_text(to) => Ok(()),
        (Kind::Integer | Kind::Decimal, Kind::Integer | Kind::Decimal) => Ok(()),
        (Kind::DateTime, Kind::DateTime) => Ok(()),
        (Kind::Integer | Kind::Decimal, Kind::DateTime) => Err("; use DateFromNum"),
        (Kind::DateTime, _) => Err("; use NumFromDate"),
        (_, _) => Err(""),
    }
}

impl<'a> Target<'a> {
    /// An attribute; with a filter, one of its values.
    pub fn of(attr: &Attr<'a>, is_filtered: bool) -> Target<'a> {
        let leaf = attr.leaf();
        Target { name: &leaf.name, kind: leaf.kind, multi_valued: leaf.multi_valued && !is_filtered }
    }

    /// The result of an expression as a value of this attribute: `"True"` as `true` where it is boolean, a date as RFC 3339 writes it
    /// where it is a dateTime, one value in an array where it is multi-valued, the first of several where it is not. `Null` and an empty
    /// text are nothing: `Null`.
    ///
    /// # Errors
    /// When it is no value of this attribute; the text says why, without the value.
    pub fn fit(&self, value: Value) -> Result<Value, String> {
        let values = match value {
            Value::Array(values) => values,
            one => vec![one],
        };
        let mut fitting = Vec::new();
        for value in values {
            match self.one(value)? {
                Value::Null => {}
                value => fitting.push(value),
            }
            if !self.multi_valued && !fitting.is_empty() {
                break;
            }
        }
        Ok(match self.multi_valued {
            true if fitting.is_empty() => Value::Null,
            true => Value::Array(fitting),
            false => fitting.pop().unwrap_or_default(),
        })
    }

    fn one(&self, value: Value) -> Result<Value, String> {
        let wrong = || Err(format!("{} takes {}, and this is something else", self.name, argument::called(self.kind)));
        match (self.kind, value) {
            (_, Value::Null) => Ok(Value::Null),
            (_, Value::String(text)) if text.is_empty() => Ok(Value::Null),
            (Kind::Complex, value @ Value::Object(_)) => Ok(value),
            (Kind::Complex, _) | (_, Value::Object(_) | Value::Array(_)) => wrong(),
            (Kind::Boolean, value @ Value::Bool(_)) => Ok(value),
            (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
            (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
            (Kind::Boolean, _) => wrong(),
            (Kind::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(Value::Number(number)),
            (Kind::Integer, Value::String(text)) => text.trim().parse::<i64>().map(Value::from).or_else(|_| wrong()),
            (Kind::Decimal, value @ Value::Number(_)) => Ok(value),
            (Kind::Decimal, Value::String(text)) => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Value::from(number)),
                _ => wrong(),
            },
            (Kind::Integer | Kind::Decimal, _) => wrong(),
            (Kind::DateTime, Value::String(text)) if datetime::parse_ms(&text).is_some() => Ok(Value::String(text)),
            (Kind::DateTime, Value::String(text)) => match format::parse_any(&text) {
                Some(ms) => Ok(Value::from(datetime::format_ms(ms))),
                None => wrong(),
            },
            (Kind::DateTime, _) => wrong(),
            (_, value @ Value::String(_)) => Ok(value),
            (_, Value::Bool(value)) => Ok(Value::from(if value { "True" } else { "False" })),
            (_, Value::Number(number)) => Ok(Value::from(number.to_string())),
        }
    }
}

/// Whether a constant text is what a parameter takes, for parameters that take only certain texts.
fn constant(text: &str, takes: Takes) -> Result<(), &'static str> {
    let (right, why) = match takes {
        Takes::Interval => (function::is_interval(text), "is none of the intervals yyyy, m, ww, d, h, n and s"),
        Takes::Styles => (function::are_styles(text), "names no DateTimeStyles of .NET"),
        Takes::Culture => (function::is_culture(text), "is no culture, such as en-US"),
        Takes::Integer => (text.trim().parse::<i64>().is_ok(), "is no whole number"),
        Takes::Date => {
            (format::parse_any(text).is_some(), "is no date that is understood, such as 2026-01-31T12:00:00Z")
        }
        Takes::Condition => {
            let is_truth = text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
            (is_truth || text.trim().parse::<f64>().is_ok(), "is neither True nor False")
        }
        _ => (true, ""),
    };
    if right { Ok(()) } else { Err(why) }
}

#[cfg(test)]
mod tests;
