//! When to send: pauses after failures, with a random part, and a most of requests a second. It sends nothing.

use crate::limits;
use std::sync::{Mutex, PoisonError};
use tokio::time::{Duration, Instant};

/// The pause after so many failed attempts, in milliseconds: a random time up to a bound that doubles with each attempt ("full jitter"), so
/// that what failed together is not tried together again. `seed` makes the randomness; the same seed gives the same pause.
pub fn pause_ms(attempts: u32, seed: u64) -> i64 {
    let doubled = limits::TARGET_PAUSE_MS_MIN.saturating_mul(1_i64.checked_shl(attempts.min(30)).unwrap_or(i64::MAX));
    let bound = u64::try_from(doubled.min(limits::TARGET_PAUSE_MS_MAX)).unwrap_or(1).max(1);
    let random = scrambled(seed.wrapping_add(u64::from(attempts)));
    // Never nothing at all: a tenth is sure.
    i64::try_from(bound / 10 + random % (bound - bound / 10)).unwrap_or(limits::TARGET_PAUSE_MS_MAX)
}

/// Lets requests through at a rate.
#[derive(Debug)]
pub struct Pace {
    interval: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// So many requests a second; 0: any number.
    pub fn new(per_s_max: u32) -> Pace {
        let interval = (per_s_max > 0).then(|| Duration::from_secs(1) / per_s_max);
        Pace { interval, next: Mutex::new(None) }
    }

    /// Waits for the turn of the next request.
    pub async fn turn(&self) {
        let Some(interval) = self.interval else { return };
        let at = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let at = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
            *next = Some(at + interval);
            at
        };
        tokio::time::sleep_until(at).await;
    }
}

/// SplitMix64: every bit of the seed changes about half of the bits of the result.
fn scrambled(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
