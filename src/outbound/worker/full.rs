//! A whole reconciliation: the target is read, what it has is noted, and then every user and every group is brought into line. It is what a
//! new target gets, what follows when the change log no longer goes back far enough, and what a drift check does. A crash between reading
//! and sending costs the reading of members; one while it reads begins it anew.

use super::group::Source;
use super::index::Index;
use super::note;
use super::scope::Wanted;
use super::task::{Ended, Task};
use crate::directory::keys;
use crate::directory::log;
use crate::directory::target::state::Note;
use crate::directory::target::stored::{Full, Known, Membership, State};
use crate::limits;
use crate::outbound::errand::Verdict;
use crate::outbound::plan::{self, KnownGroup, KnownUser, Member};
use crate::outbound::reading::{self, Page, Reading, Seen};
use crate::outbound::request::Request;
use crate::outbound::scim;
use crate::outbound::{call, capability};
use crate::scim::errors::Error;
use crate::store::Snapshot;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Why something cannot be read.
pub(super) enum Unread {
    /// Nothing can be read.
    All(Ended),
    /// This cannot be read.
    This {
        why: String,
        /// Nor will it be later.
        for_good: bool,
    },
}

impl From<Ended> for Unread {
    fn from(ended: Ended) -> Unread {
        Unread::All(ended)
    }
}

impl From<Error> for Unread {
    fn from(error: Error) -> Unread {
        Unread::All(Ended::Store(error))
    }
}

/// For what nothing can be done without.
impl From<Unread> for Ended {
    fn from(unread: Unread) -> Ended {
        match unread {
            Unread::All(ended) => ended,
            Unread::This { why, for_good: true } => Ended::Blocked(why),
            Unread::This { why, for_good: false } => Ended::Down { after_ms: None, why },
        }
    }
}

impl Task {
    /// Reads the target and brings everything into line; goes on where an earlier one was broken off. With `read` false what is known counts
    /// for what the target has.
    pub(super) async fn reconcile(&self, read: bool) -> Result<(), Ended> {
        let goes_on = self.state().full.as_ref().is_some_and(|full| full.listed);
        if !goes_on {
            self.begin(read).await?;
            if read {
                let index = self.wanted_users().await?;
                self.read_users(&index).await?;
                let (index, names) = self.wanted_groups_by_name().await?;
                self.read_groups(&index, names).await?;
            }
            if let Some(full) = &mut self.state().full {
                full.listed = true;
            }
            self.note_state().await?;
        }
        self.send_users().await?;
        self.send_groups(if read { Source::Target } else { Source::Known }).await?;
        let now_ms = self.now_ms();
        {
            let mut state = self.state();
            if let Some(full) = state.full.take() {
                state.cursor = full.cursor;
            }
            state.full_ms = Some(now_ms);
            state.checked_ms = Some(now_ms);
            state.drifted = 0;
        }
        Ok(self.note_state().await?)
    }

    async fn begin(&self, read: bool) -> Result<(), Ended> {
        let snapshot = self.directory.snapshot().await?;
        let cursor = log::newest(&snapshot, self.shown.tenant).text();
        {
            let mut state = self.state();
            if read {
                state.epoch += 1;
            }
            state.full = Some(Full { cursor, listed: false, report_only: self.pretends });
        }
        Ok(self.note_state().await?)
    }

    /// Notes how far the target is.
    pub(super) async fn note_state(&self) -> Result<(), Error> {
        let state: State = self.state().clone();
        self.site().note(&[Note::State(Box::new(state))]).await
    }

    /// All users that the target should have by their names there, and all that it is known to have.
    async fn wanted_users(&self) -> Result<Index, Ended> {
        let kind = self.shown.target.kind;
        let mut index = Index::default();
        self.phase("looking at users", 0);
        let mut after = None;
        loop {
            let snapshot = self.directory.snapshot().await?;
            let page = self.scope.page(&snapshot, keys::USER, after).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            for id in page {
                if let Wanted::This(user) = self.scope.user(&snapshot, id, self.now_ms()).await? {
                    index.add(&capability::user_key(kind, &user.person.name), id);
                }
                self.advance();
            }
        }
        Ok(index)
    }

    async fn wanted_groups_by_name(&self) -> Result<(Index, Vec<String>), Ended> {
        let kind = self.shown.target.kind;
        let (mut index, mut names) = (Index::default(), Vec::new());
        let mut after = None;
        loop {
            let snapshot = self.directory.snapshot().await?;
            let page = self.scope.page(&snapshot, keys::GROUP, after).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            for id in page {
                if let Wanted::This(group) = self.scope.group(&snapshot, id, self.now_ms()).await? {
                    index.add(&capability::group_key(kind, &group.name), id);
                    names.push(group.name);
                }
            }
        }
        let mut after: Option<Vec<u8>> = None;
        loop {
            // Groups that are wanted no longer matter as well.
            let snapshot = self.directory.snapshot().await?;
            let page = self.site().all_known(&snapshot, keys::GROUP, after.as_deref(), limits::SCAN_ROWS).await?;
            for (_, _, known) in page.rows.into_iter().filter(|(_, _, known)| !known.state.is_null()) {
                names.push(note::read::<KnownGroup>(known.state)?.name);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        names.sort_unstable();
        names.dedup();
        Ok((index, names))
    }

    async fn read_users(&self, index: &Index) -> Result<(), Ended> {
        let kind = self.shown.target.kind;
        self.phase("reading users", 0);
        let (mut reading, mut request) = reading::users(kind);
        for _ in 0..limits::TARGET_PAGES_MAX {
            let page = self.read_page(&mut reading, &request).await?;
            let mut notes = Vec::new();
            for seen in page.users {
                self.advance();
                let names = (seen.id.as_str(), seen.name.as_str());
                let Some(id) = self.whose(index, keys::USER, names, &seen.attributes).await? else { continue };
                let snapshot = self.directory.snapshot().await?;
                let old: Option<KnownUser> = self.known(&snapshot, keys::USER, id).await?;
                if old.is_none() && !self.shown.target.policy.adopt {
                    continue;
                }
                let known = plan::user_seen(kind, old.as_ref(), seen);
                notes.push(Note::Known(keys::USER, id, Some(self.row(&known)?)));
            }
            self.note_all(notes).await?;
            match page.next {
                Some(next) => request = next,
                None => return self.drop_unseen(keys::USER).await,
            }
        }
        Err(Ended::Blocked("its list of users has no end".to_owned()))
    }

    async fn read_groups(&self, index: &Index, names: Vec<String>) -> Result<(), Ended> {
        let kind = self.shown.target.kind;
        if names.is_empty() {
            return self.drop_unseen(keys::GROUP).await;
        }
        self.phase("reading groups", 0);
        let (mut reading, mut request) = reading::groups(kind, names);
        for _ in 0..limits::TARGET_PAGES_MAX {
            let page = self.read_page(&mut reading, &request).await?;
            let mut notes = Vec::new();
            for seen in page.groups {
                self.advance();
                let names = (seen.id.as_str(), seen.name.as_str());
                let Some(id) = self.whose(index, keys::GROUP, names, &seen.attributes).await? else { continue };
                let snapshot = self.directory.snapshot().await?;
                let old: Option<KnownGroup> = self.known(&snapshot, keys::GROUP, id).await?;
                if old.is_none() && !self.shown.target.policy.adopt {
                    continue;
                }
                let known = plan::group_seen(old.as_ref(), seen);
                notes.push(Note::Known(keys::GROUP, id, Some(self.row(&known)?)));
            }
            self.note_all(notes).await?;
            match page.next {
                Some(next) => request = next,
                None => return self.drop_unseen(keys::GROUP).await,
            }
        }
        Err(Ended::Blocked("its list of groups has no end".to_owned()))
    }

    /// Which of the directory's users or groups something is that the target has: by the id that is known of it, by the one that it was given
    /// when it was made, by the name that is known of it, or by the name that it should have.
    async fn whose(
        &self,
        index: &Index,
        code: u8,
        (id, name): (&str, &str),
        attributes: &Map<String, Value>,
    ) -> Result<Option<Uuid>, Ended> {
        let snapshot = self.directory.snapshot().await?;
        if let Some(known) = self.called(&snapshot, code, call::by_id(id)).await? {
            return Ok(Some(known));
        }
        if let Some(given) = scim::resource_of(attributes)
            && self.scope.exists(&snapshot, code, given).await?
        {
            return Ok(Some(given));
        }
        let kind = self.shown.target.kind;
        let (by_name, key) = match code {
            keys::USER => (call::by_user_name(name), capability::user_key(kind, name)),
            _ => (call::by_group_name(kind, name), capability::group_key(kind, name)),
        };
        let known = self.called(&snapshot, code, by_name).await?;
        Ok(known.or_else(|| index.find(&key)))
    }

    /// Who is known to be called so there.
    async fn called(&self, snapshot: &Snapshot, code: u8, call: Option<String>) -> Result<Option<Uuid>, Error> {
        match call {
            Some(call) => self.site().called(snapshot, code, &call).await,
            None => Ok(None),
        }
    }

    /// What the reading did not see is not there any more.
    async fn drop_unseen(&self, code: u8) -> Result<(), Ended> {
        let epoch = self.state().epoch;
        let mut after: Option<Vec<u8>> = None;
        loop {
            let snapshot = self.directory.snapshot().await?;
            let page = self.site().all_known(&snapshot, code, after.as_deref(), limits::TARGET_ROWS).await?;
            let unseen = page.rows.into_iter().filter(|(_, _, known): &(u8, Uuid, Known)| known.epoch != epoch);
            for (_, id, _) in unseen {
                let mut notes: Vec<Note> = self
                    .site()
                    .memberships(&snapshot, id)
                    .await?
                    .into_iter()
                    .map(|group| Note::Member(group, id, None))
                    .collect();
                if code == keys::GROUP {
                    self.forget_members(id).await?;
                }
                notes.push(Note::Known(code, id, None));
                self.note_all(notes).await?;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Notes any number of things, in bounded batches.
    async fn note_all(&self, notes: Vec<Note>) -> Result<(), Ended> {
        for some in notes.chunks(limits::TARGET_ROWS) {
            self.site().note(some).await?;
        }
        Ok(())
    }

    /// One page of a reading.
    pub(super) async fn read_page(&self, reading: &mut Reading, request: &Request) -> Result<Page, Unread> {
        let heard = match self.ask(request).await? {
            Ok(answer) => reading.hear(&self.reply(&answer)).map_err(|verdict| *verdict),
            Err(verdict) => Err(verdict),
        };
        heard.map_err(|verdict| match verdict {
            Verdict::Busy { after_ms, reason } => Unread::All(Ended::Down { after_ms, why: reason }),
            Verdict::Refused(why) => Unread::All(Ended::Blocked(why)),
            Verdict::Dead(why) | Verdict::NoSeat(why) => Unread::This { why, for_good: true },
            Verdict::Failed(why) => Unread::This { why, for_good: false },
            Verdict::Ask(_) | Verdict::Done { .. } | Verdict::Instead(_) => {
                Unread::This { why: "what it answered makes no sense".to_owned(), for_good: false }
            }
        })
    }

    /// Notes who was seen in a group and is known; gives the others.
    pub(super) async fn note_members(
        &self,
        group: Uuid,
        right: &BTreeSet<Uuid>,
        seen: Vec<Seen>,
    ) -> Result<Vec<Member>, Ended> {
        let snapshot = self.directory.snapshot().await?;
        let before = self.known_members(&snapshot, group).await?;
        let is_additive =
            self.shown.target.policy.memberships == crate::directory::target::stored::Memberships::Additive;
        let (mut strangers, mut there) = (Vec::new(), BTreeSet::new());
        for Seen { id, name } in seen {
            let mut found = None;
            for (code, call) in [
                (keys::USER, call::by_id(&id)),
                (keys::USER, call::by_user_name(&name)),
                (keys::GROUP, call::by_id(&id)),
            ] {
                if found.is_none() {
                    found = self.called(&snapshot, code, call).await?;
                }
            }
            match found {
                Some(member) if !is_additive || right.contains(&member) || before.contains(&member) => {
                    there.insert(member);
                }
                Some(_) => {}
                None => strangers.push(Member { resource: Uuid::nil(), is_group: false, id, name }),
            }
        }
        let sure = self.sure_members(&snapshot, group).await?;
        let membership = Membership { epoch: self.state().epoch, doubt: false };
        let joined = there.difference(&sure).map(|member| Note::Member(group, *member, Some(membership)));
        let left = before.difference(&there).map(|member| Note::Member(group, *member, None));
        self.note_all(joined.chain(left).collect()).await?;
        Ok(strangers)
    }

    /// Brings all users into line: those of the directory, then those whom the target has and the directory has no more.
    async fn send_users(&self) -> Result<(), Ended> {
        let total = self.total(keys::USER).await?;
        self.phase("sending users", total);
        let mut after = None;
        loop {
            let snapshot = self.directory.snapshot().await?;
            let page = self.scope.page(&snapshot, keys::USER, after).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            self.users(&page).await?;
        }
        let gone = self.gone_from_directory(keys::USER).await?;
        self.users(&gone).await
    }

    /// Brings users into line, as many at once as the target may be sent.
    pub(super) async fn users(&self, ids: &[Uuid]) -> Result<(), Ended> {
        let at_once = usize::try_from(self.shown.target.concurrency).unwrap_or(1).max(1);
        let work = stream::iter(ids.iter().copied()).map(async |id| {
            self.user(id).await?;
            self.advance();
            Ok::<(), Ended>(())
        });
        work.buffer_unordered(at_once).try_collect::<()>().await
    }

    async fn send_groups(&self, source: Source) -> Result<(), Ended> {
        let total = self.total(keys::GROUP).await?;
        self.phase("sending groups", total);
        let mut after = None;
        loop {
            let snapshot = self.directory.snapshot().await?;
            let page = self.scope.page(&snapshot, keys::GROUP, after).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            self.groups(&page, source).await?;
        }
        let gone = self.gone_from_directory(keys::GROUP).await?;
        self.groups(&gone, source).await
    }

    /// Brings groups into line, as many at once as the target may be sent.
    pub(super) async fn groups(&self, ids: &[Uuid], source: Source) -> Result<(), Ended> {
        let at_once = usize::try_from(self.shown.target.concurrency).unwrap_or(1).max(1);
        let work = stream::iter(ids.iter().copied()).map(async |id| {
            self.group(id, source).await?;
            self.advance();
            Ok::<(), Ended>(())
        });
        work.buffer_unordered(at_once).try_collect::<()>().await
    }

    /// Whom the target is known to have and the directory has no more.
    async fn gone_from_directory(&self, code: u8) -> Result<Vec<Uuid>, Ended> {
        let (mut gone, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let snapshot = self.directory.snapshot().await?;
            let page = self.site().all_known(&snapshot, code, after.as_deref(), limits::TARGET_ROWS).await?;
            for (_, id, _) in page.rows {
                if !self.scope.exists(&snapshot, code, id).await? {
                    gone.push(id);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(gone),
            }
        }
    }

    async fn total(&self, code: u8) -> Result<u64, Ended> {
        let snapshot = self.directory.snapshot().await?;
        let total = crate::directory::count::total(&snapshot, self.shown.tenant, code).await?;
        Ok(total as u64)
    }
}
