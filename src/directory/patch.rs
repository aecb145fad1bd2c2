//! Modifying a resource (PATCH), and the commit that PUT shares with it: the old resource, the new one, and the difference in
//! one batch. A change that changes nothing writes nothing.

use super::answer::Answer;
use super::generation::{self, Unseen};
use super::members::{self, Plan, Wanted};
use super::record::{self, ChangeKind, Values};
use super::view::{self, View};
use super::write::{self, Changed, Precondition};
use super::{Call, change, delete, keys, provision, read, replace};
use crate::limits;
use crate::scim::dialect::Reading;
use crate::scim::errors::Error;
use crate::scim::patch::{self, Change, MembersChange, Step};
use crate::scim::project::Projection;
use crate::scim::schema::ResourceType;
use crate::store::{Batch, Entry, Snapshot};
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
    /// An import: these attributes, whatever a mapping would make of them.
    Set(Values),
    /// The mapping in force is worked out again.
    Remap,
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
        match attempt(call, (resource_type, id), (edit, precondition), unseen.as_ref(), reading).await {
            Ok(Attempt::Shown) => {
                unseen = None;
                outcome = Ok(());
                break;
            }
            Ok(Attempt::Done | Attempt::Nothing) => {
                outcome = Ok(());
                break;
            }
            Ok(Attempt::Deleted(last)) => return read::shown(call, resource_type, &last, projection).await,
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

/// Works the mapping in force out again for a resource; says whether that made another one of it.
pub async fn remap(call: &Call<'_>, resource_type: &ResourceType, id: Uuid) -> Result<bool, Error> {
    let mut reading = Reading::new(&call.tenant.dialect);
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let edit = (&Edit::Remap, &Precondition::None);
        match attempt(call, (resource_type, id), edit, None, &mut reading).await? {
            Attempt::Nothing => return Ok(false),
            Attempt::Conflict => {}
            _ => return Ok(true),
        }
    }
    Err(super::contended())
}

/// How one attempt went.
enum Attempt {
    /// It is committed.
    Done,
    /// There was nothing to do.
    Nothing,
    /// The resource is gone, by what the tenant's mapping says; as it was last.
    Deleted(Box<View>),
    /// It is committed, and the rows that were written under a new generation are the group's.
    Shown,
    /// Another write came between.
    Conflict,
    /// The members have to be written under a new generation first.
    TooManyMembers(members::Group, Wanted),
}

async fn attempt(
    call: &Call<'_>,
    (resource_type, id): (&ResourceType, Uuid),
    (edit, precondition): (&Edit<'_>, &Precondition),
    unseen: Option<&Unseen>,
    reading: &mut Reading<'_>,
) -> Result<Attempt, Error> {
    let (tenant, code) = (call.tenant.number, keys::type_code(resource_type));
    let snapshot = call.directory.snapshot().await?;
    let view = view::find(call, &snapshot, resource_type, id).await?;
    let mut batch = call.writing()?;
    precondition.require(call, code, &view, &mut batch)?;
    let record = view.record()?;
    let old = record.values()?;
    let new = edited(call, (resource_type, id), &old, edit, reading)?;
    let is_provider = matches!(edit, Edit::Replace { .. } | Edit::Patch { .. });
    if is_provider && provision::deletes(call, resource_type, &old, &new) {
        provision::may_delete(call, &snapshot, resource_type, generation::of(&record, id), &old).await?;
        return delete_instead(call, &snapshot, resource_type, view, &new, batch).await;
    }
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
    let joins = match edit {
        Edit::Set(_) => false,
        _ => provision::join_defaults(call, &snapshot, resource_type, id, (&new, false), &mut batch).await?,
    };
    if old == new && !changes_members {
        // Joining default groups is a change of those alone.
        return match joins {
            true => Ok(call.directory.commit(batch).await?.map_or(Attempt::Conflict, |_| Attempt::Done)),
            false => Ok(Attempt::Nothing),
        };
    }
    batch.expect_unchanged(keys::record(tenant, code, id), view.entry.stamp.revision);
    if old != new || shown != group.generation {
        let changed = Changed { old: &old, new: &new, generation: shown };
        write::record(call, &snapshot, resource_type, &view, &changed, &mut batch, &mut log).await?;
    }
    change::add(call, &mut batch, log)?;
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

/// The attributes after the edit. It is about what the identity provider has sent so far; what is stored follows from that.
fn edited(
    call: &Call<'_>,
    (resource_type, id): (&ResourceType, Uuid),
    old: &Values,
    edit: &Edit<'_>,
    reading: &mut Reading<'_>,
) -> Result<Values, Error> {
    let sent = old.asserted();
    let now_sent = match edit {
        Edit::Set(values) => {
            replace::keeps_immutable(resource_type, &old.stored, &values.stored)?;
            return Ok(values.clone());
        }
        Edit::Remap => return provision::again(call, resource_type, old),
        Edit::Replace { attributes, .. } => {
            let attributes = provision::sent_back(old, attributes.clone());
            replace::keeps_immutable(resource_type, sent, &attributes)?;
            attributes
        }
        Edit::Patch { changes, .. } if changes.is_empty() => sent.clone(),
        Edit::Patch { changes, .. } => {
            let new = patch::apply(resource_type, sent.clone(), changes.clone(), reading)?;
            replace::keeps_immutable_parts(resource_type, sent, &new)?;
            new
        }
    };
    provision::may_change(call, resource_type)?;
    provision::changed(call, resource_type, id, old, now_sent)
}

/// Deletes the resource that the edit would have left so.
async fn delete_instead(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    mut view: View,
    new: &Values,
    mut batch: Batch,
) -> Result<Attempt, Error> {
    delete::put(call, snapshot, resource_type, &view, &mut batch).await?;
    let Some(stamp) = call.directory.commit(batch).await? else { return Ok(Attempt::Conflict) };
    let created_ms = Some(view.created_ms(&view.record()?));
    view.entry = Entry { stamp, value: record::encode(resource_type, created_ms, 0, new)? };
    view.groups.clear();
    Ok(Attempt::Deleted(Box::new(view)))
}

async fn wanted_members(
    call: &Call<'_>,
    snapshot: &Snapshot,
    view: &View,
    edit: &Edit<'_>,
) -> Result<Option<Wanted>, Error> {
    let group = generation::of(&view.record()?, view.id);
    let mut wanted = match edit {
        Edit::Replace { members, .. } => members.clone(),
        Edit::Patch { steps, .. } if steps.is_empty() => return Ok(None),
        Edit::Patch { steps, .. } => members::wanted(call, snapshot, group, steps).await?,
        Edit::Set(_) | Edit::Remap => return Ok(None),
    };
    if !wanted.is_empty() {
        provision::members(call, snapshot, group, &mut wanted).await?;
    }
    Ok((!wanted.is_empty()).then_some(wanted))
}
