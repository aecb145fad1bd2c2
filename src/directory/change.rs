//! The change log: one entry for each resource that a batch changes, in that batch.

use super::record::{self, Change, ChangeKind};
use super::{Call, keys};
use crate::limits;
use crate::scim::errors::Error;
use crate::scim::schema::ResourceType;
use crate::store::Batch;
use serde_json::{Map, Value};
use uuid::Uuid;

/// An entry about one resource, to be filled in and added to the batch.
pub fn of(call: &Call<'_>, kind: ChangeKind, resource_type: &ResourceType, id: Uuid) -> Change {
    Change {
        kind,
        resource_type: resource_type.name.clone(),
        id: id.to_string(),
        actor: call.actor.token.clone(),
        request: call.actor.request.clone(),
        attributes: Vec::new(),
        rules: Vec::new(),
        members_added: Vec::new(),
        members_removed: Vec::new(),
        members_incomplete: false,
    }
}

/// Puts the entry into the batch. The store gives the key its revision, so that entries never wait for each other.
pub fn add(call: &Call<'_>, batch: &mut Batch, change: Change) -> Result<(), Error> {
    add_as(call, batch, 0, change)
}

/// [`add`] as the entry of this number in its commit: what follows from a change has a higher one than the change.
pub fn add_as(call: &Call<'_>, batch: &mut Batch, number: u8, change: Change) -> Result<(), Error> {
    let change = Change { rules: call.actor.rules.names(), ..change };
    batch.put_stamped(keys::log(call.tenant.number), [number], record::pack(&change)?);
    Ok(())
}

/// The names of the attributes that differ; those of an extension with its URN.
pub fn attributes(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<String> {
    let mut names = Vec::new();
    compare(old, new, "", &mut names);
    names
}

/// Lists member changes as far as there is room.
pub fn members(change: &mut Change, added: &[Uuid], removed: &[Uuid]) {
    if added.len() + removed.len() > limits::CHANGE_MEMBERS_MAX {
        change.members_incomplete = true;
        return;
    }
    change.members_added = added.iter().map(Uuid::to_string).collect();
    change.members_removed = removed.iter().map(Uuid::to_string).collect();
}

fn compare(old: &Map<String, Value>, new: &Map<String, Value>, prefix: &str, names: &mut Vec<String>) {
    let keys = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
    for key in keys {
        match (old.get(key), new.get(key)) {
            (a, b) if a == b => {}
            (a, b) if key.starts_with("urn:") => {
                let empty = Map::new();
                let object = |value: Option<&'_ Value>| value.and_then(Value::as_object).cloned();
                let (a, b) = (object(a), object(b));
                compare(a.as_ref().unwrap_or(&empty), b.as_ref().unwrap_or(&empty), &format!("{key}:"), names);
            }
            _ => names.push(format!("{prefix}{key}")),
        }
    }
}

#[cfg(test)]
mod tests;
