//! The resource types of one tenant: User, Group, and whatever it has defined. It does not know where definitions are kept.

use super::{ResourceType, Returned, USER, group, user};
use crate::limits;
use std::sync::{Arc, LazyLock};

/// Resource types, in the order of lists over all of them. Never without User and Group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Types {
    user: Arc<ResourceType>,
    group: Arc<ResourceType>,
    all: Vec<Arc<ResourceType>>,
    /// The names, in lower case, of what a tenant has defined as never returned.
    secrets: Vec<String>,
}

impl Types {
    /// These, with User and Group before all others.
    pub fn new(user: Arc<ResourceType>, group: Arc<ResourceType>, others: Vec<Arc<ResourceType>>) -> Types {
        let all: Vec<Arc<ResourceType>> = [user.clone(), group.clone()].into_iter().chain(others).collect();
        let schemas = all.iter().flat_map(|known| {
            std::iter::once(&known.schema).chain(known.extensions.iter().map(|extension| &extension.schema))
        });
        let attributes = schemas.filter(|schema| schema.id != USER).flat_map(|schema| &schema.attributes);
        let secrets = attributes
            .flat_map(|attribute| std::iter::once(attribute).chain(&attribute.sub_attributes))
            .filter(|attribute| attribute.returned == Returned::Never)
            .map(|attribute| attribute.name.to_ascii_lowercase())
            .collect();
        Types { user, group, all, secrets }
    }

    /// Whether a text may hold a value that the tenant has defined as never returned. It misses none: a text that is long or has
    /// escaped ASCII letters may hold anything.
    pub fn may_hold_secret(&self, text: &[u8]) -> bool {
        if self.secrets.is_empty() || text.len() > limits::EXCHANGE_PARSED_BYTES_MAX {
            return !self.secrets.is_empty();
        }
        let has = |name: &String| text.windows(name.len()).any(|part| part.eq_ignore_ascii_case(name.as_bytes()));
        self.secrets.iter().any(has) || text.windows(4).any(|part| part == b"\\u00")
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
