//! How answers are printed: any message in the JSON form of proto3, and tables, fields and times for people. It does not
//! know what the messages mean.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use prost_types::{Duration, Struct, Timestamp};
use serde_json::Value;

use super::error::Error;
use crate::clock;
use crate::server::admin::api::DESCRIPTORS;

static POOL: LazyLock<Result<DescriptorPool, String>> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).map_err(|error| error.to_string()));

/// Prints a message as indented JSON.
///
/// # Errors
/// [`Error::Output`].
pub fn json<M: Message + Name>(out: &mut impl Write, message: &M) -> Result<(), Error> {
    Ok(writeln!(out, "{:#}", value(message)?)?)
}

/// Prints a message as one line of JSON, at once.
///
/// # Errors
/// [`Error::Output`].
pub fn json_line<M: Message + Name>(out: &mut impl Write, message: &M) -> Result<(), Error> {
    writeln!(out, "{}", value(message)?)?;
    Ok(out.flush()?)
}

/// The message in the JSON form of proto3, with the field names of the proto file, and with the fields that have their
/// default value.
///
/// # Errors
/// [`Error::Output`]; a message that the compiled descriptors do not have cannot be.
pub fn value<M: Message + Name>(message: &M) -> Result<Value, Error> {
    named(&M::full_name(), message)
}

/// The message that a text in the JSON form of proto3 says. Names that the message does not have are refused.
///
/// # Errors
/// What is wrong with the text, with its line and column.
pub fn parse<M: Message + Name + Default>(text: &str) -> Result<M, String> {
    let pool = POOL.as_ref().map_err(Clone::clone)?;
    let descriptor = pool.get_message_by_name(&M::full_name()).ok_or_else(|| M::full_name())?;
    let mut json = serde_json::Deserializer::from_str(text);
    let message = DynamicMessage::deserialize(descriptor, &mut json).map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    message.transcode_to().map_err(|error| error.to_string())
}

/// A JSON object of the answer as indented text.
///
/// # Errors
/// [`Error::Output`].
pub fn object(object: &Struct) -> Result<String, Error> {
    Ok(format!("{:#}", named("google.protobuf.Struct", object)?))
}

/// Prints rows below their headers, in columns.
///
/// # Errors
/// [`Error::Output`].
pub fn table<const N: usize>(out: &mut impl Write, headers: [&str; N], rows: &[[String; N]]) -> Result<(), Error> {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| clean(cell))).collect();
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(headers.get(column).map(|header| header.len())).max().unwrap_or(0)
    });
    line(out, &headers, &widths)?;
    for row in &rows {
        line(out, &row.each_ref().map(String::as_str), &widths)?;
    }
    Ok(())
}

/// Prints cells in columns of these widths.
///
/// # Errors
/// [`Error::Output`].
pub fn line(out: &mut impl Write, cells: &[&str], widths: &[usize]) -> Result<(), Error> {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{cell:width$}  ");
    }
    Ok(writeln!(out, "{}", text.trim_end())?)
}

/// Prints names with their values, one a line. Values of several lines are indented below their name.
///
/// # Errors
/// [`Error::Output`].
pub fn fields(out: &mut impl Write, fields: &[(&str, String)]) -> Result<(), Error> {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in fields {
        writeln!(out, "{name:width$}  {}", clean(value))?;
    }
    Ok(())
}

/// Prints a text of several lines from outside, each behind two spaces.
///
/// # Errors
/// [`Error::Output`].
pub fn block(out: &mut impl Write, text: &str) -> Result<(), Error> {
    for line in text.lines() {
        writeln!(out, "  {}", clean(line))?;
    }
    Ok(())
}

/// Prints sentences from outside behind two spaces, in lines of about a hundred characters.
///
/// # Errors
/// [`Error::Output`].
pub fn prose(out: &mut impl Write, text: &str) -> Result<(), Error> {
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace().map(clean) {
            if !line.is_empty() && line.chars().count() + word.chars().count() > 100 {
                writeln!(out, "  {line}")?;
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// The text with everything escaped that a terminal would act on: control characters, line ends, and marks that turn the
/// direction of what follows.
#[must_use]
pub fn clean(text: &str) -> String {
    let acts = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        match acts(letter) {
            true => clean.extend(letter.escape_default()),
            false => clean.push(letter),
        }
    }
    clean
}

/// A text, or `-` for none.
#[must_use]
pub fn text(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// Several texts with commas, or `-` for none.
#[must_use]
pub fn list(texts: &[String]) -> String {
    text(&texts.join(","))
}

/// A limit of requests a second, or `none` where it is 0.
#[must_use]
pub fn rate(per_second_max: u32, none: &str) -> String {
    if per_second_max == 0 { none.to_owned() } else { format!("{per_second_max} a second") }
}

/// `yes` or `no`.
#[must_use]
pub fn yes(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// A time in RFC 3339 and UTC, or `-` for none.
#[must_use]
pub fn time(time: Option<&Timestamp>) -> String {
    let known = time.and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok());
    known.map_or_else(|| "-".to_owned(), |time| format!("{time:.3}").replace(".000Z", "Z"))
}

/// A time as people say it: `in 3 days`, `2 hours ago`; `-` for none.
#[must_use]
pub fn relative(time: Option<&Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| distance(time.seconds, clock::now_ms().div_euclid(1_000)))
}

/// A time with its distance from now, or `none` where there is none.
#[must_use]
pub fn time_and_distance(point: Option<&Timestamp>, none: &str) -> String {
    match point {
        Some(_) => format!("{} ({})", time(point), relative(point)),
        None => none.to_owned(),
    }
}

/// A duration in milliseconds, or `-`.
#[must_use]
pub fn milliseconds(duration: Option<&Duration>) -> String {
    match duration {
        Some(duration) => {
            let micros = duration.seconds.saturating_mul(1_000_000) + i64::from(duration.nanos) / 1_000;
            format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100)
        }
        None => "-".to_owned(),
    }
}

/// A number of bytes as people read it.
#[must_use]
pub fn bytes(bytes: i64) -> String {
    let units = [("GiB", 1_i64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} bytes"),
    }
}

fn named(name: &str, message: &impl Message) -> Result<Value, Error> {
    let pool = POOL.as_ref().map_err(|error| io::Error::other(error.as_str()))?;
    let descriptor = pool.get_message_by_name(name).ok_or_else(|| io::Error::other(name))?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).map_err(io::Error::other)?;
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
    Ok(dynamic.serialize_with_options(serde_json::value::Serializer, &options).map_err(io::Error::other)?)
}

/// The distance between two times in seconds, in the largest unit of which there are at least two.
fn distance(at_s: i64, now_s: i64) -> String {
    let seconds = at_s.saturating_sub(now_s);
    let units = [("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)];
    let size = seconds.saturating_abs();
    let (name, unit) = units.into_iter().find(|(_, unit)| size >= 2 * unit).unwrap_or(("seconds", 1));
    match seconds {
        -1..=1 => "now".to_owned(),
        2.. => format!("in {} {name}", size / unit),
        _ => format!("{} {name} ago", size / unit),
    }
}

#[cfg(test)]
mod tests;
