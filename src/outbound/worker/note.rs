//! What is noted of one user or group: what the target has of it, what is about to be done, what became of that, and what cannot be done.

use super::resource::{Another, Subject};
use super::task::{Ended, Task};
use crate::directory::keys;
use crate::directory::target::state::Note;
use crate::directory::target::stored::{Known, Membership, Trouble};
use crate::limits;
use crate::outbound::call::Called;
use crate::outbound::pace;
use crate::outbound::plan::{self, Act, Begun, Effect, KnownGroup, KnownUser, Step};
use crate::scim::errors::{Error, Kind as ErrorKind};
use crate::store::Snapshot;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

/// What a step makes at the target, until its outcome is noted.
pub(super) struct Made {
    state: Value,
    calls: Vec<String>,
}

impl Task {
    /// What is known of a user or group.
    pub(super) async fn known<T: DeserializeOwned>(
        &self,
        snapshot: &Snapshot,
        code: u8,
        id: Uuid,
    ) -> Result<Option<T>, Error> {
        let known = self.site().known(snapshot, code, id).await?;
        known.filter(|known| !known.state.is_null()).map(|known| read(known.state)).transpose()
    }

    /// Notes before a step what nobody can be sure of until its outcome is noted.
    pub(super) async fn note_begun(&self, subject: &Subject, step: &Step) -> Result<(), Error> {
        let id = subject.id;
        let notes = match plan::begun(step) {
            Begun::Nothing => return Ok(()),
            Begun::Step => return self.note_pending(subject, self.made(step)?).await,
            Begun::User(known) => {
                let mut notes = vec![self.note_doubted(keys::USER, id, &known).await?];
                if let Act::Release(_, group) = &step.act {
                    let membership = Membership { epoch: self.state().epoch, doubt: true };
                    let groups = self.groups_named(id, group).await?;
                    notes.extend(groups.into_iter().map(|group| Note::Member(group, id, Some(membership))));
                }
                notes
            }
            Begun::Group(known) => vec![self.note_doubted(keys::GROUP, id, &known).await?],
            Begun::Members(members) => {
                let membership = Membership { epoch: self.state().epoch, doubt: true };
                let ours = members.into_iter().filter(|member| !member.is_nil());
                ours.map(|member| Note::Member(id, member, Some(membership))).collect()
            }
        };
        self.site().note(&notes).await
    }

    /// What is known of something about which there are doubts. It may still be called as it was when there were others.
    async fn note_doubted(&self, code: u8, id: Uuid, state: &(impl Serialize + Called)) -> Result<Note, Error> {
        let snapshot = self.directory.snapshot().await?;
        let before = self.site().known(&snapshot, code, id).await?.unwrap_or_default();
        let mut row = self.row(state)?;
        add(&mut row.calls, before.calls);
        Ok(Note::Known(code, id, Some(row)))
    }

    /// Notes that something is about to be made; `None`: that it was refused.
    pub(super) async fn note_pending(&self, subject: &Subject, made: Option<Made>) -> Result<(), Error> {
        let snapshot = self.directory.snapshot().await?;
        let (code, id) = (subject.code, subject.id);
        let before = self.site().known(&snapshot, code, id).await?.unwrap_or_default();
        let (pending, pending_calls) = made.map(|made| (made.state, made.calls)).unwrap_or_default();
        if before.pending == pending {
            return Ok(());
        }
        let mut calls = match (code, before.state.is_null()) {
            (_, true) => Vec::new(),
            (keys::USER, false) => read::<KnownUser>(before.state.clone())?.calls(self.shown.target.kind),
            (_, false) => read::<KnownGroup>(before.state.clone())?.calls(self.shown.target.kind),
        };
        add(&mut calls, pending_calls);
        let is_nothing = before.state.is_null() && pending.is_null();
        let after = Known { epoch: self.state().epoch, state: before.state, pending, calls };
        self.site().note(&[Note::Known(code, id, (!is_nothing).then_some(after))]).await
    }

    /// Notes that a step was refused, and nothing came of it.
    pub(super) async fn note_refused(&self, subject: &Subject, step: &Step) -> Result<(), Error> {
        match self.made(step)? {
            Some(_) => self.note_pending(subject, None).await,
            None => self.site().note(&self.notes(subject, plan::refused(step)).await?).await,
        }
    }

    /// What a step makes at the target, if it makes something.
    pub(super) fn made(&self, step: &Step) -> Result<Option<Made>, Error> {
        let kind = self.shown.target.kind;
        let (state, calls) = match (&step.act, &step.after) {
            (Act::CreateUser(user), _) => (serde_json::to_value(user), user.calls(kind)),
            (Act::CreateGroup(_), Effect::NewGroup { group, .. }) => (serde_json::to_value(group), group.calls(kind)),
            _ => return Ok(None),
        };
        Ok(Some(Made { state: state.map_err(|_| damaged())?, calls }))
    }

    /// The row of what is known.
    pub(super) fn row(&self, state: &(impl Serialize + Called)) -> Result<Known, Error> {
        let calls = state.calls(self.shown.target.kind);
        let state = serde_json::to_value(state).map_err(|_| damaged())?;
        Ok(Known { epoch: self.state().epoch, state, pending: Value::Null, calls })
    }

    /// Nothing waits of the resource any more, but for what cannot be done there at all.
    pub(super) async fn settle(&self, subject: &Subject, trouble: Option<String>) -> Result<(), Ended> {
        self.works();
        if let Some(why) = trouble {
            return self.fail(subject, &why, Another::Never).await;
        }
        let snapshot = self.directory.snapshot().await?;
        let (site, code, id) = (self.site(), subject.code, subject.id);
        let mut notes = Vec::new();
        if site.trouble(&snapshot, code, id).await?.is_some() {
            notes.push(Note::Trouble(code, id, None));
        }
        if site.hold(&snapshot, code, id).await?.is_some() {
            notes.push(Note::Hold(code, id, None));
        }
        Ok(site.note(&notes).await?)
    }

    /// Notes what a step changed, with the count of destructive steps where it is one.
    pub(super) async fn note_effect(
        &self,
        subject: &Subject,
        step: &Step,
        effect: Effect,
        counts: bool,
    ) -> Result<(), Ended> {
        let mut notes = self.notes(subject, effect).await?;
        if let Act::Release(_, group) = &step.act {
            let groups = self.groups_named(subject.id, group).await?;
            notes.extend(groups.into_iter().map(|group| Note::Member(group, subject.id, None)));
        }
        if counts {
            let state = self.state().clone();
            notes.push(Note::State(Box::new(state)));
        }
        Ok(self.site().note(&notes).await?)
    }

    async fn notes(&self, subject: &Subject, effect: Effect) -> Result<Vec<Note>, Error> {
        let membership = Membership { epoch: self.state().epoch, doubt: false };
        let id = subject.id;
        Ok(match effect {
            Effect::Nothing => Vec::new(),
            Effect::User(Some(known)) => vec![Note::Known(keys::USER, id, Some(self.row(&known)?))],
            Effect::User(None) => self.gone(id).await?,
            Effect::Group(Some(known)) => vec![Note::Known(keys::GROUP, id, Some(self.row(&known)?))],
            Effect::Group(None) => {
                self.forget_members(id).await?;
                [self.gone_member(id).await?, vec![Note::Known(keys::GROUP, id, None)]].concat()
            }
            Effect::NewGroup { group, read } => {
                let group = KnownGroup { unread: read, ..group };
                self.forget_members(id).await?;
                [self.gone_member(id).await?, vec![Note::Known(keys::GROUP, id, Some(self.row(&group)?))]].concat()
            }
            Effect::Members { added, removed } => {
                let is_ours = |member: &Uuid| !member.is_nil();
                let added = added.into_iter().filter(is_ours).map(|one| Note::Member(id, one, Some(membership)));
                let removed = removed.into_iter().filter(is_ours).map(|one| Note::Member(id, one, None));
                added.chain(removed).collect()
            }
            Effect::Missing(members) => {
                let mut notes = Vec::new();
                for member in members {
                    notes.extend(self.lost(member).await?);
                }
                notes
            }
        })
    }

    /// The target does not find somebody who was to be a member by what is known of him. He may be there under another name, so that he stays
    /// known, with doubts about him and his memberships, and is planned again by himself.
    async fn lost(&self, member: Uuid) -> Result<Vec<Note>, Error> {
        let snapshot = self.directory.snapshot().await?;
        let group: Option<KnownGroup> = self.known(&snapshot, keys::GROUP, member).await?;
        let user: Option<KnownUser> = self.known(&snapshot, keys::USER, member).await?;
        let (code, doubted) = match (group, user) {
            (Some(mut group), _) => {
                group.doubt.get_or_insert_default();
                (keys::GROUP, Some(self.row(&group)?))
            }
            (None, Some(mut user)) => {
                user.doubt.get_or_insert_default();
                (keys::USER, Some(self.row(&user)?))
            }
            (None, None) => (keys::USER, None),
        };
        let in_doubt = Membership { epoch: self.state().epoch, doubt: true };
        let groups = self.site().memberships(&snapshot, member).await?;
        let mut notes: Vec<Note> =
            groups.into_iter().map(|group| Note::Member(group, member, Some(in_doubt))).collect();
        notes.push(Note::Known(code, member, doubted));
        notes.push(self.soon(&snapshot, code, member).await?);
        Ok(notes)
    }

    /// The target was found without something that it was believed to have: that is planned again by itself, also after a crash; if it is
    /// always the same, after pauses.
    pub(super) async fn soon(&self, snapshot: &Snapshot, code: u8, id: Uuid) -> Result<Note, Error> {
        let now_ms = self.now_ms();
        let before = self.site().trouble(snapshot, code, id).await?.unwrap_or_default();
        let attempts = before.attempts.saturating_add(1);
        let pause_ms = if before.attempts == 0 { 0 } else { pace::pause_ms(attempts, now_ms.unsigned_abs()) };
        let trouble = Trouble {
            reason: "the target has lost it".to_owned(),
            attempts,
            first_ms: if before.attempts == 0 { now_ms } else { before.first_ms },
            last_ms: now_ms,
            next_ms: (attempts < limits::TARGET_ATTEMPTS_MAX).then(|| now_ms.saturating_add(pause_ms)),
            ..before
        };
        Ok(Note::Trouble(code, id, Some(trouble)))
    }

    /// The target has nothing of a user any more.
    async fn gone(&self, id: Uuid) -> Result<Vec<Note>, Error> {
        Ok([self.gone_member(id).await?, vec![Note::Known(keys::USER, id, None)]].concat())
    }

    /// Nobody is in a group any more who does not exist there.
    async fn gone_member(&self, id: Uuid) -> Result<Vec<Note>, Error> {
        let snapshot = self.directory.snapshot().await?;
        let groups = self.site().memberships(&snapshot, id).await?;
        Ok(groups.into_iter().map(|group| Note::Member(group, id, None)).collect())
    }

    /// The groups of this name that a user is in.
    async fn groups_named(&self, id: Uuid, name: &str) -> Result<Vec<Uuid>, Error> {
        let snapshot = self.directory.snapshot().await?;
        let mut named = Vec::new();
        for group in self.site().memberships(&snapshot, id).await? {
            let known: Option<KnownGroup> = self.known(&snapshot, keys::GROUP, group).await?;
            if known.is_some_and(|known| known.name.eq_ignore_ascii_case(name)) {
                named.push(group);
            }
        }
        Ok(named)
    }

    /// Nothing is known of a group's members any more; in bounded batches.
    pub(super) async fn forget_members(&self, group: Uuid) -> Result<(), Error> {
        loop {
            let snapshot = self.directory.snapshot().await?;
            let page = self.site().members(&snapshot, group, None, limits::TARGET_ROWS).await?;
            if page.rows.is_empty() {
                return Ok(());
            }
            let notes: Vec<Note> = page.rows.iter().map(|(_, member, _)| Note::Member(group, *member, None)).collect();
            self.site().note(&notes).await?;
        }
    }

    /// Notes that something of the resource cannot be done.
    pub(super) async fn fail(&self, subject: &Subject, why: &str, another: Another) -> Result<(), Ended> {
        let (site, code, id, now_ms) = (self.site(), subject.code, subject.id, self.now_ms());
        let snapshot = self.directory.snapshot().await?;
        let before = site.trouble(&snapshot, code, id).await?.unwrap_or_default();
        let attempts = before.attempts.saturating_add(1);
        let next_ms = match another {
            Another::Later if attempts < limits::TARGET_ATTEMPTS_MAX => {
                let seed = id.as_u64_pair().1 ^ now_ms.unsigned_abs();
                Some(now_ms.saturating_add(pace::pause_ms(attempts, seed)))
            }
            Another::Patiently => {
                let seed = id.as_u64_pair().1 ^ now_ms.unsigned_abs();
                Some(now_ms.saturating_add(pace::pause_ms(attempts.min(limits::TARGET_ATTEMPTS_MAX), seed)))
            }
            Another::Sometimes => Some(now_ms.saturating_add(limits::TARGET_SEAT_MS)),
            Another::Later | Another::Never => None,
        };
        let reason = why.get(..why.floor_char_boundary(limits::TARGET_REASON_BYTES_MAX)).unwrap_or_default().to_owned();
        let first_ms = if before.attempts == 0 && before.first_ms == 0 { now_ms } else { before.first_ms };
        let display = match subject.display.is_empty() {
            true => before.display.clone(),
            false => subject.display.clone(),
        };
        let trouble = Trouble { reason, display, attempts, first_ms, last_ms: now_ms, next_ms };
        site.note(&[Note::Trouble(code, id, Some(trouble))]).await?;
        self.progress().failed += 1;
        Ok(())
    }
}

/// Adds calls that are not among others; of too many the first ones, which are the newest.
fn add(calls: &mut Vec<String>, others: Vec<String>) {
    for other in others {
        if !calls.contains(&other) && calls.len() < limits::TARGET_CALLS_OF_ONE_MAX {
            calls.push(other);
        }
    }
}

/// What is known, out of its row.
pub(super) fn read<T: DeserializeOwned>(state: Value) -> Result<T, Error> {
    serde_json::from_value(state).map_err(|_| damaged())
}

fn damaged() -> Error {
    Error::new(ErrorKind::Internal, "what is known of a target cannot be read")
}
