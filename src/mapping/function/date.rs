//! Functions of dates. A date is a time in UTC, and as text `M/d/yyyy h:mm:ss tt`.
//!
//! The reference asks for `CDate` around a text that a date function takes; here the text may stand by itself too. Where it is silent:
//! a null date gives null, a text that is no date fails, and so does a result outside the years 1 to 9999. Months and years are added
//! as .NET adds them: the day becomes the month's last one where it has to. Differences follow Visual Basic: whole days, hours, minutes
//! and seconds that have passed, but borders of weeks (which begin on Sundays), months and years that lie between.

use super::{Function, Gives, Takes, optional, required};
use crate::mapping::Failure;
use crate::mapping::cell::Cell;
use crate::mapping::evaluate::{Call, DATE_STEPS};
use crate::mapping::format;
use crate::scim::schema::Kind;
use jiff::civil::DateTime;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "CDate",
        about: "The date that a text names, as ISO 8601 writes it or as M/d/yyyy with or without a time.",
        example: r#"CDate("2009-06-15T01:45:30-07:00")"#,
        parameters: &[required("expression", Takes::Date)],
        repeats: 0,
        result: Gives::One(Kind::DateTime),
        each: false,
        shape: None,
        evaluate: c_date,
    },
    Function {
        name: "DateAdd",
        about: "A date so many years (yyyy), months (m), weeks (ww), days (d), hours (h), minutes (n) or seconds (s) later.",
        example: r#"DateAdd("d", 7, Now())"#,
        parameters: &[
            required("interval", Takes::Interval),
            required("value", Takes::Integer),
            required("dateTime", Takes::Date),
        ],
        repeats: 0,
        result: Gives::One(Kind::DateTime),
        each: false,
        shape: None,
        evaluate: date_add,
    },
    Function {
        name: "DateDiff",
        about: "How many intervals, as DateAdd has them, the second date is after the first.",
        example: r#"DateDiff("d", [meta.created], Now())"#,
        parameters: &[
            required("interval", Takes::Interval),
            required("date1", Takes::Date),
            required("date2", Takes::Date),
        ],
        repeats: 0,
        result: Gives::One(Kind::Integer),
        each: false,
        shape: None,
        evaluate: date_diff,
    },
    Function {
        name: "DateFromNum",
        about: "The date that Active Directory writes as a number: hundreds of nanoseconds since 1601.",
        example: "DateFromNum(129699324000000000)",
        parameters: &[required("value", Takes::Integer)],
        repeats: 0,
        result: Gives::One(Kind::DateTime),
        each: false,
        shape: None,
        evaluate: date_from_num,
    },
    Function {
        name: "NumFromDate",
        about: "The number by which Active Directory writes a date.",
        example: "NumFromDate([meta.created])",
        parameters: &[required("value", Takes::Date)],
        repeats: 0,
        result: Gives::One(Kind::Integer),
        each: false,
        shape: None,
        evaluate: num_from_date,
    },
    Function {
        name: "FormatDateTime",
        about: "A date in another format; formats are those of .NET.",
        example: r#"FormatDateTime([externalId], , "yyyyMMdd", "yyyy-MM-dd")"#,
        parameters: &[
            required("source", Takes::Simple),
            optional("dateTimeStyles", Takes::Styles),
            required("inputFormat", Takes::Format),
            required("outputFormat", Takes::Format),
        ],
        repeats: 0,
        result: Gives::One(Kind::String),
        each: false,
        shape: None,
        evaluate: format_date_time,
    },
    Function {
        name: "Now",
        about: "The time of the request.",
        example: "Now()",
        parameters: &[],
        repeats: 0,
        result: Gives::One(Kind::DateTime),
        each: false,
        shape: None,
        evaluate: now,
    },
];

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interval {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

/// Whether `text` names an interval.
pub(in crate::mapping) fn is_interval(text: &str) -> bool {
    interval(text).is_some()
}

/// Whether `text` is a list of .NET's DateTimeStyles. They change nothing: space around a date is passed over, and times are in UTC.
pub(in crate::mapping) fn are_styles(text: &str) -> bool {
    const STYLES: &[&str] = &[
        "None",
        "AllowLeadingWhite",
        "AllowTrailingWhite",
        "AllowInnerWhite",
        "AllowWhiteSpaces",
        "NoCurrentDateDefault",
        "AdjustToUniversal",
        "AssumeLocal",
        "AssumeUniversal",
        "RoundtripKind",
    ];
    let is_style = |name: &str| {
        let name = name.trim().trim_start_matches("DateTimeStyles.");
        name.is_empty() || STYLES.iter().any(|style| style.eq_ignore_ascii_case(name))
    };
    text.split([',', '|']).all(is_style)
}

fn interval(text: &str) -> Option<Interval> {
    Some(match text {
        "yyyy" => Interval::Year,
        "m" => Interval::Month,
        "ww" => Interval::Week,
        "d" => Interval::Day,
        "h" => Interval::Hour,
        "n" => Interval::Minute,
        "s" => Interval::Second,
        _ => return None,
    })
}

const SECOND_MS: i64 = 1_000;
const DAY_MS: i64 = 86_400 * SECOND_MS;
/// Between 1601 and 1970.
const FILE_TIME_MS: i64 = 11_644_473_600 * SECOND_MS;
/// Hundreds of nanoseconds in a millisecond.
const FILE_TIME_PER_MS: i64 = 10_000;

fn c_date<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    Ok(call.date(0)?.map_or(Cell::Nothing, Cell::Date))
}

fn date_add<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let unit = unit(call)?;
    let (Some(value), Some(ms)) = (call.integer(1)?, call.date(2)?) else { return Ok(Cell::Nothing) };
    let added = match unit {
        Interval::Year => value.checked_mul(12).and_then(|months| after_months(ms, months)),
        Interval::Month => after_months(ms, value),
        Interval::Week => after(ms, value, 7 * DAY_MS),
        Interval::Day => after(ms, value, DAY_MS),
        Interval::Hour => after(ms, value, 3_600 * SECOND_MS),
        Interval::Minute => after(ms, value, 60 * SECOND_MS),
        Interval::Second => after(ms, value, SECOND_MS),
    };
    added.map(Cell::Date).ok_or_else(|| call.failure("gives a date outside the years 1 to 9999"))
}

fn date_diff<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let unit = unit(call)?;
    let (Some(first), Some(second)) = (call.date(1)?, call.date(2)?) else { return Ok(Cell::Nothing) };
    let passed = second - first;
    let months = |time: DateTime| i64::from(time.year()) * 12 + i64::from(time.month());
    let (Some(one), Some(other)) = (format::civil(first), format::civil(second)) else { return Ok(Cell::Nothing) };
    Ok(Cell::Integer(match unit {
        Interval::Year => i64::from(other.year()) - i64::from(one.year()),
        Interval::Month => months(other) - months(one),
        Interval::Week => week(second, other) - week(first, one),
        Interval::Day => passed / DAY_MS,
        Interval::Hour => passed / (3_600 * SECOND_MS),
        Interval::Minute => passed / (60 * SECOND_MS),
        Interval::Second => passed / SECOND_MS,
    }))
}

fn date_from_num<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    call.spend(DATE_STEPS)?;
    let Some(number) = call.integer(0)? else { return Ok(Cell::Nothing) };
    let ms = number.div_euclid(FILE_TIME_PER_MS) - FILE_TIME_MS;
    match format::civil(ms) {
        Some(_) => Ok(Cell::Date(ms)),
        None => Err(call.failure("gives a date outside the years 1 to 9999")),
    }
}

fn num_from_date<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let Some(ms) = call.date(0)? else { return Ok(Cell::Nothing) };
    Ok(Cell::Integer((ms + FILE_TIME_MS) * FILE_TIME_PER_MS))
}

fn format_date_time<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    let source = call.simple(0)?;
    call.spend(2 * DATE_STEPS)?;
    let (Some(input), Some(output)) = (call.format(2), call.format(3)) else { return Ok(Cell::Nothing) };
    let ms = match source {
        Cell::Date(ms) => Some(ms),
        source if source.is_null_or_empty() => return Ok(Cell::Nothing),
        source => {
            source.into_text().filter(|text| text.len() <= LONGEST).and_then(|text| input.parse(&text, call.now_ms()))
        }
    };
    let Some(ms) = ms else { return Err(call.failure_at(0, "is no date of the format that is named")) };
    match output.write(ms) {
        Some(text) => call.made(text),
        None => Err(call.failure("gives a date outside the years 1 to 9999")),
    }
}

fn now<'v>(call: &mut Call<'_, 'v>) -> Result<Cell<'v>, Failure> {
    call.spend(DATE_STEPS)?;
    Ok(Cell::Date(call.now_ms()))
}

/// The longest text that may be a date, in bytes.
const LONGEST: usize = 200;

fn unit(call: &mut Call<'_, '_>) -> Result<Interval, Failure> {
    let text = call.text(0)?.unwrap_or_default();
    interval(&text).ok_or_else(|| call.failure_at(0, "is none of yyyy, m, ww, d, h, n and s"))
}

fn after(ms: i64, count: i64, unit_ms: i64) -> Option<i64> {
    let ms = ms.checked_add(count.checked_mul(unit_ms)?)?;
    format::civil(ms).map(|_| ms)
}

/// The same day and time so many months later, or the month's last day if it has no such day.
fn after_months(ms: i64, months: i64) -> Option<i64> {
    let span = jiff::Span::new().try_months(months).ok()?;
    format::millis(format::civil(ms)?.checked_add(span).ok()?)
}

/// The number of the week that a time is in.
fn week(ms: i64, time: DateTime) -> i64 {
    (ms.div_euclid(DAY_MS) - format::weekday(time.date())).div_euclid(7)
}
