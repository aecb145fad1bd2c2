//! Index entries of a resource, and how a write brings them from the old state to the new one in its batch.

use super::keys;
use super::record::Values;
use crate::scim::datetime;
use crate::scim::errors::{Error, Kind};
use crate::scim::filter::comparable;
use crate::scim::schema::{Attribute, Kind as Type, ResourceType, Uniqueness};
use crate::store::{Batch, Snapshot};
use serde_json::{Map, Value};
use std::borrow::Cow;
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
    let external_id = ResourceType::common("externalId");
    collect(external_id.into_iter().chain(&resource_type.schema.attributes), attributes, &mut entries);
    for extension in &resource_type.extensions {
        if let Some(Value::Object(object)) = attributes.get(&extension.schema.id) {
            collect(extension.schema.attributes.iter(), object, &mut entries);
        }
    }
    entries
}

/// All entries of a resource: it is found by what everybody sees, and by what its identity provider sent.
pub fn entries_of<'a>(resource_type: &'a ResourceType, values: &Values) -> BTreeSet<Entry<'a>> {
    let mut all = entries(resource_type, &values.stored);
    if let Some(asserted) = &values.asserted {
        all.extend(entries(resource_type, asserted));
    }
    all
}

/// The text of a number as its index has it; `None` where another number of the attribute's kind would have the same one.
pub fn number_text(kind: Type, number: f64) -> Option<String> {
    match kind {
        Type::Integer if number.fract() == 0.0 && number.abs() < EXACT_INTEGERS => Some((number as i64).to_string()),
        // Both zeros are equal.
        Type::Decimal => Some((number + 0.0).to_string()),
        _ => None,
    }
}

/// The text of a time as its index has it, by which equal times in different zones are one.
pub fn time_text(ms: i64) -> String {
    ms.to_string()
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

/// Whole numbers below this are exact as floats.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

fn collect<'a>(
    known: impl Iterator<Item = &'a Attribute>,
    holder: &Map<String, Value>,
    entries: &mut BTreeSet<Entry<'a>>,
) {
    for attribute in known.filter(|attribute| attribute.indexed) {
        let Some(code) = keys::attribute_code(attribute) else { continue };
        let Some(value) = holder.get(&attribute.name) else { continue };
        let leaf = attribute.sub("value").unwrap_or(attribute);
        let elements = match value {
            Value::Array(list) => list.as_slice(),
            single => std::slice::from_ref(single),
        };
        let texts = elements.iter().filter_map(|element| match element {
            Value::Object(object) => text(leaf, object.get("value")?),
            simple => text(leaf, simple),
        });
        entries.extend(texts.map(|text| Entry {
            attribute: code,
            name: &attribute.name,
            unique: is_unique(attribute),
            value: keys::index_value(&text),
        }));
    }
}

/// A value as filters compare it.
fn text<'v>(leaf: &Attribute, value: &'v Value) -> Option<Cow<'v, str>> {
    match (leaf.kind, value) {
        (Type::DateTime, Value::String(text)) => datetime::parse_ms(text).map(|ms| Cow::Owned(time_text(ms))),
        (_, Value::String(text)) => Some(comparable(leaf, text)),
        // Whole numbers are compared exactly here: unique ones may be long.
        (Type::Integer, Value::Number(number)) => Some(Cow::Owned(number.to_string())),
        (kind, Value::Number(number)) => number_text(kind, number.as_f64()?).map(Cow::Owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
