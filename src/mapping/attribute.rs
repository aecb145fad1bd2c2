//! The attributes that expressions name: SCIM paths, looked up in a resource type and in a resource.
//!
//! Beside what a PATCH path may be, the attributes of an extension may stand without its URN, as `[department]`, since that is what
//! people call them. A path with a value filter means the first value that matches, but all of them where a function takes several.

use super::Failure;
use super::cell::Cell;
use super::evaluate::{Budget, wide};
use crate::scim::dialect::{Dialect, Quirks, Reading, Stance};
use crate::scim::path::{self, Attr, Path};
use crate::scim::schema::{Attribute, Kind, ResourceType};
use serde_json::{Map, Value};

/// What is known of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    /// Its full name.
    pub(super) name: String,
    /// The type of its values.
    pub(super) kind: Kind,
    /// Whether a function gets several of them.
    pub(super) multi_valued: bool,
}

/// What `text` names in resources of the type `source`; the error says why it is no attribute.
pub(super) fn look_up(text: &str, source: &ResourceType) -> Result<Named, String> {
    match path::parse(source, text, &mut Reading::new(&PATHS)) {
        Ok(Path::Attr { attr, filter }) => Ok(Named {
            name: attr.name(),
            kind: attr.leaf().kind,
            multi_valued: filter.is_none() && is_multi_valued(&attr) || attr.sub.is_some_and(|sub| sub.multi_valued),
        }),
        Ok(Path::Extension(_) | Path::Core) => Err(format!("[{text}] is a schema; an attribute of it must be named")),
        Ok(Path::UnknownSchema) => Err(format!("no schema of {} has [{text}]", source.name)),
        Err(error) => Err(match hint(text, source) {
            Some(meant) => format!("{} has no attribute [{text}]; it has [{meant}]", source.name),
            None if text.eq_ignore_ascii_case(GONE) => {
                format!("{} has no attribute [{text}]; it has [active], which is its opposite", source.name)
            }
            None => error.detail,
        }),
    }
}

/// The attribute's value in a resource.
pub(super) fn read<'v>(
    text: &str,
    resource: &'v Map<String, Value>,
    source: &'v ResourceType,
    all: bool,
    column: usize,
    budget: &mut Budget,
) -> Result<Cell<'v>, Failure> {
    budget.spend(LOOK_UP_STEPS + LOOK_UP_STEPS_PER_BYTE * wide(text.len()), column)?;
    let Ok(Path::Attr { attr, filter }) = path::parse(source, text, &mut Reading::new(&PATHS)) else {
        return Err(Failure { column, why: format!("{} has no attribute [{text}]", source.name) });
    };
    let Some(filter) = filter else {
        if !is_multi_valued(&attr) {
            return Ok(attr.values(resource).next().map_or(Cell::Nothing, Cell::of));
        }
        let mut values = Vec::new();
        for value in attr.values(resource) {
            budget.spend(VALUE_STEPS, column)?;
            values.push(Cell::of(value));
        }
        return Ok(Cell::several(values));
    };
    let whole = Attr { sub: None, ..attr };
    // A filter compares texts, and folds those that are not ASCII.
    let terms = 1 + wide(text.len()) / FILTER_BYTES_PER_TERM;
    let mut found = Vec::new();
    for element in whole.values(resource) {
        budget.spend(VALUE_STEPS + terms * comparing(element), column)?;
        if !filter.matches_element(attr.attribute, element) {
            continue;
        }
        let value = match attr.sub {
            Some(sub) => element.get(&sub.name),
            None => Some(element),
        };
        found.extend(value.map(Cell::of).filter(|cell| *cell != Cell::Nothing));
        if !all && !found.is_empty() {
            break;
        }
    }
    Ok(match found.len() {
        1 => found.pop().unwrap_or(Cell::Nothing),
        _ => Cell::several(found),
    })
}

/// What finding an attribute costs, in steps.
const LOOK_UP_STEPS: u64 = 150;
/// What each byte of its path costs beside that; filters are read anew each time.
const LOOK_UP_STEPS_PER_BYTE: u64 = 8;
/// What each value costs.
const VALUE_STEPS: u64 = 30;
/// The shortest comparison in a filter, in bytes: `a eq 1 or `.
const FILTER_BYTES_PER_TERM: u64 = 8;

fn comparing(element: &Value) -> u64 {
    match element {
        Value::String(text) if text.is_ascii() => 10 + 2 * wide(text.len()),
        Value::String(text) => 10 + 100 * wide(text.len()),
        Value::Array(values) => values.iter().map(comparing).sum(),
        Value::Object(object) => object.values().map(comparing).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 10,
    }
}

fn is_multi_valued(attr: &Attr<'_>) -> bool {
    attr.attribute.multi_valued || attr.leaf().multi_valued
}

/// An attribute that may be meant: a sub-attribute of that name, or what Entra calls by it.
fn hint(text: &str, source: &ResourceType) -> Option<String> {
    let known = ENTRA.iter().find(|(entra, _)| entra.eq_ignore_ascii_case(text)).map(|(_, meant)| *meant);
    if let Some(meant) = known
        && path::parse(source, meant, &mut Reading::new(&PATHS)).is_ok()
    {
        return Some(meant.to_owned());
    }
    let holder = |attribute: &&Attribute| !attribute.multi_valued && attribute.sub(text).is_some();
    let core = source.schema.attributes.iter().find(holder)?;
    Some(format!("{}.{}", core.name, core.sub(text)?.name))
}

/// Attributes of Entra's directory, with those that its provisioning fills from them.
const ENTRA: &[(&str, &str)] = &[
    ("userPrincipalName", "userName"),
    ("mail", r#"emails[type eq "work"].value"#),
    ("mailNickname", "externalId"),
    ("objectId", "externalId"),
    ("surname", "name.familyName"),
    ("jobTitle", "title"),
    ("accountEnabled", "active"),
    ("telephoneNumber", r#"phoneNumbers[type eq "work"].value"#),
    ("mobile", r#"phoneNumbers[type eq "mobile"].value"#),
    ("streetAddress", r#"addresses[type eq "work"].streetAddress"#),
    ("city", r#"addresses[type eq "work"].locality"#),
    ("state", r#"addresses[type eq "work"].region"#),
    ("postalCode", r#"addresses[type eq "work"].postalCode"#),
    ("country", r#"addresses[type eq "work"].country"#),
    ("employeeId", "employeeNumber"),
    ("proxyAddresses", "emails.value"),
];

/// Whether Entra's user is deleted or out of scope: what its default mapping makes `active` of, turned around.
const GONE: &str = "IsSoftDeleted";

/// How paths in expressions are read: by the RFC, but for attributes of extensions without their URNs.
static PATHS: Dialect = Dialect {
    name: "mapping",
    title: "Mapping",
    op_case: Stance::Refuse,
    boolean_as_string: Stance::Accept,
    scalar_as_array: Stance::Refuse,
    array_as_scalar: Stance::Refuse,
    complex_as_scalar: Stance::Refuse,
    create_on_filtered_path: Stance::Refuse,
    dotted_key: Stance::Refuse,
    urn_key: Stance::Refuse,
    unqualified_extension: Stance::Accept,
    read_only_in_value: Stance::Refuse,
    remove_with_value: Stance::Refuse,
    unknown_attribute: Stance::Refuse,
    unknown_schema: Stance::Refuse,
    unknown_member: Stance::Refuse,
    schema_alias: Stance::Refuse,
    missing_schemas: Stance::Refuse,
    unknown_message_member: Stance::Refuse,
    unquoted_literal: Stance::Refuse,
    value_path_sub_attribute: Stance::Refuse,
    empty_string: Stance::Refuse,
    unaccepted_media: Stance::Refuse,
    schema_aliases: &[],
    unique_group_names: false,
    unique_external_ids: false,
    members_in_answers: true,
    announces_async: false,
    refused: Quirks::NONE,
};

#[cfg(test)]
mod tests;
