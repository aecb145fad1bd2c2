//! What is taken out of an exchange before it is kept: passwords, secrets, tokens. What might be one and cannot be read is left out
//! whole. It does not know where the rest is kept, nor for how long.

use crate::limits;
use bytes::Bytes;
use memchr::memmem::{self, Finder};
use memchr::{memchr, memchr2_iter};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// A body as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What is kept of it.
    pub text: Bytes,
    /// How long it was, in bytes; `None`: it was streamed, or never read.
    pub bytes: Option<u64>,
    /// What is missing from the text.
    pub fate: Fate,
}

/// What became of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there as it was.
    Whole,
    /// Passwords were replaced; the server keeps none, so that they change nothing.
    WithoutPasswords,
    /// Other secrets were replaced.
    WithoutSecrets,
    /// Only its beginning is there.
    Cut,
    /// It might hold a secret and could not be read, so nothing is there.
    LeftOut,
    /// It was sent as it was made, and nothing is there.
    Streamed,
    /// It was not read.
    Unread,
}

/// What stands in the place of a secret.
pub const HIDDEN: &str = "***";

/// A body without its secrets, at most [`limits::EXCHANGE_BODY_BYTES_MAX`] of it. Small texts are copied, for a slice would hold the
/// whole buffer of its connection.
pub fn body(body: &Bytes) -> Kept {
    let bytes = Some(body.len() as u64);
    if !may_hold_secret(body) {
        let (text, fate) = cut(body);
        return Kept { text: Bytes::copy_from_slice(text), bytes, fate };
    }
    let parsed = (body.len() <= limits::EXCHANGE_PARSED_BYTES_MAX).then(|| serde_json::from_slice::<Value>(body).ok());
    let Some(mut value) = parsed.flatten() else { return Kept { text: Bytes::new(), bytes, fate: Fate::LeftOut } };
    let mut found = Found::default();
    clean(&mut value, &mut found);
    let clean = value.to_string().into_bytes();
    let (text, cut) = cut(&clean);
    let fate = match (found, cut) {
        (_, Fate::Cut) => Fate::Cut,
        (Found { secrets: true, .. }, _) => Fate::WithoutSecrets,
        (Found { passwords: true, .. }, _) => Fate::WithoutPasswords,
        _ => Fate::Whole,
    };
    Kept { text: Bytes::copy_from_slice(text), bytes, fate }
}

/// No body.
pub fn nothing(fate: Fate) -> Kept {
    Kept { text: Bytes::new(), bytes: None, fate }
}

/// A path and query without secrets: only parameters of SCIM keep their values.
pub fn target(path: &str, query: Option<&str>) -> String {
    let segment = |segment: &str| if shows_token(segment) { HIDDEN.to_owned() } else { segment.to_owned() };
    let mut target = match memchr(b'%', path.as_bytes()).is_some() || has_token(path) {
        true => path.split('/').map(segment).collect::<Vec<_>>().join("/"),
        false => path.to_owned(),
    };
    if let Some(query) = query {
        target.push('?');
        for (number, pair) in query.split('&').enumerate() {
            if number > 0 {
                target.push('&');
            }
            push_parameter(&mut target, pair);
        }
    }
    shorten(&mut target, limits::EXCHANGE_TARGET_BYTES_MAX);
    target
}

/// A header's value without tokens, shortened.
pub fn header(value: &str) -> String {
    let mut text = without_tokens(value).unwrap_or_else(|| value.to_owned());
    shorten(&mut text, limits::EXCHANGE_HEADER_BYTES_MAX);
    text
}

/// The parameters that SCIM has; the values of all others are nobody's business.
const PARAMETERS: [&str; 8] =
    ["filter", "attributes", "excludedAttributes", "sortBy", "sortOrder", "startIndex", "count", "cursor"];

fn push_parameter(target: &mut String, pair: &str) {
    let (name, value) = pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value)));
    let is_plain =
        name.len() <= limits::EXCHANGE_PARAMETER_BYTES_MAX && name.bytes().all(|b| b.is_ascii_alphanumeric());
    target.push_str(if is_plain { name } else { HIDDEN });
    let Some(value) = value else { return };
    target.push('=');
    let is_known = PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(name));
    let is_safe = is_known && !shows_token(value) && !(name.eq_ignore_ascii_case("filter") && names_secret(value));
    target.push_str(if is_safe { value } else { HIDDEN });
}

/// Whether a percent-encoded text holds a token.
fn shows_token(encoded: &str) -> bool {
    has_token(&percent_decode_str(encoded).decode_utf8_lossy())
}

fn names_secret(encoded: &str) -> bool {
    let text = percent_decode_str(encoded).decode_utf8_lossy();
    WORDS.iter().any(|word| contains(text.as_bytes(), word))
}

fn cut(text: &[u8]) -> (&[u8], Fate) {
    match text.get(..limits::EXCHANGE_BODY_BYTES_MAX) {
        Some(beginning) if beginning.len() < text.len() => (beginning, Fate::Cut),
        _ => (text, Fate::Whole),
    }
}

fn shorten(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max));
        text.push('…');
    }
}

/// A word that a secret's name has, in lower case, and the place of its rarest letter.
struct Word(&'static [u8], usize);

const PASSWORD: Word = Word(b"password", 4);
const WORDS: [Word; 3] = [PASSWORD, Word(b"secret", 2), Word(b"token", 2)];

/// A quick look that misses no secret: names are compared without regard to case, and a text with escaped ASCII letters counts as one
/// that may hold anything.
fn may_hold_secret(body: &[u8]) -> bool {
    WORDS.iter().any(|word| contains(body, word)) || TOKENS.find(body).is_some() || ESCAPES.find(body).is_some()
}

// Made once: it is on the way of every request.
static TOKENS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(PREFIX));
static ESCAPES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u00"));

fn contains(text: &[u8], word: &Word) -> bool {
    let Word(word, place) = *word;
    let Some(letter) = word.get(place).copied() else { return false };
    memchr2_iter(letter, letter.to_ascii_uppercase(), text).any(|at| {
        let found = at.checked_sub(place).and_then(|start| text.get(start..start + word.len()));
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    })
}

#[derive(Clone, Copy, Default)]
struct Found {
    passwords: bool,
    secrets: bool,
}

/// Replaces whatever stands under a secret's name, also as `path` and `value` of a PATCH operation, and tokens anywhere.
fn clean(value: &mut Value, found: &mut Found) {
    match value {
        Value::Object(object) => clean_object(object, found),
        Value::Array(elements) => elements.iter_mut().for_each(|element| clean(element, found)),
        Value::String(text) => {
            if tells_secret(text) {
                found.secrets = true;
                HIDDEN.clone_into(text);
            } else if let Some(without) = without_tokens(text) {
                found.secrets = true;
                *text = without;
            }
        }
        _ => {}
    }
}

fn clean_object(object: &mut Map<String, Value>, found: &mut Found) {
    let path = object.iter().find(|(name, _)| name.eq_ignore_ascii_case("path")).and_then(|(_, path)| path.as_str());
    let of_path = path.map_or(Found::default(), name_of_secret);
    let is_error = object.contains_key("detail");
    for (name, value) in object.iter_mut() {
        let here = match name.eq_ignore_ascii_case("value") {
            true => of_path,
            false => name_of_secret(name),
        };
        match value {
            Value::Null | Value::Bool(_) => {}
            // An error's sentence may well speak of passwords; it never quotes one.
            Value::String(detail) if is_error && name == "detail" => {
                if let Some(without) = without_tokens(detail) {
                    *detail = without;
                }
            }
            _ if here.passwords || here.secrets => {
                found.passwords |= here.passwords;
                found.secrets |= here.secrets;
                *value = Value::from(HIDDEN);
            }
            _ => clean(value, found),
        }
    }
}

/// Whether a name is that of a password or of another secret.
fn name_of_secret(name: &str) -> Found {
    let passwords = contains(name.as_bytes(), &PASSWORD);
    let secrets = !passwords && WORDS.iter().any(|word| contains(name.as_bytes(), word));
    // A path with a filter, or a name beside it, may be about something else as well.
    let is_plain = name.rsplit([':', '.']).next().is_some_and(|last| last.eq_ignore_ascii_case("password"));
    Found { passwords: passwords && is_plain, secrets: secrets || passwords && !is_plain }
}

/// Whether a text gives a secret's name and a value with it: `password eq "…"`, `secret=…`, `{"token": …}`.
fn tells_secret(text: &str) -> bool {
    WORDS.iter().any(|word| {
        let Word(letters, place) = *word;
        let Some(letter) = letters.get(place).copied() else { return false };
        memchr2_iter(letter, letter.to_ascii_uppercase(), text.as_bytes()).any(|at| {
            let Some(start) = at.checked_sub(place) else { return false };
            let bytes = text.as_bytes();
            let is_word =
                bytes.get(start..start + letters.len()).is_some_and(|found| found.eq_ignore_ascii_case(letters));
            let rest = bytes.get(start + letters.len()..).unwrap_or_default();
            let rest = rest.trim_ascii_start();
            let operators: [&[u8]; 6] = [b"eq ", b"ne ", b"sw ", b"co ", b"ew ", b"\\\""];
            let is_compared = operators
                .iter()
                .any(|operator| rest.get(..operator.len()).is_some_and(|found| found.eq_ignore_ascii_case(operator)));
            is_word && (is_compared || matches!(rest.first(), Some(b'=' | b':' | b'"')))
        })
    })
}

/// What every token of ours begins with.
const PREFIX: &str = "scim_";

fn has_token(text: &str) -> bool {
    without_tokens(text).is_some()
}

/// The text with its tokens replaced; `None`: it has none. What follows the prefix is a token from a length on that no name has.
fn without_tokens(text: &str) -> Option<String> {
    let mut without = String::new();
    let mut rest = text;
    let mut is_changed = false;
    while let Some(at) = memmem::find(rest.as_bytes(), PREFIX.as_bytes()) {
        let (before, token) = rest.split_at_checked(at)?;
        let end = token.bytes().position(|b| !b.is_ascii_alphanumeric() && b != b'_').unwrap_or(token.len());
        let (token, after) = token.split_at_checked(end)?;
        without.push_str(before);
        if token.len() >= limits::EXCHANGE_TOKEN_BYTES_MIN {
            is_changed = true;
            without.push_str(PREFIX);
            without.push_str(HIDDEN);
        } else {
            without.push_str(token);
        }
        rest = after;
    }
    without.push_str(rest);
    is_changed.then_some(without)
}

#[cfg(test)]
mod tests;
