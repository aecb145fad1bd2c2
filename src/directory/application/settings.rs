//! Making, showing, changing and deleting applications. Each change goes with its audit entry in one commit, and is in force on the next
//! request.

use super::access::Seen;
use super::compile;
use super::password::Password;
use crate::directory::audit::{self, Act, Admin};
use crate::directory::definition::views;
use crate::directory::record::{self, Application, PasswordHash, PreviousPassword};
use crate::directory::refused::{Field, Noun, Refused};
use crate::directory::tenant::settings::no_tenant;
use crate::directory::tenant::{self, Tenant};
use crate::directory::{Directory, keys, store_error};
use crate::limits;
use crate::scim::errors::{Error, Kind, clip};
use crate::store::{Batch, Scan, Snapshot};
use serde_json::{Value, json};
use std::sync::Arc;

/// An application as admins see it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The tenant's name.
    pub tenant: String,
    /// Its name.
    pub name: String,
    /// What is stored of it.
    pub stored: Application,
    /// Changes with every change of the settings.
    pub revision: u64,
    /// When they were changed last, in milliseconds since the epoch.
    pub updated_ms: i64,
    /// When it was let in last, since the server's start.
    pub seen: Option<Seen>,
}

/// A page of applications.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The applications, in the order of their names.
    pub applications: Vec<Shown>,
    /// The name of the last one, when there may be more.
    pub next: Option<String>,
}

/// What becomes of a call that makes an application.
pub enum Made {
    /// It was made; the password is known now and never again.
    New(Shown, Password),
    /// One of this name is there in this tenant, with the same settings.
    There(Shown),
}

/// Makes an application with the settings of `wanted`, whose password is the given one or a new one.
///
/// # Errors
/// `Fields`, `NotFound` without such a tenant, `Exists` when the name is taken on the server, `Exhausted`.
pub async fn create(
    directory: &Directory,
    admin: &Admin,
    (tenant, name): (&str, &str),
    wanted: Application,
    password: Option<Password>,
) -> Result<Made, Refused> {
    let mut wrong = wrong_name(name);
    wrong.extend(password.as_ref().and_then(wrong_password));
    let mut hashed: Option<(Password, PasswordHash)> = None;
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let place = place(directory, &snapshot, tenant).await?;
        check(wrong.clone(), &place, name, &wanted)?;
        if let Some(there) = there(directory, &snapshot, &place, name).await? {
            return same(there, &wanted);
        }
        let prefix = keys::applications(place.number);
        let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: limits::APPLICATIONS_MAX, values: false };
        if snapshot.scan(&scan).await.map_err(store_error)?.len() >= limits::APPLICATIONS_MAX {
            let why =
                format!("the tenant has {} applications already, as many as there may be", limits::APPLICATIONS_MAX);
            return Err(Refused::Exhausted { reason: "TOO_MANY_APPLICATIONS", why });
        }
        let ground = views::ground(&snapshot, &place, &wanted.outbound).await?;
        drop(snapshot);
        let (secret, hash) = match hashed.take() {
            Some(hashed) => hashed,
            None => hash(password.clone().map_or_else(Password::random, Ok)?).await?,
        };
        let now_ms = directory.clock().now_ms();
        let stored = Application {
            password: hash.clone(),
            previous: None,
            password_ms: now_ms,
            view: view_after(0, now_ms),
            tokens_epoch: 0,
            created_ms: now_ms,
            ..wanted.clone()
        };
        let mut batch = of(directory, place.number);
        ground.hold(&mut batch);
        batch.expect_absent(keys::application_name(name));
        batch.expect_absent(keys::application(place.number, name));
        batch.put(keys::application_name(name), record::pack_number(place.number));
        batch.put(keys::application(place.number, name), record::pack(&stored)?);
        let act = Act { action: "application.create", tenant, target: name };
        audit::add(&mut batch, admin, act, None, Some(&told(&stored)?))?;
        if directory.commit(batch).await?.is_some() {
            return Ok(Made::New(get(directory, tenant, name).await?, secret));
        }
        hashed = Some((secret, hash));
    }
    Err(crate::directory::contended().into())
}

/// One application of a tenant.
///
/// # Errors
/// `NotFound`.
pub async fn get(directory: &Directory, tenant: &str, name: &str) -> Result<Shown, Refused> {
    let snapshot = directory.snapshot().await?;
    let place = place(directory, &snapshot, tenant).await?;
    show(directory, &snapshot, &place, name).await?.ok_or_else(|| missing(name))
}

/// Up to `limit` applications of a tenant whose names come after `after`.
///
/// # Errors
/// `NotFound` without such a tenant.
pub async fn list(directory: &Directory, tenant: &str, after: Option<&str>, limit: usize) -> Result<Listed, Refused> {
    let snapshot = directory.snapshot().await?;
    let place = place(directory, &snapshot, tenant).await?;
    let prefix = keys::applications(place.number);
    let after = after.map(|after| keys::application(place.number, after));
    let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: false };
    let page = snapshot.scan(&scan).await.map_err(store_error)?;
    let mut applications = Vec::with_capacity(page.len());
    for name in page.iter().filter_map(|row| keys::name_of_application(row.key)) {
        applications.extend(show(directory, &snapshot, &place, name).await?);
    }
    let next = page.last_key().filter(|_| page.len() == limit).and_then(keys::name_of_application);
    Ok(Listed { applications, next: next.map(str::to_owned) })
}

/// Changes settings by `change`, if they are still at `revision` where one is given. Passwords and counters stay as they are.
///
/// # Errors
/// `NotFound`, `Changed`, `Fields`.
pub async fn update(
    directory: &Directory,
    admin: &Admin,
    at: (&str, &str),
    revision: Option<u64>,
    change: impl Fn(&mut Application),
) -> Result<Shown, Refused> {
    let act = |old: &Application, place: &Arc<Tenant>| {
        let mut new = old.clone();
        change(&mut new);
        let mut new = Application {
            password: old.password.clone(),
            previous: old.previous.clone(),
            password_ms: old.password_ms,
            view: old.view,
            tokens_epoch: old.tokens_epoch,
            created_ms: old.created_ms,
            ..new
        };
        if sees_otherwise(old, &new) {
            new.view = view_after(old.view, directory.clock().now_ms());
        }
        check(Vec::new(), place, at.1, &new)?;
        Ok(new)
    };
    alter(directory, admin, at, "application.update", revision, act).await
}

/// Gives an application another password: the given one, or a new one. The old one is taken for `overlap_ms` more.
///
/// # Errors
/// `NotFound`, `Fields`.
pub async fn rotate_password(
    directory: &Directory,
    admin: &Admin,
    at: (&str, &str),
    password: Option<Password>,
    overlap_ms: i64,
) -> Result<(Shown, Password), Refused> {
    let mut wrong: Vec<Field> = password.as_ref().and_then(wrong_password).into_iter().collect();
    if !(0..=limits::APPLICATION_OVERLAP_MS_MAX).contains(&overlap_ms) {
        wrong.push(Field { name: "overlap", why: "it is longer than 7 days".to_owned() });
    }
    if !wrong.is_empty() {
        return Err(Refused::Fields(wrong));
    }
    get(directory, at.0, at.1).await?;
    let (secret, hash) = hash(password.map_or_else(Password::random, Ok)?).await?;
    let act = |old: &Application, _: &Arc<Tenant>| {
        let now_ms = directory.clock().now_ms();
        let previous = PreviousPassword { password: old.password.clone(), until_ms: now_ms.saturating_add(overlap_ms) };
        let previous = (overlap_ms > 0).then_some(previous);
        Ok(Application { password: hash.clone(), previous, password_ms: now_ms, ..old.clone() })
    };
    let shown = alter(directory, admin, at, "application.rotate_password", None, act).await?;
    Ok((shown, secret))
}

/// Ends all event tokens of an application, so that whoever follows its changes reads everything anew.
///
/// # Errors
/// `NotFound`.
pub async fn expire_tokens(directory: &Directory, admin: &Admin, at: (&str, &str)) -> Result<Shown, Refused> {
    let act = |old: &Application, _: &Arc<Tenant>| {
        Ok(Application { tokens_epoch: old.tokens_epoch.saturating_add(1), ..old.clone() })
    };
    alter(directory, admin, at, "application.expire_tokens", None, act).await
}

/// Deletes an application. What it has read it keeps.
///
/// # Errors
/// `NotFound`; `Changed` when it is no longer at `revision`, where one is given.
pub async fn delete(
    directory: &Directory,
    admin: &Admin,
    (tenant, name): (&str, &str),
    revision: Option<u64>,
) -> Result<(), Refused> {
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let place = place(directory, &snapshot, tenant).await?;
        let shown = show(directory, &snapshot, &place, name).await?.ok_or_else(|| missing(name))?;
        if revision.is_some_and(|revision| revision != shown.revision) {
            return Err(Refused::Changed);
        }
        let mut batch = of(directory, place.number);
        batch.expect_unchanged(keys::application(place.number, name), shown.revision);
        batch.delete(keys::application(place.number, name));
        batch.delete(keys::application_name(name));
        let act = Act { action: "application.delete", tenant, target: name };
        audit::add(&mut batch, admin, act, Some(&told(&shown.stored)?), None)?;
        if directory.commit(batch).await?.is_some() {
            directory.applications.forget(place.number, name);
            return Ok(());
        }
    }
    Err(crate::directory::contended().into())
}

/// One change of one application.
async fn alter(
    directory: &Directory,
    admin: &Admin,
    (tenant, name): (&str, &str),
    action: &str,
    revision: Option<u64>,
    change: impl Fn(&Application, &Arc<Tenant>) -> Result<Application, Refused>,
) -> Result<Shown, Refused> {
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let place = place(directory, &snapshot, tenant).await?;
        let shown = show(directory, &snapshot, &place, name).await?.ok_or_else(|| missing(name))?;
        if revision.is_some_and(|revision| revision != shown.revision) {
            return Err(Refused::Changed);
        }
        let new = change(&shown.stored, &place)?;
        if new == shown.stored {
            return Ok(shown);
        }
        let mut batch = of(directory, place.number);
        if new.outbound != shown.stored.outbound {
            views::ground(&snapshot, &place, &new.outbound).await?.hold(&mut batch);
        }
        batch.expect_unchanged(keys::application(place.number, name), shown.revision);
        batch.put(keys::application(place.number, name), record::pack(&new)?);
        let act = Act { action, tenant, target: name };
        audit::add(&mut batch, admin, act, Some(&told(&shown.stored)?), Some(&told(&new)?))?;
        if directory.commit(batch).await?.is_some() {
            return get(directory, tenant, name).await;
        }
    }
    Err(crate::directory::contended().into())
}

/// The application of this name, which may be another tenant's.
async fn there(
    directory: &Directory,
    snapshot: &Snapshot,
    place: &Tenant,
    name: &str,
) -> Result<Option<Shown>, Refused> {
    let owner = snapshot.get(&keys::application_name(name)).await.map_err(store_error)?;
    let Some(owner) = owner else { return Ok(None) };
    if record::unpack_number(&owner.value)? != place.number {
        let why = "it is another tenant's, and names are unique on the server".to_owned();
        return Err(Refused::Exists(Noun::Application, name.to_owned(), why));
    }
    Ok(show(directory, snapshot, place, name).await?)
}

/// The answer to making an application whose name is taken in this tenant.
fn same(there: Shown, wanted: &Application) -> Result<Made, Refused> {
    let stored = &there.stored;
    let is_same = wanted.product == stored.product
        && wanted.description == stored.description
        && wanted.networks == stored.networks
        && wanted.disabled == stored.disabled
        && !sees_otherwise(stored, wanted);
    match is_same {
        true => Ok(Made::There(there)),
        false => Err(Refused::Exists(Noun::Application, there.name, "with other settings".to_owned())),
    }
}

fn sees_otherwise(old: &Application, new: &Application) -> bool {
    old.include != new.include || old.exclude != new.exclude || old.users != new.users || old.outbound != new.outbound
}

/// The number of a new view: one that no application of this name had before, as long as the clock does not go back.
fn view_after(view: u64, now_ms: i64) -> u64 {
    view.saturating_add(1).max(u64::try_from(now_ms).unwrap_or(0))
}

async fn hash(password: Password) -> Result<(Password, PasswordHash), Error> {
    let hashed = tokio::task::spawn_blocking(move || password.hash().map(|hash| (password, hash)));
    hashed.await.map_err(|_| Error::new(Kind::Internal, "the password could not be hashed"))?
}

/// What the audit log is told: everything but the hashes.
fn told(stored: &Application) -> Result<Value, Error> {
    let mut told = record::to_json(stored)?;
    if let Some(members) = told.as_object_mut() {
        members.remove("password");
        members.remove("view");
        let until_ms = stored.previous.as_ref().map(|previous| previous.until_ms);
        members.insert("previous".to_owned(), json!(until_ms));
    }
    Ok(told)
}

/// A batch about a tenant's applications. It relies on the tenant being there.
fn of(directory: &Directory, tenant: u32) -> Batch {
    let mut batch = directory.batch();
    batch.expect_exists(keys::tenant(tenant));
    batch
}

fn missing(name: &str) -> Refused {
    Refused::not_found(Noun::Application, name)
}

async fn place(directory: &Directory, snapshot: &Snapshot, name: &str) -> Result<Arc<Tenant>, Refused> {
    let number = tenant::number(snapshot, name).await?.ok_or_else(|| no_tenant(name))?;
    tenant::by_number(directory, snapshot, number).await?.ok_or_else(|| no_tenant(name))
}

async fn show(directory: &Directory, snapshot: &Snapshot, tenant: &Tenant, name: &str) -> Result<Option<Shown>, Error> {
    let entry = snapshot.get(&keys::application(tenant.number, name)).await.map_err(store_error)?;
    let Some(entry) = entry else { return Ok(None) };
    Ok(Some(Shown {
        tenant: tenant.name.clone(),
        name: name.to_owned(),
        stored: record::unpack(&entry.value)?,
        revision: entry.stamp.revision,
        updated_ms: entry.stamp.time_ms,
        seen: directory.applications.seen(tenant.number, name),
    }))
}

fn wrong_name(name: &str) -> Vec<Field> {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    let is_end = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let ends_well = is_end(name.bytes().next()) && is_end(name.bytes().last());
    if ends_well && name.len() <= limits::APPLICATION_NAME_BYTES_MAX && name.bytes().all(is_part) {
        return Vec::new();
    }
    let what = "1 to 63 characters a-z, 0-9, \"-\", \"_\" and \".\", beginning and ending with a letter or digit";
    vec![Field { name: "application.name", why: format!("'{}' is not {what}", clip(name)) }]
}

fn wrong_password(password: &Password) -> Option<Field> {
    let length = password.expose().len();
    let (least, most) = (limits::APPLICATION_PASSWORD_BYTES_MIN, limits::APPLICATION_PASSWORD_BYTES_MAX);
    let is_sent_whole = password.expose().bytes().all(|b| b.is_ascii_graphic());
    let why = format!("it must be {least} to {most} visible ASCII characters; leave it out to have one made");
    (!(least..=most).contains(&length) || !is_sent_whole).then_some(Field { name: "password", why })
}

/// Everything that is wrong with the settings, at once.
fn check(mut wrong: Vec<Field>, tenant: &Arc<Tenant>, name: &str, stored: &Application) -> Result<(), Refused> {
    let mut refuse = |name, why: String| wrong.push(Field { name, why });
    if stored.description.len() > limits::DESCRIPTION_BYTES_MAX {
        refuse("application.description", format!("it is longer than {} bytes", limits::DESCRIPTION_BYTES_MAX));
    }
    if stored.networks.len() > limits::TOKEN_NETWORKS_MAX {
        refuse("application.allowed_networks", format!("more than {} networks", limits::TOKEN_NETWORKS_MAX));
    }
    let mut is_bounded = true;
    for (name, patterns) in
        [("application.filter.include_groups", &stored.include), ("application.filter.exclude_groups", &stored.exclude)]
    {
        if patterns.len() > limits::APPLICATION_PATTERNS_MAX {
            refuse(name, format!("more than {} patterns", limits::APPLICATION_PATTERNS_MAX));
            is_bounded = false;
        }
    }
    if is_bounded {
        wrong.extend(compile(tenant.clone(), name, stored).err().into_iter().flatten());
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Refused::Fields(wrong)),
    }
}

#[cfg(test)]
mod tests;
