//! Users and groups as an application sees them: by its mapping, and what else of them is worth telling.

use super::Sight;
use super::text;
use crate::directory::record::Record;
use crate::directory::{keys, store_error};
use crate::mapping::outbound::Person;
use crate::scim::errors::{Error, Kind};
use crate::scim::schema::ENTERPRISE_USER;
use crate::store::Entry;
use serde_json::{Map, Value};
use std::sync::Arc;
use uuid::Uuid;

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// What stays when he is renamed.
    pub id: Uuid,
    /// The name that he is found by.
    pub name: Arc<str>,
    /// The given name; may be empty, like all that follows.
    pub first_name: String,
    /// The family name.
    pub last_name: String,
    /// What he is called.
    pub display_name: String,
    /// The e-mail address.
    pub email: String,
    /// Whether he may log in.
    pub active: bool,
    /// When he was made, in milliseconds since the epoch.
    pub created_ms: i64,
    /// When he was changed last, likewise.
    pub updated_ms: i64,
    /// What else there is of him.
    pub attributes: Attributes,
}

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    /// What stays when it is renamed.
    pub id: Uuid,
    /// The name that it is found by.
    pub name: Arc<str>,
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
    /// When it was changed last, likewise.
    pub updated_ms: i64,
    /// What else there is of it.
    pub attributes: Attributes,
}

/// Names with values, none without one.
pub type Attributes = Vec<(&'static str, Vec<String>)>;

/// The attributes that a user may have, in the order in which they are told.
pub const USER_ATTRIBUTES: [&str; 16] = [
    "externalId",
    "title",
    "userType",
    "nickName",
    "preferredLanguage",
    "locale",
    "timezone",
    "profileUrl",
    "phoneNumbers",
    "employeeNumber",
    "costCenter",
    "organization",
    "division",
    "department",
    "manager",
    "userName",
];

/// The attributes that a group may have.
pub const GROUP_ATTRIBUTES: [&str; 1] = ["externalId"];

impl Sight {
    /// The users of these ids that the application sees, in this order.
    pub async fn users(&self, ids: &[Uuid]) -> Result<Vec<User>, Error> {
        let mut users = Vec::with_capacity(ids.len());
        for (id, entry) in ids.iter().zip(self.entries(keys::USER, ids).await?) {
            if let (Some(name), Some(entry)) = (self.index().users.name(*id), entry) {
                users.push(self.user(*id, name.clone(), &entry)?);
            }
        }
        Ok(users)
    }

    /// The groups of these ids that the application sees, in this order.
    pub async fn groups(&self, ids: &[Uuid]) -> Result<Vec<Group>, Error> {
        let mut groups = Vec::with_capacity(ids.len());
        for (id, entry) in ids.iter().zip(self.entries(keys::GROUP, ids).await?) {
            if let (Some(name), Some(entry)) = (self.index().groups.name(*id), entry) {
                groups.push(group(*id, name.clone(), &entry)?);
            }
        }
        Ok(groups)
    }

    async fn entries(&self, code: u8, ids: &[Uuid]) -> Result<Vec<Option<Entry>>, Error> {
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| keys::record(self.tenant(), code, *id)).collect();
        self.snapshot().get_many(&keys).await.map_err(store_error)
    }

    fn user(&self, id: Uuid, name: Arc<str>, entry: &Entry) -> Result<User, Error> {
        let record = Record::decode(&entry.value)?;
        let json = record.attributes()?;
        let person: Person =
            self.application().outbound.user(&json, self.now_ms()).map_err(|failure| {
                Error::new(Kind::Internal, format!("the mapping of the user {id} fails: {failure}"))
            })?;
        Ok(User {
            id,
            name,
            first_name: text::short(&person.first_name),
            last_name: text::short(&person.last_name),
            display_name: text::short(&person.display_name),
            email: text::short(&person.email),
            active: person.active,
            created_ms: record.created_ms.unwrap_or(entry.stamp.time_ms),
            updated_ms: entry.stamp.time_ms,
            attributes: user_attributes(&json),
        })
    }
}

fn group(id: Uuid, name: Arc<str>, entry: &Entry) -> Result<Group, Error> {
    let record = Record::decode(&entry.value)?;
    Ok(Group {
        id,
        name,
        created_ms: record.created_ms.unwrap_or(entry.stamp.time_ms),
        updated_ms: entry.stamp.time_ms,
        attributes: named(&record.attributes()?, &GROUP_ATTRIBUTES),
    })
}

fn user_attributes(json: &Map<String, Value>) -> Attributes {
    let mut attributes = named(json, &USER_ATTRIBUTES);
    if let Some(Value::Object(enterprise)) = json.get(ENTERPRISE_USER) {
        attributes.extend(named(enterprise, &USER_ATTRIBUTES));
    }
    attributes
}

fn named(json: &Map<String, Value>, names: &[&'static str]) -> Attributes {
    let value = |name: &'static str| {
        let mut texts = Vec::new();
        collect(json.get(name)?, &mut texts);
        (!texts.is_empty()).then_some((name, texts))
    };
    names.iter().filter_map(|name| value(name)).collect()
}

/// The texts of a value: of a complex one its value, or the name of what it refers to.
fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let text = text::clean(text);
            if !text.is_empty() {
                texts.push(text.into_owned());
            }
        }
        Value::Number(_) | Value::Bool(_) => texts.push(value.to_string()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(object) => {
            let named = object.get("displayName").or_else(|| object.get("value"));
            named.into_iter().for_each(|value| collect(value, texts));
        }
        Value::Null => {}
    }
}

#[cfg(test)]
mod tests;
