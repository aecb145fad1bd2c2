//! Failed attempts to be an application, counted by address and by name, so that a guesser gets a few tries and the server's memory and
//! time are not his. An attempt takes its places before it is looked at and gives them back when it was right.

use crate::limits;
use quick_cache::sync::Cache;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The counters.
pub struct Failures {
    addresses: Cache<IpAddr, Arc<Mutex<Bucket>>>,
    /// A fixed number, so that names that do not exist take no memory and cannot be told from those that do.
    names: Vec<Mutex<Bucket>>,
    hasher: RandomState,
    epoch: Instant,
}

/// The places that an attempt has taken.
pub struct Attempt<'a> {
    address: Arc<Mutex<Bucket>>,
    name: &'a Mutex<Bucket>,
}

/// How many failures have not yet been forgotten, in time: each is worth the pause after which it is.
#[derive(Clone, Copy, Default)]
struct Bucket {
    /// When all are forgotten, since the counters were made.
    clear_at: Duration,
}

/// How fast failures are forgotten, and how many may be remembered before a further one is refused.
#[derive(Clone, Copy)]
struct Rate {
    pause: Duration,
    most: u32,
}

const OF_ADDRESS: Rate = Rate {
    pause: Duration::from_millis(limits::APPLICATION_FAILURE_OF_ADDRESS_MS),
    most: limits::APPLICATION_FAILURES_OF_ADDRESS_MAX,
};
const OF_NAME: Rate = Rate {
    pause: Duration::from_millis(limits::APPLICATION_FAILURE_OF_NAME_MS),
    most: limits::APPLICATION_FAILURES_OF_NAME_MAX,
};

impl Default for Failures {
    fn default() -> Failures {
        Failures {
            addresses: Cache::new(limits::APPLICATION_ADDRESSES_MAX),
            names: (0..limits::APPLICATION_NAME_COUNTERS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            epoch: Instant::now(),
        }
    }
}

impl Failures {
    /// Takes places for an attempt, or says how long to wait before the next one.
    pub fn attempt(&self, address: IpAddr, name: &str) -> Result<Attempt<'_>, Duration> {
        self.attempt_at(self.epoch.elapsed(), address, name)
    }

    fn attempt_at(&self, now: Duration, address: IpAddr, name: &str) -> Result<Attempt<'_>, Duration> {
        let address = self.of_address(network(address));
        let number = self.hasher.hash_one(name) % (self.names.len().max(1) as u64);
        let name = usize::try_from(number).ok().and_then(|number| self.names.get(number)).ok_or(OF_NAME.pause)?;
        OF_ADDRESS.take(&address, now)?;
        if let Err(wait) = OF_NAME.take(name, now) {
            OF_ADDRESS.give_back(&address);
            return Err(wait);
        }
        Ok(Attempt { address, name })
    }

    fn of_address(&self, address: IpAddr) -> Arc<Mutex<Bucket>> {
        if let Some(bucket) = self.addresses.get(&address) {
            return bucket;
        }
        let bucket = Arc::new(Mutex::default());
        self.addresses.insert(address, bucket.clone());
        bucket
    }
}

impl Attempt<'_> {
    /// The attempt was right.
    pub fn succeeded(self) {
        OF_ADDRESS.give_back(&self.address);
        OF_NAME.give_back(self.name);
    }
}

impl Rate {
    fn take(self, bucket: &Mutex<Bucket>, now: Duration) -> Result<(), Duration> {
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let clear_at = bucket.clear_at.max(now) + self.pause;
        let longest = now + self.pause * self.most;
        if clear_at > longest {
            return Err(clear_at - longest);
        }
        bucket.clear_at = clear_at;
        Ok(())
    }

    fn give_back(self, bucket: &Mutex<Bucket>) {
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.clear_at = bucket.clear_at.saturating_sub(self.pause);
    }
}

/// An IPv4 address is one client; of IPv6 whoever has one address has the other 2^64 of its network as well.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address => address,
    }
}

#[cfg(test)]
mod tests;
