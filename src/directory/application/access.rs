//! Whether a request comes from the application that it names. Names that do not exist cost what wrong passwords cost; a password is
//! hashed at most once while it stays what it is; and who keeps failing is told to wait.

use super::Application;
use super::failures::Failures;
use super::known::{self, Kept, Known};
use super::password::{self, Password};
use crate::directory::Directory;
use crate::limits;
use crate::scim::errors::{Error, Kind};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// What the directory keeps for its applications beside what is stored.
pub struct Applications {
    pub(super) kept: Kept,
    failures: Failures,
    /// Places for hashing.
    hashing: Arc<Semaphore>,
    /// Places for waiting to hash.
    waiting: Semaphore,
    /// When and from where each was let in last, by the tenant's number and the name.
    seen: Mutex<HashMap<(u32, String), Seen>>,
}

/// When an application was let in last, since the server's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When, in milliseconds since the epoch.
    pub at_ms: i64,
    /// From where.
    pub from: IpAddr,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No application has this name.
    Unknown,
    /// The password is another one.
    Password,
    /// It is not to be used from this address.
    Address,
    /// The application is disabled. Told to those alone who know its password.
    Disabled,
    /// Its tenant is disabled, or being deleted. Told to those alone who know the password.
    TenantClosed,
    /// There were too many failed attempts, or there is too much to do.
    Throttled {
        /// When to come again, in whole seconds.
        wait_s: u64,
    },
}

impl Denied {
    /// The word in logs and labels.
    pub fn text(self) -> &'static str {
        match self {
            Denied::Unknown => "application_unknown",
            Denied::Password => "application_password",
            Denied::Address => "application_address",
            Denied::Disabled => "application_disabled",
            Denied::TenantClosed => "tenant_closed",
            Denied::Throttled { .. } => "throttled",
        }
    }
}

impl Default for Applications {
    fn default() -> Applications {
        Applications {
            kept: Kept::default(),
            failures: Failures::default(),
            hashing: Arc::new(Semaphore::new(limits::APPLICATION_HASHES_MAX)),
            waiting: Semaphore::new(limits::APPLICATION_HASHES_WAITING_MAX),
            seen: Mutex::default(),
        }
    }
}

impl Applications {
    /// When the application was let in last; `None`: not since the server's start.
    pub fn seen(&self, tenant: u32, name: &str) -> Option<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(tenant, name.to_owned())).copied()
    }

    /// Forgets it, when it is deleted.
    pub(super) fn forget(&self, tenant: u32, name: &str) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(&(tenant, name.to_owned()));
    }

    fn note(&self, application: &Application, at_ms: i64, from: IpAddr) {
        let key = (application.tenant.number, application.name.clone());
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Seen { at_ms, from });
    }
}

/// The application that a request from `address` proves to come from by its name and password. Names are taken in any case.
pub async fn authenticate(
    directory: &Directory,
    name: &str,
    password: &str,
    address: IpAddr,
) -> Result<Result<Arc<Application>, Denied>, Error> {
    let is_possible =
        name.len() <= limits::APPLICATION_NAME_BYTES_MAX && password.len() <= limits::APPLICATION_PASSWORD_BYTES_MAX;
    let name = if is_possible { name.to_ascii_lowercase() } else { String::new() };
    let password = Password::new(if is_possible { password.to_owned() } else { String::new() });
    let snapshot = directory.snapshot().await?;
    let known = known::find(directory, &snapshot, &name).await?;
    drop(snapshot);
    let now_ms = directory.clock().now_ms();
    let is_near = |known: &Arc<Known>| {
        let networks = &known.stored.networks;
        networks.is_empty() || networks.iter().any(|network| network.contains(address))
    };
    // From elsewhere nothing is tried: it costs the same and counts, but not against the application.
    let asked = known.clone().filter(is_near);
    if let Err(denied) = prove(directory, asked.as_ref(), &name, password, address, now_ms).await? {
        return Ok(Err(match known {
            Some(_) if asked.is_none() && denied == Denied::Unknown => Denied::Address,
            _ => denied,
        }));
    }
    let Some(known) = asked else { return Ok(Err(Denied::Unknown)) };
    if known.stored.disabled {
        return Ok(Err(Denied::Disabled));
    }
    if !known.tenant().is_open {
        return Ok(Err(Denied::TenantClosed));
    }
    let application = known.application()?;
    directory.applications.note(&application, now_ms, address);
    Ok(Ok(application))
}

/// Whether the password is the application's.
async fn prove(
    directory: &Directory,
    known: Option<&Arc<Known>>,
    name: &str,
    password: Password,
    address: IpAddr,
    now_ms: i64,
) -> Result<Result<(), Denied>, Error> {
    let applications = &directory.applications;
    let is_proved = || known.is_some_and(|known| known.has_proof(&applications.kept, &password, now_ms));
    if is_proved() {
        return Ok(Ok(()));
    }
    let attempt = match applications.failures.attempt(address, name) {
        Ok(attempt) => attempt,
        Err(wait) => return Ok(Err(throttled(wait))),
    };
    let Ok(_waiting) = applications.waiting.try_acquire() else {
        attempt.succeeded();
        return Ok(Err(throttled(Duration::ZERO)));
    };
    let closed = |_| Error::new(Kind::Unavailable, "the server is stopping");
    let place = applications.hashing.clone().acquire_owned().await.map_err(closed)?;
    // Somebody else's request may have brought the same one meanwhile.
    if is_proved() {
        attempt.succeeded();
        return Ok(Ok(()));
    }
    let candidates = candidates(known, now_ms);
    let (password, matched) = tokio::task::spawn_blocking(move || {
        let _place = place;
        let matched = candidates.into_iter().find(|(hash, _)| password.is(hash));
        (password, matched.map(|(_, until_ms)| until_ms))
    })
    .await
    .map_err(|_| Error::new(Kind::Internal, "a password could not be compared"))?;
    match (known, matched) {
        (Some(known), Some(until_ms)) => {
            attempt.succeeded();
            known.prove(&applications.kept, &password, until_ms);
            Ok(Ok(()))
        }
        (Some(_), None) => Ok(Err(Denied::Password)),
        (None, _) => Ok(Err(Denied::Unknown)),
    }
}

/// The hashes to compare with, each with its end.
fn candidates(known: Option<&Arc<Known>>, now_ms: i64) -> Vec<(crate::directory::record::PasswordHash, Option<i64>)> {
    let Some(known) = known else { return vec![(password::nobodys(), None)] };
    let previous = known.stored.previous.iter().filter(|previous| previous.until_ms > now_ms);
    let previous = previous.map(|previous| (previous.password.clone(), Some(previous.until_ms)));
    [(known.stored.password.clone(), None)].into_iter().chain(previous).collect()
}

fn throttled(wait: Duration) -> Denied {
    Denied::Throttled { wait_s: wait.as_secs().saturating_add(1) }
}

#[cfg(test)]
mod tests;
