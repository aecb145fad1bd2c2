//! What has to be done at a target: the steps from what it has to what it is to have. Pure: it knows neither requests nor when they are
//! sent. A group whose name changes where groups cannot be renamed becomes a new group; once it has its members, [`former`] says what
//! becomes of the old one.

use super::capability::{self, Names};
use crate::directory::target::stored::{Kind, Leavers, Policy};
use crate::mapping::outbound::Person;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A user that a target is to have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    /// How the target sees him.
    pub person: Person,
    /// What a SCIM server is sent of him, see [`super::scim::user`]; not used for others.
    pub attributes: Map<String, Value>,
}

/// A group that a target is to have, without its members.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Its name there.
    pub name: String,
    /// What a SCIM server is sent of it, see [`super::scim::group`]; not used for others.
    pub attributes: Map<String, Value>,
}

/// What a target has of a user, as far as is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownUser {
    /// What the target calls him for good: Jira's and Confluence's user key, Bitbucket's and SCIM's id. May be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// His name there.
    pub name: String,
    /// The name that is shown.
    pub display_name: String,
    /// The e-mail address.
    pub email: String,
    /// Whether he can be used there. Bitbucket has no such thing: there it says whether he has his licence.
    pub active: bool,
    /// His licence was taken away.
    #[serde(skip_serializing_if = "is_false")]
    pub released: bool,
    /// The target refused to delete him.
    #[serde(skip_serializing_if = "is_false")]
    pub kept: bool,
    /// What a SCIM server has of him.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
}

/// What a target has of a group, as far as is known, without its members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownGroup {
    /// SCIM's id; empty for others.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Its name there.
    pub name: String,
    /// What a SCIM server has of it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
    /// Groups that it was before it was renamed, and that are still there with their members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<Former>,
}

/// A group under a name that it no longer has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Former {
    /// As of [`KnownGroup`].
    pub id: String,
    /// The old name.
    pub name: String,
}

/// A member of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The resource here.
    pub resource: Uuid,
    /// The member is a group; only where groups nest.
    pub is_group: bool,
    /// What the target calls it for good, as of [`KnownUser`] and [`KnownGroup`].
    pub id: String,
    /// Its name there.
    pub name: String,
}

/// Something that is done at a target.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Makes a user, or takes one over that is there.
    CreateUser(KnownUser),
    /// Changes a user.
    UpdateUser {
        /// What he is.
        from: KnownUser,
        /// What he becomes.
        to: KnownUser,
    },
    /// Gives a user another name, where that is a request of its own.
    RenameUser {
        /// What he is.
        from: KnownUser,
        /// What he becomes.
        to: KnownUser,
    },
    /// Makes a user active.
    Activate(KnownUser),
    /// Makes a user inactive.
    Deactivate(KnownUser),
    /// Takes a user out of a group that gives a licence.
    Release(KnownUser, String),
    /// Gives a user an application's licence.
    Seat(KnownUser, String),
    /// Takes an application's licence from a user.
    Unseat(KnownUser, String),
    /// Takes all global permissions from a user.
    Revoke(KnownUser),
    /// Gives a user a password that nobody knows.
    Lock(KnownUser),
    /// Deletes a user.
    DeleteUser(KnownUser),
    /// Makes a group, or takes one over that is there.
    CreateGroup(KnownGroup),
    /// Changes a group, its name too.
    UpdateGroup {
        /// What it is.
        from: KnownGroup,
        /// What it becomes.
        to: KnownGroup,
    },
    /// Deletes a group.
    DeleteGroup {
        /// The group.
        group: Former,
        /// The group that inherits its permissions, where the target can do that.
        heir: Option<String>,
    },
    /// Takes all members out of a group.
    EmptyGroup(Former),
    /// Puts members into a group.
    AddMembers(KnownGroup, Vec<Member>),
    /// Takes members out of a group.
    RemoveMembers(KnownGroup, Vec<Member>),
}

/// How what is known of a target changes. What it is about is the resource that was planned.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// It has this of the user; `None`: nothing any more.
    User(Option<KnownUser>),
    /// It has this of the group; `None`: nothing any more, no members either.
    Group(Option<KnownGroup>),
    /// It has this of the group, which is another one: none of the members that are known of it.
    NewGroup(KnownGroup),
    /// Members joined and left the group.
    Members {
        /// The resources that are members now.
        added: Vec<Uuid>,
        /// The resources that are none any more.
        removed: Vec<Uuid>,
    },
    /// It has nothing any more of these members, who are to be planned again themselves.
    Missing(Vec<Uuid>),
}

/// One step at a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done.
    pub act: Act,
    /// It takes something away from somebody. Whoever plans members after a reading sets it for removals too.
    pub destructive: bool,
    /// How what is known changes when it is done, apart from what the answers tell.
    pub after: Effect,
}

/// What has to be done for one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// What is wanted and cannot be done at this target, and why: a dead letter, besides the steps.
    pub trouble: Option<String>,
}

/// The steps for a user. `None` as `wanted`: the target is not to have him (he was deleted, or is out of its scope). An inactive user
/// is deactivated and not deleted, whatever the policy says of leavers: deletion is for those that are gone.
pub fn user(kind: Kind, policy: &Policy, known: Option<&KnownUser>, wanted: Option<&User>) -> Plan {
    let _ = (kind, policy, known, wanted, Names::Exact, Leavers::Never);
    Plan::default()
}

/// The steps for a group, without its members. `None` as `wanted`: the target is not to have it.
pub fn group(kind: Kind, policy: &Policy, known: Option<&KnownGroup>, wanted: Option<&Group>) -> Plan {
    let _ = (kind, policy, known, wanted);
    Plan::default()
}

/// The steps that put members into a group and take members out of it, in batches as large as the target takes.
pub fn members(kind: Kind, group: &KnownGroup, add: &[Member], remove: &[Member]) -> Vec<Step> {
    let _ = (kind, group, add, remove);
    Vec::new()
}

/// The steps for the groups that a group was before it was renamed: to be taken once the group has its members.
pub fn former(kind: Kind, policy: &Policy, group: &KnownGroup) -> Vec<Step> {
    let _ = (kind, policy, group);
    Vec::new()
}

/// Whether a user may be a member of a group: one whose licence was taken away stays out of the groups that give one.
pub fn may_join(kind: Kind, policy: &Policy, group: &str, user: &KnownUser) -> bool {
    let _ = (capability::of(kind), policy, group, user);
    true
}

/// What is known of a user once a reading saw `seen`: that, with what no reading tells.
pub fn user_seen(kind: Kind, old: Option<&KnownUser>, seen: KnownUser) -> KnownUser {
    let _ = (kind, old);
    seen
}

/// What is known of a group once a reading saw `seen`.
pub fn group_seen(old: Option<&KnownGroup>, seen: KnownGroup) -> KnownGroup {
    let _ = old;
    seen
}

impl Step {
    /// The kind of step as a word, such as `create_user`.
    pub fn word(&self) -> &'static str {
        ""
    }

    /// What is done, as a phrase.
    pub fn phrase(&self) -> String {
        String::new()
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}
