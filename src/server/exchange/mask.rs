//! How an exchange is shown to somebody who need not see personal data. What tells how a provider speaks stays; what it speaks about
//! becomes `***`. It does not know who looks.
//!
//! In a JSON body names, structure, `true`, `false` and `null` stay, and of the texts and numbers: those under a name of the protocol
//! (schemas, op, type, status, and so on), ids (UUIDs), empty texts, and booleans that were sent as texts. In paths and filters
//! everything stays but the values that are compared.

use super::redact::HIDDEN;
use crate::scim::schema;
use serde_json::Value;

/// The body masked; `None`: it is no JSON, and so nothing of it is shown.
pub fn body(text: &[u8]) -> Option<String> {
    let mut value: Value = serde_json::from_slice(text).ok()?;
    mask("", &mut value);
    Some(value.to_string())
}

/// A value of an attribute, masked, as JSON.
pub fn value(name: &str, value: &Value) -> String {
    let mut value = value.clone();
    mask(name, &mut value);
    value.to_string()
}

/// A path and query, with the ids in it, and without what filters compare with.
pub fn target(target: &str) -> String {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    // `/tenants/{tenant}/scim/v2` and the endpoint tell nothing about persons.
    let segments: Vec<String> = path
        .split('/')
        .enumerate()
        .map(|(number, segment)| if number <= 5 || is_shown(segment) { segment.to_owned() } else { HIDDEN.to_owned() })
        .collect();
    let mut shown = segments.join("/");
    if let Some(query) = query {
        let pairs: Vec<String> = query.split('&').map(parameter).collect();
        shown.push('?');
        shown.push_str(&pairs.join("&"));
    }
    shown
}

/// A sentence about an error: what it quotes stays when it is a name of the protocol or an id.
pub fn sentence(text: &str) -> String {
    let mut parts = text.split('\'');
    let mut masked = parts.next().unwrap_or_default().to_owned();
    let mut is_quoted = true;
    for part in parts {
        masked.push('\'');
        masked.push_str(if !is_quoted || is_name(part) || is_shown(part) { part } else { HIDDEN });
        is_quoted = !is_quoted;
    }
    literals(&masked)
}

/// The names under which texts and numbers are of the protocol.
const OPEN: [&str; 23] = [
    "schemas",
    "op",
    "type",
    "resourceType",
    "status",
    "scimType",
    "id",
    "version",
    "created",
    "lastModified",
    "location",
    "$ref",
    "totalResults",
    "startIndex",
    "itemsPerPage",
    "count",
    "sortBy",
    "sortOrder",
    "attributes",
    "excludedAttributes",
    "method",
    "bulkId",
    "failOnErrors",
];

fn mask(name: &str, value: &mut Value) {
    match value {
        Value::Object(object) => {
            // A name may be a path with a filter in it.
            let shown = std::mem::take(object).into_iter().map(|(name, mut value)| {
                mask(&name, &mut value);
                (if name.contains('"') { literals(&name) } else { name }, value)
            });
            object.extend(shown.collect::<Vec<_>>());
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| mask(name, element)),
        Value::Null | Value::Bool(_) => {}
        Value::String(text) => *text = masked(name, text),
        Value::Number(_) if is_open(name) => {}
        Value::Number(_) => *value = Value::from(HIDDEN),
    }
}

fn masked(name: &str, text: &str) -> String {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if is("path") || is("filter") {
        return literals(text);
    }
    if is("detail") {
        return sentence(text);
    }
    let is_url = is("$ref") || is("location");
    let is_kept = match is_url {
        true => text.rsplit('/').next().is_some_and(is_shown),
        false => is_open(name) || is_shown(text),
    };
    if is_kept { text.to_owned() } else { HIDDEN.to_owned() }
}

fn is_open(name: &str) -> bool {
    OPEN.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a text tells nothing about anybody: an id, no text, a boolean.
fn is_shown(text: &str) -> bool {
    text.is_empty()
        || text == HIDDEN
        || text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
        || ["true", "false", ".search"].iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether a text begins as an attribute's path or another name of the protocol.
fn is_name(text: &str) -> bool {
    const WORDS: [&str; 10] =
        ["Operations", "op", "path", "value", "filter", "schemas", "PatchOp", "meta", "id", "cursor"];
    if text.starts_with("urn:ietf:params:scim:") {
        return !text.contains(['"', ' ']);
    }
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '$').unwrap_or(text.len());
    let (first, rest) = text.split_at_checked(end).unwrap_or_default();
    let is_path = rest.bytes().all(|b| b.is_ascii_alphanumeric() || b".[]:$".contains(&b));
    let types = [schema::user(), schema::group()];
    let is_attribute = schema::common().iter().any(|known| known.name.eq_ignore_ascii_case(first))
        || types.iter().any(|known| {
            let extension = |extension: &schema::Extension| extension.schema.attribute(first).is_some();
            known.attribute(first).is_some() || known.extensions.iter().any(extension)
        });
    is_path && (is_attribute || is_open(first) || WORDS.iter().any(|word| word.eq_ignore_ascii_case(first)))
}

fn parameter(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, filter)) if name.eq_ignore_ascii_case("filter") => {
            let text = filter.replace('+', " ");
            let text = percent_encoding::percent_decode_str(&text).decode_utf8_lossy();
            format!("{name}={}", literals(&text))
        }
        _ => pair.to_owned(),
    }
}

/// A filter or path whose compared values are masked, quoted or not.
fn literals(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    // Quoted values first, so that a word in one is not taken for an operator.
    while let Some(start) = rest.find('"') {
        let (before, quoted) = rest.split_at_checked(start).unwrap_or_default();
        masked.push_str(&bare(before));
        let inside = quoted.get(1..).unwrap_or_default();
        let mut end = None;
        let mut is_escaped = false;
        for (at, letter) in inside.char_indices() {
            match letter {
                '"' if !is_escaped => {
                    end = Some(at);
                    break;
                }
                letter => is_escaped = letter == '\\' && !is_escaped,
            }
        }
        let value = inside.get(..end.unwrap_or(inside.len())).unwrap_or_default();
        masked.push('"');
        masked.push_str(if is_shown(value) || KINDS.contains(&value) { value } else { HIDDEN });
        masked.push('"');
        rest = end.and_then(|end| inside.get(end + 1..)).unwrap_or_default();
    }
    masked.push_str(&bare(rest));
    masked
}

/// Kinds of addresses and the like, which tell nothing about anybody.
const KINDS: [&str; 9] = ["work", "home", "other", "mobile", "fax", "pager", "photo", "thumbnail", "direct"];

/// Masks what follows a comparison and is not quoted: everything up to the next `and`, `or` or bracket.
fn bare(text: &str) -> String {
    const COMPARISONS: [&str; 9] = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
    let mut masked = String::new();
    let mut is_value = false;
    for piece in text.split_inclusive([' ', ')', ']', '[', '(']) {
        let word = piece.trim_end_matches([' ', ')', ']', '[', '(']);
        let end = piece.get(word.len()..).unwrap_or_default();
        let is_joint = ["and", "or", "not"].iter().any(|joint| joint.eq_ignore_ascii_case(word));
        match is_value && !word.is_empty() && !is_joint {
            true if !is_shown(word) => masked.push_str(HIDDEN),
            _ => masked.push_str(word),
        }
        masked.push_str(end);
        if !word.is_empty() {
            let is_comparison = COMPARISONS.iter().any(|known| known.eq_ignore_ascii_case(word));
            is_value = is_comparison || is_value && !is_joint && !end.contains([')', ']']);
        }
    }
    masked
}

#[cfg(test)]
mod tests;
