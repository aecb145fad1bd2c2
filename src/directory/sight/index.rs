//! What an application sees, in memory: who under which name, and which group is in which. A group that is not seen is seen through:
//! whoever is in it counts as a member of the groups that it is in. Cheap to clone, so that long answers keep one moment. It knows no
//! store; what is in it is put there by `build.rs` and `follow.rs`.

use super::names::Names;
use imbl::{HashMap, OrdSet};
use std::collections::HashSet;
use uuid::Uuid;

/// See the module.
#[derive(Clone, Default)]
pub struct Index {
    /// The commit up to which everything is in.
    pub revision: u64,
    /// Users by name. With the scope "members" only those who are in a group that is seen.
    pub users: Names,
    /// Groups by name: those that the filter admits.
    pub groups: Names,
    /// Every group that there is, with the generation of its members.
    all: HashMap<Uuid, u64>,
    /// The groups that a group is in.
    parents: HashMap<Uuid, OrdSet<Uuid>>,
    /// The groups that are in a group.
    children: HashMap<Uuid, OrdSet<Uuid>>,
}

/// How far memberships are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// To the next group that is seen.
    Direct,
    /// Through all groups.
    Nested,
}

impl Index {
    /// Nobody, at a moment.
    pub fn at(revision: u64) -> Index {
        Index { revision, ..Index::default() }
    }

    /// How much it holds, for its limit.
    pub fn len(&self) -> usize {
        self.users.len() + self.users.waiting() + self.all.len()
    }

    /// The generation of a group's members, if there is such a group.
    pub fn generation(&self, group: Uuid) -> Option<u64> {
        self.all.get(&group).copied()
    }

    /// Every group that there is, seen or not.
    pub fn every_group(&self) -> impl Iterator<Item = Uuid> {
        self.all.keys().copied()
    }

    /// Whether any group is in another one.
    pub fn is_nested(&self) -> bool {
        !self.parents.is_empty()
    }

    /// That there is a group.
    pub fn put_group(&mut self, group: Uuid, generation: u64) {
        self.all.insert(group, generation);
    }

    /// That a group is no more, nor what it was in and what was in it.
    pub fn remove_group(&mut self, group: Uuid) {
        self.all.remove(&group);
        self.put_parents(group, &[]);
        for child in self.children.remove(&group).into_iter().flatten() {
            take(&mut self.parents, child, group);
        }
    }

    /// Which groups a group is in.
    pub fn put_parents(&mut self, group: Uuid, parents: &[Uuid]) {
        for parent in self.parents.remove(&group).into_iter().flatten() {
            take(&mut self.children, parent, group);
        }
        for parent in parents {
            self.parents.entry(group).or_default().insert(*parent);
            self.children.entry(*parent).or_default().insert(group);
        }
    }

    /// The groups that a group is in itself, seen or not.
    pub fn parents(&self, group: Uuid) -> impl Iterator<Item = Uuid> {
        self.parents.get(&group).into_iter().flatten().copied()
    }

    /// The groups that are in a group itself, seen or not.
    pub fn children(&self, group: Uuid) -> impl Iterator<Item = Uuid> {
        self.children.get(&group).into_iter().flatten().copied()
    }

    /// The groups that are seen above somebody who is in these groups himself, in the order of their creation.
    pub fn above(&self, groups: impl IntoIterator<Item = Uuid>, depth: Depth) -> Vec<Uuid> {
        let mut seen: HashSet<Uuid> = HashSet::new();
        let mut todo: Vec<Uuid> = groups.into_iter().collect();
        while let Some(group) = todo.pop() {
            if seen.insert(group) && (depth == Depth::Nested || !self.groups.shows(group)) {
                todo.extend(self.parents(group));
            }
        }
        self.shown(seen)
    }

    /// The groups that are seen within a group, in the order of their creation.
    pub fn below(&self, group: Uuid, depth: Depth) -> Vec<Uuid> {
        let mut seen: HashSet<Uuid> = HashSet::new();
        let mut todo: Vec<Uuid> = self.children(group).collect();
        while let Some(group) = todo.pop() {
            if seen.insert(group) && (depth == Depth::Nested || !self.groups.shows(group)) {
                todo.extend(self.children(group));
            }
        }
        seen.remove(&group);
        self.shown(seen)
    }

    /// The groups whose own members count as the group's: itself, and what is in it and not seen, or all that is in it.
    pub fn sources(&self, group: Uuid, depth: Depth) -> Vec<Uuid> {
        let (mut seen, mut sources) = (HashSet::from([group]), vec![group]);
        let mut todo: Vec<Uuid> = self.children(group).collect();
        while let Some(group) = todo.pop() {
            if (depth == Depth::Nested || !self.groups.shows(group)) && seen.insert(group) {
                sources.push(group);
                todo.extend(self.children(group));
            }
        }
        sources
    }

    fn shown(&self, groups: HashSet<Uuid>) -> Vec<Uuid> {
        let mut shown: Vec<Uuid> = groups.into_iter().filter(|group| self.groups.shows(*group)).collect();
        shown.sort_unstable();
        shown
    }
}

fn take(edges: &mut HashMap<Uuid, OrdSet<Uuid>>, from: Uuid, to: Uuid) {
    if let Some(ends) = edges.get_mut(&from) {
        ends.remove(&to);
        if ends.is_empty() {
            edges.remove(&from);
        }
    }
}

#[cfg(test)]
mod tests;
