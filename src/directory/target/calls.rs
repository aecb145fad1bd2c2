//! The last calls to each target, in memory and bounded, so that an admin can see what was sent and answered. Whoever calls takes the
//! secrets out before.

use crate::limits;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One call and what came of it, without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// When, in milliseconds since the epoch.
    pub time_ms: i64,
    /// How long the answer took.
    pub took: Duration,
    /// The method.
    pub method: String,
    /// The path and query below the target's URL.
    pub path: String,
    /// The body; its beginning where it was long.
    pub body: String,
    /// The status of the answer; 0: there was none.
    pub status: u16,
    /// Why there was none.
    pub error: String,
    /// The body of the answer; its beginning where it was long.
    pub answer: String,
}

/// A call in its place: a later one has a higher number.
pub type Numbered = (u64, Arc<Sent>);

/// All that is kept.
#[derive(Debug, Default)]
pub struct Calls {
    shelves: Mutex<Shelves>,
}

#[derive(Debug, Default)]
struct Shelves {
    made: u64,
    bytes: usize,
    by_target: BTreeMap<(u32, u32), VecDeque<Numbered>>,
}

impl Calls {
    /// Keeps a call; the oldest ones give way to it.
    pub fn record(&self, tenant: u32, target: u32, sent: Sent) {
        let sent = Arc::new(sent);
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let shelves = &mut *shelves;
        shelves.made += 1;
        shelves.bytes += bytes(&sent);
        let shelf = shelves.by_target.entry((tenant, target)).or_default();
        shelf.push_back((shelves.made, sent));
        while shelf.len() > limits::TARGET_CALLS_MAX {
            let gone = shelf.pop_front();
            shelves.bytes -= gone.map_or(0, |(_, gone)| bytes(&gone)).min(shelves.bytes);
        }
        while shelves.bytes > limits::TARGET_CALLS_BYTES_MAX {
            // The oldest of all gives way.
            let oldest = shelves.by_target.values_mut().min_by_key(|shelf| shelf.front().map_or(u64::MAX, |(n, _)| *n));
            let Some((_, gone)) = oldest.and_then(VecDeque::pop_front) else { break };
            shelves.bytes -= bytes(&gone).min(shelves.bytes);
        }
    }

    /// A target's calls, the newest first.
    pub fn of(&self, tenant: u32, target: u32) -> Vec<Numbered> {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.by_target.get(&(tenant, target)).map_or_else(Vec::new, |shelf| shelf.iter().rev().cloned().collect())
    }

    /// Forgets a target's calls, or those of all targets of a tenant.
    pub fn forget(&self, tenant: u32, target: Option<u32>) {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.by_target.retain(|(of, number), _| *of != tenant || target.is_some_and(|target| target != *number));
        shelves.bytes = shelves.by_target.values().flatten().map(|(_, sent)| bytes(sent)).sum();
    }
}

fn bytes(sent: &Sent) -> usize {
    let texts = [&sent.method, &sent.path, &sent.body, &sent.error, &sent.answer];
    size_of::<Sent>() + texts.iter().map(|text| text.len()).sum::<usize>()
}

#[cfg(test)]
mod tests;
