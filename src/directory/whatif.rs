//! What a change would do: a directory over a fork of the store, and the differences that its commits made. Nothing of it reaches the
//! store itself.

use super::places::Work;
use super::record::{self, Change, ChangeKind, Record};
use super::refused::Refused;
use super::{Directory, change, keys, tenant};
use crate::limits;
use crate::scim::errors::Error;
use crate::scim::schema::types::Types;
use crate::scim::schema::{self, ResourceType};
use crate::store::Snapshot;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

/// What would be done to one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Whether it would be made, changed or removed.
    pub kind: ChangeKind,
    /// The resource type's name.
    pub resource_type: String,
    /// Its id.
    pub id: String,
    /// The attributes that would have another value, in the order of the schema.
    pub attributes: Vec<Attribute>,
    /// Ids that would become members, as far as a change log lists them.
    pub members_added: Vec<String>,
    /// Ids that would be members no longer, as far as a change log lists them.
    pub members_removed: Vec<String>,
}

/// What one attribute would be.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Its path; that of an extension's begins with its URN. `members` stands for more members than are listed, with their number.
    pub path: String,
    /// The value now.
    pub before: Option<Value>,
    /// The value afterwards.
    pub after: Option<Value>,
}

/// A directory that begins as another one was and whose commits stay in memory.
pub struct Fork {
    /// The directory.
    pub directory: Arc<Directory>,
    /// The state that it began with.
    pub base: Snapshot,
    _place: OwnedSemaphorePermit,
}

/// Forks a directory as it is now.
///
/// # Errors
/// `Exhausted` when there are as many forks as there may be.
pub async fn fork(directory: &Directory) -> Result<Fork, Refused> {
    let place = directory.places.take(Work::Replay)?;
    let base = directory.snapshot().await?;
    let store = directory.store.fork(&base);
    Ok(Fork { directory: Arc::new(Directory::new(store, directory.clock.clone())), base, _place: place })
}

/// What the commits of a fork changed in a tenant, by its change log.
pub async fn differences(fork: &Fork, tenant: u32) -> Result<Vec<Difference>, Error> {
    let (now, base) = (fork.directory.snapshot().await?, &fork.base);
    let Some(types) = tenant::by_number(&fork.directory, &now, tenant).await?.map(|tenant| tenant.types.clone()) else {
        return Ok(Vec::new());
    };
    let mut differences: Vec<Difference> = Vec::new();
    for key in now.forked().iter().filter(|key| keys::log_number(key) == Some(tenant)) {
        let Some(entry) = now.get(key).await.map_err(super::store_error)? else { continue };
        let change: Change = record::unpack(&entry.value)?;
        let is_known = |known: &Difference| known.id == change.id && known.resource_type == change.resource_type;
        // A resource that one request changes in several commits has the attributes of the whole already.
        if let Some(known) = differences.iter().position(is_known).and_then(|at| differences.get_mut(at)) {
            known.members_added.extend(change.members_added);
            known.members_removed.extend(change.members_removed);
            continue;
        }
        if differences.len() == limits::REPLAY_DIFFERENCES_MAX {
            break;
        }
        differences.push(difference((base, &now), tenant, &types, change).await?);
    }
    Ok(differences)
}

async fn difference(
    (base, now): (&Snapshot, &Snapshot),
    tenant: u32,
    types: &Types,
    change: Change,
) -> Result<Difference, Error> {
    let resource_type = types.named(&change.resource_type);
    let mut attributes = Vec::new();
    if let (Some(resource_type), Ok(id)) = (resource_type, Uuid::try_parse(&change.id)) {
        let before = State::at(base, tenant, resource_type, id).await?;
        let after = State::at(now, tenant, resource_type, id).await?;
        let mut paths = change::attributes(&before.attributes, &after.attributes);
        paths.sort_by_key(|path| place(resource_type, path));
        attributes.extend(paths.into_iter().map(|path| Attribute {
            before: find(&before.attributes, &path),
            after: find(&after.attributes, &path),
            path,
        }));
        if change.members_incomplete {
            let number = |members| Some(Value::from(members));
            let path = "members".to_owned();
            attributes.push(Attribute { path, before: number(before.members), after: number(after.members) });
        }
    }
    Ok(Difference {
        kind: change.kind,
        resource_type: change.resource_type,
        id: change.id,
        attributes,
        members_added: change.members_added,
        members_removed: change.members_removed,
    })
}

/// A resource at one time; nothing when it is not there.
#[derive(Default)]
struct State {
    attributes: Map<String, Value>,
    members: i64,
}

impl State {
    async fn at(snapshot: &Snapshot, tenant: u32, resource_type: &ResourceType, id: Uuid) -> Result<State, Error> {
        let key = keys::record(tenant, keys::type_code(resource_type), id);
        let Some(entry) = snapshot.get(&key).await.map_err(super::store_error)? else { return Ok(State::default()) };
        let record = Record::decode(&entry.value)?;
        let count = snapshot.count(&keys::member_count(tenant, id, record.generation)).await;
        Ok(State { attributes: record.attributes()?, members: count.map_err(super::store_error)? })
    }
}

/// The value at a path as [`change::attributes`] writes it.
pub(super) fn find(attributes: &Map<String, Value>, path: &str) -> Option<Value> {
    if let Some(value) = attributes.get(path) {
        return Some(value.clone());
    }
    let (urn, name) = path.rsplit_once(':')?;
    attributes.get(urn)?.as_object()?.get(name).cloned()
}

/// Where an attribute stands in its type's schemas: those of all resources, those of the type, those of its extensions.
pub(super) fn place(resource_type: &ResourceType, path: &str) -> (usize, usize) {
    let (urn, name) = path.rsplit_once(':').unwrap_or(("", path));
    let within = |attributes: &[schema::Attribute]| attributes.iter().position(|known| known.name == name);
    if urn.is_empty() {
        return match within(schema::common()) {
            Some(at) => (0, at),
            None => (1, within(&resource_type.schema.attributes).unwrap_or(usize::MAX)),
        };
    }
    let extension = resource_type.extensions.iter().position(|known| known.schema.id == urn);
    let Some(known) = extension.and_then(|at| resource_type.extensions.get(at)) else { return (usize::MAX, 0) };
    (2 + extension.unwrap_or(0), within(&known.schema.attributes).unwrap_or(usize::MAX))
}
