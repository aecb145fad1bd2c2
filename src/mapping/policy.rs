//! A mapping that is ready to be used: its rules parsed and checked, its names folded. It makes of what an identity provider sends what is
//! to be stored, and says what the provider may not do. `document.rs` has it as it is set, `rule.rs` its rules for attributes.

use super::document::{DefaultGroupsFor, Document, ExistingUser, Groups, Membership, NameRule, OnInactive, Switches};
use super::pattern::{Patterns, Rename};
use super::rule::{self, Compiled};
use crate::limits;
use crate::scim::dialect::Dialect;
use crate::scim::errors::{Kind, clip};
use crate::scim::fold::fold;
use crate::scim::schema::ResourceType;
use crate::scim::schema::types::Types;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// What the parts of a policy are called where rules are named. No rule has such a name.
pub mod names {
    /// The rule for user names.
    pub const USERNAME_RULE: &str = "username_rule";
    /// The switches.
    pub const SWITCHES: &str = "switches";
    /// What follows when a user is set inactive.
    pub const ON_INACTIVE: &str = "on_inactive";
    /// What happens when a user is there already.
    pub const EXISTING_USER: &str = "existing_user";
    /// The groups that users are put into.
    pub const DEFAULT_GROUPS: &str = "default_groups";
    /// Which groups are taken, and what they are called.
    pub const GROUPS: &str = "groups";
    /// Members that were added here.
    pub const MEMBERSHIP: &str = "membership";
    /// Users that the provider leaves alone.
    pub const PROTECTED_USERS: &str = "protected_users";
    /// Groups that it leaves alone.
    pub const PROTECTED_GROUPS: &str = "protected_groups";

    /// All of them.
    pub const ALL: [&str; 9] = [
        USERNAME_RULE,
        SWITCHES,
        ON_INACTIVE,
        EXISTING_USER,
        DEFAULT_GROUPS,
        GROUPS,
        MEMBERSHIP,
        PROTECTED_USERS,
        PROTECTED_GROUPS,
    ];
}

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field, such as `rules[display].expression`.
    pub field: String,
    /// The column in an expression, from 1.
    pub column: Option<usize>,
    /// Why.
    pub why: String,
}

/// A mapping does not take what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule's name.
    pub rule: Arc<str>,
    /// What kind of error it is for the client.
    pub kind: Kind,
    /// Why, without the rule's name.
    pub why: String,
}

/// What a mapping made of a resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The attributes that are to be stored.
    pub attributes: Map<String, Value>,
    /// The rules that gave an attribute its value, in their order.
    pub fired: Vec<Arc<str>>,
}

/// A mapping in the form that requests use.
#[derive(Debug)]
pub struct Policy {
    rules: Vec<Compiled>,
    username: Option<Rename>,
    groups: GroupNames,
    protected_users: HashSet<String>,
    protected_groups: HashSet<String>,
    /// Which writes are refused.
    pub switches: Switches,
    /// What follows when a user is set inactive.
    pub on_inactive: OnInactive,
    /// For how many days what is deleted can come back; `None`: as the tenant's settings say.
    pub deleted_kept_days: Option<u32>,
    /// What happens when a user is there already.
    pub existing_user: ExistingUser,
    /// The displayNames or ids of groups that users are put into.
    pub default_groups: Vec<String>,
    /// Which users are put into them.
    pub default_groups_for: DefaultGroupsFor,
    /// Who says who the members of a group are.
    pub membership: Membership,
}

#[derive(Debug)]
struct GroupNames {
    taken: Patterns,
    /// By the folded name that is sent.
    table: HashMap<String, String>,
    table_only: bool,
    rename: Option<Rename>,
}

/// What a resource is worked out with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The resource's type.
    pub resource_type: &'a ResourceType,
    /// By which the values of expressions are taken as they are meant.
    pub dialect: &'a Dialect,
    /// The time, in milliseconds since the epoch.
    pub now_ms: i64,
}

impl Policy {
    /// Reads a document; of one that is wrong, everything that is.
    pub fn compile(document: &Document, types: &Types, dialect: &Dialect) -> Result<Policy, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let policy = &document.policy;
        let rules = rules(document, types, dialect, &mut wrong);
        let username = rename("policy.username_rule", policy.username_rule.as_ref(), &mut wrong);
        let groups = group_names(&policy.groups, &mut wrong);
        too_many("tests", document.tests.len(), limits::MAPPING_TESTS_MAX, &mut wrong);
        let lists = [
            ("policy.default_groups", &policy.default_groups, limits::MAPPING_DEFAULT_GROUPS_MAX),
            ("policy.protected_users", &policy.protected_users, limits::MAPPING_PROTECTED_MAX),
            ("policy.protected_groups", &policy.protected_groups, limits::MAPPING_PROTECTED_MAX),
        ];
        for (field, names, max) in lists {
            too_many(field, names.len(), max, &mut wrong);
            if names.iter().any(|name| is_no_name(name)) {
                wrong.push(Wrong::at(field, no_name()));
            }
        }
        if policy.deleted_kept_days.is_some_and(|days| days > limits::DELETED_KEPT_DAYS_MAX) {
            let why = format!("it is more than {}", limits::DELETED_KEPT_DAYS_MAX);
            wrong.push(Wrong::at("policy.deleted_kept_days", why));
        }
        let Some(groups) = groups.filter(|_| wrong.is_empty()) else { return Err(wrong) };
        let folded = |names: &[String]| names.iter().map(|name| fold(name).into_owned()).collect();
        Ok(Policy {
            rules,
            username,
            groups,
            protected_users: folded(&policy.protected_users),
            protected_groups: folded(&policy.protected_groups),
            switches: policy.switches,
            on_inactive: policy.on_inactive,
            deleted_kept_days: policy.deleted_kept_days,
            existing_user: policy.existing_user,
            default_groups: policy.default_groups.clone(),
            default_groups_for: policy.default_groups_for,
            membership: policy.membership,
        })
    }

    /// What is to be stored of a resource. `sent` is the whole resource as the identity provider has it; `stored` is how it is stored now,
    /// `None` when it is about to be created.
    pub fn apply(
        &self,
        context: &Context<'_>,
        sent: &Map<String, Value>,
        stored: Option<&Map<String, Value>>,
    ) -> Result<Outcome, Refusal> {
        let mut outcome = Outcome { attributes: sent.clone(), fired: Vec::new() };
        for rule in self.rules.iter().filter(|rule| rule.resource_type == context.resource_type.name) {
            rule.apply(context, sent, stored, &mut outcome)?;
        }
        match context.resource_type.name.as_str() {
            "User" => self.user(stored, &mut outcome)?,
            "Group" => self.group(sent, &mut outcome)?,
            _ => {}
        }
        Ok(outcome)
    }

    /// What a group that is sent with this name is called.
    ///
    /// # Errors
    /// When groups of this name are not taken.
    pub fn group_name(&self, sent: &str) -> Result<String, Refusal> {
        let refuse = |why: String| Err(Refusal { rule: names::GROUPS.into(), kind: Kind::Forbidden, why });
        if !self.groups.taken.admits(sent) {
            return refuse(format!("groups called '{}' are not taken", clip(sent)));
        }
        match self.groups.table.get(fold(sent).as_ref()) {
            Some(name) => Ok(name.clone()),
            None if self.groups.table_only => refuse(format!("'{}' is not in the table of groups", clip(sent))),
            None => match &self.groups.rename {
                Some(rename) => renamed(rename, sent, names::GROUPS),
                None => Ok(sent.to_owned()),
            },
        }
    }

    /// Whether the provider leaves alone a user of this id or with one of these forms.
    pub fn protects_user(&self, id: Option<&str>, forms: &[&Map<String, Value>]) -> bool {
        protects(&self.protected_users, id, forms, "userName")
    }

    /// Likewise for a group.
    pub fn protects_group(&self, id: Option<&str>, forms: &[&Map<String, Value>]) -> bool {
        protects(&self.protected_groups, id, forms, "displayName")
    }

    /// The folded names and the ids of the users that the provider leaves alone.
    pub fn protected_users(&self) -> impl Iterator<Item = &str> {
        self.protected_users.iter().map(String::as_str)
    }

    fn user(&self, stored: Option<&Map<String, Value>>, outcome: &mut Outcome) -> Result<(), Refusal> {
        let name = outcome.attributes.get("userName").and_then(Value::as_str);
        if let (Some(rename), Some(name)) = (&self.username, name) {
            let new = renamed(rename, name, names::USERNAME_RULE)?;
            if new != name {
                outcome.attributes.insert("userName".to_owned(), Value::from(new));
                outcome.fired.push(names::USERNAME_RULE.into());
            }
        }
        let was_inactive = stored.is_some_and(is_inactive);
        if self.on_inactive == OnInactive::Keep && is_inactive(&outcome.attributes) && !was_inactive {
            outcome.attributes.insert("active".to_owned(), Value::Bool(true));
            outcome.fired.push(names::ON_INACTIVE.into());
        }
        Ok(())
    }

    fn group(&self, sent: &Map<String, Value>, outcome: &mut Outcome) -> Result<(), Refusal> {
        let Some(name) = sent.get("displayName").and_then(Value::as_str) else { return Ok(()) };
        let new = self.group_name(name)?;
        if new != name {
            outcome.attributes.insert("displayName".to_owned(), Value::from(new));
            outcome.fired.push(names::GROUPS.into());
        }
        Ok(())
    }
}

impl Wrong {
    /// What is wrong with a field as a whole.
    pub fn at(field: impl Into<String>, why: impl Into<String>) -> Wrong {
        Wrong { field: field.into(), column: None, why: why.into() }
    }
}

/// A name by a rule for names. One of which nothing would remain stays as it is.
fn renamed(rename: &Rename, name: &str, rule: &str) -> Result<String, Refusal> {
    let new = rename.apply(name);
    let new =
        new.map_err(|failure| Refusal { rule: rule.into(), kind: Kind::InvalidValue, why: failure.to_string() })?;
    Ok(if new.trim().is_empty() { name.to_owned() } else { new })
}

/// Whether a user is set inactive; one that says nothing is active.
pub fn is_inactive(user: &Map<String, Value>) -> bool {
    user.get("active") == Some(&Value::Bool(false))
}

fn rules(document: &Document, types: &Types, dialect: &Dialect, wrong: &mut Vec<Wrong>) -> Vec<Compiled> {
    too_many("rules", document.rules.len(), limits::MAPPING_RULES_MAX, wrong);
    let mut names = BTreeSet::new();
    let mut compiled = Vec::with_capacity(document.rules.len());
    for (at, one) in document.rules.iter().enumerate().take(limits::MAPPING_RULES_MAX) {
        let shown = if one.name.is_empty() { at.to_string() } else { clip(&one.name) };
        let mut refuse = |field: &str, column, why| {
            wrong.push(Wrong { field: format!("rules[{shown}].{field}"), column, why });
        };
        if let Some(why) = is_bad_name(&one.name) {
            refuse("name", None, why.to_owned());
        }
        if !names.insert(&one.name) {
            refuse("name", None, "another rule has the same name".to_owned());
        }
        match rule::compile(one, types, dialect) {
            Ok(rule) => compiled.push(rule),
            Err(faults) => faults.into_iter().for_each(|fault| refuse(&fault.field, fault.column, fault.why)),
        }
    }
    compiled
}

fn is_bad_name(name: &str) -> Option<&'static str> {
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if name.is_empty() || name.len() > limits::NAME_BYTES_MAX || !name.bytes().all(is_letter) {
        return Some("it is not 1 to 63 characters a-z, 0-9, \"-\" and \"_\"");
    }
    names::ALL.contains(&name).then_some("a part of the policy is called so")
}

fn group_names(groups: &Groups, wrong: &mut Vec<Wrong>) -> Option<GroupNames> {
    too_many("policy.groups.include", groups.include.len(), limits::MAPPING_LIST_PATTERNS_MAX, wrong);
    too_many("policy.groups.exclude", groups.exclude.len(), limits::MAPPING_LIST_PATTERNS_MAX, wrong);
    too_many("policy.groups.table", groups.table.len(), limits::MAPPING_GROUP_TABLE_MAX, wrong);
    let rename = rename("policy.groups.rename", groups.rename.as_ref(), wrong);
    let mut table = HashMap::with_capacity(groups.table.len());
    for row in &groups.table {
        if is_no_name(&row.from) || is_no_name(&row.to) {
            wrong.push(Wrong::at("policy.groups.table", no_name()));
        }
        if table.insert(fold(&row.from).into_owned(), row.to.clone()).is_some() {
            wrong.push(Wrong::at("policy.groups.table", format!("'{}' stands there twice", clip(&row.from))));
        }
    }
    if groups.table_only && rename.is_some() {
        wrong.push(Wrong::at(
            "policy.groups.rename",
            "only groups in the table are taken, which says what they are called",
        ));
    }
    match Patterns::new(&groups.include, &groups.exclude) {
        Ok(taken) => Some(GroupNames { taken, table, table_only: groups.table_only, rename }),
        Err(fault) => {
            wrong.push(Wrong::at("policy.groups", fault.to_string()));
            None
        }
    }
}

fn rename(field: &str, rule: Option<&NameRule>, wrong: &mut Vec<Wrong>) -> Option<Rename> {
    let rule = rule?;
    let made = Rename::new(&rule.pattern, &rule.replacement);
    made.map_err(|fault| wrong.push(Wrong::at(field, fault.to_string()))).ok()
}

fn too_many(field: &str, found: usize, max: usize, wrong: &mut Vec<Wrong>) {
    if found > max {
        wrong.push(Wrong::at(field, format!("there are {found}, and {max} may be")));
    }
}

fn is_no_name(name: &str) -> bool {
    name.trim().is_empty() || name.len() > limits::MAPPING_NAME_BYTES_MAX
}

fn no_name() -> String {
    format!("a name is empty or longer than {} bytes", limits::MAPPING_NAME_BYTES_MAX)
}

fn protects(protected: &HashSet<String>, id: Option<&str>, forms: &[&Map<String, Value>], attribute: &str) -> bool {
    if protected.is_empty() {
        return false;
    }
    let mut names = forms.iter().filter_map(|form| form.get(attribute)?.as_str());
    id.is_some_and(|id| protected.contains(id)) || names.any(|name| protected.contains(fold(name).as_ref()))
}

#[cfg(test)]
mod tests;
