//! The resource types of one tenant: User, Group, and whatever it has defined. It does not know where definitions are kept.

use super::{ResourceType, group, user};
use std::sync::{Arc, LazyLock};

/// Resource types, in the order of lists over all of them. Never without User and Group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Types {
    user: Arc<ResourceType>,
    group: Arc<ResourceType>,
    all: Vec<Arc<ResourceType>>,
}

impl Types {
    /// These, with User and Group before all others.
    pub fn new(user: Arc<ResourceType>, group: Arc<ResourceType>, others: Vec<Arc<ResourceType>>) -> Types {
        let all = [user.clone(), group.clone()].into_iter().chain(others).collect();
        Types { user, group, all }
    }

    /// What a tenant has that has defined nothing.
    pub fn builtin() -> &'static Arc<Types> {
        static BUILTIN: LazyLock<Arc<Types>> =
            LazyLock::new(|| Arc::new(Types::new(user().clone(), group().clone(), Vec::new())));
        &BUILTIN
    }

    /// User, with the tenant's extensions.
    pub fn user(&self) -> &Arc<ResourceType> {
        &self.user
    }

    /// Group, with the tenant's extensions.
    pub fn group(&self) -> &Arc<ResourceType> {
        &self.group
    }

    /// All of them.
    pub fn all(&self) -> &[Arc<ResourceType>] {
        &self.all
    }

    /// The type of this name, to the letter.
    pub fn named(&self, name: &str) -> Option<&Arc<ResourceType>> {
        self.all.iter().find(|known| known.name == name)
    }

    /// The type whose endpoint is `segment`, which is without its slash.
    pub fn at(&self, segment: &str) -> Option<&Arc<ResourceType>> {
        self.all.iter().find(|known| known.endpoint.strip_prefix('/') == Some(segment))
    }

    /// The type of this number.
    pub fn coded(&self, code: u8) -> Option<&Arc<ResourceType>> {
        self.all.iter().find(|known| known.code == code)
    }
}
