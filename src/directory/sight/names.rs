//! Who is seen under which name. Names are equal when they differ in case only; of several with one name the oldest is seen, and the
//! others wait until it is free. A map that is cheap to clone, so that who reads for long keeps the names of one moment. It does not
//! know what the names belong to.

use crate::scim::fold::fold;
use imbl::{HashMap, OrdMap};
use std::sync::Arc;
use uuid::Uuid;

/// See the module.
#[derive(Clone, Default)]
pub struct Names {
    /// Who is seen, in the order of ids, which is that of creation.
    shown: OrdMap<Uuid, Arc<str>>,
    /// Whose a name is, by its comparison form.
    holders: HashMap<Arc<str>, Uuid>,
    /// Who has a name that an older one holds, by its comparison form.
    waiting: HashMap<Arc<str>, OrdMap<Uuid, Arc<str>>>,
    /// Under which comparison form somebody waits.
    behind: HashMap<Uuid, Arc<str>>,
}

/// Somebody is seen otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Who.
    pub id: Uuid,
    /// The name before; `None`: not seen.
    pub old: Option<Arc<str>>,
    /// The name now.
    pub new: Option<Arc<str>>,
}

impl Names {
    /// How many are seen.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// How many have a name that somebody else holds.
    pub fn waiting(&self) -> usize {
        self.behind.len()
    }

    /// Under which name `id` is seen.
    pub fn name(&self, id: Uuid) -> Option<&Arc<str>> {
        self.shown.get(&id)
    }

    /// Whether `id` is seen.
    pub fn shows(&self, id: Uuid) -> bool {
        self.shown.contains_key(&id)
    }

    /// Whether `id` has a name, be it seen or not.
    pub fn has(&self, id: Uuid) -> bool {
        self.shows(id) || self.behind.contains_key(&id)
    }

    /// Who is seen under a name.
    pub fn find(&self, name: &str) -> Option<Uuid> {
        self.holders.get(fold(name).as_ref()).copied()
    }

    /// Whoever is seen, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Uuid, &Arc<str>)> {
        self.shown.iter().map(|(id, name)| (*id, name))
    }

    /// The next that are seen, after `after`.
    pub fn after(&self, after: Option<Uuid>) -> impl Iterator<Item = (Uuid, &Arc<str>)> {
        let start = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        self.shown.range((start, std::ops::Bound::Unbounded)).map(|(id, name)| (*id, name))
    }

    /// Everybody who has a name, seen or not.
    pub fn all(&self) -> impl Iterator<Item = Uuid> {
        self.shown.keys().chain(self.behind.keys()).copied()
    }

    /// Gives `id` a name or takes it away; tells who is seen otherwise than before because of that.
    pub fn set(&mut self, id: Uuid, name: Option<&str>) -> Vec<Turn> {
        if name.is_some() && self.shown.get(&id).map(AsRef::as_ref) == name {
            return Vec::new();
        }
        let mut touched = vec![(id, self.shown.get(&id).cloned())];
        let promoted = self.release(id);
        touched.extend(promoted.map(|promoted| (promoted, None)));
        if let Some(name) = name {
            let folded: Arc<str> = Arc::from(fold(name).as_ref());
            let name: Arc<str> = if *folded == *name { folded.clone() } else { Arc::from(name) };
            match self.holders.get(&folded).copied() {
                Some(holder) if holder < id => self.wait(id, folded, name),
                Some(holder) => {
                    let holders_name = self.shown.remove(&holder);
                    if touched.iter().all(|(known, _)| *known != holder) {
                        touched.push((holder, holders_name.clone()));
                    }
                    if let Some(holders_name) = holders_name {
                        self.wait(holder, folded.clone(), holders_name);
                    }
                    self.show(id, folded, name);
                }
                None => self.show(id, folded, name),
            }
        }
        let turns = touched.into_iter().map(|(id, old)| Turn { id, old, new: self.shown.get(&id).cloned() });
        turns.filter(|turn| turn.old != turn.new).collect()
    }

    fn show(&mut self, id: Uuid, folded: Arc<str>, name: Arc<str>) {
        self.holders.insert(folded, id);
        self.shown.insert(id, name);
    }

    fn wait(&mut self, id: Uuid, folded: Arc<str>, name: Arc<str>) {
        self.behind.insert(id, folded.clone());
        self.waiting.entry(folded).or_default().insert(id, name);
    }

    /// Takes `id` out; gives who is seen in its place.
    fn release(&mut self, id: Uuid) -> Option<Uuid> {
        if let Some(folded) = self.behind.remove(&id) {
            if let Some(others) = self.waiting.get_mut(&folded) {
                others.remove(&id);
                if others.is_empty() {
                    self.waiting.remove(&folded);
                }
            }
            return None;
        }
        let name = self.shown.remove(&id)?;
        let folded: Arc<str> = Arc::from(fold(&name).as_ref());
        self.holders.remove(&folded);
        let next = self.waiting.get(&folded).and_then(|others| others.get_min().cloned())?;
        self.release(next.0);
        self.show(next.0, folded, next.1);
        Some(next.0)
    }
}

#[cfg(test)]
mod tests;
