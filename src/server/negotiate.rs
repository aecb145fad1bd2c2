//! What a client says about the answers that it takes (RFC 9110 section 12.5): the media type and the content coding. Pure functions
//! over header values; what becomes of a request that takes nothing we have is decided elsewhere.

use super::respond::Media;
use hyper::header::{AsHeaderName, HeaderMap};

/// A content coding (RFC 9110 section 8.4.1, RFC 8878).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`
    Gzip,
    /// `zstd`
    Zstd,
}

/// What an Accept-Encoding header allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codings {
    /// The coding that the client likes best, if it takes one that we have.
    pub best: Option<Coding>,
    /// Whether it takes answers that are not coded at all.
    pub identity: bool,
}

impl Coding {
    /// The name in Content-Encoding.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Zstd => "zstd",
        }
    }
}

/// The media type to answer with: the one that the client likes better, SCIM's own where it does not mind; `None` when it takes
/// neither. Parameters such as `charset` do not matter.
pub fn media(headers: &HeaderMap) -> Option<Media> {
    let Some(accept) = joined(headers, "accept").filter(|accept| !accept.trim().is_empty()) else {
        return Some(Media::Scim);
    };
    let quality = |name: &str| {
        // The range that says most about a type counts (RFC 9110 section 12.5.1).
        let of = |wanted: &str| items(&accept).find(|(range, _)| range.eq_ignore_ascii_case(wanted)).map(|(_, q)| q);
        of(name).or_else(|| of("application/*")).or_else(|| of("*/*")).or_else(|| of("*")).unwrap_or(0)
    };
    let (scim, json) = (quality("application/scim+json"), quality("application/json"));
    match scim.max(json) {
        0 => None,
        best if best == scim => Some(Media::Scim),
        _ => Some(Media::Json),
    }
}

/// The codings that the client takes. Of two that it likes the same, gzip, whose encoder is quicker here and makes less of an answer.
pub fn codings(headers: &HeaderMap) -> Codings {
    let accept = joined(headers, "accept-encoding").unwrap_or_default();
    let of = |wanted: &str| items(&accept).find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, q)| q);
    // Who takes anything is more likely to know gzip.
    let gzip = of("gzip").or_else(|| of("x-gzip")).or_else(|| of("*")).unwrap_or(0);
    let zstd = of("zstd").unwrap_or(0);
    let identity = of("identity").or_else(|| of("*").filter(|q| *q == 0));
    let best = match gzip.max(zstd) {
        0 => None,
        // Who ranks the uncoded answer above all codings gets it.
        best if identity.is_some_and(|identity| identity > best) => None,
        best if best == gzip => Some(Coding::Gzip),
        _ => Some(Coding::Zstd),
    };
    Codings { best, identity: identity != Some(0) }
}

/// All lines of a header as one list; `None` when there is none, or none that is text.
pub fn joined(headers: &HeaderMap, name: impl AsHeaderName) -> Option<String> {
    let lines: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// The items of a list with their weights in thousandths; an item without a weight, or with one that is none, has all of it.
fn items(list: &str) -> impl Iterator<Item = (&str, u16)> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim().eq_ignore_ascii_case("q").then(|| weight(value.trim()))
        });
        (name, weight.unwrap_or(1_000))
    })
}

/// `0.5` as 500 (RFC 9110 section 12.4.2).
fn weight(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = fraction.len() <= 3 && fraction.bytes().all(|digit| digit.is_ascii_digit());
    match whole {
        "0" | "" if is_number && !text.is_empty() => format!("{fraction:0<3}").parse().unwrap_or(1_000),
        _ => 1_000,
    }
}

#[cfg(test)]
mod tests;
