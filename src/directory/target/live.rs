//! What each target is doing now, in memory: for the admin plane and the metrics. Whoever serves a target writes it.

use super::progress::Progress;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What a target is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// Nobody has begun to serve it.
    #[default]
    Starting,
    /// It has everything.
    Idle,
    /// It is sent changes.
    Following,
    /// It is read, or sent everything.
    Reconciling,
    /// It does not answer, or refuses everything: there is a pause before the next attempt.
    Pausing,
    /// An admin has to do something first.
    Blocked,
    /// It is disabled.
    Disabled,
}

/// What is known of a target at this moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Now {
    /// The tenant's name.
    pub tenant: String,
    /// The target's name.
    pub name: String,
    /// What it is doing.
    pub doing: Doing,
    /// The last failure of the target as a whole, without secrets, and when it was, in milliseconds since the epoch.
    pub error: Option<(String, i64)>,
    /// When the next attempt is due while it pauses, likewise.
    pub resumes_ms: Option<i64>,
    /// Changes that it has not got.
    pub lag_changes: u64,
    /// When the oldest of them was made, likewise; `None`: it has all.
    pub oldest_ms: Option<i64>,
    /// When everything was there last, likewise.
    pub success_ms: Option<i64>,
    /// How far a whole reconciliation is.
    pub progress: Option<Progress>,
    /// Requests by the status of their answer; 0: there was none.
    pub requests: BTreeMap<u16, u64>,
    /// Resources that attempts were given up for.
    pub dead: u64,
    /// Resources that wait for another attempt.
    pub waiting: u64,
    /// Steps that wait for an approval.
    pub held: u64,
}

/// All targets that are served.
#[derive(Debug, Default)]
pub struct Live {
    targets: Mutex<BTreeMap<(u32, u32), Now>>,
}

impl Live {
    /// One target; by the numbers of tenant and target.
    pub fn of(&self, tenant: u32, target: u32) -> Option<Now> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).get(&(tenant, target)).cloned()
    }

    /// All targets, in the order of their numbers.
    pub fn all(&self) -> Vec<Now> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Notes something of a target.
    pub fn note(&self, tenant: u32, target: u32, change: impl FnOnce(&mut Now)) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        change(targets.entry((tenant, target)).or_default());
    }

    /// Forgets all targets but these.
    pub fn keep(&self, there: &[(u32, u32)]) {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).retain(|key, _| there.contains(key));
    }

    /// Forgets a target, or all of a tenant.
    pub fn forget(&self, tenant: u32, target: Option<u32>) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.retain(|(of, number), _| *of != tenant || target.is_some_and(|target| target != *number));
    }
}
