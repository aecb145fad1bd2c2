//! What a list request asks for (RFC 7644 section 3.4.2, RFC 9865), from the URL or from a SearchRequest body: one meaning for both.

use crate::limits;
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::schema::SEARCH_REQUEST;
use serde_json::Value;
use std::borrow::Cow;
use std::num::IntErrorKind;

/// A list request. Names and the filter are still text: what they mean depends on the resource type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which resources.
    pub filter: Option<String>,
    /// By which attribute they are ordered; otherwise by creation.
    pub sort_by: Option<String>,
    /// From the highest value down.
    pub descending: bool,
    /// The 1-based position of the first one wanted.
    pub start_index: usize,
    /// Where to go on (RFC 9865 section 2): a cursor of an earlier page, or nothing for the first one. `None` pages by index.
    pub cursor: Option<String>,
    /// How many at most, never more than a page may have.
    pub count: usize,
    /// Which attributes to answer with, and no others.
    pub attributes: Vec<String>,
    /// Which attributes to leave out.
    pub excluded: Vec<String>,
}

impl Default for Query {
    fn default() -> Query {
        Query {
            filter: None,
            sort_by: None,
            descending: false,
            start_index: 1,
            cursor: None,
            count: limits::PAGE_MAX,
            attributes: Vec::new(),
            excluded: Vec::new(),
        }
    }
}

/// Reads the query part of a URL, without its `?`. Parameters that SCIM does not have are ignored: Entra leaves its feature
/// flags in request URLs (quirks, Entra 10).
pub fn from_url(text: &str) -> Result<Query, Error> {
    let mut query = Query::default();
    let mut seen: Vec<String> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name).map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        if !PARAMETERS.contains(&name.as_str()) {
            continue;
        }
        let value = decoded(value)?;
        if seen.contains(&name) {
            return Err(invalid(&name, "comes twice in the URL"));
        }
        query.set(&name, &value)?;
        seen.push(name);
    }
    query.checked()
}

/// Whether the query part of a URL has this parameter, whatever its value.
pub fn has(text: &str, parameter: &str) -> bool {
    text.split('&').any(|pair| {
        let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
        decoded(name).is_ok_and(|name| name.eq_ignore_ascii_case(parameter))
    })
}

/// Reads the body of a POST to `/.search` (RFC 7644 section 3.4.3).
pub fn from_body(body: Value) -> Result<Query, Error> {
    let syntax = |why: String| Error::new(Kind::InvalidSyntax, why);
    let Value::Object(body) = body else { return Err(syntax("the body must be a SearchRequest object".to_owned())) };
    let mut query = Query::default();
    let mut has_schema = false;
    for (key, value) in body {
        let name = key.to_ascii_lowercase();
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("schemas", Value::Array(urns)) => {
                has_schema =
                    urns.iter().any(|urn| urn.as_str().is_some_and(|u| u.eq_ignore_ascii_case(SEARCH_REQUEST)));
            }
            ("attributes", Value::Array(list)) => query.attributes = texts(list, &key)?,
            ("excludedattributes", Value::Array(list)) => query.excluded = texts(list, &key)?,
            ("startindex" | "count", Value::Number(number)) => query.set(&name, &number.to_string())?,
            ("filter" | "sortby" | "sortorder" | "cursor", Value::String(text)) => query.set(&name, &text)?,
            (known, _) if PARAMETERS.contains(&known) || known == "schemas" => {
                return Err(syntax(format!("'{}' has the wrong type", clip(&key))));
            }
            _ => {}
        }
    }
    if !has_schema {
        return Err(syntax(format!("'schemas' must hold '{SEARCH_REQUEST}'")));
    }
    query.checked()
}

/// `%xx` and `+` undone; the result must be UTF-8.
pub fn decoded(text: &str) -> Result<Cow<'_, str>, Error> {
    if !text.bytes().any(|b| b == b'%' || b == b'+') {
        return Ok(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
    match decoded {
        Ok(text) if !text.contains('\0') => Ok(Cow::Owned(text.into_owned())),
        _ => Err(Error::new(Kind::InvalidValue, format!("'{}' in the URL is not UTF-8 text", clip(text)))),
    }
}

/// In lower case: parameter names are compared without regard to case.
const PARAMETERS: [&str; 8] =
    ["filter", "sortby", "sortorder", "startindex", "count", "cursor", "attributes", "excludedattributes"];

impl Query {
    fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name {
            "filter" if value.trim().is_empty() => return Err(Error::new(Kind::InvalidFilter, "the filter is empty")),
            "filter" => self.filter = Some(value.to_owned()),
            "sortby" if value.is_empty() => {}
            "sortby" => self.sort_by = Some(value.to_owned()),
            "sortorder" if value.eq_ignore_ascii_case("ascending") => self.descending = false,
            "sortorder" if value.eq_ignore_ascii_case("descending") => self.descending = true,
            "sortorder" => return Err(invalid("sortOrder", "must be ascending or descending")),
            // Less than 1 counts as 1, and a negative count as 0 (RFC 7644 section 3.4.2.4).
            "startindex" => self.start_index = integer("startIndex", value)?.max(1),
            "count" => {
                // Of the three errors of RFC 9865 section 2.1 the one that needs no cursor.
                let count = integer("count", value).map_err(|error| Error { kind: Kind::InvalidCount, ..error })?;
                self.count = count.min(limits::PAGE_MAX);
            }
            "cursor" => self.cursor = Some(value.to_owned()),
            "attributes" => self.attributes = names(value),
            "excludedattributes" => self.excluded = names(value),
            _ => {}
        }
        Ok(())
    }

    fn checked(self) -> Result<Query, Error> {
        if self.cursor.is_some() && self.start_index > 1 {
            return Err(invalid("startIndex", "and 'cursor' are two ways of paging: one request takes one of them"));
        }
        match self.attributes.len() + self.excluded.len() > limits::NAMES_MAX {
            true => Err(invalid("attributes", &format!("names more than {} attributes", limits::NAMES_MAX))),
            false => Ok(self),
        }
    }
}

/// A whole number, with everything below zero as zero and everything too large as the largest.
fn integer(name: &str, value: &str) -> Result<usize, Error> {
    match value.trim().parse::<i128>().map_err(|error| *error.kind()) {
        Ok(number) => Ok(usize::try_from(number.max(0)).unwrap_or(usize::MAX)),
        Err(IntErrorKind::PosOverflow) => Ok(usize::MAX),
        Err(IntErrorKind::NegOverflow) => Ok(0),
        Err(_) => Err(invalid(name, &format!("must be a whole number, not '{}'", clip(value)))),
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn texts(list: Vec<Value>, key: &str) -> Result<Vec<String>, Error> {
    let text = |(index, value): (usize, Value)| match value {
        Value::String(text) => Ok(text),
        _ => Err(Error::new(Kind::InvalidSyntax, format!("'{}[{index}]' must be the name of an attribute", clip(key)))),
    };
    list.into_iter().enumerate().map(text).collect()
}

fn invalid(name: &str, why: &str) -> Error {
    Error::new(Kind::InvalidValue, format!("'{name}' {why}"))
}

#[cfg(test)]
mod tests;
