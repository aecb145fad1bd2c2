//! One group with its members: itself first, then who is to be in it and is not, then who is in it and is not to be.

use super::read::Unread;
use super::resource::{Another, Subject, Taken};
use super::scope::{Members, Wanted};
use super::task::{Ended, Task};
use crate::directory::keys;
use crate::directory::target::state::Note;
use crate::directory::target::stored::{Membership, Memberships};
use crate::limits;
use crate::mapping::outbound::Users;
use crate::outbound::call;
use crate::outbound::plan::{self, Act, Former, KnownGroup, Member, Step};
use crate::outbound::reading::{self, Seen};
use crate::store::Snapshot;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Where what is known of a group's members comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From what was noted.
    Known,
    /// From the target, which is read.
    Target,
}

impl Task {
    /// Brings a group and its members into line.
    pub(super) async fn group(&self, id: Uuid, source: Source) -> Result<(), Ended> {
        let _turn = self.turns.wait(id).await;
        for attempt in 0..limits::TARGET_PLANS_OF_ONE_MAX {
            // What was read the first time is known the second time.
            let source = if attempt == 0 { source } else { Source::Known };
            if self.group_once(id, source).await? {
                break;
            }
        }
        Ok(())
    }

    /// The same once; false: it is to be planned again.
    async fn group_once(&self, id: Uuid, source: Source) -> Result<bool, Ended> {
        let snapshot = self.directory.snapshot().await?;
        let before = self.known_members(&snapshot, id).await?;
        let mut wanted = Members::default();
        if let Some(known) = self.group_itself(id).await? {
            let subject = Subject { code: keys::GROUP, id, display: known.name.clone() };
            let snapshot = self.directory.snapshot().await?;
            wanted = self.scope.members(&snapshot, id, self.now_ms()).await?;
            if wanted.is_nested && !self.state().is_nested {
                self.state().is_nested = true;
                self.note_state().await?;
            }
            self.make_members(&wanted).await?;
            let source = if known.unread { Source::Target } else { source };
            let steps = match self.member_steps(&known, id, &wanted, source).await {
                Ok(steps) => steps,
                Err(Unread::All(ended)) => return Err(ended),
                Err(Unread::This { why, for_good }) => {
                    if !for_good {
                        self.fails(&why)?;
                    }
                    self.fail(&subject, &why, if for_good { Another::Never } else { Another::Later }).await?;
                    return Ok(true);
                }
            };
            let taken = self.take(&subject, steps).await?;
            // A group that has them all needs none of those that it was before.
            let taken = match taken {
                Taken::All => self.leave_former(&subject).await?,
                other => other,
            };
            match taken {
                Taken::All => {
                    self.settle(&subject, None).await?;
                    self.pairs(keys::GROUP, id).await?;
                }
                Taken::Again => return Ok(false),
                Taken::Failed | Taken::Held => {}
            }
        }
        if self.shown.target.users == Users::Members {
            // Whoever was in it may have nothing to do with the target any more.
            for left in before.difference(&wanted.users) {
                self.user(*left).await?;
            }
        }
        Ok(true)
    }

    /// Brings a group into line, without its members. What the target has of it then; `None` where it is not to have it, or where that
    /// failed.
    pub(super) async fn group_itself(&self, id: Uuid) -> Result<Option<KnownGroup>, Ended> {
        let (kind, policy) = (self.shown.target.kind, &self.shown.target.policy);
        for _ in 0..limits::TARGET_PLANS_OF_ONE_MAX {
            let snapshot = self.directory.snapshot().await?;
            let subject = Subject { code: keys::GROUP, id, display: String::new() };
            if let Some(step) = self.unfinished(&snapshot, &subject).await? {
                match self.take(&subject, vec![step]).await? {
                    Taken::All | Taken::Again => continue,
                    Taken::Failed | Taken::Held => return Ok(None),
                }
            }
            let known = self.known_group(&subject).await?;
            let name = known.as_ref().map(|known| known.name.clone()).unwrap_or_default();
            let (wanted, display) = match self.scope.group(&snapshot, id, self.now_ms()).await? {
                Wanted::This(group) => (Some(group.clone()), group.name),
                Wanted::Nothing => (None, name),
                Wanted::Unclear(why) => {
                    self.unclear(&Subject { code: keys::GROUP, id, display: name }, &why).await?;
                    return Ok(None);
                }
            };
            let plan = plan::group(kind, policy, known.as_ref(), wanted.as_ref());
            let subject = Subject { code: keys::GROUP, id, display };
            if plan.steps.iter().any(|step| matches!(step.act, Act::DeleteGroup { .. })) {
                self.pairs(keys::GROUP, id).await?;
            }
            match self.take(&subject, plan.steps).await? {
                Taken::All if plan.trouble.is_some() || wanted.is_none() => {
                    self.settle(&subject, plan.trouble).await?;
                    return Ok(None);
                }
                Taken::All => {
                    let snapshot = self.directory.snapshot().await?;
                    return Ok(self.known(&snapshot, keys::GROUP, id).await?);
                }
                Taken::Again => {}
                Taken::Failed | Taken::Held => return Ok(None),
            }
        }
        Ok(None)
    }

    /// A group that has all its members needs none of those that it was before it was renamed.
    async fn leave_former(&self, subject: &Subject) -> Result<Taken, Ended> {
        match self.known_group(subject).await? {
            Some(known) => {
                self.take(subject, plan::former(self.shown.target.kind, &self.shown.target.policy, &known)).await
            }
            None => Ok(Taken::All),
        }
    }

    /// What is known of a group. A former name of it that another group has by now is no business of its any more.
    async fn known_group(&self, subject: &Subject) -> Result<Option<KnownGroup>, Ended> {
        let snapshot = self.directory.snapshot().await?;
        let Some(mut known) = self.known::<KnownGroup>(&snapshot, keys::GROUP, subject.id).await? else {
            return Ok(None);
        };
        let mut former = Vec::new();
        for old in &known.former {
            let taken = match call::by_group_name(self.shown.target.kind, &old.name) {
                Some(call) => self.other_called(subject, &call).await?.is_some(),
                None => false,
            };
            if !taken {
                former.push(old.clone());
            }
        }
        if former.len() < known.former.len() {
            known.former = former;
            self.site().note(&[Note::Known(keys::GROUP, subject.id, Some(self.row(&known)?))]).await?;
        }
        Ok(Some(known))
    }

    /// Whoever is to be a member has to be there first. Whoever is in trouble has his own time.
    async fn make_members(&self, wanted: &Members) -> Result<(), Ended> {
        for (code, ids) in [(keys::USER, &wanted.users), (keys::GROUP, &wanted.groups)] {
            for id in ids {
                let snapshot = self.directory.snapshot().await?;
                if self.site().known(&snapshot, code, *id).await?.is_some()
                    || self.site().trouble(&snapshot, code, *id).await?.is_some()
                {
                    continue;
                }
                if code == keys::USER {
                    self.user(*id).await?;
                } else if let Some(_turn) = self.turns.free(*id) {
                    // Otherwise it is being made, and joins those that it is to be in by itself.
                    self.group_itself(*id).await?;
                }
            }
        }
        Ok(())
    }

    async fn member_steps(
        &self,
        group: &KnownGroup,
        id: Uuid,
        wanted: &Members,
        source: Source,
    ) -> Result<Vec<Step>, Unread> {
        let (kind, policy) = (self.shown.target.kind, &self.shown.target.policy);
        let snapshot = self.directory.snapshot().await?;
        let mut joining = Vec::new();
        let mut right = BTreeSet::new();
        for (code, ids) in [(keys::USER, &wanted.users), (keys::GROUP, &wanted.groups)] {
            for one in ids {
                let Some((member, user)) = self.member(&snapshot, code, *one).await? else { continue };
                if user.is_none_or(|user| plan::may_join(kind, policy, &group.name, &user)) {
                    right.insert(*one);
                    joining.push(member);
                }
            }
        }
        let mut strangers = Vec::new();
        if source == Source::Target {
            strangers = self.read_members(group, id, &right).await?;
        }
        let snapshot = self.directory.snapshot().await?;
        let there = self.known_members(&snapshot, id).await?;
        let sure = self.sure_members(&snapshot, id).await?;
        joining.retain(|member| !sure.contains(&member.resource));
        let mut leaving = Vec::new();
        for one in there.difference(&right) {
            let user = self.member(&snapshot, keys::USER, *one).await?;
            let member = match user {
                Some((member, _)) => Some(member),
                None => self.member(&snapshot, keys::GROUP, *one).await?.map(|(member, _)| member),
            };
            leaving.extend(member);
        }
        if policy.memberships == Memberships::Authoritative {
            leaving.extend(strangers);
        }
        let mut steps = plan::members(kind, group, &joining, &leaving);
        if source == Source::Target {
            for step in &mut steps {
                step.destructive |= matches!(step.act, Act::RemoveMembers(..));
            }
        }
        Ok(steps)
    }

    /// Reads who is in a group at the target, and notes those whom the directory knows; gives the others. Of additive groups only those
    /// are noted who are to be in it, or were put there.
    async fn read_members(&self, group: &KnownGroup, id: Uuid, right: &BTreeSet<Uuid>) -> Result<Vec<Member>, Unread> {
        let kind = self.shown.target.kind;
        let (mut reading, mut request) =
            reading::members(kind, &Former { id: group.id.clone(), name: group.name.clone() });
        let mut seen: Vec<Seen> = Vec::new();
        for _ in 0..limits::TARGET_PAGES_MAX {
            let page = self.read_page(&mut reading, &request).await?;
            seen.extend(page.members);
            if seen.len() > limits::TARGET_MEMBERS_MAX {
                let why = format!("it has more than {} members there", limits::TARGET_MEMBERS_MAX);
                return Err(Unread::This { why, for_good: true });
            }
            match page.next {
                Some(next) if !page.absent => request = next,
                _ => break,
            }
        }
        let strangers = self.note_members(id, right, seen).await?;
        if group.unread {
            let read = KnownGroup { unread: false, ..group.clone() };
            self.site().note(&[Note::Known(keys::GROUP, id, Some(self.row(&read)?))]).await?;
        }
        Ok(strangers)
    }

    /// Who is known to be in a group, or may be.
    pub(super) async fn known_members(&self, snapshot: &Snapshot, group: Uuid) -> Result<BTreeSet<Uuid>, Ended> {
        self.members_where(snapshot, group, |_| true).await
    }

    /// Who is known to be in a group without doubt.
    pub(super) async fn sure_members(&self, snapshot: &Snapshot, group: Uuid) -> Result<BTreeSet<Uuid>, Ended> {
        self.members_where(snapshot, group, |membership| !membership.doubt).await
    }

    async fn members_where(
        &self,
        snapshot: &Snapshot,
        group: Uuid,
        counts: impl Fn(&Membership) -> bool,
    ) -> Result<BTreeSet<Uuid>, Ended> {
        let (mut members, mut after) = (BTreeSet::new(), None::<Vec<u8>>);
        loop {
            let page = self.site().members(snapshot, group, after.as_deref(), limits::SCAN_ROWS).await?;
            members.extend(page.rows.iter().filter(|(_, _, row)| counts(row)).map(|(_, member, _)| *member));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(members),
            }
        }
    }
}
