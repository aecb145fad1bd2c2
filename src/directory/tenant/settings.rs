//! Making, showing and changing tenants. Each change goes with its audit entry in one commit, and is in force on the next request.

use super::FIRST;
use crate::directory::audit::{self, Act, Admin};
use crate::directory::record::{self, Tenant};
use crate::directory::refused::{Field, Noun, Refused};
use crate::directory::{Directory, count, keys, store_error};
use crate::limits;
use crate::profile;
use crate::scim::dialect::Quirk;
use crate::scim::errors::Error;
use crate::store::{Scan, Snapshot};

/// A tenant with what an admin wants to know of it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its number.
    pub number: u32,
    /// Its settings.
    pub settings: Tenant,
    /// When they were changed last, in milliseconds since the epoch.
    pub updated_ms: i64,
    /// Changes with every change of the settings.
    pub revision: u64,
    /// How many users it has.
    pub users: usize,
    /// How many groups it has.
    pub groups: usize,
}

/// A page of tenants.
pub struct Listed {
    /// The tenants, in the order of their creation.
    pub tenants: Vec<Shown>,
    /// The number of the last one, when there may be more.
    pub next: Option<u32>,
}

/// Makes a tenant. One that is there with the same settings is shown instead; the flag says whether it was made.
///
/// # Errors
/// `Fields`, `Exists` when it is there with other settings, `State` while one of that name is being deleted, `Exhausted`.
pub async fn create(directory: &Directory, admin: &Admin, wanted: Tenant) -> Result<(Shown, bool), Refused> {
    let settings = Tenant { created_ms: directory.clock().now_ms(), deleting: false, ..wanted };
    check(&settings)?;
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        if let Some(number) = super::number(&snapshot, &settings.name).await? {
            return there_already(&snapshot, number, &settings).await;
        }
        let made = snapshot.get(keys::TENANTS_MADE).await.map_err(store_error)?;
        let number = match &made {
            Some(made) => record::unpack_number(&made.value)?.saturating_add(1),
            None => FIRST,
        };
        if count_up_to(&snapshot, limits::TENANTS_MAX).await? >= limits::TENANTS_MAX {
            let why = format!("there are {} tenants already, as many as there may be", limits::TENANTS_MAX);
            return Err(Refused::Exhausted { reason: "TOO_MANY_TENANTS", why });
        }
        let mut batch = directory.batch();
        match made {
            Some(made) => batch.expect_unchanged(keys::TENANTS_MADE, made.stamp.revision),
            None => batch.expect_absent(keys::TENANTS_MADE),
        }
        batch.expect_absent(keys::tenant_name(&settings.name));
        batch.put(keys::TENANTS_MADE, record::pack_number(number));
        batch.put(keys::tenant(number), record::pack(&settings)?);
        batch.put(keys::tenant_name(&settings.name), record::pack_number(number));
        let act = Act { action: "tenant.create", tenant: &settings.name, target: &settings.name };
        audit::add(&mut batch, admin, act, None, Some(&settings))?;
        if directory.commit(batch).await?.is_some() {
            return Ok((get(directory, &settings.name).await?, true));
        }
    }
    Err(crate::directory::contended().into())
}

/// The answer to making a tenant whose name is taken.
async fn there_already(snapshot: &Snapshot, number: u32, wanted: &Tenant) -> Result<(Shown, bool), Refused> {
    let there = show(snapshot, number).await?.ok_or_else(|| no_tenant(&wanted.name))?;
    if there.settings.deleting {
        return Err(Refused::State { reason: "TENANT_BEING_DELETED", why: being_deleted(&wanted.name) });
    }
    match (Tenant { created_ms: there.settings.created_ms, ..wanted.clone() }) == there.settings {
        true => Ok((there, false)),
        false => Err(Refused::Exists(Noun::Tenant, wanted.name.clone(), "with other settings".to_owned())),
    }
}

/// One tenant, by its name.
pub async fn get(directory: &Directory, name: &str) -> Result<Shown, Refused> {
    let snapshot = directory.snapshot().await?;
    let number = super::number(&snapshot, name).await?.ok_or_else(|| no_tenant(name))?;
    show(&snapshot, number).await?.ok_or_else(|| no_tenant(name))
}

/// Up to `limit` tenants that were made after the one of the number `after`.
pub async fn list(directory: &Directory, after: Option<u32>, limit: usize) -> Result<Listed, Refused> {
    let snapshot = directory.snapshot().await?;
    let after = after.map(keys::tenant);
    let scan = Scan { prefix: keys::TENANTS, after: after.as_deref(), skip: 0, limit, values: false };
    let page = snapshot.scan(&scan).await.map_err(store_error)?;
    let mut tenants = Vec::with_capacity(page.len());
    for number in page.iter().filter_map(|row| keys::tenant_of(row.key)) {
        tenants.extend(show(&snapshot, number).await?);
    }
    let next = page.last_key().filter(|_| page.len() == limit).and_then(keys::tenant_of);
    Ok(Listed { tenants, next })
}

/// Changes settings by `change`, if they are still at `revision` where one is given.
///
/// # Errors
/// `NotFound`, `Changed`, `Fields`, `State` while it is being deleted.
pub async fn update(
    directory: &Directory,
    admin: &Admin,
    name: &str,
    revision: Option<u64>,
    change: impl Fn(&mut Tenant),
) -> Result<Shown, Refused> {
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let number = super::number(&snapshot, name).await?.ok_or_else(|| no_tenant(name))?;
        let shown = show(&snapshot, number).await?.ok_or_else(|| no_tenant(name))?;
        if shown.settings.deleting {
            return Err(Refused::State { reason: "TENANT_BEING_DELETED", why: being_deleted(name) });
        }
        if revision.is_some_and(|revision| revision != shown.revision) {
            return Err(Refused::Changed);
        }
        let mut settings = shown.settings.clone();
        change(&mut settings);
        check(&settings)?;
        if settings == shown.settings {
            return Ok(shown);
        }
        let mut batch = directory.batch();
        batch.expect_unchanged(keys::tenant(number), shown.revision);
        batch.put(keys::tenant(number), record::pack(&settings)?);
        let act = Act { action: "tenant.update", tenant: name, target: name };
        audit::add(&mut batch, admin, act, Some(&shown.settings), Some(&settings))?;
        if directory.commit(batch).await?.is_some() {
            return get(directory, name).await;
        }
    }
    Err(crate::directory::contended().into())
}

/// That there is no such tenant.
pub fn no_tenant(name: &str) -> Refused {
    Refused::not_found(Noun::Tenant, name)
}

fn being_deleted(name: &str) -> String {
    format!("the tenant '{name}' is being deleted; wait until that is done")
}

async fn show(snapshot: &Snapshot, number: u32) -> Result<Option<Shown>, Error> {
    let entry = snapshot.get(&keys::tenant(number)).await.map_err(store_error)?;
    let Some(entry) = entry else { return Ok(None) };
    Ok(Some(Shown {
        number,
        settings: record::unpack(&entry.value)?,
        updated_ms: entry.stamp.time_ms,
        revision: entry.stamp.revision,
        users: count::total(snapshot, number, keys::USER).await?,
        groups: count::total(snapshot, number, keys::GROUP).await?,
    }))
}

async fn count_up_to(snapshot: &Snapshot, limit: usize) -> Result<usize, Error> {
    let scan = Scan { prefix: keys::TENANTS, after: None, skip: 0, limit, values: false };
    Ok(snapshot.scan(&scan).await.map_err(store_error)?.len())
}

/// Everything that is wrong with the settings, at once.
fn check(settings: &Tenant) -> Result<(), Refused> {
    let mut wrong = Vec::new();
    let mut refuse = |name, why: String| wrong.push(Field { name, why });
    if !is_name(&settings.name) {
        let why = "1 to 63 characters a-z, 0-9 and \"-\", beginning and ending with a letter or digit";
        refuse("tenant.name", format!("'{}' is not {why}", crate::scim::errors::clip(&settings.name)));
    }
    if settings.display_name.len() > limits::DESCRIPTION_BYTES_MAX {
        refuse("tenant.display_name", format!("it is longer than {} bytes", limits::DESCRIPTION_BYTES_MAX));
    }
    if profile::by_name(&settings.profile).is_none() {
        let known: Vec<&str> = profile::names().collect();
        refuse("tenant.profile", format!("no profile is called so; there are {}", known.join(", ")));
    }
    if let Some(url) = settings.public_url.as_deref().filter(|url| !is_origin(url)) {
        let clipped = crate::scim::errors::clip(url);
        refuse("tenant.public_url", format!("'{clipped}' is not https://HOST or https://HOST:PORT"));
    }
    if let Some(name) = settings.quirks.keys().find(|name| Quirk::by_name(name).is_none()) {
        let clipped = crate::scim::errors::clip(name);
        refuse("tenant.quirks", format!("no quirk is called '{clipped}'; 'scimd profile get' lists them"));
    }
    if settings.deleted_kept_days > limits::DELETED_KEPT_DAYS_MAX {
        refuse("tenant.deleted_kept_days", format!("it is more than {}", limits::DELETED_KEPT_DAYS_MAX));
    }
    let rates = [
        ("tenant.requests_per_second_max", settings.requests_per_s_max),
        ("tenant.token_requests_per_second_max", settings.token_requests_per_s_max),
    ];
    for (name, rate) in rates {
        if rate > limits::REQUESTS_PER_S_MAX {
            refuse(name, format!("it is more than {}", limits::REQUESTS_PER_S_MAX));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Refused::Fields(wrong)),
    }
}

fn is_name(name: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let ends_well = !name.starts_with('-') && !name.ends_with('-');
    !name.is_empty() && name.len() <= limits::NAME_BYTES_MAX && ends_well && name.bytes().all(is_inner)
}

/// A scheme, a host and perhaps a port, and nothing behind.
fn is_origin(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b);
    rest.is_some_and(|rest| !rest.is_empty() && rest.len() <= 255 && rest.bytes().all(is_part))
}

#[cfg(test)]
mod tests;
