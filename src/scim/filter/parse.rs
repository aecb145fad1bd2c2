//! The grammar of filters (RFC 7644 figure 1), read in one pass with bounded depth, length and number of terms.
//! What identity providers write beside the grammar becomes an ordinary [`Expr`] here or is refused here.

use super::{Compare, Expr, Filter, Op, Operand, compares_exactly};
use crate::limits;
use crate::scim::coerce::spelled_boolean;
use crate::scim::datetime;
use crate::scim::dialect::{Quirk, Reading};
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::fold::fold;
use crate::scim::path::{self, Attr, Found};
use crate::scim::schema::{Attribute, Kind as Type, ResourceType};

/// See [`super::parse`].
pub(super) fn filter<'a>(
    resource_type: &'a ResourceType,
    text: &str,
    reading: &mut Reading<'_>,
) -> Result<Filter<'a>, Error> {
    let mut parser = Parser::new(Scope::Resource(resource_type), text, 0, reading)?;
    let expr = parser.any(0)?;
    match parser.rest().is_empty() {
        true => Ok(Filter { expr, unknown: parser.unknown }),
        false => Err(parser.error("expected 'and', 'or' or the end")),
    }
}

/// See [`super::parse_element`].
pub(super) fn element<'a>(
    attribute: &'a Attribute,
    path: &str,
    open: usize,
    reading: &mut Reading<'_>,
) -> Result<(Expr<'a>, usize), Error> {
    let scope = Scope::Element(attribute);
    let mut parser = Parser::new(scope, path, open, reading)?;
    let expr = parser.brackets(scope, 0)?;
    Ok((expr, parser.at))
}

/// What the names in a filter are names of.
#[derive(Clone, Copy)]
enum Scope<'a> {
    Resource(&'a ResourceType),
    /// The parts of one value of the attribute.
    Element(&'a Attribute),
    /// The parts of an attribute that the resource type does not have.
    Unknown,
}

struct Parser<'a, 't, 'r, 'd> {
    scope: Scope<'a>,
    text: &'t str,
    at: usize,
    terms: usize,
    unknown: Vec<String>,
    reading: &'r mut Reading<'d>,
}

/// A literal before the attribute's type gives it a meaning.
enum Literal {
    Text(String),
    /// Neither quoted nor a JSON literal.
    Bare(String),
    Boolean(bool),
    Number(f64, String),
    Null,
}

impl<'a, 't, 'r, 'd> Parser<'a, 't, 'r, 'd> {
    fn new(scope: Scope<'a>, text: &'t str, at: usize, reading: &'r mut Reading<'d>) -> Result<Self, Error> {
        if text.len() > limits::FILTER_BYTES_MAX {
            let why = format!("the filter is longer than {} bytes", limits::FILTER_BYTES_MAX);
            return Err(Error::new(Kind::InvalidFilter, why));
        }
        Ok(Parser { scope, text, at, terms: 0, unknown: Vec::new(), reading })
    }

    /// `a or b or c`
    fn any(&mut self, depth: usize) -> Result<Expr<'a>, Error> {
        if depth > limits::FILTER_DEPTH_MAX {
            return Err(self.error(&format!("nested deeper than {} levels", limits::FILTER_DEPTH_MAX)));
        }
        let mut exprs = vec![self.all(depth)?];
        while self.word("or") {
            exprs.push(self.all(depth)?);
        }
        Ok(one_or(exprs, Expr::Or))
    }

    /// `a and b and c`, which binds stronger than `or`
    fn all(&mut self, depth: usize) -> Result<Expr<'a>, Error> {
        let mut exprs = vec![self.term(depth)?];
        while self.word("and") {
            exprs.push(self.term(depth)?);
        }
        Ok(one_or(exprs, Expr::And))
    }

    fn term(&mut self, depth: usize) -> Result<Expr<'a>, Error> {
        if self.word("not") {
            return Ok(Expr::Not(Box::new(self.group(depth)?)));
        }
        match self.rest().starts_with('(') {
            true => self.group(depth),
            false => self.comparison(depth),
        }
    }

    fn group(&mut self, depth: usize) -> Result<Expr<'a>, Error> {
        self.take('(')?;
        let expr = self.any(depth + 1)?;
        self.take(')')?;
        Ok(expr)
    }

    fn comparison(&mut self, depth: usize) -> Result<Expr<'a>, Error> {
        self.terms += 1;
        if self.terms > limits::FILTER_TERMS_MAX {
            return Err(self.error(&format!("more than {} terms", limits::FILTER_TERMS_MAX)));
        }
        let attr = self.attribute()?;
        match self.text[self.at..].starts_with('[') {
            true => self.value_path(attr, depth),
            false => self.predicate(attr),
        }
    }

    /// `emails[type eq "work"]`, and Entra's `emails[type eq "work"].value eq "x"`, which is the same as
    /// `emails[type eq "work" and value eq "x"]` (quirks, Entra 4).
    fn value_path(&mut self, attr: Option<Attr<'a>>, depth: usize) -> Result<Expr<'a>, Error> {
        let scope = match (self.scope, attr) {
            (Scope::Element(_) | Scope::Unknown, _) => return Err(self.error("a '[' inside '[…]'")),
            (_, None) => Scope::Unknown,
            (_, Some(Attr { attribute, sub: None, .. }))
                if attribute.multi_valued || attribute.kind == Type::Complex =>
            {
                Scope::Element(attribute)
            }
            _ => return Err(self.error("a '[' after an attribute that has no parts")),
        };
        let mut expr = self.brackets(scope, depth)?;
        if self.text[self.at..].starts_with('.') {
            if !self.reading.allows(Quirk::ValuePathSubAttribute) {
                return Err(self.error("a sub-attribute after ']', which only PATCH paths may have"));
            }
            self.at += 1;
            let outer = std::mem::replace(&mut self.scope, scope);
            let part = self.attribute()?;
            self.scope = outer;
            expr = Expr::And(vec![expr, self.predicate(part)?]);
        }
        Ok(attr.map_or(Expr::Never, |attr| Expr::Element(attr, Box::new(expr))))
    }

    /// `[…]` with a filter over `scope` in it.
    fn brackets(&mut self, scope: Scope<'a>, depth: usize) -> Result<Expr<'a>, Error> {
        self.take('[')?;
        let outer = std::mem::replace(&mut self.scope, scope);
        let expr = self.any(depth + 1)?;
        self.scope = outer;
        self.take(']')?;
        Ok(expr)
    }

    /// The operator and literal after a name. They have to be well-formed also for an attribute that the type does not have.
    fn predicate(&mut self, attr: Option<Attr<'a>>) -> Result<Expr<'a>, Error> {
        if self.word("pr") {
            return Ok(attr.map_or(Expr::Never, Expr::Present));
        }
        let op_at = self.at;
        let op = self.operator()?;
        self.rest();
        let literal_at = self.at;
        let literal = self.literal()?;
        let Some(attr) = attr else { return Ok(negated(Expr::Never, op.is_none())) };
        if let Literal::Null = literal {
            return match op {
                Some(Op::Eq) => Ok(Expr::Not(Box::new(Expr::Present(attr)))),
                None => Ok(Expr::Present(attr)),
                Some(_) => Err(self.error_at(literal_at, "null can only be compared with 'eq' and 'ne'")),
            };
        }
        let name = attr.name();
        let attr = comparable_part(attr).ok_or_else(|| {
            self.error_at(op_at, &format!("'{name}' has no 'value' to compare; name a sub-attribute"))
        })?;
        let operand = operand(attr.leaf(), op, literal, self.reading)
            .map_err(|why| self.error_at(literal_at, &format!("'{name}' {why}")))?;
        let expr = match operand {
            Operand::Boolean(false) if self.is_mark(&attr) => unmarked(attr),
            operand => Expr::Compare(Compare { attr, op: op.unwrap_or(Op::Eq), operand }),
        };
        Ok(negated(expr, op.is_none()))
    }

    /// Whether it is the `primary` of an attribute with many values.
    fn is_mark(&self, attr: &Attr<'_>) -> bool {
        let is_part = match (&self.scope, attr.sub) {
            (_, Some(_)) => attr.attribute.multi_valued,
            (Scope::Element(attribute), None) => attribute.multi_valued,
            _ => false,
        };
        is_part && attr.leaf().name == "primary"
    }

    /// The operator; `None` is `ne`.
    fn operator(&mut self) -> Result<Option<Op>, Error> {
        const OPERATORS: [(&str, Option<Op>); 9] = [
            ("eq", Some(Op::Eq)),
            ("ne", None),
            ("co", Some(Op::Co)),
            ("sw", Some(Op::Sw)),
            ("ew", Some(Op::Ew)),
            ("gt", Some(Op::Gt)),
            ("ge", Some(Op::Ge)),
            ("lt", Some(Op::Lt)),
            ("le", Some(Op::Le)),
        ];
        for (name, op) in OPERATORS {
            if self.word(name) {
                return Ok(op);
            }
        }
        Err(self.error("expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)"))
    }

    fn literal(&mut self) -> Result<Literal, Error> {
        let rest = self.rest();
        let quoted =
            |quote: u8| quoted_end(rest, quote).ok_or_else(|| self.error("a string without its closing quote"));
        if rest.starts_with('"') {
            let end = quoted(b'"')?;
            let text = serde_json::from_str(&rest[..end]).map_err(|_| self.error("a string that is not JSON"))?;
            self.at += end;
            return Ok(Literal::Text(text));
        }
        if rest.starts_with('\'') {
            let end = quoted(b'\'')?;
            self.at += end;
            return Ok(Literal::Bare(rest[1..end - 1].replace("\\'", "'")));
        }
        match self.token() {
            "" => Err(self.error("expected a value")),
            "true" => Ok(Literal::Boolean(true)),
            "false" => Ok(Literal::Boolean(false)),
            "null" => Ok(Literal::Null),
            word => match serde_json::from_str::<f64>(word) {
                Ok(number) => Ok(Literal::Number(number, word.to_owned())),
                Err(_) => Ok(Literal::Bare(word.to_owned())),
            },
        }
    }

    /// The attribute that is named here; `None` when the resource type has none, which the caller of the parser judges.
    fn attribute(&mut self) -> Result<Option<Attr<'a>>, Error> {
        self.rest();
        let at = self.at;
        let name = self.token();
        if name.is_empty() {
            return Err(self.error_at(at, "expected an attribute name"));
        }
        let found = match self.scope {
            // What it is a part of has been noted.
            Scope::Unknown => return Ok(None),
            Scope::Element(attribute) => match part(attribute, name) {
                Some(part) => Found::Attr(Attr { extension: None, attribute: part, sub: None }),
                None => return Err(self.error_at(at, &format!("'{}' has no '{}'", attribute.name, clip(name)))),
            },
            Scope::Resource(resource_type) => path::find(resource_type, name, self.reading),
        };
        match found {
            Found::Attr(attr) => Ok(Some(attr)),
            Found::UnknownAttribute | Found::UnknownSchema => {
                self.unknown.push(name.to_owned());
                Ok(None)
            }
            _ => Err(self.error_at(at, &format!("'{}' is not an attribute name", clip(name)))),
        }
    }

    /// Takes `word`, any case, when it stands here by itself.
    fn word(&mut self, word: &str) -> bool {
        let Some((start, after)) = self.rest().split_at_checked(word.len()) else { return false };
        let takes =
            start.eq_ignore_ascii_case(word) && after.chars().next().is_none_or(|c| is_delimiter(c) || c == '\'');
        if takes {
            self.at += word.len();
        }
        takes
    }

    /// Takes everything up to a space, bracket or quote.
    fn token(&mut self) -> &'t str {
        let rest = self.rest();
        let token = &rest[..rest.find(is_delimiter).unwrap_or(rest.len())];
        self.at += token.len();
        token
    }

    fn take(&mut self, wanted: char) -> Result<(), Error> {
        match self.rest().starts_with(wanted) {
            true => {
                self.at += wanted.len_utf8();
                Ok(())
            }
            false => Err(self.error(&format!("expected '{wanted}'"))),
        }
    }

    /// What is left, from the next character that is no space.
    fn rest(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn error(&self, why: &str) -> Error {
        self.error_at(self.at, why)
    }

    fn error_at(&self, at: usize, why: &str) -> Error {
        let (before, after) = self.text.split_at_checked(at).unwrap_or((self.text, ""));
        let near = match after.trim_start() {
            "" => "at its end".to_owned(),
            near => format!("near '{}'", clip(near)),
        };
        let column = before.chars().count() + 1;
        Error::new(Kind::InvalidFilter, format!("the filter is wrong at column {column}, {near}: {why}"))
    }
}

fn is_delimiter(c: char) -> bool {
    c.is_whitespace() || "()[]\"".contains(c)
}

/// The part of one value of `attribute` that `name` means: a simple value is its own `value`.
fn part<'a>(attribute: &'a Attribute, name: &str) -> Option<&'a Attribute> {
    match attribute.kind {
        Type::Complex => attribute.sub(name),
        _ => name.eq_ignore_ascii_case("value").then_some(attribute),
    }
}

fn one_or<'a>(mut exprs: Vec<Expr<'a>>, many: fn(Vec<Expr<'a>>) -> Expr<'a>) -> Expr<'a> {
    match exprs.len() {
        1 => exprs.swap_remove(0),
        _ => many(exprs),
    }
}

/// `primary eq false`: a value that does not tell is not the primary one (RFC 7643 section 2.4).
fn unmarked(attr: Attr<'_>) -> Expr<'_> {
    let not_marked =
        |attr| Expr::Not(Box::new(Expr::Compare(Compare { attr, op: Op::Eq, operand: Operand::Boolean(true) })));
    match attr.sub {
        Some(sub) => {
            let part = Attr { extension: None, attribute: sub, sub: None };
            Expr::Element(Attr { sub: None, ..attr }, Box::new(not_marked(part)))
        }
        None => not_marked(attr),
    }
}

fn negated(expr: Expr<'_>, negate: bool) -> Expr<'_> {
    match negate {
        true => Expr::Not(Box::new(expr)),
        false => expr,
    }
}

/// A complex attribute by itself means its `value` (`emails eq "x"`, `manager eq "id"`).
fn comparable_part(attr: Attr<'_>) -> Option<Attr<'_>> {
    match (attr.sub, attr.attribute.kind) {
        (None, Type::Complex) => Some(Attr { sub: Some(attr.attribute.sub("value")?), ..attr }),
        _ => Some(attr),
    }
}

/// What the literal is for an attribute of this type, or what is wrong with comparing the two.
fn operand(
    leaf: &Attribute,
    op: Option<Op>,
    literal: Literal,
    reading: &mut Reading<'_>,
) -> Result<Operand, &'static str> {
    let ordered = matches!(op, Some(Op::Gt | Op::Ge | Op::Lt | Op::Le));
    let partial = matches!(op, Some(Op::Co | Op::Sw | Op::Ew));
    match leaf.kind {
        Type::Boolean if ordered || partial => Err("is boolean and can only be compared with 'eq' and 'ne'"),
        Type::Boolean => {
            let value = boolean(literal, reading).ok_or("is boolean and is compared with neither true nor false")?;
            Ok(Operand::Boolean(value))
        }
        Type::Integer | Type::Decimal if partial => Err("is a number, which has no parts to compare"),
        Type::Integer | Type::Decimal => match literal {
            Literal::Number(number, _) => Ok(Operand::Number(number)),
            _ => Err("is a number and is compared with something else"),
        },
        Type::Binary if ordered => Err("is binary, which has no order"),
        Type::DateTime if !partial => {
            let time = text(literal, reading).and_then(|text| datetime::parse_ms(&text));
            Ok(Operand::Time(time.ok_or("is a dateTime and is compared with something else")?))
        }
        _ => {
            let raw =
                text(literal, reading).ok_or("is text and is compared with a value that is not in double quotes")?;
            match compares_exactly(leaf) {
                true => Ok(Operand::Exact(raw)),
                false => Ok(Operand::Folded { folded: fold(&raw).into_owned(), raw }),
            }
        }
    }
}

fn boolean(literal: Literal, reading: &mut Reading<'_>) -> Option<bool> {
    match literal {
        Literal::Boolean(value) => Some(value),
        Literal::Text(text) | Literal::Bare(text) => {
            spelled_boolean(&text).filter(|_| reading.allows(Quirk::BooleanAsString))
        }
        Literal::Number(..) | Literal::Null => None,
    }
}

fn text(literal: Literal, reading: &mut Reading<'_>) -> Option<String> {
    match literal {
        Literal::Text(text) => Some(text),
        Literal::Bare(text) | Literal::Number(_, text) => reading.allows(Quirk::UnquotedLiteral).then_some(text),
        Literal::Boolean(_) | Literal::Null => None,
    }
}

/// The length of the quoted string that `text` starts with, quotes included.
fn quoted_end(text: &str, quote: u8) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if byte == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}
