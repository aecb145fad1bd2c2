//! What a target has: requests and their answers, page by page, in each product's own way of paging. Pure: whoever sends the requests
//! hands the answers in.

use super::errand::{self, Verdict};
use super::plan::{Former, KnownGroup, KnownUser};
use super::request::{self, Reply, Request};
use super::{bitbucket, confluence, jira, scim};
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
    /// Groups, without what they were before.
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
    what: What,
    /// The names of groups that are to be looked up one by one.
    pub(super) wanted: Vec<String>,
    /// The group that is read or looked up.
    pub(super) current: Former,
    /// How many rows were read.
    pub(super) at: usize,
    /// No answer was heard yet.
    pub(super) is_first: bool,
    /// Groups are looked up, since the target does not list them all.
    pub(super) is_lookup: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Users,
    Groups,
    Members,
}

/// Reads all users.
pub fn users(kind: Kind) -> (Reading, Request) {
    let request = match kind {
        Kind::Jira => jira::users(),
        Kind::Confluence => confluence::users(0),
        Kind::Bitbucket => bitbucket::users(0),
        Kind::Scim | Kind::AtlassianCloud => scim::users(1),
    };
    (Reading::new(kind, What::Users), request)
}

/// Reads all groups, without their members. `wanted` are the names of the groups that matter: where a target does not list all of its
/// groups, these are looked up.
pub fn groups(kind: Kind, wanted: Vec<String>) -> (Reading, Request) {
    let request = match kind {
        Kind::Jira => jira::groups(),
        Kind::Confluence => confluence::groups(0),
        Kind::Bitbucket => bitbucket::groups(0),
        Kind::Scim | Kind::AtlassianCloud => scim::groups(1),
    };
    (Reading { wanted, ..Reading::new(kind, What::Groups) }, request)
}

/// Reads the members of a group.
pub fn members(kind: Kind, group: &Former) -> (Reading, Request) {
    let request = match kind {
        Kind::Jira => jira::members(&group.name),
        Kind::Confluence => confluence::members(&group.name, 0),
        Kind::Bitbucket => bitbucket::members(&group.name, 0),
        Kind::Scim | Kind::AtlassianCloud => scim::members(&group.id),
    };
    (Reading { current: group.clone(), ..Reading::new(kind, What::Members) }, request)
}

impl Reading {
    fn new(kind: Kind, what: What) -> Reading {
        let current = Former::default();
        Reading { kind, what, wanted: Vec::new(), current, at: 0, is_first: true, is_lookup: false }
    }

    /// What the answer to the last request told.
    ///
    /// # Errors
    /// `Busy`, `Failed` and `Refused` as of [`Verdict`]: the request may be sent again later.
    pub fn hear(&mut self, reply: &Reply<'_>) -> Result<Page, Box<Verdict>> {
        if let Some(busy) = errand::busy(reply) {
            return Err(Box::new(busy));
        }
        match reply.status {
            404 if self.what == What::Members => return Ok(Page { absent: true, ..Page::default() }),
            404 if self.is_lookup => {}
            401 | 403 => return Err(Box::new(Verdict::Refused(request::said(reply)))),
            _ if !reply.is_fine() => return Err(Box::new(Verdict::Failed(request::said(reply)))),
            // Whatever else answers with a page of its own, such as a proxy's, has told nothing.
            _ if !reply.json().is_object() => {
                return Err(Box::new(Verdict::Failed("the answer is not the JSON that was asked for".to_owned())));
            }
            _ => {}
        }
        let page = match (self.kind, self.what) {
            (Kind::Jira, What::Users) => jira::hear_users(reply),
            (Kind::Jira, What::Groups) if self.is_lookup => jira::hear_group_lookup(self, reply),
            (Kind::Jira, What::Groups) => jira::hear_groups(self, reply),
            (Kind::Jira, What::Members) => jira::hear_members(self, reply),
            (Kind::Confluence, What::Users) => confluence::hear_users(self, reply),
            (Kind::Confluence, What::Groups) => confluence::hear_groups(self, reply),
            (Kind::Confluence, What::Members) => confluence::hear_members(self, reply),
            (Kind::Bitbucket, What::Users) => bitbucket::hear_users(reply),
            (Kind::Bitbucket, What::Groups) => bitbucket::hear_groups(reply),
            (Kind::Bitbucket, What::Members) => bitbucket::hear_members(self, reply),
            (Kind::Scim | Kind::AtlassianCloud, What::Users) => scim::hear_users(self, reply),
            (Kind::Scim | Kind::AtlassianCloud, What::Groups) => scim::hear_groups(self, reply),
            (Kind::Scim | Kind::AtlassianCloud, What::Members) => scim::hear_members(reply),
        };
        Ok(page)
    }
}
