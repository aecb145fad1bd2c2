//! What all services share in reading requests and writing answers: times, durations, pages, JSON.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost_types::value::Kind;
use prost_types::{Duration, ListValue, Struct, Timestamp};
use serde_json::{Map, Value};
use tonic::Status;

use super::api::v1::QuirkStance;
use super::refusal;
use crate::limits;
use crate::scim::dialect::Stance;

/// A stance as the messages have it.
pub fn stance(stance: Stance) -> QuirkStance {
    match stance {
        Stance::Accept => QuirkStance::Accept,
        Stance::Warn => QuirkStance::Warn,
        Stance::Refuse => QuirkStance::Refuse,
    }
}

/// Milliseconds since the Unix epoch as a timestamp, whose nanoseconds count forwards also before the epoch.
pub fn time(ms: i64) -> Timestamp {
    let nanos = i32::try_from(ms.rem_euclid(1_000) * 1_000_000).unwrap_or(0);
    Timestamp { seconds: ms.div_euclid(1_000), nanos }
}

/// A timestamp as milliseconds since the Unix epoch.
pub fn ms(time: &Timestamp) -> i64 {
    time.seconds.saturating_mul(1_000).saturating_add(i64::from(time.nanos) / 1_000_000)
}

/// A duration in milliseconds; negative ones are refused.
pub fn duration_ms(name: &'static str, duration: &Duration) -> Result<i64, Status> {
    let ms = duration.seconds.saturating_mul(1_000).saturating_add(i64::from(duration.nanos) / 1_000_000);
    match ms {
        0.. => Ok(ms),
        _ => Err(refusal::field(name, "it must not be negative")),
    }
}

/// How many a page is to have at most.
pub fn page_size(size: i32) -> Result<usize, Status> {
    match usize::try_from(size) {
        Ok(0) => Ok(limits::ADMIN_PAGE_DEFAULT),
        Ok(size) if size <= limits::ADMIN_PAGE_MAX => Ok(size),
        _ => Err(refusal::field("page_size", format!("it must be from 1 to {}", limits::ADMIN_PAGE_MAX))),
    }
}

/// The name of the tenant of a call: `default` where none is given.
pub fn tenant(name: &str) -> &str {
    if name.is_empty() { "default" } else { name }
}

/// How many a page is to have at most, and the place that it goes on from, of the form that the list's places have; `None`: it is the
/// first one.
pub fn page<T: TryFrom<Vec<u8>>>(size: i32, token: &str) -> Result<(usize, Option<T>), Status> {
    let size = page_size(size)?;
    if token.is_empty() {
        return Ok((size, None));
    }
    match URL_SAFE_NO_PAD.decode(token).ok().and_then(|place| place.try_into().ok()) {
        Some(place) => Ok((size, Some(place))),
        None => Err(refusal::field("page_token", "it is no next_page_token of this list")),
    }
}

/// The token of the page that goes on from this place, opaque to the caller; empty: there is none.
pub fn next_page(place: Option<impl AsRef<[u8]>>) -> String {
    place.map(|place| URL_SAFE_NO_PAD.encode(place)).unwrap_or_default()
}

/// The revision in an etag; `None`: any. `noun` is what the etag is of, in a refusal.
pub fn revision(field: &'static str, noun: &str, etag: &str) -> Result<Option<u64>, Status> {
    match etag {
        "" => Ok(None),
        etag => etag.parse().map(Some).map_err(|_| refusal::field(field, format!("it is no etag of {noun}"))),
    }
}

/// A number of things.
pub fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A revision or another number that the store gives, which stays below 2^63.
pub fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A JSON object as a struct. Its numbers are doubles, as in JavaScript.
pub fn structure(object: Map<String, Value>) -> Struct {
    Struct { fields: object.into_iter().map(|(name, member)| (name, value(member))).collect() }
}

fn value(json: Value) -> prost_types::Value {
    let kind = match json {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(0.0)),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(list) => Kind::ListValue(ListValue { values: list.into_iter().map(value).collect() }),
        Value::Object(object) => Kind::StructValue(structure(object)),
    };
    prost_types::Value { kind: Some(kind) }
}
