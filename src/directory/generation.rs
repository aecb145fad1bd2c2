//! Replacing a big membership in one visible step: the new rows go in under a new generation, in bounded batches, while nobody
//! sees them; one small commit makes that generation the group's; the old rows are left to the sweeper.
//!
//! Before the first row, a note for the sweeper says which rows are being written. A crash leaves the note, and with it whatever
//! was written; the commit that makes the generation visible takes the note away.

use super::members::{self, Group, Wanted};
use super::record::{self, Record, Sweep};
use super::{Call, keys};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Batch, Snapshot};
use std::collections::HashSet;
use uuid::Uuid;

/// Rows that nobody sees yet.
pub struct Unseen {
    /// The generation that they are of.
    pub generation: u64,
    /// The note for the sweeper.
    note: Vec<u8>,
    /// What the rows were worked out from, if they rely on it: the mark of the members, and when it was made.
    relies_on: Option<(Vec<u8>, Option<u64>)>,
}

impl Unseen {
    /// Whether the rows were worked out from the members that were there.
    pub fn relies_on_members(&self) -> bool {
        self.relies_on.is_some()
    }
}

/// Writes the wanted members of the group `id` under a new generation. `current` is the group's generation, `None` when it is about
/// to be created. What was written before an error is left to the sweeper.
pub async fn write(call: &Call<'_>, id: Uuid, current: Option<u64>, wanted: &Wanted) -> Result<Unseen, Error> {
    let snapshot = call.directory.snapshot().await?;
    let mut unseen = announce(call, id).await?;
    match write_rows(call, &snapshot, id, current, wanted, &mut unseen).await {
        Ok(()) => Ok(unseen),
        Err(error) => {
            discard(call, &unseen, id).await?;
            Err(error)
        }
    }
}

/// Makes the rows visible with the caller's batch, which writes the new generation into the group's record, and leaves the old
/// rows to the sweeper.
pub fn show(call: &Call<'_>, unseen: &Unseen, old: Option<Group>, batch: &mut Batch) -> Result<(), Error> {
    batch.expect_exists(unseen.note.clone());
    batch.delete(unseen.note.clone());
    match &unseen.relies_on {
        Some((mark, Some(revision))) => batch.expect_unchanged(mark.clone(), *revision),
        Some((mark, None)) => batch.expect_absent(mark.clone()),
        None => {}
    }
    if let Some(old) = old {
        let id = old.id;
        batch.put(keys::members_mark(call.tenant.number, id), record::PRESENT);
        leave(batch, call.tenant.number, old, false)?;
    }
    Ok(())
}

/// Leaves rows that nobody sees to the sweeper: they were written for nothing.
pub async fn discard(call: &Call<'_>, unseen: &Unseen, id: Uuid) -> Result<(), Error> {
    let mut batch = call.batch();
    batch.delete(unseen.note.clone());
    leave(&mut batch, call.tenant.number, Group { id, generation: unseen.generation }, false)?;
    call.directory.commit(batch).await?;
    call.directory.sweeps.notify_one();
    Ok(())
}

/// A note that these rows are nobody's any more. A batch may leave those of several groups.
pub fn leave(batch: &mut Batch, tenant: u32, group: Group, group_is_gone: bool) -> Result<(), Error> {
    let sweep = Sweep { group: group.id, generation: Some(group.generation), group_is_gone };
    batch.put_stamped(keys::sweeps(tenant), group.id.as_bytes().as_slice(), record::pack(&sweep)?);
    Ok(())
}

async fn write_rows(
    call: &Call<'_>,
    snapshot: &Snapshot,
    id: Uuid,
    current: Option<u64>,
    wanted: &Wanted,
    unseen: &mut Unseen,
) -> Result<(), Error> {
    let group = Group { id, generation: unseen.generation };
    let mut chunk = Vec::with_capacity(limits::MEMBERS_CHUNK);
    let mut written = HashSet::new();
    if let Some(generation) = current.filter(|_| !wanted.replaces) {
        let mark = keys::members_mark(call.tenant.number, id);
        let last = snapshot.get(&mark).await.map_err(super::store_error)?;
        unseen.relies_on = Some((mark, last.map(|last| last.stamp.revision)));
        let mut after = None;
        while let Some(page) = members::page(snapshot, call.tenant.number, Group { id, generation }, &mut after).await?
        {
            let stays =
                page.iter().filter_map(|row| keys::last_id(row.key)).filter(|id| wanted.state.get(id) != Some(&false));
            chunk.extend(stays);
            flush(call, group, (&mut chunk, wanted), &mut written, limits::MEMBERS_CHUNK).await?;
        }
    }
    for member in wanted.joining() {
        chunk.push(member);
        flush(call, group, (&mut chunk, wanted), &mut written, limits::MEMBERS_CHUNK).await?;
    }
    flush(call, group, (&mut chunk, wanted), &mut written, 1).await
}

/// The note that rows are being written. Its revision is the name of the generation: no other commit has it.
async fn announce(call: &Call<'_>, group: Uuid) -> Result<Unseen, Error> {
    let mut batch = call.batch();
    let sweep = Sweep { group, generation: None, group_is_gone: false };
    batch.put_stamped(keys::sweeps(call.tenant.number), [], record::pack(&sweep)?);
    let stamp = call.directory.commit(batch).await?.ok_or_else(super::contended)?;
    let note = [&keys::sweeps(call.tenant.number)[..], &stamp.revision.to_be_bytes()].concat();
    Ok(Unseen { generation: stamp.revision, note, relies_on: None })
}

/// Commits what has come together, when that is enough.
async fn flush(
    call: &Call<'_>,
    group: Group,
    (chunk, wanted): (&mut Vec<Uuid>, &Wanted),
    written: &mut HashSet<Uuid>,
    members_min: usize,
) -> Result<(), Error> {
    if chunk.len() < members_min {
        return Ok(());
    }
    chunk.retain(|id| written.insert(*id));
    for part in chunk.chunks(limits::MEMBERS_CHUNK) {
        let mut attempts = 0..limits::COMMIT_ATTEMPTS_MAX;
        loop {
            attempts.next().ok_or_else(super::contended)?;
            let snapshot: Snapshot = call.directory.snapshot().await?;
            let mut batch = call.batch();
            members::fill(call, &snapshot, group, (part, wanted), &mut batch).await?;
            if call.directory.commit(batch).await?.is_some() {
                break;
            }
        }
    }
    chunk.clear();
    Ok(())
}

/// The generation in a group's record.
pub fn of(record: &Record<'_>, id: Uuid) -> Group {
    Group { id, generation: record.generation }
}
