//! Variables in the texts of steps, and looking into the JSON of answers. It does not know what the texts are for.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What stays as it is in a path: RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How a variable's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Plain,
    /// Inside a path or a query.
    Path,
    /// Inside a JSON text, between its quotes.
    Json,
}

/// The text with its variables filled in, or the name of the first one that is not known.
///
/// # Errors
/// The name of the variable.
pub fn fill(text: &str, variables: &BTreeMap<String, String>, form: Form) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            // Two braces that nobody closes are a nested object's.
            filled.push_str("{{");
            rest = after;
            continue;
        };
        let value = variables.get(name).ok_or_else(|| name.to_owned())?;
        match form {
            Form::Plain => filled.push_str(value),
            Form::Path => filled.extend(utf8_percent_encode(value, ESCAPED)),
            Form::Json => {
                let quoted = Value::String(value.clone()).to_string();
                filled.push_str(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// What stands at a place of a document, as [`super::step::Check::at`] writes places.
pub fn look(document: &Value, place: &str) -> Option<Value> {
    let place = place.strip_prefix('.').unwrap_or(place);
    if place.is_empty() {
        return Some(document.clone());
    }
    match document {
        Value::Array(elements) => match place.strip_prefix('[') {
            Some(selection) => {
                let (selection, rest) = selection.split_once(']')?;
                let (name, wanted) = selection.split_once('=')?;
                let shows = |element: &&Value| element.get(name).is_some_and(|value| plain(value) == wanted);
                look(elements.iter().find(shows)?, rest)
            }
            None if place == "#" => Some(Value::from(elements.len())),
            None => {
                let digits = place.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(place.len());
                let (position, rest) = place.split_at(digits);
                look(elements.get(position.parse::<usize>().ok()?)?, rest)
            }
        },
        // URNs have dots in them: the longest name that fits is meant.
        Value::Object(members) => {
            let fits = |name: &&String| {
                place.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            let name = members.keys().filter(fits).max_by_key(|name| name.len())?;
            look(members.get(name)?, place.get(name.len()..)?)
        }
        _ => None,
    }
}

/// A value as it is compared in a selection: texts without their quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
