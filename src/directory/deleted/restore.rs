//! Bringing a deleted resource back: by an identity provider that creates it again, as it is created; by an admin, as it was.

use super::Was;
use crate::directory::audit::{self, Act, Admin};
use crate::directory::index::{self, Place};
use crate::directory::members::{self, Plan, Wanted};
use crate::directory::record::{self, ChangeKind, Record};
use crate::directory::refused::{Noun, Refused};
use crate::directory::{Call, change, contended, count, generation, keys, store_error, view, write};
use crate::limits;
use crate::scim::errors::{Error, Kind};
use crate::scim::patch::MemberRef;
use crate::scim::schema::{self, ResourceType};
use crate::store::{Batch, Snapshot};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// What came back besides the resource.
#[derive(Debug, Default)]
pub struct Restored {
    /// The groups that it is in again.
    pub groups: Vec<Uuid>,
    /// Those that it was in and is not again, and why.
    pub lost: Vec<(Uuid, String)>,
}

/// Brings the resource back as it was, with a group's members and its own memberships.
///
/// # Errors
/// `NotFound` when nothing of this id was deleted or its time is over; `uniqueness` when its name is taken meanwhile.
pub async fn restore(
    call: &Call<'_>,
    admin: &Admin,
    resource_type: &ResourceType,
    id: &str,
) -> Result<Restored, Refused> {
    let missing = || Refused::NotFound(Noun::Resource, crate::scim::errors::clip(id));
    let uuid = view::parse_id(id).ok_or_else(missing)?;
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = call.directory.snapshot().await?;
        let found = super::find(call, &snapshot, keys::type_code(resource_type), uuid).await?;
        let was = found.ok_or_else(missing)?;
        let mut batch = back(call, &snapshot, resource_type, &was).await?;
        let act = Act { action: "resource.restore", tenant: &call.tenant.name, target: id };
        audit::add(&mut batch, admin, act, None, Some(&json!({"resource_type": resource_type.name})))?;
        if call.directory.commit(batch).await?.is_some() {
            let mut restored = Restored::default();
            for group in super::groups_of(&was) {
                match join(call, group, uuid).await {
                    Ok(()) => restored.groups.push(group),
                    Err(error) => restored.lost.push((group, error.detail)),
                }
            }
            return Ok(restored);
        }
    }
    Err(contended().into())
}

/// Everything that belongs to the resource being there again as it was. A group's members are there with its generation.
async fn back(call: &Call<'_>, snapshot: &Snapshot, resource_type: &ResourceType, was: &Was) -> Result<Batch, Error> {
    let (tenant, code, id) = (call.tenant.number, was.code, was.id);
    let mut batch = call.writing()?;
    super::take(&mut batch, tenant, was);
    let also_unique = write::also_unique(call, resource_type);
    let place = Place { tenant, code, id, also_unique: &also_unique };
    let values = was.deleted.values();
    let entries = index::entries_of(resource_type, &values);
    index::change(&place, &BTreeSet::new(), &entries, snapshot, &mut batch).await?;
    let key = keys::record(tenant, code, id);
    batch.expect_absent(key.clone());
    let (created_ms, generation) = (Some(was.deleted.created_ms), was.deleted.generation);
    batch.put(key, record::encode(resource_type, created_ms, generation, &values)?);
    count::add(&mut batch, tenant, code, id, 1);
    let mut log = change::of(call, ChangeKind::Create, resource_type, id);
    log.members_incomplete = code == keys::GROUP;
    change::add(call, &mut batch, log)?;
    Ok(batch)
}

/// Puts the resource into a group again.
async fn join(call: &Call<'_>, group: Uuid, member: Uuid) -> Result<(), Error> {
    let mut wanted = Wanted::exactly(call, &[MemberRef { value: member.to_string(), display: None }])?;
    wanted.replaces = false;
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = call.directory.snapshot().await?;
        let key = keys::record(call.tenant.number, keys::GROUP, group);
        let entry = snapshot.get(&key).await.map_err(store_error)?;
        let entry = entry.ok_or_else(|| Error::new(Kind::NotFound, "the group is not there any more"))?;
        let current = generation::of(&Record::decode(&entry.value)?, group);
        let Plan::Delta(delta) = members::plan(call, &snapshot, current, &wanted).await? else {
            return Err(Error::new(Kind::TooMany, "the group has too many members"));
        };
        if delta.added.is_empty() {
            return Ok(());
        }
        let mut batch = call.batch();
        batch.expect_unchanged(key, entry.stamp.revision);
        let mut log = change::of(call, ChangeKind::Update, schema::group(), group);
        members::apply(call, &snapshot, current, &delta, &mut batch, &mut log).await?;
        change::add(call, &mut batch, log)?;
        if call.directory.commit(batch).await?.is_some() {
            return Ok(());
        }
    }
    Err(contended())
}
