//! Applying resolved PATCH steps to a resource (RFC 7644 sections 3.5.2.1 to 3.5.2.3). Values come in through `coerce`, so that a
//! PATCH accepts what a POST accepts; places are found with the same resolved names that filters use.

use super::{Change, Op};
use crate::limits;
use crate::scim::coerce::{self, is_primary};
use crate::scim::dialect::{Quirk, Reading};
use crate::scim::errors::{Error, Kind};
use crate::scim::filter::Expr;
use crate::scim::path::Attr;
use crate::scim::resource;
use crate::scim::schema::{Attribute, Kind as Type, Mutability, ResourceType};
use serde_json::{Map, Value};

/// See [`super::apply`].
pub(super) fn all(
    resource_type: &ResourceType,
    mut resource: Map<String, Value>,
    changes: Vec<Change<'_>>,
    reading: &mut Reading<'_>,
) -> Result<Map<String, Value>, Error> {
    let mut visits = 0;
    for change in changes {
        // Each filter looks at every value; the product of operations and values is what a client could make large.
        visits += change.attr.value(&resource).and_then(Value::as_array).map_or(0, Vec::len);
        if visits > limits::PATCH_VISITS_MAX {
            let why = format!("the operations look at more than {} values", limits::PATCH_VISITS_MAX);
            return Err(Error::new(Kind::TooLarge, why));
        }
        one(&mut resource, change, reading)?;
    }
    let resource = resource::in_order(resource_type, resource);
    resource::is_complete(resource_type, &resource)?;
    Ok(resource)
}

fn one(resource: &mut Map<String, Value>, change: Change<'_>, reading: &mut Reading<'_>) -> Result<(), Error> {
    let attr = change.attr;
    if change.op == Op::Remove && attr.attribute.required && attr.sub.is_none() && change.filter.is_none() {
        return Err(Error::new(Kind::Mutability, format!("'{}' is required and cannot be removed", change.place)));
    }
    if !resource::is_kept(attr.attribute) {
        // A password: checked for its type, and not kept (resource::is_kept).
        coerce::attribute(attr.leaf(), change.value, &change.place, reading)?;
        return Ok(());
    }
    match attr.extension {
        Some(schema) => resource::in_object(resource, &schema.id, |holder| in_holder(holder, change, reading)),
        None => in_holder(resource, change, reading),
    }
}

/// In the core schema's or an extension's object.
fn in_holder(holder: &mut Map<String, Value>, change: Change<'_>, reading: &mut Reading<'_>) -> Result<(), Error> {
    let attr = change.attr;
    if attr.attribute.mutability == Mutability::Immutable && holder.contains_key(&attr.attribute.name) {
        return Err(Error::new(Kind::Mutability, format!("'{}' is immutable and has a value", change.place)));
    }
    match (attr.attribute.multi_valued, &change.filter) {
        (false, Some(_)) => {
            Err(Error::new(Kind::InvalidPath, format!("'{}' has one value, which no filter selects", change.place)))
        }
        (false, None) => single(holder, change, reading),
        (true, None) if attr.sub.is_none() => multi(holder, change, reading),
        (true, _) => elements(holder, change, reading),
    }
}

/// A single-valued attribute, or a sub-attribute of a complex one.
fn single(holder: &mut Map<String, Value>, change: Change<'_>, reading: &mut Reading<'_>) -> Result<(), Error> {
    let Attr { attribute, sub, .. } = change.attr;
    if change.op == Op::Remove {
        remove_single(holder, attribute, sub);
        return Ok(());
    }
    let Some(value) = coerce::attribute(change.attr.leaf(), change.value, &change.place, reading)? else {
        remove_single(holder, attribute, sub);
        return Ok(());
    };
    match (sub, value) {
        (Some(sub), value) => {
            resource::in_object(holder, &attribute.name, |object| object.insert(sub.name.clone(), value));
        }
        // Sub-attributes that are not given stay as they are (RFC 7644 section 3.5.2.3).
        (None, Value::Object(given)) => resource::in_object(holder, &attribute.name, |object| merge(object, given)),
        (None, value) => {
            holder.insert(attribute.name.clone(), value);
        }
    }
    if let Some(Value::Object(object)) = holder.get_mut(&attribute.name) {
        *object = in_order(attribute, std::mem::take(object));
    }
    Ok(())
}

fn remove_single(holder: &mut Map<String, Value>, attribute: &Attribute, sub: Option<&Attribute>) {
    let is_empty = match (sub, holder.get_mut(&attribute.name)) {
        (Some(sub), Some(Value::Object(object))) => {
            object.shift_remove(&sub.name);
            object.is_empty()
        }
        (None, Some(_)) => true,
        _ => false,
    };
    if is_empty {
        holder.shift_remove(&attribute.name);
    }
}

/// All the values of a multi-valued attribute.
fn multi(holder: &mut Map<String, Value>, change: Change<'_>, reading: &mut Reading<'_>) -> Result<(), Error> {
    let attribute = change.attr.attribute;
    if change.op == Op::Remove && change.value.is_null() {
        holder.shift_remove(&attribute.name);
        return Ok(());
    }
    let given = match coerce::attribute(attribute, change.value, &change.place, reading)? {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let mut list = match holder.shift_remove(&attribute.name) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    match change.op {
        Op::Replace => list = given,
        Op::Remove => list.retain(|element| !given.iter().any(|unwanted| is_meant(attribute, element, unwanted))),
        Op::Add => {
            for element in given {
                add_element(&mut list, element);
            }
        }
    }
    put_list(holder, attribute, list, &change.place)
}

/// Whether a value list of a removal means this element: by its `value` where there is one, by everything given otherwise.
fn is_meant(attribute: &Attribute, element: &Value, unwanted: &Value) -> bool {
    let same = |a: &Value, b: &Value, exact: bool| match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) if !exact => crate::scim::fold::fold(a) == crate::scim::fold::fold(b),
        _ => a == b,
    };
    match (element.get("value"), unwanted.get("value"), attribute.sub("value")) {
        (Some(value), Some(wanted), Some(sub)) => same(value, wanted, sub.case_exact),
        _ => same(element, unwanted, attribute.case_exact),
    }
}

/// Appends `element` unless it is there (RFC 7644 section 3.5.2.1); a new primary value takes that mark from the old one.
fn add_element(list: &mut Vec<Value>, element: Value) {
    if list.contains(&element) {
        return;
    }
    if is_primary(&element) {
        demote(list);
    }
    // The same value again with other details is that value, not a second one.
    let same = |other: &Value| {
        let key = |value: &Value| (value.get("value").cloned(), value.get("type").cloned());
        element.get("value").is_some() && key(other) == key(&element)
    };
    match (list.iter_mut().find(|other| same(other)), &element) {
        (Some(Value::Object(existing)), Value::Object(given)) => merge(existing, given.clone()),
        _ => list.push(element),
    }
}

/// Some of the values, or a sub-attribute of some or all of them.
fn elements(holder: &mut Map<String, Value>, change: Change<'_>, reading: &mut Reading<'_>) -> Result<(), Error> {
    let attribute = change.attr.attribute;
    let mut list = match holder.shift_remove(&attribute.name) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let selected: Vec<usize> = list
        .iter()
        .enumerate()
        .filter(|(_, element)| selects(change.filter.as_ref(), element))
        .map(|(index, _)| index)
        .collect();
    match (change.op, selected.is_empty()) {
        (Op::Remove, _) => remove_elements(&mut list, &selected, change.attr.sub),
        (_, true) => {
            let element = new_element(&change, reading)?;
            if let Some(element) = set_part(&change, element, reading)? {
                if is_primary(&element) {
                    demote(&mut list);
                }
                list.push(element);
            }
        }
        (_, false) => change_elements(&mut list, &selected, &change, reading)?,
    }
    put_list(holder, attribute, list, &change.place)
}

fn selects(filter: Option<&Expr<'_>>, element: &Value) -> bool {
    match (filter, element) {
        (None, _) => true,
        (Some(filter), Value::Object(object)) => filter.matches(object),
        // Simple values have no sub-attributes; a filter on them means the value itself.
        (Some(filter), value) => filter.matches(&Map::from_iter([("value".to_owned(), value.clone())])),
    }
}

fn remove_elements(list: &mut Vec<Value>, selected: &[usize], sub: Option<&Attribute>) {
    let mut index = 0;
    list.retain_mut(|element| {
        let is_selected = selected.binary_search(&index).is_ok();
        index += 1;
        match (is_selected, sub, element) {
            (false, ..) => true,
            (true, Some(sub), Value::Object(object)) => {
                object.shift_remove(&sub.name);
                !object.is_empty()
            }
            (true, ..) => false,
        }
    });
}

fn change_elements(
    list: &mut [Value],
    selected: &[usize],
    change: &Change<'_>,
    reading: &mut Reading<'_>,
) -> Result<(), Error> {
    let mut new_primary = None;
    for &index in selected {
        let Some(slot) = list.get_mut(index) else { continue };
        let keeps_old = change.op == Op::Add || change.attr.sub.is_some();
        let base = match keeps_old {
            true => std::mem::take(slot),
            // A replaced value still is one that the filter selects: `replace emails[type eq "work"]` keeps its type.
            false => Value::Object(filter_values(change.filter.as_ref()).unwrap_or_default()),
        };
        let was_primary = keeps_old && is_primary(&base);
        *slot = set_part(change, base, reading)?.unwrap_or(Value::Null);
        if is_primary(slot) && !was_primary {
            new_primary = Some(index);
        }
    }
    if let Some(primary) = new_primary {
        for (index, element) in list.iter_mut().enumerate() {
            if index != primary {
                unmark(element);
            }
        }
    }
    Ok(())
}

/// An element that a filtered path selects although it is not there yet: Entra counts on that (quirks, Entra 15).
fn new_element(change: &Change<'_>, reading: &mut Reading<'_>) -> Result<Value, Error> {
    let no_target = || Err(Error::new(Kind::NoTarget, format!("'{}' selects no value", change.place)));
    if change.filter.is_none() {
        return Ok(Value::Object(Map::new()));
    }
    let Some(object) = filter_values(change.filter.as_ref()) else { return no_target() };
    match reading.allows(Quirk::CreateOnFilteredPath) {
        true => Ok(Value::Object(object)),
        false => no_target(),
    }
}

fn filter_values(filter: Option<&Expr<'_>>) -> Option<Map<String, Value>> {
    let equalities = filter?.equalities()?;
    Some(equalities.into_iter().map(|(sub, value)| (sub.name.clone(), value)).collect())
}

/// `element` with the change's value in it, or `None` when nothing is left of it.
fn set_part(change: &Change<'_>, element: Value, reading: &mut Reading<'_>) -> Result<Option<Value>, Error> {
    let attribute = change.attr.attribute;
    if attribute.kind != Type::Complex {
        return coerce::one(attribute, change.value.clone(), &change.place, reading);
    }
    let mut object = match element {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    match change.attr.sub {
        Some(sub) => match coerce::attribute(sub, change.value.clone(), &change.place, reading)? {
            Some(value) => {
                object.insert(sub.name.clone(), value);
            }
            None => {
                object.shift_remove(&sub.name);
            }
        },
        None => {
            let value = match &change.value {
                Value::Array(list) if list.len() == 1 => list.first().cloned().unwrap_or_default(),
                other => other.clone(),
            };
            if let Some(Value::Object(given)) = coerce::one(attribute, value, &change.place, reading)? {
                merge(&mut object, given);
            }
        }
    }
    let object = in_order(attribute, object);
    Ok((!object.is_empty()).then_some(Value::Object(object)))
}

fn put_list(
    holder: &mut Map<String, Value>,
    attribute: &Attribute,
    mut list: Vec<Value>,
    place: &str,
) -> Result<(), Error> {
    list.retain(|element| !element.is_null());
    coerce::within_limit(list.len(), place)?;
    if list.iter().filter(|element| is_primary(element)).count() > 1 {
        return Err(Error::new(Kind::InvalidValue, format!("'{place}' would have more than one primary value")));
    }
    if !list.is_empty() {
        holder.insert(attribute.name.clone(), Value::Array(list));
    }
    Ok(())
}

fn merge(into: &mut Map<String, Value>, given: Map<String, Value>) {
    for (name, value) in given {
        into.insert(name, value);
    }
}

fn demote(list: &mut [Value]) {
    list.iter_mut().for_each(unmark);
}

/// RFC 7644 section 3.5.2: the value that was primary is so no longer.
fn unmark(element: &mut Value) {
    if let Some(primary) = element.get_mut("primary") {
        *primary = Value::Bool(false);
    }
}

fn in_order(attribute: &Attribute, mut object: Map<String, Value>) -> Map<String, Value> {
    attribute
        .sub_attributes
        .iter()
        .filter_map(|sub| Some((sub.name.clone(), object.shift_remove(&sub.name)?)))
        .collect()
}
