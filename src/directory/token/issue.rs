//! Making, showing, rotating and revoking tokens. Each change goes with its audit entry in one commit, and is in force on the next
//! request.

use super::secret::{PREFIX, Secret};
use crate::directory::audit::{self, Act, Admin};
use crate::directory::network::Network;
use crate::directory::record::{self, Token, TokenUse};
use crate::directory::refused::{Field, Noun, Refused};
use crate::directory::tenant::{self, settings::no_tenant};
use crate::directory::{Directory, keys, store_error};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Batch, Scan, Snapshot};
use serde::Serialize;

/// What a new token is to be.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What automation calls it; may be empty.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// It may not write.
    pub read_only: bool,
    /// How long it is valid, in milliseconds; `None`: until it is revoked.
    pub lifetime_ms: Option<i64>,
    /// Networks that it may be used from; empty: any.
    pub networks: Vec<Network>,
    /// Requests a second; 0: as the tenant says.
    pub requests_per_s_max: u32,
}

/// How a token is to be replaced.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    /// How long the old one stays valid, in milliseconds; `None`: a day.
    pub overlap_ms: Option<i64>,
    /// How long after the first use of the new one the old one ends, in milliseconds, if that is earlier.
    pub retire_after_use_ms: Option<i64>,
    /// How long the new one is valid, in milliseconds; `None`: as long as the old one was made for.
    pub lifetime_ms: Option<i64>,
}

/// A token as admins see it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its id.
    pub key_id: String,
    /// The tenant's name.
    pub tenant: String,
    /// What is stored of it.
    pub token: Token,
    /// When it was used, if it was.
    pub used: Option<TokenUse>,
}

/// A page of tokens.
pub struct Listed {
    /// The tokens, in the order of their creation.
    pub tokens: Vec<Shown>,
    /// Where to go on, when there may be more.
    pub next: Option<Vec<u8>>,
}

/// What becomes of a call that makes a token.
pub enum Made {
    /// It was made; the secret is known now and never again.
    New(Shown, Secret),
    /// One of this name is there with the same scope, life and networks.
    There(Shown),
}

/// A token as it stands in the audit log: without its hash.
#[derive(Debug, Serialize)]
pub struct Plain<'a> {
    name: &'a str,
    description: &'a str,
    read_only: bool,
    networks: &'a [Network],
    requests_per_s_max: u32,
    expires_ms: Option<i64>,
    revoked_ms: Option<i64>,
    replaces: Option<&'a str>,
    replaced_by: Option<&'a str>,
    warned_days: Option<u32>,
}

/// What may be told of a token.
pub fn plain(token: &Token) -> Plain<'_> {
    Plain {
        name: &token.name,
        description: &token.description,
        read_only: token.read_only,
        networks: &token.networks,
        requests_per_s_max: token.requests_per_s_max,
        expires_ms: token.expires_ms,
        revoked_ms: token.revoked_ms,
        replaces: token.replaces.as_deref(),
        replaced_by: token.replaced_by.as_deref(),
        warned_days: token.warned_days,
    }
}

/// Makes a token of a tenant.
///
/// # Errors
/// `Fields`, `NotFound` without such a tenant, `Exists` when the name is another token's, `Exhausted`.
pub async fn create(directory: &Directory, admin: &Admin, tenant: &str, wanted: &Wanted) -> Result<Made, Refused> {
    check(wanted)?;
    let secret = Secret::random()?;
    let key_id = secret.key_id();
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let number = tenant::number(&snapshot, tenant).await?.ok_or_else(|| no_tenant(tenant))?;
        let mut batch = directory.batch();
        batch.expect_exists(keys::tenant(number));
        if !wanted.name.is_empty() {
            // One that has come to its end does not keep its name from the next.
            let there = named(directory, &snapshot, number, &wanted.name).await?;
            let now_ms = directory.clock().now_ms();
            if let Some(there) = there.filter(|there| is_in_use(&there.key_id, &there.token, now_ms).is_ok()) {
                return same(there, wanted);
            }
            rely_on_name(&snapshot, number, &wanted.name, &mut batch).await?;
            batch.put(keys::token_name(number, &wanted.name), key_id.as_bytes());
        }
        make_room(&snapshot, admin, (number, tenant), directory.clock().now_ms(), &mut batch).await?;
        let token = new(number, &secret, wanted, directory.clock().now_ms());
        put(&mut batch, number, &key_id, &token)?;
        let act = Act { action: "token.create", tenant, target: &key_id };
        audit::add(&mut batch, admin, act, None, Some(&plain(&token)))?;
        if directory.commit(batch).await?.is_some() {
            return Ok(Made::New(get(directory, &key_id).await?, secret));
        }
    }
    Err(crate::directory::contended().into())
}

/// Makes a token that takes the place of another one, which stays valid for the overlap.
///
/// # Errors
/// `NotFound`, `Fields`, `State` when the old one is no longer in use or has a successor, `Exhausted`.
pub async fn rotate(
    directory: &Directory,
    admin: &Admin,
    key_id: &str,
    rotation: &Rotation,
) -> Result<(Shown, Secret, Shown), Refused> {
    check_rotation(rotation)?;
    let secret = Secret::random()?;
    let new_id = secret.key_id();
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let (old, revision) = find(&snapshot, key_id).await?;
        let now_ms = directory.clock().now_ms();
        is_in_use(key_id, &old, now_ms)?;
        if let Some(successor) = &old.replaced_by
            && find(&snapshot, successor).await.is_ok_and(|(successor, _)| successor.revoked_ms.is_none())
        {
            let why = format!("the token '{key_id}' has a successor, '{successor}'; rotate or revoke that one");
            return Err(Refused::State { reason: "TOKEN_ROTATED", why });
        }
        let lifetime_ms = rotation.lifetime_ms.or(old.lifetime_ms);
        let wanted = Wanted {
            name: old.name.clone(),
            description: old.description.clone(),
            read_only: old.read_only,
            lifetime_ms,
            networks: old.networks.clone(),
            requests_per_s_max: old.requests_per_s_max,
        };
        let new = Token { replaces: Some(key_id.to_owned()), ..new(old.tenant, &secret, &wanted, now_ms) };
        let end = now_ms.saturating_add(rotation.overlap_ms.unwrap_or(limits::TOKEN_OVERLAP_MS_DEFAULT));
        let retiring = Token {
            expires_ms: Some(old.expires_ms.map_or(end, |already| already.min(end))),
            replaced_by: Some(new_id.clone()),
            retire_after_use_ms: rotation.retire_after_use_ms,
            ..old.clone()
        };
        let mut batch = directory.batch();
        batch.expect_exists(keys::tenant(old.tenant));
        batch.expect_unchanged(keys::token(key_id), revision);
        batch.put(keys::token(key_id), record::pack(&retiring)?);
        put(&mut batch, old.tenant, &new_id, &new)?;
        if !old.name.is_empty() {
            // The name is free again when an earlier successor was revoked.
            let holder = named(directory, &snapshot, old.tenant, &old.name).await?;
            if let Some(other) = holder.filter(|holder| holder.key_id != key_id) {
                let why = format!("its id is '{}'; revoke it, or make a token of another name", other.key_id);
                return Err(Refused::Exists(Noun::Token, old.name, why));
            }
            rely_on_name(&snapshot, old.tenant, &old.name, &mut batch).await?;
            batch.put(keys::token_name(old.tenant, &old.name), new_id.as_bytes());
        }
        let name = tenant_name(directory, &snapshot, old.tenant).await?;
        make_room(&snapshot, admin, (old.tenant, &name), now_ms, &mut batch).await?;
        let act = Act { action: "token.rotate", tenant: &name, target: key_id };
        audit::add(&mut batch, admin, act, Some(&plain(&old)), Some(&plain(&retiring)))?;
        let act = Act { action: "token.create", tenant: &name, target: &new_id };
        audit::add(&mut batch, admin, act, None, Some(&plain(&new)))?;
        if directory.commit(batch).await?.is_some() {
            return Ok((get(directory, &new_id).await?, secret, get(directory, key_id).await?));
        }
    }
    Err(crate::directory::contended().into())
}

/// Ends a token for good.
///
/// # Errors
/// `NotFound`.
pub async fn revoke(directory: &Directory, admin: &Admin, key_id: &str) -> Result<Shown, Refused> {
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let (old, revision) = find(&snapshot, key_id).await?;
        if old.revoked_ms.is_some() {
            return get(directory, key_id).await;
        }
        let new = Token { revoked_ms: Some(directory.clock().now_ms()), ..old.clone() };
        let mut batch = directory.batch();
        batch.expect_unchanged(keys::token(key_id), revision);
        batch.put(keys::token(key_id), record::pack(&new)?);
        let has_name = named(directory, &snapshot, old.tenant, &old.name).await?;
        if has_name.is_some_and(|named| named.key_id == key_id) {
            rely_on_name(&snapshot, old.tenant, &old.name, &mut batch).await?;
            batch.delete(keys::token_name(old.tenant, &old.name));
        }
        let name = tenant_name(directory, &snapshot, old.tenant).await?;
        let act = Act { action: "token.revoke", tenant: &name, target: key_id };
        audit::add(&mut batch, admin, act, Some(&plain(&old)), Some(&plain(&new)))?;
        if directory.commit(batch).await?.is_some() {
            return get(directory, key_id).await;
        }
    }
    Err(crate::directory::contended().into())
}

/// One token, by its id.
pub async fn get(directory: &Directory, key_id: &str) -> Result<Shown, Refused> {
    let snapshot = directory.snapshot().await?;
    show(directory, &snapshot, key_id).await
}

/// Up to `limit` tokens of a tenant, after the place where an earlier page ended.
pub async fn list(directory: &Directory, tenant: &str, after: Option<&[u8]>, limit: usize) -> Result<Listed, Refused> {
    let snapshot = directory.snapshot().await?;
    let number = tenant::number(&snapshot, tenant).await?.ok_or_else(|| no_tenant(tenant))?;
    let prefix = keys::tokens(number);
    let after = after.map(|after| [&prefix[..], after].concat());
    let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: false };
    let page = snapshot.scan(&scan).await.map_err(store_error)?;
    let mut tokens = Vec::with_capacity(page.len());
    for key_id in page.iter().filter_map(|row| keys::key_id_of_token(row.key)) {
        tokens.push(show(directory, &snapshot, key_id).await?);
    }
    let last = page.last_key().filter(|_| page.len() == limit);
    Ok(Listed { tokens, next: last.and_then(|key| key.get(prefix.len()..)).map(<[u8]>::to_vec) })
}

/// A token's first record.
fn new(tenant: u32, secret: &Secret, wanted: &Wanted, now_ms: i64) -> Token {
    Token {
        tenant,
        hash: secret.hash(),
        created_ms: now_ms,
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        read_only: wanted.read_only,
        networks: wanted.networks.clone(),
        requests_per_s_max: wanted.requests_per_s_max,
        lifetime_ms: wanted.lifetime_ms,
        expires_ms: wanted.lifetime_ms.map(|lifetime| now_ms.saturating_add(lifetime)),
        ..Token::default()
    }
}

fn put(batch: &mut Batch, tenant: u32, key_id: &str, token: &Token) -> Result<(), Error> {
    batch.expect_absent(keys::token(key_id));
    batch.put(keys::token(key_id), record::pack(token)?);
    batch.put_stamped(keys::tokens(tenant), key_id, record::PRESENT);
    Ok(())
}

/// The answer to making a token whose name is taken.
fn same(there: Shown, wanted: &Wanted) -> Result<Made, Refused> {
    let token = &there.token;
    let is_same = token.read_only == wanted.read_only
        && token.networks == wanted.networks
        && token.lifetime_ms == wanted.lifetime_ms
        && token.requests_per_s_max == wanted.requests_per_s_max;
    match is_same {
        true => Ok(Made::There(there)),
        false => {
            let why = format!("it has another scope, life, limit or networks; its id is '{}'", there.key_id);
            Err(Refused::Exists(Noun::Token, wanted.name.clone(), why))
        }
    }
}

/// The unrevoked token of this name.
async fn named(directory: &Directory, snapshot: &Snapshot, tenant: u32, name: &str) -> Result<Option<Shown>, Refused> {
    let entry = snapshot.get(&keys::token_name(tenant, name)).await.map_err(store_error)?;
    match entry.as_ref().and_then(|entry| std::str::from_utf8(&entry.value).ok()) {
        Some(key_id) => show(directory, snapshot, key_id).await.map(Some),
        None => Ok(None),
    }
}

async fn rely_on_name(snapshot: &Snapshot, tenant: u32, name: &str, batch: &mut Batch) -> Result<(), Error> {
    let key = keys::token_name(tenant, name);
    let entry = snapshot.get(&key).await.map_err(store_error)?;
    crate::directory::write::rely_on(batch, key, entry.map(|entry| entry.stamp.revision));
    Ok(())
}

async fn find(snapshot: &Snapshot, key_id: &str) -> Result<(Token, u64), Refused> {
    let entry = snapshot.get(&keys::token(key_id)).await.map_err(store_error)?;
    let entry = entry.ok_or_else(|| Refused::not_found(Noun::Token, key_id))?;
    Ok((record::unpack(&entry.value)?, entry.stamp.revision))
}

async fn show(directory: &Directory, snapshot: &Snapshot, key_id: &str) -> Result<Shown, Refused> {
    let (token, _) = find(snapshot, key_id).await?;
    let used = snapshot.get(&keys::token_use(key_id)).await.map_err(store_error)?;
    let used = used.map(|used| record::unpack(&used.value)).transpose()?;
    let tenant = tenant_name(directory, snapshot, token.tenant).await?;
    Ok(Shown { key_id: key_id.to_owned(), tenant, token, used })
}

async fn tenant_name(directory: &Directory, snapshot: &Snapshot, number: u32) -> Result<String, Error> {
    let tenant = tenant::by_number(directory, snapshot, number).await?;
    Ok(tenant.map(|tenant| tenant.name.clone()).unwrap_or_default())
}

/// Sees to it that there is room for one more token of a tenant: where there are as many as there may be, the oldest one gives way that
/// has expired or was revoked.
async fn make_room(
    snapshot: &Snapshot,
    admin: &Admin,
    (tenant, tenant_name): (u32, &str),
    now_ms: i64,
    batch: &mut Batch,
) -> Result<(), Refused> {
    let prefix = keys::tokens(tenant);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: limits::TOKENS_MAX, values: false };
    let page = snapshot.scan(&scan).await.map_err(store_error)?;
    if page.len() < limits::TOKENS_MAX {
        return Ok(());
    }
    for row in page.iter() {
        let Some(key_id) = keys::key_id_of_token(row.key) else { continue };
        let (token, revision) = find(snapshot, key_id).await?;
        if is_in_use(key_id, &token, now_ms).is_ok() {
            continue;
        }
        batch.expect_unchanged(keys::token(key_id), revision);
        batch.delete(keys::token(key_id));
        batch.delete(keys::token_use(key_id));
        batch.delete(row.key);
        let name = keys::token_name(tenant, &token.name);
        let named = snapshot.get(&name).await.map_err(store_error)?;
        if let Some(named) = named.filter(|named| named.value == key_id.as_bytes()) {
            batch.expect_unchanged(name.clone(), named.stamp.revision);
            batch.delete(name);
        }
        let act = Act { action: "token.remove", tenant: tenant_name, target: key_id };
        return Ok(audit::add(batch, admin, act, Some(&plain(&token)), None)?);
    }
    let why = format!("the tenant has {} tokens in use already, as many as there may be", limits::TOKENS_MAX);
    Err(Refused::Exhausted { reason: "TOO_MANY_TOKENS", why })
}

fn is_in_use(key_id: &str, token: &Token, now_ms: i64) -> Result<(), Refused> {
    let state = match (token.revoked_ms, token.expires_ms) {
        (Some(_), _) => "was revoked",
        (None, Some(end)) if end <= now_ms => "has expired",
        _ => return Ok(()),
    };
    let why = format!("the token '{key_id}' {state}; make a new one with token create");
    Err(Refused::State { reason: "TOKEN_NOT_ACTIVE", why })
}

/// Everything that is wrong with what is wanted, at once.
fn check(wanted: &Wanted) -> Result<(), Refused> {
    let mut wrong = Vec::new();
    let mut refuse = |name, why: String| wrong.push(Field { name, why });
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if wanted.name.len() > limits::NAME_BYTES_MAX || !wanted.name.bytes().all(is_part) {
        refuse("name", "at most 63 characters a-z, 0-9, \"-\", \"_\" and \".\"".to_owned());
    }
    if wanted.description.len() > limits::DESCRIPTION_BYTES_MAX {
        refuse("description", format!("it is longer than {} bytes", limits::DESCRIPTION_BYTES_MAX));
    }
    if wanted.networks.len() > limits::TOKEN_NETWORKS_MAX {
        refuse("allowed_networks", format!("more than {} networks", limits::TOKEN_NETWORKS_MAX));
    }
    if wanted.requests_per_s_max > limits::REQUESTS_PER_S_MAX {
        refuse("requests_per_second_max", format!("it is more than {}", limits::REQUESTS_PER_S_MAX));
    }
    wrong.extend(wrong_lifetime(wanted.lifetime_ms));
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Refused::Fields(wrong)),
    }
}

fn check_rotation(rotation: &Rotation) -> Result<(), Refused> {
    let is_long = |ms: Option<i64>| ms.is_some_and(|ms| ms > limits::TOKEN_OVERLAP_MS_MAX);
    let too_long = |name| Field { name, why: "it is longer than 90 days".to_owned() };
    let mut wrong = Vec::new();
    wrong.extend(is_long(rotation.overlap_ms).then(|| too_long("overlap")));
    wrong.extend(is_long(rotation.retire_after_use_ms).then(|| too_long("retire_after_use")));
    wrong.extend(wrong_lifetime(rotation.lifetime_ms));
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Refused::Fields(wrong)),
    }
}

fn wrong_lifetime(lifetime_ms: Option<i64>) -> Option<Field> {
    let is_right = |ms| (limits::TOKEN_LIFETIME_MS_MIN..=limits::TOKEN_LIFETIME_MS_MAX).contains(&ms);
    let why = "it must be from a minute to 100 years".to_owned();
    lifetime_ms.is_some_and(|ms| !is_right(ms)).then_some(Field { name: "ttl", why })
}

/// What a secret begins with, by which people recognise it.
pub fn prefix(key_id: &str) -> String {
    format!("{PREFIX}{key_id}")
}

#[cfg(test)]
mod tests;
