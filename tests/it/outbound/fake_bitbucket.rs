//! A fake of Bitbucket Data Center with its traps: users and groups are made by query parameters, missing rights are a 401, the licence is a
//! 403, a batch of members is taken whole or not at all, searches find what contains a text, nobody is ever inactive.

use super::fake::{Answer, Call, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) email: String,
    pub(crate) password: String,
    /// A global permission of his own.
    pub(crate) permitted: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// Ids of users.
    pub(crate) members: BTreeSet<u32>,
}

#[derive(Debug)]
pub(crate) struct Bitbucket {
    /// By name in lower case.
    pub(crate) users: BTreeMap<String, User>,
    /// By name in lower case.
    pub(crate) groups: BTreeMap<String, Group>,
    /// Groups that give a licence, in lower case.
    pub(crate) licensed: BTreeSet<String>,
    /// Members of those at most.
    pub(crate) seats: usize,
    /// Rows of a page at most.
    pub(crate) page_max: usize,
    pub(crate) made: u32,
}

impl Default for Bitbucket {
    fn default() -> Bitbucket {
        let (users, groups, licensed) = Default::default();
        Bitbucket { users, groups, licensed, seats: usize::MAX, page_max: 1_000, made: 100 }
    }
}

impl Bitbucket {
    /// A user who is there before anybody is sent.
    pub(crate) fn seed(&mut self, name: &str, display_name: &str, email: &str) -> u32 {
        self.made += 1;
        let (id, key) = (self.made, name.to_lowercase());
        let (name, display_name, email) = (name.to_owned(), display_name.to_owned(), email.to_owned());
        let user = User { id, name, display_name, email, ..User::default() };
        self.users.insert(key, user);
        id
    }

    pub(crate) fn by_id(&self, id: u32) -> Option<&User> {
        self.users.values().find(|user| user.id == id)
    }

    fn seated(&self) -> BTreeSet<u32> {
        let licensed = self.groups.iter().filter(|(name, _)| self.licensed.contains(*name));
        licensed.flat_map(|(_, group)| group.members.iter().copied()).collect()
    }

    fn users(&mut self, call: &Call) -> Answer {
        match call.method.as_str() {
            "GET" => {
                let filter = call.parameter("filter").to_lowercase();
                let fits = |user: &&User| {
                    [&user.name, &user.display_name, &user.email].iter().any(|it| it.to_lowercase().contains(&filter))
                };
                self.page(call, self.users.values().filter(fits).map(shown).collect())
            }
            "POST" => self.create(call),
            "PUT" => match self.users.get_mut(&call.text("name").to_lowercase()) {
                None => missing(),
                Some(_) if call.text("displayName").is_empty() || call.text("email").is_empty() => malformed(),
                Some(user) => {
                    call.text("displayName").clone_into(&mut user.display_name);
                    call.text("email").clone_into(&mut user.email);
                    Answer::new(200, shown(user))
                }
            },
            _ => match self.users.remove(&call.parameter("name").to_lowercase()) {
                None => missing(),
                Some(user) => {
                    self.groups.values_mut().for_each(|group| group.members.retain(|member| *member != user.id));
                    Answer::new(200, shown(&user))
                }
            },
        }
    }

    fn create(&mut self, call: &Call) -> Answer {
        let [name, display_name, email] = ["name", "displayName", "emailAddress"].map(|name| call.parameter(name));
        let secret = call.parameter("notify") == "true" || !call.parameter("password").is_empty();
        if !call.body.is_null() || [name, display_name, email].contains(&"") || !secret {
            return malformed();
        }
        if call.parameter("addToDefaultGroup") != "false" {
            return failed(403, "Adding the user to the default group would exceed the license limit");
        }
        if self.users.contains_key(&name.to_lowercase()) {
            return failed(409, "A user with the same name already exists");
        }
        self.seed(name, display_name, email);
        let user = self.users.get_mut(&name.to_lowercase()).unwrap();
        call.parameter("password").clone_into(&mut user.password);
        Answer::empty(204)
    }

    fn rename(&mut self, call: &Call) -> Answer {
        let (from, to) = (call.text("name").to_lowercase(), call.text("newName").to_owned());
        if to.is_empty() || self.users.contains_key(&to.to_lowercase()) {
            return if self.users.contains_key(&from) { malformed() } else { missing() };
        }
        let Some(mut user) = self.users.remove(&from) else { return missing() };
        user.name.clone_from(&to);
        let answer = Answer::new(200, shown(&user));
        self.users.insert(to.to_lowercase(), user);
        answer
    }

    fn groups(&mut self, call: &Call) -> Answer {
        let name = call.parameter("name").to_owned();
        match call.method.as_str() {
            "GET" => {
                let filter = call.parameter("filter").to_lowercase();
                let fits = self.groups.iter().filter(|(name, _)| name.contains(&filter));
                self.page(call, fits.map(|(_, group)| json!({ "name": group.name, "deletable": true })).collect())
            }
            "POST" if name.trim().is_empty() || !call.body.is_null() => malformed(),
            "POST" if self.groups.contains_key(&name.to_lowercase()) => failed(409, "A group with this name exists"),
            "POST" => {
                self.groups.insert(name.to_lowercase(), Group { name: name.clone(), ..Group::default() });
                Answer::new(200, json!({ "name": name, "deletable": true }))
            }
            _ => match self.groups.remove(&name.to_lowercase()) {
                Some(group) => Answer::new(200, json!({ "name": group.name })),
                None => missing(),
            },
        }
    }

    fn add_users(&mut self, call: &Call) -> Answer {
        let names = call.body["users"].as_array().cloned().unwrap_or_default();
        let ids: Option<BTreeSet<u32>> = (names.iter().filter_map(Value::as_str))
            .map(|name| self.users.get(&name.to_lowercase()).map(|user| user.id))
            .collect();
        let key = call.text("group").to_lowercase();
        let (Some(ids), true) = (ids, self.groups.contains_key(&key)) else { return missing() };
        if self.licensed.contains(&key) && self.seated().union(&ids).count() > self.seats {
            return failed(403, "The operation would exceed the server's license limit");
        }
        self.groups.get_mut(&key).unwrap().members.extend(ids);
        Answer::empty(200)
    }

    fn remove_group(&mut self, call: &Call) -> Answer {
        let id = self.users.get(&call.text("context").to_lowercase()).map(|user| user.id);
        let group = self.groups.get_mut(&call.text("itemName").to_lowercase());
        let (Some(id), Some(group)) = (id, group) else { return missing() };
        if group.members.remove(&id) { Answer::empty(200) } else { missing() }
    }

    fn page(&self, call: &Call, all: Vec<Value>) -> Answer {
        let (start, limit) = (call.number("start", 0), call.number("limit", 25).min(self.page_max));
        let values: Vec<_> = all.iter().skip(start).take(limit).cloned().collect();
        let next = start + values.len();
        let is_last = next >= all.len();
        let mut body =
            json!({ "size": values.len(), "limit": limit, "start": start, "isLastPage": is_last, "values": values });
        body["nextPageStart"] = if is_last { Value::Null } else { json!(next) };
        Answer::new(200, body)
    }
}

impl World for Bitbucket {
    fn answer(&mut self, call: &Call, rights: bool) -> Answer {
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        let ["rest", "api", "latest", rest @ ..] = path.as_slice() else { return missing() };
        if call.may_be_forged() {
            return failed(403, "XSRF check failed");
        }
        if let ["application-properties"] = rest {
            return Answer::new(200, json!({ "version": "10.4.0", "displayName": "Bitbucket" }));
        }
        if !rights {
            return failed(401, "You are not permitted to access this resource");
        }
        match (call.method.as_str(), rest) {
            (_, ["admin", "users"]) => self.users(call),
            ("POST", ["admin", "users", "rename"]) => self.rename(call),
            ("POST", ["admin", "users", "remove-group"]) => self.remove_group(call),
            ("PUT", ["admin", "users", "credentials"]) => match self.users.get_mut(&call.text("name").to_lowercase()) {
                None => missing(),
                Some(_) if call.text("password").is_empty() => malformed(),
                Some(_) if call.body["password"] != call.body["passwordConfirm"] => malformed(),
                Some(user) => {
                    call.text("password").clone_into(&mut user.password);
                    Answer::empty(204)
                }
            },
            (_, ["admin", "groups"]) => self.groups(call),
            ("POST", ["admin", "groups", "add-users"]) => self.add_users(call),
            ("GET", ["admin", "groups", "more-members"]) => {
                match self.groups.get(&call.parameter("context").to_lowercase()) {
                    None => missing(),
                    Some(group) => {
                        let members = self.users.values().filter(|user| group.members.contains(&user.id));
                        self.page(call, members.map(shown).collect())
                    }
                }
            }
            ("GET", ["admin", "permissions", "users"]) => {
                let permitted = self.users.values().filter(|user| user.permitted);
                let row = |user: &User| json!({ "user": shown(user), "permission": "LICENSED_USER" });
                self.page(call, permitted.map(row).collect())
            }
            ("DELETE", ["admin", "permissions", "users"]) => {
                match self.users.get_mut(&call.parameter("name").to_lowercase()) {
                    None => missing(),
                    Some(user) => {
                        user.permitted = false;
                        Answer::empty(204)
                    }
                }
            }
            _ => missing(),
        }
    }
}

fn shown(user: &User) -> Value {
    json!({
        "id": user.id, "name": user.name, "slug": user.name.to_lowercase(), "displayName": user.display_name,
        "emailAddress": user.email, "active": true, "type": "NORMAL", "directoryName": "Bitbucket Internal Directory",
    })
}

fn failed(status: u16, message: &str) -> Answer {
    Answer::new(status, json!({ "errors": [{ "context": null, "message": message, "exceptionName": null }] }))
}

fn missing() -> Answer {
    failed(404, "The specified user or group does not exist")
}

fn malformed() -> Answer {
    failed(400, "The request was malformed")
}
