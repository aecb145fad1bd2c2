//! What is sent to a SCIM server of users and groups, and when two states of them are the same. It knows no requests.

use crate::directory::target::stored::Kind;
use crate::mapping::outbound::{Definition, Person};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What each server says of a resource for itself, and what is sent in another way.
const NOT_SENT: &[&str] = &["id", "meta", "schemas", "groups", "members", "password"];

/// What Atlassian Cloud takes of a user beside what is always sent (its reference of user provisioning).
const AT_ATLASSIAN: &[&str] =
    &["externalId", "name", "nickName", "title", "preferredLanguage", "timezone", "phoneNumbers", ENTERPRISE];

/// See [`super::user`].
pub(super) fn user(
    kind: Kind,
    id: Uuid,
    definition: &Definition,
    person: &Person,
    resource: &Map<String, Value>,
) -> Map<String, Value> {
    let is_cloud = kind == Kind::AtlassianCloud;
    let mut sent = own(resource);
    sent.retain(|name, _| !is_cloud || AT_ATLASSIAN.contains(&name.as_str()));
    sent.insert("userName".to_owned(), json!(person.name.trim()));
    sent.entry("externalId").or_insert_with(|| json!(id.to_string()));
    if is_cloud || !definition.display_name.is_empty() {
        sent.insert("displayName".to_owned(), json!(person.display_name));
    }
    let mut part = |is_set: bool, field: &str, value: &str| {
        if (is_cloud || is_set) && !value.is_empty() {
            let name = sent.entry("name").or_insert_with(|| json!({}));
            if let Some(name) = name.as_object_mut() {
                name.insert(field.to_owned(), json!(value));
            }
        }
    };
    part(!definition.first_name.is_empty(), "givenName", &person.first_name);
    part(!definition.last_name.is_empty(), "familyName", &person.last_name);
    if (is_cloud || !definition.email.is_empty()) && !person.email.is_empty() {
        sent.insert("emails".to_owned(), json!([{ "value": person.email, "type": "work", "primary": true }]));
    }
    if is_cloud || sent.contains_key("active") || !person.active {
        sent.insert("active".to_owned(), json!(person.active));
    }
    sent
}

/// See [`super::group`].
pub(super) fn group(kind: Kind, id: Uuid, name: &str, resource: &Map<String, Value>) -> Map<String, Value> {
    let mut sent = match kind {
        Kind::AtlassianCloud => Map::new(),
        _ => own(resource),
    };
    sent.insert("displayName".to_owned(), json!(name.trim()));
    if kind != Kind::AtlassianCloud {
        sent.entry("externalId").or_insert_with(|| json!(id.to_string()));
    }
    sent
}

/// What is a resource's own, and not its server's.
pub(super) fn own(resource: &Map<String, Value>) -> Map<String, Value> {
    let is_own = |name: &String| !NOT_SENT.contains(&name.as_str());
    resource.iter().filter(|(name, _)| is_own(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A whole user, as he is sent.
pub(super) fn whole_user(attributes: &Map<String, Value>) -> Value {
    whole(USER, attributes)
}

/// A whole group without members, as it is sent.
pub(super) fn whole_group(attributes: &Map<String, Value>) -> Value {
    whole(GROUP, attributes)
}

fn whole(schema: &str, attributes: &Map<String, Value>) -> Value {
    let extensions = attributes.keys().filter(|name| name.starts_with("urn:")).map(String::as_str);
    let schemas: Vec<&str> = std::iter::once(schema).chain(extensions).collect();
    let mut body = Map::new();
    body.insert("schemas".to_owned(), json!(schemas));
    body.extend(attributes.iter().map(|(name, value)| (name.clone(), value.clone())));
    Value::Object(body)
}

/// Whether a server that has `known` has what is `wanted`. What was read there, and not sent, may say more of a value than is wanted, and
/// has attributes of servers' own; what was sent is known exactly.
pub(super) fn is_same(kind: Kind, known: &Map<String, Value>, wanted: &Map<String, Value>, was_read: bool) -> bool {
    let (known, wanted) = (told(known), told(wanted));
    if !was_read {
        return known == wanted;
    }
    let foreign = |name: &str| kind == Kind::AtlassianCloud || name.starts_with("urn:");
    let nothing_else = known.keys().all(|name| wanted.contains_key(name) || foreign(name));
    nothing_else && wanted.iter().all(|(name, value)| known.get(name).is_some_and(|known| covers(known, value)))
}

/// What a server still has of what it was sent, where a reading saw `seen`: its own additions are left out, differences are told.
pub(super) fn still(sent: &Map<String, Value>, seen: &Map<String, Value>) -> Map<String, Value> {
    let mut still = Map::new();
    for (name, value) in sent {
        match seen.get(name) {
            Some(there) if covers(there, value) => still.insert(name.clone(), value.clone()),
            Some(there) => still.insert(name.clone(), there.clone()),
            None if is_nothing(name, value) => still.insert(name.clone(), value.clone()),
            None => None,
        };
    }
    still
}

/// What differs between two states of a group: the values that are new or others, and the names that are gone.
pub(super) fn differences(from: &Map<String, Value>, to: &Map<String, Value>) -> (Map<String, Value>, Vec<String>) {
    let (from, to) = (told(from), told(to));
    let changed = to.iter().filter(|(name, value)| from.get(*name) != Some(*value));
    let changed = changed.map(|(name, value)| (name.clone(), value.clone())).collect();
    let gone = from.keys().filter(|name| !to.contains_key(*name)).cloned().collect();
    (changed, gone)
}

/// Without what says the same as its absence.
fn told(attributes: &Map<String, Value>) -> Map<String, Value> {
    let told = attributes.iter().filter(|(name, value)| !is_nothing(name, value));
    told.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn is_nothing(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(active) => *active && name == "active",
        Value::Array(values) => values.is_empty(),
        Value::Object(values) => values.is_empty(),
        _ => false,
    }
}

/// Whether what is there says all that is wanted, and perhaps more.
fn covers(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => wanted.iter().all(|(name, value)| match there.get(name) {
            Some(there) => covers(there, value),
            None => is_nothing(name, value),
        }),
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len() && wanted.iter().all(|value| there.iter().any(|there| covers(there, value)))
        }
        (there, wanted) => there == wanted,
    }
}
