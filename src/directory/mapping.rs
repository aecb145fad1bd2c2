//! A tenant's mapping: which version is in force, the versions before, and putting another one in force. What a mapping says is
//! data here; `check.rs` finds out whether it may be, and what it does is in `provision.rs`.
//!
//! The number of the version in force stands among the tenant's definitions, since every write of a resource relies on those: none is
//! made by a mapping that is in force no more.

pub mod check;
mod trial;
pub mod compare;
pub mod preview;
pub mod reapply;
pub mod survey;
pub mod seen;

use super::audit::{self, Act, Admin};
use super::definition::change::{Before, tenant_number};
use super::record::{self, Definitions};
use super::refused::{Noun, Refused};
use super::tenant::settings::no_tenant;
use super::tenant::{self, Tenant};
use super::{Directory, keys, store_error};
use crate::limits;
use crate::mapping::document::Document;
use crate::scim::errors::Error;
use crate::store::{Batch, Snapshot};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// Where a mapping is set, and by whom.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The data.
    pub directory: &'a Directory,
    /// By whom.
    pub admin: &'a Admin,
    /// The tenant's name.
    pub tenant: &'a str,
}

/// One version of a mapping.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Version {
    /// Its number, from 1; 0: there never was one.
    pub number: u64,
    /// Whether it is in force.
    pub in_force: bool,
    /// What is stored of it.
    pub stored: record::Mapping,
}

/// What the caller of a change knows, and why he makes it.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The version that must be in force; `None`: any.
    pub expected: Option<u64>,
    /// The fingerprint of what a preview saw; empty: none.
    pub fingerprint: String,
    /// Why.
    pub comment: String,
}

/// A page of versions.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The versions, the newest first.
    pub versions: Vec<Version>,
    /// The number of the last one, when there may be more.
    pub next: Option<u64>,
}

/// The version of this number; 0: the one in force.
///
/// # Errors
/// `NotFound` of the tenant or the version.
pub async fn get(directory: &Directory, name: &str, number: u64) -> Result<Version, Refused> {
    let snapshot = directory.snapshot().await?;
    let tenant = tenant_number(&snapshot, name).await?;
    let in_force = in_force(&snapshot, tenant).await?;
    match number {
        0 => read(&snapshot, tenant, in_force, in_force).await,
        number => read(&snapshot, tenant, number, in_force).await,
    }
}

/// Puts a mapping in force, if it is another one than that which is.
///
/// # Errors
/// `NotFound` of the tenant, `Named` with everything that is wrong, `Meanwhile`, `Obstacles` with `MAPPING_TEST_FAILED` or
/// `MAPPING_COLLIDES`, `State` while the tenant's definitions are being changed.
pub async fn set(site: Site<'_>, document: &Document, terms: &Terms) -> Result<(Version, Vec<String>), Refused> {
    change(site, document, terms, 0).await
}

/// Puts what an earlier version says in force again, as a new version; 0: what a tenant without a mapping has.
///
/// # Errors
/// As those of [`set`], and `NotFound` of the version. It may be refused where it was taken once: resources are others now.
pub async fn rollback(site: Site<'_>, number: u64, terms: &Terms) -> Result<Version, Refused> {
    if number == 0 && terms.expected.is_none() {
        return Err(Refused::field("expected_version", "it must be given to take every rule and policy away"));
    }
    let document = match number {
        0 => Document::default(),
        number => get(site.directory, site.tenant, number).await?.stored.document,
    };
    let comment = match terms.comment.as_str() {
        "" => format!("version {number} again"),
        comment => comment.to_owned(),
    };
    change(site, &document, &Terms { comment, ..terms.clone() }, number).await.map(|(version, _)| version)
}

/// Up to `limit` versions before the one of the number `before`, the newest first.
///
/// # Errors
/// `NotFound` of the tenant.
pub async fn list(directory: &Directory, name: &str, before: Option<u64>, limit: usize) -> Result<Listed, Refused> {
    let snapshot = directory.snapshot().await?;
    let tenant = tenant_number(&snapshot, name).await?;
    let in_force = in_force(&snapshot, tenant).await?;
    let mut listed = Listed::default();
    let newest = before.map_or(in_force, |before| in_force.min(before.saturating_sub(1)));
    for number in (1..=newest).rev() {
        if listed.versions.len() == limit {
            listed.next = listed.versions.last().map(|version| version.number);
            break;
        }
        match read(&snapshot, tenant, number, in_force).await {
            Ok(version) => listed.versions.push(version),
            // It, and all before it, are older than what is kept.
            Err(Refused::NotFound(..)) => break,
            Err(other) => return Err(other),
        }
    }
    Ok(listed)
}

/// What a preview saw: the mapping, and the version that was in force.
pub fn fingerprint(tenant: u32, in_force: u64, document: &Document) -> Result<String, Error> {
    let mut hash = Sha256::new();
    hash.update(tenant.to_be_bytes());
    hash.update(in_force.to_be_bytes());
    hash.update(record::pack(document)?);
    let mut text = String::new();
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// The number of the version in force; 0: there never was one.
pub async fn in_force(snapshot: &Snapshot, tenant: u32) -> Result<u64, Error> {
    let entry = snapshot.get(&keys::definitions(tenant)).await.map_err(store_error)?;
    let definitions: Option<Definitions> = entry.map(|entry| record::unpack(&entry.value)).transpose()?;
    Ok(definitions.map_or(0, |definitions| definitions.mapping))
}

/// Puts a mapping in force in a directory that is only a try, without asking whether it may be.
pub async fn try_out(fork: &Directory, tenant: u32, document: &Document) -> Result<Option<Arc<Tenant>>, Error> {
    let snapshot = fork.snapshot().await?;
    let Some(before) = Before::read(&snapshot, tenant).await? else { return Ok(None) };
    let stored = record::Mapping { document: document.clone(), ..record::Mapping::default() };
    let (batch, _) = batch(fork, &before, tenant, &stored)?;
    fork.commit(batch).await?;
    let snapshot = fork.snapshot().await?;
    tenant::by_number(fork, &snapshot, tenant).await
}

async fn change(
    site: Site<'_>,
    document: &Document,
    terms: &Terms,
    rollback_of: u64,
) -> Result<(Version, Vec<String>), Refused> {
    let Site { directory, admin, tenant: name } = site;
    is_bounded(document, &terms.comment)?;
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let number = tenant_number(&snapshot, name).await?;
        let before = Before::read(&snapshot, number).await?.ok_or_else(|| no_tenant(name))?;
        let tenant = tenant::by_number(directory, &snapshot, number).await?.ok_or_else(|| no_tenant(name))?;
        let now = before.definitions.mapping;
        is_expected(terms, number, now, document)?;
        let old = read(&snapshot, number, now, now).await?;
        if old.stored.document == *document {
            return Ok((old, Vec::new()));
        }
        if before.definitions.changing {
            let why = "the tenant's definitions are being changed by somebody else; try again".to_owned();
            return Err(Refused::State { reason: "DEFINITIONS_CHANGING", why });
        }
        let warnings = check::check(directory, &tenant, &old.stored.document, document).await?;
        let stored = record::Mapping {
            created_ms: directory.clock().now_ms(),
            author: admin.name.clone(),
            comment: terms.comment.clone(),
            rollback_of,
            document: document.clone(),
        };
        let (mut batch, made) = batch(directory, &before, number, &stored)?;
        let action = if rollback_of == 0 { "mapping.set" } else { "mapping.rollback" };
        let act = Act { action, tenant: name, target: name };
        audit::add(&mut batch, admin, act, Some(&told(now, &old.stored)), Some(&told(made, &stored)))?;
        if directory.commit(batch).await?.is_some() {
            return Ok((Version { number: made, in_force: true, stored }, warnings));
        }
    }
    Err(super::contended().into())
}

/// Everything that belongs to the change but its audit entry, and the number of the new version.
fn batch(directory: &Directory, before: &Before, tenant: u32, stored: &record::Mapping) -> Result<(Batch, u64), Error> {
    let made = before.definitions.mapping.saturating_add(1);
    let mut batch = before.batch(directory, &Definitions { mapping: made, ..before.definitions.clone() })?;
    batch.put(keys::mapping(tenant, made), record::pack(stored)?);
    if let Some(old) = made.checked_sub(limits::MAPPING_VERSIONS_MAX) {
        batch.delete(keys::mapping(tenant, old));
    }
    Ok((batch, made))
}

/// What the audit log says of a version; the version itself is kept.
#[derive(Serialize)]
struct Told<'a> {
    version: u64,
    comment: &'a str,
    rollback_of: u64,
    rules: Vec<&'a str>,
}

fn told(version: u64, stored: &record::Mapping) -> Told<'_> {
    let rules = stored.document.rules.iter().map(|rule| rule.name.as_str()).collect();
    Told { version, comment: &stored.comment, rollback_of: stored.rollback_of, rules }
}

fn is_bounded(document: &Document, comment: &str) -> Result<(), Refused> {
    if comment.len() > limits::MAPPING_COMMENT_BYTES_MAX {
        let why = format!("it is longer than {} bytes", limits::MAPPING_COMMENT_BYTES_MAX);
        return Err(Refused::field("mapping.comment", why));
    }
    match record::pack(document)?.len() > limits::MAPPING_BYTES_MAX {
        true => Err(Refused::field("mapping", format!("it is longer than {} bytes", limits::MAPPING_BYTES_MAX))),
        false => Ok(()),
    }
}

fn is_expected(terms: &Terms, tenant: u32, now: u64, document: &Document) -> Result<(), Refused> {
    if let Some(expected) = terms.expected.filter(|expected| *expected != now) {
        return Err(Refused::Meanwhile(format!("version {now} is in force, and not version {expected}")));
    }
    if !terms.fingerprint.is_empty() && terms.fingerprint != fingerprint(tenant, now, document)? {
        let why = format!("the fingerprint is of a preview of another mapping, or of one before version {now}");
        return Err(Refused::Meanwhile(format!("{why}; look at a preview again")));
    }
    Ok(())
}

async fn read(snapshot: &Snapshot, tenant: u32, number: u64, in_force: u64) -> Result<Version, Refused> {
    if number == 0 {
        return Ok(Version { in_force: true, ..Version::default() });
    }
    let entry = snapshot.get(&keys::mapping(tenant, number)).await.map_err(store_error)?;
    let entry = entry.ok_or_else(|| Refused::not_found(Noun::MappingVersion, &number.to_string()))?;
    Ok(Version { number, in_force: number == in_force, stored: record::unpack(&entry.value)? })
}

#[cfg(test)]
mod tests;
