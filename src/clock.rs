//! Time and ids: the only place that reads the clock or makes an id. It knows nothing of what they are for.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// Where time comes from. It is handed down as a value, so that a test can move time under the code that it tests.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The time of the operating system.
    System,
    /// A time that stands still until its owner stores another one; milliseconds since the Unix epoch.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `ms` (milliseconds since the Unix epoch), and the hand that moves it.
    #[must_use]
    pub fn fixed(ms: i64) -> (Clock, Arc<AtomicI64>) {
        let hand = Arc::new(AtomicI64::new(ms));
        (Clock::Fixed(Arc::clone(&hand)), hand)
    }

    /// Milliseconds since the Unix epoch. The operating system's time may jump either way: nothing may rely on an order.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        match self {
            Clock::System => now_ms(),
            Clock::Fixed(ms) => ms.load(Ordering::SeqCst),
        }
    }

    /// A new UUID of version 7 (RFC 9562 section 5.7), carrying this clock's time, so that later ids sort higher.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Clock::System => new_id(),
            Clock::Fixed(ms) => id_at(ms.load(Ordering::SeqCst)),
        }
    }
}

/// Milliseconds since the Unix epoch by the operating system; a time outside the range of `i64` is its nearest end.
#[must_use]
pub fn now_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}

/// A new UUID of version 7 by the operating system's time. Within this process each one is higher than the one before.
#[must_use]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The time part is the fixed clock's, the rest is random: unique, and in order only between different milliseconds.
fn id_at(ms: i64) -> Uuid {
    let random = Uuid::new_v4().into_bytes();
    let ms = u64::try_from(ms).unwrap_or(0);
    let mut tail = [0u8; 10];
    tail.copy_from_slice(&random[6..]);
    uuid::Builder::from_unix_timestamp_millis(ms, &tail).into_uuid()
}

#[cfg(test)]
mod tests;
