//! A whole resource from a POST or PUT body: every name canonical, every value of its type, in the order of the schema; what the
//! server owns is left out. The result is what the store keeps and what filters and PATCH work on.

use crate::scim::coerce;
use crate::scim::dialect::{Quirk, Reading};
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::path::{self, Attr, Found};
use crate::scim::schema::{Attribute, Mutability, ResourceType, Returned, Schema};
use serde_json::{Map, Value};

/// What a body asks a resource to be.
#[derive(Debug, Default)]
pub struct Incoming {
    /// The attributes to keep, canonical, without the ones that are stored elsewhere.
    pub attributes: Map<String, Value>,
    /// The values of `members`, when the type has them: stored as rows of their own. `None` when the body has none.
    pub members: Option<Value>,
}

/// The URN of SCIM 1.1, which OneLogin's older connectors send.
const CORE_1: &str = "urn:scim:schemas:core:1.0";

/// Reads a POST or PUT body.
pub fn read(resource_type: &ResourceType, body: Value, reading: &mut Reading<'_>) -> Result<Incoming, Error> {
    let Value::Object(body) = body else {
        return Err(Error::new(Kind::InvalidSyntax, "the body must be a JSON object"));
    };
    schemas_are_known(resource_type, &body, reading)?;
    let mut draft = Draft::default();
    for (key, value) in body {
        draft.take(resource_type, &key, value, reading)?;
    }
    Ok(draft.finish(resource_type))
}

/// Refuses a resource without its required attributes (RFC 7643 section 2.2).
pub fn is_complete(resource_type: &ResourceType, attributes: &Map<String, Value>) -> Result<(), Error> {
    required(&resource_type.schema.attributes, attributes, "")?;
    for extension in &resource_type.extensions {
        match attributes.get(&extension.schema.id).and_then(Value::as_object) {
            Some(object) => required(&extension.schema.attributes, object, &format!("{}:", extension.schema.id))?,
            None if extension.required => {
                let why = format!("the extension '{}' is required", extension.schema.id);
                return Err(Error::new(Kind::InvalidValue, why));
            }
            None => {}
        }
    }
    Ok(())
}

/// Puts the attributes of `from` into the order of the schema; extensions come last.
pub fn in_order(resource_type: &ResourceType, mut from: Map<String, Value>) -> Map<String, Value> {
    let mut ordered = Map::new();
    if let Some(value) = from.shift_remove("externalId") {
        ordered.insert("externalId".to_owned(), value);
    }
    ordered.extend(as_listed(&resource_type.schema.attributes, &mut from));
    for extension in &resource_type.extensions {
        let Some(Value::Object(mut object)) = from.shift_remove(&extension.schema.id) else { continue };
        put_object(&mut ordered, &extension.schema.id, as_listed(&extension.schema.attributes, &mut object));
    }
    ordered
}

/// The values of `attributes` in `object`, in the order of `attributes`.
pub fn as_listed(attributes: &[Attribute], object: &mut Map<String, Value>) -> Map<String, Value> {
    let taken = |attribute: &Attribute| Some((attribute.name.clone(), object.shift_remove(&attribute.name)?));
    attributes.iter().filter_map(taken).collect()
}

/// Whether the server keeps values of `attribute` at all: not what it computes, and not secrets, which nothing here needs
/// (a password that is stored can leak, and no product logs in with it).
pub fn is_kept(attribute: &Attribute) -> bool {
    attribute.mutability != Mutability::ReadOnly && attribute.returned != Returned::Never
}

/// Whether the attribute's values are rows of their own instead of a part of the record.
pub fn is_membership(attr: &Attr<'_>, resource_type: &ResourceType) -> bool {
    attr.is_core("members") && resource_type.name == "Group"
}

fn required(attributes: &[Attribute], object: &Map<String, Value>, prefix: &str) -> Result<(), Error> {
    for attribute in attributes.iter().filter(|attribute| is_kept(attribute)) {
        let place = || format!("{prefix}{}", attribute.name);
        match object.get(&attribute.name) {
            None if attribute.required => {
                return Err(Error::new(Kind::InvalidValue, format!("'{}' is required", place())));
            }
            Some(Value::String(text)) if attribute.required && text.trim().is_empty() => {
                return Err(Error::new(Kind::InvalidValue, format!("'{}' must not be empty", place())));
            }
            _ if !attribute.sub_attributes.iter().any(|sub| sub.required) => {}
            Some(Value::Object(value)) => required(&attribute.sub_attributes, value, &format!("{}.", place()))?,
            Some(Value::Array(list)) => {
                for (index, value) in list.iter().enumerate() {
                    let Value::Object(value) = value else { continue };
                    required(&attribute.sub_attributes, value, &format!("{}[{index}].", place()))?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn schemas_are_known(
    resource_type: &ResourceType,
    body: &Map<String, Value>,
    reading: &mut Reading<'_>,
) -> Result<(), Error> {
    let key = body.keys().find(|key| key.eq_ignore_ascii_case("schemas"));
    let missing = |reading: &mut Reading<'_>| match reading.allows(Quirk::MissingSchemas) {
        true => Ok(()),
        false => Err(Error::new(Kind::InvalidSyntax, format!("'schemas' must hold '{}'", resource_type.schema.id))),
    };
    let list = match key.and_then(|key| body.get(key)) {
        None | Some(Value::Null) => return missing(reading),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Error::new(Kind::InvalidSyntax, "'schemas' must be an array of URIs")),
    };
    let mut has_core = false;
    for entry in list {
        let Value::String(urn) = entry else {
            return Err(Error::new(Kind::InvalidSyntax, "'schemas' must be an array of URIs"));
        };
        if urn.eq_ignore_ascii_case(CORE_1) {
            return Err(scim_1());
        }
        match path::find_schema(resource_type, urn, reading) {
            Some(schema) => has_core |= schema.id == resource_type.schema.id,
            None if reading.allows(Quirk::UnknownSchema) => {}
            None => {
                let why = format!("'schemas' holds '{}', which no schema here is", clip(urn));
                return Err(Error::new(Kind::InvalidValue, why));
            }
        }
    }
    match has_core {
        true => Ok(()),
        false => missing(reading),
    }
}

/// The answer to a body of SCIM 1.1.
pub fn scim_1() -> Error {
    Error::new(
        Kind::InvalidSyntax,
        "the body is SCIM 1.1; this is a SCIM 2.0 server: choose SCIM 2.0 (at OneLogin: SCIM v2 Enterprise) in the identity provider",
    )
}

/// A resource while its body is read: attribute by attribute, in whatever order and spelling they come.
#[derive(Debug, Default)]
struct Draft {
    attributes: Map<String, Value>,
    members: Option<Value>,
}

impl Draft {
    fn take(
        &mut self,
        resource_type: &ResourceType,
        key: &str,
        value: Value,
        reading: &mut Reading<'_>,
    ) -> Result<(), Error> {
        match path::find(resource_type, key, reading) {
            Found::Attr(attr) => {
                key_is_allowed(key, &attr, reading)?;
                self.set(resource_type, &attr, value, reading)
            }
            Found::Extension(schema) => match value {
                Value::Object(object) => self.extension(resource_type, schema, object, reading),
                Value::Null => Ok(()),
                _ => Err(Error::new(Kind::InvalidValue, format!("'{}' must be an object", schema.id))),
            },
            Found::UnknownSchema => match reading.allows(Quirk::UnknownSchema) {
                true => Ok(()),
                false => coerce::unknown(&clip(key), reading),
            },
            Found::Core | Found::UnknownAttribute | Found::Malformed => coerce::unknown(&clip(key), reading),
        }
    }

    fn extension(
        &mut self,
        resource_type: &ResourceType,
        schema: &Schema,
        object: Map<String, Value>,
        reading: &mut Reading<'_>,
    ) -> Result<(), Error> {
        for (key, value) in object {
            match schema.attribute(&key) {
                Some(attribute) => {
                    let attr = Attr { extension: Some(schema), attribute, sub: None };
                    self.set(resource_type, &attr, value, reading)?;
                }
                None if key.eq_ignore_ascii_case("schemas") => {}
                None => coerce::unknown(&format!("{}:{}", schema.id, clip(&key)), reading)?,
            }
        }
        Ok(())
    }

    fn set(
        &mut self,
        resource_type: &ResourceType,
        attr: &Attr<'_>,
        value: Value,
        reading: &mut Reading<'_>,
    ) -> Result<(), Error> {
        if is_membership(attr, resource_type) {
            if self.members.is_some() {
                return Err(twice(&attr.name()));
            }
            self.members = (!value.is_null()).then_some(value);
            return Ok(());
        }
        // `schemas` follows from what the resource holds; the rest is the server's, and a client that echoes it is not wrong.
        let is_server_s = [attr.attribute, attr.leaf()].iter().any(|a| a.mutability == Mutability::ReadOnly);
        if is_server_s || attr.is_core("schemas") {
            return Ok(());
        }
        let Some(value) = coerce::attribute(attr.leaf(), value, &attr.name(), reading)? else { return Ok(()) };
        if !is_kept(attr.attribute) {
            return Ok(());
        }
        let Some(schema) = attr.extension else { return put_new(&mut self.attributes, attr, value) };
        let mut holder = take_object(&mut self.attributes, &schema.id);
        put_new(&mut holder, attr, value)?;
        put_object(&mut self.attributes, &schema.id, holder);
        Ok(())
    }

    fn finish(self, resource_type: &ResourceType) -> Incoming {
        Incoming { attributes: in_order(resource_type, self.attributes), members: self.members }
    }
}

/// Whether a key that is more than a plain name (dotted, or with its URN) may stand in a body.
pub fn key_is_allowed(key: &str, attr: &Attr<'_>, reading: &mut Reading<'_>) -> Result<(), Error> {
    let is_urn = key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
    if is_urn && !reading.allows(Quirk::UrnKey) || attr.sub.is_some() && !reading.allows(Quirk::DottedKey) {
        return Err(Error::new(
            Kind::InvalidSyntax,
            format!("'{}' is a path, not the name of an attribute", clip(key)),
        ));
    }
    if attr.sub.is_some() && attr.attribute.multi_valued {
        return Err(Error::new(Kind::InvalidSyntax, format!("'{}' has many values and needs an array", clip(key))));
    }
    Ok(())
}

/// Takes the object at `key` out; an empty one when there is none.
pub fn take_object(holder: &mut Map<String, Value>, key: &str) -> Map<String, Value> {
    match holder.shift_remove(key) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// Puts `object` at `key` unless nothing is in it.
pub fn put_object(holder: &mut Map<String, Value>, key: &str, object: Map<String, Value>) {
    if !object.is_empty() {
        holder.insert(key.to_owned(), Value::Object(object));
    }
}

/// Puts a value where there must be none yet: one attribute under two spellings (plain, dotted, with its URN, in its extension)
/// would let the sender and the receiver disagree on which of the two was said.
fn put_new(holder: &mut Map<String, Value>, attr: &Attr<'_>, value: Value) -> Result<(), Error> {
    let attribute = attr.attribute;
    let given = match (attr.sub, value) {
        (Some(sub), value) => Map::from_iter([(sub.name.clone(), value)]),
        (None, Value::Object(object)) => object,
        (None, value) => {
            return match holder.insert(attribute.name.clone(), value) {
                None => Ok(()),
                Some(_) => Err(twice(&attr.name())),
            };
        }
    };
    let mut object = take_object(holder, &attribute.name);
    for (name, value) in given {
        if object.contains_key(&name) {
            return Err(twice(&format!("{}.{name}", Attr { sub: None, ..*attr }.name())));
        }
        object.insert(name, value);
    }
    put_object(holder, &attribute.name, as_listed(&attribute.sub_attributes, &mut object));
    Ok(())
}

fn twice(place: &str) -> Error {
    Error::new(Kind::InvalidSyntax, format!("'{place}' comes twice in the body"))
}

#[cfg(test)]
mod tests;
