//! What is stored of a target: its settings, how far it is, what it has, and what it has trouble with. All of it is written and read by
//! `record::pack` and `record::unpack`; what was added later has a default, so that older rows are read.

use crate::mapping::outbound::{Definition, Users};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A target's settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// Its name, unique in the tenant.
    pub name: String,
    /// What it is for, in the admin's words.
    pub description: String,
    /// What speaks there.
    pub kind: Kind,
    /// Where, without a slash at its end.
    pub url: String,
    /// The user of HTTP Basic; empty: the secret is a bearer token.
    pub user: String,
    /// The password or token, sealed, see `secret.rs`.
    pub sealed: Vec<u8>,
    /// The only authorities that are believed, as PEM; empty: the machine's.
    pub ca_pem: String,
    /// Which groups it gets: the names that match one of these patterns; empty: all.
    pub groups_include: Vec<String>,
    /// And not one of these.
    pub groups_exclude: Vec<String>,
    /// Which users it gets.
    pub users: Users,
    /// How it sees users and groups.
    pub mapping: Definition,
    /// What may be done there.
    pub policy: Policy,
    /// Requests a second at most; 0: as many as it answers.
    pub requests_per_s_max: u32,
    /// Requests at once.
    pub concurrency: u32,
    /// Destructive steps of one run at most, before the others wait for an approval.
    pub destructive_max: u32,
    /// How often it is read and compared, in milliseconds; 0: never.
    pub check_every_ms: i64,
    /// Differences that such a reading finds are told and not repaired.
    pub check_reports_only: bool,
    /// Nothing is sent there.
    pub disabled: bool,
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
}

/// What speaks at a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Jira Data Center.
    #[default]
    Jira,
    /// Confluence Data Center.
    Confluence,
    /// Bitbucket Data Center.
    Bitbucket,
    /// A SCIM server.
    Scim,
    /// Atlassian Cloud, which speaks SCIM with rules of its own.
    AtlassianCloud,
}

/// What may be done at a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// What becomes of a user that is inactive, deleted or no longer wanted.
    pub leavers: Leavers,
    /// What becomes of a deleted group.
    pub delete_groups: bool,
    /// Groups that the target does not have are made.
    pub create_groups: bool,
    /// Members that the directory does not know there are taken out.
    pub memberships: Memberships,
    /// Users that the target has already, and that nobody here made there, are taken over.
    pub adopt: bool,
    /// Applications whose licence new users of Jira get.
    pub applications: Vec<String>,
    /// Groups that give a licence, which leavers are taken out of.
    pub licence_groups: Vec<String>,
    /// Who leads the projects of a user of Jira that is deactivated; empty: nobody.
    pub project_lead: String,
    /// Who leads the components of such a user; empty: nobody.
    pub component_lead: String,
    /// The target tells new users by mail.
    pub notify: bool,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            leavers: Leavers::Deactivate,
            delete_groups: false,
            create_groups: true,
            memberships: Memberships::Authoritative,
            adopt: true,
            applications: Vec::new(),
            licence_groups: Vec::new(),
            project_lead: String::new(),
            component_lead: String::new(),
            notify: false,
        }
    }
}

/// What becomes of a user who leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leavers {
    /// He is made inactive.
    #[default]
    Deactivate,
    /// He is made inactive and has no licence any more.
    Release,
    /// He is deleted.
    Delete,
    /// He stays as he is.
    Never,
}

/// What becomes of members that are not the directory's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Memberships {
    /// They are taken out.
    #[default]
    Authoritative,
    /// They stay.
    Additive,
}

/// How far a target is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The place in the change log up to which everything was done; empty: the target has to be read first.
    pub cursor: String,
    /// A whole reconciliation is under way.
    pub full: Option<Full>,
    /// The number of the last whole reconciliation.
    pub epoch: u64,
    /// When the last one ended, in milliseconds since the epoch.
    pub full_ms: Option<i64>,
    /// When the last reading for a drift check ended, likewise.
    pub checked_ms: Option<i64>,
    /// How many differences that one found.
    pub drifted: u64,
    /// Groups in groups were met, so that what is deleted may have been part of what members are taken from.
    pub is_nested: bool,
    /// Destructive steps that the present run has taken.
    pub destroyed: u64,
    /// When the present run began, in milliseconds since the epoch.
    pub run_ms: i64,
}

/// A whole reconciliation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Full {
    /// The place in the change log when it began.
    pub cursor: String,
    /// The target was read; what is left is to send the differences.
    pub listed: bool,
    /// Differences are counted, and nothing is sent.
    pub report_only: bool,
}

/// What a target has of a user or a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// The reading of the target that saw it last, or after which it was made.
    pub epoch: u64,
    /// What it is there, in the words of the target's plan; null: nothing.
    pub state: Value,
    /// What is being made there, likewise: whether it was, nobody knows yet; null: nothing.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub pending: Value,
    /// What it is called there, or may be: its id and its names as the target tells names apart. It is found by these.
    pub calls: Vec<String>,
}

/// That a target has a member in a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Membership {
    /// As of [`Known`].
    pub epoch: u64,
    /// A step about it was begun whose outcome is not known: it may be a member or not.
    pub doubt: bool,
}

/// A resource that waits for another attempt, or that attempts were given up for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trouble {
    /// What went wrong the last time, without secrets.
    pub reason: String,
    /// What people call the resource.
    pub display: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When it went wrong first, in milliseconds since the epoch.
    pub first_ms: i64,
    /// When it went wrong last, likewise.
    pub last_ms: i64,
    /// When the next attempt is due, likewise; `None`: there is none until somebody asks for it.
    pub next_ms: Option<i64>,
}

/// A resource whose step waits for an admin's approval.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hold {
    /// What people call the resource.
    pub display: String,
    /// What would be done, in words.
    pub step: String,
    /// Since when it waits, in milliseconds since the epoch.
    pub since_ms: i64,
    /// The admin has approved it.
    pub approved: bool,
}
