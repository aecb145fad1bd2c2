//! The chains over the logs: a moment after the commits, one sealer hashes what they added to each log, so that an entry that is altered or
//! missing later is found. Nobody who writes a log waits for it.
//!
//! The hash of a seal is SHA-256 over the hash of the seal before (zeros for the first) and, for each entry in the order of the log, the
//! lengths of its key and its value as eight bytes each, the key, the value, and the commit time as eight bytes, all big-endian. The
//! revision is in the key.

use super::record::{self, Seal};
use super::{Directory, keys, log, store_error};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Page, Row, Scan, Snapshot, Stamp};
use futures_util::StreamExt;
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
    let mut has_noted = false;
    loop {
        if !has_noted {
            let noted = note_all(&directory).await;
            has_noted = noted.inspect_err(|error| tracing::warn!(%error, "the logs will be looked for later")).is_ok();
        }
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

/// Seals what has been added to the logs, several at once so that they share commits. What cannot be sealed now is tried again.
pub async fn round(directory: &Directory) {
    let logs = futures_util::stream::iter(directory.unsealed.take());
    let one = async |log| {
        if let Err(error) = seal(directory, log).await {
            tracing::warn!(%error, log, "the log will be sealed later");
            directory.unsealed.note(log);
        }
    };
    logs.for_each_concurrent(limits::SEALS_AT_WORK_MAX, one).await;
}

/// A process that ended may have left any log unsealed.
async fn note_all(directory: &Directory) -> Result<(), Error> {
    directory.unsealed.note(keys::AUDIT);
    let snapshot = directory.snapshot().await?;
    let mut after: Option<Vec<u8>> = None;
    loop {
        let limit = limits::SCAN_ROWS;
        let scan = Scan { prefix: keys::TENANTS, after: after.as_deref(), skip: 0, limit, values: false };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        page.iter().filter_map(|row| keys::tenant_of(row.key)).for_each(|number| directory.unsealed.note(number));
        match page.last_key() {
            Some(last) if page.len() == limit => after = Some(last.to_vec()),
            _ => return Ok(()),
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

/// Computes a log's chain again, from its beginning or, where old entries were trimmed, from the seal that was kept at the mark.
pub async fn verify(directory: &Directory, log: u32) -> Result<Verified, Error> {
    // A long log takes longer than an ordinary snapshot lives.
    let snapshot = super::export::pin(directory).await?;
    let mark = log::trimmed(&snapshot, log).await?;
    let mut verified = Verified { log, ..Verified::default() };
    let mut after = keys::seals(log);
    let mut previous: Option<Seal> = None;
    loop {
        let scan =
            Scan { prefix: &keys::seals(log), after: Some(&after), skip: 0, limit: limits::SCAN_ROWS, values: true };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        for row in page.iter() {
            let seal: Seal = record::unpack(row.value)?;
            let problem = match unlinked(previous.as_ref(), &seal, mark) {
                None if seal.upto <= mark => None,
                None => look_at(&snapshot, log, &seal).await?,
                problem => problem,
            };
            if problem.is_some() {
                verified.problem = problem;
                return Ok(verified);
            }
            verified.entries += if seal.upto <= mark { 0 } else { seal.entries };
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

/// That a seal does not go on from the one before it. The first one is at the beginning of the log, or not behind the mark up to which
/// the log was trimmed.
fn unlinked(previous: Option<&Seal>, seal: &Seal, mark: u64) -> Option<String> {
    let is_linked = match previous {
        Some(previous) => previous.hash == seal.previous && previous.upto == seal.after,
        None if mark > 0 => seal.upto <= mark,
        None => seal.after == 0 && seal.previous == [0; 32],
    };
    (!is_linked).then(|| format!("a seal is missing before the one {}", between(seal)))
}

fn between(seal: &Seal) -> String {
    format!("between the revisions {} and {}", seal.after, seal.upto)
}

/// What is wrong with the entries of one seal, if anything is.
async fn look_at(snapshot: &Snapshot, log: u32, seal: &Seal) -> Result<Option<String>, Error> {
    let (mut hasher, mut count, mut after) = (started(seal.previous), 0_u64, keys::log_after(log, seal.after));
    loop {
        let page = entries(snapshot, log, &after, limits::SCAN_ROWS).await?;
        let is_last = page.len() < limits::SCAN_ROWS;
        for row in page.iter() {
            if revision_of(row.key) > seal.upto {
                return Ok(outcome(hasher, count, seal));
            }
            hasher = add(hasher, &row);
            count += 1;
        }
        match page.last_key() {
            Some(last) if !is_last => after = last.to_vec(),
            _ => return Ok(outcome(hasher, count, seal)),
        }
    }
}

fn outcome(hasher: Sha256, count: u64, seal: &Seal) -> Option<String> {
    let between = between(seal);
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
