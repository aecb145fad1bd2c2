//! How Confluence Data Center is spoken to: the requests of each step and what its answers mean (REST reference of Confluence 10.2; users
//! can be made since 8.4). What makes it special: names of users stand in paths and are in lower case; a user without a password wants a
//! mail; answers tell no e-mail address; 402 is a licence that is used up; nobody can be renamed.

use super::errand::{Errand, Phase, Verdict};
use super::plan::{Act, Effect, KnownGroup, KnownUser, Member};
use super::reading::{Page, Reading, Seen};
use super::request::{Reply, Request, encoded, text, with_query};
use crate::limits;
use serde_json::{Value, json};

const ADMIN_USER: &str = "/rest/api/admin/user";
const ADMIN_GROUP: &str = "/rest/api/admin/group";

fn read(path: &str, query: &[(&str, &str)]) -> Request {
    Request { method: "GET", path: with_query(path, query), headers: vec![("accept", "application/json")], body: None }
}

fn write(method: &'static str, path: String, body: Option<Value>) -> Request {
    let mut headers = vec![("accept", "application/json"), ("x-atlassian-token", "no-check")];
    if body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    Request { method, path, headers, body }
}

fn admin_user(user: &KnownUser, rest: &str) -> String {
    format!("{ADMIN_USER}/{}{rest}", encoded(&user.name))
}

fn membership(method: &'static str, user: &str, group: &str) -> Request {
    write(method, format!("/rest/api/user/{}/group/{}", encoded(user), encoded(group)), None)
}

/// The first request of a step.
pub(super) fn begin(errand: &mut Errand<'_>, password: &str) -> Request {
    match &errand.step.act {
        Act::CreateUser(user) => {
            let mut body = json!({ "userName": user.name, "fullName": user.display_name, "email": user.email });
            if let Some(body) = body.as_object_mut() {
                match errand.policy.notify {
                    true => body.insert("notifyViaEmail".to_owned(), json!(true)),
                    false => body.insert("password".to_owned(), json!(password)),
                };
            }
            write("POST", ADMIN_USER.to_owned(), Some(body))
        }
        Act::FindUser(user) => find_known(user),
        Act::UpdateUser { from, to } | Act::RenameUser { from, to } => {
            let body = json!({ "fullName": to.display_name, "email": to.email });
            write("PUT", admin_user(from, ""), Some(body))
        }
        Act::Activate(user) | Act::Seat(user, _) => write("PUT", admin_user(user, "/enable"), None),
        Act::Deactivate(user) | Act::Revoke(user) | Act::Lock(user) | Act::Unseat(user, _) => {
            write("PUT", admin_user(user, "/disable"), None)
        }
        Act::Release(user, group) => membership("DELETE", &user.name, group),
        Act::DeleteUser(user) => write("DELETE", admin_user(user, ""), None),
        Act::CreateGroup(group) if !errand.policy.create_groups => {
            errand.phase = Phase::Find;
            inside(&group.name, 0, 1)
        }
        Act::CreateGroup(group) | Act::UpdateGroup { to: group, .. } => {
            write("POST", ADMIN_GROUP.to_owned(), Some(json!({ "type": "group", "name": group.name })))
        }
        Act::DeleteGroup { group, .. } => write("DELETE", format!("{ADMIN_GROUP}/{}", encoded(&group.name)), None),
        Act::EmptyGroup(group) => {
            errand.phase = Phase::Inside;
            inside(&group.name, 0, limits::TARGET_PAGE)
        }
        Act::AddMembers(group, members) => membership("PUT", first(members), &group.name),
        Act::RemoveMembers(group, members) => membership("DELETE", first(members), &group.name),
    }
}

fn first(members: &[Member]) -> &str {
    members.first().map_or("", |member| &member.name)
}

/// Reads members of a group, and with that whether it is there. The name stands in the query: one with a slash would not pass in a path.
fn inside(group: &str, from: usize, limit: usize) -> Request {
    let (from, limit) = (from.to_string(), limit.to_string());
    read("/rest/api/group/member", &[("groupName", group), ("start", &from), ("limit", &limit)])
}

fn find(user: &str) -> Request {
    read("/rest/api/user", &[("username", user), ("expand", "status")])
}

/// By the key where it is known: it outlives renames by others.
fn find_known(user: &KnownUser) -> Request {
    match user.id.as_str() {
        "" => find(&user.name),
        key => read("/rest/api/user", &[("key", key), ("expand", "status")]),
    }
}

/// What an answer to the request that is under way means.
pub(super) fn hear(errand: &mut Errand<'_>, reply: &Reply<'_>) -> Verdict {
    match &errand.step.act {
        Act::CreateUser(user) => hear_create(errand, user, reply),
        Act::FindUser(user) => match reply.status {
            200 => errand.found(user, &seen_user(&reply.json())),
            404 => errand.no_user(),
            _ => errand.otherwise(reply),
        },
        Act::UpdateUser { from: user, .. }
        | Act::RenameUser { from: user, .. }
        | Act::Activate(user)
        | Act::Deactivate(user)
        | Act::Revoke(user)
        | Act::Lock(user)
        | Act::Seat(user, _)
        | Act::Unseat(user, _) => hear_change(errand, user, reply),
        Act::DeleteUser(_) => match (errand.phase, reply.status) {
            // It is deleted later: a repetition may find it still there, which changes nothing.
            (_, 200 | 202 | 204 | 404) => errand.done(),
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
        (Phase::Main, 200 | 201) => errand.done_user(&key(&reply.json())),
        (Phase::Main, 400 | 409) => errand.look(Phase::Find, reply, find(&user.name)),
        (Phase::Find, 200) => errand.adopted(user, seen_user(&reply.json())),
        (Phase::Find, 404) => errand.dead(),
        _ => errand.otherwise(reply),
    }
}

fn hear_change(errand: &mut Errand<'_>, user: &KnownUser, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 204) => errand.done(),
        (Phase::Main, 400 | 404) => errand.look(Phase::Find, reply, find_known(user)),
        (Phase::Find, 404) => errand.no_user(),
        (Phase::Find, 200) => {
            let seen = seen_user(&reply.json());
            if seen.name == user.name {
                return errand.dead();
            }
            // Somebody renamed him there.
            let user = KnownUser { name: seen.name, ..user.clone() };
            Verdict::Done { effect: Effect::User(Some(user)), again: true }
        }
        _ => errand.otherwise(reply),
    }
}

fn hear_group(errand: &mut Errand<'_>, group: &KnownGroup, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 201) => errand.done(),
        (Phase::Main, 400 | 409) => errand.look(Phase::Find, reply, inside(&group.name, 0, 1)),
        (Phase::Find, 200) => {
            let members = reply.json();
            errand.adopted_group("", members["results"].as_array().is_none_or(Vec::is_empty))
        }
        (Phase::Find, 404) if errand.reason.is_empty() => Errand::makes_no_group(&group.name),
        (Phase::Find, 404) => errand.dead(),
        _ => errand.otherwise(reply),
    }
}

fn hear_empty(errand: &mut Errand<'_>, group: &str, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Inside, 200) => {
            let page = reply.json();
            errand.waiting = page["results"].as_array().into_iter().flatten().map(seen_member).collect();
            if errand.waiting.is_empty() {
                return errand.done();
            }
        }
        (Phase::Inside, 404) => return errand.done(),
        (Phase::Out, 200 | 204 | 404) => {}
        (Phase::Out, 400) => errand.stuck += 1,
        _ => return errand.otherwise(reply),
    }
    match errand.waiting.pop() {
        Some(member) => errand.ask(Phase::Out, membership("DELETE", &member.name, group)),
        None => errand.ask(Phase::Inside, inside(group, errand.stuck, limits::TARGET_PAGE)),
    }
}

fn hear_add(errand: &mut Errand<'_>, group: &KnownGroup, members: &[Member], reply: &Reply<'_>) -> Verdict {
    let Some(member) = members.first() else { return errand.done() };
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 204) => errand.done(),
        (Phase::Main, 400 | 404) => errand.look(Phase::FindMember, reply, find(&member.name)),
        (Phase::FindMember, 404) => Verdict::Done { effect: Effect::Missing(vec![member.resource]), again: true },
        (Phase::FindMember, 200) => errand.ask(Phase::Find, inside(&group.name, 0, 1)),
        (Phase::Find, 404) => errand.no_group(),
        (Phase::Find, 200) => errand.dead(),
        _ => errand.otherwise(reply),
    }
}

/// The key of a new user: some versions answer with a text, some with an object around it.
fn key(json: &Value) -> String {
    match &json["userKey"] {
        Value::Object(_) => text(&json["userKey"], "userKey"),
        _ => text(json, "userKey"),
    }
}

fn seen_user(json: &Value) -> KnownUser {
    KnownUser {
        id: text(json, "userKey"),
        name: text(json, "username"),
        display_name: text(json, "displayName"),
        email: text(json, "email"),
        active: !matches!(json["status"].as_str(), Some("deactivated" | "DEACTIVATED")),
        ..KnownUser::default()
    }
}

fn seen_member(json: &Value) -> Seen {
    Seen { id: text(json, "userKey"), name: text(json, "username") }
}

/// See [`super::errand::probes`]. The members of a group are shown to administrators alone.
pub(super) fn probes() -> Vec<(&'static str, Request)> {
    vec![
        ("credentials", read("/rest/api/user/current", &[])),
        ("rights", read("/rest/api/admin/users/list/active", &[("limit", "1")])),
    ]
}

/// What a fine answer to one of the probes shows.
pub(super) fn probed(subject: &str, reply: &Reply<'_>) -> Result<String, String> {
    let json = reply.json();
    match subject {
        "credentials" => match text(&json, "username").as_str() {
            "" => Err("nobody is signed in: the credentials are not taken, or this is not Confluence".to_owned()),
            name => Ok(format!("signed in as \"{name}\"")),
        },
        _ if json["results"].is_array() => Ok("the account is an administrator".to_owned()),
        _ => Err("what answers at this URL is not Confluence 8.4 or later".to_owned()),
    }
}

/// A request of a reading of users.
pub(super) fn users(from: usize) -> Request {
    let (from, limit) = (from.to_string(), limits::TARGET_LIST_PAGE.to_string());
    read("/rest/api/user/list", &[("start", &from), ("limit", &limit), ("expand", "status")])
}

/// A request of a reading of groups.
pub(super) fn groups(from: usize) -> Request {
    let (from, limit) = (from.to_string(), limits::TARGET_LIST_PAGE.to_string());
    read("/rest/api/group", &[("start", &from), ("limit", &limit)])
}

/// A request of a reading of a group's members.
pub(super) fn members(group: &str, from: usize) -> Request {
    inside(group, from, limits::TARGET_LIST_PAGE)
}

/// A page of users.
pub(super) fn hear_users(reading: &mut Reading, reply: &Reply<'_>) -> Page {
    let (results, more) = page(reading, reply);
    let seen = results.iter().map(seen_user).collect();
    Page { users: seen, next: more.then(|| users(reading.at)), ..Page::default() }
}

/// A page of groups.
pub(super) fn hear_groups(reading: &mut Reading, reply: &Reply<'_>) -> Page {
    let (results, more) = page(reading, reply);
    let named = |json: &Value| KnownGroup { name: text(json, "name"), ..KnownGroup::default() };
    let next = more.then(|| groups(reading.at));
    Page { groups: results.iter().map(named).collect(), next, ..Page::default() }
}

/// A page of members.
pub(super) fn hear_members(reading: &mut Reading, reply: &Reply<'_>) -> Page {
    let (results, more) = page(reading, reply);
    let next = more.then(|| members(&reading.current.name, reading.at));
    Page { members: results.iter().map(seen_member).collect(), next, ..Page::default() }
}

/// The rows of a page, and whether there are more: it may have fewer than were asked for, so that only the link to the next one tells, and
/// where that begins.
fn page(reading: &mut Reading, reply: &Reply<'_>) -> (Vec<Value>, bool) {
    let json = reply.json();
    let results = json["results"].as_array().cloned().unwrap_or_default();
    let Some(link) = json["_links"]["next"].as_str() else { return (results, false) };
    let told = link.split(['?', '&']).find_map(|part| part.strip_prefix("start=")?.parse().ok());
    let next = told.unwrap_or(reading.at + results.len());
    let more = next > reading.at;
    reading.at = next;
    (results, more)
}
