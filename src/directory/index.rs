//! Index entries of a resource, and how a write brings them from the old state to the new one in its batch.

use super::keys;
use crate::scim::errors::{Error, Kind};
use crate::scim::filter::comparable;
use crate::scim::schema::{Attribute, ResourceType, Uniqueness};
use crate::store::{Batch, Snapshot};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// One value by which a resource is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry<'a> {
    /// The attribute's code in keys.
    pub attribute: u8,
    /// The attribute's name, for errors.
    pub name: &'a str,
    /// One resource at most may have the value, by the schema itself.
    pub unique: bool,
    /// The value as it stands in keys.
    pub value: Vec<u8>,
}

/// All entries of a resource with these attributes.
pub fn entries<'a>(resource_type: &'a ResourceType, attributes: &Map<String, Value>) -> BTreeSet<Entry<'a>> {
    let mut entries = BTreeSet::new();
    for attribute in indexed(resource_type) {
        let Some(code) = keys::attribute_code(attribute) else { continue };
        let Some(value) = attributes.get(&attribute.name) else { continue };
        let leaf = attribute.sub("value").unwrap_or(attribute);
        let texts = match value {
            Value::Array(list) => list.iter().filter_map(|element| element.get("value")?.as_str()).collect(),
            single => Vec::from_iter(single.as_str()),
        };
        entries.extend(texts.into_iter().map(|text| Entry {
            attribute: code,
            name: &attribute.name,
            unique: is_unique(attribute),
            value: keys::index_value(&comparable(leaf, text)),
        }));
    }
    entries
}

/// Whether the schema itself makes the attribute unique, which decides the index that it is in.
pub fn is_unique(attribute: &Attribute) -> bool {
    attribute.uniqueness != Uniqueness::None
}

/// Whose index a change is in.
pub struct Place<'a> {
    /// The tenant's number.
    pub tenant: u32,
    /// The resource type's code in keys.
    pub code: u8,
    /// The resource.
    pub id: Uuid,
    /// Names of attributes that the tenant's dialect makes unique beside those of the schema.
    pub also_unique: &'a [&'a str],
}

/// Puts the difference between the entries into the batch. A value that must be unique and is taken is `uniqueness`;
/// whether it still is free when the batch is committed is an expectation of the batch.
pub async fn change(
    place: &Place<'_>,
    old: &BTreeSet<Entry<'_>>,
    new: &BTreeSet<Entry<'_>>,
    snapshot: &Snapshot,
    batch: &mut Batch,
) -> Result<(), Error> {
    for entry in old.difference(new) {
        batch.delete(key(place.tenant, place.code, place.id, entry));
    }
    for entry in new.difference(old) {
        let key = key(place.tenant, place.code, place.id, entry);
        if entry.unique {
            if let Some(taken) = snapshot.get(&key).await.map_err(super::store_error)? {
                return Err(taken_by(entry, Uuid::from_slice(&taken.value).ok()));
            }
            batch.expect_absent(key.clone());
            batch.put(key, place.id.as_bytes().as_slice());
        } else {
            if place.also_unique.contains(&entry.name) {
                claim(place, entry, snapshot, batch).await?;
            }
            batch.put(key, super::record::PRESENT);
        }
    }
    Ok(())
}

/// The key of an entry of the resource `id`.
pub fn key(tenant: u32, code: u8, id: Uuid, entry: &Entry<'_>) -> Vec<u8> {
    match entry.unique {
        true => keys::unique(tenant, code, entry.attribute, &entry.value),
        false => [&keys::index(tenant, code, entry.attribute, &entry.value)[..], id.as_bytes()].concat(),
    }
}

/// Uniqueness that a dialect asks for and the index does not give by itself: nobody has the value now, and nobody has claimed it
/// when the batch is committed.
async fn claim(place: &Place<'_>, entry: &Entry<'_>, snapshot: &Snapshot, batch: &mut Batch) -> Result<(), Error> {
    let holders = keys::index(place.tenant, place.code, entry.attribute, &entry.value);
    let scan = crate::store::Scan { prefix: &holders, after: None, skip: 0, limit: 2, values: false };
    let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
    let holder = page.iter().filter_map(|row| keys::last_id(row.key)).find(|id| *id != place.id);
    if holder.is_some() {
        return Err(taken_by(entry, holder));
    }
    let claim = keys::claim(place.tenant, place.code, entry.attribute, &entry.value);
    match snapshot.get(&claim).await.map_err(super::store_error)? {
        Some(last) => batch.expect_unchanged(claim.clone(), last.stamp.revision),
        None => batch.expect_absent(claim.clone()),
    }
    batch.put(claim, super::record::PRESENT);
    Ok(())
}

fn taken_by(entry: &Entry<'_>, holder: Option<Uuid>) -> Error {
    let by = holder.map(|id| format!(" by the resource {id}")).unwrap_or_default();
    Error::new(Kind::Uniqueness, format!("the value of '{}' is already taken{by}", entry.name))
}

fn indexed(resource_type: &ResourceType) -> impl Iterator<Item = &Attribute> {
    let external_id = ResourceType::common("externalId");
    external_id.into_iter().chain(&resource_type.schema.attributes).filter(|attribute| attribute.indexed)
}

#[cfg(test)]
mod tests;
