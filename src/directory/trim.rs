//! Removing old entries from change logs, and old transactions, in bounded batches beside everything else. Only what is sealed goes, and whole seals at a time,
//! so that what remains can still be verified from the last seal that was kept. The audit log is never trimmed.

use super::record::{self, Seal};
use super::{Directory, keys, log, transaction};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Scan, Snapshot};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Duration;

/// Works until `stop` says so.
pub async fn run(directory: Arc<Directory>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = round(&directory).await {
            tracing::warn!(%error, "trimming the change logs will be tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(limits::TRIM_PAUSE_MS)) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Removes from every tenant's change log what is older than it has to be kept.
pub async fn round(directory: &Directory) -> Result<(), Error> {
    let before_ms = directory.clock().now_ms().saturating_sub(limits::CHANGES_KEPT_MS);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let snapshot = directory.snapshot().await?;
        let scan = Scan { prefix: keys::TENANTS, after: after.as_deref(), skip: 0, limit: 1, values: false };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        let Some(key) = page.last_key() else { return Ok(()) };
        if let Some(tenant) = keys::tenant_of(key) {
            trim(directory, tenant, before_ms).await?;
            transaction::forget(directory, tenant).await?;
        }
        after = Some(key.to_vec());
    }
}

async fn trim(directory: &Directory, tenant: u32, before_ms: i64) -> Result<(), Error> {
    let snapshot = directory.snapshot().await?;
    let last = log::trimmed(&snapshot, tenant).await?;
    let mark = boundary(&snapshot, tenant, last, before_ms).await?;
    if mark > last {
        // The mark comes first: whoever reads meets it before an entry is missing.
        let mut batch = directory.batch();
        batch.expect_exists(keys::tenant(tenant));
        batch.put(keys::trimmed(tenant), record::pack(&mark)?);
        if directory.commit(batch).await?.is_none() {
            // The tenant was deleted meanwhile, and its log with it.
            return Ok(());
        }
        tracing::debug!(tenant, mark, "the change log is trimmed up to a new mark");
    }
    if mark > 0 {
        remove(directory, &keys::log(tenant), keys::log_after(tenant, mark)).await?;
        // The seal at the mark stays: the next one's hash is made with its.
        remove(directory, &keys::seals(tenant), keys::seal(tenant, mark)).await?;
    }
    Ok(())
}

/// Up to which revision the newest seal goes whose entries are all old enough; not below `last`.
async fn boundary(snapshot: &Snapshot, tenant: u32, last: u64, before_ms: i64) -> Result<u64, Error> {
    let newest = keys::seals(tenant);
    let Some(head) = snapshot.get(&newest).await.map_err(super::store_error)? else { return Ok(last) };
    let sealed = record::unpack::<Seal>(&head.value)?.upto;
    let mut mark = last;
    let mut after = keys::seal(tenant, last);
    loop {
        let scan = Scan { prefix: &newest, after: Some(&after), skip: 0, limit: limits::SCAN_ROWS, values: true };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        for row in page.iter() {
            let seal: Seal = record::unpack(row.value)?;
            // A seal is younger than the entries that it seals.
            if row.stamp.time_ms >= before_ms || seal.upto > sealed {
                return Ok(mark);
            }
            mark = mark.max(seal.upto);
        }
        match page.last_key() {
            Some(key) if page.len() == limits::SCAN_ROWS => after = key.to_vec(),
            _ => return Ok(mark),
        }
    }
}

/// Removes the rows that begin with `prefix`, are longer than it and lie before `end`.
async fn remove(directory: &Directory, prefix: &[u8], end: Vec<u8>) -> Result<(), Error> {
    loop {
        let snapshot = directory.snapshot().await?;
        let scan = Scan { prefix, after: Some(prefix), skip: 0, limit: limits::SCAN_ROWS, values: false };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        let mut batch = directory.batch();
        for row in page.iter().take_while(|row| row.key < &end[..]) {
            batch.delete(row.key);
        }
        let is_last = batch.writes.len() < limits::SCAN_ROWS;
        if !batch.is_empty() {
            directory.commit(batch).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
