//! Whether a stored resource matches a filter. The record has most of what a filter can ask for; what is kept elsewhere (ids, times,
//! memberships) is put beside it only when the filter mentions it.

use super::members::{self, Group};
use super::record::{Record, Values};
use super::{Call, generation, keys, plan, view};
use crate::limits;
use crate::scim::datetime;
use crate::scim::errors::{Error, Kind};
use crate::scim::filter::Expr;
use crate::scim::path::Attr;
use crate::scim::schema::ResourceType;
use crate::store::{Entry, Snapshot};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// What has to stand beside a record so that a filter or a sort key can be read from it.
pub struct Needs {
    id: bool,
    schemas: bool,
    meta: bool,
    groups: bool,
    members: MembersNeeded,
}

enum MembersNeeded {
    None,
    /// Whether these are members is all that is asked.
    These(Vec<Uuid>),
    All,
}

impl Needs {
    /// Of a filter and a sort attribute.
    pub fn of(filter: Option<&Expr<'_>>, sort: Option<&Attr<'_>>) -> Needs {
        let mentions = |name: &str| {
            filter.is_some_and(|filter| filter.mentions(name)) || sort.is_some_and(|attr| attr.is_core(name))
        };
        let members = match (mentions("members"), filter.and_then(plan::member_ids)) {
            (false, _) => MembersNeeded::None,
            (true, Some(ids)) if sort.is_none_or(|attr| !attr.is_core("members")) => MembersNeeded::These(ids),
            (true, _) => MembersNeeded::All,
        };
        Needs {
            id: mentions("id"),
            schemas: mentions("schemas"),
            meta: mentions("meta"),
            groups: mentions("groups"),
            members,
        }
    }
}

/// The resource as far as it is needed.
pub async fn document(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    id: Uuid,
    entry: &Entry,
    needs: &Needs,
) -> Result<Map<String, Value>, Error> {
    let record = Record::decode(&entry.value)?;
    let mut document = record.attributes()?;
    if needs.id {
        document.insert("id".to_owned(), Value::from(id.to_string()));
    }
    if needs.schemas {
        document.insert("schemas".to_owned(), schemas(resource_type, &record));
    }
    if needs.meta {
        let entry = Entry { stamp: entry.stamp, value: entry.value.clone() };
        let view = view::of(call, snapshot, resource_type, id, entry).await?;
        let meta = json!({
            "resourceType": resource_type.name,
            "created": datetime::format_ms(view.created_ms(&record)),
            "lastModified": datetime::format_ms(view.modified_ms()),
            "location": super::answer::location(call.base, resource_type, id),
            "version": view.version(),
        });
        document.insert("meta".to_owned(), meta);
    }
    if needs.groups && keys::type_code(resource_type) == keys::USER {
        let entry = Entry { stamp: entry.stamp, value: entry.value.clone() };
        let view = view::of(call, snapshot, resource_type, id, entry).await?;
        let groups = view.groups.iter().map(|group| {
            let display: Value = serde_json::from_slice(&group.display).unwrap_or_default();
            let kind = if group.direct { "direct" } else { "indirect" };
            let reference = format!("{}/Groups/{}", call.base, group.id);
            json!({"value": group.id.to_string(), "$ref": reference, "display": display, "type": kind})
        });
        document.insert("groups".to_owned(), groups.collect());
    }
    if keys::type_code(resource_type) == keys::GROUP {
        let group = generation::of(&record, id);
        let list = match &needs.members {
            MembersNeeded::None => Vec::new(),
            MembersNeeded::These(ids) => some_members(call, snapshot, group, ids).await?,
            MembersNeeded::All => all_members(call, snapshot, group).await?,
        };
        document.insert("members".to_owned(), Value::Array(list));
    }
    Ok(document)
}

/// Whether a resource matches a filter: as everybody sees it, or as its identity provider sent it, which looks for what it sent.
pub async fn matches(
    call: &Call<'_>,
    snapshot: &Snapshot,
    (resource_type, id, entry): (&ResourceType, Uuid, &Entry),
    needs: &Needs,
    filter: &Expr<'_>,
) -> Result<bool, Error> {
    let document = document(call, snapshot, resource_type, id, entry, needs).await?;
    let record = Record::decode(&entry.value)?;
    if filter.matches(&document) || record.asserted.is_none() {
        return Ok(filter.matches(&document));
    }
    let Values { stored, asserted } = record.values()?;
    let mut sent = document.clone();
    sent.retain(|name, _| !stored.contains_key(name));
    sent.extend(asserted.unwrap_or_default());
    Ok(filter.matches_either(&document, &sent))
}

fn schemas(resource_type: &ResourceType, record: &Record<'_>) -> Value {
    let extensions = resource_type.extensions.iter().filter(|extension| record.has(extension));
    let urns = std::iter::once(&resource_type.schema.id).chain(extensions.map(|extension| &extension.schema.id));
    urns.map(|urn| Value::from(urn.as_str())).collect()
}

async fn some_members(call: &Call<'_>, snapshot: &Snapshot, group: Group, ids: &[Uuid]) -> Result<Vec<Value>, Error> {
    let rows: Vec<Vec<u8>> =
        ids.iter().map(|id| keys::member(call.tenant.number, group.id, group.generation, *id)).collect();
    let there = snapshot.get_many(&rows).await.map_err(super::store_error)?;
    let members = ids.iter().zip(there).filter(|(_, row)| row.is_some());
    Ok(members.map(|(id, _)| json!({"value": id.to_string()})).collect())
}

async fn all_members(call: &Call<'_>, snapshot: &Snapshot, group: Group) -> Result<Vec<Value>, Error> {
    let mut list = Vec::new();
    let mut after = None;
    while let Some(page) = members::page(snapshot, call.tenant.number, group, &mut after).await? {
        for row in page.iter() {
            list.push(members::element(call.base, &row)?);
        }
        if list.len() > limits::MEMBERS_FILTERED_MAX {
            let why =
                format!("the filter would look at more than {} members of one group", limits::MEMBERS_FILTERED_MAX);
            return Err(Error::new(Kind::TooMany, why));
        }
    }
    Ok(list)
}
