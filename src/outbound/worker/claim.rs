//! Names at a target that somebody else of the directory has there, or may have. Whoever has one and is to have it no longer is brought into
//! line first; so that nobody takes over the account of somebody else who is only to be renamed, and nothing that is sent about one of them
//! by his name is about the other.

use super::resource::Subject;
use super::task::{Ended, Task};
use crate::directory::keys;
use crate::directory::target::state::Note;
use crate::directory::target::stored::Membership;
use crate::limits;
use crate::outbound::call;
use crate::outbound::plan::{Act, Effect, Step};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use uuid::Uuid;

/// Whether a name or an account there can be somebody's.
pub(super) enum Claim {
    /// It is nobody else's.
    Free,
    /// It was somebody else's, and is not any more.
    Freed,
    /// It is somebody else's, for this reason.
    Refused(String),
}

/// Whose turn it is: nobody brings a user or group into line while somebody else does.
#[derive(Default)]
pub(super) struct Turns {
    /// Who has his turn, and who else has to be brought into line for his sake now.
    taken: Mutex<BTreeMap<Uuid, Option<Uuid>>>,
    given_back: Notify,
}

/// The turn of one user or group, until it is dropped.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    id: Uuid,
    /// For whose sake.
    sake: Option<Uuid>,
}

impl Turns {
    /// Waits for the turn.
    pub(super) async fn wait(&self, id: Uuid) -> Turn<'_> {
        loop {
            let given_back = self.given_back.notified();
            match self.free(id) {
                Some(turn) => return turn,
                None => given_back.await,
            }
        }
    }

    /// The turn, unless somebody has it.
    pub(super) fn free(&self, id: Uuid) -> Option<Turn<'_>> {
        match self.taken().entry(id) {
            Entry::Occupied(_) => None,
            Entry::Vacant(free) => {
                free.insert(None);
                Some(Turn { turns: self, id, sake: None })
            }
        }
    }

    /// Waits for the turn of another one, for the sake of `id`, who has his; unless that one waits for him, or too many wait.
    async fn claim(&self, id: Uuid, other: Uuid) -> Option<Turn<'_>> {
        loop {
            let given_back = self.given_back.notified();
            {
                let mut taken = self.taken();
                let waiting = taken.iter().filter(|(who, sake)| **who != id && sake.is_some()).count();
                if waiting >= limits::TARGET_CLAIMS_MAX || waits_for(&taken, other, id) {
                    return None;
                }
                taken.insert(id, Some(other));
                if let Entry::Vacant(free) = taken.entry(other) {
                    free.insert(None);
                    return Some(Turn { turns: self, id: other, sake: Some(id) });
                }
            }
            given_back.await;
        }
    }

    fn taken(&self) -> MutexGuard<'_, BTreeMap<Uuid, Option<Uuid>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut taken = self.turns.taken();
        taken.remove(&self.id);
        if let Some(other) = self.sake.and_then(|sake| taken.get_mut(&sake)) {
            *other = None;
        }
        drop(taken);
        self.turns.given_back.notify_waiters();
    }
}

/// Whether one waits for another one, or for somebody who does.
fn waits_for(taken: &BTreeMap<Uuid, Option<Uuid>>, who: Uuid, whom: Uuid) -> bool {
    let mut next = Some(who);
    std::iter::from_fn(|| {
        next = taken.get(&next?).copied().flatten();
        next
    })
    .take(taken.len())
    .any(|waited_for| waited_for == whom)
}

impl Task {
    /// Makes the name free that a step gives to a user or group.
    pub(super) async fn claim_name(&self, subject: &Subject, step: &Step) -> Result<Claim, Ended> {
        let what = format!("the name \"{}\"", step.gives_name().unwrap_or_default());
        self.claim(subject, self.call_given(subject.code, step), &what).await
    }

    /// Whether the name that a step gives is somebody else's.
    pub(super) async fn is_anothers_name(&self, subject: &Subject, step: &Step) -> Result<bool, Ended> {
        match self.call_given(subject.code, step) {
            Some(call) => Ok(self.other_called(subject, &call).await?.is_some()),
            None => Ok(false),
        }
    }

    fn call_given(&self, code: u8, step: &Step) -> Option<String> {
        let name = step.gives_name()?;
        if code == keys::USER { call::by_user_name(name) } else { call::by_group_name(self.shown.target.kind, name) }
    }

    /// What was to be made was there already: whether it is nobody else's.
    pub(super) async fn claim_found(&self, subject: &Subject, step: &Step, effect: &Effect) -> Result<Claim, Ended> {
        let call = match (&step.act, effect) {
            (Act::CreateUser(_), Effect::User(Some(found))) => call::by_id(&found.id),
            (Act::CreateGroup(_), Effect::NewGroup { group, .. }) => call::by_id(&group.id),
            _ => None,
        };
        self.claim(subject, call, "what is there by this name").await
    }

    /// Whoever else is called so there is brought into line. Once that is done, what there is of somebody who is gone is forgotten: it is
    /// found there and taken over like anything else that is there.
    async fn claim(&self, subject: &Subject, call: Option<String>, what: &str) -> Result<Claim, Ended> {
        let Some(call) = call else { return Ok(Claim::Free) };
        let Some(other) = self.other_called(subject, &call).await? else { return Ok(Claim::Free) };
        let kind = if subject.code == keys::USER { "user" } else { "group" };
        let refused = |why: &str| Ok(Claim::Refused(format!("{what} is that of the {kind} {other} there, {why}")));
        let Some(_turn) = self.turns.claim(subject.id, other).await else { return refused("which waits for this one") };
        match subject.code {
            keys::USER => Box::pin(self.user_in_turn(other)).await?,
            _ => drop(Box::pin(self.group_itself(other)).await?),
        }
        if self.other_called(subject, &call).await?.is_none() {
            return Ok(Claim::Freed);
        }
        let (site, code) = (self.site(), subject.code);
        let snapshot = self.directory.snapshot().await?;
        if self.is_wanted(&snapshot, code, other).await? {
            return refused("which is still to have it, or could not be renamed");
        }
        let is_pending = site.known(&snapshot, code, other).await?.is_some_and(|known| !known.pending.is_null());
        let is_in_trouble = site.trouble(&snapshot, code, other).await?.is_some();
        if is_pending || is_in_trouble || site.hold(&snapshot, code, other).await?.is_some() {
            return refused("which is to go and has not gone yet");
        }
        if code == keys::GROUP {
            self.forget_members(other).await?;
        }
        // Whatever is left of memberships comes with the account.
        let in_doubt = Membership { epoch: self.state().epoch, doubt: true };
        let mut notes = vec![Note::Known(code, other, None)];
        for group in site.memberships(&snapshot, other).await? {
            notes.push(Note::Member(group, other, None));
            notes.push(Note::Member(group, subject.id, Some(in_doubt)));
        }
        site.note(&notes).await?;
        Ok(Claim::Freed)
    }

    /// Who else is called so there, or may be.
    pub(super) async fn other_called(&self, subject: &Subject, call: &str) -> Result<Option<Uuid>, Ended> {
        let snapshot = self.directory.snapshot().await?;
        let called = self.site().called(&snapshot, subject.code, call).await?;
        Ok(called.filter(|other| *other != subject.id))
    }
}

#[cfg(test)]
mod tests;
