//! Creating a resource.

use super::answer::Answer;
use super::index::{self, Place};
use super::members::{self, Group, Plan, Wanted};
use super::patch::{self, Edit};
use super::record::{self, ChangeKind, Values};
use super::write::Precondition;
use super::{Call, change, count, deleted, generation, keys, provision, read, write};
use crate::limits;
use crate::scim::dialect::Reading;
use crate::scim::errors::{Error, Kind};
use crate::scim::patch::members as read_members;
use crate::scim::project::Projection;
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::store::{Batch, Snapshot};
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Makes a resource from a POST body, under an id of its own.
pub async fn create(
    call: &Call<'_>,
    resource_type: &ResourceType,
    body: Value,
    projection: &Projection<'_>,
    reading: &mut Reading<'_>,
) -> Result<Answer, Error> {
    create_as(call, resource_type, call.directory.clock.id(), body, projection, reading).await
}

/// [`create`] under an id that was made for it before.
pub async fn create_as(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: Uuid,
    body: Value,
    projection: &Projection<'_>,
    reading: &mut Reading<'_>,
) -> Result<Answer, Error> {
    let incoming = resource::read(resource_type, body, reading)?;
    resource::is_complete(resource_type, &incoming.attributes)?;
    let values = provision::created(call, resource_type, incoming.attributes).await?;
    if let Some(answer) = link(call, resource_type, &values, projection, reading).await? {
        return Ok(answer);
    }
    match anew(call, resource_type, id, &values, incoming.members, projection, reading).await {
        // Somebody else made him at this moment.
        Err(error) if error.kind == Kind::Uniqueness => {
            link(call, resource_type, &values, projection, reading).await?.ok_or(error)
        }
        outcome => outcome,
    }
}

/// Gives the values to the user who is there already, where the tenant's mapping says so.
async fn link(
    call: &Call<'_>,
    resource_type: &ResourceType,
    values: &Values,
    projection: &Projection<'_>,
    reading: &mut Reading<'_>,
) -> Result<Option<Answer>, Error> {
    let Some(id) = provision::linked(call, resource_type, values).await? else { return Ok(None) };
    let edit = Edit::Replace { attributes: values.asserted().clone(), members: Wanted::default() };
    patch::commit(call, resource_type, id, &edit, &Precondition::None, projection, reading).await.map(Some)
}

/// Makes a resource that is not there yet, or was.
async fn anew(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: Uuid,
    values: &Values,
    members: Option<Value>,
    projection: &Projection<'_>,
    reading: &mut Reading<'_>,
) -> Result<Answer, Error> {
    let mut members = match members {
        Some(members) => Wanted::exactly(call, &read_members(members, reading)?)?,
        None => Wanted::default(),
    };
    if call.tenant.mapping.is_some() && !members.is_empty() {
        provision::members(call, &call.directory.snapshot().await?, Group { id, generation: 0 }, &mut members).await?;
    }
    if let Some(answer) = come_back(call, resource_type, values, &members, projection).await? {
        members.tell(reading);
        return Ok(answer);
    }
    let new = New { id, is_given: false, created_ms: None, values };
    if members.order.len() <= limits::MEMBERS_DELTA_MAX {
        commit(call, resource_type, &new, &members, None).await?;
        members.tell(reading);
        return read::again(call, resource_type, id, projection).await;
    }
    let unseen = generation::write(call, id, None, &members).await?;
    if let Err(error) = commit(call, resource_type, &new, &members, Some(&unseen)).await {
        generation::discard(call, &unseen, id).await?;
        return Err(error);
    }
    members.tell(reading);
    read::again(call, resource_type, id, projection).await
}

/// Makes the resource from one that was deleted, if it is the same: with its id and time of creation, and all else as it is created now.
/// `None`: there is none, or somebody else brings it back at this moment.
async fn come_back(
    call: &Call<'_>,
    resource_type: &ResourceType,
    values: &Values,
    members: &Wanted,
    projection: &Projection<'_>,
) -> Result<Option<Answer>, Error> {
    if call.tenant.deleted_kept_ms == 0 {
        return Ok(None);
    }
    let snapshot = call.directory.snapshot().await?;
    let Some(was) = deleted::returning(call, &snapshot, resource_type, values).await? else { return Ok(None) };
    let (tenant, id) = (call.tenant.number, was.id);
    // A group's members from before have rows of the generation that it had, so that those of now get another one.
    let unseen = match was.code {
        keys::GROUP => Some(generation::write(call, id, None, members).await?),
        _ => None,
    };
    let mut outcome = Ok(None);
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = call.directory.snapshot().await?;
        let is_there = deleted::find(call, &snapshot, was.code, id).await?;
        if is_there.is_none_or(|now| now.stamp.revision != was.stamp.revision) {
            break;
        }
        let new = New { id, is_given: false, created_ms: Some(was.deleted.created_ms), values };
        let mut batch = match batch(call, &snapshot, resource_type, &new, members, unseen.as_ref()).await {
            Ok(batch) => batch,
            Err(error) => {
                outcome = Err(error);
                break;
            }
        };
        deleted::take(&mut batch, tenant, &was);
        if was.code == keys::GROUP {
            generation::leave(&mut batch, tenant, Group { id, generation: was.deleted.generation }, false)?;
        }
        if call.directory.commit(batch).await?.is_some() {
            call.directory.sweeps.notify_one();
            return read::again(call, resource_type, id, projection).await.map(Some);
        }
    }
    if let Some(unseen) = unseen {
        generation::discard(call, &unseen, id).await?;
    }
    outcome
}

/// What a new resource is to be.
#[derive(Clone, Copy)]
pub struct New<'a> {
    /// Its id.
    pub id: Uuid,
    /// The id comes from elsewhere, so that there may be a resource of this id.
    pub is_given: bool,
    /// When it was made, in milliseconds since the epoch; `None`: now.
    pub created_ms: Option<i64>,
    /// Its attributes.
    pub values: &'a Values,
}

/// Makes a resource without members.
pub async fn make(call: &Call<'_>, resource_type: &ResourceType, new: &New<'_>) -> Result<(), Error> {
    commit(call, resource_type, new, &Wanted::default(), None).await
}

/// Whether [`make`] would do, as things are; nothing is written.
pub async fn check(call: &Call<'_>, resource_type: &ResourceType, new: &New<'_>) -> Result<(), Error> {
    let snapshot = call.directory.snapshot().await?;
    batch(call, &snapshot, resource_type, new, &Wanted::default(), None).await.map(|_| ())
}

async fn commit(
    call: &Call<'_>,
    resource_type: &ResourceType,
    new: &New<'_>,
    wanted: &Wanted,
    unseen: Option<&generation::Unseen>,
) -> Result<(), Error> {
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = call.directory.snapshot().await?;
        let batch = batch(call, &snapshot, resource_type, new, wanted, unseen).await?;
        if call.directory.commit(batch).await?.is_some() {
            return Ok(());
        }
    }
    Err(super::contended())
}

/// Everything that belongs to the creation.
async fn batch(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    new: &New<'_>,
    wanted: &Wanted,
    unseen: Option<&generation::Unseen>,
) -> Result<Batch, Error> {
    let New { id, created_ms, values, is_given } = *new;
    let (tenant, code) = (call.tenant.number, keys::type_code(resource_type));
    let generation = unseen.map_or(0, |unseen| unseen.generation);
    let also_unique = write::also_unique(call, resource_type);
    let place = Place { tenant, code, id, also_unique: &also_unique };
    let mut batch = call.writing()?;
    if is_given {
        is_free(call, snapshot, id, &mut batch).await?;
    }
    let mut log = change::of(call, ChangeKind::Create, resource_type, id);
    let entries = index::entries_of(resource_type, values);
    index::change(&place, &BTreeSet::new(), &entries, snapshot, &mut batch).await?;
    let key = keys::record(tenant, code, id);
    batch.expect_absent(key.clone());
    batch.put(key, record::encode(resource_type, created_ms, generation, values)?);
    count::add(&mut batch, tenant, code, id, 1);
    match unseen {
        Some(unseen) => {
            generation::show(call, unseen, None, &mut batch)?;
            log.members_incomplete = !wanted.order.is_empty();
        }
        None if !wanted.order.is_empty() => {
            let group = Group { id, generation };
            if let Plan::Delta(delta) = members::plan(call, snapshot, group, wanted).await? {
                members::apply(call, snapshot, group, &delta, &mut batch, &mut log).await?;
            }
        }
        None => {}
    }
    if !is_given {
        provision::join_defaults(call, snapshot, resource_type, id, (values, true), &mut batch).await?;
    }
    change::add(call, &mut batch, log)?;
    Ok(batch)
}

/// Refuses an id that a resource of any type has; the batch relies on it.
async fn is_free(call: &Call<'_>, snapshot: &Snapshot, id: Uuid, batch: &mut Batch) -> Result<(), Error> {
    for resource_type in call.tenant.types.all() {
        let (tenant, code) = (call.tenant.number, keys::type_code(resource_type));
        let key = keys::record(tenant, code, id);
        if snapshot.get(&key).await.map_err(super::store_error)?.is_some() {
            return Err(Error::new(Kind::Uniqueness, format!("there is a resource with the id {id} already")));
        }
        batch.expect_absent(key);
        let gone = keys::gone(tenant, code, id);
        if snapshot.get(&gone).await.map_err(super::store_error)?.is_some() {
            let why = format!("a resource with the id {id} was deleted and can be restored");
            return Err(Error::new(Kind::Uniqueness, why));
        }
        batch.expect_absent(gone);
    }
    Ok(())
}
