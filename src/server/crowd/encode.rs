//! Users, groups and lists of them as the protocol writes them, in XML and in JSON. It does not know where they come from.

use super::xml::escape;
use crate::directory::sight::entity::{Attributes, Group, User};
use crate::scim::datetime;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/xml`, unless the client asks for JSON.
    Xml,
    /// `application/json`
    Json,
}

impl Form {
    /// The media type.
    pub fn media(self) -> &'static str {
        match self {
            Form::Xml => "application/xml; charset=utf-8",
            Form::Json => "application/json",
        }
    }
}

/// What an XML answer begins with.
pub const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";

/// What is written of each user or group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The name alone.
    Name,
    /// All but the attributes.
    Record,
    /// All.
    Attributes,
}

/// Users or groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// Users.
    User,
    /// Groups.
    Group,
}

impl Entity {
    fn one(self) -> &'static str {
        match self {
            Entity::User => "user",
            Entity::Group => "group",
        }
    }

    fn parameter(self) -> &'static str {
        match self {
            Entity::User => "username",
            Entity::Group => "groupname",
        }
    }
}

/// Writes in one form; links begin with the base URL.
#[derive(Clone, Debug)]
pub struct Encoder {
    /// The form.
    pub form: Form,
    /// The URL that the API is under.
    pub base: String,
}

impl Encoder {
    /// A document with one user.
    pub fn user_document(&self, user: &User, detail: Detail) -> Vec<u8> {
        let mut out = self.begin();
        self.user(&mut out, user, detail);
        out
    }

    /// A document with one group.
    pub fn group_document(&self, group: &Group, detail: Detail) -> Vec<u8> {
        let mut out = self.begin();
        self.group(&mut out, group, detail);
        out
    }

    /// A document with one name.
    pub fn name_document(&self, entity: Entity, name: &str) -> Vec<u8> {
        let mut out = self.begin();
        self.name(&mut out, entity, name);
        out
    }

    /// A document with attributes.
    pub fn attributes_document(&self, entity: Entity, name: &str, attributes: &Attributes) -> Vec<u8> {
        match self.form {
            Form::Xml => {
                let mut out = self.begin();
                self.attributes_xml(&mut out, entity, name, Some(attributes));
                out
            }
            Form::Json => self.attributes_json(entity, name, Some(attributes)).to_string().into_bytes(),
        }
    }

    /// What a document begins with.
    pub fn begin(&self) -> Vec<u8> {
        match self.form {
            Form::Xml => DECLARATION.to_vec(),
            Form::Json => Vec::new(),
        }
    }

    /// The beginning of a list.
    pub fn list_begins(&self, out: &mut Vec<u8>, entity: Entity) {
        let one = entity.one();
        let text = match self.form {
            Form::Xml => format!("<{one}s expand=\"{one}\">"),
            Form::Json => format!("{{\"expand\":\"{one}\",\"{one}s\":["),
        };
        out.extend_from_slice(text.as_bytes());
    }

    /// What stands between the elements of a list.
    pub fn between(&self, out: &mut Vec<u8>) {
        if self.form == Form::Json {
            out.push(b',');
        }
    }

    /// The end of a list.
    pub fn list_ends(&self, out: &mut Vec<u8>, entity: Entity) {
        match self.form {
            Form::Xml => out.extend_from_slice(format!("</{}s>", entity.one()).as_bytes()),
            Form::Json => out.extend_from_slice(b"]}"),
        }
    }

    /// A user or group by the name alone.
    pub fn name(&self, out: &mut Vec<u8>, entity: Entity, name: &str) {
        match self.form {
            Form::Xml => {
                self.open(out, entity, name, Detail::Name);
                out.extend_from_slice(format!("</{}>", entity.one()).as_bytes());
            }
            Form::Json => json_into(out, &json!({"link": self.link(entity, "", name), "name": name})),
        }
    }

    /// A user.
    pub fn user(&self, out: &mut Vec<u8>, user: &User, detail: Detail) {
        if detail == Detail::Name {
            return self.name(out, Entity::User, &user.name);
        }
        let attributes = (detail == Detail::Attributes).then_some(&user.attributes);
        if self.form == Form::Json {
            let value = json!({
                "expand": "attributes",
                "link": self.link(Entity::User, "", &user.name),
                "name": &*user.name,
                "first-name": user.first_name,
                "last-name": user.last_name,
                "display-name": user.display_name,
                "email": user.email,
                "key": user.id.to_string(),
                "created-date": user.created_ms,
                "updated-date": user.updated_ms,
                "active": user.active,
                "attributes": self.attributes_json(Entity::User, &user.name, attributes),
            });
            return json_into(out, &value);
        }
        self.open(out, Entity::User, &user.name, detail);
        let texts = [
            ("first-name", &user.first_name),
            ("last-name", &user.last_name),
            ("display-name", &user.display_name),
            ("email", &user.email),
        ];
        for (tag, text) in texts {
            element(out, tag, text);
        }
        element(out, "active", if user.active { "true" } else { "false" });
        element(out, "created-date", &datetime::format_ms(user.created_ms));
        element(out, "updated-date", &datetime::format_ms(user.updated_ms));
        element(out, "key", &user.id.to_string());
        self.attributes_xml(out, Entity::User, &user.name, attributes);
        out.extend_from_slice(b"</user>");
    }

    /// A group. None has a description, and all are active.
    pub fn group(&self, out: &mut Vec<u8>, group: &Group, detail: Detail) {
        if detail == Detail::Name {
            return self.name(out, Entity::Group, &group.name);
        }
        let attributes = (detail == Detail::Attributes).then_some(&group.attributes);
        if self.form == Form::Json {
            let value = json!({
                "expand": "attributes",
                "link": self.link(Entity::Group, "", &group.name),
                "name": &*group.name,
                "description": "",
                "type": "GROUP",
                "active": true,
                "attributes": self.attributes_json(Entity::Group, &group.name, attributes),
            });
            return json_into(out, &value);
        }
        self.open(out, Entity::Group, &group.name, detail);
        element(out, "description", "");
        element(out, "type", "GROUP");
        element(out, "active", "true");
        self.attributes_xml(out, Entity::Group, &group.name, attributes);
        out.extend_from_slice(b"</group>");
    }

    /// The settings of single sign-on, which is not served.
    pub fn cookie_document(&self) -> Vec<u8> {
        match self.form {
            Form::Xml => {
                let mut out = self.begin();
                out.extend_from_slice(b"<cookie-config><domain></domain><secure>true</secure><name>crowd.token_key</name></cookie-config>");
                out
            }
            Form::Json => json!({"domain": "", "name": "crowd.token_key", "secure": true}).to_string().into_bytes(),
        }
    }

    fn open(&self, out: &mut Vec<u8>, entity: Entity, name: &str, detail: Detail) {
        out.extend_from_slice(b"<");
        out.extend_from_slice(entity.one().as_bytes());
        out.extend_from_slice(b" name=\"");
        escape(out, name);
        out.extend_from_slice(if detail == Detail::Name { b"\">" } else { b"\" expand=\"attributes\">" });
        self.link_xml(out, entity, "", name);
    }

    fn link_xml(&self, out: &mut Vec<u8>, entity: Entity, below: &str, name: &str) {
        out.extend_from_slice(b"<link rel=\"self\" href=\"");
        escape(out, &self.url(entity, below, name));
        out.extend_from_slice(b"\"/>");
    }

    fn link(&self, entity: Entity, below: &str, name: &str) -> Value {
        json!({"href": self.url(entity, below, name), "rel": "self"})
    }

    fn url(&self, entity: Entity, below: &str, name: &str) -> String {
        let name = utf8_percent_encode(name, IN_QUERY);
        format!("{}/{}{below}?{}={name}", self.base, entity.one(), entity.parameter())
    }

    fn attributes_xml(&self, out: &mut Vec<u8>, entity: Entity, name: &str, attributes: Option<&Attributes>) {
        out.extend_from_slice(b"<attributes>");
        self.link_xml(out, entity, "/attribute", name);
        for (name, values) in attributes.into_iter().flatten() {
            attribute_xml(out, name, values);
        }
        out.extend_from_slice(b"</attributes>");
    }

    fn attributes_json(&self, entity: Entity, name: &str, attributes: Option<&Attributes>) -> Value {
        let list = attributes.into_iter().flatten().map(|(name, values)| json!({"name": name, "values": values}));
        json!({"attributes": list.collect::<Vec<Value>>(), "link": self.link(entity, "/attribute", name)})
    }
}

/// An attribute with its values.
pub fn attribute_xml(out: &mut Vec<u8>, name: &str, values: &[String]) {
    out.extend_from_slice(b"<attribute name=\"");
    escape(out, name);
    out.extend_from_slice(b"\"><values>");
    for value in values {
        element(out, "value", value);
    }
    out.extend_from_slice(b"</values></attribute>");
}

/// An element with text.
pub fn element(out: &mut Vec<u8>, tag: &str, text: &str) {
    out.push(b'<');
    out.extend_from_slice(tag.as_bytes());
    out.push(b'>');
    escape(out, text);
    out.extend_from_slice(b"</");
    out.extend_from_slice(tag.as_bytes());
    out.push(b'>');
}

/// Appends a JSON value.
pub fn json_into(out: &mut Vec<u8>, value: &Value) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// What stands in a query as it is; everything else is escaped.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests;
