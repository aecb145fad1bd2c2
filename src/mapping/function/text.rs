//! Functions of texts.
//!
//! Where the reference is silent: a null suffix of `Append` is empty. `Right` is `Left` from the other end, `Len` of null is 0. A `start`
//! of `Mid` or `InStr` below 1 is 1; a `length` of `Mid` below 1 gives an empty text. `InStr` gives 0 where nothing is found. `Split`
//! strips space around each value, as the reference's example does, and leaves out empty ones; its delimiter may be several characters.
//! `Word` passes over empty words. `Redact` gives its argument: exchange records are redacted by rules of their own.

use super::{Function, Gives, Takes, optional, required};
use crate::limits;
use crate::mapping::Failure;
use crate::mapping::cell::Cell;
use crate::mapping::evaluate::{Call, Output};
use crate::scim::schema::Kind;
use base64::Engine as _;
use std::borrow::Cow;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "Append",
        about: "The source with the suffix at its end.",
        example: r#"Append([userName], ".test")"#,
        parameters: &[required("source", Takes::Text), required("suffix", Takes::Text)],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: append,
    },
    Function {
        name: "Left",
        about: "So many characters from the beginning; the whole text when the number is negative, an empty text of null.",
        example: "Left([name.givenName], 1)",
        parameters: &[required("string", Takes::Text), required("numChars", Takes::Integer)],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: left,
    },
    Function {
        name: "Right",
        about: "So many characters from the end; the whole text when the number is negative, an empty text of null.",
        example: "Right([externalId], 8)",
        parameters: &[required("string", Takes::Text), required("numChars", Takes::Integer)],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: right,
    },
    Function {
        name: "Mid",
        about: "So many characters from a place on; the first character's place is 1.",
        example: "Mid([name.givenName], 1, 3)",
        parameters: &[
            required("source", Takes::Text),
            required("start", Takes::Integer),
            required("length", Takes::Integer),
        ],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: mid,
    },
    Function {
        name: "Len",
        about: "The number of characters.",
        example: "Len([displayName])",
        parameters: &[required("string", Takes::Text)],
        repeats: 0,
        result: Gives::One(Kind::Integer),
        each: true,
        shape: None,
        evaluate: len,
    },
    Function {
        name: "InStr",
        about: "The place of the second text in the first, from 1 on; 0 when it is not there.",
        example: r#"InStr([userName], "@")"#,
        parameters: &[
            required("value1", Takes::Text),
            required("value2", Takes::Text),
            optional("start", Takes::Integer),
            optional("compareType", Takes::Comparing),
        ],
        repeats: 0,
        result: Gives::One(Kind::Integer),
        each: true,
        shape: None,
        evaluate: in_str,
    },
    Function {
        name: "Word",
        about: "One of the words between delimiters, each of which is a character; an empty text when there are not so many.",
        example: r#"Word([displayName], 1, " ")"#,
        parameters: &[
            required("string", Takes::Text),
            required("wordNumber", Takes::Integer),
            required("delimiters", Takes::Text),
        ],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: word,
    },
    Function {
        name: "Split",
        about: "The parts between delimiters, as several values.",
        example: r#"Split([title], ",")"#,
        parameters: &[required("source", Takes::Text), required("delimiter", Takes::Text)],
        repeats: 0,
        result: Gives::Texts,
        each: false,
        shape: None,
        evaluate: split,
    },
    Function {
        name: "StripSpaces",
        about: "The text without its spaces.",
        example: "StripSpaces([displayName])",
        parameters: &[required("source", Takes::Text)],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: strip_spaces,
    },
    Function {
        name: "ConvertToBase64",
        about: "The text's UTF-16 in base 64.",
        example: "ConvertToBase64([userName])",
        parameters: &[required("source", Takes::Text)],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: convert_to_base64,
    },
    Function {
        name: "ConvertToUTF8Hex",
        about: "The text's UTF-8 in hexadecimal digits.",
        example: "ConvertToUTF8Hex([externalId])",
        parameters: &[required("source", Takes::Text)],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: true,
        shape: None,
        evaluate: convert_to_utf8_hex,
    },
    Function {
        name: "Redact",
        about: "The value as it is.",
        example: "Redact([externalId])",
        parameters: &[required("value", Takes::Anything)],
        repeats: 0,
        result: Gives::First,
        each: false,
        shape: None,
        evaluate: redact,
    },
];

fn append<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(source) = call.text(0)? else { return Ok(Cell::Nothing) };
    let suffix = call.text(1)?.unwrap_or_default();
    let mut out = Output::new(call.column);
    out.push(&source, call.budget())?;
    out.push(&suffix, call.budget())?;
    Ok(out.into_cell())
}

fn left<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let source = call.text(0)?.unwrap_or_default();
    let Some(count) = call.integer(1)? else { return Ok(Cell::Nothing) };
    call.look_at(&source, 1)?;
    let Ok(count) = usize::try_from(count) else { return Ok(Cell::Text(source)) };
    let end = source.char_indices().nth(count).map_or(source.len(), |(at, _)| at);
    Ok(Cell::Text(cut(source, 0, end)))
}

fn right<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let source = call.text(0)?.unwrap_or_default();
    let Some(count) = call.integer(1)? else { return Ok(Cell::Nothing) };
    call.look_at(&source, 1)?;
    let Ok(count) = usize::try_from(count) else { return Ok(Cell::Text(source)) };
    let begin = match count.checked_sub(1) {
        None => source.len(),
        Some(before) => source.char_indices().rev().nth(before).map_or(0, |(at, _)| at),
    };
    let end = source.len();
    Ok(Cell::Text(cut(source, begin, end)))
}

fn mid<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(source) = call.text(0)? else { return Ok(Cell::Nothing) };
    let (Some(start), Some(length)) = (call.integer(1)?, call.integer(2)?) else { return Ok(Cell::Nothing) };
    call.look_at(&source, 2)?;
    let before = usize::try_from(start.saturating_sub(1)).unwrap_or(0);
    let length = usize::try_from(length).unwrap_or(0);
    let place = |count: usize| source.char_indices().nth(count).map_or(source.len(), |(at, _)| at);
    let (begin, end) = (place(before), place(before.saturating_add(length)));
    Ok(Cell::Text(cut(source, begin, end)))
}

fn len<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let source = call.text(0)?.unwrap_or_default();
    call.look_at(&source, 1)?;
    Ok(Cell::count(source.chars().count()))
}

fn in_str<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let (Some(source), Some(wanted)) = (call.text(0)?, call.text(1)?) else { return Ok(Cell::Integer(0)) };
    let start = call.integer(2)?.unwrap_or(1);
    let before = usize::try_from(start.saturating_sub(1)).unwrap_or(0);
    let any_case = call.compares_as_text(3);
    let (source, wanted) = match any_case {
        false => (source, wanted),
        true => {
            call.look_at(&source, 8)?;
            call.look_at(&wanted, 8)?;
            (Cow::Owned(super::case::lower(&source)), Cow::Owned(super::case::lower(&wanted)))
        }
    };
    call.look_at(&source, 3)?;
    call.look_at(&wanted, 3)?;
    let Some((from, _)) = source.char_indices().nth(before) else { return Ok(Cell::Integer(0)) };
    let rest = source.get(from..).unwrap_or_default();
    Ok(match rest.find(&*wanted) {
        Some(at) => Cell::count(before + 1 + rest.get(..at).unwrap_or_default().chars().count()),
        None => Cell::Integer(0),
    })
}

fn word<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let source = call.text(0)?.unwrap_or_default();
    let Some(number) = call.integer(1)? else { return Ok(Cell::Nothing) };
    let delimiters = call.text(2)?.unwrap_or_default();
    // Each character of the text is compared with each delimiter.
    call.look_at(&source, 2 + u64::try_from(delimiters.chars().count()).unwrap_or(u64::MAX))?;
    let Some(before) = usize::try_from(number).ok().and_then(|number| number.checked_sub(1)) else {
        return Ok(Cell::empty());
    };
    let place = {
        let mut words = source.split(|next| delimiters.contains(next)).filter(|word| !word.is_empty());
        words.nth(before).map(|word| (offset(&source, word), word.len()))
    };
    Ok(match place {
        Some((begin, length)) => Cell::Text(cut(source, begin, begin + length)),
        None => Cell::empty(),
    })
}

fn split<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(source) = call.text(0)? else { return Ok(Cell::Nothing) };
    let delimiter = call.text(1)?.unwrap_or_default();
    call.look_at(&source, 4)?;
    call.look_at(&delimiter, 4)?;
    let parts: Vec<(usize, usize)> = match delimiter.is_empty() {
        true => vec![source.trim()].into_iter().map(|part| (offset(&source, part), part.len())).collect(),
        false => source
            .split(&*delimiter)
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .take(limits::VALUES_MAX + 1)
            .map(|part| (offset(&source, part), part.len()))
            .collect(),
    };
    if parts.len() > limits::VALUES_MAX {
        return Err(call.failure(format!("splits into more than {} values", limits::VALUES_MAX)));
    }
    call.spend(20 * u64::try_from(parts.len()).unwrap_or(u64::MAX))?;
    Ok(Cell::several(parts.into_iter().map(|(begin, length)| {
        Cell::Text(match &source {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(begin..begin + length).unwrap_or_default()),
            Cow::Owned(text) => Cow::Owned(text.get(begin..begin + length).unwrap_or_default().to_owned()),
        })
    })))
}

fn strip_spaces<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(source) = call.text(0)? else { return Ok(Cell::Nothing) };
    call.look_at(&source, 3)?;
    Ok(Cell::Text(match source.contains(' ') {
        true => Cow::Owned(source.replace(' ', "")),
        false => source,
    }))
}

fn convert_to_base64<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(source) = call.text(0)? else { return Ok(Cell::Nothing) };
    call.look_at(&source, 8)?;
    let bytes: Vec<u8> = source.encode_utf16().flat_map(u16::to_le_bytes).collect();
    call.made(base64::engine::general_purpose::STANDARD.encode(bytes))
}

fn convert_to_utf8_hex<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(source) = call.text(0)? else { return Ok(Cell::Nothing) };
    call.look_at(&source, 8)?;
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'A' + half - 10 });
    call.made(source.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}

fn redact<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    call.whole(0)
}

/// Where `part`, a slice of `text`, begins in it.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// The bytes from `begin` to `end`, which are borders of characters.
fn cut(text: Cow<'_, str>, begin: usize, end: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(begin..end).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.truncate(end);
            text.drain(..begin.min(text.len()));
            Cow::Owned(text)
        }
    }
}
