//! Reading a target: what it has is matched with what the directory has, and noted; what is known and was not seen is not there any more.

use super::index::Index;
use super::note;
use super::scope::Wanted;
use super::task::{Ended, Task};
use crate::directory::keys;
use crate::directory::target::state::Note;
use crate::directory::target::stored::{Known, Membership, Memberships};
use crate::limits;
use crate::outbound::call::Called;
use crate::outbound::errand::Verdict;
use crate::outbound::plan::{self, KnownGroup, KnownUser, Member};
use crate::outbound::reading::{self, Page, Reading, Seen};
use crate::outbound::request::Request;
use crate::outbound::{call, capability, scim};
use crate::scim::errors::Error;
use crate::store::Snapshot;
use serde::Serialize;
use serde::de::DeserializeOwned;
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

/// Whose something is that the target has.
enum Whose {
    /// This one's, by an id that only one can have.
    Surely(Uuid),
    /// This one's by its name, unless the target has another thing by the id that is known of this one.
    ByName(Uuid),
    Nobodys,
}

impl Task {
    /// Reads the users.
    pub(super) async fn read_users(&self) -> Result<(), Ended> {
        let kind = self.shown.target.kind;
        let index = self.wanted_users().await?;
        self.phase("reading users", 0);
        let known_as = |old: Option<&KnownUser>, seen| plan::user_seen(kind, old, seen);
        self.read(keys::USER, reading::users(kind), &index, |page| std::mem::take(&mut page.users), known_as).await
    }

    /// Reads the groups, without their members.
    pub(super) async fn read_groups(&self) -> Result<(), Ended> {
        let (index, names) = self.wanted_groups().await?;
        if names.is_empty() {
            return self.drop_unseen(keys::GROUP).await;
        }
        self.phase("reading groups", 0);
        let reading = reading::groups(self.shown.target.kind, names);
        self.read(keys::GROUP, reading, &index, |page| std::mem::take(&mut page.groups), plan::group_seen).await
    }

    async fn read<T: Called + Serialize + DeserializeOwned>(
        &self,
        code: u8,
        (mut reading, mut request): (Reading, Request),
        index: &Index,
        seen_on: impl Fn(&mut Page) -> Vec<T>,
        known_as: impl Fn(Option<&T>, T) -> T,
    ) -> Result<(), Ended> {
        let mut namesakes = Vec::new();
        for _ in 0..limits::TARGET_PAGES_MAX {
            let mut page = self.read_page(&mut reading, &request).await?;
            let snapshot = self.directory.snapshot().await?;
            let mut notes = Vec::new();
            for seen in seen_on(&mut page) {
                self.advance();
                let (id, by_name) = match self.whose(&snapshot, index, code, &seen).await? {
                    Whose::Surely(id) => (id, false),
                    Whose::ByName(id) => (id, true),
                    Whose::Nobodys => continue,
                };
                let old: Option<T> = self.known(&snapshot, code, id).await?;
                match old {
                    None if !self.shown.target.policy.adopt => {}
                    // It may be seen by the id that is known of it on a later page.
                    Some(old) if by_name && !old.id().is_empty() && old.id() != seen.id() => {
                        namesakes.push((id, known_as(Some(&old), seen)));
                    }
                    old => notes.push(Note::Known(code, id, Some(self.row(&known_as(old.as_ref(), seen))?))),
                }
            }
            self.note_all(notes).await?;
            match page.next {
                Some(next) => request = next,
                None => {
                    self.note_namesakes(code, namesakes).await?;
                    return self.drop_unseen(code).await;
                }
            }
        }
        Err(Ended::Blocked("a list of it has no end".to_owned()))
    }

    /// What has the name of one that was not seen by its id took its place; a namesake of one that was seen is a stranger.
    async fn note_namesakes<T: Called + Serialize>(&self, code: u8, namesakes: Vec<(Uuid, T)>) -> Result<(), Ended> {
        let snapshot = self.directory.snapshot().await?;
        let mut notes = Vec::new();
        for (id, known) in namesakes {
            let before = self.site().known(&snapshot, code, id).await?;
            if before.is_none_or(|before| before.epoch != self.state().epoch) {
                notes.push(Note::Known(code, id, Some(self.row(&known)?)));
            }
        }
        self.note_all(notes).await
    }

    /// Which of the directory's users or groups something is: by the id that is known of it, by the one that it was given when it was made,
    /// by the name that is known of it, or by the name that it should have.
    async fn whose(&self, snapshot: &Snapshot, index: &Index, code: u8, seen: &impl Called) -> Result<Whose, Ended> {
        if let Some(known) = self.called(snapshot, code, call::by_id(seen.id())).await? {
            return Ok(Whose::Surely(known));
        }
        if let Some(given) = scim::resource_of(seen.attributes())
            && self.scope.exists(snapshot, code, given).await?
        {
            return Ok(Whose::Surely(given));
        }
        let (kind, name) = (self.shown.target.kind, seen.name());
        let (by_name, key) = match code {
            keys::USER => (call::by_user_name(name), capability::user_key(kind, name)),
            _ => (call::by_group_name(kind, name), capability::group_key(kind, name)),
        };
        let known = self.called(snapshot, code, by_name).await?;
        Ok(known.or_else(|| index.find(&key)).map_or(Whose::Nobodys, Whose::ByName))
    }

    /// Who is known to be called so there.
    async fn called(&self, snapshot: &Snapshot, code: u8, call: Option<String>) -> Result<Option<Uuid>, Error> {
        match call {
            Some(call) => self.site().called(snapshot, code, &call).await,
            None => Ok(None),
        }
    }

    /// All users that the target should have, by their names there.
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

    /// All groups that the target should have, by their names there; and these names, with those that are known.
    async fn wanted_groups(&self) -> Result<(Index, Vec<String>), Ended> {
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
        let is_additive = self.shown.target.policy.memberships == Memberships::Additive;
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
}
