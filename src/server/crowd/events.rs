//! Events as the protocol writes them. Memberships are told as they are and not by what came or went, so that hearing one twice does no
//! harm. Whether clients look for the operation in an attribute or in an element is not known: it stands in both.

use super::encode::{Detail, Encoder, Entity, Form, attribute_xml, element, json_into};
use super::xml::escape;
use crate::directory::sight::entity::{Attributes, GROUP_ATTRIBUTES, Group, USER_ATTRIBUTES, User};
use serde_json::{Value, json};
use std::sync::Arc;

/// What happened to a user or group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is new.
    Created,
    /// It is otherwise.
    Updated,
    /// It is no more.
    Deleted,
}

impl Operation {
    fn word(self) -> &'static str {
        match self {
            Operation::Created => "CREATED",
            Operation::Updated => "UPDATED",
            Operation::Deleted => "DELETED",
        }
    }
}

/// The answer to a client that begins to listen.
pub fn begin_document(encoder: &Encoder, token: &str) -> Vec<u8> {
    let mut out = encoder.begin();
    let writer = Writer::new(encoder);
    writer.begins(&mut out, token);
    writer.ends(&mut out);
    out
}

/// Writes a list of events.
pub struct Writer<'a> {
    encoder: &'a Encoder,
    is_first: bool,
}

impl<'a> Writer<'a> {
    /// Nothing written yet.
    pub fn new(encoder: &'a Encoder) -> Writer<'a> {
        Writer { encoder, is_first: true }
    }

    /// The beginning, with the token from which the client goes on.
    pub fn begins(&self, out: &mut Vec<u8>, token: &str) {
        match self.encoder.form {
            Form::Xml => {
                out.extend_from_slice(b"<events newEventToken=\"");
                escape(out, token);
                out.extend_from_slice(b"\" incrementalSynchronisationAvailable=\"true\">");
            }
            Form::Json => {
                let head = json!({"newEventToken": token, "incrementalSynchronisationAvailable": true}).to_string();
                out.extend_from_slice(head.trim_end_matches('}').as_bytes());
                out.extend_from_slice(b",\"events\":[");
            }
        }
    }

    /// The end.
    pub fn ends(&self, out: &mut Vec<u8>) {
        let end: &[u8] = match self.encoder.form {
            Form::Xml => b"</events>",
            Form::Json => b"]}",
        };
        out.extend_from_slice(end);
    }

    /// A user or group that is no more, by the name that the client knows.
    pub fn gone(&mut self, out: &mut Vec<u8>, entity: Entity, name: &str) {
        let tag = match entity {
            Entity::User => "userEvent",
            Entity::Group => "groupEvent",
        };
        self.event(
            out,
            tag,
            Operation::Deleted,
            None,
            |encoder, out| encoder.name(out, entity, name),
            || {
                let one = if entity == Entity::User { "user" } else { "group" };
                vec![(one, json!({"name": name}))]
            },
        );
    }

    /// A user, with all attributes.
    pub fn user(&mut self, out: &mut Vec<u8>, user: &User, operation: Operation) {
        let inner = |encoder: &Encoder, out: &mut Vec<u8>| {
            encoder.user(out, user, Detail::Record);
            attributes(out, &user.attributes, &USER_ATTRIBUTES);
        };
        let encoder = self.encoder;
        self.event(out, "userEvent", operation, None, inner, || {
            let mut value = Vec::new();
            encoder.user(&mut value, user, Detail::Attributes);
            vec![("user", serde_json::from_slice(&value).unwrap_or_default())]
        });
    }

    /// A group likewise.
    pub fn group(&mut self, out: &mut Vec<u8>, group: &Group, operation: Operation) {
        let inner = |encoder: &Encoder, out: &mut Vec<u8>| {
            encoder.group(out, group, Detail::Record);
            attributes(out, &group.attributes, &GROUP_ATTRIBUTES);
        };
        let encoder = self.encoder;
        self.event(out, "groupEvent", operation, None, inner, || {
            let mut value = Vec::new();
            encoder.group(&mut value, group, Detail::Attributes);
            vec![("group", serde_json::from_slice(&value).unwrap_or_default())]
        });
    }

    /// All groups that a user is in.
    pub fn user_membership(&mut self, out: &mut Vec<u8>, user: &str, parents: &[Arc<str>]) {
        let inner = |_: &Encoder, out: &mut Vec<u8>| {
            named(out, "childUser", user);
            groups(out, "parentGroups", parents);
        };
        self.event(out, "userMembershipEvent", Operation::Updated, Some(true), inner, || {
            vec![("childUser", json!({"name": user})), ("parentGroups", names(parents))]
        });
    }

    /// All groups that a group is in, and all that are in it.
    pub fn group_membership(&mut self, out: &mut Vec<u8>, group: &str, parents: &[Arc<str>], children: &[Arc<str>]) {
        let inner = |_: &Encoder, out: &mut Vec<u8>| {
            named(out, "group", group);
            groups(out, "parentGroups", parents);
            groups(out, "childGroups", children);
        };
        self.event(out, "groupMembershipEvent", Operation::Updated, Some(true), inner, || {
            vec![("group", json!({"name": group})), ("parentGroups", names(parents)), ("childGroups", names(children))]
        });
    }

    fn event(
        &mut self,
        out: &mut Vec<u8>,
        tag: &str,
        operation: Operation,
        absolute: Option<bool>,
        inner: impl FnOnce(&Encoder, &mut Vec<u8>),
        members: impl FnOnce() -> Vec<(&'static str, Value)>,
    ) {
        let word = operation.word();
        if self.encoder.form == Form::Json {
            let mut event = serde_json::Map::new();
            event.insert("type".to_owned(), Value::from(tag));
            event.insert("operation".to_owned(), Value::from(word));
            event.extend(absolute.map(|absolute| ("absolute".to_owned(), Value::from(absolute))));
            event.extend(members().into_iter().map(|(name, value)| (name.to_owned(), value)));
            if !std::mem::take(&mut self.is_first) {
                out.push(b',');
            }
            return json_into(out, &Value::Object(event));
        }
        let absolute = absolute.map(|absolute| format!(" absolute=\"{absolute}\"")).unwrap_or_default();
        out.extend_from_slice(format!("<{tag} operation=\"{word}\"{absolute}>").as_bytes());
        element(out, "operation", word);
        inner(self.encoder, out);
        out.extend_from_slice(format!("</{tag}>").as_bytes());
    }
}

/// The attributes that there are, and the names of those that there are not.
fn attributes(out: &mut Vec<u8>, attributes: &Attributes, known: &[&'static str]) {
    out.extend_from_slice(b"<storedAttributes>");
    for (name, values) in attributes {
        attribute_xml(out, name, values);
    }
    out.extend_from_slice(b"</storedAttributes><deletedAttributes>");
    for name in known.iter().filter(|name| attributes.iter().all(|(there, _)| there != *name)) {
        element(out, "attribute", name);
    }
    out.extend_from_slice(b"</deletedAttributes>");
}

fn named(out: &mut Vec<u8>, tag: &str, name: &str) {
    out.extend_from_slice(format!("<{tag} name=\"").as_bytes());
    escape(out, name);
    out.extend_from_slice(b"\"/>");
}

fn groups(out: &mut Vec<u8>, tag: &str, list: &[Arc<str>]) {
    out.extend_from_slice(format!("<{tag} expand=\"group\">").as_bytes());
    for name in list {
        named(out, "group", name);
    }
    out.extend_from_slice(format!("</{tag}>").as_bytes());
}

fn names(list: &[Arc<str>]) -> Value {
    json!({"groups": list.iter().map(|name| json!({"name": &**name})).collect::<Vec<Value>>()})
}
