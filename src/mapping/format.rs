//! Dates as text: the custom formats of .NET, which Entra's functions name, and the few ways in which a date may stand without a format.
//! A time is a number of milliseconds since 1970-01-01T00:00:00Z, of the years 1 to 9999. It knows no clock.
//!
//! Formats have no culture of their own: names of months and days are English. A text with an offset is the time in UTC; one without is
//! UTC already. What a format does not mention is the first of its kind, but for the year, which is the current one.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use std::fmt::Write as _;

mod read;

/// A format, such as `yyyy-MM-dd HH:mm:ss`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Format {
    text: String,
    parts: Vec<Part>,
}

/// A part of a format; the number is how many digits or letters there are.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// `y`, `yy`, `yyyy`
    Year(usize),
    /// `M`, `MM`, `MMM`, `MMMM`
    Month(usize),
    /// `d`, `dd`, `ddd`, `dddd`
    Day(usize),
    /// `H`, `HH`
    Hour(usize),
    /// `h`, `hh`
    Hour12(usize),
    /// `m`, `mm`
    Minute(usize),
    /// `s`, `ss`
    Second(usize),
    /// `f` to `fffffff`
    Fraction(usize),
    /// `F` to `FFFFFFF`: as many digits as there are
    ShortFraction(usize),
    /// `t`, `tt`
    HalfDay(usize),
    /// `z`, `zz`, `zzz`
    Offset(usize),
    /// `K`: `Z`, an offset, or nothing
    Zone,
    /// What stands for itself.
    Literal(char),
}

/// The formats that a date without a format may have, in the order in which they are tried.
const ANY: &[&str] = &[
    "yyyy-MM-ddK",
    "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    "yyyy-MM-dd'T'HH:mmK",
    "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
    "yyyy-MM-dd HH:mmK",
    "M/d/yyyy",
    "M/d/yyyy h:m:s tt",
    "M/d/yyyy h:m tt",
    "M/d/yyyy H:m:s",
    "M/d/yyyy H:m",
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// The time that a text names which is in one of the usual forms: as ISO 8601 has it, with or without a time and an offset, or
/// `M/d/yyyy` with or without a time.
pub(super) fn parse_any(text: &str) -> Option<i64> {
    use std::sync::LazyLock;
    static FORMATS: LazyLock<Vec<Format>> =
        LazyLock::new(|| ANY.iter().filter_map(|text| Format::new(text).ok()).collect());
    // The longest of these forms has 35 characters.
    let text = text.trim();
    if text.len() > 40 {
        return None;
    }
    FORMATS.iter().find_map(|format| format.parse(text, 0))
}

/// The time as `M/d/yyyy h:mm:ss tt`, which is how Entra's functions write dates.
pub(super) fn general(ms: i64) -> String {
    let Some(time) = civil(ms) else { return String::new() };
    let hour = if time.hour() % 12 == 0 { 12 } else { time.hour() % 12 };
    let half = if time.hour() < 12 { "AM" } else { "PM" };
    format!(
        "{}/{}/{:04} {hour}:{:02}:{:02} {half}",
        time.month(),
        time.day(),
        time.year(),
        time.minute(),
        time.second()
    )
}

/// The time on the calendar; `None` outside the years 1 to 9999.
pub(super) fn civil(ms: i64) -> Option<DateTime> {
    EPOCH.checked_add(SignedDuration::from_millis(ms)).ok().filter(|time| (1..=9999).contains(&time.year()))
}

/// The time of a date on the calendar; `None` outside the years 1 to 9999.
pub(super) fn millis(time: DateTime) -> Option<i64> {
    let ms = i64::try_from(time.duration_since(EPOCH).as_millis()).ok()?;
    (1..=9999).contains(&time.year()).then_some(ms)
}

impl Format {
    /// Reads a format; the error says what is wrong with it.
    pub(super) fn new(text: &str) -> Result<Format, String> {
        if text.is_empty() {
            return Err("the format of a date is empty".to_owned());
        }
        let mut parts = Vec::new();
        let mut chars = text.chars().peekable();
        if text.chars().count() == 1 && text.chars().all(|next| next.is_ascii_alphabetic()) {
            return Err(format!(
                "'{text}' alone is a standard format of .NET; only custom ones are known, such as yyyy-MM-dd"
            ));
        }
        while let Some(next) = chars.next() {
            let count = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
                let mut count = 1;
                while chars.next_if_eq(&next).is_some() {
                    count += 1;
                }
                count
            };
            let (part, most) = match next {
                'y' => (Part::Year(count(&mut chars)), 4),
                'M' => (Part::Month(count(&mut chars)), 4),
                'd' => (Part::Day(count(&mut chars)), 4),
                'H' => (Part::Hour(count(&mut chars)), 2),
                'h' => (Part::Hour12(count(&mut chars)), 2),
                'm' => (Part::Minute(count(&mut chars)), 2),
                's' => (Part::Second(count(&mut chars)), 2),
                'f' => (Part::Fraction(count(&mut chars)), 7),
                'F' => (Part::ShortFraction(count(&mut chars)), 7),
                't' => (Part::HalfDay(count(&mut chars)), 2),
                'z' => (Part::Offset(count(&mut chars)), 3),
                'K' => (Part::Zone, 1),
                'g' => return Err("eras (g) are not known".to_owned()),
                // Makes one letter a custom format.
                '%' => continue,
                '\\' => match chars.next() {
                    Some(escaped) => (Part::Literal(escaped), 1),
                    None => return Err("the format ends in a backslash".to_owned()),
                },
                '\'' | '"' => {
                    loop {
                        match chars.next() {
                            Some(end) if end == next => break,
                            Some(literal) => parts.push(Part::Literal(literal)),
                            None => return Err("a quote in the format is not closed".to_owned()),
                        }
                    }
                    continue;
                }
                literal => (Part::Literal(literal), 1),
            };
            match part.letters() > most || part == Part::Year(3) {
                true => return Err(format!("'{next}' stands too often or too seldom in a row in the format")),
                false => parts.push(part),
            }
        }
        Ok(Format { text: text.to_owned(), parts })
    }

    /// The format as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The time that `text`, which has this format, names; `now_ms` says which year it is.
    pub(super) fn parse(&self, text: &str, now_ms: i64) -> Option<i64> {
        read::time(&self.parts, text, now_ms)
    }

    /// The time as text.
    pub(super) fn write(&self, ms: i64) -> Option<String> {
        let time = civil(ms)?;
        let mut out = String::new();
        for part in &self.parts {
            write(&mut out, part, time);
        }
        Some(out)
    }
}

impl Part {
    fn letters(&self) -> usize {
        match self {
            Part::Year(count)
            | Part::Month(count)
            | Part::Day(count)
            | Part::Hour(count)
            | Part::Hour12(count)
            | Part::Minute(count)
            | Part::Second(count)
            | Part::Fraction(count)
            | Part::ShortFraction(count)
            | Part::HalfDay(count)
            | Part::Offset(count) => *count,
            Part::Zone | Part::Literal(_) => 1,
        }
    }
}

fn write(out: &mut String, part: &Part, time: DateTime) {
    let hour12 = if time.hour() % 12 == 0 { 12 } else { time.hour() % 12 };
    // Writing to a String does not fail.
    let number = |out: &mut String, value: i64, digits: usize| {
        let _ = write!(out, "{value:0digits$}");
    };
    match part {
        Part::Year(4) => number(out, time.year().into(), 4),
        Part::Year(count) => number(out, i64::from(time.year() % 100), *count),
        Part::Month(count @ 1..=2) => number(out, time.month().into(), *count),
        Part::Month(count) => out.push_str(name(&MONTHS, i64::from(time.month()) - 1, *count)),
        Part::Day(count @ 1..=2) => number(out, time.day().into(), *count),
        Part::Day(count) => out.push_str(name(&DAYS, weekday(time.date()), *count)),
        Part::Hour(count) => number(out, time.hour().into(), *count),
        Part::Hour12(count) => number(out, hour12.into(), *count),
        Part::Minute(count) => number(out, time.minute().into(), *count),
        Part::Second(count) => number(out, time.second().into(), *count),
        Part::Fraction(count) => out.push_str(fraction(time).get(..*count).unwrap_or_default()),
        Part::ShortFraction(count) => {
            let digits = fraction(time);
            let digits = digits.get(..*count).unwrap_or_default().trim_end_matches('0');
            // A point before a fraction that is not there goes too.
            if digits.is_empty() && out.ends_with('.') {
                out.pop();
            }
            out.push_str(digits);
        }
        Part::HalfDay(count) => {
            let half = if time.hour() < 12 { "AM" } else { "PM" };
            out.push_str(half.get(..*count).unwrap_or(half));
        }
        Part::Offset(1) => out.push_str("+0"),
        Part::Offset(2) => out.push_str("+00"),
        Part::Offset(_) => out.push_str("+00:00"),
        Part::Zone => out.push('Z'),
        Part::Literal(literal) => out.push(*literal),
    }
}

/// The fraction of the second in seven digits.
fn fraction(time: DateTime) -> String {
    format!("{:07}", time.subsec_nanosecond() / 100)
}

/// The day of the week, Sunday being 0.
pub(super) fn weekday(date: Date) -> i64 {
    i64::from(date.weekday().to_sunday_zero_offset())
}

/// A name in full, or its first three letters.
fn name(names: &[&'static str], at: i64, letters: usize) -> &'static str {
    let name = usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default();
    if letters == 3 { name.get(..3).unwrap_or(name) } else { name }
}

#[cfg(test)]
mod tests;
