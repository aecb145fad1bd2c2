//! Members that an admin adds to a group or takes out of it. Those that he adds are marked as added here, which an identity provider
//! does not undo where the tenant's mapping says so. What a provider may do is not asked: an admin may more.

use super::audit::{self, Act, Admin};
use super::members::{self, Delta, Group, Plan, Wanted};
use super::record::{self, ChangeKind, Record};
use super::refused::{Noun, Refused};
use super::{Call, browse, change, contended, generation, keys, store_error};
use crate::limits;
use crate::scim::errors::{Error, Kind};
use crate::store::{Batch, Snapshot};
use serde_json::json;
use uuid::Uuid;

/// Puts these into the group; says how many were no members before. Members are named by the ids or userNames of users or the ids of
/// groups, and the group by its id or displayName.
///
/// # Errors
/// `NotFound` of the group or a member; `Fields`; a group that would contain itself is `invalidValue`.
pub async fn add(call: &Call<'_>, admin: &Admin, group: &str, names: &[String]) -> Result<usize, Refused> {
    enrol(call, admin, group, names, true).await
}

/// Takes these out of the group; says how many were members before.
///
/// # Errors
/// As those of [`add`].
pub async fn remove(call: &Call<'_>, admin: &Admin, group: &str, names: &[String]) -> Result<usize, Refused> {
    enrol(call, admin, group, names, false).await
}

async fn enrol(call: &Call<'_>, admin: &Admin, group: &str, names: &[String], is_in: bool) -> Result<usize, Refused> {
    if names.is_empty() || names.len() > limits::ENROL_MEMBERS_MAX {
        return Err(Refused::field("members", format!("there must be 1 to {}", limits::ENROL_MEMBERS_MAX)));
    }
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = call.directory.snapshot().await?;
        let types = &call.tenant.types;
        let id = browse::find(call, &snapshot, types.group(), group).await?;
        let key = keys::record(call.tenant.number, keys::GROUP, id);
        let entry = snapshot.get(&key).await.map_err(store_error)?;
        let entry = entry.ok_or_else(|| Refused::not_found(Noun::Resource, group))?;
        let current = generation::of(&Record::decode(&entry.value)?, id);
        let mut wanted = Wanted::default();
        for name in names {
            wanted.set(named(call, &snapshot, name).await?, is_in);
        }
        let Plan::Delta(delta) = members::plan(call, &snapshot, current, &wanted).await? else {
            return Err(Error::new(Kind::TooMany, "these are too many members at once").into());
        };
        let (changed, mut batch) = (delta.added.len() + delta.removed.len(), call.batch());
        batch.expect_unchanged(key, entry.stamp.revision);
        let marks = mark(call, &snapshot, current, &delta, &wanted, is_in, &mut batch).await?;
        if changed == 0 && marks == 0 {
            return Ok(0);
        }
        if changed > 0 {
            let mut log = change::of(call, ChangeKind::Update, types.group(), id);
            members::apply(call, &snapshot, current, &delta, &mut batch, &mut log).await?;
            change::add(call, &mut batch, log)?;
        }
        let action = if is_in { "group.add_members" } else { "group.remove_members" };
        let act = Act { action, tenant: &call.tenant.name, target: &id.to_string() };
        let who: Vec<String> = wanted.order.iter().map(Uuid::to_string).collect();
        audit::add(&mut batch, admin, act, None, Some(&json!({"members": who})))?;
        if call.directory.commit(batch).await?.is_some() {
            return Ok(changed);
        }
    }
    Err(contended().into())
}

/// Marks who is in as added here, or takes the marks away; says how many that changes.
async fn mark(
    call: &Call<'_>,
    snapshot: &Snapshot,
    group: Group,
    delta: &Delta,
    wanted: &Wanted,
    is_in: bool,
    batch: &mut Batch,
) -> Result<usize, Error> {
    let tenant = call.tenant.number;
    let marks: Vec<Vec<u8>> = wanted.order.iter().map(|id| keys::added_here(tenant, group.id, *id)).collect();
    let there = snapshot.get_many(&marks).await.map_err(store_error)?;
    let mut changed = 0;
    for ((id, mark), there) in wanted.order.iter().zip(marks).zip(there) {
        match (is_in, there.is_some()) {
            (true, false) => batch.put(mark, record::PRESENT),
            (false, true) => batch.delete(mark),
            _ => continue,
        }
        changed += 1;
        if is_in && !delta.adds(*id) {
            // Whoever is in already must not leave meanwhile: the mark would be of nobody.
            batch.expect_exists(keys::member(tenant, group.id, group.generation, *id));
        }
    }
    Ok(changed)
}

/// The user of this id or userName, or the group of this id.
async fn named(call: &Call<'_>, snapshot: &Snapshot, name: &str) -> Result<Uuid, Refused> {
    let types = &call.tenant.types;
    match browse::find(call, snapshot, types.user(), name).await {
        Err(Refused::NotFound(noun, shown)) => match super::view::parse_id(name) {
            Some(_) => browse::find(call, snapshot, types.group(), name).await,
            None => Err(Refused::NotFound(noun, shown)),
        },
        found => found,
    }
}

#[cfg(test)]
mod tests;
