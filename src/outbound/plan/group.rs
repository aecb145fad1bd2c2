//! The steps for a group, without its members. It knows no requests.

use super::{Act, Effect, Former, Group, KnownGroup, Step, is_same_group};
use crate::directory::target::stored::{Kind, Memberships, Policy};
use crate::outbound::{capability, scim};

/// A group of which the target has nothing.
pub(super) fn arriving(wanted: &Group) -> Vec<Step> {
    let name = wanted.name.trim().to_owned();
    let group = KnownGroup { name, attributes: wanted.attributes.clone(), ..KnownGroup::default() };
    vec![made(group)]
}

/// What the target would refuse in any case, in words.
pub(super) fn refused_anyway(kind: Kind, name: &str) -> Option<String> {
    (kind == Kind::Confluence && name.contains(['/', '\\']))
        .then(|| format!("Confluence's REST API cannot name a group with a slash in its name: \"{name}\""))
}

/// A group that is to be deleted, with what it was before.
pub(super) fn gone(known: &KnownGroup) -> Vec<Step> {
    let mut left = known.clone();
    let mut steps = Vec::new();
    for old in &known.former {
        left.former.retain(|former| former != old);
        steps.push(deleted(old.clone(), None, Effect::Group(Some(left.clone()))));
    }
    let group = Former { id: known.id.clone(), name: known.name.clone() };
    steps.push(deleted(group, None, Effect::Group(None)));
    steps
}

/// A group that the target has and is to have.
pub(super) fn staying(kind: Kind, policy: &Policy, known: &KnownGroup, wanted: &Group) -> Vec<Step> {
    let name = wanted.name.trim().to_owned();
    let renamed = !is_same_group(kind, &known.name, &name);
    if renamed && !capability::of(kind).renames_groups {
        let mut former = known.former.clone();
        // Groups that may neither be deleted nor lose members are nobody's business any more.
        if policy.delete_groups || policy.memberships == Memberships::Authoritative {
            former.push(Former { id: known.id.clone(), name: known.name.clone() });
        }
        former.retain(|old| !is_same_group(kind, &old.name, &name));
        let attributes = wanted.attributes.clone();
        return vec![made(KnownGroup { name, attributes, former, ..KnownGroup::default() })];
    }
    if known.doubt.is_some() && kind != Kind::Scim {
        // It may have been deleted: it is made, or found.
        let attributes = wanted.attributes.clone();
        return vec![made(KnownGroup { name, attributes, was_read: false, ..known.clone() })];
    }
    let same = match kind {
        Kind::Jira | Kind::Confluence | Kind::Bitbucket => true,
        Kind::Scim => {
            known.doubt.is_none() && scim::is_same(kind, &known.attributes, &wanted.attributes, known.was_read)
        }
        // The name is all that it knows of a group.
        Kind::AtlassianCloud => true,
    };
    if same {
        return Vec::new();
    }
    let to = KnownGroup { name, attributes: wanted.attributes.clone(), was_read: false, doubt: None, ..known.clone() };
    let after = Effect::Group(Some(to.clone()));
    vec![Step { act: Act::UpdateGroup { from: known.clone(), to }, destructive: false, after }]
}

/// See [`super::former`].
pub(super) fn former(kind: Kind, policy: &Policy, known: &KnownGroup) -> Vec<Step> {
    let mut left = known.clone();
    let mut steps = Vec::new();
    for old in &known.former {
        left.former.retain(|former| former != old);
        let after = Effect::Group(Some(left.clone()));
        steps.push(match policy.delete_groups {
            true => deleted(old.clone(), (kind == Kind::Jira).then(|| known.name.clone()), after),
            false => Step { act: Act::EmptyGroup(old.clone()), destructive: true, after },
        });
    }
    steps
}

fn made(group: KnownGroup) -> Step {
    let after = Effect::NewGroup { group: KnownGroup { doubt: None, ..group.clone() }, read: false };
    Step { act: Act::CreateGroup(group), destructive: false, after }
}

fn deleted(group: Former, heir: Option<String>, after: Effect) -> Step {
    Step { act: Act::DeleteGroup { group, heir }, destructive: true, after }
}
