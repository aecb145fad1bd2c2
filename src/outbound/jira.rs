//! How Jira Data Center is spoken to: the requests of each step and what its answers mean (REST reference of Jira 11.3). What makes it
//! special: it has no 409, so that "exists already" is a 400 like any other and has to be looked up; users are addressed by their key, which
//! no rename changes; groups cannot be renamed and are listed by a search for people only; a lead of projects or components cannot be
//! deactivated.

mod lead;

use super::errand::{Errand, Phase, Verdict, place};
use super::plan::{self, Act, Effect, KnownGroup, KnownUser, Member};
use super::reading::{Page, Reading, Seen};
use super::request::{Reply, Request, text, with_query};
use crate::directory::target::stored::Kind;
use crate::limits;
use serde_json::{Map, Value, json};

const GROUP: &str = "/rest/api/2/group";
const GROUP_MEMBER: &str = "/rest/api/2/group/member";
const GROUP_USER: &str = "/rest/api/2/group/user";
const USER: &str = "/rest/api/2/user";
const APPLICATION: &str = "/rest/api/2/user/application";

pub(super) fn read(path: &str, query: &[(&str, &str)]) -> Request {
    Request { method: "GET", path: with_query(path, query), headers: vec![("accept", "application/json")], body: None }
}

/// A write. The header keeps Jira's protection against forged requests away, as for every client that is no browser.
pub(super) fn write(method: &'static str, path: &str, query: &[(&str, &str)], body: Option<Value>) -> Request {
    let mut headers = vec![("accept", "application/json"), ("x-atlassian-token", "no-check")];
    if body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    Request { method, path: with_query(path, query), headers, body }
}

/// The key where it is known, since it outlives renames; the name otherwise.
fn who(user: &KnownUser) -> (&'static str, &str) {
    if user.id.is_empty() { ("username", &user.name) } else { ("key", &user.id) }
}

/// The first request of a step.
pub(super) fn begin(errand: &mut Errand<'_>) -> Request {
    match &errand.step.act {
        Act::CreateUser(user) => create(errand, user),
        Act::FindUser(user) => find(who(user)),
        Act::UpdateUser { from, to } | Act::RenameUser { from, to } => {
            write("PUT", USER, &[who(from)], Some(Value::Object(changes(from, to))))
        }
        Act::Activate(user) => write("PUT", USER, &[who(user)], Some(json!({ "active": true }))),
        // It has neither permissions of single users nor a need of passwords: a user who is inactive is all there is to it.
        Act::Deactivate(user) | Act::Revoke(user) | Act::Lock(user) => deactivate(user),
        Act::Seat(user, key) => write("POST", APPLICATION, &[("username", &user.name), ("applicationKey", key)], None),
        Act::Unseat(user, key) => {
            write("DELETE", APPLICATION, &[("username", &user.name), ("applicationKey", key)], None)
        }
        Act::Release(user, group) => leave(group, &user.name),
        Act::DeleteUser(user) => write("DELETE", USER, &[who(user)], None),
        Act::CreateGroup(group) if !errand.policy.create_groups => {
            errand.phase = Phase::Find;
            inside(&group.name, 0, 1)
        }
        Act::CreateGroup(group) | Act::UpdateGroup { to: group, .. } => {
            write("POST", GROUP, &[], Some(json!({ "name": group.name })))
        }
        Act::DeleteGroup { group, heir } => {
            let mut query = vec![("groupname", group.name.as_str())];
            query.extend(heir.as_deref().map(|heir| ("swapGroup", heir)));
            write("DELETE", GROUP, &query, None)
        }
        Act::EmptyGroup(group) => {
            errand.phase = Phase::Inside;
            inside(&group.name, 0, limits::TARGET_PAGE)
        }
        Act::AddMembers(group, members) => {
            let name = members.first().map_or("", |member| member.name.as_str());
            write("POST", GROUP_USER, &[("groupname", &group.name)], Some(json!({ "name": name })))
        }
        Act::RemoveMembers(group, members) => leave(&group.name, members.first().map_or("", |member| &member.name)),
    }
}

fn create(errand: &Errand<'_>, user: &KnownUser) -> Request {
    let mut body = json!({ "name": user.name, "displayName": user.display_name, "emailAddress": user.email });
    if let Some(body) = body.as_object_mut() {
        if !errand.policy.applications.is_empty() {
            body.insert("applicationKeys".to_owned(), json!(errand.policy.applications));
        }
        if errand.policy.notify {
            body.insert("notification".to_owned(), json!("true"));
        }
    }
    write("POST", USER, &[], Some(body))
}

pub(super) fn deactivate(user: &KnownUser) -> Request {
    write("PUT", USER, &[who(user)], Some(json!({ "active": false })))
}

/// Only what changes, or everything where there are doubts: a value that stays is "no value found to be changed" to some versions.
fn changes(from: &KnownUser, to: &KnownUser) -> Map<String, Value> {
    let (mut body, doubtful) = (Map::new(), from.doubt.is_some());
    let mut change = |name: &str, from: &str, to: &str| {
        if doubtful || from != to {
            body.insert(name.to_owned(), json!(to));
        }
    };
    change("name", &from.name, &to.name);
    change("displayName", &from.display_name, &to.display_name);
    change("emailAddress", &from.email, &to.email);
    body
}

fn leave(group: &str, user: &str) -> Request {
    write("DELETE", GROUP_USER, &[("groupname", group), ("username", user)], None)
}

/// Reads members of a group, and with that whether the group is there.
fn inside(group: &str, from: usize, limit: usize) -> Request {
    let (from, limit) = (from.to_string(), limit.to_string());
    let page = [("includeInactiveUsers", "true"), ("startAt", from.as_str()), ("maxResults", limit.as_str())];
    read(GROUP_MEMBER, &[&[("groupname", group)], page.as_slice()].concat())
}

fn find(user: (&str, &str)) -> Request {
    read(USER, &[user])
}

/// A user with his groups and applications.
fn find_places(user: &str) -> Request {
    read(USER, &[("username", user), ("expand", "groups,applicationRoles")])
}

/// What an answer to the request that is under way means.
pub(super) fn hear(errand: &mut Errand<'_>, reply: &Reply<'_>) -> Verdict {
    if lead::concerns(errand.phase) {
        return lead::hear(errand, reply);
    }
    match &errand.step.act {
        Act::CreateUser(user) => hear_create(errand, user, reply),
        Act::FindUser(user) => hear_find(errand, user, reply),
        Act::UpdateUser { from, to } | Act::RenameUser { from, to } => hear_update(errand, from, to, reply),
        Act::Activate(user) => hear_active(errand, user, true, reply),
        Act::Deactivate(user) | Act::Revoke(user) | Act::Lock(user) => hear_active(errand, user, false, reply),
        Act::Seat(user, key) => hear_seat(errand, &user.name, key, true, reply),
        Act::Unseat(user, key) => hear_seat(errand, &user.name, key, false, reply),
        Act::DeleteUser(user) => hear_delete(errand, user, reply),
        Act::CreateGroup(group) | Act::UpdateGroup { to: group, .. } => hear_group(errand, group, reply),
        Act::DeleteGroup { group, .. } => hear_group_gone(errand, &group.name, reply),
        Act::EmptyGroup(group) => hear_empty(errand, &group.name, reply),
        Act::AddMembers(group, members) => hear_add(errand, group, members, reply),
        Act::RemoveMembers(group, members) => {
            hear_remove(errand, &group.name, members.first().map_or("", |member| &member.name), reply)
        }
        Act::Release(user, group) => hear_remove(errand, group, &user.name, reply),
    }
}

fn hear_create(errand: &mut Errand<'_>, user: &KnownUser, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 201) => errand.done_user(&text(&reply.json(), "key")),
        (Phase::Main, 400 | 409) => errand.look(Phase::Find, reply, find(("username", &user.name))),
        (Phase::Find, 200) => errand.adopted(user, seen_user(&reply.json())),
        (Phase::Find, 404) => errand.dead(),
        _ => errand.otherwise(reply),
    }
}

fn hear_find(errand: &mut Errand<'_>, user: &KnownUser, reply: &Reply<'_>) -> Verdict {
    match reply.status {
        200 => errand.found(user, &seen_user(&reply.json())),
        // Without a key he is looked for by both names.
        404 if user.id.is_empty() && errand.phase == Phase::Main => {
            errand.ask(Phase::FindElsewhere, find(("username", user.other_name().unwrap_or_default())))
        }
        404 => errand.no_user(),
        _ => errand.otherwise(reply),
    }
}

fn hear_update(errand: &mut Errand<'_>, from: &KnownUser, to: &KnownUser, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200) => errand.done_user(&text(&reply.json(), "key")),
        (Phase::Main, 400) => errand.look(Phase::Find, reply, find(who(from))),
        (Phase::Main | Phase::Find, 404) => errand.no_user(),
        (Phase::Find, 200) => {
            let seen = seen_user(&reply.json());
            match changes(&seen, to).is_empty() {
                true => errand.done_user(&seen.id),
                false => errand.dead(),
            }
        }
        _ => errand.otherwise(reply),
    }
}

fn hear_active(errand: &mut Errand<'_>, user: &KnownUser, active: bool, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200) => errand.done(),
        (Phase::Main | Phase::Find, 404) => errand.no_user(),
        (Phase::Main, 400) => errand.look(Phase::Find, reply, find(who(user))),
        (Phase::Find, 200) if seen_user(&reply.json()).active == active => errand.done(),
        (Phase::Find, 200) if !active => lead::begin(errand),
        (Phase::Find, 200) => errand.dead(),
        _ => errand.otherwise(reply),
    }
}

fn hear_seat(errand: &mut Errand<'_>, user: &str, key: &str, wanted: bool, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 204) => errand.done(),
        (Phase::Main, 400 | 404) => errand.look(Phase::Find, reply, find_places(user)),
        (Phase::Find, 404) => errand.no_user(),
        (Phase::Find, 200) => match is_listed(&reply.json(), "applicationRoles", "key", key) == wanted {
            true => errand.done(),
            false => errand.dead(),
        },
        _ => errand.otherwise(reply),
    }
}

fn hear_delete(errand: &mut Errand<'_>, user: &KnownUser, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 204) | (Phase::Main | Phase::Find, 404) => errand.done(),
        (Phase::Main, 400 | 409) => errand.look(Phase::Find, reply, find(who(user))),
        // He has issues or comments: he stays, and is shut.
        (Phase::Find, 200) => plan::kept(Kind::Jira, errand.policy, user),
        _ => errand.otherwise(reply),
    }
}

fn hear_group(errand: &mut Errand<'_>, group: &KnownGroup, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 201) => errand.done(),
        (Phase::Main, 400 | 409) => errand.look(Phase::Find, reply, inside(&group.name, 0, 1)),
        (Phase::Find, 200) => {
            let members = reply.json();
            errand.adopted_group("", members["values"].as_array().is_none_or(Vec::is_empty))
        }
        (Phase::Find, 404) if errand.reason.is_empty() => Errand::makes_no_group(&group.name),
        (Phase::Find, 404) => errand.dead(),
        _ => errand.otherwise(reply),
    }
}

fn hear_group_gone(errand: &mut Errand<'_>, group: &str, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 204) | (Phase::Main | Phase::Find, 404) => errand.done(),
        (Phase::Main, 400) => errand.look(Phase::Find, reply, inside(group, 0, 1)),
        (Phase::Find, 200) => errand.dead(),
        _ => errand.otherwise(reply),
    }
}

fn hear_empty(errand: &mut Errand<'_>, group: &str, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Inside, 200) => {
            let values = reply.json();
            errand.waiting = values["values"].as_array().into_iter().flatten().map(seen_member).collect();
            if errand.waiting.is_empty() {
                return errand.done();
            }
        }
        (Phase::Inside, 404) => return errand.done(),
        (Phase::Out, 200 | 204 | 404) => {}
        // He is in it through another group.
        (Phase::Out, 400) => errand.stuck += 1,
        _ => return errand.otherwise(reply),
    }
    match errand.waiting.pop() {
        Some(member) => errand.ask(Phase::Out, leave(group, &member.name)),
        None => errand.ask(Phase::Inside, inside(group, errand.stuck, limits::TARGET_PAGE)),
    }
}

fn hear_add(errand: &mut Errand<'_>, group: &KnownGroup, members: &[Member], reply: &Reply<'_>) -> Verdict {
    let Some(member) = members.first() else { return errand.done() };
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 201) => errand.done(),
        (Phase::Main, 400 | 404) => errand.look(Phase::FindMember, reply, find_places(&member.name)),
        (Phase::FindMember, 404) => Verdict::Done { effect: Effect::Missing(vec![member.resource]), again: true },
        (Phase::FindMember, 200) if is_listed(&reply.json(), "groups", "name", &group.name) => errand.done(),
        (Phase::FindMember, 200) => errand.ask(Phase::Find, inside(&group.name, 0, 1)),
        (Phase::Find, 404) => errand.no_group(),
        (Phase::Find, 200) => errand.dead(),
        _ => errand.otherwise(reply),
    }
}

fn hear_remove(errand: &mut Errand<'_>, group: &str, user: &str, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 204) | (Phase::FindMember, 404) => errand.done(),
        (Phase::Main, 400 | 404) => errand.look(Phase::FindMember, reply, find_places(user)),
        (Phase::FindMember, 200) => match is_listed(&reply.json(), "groups", "name", group) {
            true => errand.dead(),
            false => errand.done(),
        },
        _ => errand.otherwise(reply),
    }
}

/// Whether an expanded list of a user has an item of this name.
fn is_listed(user: &Value, list: &str, field: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let items = user[list]["items"].as_array();
    items.into_iter().flatten().any(|item| text(item, field).to_lowercase() == name)
}

/// A user as an answer tells of him.
fn seen_user(json: &Value) -> KnownUser {
    KnownUser {
        id: text(json, "key"),
        name: text(json, "name"),
        display_name: text(json, "displayName"),
        email: text(json, "emailAddress"),
        active: json["active"].as_bool().unwrap_or(true),
        ..KnownUser::default()
    }
}

fn seen_member(json: &Value) -> Seen {
    Seen { id: text(json, "key"), name: text(json, "name") }
}

/// See [`super::errand::probes`]. The last one needs the rights that steps need.
pub(super) fn probes() -> Vec<(&'static str, Request)> {
    vec![
        ("server", read("/rest/api/2/serverInfo", &[])),
        ("credentials", read("/rest/api/2/myself", &[])),
        ("rights", read("/rest/api/2/mypermissions", &[])),
    ]
}

/// What a fine answer to one of the probes shows.
pub(super) fn probed(subject: &str, reply: &Reply<'_>) -> Result<String, String> {
    let json = reply.json();
    match subject {
        "server" => match text(&json, "version").as_str() {
            "" => Err("what answers at this URL is not Jira".to_owned()),
            version => Ok(format!("Jira {version}")),
        },
        "credentials" => Ok(format!("signed in as \"{}\"", text(&json, "name"))),
        _ => {
            let has = |right: &str| json["permissions"][right]["havePermission"].as_bool() == Some(true);
            match has("ADMINISTER") || has("SYSTEM_ADMIN") {
                true => Ok("the account is an administrator".to_owned()),
                false => Err("the account is no administrator of Jira: give it the global permission \
                              \"Jira Administrators\""
                    .to_owned()),
            }
        }
    }
}

/// The first request of a reading of users.
pub(super) fn users() -> Request {
    read("/rest/api/2/user/list", &[("maxResults", &limits::TARGET_LIST_PAGE.to_string())])
}

/// The first request of a reading of groups: the search for people, which says how many there are and shows as many as it likes.
pub(super) fn groups() -> Request {
    search("")
}

/// The first request of a reading of a group's members.
pub(super) fn members(group: &str) -> Request {
    inside(group, 0, limits::TARGET_PAGE)
}

fn search(text: &str) -> Request {
    read("/rest/api/2/groups/picker", &[("query", text), ("maxResults", &limits::TARGET_LIST_PAGE.to_string())])
}

/// A page of users.
pub(super) fn hear_users(reply: &Reply<'_>) -> Page {
    let json = reply.json();
    let users: Vec<_> = json["values"].as_array().into_iter().flatten().map(seen_user).collect();
    let cursor = text(&json, "nextCursor");
    let more = json["isLast"].as_bool() != Some(true) && !cursor.is_empty() && !users.is_empty();
    let limit = limits::TARGET_LIST_PAGE.to_string();
    let next = more.then(|| read("/rest/api/2/user/list", &[("cursor", &cursor), ("maxResults", &limit)]));
    Page { users, next, ..Page::default() }
}

/// A page of groups. Where the search does not show all, the groups that matter are looked up by their names.
pub(super) fn hear_groups(reading: &mut Reading, reply: &Reply<'_>) -> Page {
    let json = reply.json();
    let names: Vec<String> = json["groups"].as_array().into_iter().flatten().map(|group| text(group, "name")).collect();
    let is_whole = json["total"].as_u64().is_none_or(|total| total <= names.len() as u64);
    if is_whole && reading.is_first {
        reading.wanted.clear();
    }
    reading.is_first = false;
    let seen: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    reading.wanted.retain(|wanted| !seen.contains(&wanted.to_lowercase()));
    let groups = names.into_iter().map(|name| KnownGroup { name, ..KnownGroup::default() }).collect();
    let next = reading.wanted.pop().map(|name| {
        reading.current = place("", &name);
        reading.is_lookup = true;
        inside(&name, 0, 1)
    });
    Page { groups, next, ..Page::default() }
}

/// The answer to a look-up of one group.
pub(super) fn hear_group_lookup(reading: &mut Reading, reply: &Reply<'_>) -> Page {
    let mut page = Page::default();
    if reply.is_fine() {
        page.groups.push(KnownGroup { name: reading.current.name.clone(), ..KnownGroup::default() });
    }
    page.next = reading.wanted.pop().map(|name| {
        reading.current = place("", &name);
        inside(&name, 0, 1)
    });
    page
}

/// A page of members.
pub(super) fn hear_members(reading: &mut Reading, reply: &Reply<'_>) -> Page {
    let json = reply.json();
    let members: Vec<_> = json["values"].as_array().into_iter().flatten().map(seen_member).collect();
    reading.at += members.len();
    let more = json["isLast"].as_bool() != Some(true) && !members.is_empty();
    let next = more.then(|| inside(&reading.current.name, reading.at, limits::TARGET_PAGE));
    Page { members, next, ..Page::default() }
}
