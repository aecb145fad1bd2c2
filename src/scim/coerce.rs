//! One value of one attribute made canonical: names as the schema spells them, types as the schema has them, what is readOnly or
//! unknown left out. POST, PUT and PATCH all bring their values through here, so that none accepts what another refuses.

use crate::limits;
use crate::scim::datetime;
use crate::scim::dialect::{Quirk, Reading};
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::resource;
use crate::scim::schema::{Attribute, Kind as Type, Mutability};
use base64::Engine as _;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The canonical form of `value` for `attribute`, or `None` when it is no value (null, `[]`, an empty object, and blank text where
/// the dialect says so). `place` is the attribute's full name, for errors.
pub fn attribute(
    attribute: &Attribute,
    value: Value,
    place: &str,
    reading: &mut Reading<'_>,
) -> Result<Option<Value>, Error> {
    match attribute.multi_valued {
        true => many(attribute, value, place, reading),
        false => one(attribute, unwrapped(value, reading), place, reading),
    }
}

/// The value in an array of one, for a place that has one value; anything else as it is.
pub fn unwrapped(value: Value, reading: &mut Reading<'_>) -> Value {
    match value {
        Value::Array(mut list) if list.len() <= 1 && reading.allows(Quirk::ScalarAsArray) => {
            list.pop().unwrap_or_default()
        }
        other => other,
    }
}

/// As [`attribute`], for one value of a multi-valued attribute or for the value of a single-valued one.
pub fn one(
    attribute: &Attribute,
    value: Value,
    place: &str,
    reading: &mut Reading<'_>,
) -> Result<Option<Value>, Error> {
    if is_unassigned(&value, reading)? {
        return Ok(None);
    }
    let wrong = |what: &str| Err(Error::new(Kind::InvalidValue, format!("'{place}' must be {what}")));
    match (attribute.kind, value) {
        (Type::Complex, value) => complex(attribute, value, place, reading),
        (Type::Boolean, Value::Bool(value)) => Ok(Some(Value::Bool(value))),
        (Type::Boolean, Value::String(text)) => match spelled_boolean(&text) {
            Some(value) if reading.allows(Quirk::BooleanAsString) => Ok(Some(Value::Bool(value))),
            _ => wrong("true or false"),
        },
        (Type::Boolean, _) => wrong("true or false"),
        (Type::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(Some(Value::Number(number))),
        (Type::Integer, _) => wrong("a whole number"),
        (Type::Decimal, Value::Number(number)) => Ok(Some(Value::Number(number))),
        (Type::Decimal, _) => wrong("a number"),
        (_, Value::String(text)) if text.len() > limits::VALUE_BYTES_MAX => {
            wrong(&format!("no longer than {} bytes", limits::VALUE_BYTES_MAX))
        }
        (Type::DateTime, Value::String(text)) if datetime::parse_ms(&text).is_none() => {
            wrong("a dateTime such as 2026-01-31T12:00:00Z")
        }
        (Type::Binary, Value::String(text)) if !is_base64(&text) => wrong("base64"),
        (_, Value::String(text)) => Ok(Some(Value::String(text))),
        (Type::DateTime, _) => wrong("a dateTime such as 2026-01-31T12:00:00Z"),
        (Type::Binary, _) => wrong("base64"),
        (Type::Reference, _) => wrong("a URI in a string"),
        (Type::String, _) => wrong("a string"),
    }
}

/// Null, or blank text where the dialect takes that for no value.
fn is_unassigned(value: &Value, reading: &mut Reading<'_>) -> Result<bool, Error> {
    match value {
        Value::String(text) if text.trim().is_empty() => reading.prefers(Quirk::EmptyString),
        other => Ok(other.is_null()),
    }
}

/// `true`, `True`, `FALSE` and so on.
pub fn spelled_boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Whether one value of a multi-valued attribute is marked as the primary one.
pub fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

fn many(attribute: &Attribute, value: Value, place: &str, reading: &mut Reading<'_>) -> Result<Option<Value>, Error> {
    let list = match value {
        Value::Array(list) => list,
        single if is_unassigned(&single, reading)? => return Ok(None),
        single if reading.allows(Quirk::ArrayAsScalar) => vec![single],
        _ => return Err(Error::new(Kind::InvalidValue, format!("'{place}' has many values and must be an array"))),
    };
    within_limit(list.len(), place)?;
    let mut elements: Vec<Value> = Vec::with_capacity(list.len());
    for (index, value) in list.into_iter().enumerate() {
        elements.extend(one(attribute, value, &format!("{place}[{index}]"), reading)?);
    }
    let elements = distinct(elements);
    if elements.iter().filter(|element| is_primary(element)).count() > 1 {
        return Err(Error::new(Kind::InvalidValue, format!("'{place}' has more than one primary value")));
    }
    Ok((!elements.is_empty()).then_some(Value::Array(elements)))
}

/// Each value once (RFC 7643 section 2.4), found by its hash: comparing each with each would take the square of a long list.
pub fn distinct(list: Vec<Value>) -> Vec<Value> {
    if list.len() < 2 {
        return list;
    }
    let mut seen = HashSet::with_capacity(list.len());
    list.into_iter().filter(|value| seen.insert(value.clone())).collect()
}

/// Refuses more values for one attribute than the limit.
pub fn within_limit(values: usize, place: &str) -> Result<(), Error> {
    match values > limits::VALUES_MAX {
        true => Err(Error::new(
            Kind::InvalidValue,
            format!("'{place}' has {values} values, more than {}", limits::VALUES_MAX),
        )),
        false => Ok(()),
    }
}

fn complex(
    attribute: &Attribute,
    value: Value,
    place: &str,
    reading: &mut Reading<'_>,
) -> Result<Option<Value>, Error> {
    let object = match value {
        Value::Object(object) => object,
        scalar if !scalar.is_array() && attribute.has_value_sub() && reading.allows(Quirk::ComplexAsScalar) => {
            Map::from_iter([("value".to_owned(), scalar)])
        }
        _ => return Err(Error::new(Kind::InvalidValue, format!("'{place}' must be an object"))),
    };
    let mut given: Vec<Option<Value>> = vec![None; attribute.sub_attributes.len()];
    for (key, value) in object {
        let index = attribute.sub_attributes.iter().position(|sub| sub.name.eq_ignore_ascii_case(&key));
        let Some((index, sub)) = index.and_then(|index| Some((index, attribute.sub_attributes.get(index)?))) else {
            unknown(&format!("{place}.{}", clip(&key)), reading)?;
            continue;
        };
        // What the server computes is ignored when a client echoes it (RFC 7643 section 2.2, readOnly).
        if sub.mutability == Mutability::ReadOnly {
            continue;
        }
        let value = self::attribute(sub, value, &format!("{place}.{}", sub.name), reading)?;
        // A secret is checked and not kept.
        let value = value.filter(|_| resource::is_kept(sub));
        if let Some(slot) = given.get_mut(index) {
            *slot = value;
        }
    }
    let canonical: Map<String, Value> = attribute
        .sub_attributes
        .iter()
        .zip(given)
        .filter_map(|(sub, value)| Some((sub.name.clone(), value?)))
        .collect();
    Ok((!canonical.is_empty()).then_some(Value::Object(canonical)))
}

/// An attribute that no schema has: dropped, or refused by the dialect.
pub fn unknown(place: &str, reading: &mut Reading<'_>) -> Result<(), Error> {
    match reading.allows(Quirk::UnknownAttribute) {
        true => Ok(()),
        false => Err(Error::new(Kind::InvalidSyntax, format!("no schema has an attribute '{place}'"))),
    }
}

/// Base64 as it is met in the wild: either alphabet, padded or not, folded into lines.
fn is_base64(text: &str) -> bool {
    use base64::alphabet::{STANDARD, URL_SAFE};
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    [STANDARD, URL_SAFE].iter().any(|alphabet| GeneralPurpose::new(alphabet, CONFIG).decode(&compact).is_ok())
}

#[cfg(test)]
mod tests;
