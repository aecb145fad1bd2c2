//! Times as text: RFC 3339 out, xsd:dateTime in (RFC 7643 section 2.3.5). A time is a number of milliseconds since
//! 1970-01-01T00:00:00Z, without leap seconds. It knows no clock.

use jiff::civil::DateTime;

/// The time as `2026-01-01T00:00:00.000Z`: UTC, milliseconds, always 24 characters. Times outside the years 0000 to 9999
/// are written as the nearest time inside.
pub fn format_ms(ms: i64) -> String {
    String::from_utf8_lossy(&text(ms)).into_owned()
}

/// Appends what [`format_ms`] gives.
pub fn write_ms(out: &mut Vec<u8>, ms: i64) {
    out.extend_from_slice(&text(ms));
}

/// The time that an xsd:dateTime names, rounded down to a millisecond. It needs `Z` or an offset (at most 14 hours), a
/// year of four digits, and has at most nine digits of fraction; `24:00:00` is midnight after the day. `None` for
/// everything else: dates and times that do not exist, leap seconds, and times outside the years 0000 to 9999 in UTC.
pub fn parse_ms(s: &str) -> Option<i64> {
    let (civil, offset_min, fraction_ns) = split(s.as_bytes())?;
    let [year, month, day, hour, minute, second] = civil;
    let whole_day_ms = if (hour, minute, second, fraction_ns) == (24, 0, 0, 0) { DAY_MS } else { 0 };
    let hour = if whole_day_ms == 0 { hour } else { 0 };
    // jiff judges the calendar; its clock refuses the 60th second.
    let time = DateTime::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        0,
    )
    .ok()?;
    let local_ms = time.duration_since(EPOCH).as_secs() * 1000 + i64::from(fraction_ns / 1_000_000);
    let ms = local_ms + whole_day_ms - i64::from(offset_min) * 60_000;
    (FIRST_MS..=LAST_MS).contains(&ms).then_some(ms)
}

const DAY_MS: i64 = 86_400_000;
/// 0000-01-01T00:00:00.000Z.
const FIRST_MS: i64 = -719_528 * DAY_MS;
/// 9999-12-31T23:59:59.999Z.
const LAST_MS: i64 = 2_932_897 * DAY_MS - 1;
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Year, month, day, hour, minute and second; minutes east of UTC; nanoseconds. Only the shape is judged here and the
/// offset, which is no part of the calendar.
fn split(s: &[u8]) -> Option<([u32; 6], i32, u32)> {
    let (date_time, rest) = s.split_at_checked(19)?;
    let civil = match date_time {
        [year @ .., b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2] => [
            digits(year)?,
            digits(&[*m1, *m2])?,
            digits(&[*d1, *d2])?,
            digits(&[*h1, *h2])?,
            digits(&[*n1, *n2])?,
            digits(&[*s1, *s2])?,
        ],
        _ => return None,
    };
    let (fraction_ns, zone) = match rest {
        [b'.', rest @ ..] => {
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (fraction, zone) = rest.split_at_checked(length)?;
            let missing = 9_usize.checked_sub(length).filter(|_| length > 0)?;
            (digits(fraction)? * 10_u32.pow(u32::try_from(missing).ok()?), zone)
        }
        zone => (0, zone),
    };
    let offset_min = match zone {
        [b'Z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let offset_min = i32::try_from(hours * 60 + minutes).ok()?;
            if minutes > 59 || offset_min > 14 * 60 {
                return None;
            }
            if *sign == b'-' { -offset_min } else { offset_min }
        }
        _ => return None,
    };
    Some((civil, offset_min, fraction_ns))
}

/// The number that at most nine ASCII digits write.
fn digits(s: &[u8]) -> Option<u32> {
    s.iter().try_fold(0_u32, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

fn text(ms: i64) -> [u8; 24] {
    let ms = ms.clamp(FIRST_MS, LAST_MS);
    let (days, of_day_ms) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let (year, month, day) = civil(days);
    let seconds = of_day_ms / 1000;
    let digit = |number: i64, power: i64| b'0' + u8::try_from(number / power % 10).unwrap_or(0);
    let two = |number: i64| (digit(number, 10), digit(number, 1));
    let ((y1, y2), (y3, y4), (m1, m2), (d1, d2)) = (two(year / 100), two(year), two(month), two(day));
    let ((h1, h2), (n1, n2), (s1, s2)) = (two(seconds / 3600), two(seconds / 60 % 60), two(seconds % 60));
    let (f1, (f2, f3)) = (digit(of_day_ms, 100), two(of_day_ms));
    [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'.', f1, f2, f3, b'Z']
}

/// Year, month and day of the Gregorian calendar from the days since 1970-01-01. The year is counted from March, which
/// puts the leap day at its end (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests;
