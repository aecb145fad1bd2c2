//! Telling a client that knows an earlier moment what is otherwise now. A token names the moment, and what it was seen by: with another
//! filter, another mapping or other definitions it is worth nothing, nor once the journal begins later.
//!
//! A journal lives as long as the process. A token from before it is good as long as the change log has nothing since.

use super::build::Source;
use super::journal::Difference;
use super::{Sight, Sights, advance};
use crate::directory::application::Application;
use crate::directory::log::{self, Bounds, Position};
use crate::directory::record::Change;
use crate::directory::refused::Refused;
use crate::directory::{Directory, position};
use crate::scim::errors::{Error, Kind};
use crate::scim::fold::fold;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// What is otherwise, in the order in which a client does best to hear it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// Names of groups that are no more.
    pub groups_gone: Vec<Arc<str>>,
    /// Names of users that are no more.
    pub users_gone: Vec<Arc<str>>,
    /// Users that have another name now. No name is used again before its holder gave it up.
    pub users_renamed: Vec<Uuid>,
    /// Users that are new.
    pub users_new: Vec<Uuid>,
    /// Users that are otherwise, but for their names.
    pub users_changed: Vec<Uuid>,
    /// Groups that are new, or have another name now.
    pub groups_new: Vec<Uuid>,
    /// Groups that are otherwise, but for their names.
    pub groups_changed: Vec<Uuid>,
    /// Names that renamed users gave up and nobody has now, for clients that know users by nothing else.
    pub names_left: Vec<Arc<str>>,
    /// Users whose groups may be others.
    pub users_moved: Vec<Uuid>,
    /// Groups whose nesting may be another one.
    pub groups_moved: Vec<Uuid>,
}

/// The kind of places that tokens are.
const PLACE: u8 = b'c';

impl Sights {
    /// The token of a client that begins to listen. Where one has begun to read everything a while ago, it begins there.
    pub async fn token(&self, directory: &Directory, application: &Arc<Application>) -> Result<String, Error> {
        let slot = self.slot(application);
        let mut kept = slot.lock().await;
        let sight = advance(directory, application, &mut kept).await?;
        kept.forget_reads();
        let oldest = kept.reads.iter().map(|(_, revision)| *revision).min();
        Ok(sight.token_at(oldest.unwrap_or(sight.revision())))
    }

    /// What is otherwise since the moment of a token, and the sight that has it; `None`: everything has to be read again.
    pub async fn since(
        &self,
        directory: &Directory,
        application: &Arc<Application>,
        token: &str,
    ) -> Result<Option<(Sight, Story)>, Error> {
        let slot = self.slot(application);
        let mut kept = slot.lock().await;
        let sight = advance(directory, application, &mut kept).await?;
        let Some(moment) = sight.moment(token) else { return Ok(None) };
        let Some(state) = &kept.state else { return Ok(None) };
        let moment = match moment < state.journal.start() && is_quiet(&sight, moment, state.journal.start()).await? {
            true => state.journal.start(),
            false => moment,
        };
        let difference = state.journal.since(moment);
        drop(kept);
        let story = difference.and_then(|difference| tell(&sight, difference));
        Ok(story.map(|story| (sight, story)))
    }
}

impl Sight {
    /// The token of this moment.
    pub fn token(&self) -> String {
        self.token_at(self.revision())
    }

    fn token_at(&self, revision: u64) -> String {
        position::write(PLACE, &[&self.binding()[..], &revision.to_be_bytes()].concat())
    }

    fn moment(&self, token: &str) -> Option<u64> {
        let place = position::read(PLACE, token)?;
        let revision = place.strip_prefix(&self.binding()[..])?;
        let revision = u64::from_be_bytes(revision.try_into().ok()?);
        // A later one is of a database that was replaced by an older one since.
        (revision <= self.revision()).then_some(revision)
    }

    fn binding(&self) -> [u8; 16] {
        let application = self.application();
        let mut hash = Sha256::new();
        for number in [application.revision, application.tokens_epoch, application.tenant.definitions.unwrap_or(0)] {
            hash.update(number.to_be_bytes());
        }
        hash.update(application.tenant.number.to_be_bytes());
        hash.update(application.name.as_bytes());
        let mut short = [0; 16];
        short.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        short
    }
}

/// Whether nothing changed between a moment and the start of the journal.
async fn is_quiet(sight: &Sight, moment: u64, start: u64) -> Result<bool, Error> {
    let source = Source { application: sight.application(), snapshot: sight.snapshot(), now_ms: sight.now_ms() };
    let position = Position::at(source.tenant(), moment);
    let bounds = Bounds { entries_max: 1, before_ms: None };
    match log::read::<Change>(source.snapshot, &position, |_| true, &bounds).await {
        Ok(chunk) => Ok(chunk.entries.first().is_none_or(|entry| entry.revision > start)),
        Err(Refused::Trimmed { .. }) => Ok(false),
        Err(Refused::Directory(error)) => Err(error),
        Err(refused) => Err(Error::new(Kind::Internal, refused.to_string())),
    }
}

/// Puts a difference into order; `None`: there is no order in which a client could follow.
fn tell(sight: &Sight, difference: Difference) -> Option<Story> {
    let (users, groups) = (&sight.index().users, &sight.index().groups);
    let mut story = Story::default();
    let mut moved: BTreeSet<Uuid> = difference.moved_users;
    let mut renamed: BTreeMap<Uuid, (Arc<str>, Arc<str>)> = BTreeMap::new();
    for (id, old) in difference.users {
        match (old, users.name(id).cloned()) {
            (None, None) => {}
            (None, Some(_)) => {
                story.users_new.push(id);
                moved.insert(id);
            }
            (Some(old), None) => story.users_gone.push(old),
            (Some(old), Some(new)) if old == new => story.users_changed.push(id),
            (Some(old), Some(new)) => {
                renamed.insert(id, (old, new));
                moved.insert(id);
            }
        }
    }
    let left = renamed.values().map(|(old, _)| old).filter(|old| users.find(old).is_none());
    story.names_left = left.cloned().collect();
    story.users_renamed = in_order(renamed)?;
    let mut moved_groups = difference.moved_groups;
    for (id, old) in difference.groups {
        match (old, groups.name(id).cloned()) {
            (None, None) => {}
            (Some(old), Some(new)) if old == new => story.groups_changed.push(id),
            (old, new) => {
                story.groups_gone.extend(old);
                if new.is_some() {
                    story.groups_new.push(id);
                    moved_groups.insert(id);
                }
            }
        }
    }
    story.users_moved = moved.into_iter().filter(|id| users.shows(*id)).collect();
    story.groups_moved = moved_groups.into_iter().filter(|id| groups.shows(*id)).collect();
    Some(story)
}

/// Renames in an order in which each name is free when it is taken; `None` where they go in a circle.
fn in_order(mut renamed: BTreeMap<Uuid, (Arc<str>, Arc<str>)>) -> Option<Vec<Uuid>> {
    let mut holders: BTreeMap<String, Uuid> =
        renamed.iter().map(|(id, (old, _))| (fold(old).into_owned(), *id)).collect();
    let mut ordered = Vec::with_capacity(renamed.len());
    while !renamed.is_empty() {
        let is_free = |id: &Uuid, new: &str| holders.get(fold(new).as_ref()).is_none_or(|holder| holder == id);
        let ready: Vec<Uuid> = renamed.iter().filter(|(id, (_, new))| is_free(id, new)).map(|(id, _)| *id).collect();
        if ready.is_empty() {
            return None;
        }
        for id in ready {
            if let Some((old, _)) = renamed.remove(&id) {
                holders.remove(fold(&old).as_ref());
            }
            ordered.push(id);
        }
    }
    Some(ordered)
}

#[cfg(test)]
mod tests;
