//! What has to be done at a target: the steps from what it has to what it is to have. Pure: it knows neither requests nor when they are
//! sent. A group whose name changes where groups cannot be renamed becomes a new group; once it has its members, [`former`] says what
//! becomes of the old one.

mod group;
mod user;
mod words;

use super::capability;
use super::errand::Verdict;
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
    /// The attributes were read there, and not sent.
    #[serde(skip_serializing_if = "is_false")]
    pub was_read: bool,
    /// A step was begun whose outcome is not known: everything may be as it became or as it was. See [`begun`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
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
    /// What a SCIM server has of it, without its members.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
    /// The attributes were read there, and not sent.
    #[serde(skip_serializing_if = "is_false")]
    pub was_read: bool,
    /// A step was begun whose outcome is not known: everything may be as it became or as it was. See [`begun`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// It was there when it was to be made, and its members are still to be read.
    #[serde(skip_serializing_if = "is_false")]
    pub unread: bool,
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

/// What a step whose outcome is not known would have made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Doubt {
    /// The name that the user or group may have.
    pub name: String,
}

/// What is to be noted before a step's first request is sent, so that nothing is believed that may be otherwise when its outcome is not
/// noted, because of a failure or a crash, and something else is wanted meanwhile. See [`begun`].
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// Nothing.
    Nothing,
    /// The step itself: it is to be repeated, and its outcome noted, before the resource is planned again. It makes something, which would
    /// otherwise be there without anybody knowing.
    Step,
    /// This is known of the user: with doubts, so that the next plan takes nothing for granted.
    User(KnownUser),
    /// This is known of the group, likewise.
    Group(KnownGroup),
    /// Whether these resources are members of the group is not known: those that are wanted are to be added, those that are not to be taken
    /// out.
    Members(Vec<Uuid>),
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
    /// Looks which of two names a user has, since a rename was begun whose outcome is not known.
    FindUser(KnownUser),
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
    /// It has this of the group, which is another one than before: nothing is known of its members any more.
    NewGroup {
        /// The group.
        group: KnownGroup,
        /// It was there already: its members are to be read. Otherwise it has none.
        read: bool,
    },
    /// Members joined and left the group.
    Members {
        /// The resources that are members now.
        added: Vec<Uuid>,
        /// The resources that are none any more.
        removed: Vec<Uuid>,
    },
    /// It does not find these members by the names that are known of them: they are gone or have others. There are doubts about them
    /// ([`Doubt`]), and they are to be planned again themselves; forgetting them would leave accounts that nobody knows of.
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
/// is deactivated and not deleted, whatever the policy says of leavers: deletion is for those that are gone. Where he is unknown and
/// inactive, no account is made only to be shut, except at SCIM servers.
pub fn user(kind: Kind, policy: &Policy, known: Option<&KnownUser>, wanted: Option<&User>) -> Plan {
    match (known, wanted) {
        (Some(known), _) if is_name_in_doubt(kind, known) => user::in_doubt(known),
        (None, None) => Plan::default(),
        (None, Some(wanted)) => user::arriving(kind, wanted),
        (Some(known), None) => user::gone(kind, policy, known),
        (Some(known), Some(wanted)) => user::staying(kind, policy, known, wanted),
    }
}

/// The steps for a group, without its members. `None` as `wanted`: the target is not to have it; then it is deleted where the policy says
/// so, and left as it is otherwise, with its members and permissions.
pub fn group(kind: Kind, policy: &Policy, known: Option<&KnownGroup>, wanted: Option<&Group>) -> Plan {
    if let Some(wanted) = wanted
        && let Some(trouble) = group::refused_anyway(kind, &wanted.name)
    {
        return Plan { steps: Vec::new(), trouble: Some(trouble) };
    }
    let steps = match (known, wanted) {
        (None, None) => Vec::new(),
        (None, Some(wanted)) => group::arriving(wanted),
        (Some(known), None) if policy.delete_groups => group::gone(known),
        (Some(_), None) => Vec::new(),
        (Some(known), Some(wanted)) => group::staying(kind, policy, known, wanted),
    };
    Plan { steps, trouble: None }
}

/// The steps that put members into a group and take members out of it, in batches as large as the target takes. Who leaves does so first.
pub fn members(kind: Kind, group: &KnownGroup, add: &[Member], remove: &[Member]) -> Vec<Step> {
    let can = capability::of(kind);
    let resources = |batch: &[Member]| batch.iter().map(|member| member.resource).collect();
    let removals = remove.chunks(can.removed_max.max(1)).map(|batch| Step {
        act: Act::RemoveMembers(group.clone(), batch.to_vec()),
        destructive: false,
        after: Effect::Members { added: Vec::new(), removed: resources(batch) },
    });
    let additions = add.chunks(can.added_max.max(1)).map(|batch| Step {
        act: Act::AddMembers(group.clone(), batch.to_vec()),
        destructive: false,
        after: Effect::Members { added: resources(batch), removed: Vec::new() },
    });
    removals.chain(additions).collect()
}

/// What is to be noted before a step is begun; the step's effect then takes its place.
pub fn begun(step: &Step) -> Begun {
    let user = |known: &KnownUser, name: &str| {
        Begun::User(KnownUser { doubt: Some(Doubt { name: name.to_owned() }), ..known.clone() })
    };
    let group = |known: &KnownGroup, name: &str| {
        Begun::Group(KnownGroup { doubt: Some(Doubt { name: name.to_owned() }), ..known.clone() })
    };
    match &step.act {
        Act::FindUser(_) => Begun::Nothing,
        Act::CreateUser(_) | Act::CreateGroup(_) => Begun::Step,
        Act::UpdateUser { from, to } | Act::RenameUser { from, to } => user(from, &to.name),
        Act::Activate(known)
        | Act::Deactivate(known)
        | Act::Release(known, _)
        | Act::Seat(known, _)
        | Act::Unseat(known, _)
        | Act::Revoke(known)
        | Act::Lock(known)
        | Act::DeleteUser(known) => user(known, &known.name),
        Act::UpdateGroup { from, to } => group(from, &to.name),
        Act::DeleteGroup { group: old, .. } if step.after == Effect::Group(None) => {
            group(&KnownGroup { id: old.id.clone(), name: old.name.clone(), ..KnownGroup::default() }, &old.name)
        }
        // What the group was before stays known until it is dealt with, however often that takes.
        Act::DeleteGroup { .. } | Act::EmptyGroup(_) => Begun::Nothing,
        Act::AddMembers(_, members) | Act::RemoveMembers(_, members) => {
            Begun::Members(members.iter().map(|member| member.resource).collect())
        }
    }
}

/// What is known again once a step was refused, so that its outcome is known: what was known before it.
pub fn refused(step: &Step) -> Effect {
    match &step.act {
        Act::UpdateUser { from: known, .. }
        | Act::RenameUser { from: known, .. }
        | Act::Activate(known)
        | Act::Deactivate(known)
        | Act::Release(known, _)
        | Act::Seat(known, _)
        | Act::Unseat(known, _)
        | Act::Revoke(known)
        | Act::Lock(known)
        | Act::DeleteUser(known) => Effect::User(Some(known.clone())),
        Act::UpdateGroup { from: known, .. } => Effect::Group(Some(known.clone())),
        _ => Effect::Nothing,
    }
}

/// Steps that put members into a group one after the other, where a batch of them was refused.
pub fn one_by_one(group: &KnownGroup, members: &[Member]) -> Vec<Step> {
    let single = |member: &Member| Step {
        act: Act::AddMembers(group.clone(), vec![member.clone()]),
        destructive: false,
        after: Effect::Members { added: vec![member.resource], removed: Vec::new() },
    };
    members.iter().map(single).collect()
}

/// What becomes of the groups that a group was before it was renamed: to be asked once the group has its members. They are deleted where
/// the policy says so, and lose their members otherwise. One whose name another known group has is that group's business: whoever asks
/// takes it from what is known first, before a group is planned at all.
pub fn former(kind: Kind, policy: &Policy, known: &KnownGroup) -> Vec<Step> {
    group::former(kind, policy, known)
}

/// What is done with a user whom the target refuses to delete: his account is shut, and known to stay.
pub fn kept(kind: Kind, policy: &Policy, known: &KnownUser) -> Verdict {
    user::kept(kind, policy, known)
}

/// Whether it has to be seen what a user is called before anything else is done about him, his memberships too.
pub fn is_name_in_doubt(kind: Kind, known: &KnownUser) -> bool {
    capability::of(kind).by_name && known.other_name().is_some()
}

/// Whether a user may be a member of a group: one who has lost his licence stays out of the groups that give one.
pub fn may_join(kind: Kind, policy: &Policy, group: &str, user: &KnownUser) -> bool {
    let loses = policy.leavers == Leavers::Release || !capability::of(kind).deactivates;
    let key = capability::group_key(kind, group);
    user.active || !loses || !policy.licence_groups.iter().any(|name| capability::group_key(kind, name) == key)
}

/// What is known of a user once a reading saw `seen`: that, with what no reading tells. For a SCIM server, what it makes of attributes on
/// its own account is no difference: what it was sent stays known where it has it still.
pub fn user_seen(kind: Kind, old: Option<&KnownUser>, seen: KnownUser) -> KnownUser {
    let Some(old) = old else { return seen };
    let mut known = KnownUser { released: old.released, kept: old.kept, ..seen };
    if !capability::of(kind).deactivates {
        known.active = known.active && old.active;
    }
    if known.email.is_empty() && kind == Kind::Confluence {
        known.email.clone_from(&old.email);
    }
    if !old.was_read && known.was_read {
        known.attributes = super::scim::still(&old.attributes, &known.attributes);
        known.was_read = false;
    }
    known
}

/// What is known of a group once a reading saw `seen`, likewise.
pub fn group_seen(old: Option<&KnownGroup>, seen: KnownGroup) -> KnownGroup {
    let Some(old) = old else { return seen };
    let mut known = KnownGroup { unread: old.unread, former: old.former.clone(), ..seen };
    if !old.was_read && known.was_read {
        known.attributes = super::scim::still(&old.attributes, &known.attributes);
        known.was_read = false;
    }
    known
}

impl KnownUser {
    /// The other name that he may have, since a rename was begun whose outcome is not known.
    pub fn other_name(&self) -> Option<&str> {
        self.doubt.as_ref().map(|doubt| doubt.name.as_str()).filter(|name| !name.is_empty() && *name != self.name)
    }

    /// He, found under this name; everything else that is in doubt stays so.
    pub(super) fn named(&self, name: &str) -> KnownUser {
        KnownUser { name: name.to_owned(), doubt: Some(Doubt::default()), ..self.clone() }
    }
}

impl Step {
    /// The kind of step as a word, such as `create_user`.
    pub fn word(&self) -> &'static str {
        words::word(&self.act)
    }

    /// The name that it gives to a user or group, if it gives one.
    pub fn gives_name(&self) -> Option<&str> {
        match &self.act {
            Act::CreateUser(user) => Some(&user.name),
            Act::UpdateUser { from, to } | Act::RenameUser { from, to } => {
                (from.name != to.name || from.doubt.is_some()).then_some(&to.name)
            }
            Act::CreateGroup(group) => Some(&group.name),
            Act::UpdateGroup { from, to } => (from.name != to.name).then_some(&to.name),
            _ => None,
        }
    }

    /// What is done, as a phrase.
    pub fn phrase(&self) -> String {
        words::phrase(&self.act)
    }
}

/// Whether two names are one user's at this kind of target.
fn is_same_user(kind: Kind, left: &str, right: &str) -> bool {
    capability::user_key(kind, left) == capability::user_key(kind, right)
}

/// Whether two names are one group's at this kind of target.
fn is_same_group(kind: Kind, left: &str, right: &str) -> bool {
    capability::group_key(kind, left) == capability::group_key(kind, right)
}

fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests;
