//! Reads a date that has a known format. It does not know how formats are written.

use super::{DAYS, MONTHS, Part, civil, millis};
use jiff::SignedDuration;
use jiff::civil::DateTime;

/// The time that `text` names.
pub(super) fn time(parts: &[Part], text: &str, now_ms: i64) -> Option<i64> {
    let mut seen = Seen::default();
    let mut rest = text.trim();
    for (at, part) in parts.iter().enumerate() {
        let before_fraction = matches!(parts.get(at + 1), Some(Part::ShortFraction(_)));
        rest = seen.take(part, rest, before_fraction)?;
    }
    if !rest.is_empty() {
        return None;
    }
    seen.time(now_ms)
}

/// What has been read so far.
#[derive(Default)]
struct Seen {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    nanosecond: i64,
    offset_min: Option<i64>,
}

impl Seen {
    /// Reads one part and gives what comes after it.
    fn take<'t>(&mut self, part: &Part, text: &'t str, before_fraction: bool) -> Option<&'t str> {
        let rest;
        match part {
            Part::Year(4) => (self.year, rest) = some(number(text, 4, 4)?),
            Part::Year(count) => {
                let (short, after) = number(text, *count, 2)?;
                // .NET's invariant calendar ends its window in 2049.
                self.year = Some(if short < 50 { 2000 + short } else { 1900 + short });
                rest = after;
            }
            Part::Month(count @ 1..=2) => (self.month, rest) = some(number(text, *count, 2)?),
            Part::Month(count) => {
                let (at, after) = named(text, &MONTHS, *count)?;
                self.month = Some(at + 1);
                rest = after;
            }
            Part::Day(count @ 1..=2) => (self.day, rest) = some(number(text, *count, 2)?),
            Part::Day(count) => rest = named(text, &DAYS, *count)?.1,
            Part::Hour(count) | Part::Hour12(count) => {
                let (hour, after) = number(text, *count, 2)?;
                let allowed = if matches!(part, Part::Hour(_)) { 0..=23 } else { 1..=12 };
                self.hour = Some(hour).filter(|hour| allowed.contains(hour));
                self.hour?;
                rest = after;
            }
            Part::Minute(count) => (self.minute, rest) = number(text, *count, 2)?,
            Part::Second(count) => (self.second, rest) = number(text, *count, 2)?,
            Part::Fraction(count) => (self.nanosecond, rest) = fraction(text, *count, *count)?,
            Part::ShortFraction(count) => (self.nanosecond, rest) = fraction(text, 0, *count)?,
            Part::HalfDay(count) => {
                let half = text.get(..*count)?;
                self.afternoon = Some(match half.chars().next()? {
                    'A' | 'a' => false,
                    'P' | 'p' => true,
                    _ => return None,
                });
                half.get(1..).filter(|letter| letter.is_empty() || letter.eq_ignore_ascii_case("m"))?;
                rest = text.get(*count..)?;
            }
            Part::Offset(count) => (self.offset_min, rest) = some(offset(text, *count)?),
            Part::Zone => match text.strip_prefix(['Z', 'z']) {
                Some(after) => (self.offset_min, rest) = (Some(0), after),
                None if text.is_empty() => rest = text,
                None => (self.offset_min, rest) = some(offset(text, 3)?),
            },
            Part::Literal('.') if before_fraction && !text.starts_with('.') => rest = text,
            Part::Literal(literal) => rest = text.strip_prefix(*literal)?,
        }
        Some(rest)
    }

    fn time(&self, now_ms: i64) -> Option<i64> {
        let now = civil(now_ms)?;
        let no_date = self.year.is_none() && self.month.is_none() && self.day.is_none();
        let (month, day) = if no_date { (now.month(), now.day()) } else { (1, 1) };
        let hour = match (self.hour, self.afternoon) {
            (Some(hour), Some(true)) if hour < 12 => hour + 12,
            (Some(12), Some(false)) => 0,
            (hour, _) => hour.unwrap_or(0),
        };
        let time = DateTime::new(
            i16::try_from(self.year.unwrap_or(now.year().into())).ok()?,
            i8::try_from(self.month.unwrap_or(month.into())).ok()?,
            i8::try_from(self.day.unwrap_or(day.into())).ok()?,
            i8::try_from(hour).ok()?,
            i8::try_from(self.minute).ok()?,
            i8::try_from(self.second).ok()?,
            i32::try_from(self.nanosecond).ok()?,
        );
        let offset = SignedDuration::from_mins(self.offset_min.unwrap_or(0));
        millis(time.ok()?.checked_sub(offset).ok()?)
    }
}

fn some((number, rest): (i64, &str)) -> (Option<i64>, &str) {
    (Some(number), rest)
}

/// A number of at least so many and at most so many digits.
fn number(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits).filter(|_| digits >= least)?;
    Some((number.parse().ok()?, rest))
}

/// The fraction of a second in nanoseconds.
fn fraction(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (fraction, rest) = text.split_at_checked(digits).filter(|_| digits >= least)?;
    let missing = u32::try_from(9_usize.checked_sub(digits)?).ok()?;
    let number: i64 = if digits == 0 { 0 } else { fraction.parse().ok()? };
    Some((number * 10_i64.pow(missing), rest))
}

/// Which of `names` begins the text, in full or with three letters.
fn named<'t>(text: &'t str, names: &[&str], letters: usize) -> Option<(i64, &'t str)> {
    let found = names.iter().enumerate().find_map(|(at, name)| {
        let name = if letters == 3 { name.get(..3)? } else { name };
        let begin = text.get(..name.len())?;
        begin.eq_ignore_ascii_case(name).then(|| (at, text.get(name.len()..).unwrap_or_default()))
    });
    let (at, rest) = found?;
    Some((i64::try_from(at).ok()?, rest))
}

/// `+8`, `+08` or `+08:00`, in minutes; at most 14 hours.
fn offset(text: &str, form: usize) -> Option<(i64, &str)> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = number(rest, form.min(2), 2)?;
    let (minutes, rest) = match form {
        3 => number(rest.strip_prefix(':')?, 2, 2)?,
        _ => (0, rest),
    };
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 14 * 60).then_some((sign * total, rest))
}
