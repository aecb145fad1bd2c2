//! What the writing verbs share: the client's precondition, and putting a changed record with all that follows from it into a batch.

use super::index::{self, Place};
use super::record::{self, Change, Member, Values};
use super::view::View;
use super::{Call, change, keys, membership};
use crate::scim::errors::{Error, Kind};
use crate::scim::schema::ResourceType;
use crate::store::{Batch, Snapshot};
use uuid::Uuid;

/// An If-Match header (RFC 7644 section 3.14, RFC 9110 section 13.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// There is none.
    #[default]
    None,
    /// `*`: the resource exists.
    Exists,
    /// One of these entity tags is the resource's.
    Versions(Vec<String>),
}

impl Precondition {
    /// Reads the header's value.
    pub fn new(header: &str) -> Precondition {
        match header.trim() {
            "*" => Precondition::Exists,
            tags => Precondition::Versions(versions(tags)),
        }
    }

    /// Whether the version satisfies it. Tags are compared without regard to weakness: all of ours are weak.
    pub fn holds(&self, version: &str) -> bool {
        match self {
            Precondition::None | Precondition::Exists => true,
            Precondition::Versions(tags) => tags.iter().any(|tag| tag == opaque(version)),
        }
    }

    /// Refuses the request, or has the batch rely on the resource staying as it was when the version was compared.
    pub fn require(&self, call: &Call<'_>, code: u8, view: &View, batch: &mut Batch) -> Result<(), Error> {
        if !self.holds(&view.version()) {
            let why = format!("the resource is at version {} and not at the one in If-Match", view.version());
            return Err(Error::new(Kind::VersionMismatch, why));
        }
        if let Precondition::Versions(_) = self {
            let mark = match code {
                keys::GROUP => keys::members_mark(call.tenant.number, view.id),
                _ => keys::memberships(call.tenant.number, view.id),
            };
            rely_on(batch, mark, view.mark.map(|mark| mark.revision));
        }
        Ok(())
    }
}

/// Has the batch rely on a key being as it was read.
pub fn rely_on(batch: &mut Batch, key: Vec<u8>, revision: Option<u64>) {
    match revision {
        Some(revision) => batch.expect_unchanged(key, revision),
        None => batch.expect_absent(key),
    }
}

/// A record that is to take the place of the one in `view`.
pub struct Changed<'a> {
    /// The attributes as they were.
    pub old: &'a Values,
    /// The attributes as they are to be.
    pub new: &'a Values,
    /// The generation of the members from now on.
    pub generation: u64,
}

/// Puts the record, its index entries and the name by which others know it into the batch, and the names of what changed into
/// the log entry.
pub async fn record(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    view: &View,
    changed: &Changed<'_>,
    batch: &mut Batch,
    log: &mut Change,
) -> Result<(), Error> {
    let code = keys::type_code(resource_type);
    let tenant = call.tenant.number;
    let before = view.record()?;
    let created_ms = Some(view.created_ms(&before));
    let bytes = record::encode(resource_type, created_ms, changed.generation, changed.new)?;
    batch.put(keys::record(tenant, code, view.id), bytes);
    let (old, new) = (index::entries_of(resource_type, changed.old), index::entries_of(resource_type, changed.new));
    let place = Place { tenant, code, id: view.id, also_unique: &also_unique(call, resource_type) };
    index::change(&place, &old, &new, snapshot, batch).await?;
    log.attributes = change::attributes(&changed.old.stored, &changed.new.stored);
    let name = record::display_name(&changed.new.stored);
    if record::display_name(&changed.old.stored) != name {
        let display = serde_json::to_vec(&name).unwrap_or_default();
        rename(call, snapshot, view.id, Member { code, display: &display }, batch).await?;
    }
    Ok(())
}

/// What a group is called.
pub const GROUP_NAME: &str = "displayName";

/// The attributes that this tenant's dialect makes unique beside those that the schema does.
pub fn also_unique(call: &Call<'_>, resource_type: &ResourceType) -> Vec<&'static str> {
    let is_group = keys::type_code(resource_type) == keys::GROUP;
    let names = is_group && call.tenant.unique_group_names;
    let ids = call.tenant.dialect.unique_external_ids;
    [(names, GROUP_NAME), (ids, "externalId")].into_iter().filter_map(|(is, name)| is.then_some(name)).collect()
}

/// Writes the new name into the rows of all groups that have this member, which are as many as its own memberships.
async fn rename(
    call: &Call<'_>,
    snapshot: &Snapshot,
    id: Uuid,
    member: Member<'_>,
    batch: &mut Batch,
) -> Result<(), Error> {
    let tenant = call.tenant.number;
    let (mark, rows) = membership::rows(snapshot, tenant, id).await?;
    // Whoever joins at this moment would have the old name in its row.
    rely_on(batch, keys::memberships(tenant, id), mark.map(|mark| mark.revision));
    for (group, generation) in rows {
        let row = keys::member(tenant, group, generation, id);
        batch.expect_exists(row.clone());
        batch.put(row, member.encode());
        batch.put(keys::members_mark(tenant, group), record::PRESENT);
    }
    Ok(())
}

/// What is compared of each tag of a list. A comma inside of quotes is part of a tag (RFC 9110 section 8.8.3); tags without quotes are
/// taken too.
fn versions(list: &str) -> Vec<String> {
    let mut is_quoted = false;
    let tags = list.split(|letter: char| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    });
    tags.map(|tag| opaque(tag).to_owned()).filter(|tag| !tag.is_empty()).collect()
}

/// What is compared of an entity tag.
fn opaque(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"')
}

#[cfg(test)]
mod tests;
