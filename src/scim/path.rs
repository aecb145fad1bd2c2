//! Attribute names and paths, resolved against a resource type: the one walker that filters, PATCH, sorting and projection use,
//! so that they cannot disagree on what a name means (RFC 7644 section 3.10 and figure 7). Knows nothing of values' text.

use crate::limits;
use crate::scim::dialect::{Quirk, Reading};
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::filter::{self, Expr};
use crate::scim::schema::{Attribute, ResourceType, Schema};
use serde_json::{Map, Value};

/// An attribute's place in a resource: `name`, `name.givenName`, or one of an extension.
#[derive(Clone, Copy, Debug)]
pub struct Attr<'a> {
    /// The extension that holds it; `None` for the core schema and the common attributes.
    pub extension: Option<&'a Schema>,
    /// The attribute.
    pub attribute: &'a Attribute,
    /// The sub-attribute, when the name goes that far.
    pub sub: Option<&'a Attribute>,
}

impl<'a> Attr<'a> {
    /// The attribute at the end of the name.
    pub fn leaf(&self) -> &'a Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// The name in full, as errors and change entries give it.
    pub fn name(&self) -> String {
        let mut name = match self.extension {
            Some(schema) => format!("{}:{}", schema.id, self.attribute.name),
            None => self.attribute.name.clone(),
        };
        if let Some(sub) = self.sub {
            name.push('.');
            name.push_str(&sub.name);
        }
        name
    }

    /// Whether it is the attribute `name` of the core schema, at any depth.
    pub fn is_core(&self, name: &str) -> bool {
        self.extension.is_none() && self.attribute.name == name
    }

    /// The attribute's value in a resource whose names are canonical.
    pub fn value<'v>(&self, resource: &'v Map<String, Value>) -> Option<&'v Value> {
        match self.extension {
            Some(schema) => resource.get(&schema.id)?.get(&self.attribute.name),
            None => resource.get(&self.attribute.name),
        }
    }

    /// Every single value at the leaf: one for each element of a multi-valued attribute.
    pub fn values<'v>(&self, resource: &'v Map<String, Value>) -> impl Iterator<Item = &'v Value> {
        let sub = self.sub;
        let leaf = move |element: &'v Value| match sub {
            Some(sub) => element.get(&sub.name),
            None => Some(element),
        };
        self.value(resource).map_or(&[][..], each).iter().filter_map(leaf).flat_map(each)
    }
}

fn each(value: &Value) -> &[Value] {
    match value {
        Value::Array(list) => list,
        single => std::slice::from_ref(single),
    }
}

/// What a name turned out to be.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// An attribute or sub-attribute.
    Attr(Attr<'a>),
    /// The URN of an extension by itself.
    Extension(&'a Schema),
    /// The URN of the resource's core schema by itself.
    Core,
    /// Something under a URN that is no schema of this resource type.
    UnknownSchema,
    /// A well-formed name that no schema has.
    UnknownAttribute,
    /// Not a name.
    Malformed,
}

/// Looks `text` up: `userName`, `name.givenName`, `urn:…:User:department`, in any case.
pub fn find<'a>(resource_type: &'a ResourceType, text: &str, reading: &mut Reading<'_>) -> Found<'a> {
    if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
        return find_qualified(resource_type, text, reading);
    }
    let Some((name, sub)) = split(text) else { return Found::Malformed };
    if let Some(attribute) = resource_type.attribute(name) {
        return with_sub(None, attribute, sub);
    }
    for extension in &resource_type.extensions {
        if let Some(attribute) = extension.schema.attribute(name) {
            return match reading.allows(Quirk::UnqualifiedExtension) {
                true => with_sub(Some(&extension.schema), attribute, sub),
                false => Found::UnknownAttribute,
            };
        }
    }
    Found::UnknownAttribute
}

/// The schema of `resource_type` that `urn` is, or is a known misspelling of.
pub fn find_schema<'a>(resource_type: &'a ResourceType, urn: &str, reading: &mut Reading<'_>) -> Option<&'a Schema> {
    let schemas = || std::iter::once(&resource_type.schema).chain(resource_type.extensions.iter().map(|e| &e.schema));
    if let Some(schema) = schemas().find(|schema| schema.id.eq_ignore_ascii_case(urn)) {
        return Some(schema);
    }
    let (_, meant) = reading.dialect.schema_aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(urn))?;
    let schema = schemas().find(|schema| schema.id == *meant)?;
    reading.allows(Quirk::SchemaAlias).then_some(schema)
}

fn find_qualified<'a>(resource_type: &'a ResourceType, text: &str, reading: &mut Reading<'_>) -> Found<'a> {
    if let Some(schema) = find_schema(resource_type, text, reading) {
        return match schema.id == resource_type.schema.id {
            true => Found::Core,
            false => Found::Extension(schema),
        };
    }
    // The attribute comes after the last colon; Entra's own collection also writes a dot there, so both ends are tried.
    for (at, _) in text.match_indices([':', '.']).rev() {
        let (urn, rest) = (&text[..at], &text[at + 1..]);
        let Some(schema) = find_schema(resource_type, urn, reading) else { continue };
        let Some((name, sub)) = split(rest) else { return Found::Malformed };
        let is_core = schema.id == resource_type.schema.id;
        let attribute = match is_core {
            true => resource_type.attribute(name),
            false => schema.attribute(name),
        };
        return match attribute {
            Some(attribute) => with_sub((!is_core).then_some(schema), attribute, sub),
            None => Found::UnknownAttribute,
        };
    }
    Found::UnknownSchema
}

fn with_sub<'a>(extension: Option<&'a Schema>, attribute: &'a Attribute, sub: Option<&str>) -> Found<'a> {
    match sub {
        None => Found::Attr(Attr { extension, attribute, sub: None }),
        Some(sub) => match attribute.sub(sub) {
            Some(sub) => Found::Attr(Attr { extension, attribute, sub: Some(sub) }),
            None => Found::UnknownAttribute,
        },
    }
}

/// `name` or `name.sub`, when both are names by RFC 7643's ATTRNAME rule (section 2.1; `$ref` shows that `$` may come first).
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    let (name, sub) = match text.split_once('.') {
        Some((name, sub)) => (name, Some(sub)),
        None => (text, None),
    };
    (is_name(name) && sub.is_none_or(is_name)).then_some((name, sub))
}

fn is_name(text: &str) -> bool {
    let is_start = |b: u8| b.is_ascii_alphabetic() || b == b'$';
    text.bytes().next().is_some_and(is_start)
        && text.bytes().all(|b| is_start(b) || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// The target of a PATCH operation (RFC 7644 section 3.5.2 figure 7).
#[derive(Debug)]
pub enum Path<'a> {
    /// An attribute, some of its values when there is a filter, and a sub-attribute of those when `attr.sub` is set.
    Attr {
        /// The attribute.
        attr: Attr<'a>,
        /// Which of its values.
        filter: Option<Expr<'a>>,
    },
    /// A whole extension.
    Extension(&'a Schema),
    /// The whole resource, named by its core URN.
    Core,
    /// An attribute of a schema that nobody knows.
    UnknownSchema,
}

/// Reads a PATCH path; `invalidPath` says what is wrong with it.
pub fn parse<'a>(resource_type: &'a ResourceType, text: &str, reading: &mut Reading<'_>) -> Result<Path<'a>, Error> {
    let text = text.trim();
    if text.len() > limits::FILTER_BYTES_MAX {
        return Err(invalid(text, &format!("is longer than {} bytes", limits::FILTER_BYTES_MAX)));
    }
    let Some(open) = text.find('[') else {
        return match find(resource_type, text, reading) {
            Found::Attr(attr) => Ok(Path::Attr { attr, filter: None }),
            Found::Extension(schema) => Ok(Path::Extension(schema)),
            Found::Core => Ok(Path::Core),
            Found::UnknownSchema => Ok(Path::UnknownSchema),
            Found::UnknownAttribute => Err(invalid(text, "names no attribute of any schema")),
            Found::Malformed => Err(invalid(text, "is not a path")),
        };
    };
    let attr = match find(resource_type, &text[..open], reading) {
        Found::Attr(attr) if attr.sub.is_none() && attr.attribute.multi_valued => attr,
        Found::UnknownSchema => return Ok(Path::UnknownSchema),
        Found::UnknownAttribute => return Err(invalid(text, "names no attribute of any schema")),
        _ => return Err(invalid(text, "has a filter on what is no attribute with many values")),
    };
    let (filter, end) = filter::parse_element(attr.attribute, text, open, reading)
        .map_err(|error| invalid(text, &format!("has a bad filter: {}", error.detail)))?;
    let sub = match &text[end..] {
        "" => None,
        after => {
            let sub = after
                .strip_prefix('.')
                .ok_or_else(|| invalid(text, "goes on after ']' with something other than '.'"))?;
            Some(attr.attribute.sub(sub).ok_or_else(|| invalid(text, "names no sub-attribute after the filter"))?)
        }
    };
    Ok(Path::Attr { attr: Attr { sub, ..attr }, filter: Some(filter) })
}

fn invalid(text: &str, why: &str) -> Error {
    Error::new(Kind::InvalidPath, format!("the path '{}' {why}", clip(text)))
}

#[cfg(test)]
mod tests;
