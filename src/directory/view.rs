//! A resource as a snapshot shows it: its record, with what rows elsewhere add to it, and the version that follows from both.

use super::membership::{self, GroupRef};
use super::record::Record;
use super::{Call, keys};
use crate::scim::errors::{Error, Kind};
use crate::scim::schema::ResourceType;
use crate::store::{Entry, Snapshot, Stamp};
use uuid::Uuid;

/// See the module.
pub struct View {
    /// The resource.
    pub id: Uuid,
    /// The record's bytes and when they were written.
    pub entry: Entry,
    /// When members last came or went (of a group), or memberships (of anything that can be a member).
    pub mark: Option<Stamp>,
    /// The groups that it is in; for users only, since groups do not show theirs (RFC 7643 section 4.2).
    pub groups: Vec<GroupRef>,
    /// The newest change of any of those groups' records.
    groups_newest: u64,
}

/// The resource `id`, or `NotFound`.
pub async fn find(call: &Call<'_>, snapshot: &Snapshot, resource_type: &ResourceType, id: Uuid) -> Result<View, Error> {
    let key = keys::record(call.tenant.number, keys::type_code(resource_type), id);
    match snapshot.get(&key).await.map_err(super::store_error)? {
        Some(entry) => of(call, snapshot, resource_type, id, entry).await,
        None => Err(missing(resource_type, &id.to_string())),
    }
}

/// The resource whose record has been read already.
pub async fn of(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    id: Uuid,
    entry: Entry,
) -> Result<View, Error> {
    let tenant = call.tenant.number;
    let mark = match keys::type_code(resource_type) {
        keys::USER => {
            let groups = membership::groups_of(snapshot, tenant, id).await?;
            return Ok(View { id, entry, mark: groups.mark, groups: groups.refs, groups_newest: groups.newest });
        }
        keys::GROUP => snapshot.get(&keys::members_mark(tenant, id)).await.map_err(super::store_error)?,
        // Nothing else is a member of groups, or has members.
        _ => None,
    };
    let mark = mark.map(|mark| mark.stamp);
    Ok(View { id, entry, mark, groups: Vec::new(), groups_newest: 0 })
}

/// The answer for an id that no resource of the type has, whatever the reason.
pub fn missing(resource_type: &ResourceType, id: &str) -> Error {
    let id = crate::scim::errors::clip(id);
    Error::new(Kind::NotFound, format!("there is no {} with the id '{id}'", resource_type.name))
}

/// The id in a URL. Only the form in which ids are given out is one: anything else is nobody's id.
pub fn id(resource_type: &ResourceType, text: &str) -> Result<Uuid, Error> {
    parse_id(text).ok_or_else(|| missing(resource_type, text))
}

/// A UUID in lower case with hyphens.
pub fn parse_id(text: &str) -> Option<Uuid> {
    let is_canonical = text.len() == 36 && !text.bytes().any(|b| b.is_ascii_uppercase());
    Uuid::try_parse(text).ok().filter(|_| is_canonical)
}

impl View {
    /// The record.
    pub fn record(&self) -> Result<Record<'_>, Error> {
        Record::decode(&self.entry.value)
    }

    /// When it was created, in milliseconds since the epoch.
    pub fn created_ms(&self, record: &Record<'_>) -> i64 {
        record.created_ms.unwrap_or(self.entry.stamp.time_ms)
    }

    /// When anything of it last changed, in milliseconds since the epoch.
    pub fn modified_ms(&self) -> i64 {
        self.mark.map_or(self.entry.stamp.time_ms, |mark| mark.time_ms.max(self.entry.stamp.time_ms))
    }

    /// The version as an entity tag (RFC 7644 section 3.14): the newest revision of anything in the answer, and the number of
    /// groups, which also changes when a group vanishes. It does not depend on the clock.
    pub fn version(&self) -> String {
        let mark = self.mark.map_or(0, |mark| mark.revision);
        version_of(self.entry.stamp.revision.max(mark).max(self.groups_newest), self.groups.len())
    }
}

/// The entity tag of a resource whose newest part has this revision, and that is in so many groups.
pub fn version_of(revision: u64, groups: usize) -> String {
    match groups {
        0 => format!("W/\"{revision}\""),
        _ => format!("W/\"{revision}.{groups}\""),
    }
}
