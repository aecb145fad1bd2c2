//! Steps in words. It decides nothing.

use super::Act;

/// The kind of an act, as a word.
pub(super) fn word(act: &Act) -> &'static str {
    match act {
        Act::CreateUser(_) => "create_user",
        Act::FindUser(_) => "find_user",
        Act::UpdateUser { from, to } if from.active && !to.active => "deactivate_user",
        Act::UpdateUser { from, to } if !from.active && to.active => "activate_user",
        Act::UpdateUser { from, to } if from.name != to.name => "rename_user",
        Act::UpdateUser { .. } => "update_user",
        Act::RenameUser { .. } => "rename_user",
        Act::Activate(_) => "activate_user",
        Act::Deactivate(_) => "deactivate_user",
        Act::Release(..) | Act::Unseat(..) | Act::Revoke(_) => "release_licence",
        Act::Seat(..) => "give_licence",
        Act::Lock(_) => "lock_user",
        Act::DeleteUser(_) => "delete_user",
        Act::CreateGroup(_) => "create_group",
        Act::UpdateGroup { from, to } if from.name != to.name => "rename_group",
        Act::UpdateGroup { .. } => "update_group",
        Act::DeleteGroup { .. } => "delete_group",
        Act::EmptyGroup(_) => "empty_group",
        Act::AddMembers(..) => "add_member",
        Act::RemoveMembers(..) => "remove_member",
    }
}

/// What an act does, as a phrase.
pub(super) fn phrase(act: &Act) -> String {
    match act {
        Act::CreateUser(user) => format!("make the user \"{}\" ({})", user.name, user.display_name),
        Act::FindUser(user) => match user.other_name() {
            Some(other) => format!("look whether the user \"{}\" is called \"{other}\" by now", user.name),
            None => format!("look for the user \"{}\"", user.name),
        },
        Act::UpdateUser { from, to } | Act::RenameUser { from, to } => {
            let mut parts = Vec::new();
            let mut part = |what: &str, from: &str, to: &str| {
                if from != to {
                    parts.push(format!("{what} from \"{from}\" to \"{to}\""));
                }
            };
            part("name", &from.name, &to.name);
            part("shown name", &from.display_name, &to.display_name);
            part("e-mail address", &from.email, &to.email);
            if from.active != to.active {
                parts.push(if to.active { "from inactive to active" } else { "from active to inactive" }.to_owned());
            }
            match parts.is_empty() {
                true => format!("change attributes of the user \"{}\"", from.name),
                false => format!("change the user \"{}\": {}", from.name, parts.join(", ")),
            }
        }
        Act::Activate(user) => format!("make the user \"{}\" active", user.name),
        Act::Deactivate(user) => format!("make the user \"{}\" inactive", user.name),
        Act::Release(user, group) => {
            format!("take the user \"{}\" out of the group \"{group}\", which gives a licence", user.name)
        }
        Act::Seat(user, key) => format!("give the user \"{}\" a licence of {key}", user.name),
        Act::Unseat(user, key) => format!("take the licence of {key} from the user \"{}\"", user.name),
        Act::Revoke(user) => format!("take the global permissions from the user \"{}\"", user.name),
        Act::Lock(user) => format!("give the user \"{}\" a password that nobody knows", user.name),
        Act::DeleteUser(user) => format!("delete the user \"{}\"", user.name),
        Act::CreateGroup(group) => match group.former.last() {
            Some(old) => format!("make the group \"{}\" in place of \"{}\"", group.name, old.name),
            None => format!("make the group \"{}\"", group.name),
        },
        Act::UpdateGroup { from, to } if from.name != to.name => {
            format!("rename the group \"{}\" to \"{}\"", from.name, to.name)
        }
        Act::UpdateGroup { from, .. } => format!("change attributes of the group \"{}\"", from.name),
        Act::DeleteGroup { group, heir: None } => format!("delete the group \"{}\"", group.name),
        Act::DeleteGroup { group, heir: Some(heir) } => {
            format!("delete the group \"{}\", whose restrictions go to \"{heir}\"", group.name)
        }
        Act::EmptyGroup(group) => format!("take all members out of the group \"{}\", which was renamed", group.name),
        Act::AddMembers(group, members) => format!("put {} into the group \"{}\"", names(members), group.name),
        Act::RemoveMembers(group, members) => format!("take {} out of the group \"{}\"", names(members), group.name),
    }
}

/// Members by their names, the first ones of many.
fn names(members: &[super::Member]) -> String {
    let mut names: Vec<String> = members.iter().take(3).map(|member| format!("\"{}\"", member.name)).collect();
    if members.len() > names.len() {
        names.push(format!("{} more", members.len() - names.len()));
    }
    names.join(", ")
}
