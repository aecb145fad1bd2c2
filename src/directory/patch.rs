//! Modifying a resource (PATCH), and the commit that PUT shares with it: the old resource, the new one, and the difference in
//! one batch. A change that changes nothing writes nothing.

use super::answer::Answer;
use super::generation::{self, Unseen};
use super::members::{self, Plan, Wanted};
use super::record::ChangeKind;
use super::view::{self, View};
use super::write::{self, Changed, Precondition};
use super::{Call, change, keys, read, replace};
use crate::limits;
use crate::scim::dialect::Reading;
use crate::scim::errors::Error;
use crate::scim::patch::{self, Change, MembersChange, Step};
use crate::scim::project::Projection;
use crate::scim::schema::ResourceType;
use crate::store::Snapshot;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Applies a PATCH body, all of it or nothing.
pub async fn patch(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: &str,
    body: Value,
    precondition: &Precondition,
    projection: &Projection<'_>,
    reading: &mut Reading<'_>,
) -> Result<Answer, Error> {
    let id = view::id(resource_type, id)?;
    let (mut changes, mut steps) = (Vec::new(), Vec::new());
    for step in patch::read(resource_type, body, reading)? {
        match step {
            Step::Attribute(change) => changes.push(change),
            Step::Members(step) => steps.push(step),
        }
    }
    let edit = Edit::Patch { changes, steps };
    commit(call, resource_type, id, &edit, precondition, projection, reading).await
}

/// What a request makes of a resource.
pub enum Edit<'a> {
    /// PUT
    Replace {
        /// All attributes from now on.
        attributes: Map<String, Value>,
        /// All members from now on.
        members: Wanted,
    },
    /// PATCH
    Patch {
        /// Steps on attributes.
        changes: Vec<Change<'a>>,
        /// Steps on members.
        steps: Vec<MembersChange<'a>>,
    },
}

/// Works the edit out against the resource as it is, and commits it; again from the start when another write came between.
pub async fn commit(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: Uuid,
    edit: &Edit<'_>,
    precondition: &Precondition,
    projection: &Projection<'_>,
    reading: &mut Reading<'_>,
) -> Result<Answer, Error> {
    let mut unseen: Option<Unseen> = None;
    let mut outcome = Err(super::contended());
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        match attempt(call, resource_type, id, edit, precondition, unseen.as_ref(), reading).await {
            Ok(Attempt::Shown) => {
                unseen = None;
                outcome = Ok(());
                break;
            }
            Ok(Attempt::Done) => {
                outcome = Ok(());
                break;
            }
            Ok(Attempt::Conflict) => {
                // Rows that were worked out from members that have changed since are of no use any more.
                if let Some(stale) = unseen.take_if(|unseen| unseen.relies_on_members()) {
                    generation::discard(call, &stale, id).await?;
                }
            }
            Ok(Attempt::TooManyMembers(group, wanted)) => {
                unseen = Some(generation::write(call, id, Some(group.generation), &wanted).await?);
                wanted.tell(reading);
            }
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    // Rows that were never shown: the request failed, or what it asked for became small while they were written.
    if let Some(unseen) = unseen {
        generation::discard(call, &unseen, id).await?;
    }
    outcome?;
    read::again(call, resource_type, id, projection).await
}

/// How one attempt went.
enum Attempt {
    /// It is committed, or there was nothing to do.
    Done,
    /// It is committed, and the rows that were written under a new generation are the group's.
    Shown,
    /// Another write came between.
    Conflict,
    /// The members have to be written under a new generation first.
    TooManyMembers(members::Group, Wanted),
}

async fn attempt(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: Uuid,
    edit: &Edit<'_>,
    precondition: &Precondition,
    unseen: Option<&Unseen>,
    reading: &mut Reading<'_>,
) -> Result<Attempt, Error> {
    let (tenant, code) = (call.tenant.number, keys::type_code(resource_type));
    let snapshot = call.directory.snapshot().await?;
    let view = view::find(call, &snapshot, resource_type, id).await?;
    let mut batch = call.batch();
    precondition.require(call, code, &view, &mut batch)?;
    let record = view.record()?;
    let old = record.attributes()?;
    let new = edited(resource_type, &old, edit, reading)?;
    let group = generation::of(&record, id);
    let mut log = change::of(call, ChangeKind::Update, resource_type, id);
    let mut shown = group.generation;
    let mut changes_members = false;
    if let Some(wanted) = wanted_members(call, &snapshot, &view, edit).await? {
        let plan = members::plan(call, &snapshot, group, &wanted).await?;
        wanted.tell(reading);
        match (plan, unseen) {
            (Plan::Delta(delta), _) => {
                changes_members = !delta.added.is_empty() || !delta.removed.is_empty();
                members::apply(call, &snapshot, group, &delta, &mut batch, &mut log).await?;
            }
            (Plan::Generation, None) => return Ok(Attempt::TooManyMembers(group, wanted)),
            (Plan::Generation, Some(unseen)) => {
                generation::show(call, unseen, Some(group), &mut batch)?;
                shown = unseen.generation;
                changes_members = true;
                log.members_incomplete = true;
            }
        }
    }
    if old == new && !changes_members {
        return Ok(Attempt::Done);
    }
    batch.expect_unchanged(keys::record(tenant, code, id), view.entry.stamp.revision);
    if old != new || shown != group.generation {
        let changed = Changed { old: &old, new: &new, generation: shown };
        write::record(call, &snapshot, resource_type, &view, &changed, &mut batch, &mut log).await?;
    }
    change::add(&mut batch, tenant, &log)?;
    let committed = call.directory.commit(batch).await?.is_some();
    Ok(match committed {
        true if shown != group.generation => {
            call.directory.sweeps.notify_one();
            Attempt::Shown
        }
        true => Attempt::Done,
        false => Attempt::Conflict,
    })
}

fn edited(
    resource_type: &ResourceType,
    old: &Map<String, Value>,
    edit: &Edit<'_>,
    reading: &mut Reading<'_>,
) -> Result<Map<String, Value>, Error> {
    match edit {
        Edit::Replace { attributes, .. } => {
            replace::keeps_immutable(resource_type, old, attributes)?;
            Ok(attributes.clone())
        }
        Edit::Patch { changes, .. } if changes.is_empty() => Ok(old.clone()),
        Edit::Patch { changes, .. } => patch::apply(resource_type, old.clone(), changes.clone(), reading),
    }
}

async fn wanted_members(
    call: &Call<'_>,
    snapshot: &Snapshot,
    view: &View,
    edit: &Edit<'_>,
) -> Result<Option<Wanted>, Error> {
    let wanted = match edit {
        Edit::Replace { members, .. } => members.clone(),
        Edit::Patch { steps, .. } if steps.is_empty() => return Ok(None),
        Edit::Patch { steps, .. } => {
            let group = generation::of(&view.record()?, view.id);
            members::wanted(call, snapshot, group, steps).await?
        }
    };
    Ok((!wanted.is_empty()).then_some(wanted))
}
