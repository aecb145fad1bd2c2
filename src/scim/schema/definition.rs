//! Schemas and resource types as the JSON that defines them (RFC 7643 sections 6 and 7): read with everything that is wrong with it,
//! and written. It does not know which definitions there are already, nor where they are kept.
//!
//! Beside the RFC's members an attribute may have [`INDEXED`], which is scimd's own.

use super::{Attribute, Kind, Mutability, ResourceType, Returned, Schema, Uniqueness};
use crate::limits;
use crate::scim::discovery;
use crate::scim::errors::clip;
use serde_json::{Map, Value, json};

/// The member that asks for an index, so that `eq` and `sw` find resources without looking at all of them.
pub const INDEXED: &str = "x-scimd-indexed";

/// A resource type as it is defined: by the URNs of its schemas.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeDefinition {
    /// The name in `meta.resourceType`.
    pub name: String,
    /// The path below the base URL, with its slash.
    pub endpoint: String,
    /// For people; may be empty.
    pub description: String,
    /// The URN of the core schema.
    pub schema: String,
    /// The URNs of the extensions, and whether a resource without one is refused.
    pub extensions: Vec<(String, bool)>,
}

/// Reads a schema; an error has a sentence for each thing that is wrong, with its place.
pub fn schema(value: &Value) -> Result<Schema, Vec<String>> {
    let mut reader = Reader::default();
    let Value::Object(object) = value else { return Err(vec!["it must be a JSON object".to_owned()]) };
    reader.only(object, "", &["schemas", "id", "name", "description", "attributes", "meta"]);
    let id = reader.text(object, "", "id").unwrap_or_default();
    if !id.is_empty() && !is_urn(&id) {
        let why = "must be a URN of at most 255 characters, such as urn:example:scim:schemas:2.0:Device";
        reader.wrong("id", why);
    }
    let name = reader.text(object, "", "name").unwrap_or_default();
    reader.within("name", &name, limits::NAME_BYTES_MAX);
    let description = reader.optional_text(object, "", "description").unwrap_or_default();
    let attributes = reader.attributes(object, "", "attributes", true);
    let count = |list: &[Attribute]| list.iter().map(|each| 1 + each.sub_attributes.len()).sum::<usize>();
    if count(&attributes) > limits::SCHEMA_ATTRIBUTES_MAX {
        reader.wrong("attributes", &format!("has more than {} attributes in all", limits::SCHEMA_ATTRIBUTES_MAX));
    }
    for attribute in &attributes {
        if ResourceType::common(&attribute.name).is_some() {
            let why = format!("has '{}', which every resource has already (RFC 7643 section 3.1)", attribute.name);
            reader.wrong("attributes", &why);
        }
    }
    reader.finish(Schema { id, name, description, attributes })
}

/// Reads a resource type; errors as those of [`schema`].
pub fn resource_type(value: &Value) -> Result<TypeDefinition, Vec<String>> {
    let mut reader = Reader::default();
    let Value::Object(object) = value else { return Err(vec!["it must be a JSON object".to_owned()]) };
    let known = ["schemas", "id", "name", "description", "endpoint", "schema", "schemaExtensions", "meta"];
    reader.only(object, "", &known);
    let name = reader.text(object, "", "name").unwrap_or_default();
    if !name.is_empty() && !is_word(&name) {
        reader.wrong("name", "must be a letter and then letters, digits, '-' and '_', at most 63 characters");
    }
    if let Some(id) = reader.optional_text(object, "", "id").filter(|id| *id != name) {
        reader.wrong("id", &format!("is '{}'; it must be the same as 'name', or left out", clip(&id)));
    }
    let endpoint = reader.text(object, "", "endpoint").unwrap_or_default();
    let segment = endpoint.strip_prefix('/').unwrap_or_default();
    if !endpoint.is_empty() && !is_word(segment) {
        let why = "must be '/' and then a letter and letters, digits, '-' and '_', such as /Devices";
        reader.wrong("endpoint", why);
    }
    let description = reader.optional_text(object, "", "description").unwrap_or_default();
    let schema = reader.text(object, "", "schema").unwrap_or_default();
    let extensions = reader.extensions(object);
    reader.finish(TypeDefinition { name, endpoint, description, schema, extensions })
}

/// A schema as [`schema`] reads it, with every characteristic written.
pub fn schema_json(schema: &Schema) -> Value {
    let attributes = schema.attributes.iter().map(|attribute| {
        let mut document = discovery::attribute_document(attribute);
        // What is unique is found by that anyway.
        if let Value::Object(object) = &mut document
            && attribute.indexed
        {
            object.insert(INDEXED.to_owned(), Value::Bool(true));
        }
        document
    });
    json!({
        "schemas": [super::SCHEMA],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": attributes.collect::<Value>(),
    })
}

/// A resource type as [`resource_type`] reads it.
pub fn type_json(definition: &TypeDefinition) -> Value {
    let extension = |(schema, required): &(String, bool)| json!({ "schema": schema, "required": required });
    json!({
        "schemas": [super::RESOURCE_TYPE],
        "id": definition.name,
        "name": definition.name,
        "description": definition.description,
        "endpoint": definition.endpoint,
        "schema": definition.schema,
        "schemaExtensions": definition.extensions.iter().map(extension).collect::<Value>(),
    })
}

/// Collects what is wrong.
#[derive(Default)]
struct Reader {
    wrong: Vec<String>,
}

impl Reader {
    fn finish<T>(self, value: T) -> Result<T, Vec<String>> {
        match self.wrong.is_empty() {
            true => Ok(value),
            false => Err(self.wrong),
        }
    }

    fn wrong(&mut self, place: &str, why: &str) {
        if self.wrong.len() < limits::DEFINITION_PROBLEMS_MAX {
            self.wrong.push(format!("'{place}' {why}"));
        }
    }

    /// A misspelt member that was passed over would be a characteristic that silently has its default.
    fn only(&mut self, object: &Map<String, Value>, place: &str, known: &[&str]) {
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            self.wrong(&format!("{place}{}", clip(name)), &format!("is not known; there are {}", known.join(", ")));
        }
    }

    fn text(&mut self, object: &Map<String, Value>, place: &str, name: &str) -> Option<String> {
        let text = self.optional_text(object, place, name);
        let is_there = object.get(name).is_some_and(|value| !value.is_null());
        if !is_there || text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            self.wrong(&format!("{place}{name}"), "is required");
        }
        text
    }

    fn optional_text(&mut self, object: &Map<String, Value>, place: &str, name: &str) -> Option<String> {
        match object.get(name)? {
            Value::Null => None,
            Value::String(text) => {
                self.within(&format!("{place}{name}"), text, limits::DEFINITION_TEXT_BYTES_MAX);
                Some(text.clone())
            }
            _ => {
                self.wrong(&format!("{place}{name}"), "must be a string");
                None
            }
        }
    }

    fn within(&mut self, place: &str, text: &str, bytes_max: usize) {
        if text.len() > bytes_max {
            self.wrong(place, &format!("is longer than {bytes_max} bytes"));
        }
    }

    fn flag(&mut self, object: &Map<String, Value>, place: &str, name: &str) -> Option<bool> {
        match object.get(name)? {
            Value::Bool(value) => Some(*value),
            Value::Null => None,
            _ => {
                self.wrong(&format!("{place}{name}"), "must be true or false");
                None
            }
        }
    }

    /// The word among `words`, which RFC 7643 compares to the letter.
    fn word<T: Copy>(
        &mut self,
        object: &Map<String, Value>,
        place: &str,
        name: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.optional_text(object, place, name)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(
                &format!("{place}{name}"),
                &format!("is '{}'; it must be one of {}", clip(&text), all.join(", ")),
            );
        }
        found.map(|(_, value)| *value)
    }

    fn words(&mut self, object: &Map<String, Value>, place: &str, name: &str) -> Vec<String> {
        let place = format!("{place}{name}");
        let list = match object.get(name) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.wrong(&place, "must be an array of strings");
                return Vec::new();
            }
        };
        if list.len() > limits::DEFINITION_WORDS_MAX {
            self.wrong(&place, &format!("has more than {} values", limits::DEFINITION_WORDS_MAX));
        }
        let mut words: Vec<String> = Vec::new();
        for value in list.iter().take(limits::DEFINITION_WORDS_MAX) {
            match value.as_str() {
                Some("") => self.wrong(&place, "has an empty value"),
                Some(word) if words.iter().any(|known| known == word) => {
                    self.wrong(&place, &format!("has '{}' twice", clip(word)));
                }
                Some(word) => {
                    self.within(&place, word, limits::DEFINITION_TEXT_BYTES_MAX);
                    words.push(word.to_owned());
                }
                None => self.wrong(&place, "must be an array of strings"),
            }
        }
        words
    }

    fn attributes(&mut self, object: &Map<String, Value>, place: &str, name: &str, is_top: bool) -> Vec<Attribute> {
        let place = format!("{place}{name}");
        let list = match object.get(name) {
            Some(Value::Array(list)) if !list.is_empty() => list,
            _ => {
                self.wrong(&place, "must be an array with an attribute at least");
                return Vec::new();
            }
        };
        if list.len() > limits::SCHEMA_ATTRIBUTES_MAX {
            self.wrong(&place, &format!("has more than {} attributes", limits::SCHEMA_ATTRIBUTES_MAX));
            return Vec::new();
        }
        let mut attributes: Vec<Attribute> = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            let Some(attribute) = self.attribute(value, &format!("{place}[{index}]"), is_top) else { continue };
            if attributes.iter().any(|known| known.name.eq_ignore_ascii_case(&attribute.name)) {
                self.wrong(&place, &format!("has '{}' twice", attribute.name));
            }
            attributes.push(attribute);
        }
        attributes
    }

    fn attribute(&mut self, value: &Value, place: &str, is_top: bool) -> Option<Attribute> {
        let Value::Object(object) = value else {
            self.wrong(place, "must be a JSON object");
            return None;
        };
        let dotted = format!("{place}.");
        self.only(object, &dotted, &MEMBERS);
        let name = self.text(object, &dotted, "name")?;
        // `$ref` is the one name that begins otherwise (RFC 7643 section 2.4).
        if !(is_attribute_name(&name) || !is_top && name == "$ref") {
            let why = "must be a letter and then letters, digits, '$', '-' and '_' (RFC 7643 section 2.1), at most 128";
            self.wrong(&format!("{dotted}name"), why);
        }
        if ["and", "or", "not"].iter().any(|word| word.eq_ignore_ascii_case(&name)) {
            self.wrong(&format!("{dotted}name"), "is a word of filters");
        }
        let kind = match object.contains_key("type") {
            true => self.word(object, &dotted, "type", &KINDS)?,
            false => Kind::String,
        };
        let mutability = self.word(object, &dotted, "mutability", &MUTABILITIES).unwrap_or(Mutability::ReadWrite);
        // What nobody may read is not returned (RFC 7643 section 7), whatever the default says.
        let unread = if mutability == Mutability::WriteOnly { Returned::Never } else { Returned::Default };
        let uniqueness = self.word(object, &dotted, "uniqueness", &UNIQUENESSES).unwrap_or(Uniqueness::None);
        let is_exact = matches!(kind, Kind::Binary | Kind::Reference);
        let mut attribute = Attribute {
            kind,
            multi_valued: self.flag(object, &dotted, "multiValued").unwrap_or(false),
            description: self.optional_text(object, &dotted, "description").unwrap_or_default(),
            required: self.flag(object, &dotted, "required").unwrap_or(false),
            canonical_values: self.words(object, &dotted, "canonicalValues"),
            case_exact: self.flag(object, &dotted, "caseExact").unwrap_or(is_exact),
            mutability,
            returned: self.word(object, &dotted, "returned", &RETURNEDS).unwrap_or(unread),
            uniqueness,
            reference_types: self.words(object, &dotted, "referenceTypes"),
            sub_attributes: Vec::new(),
            indexed: self.flag(object, &dotted, INDEXED).unwrap_or(false) || uniqueness != Uniqueness::None,
            index_code: None,
            name,
        };
        let has_subs = object.get("subAttributes").is_some_and(|subs| !subs.is_null());
        match (kind, is_top) {
            (Kind::Complex, true) => {
                attribute.sub_attributes = self.attributes(object, &dotted, "subAttributes", false)
            }
            (Kind::Complex, false) => self.wrong(&format!("{dotted}type"), "cannot be complex in a sub-attribute"),
            _ if has_subs => {
                self.wrong(&format!("{dotted}subAttributes"), "are for the type complex alone");
            }
            _ => {}
        }
        self.fits(&attribute, &dotted, is_top);
        Some(attribute)
    }

    /// Characteristics that do not go together.
    fn fits(&mut self, attribute: &Attribute, dotted: &str, is_top: bool) {
        let kind = attribute.kind;
        let mut wrong = |name: &str, why: &str| self.wrong(&format!("{dotted}{name}"), why);
        if !attribute.reference_types.is_empty() && kind != Kind::Reference {
            wrong("referenceTypes", "are for the type reference alone");
        }
        if !attribute.canonical_values.is_empty() && !matches!(kind, Kind::String | Kind::Reference) {
            wrong("canonicalValues", "are for text alone");
        }
        if attribute.mutability == Mutability::WriteOnly && attribute.returned != Returned::Never {
            wrong("returned", "must be never when the mutability is writeOnly");
        }
        if attribute.required && attribute.mutability == Mutability::ReadOnly {
            wrong("required", "cannot be true of what a client may not write");
        }
        if attribute.required && attribute.returned == Returned::Never {
            wrong("required", "cannot be true of what is never returned, since its values are not kept");
        }
        let is_kept = attribute.mutability != Mutability::ReadOnly && attribute.returned != Returned::Never;
        if attribute.uniqueness != Uniqueness::None {
            // Sections 2.3.2 to 2.3.8.
            let is_fit = matches!(kind, Kind::String | Kind::Reference | Kind::Integer | Kind::Decimal);
            match (is_top, is_fit, is_kept) {
                (false, ..) => wrong("uniqueness", "must be none in a sub-attribute"),
                (_, false, _) => {
                    wrong("uniqueness", "must be none but for the types string, reference, integer and decimal")
                }
                (.., false) => {
                    wrong("uniqueness", "must be none where no values are kept (readOnly, or never returned)")
                }
                _ => {}
            }
        } else if attribute.indexed {
            let has_index = |attribute: &Attribute| {
                let is_simple = !matches!(attribute.kind, Kind::Boolean | Kind::Binary | Kind::Complex);
                is_simple && attribute.mutability != Mutability::ReadOnly && attribute.returned != Returned::Never
            };
            let is_fit = match kind {
                Kind::Complex => attribute.sub("value").is_some_and(|value| !value.multi_valued && has_index(value)),
                _ => has_index(attribute),
            };
            if !is_top {
                wrong(INDEXED, "is for attributes, not for sub-attributes; of a complex one 'value' is indexed");
            } else if !is_fit || !is_kept {
                wrong(INDEXED, "is for string, reference, integer, decimal, dateTime, and complex with such a 'value'");
            }
        }
    }

    fn extensions(&mut self, object: &Map<String, Value>) -> Vec<(String, bool)> {
        let list = match object.get("schemaExtensions") {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(list)) if list.len() <= limits::EXTENSIONS_MAX => list,
            Some(Value::Array(_)) => {
                self.wrong("schemaExtensions", &format!("has more than {} extensions", limits::EXTENSIONS_MAX));
                return Vec::new();
            }
            Some(_) => {
                self.wrong("schemaExtensions", "must be an array");
                return Vec::new();
            }
        };
        let mut extensions: Vec<(String, bool)> = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            let place = format!("schemaExtensions[{index}].");
            let Value::Object(object) = value else {
                self.wrong(place.trim_end_matches('.'), "must be a JSON object");
                continue;
            };
            self.only(object, &place, &["schema", "required"]);
            let schema = self.text(object, &place, "schema").unwrap_or_default();
            let required = self.flag(object, &place, "required").unwrap_or(false);
            if extensions.iter().any(|(known, _)| known.eq_ignore_ascii_case(&schema)) {
                self.wrong(&format!("{place}schema"), "comes twice");
            }
            extensions.push((schema, required));
        }
        extensions
    }
}

const MEMBERS: [&str; 13] = [
    "name",
    "type",
    "subAttributes",
    "multiValued",
    "description",
    "required",
    "canonicalValues",
    "caseExact",
    "mutability",
    "returned",
    "uniqueness",
    "referenceTypes",
    INDEXED,
];

const KINDS: [(&str, Kind); 8] = [
    ("string", Kind::String),
    ("boolean", Kind::Boolean),
    ("decimal", Kind::Decimal),
    ("integer", Kind::Integer),
    ("dateTime", Kind::DateTime),
    ("binary", Kind::Binary),
    ("reference", Kind::Reference),
    ("complex", Kind::Complex),
];

const MUTABILITIES: [(&str, Mutability); 4] = [
    ("readOnly", Mutability::ReadOnly),
    ("readWrite", Mutability::ReadWrite),
    ("immutable", Mutability::Immutable),
    ("writeOnly", Mutability::WriteOnly),
];

const RETURNEDS: [(&str, Returned); 4] = [
    ("always", Returned::Always),
    ("never", Returned::Never),
    ("default", Returned::Default),
    ("request", Returned::Request),
];

const UNIQUENESSES: [(&str, Uniqueness); 3] =
    [("none", Uniqueness::None), ("server", Uniqueness::Server), ("global", Uniqueness::Global)];

/// ATTRNAME of RFC 7643 section 2.1.
fn is_attribute_name(text: &str) -> bool {
    let is_rest = |b: u8| b.is_ascii_alphanumeric() || b"$-_".contains(&b);
    text.len() <= limits::ATTRIBUTE_NAME_BYTES_MAX
        && text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && text.bytes().all(is_rest)
}

/// A name or endpoint of a resource type.
fn is_word(text: &str) -> bool {
    let is_rest = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let starts_well = text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    starts_well && text.len() <= limits::NAME_BYTES_MAX && text.bytes().all(is_rest)
}

/// A URN (RFC 8141) of the characters that need no escape in a path or filter, which are all that SCIM's own have.
fn is_urn(text: &str) -> bool {
    let Some((space, rest)) = text.strip_prefix("urn:").and_then(|rest| rest.split_once(':')) else { return false };
    let is_space = (2..=32).contains(&space.len())
        && space.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !space.starts_with('-')
        && !space.ends_with('-');
    let is_rest = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
    let ends_well = !rest.ends_with([':', '.']) && !rest.starts_with([':', '.']) && !rest.contains("::");
    text.len() <= 255 && is_space && !rest.is_empty() && rest.bytes().all(is_rest) && ends_well
}

#[cfg(test)]
mod tests;
