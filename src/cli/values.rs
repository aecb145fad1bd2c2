//! Times, periods, networks and URLs as people write them on the command line, and as the admin plane wants them.

use std::time::Duration;

use jiff::{Timestamp, civil};

use crate::clock;
use crate::scim::errors::clip;

/// A period such as `30s`, `10m`, `24h`, `90d`, `2w` or `1d12h`; a bare `0` is none.
///
/// # Errors
/// A clause that says what a period looks like.
pub fn period(text: &str) -> Result<Duration, String> {
    let problem = || format!("\"{text}\" is not a time such as 30s, 10m, 24h, 90d or 1d12h");
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let (mut seconds, mut digits) = (0_u64, String::new());
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let unit = match letter {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(problem()),
        };
        let number: u64 = digits.parse().map_err(|_| problem())?;
        digits.clear();
        seconds = number.checked_mul(unit).and_then(|more| seconds.checked_add(more)).ok_or_else(problem)?;
    }
    // What the admin plane can carry as a duration: about 10,000 years.
    match digits.is_empty() && !text.is_empty() && seconds <= 315_576_000_000 {
        true => Ok(Duration::from_secs(seconds)),
        false => Err(problem()),
    }
}

/// The URL of a server, or of something at it.
///
/// # Errors
/// A clause that says what a URL looks like.
pub fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let is_plain = text.chars().all(|letter| letter.is_ascii_graphic() && !"\"'`\\<>".contains(letter));
    match is_plain && !rest.is_empty() && !rest.starts_with(['/', ':', '?', '#']) {
        true => Ok(text.to_owned()),
        false => Err(format!("\"{}\" is not a URL such as https://crowd.example.com:8095/crowd", clip(text))),
    }
}

/// The name of an application, as products send it and commands have it.
///
/// # Errors
/// A clause that says what a name looks like.
pub fn application(text: &str) -> Result<String, String> {
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.".contains(letter);
    match !text.is_empty() && text.chars().all(is_part) {
        true => Ok(text.to_owned()),
        false => Err(format!("\"{}\" has other characters than a-z, 0-9, \"-\", \"_\" and \".\"", clip(text))),
    }
}

/// A point in time in milliseconds since the Unix epoch: RFC 3339, a date (its midnight in UTC), or a period before now.
///
/// # Errors
/// A clause that says what a time looks like.
pub fn moment(text: &str) -> Result<i64, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    if let Ok(day) = text.parse::<civil::Date>() {
        let midnight = format!("{day}T00:00:00Z").parse::<Timestamp>();
        return midnight.map(Timestamp::as_millisecond).map_err(|error| error.to_string());
    }
    match period(text) {
        Ok(ago) => Ok(clock::now_ms().saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX))),
        Err(_) => {
            Err(format!("\"{text}\" is not a time such as 2026-01-31T12:00:00Z, 2026-01-31, or 1h (an hour ago)"))
        }
    }
}

/// A period as the admin plane wants it.
pub fn duration(period: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(period.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(period.subsec_nanos()).unwrap_or(0),
    }
}

/// Milliseconds since the Unix epoch as the admin plane wants them.
pub fn timestamp(ms: i64) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: ms.div_euclid(1_000),
        nanos: i32::try_from(ms.rem_euclid(1_000) * 1_000_000).unwrap_or(0),
    }
}

/// Sets a field to what is given, if anything is, and notes its path among those to be changed.
pub fn set<T: Clone>(given: &Option<T>, field: &mut T, path: &str, paths: &mut Vec<String>) {
    if let Some(given) = given {
        field.clone_from(given);
        paths.push(path.to_owned());
    }
}

/// The list, of which an empty text is no part: so that a list can be emptied.
pub fn without_empty(list: &Option<Vec<String>>) -> Option<Vec<String>> {
    list.as_ref().map(|list| list.iter().filter(|item| !item.is_empty()).cloned().collect())
}

/// The names of the fields to be changed.
pub fn mask(paths: &[String]) -> prost_types::FieldMask {
    prost_types::FieldMask { paths: paths.to_vec() }
}

#[cfg(test)]
mod tests;
