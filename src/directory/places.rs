//! Places for long work on the directory: each kind has a number of them, and whoever finds none is refused at once.

use super::refused::Refused;
use crate::limits;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places that there are.
pub struct Places {
    copies: Arc<Semaphore>,
    transfers: Arc<Semaphore>,
    watchers: Arc<Semaphore>,
    replays: Arc<Semaphore>,
}

/// What a place is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A backup or a check of the whole database.
    Copy,
    /// An export or an import.
    Transfer,
    /// Following a log.
    Watch,
    /// A change that is tried on a fork, which is held in memory.
    Replay,
}

impl Default for Places {
    fn default() -> Places {
        let places = |number| Arc::new(Semaphore::new(number));
        Places {
            copies: places(limits::BACKUPS_AT_WORK_MAX),
            transfers: places(limits::TRANSFERS_AT_WORK_MAX),
            watchers: places(limits::WATCHERS_MAX),
            replays: places(limits::REPLAYS_AT_WORK_MAX),
        }
    }
}

impl Places {
    /// Takes a place, until what this gives is dropped.
    pub fn take(&self, work: Work) -> Result<OwnedSemaphorePermit, Refused> {
        let (places, max, reason, what) = match work {
            Work::Copy => (&self.copies, limits::BACKUPS_AT_WORK_MAX, "TOO_MANY_BACKUPS", "backups or checks"),
            Work::Transfer => {
                (&self.transfers, limits::TRANSFERS_AT_WORK_MAX, "TOO_MANY_TRANSFERS", "exports or imports")
            }
            Work::Watch => (&self.watchers, limits::WATCHERS_MAX, "TOO_MANY_WATCHERS", "watchers"),
            Work::Replay => (&self.replays, limits::REPLAYS_AT_WORK_MAX, "TOO_MANY_REPLAYS", "replays"),
        };
        places.clone().try_acquire_owned().map_err(|_| Refused::Exhausted {
            reason,
            why: format!("{max} {what} are at work already; wait for one to end"),
        })
    }

    /// How many places of a kind are free.
    #[cfg(test)]
    pub(super) fn free(&self, work: Work) -> usize {
        match work {
            Work::Copy => self.copies.available_permits(),
            Work::Transfer => self.transfers.available_permits(),
            Work::Watch => self.watchers.available_permits(),
            Work::Replay => self.replays.available_permits(),
        }
    }
}
