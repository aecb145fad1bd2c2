//! Targets: systems elsewhere that get a tenant's users and groups. Making, showing, changing and deleting them, each with its audit
//! entry in one commit. It knows neither what is sent there nor how; whoever sends is told through [`desk::Desk`].

pub mod calls;
pub mod check;
pub mod desk;
pub mod live;
pub mod progress;
pub mod secret;
pub mod standing;
pub mod state;
pub mod stored;

use self::stored::Target;
use super::audit::{self, Act, Admin};
use super::definition::views;
use super::refused::{Noun, Refused};
use super::tenant::{Tenant, settings::no_tenant};
use super::{Directory, keys, record, store_error, tenant};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Batch, Scan, Snapshot};
use serde_json::{Value, json};
use std::sync::Arc;

/// What the directory has for its targets beside what is stored.
#[derive(Default)]
pub struct Targets {
    /// The key of their credentials.
    pub keys: secret::KeyFile,
    /// Where orders are given to whoever serves the targets.
    pub desk: desk::Desk,
    /// What each target is doing.
    pub live: live::Live,
    /// The last calls to each target.
    pub calls: calls::Calls,
}

/// A target as it is now.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The tenant's number.
    pub tenant: u32,
    /// The tenant's name.
    pub tenant_name: String,
    /// Its number.
    pub number: u32,
    /// Its settings.
    pub target: Target,
    /// Changes with every change of the settings.
    pub revision: u64,
    /// When they were changed last, in milliseconds since the epoch.
    pub updated_ms: i64,
}

/// A page of targets.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The targets, in the order of their creation.
    pub targets: Vec<Shown>,
    /// The number of the last one, when there may be more.
    pub next: Option<u32>,
}

/// Makes a target. One that is there with the same settings is shown instead; the flag says whether it was made. The secret of a target
/// that is there is not compared.
///
/// # Errors
/// `NotFound` for the tenant, `Fields`, `Exists` when it is there with other settings, `Exhausted`, `State` when the secret cannot be
/// sealed.
pub async fn create(
    directory: &Directory,
    admin: &Admin,
    tenant: &str,
    wanted: Target,
    secret: &str,
) -> Result<(Shown, bool), Refused> {
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let place = place(directory, &snapshot, tenant).await?;
        check::settings(&place, &wanted, Some(secret))?;
        let tenant_number = place.number;
        if let Some(number) = number(&snapshot, tenant_number, &wanted.name).await? {
            let there = show(&snapshot, &place, number).await?.ok_or_else(|| missing(&wanted.name))?;
            let same = Target { created_ms: there.target.created_ms, sealed: there.target.sealed.clone(), ..wanted };
            return match same == there.target {
                true => Ok((there, false)),
                false => Err(Refused::Exists(Noun::Target, same.name, "with other settings".to_owned())),
            };
        }
        let mark = keys::targets_made(tenant_number);
        let made = snapshot.get(&mark).await.map_err(store_error)?;
        let number = match &made {
            Some(made) => record::unpack_number(&made.value)?.saturating_add(1),
            None => 1,
        };
        if all(&snapshot, tenant_number).await?.len() >= limits::TARGETS_MAX {
            let why = format!("the tenant has {} targets already, as many as there may be", limits::TARGETS_MAX);
            return Err(Refused::Exhausted { reason: "TOO_MANY_TARGETS", why });
        }
        let sealed = directory.targets.keys.seal(tenant_number, number, secret)?;
        let target = Target { sealed, created_ms: directory.clock().now_ms(), ..wanted.clone() };
        let mut batch = of(directory, tenant_number);
        views::ground(&snapshot, &place, &target.mapping).await?.hold(&mut batch);
        match made {
            Some(made) => batch.expect_unchanged(mark.clone(), made.stamp.revision),
            None => batch.expect_absent(mark.clone()),
        }
        batch.put(mark, record::pack_number(number));
        batch.expect_absent(keys::target_name(tenant_number, &target.name));
        batch.put(keys::target_name(tenant_number, &target.name), record::pack_number(number));
        batch.put(keys::target(tenant_number, number), record::pack(&target)?);
        let act = Act { action: "target.create", tenant, target: &target.name };
        audit::add(&mut batch, admin, act, None, Some(&told(&target)?))?;
        if directory.commit(batch).await?.is_some() {
            directory.targets.desk.wake();
            return Ok((get(directory, tenant, &target.name).await?, true));
        }
    }
    Err(super::contended().into())
}

/// One target, by its name.
pub async fn get(directory: &Directory, tenant: &str, name: &str) -> Result<Shown, Refused> {
    let snapshot = directory.snapshot().await?;
    let place = place(directory, &snapshot, tenant).await?;
    let number = number(&snapshot, place.number, name).await?.ok_or_else(|| missing(name))?;
    show(&snapshot, &place, number).await?.ok_or_else(|| missing(name))
}

/// Up to `limit` targets that were made after the one of the number `after`.
pub async fn list(directory: &Directory, tenant: &str, after: Option<u32>, limit: usize) -> Result<Listed, Refused> {
    let snapshot = directory.snapshot().await?;
    let place = place(directory, &snapshot, tenant).await?;
    let mut targets = Vec::new();
    for number in all(&snapshot, place.number).await?.into_iter().filter(|number| after.is_none_or(|a| *number > a)) {
        if targets.len() == limit {
            let next = targets.last().map(|shown: &Shown| shown.number);
            return Ok(Listed { targets, next });
        }
        targets.extend(show(&snapshot, &place, number).await?);
    }
    Ok(Listed { targets, next: None })
}

/// Changes settings by `change`, and the secret where one is given, if they are still at `revision` where that is given.
///
/// # Errors
/// `NotFound`, `Changed`, `Fields`, `State` when the secret cannot be sealed.
pub async fn update(
    directory: &Directory,
    admin: &Admin,
    (tenant, name): (&str, &str),
    revision: Option<u64>,
    secret: Option<&str>,
    change: impl Fn(&mut Target),
) -> Result<Shown, Refused> {
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let place = place(directory, &snapshot, tenant).await?;
        let number = number(&snapshot, place.number, name).await?.ok_or_else(|| missing(name))?;
        let shown = show(&snapshot, &place, number).await?.ok_or_else(|| missing(name))?;
        if revision.is_some_and(|revision| revision != shown.revision) {
            return Err(Refused::Changed);
        }
        let mut target = shown.target.clone();
        change(&mut target);
        check::settings(&place, &target, secret)?;
        check::secret_goes_nowhere_else(&shown.target, &target, secret)?;
        if let Some(secret) = secret {
            target.sealed = directory.targets.keys.seal(place.number, number, secret)?;
        }
        if target == shown.target {
            return Ok(shown);
        }
        let mut batch = of(directory, place.number);
        if target.mapping != shown.target.mapping {
            views::ground(&snapshot, &place, &target.mapping).await?.hold(&mut batch);
        }
        batch.expect_unchanged(keys::target(place.number, number), shown.revision);
        batch.put(keys::target(place.number, number), record::pack(&target)?);
        if is_elsewhere(&shown.target, &target) {
            state::begin_anew(&snapshot, &mut batch, place.number, number).await?;
        }
        let act = Act { action: "target.update", tenant, target: name };
        audit::add(&mut batch, admin, act, Some(&told(&shown.target)?), Some(&told(&target)?))?;
        if directory.commit(batch).await?.is_some() {
            directory.targets.desk.wake();
            return get(directory, tenant, name).await;
        }
    }
    Err(super::contended().into())
}

/// Deletes a target with all that is kept of it; what it was sent stays there. What is kept goes in bounded batches afterwards, see
/// [`sweep`].
pub async fn delete(directory: &Directory, admin: &Admin, tenant: &str, name: &str) -> Result<(), Refused> {
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let place = place(directory, &snapshot, tenant).await?;
        let number = number(&snapshot, place.number, name).await?.ok_or_else(|| missing(name))?;
        let shown = show(&snapshot, &place, number).await?.ok_or_else(|| missing(name))?;
        let mut batch = of(directory, place.number);
        batch.expect_unchanged(keys::target(place.number, number), shown.revision);
        batch.delete(keys::target(place.number, number));
        batch.delete(keys::target_name(place.number, name));
        batch.put(keys::target_gone(place.number, number), record::PRESENT);
        let act = Act { action: "target.delete", tenant, target: name };
        audit::add(&mut batch, admin, act, Some(&told(&shown.target)?), None)?;
        if directory.commit(batch).await?.is_some() {
            directory.targets.live.forget(place.number, Some(number));
            directory.targets.calls.forget(place.number, Some(number));
            directory.targets.desk.wake();
            return Ok(());
        }
    }
    Err(super::contended().into())
}

/// Removes what is kept of targets that were deleted.
pub async fn sweep(directory: &Directory, tenant: u32) -> Result<(), Error> {
    let snapshot = directory.snapshot().await?;
    let prefix = keys::targets_gone(tenant);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: limits::SCAN_ROWS, values: false };
    let page = snapshot.scan(&scan).await.map_err(store_error)?;
    for number in page.iter().filter_map(|row| keys::target_of(row.key)) {
        for prefix in keys::target_belongings(tenant, number) {
            state::clear(directory, &prefix).await?;
        }
        let mut batch = directory.batch();
        batch.delete(keys::target_gone(tenant, number));
        directory.commit(batch).await?;
    }
    Ok(())
}

/// All targets of all tenants that are open: what is to be served. Each with its tenant.
pub async fn served(directory: &Directory) -> Result<Vec<(Arc<Tenant>, Shown)>, Error> {
    let snapshot = directory.snapshot().await?;
    let mut served = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        // From one tenant that has targets to the next one.
        let scan = Scan { prefix: keys::TARGETS, after: after.as_deref(), skip: 0, limit: 1, values: false };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        let Some(number) = page.last_key().and_then(keys::tenant_of) else { return Ok(served) };
        after = Some(keys::targets_end(number));
        let Some(tenant) = tenant::by_number(directory, &snapshot, number).await? else { continue };
        for target in all(&snapshot, number).await?.into_iter().filter(|_| tenant.is_open) {
            served.extend(show(&snapshot, &tenant, target).await?.map(|shown| (tenant.clone(), shown)));
        }
    }
}

/// The tenants in which targets were deleted and not yet swept.
pub async fn unswept(directory: &Directory) -> Result<Vec<u32>, Error> {
    let snapshot = directory.snapshot().await?;
    let mut unswept = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let scan = Scan { prefix: keys::TARGETS, after: after.as_deref(), skip: 0, limit: 1, values: false };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        let Some(tenant) = page.last_key().and_then(keys::tenant_of) else { return Ok(unswept) };
        after = Some(keys::targets_end(tenant));
        let prefix = keys::targets_gone(tenant);
        let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: 1, values: false };
        if !snapshot.scan(&scan).await.map_err(store_error)?.is_empty() {
            unswept.push(tenant);
        }
    }
}

/// A batch about a tenant's targets. It relies on the tenant being there.
pub(super) fn of(directory: &Directory, tenant: u32) -> Batch {
    let mut batch = directory.batch();
    batch.expect_exists(keys::tenant(tenant));
    batch
}

/// That there is no such target.
pub fn missing(name: &str) -> Refused {
    Refused::not_found(Noun::Target, name)
}

/// Whether what is known of the old target says nothing of the new one.
fn is_elsewhere(old: &Target, new: &Target) -> bool {
    old.kind != new.kind || old.url != new.url
}

/// What the audit log is told: everything but the secret.
fn told(target: &Target) -> Result<Value, Error> {
    let mut told = record::to_json(target)?;
    if let Some(members) = told.as_object_mut() {
        members.remove("sealed");
        // A secret that changed is told by its seal's own hash, which says nothing of it.
        let seal = crc32fast::hash(&target.sealed);
        members.insert("credentials".to_owned(), json!(format!("sealed {seal:08x}")));
    }
    Ok(told)
}

async fn place(directory: &Directory, snapshot: &Snapshot, name: &str) -> Result<Arc<Tenant>, Refused> {
    let number = tenant::number(snapshot, name).await?.ok_or_else(|| no_tenant(name))?;
    tenant::by_number(directory, snapshot, number).await?.ok_or_else(|| no_tenant(name))
}

async fn number(snapshot: &Snapshot, tenant: u32, name: &str) -> Result<Option<u32>, Error> {
    let entry = snapshot.get(&keys::target_name(tenant, name)).await.map_err(store_error)?;
    entry.map(|entry| record::unpack_number(&entry.value)).transpose()
}

async fn all(snapshot: &Snapshot, tenant: u32) -> Result<Vec<u32>, Error> {
    let prefix = keys::targets(tenant);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: limits::TARGETS_MAX, values: false };
    let page = snapshot.scan(&scan).await.map_err(store_error)?;
    Ok(page.iter().filter_map(|row| keys::target_of(row.key)).collect())
}

async fn show(snapshot: &Snapshot, tenant: &Tenant, number: u32) -> Result<Option<Shown>, Error> {
    let entry = snapshot.get(&keys::target(tenant.number, number)).await.map_err(store_error)?;
    let Some(entry) = entry else { return Ok(None) };
    Ok(Some(Shown {
        tenant: tenant.number,
        tenant_name: tenant.name.clone(),
        number,
        target: record::unpack(&entry.value)?,
        revision: entry.stamp.revision,
        updated_ms: entry.stamp.time_ms,
    }))
}

#[cfg(test)]
mod tests;
