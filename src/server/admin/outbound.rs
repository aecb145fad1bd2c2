//! What Crowd applications and targets see of a tenant, as messages and as settings. It does not know whether it is one or the other.

use prost_types::FieldMask;
use tonic::Status;

use super::api::v1::{OutboundFilter, OutboundMapping, OutboundUsers};
use super::refusal;
use crate::mapping::outbound::{Definition, Users};
use crate::scim::errors::clip;

/// The fields of the shared messages that an update may set.
const FIELDS: [&str; 11] = [
    "filter",
    "filter.include_groups",
    "filter.exclude_groups",
    "filter.users",
    "mapping",
    "mapping.user_name",
    "mapping.display_name",
    "mapping.first_name",
    "mapping.last_name",
    "mapping.email",
    "mapping.group_name",
];

/// The fields that an update names, each one of `own` or of the shared messages; there may be none.
pub(super) fn paths(mask: Option<FieldMask>, own: &[&str]) -> Result<Vec<String>, Status> {
    let paths = mask.unwrap_or_default().paths;
    let fields = [own, &FIELDS].concat();
    match paths.iter().find(|path| !fields.contains(&path.as_str())) {
        Some(path) => Err(refusal::field("update_mask", format!("'{}' is none of {}", clip(path), fields.join(", ")))),
        None => Ok(paths),
    }
}

/// Sets the mapping, or the one member of it that `path` names.
pub(super) fn set(kept: &mut Definition, path: &str, wanted: &Definition) {
    match path {
        "mapping" => kept.clone_from(wanted),
        "mapping.user_name" => kept.user_name.clone_from(&wanted.user_name),
        "mapping.display_name" => kept.display_name.clone_from(&wanted.display_name),
        "mapping.first_name" => kept.first_name.clone_from(&wanted.first_name),
        "mapping.last_name" => kept.last_name.clone_from(&wanted.last_name),
        "mapping.email" => kept.email.clone_from(&wanted.email),
        "mapping.group_name" => kept.group_name.clone_from(&wanted.group_name),
        // The mask was checked against the list above.
        _ => {}
    }
}

/// The users of a filter; `field` is what they are called in a refusal.
pub(super) fn users(field: &'static str, filter: &OutboundFilter) -> Result<Users, Status> {
    match OutboundUsers::try_from(filter.users) {
        Ok(OutboundUsers::Unspecified | OutboundUsers::All) => Ok(Users::All),
        Ok(OutboundUsers::Members) => Ok(Users::Members),
        Err(_) => Err(refusal::field(field, "it is none of the values that there are")),
    }
}

/// A filter as a message.
pub(super) fn filter(include_groups: Vec<String>, exclude_groups: Vec<String>, users: Users) -> OutboundFilter {
    let users = match users {
        Users::All => OutboundUsers::All,
        Users::Members => OutboundUsers::Members,
    };
    OutboundFilter { include_groups, exclude_groups, users: users.into() }
}

/// A mapping as it is kept.
pub(super) fn definition(mapping: OutboundMapping) -> Definition {
    let OutboundMapping { user_name, display_name, first_name, last_name, email, group_name } = mapping;
    Definition { user_name, display_name, first_name, last_name, email, group_name }
}

/// A mapping as a message.
pub(super) fn mapping(definition: Definition) -> OutboundMapping {
    let Definition { user_name, display_name, first_name, last_name, email, group_name } = definition;
    OutboundMapping { user_name, display_name, first_name, last_name, email, group_name }
}

#[cfg(test)]
mod tests;
