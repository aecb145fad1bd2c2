//! How Bitbucket Data Center is spoken to: the requests of each step and what its answers mean (REST reference of Bitbucket 10.4). What
//! makes it special: users and groups are made by query parameters without a body; missing rights show as 401; 403 may be the licence;
//! nobody can be made inactive, so that an account is shut by taking its licence and its password; the search is for names that contain a
//! text.

use super::errand::{Errand, Phase, Verdict};
use super::plan::{self, Act, Effect, KnownGroup, KnownUser, Member};
use super::reading::{Page, Reading, Seen};
use super::request::{self, Reply, Request, text, with_query};
use crate::directory::target::stored::Kind;
use crate::limits;
use serde_json::{Value, json};

const USERS: &str = "/rest/api/latest/admin/users";
const GROUPS: &str = "/rest/api/latest/admin/groups";
const PERMISSIONS: &str = "/rest/api/latest/admin/permissions/users";
const MORE_MEMBERS: &str = "/rest/api/latest/admin/groups/more-members";

fn read(path: &str, query: &[(&str, &str)]) -> Request {
    Request { method: "GET", path: with_query(path, query), headers: vec![("accept", "application/json")], body: None }
}

fn write(method: &'static str, path: &str, query: &[(&str, &str)], body: Option<Value>) -> Request {
    let mut headers = vec![("accept", "application/json"), ("x-atlassian-token", "no-check")];
    if body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    Request { method, path: with_query(path, query), headers, body }
}

fn rest(path: &str) -> String {
    format!("{USERS}/{path}")
}

/// The first request of a step.
pub(super) fn begin(errand: &mut Errand<'_>, password: &str) -> Request {
    match &errand.step.act {
        Act::CreateUser(user) => create(errand, user, password),
        Act::FindUser(user) => find(&user.name, 0),
        Act::UpdateUser { to, .. } | Act::Activate(to) | Act::Seat(to, _) => {
            let body = json!({ "name": to.name, "displayName": to.display_name, "email": to.email });
            write("PUT", USERS, &[], Some(body))
        }
        Act::RenameUser { from, to } => {
            write("POST", &rest("rename"), &[], Some(json!({ "name": from.name, "newName": to.name })))
        }
        Act::Revoke(user) | Act::Deactivate(user) | Act::Unseat(user, _) => {
            write("DELETE", PERMISSIONS, &[("name", &user.name)], None)
        }
        Act::Lock(user) => {
            let body = json!({ "name": user.name, "password": password, "passwordConfirm": password });
            write("PUT", &rest("credentials"), &[], Some(body))
        }
        Act::Release(user, group) => leave(&user.name, group),
        Act::DeleteUser(user) => write("DELETE", USERS, &[("name", &user.name)], None),
        Act::CreateGroup(group) if !errand.policy.create_groups => {
            errand.phase = Phase::FindElsewhere;
            find_group(&group.name, 0)
        }
        Act::CreateGroup(group) | Act::UpdateGroup { to: group, .. } => {
            write("POST", GROUPS, &[("name", &group.name)], None)
        }
        Act::DeleteGroup { group, .. } => write("DELETE", GROUPS, &[("name", &group.name)], None),
        Act::EmptyGroup(group) => {
            errand.phase = Phase::Inside;
            inside(&group.name, 0, limits::TARGET_PAGE)
        }
        Act::AddMembers(group, members) => {
            let names: Vec<_> = members.iter().map(|member| &member.name).collect();
            let body = json!({ "group": group.name, "users": names });
            write("POST", &format!("{GROUPS}/add-users"), &[], Some(body))
        }
        Act::RemoveMembers(group, members) => leave(members.first().map_or("", |member| &member.name), &group.name),
    }
}

/// Everything is in the query, the password too. The default group may give a licence, which is for memberships to give.
fn create(errand: &Errand<'_>, user: &KnownUser, password: &str) -> Request {
    let mut query = vec![
        ("name", user.name.as_str()),
        ("displayName", user.display_name.as_str()),
        ("emailAddress", user.email.as_str()),
        ("addToDefaultGroup", "false"),
    ];
    query.push(if errand.policy.notify { ("notify", "true") } else { ("password", password) });
    write("POST", USERS, &query, None)
}

/// The other call of this kind has user and group the other way round, and is deprecated.
fn leave(user: &str, group: &str) -> Request {
    write("POST", &rest("remove-group"), &[], Some(json!({ "context": user, "itemName": group })))
}

fn find(filter: &str, from: usize) -> Request {
    page_of(USERS, &[("filter", filter)], from)
}

fn find_group(name: &str, from: usize) -> Request {
    page_of(GROUPS, &[("filter", name)], from)
}

fn inside(group: &str, from: usize, limit: usize) -> Request {
    let (from, limit) = (from.to_string(), limit.to_string());
    read(MORE_MEMBERS, &[("context", group), ("start", &from), ("limit", &limit)])
}

fn page_of(path: &str, query: &[(&str, &str)], from: usize) -> Request {
    let (from, limit) = (from.to_string(), limits::TARGET_LIST_PAGE.to_string());
    read(path, &[query, &[("start", from.as_str()), ("limit", limit.as_str())]].concat())
}

/// What an answer to the request that is under way means.
pub(super) fn hear(errand: &mut Errand<'_>, reply: &Reply<'_>) -> Verdict {
    match &errand.step.act {
        Act::CreateUser(user) => hear_create(errand, user, reply),
        Act::FindUser(user) => hear_find(errand, user, reply),
        Act::UpdateUser { from: user, .. }
        | Act::RenameUser { from: user, .. }
        | Act::Activate(user)
        | Act::Seat(user, _)
        | Act::Lock(user) => hear_change(errand, user, reply),
        Act::DeleteUser(user) if reply.status == 409 => plan::kept(Kind::Bitbucket, errand.policy, user),
        Act::Revoke(_) | Act::Deactivate(_) | Act::Unseat(..) | Act::DeleteUser(_) => match reply.status {
            200 | 204 | 404 => errand.done(),
            _ => errand.otherwise(reply),
        },
        Act::CreateGroup(group) | Act::UpdateGroup { to: group, .. } => hear_group(errand, group, reply),
        Act::DeleteGroup { .. } => match reply.status {
            200 | 204 | 404 => errand.done(),
            _ => errand.otherwise(reply),
        },
        Act::EmptyGroup(group) => hear_empty(errand, &group.name, reply),
        Act::AddMembers(group, members) => hear_add(errand, group, members, reply),
        Act::RemoveMembers(..) | Act::Release(..) => match reply.status {
            200 | 204 | 404 => errand.done(),
            _ => errand.otherwise(reply),
        },
    }
}

fn hear_create(errand: &mut Errand<'_>, user: &KnownUser, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 201 | 204) => errand.done(),
        (Phase::Main, 409) => errand.look(Phase::Find, reply, find(&user.name, 0)),
        (Phase::Find, 200) => match found(reply, |seen| is_named(seen, &user.name)) {
            Found::This(seen) => errand.adopted(user, seen),
            Found::Perhaps(next) => errand.ask(Phase::Find, find(&user.name, next)),
            Found::Nothing => errand.dead(),
        },
        _ => refused(errand, reply),
    }
}

fn hear_change(errand: &mut Errand<'_>, user: &KnownUser, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 204) => errand.done_user(&text(&reply.json(), "id")),
        (Phase::Main, 404) if user.id.is_empty() || user.email.is_empty() => errand.no_user(),
        // Somebody may have renamed him there: then he has the same id and, most likely, the same address.
        (Phase::Main, 404) => errand.look(Phase::Find, reply, find(&user.email, 0)),
        (Phase::Find, 200) => match found(reply, |seen| seen.id == user.id) {
            Found::This(seen) => {
                let user = KnownUser { name: seen.name, ..user.clone() };
                Verdict::Done { effect: Effect::User(Some(user)), again: true }
            }
            Found::Perhaps(next) => errand.ask(Phase::Find, find(&user.email, next)),
            Found::Nothing => errand.no_user(),
        },
        _ => errand.otherwise(reply),
    }
}

/// Whoever has the name that was known is the user; else he who has the other one, if his id says so or, where that is not known, his address.
fn hear_find(errand: &mut Errand<'_>, user: &KnownUser, reply: &Reply<'_>) -> Verdict {
    if reply.status != 200 {
        return errand.otherwise(reply);
    }
    let is_elsewhere = errand.phase == Phase::FindElsewhere;
    let other = user.other_name().unwrap_or_default();
    let name = if is_elsewhere { other } else { &user.name };
    let is_he = |seen: &KnownUser| match user.id.is_empty() {
        true => !is_elsewhere || seen.email.eq_ignore_ascii_case(&user.email),
        false => seen.id == user.id,
    };
    match found(reply, |seen| is_named(seen, name) && is_he(seen)) {
        Found::This(seen) => errand.found(user, &seen),
        Found::Perhaps(next) => errand.ask(errand.phase, find(name, next)),
        Found::Nothing if is_elsewhere || other.is_empty() => errand.no_user(),
        Found::Nothing => errand.ask(Phase::FindElsewhere, find(other, 0)),
    }
}

fn hear_group(errand: &mut Errand<'_>, group: &KnownGroup, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 201 | 204) => errand.done(),
        (Phase::Main, 409) => errand.look(Phase::Inside, reply, inside(&group.name, 0, 1)),
        (Phase::FindElsewhere, 200) => {
            let json = reply.json();
            let mut values = json["values"].as_array().into_iter().flatten();
            match values.any(|value| text(value, "name").to_lowercase() == group.name.to_lowercase()) {
                true => errand.ask(Phase::Inside, inside(&group.name, 0, 1)),
                false => match next_start(&json) {
                    Some(next) => errand.ask(Phase::FindElsewhere, find_group(&group.name, next)),
                    None => Errand::makes_no_group(&group.name),
                },
            }
        }
        (Phase::Inside, 200) => errand.adopted_group("", reply.json()["values"].as_array().is_none_or(Vec::is_empty)),
        _ => errand.otherwise(reply),
    }
}

fn hear_empty(errand: &mut Errand<'_>, group: &str, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Inside, 200) => {
            let page = reply.json();
            errand.waiting = page["values"].as_array().into_iter().flatten().map(seen_member).collect();
            if errand.waiting.is_empty() {
                return errand.done();
            }
        }
        (Phase::Inside, 404) => return errand.done(),
        (Phase::Out, 200 | 204 | 404) => {}
        _ => return errand.otherwise(reply),
    }
    match errand.waiting.pop() {
        Some(member) => errand.ask(Phase::Out, leave(&member.name, group)),
        None => errand.ask(Phase::Inside, inside(group, errand.stuck, limits::TARGET_PAGE)),
    }
}

/// Either all of them become members or none: a batch in which one is refused is taken apart.
fn hear_add(errand: &mut Errand<'_>, group: &KnownGroup, members: &[Member], reply: &Reply<'_>) -> Verdict {
    let (only, status) = (members.first(), reply.status);
    match (errand.phase, only) {
        (Phase::Main, _) if reply.is_fine() => errand.done(),
        (Phase::Main, Some(_)) if matches!(status, 400 | 403 | 404) && members.len() > 1 => {
            Verdict::Instead(plan::one_by_one(group, members))
        }
        (Phase::Main, Some(member)) if status == 404 => errand.look(Phase::FindMember, reply, find(&member.name, 0)),
        (Phase::FindMember, Some(member)) if status == 200 => match found(reply, |seen| is_named(seen, &member.name)) {
            Found::This(_) => errand.no_group(),
            Found::Perhaps(next) => errand.ask(Phase::FindMember, find(&member.name, next)),
            Found::Nothing => Verdict::Done { effect: Effect::Missing(vec![member.resource]), again: true },
        },
        _ => refused(errand, reply),
    }
}

/// A 403 that is about the licence is nothing that rights would change.
fn refused(errand: &mut Errand<'_>, reply: &Reply<'_>) -> Verdict {
    let said = request::said(reply);
    match reply.status == 403 && request::speaks_of_licence(&said) {
        true => Verdict::NoSeat(said),
        false => errand.otherwise(reply),
    }
}

/// What a page of a search holds.
enum Found {
    This(KnownUser),
    /// Nothing so far; the next page begins here.
    Perhaps(usize),
    Nothing,
}

fn found(reply: &Reply<'_>, is_it: impl Fn(&KnownUser) -> bool) -> Found {
    let json = reply.json();
    let seen = json["values"].as_array().into_iter().flatten().map(seen_user).find(is_it);
    match (seen, next_start(&json)) {
        (Some(seen), _) => Found::This(seen),
        (None, Some(next)) => Found::Perhaps(next),
        (None, None) => Found::Nothing,
    }
}

fn is_named(seen: &KnownUser, name: &str) -> bool {
    seen.name.to_lowercase() == name.to_lowercase()
}

fn next_start(json: &Value) -> Option<usize> {
    let next = json["nextPageStart"].as_u64().and_then(|next| usize::try_from(next).ok())?;
    (json["isLastPage"].as_bool() == Some(false)).then_some(next)
}

fn seen_user(json: &Value) -> KnownUser {
    KnownUser {
        id: text(json, "id"),
        name: text(json, "name"),
        display_name: text(json, "displayName"),
        email: text(json, "emailAddress"),
        active: json["active"].as_bool().unwrap_or(true),
        ..KnownUser::default()
    }
}

fn seen_member(json: &Value) -> Seen {
    Seen { id: text(json, "id"), name: text(json, "name") }
}

/// See [`super::errand::probes`]. Global permissions are shown to administrators alone.
pub(super) fn probes() -> Vec<(&'static str, Request)> {
    vec![
        ("server", read("/rest/api/latest/application-properties", &[])),
        ("rights", read(PERMISSIONS, &[("limit", "1")])),
    ]
}

/// What a fine answer to one of the probes shows.
pub(super) fn probed(subject: &str, reply: &Reply<'_>) -> Result<String, String> {
    let json = reply.json();
    match subject {
        "server" => match text(&json, "version").as_str() {
            "" => Err("what answers at this URL is not Bitbucket".to_owned()),
            version => Ok(format!("{} {version}", text(&json, "displayName"))),
        },
        _ if json["values"].is_array() => Ok("the account is an administrator".to_owned()),
        _ => Err("what answers at this URL is not Bitbucket".to_owned()),
    }
}

/// A request of a reading of users.
pub(super) fn users(from: usize) -> Request {
    page_of(USERS, &[], from)
}

/// A request of a reading of groups.
pub(super) fn groups(from: usize) -> Request {
    page_of(GROUPS, &[], from)
}

/// A request of a reading of a group's members.
pub(super) fn members(group: &str, from: usize) -> Request {
    inside(group, from, limits::TARGET_LIST_PAGE)
}

/// A page of users.
pub(super) fn hear_users(reply: &Reply<'_>) -> Page {
    let json = reply.json();
    let seen = json["values"].as_array().into_iter().flatten();
    // Accounts of machines are not people's.
    let people = seen.filter(|user| text(user, "type") != "SERVICE").map(seen_user);
    Page { users: people.collect(), next: next_start(&json).map(users), ..Page::default() }
}

/// A page of groups.
pub(super) fn hear_groups(reply: &Reply<'_>) -> Page {
    let json = reply.json();
    let named = |group: &Value| KnownGroup { name: text(group, "name"), ..KnownGroup::default() };
    let seen = json["values"].as_array().into_iter().flatten().map(named).collect();
    Page { groups: seen, next: next_start(&json).map(groups), ..Page::default() }
}

/// A page of members.
pub(super) fn hear_members(reading: &Reading, reply: &Reply<'_>) -> Page {
    let json = reply.json();
    let seen = json["values"].as_array().into_iter().flatten().map(seen_member).collect();
    let next = next_start(&json).map(|next| members(&reading.current.name, next));
    Page { members: seen, next, ..Page::default() }
}
