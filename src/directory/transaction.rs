//! Transactions: writes whose client did not want to wait for the outcome (RFC 7240 section 4.1, draft-ietf-scim-events section
//! 2.5.1.1). Which ones are at work is known in memory, what was asked and how it ended lies in the store, a bounded number of them for
//! a bounded time. It does not know what a request is, nor how an outcome came about.

use super::record::{self, Outcome, Transaction};
use super::refused::{Noun, Refused};
use super::{Call, Directory, keys};
use crate::limits;
use crate::scim::errors::{Error, clip};
use crate::store::{Scan, Snapshot};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// What is at work, and the room for it.
pub struct Transactions {
    /// Places for those at work and those that wait for it.
    places: Arc<Semaphore>,
    /// Room for the bodies of all of them, in KiB.
    room: Arc<Semaphore>,
    /// Places for those at work.
    work: Arc<Semaphore>,
    live: Live,
}

/// What is at work or waits for it, with the numbers of the tenants.
type Live = Arc<Mutex<BTreeMap<Uuid, u32>>>;

/// The place of one transaction, until it is dropped. What has one is at work or waits for it.
pub struct Place {
    id: Uuid,
    live: Live,
    work: Arc<Semaphore>,
    _place: OwnedSemaphorePermit,
    _room: OwnedSemaphorePermit,
}

/// How a transaction is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is at work, or waits for it.
    Running,
    /// It has come to its outcome.
    Done,
    /// The server ended before the outcome was written down; the change log tells what was changed.
    Interrupted,
}

/// One transaction.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its id, which is that of the request.
    pub id: Uuid,
    /// How it is doing.
    pub state: State,
    /// What was asked, and how it ended.
    pub record: Transaction,
}

impl Default for Transactions {
    fn default() -> Transactions {
        let places = |number| Arc::new(Semaphore::new(number));
        Transactions {
            places: places(limits::TRANSACTIONS_AT_WORK_MAX + limits::TRANSACTIONS_WAITING_MAX),
            room: places(limits::TRANSACTIONS_BODIES_KIB_MAX),
            work: places(limits::TRANSACTIONS_AT_WORK_MAX),
            live: Arc::default(),
        }
    }
}

impl Transactions {
    /// A place for a tenant's transaction with a body of so many bytes, if there is one. No tenant has all of them.
    pub fn place(&self, id: Uuid, tenant: u32, bytes: usize) -> Option<Place> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let kib = u32::try_from(bytes.div_ceil(1_024)).ok()?;
        let room = self.room.clone().try_acquire_many_owned(kib).ok()?;
        let mut live = locked(&self.live);
        if live.values().filter(|other| **other == tenant).count() >= limits::TRANSACTIONS_TENANT_MAX {
            return None;
        }
        live.insert(id, tenant);
        drop(live);
        Some(Place { id, live: self.live.clone(), work: self.work.clone(), _place: place, _room: room })
    }

    /// Waits until nothing is at work.
    pub async fn drained(&self) {
        let all = u32::try_from(limits::TRANSACTIONS_AT_WORK_MAX + limits::TRANSACTIONS_WAITING_MAX).unwrap_or(1);
        // The semaphore is never closed, so that this ends when all places are free.
        let _ = self.places.acquire_many(all).await;
    }

    fn is_live(&self, id: Uuid) -> bool {
        locked(&self.live).contains_key(&id)
    }
}

impl Place {
    /// Waits for its turn, which lasts until what this gives is dropped.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.work.clone().acquire_owned().await.ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        locked(&self.live).remove(&self.id);
    }
}

/// Writes down what was asked, before anything of it is done, and forgets what is too old or too much.
pub async fn begin(call: &Call<'_>, id: Uuid, asked: &Transaction) -> Result<(), Error> {
    let tenant = call.tenant.number;
    let snapshot = call.directory.snapshot().await?;
    let mut batch = call.batch();
    for key in surplus(call.directory, &snapshot, tenant).await? {
        batch.delete(key);
    }
    batch.put(keys::transaction(tenant, id), record::pack(asked)?);
    call.directory.commit(batch).await?.map(|_| ()).ok_or_else(super::contended)
}

/// Writes down how it ended. While the store takes no writes it tries again, and gives up in the end: then it counts as interrupted.
pub async fn end(call: &Call<'_>, id: Uuid, asked: Transaction, outcome: Outcome) {
    let ended = Transaction { outcome: Some(outcome), ..asked };
    let mut pause_ms = limits::TRANSACTION_RETRY_MS_MIN;
    loop {
        let written = async {
            let mut batch = call.batch();
            batch.put(keys::transaction(call.tenant.number, id), record::pack(&ended)?);
            call.directory.commit(batch).await
        };
        match written.await {
            // Without a commit the tenant is gone, and with it whoever would ask.
            Ok(_) => return,
            Err(error) if pause_ms > limits::TRANSACTION_RETRY_MS_MAX => {
                tracing::error!(transaction = %id, %error, "the outcome of a transaction is lost");
                return;
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(pause_ms)).await,
        }
        pause_ms *= 2;
    }
}

/// The transaction of this id.
pub async fn find(directory: &Directory, tenant: u32, id: &str) -> Result<Found, Refused> {
    let missing = || Refused::NotFound(Noun::Transaction, clip(id));
    let id = Uuid::try_parse(id).map_err(|_| missing())?;
    let was_live = directory.transactions.is_live(id);
    let snapshot = directory.snapshot().await?;
    let entry = snapshot.get(&keys::transaction(tenant, id)).await.map_err(super::store_error)?.ok_or_else(missing)?;
    Ok(found(directory, id, &entry.value, was_live)?)
}

/// Transactions that `wants` takes, the oldest first, after the id `after`: at most `size`, and after which id the next page goes on.
pub async fn page(
    directory: &Directory,
    tenant: u32,
    wants: impl Fn(&Found) -> bool,
    mut after: Option<Uuid>,
    size: usize,
) -> Result<(Vec<Found>, Option<Uuid>), Error> {
    let live = locked(&directory.transactions.live).clone();
    let snapshot = directory.snapshot().await?;
    let prefix = keys::transactions(tenant);
    let mut items: Vec<Found> = Vec::new();
    let mut bytes = 0;
    loop {
        let start = after.map(|id| keys::transaction(tenant, id));
        let limit = limits::TRANSACTION_SCAN_ROWS;
        let scan = Scan { prefix: &prefix, after: start.as_deref(), skip: 0, limit, values: true };
        let rows = snapshot.scan(&scan).await.map_err(super::store_error)?;
        for row in rows.iter() {
            let Some(id) = keys::last_id(row.key) else { continue };
            let one = found(directory, id, row.value, live.contains_key(&id))?;
            if wants(&one) {
                if items.len() == size || (bytes > limits::ADMIN_PAGE_BYTES_MAX && !items.is_empty()) {
                    return Ok((items, after));
                }
                bytes += row.value.len();
                items.push(one);
            }
            after = Some(id);
        }
        if rows.len() < limit {
            return Ok((items, None));
        }
    }
}

/// Forgets a tenant's transactions that are too old.
pub async fn forget(directory: &Directory, tenant: u32) -> Result<(), Error> {
    let snapshot = directory.snapshot().await?;
    let surplus = surplus(directory, &snapshot, tenant).await?;
    if surplus.is_empty() {
        return Ok(());
    }
    let mut batch = directory.batch();
    surplus.into_iter().for_each(|key| batch.delete(key));
    directory.commit(batch).await.map(|_| ())
}

/// The oldest transactions, as far as they are too old or leave no room for one more. Those at work stay.
async fn surplus(directory: &Directory, snapshot: &Snapshot, tenant: u32) -> Result<Vec<Vec<u8>>, Error> {
    let before_ms = directory.clock().now_ms().saturating_sub(limits::TRANSACTIONS_KEPT_MS);
    let prefix = keys::transactions(tenant);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: 2 * limits::TRANSACTIONS_KEPT_MAX, values: false };
    let rows = snapshot.scan(&scan).await.map_err(super::store_error)?;
    let too_many = (rows.len() + 1).saturating_sub(limits::TRANSACTIONS_KEPT_MAX);
    let mut keys = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let is_surplus = index < too_many || row.stamp.time_ms < before_ms;
        if is_surplus && keys::last_id(row.key).is_none_or(|id| !directory.transactions.is_live(id)) {
            keys.push(row.key.to_vec());
        }
    }
    Ok(keys)
}

/// Whether it was at work is asked before and after it was read: it may have begun or ended in between.
fn found(directory: &Directory, id: Uuid, value: &[u8], was_live: bool) -> Result<Found, Error> {
    let record: Transaction = record::unpack(value)?;
    let state = match &record.outcome {
        Some(_) => State::Done,
        None if was_live || directory.transactions.is_live(id) => State::Running,
        None => State::Interrupted,
    };
    Ok(Found { id, state, record })
}

fn locked(live: &Mutex<BTreeMap<Uuid, u32>>) -> MutexGuard<'_, BTreeMap<Uuid, u32>> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
