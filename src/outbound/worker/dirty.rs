//! What a stretch of the change log asks to be looked at: each user and group once, in the order in which they were first changed.

use crate::directory::record::{Change, ChangeKind};
use crate::directory::view;
use std::collections::HashSet;
use uuid::Uuid;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    /// The users.
    pub(super) users: Vec<Uuid>,
    /// The groups.
    pub(super) groups: Vec<Uuid>,
    /// A group was deleted, which may have been in other groups.
    pub(super) deletes_groups: bool,
    seen: HashSet<Uuid>,
}

impl Dirty {
    /// Of these changes.
    pub(super) fn of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Dirty {
        let mut dirty = Dirty::default();
        for change in changes {
            let Some(id) = view::parse_id(&change.id) else { continue };
            let is_group = change.resource_type == "Group";
            dirty.deletes_groups |= is_group && change.kind == ChangeKind::Delete;
            if dirty.seen.insert(id) {
                if is_group { &mut dirty.groups } else { &mut dirty.users }.push(id);
            }
        }
        dirty
    }

    /// Adds a group.
    pub(super) fn group(&mut self, id: Uuid) {
        if self.seen.insert(id) {
            self.groups.push(id);
        }
    }
}

/// Whether a change is of a kind that targets get.
pub(super) fn concerns(change: &Change) -> bool {
    matches!(change.resource_type.as_str(), "User" | "Group")
}

#[cfg(test)]
mod tests;
