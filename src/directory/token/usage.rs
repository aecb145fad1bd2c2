//! What happens to tokens by themselves: their use is written down a few seconds later, so that no read waits for a write; the first
//! use of a successor may end the one before it; and a warning is given before a token ends.

use crate::directory::audit::{self, Act, Admin};
use crate::directory::record::{self, Token, TokenUse};
use crate::directory::{Directory, keys, store_error, tenant};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Scan, Snapshot};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Days before its end at which a warning is given, the earliest first.
pub const WARNINGS_DAYS: [u32; 3] = [30, 7, 1];

const DAY_MS: i64 = 86_400_000;

/// Uses that wait to be written down.
#[derive(Default)]
pub struct Uses {
    waiting: Mutex<HashMap<String, Use>>,
    wake: Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Use {
    first_ms: i64,
    last_ms: i64,
    from: IpAddr,
}

/// When a token ends that is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The tenant's name.
    pub tenant: String,
    /// The token's id.
    pub key_id: String,
    /// When, in milliseconds since the epoch.
    pub expires_ms: i64,
}

impl Uses {
    /// Notes a use. Most calls end at a look at `noted_ms`: a token is noted once a second.
    pub(super) fn note(&self, key_id: &str, noted_ms: &AtomicI64, from: IpAddr, now_ms: i64) {
        let before = noted_ms.load(Ordering::Relaxed);
        if before.saturating_add(limits::TOKEN_USE_NOTED_MS) > now_ms && before <= now_ms {
            return;
        }
        noted_ms.store(now_ms, Ordering::Relaxed);
        let mut waiting = self.lock();
        if let Some(used) = waiting.get_mut(key_id) {
            (used.last_ms, used.from) = (now_ms, from);
        } else if waiting.len() < limits::TOKEN_USES_MAX {
            waiting.insert(key_id.to_owned(), Use { first_ms: now_ms, last_ms: now_ms, from });
        }
        drop(waiting);
        if before == i64::MIN {
            // It may be the first use of a successor, which somebody waits for.
            self.wake.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Use>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Works until `stop` says so, and once more then.
pub async fn run(directory: Arc<Directory>, endings: impl Fn(Vec<Ending>), mut stop: watch::Receiver<bool>) {
    let mut looked = None;
    loop {
        let is_stopped = tokio::select! {
            () = directory.uses.wake.notified() => false,
            () = tokio::time::sleep(Duration::from_millis(limits::TOKEN_USE_PAUSE_MS)) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if let Err(error) = write_down(&directory).await {
            tracing::warn!(%error, "the uses of tokens will be written down later");
        }
        if is_stopped {
            return;
        }
        let pause = Duration::from_millis(limits::TOKEN_EXPIRY_PAUSE_MS);
        if looked.is_none_or(|looked: tokio::time::Instant| looked.elapsed() >= pause) {
            looked = Some(tokio::time::Instant::now());
            match warn(&directory).await {
                Ok(all) => endings(all),
                Err(error) => tracing::warn!(%error, "the ends of tokens will be looked at later"),
            }
        }
    }
}

/// Writes down the uses that wait. What cannot be written waits on.
pub async fn write_down(directory: &Directory) -> Result<(), Error> {
    let waiting = std::mem::take(&mut *directory.uses.lock());
    for (key_id, used) in &waiting {
        if let Err(error) = write_use(directory, key_id, *used).await {
            let mut again = directory.uses.lock();
            for (key_id, used) in waiting {
                again.entry(key_id).and_modify(|later| later.first_ms = used.first_ms).or_insert(used);
            }
            return Err(error);
        }
    }
    Ok(())
}

async fn write_use(directory: &Directory, key_id: &str, used: Use) -> Result<(), Error> {
    loop {
        let snapshot = directory.snapshot().await?;
        let Some((token, revision)) = read(&snapshot, key_id).await? else { return Ok(()) };
        let entry = snapshot.get(&keys::token_use(key_id)).await.map_err(store_error)?;
        let before: Option<TokenUse> = entry.map(|entry| record::unpack(&entry.value)).transpose()?;
        let mut batch = directory.batch();
        batch.expect_unchanged(keys::token(key_id), revision);
        let after = TokenUse {
            first_ms: before.as_ref().map_or(used.first_ms, |before| before.first_ms),
            last_ms: used.last_ms,
            address: used.from.to_canonical().to_string(),
        };
        batch.put(keys::token_use(key_id), record::pack(&after)?);
        if before.is_none() && token.replaces.is_some() {
            tracing::info!(token = key_id, "a token that takes another one's place was used for the first time");
            retire(directory, &snapshot, &token, used.first_ms, &mut batch).await?;
        }
        if directory.commit(batch).await?.is_some() {
            return Ok(());
        }
    }
}

/// Ends the token whose successor is in use now, when that was asked for.
async fn retire(
    directory: &Directory,
    snapshot: &Snapshot,
    successor: &Token,
    used_ms: i64,
    batch: &mut crate::store::Batch,
) -> Result<(), Error> {
    let Some(key_id) = &successor.replaces else { return Ok(()) };
    let Some((old, revision)) = read(snapshot, key_id).await? else { return Ok(()) };
    let Some(grace_ms) = old.retire_after_use_ms else { return Ok(()) };
    let end = used_ms.saturating_add(grace_ms);
    if old.revoked_ms.is_some() || old.expires_ms.is_some_and(|already| already <= end) {
        return Ok(());
    }
    let new = Token { expires_ms: Some(end), ..old.clone() };
    batch.expect_unchanged(keys::token(key_id), revision);
    batch.put(keys::token(key_id), record::pack(&new)?);
    let tenant = tenant::by_number(directory, snapshot, new.tenant).await?;
    let tenant = tenant.as_ref().map_or("", |tenant| &tenant.name);
    let act = Act { action: "token.retire", tenant, target: key_id };
    audit::add(batch, &Admin::server(), act, Some(&super::issue::plain(&old)), Some(&super::issue::plain(&new)))
}

/// Looks at all tokens: warns of those that end soon, once at each threshold, and tells when those end that are in use.
pub async fn warn(directory: &Directory) -> Result<Vec<Ending>, Error> {
    let now_ms = directory.clock.now_ms();
    let mut endings = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let snapshot = directory.snapshot().await?;
        let scan =
            Scan { prefix: keys::TOKENS, after: after.as_deref(), skip: 0, limit: limits::SCAN_ROWS, values: true };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        for row in page.iter() {
            let token: Token = record::unpack(row.value)?;
            let (Some(end), None) = (token.expires_ms.filter(|end| *end > now_ms), token.revoked_ms) else { continue };
            let Some(key_id) = keys::key_id(row.key) else { continue };
            let Some(tenant) = tenant::by_number(directory, &snapshot, token.tenant).await? else { continue };
            let ending = Ending { tenant: tenant.name.clone(), key_id: key_id.to_owned(), expires_ms: end };
            if let Some(days) = due(&token, end - now_ms) {
                give_warning(directory, &ending, row.stamp.revision, token, days).await?;
            }
            endings.push(ending);
        }
        match page.last_key() {
            Some(last) if page.len() == limits::SCAN_ROWS => after = Some(last.to_vec()),
            _ => return Ok(endings),
        }
    }
}

/// The threshold that the token has come to and that was not told yet. One that has a successor ends as it should, and one that was
/// made for less than the threshold has not come to it.
fn due(token: &Token, left_ms: i64) -> Option<u32> {
    let days = WARNINGS_DAYS.into_iter().rfind(|days| left_ms <= i64::from(*days) * DAY_MS)?;
    let is_new = token.warned_days.is_none_or(|warned| days < warned);
    let was_longer = token.lifetime_ms.is_none_or(|lifetime| lifetime > i64::from(days) * DAY_MS);
    (is_new && was_longer && token.replaced_by.is_none()).then_some(days)
}

/// As a log line and as an entry of the audit log, which can be watched.
async fn give_warning(
    directory: &Directory,
    ending: &Ending,
    revision: u64,
    token: Token,
    days: u32,
) -> Result<(), Error> {
    let new = Token { warned_days: Some(days), ..token.clone() };
    let mut batch = directory.batch();
    batch.expect_unchanged(keys::token(&ending.key_id), revision);
    batch.put(keys::token(&ending.key_id), record::pack(&new)?);
    let act = Act { action: "token.expiry_warning", tenant: &ending.tenant, target: &ending.key_id };
    let (before, after) = (super::issue::plain(&token), super::issue::plain(&new));
    audit::add(&mut batch, &Admin::server(), act, Some(&before), Some(&after))?;
    if directory.commit(batch).await?.is_some() {
        let (token, tenant) = (&ending.key_id, &ending.tenant);
        tracing::warn!(token, tenant, days, "a token ends within so many days; rotate it: scimd token rotate ID");
    }
    Ok(())
}

async fn read(snapshot: &Snapshot, key_id: &str) -> Result<Option<(Token, u64)>, Error> {
    let entry = snapshot.get(&keys::token(key_id)).await.map_err(store_error)?;
    entry.map(|entry| Ok((record::unpack(&entry.value)?, entry.stamp.revision))).transpose()
}

#[cfg(test)]
mod tests;
