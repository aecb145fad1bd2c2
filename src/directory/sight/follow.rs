//! Bringing an application's sight up to date from the change log, and noting what that changes for a client. The log tells who changed,
//! not how: whoever changed is read again where the sight is to be.

use super::build::{self, Source, member_ids, parents};
use super::index::{Depth, Index};
use super::journal::Note;
use super::names::Turn;
use crate::directory::log::{self, Bounds, Position};
use crate::directory::record::{Change, ChangeKind, Record};
use crate::directory::refused::Refused;
use crate::directory::{keys, store_error};
use crate::limits;
use crate::mapping::outbound::Users;
use crate::scim::errors::{Error, Kind};
use crate::store::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use uuid::Uuid;

/// The sight at the snapshot, and what changed since it was as it is given; `None`: nobody knows all of it.
pub(super) async fn follow(source: Source<'_>, index: &Index) -> Result<(Index, Option<Vec<Note>>), Error> {
    let Some(log) = read(source, index).await? else { return Ok((build::build(source).await?, None)) };
    let mut step = Step::new(source, index.clone());
    if step.needs_everything(&log).await? {
        return Ok((build::build(source).await?, None));
    }
    step.groups(&log).await?;
    step.nesting(&log).await?;
    step.members(&log);
    step.below().await?;
    step.users(&log).await?;
    build::fits(&step.index)?;
    Ok(step.finish())
}

/// What the log says of one resource.
#[derive(Default)]
struct Touched {
    /// Attributes have other values.
    record: bool,
    /// It was made or removed.
    reborn: bool,
    /// More members changed than are listed.
    incomplete: bool,
    /// Whoever joined or left.
    members: BTreeSet<Uuid>,
}

#[derive(Default)]
struct Log {
    users: BTreeMap<Uuid, Touched>,
    groups: BTreeMap<Uuid, Touched>,
}

/// What the log has since the sight was brought up to date; `None`: not everything, or too much.
async fn read(source: Source<'_>, index: &Index) -> Result<Option<Log>, Error> {
    let mut log = Log::default();
    let mut position = Position::at(source.tenant(), index.revision);
    let bounds = Bounds { entries_max: limits::WATCH_CHUNK_ENTRIES_MAX, before_ms: None };
    let mut entries = 0;
    loop {
        let chunk = match log::read::<Change>(source.snapshot, &position, |_| true, &bounds).await {
            Ok(chunk) => chunk,
            Err(Refused::Trimmed { .. }) => return Ok(None),
            Err(Refused::Directory(error)) => return Err(error),
            Err(refused) => return Err(Error::new(Kind::Internal, refused.to_string())),
        };
        entries += chunk.entries.len();
        if entries > limits::CROWD_CATCH_UP_ENTRIES_MAX {
            return Ok(None);
        }
        for entry in chunk.entries {
            log.add(&entry.value);
        }
        if chunk.is_end {
            return Ok(Some(log));
        }
        position = chunk.next;
    }
}

impl Log {
    fn add(&mut self, change: &Change) {
        let Ok(id) = Uuid::try_parse(&change.id) else { return };
        let touched = match change.resource_type.as_str() {
            "User" => self.users.entry(id).or_default(),
            "Group" => self.groups.entry(id).or_default(),
            _ => return,
        };
        touched.record |= change.kind != ChangeKind::Update || !change.attributes.is_empty();
        touched.reborn |= change.kind != ChangeKind::Update;
        touched.incomplete |= change.members_incomplete;
        let ids = change.members_added.iter().chain(&change.members_removed);
        touched.members.extend(ids.filter_map(|id| Uuid::try_parse(id).ok()));
    }
}

/// The sight on its way.
struct Step<'a> {
    source: Source<'a>,
    index: Index,
    notes: Vec<Note>,
    moved_users: BTreeSet<Uuid>,
    moved_groups: BTreeSet<Uuid>,
    /// Groups that mattered to somebody seen before anything was changed.
    mattered: HashSet<Uuid>,
    /// Groups whose members may be seen in other groups now.
    turned: BTreeSet<Uuid>,
    /// Groups that may be in other groups now.
    rehung: BTreeSet<Uuid>,
    /// Somebody has moved, and nobody knows who.
    unknown: bool,
    /// With the scope "members": everybody's being in it has to be looked at again.
    rescan: bool,
}

impl<'a> Step<'a> {
    fn new(source: Source<'a>, index: Index) -> Step<'a> {
        Step {
            source,
            index,
            notes: Vec::new(),
            moved_users: BTreeSet::new(),
            moved_groups: BTreeSet::new(),
            mattered: HashSet::new(),
            turned: BTreeSet::new(),
            rehung: BTreeSet::new(),
            unknown: false,
            rescan: false,
        }
    }

    /// Whether the log leaves open too much of the nesting, or of who is in the scope.
    async fn needs_everything(&mut self, log: &Log) -> Result<bool, Error> {
        for id in log.groups.keys() {
            if self.matters(*id) {
                self.mattered.insert(*id);
            }
        }
        let known = |id: &Uuid| self.index.generation(*id).is_some();
        let is_open =
            |(id, touched): (&Uuid, &Touched)| (touched.incomplete || touched.reborn && known(id)).then_some(*id);
        let mut open = Vec::new();
        for id in log.groups.iter().filter_map(is_open) {
            let key = keys::record(self.source.tenant(), keys::GROUP, id);
            if self.source.snapshot.get(&key).await.map_err(store_error)?.is_some() {
                open.push(id);
            }
        }
        if open.is_empty() {
            return Ok(false);
        }
        let nested = keys::nested_count(self.source.tenant());
        let nested = self.source.snapshot.count(&nested).await.map_err(store_error)?;
        self.unknown = true;
        Ok(nested > 0 || self.index.is_nested() || self.source.application.users == Users::Members)
    }

    fn matters(&self, group: Uuid) -> bool {
        !self.index.above([group], Depth::Direct).is_empty()
    }

    async fn groups(&mut self, log: &Log) -> Result<(), Error> {
        for (id, touched) in &log.groups {
            let key = keys::record(self.source.tenant(), keys::GROUP, *id);
            match self.source.snapshot.get(&key).await.map_err(store_error)? {
                Some(entry) => self.group(*id, touched, &entry)?,
                None => self.group_gone(*id),
            }
        }
        Ok(())
    }

    fn group(&mut self, id: Uuid, touched: &Touched, entry: &Entry) -> Result<(), Error> {
        let record = Record::decode(&entry.value)?;
        if self.index.generation(id).is_none() {
            self.rehung.insert(id);
        }
        self.index.put_group(id, record.generation);
        let name = self.source.group_name(id, &record)?;
        let turns = self.index.groups.set(id, name.as_deref());
        if touched.record && turns.iter().all(|turn| turn.id != id) {
            let name = self.index.groups.name(id).cloned();
            self.notes.extend(name.map(|name| Note::Group(id, Some(name))));
        }
        self.turn_groups(turns);
        Ok(())
    }

    fn group_gone(&mut self, id: Uuid) {
        if self.index.generation(id).is_none() {
            return;
        }
        // Who was in it is not to be found any more. Where it was seen, its members lose it with itself; otherwise they
        // lose what was seen through it.
        self.unknown |= self.mattered.contains(&id) && !self.index.groups.shows(id);
        self.rescan |= self.mattered.contains(&id);
        let turns = self.index.groups.set(id, None);
        self.index.remove_group(id);
        self.turn_groups(turns);
        self.turned.remove(&id);
    }

    fn turn_groups(&mut self, turns: Vec<Turn>) {
        for turn in turns {
            self.turned.insert(turn.id);
            self.notes.push(Note::Group(turn.id, turn.old));
        }
    }

    /// Which groups are in which.
    async fn nesting(&mut self, log: &Log) -> Result<(), Error> {
        let members = log.groups.values().flat_map(|touched| &touched.members).copied();
        let groups: Vec<Uuid> = members.filter(|id| self.index.generation(*id).is_some()).collect();
        self.rehung.extend(groups);
        let mut rehung = BTreeSet::new();
        for id in std::mem::take(&mut self.rehung) {
            let now = parents(self.source.snapshot, self.source.tenant(), &self.index, id).await?;
            let (before, after): (BTreeSet<Uuid>, BTreeSet<Uuid>) =
                (self.index.parents(id).collect(), now.iter().copied().collect());
            if before != after {
                let mattered = self.matters(id);
                self.index.put_parents(id, &now);
                if mattered || self.matters(id) {
                    rehung.insert(id);
                }
            }
        }
        self.rehung = rehung;
        Ok(())
    }

    /// Who joined or left a group that matters.
    fn members(&mut self, log: &Log) {
        for (id, touched) in &log.groups {
            if self.mattered.contains(id) || self.matters(*id) {
                let users = touched.members.iter().filter(|member| self.index.generation(**member).is_none());
                self.moved_users.extend(users);
            }
        }
    }

    /// Whoever is below groups that are seen otherwise or are in other groups.
    async fn below(&mut self) -> Result<(), Error> {
        let mut todo: Vec<(Uuid, bool)> = self.turned.iter().map(|id| (*id, true)).collect();
        todo.extend(self.rehung.iter().map(|id| (*id, false)));
        let mut done = HashSet::new();
        while let Some((group, turned)) = todo.pop() {
            self.moved_groups.insert(group);
            let Some(generation) = self.index.generation(group) else { continue };
            if !turned && self.index.groups.shows(group) || !done.insert(group) {
                continue;
            }
            todo.extend(self.index.children(group).map(|child| (child, false)));
            let prefix = keys::members(self.source.tenant(), group, generation);
            let mut after = None;
            while let Some(ids) = member_ids(self.source.snapshot, &prefix, &mut after).await? {
                self.moved_users.extend(ids.into_iter().filter(|id| self.index.generation(*id).is_none()));
                if self.moved_users.len() > limits::CROWD_MOVED_MAX {
                    (self.unknown, self.rescan) = (true, true);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn users(&mut self, log: &Log) -> Result<(), Error> {
        let mut ids: BTreeSet<Uuid> = log.users.keys().copied().collect();
        let mut members = None;
        if self.source.application.users == Users::Members {
            ids.extend(&self.moved_users);
            if self.rescan {
                let now = build::members(self.source, &self.index).await?;
                ids.extend(self.index.users.all().filter(|id| !now.contains(id)));
                ids.extend(now.iter().filter(|id| !self.index.users.has(**id)));
                members = Some(now);
            }
        }
        let ids: Vec<Uuid> = ids.into_iter().collect();
        for ids in ids.chunks(limits::CROWD_ROWS) {
            for (id, name) in self.source.user_names(ids).await? {
                let is_in = match &members {
                    Some(members) => members.contains(&id),
                    None => name.is_some() && self.is_in_scope(id).await?,
                };
                self.user(id, name.filter(|_| is_in), log.users.get(&id));
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn is_in_scope(&self, id: Uuid) -> Result<bool, Error> {
        if self.source.application.users == Users::All {
            return Ok(true);
        }
        let parents = parents(self.source.snapshot, self.source.tenant(), &self.index, id).await?;
        Ok(!self.index.above(parents, Depth::Direct).is_empty())
    }

    fn user(&mut self, id: Uuid, name: Option<String>, touched: Option<&Touched>) {
        let turns = self.index.users.set(id, name.as_deref());
        if let Some(touched) = touched {
            // One that was gone for a while has lost groups that nothing tells of.
            if touched.reborn {
                self.moved_users.insert(id);
            }
            if touched.record && turns.iter().all(|turn| turn.id != id) {
                let name = self.index.users.name(id).cloned();
                self.notes.extend(name.map(|name| Note::User(id, Some(name))));
            }
        }
        self.notes.extend(turns.into_iter().map(|turn| Note::User(turn.id, turn.old)));
    }

    fn finish(mut self) -> (Index, Option<Vec<Note>>) {
        self.index.revision = self.source.snapshot.revision();
        let users = self.moved_users.into_iter().filter(|id| self.index.users.shows(*id));
        self.notes.extend(users.map(Note::UserMoved));
        let groups = self.moved_groups.into_iter().filter(|id| self.index.groups.shows(*id));
        self.notes.extend(groups.map(Note::GroupMoved));
        (self.index, (!self.unknown).then_some(self.notes))
    }
}
