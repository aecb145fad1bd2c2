//! Search restrictions in bodies, in XML and in JSON: the same three kinds, read into what a search looks for.

use super::xml::Element;
use crate::directory::sight::search::{Match, Property, Restriction, Test};
use crate::limits;
use crate::scim::errors::clip;
use serde_json::Value;

/// A restriction before its words are understood, in whichever form it came.
struct Raw<'a> {
    kind: &'a str,
    property: Option<&'a str>,
    how: Option<&'a str>,
    value: Option<String>,
    logic: Option<&'a str>,
    inner: Inner<'a>,
}

enum Inner<'a> {
    Xml(Vec<&'a Element>),
    Json(Vec<&'a Value>),
}

/// What an XML body looks for.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub fn from_xml(root: &Element) -> Result<Restriction, String> {
    read(xml(root), 0, &mut 0)
}

/// What a JSON body looks for.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub fn from_json(root: &Value) -> Result<Restriction, String> {
    read(json(root)?, 0, &mut 0)
}

fn xml(element: &Element) -> Raw<'_> {
    let text = |name: &str| element.child(name).map(|child| child.text.as_str());
    let property = element.child("property").and_then(|property| property.child("name"));
    let is_restriction = |child: &&Element| child.name.ends_with("-restriction");
    let nested = element.child("restrictions").map_or(&element.children, |list| &list.children);
    Raw {
        kind: &element.name,
        property: property.map(|name| name.text.as_str()),
        how: text("match-mode"),
        value: text("value").map(str::to_owned),
        logic: element.attribute("boolean-logic").or_else(|| text("boolean-logic")),
        inner: Inner::Xml(nested.iter().filter(is_restriction).collect()),
    }
}

fn json(value: &Value) -> Result<Raw<'_>, String> {
    let object = value.as_object().ok_or_else(|| "a restriction is a JSON object".to_owned())?;
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let property = object.get("property").and_then(|property| property.get("name").unwrap_or(property).as_str());
    let inner = match object.get("restrictions") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(_) => return Err("'restrictions' is a list".to_owned()),
    };
    let value = match object.get("value") {
        Some(Value::Null) | None => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other @ (Value::Bool(_) | Value::Number(_))) => Some(other.to_string()),
        Some(_) => return Err("'value' is a text".to_owned()),
    };
    Ok(Raw {
        kind: text("restriction-type").unwrap_or("null-search-restriction"),
        property,
        how: text("match-mode"),
        value,
        logic: text("boolean-logic"),
        inner: Inner::Json(inner),
    })
}

fn read(raw: Raw<'_>, depth: usize, terms: &mut usize) -> Result<Restriction, String> {
    *terms += 1;
    if depth > limits::CROWD_RESTRICTION_DEPTH_MAX || *terms > limits::CROWD_RESTRICTION_TERMS_MAX {
        return Err("the restriction has too many terms, or too deep ones".to_owned());
    }
    match raw.kind {
        "null-search-restriction" => Ok(Restriction::All),
        "property-search-restriction" => property(&raw),
        "boolean-search-restriction" => {
            let nested: Vec<Restriction> = match raw.inner {
                Inner::Xml(list) => {
                    list.into_iter().map(|one| read(xml(one), depth + 1, terms)).collect::<Result<_, _>>()?
                }
                Inner::Json(list) => {
                    list.into_iter().map(|one| read(json(one)?, depth + 1, terms)).collect::<Result<_, _>>()?
                }
            };
            match raw.logic.map(str::to_ascii_lowercase).as_deref() {
                _ if nested.is_empty() => Err("a boolean restriction has restrictions in it".to_owned()),
                Some("and") => Ok(Restriction::And(nested)),
                Some("or") => Ok(Restriction::Or(nested)),
                _ => Err("'boolean-logic' is 'and' or 'or'".to_owned()),
            }
        }
        other => Err(format!("'{}' is no search restriction", clip(other))),
    }
}

fn property(raw: &Raw<'_>) -> Result<Restriction, String> {
    let name = raw.property.ok_or_else(|| "a property restriction names a property".to_owned())?;
    let property = Property::named(name);
    let how = match raw.how.unwrap_or("EXACTLY_MATCHES").to_ascii_uppercase().as_str() {
        "NULL" => return Ok(Restriction::Term(property, Test::Null)),
        "EXACTLY_MATCHES" => Match::Exactly,
        "STARTS_WITH" => Match::StartsWith,
        "ENDS_WITH" => Match::EndsWith,
        "CONTAINS" => Match::Contains,
        "LESS_THAN" => Match::Less,
        "GREATER_THAN" => Match::Greater,
        other => return Err(format!("'{}' is no match mode", clip(other))),
    };
    match &raw.value {
        Some(value) => Restriction::compare(property, how, value),
        // An exact match with no value is how some clients ask for those that have none.
        None if how == Match::Exactly => Ok(Restriction::Term(property, Test::Null)),
        None => Err("a property restriction has a value".to_owned()),
    }
}

#[cfg(test)]
mod tests;
