//! Going through what an application sees, a piece at a time, however much it is.

use super::Sight;
use super::build::{self, member_ids};
use super::index::Depth;
use crate::directory::keys;
use crate::limits;
use crate::scim::errors::Error;
use std::collections::{HashSet, VecDeque};
use uuid::Uuid;

/// Who is next.
pub enum Walk {
    /// Every user, the oldest first; after this one.
    Users(Option<Uuid>),
    /// Every group likewise.
    Groups(Option<Uuid>),
    /// These.
    Listed(VecDeque<Uuid>),
    /// The users in a group.
    Members(Members),
}

/// The users in a group and in what is seen through, or in all that is in it.
pub struct Members {
    /// The groups that are still to be read, the one at work last.
    sources: Vec<Uuid>,
    after: Option<Vec<u8>>,
    /// Who was met already, where that can happen.
    met: Option<HashSet<Uuid>>,
}

impl Walk {
    /// The users in a group.
    pub fn members(sight: &Sight, group: Uuid, depth: Depth) -> Walk {
        let sources = sight.index().sources(group, depth);
        let met = (sources.len() > 1).then(HashSet::new);
        Walk::Members(Members { sources, after: None, met })
    }

    /// The next that the application sees; none at the end.
    pub async fn next(&mut self, sight: &Sight) -> Result<Option<Vec<Uuid>>, Error> {
        match self {
            Walk::Users(after) => Ok(page(after, |after| sight.index().users.after(after).map(|(id, _)| id))),
            Walk::Groups(after) => Ok(page(after, |after| sight.index().groups.after(after).map(|(id, _)| id))),
            Walk::Listed(ids) => {
                let some: Vec<Uuid> = ids.drain(..ids.len().min(limits::CROWD_ROWS)).collect();
                Ok((!some.is_empty()).then_some(some))
            }
            Walk::Members(members) => members.next(sight).await,
        }
    }
}

fn page<I: Iterator<Item = Uuid>>(after: &mut Option<Uuid>, of: impl FnOnce(Option<Uuid>) -> I) -> Option<Vec<Uuid>> {
    let ids: Vec<Uuid> = of(*after).take(limits::CROWD_ROWS).collect();
    *after = ids.last().copied().or(*after);
    (!ids.is_empty()).then_some(ids)
}

impl Members {
    async fn next(&mut self, sight: &Sight) -> Result<Option<Vec<Uuid>>, Error> {
        while let Some(group) = self.sources.last() {
            let generation = sight.index().generation(*group).unwrap_or_default();
            let prefix = keys::members(sight.tenant(), *group, generation);
            match member_ids(sight.snapshot(), &prefix, &mut self.after).await? {
                Some(mut ids) => {
                    ids.retain(|id| sight.index().users.shows(*id));
                    if let Some(met) = &mut self.met {
                        ids.retain(|id| met.insert(*id));
                    }
                    if !ids.is_empty() {
                        return Ok(Some(ids));
                    }
                }
                None => {
                    self.sources.pop();
                    self.after = None;
                }
            }
        }
        Ok(None)
    }
}

impl Sight {
    /// The groups that a user is in, the oldest first.
    pub async fn groups_of(&self, user: Uuid, depth: Depth) -> Result<Vec<Uuid>, Error> {
        let parents = build::parents(self.snapshot(), self.tenant(), self.index(), user).await?;
        Ok(self.index().above(parents, depth))
    }

    /// The groups that a group is in, the oldest first.
    pub fn groups_above(&self, group: Uuid, depth: Depth) -> Vec<Uuid> {
        let mut above = self.index().above(self.index().parents(group), depth);
        above.retain(|other| *other != group);
        above
    }
}
