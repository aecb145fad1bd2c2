//! How a SCIM server is spoken to (RFC 7644), and Atlassian Cloud, which is one with limits of its own: one `eq` filter a request, no
//! rename of groups, 204 or 200, and users that are deleted there answer 404 until they are sent anew.

mod body;

use super::errand::{Errand, Phase, Verdict};
use super::plan::{self, Act, Effect, KnownGroup, KnownUser, Member};
use super::reading::{Page, Reading, Seen};
use super::request::{Reply, Request, encoded, text, with_query};
use crate::directory::target::stored::Kind;
use crate::limits;
use crate::mapping::outbound::{Definition, Person};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const USERS: &str = "/Users";
const GROUPS: &str = "/Groups";
const MEDIA_TYPE: &str = "application/scim+json";

/// What a SCIM server is sent of a user: his resource without what only its own server says of it, and with what the target's mapping says
/// otherwise. Atlassian Cloud gets the attributes that it takes. Who has no `externalId` gets his id here: it finds him again.
pub fn user(
    kind: Kind,
    id: Uuid,
    definition: &Definition,
    person: &Person,
    resource: &Map<String, Value>,
) -> Map<String, Value> {
    body::user(kind, id, definition, person, resource)
}

/// What a SCIM server is sent of a group, without its members; `name` is its name there.
pub fn group(kind: Kind, id: Uuid, name: &str, resource: &Map<String, Value>) -> Map<String, Value> {
    body::group(kind, id, name, resource)
}

/// The resource here that a resource of the server says it is, by the `externalId` that [`user`] and [`group`] give.
pub fn resource_of(attributes: &Map<String, Value>) -> Option<Uuid> {
    attributes.get("externalId")?.as_str()?.parse().ok()
}

/// Whether a server that has `known` has what is `wanted`; `was_read`: it was read there, and not sent.
pub(super) fn is_same(kind: Kind, known: &Map<String, Value>, wanted: &Map<String, Value>, was_read: bool) -> bool {
    body::is_same(kind, known, wanted, was_read)
}

/// What a server still has of what it was sent, where a reading saw `seen`.
pub(super) fn still(sent: &Map<String, Value>, seen: &Map<String, Value>) -> Map<String, Value> {
    body::still(sent, seen)
}

fn read(path: &str, query: &[(&str, &str)]) -> Request {
    Request { method: "GET", path: with_query(path, query), headers: vec![("accept", MEDIA_TYPE)], body: None }
}

fn write(method: &'static str, path: String, body: Option<Value>) -> Request {
    let mut headers = vec![("accept", MEDIA_TYPE)];
    if body.is_some() {
        headers.push(("content-type", MEDIA_TYPE));
    }
    Request { method, path, headers, body }
}

fn at(list: &str, id: &str) -> String {
    format!("{list}/{}", encoded(id))
}

fn patch(path: String, operations: &[Value]) -> Request {
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
    write("PATCH", path, Some(body))
}

/// The resources with this value of an attribute.
fn find(list: &str, attribute: &str, value: &str) -> Request {
    // A string of a filter is a JSON string (RFC 7644 section 3.4.2.2).
    read(list, &[("filter", &format!("{attribute} eq {}", json!(value)))])
}

fn set_active(user: &KnownUser, active: bool) -> Request {
    patch(at(USERS, &user.id), &[json!({ "op": "replace", "path": "active", "value": active })])
}

/// The first request of a step.
pub(super) fn begin(errand: &mut Errand<'_>) -> Request {
    match &errand.step.act {
        Act::CreateUser(user) => write("POST", USERS.to_owned(), Some(body::whole_user(&user.attributes))),
        Act::FindUser(user) => read(&at(USERS, &user.id), &[]),
        Act::UpdateUser { from, to } | Act::RenameUser { from, to } => {
            let mut body = body::whole_user(&to.attributes);
            body["id"] = json!(from.id);
            write("PUT", at(USERS, &from.id), Some(body))
        }
        Act::Activate(user) | Act::Seat(user, _) => set_active(user, true),
        Act::Deactivate(user) | Act::Revoke(user) | Act::Lock(user) | Act::Unseat(user, _) => set_active(user, false),
        Act::Release(_, group) => {
            errand.phase = Phase::Find;
            find(GROUPS, "displayName", group)
        }
        Act::DeleteUser(user) => write("DELETE", at(USERS, &user.id), None),
        // Servers need not refuse a second group of the same name: whether this one was made already has to be asked.
        Act::CreateGroup(group) => {
            let external = text_of(&group.attributes, "externalId");
            errand.phase = Phase::Find;
            match external.is_empty() {
                true => find(GROUPS, "displayName", &group.name),
                false => find(GROUPS, "externalId", &external),
            }
        }
        Act::UpdateGroup { from, to } => {
            let (mut changed, gone) = body::differences(&from.attributes, &to.attributes);
            if from.doubt.is_some() {
                changed = body::differences(&Map::new(), &to.attributes).0;
            }
            let set = |(name, value): (String, Value)| match name.starts_with("urn:") {
                true => json!({ "op": "replace", "value": { name: value } }),
                false => json!({ "op": "replace", "path": name, "value": value }),
            };
            let unset = |name: String| json!({ "op": "remove", "path": name });
            let operations: Vec<_> = changed.into_iter().map(set).chain(gone.into_iter().map(unset)).collect();
            patch(at(GROUPS, &from.id), &operations)
        }
        Act::DeleteGroup { group, .. } => write("DELETE", at(GROUPS, &group.id), None),
        Act::EmptyGroup(group) => {
            errand.phase = Phase::Inside;
            members(&group.id)
        }
        Act::AddMembers(group, members) => {
            let values: Vec<_> = members.iter().map(member).collect();
            patch(at(GROUPS, &group.id), &[json!({ "op": "add", "path": "members", "value": values })])
        }
        Act::RemoveMembers(group, members) => {
            let ids: Vec<_> = members.iter().map(|member| member.id.clone()).collect();
            leave(errand.kind, &group.id, &ids)
        }
    }
}

fn member(member: &Member) -> Value {
    match member.is_group {
        true => json!({ "value": member.id, "type": "Group" }),
        false => json!({ "value": member.id }),
    }
}

/// Takes members out of a group: by a filter each (RFC 7644 section 3.5.2.2), or as Atlassian Cloud wants it, by their values.
fn leave(kind: Kind, group: &str, ids: &[String]) -> Request {
    if kind == Kind::AtlassianCloud {
        let values: Vec<_> = ids.iter().map(|id| json!({ "value": id })).collect();
        return patch(at(GROUPS, group), &[json!({ "op": "remove", "path": "members", "value": values })]);
    }
    let one = |id: &String| json!({ "op": "remove", "path": format!("members[value eq {}]", json!(id)) });
    patch(at(GROUPS, group), &ids.iter().map(one).collect::<Vec<_>>())
}

/// What an answer to the request that is under way means.
pub(super) fn hear(errand: &mut Errand<'_>, reply: &Reply<'_>) -> Verdict {
    match &errand.step.act {
        Act::CreateUser(user) => hear_create(errand, user, reply),
        Act::FindUser(_)
        | Act::UpdateUser { .. }
        | Act::RenameUser { .. }
        | Act::Activate(_)
        | Act::Deactivate(_)
        | Act::Revoke(_)
        | Act::Lock(_)
        | Act::Seat(..)
        | Act::Unseat(..) => match reply.status {
            200 | 202 | 204 => errand.done(),
            404 => errand.no_user(),
            _ => errand.otherwise(reply),
        },
        Act::DeleteUser(_) | Act::DeleteGroup { .. } => match reply.status {
            200 | 202 | 204 | 404 => errand.done(),
            _ => errand.otherwise(reply),
        },
        Act::Release(user, _) => hear_release(errand, user, reply),
        Act::CreateGroup(group) => hear_group(errand, group, reply),
        Act::UpdateGroup { .. } => match reply.status {
            200 | 204 => errand.done(),
            404 => errand.no_group(),
            _ => errand.otherwise(reply),
        },
        Act::EmptyGroup(group) => hear_empty(errand, &group.id, reply),
        Act::AddMembers(group, members) => hear_members_added(errand, group, members, reply),
        Act::RemoveMembers(group, members) => hear_members_gone(errand, group, members, reply),
    }
}

fn hear_create(errand: &mut Errand<'_>, user: &KnownUser, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 201) => errand.done_user(&made_id(reply)),
        (Phase::Main, 409) => errand.look(Phase::Find, reply, find(USERS, "userName", &user.name)),
        (Phase::Find | Phase::FindElsewhere, 200) => match first(reply) {
            Some(found) => {
                let found = seen_user(&found);
                let same = body::is_same(errand.kind, &found.attributes, &user.attributes, true);
                match same || errand.policy.adopt {
                    true => Verdict::Done { effect: Effect::User(Some(found)), again: true },
                    false => errand.adopted(user, found),
                }
            }
            None if errand.phase == Phase::Find => {
                let external = text_of(&user.attributes, "externalId");
                errand.ask(Phase::FindElsewhere, find(USERS, "externalId", &external))
            }
            None => errand.dead(),
        },
        _ => errand.otherwise(reply),
    }
}

fn hear_group(errand: &mut Errand<'_>, group: &KnownGroup, reply: &Reply<'_>) -> Verdict {
    let external = text_of(&group.attributes, "externalId");
    match (errand.phase, reply.status) {
        (Phase::Find | Phase::FindElsewhere, 200) => match first(reply) {
            Some(found) => {
                let id = text(&found, "id");
                errand.waiting = vec![Seen { id: id.clone(), name: String::new() }];
                errand.ask(Phase::Inside, members(&id))
            }
            None if !errand.policy.create_groups && errand.phase == Phase::Find && !external.is_empty() => {
                errand.ask(Phase::FindElsewhere, find(GROUPS, "displayName", &group.name))
            }
            // The server has refused it, and shows nothing by which it could be taken over.
            None if !errand.reason.is_empty() => errand.dead(),
            None if !errand.policy.create_groups => Errand::makes_no_group(&group.name),
            None => {
                errand.ask(Phase::Main, write("POST", GROUPS.to_owned(), Some(body::whole_group(&group.attributes))))
            }
        },
        // A server that cannot filter by it is asked for the name.
        (Phase::Find, 400) if !external.is_empty() => {
            errand.ask(Phase::FindElsewhere, find(GROUPS, "displayName", &group.name))
        }
        (Phase::Inside, 200) => {
            let found = reply.json();
            let is_empty = found["members"].as_array().is_none_or(Vec::is_empty);
            match errand.adopted_group(&text(&found, "id"), is_empty) {
                Verdict::Done { effect: Effect::NewGroup { group, read }, .. } => {
                    let attributes = found.as_object().map(body::own).unwrap_or_default();
                    let group = KnownGroup { attributes, was_read: true, ..group };
                    Verdict::Done { effect: Effect::NewGroup { group, read }, again: true }
                }
                verdict => verdict,
            }
        }
        (Phase::Main, 200 | 201) => {
            let Effect::NewGroup { group, read } = errand.step.after.clone() else { return errand.done() };
            let group = KnownGroup { id: made_id(reply), ..group };
            Verdict::Done { effect: Effect::NewGroup { group, read }, again: false }
        }
        (Phase::Main, 409) => errand.look(Phase::FindElsewhere, reply, find(GROUPS, "displayName", &group.name)),
        _ => errand.otherwise(reply),
    }
}

fn hear_release(errand: &mut Errand<'_>, user: &KnownUser, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (Phase::Find, 200) => match first(reply) {
            Some(group) => {
                let leave = leave(errand.kind, &text(&group, "id"), std::slice::from_ref(&user.id));
                errand.ask(Phase::Out, leave)
            }
            None => errand.done(),
        },
        // That there is nothing to take out is an error to some.
        (Phase::Out, 200 | 204 | 400 | 404) => errand.done(),
        _ => errand.otherwise(reply),
    }
}

fn hear_empty(errand: &mut Errand<'_>, group: &str, reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status) {
        (_, 404) => errand.done(),
        (Phase::Inside, 200) => {
            let ids: Vec<_> = hear_members(reply).members.into_iter().map(|member| member.id).collect();
            errand.waiting = ids.into_iter().map(|id| Seen { id, name: String::new() }).collect();
            take_out(errand, group)
        }
        (Phase::Out, 200 | 204) => take_out(errand, group),
        _ => errand.otherwise(reply),
    }
}

fn take_out(errand: &mut Errand<'_>, group: &str) -> Verdict {
    let from = errand.waiting.len().saturating_sub(limits::TARGET_PAGE);
    let ids: Vec<_> = errand.waiting.split_off(from).into_iter().map(|member| member.id).collect();
    match ids.is_empty() {
        true => errand.done(),
        false => errand.ask(Phase::Out, leave(errand.kind, group, &ids)),
    }
}

fn hear_members_added(errand: &mut Errand<'_>, group: &KnownGroup, members: &[Member], reply: &Reply<'_>) -> Verdict {
    match (errand.phase, reply.status, members) {
        (Phase::Main, 200 | 204, _) => errand.done(),
        (Phase::Main, 400 | 404, [_, _, ..]) => Verdict::Instead(plan::one_by_one(group, members)),
        (Phase::Main, 400 | 404, [member]) => {
            let list = if member.is_group { GROUPS } else { USERS };
            errand.look(Phase::FindMember, reply, read(&at(list, &member.id), &[]))
        }
        (Phase::FindMember, 404, [member]) => {
            Verdict::Done { effect: Effect::Missing(vec![member.resource]), again: true }
        }
        (Phase::FindMember, 200, _) => errand.ask(Phase::Find, self::members(&group.id)),
        (Phase::Find, 404, _) => errand.no_group(),
        (Phase::Find, 200, _) => errand.dead(),
        _ => errand.otherwise(reply),
    }
}

fn hear_members_gone(errand: &mut Errand<'_>, group: &KnownGroup, members: &[Member], reply: &Reply<'_>) -> Verdict {
    let is_asked = |seen: &Seen| members.iter().any(|member| member.id == seen.id);
    match (errand.phase, reply.status) {
        (Phase::Main, 200 | 204) => errand.done(),
        (Phase::Main | Phase::Inside, 404) => errand.no_group(),
        // One who is no member is an error to some: who is there still, is asked for again.
        (Phase::Main, 400) if errand.reason.is_empty() => errand.look(Phase::Inside, reply, self::members(&group.id)),
        (Phase::Inside, 200) => {
            let there = hear_members(reply).members.into_iter().filter(is_asked);
            let ids: Vec<_> = there.map(|seen| seen.id).collect();
            match ids.is_empty() {
                true => errand.done(),
                false => errand.ask(Phase::Main, leave(errand.kind, &group.id, &ids)),
            }
        }
        _ => errand.otherwise(reply),
    }
}

/// The id of what was made: of the answer's resource, or of its location where there is no resource.
fn made_id(reply: &Reply<'_>) -> String {
    let id = text(&reply.json(), "id");
    if !id.is_empty() {
        return id;
    }
    let location = reply.headers.iter().find(|(name, _)| name == "location");
    location.and_then(|(_, url)| url.rsplit('/').next()).unwrap_or_default().to_owned()
}

fn first(reply: &Reply<'_>) -> Option<Value> {
    reply.json()["Resources"].as_array()?.first().cloned()
}

fn text_of(attributes: &Map<String, Value>, name: &str) -> String {
    attributes.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn seen_user(json: &Value) -> KnownUser {
    let emails = json["emails"].as_array().map(Vec::as_slice).unwrap_or_default();
    let email = emails.iter().find(|email| email["primary"] == true).or(emails.first());
    KnownUser {
        id: text(json, "id"),
        name: text(json, "userName"),
        display_name: text(json, "displayName"),
        email: email.map(|email| text(email, "value")).unwrap_or_default(),
        active: json["active"].as_bool().unwrap_or(true),
        attributes: json.as_object().map(body::own).unwrap_or_default(),
        was_read: true,
        ..KnownUser::default()
    }
}

fn seen_group(json: &Value) -> KnownGroup {
    KnownGroup {
        id: text(json, "id"),
        name: text(json, "displayName"),
        attributes: json.as_object().map(body::own).unwrap_or_default(),
        was_read: true,
        ..KnownGroup::default()
    }
}

/// See [`super::errand::probes`].
pub(super) fn probes() -> Vec<(&'static str, Request)> {
    vec![("server", read("/ServiceProviderConfig", &[])), ("rights", read(USERS, &[("count", "1")]))]
}

/// What a fine answer to one of the probes shows.
pub(super) fn probed(subject: &str, reply: &Reply<'_>) -> Result<String, String> {
    let json = reply.json();
    match subject {
        "server" if json["patch"]["supported"].as_bool() == Some(false) => {
            Err("the server does not support PATCH, which members and deactivations need".to_owned())
        }
        "server" if json["patch"].is_object() => Ok("a SCIM server that supports PATCH".to_owned()),
        "rights" if json["totalResults"].is_number() => Ok("the token reads users".to_owned()),
        _ => Err("what answers at this URL is not SCIM".to_owned()),
    }
}

/// A request of a reading of users; the first one is 1.
pub(super) fn users(from: usize) -> Request {
    page_from(USERS, &[], from)
}

/// A request of a reading of groups, without their members where the server takes notice of that.
pub(super) fn groups(from: usize) -> Request {
    page_from(GROUPS, &[("excludedAttributes", "members")], from)
}

/// The request of a reading of a group's members.
pub(super) fn members(id: &str) -> Request {
    read(&at(GROUPS, id), &[])
}

fn page_from(list: &str, query: &[(&str, &str)], from: usize) -> Request {
    let (from, count) = (from.to_string(), limits::TARGET_SCIM_PAGE.to_string());
    read(list, &[&[("startIndex", from.as_str()), ("count", count.as_str())], query].concat())
}

/// A page of users.
pub(super) fn hear_users(reading: &mut Reading, reply: &Reply<'_>) -> Page {
    let (resources, next) = page(reading, reply);
    Page { users: resources.iter().map(seen_user).collect(), next: next.map(users), ..Page::default() }
}

/// A page of groups.
pub(super) fn hear_groups(reading: &mut Reading, reply: &Reply<'_>) -> Page {
    let (resources, next) = page(reading, reply);
    Page { groups: resources.iter().map(seen_group).collect(), next: next.map(groups), ..Page::default() }
}

/// All members of a group.
pub(super) fn hear_members(reply: &Reply<'_>) -> Page {
    let json = reply.json();
    let seen = |member: &Value| Seen { id: text(member, "value"), name: String::new() };
    let seen = json["members"].as_array().into_iter().flatten().map(seen).collect();
    Page { members: seen, ..Page::default() }
}

/// The rows of a page, and where the next one begins: a server may answer with fewer rows than it was asked for.
fn page(reading: &mut Reading, reply: &Reply<'_>) -> (Vec<Value>, Option<usize>) {
    let json = reply.json();
    let resources = json["Resources"].as_array().cloned().unwrap_or_default();
    reading.at += resources.len();
    let total = json["totalResults"].as_u64().and_then(|total| usize::try_from(total).ok()).unwrap_or(0);
    let more = !resources.is_empty() && reading.at < total;
    (resources, more.then_some(reading.at + 1))
}
