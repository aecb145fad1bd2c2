//! Looking at a tenant's resources page by page, as admins do: in the order of their ids, going on after the last one seen, so that a
//! page costs the same wherever it is. It changes nothing and does not know how places are written as text.

use super::answer::{Content, Draft};
use super::members::Group;
use super::record::{Member, Record};
use super::refused::{Noun, Refused};
use super::view::{self, View};
use super::{Call, count, generation, index, keys, list};
use crate::limits;
use crate::scim::dialect::Reading;
use crate::scim::errors::{Error, Kind};
use crate::scim::filter::comparable;
use crate::scim::project::Projection;
use crate::scim::schema::ResourceType;
use crate::store::{Entry, Scan, Snapshot};
use serde_json::{Map, Value};
use std::ops::Bound;
use uuid::Uuid;

/// A resource as it is now.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its id.
    pub id: Uuid,
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
    /// When anything of it last changed, in milliseconds since the epoch.
    pub updated_ms: i64,
    /// Its entity tag.
    pub version: String,
    /// The representation that a GET gives, a group's without members.
    pub attributes: Map<String, Value>,
}

/// Some of the things there are.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The things.
    pub items: Vec<T>,
    /// After which id the next page goes on; `None` on the last one.
    pub next: Option<Uuid>,
    /// How many there are in all pages.
    pub total: usize,
}

/// A direct member of a group.
#[derive(Clone, Debug)]
pub struct Direct {
    /// Its id.
    pub id: Uuid,
    /// Its resource type's code in keys.
    pub code: u8,
    /// What answers call it; empty when it has no name.
    pub display: String,
}

/// Resources after the id `after`: at most `size`, and fewer when they are large.
pub async fn page(
    call: &Call<'_>,
    resource_type: &ResourceType,
    filter: Option<&str>,
    after: Option<Uuid>,
    size: usize,
) -> Result<Page<Seen>, Error> {
    let snapshot = call.directory.snapshot().await?;
    let (entries, total) = match filter {
        None => every(call, &snapshot, resource_type, after, size + 1).await?,
        Some(filter) => matching(call, &snapshot, resource_type, filter, after, size + 1).await?,
    };
    let mut page = Page { items: Vec::new(), next: None, total };
    let mut bytes = 0;
    for (id, entry) in entries {
        bytes += entry.value.len();
        if page.items.len() == size || (bytes > limits::ADMIN_PAGE_BYTES_MAX && !page.items.is_empty()) {
            page.next = page.items.last().map(|seen: &Seen| seen.id);
            break;
        }
        page.items.push(seen(call, &snapshot, resource_type, id, entry).await?);
    }
    Ok(page)
}

/// The resource with this id, or else the user or group with this name, which is compared as filters do.
pub async fn one(call: &Call<'_>, resource_type: &ResourceType, name: &str) -> Result<Seen, Refused> {
    let snapshot = call.directory.snapshot().await?;
    let id = find(call, &snapshot, resource_type, name).await?;
    let view = view::find(call, &snapshot, resource_type, id).await?;
    Ok(shown(call, &snapshot, resource_type, view).await?)
}

/// How many direct members a group has.
pub async fn member_count(call: &Call<'_>, id: Uuid) -> Result<usize, Error> {
    let snapshot = call.directory.snapshot().await?;
    match current(call, &snapshot, id).await? {
        Some(group) => counted(call, &snapshot, group).await,
        None => Ok(0),
    }
}

/// Direct members after the id `after` of the group with this id or name.
pub async fn members(
    call: &Call<'_>,
    resource_type: &ResourceType,
    name: &str,
    after: Option<Uuid>,
    size: usize,
) -> Result<Page<Direct>, Refused> {
    let snapshot = call.directory.snapshot().await?;
    let id = find(call, &snapshot, resource_type, name).await?;
    let Some(group) = current(call, &snapshot, id).await? else {
        return Err(Refused::not_found(Noun::Resource, name));
    };
    let prefix = keys::members(call.tenant.number, group.id, group.generation);
    let after = after.map(|id| [&prefix[..], id.as_bytes()].concat());
    let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit: size + 1, values: true };
    let rows = snapshot.scan(&scan).await.map_err(super::store_error)?;
    let mut page = Page { items: Vec::new(), next: None, total: counted(call, &snapshot, group).await? };
    for row in rows.iter() {
        let Some(id) = keys::last_id(row.key) else { continue };
        if page.items.len() == size {
            page.next = page.items.last().map(|member: &Direct| member.id);
            break;
        }
        let member = Member::decode(row.value)?;
        let display: Value = serde_json::from_slice(member.display).unwrap_or_default();
        let display = display.as_str().unwrap_or_default().to_owned();
        page.items.push(Direct { id, code: member.code, display });
    }
    Ok(page)
}

type Entries = Vec<(Uuid, Entry)>;

async fn every(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    after: Option<Uuid>,
    limit: usize,
) -> Result<(Entries, usize), Error> {
    let (tenant, code) = (call.tenant.number, keys::type_code(resource_type));
    let total = count::total(snapshot, tenant, code).await?;
    let prefix = keys::records(tenant, code);
    let after = after.map(|id| keys::record(tenant, code, id));
    let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: true };
    let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
    let entry = |row: crate::store::Row<'_>| {
        let entry = Entry { stamp: row.stamp, value: row.value.to_vec() };
        Some((keys::last_id(row.key)?, entry))
    };
    Ok((page.iter().filter_map(entry).collect(), total))
}

async fn matching(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    filter: &str,
    after: Option<Uuid>,
    limit: usize,
) -> Result<(Entries, usize), Error> {
    let mut reading = Reading::new(&call.tenant.dialect);
    let ids = list::matching_ids(call, snapshot, resource_type, filter, &mut reading).await?;
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let wanted: Vec<Uuid> = ids.range((start, Bound::Unbounded)).take(limit).copied().collect();
    let code = keys::type_code(resource_type);
    let records: Vec<Vec<u8>> = wanted.iter().map(|id| keys::record(call.tenant.number, code, *id)).collect();
    let entries = snapshot.get_many(&records).await.map_err(super::store_error)?;
    let entries = wanted.into_iter().zip(entries).filter_map(|(id, entry)| Some((id, entry?)));
    Ok((entries.collect(), ids.len()))
}

async fn seen(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    id: Uuid,
    entry: Entry,
) -> Result<Seen, Error> {
    let view = view::of(call, snapshot, resource_type, id, entry).await?;
    shown(call, snapshot, resource_type, view).await
}

async fn shown(call: &Call<'_>, snapshot: &Snapshot, resource_type: &ResourceType, view: View) -> Result<Seen, Error> {
    let mut reading = Reading::new(&call.tenant.dialect);
    let projection = match keys::type_code(resource_type) {
        keys::GROUP => Projection::new(resource_type, &[], &["members".to_owned()], &mut reading),
        _ => Projection::default(),
    };
    let mut draft = Draft::default();
    draft.resource(call, snapshot, resource_type, &view, &projection).await?;
    let attributes = match draft.finish(call, snapshot).await? {
        Content::Whole(json) => serde_json::from_slice(&json).ok(),
        // Only members are streamed, and there are none.
        Content::Empty | Content::Stream(_) => None,
    };
    let record = view.record()?;
    Ok(Seen {
        id: view.id,
        created_ms: view.created_ms(&record),
        updated_ms: view.modified_ms(),
        version: view.version(),
        attributes: attributes.ok_or_else(|| Error::new(Kind::Internal, "a stored record cannot be read"))?,
    })
}

/// The id of a resource that is named by its id or its name.
pub(super) async fn find(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    name: &str,
) -> Result<Uuid, Refused> {
    let (tenant, code) = (call.tenant.number, keys::type_code(resource_type));
    if let Some(id) = view::parse_id(name)
        && snapshot.get(&keys::record(tenant, code, id)).await.map_err(super::store_error)?.is_some()
    {
        return Ok(id);
    }
    let (field, attribute) = match code {
        keys::USER => ("user", "userName"),
        keys::GROUP => ("group", "displayName"),
        // Of other types nobody knows what names are.
        _ => return Err(Refused::not_found(Noun::Resource, name)),
    };
    if name.is_empty() {
        return Err(Refused::field(field, format!("it must be an id or a {attribute}")));
    }
    let mut holders = holders(snapshot, tenant, resource_type, attribute, name).await?;
    match (holders.pop(), holders.pop()) {
        (Some(id), None) => Ok(id),
        (Some(a), Some(b)) => {
            Err(Refused::field(field, format!("several have this {attribute}; use an id, such as {a} or {b}")))
        }
        _ => Err(Refused::not_found(Noun::Resource, name)),
    }
}

/// Up to two resources that have the value of an indexed attribute.
async fn holders(
    snapshot: &Snapshot,
    tenant: u32,
    resource_type: &ResourceType,
    attribute: &str,
    text: &str,
) -> Result<Vec<Uuid>, Error> {
    let code = keys::type_code(resource_type);
    let Some(schema) = resource_type.attribute(attribute) else { return Ok(Vec::new()) };
    let Some(number) = keys::attribute_code(schema) else { return Ok(Vec::new()) };
    let value = keys::index_value(&comparable(schema, text));
    if index::is_unique(schema) {
        let entry = snapshot.get(&keys::unique(tenant, code, number, &value)).await.map_err(super::store_error)?;
        return Ok(entry.and_then(|entry| Uuid::from_slice(&entry.value).ok()).into_iter().collect());
    }
    let prefix = keys::index(tenant, code, number, &value);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: 2, values: false };
    let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
    Ok(page.iter().filter_map(|row| keys::last_id(row.key)).collect())
}

/// The group with its generation, if it is there.
async fn current(call: &Call<'_>, snapshot: &Snapshot, id: Uuid) -> Result<Option<Group>, Error> {
    let key = keys::record(call.tenant.number, keys::GROUP, id);
    match snapshot.get(&key).await.map_err(super::store_error)? {
        Some(entry) => Ok(Some(generation::of(&Record::decode(&entry.value)?, id))),
        None => Ok(None),
    }
}

async fn counted(call: &Call<'_>, snapshot: &Snapshot, group: Group) -> Result<usize, Error> {
    let key = keys::member_count(call.tenant.number, group.id, group.generation);
    let count = snapshot.count(&key).await.map_err(super::store_error)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

#[cfg(test)]
mod tests;
