//! How many requests a second a tenant and a token may make. The limits are the admin's and change while the server runs; without
//! one nothing is counted.

use crate::directory::token::Access;
use crate::limits;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use quick_cache::sync::Cache;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// The limiters that are in use.
pub struct Rates {
    limiters: Cache<Key, Arc<Limiter>>,
    clock: DefaultClock,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Tenant(u32),
    Token(String),
}

struct Limiter {
    per_s_max: NonZeroU32,
    limiter: DefaultDirectRateLimiter,
}

impl Default for Rates {
    fn default() -> Rates {
        Rates { limiters: Cache::new(limits::ACCESS_CACHED_MAX), clock: DefaultClock::default() }
    }
}

impl Rates {
    /// How long the client has to wait before this request; `None`: it may come now. A second's worth may come at once.
    pub fn wait(&self, access: &Access) -> Option<Duration> {
        let token = || Key::Token(access.key_id.clone());
        let tenant = || Key::Tenant(access.tenant.number);
        // The token's own limit first: what it refuses does not count against the tenant.
        self.one(access.requests_per_s_max, token).or_else(|| self.one(access.tenant.requests_per_s_max, tenant))
    }

    fn one(&self, per_s_max: u32, key: impl FnOnce() -> Key) -> Option<Duration> {
        let per_s_max = NonZeroU32::new(per_s_max)?;
        let key = key();
        let known = self.limiters.get(&key).filter(|limiter| limiter.per_s_max == per_s_max);
        let limiter = known.unwrap_or_else(|| {
            let limiter = Limiter { per_s_max, limiter: RateLimiter::direct(Quota::per_second(per_s_max)) };
            let limiter = Arc::new(limiter);
            self.limiters.insert(key, limiter.clone());
            limiter
        });
        limiter.limiter.check().err().map(|not_yet| not_yet.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests;
