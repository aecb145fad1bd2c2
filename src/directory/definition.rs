//! What a tenant defines of its own: schemas, extensions of User and Group, resource types. Here the stored definitions become the
//! types that requests work with; `change.rs` changes definitions, `usage.rs` knows what of them resources use, `views.rs` what those use
//! who read the tenant. A tenant has one row for all its definitions. Every write of a resource relies on that row, so that none is made
//! by definitions that are no more.

pub mod change;
pub mod usage;
pub mod views;

use super::keys;
use super::record::{DefinedType, Definitions};
use crate::scim::errors::clip;
use crate::scim::schema::definition::{self, TypeDefinition};
use crate::scim::schema::types::Types;
use crate::scim::schema::{self, Attribute, Extension, ResourceType, Schema};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The types that the definitions make, or everything that is wrong with them together.
pub fn resolve(definitions: &Definitions) -> Result<Types, Vec<String>> {
    let mut wrong = Vec::new();
    let schemas = schemas(definitions, &mut wrong);
    let (mut user, mut group, mut others) = (schema::user().clone(), schema::group().clone(), Vec::new());
    let mut endpoints: Vec<String> = Vec::new();
    for defined in &definitions.types {
        let definition = match definition::resource_type(&defined.json) {
            Ok(definition) => definition,
            Err(more) => {
                wrong.extend(more);
                continue;
            }
        };
        let Some(resource_type) = resource_type(&schemas, defined, definition, &mut wrong) else { continue };
        is_unambiguous(&resource_type, &mut wrong);
        match resource_type.code {
            keys::USER => user = Arc::new(resource_type),
            keys::GROUP => group = Arc::new(resource_type),
            _ => {
                if endpoints.iter().any(|known| known.eq_ignore_ascii_case(&resource_type.endpoint)) {
                    wrong.push(format!("'endpoint' is '{}', which another type has", resource_type.endpoint));
                }
                endpoints.push(resource_type.endpoint.clone());
                others.push(Arc::new(resource_type));
            }
        }
    }
    match wrong.is_empty() {
        true => Ok(Types::new(user, group, others)),
        false => Err(wrong),
    }
}

/// The code of a type that every tenant has.
pub fn built_in(name: &str) -> Option<(u8, &'static Arc<ResourceType>)> {
    let types = [(keys::USER, schema::user()), (keys::GROUP, schema::group())];
    types.into_iter().find(|(_, known)| known.name.eq_ignore_ascii_case(name))
}

/// The schemas that a tenant may not define, since every tenant has them.
pub fn built_in_schemas() -> Vec<&'static Arc<Schema>> {
    let own = [schema::user(), schema::group()].into_iter().flat_map(|known| {
        std::iter::once(&known.schema).chain(known.extensions.iter().map(|extension| &extension.schema))
    });
    own.chain(schema::provider()).collect()
}

/// Numbers for the indexes and extensions that have none yet. One that is there no more loses its number for good.
pub fn number(definitions: &mut Definitions) -> Result<(), &'static str> {
    let schemas = schemas(definitions, &mut Vec::new());
    for defined in &mut definitions.types {
        let Ok(definition) = definition::resource_type(&defined.json) else { continue };
        defined.bits.retain(|urn, _| definition.extensions.iter().any(|(known, _)| known.eq_ignore_ascii_case(urn)));
        for (urn, _) in &definition.extensions {
            let urn = urn.to_ascii_lowercase();
            // The first bit is the one that the enterprise extension has in records of version 0.1.
            let free = match urn.eq_ignore_ascii_case(schema::ENTERPRISE_USER) {
                true => Some(0),
                false => (1..32).find(|bit| !defined.bits.values().any(|taken| taken == bit)),
            };
            let bit = defined.bits.get(&urn).copied().or(free).ok_or("there are as many extensions as there may be")?;
            defined.bits.insert(urn, bit);
        }
        let own = std::iter::once(&definition.schema).chain(definition.extensions.iter().map(|(urn, _)| urn));
        let schemas = own.filter_map(|urn| schemas.get(&urn.to_ascii_lowercase()));
        let indexed: Vec<String> = schemas
            .flat_map(|schema| schema.attributes.iter().filter(|a| a.indexed).map(|a| index_name(schema, a)))
            .collect();
        defined.indexes.retain(|name, _| indexed.contains(name));
        for name in indexed {
            if !defined.indexes.contains_key(&name) {
                let last = defined.index_made.max(keys::FIRST_CUSTOM_ATTRIBUTE - 1);
                defined.index_made = last.checked_add(1).ok_or("the type has had as many indexes as there may be")?;
                defined.indexes.insert(name, defined.index_made);
            }
        }
    }
    Ok(())
}

/// What an index is called among the numbers of its type: names are compared to the letter, as they stand in records.
fn index_name(schema: &Schema, attribute: &Attribute) -> String {
    format!("{}:{}", schema.id, attribute.name)
}

/// The defined schemas by their URNs in lower case.
fn schemas(definitions: &Definitions, wrong: &mut Vec<String>) -> BTreeMap<String, Schema> {
    let mut schemas = BTreeMap::new();
    for defined in &definitions.schemas {
        match definition::schema(&defined.json) {
            Ok(schema) => {
                if let Some(why) = is_reserved(&schema.id) {
                    wrong.push(format!("'id' is '{}', {why}", clip(&schema.id)));
                }
                schemas.insert(schema.id.to_ascii_lowercase(), schema);
            }
            Err(more) => wrong.extend(more),
        }
    }
    schemas
}

fn is_reserved(urn: &str) -> Option<&'static str> {
    let starts = |start: &str| urn.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
    if built_in_schemas().iter().any(|known| known.id.eq_ignore_ascii_case(urn)) {
        return Some("which every tenant has");
    }
    let is_rfc_s = starts("urn:ietf:params:scim:schemas:core:") || starts("urn:ietf:params:scim:api:");
    is_rfc_s.then_some("which is the RFC's; take a URN of your own")
}

/// Names that are taken: those of discovery's own resources, and the one of the lines of members in an export.
const NAMES: [&str; 4] = ["Schema", "ResourceType", "ServiceProviderConfig", "Members"];
/// Endpoints that are taken.
const ENDPOINTS: [&str; 7] = ["Users", "Groups", "Me", "Bulk", "Schemas", "ResourceTypes", "ServiceProviderConfig"];

fn resource_type(
    schemas: &BTreeMap<String, Schema>,
    defined: &DefinedType,
    definition: TypeDefinition,
    wrong: &mut Vec<String>,
) -> Option<ResourceType> {
    let problems = wrong.len();
    let numbered = |mut schema: Schema| {
        for attribute in &mut schema.attributes {
            let name = format!("{}:{}", schema.id, attribute.name);
            attribute.index_code = defined.indexes.get(&name).copied().filter(|_| attribute.indexed);
        }
        Arc::new(schema)
    };
    let own = |urn: &str| schemas.get(&urn.to_ascii_lowercase()).cloned().map(&numbered);
    let core = match built_in(&definition.name) {
        Some((_, known)) => {
            let is_same = definition.endpoint == known.endpoint && definition.schema == known.schema.id;
            if !is_same || definition.name != known.name {
                let (name, endpoint, urn) = (&known.name, &known.endpoint, &known.schema.id);
                wrong.push(format!("'name' is {name}, whose 'endpoint' is {endpoint} and whose 'schema' is {urn}"));
            }
            Some(known.schema.clone())
        }
        None => {
            if NAMES.iter().any(|taken| taken.eq_ignore_ascii_case(&definition.name)) {
                wrong.push(format!("'name' is '{}', which is taken", definition.name));
            }
            let segment = definition.endpoint.strip_prefix('/').unwrap_or_default();
            if ENDPOINTS.iter().any(|taken| taken.eq_ignore_ascii_case(segment)) {
                wrong.push(format!("'endpoint' is '{}', which is taken", definition.endpoint));
            }
            own(&definition.schema)
        }
    };
    if core.is_none() {
        wrong.push(format!("'schema' is '{}', which the tenant has not defined", clip(&definition.schema)));
    }
    let core = core?;
    let mut extensions = Vec::with_capacity(definition.extensions.len());
    for (urn, required) in &definition.extensions {
        let enterprise = || schema::user().extension(urn).map(|extension| extension.schema.clone());
        let Some(schema) = own(urn).or_else(enterprise) else {
            wrong.push(format!("'schemaExtensions' has '{}', which the tenant has not defined", clip(urn)));
            continue;
        };
        if schema.id == core.id {
            wrong.push(format!("'schemaExtensions' has '{}', which is the type's own schema", clip(urn)));
        }
        let is_core = |name: &str| core.attribute(name).is_some() || ResourceType::common(name).is_some();
        for attribute in schema.attributes.iter().filter(|attribute| is_core(&attribute.name)) {
            let (name, urn) = (&attribute.name, clip(urn));
            wrong.push(format!("the extension '{urn}' has '{name}', which '{}' has already", core.id));
        }
        let bit = defined.bits.get(&urn.to_ascii_lowercase()).copied().unwrap_or(u8::MAX);
        extensions.push(Extension { schema, required: *required, bit });
    }
    let TypeDefinition { name, endpoint, description, .. } = definition;
    let id = name.clone();
    let made = ResourceType { id, name, endpoint, description, schema: core, extensions, code: defined.code };
    (wrong.len() == problems).then_some(made)
}

/// A URN that is an attribute's full name as well would have two meanings in a path.
fn is_unambiguous(resource_type: &ResourceType, wrong: &mut Vec<String>) {
    let urns = || resource_type.extensions.iter().map(|e| &e.schema).chain([&resource_type.schema]);
    for schema in urns() {
        let names = schema.attributes.iter().map(|attribute| format!("{}:{}", schema.id, attribute.name));
        let taken = |name: &String| urns().any(|other| other.id.eq_ignore_ascii_case(name));
        wrong.extend(names.filter(taken).map(|name| format!("'{}' is an attribute and a schema", clip(&name))));
    }
}

#[cfg(test)]
mod tests;
