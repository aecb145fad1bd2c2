//! What an admin sets: rules, provisioning policy and tests as plain data, the way they are stored. It is not known here whether any of
//! it makes sense; `policy.rs` finds that out.

use serde::{Deserialize, Serialize};

/// A mapping. What was added later has a default, so that older records are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    /// Rules for attributes, in the order in which they are applied.
    pub rules: Vec<Rule>,
    /// What the identity provider may do, and what follows from it.
    pub policy: Policy,
    /// What must be true of the mapping.
    pub tests: Vec<Test>,
}

/// Gives one attribute its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rule {
    /// What logs, metrics, exchanges and changes call it.
    pub name: String,
    /// The resource type; empty is `User`.
    pub resource_type: String,
    /// The attribute's path.
    pub target: String,
    /// The expression.
    pub expression: String,
    /// When it applies.
    pub when: When,
    /// What happens when the expression results in nothing.
    pub otherwise: Otherwise,
}

/// When a rule applies. The names are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Whenever the resource is written.
    #[default]
    Always,
    /// When it is created.
    Create,
    /// When it is changed.
    Update,
}

/// What happens when an expression results in nothing. The names are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// The attribute stays as it is stored; of a new resource, as it was sent.
    #[default]
    Keep,
    /// The attribute is removed.
    Clear,
    /// The request is refused.
    Refuse,
}

/// What the identity provider may do, and what follows from what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Makes another user name of each one that is sent, after the rules.
    pub username_rule: Option<NameRule>,
    /// Which writes are refused.
    pub switches: Switches,
    /// What follows when a user is set inactive.
    pub on_inactive: OnInactive,
    /// For how many days what the provider deletes can come back; `None`: as the tenant's settings say.
    pub deleted_kept_days: Option<u32>,
    /// What happens when a user is created whose userName is there already.
    pub existing_user: ExistingUser,
    /// The displayNames or ids of groups that users are put into.
    pub default_groups: Vec<String>,
    /// Which users are put into them.
    pub default_groups_for: DefaultGroupsFor,
    /// Which groups are taken, and what they are called.
    pub groups: Groups,
    /// Who says who the members of a group are.
    pub membership: Membership,
    /// The userNames or ids of users that the provider leaves alone.
    pub protected_users: Vec<String>,
    /// The displayNames or ids of groups that it leaves alone.
    pub protected_groups: Vec<String>,
}

/// Makes another name by a regular expression.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRule {
    /// The regular expression.
    pub pattern: String,
    /// What takes the place of a match.
    pub replacement: String,
}

/// Which writes are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Switches {
    /// No users are created.
    pub refuse_user_create: bool,
    /// No users are changed.
    pub refuse_user_update: bool,
    /// No groups are created.
    pub refuse_group_create: bool,
    /// No groups are changed, nor their members.
    pub refuse_group_update: bool,
    /// No users are deleted.
    pub refuse_user_delete: bool,
    /// No groups are deleted.
    pub refuse_group_delete: bool,
}

/// What follows when a user is set inactive. The names are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnInactive {
    /// The user is inactive.
    #[default]
    Deactivate,
    /// A user who was active is deleted.
    Delete,
    /// The user stays as active as it is.
    Keep,
}

/// What happens when a user is created whose userName is there already. The names are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExistingUser {
    /// The request is refused.
    #[default]
    Refuse,
    /// If both have the same externalId, the stored user takes the values that were sent.
    Link,
}

/// Which users are put into the default groups. The names are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultGroupsFor {
    /// Users when they are created.
    #[default]
    NewUsers,
    /// Users whenever they are written.
    AllUsers,
}

/// Which groups are taken, and what they are called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Groups {
    /// Regular expressions of the names of groups that are taken; none: all.
    pub include: Vec<String>,
    /// Likewise of groups that are not, whatever `include` says.
    pub exclude: Vec<String>,
    /// What groups of these names are called.
    pub table: Vec<GroupName>,
    /// Only groups in the table are taken.
    pub table_only: bool,
    /// Makes another name of the names that are not in the table.
    pub rename: Option<NameRule>,
}

/// One row of a table of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupName {
    /// The displayName as the identity provider sends it.
    pub from: String,
    /// The displayName as it is stored.
    pub to: String,
}

/// Who says who the members of a group are. The names are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// The identity provider alone.
    #[default]
    Authoritative,
    /// Members that were added here stay.
    Additive,
}

/// What must be true of a mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Test {
    /// What errors call it.
    pub name: String,
    /// The resource type; empty is `User`.
    pub resource_type: String,
    /// A resource as the identity provider would create it, as JSON.
    pub input: String,
    /// What must be stored of it, as JSON; empty: the request must be refused.
    pub output: String,
}
