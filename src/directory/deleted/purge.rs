//! Removing for good what can no longer come back, a bounded batch at a time. What is left to do is what lies in the store, so that a
//! crash only delays it.

use super::Was;
use crate::directory::members::Group;
use crate::directory::record::{self, Tenant};
use crate::directory::{Directory, generation, keys, store_error};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::Scan;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Duration;

/// Works until `stop` says so.
pub async fn run(directory: Arc<Directory>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = round(&directory).await {
            tracing::warn!(%error, "removing deleted resources will be tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(limits::PURGE_PAUSE_MS)) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Removes from every tenant what was deleted longer ago than it keeps it.
pub async fn round(directory: &Directory) -> Result<(), Error> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let snapshot = directory.snapshot().await?;
        let scan = Scan { prefix: keys::TENANTS, after: after.as_deref(), skip: 0, limit: 1, values: true };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        let Some(row) = page.iter().next() else { return Ok(()) };
        let settings: Tenant = record::unpack(row.value)?;
        if let Some(tenant) = keys::tenant_of(row.key).filter(|_| !settings.deleting) {
            let kept_ms = i64::from(settings.deleted_kept_days) * limits::DAY_MS;
            purge(directory, tenant, directory.clock().now_ms().saturating_sub(kept_ms)).await?;
        }
        after = Some(row.key.to_vec());
    }
}

/// Removes what a tenant has that was deleted at or before `before_ms`.
async fn purge(directory: &Directory, tenant: u32, before_ms: i64) -> Result<(), Error> {
    let prefix = keys::gone_times(tenant);
    let mut removed = 0;
    loop {
        let snapshot = directory.snapshot().await?;
        let limit = limits::PURGE_RESOURCES;
        let scan = Scan { prefix: &prefix, after: None, skip: 0, limit, values: false };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        let mut batch = directory.batch();
        batch.expect_exists(keys::tenant(tenant));
        let mut due = 0;
        for row in page.iter().take_while(|row| row.stamp.time_ms <= before_ms) {
            due += 1;
            batch.delete(row.key);
            let Some((code, id)) = keys::gone_of_time(row.key) else { continue };
            let entry = snapshot.get(&keys::gone(tenant, code, id)).await.map_err(store_error)?;
            // What came back and was deleted again has a later row.
            let Some(entry) = entry.filter(|entry| entry.stamp.revision == row.stamp.revision) else { continue };
            let was = Was { id, code, stamp: entry.stamp, deleted: record::unpack(&entry.value)? };
            super::take(&mut batch, tenant, &was);
            if code == keys::GROUP {
                generation::leave(&mut batch, tenant, Group { id, generation: was.deleted.generation }, true)?;
            }
        }
        // Somebody came back at this moment, or the tenant is gone: what is left is for the next round.
        if due == 0 || directory.commit(batch).await?.is_none() {
            break;
        }
        removed += due;
        directory.sweeps.notify_one();
    }
    if removed > 0 {
        tracing::info!(tenant, removed, "deleted resources are removed for good");
    }
    Ok(())
}
