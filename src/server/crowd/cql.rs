//! Crowd's query language, as GET searches have it: `name = "a*" and (active = true or email = x@y.org)`. Read here into what a search
//! looks for, within limits of length, depth and terms.

use crate::directory::sight::search::{Match, Property, Restriction, Test};
use crate::limits;
use crate::scim::errors::clip;
use crate::scim::fold::fold;
use std::borrow::Cow;

/// What the text looks for; everybody, when it is empty.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub fn parse(text: &str) -> Result<Restriction, String> {
    if text.len() > limits::CROWD_CQL_BYTES_MAX {
        return Err(format!("a restriction has at most {} bytes", limits::CROWD_CQL_BYTES_MAX));
    }
    let mut reader = Words { rest: text, terms: 0 };
    if reader.peek()?.is_none() {
        return Ok(Restriction::All);
    }
    let found = reader.any(0)?;
    match reader.next()? {
        None => Ok(found),
        Some(word) => Err(format!("'{}' is too much in the restriction", clip(&word.text()))),
    }
}

/// A piece of the text.
#[derive(Clone, Debug, PartialEq)]
enum Word {
    Open,
    Close,
    Equal,
    NotEqual,
    Less,
    Greater,
    Plain(String),
    /// The parts between asterisks that are not escaped.
    Quoted(Vec<String>),
}

impl Word {
    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Word::Open => "(",
            Word::Close => ")",
            Word::Equal => "=",
            Word::NotEqual => "!=",
            Word::Less => "<",
            Word::Greater => ">",
            Word::Plain(text) => text,
            Word::Quoted(parts) => return Cow::Owned(parts.join("*")),
        })
    }

    fn is(&self, word: &str) -> bool {
        matches!(self, Word::Plain(text) if text.eq_ignore_ascii_case(word))
    }
}

struct Words<'a> {
    rest: &'a str,
    terms: usize,
}

impl Words<'_> {
    /// One or more, with `or` between them.
    fn any(&mut self, depth: usize) -> Result<Restriction, String> {
        let mut list = vec![self.all(depth)?];
        while self.takes("or")? {
            list.push(self.all(depth)?);
        }
        Ok(one_or(list, Restriction::Or))
    }

    /// One or more, with `and` between them.
    fn all(&mut self, depth: usize) -> Result<Restriction, String> {
        let mut list = vec![self.term(depth)?];
        while self.takes("and")? {
            list.push(self.term(depth)?);
        }
        Ok(one_or(list, Restriction::And))
    }

    fn term(&mut self, depth: usize) -> Result<Restriction, String> {
        if depth >= limits::CROWD_RESTRICTION_DEPTH_MAX || self.terms >= limits::CROWD_RESTRICTION_TERMS_MAX {
            return Err("the restriction has too many terms, or too deep ones".to_owned());
        }
        self.terms += 1;
        let property = match self.next()? {
            Some(Word::Open) => {
                let inner = self.any(depth + 1)?;
                return match self.next()? {
                    Some(Word::Close) => Ok(inner),
                    _ => Err("a parenthesis in the restriction is not closed".to_owned()),
                };
            }
            Some(word) if word.is("not") => {
                return Ok(Restriction::Not(Box::new(self.term(depth + 1)?)));
            }
            Some(word @ (Word::Plain(_) | Word::Quoted(_))) => Property::named(&word.text()),
            Some(word) => return Err(format!("'{}' is no property in the restriction", word.text())),
            None => return Err("the restriction ends where a property is due".to_owned()),
        };
        let operator = self.next()?.ok_or_else(|| "the restriction ends where a comparison is due".to_owned())?;
        let value = match self.next()? {
            Some(Word::Plain(text)) if text.eq_ignore_ascii_case("null") => None,
            Some(Word::Plain(text)) => Some(text.split('*').map(str::to_owned).collect()),
            // An asterisk stands for anything in quotes as well.
            Some(Word::Quoted(parts)) => Some(parts),
            _ => return Err("the restriction has no value where one is due".to_owned()),
        };
        compare(property, &operator, value)
    }

    fn takes(&mut self, word: &str) -> Result<bool, String> {
        let is_next = self.peek()?.is_some_and(|next| next.is(word));
        if is_next {
            self.next()?;
        }
        Ok(is_next)
    }

    fn peek(&self) -> Result<Option<Word>, String> {
        Words { rest: self.rest, terms: 0 }.next()
    }

    fn next(&mut self) -> Result<Option<Word>, String> {
        self.rest = self.rest.trim_start();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        if let Some(text) = [">=", "<="].iter().find(|text| self.rest.starts_with(**text)) {
            return Err(format!("'{text}' is no comparison in a restriction; there are =, !=, < and >"));
        }
        let simple = [("(", Word::Open), (")", Word::Close), ("!=", Word::NotEqual), ("<>", Word::NotEqual)];
        let simple = simple.into_iter().chain([("=", Word::Equal), ("<", Word::Less), (">", Word::Greater)]);
        for (text, word) in simple {
            if let Some(rest) = self.rest.strip_prefix(text) {
                self.rest = rest;
                return Ok(Some(word));
            }
        }
        if first == '"' || first == '\'' {
            return self.quoted(first).map(Some);
        }
        let is_end = |c: char| c.is_whitespace() || "()=<>!\"".contains(c);
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        if end == 0 {
            return Err(format!("'{first}' has no meaning in a restriction"));
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(Some(Word::Plain(word.to_owned())))
    }

    fn quoted(&mut self, quote: char) -> Result<Word, String> {
        let (mut parts, mut text) = (Vec::new(), String::new());
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => text.extend(letters.next().map(|(_, escaped)| escaped)),
                _ if letter == quote => {
                    self.rest = self.rest.get(at + letter.len_utf8()..).unwrap_or_default();
                    parts.push(text);
                    return Ok(Word::Quoted(parts));
                }
                '*' => parts.push(std::mem::take(&mut text)),
                _ => text.push(letter),
            }
        }
        Err("a quotation mark in the restriction is not closed".to_owned())
    }
}

fn compare(property: Property, operator: &Word, value: Option<Vec<String>>) -> Result<Restriction, String> {
    let equal = |property: Property| match value.as_deref() {
        None => Ok(Restriction::Term(property, Test::Null)),
        Some([text]) => Restriction::compare(property, Match::Exactly, text),
        Some(parts) => {
            let parts = parts.iter().map(|part| fold(part).into_owned()).collect();
            Ok(Restriction::Term(property, Test::Parts(parts)))
        }
    };
    let ordered = |property, how| match &value {
        Some(parts) => Restriction::compare(property, how, &parts.join("*")),
        None => Err("nothing is less or greater than null".to_owned()),
    };
    match operator {
        Word::Equal => equal(property),
        Word::NotEqual => equal(property).map(|equal| Restriction::Not(Box::new(equal))),
        Word::Less => ordered(property, Match::Less),
        Word::Greater => ordered(property, Match::Greater),
        other => Err(format!("'{}' is no comparison in a restriction", clip(&other.text()))),
    }
}

fn one_or(mut list: Vec<Restriction>, many: fn(Vec<Restriction>) -> Restriction) -> Restriction {
    match list.pop() {
        Some(one) if list.is_empty() => one,
        Some(last) => {
            list.push(last);
            many(list)
        }
        None => Restriction::All,
    }
}

#[cfg(test)]
mod tests;
