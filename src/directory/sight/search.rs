//! What a search looks for among users or groups, whatever language it was asked in.

use super::Sight;
use super::entity::{Group, User};
use crate::scim::datetime;
use crate::scim::fold::fold;
use std::borrow::Cow;
use std::cmp::Ordering;
use uuid::Uuid;

/// Whom a search finds.
#[derive(Clone, Debug, PartialEq)]
pub enum Restriction {
    /// Everybody.
    All,
    /// Whom all of these find.
    And(Vec<Restriction>),
    /// Whom any of these finds.
    Or(Vec<Restriction>),
    /// Whom this one does not find.
    Not(Box<Restriction>),
    /// Whose property compares like this.
    Term(Property, Test),
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// `name`
    Name,
    /// `email`
    Email,
    /// `firstName`
    FirstName,
    /// `lastName`
    LastName,
    /// `displayName`
    DisplayName,
    /// `description`, which no group has.
    Description,
    /// `active`
    Active,
    /// `createdDate`
    Created,
    /// `updatedDate`
    Updated,
    /// An attribute, by its own name.
    Attribute(String),
}

/// How it is compared. Texts are in their comparison form, so that case does not matter.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// There is no value.
    Null,
    /// The text is this one.
    Text(String),
    /// The text begins with the first, ends with the last, and has the others in between, one after the other.
    Parts(Vec<String>),
    /// The text comes before or after this one.
    TextOrder(Ordering, String),
    /// It is true, or it is false.
    Bool(bool),
    /// The time, in milliseconds since the epoch, is the same, before or after.
    Time(Ordering, i64),
}

/// What a search compares with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// `EXACTLY_MATCHES`
    Exactly,
    /// `STARTS_WITH`
    StartsWith,
    /// `ENDS_WITH`
    EndsWith,
    /// `CONTAINS`
    Contains,
    /// `LESS_THAN`
    Less,
    /// `GREATER_THAN`
    Greater,
}

impl Property {
    /// The property of this name; what is none is taken for an attribute's name.
    pub fn named(name: &str) -> Property {
        match name.to_ascii_lowercase().replace('-', "").as_str() {
            "name" => Property::Name,
            "email" => Property::Email,
            "firstname" => Property::FirstName,
            "lastname" => Property::LastName,
            "displayname" => Property::DisplayName,
            "description" => Property::Description,
            "active" => Property::Active,
            "createddate" => Property::Created,
            "updateddate" => Property::Updated,
            _ => Property::Attribute(name.to_owned()),
        }
    }
}

impl Restriction {
    /// A comparison of a property with a value.
    ///
    /// # Errors
    /// What is wrong with the value, as a sentence.
    pub fn compare(property: Property, how: Match, value: &str) -> Result<Restriction, String> {
        let order = match how {
            Match::Exactly => Some(Ordering::Equal),
            Match::Less => Some(Ordering::Less),
            Match::Greater => Some(Ordering::Greater),
            _ => None,
        };
        let test = match (&property, order) {
            (Property::Active, Some(Ordering::Equal)) => Test::Bool(boolean(value)?),
            (Property::Active, _) => return Err("'active' can only be equal to true or false".to_owned()),
            (Property::Created | Property::Updated, Some(order)) => Test::Time(order, time(value)?),
            (Property::Created | Property::Updated, None) => {
                return Err("a date can only be equal, less or greater".to_owned());
            }
            (_, Some(Ordering::Equal)) => Test::Text(fold(value).into_owned()),
            (_, Some(order)) => Test::TextOrder(order, fold(value).into_owned()),
            (_, None) => {
                let (start, end) = match how {
                    Match::StartsWith => (true, false),
                    Match::EndsWith => (false, true),
                    _ => (false, false),
                };
                let value = fold(value).into_owned();
                let empty = String::new;
                Test::Parts(match (start, end) {
                    (true, _) => vec![value, empty()],
                    (_, true) => vec![empty(), value],
                    _ => vec![empty(), value, empty()],
                })
            }
        };
        Ok(Restriction::Term(property, test))
    }

    /// Whether it has to know more of somebody than the name.
    pub fn needs_records(&self) -> bool {
        match self {
            Restriction::All => false,
            Restriction::And(all) | Restriction::Or(all) => all.iter().any(Restriction::needs_records),
            Restriction::Not(one) => one.needs_records(),
            Restriction::Term(property, _) => *property != Property::Name,
        }
    }

    /// The one name, in its comparison form, that whoever is found must have.
    pub fn exact_name(&self) -> Option<&str> {
        match self {
            Restriction::Term(Property::Name, Test::Text(name)) => Some(name),
            Restriction::And(all) => all.iter().find_map(Restriction::exact_name),
            _ => None,
        }
    }

    /// Whether the user is found.
    pub fn finds_user(&self, user: &User) -> bool {
        self.finds(&|property, test| match property {
            Property::Name => test.holds(Some(&user.name)),
            Property::Email => test.holds(given(&user.email)),
            Property::FirstName => test.holds(given(&user.first_name)),
            Property::LastName => test.holds(given(&user.last_name)),
            Property::DisplayName => test.holds(given(&user.display_name)),
            Property::Description => test.holds(None),
            Property::Active => *test == Test::Bool(user.active),
            Property::Created => test.holds_at(user.created_ms),
            Property::Updated => test.holds_at(user.updated_ms),
            Property::Attribute(name) => has(&user.attributes, name, test),
        })
    }

    /// Whether the group is found.
    pub fn finds_group(&self, group: &Group) -> bool {
        self.finds(&|property, test| match property {
            Property::Name | Property::DisplayName => test.holds(Some(&group.name)),
            Property::Email | Property::FirstName | Property::LastName | Property::Description => test.holds(None),
            Property::Active => *test == Test::Bool(true),
            Property::Created => test.holds_at(group.created_ms),
            Property::Updated => test.holds_at(group.updated_ms),
            Property::Attribute(name) => has(&group.attributes, name, test),
        })
    }

    /// Whether somebody of this name is found, by a restriction that asks for nothing else.
    pub fn finds_name(&self, name: &str) -> bool {
        self.finds(&|property, test| *property == Property::Name && test.holds(Some(name)))
    }

    fn finds(&self, term: &dyn Fn(&Property, &Test) -> bool) -> bool {
        match self {
            Restriction::All => true,
            Restriction::And(all) => all.iter().all(|one| one.finds(term)),
            Restriction::Or(any) => any.iter().any(|one| one.finds(term)),
            Restriction::Not(one) => !one.finds(term),
            Restriction::Term(property, test) => term(property, test),
        }
    }
}

impl Test {
    /// Whether the value is as the test wants it.
    fn holds(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return *self == Test::Null };
        let folded = fold(value);
        match self {
            Test::Null | Test::Bool(_) | Test::Time(..) => false,
            Test::Text(wanted) => *wanted == folded,
            Test::TextOrder(order, wanted) => folded.as_ref().cmp(wanted.as_str()) == *order,
            Test::Parts(parts) => fits(parts, folded),
        }
    }

    fn holds_at(&self, ms: i64) -> bool {
        match self {
            Test::Time(order, wanted) => ms.cmp(wanted) == *order,
            _ => false,
        }
    }
}

impl Sight {
    /// The user who has the name that the restriction demands, if it demands one; the inner `None`: nobody has it.
    pub fn only_user(&self, restriction: &Restriction) -> Option<Option<Uuid>> {
        restriction.exact_name().map(|name| self.index().users.find(name))
    }

    /// The group likewise.
    pub fn only_group(&self, restriction: &Restriction) -> Option<Option<Uuid>> {
        restriction.exact_name().map(|name| self.index().groups.find(name))
    }
}

fn fits(parts: &[String], text: Cow<'_, str>) -> bool {
    let [first, middle @ .., last] = parts else { return false };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        match rest.find(part.as_str()) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn has(attributes: &[(&'static str, Vec<String>)], name: &str, test: &Test) -> bool {
    match attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        Some((_, values)) => values.iter().any(|value| test.holds(Some(value))),
        None => test.holds(None),
    }
}

fn boolean(value: &str) -> Result<bool, String> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("'active' is true or false".to_owned()),
    }
}

/// A date as RFC 3339, one that ends early (the rest is its beginning, in UTC), or in milliseconds since the epoch.
fn time(value: &str) -> Result<i64, String> {
    let value = value.trim();
    let is_early = [4, 7, 10, 13, 16, 19].contains(&value.len());
    let early = || datetime::parse_ms(&format!("{value}{}", "0000-01-01T00:00:00Z".get(value.len()..)?));
    let local = || datetime::parse_ms(&format!("{value}Z"));
    let zone = || datetime::parse_ms(&format!("{}:{}", value.get(..value.len() - 2)?, value.get(value.len() - 2..)?));
    let found = datetime::parse_ms(value).or_else(|| is_early.then(early).flatten()).or_else(|| value.parse().ok());
    found
        .or_else(|| (value.len() > 20).then(|| zone().or_else(local)).flatten())
        .ok_or_else(|| "a date is like 2026-01-31T12:00:00Z".to_owned())
}

#[cfg(test)]
mod tests;
