//! A fake of a SCIM server: of Atlassian Cloud with its limits (one `eq` filter, no rename of groups, unique group names, users that are
//! deleted are inactive and answer 404), or of a plain one, which lets groups be renamed and nested and have the same name.

use super::fake::{Answer, Call, World};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Group {
    pub(crate) attributes: Map<String, Value>,
    /// Ids.
    pub(crate) members: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Cloud {
    /// A plain SCIM server, without Atlassian Cloud's limits.
    pub(crate) is_plain: bool,
    /// Its users, by id, without what is the server's own.
    pub(crate) users: BTreeMap<String, Map<String, Value>>,
    /// Users that were deleted and would be linked again.
    pub(crate) deleted: BTreeMap<String, Map<String, Value>>,
    /// By id.
    pub(crate) groups: BTreeMap<String, Group>,
    /// Rows of a page at most; 0: as asked for.
    pub(crate) page_max: usize,
    /// Writes are answered without a body where that is allowed.
    pub(crate) is_terse: bool,
    pub(crate) made: usize,
}

const OWN: &[&str] = &["id", "meta", "schemas", "groups", "members"];

impl Cloud {
    fn new_id(&mut self) -> String {
        self.made += 1;
        format!("remote-{}", self.made)
    }

    fn users(&mut self, call: &Call) -> Answer {
        if call.method == "GET" {
            return self.listed(call, self.users.iter().map(|(id, user)| shown_user(id, user)).collect(), "userName");
        }
        let Some(user) = attributes(&call.body) else { return wrong("no user") };
        let Some(name) = user.get("userName").and_then(Value::as_str).map(str::to_lowercase) else {
            return wrong("no userName");
        };
        if !call.body["schemas"].is_array() {
            return wrong("no schemas");
        }
        if self.name_of(&name).is_some() {
            return refused(409, "uniqueness", "userName is taken");
        }
        let is_he = |(_, user): &(&String, &Map<String, Value>)| folded(user, "userName") == name;
        let linked = self.deleted.iter().find(is_he).map(|(id, _)| id.clone());
        let id = linked.inspect(|id| drop(self.deleted.remove(id))).unwrap_or_else(|| self.new_id());
        let answer = Answer::new(201, shown_user(&id, &user));
        self.users.insert(id, user);
        answer
    }

    fn name_of(&self, name: &str) -> Option<&String> {
        self.users.iter().find(|(_, user)| folded(user, "userName") == name).map(|(id, _)| id)
    }

    fn user(&mut self, call: &Call, id: &str) -> Answer {
        let Some(user) = self.users.get(id).cloned() else { return refused(404, "", "no such user") };
        match call.method.as_str() {
            "GET" => Answer::new(200, shown_user(id, &user)),
            "DELETE" => {
                self.users.remove(id);
                self.groups.values_mut().for_each(|group| group.members.retain(|member| *member != *id));
                if !self.is_plain {
                    self.deleted.insert(id.to_owned(), user);
                }
                Answer::empty(204)
            }
            "PUT" => {
                let Some(new) = attributes(&call.body) else { return wrong("no user") };
                if self.name_of(&folded(&new, "userName")).is_some_and(|other| other != id) {
                    return refused(409, "uniqueness", "userName is taken");
                }
                self.users.insert(id.to_owned(), new.clone());
                self.written(shown_user(id, &new))
            }
            "PATCH" => {
                let operations = call.body["Operations"].as_array().cloned().unwrap_or_default();
                let [operation] = operations.as_slice() else { return wrong("one operation, please") };
                if operation["path"] != "active" || operation["op"] != "replace" || !operation["value"].is_boolean() {
                    return wrong("this fake patches active alone");
                }
                let mut user = user;
                user.insert("active".to_owned(), operation["value"].clone());
                self.users.insert(id.to_owned(), user.clone());
                self.written(shown_user(id, &user))
            }
            _ => refused(405, "", "no"),
        }
    }

    fn groups(&mut self, call: &Call) -> Answer {
        if call.method == "GET" {
            let without = call.parameter("excludedAttributes") == "members";
            let all = self.groups.iter().map(|(id, group)| shown_group(id, group, !without)).collect();
            return self.listed(call, all, "displayName");
        }
        let Some(new) = attributes(&call.body) else { return wrong("no group") };
        let name = folded(&new, "displayName");
        if name.is_empty() {
            return wrong("no displayName");
        }
        if !self.is_plain && self.groups.values().any(|group| folded(&group.attributes, "displayName") == name) {
            return refused(409, "uniqueness", "displayName is taken");
        }
        let (id, group) = (self.new_id(), Group { attributes: new, ..Group::default() });
        let answer = Answer::new(201, shown_group(&id, &group, true));
        self.groups.insert(id, group);
        answer
    }

    fn group(&mut self, call: &Call, id: &str) -> Answer {
        let Some(mut group) = self.groups.get(id).cloned() else { return refused(404, "", "no such group") };
        match call.method.as_str() {
            "GET" => Answer::new(200, shown_group(id, &group, true)),
            "DELETE" => {
                self.groups.remove(id);
                self.groups.values_mut().for_each(|group| group.members.retain(|member| *member != *id));
                Answer::empty(204)
            }
            "PATCH" => {
                for operation in call.body["Operations"].as_array().into_iter().flatten() {
                    if let Err(answer) = self.patch(&mut group, operation) {
                        return answer;
                    }
                }
                self.groups.insert(id.to_owned(), group.clone());
                self.written(shown_group(id, &group, true))
            }
            _ => refused(405, "", "no"),
        }
    }

    fn patch(&self, group: &mut Group, operation: &Value) -> Result<(), Answer> {
        let (op, path) = (operation["op"].as_str().unwrap_or(""), operation["path"].as_str().unwrap_or(""));
        let values = operation["value"].as_array().cloned().unwrap_or_default();
        let ids = values.iter().filter_map(|value| value["value"].as_str()).map(str::to_owned);
        let filtered = path.strip_prefix("members[value eq \"").and_then(|rest| rest.strip_suffix("\"]"));
        match (op, path) {
            ("add", "members") => {
                for id in ids {
                    let is_group = self.is_plain && self.groups.contains_key(&id);
                    if !self.users.contains_key(&id) && !is_group {
                        return Err(wrong("no such member"));
                    }
                    group.members.insert(id);
                }
            }
            ("remove", "members") if !self.is_plain => ids.for_each(|id| group.members.retain(|member| *member != id)),
            ("remove", _) if filtered.is_some() && self.is_plain => {
                if !group.members.remove(filtered.unwrap_or_default()) {
                    return Err(wrong("noTarget"));
                }
            }
            ("replace", _) if self.is_plain && !path.is_empty() && path != "members" => {
                group.attributes.insert(path.to_owned(), operation["value"].clone());
            }
            ("replace", "") if self.is_plain => {
                group.attributes.extend(operation["value"].as_object().cloned().unwrap_or_default());
            }
            ("remove", _) if self.is_plain => drop(group.attributes.remove(path)),
            _ => return Err(wrong("this cannot be changed")),
        }
        Ok(())
    }

    fn listed(&self, call: &Call, all: Vec<Value>, name: &str) -> Answer {
        let mut all = all;
        if call.has("filter") {
            let filter = call.parameter("filter");
            let Some((attribute, value)) = filter.split_once(" eq ") else { return wrong("one eq, please") };
            let allowed = attribute == name || attribute == "externalId" && (self.is_plain || name == "userName");
            let Ok(Value::String(value)) = serde_json::from_str(value) else { return wrong("no text") };
            if !allowed {
                return wrong("no filter on this");
            }
            let exact = attribute == "externalId";
            let fold = |text: &str| if exact { text.to_owned() } else { text.to_lowercase() };
            all.retain(|row| row[attribute].as_str().is_some_and(|there| fold(there) == fold(&value)));
        }
        let (start, count) = (call.number("startIndex", 1), call.number("count", 100));
        let count = if self.page_max == 0 { count } else { count.min(self.page_max) };
        let rows: Vec<_> = all.iter().skip(start.saturating_sub(1)).take(count).cloned().collect();
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": all.len(), "startIndex": start, "itemsPerPage": rows.len(), "Resources": rows,
        });
        Answer::new(200, body)
    }

    fn written(&self, body: Value) -> Answer {
        if self.is_terse { Answer::empty(204) } else { Answer::new(200, body) }
    }
}

impl World for Cloud {
    fn answer(&mut self, call: &Call, rights: bool) -> Answer {
        if !rights {
            return refused(403, "", "forbidden");
        }
        if call.is_write() && call.method != "DELETE" && call.header("content-type") != "application/scim+json" {
            return refused(415, "", "application/scim+json, please");
        }
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["ServiceProviderConfig"] => Answer::new(200, json!({ "patch": { "supported": true } })),
            ["Users"] => self.users(call),
            ["Users", id] => self.user(call, id),
            ["Groups"] => self.groups(call),
            ["Groups", id] => self.group(call, id),
            _ => refused(404, "", "no such resource"),
        }
    }
}

fn attributes(body: &Value) -> Option<Map<String, Value>> {
    let own = |(name, _): &(&String, &Value)| !OWN.contains(&name.as_str());
    Some(body.as_object()?.iter().filter(own).map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn folded(attributes: &Map<String, Value>, name: &str) -> String {
    attributes.get(name).and_then(Value::as_str).unwrap_or_default().to_lowercase()
}

fn shown_user(id: &str, user: &Map<String, Value>) -> Value {
    let mut shown = user.clone();
    shown.insert("id".to_owned(), json!(id));
    shown.insert("meta".to_owned(), json!({ "resourceType": "User" }));
    shown.entry("active").or_insert(json!(true));
    // As Atlassian Cloud does.
    shown.insert("urn:scim:schemas:extension:atlassian-external:1.0".to_owned(), json!({ "atlassianAccountId": id }));
    Value::Object(shown)
}

fn shown_group(id: &str, group: &Group, with_members: bool) -> Value {
    let mut shown = group.attributes.clone();
    shown.insert("id".to_owned(), json!(id));
    if with_members {
        let members = group.members.iter().map(|id| json!({ "value": id }));
        shown.insert("members".to_owned(), members.collect());
    }
    Value::Object(shown)
}

fn refused(status: u16, kind: &str, detail: &str) -> Answer {
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string(), "detail": detail,
    });
    if !kind.is_empty() {
        body["scimType"] = json!(kind);
    }
    Answer::new(status, body)
}

fn wrong(detail: &str) -> Answer {
    refused(400, "invalidValue", detail)
}
