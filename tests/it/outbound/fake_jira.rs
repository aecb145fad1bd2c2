//! A fake of Jira Data Center with its traps: no 409, only 400 for what exists already or was done already; names of users in lower case;
//! a search for groups that shows the first few; no deactivation of leads; no deletion of users who own something.

use super::fake::{Answer, Call, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) email: String,
    pub(crate) active: bool,
    pub(crate) applications: BTreeSet<String>,
    /// He has issues: he cannot be deleted.
    pub(crate) owns: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// Keys of users.
    pub(crate) members: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Project {
    pub(crate) key: String,
    /// Keys of users.
    pub(crate) lead: String,
    /// Component id to its lead's key.
    pub(crate) components: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(crate) struct Jira {
    /// By key.
    pub(crate) users: BTreeMap<String, User>,
    /// By name in lower case.
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) projects: Vec<Project>,
    /// Active users at most.
    pub(crate) seats: usize,
    /// Groups that the search shows at most.
    pub(crate) picker_max: usize,
    /// What deleted groups left to others: from, to.
    pub(crate) swapped: Vec<(String, String)>,
    pub(crate) made: usize,
}

impl Default for Jira {
    fn default() -> Jira {
        let (users, groups, projects) = Default::default();
        Jira { users, groups, projects, seats: usize::MAX, picker_max: 20, swapped: Vec::new(), made: 10_000 }
    }
}

impl Jira {
    /// A user who is there before anybody is sent.
    pub(crate) fn seed(&mut self, name: &str, display_name: &str, email: &str) -> String {
        self.made += 1;
        let key = format!("JIRAUSER{}", self.made);
        let user = User {
            key: key.clone(),
            name: name.to_lowercase(),
            display_name: display_name.to_owned(),
            email: email.to_owned(),
            active: true,
            ..User::default()
        };
        self.users.insert(key.clone(), user);
        key
    }

    pub(crate) fn named(&self, name: &str) -> Option<&User> {
        let name = name.to_lowercase();
        self.users.values().find(|user| user.name == name)
    }

    fn asked(&self, call: &Call) -> Option<String> {
        if call.has("key") {
            return self.users.contains_key(call.parameter("key")).then(|| call.parameter("key").to_owned());
        }
        self.named(call.parameter("username")).map(|user| user.key.clone())
    }

    fn leads(&self, key: &str) -> bool {
        self.projects.iter().any(|project| project.lead == key || project.components.values().any(|lead| lead == key))
    }

    fn create(&mut self, call: &Call) -> Answer {
        let (name, display_name, email) = (call.text("name"), call.text("displayName"), call.text("emailAddress"));
        for (field, value) in [("name", name), ("displayName", display_name), ("emailAddress", email)] {
            if value.trim().is_empty() {
                return wrong(field, "You must specify this field.");
            }
        }
        if self.named(name).is_some() {
            return wrong("username", "A user with that username already exists.");
        }
        if self.users.values().filter(|user| user.active).count() >= self.seats {
            return wrong("applications", "Your Jira license does not allow more users.");
        }
        let key = self.seed(name, display_name, email);
        let keys = call.body["applicationKeys"].as_array().cloned().unwrap_or_default();
        let user = self.users.get_mut(&key).unwrap();
        user.applications.extend(keys.iter().filter_map(Value::as_str).map(str::to_owned));
        Answer::new(201, shown(user))
    }

    fn update(&mut self, call: &Call) -> Answer {
        let Some(key) = self.asked(call) else { return missing("The user does not exist.") };
        if call.body.as_object().is_none_or(|body| body.is_empty()) {
            return refused("error.no.value.found.to.be.changed");
        }
        let taken = |user: &User| user.key != key && user.name == call.text("name").to_lowercase();
        if call.body["name"].is_string() && self.users.values().any(taken) {
            return wrong("username", "A user with that username already exists.");
        }
        if call.body["active"] == false && self.leads(&key) {
            return wrong("active", "Cannot deactivate user because they are currently a project or component lead.");
        }
        if call.body["emailAddress"] == "" {
            return wrong("emailAddress", "You must specify an email address.");
        }
        let user = self.users.get_mut(&key).unwrap();
        let set = |field: &mut String, name: &str| {
            if let Some(value) = call.body[name].as_str() {
                value.clone_into(field);
            }
        };
        set(&mut user.display_name, "displayName");
        set(&mut user.email, "emailAddress");
        set(&mut user.name, "name");
        user.name = user.name.to_lowercase();
        user.active = call.body["active"].as_bool().unwrap_or(user.active);
        Answer::new(200, shown(user))
    }

    fn user(&mut self, call: &Call) -> Answer {
        match call.method.as_str() {
            "POST" => self.create(call),
            "PUT" => self.update(call),
            "DELETE" => match self.asked(call) {
                None => missing("The user does not exist."),
                Some(key) if self.users[&key].owns || self.leads(&key) => {
                    refused("Cannot delete user because they have reported issues.")
                }
                Some(key) => {
                    self.users.remove(&key);
                    self.groups.values_mut().for_each(|group| group.members.retain(|member| *member != key));
                    Answer::empty(204)
                }
            },
            _ => match self.asked(call) {
                None => missing("The user named does not exist"),
                Some(key) => {
                    let user = &self.users[&key];
                    let mut json = shown(user);
                    if call.parameter("expand").contains("groups") {
                        let groups = self.groups.values().filter(|group| group.members.contains(&key));
                        let items: Vec<_> = groups.map(|group| json!({ "name": group.name })).collect();
                        json["groups"] = json!({ "size": items.len(), "items": items });
                    }
                    if call.parameter("expand").contains("applicationRoles") {
                        let items: Vec<_> = user.applications.iter().map(|key| json!({ "key": key })).collect();
                        json["applicationRoles"] = json!({ "size": items.len(), "items": items });
                    }
                    Answer::new(200, json)
                }
            },
        }
    }

    fn application(&mut self, call: &Call) -> Answer {
        let key = call.parameter("applicationKey").to_owned();
        let Some(user) = self.asked(call).and_then(|key| self.users.get_mut(&key)) else {
            return refused("The user does not exist.");
        };
        match call.method.as_str() {
            "POST" if user.applications.insert(key.clone()) => Answer::empty(200),
            "DELETE" if user.applications.remove(&key) => Answer::empty(204),
            _ => refused("The user has this application already, or has it not."),
        }
    }

    fn list(&self, call: &Call) -> Answer {
        let (from, limit) = (call.number("cursor", 0), call.number("maxResults", 2_000));
        let values: Vec<_> = self.users.values().skip(from).take(limit).map(shown).collect();
        let next = from + values.len();
        let is_last = next >= self.users.len();
        let mut body = json!({ "maxResults": limit, "isLast": is_last, "values": values });
        if !is_last {
            body["nextCursor"] = json!(next.to_string());
        }
        Answer::new(200, body)
    }

    fn group(&mut self, call: &Call) -> Answer {
        if call.method == "POST" {
            let name = call.text("name").trim().to_owned();
            if name.is_empty() || self.groups.contains_key(&name.to_lowercase()) {
                return refused("A group with this name already exists, or there is no name.");
            }
            self.groups.insert(name.to_lowercase(), Group { name: name.clone(), ..Group::default() });
            return Answer::new(201, json!({ "name": name }));
        }
        let name = call.parameter("groupname").to_lowercase();
        let Some(heir) = (match call.parameter("swapGroup") {
            "" => Some(String::new()),
            heir => self.groups.get(&heir.to_lowercase()).map(|group| group.name.clone()),
        }) else {
            return refused("The group to swap does not exist.");
        };
        match self.groups.remove(&name) {
            None => refused("The group does not exist."),
            Some(_) => {
                if !heir.is_empty() {
                    self.swapped.push((name, heir));
                }
                Answer::empty(200)
            }
        }
    }

    fn group_user(&mut self, call: &Call) -> Answer {
        let name = if call.method == "POST" { call.text("name") } else { call.parameter("username") };
        let key = self.named(name).map(|user| user.key.clone());
        let group = self.groups.get_mut(&call.parameter("groupname").to_lowercase());
        let (Some(key), Some(group)) = (key, group) else { return missing("The user or group does not exist.") };
        match call.method.as_str() {
            "POST" if group.members.insert(key.clone()) => Answer::new(201, json!({ "name": group.name })),
            "DELETE" if group.members.remove(&key) => Answer::new(200, json!({ "name": group.name })),
            "POST" => refused("Cannot add user, user is already a member of the group."),
            _ => refused("Cannot remove user, user is not a member of the group."),
        }
    }

    fn member(&self, call: &Call) -> Answer {
        let Some(group) = self.groups.get(&call.parameter("groupname").to_lowercase()) else {
            return missing("The group does not exist.");
        };
        let inactive = call.parameter("includeInactiveUsers") == "true";
        let (from, limit) = (call.number("startAt", 0), call.number("maxResults", 50).min(50));
        let all: Vec<_> =
            group.members.iter().map(|key| &self.users[key]).filter(|user| inactive || user.active).collect();
        let values: Vec<_> = all.iter().skip(from).take(limit).map(|user| shown(user)).collect();
        let is_last = from + values.len() >= all.len();
        let body =
            json!({ "startAt": from, "maxResults": limit, "total": all.len(), "isLast": is_last, "values": values });
        Answer::new(200, body)
    }

    fn picker(&self, call: &Call) -> Answer {
        let query = call.parameter("query").to_lowercase();
        let all: Vec<_> = self.groups.iter().filter(|(key, _)| key.contains(&query)).collect();
        let limit = call.number("maxResults", self.picker_max).min(self.picker_max);
        let shown: Vec<_> = all.iter().take(limit).map(|(_, group)| json!({ "name": group.name })).collect();
        let header = format!("Showing {} of {} matching groups", shown.len(), all.len());
        Answer::new(200, json!({ "header": header, "total": all.len(), "groups": shown }))
    }

    fn leadership(&mut self, call: &Call, rest: &[&str]) -> Answer {
        let lead = |key: &str, users: &BTreeMap<String, User>| match users.get(key) {
            Some(user) => shown(user),
            None => Value::Null,
        };
        match (call.method.as_str(), rest) {
            ("GET", ["project"]) => {
                let with_lead = call.parameter("expand").contains("lead");
                let project = |project: &Project| match with_lead {
                    true => json!({ "key": project.key, "lead": lead(&project.lead, &self.users) }),
                    false => json!({ "key": project.key }),
                };
                Answer::new(200, self.projects.iter().map(project).collect())
            }
            ("GET", ["component", "page"]) => {
                let all: Vec<_> = self.projects.iter().flat_map(|project| &project.components).collect();
                let (from, limit) = (call.number("startAt", 0), call.number("maxResults", 100));
                let values: Vec<_> = (all.iter().skip(from).take(limit))
                    .map(|(id, key)| json!({ "id": id, "lead": lead(key, &self.users) }))
                    .collect();
                let is_last = from + values.len() >= all.len();
                Answer::new(200, json!({ "startAt": from, "isLast": is_last, "values": values }))
            }
            ("PUT", ["project", key]) => {
                let heir = self.named(call.text("lead")).filter(|user| user.active).map(|user| user.key.clone());
                match (self.projects.iter_mut().find(|project| project.key == *key), heir) {
                    (None, _) => missing("No project."),
                    (_, None) => wrong("projectLead", "You must specify a valid project lead."),
                    (Some(project), Some(heir)) => {
                        project.lead = heir;
                        Answer::new(200, json!({ "key": key }))
                    }
                }
            }
            ("PUT", ["component", id]) => {
                let heir = self.named(call.text("leadUserName")).map(|user| user.key.clone());
                let lead = self.projects.iter_mut().find_map(|project| project.components.get_mut(*id));
                match (lead, heir) {
                    (None, _) => missing("No component."),
                    (_, None) => wrong("leadUserName", "The user does not exist."),
                    (Some(lead), Some(heir)) => {
                        *lead = heir;
                        Answer::new(200, json!({ "id": id }))
                    }
                }
            }
            _ => missing("null for uri"),
        }
    }
}

impl World for Jira {
    fn answer(&mut self, call: &Call, rights: bool) -> Answer {
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        let ["rest", "api", "2", rest @ ..] = path.as_slice() else { return missing("null for uri") };
        if call.may_be_forged() {
            return Answer::new(403, json!("XSRF check failed"));
        }
        match rest {
            ["serverInfo"] => return Answer::new(200, json!({ "version": "11.3.8" })),
            ["myself"] => return Answer::new(200, json!({ "name": "admin" })),
            ["mypermissions"] => {
                let permissions = json!({ "ADMINISTER": { "havePermission": rights } });
                return Answer::new(200, json!({ "permissions": permissions }));
            }
            _ if !rights => return Answer::new(403, said("You are not authorized to perform this operation.")),
            _ => {}
        }
        if call.is_write() && !call.body.is_null() && !call.header("content-type").starts_with("application/json") {
            return Answer::empty(415);
        }
        match rest {
            ["user"] => self.user(call),
            ["user", "application"] => self.application(call),
            ["user", "list"] => self.list(call),
            ["group"] => self.group(call),
            ["group", "user"] => self.group_user(call),
            ["group", "member"] => self.member(call),
            ["groups", "picker"] => self.picker(call),
            _ => self.leadership(call, rest),
        }
    }
}

fn shown(user: &User) -> Value {
    json!({
        "key": user.key, "name": user.name, "displayName": user.display_name, "emailAddress": user.email,
        "active": user.active,
    })
}

fn said(message: &str) -> Value {
    json!({ "errorMessages": [message], "errors": {} })
}

fn refused(message: &str) -> Answer {
    Answer::new(400, said(message))
}

fn wrong(field: &str, message: &str) -> Answer {
    Answer::new(400, json!({ "errorMessages": [], "errors": { field: message } }))
}

fn missing(message: &str) -> Answer {
    Answer::new(404, said(message))
}
