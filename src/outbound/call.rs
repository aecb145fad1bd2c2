//! What users and groups are called at a target: the texts by which whoever has an id or a name there is found. Two names that a target
//! takes for one are one text. Pure.

use super::capability;
use super::plan::{KnownGroup, KnownUser};
use crate::directory::target::stored::Kind;
use serde_json::{Map, Value};

/// By what the target calls it for good; `None` where that is not known.
pub fn by_id(id: &str) -> Option<String> {
    (!id.is_empty()).then(|| format!("id:{id}"))
}

/// A user by his name. No kind of target has two users whose names differ in case alone.
pub fn by_user_name(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| format!("name:{}", name.to_lowercase()))
}

/// A group by its name; `None` where several groups may have one name (RFC 7643 section 4.2).
pub fn by_group_name(kind: Kind, name: &str) -> Option<String> {
    let is_unique = kind != Kind::Scim && !name.is_empty();
    is_unique.then(|| format!("name:{}", capability::group_key(kind, name)))
}

/// Something that is called so there, or may be.
pub trait Called {
    /// What the target calls it for good; may be empty.
    fn id(&self) -> &str;
    /// Its name there.
    fn name(&self) -> &str;
    /// What a SCIM server has of it.
    fn attributes(&self) -> &Map<String, Value>;
    /// All of its calls.
    fn calls(&self, kind: Kind) -> Vec<String>;
}

impl Called for KnownUser {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    fn calls(&self, _: Kind) -> Vec<String> {
        let names = [Some(self.name.as_str()), self.other_name()].into_iter().flatten();
        by_id(&self.id).into_iter().chain(names.filter_map(by_user_name)).collect()
    }
}

impl Called for KnownGroup {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    fn calls(&self, kind: Kind) -> Vec<String> {
        let other = self.doubt.as_ref().map(|doubt| doubt.name.as_str()).filter(|name| *name != self.name);
        let names = [Some(self.name.as_str()), other].into_iter().flatten();
        by_id(&self.id).into_iter().chain(names.filter_map(|name| by_group_name(kind, name))).collect()
    }
}
