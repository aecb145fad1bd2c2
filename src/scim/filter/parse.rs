//! The grammar of filters (RFC 7644 figure 1), read in one pass with bounded depth, length and number of terms.
//! What identity providers write beside the grammar becomes an ordinary [`Expr`] here or is refused here.

use super::{Compare, Expr, Filter, Op, Operand, bracketed, compares_exactly};
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
    let mut parser = Parser::new(Scope::Resource(resource_type), text, reading)?;
    let expr = parser.whole()?;
    Ok(Filter { expr, unknown: parser.unknown })
}

/// See [`super::parse_element`].
pub(super) fn element<'a>(attribute: &'a Attribute, text: &str, reading: &mut Reading<'_>) -> Result<Expr<'a>, Error> {
    Parser::new(Scope::Element(attribute), text, reading)?.whole()
}

/// What the names in a filter are names of.
#[derive(Clone, Copy)]
enum Scope<'a> {
    Resource(&'a ResourceType),
    Element(&'a Attribute),
}

struct Parser<'a, 't, 'r, 'd> {
    scope: Scope<'a>,
    text: &'t str,
    at: usize,
    terms: usize,
    unknown: Option<String>,
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
    fn new(scope: Scope<'a>, text: &'t str, reading: &'r mut Reading<'d>) -> Result<Self, Error> {
        if text.len() > limits::FILTER_BYTES_MAX {
            let why = format!("the filter is longer than {} bytes", limits::FILTER_BYTES_MAX);
            return Err(Error::new(Kind::InvalidFilter, why));
        }
        Ok(Parser { scope, text, at: 0, terms: 0, unknown: None, reading })
    }

    fn whole(&mut self) -> Result<Expr<'a>, Error> {
        let expr = self.any(0)?;
        match self.rest().is_empty() {
            true => Ok(expr),
            false => Err(self.error("expected 'and', 'or' or the end")),
        }
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
        self.terms += 1;
        if self.terms > limits::FILTER_TERMS_MAX {
            return Err(self.error(&format!("more than {} terms", limits::FILTER_TERMS_MAX)));
        }
        if self.negates() {
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
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || "()[]\"".contains(c)).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.error("expected an attribute name"));
        }
        let name = &rest[..end];
        let attr = self.attribute(name)?;
        self.at += end;
        if self.text[self.at..].starts_with('[') {
            return self.value_path(attr, depth);
        }
        let Some(attr) = attr else {
            // The literal still has to be one, whatever it is compared with.
            if !self.word("pr") {
                let op = self.operator()?;
                self.literal()?;
                return Ok(negated(Expr::Never, op.is_none()));
            }
            return Ok(Expr::Never);
        };
        self.predicate(attr)
    }

    /// `emails[type eq "work"]`, and Entra's `emails[type eq "work"].value eq "x"`, which is the same as
    /// `emails[type eq "work" and value eq "x"]` (quirks, Entra 4).
    fn value_path(&mut self, attr: Option<Attr<'a>>, depth: usize) -> Result<Expr<'a>, Error> {
        if matches!(self.scope, Scope::Element(_)) {
            return Err(self.error("a '[' inside '[…]'"));
        }
        let (inner, after) = bracketed(&self.text[self.at..]).ok_or_else(|| self.error("a '[' without its ']'"))?;
        let start = self.at + 1;
        let Some(attr) = attr else { return self.unknown_value_path(after) };
        if attr.sub.is_some() || attr.attribute.kind != Type::Complex {
            return Err(self.error("a '[' after an attribute that has no sub-attributes"));
        }
        let mut parser = Parser {
            scope: Scope::Element(attr.attribute),
            text: &self.text[..start + inner.len()],
            at: start,
            terms: self.terms,
            unknown: None,
            reading: &mut *self.reading,
        };
        let mut expr = parser.any(depth + 1)?;
        if !parser.rest().is_empty() {
            return Err(parser.error("expected 'and', 'or' or ']'"));
        }
        self.terms = parser.terms;
        self.at = self.text.len() - after.len();
        if let Some(sub) = after.strip_prefix('.') {
            if !self.reading.allows(Quirk::ValuePathSubAttribute) {
                return Err(self.error("a sub-attribute after ']', which only PATCH paths may have"));
            }
            let end = sub.find(char::is_whitespace).unwrap_or(sub.len());
            let Some(sub) = attr.attribute.sub(&sub[..end]) else {
                return Err(self.error("no such sub-attribute after ']'"));
            };
            self.at += 1 + end;
            let inside = self.predicate(Attr { extension: None, attribute: sub, sub: None })?;
            expr = Expr::And(vec![expr, inside]);
        }
        Ok(Expr::Element(attr, Box::new(expr)))
    }

    /// The rest of a value path on an attribute that the resource type does not have: it only has to be well-formed.
    fn unknown_value_path(&mut self, after: &str) -> Result<Expr<'a>, Error> {
        self.at = self.text.len() - after.len();
        if let Some(sub) = after.strip_prefix('.') {
            self.at += 1 + sub.find(char::is_whitespace).unwrap_or(sub.len());
            if !self.word("pr") {
                self.operator()?;
                self.literal()?;
            }
        }
        Ok(Expr::Never)
    }

    /// The operator and literal after a name.
    fn predicate(&mut self, attr: Attr<'a>) -> Result<Expr<'a>, Error> {
        if self.word("pr") {
            return Ok(Expr::Present(attr));
        }
        let start = self.at;
        let op = self.operator()?;
        let attr =
            comparable_part(attr).ok_or_else(|| self.error_at(start, "compares an attribute that has no 'value'"))?;
        let literal_at = self.at;
        let literal = self.literal()?;
        if let Literal::Null = literal {
            return match op {
                Some(Op::Eq) => Ok(Expr::Not(Box::new(Expr::Present(attr)))),
                None => Ok(Expr::Present(attr)),
                Some(_) => Err(self.error_at(literal_at, "null can only be compared with 'eq' and 'ne'")),
            };
        }
        let operand = operand(attr.leaf(), op, literal, self.reading)
            .map_err(|why| self.error_at(literal_at, &format!("'{}' {why}", attr.name())))?;
        Ok(negated(Expr::Compare(Compare { attr, op: op.unwrap_or(Op::Eq), operand }), op.is_none()))
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
        let start = self.at;
        let rest = self.rest();
        if rest.starts_with('"') {
            let end = quoted_end(rest, b'"').ok_or_else(|| self.error("a string without its closing quote"))?;
            let text = serde_json::from_str(&rest[..end]).map_err(|_| self.error("a string that is not JSON"))?;
            self.at += end;
            return Ok(Literal::Text(text));
        }
        if rest.starts_with('\'') {
            let end = quoted_end(rest, b'\'').ok_or_else(|| self.error("a string without its closing quote"))?;
            self.at += end;
            return Ok(Literal::Bare(rest[1..end - 1].to_owned()));
        }
        let end = rest.find(|c: char| c.is_whitespace() || "()[]\"".contains(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end;
        match word {
            "" => Err(self.error_at(start, "expected a value")),
            "true" => Ok(Literal::Boolean(true)),
            "false" => Ok(Literal::Boolean(false)),
            "null" => Ok(Literal::Null),
            _ => match serde_json::from_str::<f64>(word) {
                Ok(number) => Ok(Literal::Number(number, word.to_owned())),
                Err(_) => Ok(Literal::Bare(word.to_owned())),
            },
        }
    }

    /// The attribute of that name; `None` when the resource type has none, which the caller of the parser judges.
    fn attribute(&mut self, name: &str) -> Result<Option<Attr<'a>>, Error> {
        let at = self.at;
        let found = match self.scope {
            Scope::Element(attribute) => match attribute.sub(name) {
                Some(sub) => Found::Attr(Attr { extension: None, attribute: sub, sub: None }),
                None => return Err(self.error_at(at, &format!("'{}' has no '{}'", attribute.name, clip(name)))),
            },
            Scope::Resource(resource_type) => path::find(resource_type, name, self.reading),
        };
        match found {
            Found::Attr(attr) => Ok(Some(attr)),
            Found::UnknownAttribute | Found::UnknownSchema => {
                self.unknown.get_or_insert_with(|| name.to_owned());
                Ok(None)
            }
            _ => Err(self.error_at(at, &format!("'{}' is not an attribute name", clip(name)))),
        }
    }

    /// Takes `not` when a parenthesis follows it.
    fn negates(&mut self) -> bool {
        let rest = self.rest();
        let is_not = rest.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("not"));
        let takes = is_not && rest[3..].trim_start().starts_with('(');
        if takes {
            self.at += 3;
        }
        takes
    }

    /// Takes `word`, any case, when it stands here by itself.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let Some((start, after)) = rest.split_at_checked(word.len()) else { return false };
        let ends = after.chars().next().is_none_or(|c| c.is_whitespace() || "()]\"".contains(c));
        let takes = start.eq_ignore_ascii_case(word) && ends;
        if takes {
            self.at += word.len();
        }
        takes
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
        let column = self.text.get(..at).map_or(at, |before| before.chars().count()) + 1;
        let near = clip(self.text.get(at..).unwrap_or_default().trim_start());
        Error::new(Kind::InvalidFilter, format!("the filter is wrong at column {column}, near '{near}': {why}"))
    }
}

fn one_or<'a>(mut exprs: Vec<Expr<'a>>, many: fn(Vec<Expr<'a>>) -> Expr<'a>) -> Expr<'a> {
    match exprs.len() {
        1 => exprs.swap_remove(0),
        _ => many(exprs),
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
        Type::Boolean => match literal {
            Literal::Boolean(value) => Ok(Operand::Boolean(value)),
            Literal::Text(text) | Literal::Bare(text) => match spelled_boolean(&text) {
                Some(value) if reading.allows(Quirk::BooleanAsString) => Ok(Operand::Boolean(value)),
                _ => Err("is boolean and is compared with neither true nor false"),
            },
            _ => Err("is boolean and is compared with neither true nor false"),
        },
        Type::Integer | Type::Decimal if partial => Err("is a number, which has no parts to compare"),
        Type::Integer | Type::Decimal => match literal {
            Literal::Number(number, _) => Ok(Operand::Number(number)),
            _ => Err("is a number and is compared with something else"),
        },
        Type::Binary if ordered => Err("is binary, which has no order"),
        Type::DateTime if !partial => match literal {
            Literal::Text(text) | Literal::Bare(text) => match datetime::parse_ms(&text) {
                Some(time) => Ok(Operand::Time(time)),
                None => Err("is a dateTime and is compared with something else"),
            },
            _ => Err("is a dateTime and is compared with something else"),
        },
        _ => match literal {
            Literal::Text(text) => Ok(text_operand(leaf, text)),
            Literal::Bare(text) | Literal::Number(_, text) if reading.allows(Quirk::UnquotedLiteral) => {
                Ok(text_operand(leaf, text))
            }
            _ => Err("is text and is compared with a value that is not in double quotes"),
        },
    }
}

fn text_operand(leaf: &Attribute, raw: String) -> Operand {
    match compares_exactly(leaf) {
        true => Operand::Exact(raw),
        false => Operand::Folded { folded: fold(&raw).into_owned(), raw },
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
