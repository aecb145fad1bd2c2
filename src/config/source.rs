//! Which of flag, environment and file gives a setting its value. It does not know what values are right, only that the
//! file's have a fitting TOML type.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::args::ServeArgs;
use super::key::{Key, Shape};
use super::{Error, Origin};
use crate::limits;

/// The winning text of each setting that somebody set.
pub(super) struct Sources {
    given: Vec<(Key, String, Origin)>,
}

impl Sources {
    /// Reads the file, if one is named, and lets flags and environment win over it.
    pub(super) fn gather(args: &ServeArgs, env: &impl Fn(&str) -> Option<String>) -> Result<Sources, Error> {
        let named = match &args.config {
            Some(path) => Some((path.clone(), Origin::Flag("--config".to_owned()))),
            None => env("SCIMD_CONFIG").map(|path| (path, Origin::Environment("SCIMD_CONFIG".to_owned()))),
        };
        let mut file = match named {
            Some((path, origin)) => from_file(Path::new(&path), origin)?,
            None => Vec::new(),
        };
        let mut given = Vec::new();
        for key in Key::ALL {
            if let Some(text) = args.value(key) {
                given.push((key, text.to_owned(), Origin::Flag(key.flag())));
            } else if let Some(text) = env(&key.variable()) {
                given.push((key, text, Origin::Environment(key.variable())));
            } else if let Some(index) = file.iter().position(|(in_file, ..)| *in_file == key) {
                given.push(file.swap_remove(index));
            }
        }
        Ok(Sources { given })
    }

    /// The parsed value of a setting, or `None` where nobody set it.
    pub(super) fn read<T>(&self, key: Key, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, Error> {
        match self.given.iter().find(|(given, ..)| *given == key) {
            None => Ok(None),
            Some((_, text, _)) => match parse(text.trim()) {
                Ok(value) => Ok(Some(value)),
                Err(problem) => Err(self.refuse(key, &problem)),
            },
        }
    }

    /// Where the setting's value came from.
    pub(super) fn origin(&self, key: Key) -> Origin {
        self.given.iter().find(|(given, ..)| *given == key).map_or(Origin::Default, |(_, _, origin)| origin.clone())
    }

    /// The error that refuses the setting's value.
    pub(super) fn refuse(&self, key: Key, problem: &str) -> Error {
        Error::Value { name: key.name(), origin: self.origin(key), problem: problem.to_owned() }
    }
}

fn from_file(path: &Path, origin: Origin) -> Result<Vec<(Key, String, Origin)>, Error> {
    let text = read_text(path).map_err(|problem| Error::File { path: path.to_owned(), origin, problem })?;
    let table = DeTable::parse(&text).map_err(|error| Error::Syntax {
        path: path.to_owned(),
        line: line_of(&text, error.span()),
        // Only the message: the long form quotes the line, and with it whatever stands there.
        problem: error.message().to_owned(),
    })?;
    let mut given = Vec::new();
    for (name, value) in table.get_ref().iter() {
        let Some(key) = Key::ALL.into_iter().find(|key| key.name() == name.get_ref()) else {
            return Err(Error::UnknownKey {
                path: path.to_owned(),
                line: line_of(&text, Some(name.span())),
                key: name.get_ref().to_string(),
            });
        };
        let origin = Origin::File { path: path.to_owned(), line: line_of(&text, Some(value.span())) };
        match as_text(key.shape(), value.get_ref()) {
            Ok(text) => given.push((key, text, origin)),
            Err(problem) => {
                return Err(Error::Value { name: key.name(), origin, problem });
            }
        }
    }
    Ok(given)
}

fn read_text(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|error| format!("cannot open it: {error}"))?;
    let mut text = String::new();
    file.take(limits::CONFIG_FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(|error| format!("cannot read it: {error}"))?;
    if text.len() as u64 > limits::CONFIG_FILE_BYTES_MAX {
        return Err(format!("it is longer than {} bytes", limits::CONFIG_FILE_BYTES_MAX));
    }
    Ok(text)
}

/// The value as a flag would have it, so that one parser serves flag, environment and file.
fn as_text(shape: Shape, value: &DeValue<'_>) -> Result<String, String> {
    match (shape, value) {
        (_, DeValue::String(text)) => Ok(text.to_string()),
        (Shape::Switch, DeValue::Boolean(on)) => Ok(on.to_string()),
        (Shape::Size, DeValue::Integer(number)) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        (Shape::List | Shape::Rows, DeValue::Array(items)) => {
            let between = if shape == Shape::Rows { ";" } else { "," };
            let texts: Option<Vec<&str>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            texts.map(|texts| texts.join(between)).ok_or_else(|| "each item must be a string".to_owned())
        }
        (shape, value) => {
            let wanted = match shape {
                Shape::Text => "a string",
                Shape::Switch => "a boolean, \"on\" or \"off\"",
                Shape::Size => "a decimal integer or a string such as \"256MiB\"",
                Shape::List | Shape::Rows => "an array of strings",
            };
            Err(format!("it must be {wanted}, not a TOML {}", value.type_str()))
        }
    }
}

/// The line, counted from 1, in which the span begins.
fn line_of(text: &str, span: Option<Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start);
    1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count()
}
