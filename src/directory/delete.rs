//! Deleting a resource: its record, its index entries and its own memberships go in one batch, its values are free at once. A
//! group's members cease to be members with its record; their rows are left to the sweeper. Where the tenant keeps what is deleted, the
//! record and those rows go to another place instead (see `deleted.rs`).

use super::generation;
use super::members::{self, Group};
use super::record::{self, ChangeKind};
use super::view::{self, View};
use super::write::{self, Precondition};
use super::{Call, change, count, deleted, index, keys, membership, provision};
use crate::limits;
use crate::scim::errors::Error;
use crate::scim::schema::ResourceType;
use crate::store::{Batch, Snapshot};

/// Deletes the resource with this id.
pub async fn delete(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: &str,
    precondition: &Precondition,
) -> Result<(), Error> {
    let id = view::id(resource_type, id)?;
    let code = keys::type_code(resource_type);
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = call.directory.snapshot().await?;
        let view = view::find(call, &snapshot, resource_type, id).await?;
        let mut batch = call.writing()?;
        precondition.require(call, code, &view, &mut batch)?;
        let record = view.record()?;
        provision::may_delete(call, &snapshot, resource_type, generation::of(&record, id), &record.values()?).await?;
        put(call, &snapshot, resource_type, &view, &mut batch).await?;
        if call.directory.commit(batch).await?.is_some() {
            if code == keys::GROUP {
                call.directory.sweeps.notify_one();
            }
            return Ok(());
        }
    }
    Err(super::contended())
}

/// Puts everything that belongs to the deletion into the batch.
pub async fn put(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    view: &View,
    batch: &mut Batch,
) -> Result<(), Error> {
    let (tenant, code, id) = (call.tenant.number, keys::type_code(resource_type), view.id);
    let key = keys::record(tenant, code, id);
    batch.expect_unchanged(key.clone(), view.entry.stamp.revision);
    batch.delete(key);
    let record = view.record()?;
    for entry in index::entries_of(resource_type, &record.values()?) {
        batch.delete(index::key(tenant, code, id, &entry));
    }
    count::add(batch, tenant, code, id, -1);
    let rows = leave_groups(call, snapshot, code, view, batch).await?;
    if call.tenant.deleted_kept_ms > 0 {
        let groups = deleted::groups(snapshot, tenant, &rows).await?;
        deleted::keep(call, resource_type, view, &groups, batch)?;
    } else if code == keys::GROUP {
        generation::leave(batch, tenant, generation::of(&record, id), true)?;
    }
    change::add(call, batch, change::of(call, ChangeKind::Delete, resource_type, id))
}

/// Takes the resource out of every group that it is in itself; gives the rows of that.
async fn leave_groups(
    call: &Call<'_>,
    snapshot: &Snapshot,
    code: u8,
    view: &View,
    batch: &mut Batch,
) -> Result<Vec<membership::Row>, Error> {
    let tenant = call.tenant.number;
    let mark = keys::memberships(tenant, view.id);
    let (last, rows) = membership::rows(snapshot, tenant, view.id).await?;
    // Whoever joins at this moment has a row that would stay behind.
    write::rely_on(batch, mark.clone(), last.map(|last| last.revision));
    batch.delete(mark);
    let nested = -i64::from(code == keys::GROUP);
    for (id, generation) in rows.iter().copied() {
        let group = Group { id, generation };
        let row = keys::member(tenant, id, generation, view.id);
        batch.expect_exists(row.clone());
        batch.delete(row);
        batch.delete(keys::membership(tenant, view.id, id, generation));
        batch.delete(keys::added_here(tenant, id, view.id));
        members::count(batch, tenant, group, -1, nested);
        batch.put(keys::members_mark(tenant, id), record::PRESENT);
    }
    Ok(rows)
}
