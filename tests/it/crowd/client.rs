//! What a product keeps of the directory: it reads everything, or what changed, and follows the rules of Crowd's own clients.

use super::{Asking, names};
use scimd::server::crowd::xml::Element;
use std::collections::{BTreeMap, BTreeSet};

/// A user as the product keeps him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    name: String,
    key: String,
    display_name: String,
    email: String,
    active: bool,
}

/// See the module. Names are compared in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cache {
    /// By name.
    pub(super) users: BTreeMap<String, User>,
    /// As they are written, by name.
    pub(super) groups: BTreeMap<String, String>,
    /// Group and user.
    pub(super) users_in: BTreeSet<(String, String)>,
    /// Group and group in it.
    pub(super) groups_in: BTreeSet<(String, String)>,
}

const EVERYBODY: &str = "<null-search-restriction/>";

impl Cache {
    /// Everything, in the order in which the products ask.
    pub(super) async fn read(asking: &Asking<'_>) -> Cache {
        let mut cache = Cache::default();
        let search =
            |entity: &str| format!("/search?entity-type={entity}&start-index=0&max-results=-1&expand={entity}");
        let users = asking.ask("POST", &search("user"), super::XML, EVERYBODY).await.xml();
        let groups = asking.ask("POST", &search("group"), super::XML, EVERYBODY).await.xml();
        let memberships = asking.xml("/group/membership").await;
        for element in &users.children {
            let user = user(element);
            assert!(cache.users.insert(lower(&user.name), user).is_none(), "two users with one name");
        }
        for name in names(&groups) {
            assert!(cache.groups.insert(lower(&name), name).is_none(), "two groups with one name");
        }
        for membership in &memberships.children {
            let group = lower(membership.attribute("group").unwrap());
            for user in names(membership.child("users").unwrap()) {
                cache.users_in.insert((group.clone(), lower(&user)));
            }
            for child in names(membership.child("groups").unwrap()) {
                cache.groups_in.insert((group.clone(), lower(&child)));
            }
        }
        let known = |pair: &(String, String)| cache.groups.contains_key(&pair.0);
        assert!(cache.users_in.iter().all(|pair| known(pair) && cache.users.contains_key(&pair.1)));
        assert!(cache.groups_in.iter().all(|pair| known(pair) && cache.groups.contains_key(&pair.1)));
        cache
    }

    /// What changed, as events. `by_key` is a product that knows users by their keys, others know names alone.
    pub(super) fn hear(&mut self, events: &Element, by_key: bool) {
        for event in &events.children {
            let operation = event.child("operation").unwrap().text.as_str();
            assert_eq!(event.attribute("operation"), Some(operation));
            match event.name.as_str() {
                "userEvent" => self.hear_user(event.child("user").unwrap(), operation, by_key),
                "groupEvent" => self.hear_group(event.child("group").unwrap(), operation),
                "userMembershipEvent" => self.hear_user_membership(event),
                "groupMembershipEvent" => self.hear_group_membership(event),
                other => panic!("{other}"),
            }
        }
    }

    fn hear_user(&mut self, element: &Element, operation: &str, by_key: bool) {
        let name = lower(element.attribute("name").unwrap());
        if operation == "DELETED" {
            // One that is not there is passed over.
            self.users.remove(&name);
            self.users_in.retain(|(_, user)| *user != name);
            return;
        }
        let user = user(element);
        let old = self.users.values().find(|known| known.key == user.key).map(|known| lower(&known.name));
        if let Some(old) = old.filter(|old| by_key && *old != name) {
            assert!(!self.users.contains_key(&name), "a rename to a name that is taken");
            self.users.remove(&old);
            let moved = |(group, user): (String, String)| (group, if user == old { name.clone() } else { user });
            self.users_in = std::mem::take(&mut self.users_in).into_iter().map(moved).collect();
        }
        assert!(!by_key || self.users.get(&name).is_none_or(|known| known.key == user.key));
        self.users.insert(name, user);
    }

    fn hear_group(&mut self, element: &Element, operation: &str) {
        let name = element.attribute("name").unwrap().to_owned();
        match operation {
            "DELETED" => {
                self.groups.remove(&lower(&name));
                self.users_in.retain(|(group, _)| *group != lower(&name));
                self.groups_in.retain(|(group, child)| ![group, child].contains(&&lower(&name)));
            }
            _ => {
                self.groups.insert(lower(&name), name);
            }
        }
    }

    fn hear_user_membership(&mut self, event: &Element) {
        assert_eq!(event.attribute("absolute"), Some("true"));
        let user = lower(event.child("childUser").unwrap().attribute("name").unwrap());
        assert!(self.users.contains_key(&user));
        self.users_in.retain(|(_, known)| *known != user);
        for group in names(event.child("parentGroups").unwrap()) {
            assert!(self.groups.contains_key(&lower(&group)), "{group}");
            self.users_in.insert((lower(&group), user.clone()));
        }
    }

    fn hear_group_membership(&mut self, event: &Element) {
        let group = lower(event.child("group").unwrap().attribute("name").unwrap());
        assert!(self.groups.contains_key(&group));
        self.groups_in.retain(|(parent, child)| ![parent, child].contains(&&group));
        for parent in names(event.child("parentGroups").unwrap()) {
            self.groups_in.insert((lower(&parent), group.clone()));
        }
        for child in names(event.child("childGroups").unwrap()) {
            self.groups_in.insert((group.clone(), lower(&child)));
        }
        let known =
            |(parent, child): &(String, String)| self.groups.contains_key(parent) && self.groups.contains_key(child);
        assert!(self.groups_in.iter().all(known));
    }
}

/// The token of a client that begins to listen.
pub(super) async fn token(asking: &Asking<'_>) -> String {
    let events = asking.xml("/event").await;
    assert_eq!(events.attribute("incrementalSynchronisationAvailable"), Some("true"));
    events.attribute("newEventToken").unwrap().to_owned()
}

/// What changed since a token, and the next token; `None`: it is worth nothing any more.
pub(super) async fn since(asking: &Asking<'_>, token: &str) -> Option<(Element, String)> {
    let reply = asking.get(&format!("/event/{token}")).await;
    if reply.status != 200 {
        assert_eq!((reply.status, reply.reason().as_str()), (400, "EVENT_TOKEN_EXPIRED"));
        return None;
    }
    let events = reply.xml();
    let next = events.attribute("newEventToken").unwrap().to_owned();
    Some((events, next))
}

fn user(element: &Element) -> User {
    let text = |name: &str| element.child(name).unwrap().text.clone();
    User {
        name: element.attribute("name").unwrap().to_owned(),
        key: text("key"),
        display_name: text("display-name"),
        email: text("email"),
        active: text("active") == "true",
    }
}

fn lower(name: &str) -> String {
    name.to_lowercase()
}
