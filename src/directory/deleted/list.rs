//! Looking at what was deleted and can come back.

use super::Was;
use crate::directory::{Call, keys, record, store_error};
use crate::scim::errors::Error;
use crate::store::Scan;
use uuid::Uuid;

/// A deleted resource, to be shown.
pub struct Shown {
    /// What it was.
    pub was: Was,
    /// When it can no longer come back, in milliseconds since the epoch.
    pub purge_ms: i64,
    /// How many members a group has that are still there.
    pub members: usize,
}

/// A page of them.
pub struct Page {
    /// In the order of their ids, which is that of their creation.
    pub items: Vec<Shown>,
    /// The last id that was looked at, when there may be more.
    pub next: Option<Uuid>,
}

/// Up to `limit` deleted resources of a type, after the one with the id `after`.
pub async fn list(call: &Call<'_>, code: u8, after: Option<Uuid>, limit: usize) -> Result<Page, Error> {
    let tenant = call.tenant.number;
    let snapshot = call.directory.snapshot().await?;
    let prefix = keys::gone_all(tenant, code);
    let after = after.map(|id| keys::gone(tenant, code, id));
    let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: true };
    let page = snapshot.scan(&scan).await.map_err(store_error)?;
    let mut items = Vec::with_capacity(page.len());
    for row in page.iter().filter(|row| super::is_in_time(call, row.stamp.time_ms)) {
        let Some(id) = keys::last_id(row.key) else { continue };
        let was = Was { id, code, stamp: row.stamp, deleted: record::unpack(row.value)? };
        let counter = keys::member_count(tenant, id, was.deleted.generation);
        let members = snapshot.count(&counter).await.map_err(store_error)?;
        let purge_ms = was.stamp.time_ms.saturating_add(call.tenant.deleted_kept_ms);
        items.push(Shown { was, purge_ms, members: usize::try_from(members).unwrap_or(0) });
    }
    let next = page.last_key().filter(|_| page.len() == limit).and_then(keys::last_id);
    Ok(Page { items, next })
}
