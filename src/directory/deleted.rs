//! What was deleted and can come back: the record goes from its place to another one, with what it is found by, and stays there for as
//! long as the tenant says. It is nothing to SCIM meanwhile; its names are free. A group's members keep their rows, which count for
//! nothing while there is no record with their generation.

pub mod list;
pub mod purge;
pub mod restore;

use super::index::{self, Entry};
use super::record::{self, Deleted, Record, Values};
use super::view::{self, View};
use super::{Call, keys, write};
use crate::limits;
use crate::scim::errors::Error;
use crate::scim::schema::ResourceType;
use crate::store::{self, Batch, Scan, Snapshot};
use uuid::Uuid;

/// A deleted resource.
pub struct Was {
    /// Its id.
    pub id: Uuid,
    /// The code of its type.
    pub code: u8,
    /// When it was deleted, and by which commit.
    pub stamp: store::Stamp,
    /// What it was.
    pub deleted: Deleted,
}

/// Puts a resource that the batch deletes among the deleted ones. `groups` are those that it was in itself.
pub fn keep(
    call: &Call<'_>,
    resource_type: &ResourceType,
    view: &View,
    groups: &[Uuid],
    batch: &mut Batch,
) -> Result<(), Error> {
    let (tenant, code) = (call.tenant.number, keys::type_code(resource_type));
    let record = view.record()?;
    let values = record.values()?;
    let found_by: Vec<Vec<u8>> = names(resource_type, &values).iter().map(found_by).collect();
    for name in &found_by {
        batch.put(keys::gone_by(tenant, code, name, view.id), record::PRESENT);
    }
    let deleted = Deleted {
        created_ms: view.created_ms(&record),
        generation: record.generation,
        groups: groups.iter().map(Uuid::to_string).collect(),
        found_by,
        attributes: values.stored,
        asserted: values.asserted,
    };
    batch.put(keys::gone(tenant, code, view.id), record::pack(&deleted)?);
    batch.put_stamped(keys::gone_times(tenant), keys::gone_in_time(code, view.id), record::PRESENT);
    Ok(())
}

/// The groups of these rows that a member is in, or will be in when they come back: not those of generations that were replaced.
pub async fn groups(snapshot: &Snapshot, tenant: u32, rows: &[(Uuid, u64)]) -> Result<Vec<Uuid>, Error> {
    let records: Vec<Vec<u8>> = rows.iter().map(|(group, _)| keys::record(tenant, keys::GROUP, *group)).collect();
    let entries = snapshot.get_many(&records).await.map_err(super::store_error)?;
    let mut groups = Vec::with_capacity(rows.len());
    for ((group, generation), entry) in rows.iter().zip(entries) {
        let counts = match entry {
            Some(entry) => Record::decode(&entry.value)?.generation == *generation,
            None => true,
        };
        if counts && !groups.contains(group) {
            groups.push(*group);
        }
    }
    Ok(groups)
}

/// The deleted resource with this id, if it can still come back.
pub async fn find(call: &Call<'_>, snapshot: &Snapshot, code: u8, id: Uuid) -> Result<Option<Was>, Error> {
    let entry = snapshot.get(&keys::gone(call.tenant.number, code, id)).await.map_err(super::store_error)?;
    let Some(entry) = entry.filter(|entry| is_in_time(call, entry.stamp.time_ms)) else { return Ok(None) };
    Ok(Some(Was { id, code, stamp: entry.stamp, deleted: record::unpack(&entry.value)? }))
}

/// The deleted resource that a new one with these values is again: the one with the same externalId; or else the one deleted last
/// that has the same name (userName, a group's displayName), unless both have an externalId, which then tells them apart.
pub async fn returning(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    values: &Values,
) -> Result<Option<Was>, Error> {
    let mut names = names(resource_type, values);
    names.sort_by_key(|entry| entry.name != EXTERNAL_ID);
    for entry in &names {
        let mut newest: Option<Was> = None;
        for was in holders(call, snapshot, keys::type_code(resource_type), entry).await? {
            let ids = (was.deleted.attributes.get(EXTERNAL_ID), values.stored.get(EXTERNAL_ID));
            let is_other = entry.name != EXTERNAL_ID && ids.0.is_some() && ids.1.is_some();
            let is_newer = newest.as_ref().is_none_or(|newest| newest.stamp.revision < was.stamp.revision);
            if !is_other && is_newer {
                newest = Some(was);
            }
        }
        if newest.is_some() {
            return Ok(newest);
        }
    }
    Ok(None)
}

/// Takes a resource from the deleted ones, if it is still as it was read.
pub fn take(batch: &mut Batch, tenant: u32, was: &Was) {
    let key = keys::gone(tenant, was.code, was.id);
    batch.expect_unchanged(key.clone(), was.stamp.revision);
    batch.delete(key);
    for name in &was.deleted.found_by {
        batch.delete(keys::gone_by(tenant, was.code, name, was.id));
    }
    batch.delete(keys::gone_at(tenant, was.stamp.revision, was.code, was.id));
}

/// Whether what was deleted then can still come back.
fn is_in_time(call: &Call<'_>, deleted_ms: i64) -> bool {
    deleted_ms.saturating_add(call.tenant.deleted_kept_ms) > call.directory.clock.now_ms()
}

async fn holders(call: &Call<'_>, snapshot: &Snapshot, code: u8, entry: &Entry<'_>) -> Result<Vec<Was>, Error> {
    let prefix = keys::gone_values(call.tenant.number, code, &found_by(entry));
    let limit = limits::DELETED_MATCHES_MAX;
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit, values: false };
    let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
    let mut holders = Vec::new();
    for id in page.iter().filter_map(|row| keys::last_id(row.key)) {
        holders.extend(find(call, snapshot, code, id).await?);
    }
    Ok(holders)
}

/// The values by which a resource is known to be itself.
fn names<'a>(resource_type: &'a ResourceType, values: &Values) -> Vec<Entry<'a>> {
    let is_group = keys::type_code(resource_type) == keys::GROUP;
    let is_name =
        |entry: &Entry<'_>| entry.unique || entry.name == EXTERNAL_ID || is_group && entry.name == write::GROUP_NAME;
    index::entries_of(resource_type, values).into_iter().filter(is_name).collect()
}

fn found_by(entry: &Entry<'_>) -> Vec<u8> {
    [&[entry.attribute][..], &entry.value].concat()
}

/// The ids of the groups that it was in.
pub fn groups_of(was: &Was) -> impl Iterator<Item = Uuid> {
    was.deleted.groups.iter().filter_map(|id| view::parse_id(id))
}

const EXTERNAL_ID: &str = "externalId";

#[cfg(test)]
mod tests;
