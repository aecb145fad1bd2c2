//! What changed in an application's sight, so that a client that knows an earlier moment is told the difference. It is kept in memory and
//! bounded; whoever knows a moment before its start has to read everything again.

use crate::limits;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use uuid::Uuid;

/// See the module.
#[derive(Default)]
pub struct Journal {
    /// The earliest moment after which everything is here.
    start: u64,
    notes: VecDeque<(u64, Note)>,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A user is seen otherwise: the name before, if he was seen.
    User(Uuid, Option<Arc<str>>),
    /// A group likewise.
    Group(Uuid, Option<Arc<str>>),
    /// A user may be in other groups.
    UserMoved(Uuid),
    /// A group may be in other groups, or have other groups in it.
    GroupMoved(Uuid),
}

/// Everything after one moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Users that changed, with the name at that moment.
    pub users: BTreeMap<Uuid, Option<Arc<str>>>,
    /// Groups likewise.
    pub groups: BTreeMap<Uuid, Option<Arc<str>>>,
    /// Users whose groups may be others.
    pub moved_users: BTreeSet<Uuid>,
    /// Groups whose nesting may be another one.
    pub moved_groups: BTreeSet<Uuid>,
}

impl Journal {
    /// One that begins at a moment.
    pub fn at(start: u64) -> Journal {
        Journal { start, notes: VecDeque::new() }
    }

    /// The earliest moment that it reaches back to.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Notes what the step to the moment `revision` changed. `None`: nobody knows, so that the journal begins there.
    pub fn add(&mut self, revision: u64, notes: Option<Vec<Note>>) {
        let Some(notes) = notes else {
            *self = Journal::at(revision);
            return;
        };
        self.notes.extend(notes.into_iter().map(|note| (revision, note)));
        while self.notes.len() > limits::CROWD_JOURNAL_NOTES_MAX {
            // A step is kept whole or not at all.
            let Some((dropped, _)) = self.notes.pop_front() else { return };
            self.start = dropped;
            while self.notes.front().is_some_and(|(next, _)| *next == dropped) {
                self.notes.pop_front();
            }
        }
    }

    /// What changed after the moment `after`; `None`: that is not known, or it is too much to be told one by one.
    pub fn since(&self, after: u64) -> Option<Difference> {
        if after < self.start {
            return None;
        }
        let mut difference = Difference::default();
        let from = self.notes.partition_point(|(revision, _)| *revision <= after);
        for (_, note) in self.notes.range(from..) {
            match note {
                Note::User(id, old) => {
                    difference.users.entry(*id).or_insert_with(|| old.clone());
                }
                Note::Group(id, old) => {
                    difference.groups.entry(*id).or_insert_with(|| old.clone());
                }
                Note::UserMoved(id) => {
                    difference.moved_users.insert(*id);
                }
                Note::GroupMoved(id) => {
                    difference.moved_groups.insert(*id);
                }
            }
        }
        (difference.len() <= limits::CROWD_EVENTS_MAX).then_some(difference)
    }
}

impl Difference {
    fn len(&self) -> usize {
        self.users.len() + self.groups.len() + self.moved_users.len() + self.moved_groups.len()
    }
}

#[cfg(test)]
mod tests;
