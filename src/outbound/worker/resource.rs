//! One user or one group: what the target should have of it and what it has are compared, and the steps between the two are taken, each
//! noted before the next. What cannot be done is noted with its reason and stops nobody else. Whatever happens between two steps, doing the
//! same again ends in the same state.

use super::claim::Claim;
use super::note::read;
use super::scope::Wanted;
use super::task::{Ended, Task};
use crate::directory::keys;
use crate::directory::target::progress::Step as Told;
use crate::directory::target::state::Note;
use crate::directory::target::stored::{Hold, Kind};
use crate::limits;
use crate::outbound::capability;
use crate::outbound::errand::{self, Verdict};
use crate::outbound::plan::{self, Act, Effect, KnownGroup, KnownUser, Member, Step};
use crate::scim::errors::{Error, Kind as ErrorKind};
use crate::store::Snapshot;
use base64::prelude::{BASE64_STANDARD, Engine};
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
pub(super) enum Another {
    /// After a pause that grows, a few times.
    Later,
    /// After a pause that grows to its longest, for as long as it takes.
    Patiently,
    /// Once in a while, for as long as it takes.
    Sometimes,
    /// Not by itself.
    Never,
}

impl Task {
    /// Brings a user into line, and his membership of groups that the target has.
    pub(super) async fn user(&self, id: Uuid) -> Result<(), Ended> {
        let _turn = self.turns.wait(id).await;
        self.user_in_turn(id).await
    }

    /// The same, by whoever has his turn.
    pub(super) async fn user_in_turn(&self, id: Uuid) -> Result<(), Ended> {
        let (kind, policy) = (self.shown.target.kind, &self.shown.target.policy);
        for _ in 0..limits::TARGET_PLANS_OF_ONE_MAX {
            let snapshot = self.directory.snapshot().await?;
            let subject = Subject { code: keys::USER, id, display: String::new() };
            if let Some(step) = self.unfinished(&snapshot, &subject).await? {
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
            if let Claim::Refused(why) = self.claim_name(subject, &step).await? {
                self.fail(subject, &why, Another::Patiently).await?;
                return Ok(Taken::Failed);
            }
            if !self.pretends {
                self.note_begun(subject, &step).await?;
            }
            match self.step(&step).await? {
                Did::Done { effect, again } => {
                    match self.claim_found(subject, &step, &effect).await? {
                        Claim::Free => {}
                        claim => {
                            self.note_pending(subject, None).await?;
                            let Claim::Refused(why) = claim else { return Ok(Taken::Again) };
                            self.fail(subject, &why, Another::Patiently).await?;
                            return Ok(Taken::Failed);
                        }
                    }
                    self.note_effect(subject, &step, effect, counts).await?;
                    self.tell_step(told(subject, &step, false)).await?;
                    if again {
                        return Ok(Taken::Again);
                    }
                }
                Did::Instead(instead) => instead.into_iter().rev().for_each(|step| steps.push_front(step)),
                Did::Failed(why, another) => {
                    // After a refusal everything is as it was; after a failure nobody knows.
                    if !matches!(another, Another::Later) {
                        self.note_refused(subject, &step).await?;
                    }
                    self.fail(subject, &why, another).await?;
                    return Ok(Taken::Failed);
                }
            }
        }
        Ok(Taken::All)
    }

    /// The step that makes something there and whose outcome was not noted, because of a failure or a crash. Nothing can be planned before
    /// it is: there would be something at the target that nobody knows of.
    pub(super) async fn unfinished(&self, snapshot: &Snapshot, subject: &Subject) -> Result<Option<Step>, Ended> {
        let known = self.site().known(snapshot, subject.code, subject.id).await?;
        let Some(pending) = known.map(|known| known.pending).filter(|pending| !pending.is_null()) else {
            return Ok(None);
        };
        let step = match subject.code {
            keys::USER => {
                let user: KnownUser = read(pending)?;
                Step { act: Act::CreateUser(user.clone()), destructive: false, after: Effect::User(Some(user)) }
            }
            _ => {
                let group: KnownGroup = read(pending)?;
                let after = Effect::NewGroup { group: group.clone(), read: false };
                Step { act: Act::CreateGroup(group), destructive: false, after }
            }
        };
        if self.is_anothers_name(subject, &step).await? {
            // What was made there, if it was, is the other's by now.
            self.note_pending(subject, None).await?;
            return Ok(None);
        }
        Ok(Some(step))
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
        let wanted = match self.is_wanted(&snapshot, code, id).await? {
            true => self.scope.wanted_groups(&snapshot, id, self.now_ms()).await?.admitted,
            false => Vec::new(),
        };
        for group in &wanted {
            if self.site().is_member(&snapshot, *group, id).await? {
                continue;
            }
            let Some(known) = self.known::<KnownGroup>(&snapshot, keys::GROUP, *group).await? else { continue };
            if user.as_ref().is_none_or(|user| plan::may_join(kind, policy, &known.name, user)) {
                self.pair(*group, known, Some(&member), None).await?;
            }
        }
        for group in there.iter().filter(|group| !wanted.contains(group)) {
            let Some(known) = self.known::<KnownGroup>(&snapshot, keys::GROUP, *group).await? else { continue };
            // A group that the target is not to have any more keeps whom it has, unless its own plan says otherwise.
            if matches!(self.scope.group(&snapshot, *group, self.now_ms()).await?, Wanted::This(_)) {
                self.pair(*group, known, None, Some(&member)).await?;
            }
        }
        Ok(())
    }

    /// Whether the target is to have a user or group.
    pub(super) async fn is_wanted(&self, snapshot: &Snapshot, code: u8, id: Uuid) -> Result<bool, Error> {
        Ok(match code {
            keys::USER => matches!(self.scope.user(snapshot, id, self.now_ms()).await?, Wanted::This(_)),
            _ => matches!(self.scope.group(snapshot, id, self.now_ms()).await?, Wanted::This(_)),
        })
    }

    /// Puts one member into a group, or takes one out of it. A group that turns out not to be there has its own plan for that.
    async fn pair(
        &self,
        group: Uuid,
        known: KnownGroup,
        add: Option<&Member>,
        remove: Option<&Member>,
    ) -> Result<(), Ended> {
        let one = |member: Option<&Member>| member.map(std::slice::from_ref).unwrap_or_default().to_vec();
        let steps = plan::members(self.shown.target.kind, &known, &one(add), &one(remove));
        let subject = Subject { code: keys::GROUP, id: group, display: known.name };
        if self.take(&subject, steps).await? == Taken::Again {
            let snapshot = self.directory.snapshot().await?;
            if self.known::<KnownGroup>(&snapshot, keys::GROUP, group).await?.is_none() {
                let soon = self.soon(&snapshot, keys::GROUP, group).await?;
                self.site().note(&[soon]).await?;
            }
        }
        Ok(())
    }

    /// Somebody that the target has, as a member; with what is known of him if it is a user. Nobody whose name is in doubt: he is planned
    /// again, and his memberships with him.
    pub(super) async fn member(
        &self,
        snapshot: &Snapshot,
        code: u8,
        id: Uuid,
    ) -> Result<Option<(Member, Option<KnownUser>)>, Error> {
        if code == keys::USER {
            let user: Option<KnownUser> = self.known(snapshot, code, id).await?;
            let user = user.filter(|user| !plan::is_name_in_doubt(self.shown.target.kind, user));
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
            let again = matches!(step.act, Act::FindUser(_));
            return Ok(Did::Done { effect: step.after.clone(), again });
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

/// A password that nobody knows, with letters of all kinds for those who ask for them.
fn password() -> Result<Zeroizing<String>, Error> {
    let mut bytes = Zeroizing::new([0_u8; 24]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|_| Error::new(ErrorKind::Internal, "the system has no random bytes"))?;
    Ok(Zeroizing::new(format!("Aa1-{}", BASE64_STANDARD.encode(bytes.as_slice()))))
}
