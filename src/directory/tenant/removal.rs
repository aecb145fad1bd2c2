//! Deleting a tenant: at once it answers nobody, then its rows go in bounded batches, at last its name. What is left to do is in the
//! store, so that a crash only delays it.

use crate::directory::audit::{self, Act, Admin};
use crate::directory::record::{self, Tenant};
use crate::directory::refused::Refused;
use crate::directory::{Directory, keys, store_error, tenant};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::Scan;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// What removals are going on, for those who ask for one and for the one who does them.
pub struct Removals {
    wake: Notify,
    /// Rows that have been removed, by the number of the tenant; a tenant that is gone is not in it.
    progress: watch::Sender<BTreeMap<u32, u64>>,
}

impl Default for Removals {
    fn default() -> Removals {
        Removals { wake: Notify::new(), progress: watch::Sender::new(BTreeMap::new()) }
    }
}

impl Removals {
    fn add(&self, number: u32, rows: u64) {
        self.progress.send_modify(|going| *going.entry(number).or_insert(0) += rows);
    }

    fn end(&self, number: u32) {
        self.progress.send_modify(|going| {
            going.remove(&number);
        });
    }
}

/// One removal, to be followed.
pub struct Removal {
    number: u32,
    progress: watch::Receiver<BTreeMap<u32, u64>>,
    rows: u64,
}

impl Removal {
    /// Waits for the next step. `Some` with the rows that have been removed so far, `None` when all is gone.
    pub async fn next(&mut self) -> Option<u64> {
        let is_new = |going: &BTreeMap<u32, u64>| going.get(&self.number) != Some(&self.rows);
        // The sender is gone with the directory, which ends the waiting too.
        let going = self.progress.wait_for(is_new).await.ok()?;
        self.rows = *going.get(&self.number)?;
        Some(self.rows)
    }

    /// Rows that have been removed so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// Has a tenant deleted, and gives what follows the removal. A tenant that is being deleted is followed only.
///
/// # Errors
/// `NotFound`; `State` when the name is not confirmed.
pub async fn start(directory: &Directory, admin: &Admin, name: &str, confirmed: &str) -> Result<Removal, Refused> {
    let no_tenant = || tenant::settings::no_tenant(name);
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let number = tenant::number(&snapshot, name).await?.ok_or_else(no_tenant)?;
        if confirmed != name {
            let why = format!("to delete the tenant '{name}' with everything in it, confirm_name must be '{name}' too");
            return Err(Refused::State { reason: "CONFIRMATION_MISMATCH", why });
        }
        let entry = snapshot.get(&keys::tenant(number)).await.map_err(store_error)?.ok_or_else(no_tenant)?;
        let before: Tenant = record::unpack(&entry.value)?;
        // Told before the removal can be over, so that whoever follows it sees its end.
        directory.removals.add(number, 0);
        let progress = directory.removals.progress.subscribe();
        let removal = Removal { number, progress, rows: u64::MAX };
        if before.deleting {
            // It may have ended since the snapshot was taken, and then nobody else tells its end.
            let now = directory.snapshot().await?;
            if now.get(&keys::deletion(number)).await.map_err(store_error)?.is_none() {
                directory.removals.end(number);
            }
            return Ok(removal);
        }
        let after = Tenant { deleting: true, ..before.clone() };
        let mut batch = directory.batch();
        batch.expect_unchanged(keys::tenant(number), entry.stamp.revision);
        batch.put(keys::tenant(number), record::pack(&after)?);
        batch.put(keys::deletion(number), record::pack(&after)?);
        audit::add(&mut batch, admin, act("tenant.delete", name), Some(&before), None)?;
        if directory.commit(batch).await?.is_some() {
            directory.removals.wake.notify_one();
            return Ok(removal);
        }
    }
    Err(crate::directory::contended().into())
}

/// Works until `stop` says so, what an earlier process left first. `gone` is told the number and the name of each tenant that is gone.
pub async fn run(directory: Arc<Directory>, gone: impl Fn(u32, &str), mut stop: watch::Receiver<bool>) {
    loop {
        let work = async {
            if let Err(error) = round(&directory, &gone).await {
                tracing::warn!(%error, "deleting tenants will be tried again");
                tokio::time::sleep(std::time::Duration::from_millis(limits::REMOVAL_PAUSE_MS)).await;
            } else {
                directory.removals.wake.notified().await;
            }
        };
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Removes all tenants that are to be deleted.
pub async fn round(directory: &Directory, gone: &impl Fn(u32, &str)) -> Result<(), Error> {
    loop {
        let snapshot = directory.snapshot().await?;
        let scan = Scan { prefix: keys::DELETIONS, after: None, skip: 0, limit: 1, values: true };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        let Some(row) = page.iter().next() else { return Ok(()) };
        let Some(number) = keys::tenant_of(row.key) else { return Ok(()) };
        let settings: Tenant = record::unpack(row.value)?;
        remove(directory, number, &settings).await?;
        gone(number, &settings.name);
        directory.removals.end(number);
    }
}

/// A write that was on its way when the tenant was closed may still come, until the settings are gone on which every write relies. So
/// the rows are removed before that, and once more after it.
async fn remove(directory: &Directory, number: u32, settings: &Tenant) -> Result<(), Error> {
    remove_rows(directory, number).await?;
    let mut batch = directory.batch();
    batch.delete(keys::tenant(number));
    // A removal that was broken off behind this commit goes through it again, and the name may be another tenant's by then.
    let snapshot = directory.snapshot().await?;
    let name = keys::tenant_name(&settings.name);
    let entry = snapshot.get(&name).await.map_err(store_error)?;
    if let Some(entry) = entry.filter(|entry| record::unpack_number(&entry.value).is_ok_and(|named| named == number)) {
        batch.expect_unchanged(name.clone(), entry.stamp.revision);
        batch.delete(name);
    }
    directory.commit(batch).await?.ok_or_else(crate::directory::contended)?;
    remove_rows(directory, number).await?;
    let mut batch = directory.batch();
    batch.delete(keys::deletion(number));
    let (admin, act) = (Admin::server(), act("tenant.deleted", &settings.name));
    audit::add(&mut batch, &admin, act, Some(settings), None)?;
    directory.commit(batch).await?;
    tracing::info!(tenant = settings.name, "the tenant and all its data are deleted");
    Ok(())
}

async fn remove_rows(directory: &Directory, number: u32) -> Result<(), Error> {
    for prefix in keys::belongings(number) {
        loop {
            let snapshot = directory.snapshot().await?;
            let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: limits::REMOVAL_ROWS, values: false };
            let page = snapshot.scan(&scan).await.map_err(store_error)?;
            if page.is_empty() {
                break;
            }
            let mut batch = directory.batch();
            for row in page.iter() {
                batch.delete(row.key);
                if prefix == keys::tokens(number)
                    && let Some(id) = keys::key_id_of_token(row.key)
                {
                    batch.delete(keys::token(id));
                    batch.delete(keys::token_use(id));
                }
                if prefix == keys::applications(number)
                    && let Some(name) = keys::name_of_application(row.key)
                {
                    // Where an admin deletes the application meanwhile, its name may be another tenant's: then this is done again.
                    batch.expect_unchanged(row.key, row.stamp.revision);
                    batch.delete(keys::application_name(name));
                }
            }
            directory.commit(batch).await?;
            directory.removals.add(number, page.len() as u64);
        }
    }
    Ok(())
}

fn act<'a>(action: &'a str, name: &'a str) -> Act<'a> {
    Act { action, tenant: name, target: name }
}
