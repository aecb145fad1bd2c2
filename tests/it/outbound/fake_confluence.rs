//! A fake of Confluence Data Center with its traps: lower-case names of users, a full name and an address that must be there, 409 for what
//! exists, 402 without a licence, no addresses in answers, pages smaller than asked for, no rename.

use super::fake::{Answer, Call, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) full_name: String,
    pub(crate) email: String,
    pub(crate) active: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// Names of users.
    pub(crate) members: BTreeSet<String>,
}

#[derive(Debug)]
pub(crate) struct Confluence {
    /// By name.
    pub(crate) users: BTreeMap<String, User>,
    /// By name in lower case.
    pub(crate) groups: BTreeMap<String, Group>,
    /// Active users at most.
    pub(crate) seats: usize,
    /// Rows of a page at most.
    pub(crate) page_max: usize,
    pub(crate) made: usize,
}

impl Default for Confluence {
    fn default() -> Confluence {
        let (users, groups) = Default::default();
        Confluence { users, groups, seats: usize::MAX, page_max: 200, made: 0 }
    }
}

impl Confluence {
    /// A user who is there before anybody is sent.
    pub(crate) fn seed(&mut self, name: &str, full_name: &str, email: &str) -> String {
        self.made += 1;
        let key = format!("4028d6768851c890{:016x}", self.made);
        let (name, full_name, email) = (name.to_owned(), full_name.to_owned(), email.to_owned());
        let user = User { key: key.clone(), name: name.clone(), full_name, email, active: true };
        self.users.insert(name, user);
        key
    }

    fn create(&mut self, call: &Call) -> Answer {
        let (name, full_name, email) = (call.text("userName"), call.text("fullName"), call.text("email"));
        let bad = |letter: char| letter.is_whitespace() || letter.is_uppercase() || "\\,+<>'\"".contains(letter);
        if name.is_empty() || name.contains(bad) {
            return refused(400, "The userName is not valid");
        }
        if full_name.trim().is_empty() || full_name.contains(['<', '>']) || !email.contains('@') {
            return refused(400, "The fullName or the email is not valid");
        }
        if call.text("password").is_empty() && call.body["notifyViaEmail"] != true {
            return refused(400, "Neither password nor notifyViaEmail is given");
        }
        if self.users.contains_key(name) {
            return refused(409, "A user with this userName already exists");
        }
        if self.users.values().filter(|user| user.active).count() >= self.seats {
            return refused(402, "No more licenses available to create a user");
        }
        let key = self.seed(name, full_name, email);
        Answer::new(201, json!({ "userKey": key }))
    }

    fn admin_user(&mut self, call: &Call, name: &str, rest: &[&str]) -> Answer {
        let seats_left = self.users.values().filter(|user| user.active).count() < self.seats;
        let Some(user) = self.users.get_mut(name) else { return refused(404, "No user") };
        match (call.method.as_str(), rest) {
            ("PUT", []) => {
                let (full_name, email) = (call.text("fullName"), call.text("email"));
                if full_name.trim().is_empty() || full_name.contains(['<', '>']) || !email.contains('@') {
                    return refused(400, "The fullName or the email is not valid");
                }
                (user.full_name, user.email) = (full_name.to_owned(), email.to_owned());
                Answer::empty(204)
            }
            ("PUT", ["disable"]) => {
                user.active = false;
                Answer::empty(204)
            }
            ("PUT", ["enable"]) if !user.active && !seats_left => refused(402, "No more licenses available"),
            ("PUT", ["enable"]) => {
                user.active = true;
                Answer::empty(204)
            }
            ("DELETE", []) => {
                self.users.remove(name);
                self.groups.values_mut().for_each(|group| group.members.retain(|member| *member != *name));
                Answer::new(202, json!({ "id": "1", "links": {} }))
            }
            _ => refused(405, "Method not allowed"),
        }
    }

    fn membership(&mut self, call: &Call, user: &str, group: &str) -> Answer {
        let there = self.users.contains_key(user);
        let Some(group) = self.groups.get_mut(&group.to_lowercase()).filter(|_| there) else {
            return refused(404, "No user or group");
        };
        match call.method.as_str() {
            "PUT" => group.members.extend([user.to_owned()]),
            _ => group.members.retain(|member| member != user),
        }
        Answer::empty(204)
    }

    fn page(&self, call: &Call, path: &str, all: Vec<Value>) -> Answer {
        let (start, limit) = (call.number("start", 0), call.number("limit", 200).min(self.page_max));
        let results: Vec<_> = all.iter().skip(start).take(limit).cloned().collect();
        let next = start + results.len();
        let mut links = json!({ "base": "http://example.com/confluence" });
        if next < all.len() {
            links["next"] = json!(format!("{path}?limit={limit}&start={next}"));
        }
        let size = results.len();
        Answer::new(200, json!({ "results": results, "start": start, "limit": limit, "size": size, "_links": links }))
    }

    fn shown(&self, call: &Call, user: &User) -> Value {
        let mut json = json!({
            "type": "known", "username": user.name, "userKey": user.key, "displayName": user.full_name,
        });
        if call.parameter("expand").contains("status") {
            json["status"] = json!(if user.active { "current" } else { "deactivated" });
        }
        json
    }
}

impl World for Confluence {
    fn answer(&mut self, call: &Call, rights: bool) -> Answer {
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        let ["rest", "api", rest @ ..] = path.as_slice() else { return refused(404, "No resource") };
        if call.may_be_forged() {
            return refused(403, "XSRF check failed");
        }
        if let ["user", "current"] = rest {
            return Answer::new(200, json!({ "username": "admin" }));
        }
        if !rights {
            return refused(403, "User not permitted to do this");
        }
        match (call.method.as_str(), rest) {
            ("POST", ["admin", "user"]) => self.create(call),
            ("GET", ["admin", "users", "list", "active"]) => {
                let active = self.users.values().filter(|user| user.active).map(|user| self.shown(call, user));
                self.page(call, "/rest/api/admin/users/list/active", active.collect())
            }
            (_, ["admin", "user", name, rest @ ..]) => self.admin_user(call, name, rest),
            ("POST", ["admin", "group"]) => {
                let name = call.text("name").trim().to_owned();
                if name.is_empty() {
                    return refused(400, "No name");
                }
                if self.groups.contains_key(&name.to_lowercase()) {
                    return refused(409, "A group with this name already exists");
                }
                self.groups.insert(name.to_lowercase(), Group { name: name.clone(), ..Group::default() });
                Answer::new(200, json!({ "type": "group", "name": name }))
            }
            ("DELETE", ["admin", "group", name]) => match self.groups.remove(&name.to_lowercase()) {
                Some(_) => Answer::empty(204),
                None => refused(404, "No group"),
            },
            ("GET", ["user"]) => {
                let key = call.parameter("key");
                let user = match key.is_empty() {
                    true => self.users.get(call.parameter("username")),
                    false => self.users.values().find(|user| user.key == key),
                };
                user.map_or(refused(404, "No user"), |user| Answer::new(200, self.shown(call, user)))
            }
            ("GET", ["user", "list"]) => {
                let all = self.users.values().map(|user| self.shown(call, user)).collect();
                self.page(call, "/rest/api/user/list", all)
            }
            ("PUT" | "DELETE", ["user", user, "group", group]) => self.membership(call, user, group),
            ("GET", ["group"]) => {
                let all = self.groups.values().map(|group| json!({ "type": "group", "name": group.name })).collect();
                self.page(call, "/rest/api/group", all)
            }
            ("GET", ["group", "member"]) => match self.groups.get(&call.parameter("groupName").to_lowercase()) {
                None => refused(404, "No group with this name"),
                Some(group) => {
                    let all = group.members.iter().map(|name| self.shown(call, &self.users[name])).collect();
                    self.page(call, "/rest/api/group/member", all)
                }
            },
            _ => refused(404, "No resource"),
        }
    }
}

fn refused(status: u16, message: &str) -> Answer {
    Answer::new(status, json!({ "statusCode": status, "message": message }))
}
