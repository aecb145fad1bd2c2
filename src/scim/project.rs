//! Which attributes an answer has (RFC 7644 section 3.9 and 3.4.2.5): `attributes`, `excludedAttributes` and each attribute's
//! `returned` characteristic.

use crate::scim::dialect::Reading;
use crate::scim::path::{self, Attr, Found};
use crate::scim::schema::{Attribute, ResourceType, Returned};
use serde_json::{Map, Value};

/// What a request wants to have in its answer.
#[derive(Clone, Debug, Default)]
pub struct Projection<'a> {
    mode: Mode,
    attrs: Vec<Attr<'a>>,
    /// URNs of extensions that are named as a whole.
    extensions: Vec<&'a str>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Default,
    Only,
    Except,
}

/// How much of one attribute is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Nothing.
    Absent,
    /// All of it.
    Whole,
    /// These sub-attributes.
    Only(Vec<&'a str>),
    /// All but these sub-attributes.
    Without(Vec<&'a str>),
}

impl Part<'_> {
    /// Whether the sub-attribute `name` is wanted.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Part::Absent => false,
            Part::Whole => true,
            Part::Only(names) => names.contains(&name),
            Part::Without(names) => !names.contains(&name),
        }
    }
}

impl<'a> Projection<'a> {
    /// From the two parameters, each a list of names. Names that no schema has select nothing.
    pub fn new(
        resource_type: &'a ResourceType,
        attributes: &[String],
        excluded: &[String],
        reading: &mut Reading<'_>,
    ) -> Projection<'a> {
        let (mode, names) = match (attributes.is_empty(), excluded.is_empty()) {
            (true, true) if !has_on_request(resource_type) => return Projection::default(),
            (true, true) => (Mode::Except, excluded),
            (false, _) => (Mode::Only, attributes),
            (true, false) => (Mode::Except, excluded),
        };
        let mut projection = Projection { mode, ..Projection::default() };
        for name in names {
            match path::find(resource_type, name, reading) {
                Found::Attr(attr) => projection.attrs.push(attr),
                Found::Extension(schema) => projection.extensions.push(&schema.id),
                Found::Core | Found::UnknownSchema | Found::UnknownAttribute | Found::Malformed => {}
            }
        }
        reading.pass();
        projection
    }

    /// Whether the request asks for nothing special, so that a stored resource is the answer as it is.
    pub fn is_default(&self) -> bool {
        self.mode == Mode::Default
    }

    /// How much of `attribute` of the core schema (or of the extension `urn`) is wanted.
    pub fn part(&self, urn: Option<&str>, attribute: &Attribute) -> Part<'a> {
        match attribute.returned {
            Returned::Always => return Part::Whole,
            Returned::Never => return Part::Absent,
            Returned::Default | Returned::Request => {}
        }
        let is_named = |attr: &&Attr<'a>| {
            attr.extension.map(|schema| schema.id.as_str()) == urn && attr.attribute.name == attribute.name
        };
        let whole = urn.is_some_and(|urn| self.extensions.contains(&urn))
            || self.attrs.iter().filter(is_named).any(|attr| attr.sub.is_none());
        let subs: Vec<&'a str> =
            self.attrs.iter().filter(is_named).filter_map(|attr| attr.sub).map(|sub| sub.name.as_str()).collect();
        match self.mode {
            Mode::Only if whole => Part::Whole,
            Mode::Only if subs.is_empty() => Part::Absent,
            Mode::Only => Part::Only(subs),
            Mode::Default | Mode::Except if attribute.returned == Returned::Request => Part::Absent,
            Mode::Except if whole => Part::Absent,
            Mode::Except if !subs.is_empty() => Part::Without(subs),
            Mode::Default | Mode::Except => Part::Whole,
        }
    }

    /// As [`Projection::part`], for the core or common attribute called `name`; absent when the type has none.
    pub fn core(&self, resource_type: &ResourceType, name: &str) -> Part<'a> {
        resource_type.attribute(name).map_or(Part::Absent, |attribute| self.part(None, attribute))
    }

    /// What is left of a stored resource.
    pub fn apply(&self, resource_type: &ResourceType, stored: Map<String, Value>) -> Map<String, Value> {
        if self.is_default() {
            return stored;
        }
        let mut kept = Map::new();
        for (name, value) in stored {
            let value = match (resource_type.extension(&name), value) {
                (Some(extension), Value::Object(object)) => {
                    let inner: Map<String, Value> = object
                        .into_iter()
                        .filter_map(|(name, value)| {
                            let attribute = extension.schema.attribute(&name)?;
                            Some((name, select(&self.part(Some(&extension.schema.id), attribute), value)?))
                        })
                        .collect();
                    (!inner.is_empty()).then_some(Value::Object(inner))
                }
                (_, value) => select(&self.core(resource_type, &name), value),
            };
            if let Some(value) = value {
                kept.insert(name, value);
            }
        }
        kept
    }
}

/// Whether the type has an attribute that an answer leaves out unless it is named.
fn has_on_request(resource_type: &ResourceType) -> bool {
    let extensions = resource_type.extensions.iter().flat_map(|extension| &extension.schema.attributes);
    resource_type.schema.attributes.iter().chain(extensions).any(|attribute| attribute.returned == Returned::Request)
}

fn select(part: &Part<'_>, value: Value) -> Option<Value> {
    match (part, value) {
        (Part::Absent, _) => None,
        (Part::Whole, value) => Some(value),
        (_, Value::Object(object)) => {
            let kept: Map<String, Value> = object.into_iter().filter(|(name, _)| part.has(name)).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        (_, Value::Array(list)) => {
            let kept: Vec<Value> = list.into_iter().filter_map(|value| select(part, value)).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        (Part::Without(_), value) => Some(value),
        (Part::Only(_), _) => None,
    }
}

#[cfg(test)]
mod tests;
