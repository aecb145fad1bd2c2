//! JSON text to values, stricter than the library: a key may not come twice in one object, in any case,
//! nesting is bounded, and there is no NUL. Knows nothing of schemas.
//!
//! Attribute names are case-insensitive (RFC 7643 section 2.1), so `userName` beside `USERNAME` is a duplicate, and a
//! parser that keeps one of the two lets the sender and the receiver disagree on what was said.

use crate::limits;
use crate::scim::errors::{Error, Kind, clip};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::collections::HashSet;
use std::fmt;

/// The value that `bytes` spell, or `invalidSyntax` with the line and column.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Depth(0).deserialize(&mut reader).map_err(syntax)?;
    reader.end().map_err(syntax)?;
    Ok(value)
}

/// Objects longer than this look their keys up in a set, shorter ones are compared one by one.
const KEYS_COMPARED: usize = 16;

fn syntax(error: serde_json::Error) -> Error {
    Error::new(Kind::InvalidSyntax, format!("the body is not acceptable JSON: {error}"))
}

#[derive(Clone, Copy)]
struct Depth(usize);

impl Depth {
    fn deeper<E: de::Error>(self) -> Result<Depth, E> {
        if self.0 >= limits::JSON_DEPTH_MAX {
            return Err(E::custom(format!("nested deeper than {} levels", limits::JSON_DEPTH_MAX)));
        }
        Ok(Depth(self.0 + 1))
    }
}

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        // Integers past 64 bits arrive here rounded; storing them would change what was sent.
        if value.abs() >= limits::JSON_NUMBER_MAX {
            return Err(E::custom("number out of range"));
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        no_nul(value)?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        no_nul(&value)?;
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(depth)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut object = Map::new();
        let mut seen: HashSet<String> = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            no_nul(&key)?;
            if is_duplicate(&object, &mut seen, &key) {
                return Err(de::Error::custom(format!("the name '{}' comes twice in one object", clip(&key))));
            }
            let value = entries.next_value_seed(depth)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

fn no_nul<E: de::Error>(text: &str) -> Result<(), E> {
    if text.as_bytes().contains(&0) {
        return Err(E::custom("a string holds U+0000"));
    }
    Ok(())
}

fn is_duplicate(object: &Map<String, Value>, seen: &mut HashSet<String>, key: &str) -> bool {
    if object.len() < KEYS_COMPARED {
        return object.keys().any(|other| other.eq_ignore_ascii_case(key));
    }
    if seen.is_empty() {
        seen.extend(object.keys().map(|other| other.to_ascii_lowercase()));
    }
    !seen.insert(key.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
