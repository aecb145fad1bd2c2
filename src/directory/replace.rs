//! Replacing a resource (PUT): what the body does not have is gone afterwards, except what the server owns.

use super::answer::Answer;
use super::members::Wanted;
use super::patch::{Edit, commit};
use super::write::Precondition;
use super::{Call, keys};
use crate::scim::dialect::Reading;
use crate::scim::errors::{Error, Kind};
use crate::scim::patch::members as read_members;
use crate::scim::project::Projection;
use crate::scim::resource;
use crate::scim::schema::{Mutability, ResourceType};
use serde_json::{Map, Value};

/// Puts the body in the place of the resource.
pub async fn replace(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: &str,
    body: Value,
    precondition: &Precondition,
    projection: &Projection<'_>,
    reading: &mut Reading<'_>,
) -> Result<Answer, Error> {
    let id = super::view::id(resource_type, id)?;
    let incoming = resource::read(resource_type, body, reading)?;
    resource::is_complete(resource_type, &incoming.attributes)?;
    let members = match keys::type_code(resource_type) {
        keys::GROUP => Wanted::exactly(call, &read_members(incoming.members.unwrap_or_default(), reading)?)?,
        _ => Wanted::default(),
    };
    let edit = Edit::Replace { attributes: incoming.attributes, members };
    commit(call, resource_type, id, &edit, precondition, projection, reading).await
}

/// Refuses another value for an attribute that is set once (RFC 7644 section 3.5.1).
pub fn keeps_immutable(
    resource_type: &ResourceType,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Result<(), Error> {
    let core = resource_type.schema.attributes.iter().map(|attribute| (None, attribute));
    let extended = resource_type.extensions.iter().flat_map(|extension| {
        extension.schema.attributes.iter().map(|attribute| (Some(&extension.schema.id), attribute))
    });
    for (urn, attribute) in core.chain(extended).filter(|(_, a)| a.mutability == Mutability::Immutable) {
        let of = |holder: &Map<String, Value>| match urn {
            Some(urn) => holder.get(urn).and_then(|object| object.get(&attribute.name)).cloned(),
            None => holder.get(&attribute.name).cloned(),
        };
        if let Some(old) = of(old)
            && of(new) != Some(old)
        {
            return Err(Error::new(Kind::Mutability, format!("'{}' is immutable", attribute.name)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
