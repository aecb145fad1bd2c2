//! One user or one group: what the target should have of it and what it has are compared, and the steps between the two are taken, each
//! noted before the next. What cannot be done is noted with its reason and stops nobody else. Whatever happens between two steps, doing the
//! same again ends in the same state.

use super::scope::Wanted;
use super::task::{Ended, Task};
use crate::directory::keys;
use crate::directory::target::progress::Step as Told;
use crate::directory::target::state::Note;
use crate::directory::target::stored::{Hold, Kind, Known, Membership, Trouble};
use crate::limits;
use crate::outbound::capability;
use crate::outbound::errand::{self, Verdict};
use crate::outbound::pace;
use crate::outbound::plan::{self, Act, Effect, KnownGroup, KnownUser, Member, Step};
use crate::scim::errors::{Error, Kind as ErrorKind};
use crate::store::Snapshot;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a step is about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) code: u8,
    pub(super) id: Uuid,
    /// What people call it.
    pub(super) display: String,
}

/// What became of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// All are done.
    All,
    /// The target turned out to be other than it was believed to be: the resource is to be planned again.
    Again,
    /// One cannot be done, now or ever, which is noted.
    Failed,
    /// One waits for an approval.
    Held,
}

/// What became of one step.
enum Did {
    Done {
        effect: Effect,
        again: bool,
    },
    Instead(Vec<Step>),
    /// Why not, and when there is to be another attempt.
    Failed(String, Another),
}

/// When there is another attempt.
#[derive(Clone, Copy)]
enum Another {
    /// After a pause that grows, a few times.
    Later,
    /// Once in a while, for as long as it takes.
    Sometimes,
    /// Not by itself.
    Never,
}

impl Task {
    /// Brings a user into line, and his membership of groups that the target has.
    pub(super) async fn user(&self, id: Uuid) -> Result<(), Ended> {
        let (kind, policy) = (self.shown.target.kind, &self.shown.target.policy);
        for _ in 0..limits::TARGET_PLANS_OF_ONE_MAX {
            let snapshot = self.directory.snapshot().await?;
            if let Some(step) = self.unfinished(&snapshot, keys::USER, id).await? {
                let subject = Subject { code: keys::USER, id, display: String::new() };
                match self.take(&subject, vec![step]).await? {
                    Taken::All | Taken::Again => continue,
                    Taken::Failed | Taken::Held => return Ok(()),
                }
            }
            let known: Option<KnownUser> = self.known(&snapshot, keys::USER, id).await?;
            let wanted = self.scope.user(&snapshot, id, self.now_ms()).await?;
            let (wanted, name) = match wanted {
                Wanted::This(user) => (Some(user.clone()), user.person.name),
                Wanted::Nothing => (None, known.as_ref().map(|known| known.name.clone()).unwrap_or_default()),
                Wanted::Unclear(why) => {
                    let display = known.map(|known| known.name).unwrap_or_default();
                    return self.unclear(&Subject { code: keys::USER, id, display }, &why).await;
                }
            };
            let plan = plan::user(kind, policy, known.as_ref(), wanted.as_ref());
            let subject = Subject { code: keys::USER, id, display: name };
            if plan.steps.iter().any(|step| matches!(step.act, Act::DeleteUser(_))) && is_scim(kind) {
                // Servers need not take whom they delete out of his groups.
                self.pairs(keys::USER, id).await?;
            }
            match self.take(&subject, plan.steps).await? {
                Taken::All => {
                    self.settle(&subject, plan.trouble).await?;
                    return self.pairs(keys::USER, id).await;
                }
                Taken::Again => {}
                Taken::Failed | Taken::Held => return Ok(()),
            }
        }
        let subject = Subject { code: keys::USER, id, display: String::new() };
        self.fail(&subject, "the target is another one each time it is looked at", Another::Later).await
    }

    /// Takes steps, each noted before the next one.
    pub(super) async fn take(&self, subject: &Subject, steps: Vec<Step>) -> Result<Taken, Ended> {
        let mut steps = VecDeque::from(steps);
        let mut taken = 0;
        while let Some(step) = steps.pop_front() {
            let counts = match step.destructive {
                true => match self.may_destroy(subject).await? {
                    Some(counts) => counts,
                    None => return self.hold(subject, &step).await,
                },
                false => false,
            };
            taken += 1;
            if taken > limits::TARGET_STEPS_OF_ONE_MAX {
                self.fail(subject, "its steps have no end", Another::Never).await?;
                return Ok(Taken::Failed);
            }
            let made = made(&step)?;
            if let Some(made) = made.clone().filter(|_| !self.pretends) {
                self.note_pending(subject, made).await?;
            }
            match self.step(&step).await? {
                Did::Done { effect, again } => {
                    self.note_effect(subject, &step, effect, counts).await?;
                    self.tell_step(told(subject, &step, false)).await?;
                    if again {
                        return Ok(Taken::Again);
                    }
                }
                Did::Instead(instead) => instead.into_iter().rev().for_each(|step| steps.push_front(step)),
                Did::Failed(why, another) => {
                    // It was refused, and is not there; after a failure it may be.
                    if made.is_some() && !matches!(another, Another::Later) {
                        self.note_pending(subject, serde_json::Value::Null).await?;
                    }
                    self.fail(subject, &why, another).await?;
                    return Ok(Taken::Failed);
                }
            }
        }
        Ok(Taken::All)
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

    /// The step that makes something there and whose outcome was not noted, because of a failure or a crash. Nothing can be planned before
    /// it is: there would be something at the target that nobody knows of.
    pub(super) async fn unfinished(&self, snapshot: &Snapshot, code: u8, id: Uuid) -> Result<Option<Step>, Error> {
        let known = self.site().known(snapshot, code, id).await?;
        let Some(pending) = known.map(|known| known.pending).filter(|pending| !pending.is_null()) else {
            return Ok(None);
        };
        Ok(Some(match code {
            keys::USER => {
                let user: KnownUser = read(pending)?;
                Step { act: Act::CreateUser(user.clone()), destructive: false, after: Effect::User(Some(user)) }
            }
            _ => {
                let group: KnownGroup = read(pending)?;
                let after = Effect::NewGroup { group: group.clone(), read: false };
                Step { act: Act::CreateGroup(group), destructive: false, after }
            }
        }))
    }

    /// Notes that something is about to be made, or that it was refused.
    async fn note_pending(&self, subject: &Subject, pending: serde_json::Value) -> Result<(), Error> {
        let snapshot = self.directory.snapshot().await?;
        let (code, id) = (subject.code, subject.id);
        let before = self.site().known(&snapshot, code, id).await?.unwrap_or_default();
        if before.pending == pending {
            return Ok(());
        }
        let after = Known { epoch: self.state().epoch, pending, ..before };
        let is_nothing = after.state.is_null() && after.pending.is_null();
        self.site().note(&[Note::Known(code, id, (!is_nothing).then_some(after))]).await
    }

    /// The row of what is known.
    pub(super) fn row(&self, state: &impl serde::Serialize) -> Result<Known, Error> {
        let state = serde_json::to_value(state).map_err(|_| damaged())?;
        Ok(Known { epoch: self.state().epoch, state, pending: serde_json::Value::Null })
    }

    /// Puts a user or group into the groups of the target where it should be, and takes it out of those where it should not be.
    pub(super) async fn pairs(&self, code: u8, id: Uuid) -> Result<(), Ended> {
        let (kind, policy) = (self.shown.target.kind, &self.shown.target.policy);
        if code == keys::GROUP && !capability::of(kind).nests {
            return Ok(());
        }
        let snapshot = self.directory.snapshot().await?;
        let Some((member, user)) = self.member(&snapshot, code, id).await? else { return Ok(()) };
        let there = self.site().memberships(&snapshot, id).await?;
        let is_wanted = match code {
            keys::USER => matches!(self.scope.user(&snapshot, id, self.now_ms()).await?, Wanted::This(_)),
            _ => matches!(self.scope.group(&snapshot, id, self.now_ms()).await?, Wanted::This(_)),
        };
        let wanted = match is_wanted {
            true => self.scope.wanted_groups(&snapshot, id, self.now_ms()).await?.admitted,
            false => Vec::new(),
        };
        for group in wanted.iter().filter(|group| !there.contains(group)) {
            let Some(known) = self.known::<KnownGroup>(&snapshot, keys::GROUP, *group).await? else { continue };
            if user.as_ref().is_none_or(|user| plan::may_join(kind, policy, &known.name, user)) {
                let steps = plan::members(kind, &known, std::slice::from_ref(&member), &[]);
                let subject = Subject { code: keys::GROUP, id: *group, display: known.name };
                self.take(&subject, steps).await?;
            }
        }
        for group in there.iter().filter(|group| !wanted.contains(group)) {
            let Some(known) = self.known::<KnownGroup>(&snapshot, keys::GROUP, *group).await? else { continue };
            // A group that the target is not to have any more keeps whom it has, unless its own plan says otherwise.
            if matches!(self.scope.group(&snapshot, *group, self.now_ms()).await?, Wanted::This(_)) {
                let steps = plan::members(kind, &known, &[], std::slice::from_ref(&member));
                let subject = Subject { code: keys::GROUP, id: *group, display: known.name };
                self.take(&subject, steps).await?;
            }
        }
        Ok(())
    }

    /// Somebody that the target has, as a member; with what is known of him if it is a user.
    pub(super) async fn member(
        &self,
        snapshot: &Snapshot,
        code: u8,
        id: Uuid,
    ) -> Result<Option<(Member, Option<KnownUser>)>, Error> {
        if code == keys::USER {
            let user: Option<KnownUser> = self.known(snapshot, code, id).await?;
            return Ok(user.map(|user| {
                let member = Member { resource: id, is_group: false, id: user.id.clone(), name: user.name.clone() };
                (member, Some(user))
            }));
        }
        let group: Option<KnownGroup> = self.known(snapshot, code, id).await?;
        Ok(group.map(|group| (Member { resource: id, is_group: true, id: group.id, name: group.name }, None)))
    }

    /// Notes that nobody can say what the target should have of a resource.
    pub(super) async fn unclear(&self, subject: &Subject, why: &str) -> Result<(), Ended> {
        self.fail(subject, why, Another::Never).await
    }

    async fn step(&self, step: &Step) -> Result<Did, Ended> {
        if self.pretends {
            return Ok(Did::Done { effect: step.after.clone(), again: false });
        }
        let (kind, policy) = (self.shown.target.kind, &self.shown.target.policy);
        let password = password()?;
        let (mut errand, mut request) = errand::begin(kind, policy, step, &password);
        for _ in 0..limits::TARGET_STEP_CALLS_MAX {
            let verdict = match self.ask(&request).await? {
                Ok(answer) => errand.hear(&self.reply(&answer)),
                Err(verdict) => verdict,
            };
            match verdict {
                Verdict::Ask(next) => request = next,
                Verdict::Done { effect, again } => return Ok(Did::Done { effect, again }),
                Verdict::Instead(steps) => return Ok(Did::Instead(steps)),
                Verdict::Busy { after_ms, reason } => return Err(Ended::Down { after_ms, why: reason }),
                Verdict::Refused(why) => return Err(Ended::Blocked(why)),
                Verdict::Failed(why) => {
                    self.fails(&why)?;
                    return Ok(Did::Failed(why, Another::Later));
                }
                Verdict::NoSeat(why) => return Ok(Did::Failed(why, Another::Sometimes)),
                Verdict::Dead(why) => return Ok(Did::Failed(why, Another::Never)),
            }
        }
        Ok(Did::Failed("the step takes more requests than it may".to_owned(), Another::Never))
    }

    /// Whether a destructive step may be taken, and whether it counts: `None`: it has to wait for an approval.
    async fn may_destroy(&self, subject: &Subject) -> Result<Option<bool>, Ended> {
        let snapshot = self.directory.snapshot().await?;
        let hold = self.site().hold(&snapshot, subject.code, subject.id).await?;
        if hold.is_some_and(|hold| hold.approved) {
            return Ok(Some(false));
        }
        let mut state = self.state();
        if state.destroyed >= u64::from(self.shown.target.destructive_max) {
            return Ok(None);
        }
        state.destroyed += 1;
        Ok(Some(true))
    }

    async fn hold(&self, subject: &Subject, step: &Step) -> Result<Taken, Ended> {
        let (site, code, id) = (self.site(), subject.code, subject.id);
        let snapshot = self.directory.snapshot().await?;
        let known = site.hold(&snapshot, code, id).await?;
        let since_ms = known.as_ref().map_or_else(|| self.now_ms(), |known| known.since_ms);
        let hold = Hold { display: subject.display.clone(), step: step.phrase(), since_ms, approved: false };
        if known.as_ref() != Some(&hold) {
            site.note(&[Note::Hold(code, id, Some(hold))]).await?;
        }
        self.progress().held += 1;
        if self.pretends {
            self.tell_step(told(subject, step, true)).await?;
        }
        Ok(Taken::Held)
    }

    /// Notes that something of the resource cannot be done.
    async fn fail(&self, subject: &Subject, why: &str, another: Another) -> Result<(), Ended> {
        let (site, code, id, now_ms) = (self.site(), subject.code, subject.id, self.now_ms());
        let snapshot = self.directory.snapshot().await?;
        let before = site.trouble(&snapshot, code, id).await?.unwrap_or_default();
        let attempts = before.attempts.saturating_add(1);
        let next_ms = match another {
            Another::Later if attempts < limits::TARGET_ATTEMPTS_MAX => {
                let seed = id.as_u64_pair().1 ^ now_ms.unsigned_abs();
                Some(now_ms.saturating_add(pace::pause_ms(attempts, seed)))
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

    /// Notes what a step changed, with the count of destructive steps where it is one.
    async fn note_effect(&self, subject: &Subject, step: &Step, effect: Effect, counts: bool) -> Result<(), Ended> {
        let mut notes = self.notes(subject, effect).await?;
        if let Act::Release(_, group) = &step.act {
            notes.extend(self.left(subject.id, group).await?);
        }
        if counts {
            let state = self.state().clone();
            notes.push(Note::State(Box::new(state)));
        }
        Ok(self.site().note(&notes).await?)
    }

    async fn notes(&self, subject: &Subject, effect: Effect) -> Result<Vec<Note>, Error> {
        let membership = Membership { epoch: self.state().epoch };
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
                if read {
                    self.unread().insert(id);
                }
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

    /// The target has nothing any more of somebody who was to be a member. He is planned again by himself, also after a crash; if it is
    /// always the same, after pauses.
    async fn lost(&self, member: Uuid) -> Result<Vec<Note>, Error> {
        let (site, now_ms) = (self.site(), self.now_ms());
        let snapshot = self.directory.snapshot().await?;
        let is_group = site.known(&snapshot, keys::GROUP, member).await?.is_some();
        let code = if is_group { keys::GROUP } else { keys::USER };
        let before = site.trouble(&snapshot, code, member).await?.unwrap_or_default();
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
        let mut notes = self.gone_member(member).await?;
        notes.push(Note::Known(code, member, None));
        notes.push(Note::Trouble(code, member, Some(trouble)));
        Ok(notes)
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

    /// The user left the groups of this name.
    async fn left(&self, id: Uuid, name: &str) -> Result<Vec<Note>, Error> {
        let snapshot = self.directory.snapshot().await?;
        let mut notes = Vec::new();
        for group in self.site().memberships(&snapshot, id).await? {
            let known: Option<KnownGroup> = self.known(&snapshot, keys::GROUP, group).await?;
            if known.is_some_and(|known| known.name.eq_ignore_ascii_case(name)) {
                notes.push(Note::Member(group, id, None));
            }
        }
        Ok(notes)
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
}

/// A step as it is told.
fn told(subject: &Subject, step: &Step, held: bool) -> Told {
    Told {
        kind: step.word().to_owned(),
        resource: subject.id.to_string(),
        display: subject.display.clone(),
        what: step.phrase(),
        destructive: step.destructive,
        held,
    }
}

/// Whether a kind of target is a SCIM server.
pub(super) fn is_scim(kind: Kind) -> bool {
    matches!(kind, Kind::Scim | Kind::AtlassianCloud)
}

/// What a step makes at the target, if it makes something.
fn made(step: &Step) -> Result<Option<serde_json::Value>, Error> {
    let made = match (&step.act, &step.after) {
        (Act::CreateUser(user), _) => serde_json::to_value(user),
        (Act::CreateGroup(_), Effect::NewGroup { group, .. }) => serde_json::to_value(group),
        _ => return Ok(None),
    };
    made.map(Some).map_err(|_| damaged())
}

/// What is known, out of its row.
pub(super) fn read<T: DeserializeOwned>(state: serde_json::Value) -> Result<T, Error> {
    serde_json::from_value(state).map_err(|_| damaged())
}

fn damaged() -> Error {
    Error::new(ErrorKind::Internal, "what is known of a target cannot be read")
}

/// A password that nobody knows, with letters of all kinds for those who ask for them.
fn password() -> Result<Zeroizing<String>, Error> {
    let mut bytes = Zeroizing::new([0_u8; 24]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|_| Error::new(ErrorKind::Internal, "the system has no random bytes"))?;
    Ok(Zeroizing::new(format!("Aa1-{}", BASE64_STANDARD.encode(bytes.as_slice()))))
}
