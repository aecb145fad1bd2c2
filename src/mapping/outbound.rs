//! How others see users and groups: a target or an application gets a few plain texts of each, made by expressions.

use super::{Failure, Wrong};
use crate::scim::schema::types::Types;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an admin sets: the text of one expression each; empty is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Definition {
    /// Default: `[userName]`.
    pub user_name: String,
    /// Default: displayName, else name.formatted, else given and family name, else userName.
    pub display_name: String,
    /// Default: name.givenName, else the display name's words before the last.
    pub first_name: String,
    /// Default: name.familyName, else the display name's last word.
    pub last_name: String,
    /// Default: the primary address, else the one of type work, else the first.
    pub email: String,
    /// Of groups. Default: `[displayName]`.
    pub group_name: String,
}

/// A definition that has been read and checked.
#[derive(Clone, Debug)]
pub struct Outbound;

/// A user as others see him.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Never empty.
    pub name: String,
    /// Never empty.
    pub display_name: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// May be empty.
    pub email: String,
    /// `active`; a user without it is.
    pub active: bool,
}

impl Outbound {
    /// Reads and checks a definition.
    ///
    /// # Errors
    /// The fields that are wrong, by their names in [`Definition`], each with what is wrong.
    pub fn compile(_definition: &Definition, _types: &Types) -> Result<Outbound, Vec<(&'static str, Wrong)>> {
        Ok(Outbound)
    }

    /// The user as others see him.
    ///
    /// # Errors
    /// When an expression fails, or no user name results.
    pub fn user(&self, _resource: &Map<String, Value>, _now_ms: i64) -> Result<Person, Failure> {
        Ok(Person::default())
    }

    /// The group's name as others see it.
    ///
    /// # Errors
    /// When the expression fails, or nothing results.
    pub fn group_name(&self, _resource: &Map<String, Value>, _now_ms: i64) -> Result<String, Failure> {
        Ok(String::new())
    }

    /// Whether users are called by their userName as it is, so that an index finds a user by the name that others know.
    pub fn names_users_plainly(&self) -> bool {
        true
    }
}
