//! How others see users and groups: a target or an application gets a few plain texts of each, made by expressions. It does not know who
//! the others are.

use super::check::Target;
use super::expression::Expression;
use super::{Failure, Wrong, attribute};
use crate::scim::schema::types::Types;
use crate::scim::schema::{Kind, ResourceType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What an admin sets: the text of one expression each; empty is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Definition {
    /// Default: `[userName]`.
    pub user_name: String,
    /// Default: displayName, else name.formatted, else given and family name, else the user name.
    pub display_name: String,
    /// Default: name.givenName; where neither it nor name.familyName is there, the display name's words before the last.
    pub first_name: String,
    /// Default: name.familyName; where neither it nor name.givenName is there, the display name's last word.
    pub last_name: String,
    /// Default: the primary address, else the one of type work, else the first.
    pub email: String,
    /// Of groups. Default: `[displayName]`.
    pub group_name: String,
}

/// Which users others see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Users {
    /// Everyone in the tenant.
    #[default]
    All,
    /// Those who are in one of the groups that others see, directly or through other groups.
    Members,
}

/// A definition that has been read and checked.
#[derive(Clone, Debug)]
pub struct Outbound {
    user_type: Arc<ResourceType>,
    group_type: Arc<ResourceType>,
    user_name: Option<Expression>,
    display_name: Option<Expression>,
    first_name: Option<Expression>,
    last_name: Option<Expression>,
    email: Option<Expression>,
    group_name: Option<Expression>,
}

/// A user as others see him.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Never empty.
    pub name: String,
    /// Never empty.
    pub display_name: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// May be empty.
    pub email: String,
    /// `active`; a user without it is.
    pub active: bool,
}

impl Outbound {
    /// Reads and checks a definition.
    ///
    /// # Errors
    /// The fields that are wrong, by their names in [`Definition`], each with what is wrong.
    pub fn compile(definition: &Definition, types: &Types) -> Result<Outbound, Vec<(&'static str, Wrong)>> {
        let mut wrongs = Vec::new();
        let mut read = |field: &'static str, text: &str, source: &ResourceType| match compiled(field, text, source) {
            Ok(expression) => expression,
            Err(wrong) => {
                wrongs.push((field, wrong));
                None
            }
        };
        let outbound = Outbound {
            user_name: read("user_name", &definition.user_name, types.user()),
            display_name: read("display_name", &definition.display_name, types.user()),
            first_name: read("first_name", &definition.first_name, types.user()),
            last_name: read("last_name", &definition.last_name, types.user()),
            email: read("email", &definition.email, types.user()),
            group_name: read("group_name", &definition.group_name, types.group()),
            user_type: types.user().clone(),
            group_type: types.group().clone(),
        };
        if wrongs.is_empty() { Ok(outbound) } else { Err(wrongs) }
    }

    /// The user as others see him. An expression other than the user name's from which nothing results gives way to its default, and
    /// of an address to none.
    ///
    /// # Errors
    /// When an expression fails, or no user name results.
    pub fn user(&self, resource: &Map<String, Value>, now_ms: i64) -> Result<Person, Failure> {
        let made = |expression: &Option<Expression>| match expression {
            Some(expression) => text_of(expression, resource, &self.user_type, now_ms),
            None => Ok(String::new()),
        };
        let name = match &self.user_name {
            Some(_) => made(&self.user_name)?,
            None => resource.get("userName").and_then(Value::as_str).unwrap_or_default().to_owned(),
        };
        if name.is_empty() {
            return Err(Failure { column: 1, why: "no user name results".to_owned() });
        }
        let display_name = or(made(&self.display_name)?, || display_name(resource, &name));
        let (given, family) = names(resource, &display_name);
        Ok(Person {
            first_name: or(made(&self.first_name)?, || given),
            last_name: or(made(&self.last_name)?, || family),
            email: match &self.email {
                Some(_) => made(&self.email)?,
                None => email(resource).to_owned(),
            },
            active: resource.get("active") != Some(&Value::Bool(false)),
            name,
            display_name,
        })
    }

    /// The group's name as others see it.
    ///
    /// # Errors
    /// When the expression fails, or nothing results.
    pub fn group_name(&self, resource: &Map<String, Value>, now_ms: i64) -> Result<String, Failure> {
        let name = match &self.group_name {
            Some(expression) => text_of(expression, resource, &self.group_type, now_ms)?,
            None => text(resource.get("displayName")).to_owned(),
        };
        match name.is_empty() {
            true => Err(Failure { column: 1, why: "no name of the group results".to_owned() }),
            false => Ok(name),
        }
    }

    /// Whether users are called by their userName as it is, so that an index finds a user by the name that others know.
    pub fn names_users_plainly(&self) -> bool {
        let Some(expression) = &self.user_name else { return true };
        let named = expression.attribute().map(|path| attribute::look_up(path, &self.user_type));
        named.is_some_and(|named| named.is_ok_and(|named| named.name == "userName"))
    }
}

fn compiled(field: &'static str, text: &str, source: &ResourceType) -> Result<Option<Expression>, Wrong> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let expression = Expression::parse(text)?;
    expression.check(source, Some(&target(field)))?;
    Ok(Some(expression))
}

fn target(name: &str) -> Target<'_> {
    Target { name, kind: Kind::String, multi_valued: false }
}

fn text_of(
    expression: &Expression,
    resource: &Map<String, Value>,
    source: &ResourceType,
    now_ms: i64,
) -> Result<String, Failure> {
    let value = expression.evaluate(resource, source, now_ms)?;
    match target("the result").fit(value) {
        Ok(Value::String(text)) => Ok(text),
        Ok(_) => Ok(String::new()),
        Err(why) => Err(Failure { column: 1, why }),
    }
}

fn or(text: String, otherwise: impl FnOnce() -> String) -> String {
    if text.is_empty() { otherwise() } else { text }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default().trim()
}

fn part<'v>(resource: &'v Map<String, Value>, name: &str) -> &'v str {
    text(resource.get("name").and_then(|names| names.get(name)))
}

fn display_name(resource: &Map<String, Value>, name: &str) -> String {
    let given_and_family = [part(resource, "givenName"), part(resource, "familyName")].join(" ");
    let choices = [text(resource.get("displayName")), part(resource, "formatted"), given_and_family.trim(), name];
    choices.into_iter().find(|choice| !choice.is_empty()).unwrap_or_default().to_owned()
}

/// The given and the family name; where neither is known, what the display name has before and after its last space.
fn names(resource: &Map<String, Value>, display_name: &str) -> (String, String) {
    let (given, family) = (part(resource, "givenName"), part(resource, "familyName"));
    if !given.is_empty() || !family.is_empty() {
        return (given.to_owned(), family.to_owned());
    }
    let (given, family) = display_name.rsplit_once(char::is_whitespace).unwrap_or(("", display_name));
    (given.trim().to_owned(), family.to_owned())
}

fn email(resource: &Map<String, Value>) -> &str {
    let emails = resource.get("emails").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let has = |email: &&Value, name: &str, wanted: Value| email.get(name) == Some(&wanted);
    let is_work = |email: &&Value| text(email.get("type")).eq_ignore_ascii_case("work");
    let primary = emails.iter().find(|email| has(email, "primary", Value::Bool(true)));
    let chosen = primary.or_else(|| emails.iter().find(is_work)).or_else(|| emails.first());
    text(chosen.and_then(|email| email.get("value")))
}

#[cfg(test)]
mod tests;
