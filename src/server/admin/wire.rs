//! What all services share in reading requests and writing answers: times, durations, pages.

use prost_types::{Duration, Timestamp};
use tonic::Status;

use super::refusal;
use crate::limits;

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
