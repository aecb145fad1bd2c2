//! The sweeper: removes member rows that nobody sees any more, a bounded batch at a time, so that no writer waits for a big group.
//! Its work is in the store, so that a crash only delays it.

use super::members::Group;
use super::record::{self, Sweep};
use super::{Directory, keys};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Batch, Scan, Snapshot};
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;

/// Works until `stop` says so. Start it before the first request: notes about rows that were being written when the process
/// ended are taken for abandoned only now.
pub async fn run(directory: Arc<Directory>, mut stop: watch::Receiver<bool>) {
    let mut abandoned = match directory.snapshot().await {
        Ok(snapshot) => snapshot.revision(),
        Err(_) => 0,
    };
    loop {
        match round(&directory, abandoned).await {
            Ok(()) => abandoned = 0,
            Err(error) => tracing::warn!(%error, "sweeping will be tried again"),
        }
        tokio::select! {
            () = directory.sweeps.notified() => {}
            () = tokio::time::sleep(std::time::Duration::from_millis(limits::SWEEP_PAUSE_MS)) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Does all the work there is. Rows that were being written at revisions up to `abandoned` count as nobody's.
pub async fn round(directory: &Directory, abandoned: u64) -> Result<(), Error> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let snapshot = directory.snapshot().await?;
        let scan = Scan { prefix: keys::SWEEPS, after: after.as_deref(), skip: 0, limit: 1, values: true };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        let Some(row) = page.iter().next() else { return Ok(()) };
        let sweep: Sweep = record::unpack(row.value)?;
        let generation = match sweep.generation {
            Some(generation) => Some(generation),
            None => (row.stamp.revision <= abandoned).then_some(row.stamp.revision),
        };
        if let (Some(generation), Some(tenant)) = (generation, keys::tenant_of(row.key)) {
            let group = Group { id: sweep.group, generation };
            remove(directory, tenant, group, sweep.group_is_gone, row.key).await?;
        }
        after = Some(row.key.to_vec());
    }
}

async fn remove(
    directory: &Directory,
    tenant: u32,
    group: Group,
    group_is_gone: bool,
    note: &[u8],
) -> Result<(), Error> {
    loop {
        let snapshot = directory.snapshot().await?;
        let prefix = keys::members(tenant, group.id, group.generation);
        let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: limits::SCAN_ROWS, values: true };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        let mut batch = directory.batch();
        let mut nested = 0;
        let mut ids = Vec::with_capacity(page.len());
        for row in page.iter() {
            let Some(id) = keys::last_id(row.key) else { continue };
            nested -= i64::from(record::Member::decode(row.value)?.code == keys::GROUP);
            // A member that is deleted at this moment takes its rows itself, and its count with them.
            batch.expect_exists(row.key);
            batch.delete(row.key);
            batch.delete(keys::membership(tenant, id, group.id, group.generation));
            ids.push(id);
        }
        mark(&snapshot, tenant, &ids, &mut batch).await?;
        if !group_is_gone {
            forget_left(&snapshot, tenant, group.id, &ids, &mut batch).await?;
        }
        super::members::count(&mut batch, tenant, group, -(ids.len() as i64), nested);
        let is_last = page.len() < limits::SCAN_ROWS;
        if is_last && group_is_gone && forget_added(directory, &snapshot, tenant, group.id).await? {
            continue;
        }
        if is_last {
            batch.delete(note);
            if group_is_gone {
                batch.delete(keys::members_mark(tenant, group.id));
            }
        }
        if directory.commit(batch).await?.is_some() && is_last {
            return Ok(());
        }
    }
}

/// Takes away the marks of members that were added here; says whether there may be more.
async fn forget_added(directory: &Directory, snapshot: &Snapshot, tenant: u32, group: Uuid) -> Result<bool, Error> {
    let prefix = keys::all_added_here(tenant, group);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: limits::SCAN_ROWS, values: false };
    let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
    if page.is_empty() {
        return Ok(false);
    }
    let mut batch = directory.batch();
    page.iter().for_each(|row| batch.delete(row.key));
    directory.commit(batch).await.map(|_| true)
}

/// Takes away the marks of those who were members and are no more: whoever adds them again, it is not what an admin did before.
async fn forget_left(
    snapshot: &Snapshot,
    tenant: u32,
    group: Uuid,
    ids: &[Uuid],
    batch: &mut Batch,
) -> Result<(), Error> {
    let record = keys::record(tenant, keys::GROUP, group);
    let Some(entry) = snapshot.get(&record).await.map_err(super::store_error)? else { return Ok(()) };
    let now = super::generation::of(&record::Record::decode(&entry.value)?, group);
    let rows: Vec<Vec<u8>> = ids.iter().map(|id| keys::member(tenant, group, now.generation, *id)).collect();
    let there = snapshot.get_many(&rows).await.map_err(super::store_error)?;
    let left: Vec<(&Uuid, Vec<u8>)> =
        ids.iter().zip(rows).zip(there).filter(|(_, there)| there.is_none()).map(|(left, _)| left).collect();
    let marks: Vec<Vec<u8>> = left.iter().map(|(id, _)| keys::added_here(tenant, group, **id)).collect();
    let marked = snapshot.get_many(&marks).await.map_err(super::store_error)?;
    for (((_, row), mark), _) in left.into_iter().zip(marks).zip(marked).filter(|(_, marked)| marked.is_some()) {
        batch.expect_unchanged(record.clone(), entry.stamp.revision);
        batch.expect_absent(row);
        batch.delete(mark);
    }
    Ok(())
}

/// Those who were members have another version now, unless they are gone themselves.
async fn mark(snapshot: &Snapshot, tenant: u32, ids: &[Uuid], batch: &mut Batch) -> Result<(), Error> {
    for code in [keys::USER, keys::GROUP] {
        let records: Vec<Vec<u8>> = ids.iter().map(|id| keys::record(tenant, code, *id)).collect();
        let entries = snapshot.get_many(&records).await.map_err(super::store_error)?;
        for ((id, record), entry) in ids.iter().zip(records).zip(entries) {
            if entry.is_some() {
                batch.expect_exists(record);
                batch.put(keys::memberships(tenant, *id), record::PRESENT);
            }
        }
    }
    Ok(())
}
