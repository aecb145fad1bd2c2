//! The chains over the logs: a moment after the commits, one sealer hashes what they added to each log, so that an entry that is altered or
//! missing later is found. Nobody who writes a log waits for it.
//!
//! The hash of a seal is SHA-256 over the hash of the seal before (zeros for the first) and, for each entry in the order of the log, the
//! lengths of its key and its value as eight bytes each, the key, the value, and the commit time as eight bytes, all big-endian. The
//! revision is in the key.

use super::record::{self, Seal};
use super::{Directory, keys, store_error, tenant};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Page, Row, Scan, Snapshot, Stamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The logs that have entries which are not sealed yet.
#[derive(Default)]
pub struct Unsealed(Mutex<BTreeSet<u32>>);

impl Unsealed {
    /// Notes that a log has a new entry.
    pub(super) fn note(&self, log: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(log);
    }

    fn take(&self) -> BTreeSet<u32> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A chain, looked through from its beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The log's number.
    pub log: u32,
    /// Entries that are as they were sealed.
    pub entries: u64,
    /// Entries behind the newest seal.
    pub unsealed: u64,
    /// The hash of the newest seal; zeros without any.
    pub head: [u8; 32],
    /// Up to which revision that goes.
    pub upto: u64,
    /// What is wrong, as a sentence.
    pub problem: Option<String>,
}

/// Works until `stop` says so, and once more then.
pub async fn run(directory: Arc<Directory>, mut stop: watch::Receiver<bool>) {
    note_all(&directory).await;
    loop {
        let is_stopped = tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(limits::SEAL_PAUSE_MS)) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        round(&directory).await;
        if is_stopped {
            return;
        }
    }
}

/// Seals what has been added to the logs. What cannot be sealed now is tried again.
pub async fn round(directory: &Directory) {
    for log in directory.unsealed.take() {
        if let Err(error) = seal(directory, log).await {
            tracing::warn!(%error, log, "the log will be sealed later");
            directory.unsealed.note(log);
        }
    }
}

/// A process that ended may have left any log unsealed.
async fn note_all(directory: &Directory) {
    directory.unsealed.note(keys::AUDIT);
    let mut after = None;
    while let Ok(listed) = tenant::settings::list(directory, after, limits::SCAN_ROWS).await {
        let numbers = listed.tenants.iter().map(|tenant| tenant.number);
        numbers.for_each(|number| directory.unsealed.note(number));
        match listed.next {
            Some(next) => after = Some(next),
            None => return,
        }
    }
}

/// Seals a log up to the newest commit, in several steps where there is much.
async fn seal(directory: &Directory, log: u32) -> Result<(), Error> {
    loop {
        let snapshot = directory.snapshot().await?;
        let head = head(&snapshot, log).await?;
        let last = head.as_ref().map_or(0, |(seal, _)| seal.upto);
        let page = entries(&snapshot, log, &keys::log_after(log, last), limits::SEAL_ENTRIES_MAX).await?;
        let is_all = page.len() < limits::SEAL_ENTRIES_MAX;
        // A commit is sealed whole: the last one of a full page may go on behind it.
        let upto = match page.iter().last() {
            None => return Ok(()),
            Some(row) if is_all => revision_of(row.key),
            Some(row) => revision_of(row.key).saturating_sub(1),
        };
        let rows: Vec<Row<'_>> = page.iter().filter(|row| revision_of(row.key) <= upto).collect();
        if rows.is_empty() {
            let why = "a commit has more entries than a seal covers";
            return Err(Error::new(crate::scim::errors::Kind::Internal, why));
        }
        let previous = head.as_ref().map_or([0; 32], |(seal, _)| seal.hash);
        let hash = rows.iter().fold(started(previous), add).finalize().into();
        let next = Seal { after: last, upto, entries: rows.len() as u64, previous, hash };
        let mut batch = directory.batch();
        super::write::rely_on(&mut batch, keys::seals(log), head.map(|(_, stamp)| stamp.revision));
        if log != keys::AUDIT {
            batch.expect_exists(keys::tenant(log));
        }
        batch.put(keys::seals(log), record::pack(&next)?);
        batch.put(keys::seal(log, upto), record::pack(&next)?);
        // Somebody else sealed it, or the tenant is gone: then there is nothing to do here.
        if directory.commit(batch).await?.is_none() || is_all {
            return Ok(());
        }
    }
}

/// Computes a log's chain again. Entries that were trimmed with their seals are not asked for: the chain begins at the first seal.
pub async fn verify(directory: &Directory, log: u32) -> Result<Verified, Error> {
    let snapshot = directory.snapshot().await?;
    let mut verified = Verified { log, ..Verified::default() };
    let mut after = keys::seals(log);
    let mut previous: Option<Seal> = None;
    loop {
        let scan =
            Scan { prefix: &keys::seals(log), after: Some(&after), skip: 0, limit: limits::SCAN_ROWS, values: true };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        for row in page.iter() {
            let seal: Seal = record::unpack(row.value)?;
            if let Some(problem) = look_at(&snapshot, log, previous.as_ref(), &seal).await? {
                verified.problem = Some(problem);
                return Ok(verified);
            }
            verified.entries += seal.entries;
            previous = Some(seal);
        }
        match page.last_key() {
            Some(last) if page.len() == limits::SCAN_ROWS => after = last.to_vec(),
            _ => break,
        }
    }
    let head = head(&snapshot, log).await?.map(|(seal, _)| seal);
    if head != previous {
        verified.problem = Some("the newest seal is missing, or is not the last one of the chain".to_owned());
        return Ok(verified);
    }
    if let Some(head) = head {
        (verified.head, verified.upto) = (head.hash, head.upto);
    }
    verified.unsealed = behind(&snapshot, log, verified.upto).await?;
    Ok(verified)
}

/// What is wrong with one seal, if anything is.
async fn look_at(snapshot: &Snapshot, log: u32, previous: Option<&Seal>, seal: &Seal) -> Result<Option<String>, Error> {
    let between = format!("between the revisions {} and {}", seal.after, seal.upto);
    if let Some(previous) = previous
        && (previous.hash != seal.previous || previous.upto != seal.after)
    {
        return Ok(Some(format!("a seal is missing before the one {between}")));
    }
    let (mut hasher, mut count, mut after) = (started(seal.previous), 0_u64, keys::log_after(log, seal.after));
    loop {
        let page = entries(snapshot, log, &after, limits::SCAN_ROWS).await?;
        let is_last = page.len() < limits::SCAN_ROWS;
        for row in page.iter() {
            if revision_of(row.key) > seal.upto {
                return Ok(outcome(hasher, count, seal, &between));
            }
            hasher = add(hasher, &row);
            count += 1;
        }
        match page.last_key() {
            Some(last) if !is_last => after = last.to_vec(),
            _ => return Ok(outcome(hasher, count, seal, &between)),
        }
    }
}

fn outcome(hasher: Sha256, count: u64, seal: &Seal, between: &str) -> Option<String> {
    let hash: [u8; 32] = hasher.finalize().into();
    match (count == seal.entries, hash == seal.hash) {
        (true, true) => None,
        (false, _) => Some(format!("{} entries were sealed {between}, and {count} are there", seal.entries)),
        (true, false) => Some(format!("an entry {between} is not as it was sealed")),
    }
}

async fn behind(snapshot: &Snapshot, log: u32, upto: u64) -> Result<u64, Error> {
    let (mut count, mut after) = (0, keys::log_after(log, upto));
    loop {
        let page = entries(snapshot, log, &after, limits::SCAN_ROWS).await?;
        count += page.len() as u64;
        match page.last_key() {
            Some(last) if page.len() == limits::SCAN_ROWS => after = last.to_vec(),
            _ => return Ok(count),
        }
    }
}

/// The newest seal of a log.
pub async fn head(snapshot: &Snapshot, log: u32) -> Result<Option<(Seal, Stamp)>, Error> {
    let entry = snapshot.get(&keys::seals(log)).await.map_err(store_error)?;
    entry.map(|entry| Ok((record::unpack(&entry.value)?, entry.stamp))).transpose()
}

async fn entries(snapshot: &Snapshot, log: u32, after: &[u8], limit: usize) -> Result<Page, Error> {
    let prefix = keys::log(log);
    snapshot
        .scan(&Scan { prefix: &prefix, after: Some(after), skip: 0, limit, values: true })
        .await
        .map_err(store_error)
}

fn started(previous: [u8; 32]) -> Sha256 {
    Sha256::new().chain_update(previous)
}

fn add(hasher: Sha256, row: &Row<'_>) -> Sha256 {
    hasher
        .chain_update((row.key.len() as u64).to_be_bytes())
        .chain_update((row.value.len() as u64).to_be_bytes())
        .chain_update(row.key)
        .chain_update(row.value)
        .chain_update(row.stamp.time_ms.to_be_bytes())
}

/// The revision in a log's key: an altered row may have another stamp.
fn revision_of(key: &[u8]) -> u64 {
    let bytes = key.get(5..13).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(u64::MAX, u64::from_be_bytes)
}

#[cfg(test)]
mod tests;
