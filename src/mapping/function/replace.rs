//! `Replace` in all its forms, and `RegexReplace`, which is the one of them that is asked for most.
//!
//! Which form of `Replace` is meant follows from which arguments are there; an argument that is an absent attribute is there and null.
//! Where the reference is silent: a null source gives null, but in the form with `replacementAttributeName`, which is made for it and
//! gives null when nothing matches; a null replacement is empty; an empty `oldValue` is found nowhere. A match in which the named group
//! took no part stays as it is.

use super::{Function, Gives, Takes, optional, required};
use crate::mapping::cell::Cell;
use crate::mapping::evaluate::{Call, Output, wide};
use crate::mapping::expression::node::{Node, What};
use crate::mapping::{Failure, Wrong};
use crate::scim::schema::Kind;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "Replace",
        about: "Replaces a text, the matches of a regular expression, or a group of them; or puts the source into a template.",
        example: r#"Replace([userName], "@contoso.com", , , "", , )"#,
        parameters: &[
            required("source", Takes::Text),
            optional("oldValue", Takes::Text),
            optional("regexPattern", Takes::Pattern),
            optional("regexGroupName", Takes::Text),
            optional("replacementValue", Takes::Text),
            optional("replacementAttributeName", Takes::Text),
            optional("template", Takes::Text),
        ],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: Some(replace_shape),
        evaluate: replace,
    },
    Function {
        name: "RegexReplace",
        about: "The source with every match of the pattern replaced; $1 and ${name} are what groups matched.",
        example: r#"RegexReplace([userName], "^(.*)@.*$", "$1")"#,
        parameters: &[
            required("source", Takes::Text),
            required("regexPattern", Takes::Pattern),
            required("replacementValue", Takes::Text),
        ],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: Some(regex_replace_shape),
        evaluate: regex_replace,
    },
];

const OLD: usize = 1;
const PATTERN: usize = 2;
const GROUP: usize = 3;
const VALUE: usize = 4;
const ATTRIBUTE: usize = 5;
const TEMPLATE: usize = 6;

/// The forms of `Replace`, by the reference's list.
enum Form {
    /// `oldValue` in the template becomes the source.
    Template,
    /// `oldValue` in the source becomes the replacement.
    Text,
    /// The source, or if it is empty, what a group matched in another attribute.
    OtherAttribute,
    /// What a group matched becomes the replacement.
    Group,
    /// Every match becomes the replacement.
    Pattern,
}

fn form(has: impl Fn(usize) -> bool) -> Option<Form> {
    match () {
        () if has(PATTERN) && has(OLD) => None,
        () if has(OLD) && has(TEMPLATE) => Some(Form::Template),
        () if has(OLD) && has(VALUE) => Some(Form::Text),
        () if has(PATTERN) && has(GROUP) && has(ATTRIBUTE) => Some(Form::OtherAttribute),
        () if has(PATTERN) && has(GROUP) && has(VALUE) => Some(Form::Group),
        () if has(PATTERN) && has(VALUE) => Some(Form::Pattern),
        () => None,
    }
}

fn replace_shape(arguments: &[Node]) -> Result<(), Wrong> {
    let has = |at: usize| arguments.get(at).is_some_and(|node| !node.is_missing());
    let wrong = |at: usize, why: String| {
        let column = arguments.get(at).map_or(0, |node| node.column);
        Err(Wrong { column, why })
    };
    match form(has) {
        None => {
            let why = "it takes oldValue and replacementValue or template, or regexPattern and replacementValue, or regexPattern, \
                       regexGroupName and replacementValue or replacementAttributeName; arguments between them are left empty: \
                       Replace(source, oldValue, , , replacementValue, , )";
            wrong(usize::MAX, why.to_owned())
        }
        Some(Form::Template | Form::Text) if arguments.get(OLD).and_then(Node::constant_text) == Some("") => {
            wrong(OLD, "oldValue is empty".to_owned())
        }
        Some(Form::Template | Form::Text) => Ok(()),
        Some(Form::Pattern) => knows_groups(arguments, PATTERN, VALUE),
        Some(Form::Group | Form::OtherAttribute) => {
            let matcher = arguments.get(PATTERN).map(|node| &node.what);
            let name = arguments.get(GROUP).and_then(Node::constant_text);
            match (matcher, name) {
                (Some(What::Pattern(matcher)), Some(name)) if matcher.has_group(name) => Ok(()),
                (_, Some(name)) => wrong(GROUP, format!("the regular expression has no group named '{name}'")),
                (_, None) => wrong(GROUP, "the name of a group must be a constant text".to_owned()),
            }
        }
    }
}

fn regex_replace_shape(arguments: &[Node]) -> Result<(), Wrong> {
    knows_groups(arguments, 1, 2)
}

/// That a constant replacement names only groups that there are.
fn knows_groups(arguments: &[Node], pattern: usize, replacement: usize) -> Result<(), Wrong> {
    let (Some(pattern), Some(replacement)) = (arguments.get(pattern), arguments.get(replacement)) else {
        return Ok(());
    };
    let (What::Pattern(matcher), Some(text)) = (&pattern.what, replacement.constant_text()) else { return Ok(()) };
    match matcher.unknown_group(text) {
        None => Ok(()),
        Some(name) => {
            let why = format!("the regular expression has no group '{name}'; a dollar by itself is written $$");
            Err(Wrong { column: replacement.column, why })
        }
    }
}

fn replace<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let form = form(|at| !call.is_missing(at));
    let source = call.text(0)?;
    let column = call.column;
    if let Some(Form::OtherAttribute) = form {
        return match source {
            Some(source) if !source.is_empty() => Ok(Cell::Text(source)),
            _ => from_other_attribute(call),
        };
    }
    let Some(source) = source else { return Ok(Cell::Nothing) };
    let result = match form {
        Some(Form::Template) => {
            let (old, template) = (call.text(OLD)?.unwrap_or_default(), call.text(TEMPLATE)?.unwrap_or_default());
            plainly(call, &template, &old, &source)?
        }
        Some(Form::Text) => {
            let (old, value) = (call.text(OLD)?.unwrap_or_default(), call.text(VALUE)?.unwrap_or_default());
            plainly(call, &source, &old, &value)?
        }
        Some(Form::Group) => {
            let (name, value) = (call.text(GROUP)?.unwrap_or_default(), call.text(VALUE)?.unwrap_or_default());
            match call.pattern(PATTERN) {
                Some(pattern) => pattern.replace_group(&source, &name, &value, column, call.budget())?,
                None => source.into_owned(),
            }
        }
        Some(Form::Pattern) => return by_pattern(call, &source, PATTERN, VALUE),
        Some(Form::OtherAttribute) | None => source.into_owned(),
    };
    call.made(result)
}

fn from_other_attribute<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let column = call.column;
    let name = call.text(GROUP)?.unwrap_or_default();
    let (Some(other), Some(pattern)) = (call.text(ATTRIBUTE)?, call.pattern(PATTERN)) else { return Ok(Cell::Nothing) };
    let found = pattern.group(&other, &name, column, call.budget())?;
    Ok(found.map_or(Cell::Nothing, |group| Cell::text(group.to_owned())))
}

fn regex_replace<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(source) = call.text(0)? else { return Ok(Cell::Nothing) };
    by_pattern(call, &source, 1, 2)
}

fn by_pattern<'v>(call: &mut Call<'_, 'v>, source: &str, pattern: usize, value: usize) -> Result<Cell<'v>, Failure> {
    let column = call.column;
    let value = call.text(value)?.unwrap_or_default();
    match call.pattern(pattern) {
        Some(pattern) => pattern.replace(source, &value, column, call.budget()).map(Cell::text),
        None => Ok(Cell::text(source.to_owned())),
    }
}

/// `text` with `new` in place of every `old`.
fn plainly(call: &mut Call<'_, '_>, text: &str, old: &str, new: &str) -> Result<String, Failure> {
    call.spend(3 * wide(text.len()) + 3 * wide(old.len()))?;
    let mut out = Output::new(call.column);
    if old.is_empty() {
        out.push(text, call.budget())?;
        return Ok(out.into_text());
    }
    let mut pieces = text.split(old);
    out.push(pieces.next().unwrap_or_default(), call.budget())?;
    for piece in pieces {
        out.push(new, call.budget())?;
        out.push(piece, call.budget())?;
    }
    Ok(out.into_text())
}
