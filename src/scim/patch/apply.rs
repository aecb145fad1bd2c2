//! Applying resolved PATCH steps to a resource (RFC 7644 sections 3.5.2.1 to 3.5.2.3). Values come in through `coerce`, so that a
//! PATCH accepts what a POST accepts; places are found with the same resolved names that filters use.

use super::{Change, Op, in_operation};
use crate::limits;
use crate::scim::coerce::{self, is_primary};
use crate::scim::dialect::{Quirk, Reading};
use crate::scim::errors::{Error, Kind};
use crate::scim::filter::{self, Expr};
use crate::scim::path::Attr;
use crate::scim::resource::{self, as_listed, put_object, take_object};
use crate::scim::schema::{Attribute, Kind as Type, Mutability, ResourceType};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// See [`super::apply`].
pub(super) fn all(
    resource_type: &ResourceType,
    mut resource: Map<String, Value>,
    changes: Vec<Change<'_>>,
    reading: &mut Reading<'_>,
) -> Result<Map<String, Value>, Error> {
    let mut visits = 0;
    for change in changes {
        let operation = change.operation;
        // An operation looks at every value that is there and at every value that it brings.
        let length = |value: &Value| value.as_array().map_or(0, Vec::len);
        visits += change.attr.value(&resource).map_or(0, length) + length(&change.value);
        if visits > limits::PATCH_VISITS_MAX {
            let why = format!("the operations look at more than {} values", limits::PATCH_VISITS_MAX);
            return Err(in_operation(operation, Error::new(Kind::TooLarge, why)));
        }
        one(&mut resource, change, reading).map_err(|error| in_operation(operation, error))?;
    }
    let resource = resource::in_order(resource_type, resource);
    resource::is_complete(resource_type, &resource)?;
    Ok(resource)
}

fn one(resource: &mut Map<String, Value>, change: Change<'_>, reading: &mut Reading<'_>) -> Result<(), Error> {
    if !resource::is_kept(change.attr.attribute) {
        // A password: checked for its type, and not kept (resource::is_kept).
        coerce::attribute(change.attr.leaf(), change.value, &change.place, reading)?;
        return Ok(());
    }
    let Some(schema) = change.attr.extension else { return within(resource, change, reading) };
    let mut holder = take_object(resource, &schema.id);
    within(&mut holder, change, reading)?;
    put_object(resource, &schema.id, holder);
    Ok(())
}

/// Applies a change to the object that holds its attribute: the resource, or one extension of it.
fn within(holder: &mut Map<String, Value>, mut change: Change<'_>, reading: &mut Reading<'_>) -> Result<(), Error> {
    let Attr { extension, attribute, sub } = change.attr;
    let value = std::mem::take(&mut change.value);
    let fixed = match attribute.mutability {
        Mutability::Immutable => holder.get(&attribute.name).cloned(),
        _ => None,
    };
    match (attribute.multi_valued, &change.filter, sub) {
        (false, ..) => single(holder, &change, value, reading)?,
        (true, None, None) => multi(holder, &change, value, reading)?,
        (true, ..) => elements(holder, &change, value, reading)?,
    }
    let is_left = holder.get(&attribute.name);
    if fixed.is_some() && fixed.as_ref() != is_left {
        return Err(Error::new(Kind::Mutability, format!("'{}' is immutable and has a value", change.place)));
    }
    // An extension without its other attributes is no extension, which needs no required ones.
    let is_part = |other: &Attribute| !other.required && holder.contains_key(&other.name);
    let is_needed = attribute.required && extension.is_none_or(|schema| schema.attributes.iter().any(is_part));
    if change.op == Op::Remove && is_needed && is_left.is_none() {
        return Err(Error::new(Kind::Mutability, format!("'{}' is required and cannot be removed", change.place)));
    }
    Ok(())
}

/// A single-valued attribute, or a sub-attribute of a complex one.
fn single(
    holder: &mut Map<String, Value>,
    change: &Change<'_>,
    value: Value,
    reading: &mut Reading<'_>,
) -> Result<(), Error> {
    let Attr { attribute, sub, .. } = change.attr;
    let value = coerce::attribute(change.attr.leaf(), value, &change.place, reading)?;
    match (sub, value) {
        // Sub-attributes that are not given stay as they are (RFC 7644 section 3.5.2.3).
        (None, Some(Value::Object(given))) => {
            let object = merged(attribute, take_object(holder, &attribute.name), given);
            put_object(holder, &attribute.name, object);
        }
        (None, Some(value)) => {
            holder.insert(attribute.name.clone(), value);
        }
        (None, None) => {
            holder.shift_remove(&attribute.name);
        }
        (Some(sub), value) => {
            let old = take_object(holder, &attribute.name);
            let value = together(change.op, sub, old.get(&sub.name), value);
            put_object(holder, &attribute.name, with_sub(attribute, old, sub, value));
        }
    }
    Ok(())
}

/// All the values of a multi-valued attribute.
fn multi(
    holder: &mut Map<String, Value>,
    change: &Change<'_>,
    value: Value,
    reading: &mut Reading<'_>,
) -> Result<(), Error> {
    let attribute = change.attr.attribute;
    let mut list = take_list(holder, attribute);
    if change.op == Op::Remove && value.is_null() {
        return Ok(());
    }
    let given = match coerce::attribute(attribute, value, &change.place, reading)? {
        Some(Value::Array(given)) => given,
        _ => Vec::new(),
    };
    match change.op {
        Op::Replace => list = given,
        Op::Remove => {
            let unwanted: HashSet<Value> = given.iter().map(|element| meaning(attribute, element)).collect();
            list.retain(|element| !unwanted.contains(&meaning(attribute, element)));
        }
        Op::Add => add(attribute, &mut list, given),
    }
    put_list(holder, attribute, list, &change.place)
}

/// What a value list of a removal means: the `value` of an element where it has one, everything in it otherwise.
fn meaning(attribute: &Attribute, element: &Value) -> Value {
    let (attribute, text) = match (attribute.sub("value"), element.get("value")) {
        (Some(sub), Some(value)) => (sub, value),
        _ => (attribute, element),
    };
    match text {
        Value::String(text) => Value::from(filter::comparable(attribute, text)),
        other => other.clone(),
    }
}

/// Appends what is not there yet (RFC 7644 section 3.5.2.1); a new primary value takes that mark from the old one.
fn add(attribute: &Attribute, list: &mut Vec<Value>, given: Vec<Value>) {
    // The same value and type again with other details is that element, not a second one (RFC 7643 section 2.4).
    let identity = |element: &Value| match element.get("value") {
        Some(value) => Value::Array(vec![value.clone(), element.get("type").cloned().unwrap_or_default()]),
        None => element.clone(),
    };
    let mut places: HashMap<Value, usize> = HashMap::new();
    for (index, element) in list.iter().enumerate() {
        places.entry(identity(element)).or_insert(index);
    }
    for element in given {
        if is_primary(&element) {
            list.iter_mut().for_each(unmark);
        }
        let identity = identity(&element);
        let existing = places.get(&identity).and_then(|&index| list.get_mut(index));
        match (existing, element) {
            (Some(Value::Object(existing)), Value::Object(given)) => {
                *existing = merged(attribute, std::mem::take(existing), given);
            }
            (Some(_), _) => {}
            (None, element) => {
                places.insert(identity, list.len());
                list.push(element);
            }
        }
    }
}

/// Some of the values, or a sub-attribute of some or all of them.
fn elements(
    holder: &mut Map<String, Value>,
    change: &Change<'_>,
    value: Value,
    reading: &mut Reading<'_>,
) -> Result<(), Error> {
    let Attr { attribute, sub, .. } = change.attr;
    let value = match sub {
        Some(sub) => coerce::attribute(sub, value, &change.place, reading)?,
        None => coerce::one(attribute, coerce::unwrapped(value, reading), &change.place, reading)?,
    };
    let mut list = take_list(holder, attribute);
    let selects = |element: &Value| change.filter.as_ref().is_none_or(|f| f.matches_element(attribute, element));
    let selected: Vec<usize> =
        list.iter().enumerate().filter(|(_, element)| selects(element)).map(|(index, _)| index).collect();
    match value {
        Some(value) if selected.is_empty() => {
            let element = filled(change, new_element(change, reading)?, value);
            if is_primary(&element) {
                list.iter_mut().for_each(unmark);
            }
            list.push(element);
        }
        Some(value) => fill(&mut list, &selected, change, &value)?,
        None if change.op == Op::Add && sub.is_none() => {}
        None => clear(attribute, &mut list, &selected, sub),
    }
    put_list(holder, attribute, coerce::distinct(list), &change.place)
}

/// Takes the selected elements away, or one sub-attribute of each.
fn clear(attribute: &Attribute, list: &mut Vec<Value>, selected: &[usize], sub: Option<&Attribute>) {
    let mut index = 0;
    list.retain_mut(|element| {
        let is_selected = selected.binary_search(&index).is_ok();
        index += 1;
        match (is_selected, sub, element) {
            (false, ..) => true,
            (true, Some(sub), Value::Object(object)) => {
                *object = with_sub(attribute, std::mem::take(object), sub, None);
                !object.is_empty()
            }
            (true, ..) => false,
        }
    });
}

/// Writes `value` into the selected elements.
fn fill(list: &mut [Value], selected: &[usize], change: &Change<'_>, value: &Value) -> Result<(), Error> {
    if selected.len() > 1 && selected.len().saturating_mul(bytes(value)) > limits::PATCH_COPIES_BYTES_MAX {
        let (place, copies) = (&change.place, selected.len());
        let why = format!("'{place}' would write {copies} copies, more than {} bytes", limits::PATCH_COPIES_BYTES_MAX);
        return Err(Error::new(Kind::TooLarge, why));
    }
    let keeps_rest = change.op == Op::Add || change.attr.sub.is_some();
    for &index in selected {
        let Some(slot) = list.get_mut(index) else { continue };
        let base = match std::mem::take(slot) {
            Value::Object(object) if keeps_rest => object,
            // A replaced element still is one that the filter selects: `replace emails[type eq "work"]` keeps its type.
            _ => change.filter.as_ref().and_then(filter_values).unwrap_or_default(),
        };
        *slot = filled(change, base, value.clone());
    }
    let primary = selected.iter().rev().find(|index| list.get(**index).is_some_and(is_primary)).copied();
    if let Some(primary) = primary {
        list.iter_mut().enumerate().filter(|(index, _)| *index != primary).for_each(|(_, element)| unmark(element));
    }
    Ok(())
}

fn bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(bytes).sum(),
        Value::Object(object) => object.values().map(bytes).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// The start of an element that a filtered path selects although it is not there yet: Entra counts on that (quirks, Entra 15).
fn new_element(change: &Change<'_>, reading: &mut Reading<'_>) -> Result<Map<String, Value>, Error> {
    let attribute = change.attr.attribute;
    let Some(filter) = &change.filter else { return Ok(Map::new()) };
    let no_target = || Error::new(Kind::NoTarget, format!("'{}' selects no value", change.place));
    let element =
        filter_values(filter).filter(|_| reading.allows(Quirk::CreateOnFilteredPath)).ok_or_else(no_target)?;
    if attribute.kind != Type::Complex {
        return Ok(element);
    }
    match coerce::one(attribute, Value::Object(element), &change.place, reading)? {
        Some(Value::Object(element)) if filter.matches(&element) => Ok(element),
        _ => Err(no_target()),
    }
}

fn filter_values(filter: &Expr<'_>) -> Option<Map<String, Value>> {
    let equalities = filter.equalities()?;
    Some(equalities.into_iter().map(|(sub, value)| (sub.name.clone(), value)).collect())
}

/// The element `base` with the change's value in it.
fn filled(change: &Change<'_>, base: Map<String, Value>, value: Value) -> Value {
    let Attr { attribute, sub, .. } = change.attr;
    match (sub, value) {
        (Some(sub), value) => {
            let value = together(change.op, sub, base.get(&sub.name), Some(value));
            Value::Object(with_sub(attribute, base, sub, value))
        }
        (None, Value::Object(given)) => Value::Object(merged(attribute, base, given)),
        (None, simple) => simple,
    }
}

/// What an addition to a sub-attribute with many values leaves there: the old ones and the new ones.
fn together(op: Op, sub: &Attribute, old: Option<&Value>, new: Option<Value>) -> Option<Value> {
    match (old, new) {
        (Some(Value::Array(old)), Some(Value::Array(new))) if op == Op::Add && sub.multi_valued => {
            Some(Value::Array(coerce::distinct(old.iter().cloned().chain(new).collect())))
        }
        (_, new) => new,
    }
}

fn with_sub(
    attribute: &Attribute,
    mut object: Map<String, Value>,
    sub: &Attribute,
    value: Option<Value>,
) -> Map<String, Value> {
    match value {
        Some(value) => merged(attribute, object, Map::from_iter([(sub.name.clone(), value)])),
        None => {
            object.shift_remove(&sub.name);
            if sub.name == "value" {
                object.shift_remove("$ref");
            }
            object
        }
    }
}

/// `object` with what is given in it. A `$ref` belongs to the `value` beside it and does not outlive it.
fn merged(attribute: &Attribute, mut object: Map<String, Value>, given: Map<String, Value>) -> Map<String, Value> {
    if given.get("value").is_some_and(|value| object.get("value") != Some(value)) {
        object.shift_remove("$ref");
    }
    object.extend(given);
    as_listed(&attribute.sub_attributes, &mut object)
}

fn take_list(holder: &mut Map<String, Value>, attribute: &Attribute) -> Vec<Value> {
    match holder.shift_remove(&attribute.name) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

fn put_list(
    holder: &mut Map<String, Value>,
    attribute: &Attribute,
    list: Vec<Value>,
    place: &str,
) -> Result<(), Error> {
    coerce::within_limit(list.len(), place)?;
    if !list.is_empty() {
        holder.insert(attribute.name.clone(), Value::Array(list));
    }
    Ok(())
}

/// RFC 7644 section 3.5.2: the value that was primary is so no longer.
fn unmark(element: &mut Value) {
    if let Some(primary) = element.get_mut("primary") {
        *primary = Value::Bool(false);
    }
}
