//! How two mappings differ: a walk of both as JSON. What has a name is compared by its name, so that a rule that only moved is not
//! taken for another one. It does not know what the members mean.

use crate::limits;
use crate::mapping::document::Document;
use serde_json::{Map, Value};

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where, such as `rules[display].expression`.
    pub path: String,
    /// What stood there; `None`: nothing.
    pub before: Option<Value>,
    /// What stands there; `None`: nothing.
    pub after: Option<Value>,
}

/// The differences, in the order of the document's members.
pub fn compare(before: &Document, after: &Document) -> Vec<Change> {
    // What is data alone always becomes JSON.
    let json = |document: &Document| serde_json::to_value(document).unwrap_or_default();
    let (before, after) = (json(before), json(after));
    let mut changes = Vec::new();
    for member in ["rules", "policy", "tests"] {
        walk(member, before.get(member), after.get(member), &mut changes);
    }
    changes.truncate(limits::MAPPING_CHANGES_MAX);
    changes
}

fn walk(path: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<Change>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let more = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(more) {
                walk(&format!("{path}.{name}"), before.get(name), after.get(name), changes);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => elements(path, before, after, changes),
        (before, after) => {
            let known = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
            changes.push(Change { path: path.to_owned(), before: known(before), after: known(after) });
        }
    }
}

/// Elements by what they are called, and the order of those that both have.
fn elements(path: &str, before: &[Value], after: &[Value], changes: &mut Vec<Change>) {
    let (old, new) = (named(before), named(after));
    for (name, element) in &old {
        walk(&format!("{path}[{name}]"), Some(element), find(&new, name), changes);
    }
    for (name, element) in &new {
        if find(&old, name).is_none() {
            walk(&format!("{path}[{name}]"), None, Some(element), changes);
        }
    }
    let order = |list: &[(String, &Value)], other: &[(String, &Value)]| -> Vec<Value> {
        let both = list.iter().filter(|(name, _)| find(other, name).is_some());
        both.map(|(name, _)| Value::from(name.as_str())).collect()
    };
    let (was, is) = (order(&old, &new), order(&new, &old));
    if was != is {
        changes.push(Change { path: path.to_owned(), before: Some(was.into()), after: Some(is.into()) });
    }
}

fn find<'a>(list: &[(String, &'a Value)], name: &str) -> Option<&'a Value> {
    list.iter().find(|(known, _)| known == name).map(|(_, element)| *element)
}

/// The elements with what they are called; several of one name are told apart by a number.
fn named(list: &[Value]) -> Vec<(String, &Value)> {
    let mut seen: Map<String, Value> = Map::new();
    let mut named = Vec::with_capacity(list.len());
    for element in list {
        let text = match element {
            Value::String(text) => text.clone(),
            other => ["name", "from"].iter().find_map(|key| other.get(key)?.as_str()).unwrap_or_default().to_owned(),
        };
        let times = seen.get(&text).and_then(Value::as_u64).unwrap_or(0) + 1;
        seen.insert(text.clone(), times.into());
        let name = if times == 1 { text } else { format!("{text}#{times}") };
        named.push((name, element));
    }
    named
}

#[cfg(test)]
mod tests;
