//! Steps in words: a word for programs, and a phrase for people.

use crate::outbound::plan::{Act, Member};

/// A word for a kind of step.
pub(super) fn word(act: &Act) -> &'static str {
    match act {
        Act::CreateUser(_) => "create_user",
        Act::UpdateUser { from, to } if from.name != to.name => "rename_user",
        Act::UpdateUser { .. } => "update_user",
        Act::RenameUser { .. } => "rename_user",
        Act::Activate(_) => "activate_user",
        Act::Deactivate(_) => "deactivate_user",
        Act::Release(..) => "release_user",
        Act::Seat(..) => "give_licence",
        Act::Unseat(..) | Act::Revoke(_) => "take_licence",
        Act::Lock(_) => "lock_user",
        Act::DeleteUser(_) => "delete_user",
        Act::CreateGroup(_) => "create_group",
        Act::UpdateGroup { from, to } if from.name != to.name => "rename_group",
        Act::UpdateGroup { .. } => "update_group",
        Act::DeleteGroup { .. } => "delete_group",
        Act::EmptyGroup(_) => "empty_group",
        Act::AddMembers(..) => "add_members",
        Act::RemoveMembers(..) => "remove_members",
    }
}

/// What the step is about, and what is done, as a phrase.
pub(super) fn phrase(act: &Act) -> (String, String) {
    match act {
        Act::CreateUser(user) => (user.name.clone(), "is made, or taken over".to_owned()),
        Act::UpdateUser { from, to } if from.name != to.name => (from.name.clone(), format!("becomes {}", to.name)),
        Act::UpdateUser { from, .. } => (from.name.clone(), "is changed".to_owned()),
        Act::RenameUser { from, to } => (from.name.clone(), format!("becomes {}", to.name)),
        Act::Activate(user) => (user.name.clone(), "becomes active".to_owned()),
        Act::Deactivate(user) => (user.name.clone(), "becomes inactive".to_owned()),
        Act::Release(user, group) => (user.name.clone(), format!("leaves the licence group {group}")),
        Act::Seat(user, application) => (user.name.clone(), format!("gets the licence of {application}")),
        Act::Unseat(user, application) => (user.name.clone(), format!("loses the licence of {application}")),
        Act::Revoke(user) => (user.name.clone(), "loses all global permissions".to_owned()),
        Act::Lock(user) => (user.name.clone(), "gets a password that nobody knows".to_owned()),
        Act::DeleteUser(user) => (user.name.clone(), "is deleted".to_owned()),
        Act::CreateGroup(group) => (group.name.clone(), "is made, or taken over".to_owned()),
        Act::UpdateGroup { from, to } if from.name != to.name => (from.name.clone(), format!("becomes {}", to.name)),
        Act::UpdateGroup { from, .. } => (from.name.clone(), "is changed".to_owned()),
        Act::DeleteGroup { group, .. } => (group.name.clone(), "is deleted".to_owned()),
        Act::EmptyGroup(group) => (group.name.clone(), "loses all members".to_owned()),
        Act::AddMembers(group, members) => (group.name.clone(), format!("gets {}", names(members))),
        Act::RemoveMembers(group, members) => (group.name.clone(), format!("loses {}", names(members))),
    }
}

/// The first few members by name, and how many there are beside these.
fn names(members: &[Member]) -> String {
    const SHOWN: usize = 5;
    let name = |member: &Member| if member.name.is_empty() { member.id.clone() } else { member.name.clone() };
    let shown: Vec<String> = members.iter().take(SHOWN).map(name).collect();
    match members.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
