//! A worker for tests: it plans, asks and judges against a fake as the real one does, notes what becomes known, and may lose what it did and
//! did not note at any point, or everything that it knew.

use super::fake::{Call, Fake, SECRET, World};
use scimd::directory::target::stored::{Kind, Memberships, Policy};
use scimd::mapping::outbound::{Definition, Person};
use scimd::outbound::errand::{self, Verdict};
use scimd::outbound::plan::{self, Act, Begun, Effect, Former, Group, KnownGroup, KnownUser, Member, Step, User};
use scimd::outbound::reading::{self, Page, Reading, Seen};
use scimd::outbound::request::{Reply, Request};
use scimd::outbound::{capability, scim};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The status, the headers and the body of an answer.
type Answered = (u16, Vec<(String, String)>, Vec<u8>);

/// A user as the directory has him.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) email: String,
    pub(crate) active: bool,
    pub(crate) title: Option<String>,
}

/// A group as the directory has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Team {
    pub(crate) name: String,
    pub(crate) members: BTreeSet<Uuid>,
}

/// Why a resource is not done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stop {
    /// To be tried again.
    Later(String),
    /// The process died before anything was noted.
    Crash,
    /// A dead letter.
    Dead(String),
    /// The licence is used up.
    NoSeat(String),
    /// The target as a whole.
    Refused(String),
}

pub(crate) struct Sim<W> {
    pub(crate) kind: Kind,
    pub(crate) policy: Policy,
    pub(crate) fake: Fake<W>,
    pub(crate) users: BTreeMap<Uuid, Account>,
    pub(crate) groups: BTreeMap<Uuid, Team>,
    pub(crate) known_users: BTreeMap<Uuid, KnownUser>,
    pub(crate) known_groups: BTreeMap<Uuid, KnownGroup>,
    pub(crate) known_members: BTreeSet<(Uuid, Uuid)>,
    /// Members of whom nobody knows whether they are.
    pub(crate) maybe_members: BTreeSet<(Uuid, Uuid)>,
    /// What was about to be made, and whose outcome was not noted.
    pub(crate) pending: BTreeMap<Uuid, Step>,
    /// One in so many steps that were done is forgotten before it is noted; 0: none.
    pub(crate) crash_every: usize,
    /// Words of all steps.
    pub(crate) steps: Vec<&'static str>,
    /// Every request.
    pub(crate) requests: Vec<Request>,
    count: usize,
}

impl<W: World> Sim<W> {
    pub(crate) fn new(kind: Kind, policy: Policy, fake: Fake<W>) -> Sim<W> {
        let (users, groups, known_users, known_groups, known_members) = Default::default();
        let (steps, requests, pending, maybe_members) = Default::default();
        Sim {
            kind,
            policy,
            fake,
            users,
            groups,
            known_users,
            known_groups,
            known_members,
            maybe_members,
            pending,
            crash_every: 0,
            steps,
            requests,
            count: 0,
        }
    }

    /// Brings one user into line, with his memberships.
    pub(crate) fn user(&mut self, id: Uuid) -> Result<(), Stop> {
        for _ in 0..6 {
            self.finish(id)?;
            let wanted = self.users.get(&id).map(|account| self.as_user(id, account));
            let plan = plan::user(self.kind, &self.policy, self.known_users.get(&id), wanted.as_ref());
            if let Some(trouble) = plan.trouble {
                self.take_all(id, &plan.steps)?;
                return Err(Stop::Dead(trouble));
            }
            if plan.steps.is_empty() {
                return Ok(());
            }
            self.take_all(id, &plan.steps)?;
        }
        panic!("planned again and again: {:?}", self.steps);
    }

    /// Brings one group and its members into line.
    pub(crate) fn group(&mut self, id: Uuid) -> Result<(), Stop> {
        let mut settled = false;
        for _ in 0..6 {
            self.finish(id)?;
            let wanted = self.groups.get(&id).map(|team| self.as_group(id, team));
            let plan = plan::group(self.kind, &self.policy, self.known_groups.get(&id), wanted.as_ref());
            if let Some(trouble) = plan.trouble {
                return Err(Stop::Dead(trouble));
            }
            settled = plan.steps.is_empty();
            if settled {
                break;
            }
            self.take_all(id, &plan.steps)?;
        }
        assert!(settled, "planned again and again: {:?}", self.steps);
        if !self.groups.contains_key(&id) {
            return Ok(());
        }
        for _ in 0..20 {
            let steps = self.member_steps(id);
            if steps.is_empty() {
                return self.former(id);
            }
            self.take_all(id, &steps)?;
            if !self.known_groups.contains_key(&id) {
                return Err(Stop::Later("the group is gone".to_owned()));
            }
        }
        panic!("members again and again: {:?}", self.steps);
    }

    fn member_steps(&self, id: Uuid) -> Vec<Step> {
        let group = self.known_groups[&id].clone();
        let wanted: BTreeSet<Uuid> = self.flat(id).into_iter().filter(|member| self.joins(&group, *member)).collect();
        let of = |(group, member): &(Uuid, Uuid)| (*group == id).then_some(*member);
        let has: BTreeSet<Uuid> = self.known_members.iter().filter_map(of).collect();
        let perhaps: BTreeSet<Uuid> = self.maybe_members.iter().chain(&self.known_members).filter_map(of).collect();
        let as_members =
            |ids: Vec<&Uuid>| -> Vec<Member> { ids.into_iter().filter_map(|id| self.as_member(*id)).collect() };
        let add = as_members(wanted.difference(&has).collect());
        let remove = as_members(perhaps.difference(&wanted).collect());
        plan::members(self.kind, &group, &add, &remove)
    }

    fn former(&mut self, id: Uuid) -> Result<(), Stop> {
        let known = self.known_groups[&id].clone();
        let taken: BTreeSet<String> = (self.known_groups.iter().filter(|(other, _)| **other != id))
            .map(|(_, group)| capability::group_key(self.kind, &group.name))
            .collect();
        let (steps, note) = plan::former(self.kind, &self.policy, &known, |key| taken.contains(key));
        if let Some(note) = note {
            self.known_groups.insert(id, note);
        }
        self.take_all(id, &steps)
    }

    /// The members of a group that the target is to have; without nesting, users alone.
    fn flat(&self, id: Uuid) -> BTreeSet<Uuid> {
        let nests = capability::of(self.kind).nests;
        let (mut flat, mut seen, mut stack) = (BTreeSet::new(), BTreeSet::new(), vec![id]);
        while let Some(group) = stack.pop() {
            for member in self.groups.get(&group).map(|team| &team.members).into_iter().flatten() {
                match self.groups.contains_key(member) {
                    true if !nests => stack.extend(seen.insert(*member).then_some(*member)),
                    _ => flat.extend([*member]),
                }
            }
        }
        flat
    }

    fn joins(&self, group: &KnownGroup, member: Uuid) -> bool {
        match self.known_users.get(&member) {
            Some(user) => {
                self.users.contains_key(&member) && plan::may_join(self.kind, &self.policy, &group.name, user)
            }
            None => self.known_groups.contains_key(&member) && self.groups.contains_key(&member),
        }
    }

    fn as_member(&self, resource: Uuid) -> Option<Member> {
        if let Some(user) = self.known_users.get(&resource) {
            return Some(Member { resource, is_group: false, id: user.id.clone(), name: user.name.clone() });
        }
        let group = self.known_groups.get(&resource)?;
        Some(Member { resource, is_group: true, id: group.id.clone(), name: group.name.clone() })
    }

    pub(crate) fn as_user(&self, id: Uuid, account: &Account) -> User {
        let person = Person {
            name: account.name.clone(),
            display_name: account.display_name.clone(),
            email: account.email.clone(),
            active: account.active,
            ..Person::default()
        };
        let attributes = match self.kind {
            Kind::Scim | Kind::AtlassianCloud => {
                scim::user(self.kind, id, &Definition::default(), &person, &resource(account))
            }
            _ => Map::new(),
        };
        User { person, attributes }
    }

    fn as_group(&self, id: Uuid, team: &Team) -> Group {
        let attributes = match self.kind {
            Kind::Scim | Kind::AtlassianCloud => scim::group(self.kind, id, &team.name, &Map::new()),
            _ => Map::new(),
        };
        Group { name: team.name.clone(), attributes }
    }

    /// Takes steps one after the other and notes each. The first one after which the resource is to be planned again is the last one.
    fn take_all(&mut self, id: Uuid, steps: &[Step]) -> Result<(), Stop> {
        for step in steps {
            if self.take(id, step)? {
                break;
            }
        }
        Ok(())
    }

    /// What was begun is ended before anything else is planned: otherwise something would be there that nobody knows of.
    fn finish(&mut self, id: Uuid) -> Result<(), Stop> {
        match self.pending.get(&id).cloned() {
            Some(step) => self.take(id, &step).map(drop),
            None => Ok(()),
        }
    }

    fn take(&mut self, id: Uuid, step: &Step) -> Result<bool, Stop> {
        match plan::begun(step) {
            Begun::Nothing => {}
            Begun::Step => drop(self.pending.insert(id, step.clone())),
            Begun::User(user) => drop(self.known_users.insert(id, user)),
            Begun::Group(group) => drop(self.known_groups.insert(id, group)),
            Begun::Members(members) => {
                for member in members {
                    self.known_members.remove(&(id, member));
                    self.maybe_members.insert((id, member));
                }
            }
        }
        let taken = self.take_once(id, step);
        if !matches!(taken, Err(Stop::Later(_) | Stop::Crash)) {
            self.pending.remove(&id);
        }
        taken
    }

    fn take_once(&mut self, id: Uuid, step: &Step) -> Result<bool, Stop> {
        assert!(!step.phrase().is_empty());
        self.steps.push(step.word());
        let policy = self.policy.clone();
        let (mut errand, mut request) = errand::begin(self.kind, &policy, step, "random");
        for _ in 0..2_000 {
            let verdict = match self.send(&request) {
                None => return Err(Stop::Later("the connection broke".to_owned())),
                Some((status, headers, body)) => {
                    errand.hear(&Reply { status, headers: &headers, body: &body, now_ms: 0 })
                }
            };
            self.count += 1;
            if self.crash_every > 0 && self.count.is_multiple_of(self.crash_every) {
                return Err(Stop::Crash);
            }
            match verdict {
                Verdict::Ask(next) => request = next,
                Verdict::Done { effect, again } => {
                    self.check_claim(id, step, &effect, again)?;
                    self.note(id, effect);
                    return Ok(again);
                }
                Verdict::Instead(steps) => {
                    for step in &steps {
                        if self.take(id, step)? {
                            return Ok(true);
                        }
                    }
                    return Ok(false);
                }
                Verdict::Busy { reason, .. } | Verdict::Failed(reason) => return Err(Stop::Later(reason)),
                Verdict::Refused(reason) => return Err(Stop::Refused(reason)),
                Verdict::NoSeat(reason) => return Err(Stop::NoSeat(reason)),
                Verdict::Dead(reason) => return Err(Stop::Dead(reason)),
            }
        }
        panic!("an errand without an end: {step:?}");
    }

    /// An account or group that another resource has cannot be taken over; one whose resource is gone can.
    fn check_claim(&mut self, id: Uuid, step: &Step, effect: &Effect, again: bool) -> Result<(), Stop> {
        match (&step.act, effect) {
            (Act::CreateUser(_), Effect::User(Some(_))) => {
                let key = |name: &str| capability::user_key(self.kind, name);
                let Effect::User(Some(user)) = effect else { return Ok(()) };
                let is_it = |known: &KnownUser| match known.id.is_empty() || user.id.is_empty() {
                    true => key(&known.name) == key(&user.name),
                    // Who is addressed by his name cannot be there under another one's.
                    false if matches!(self.kind, Kind::Confluence | Kind::Bitbucket) => {
                        known.id == user.id || key(&known.name) == key(&user.name)
                    }
                    false => known.id == user.id,
                };
                let gone = self
                    .known_users
                    .iter()
                    .find(|(other, known)| **other != id && !self.users.contains_key(other) && is_it(known));
                if let Some(gone) = gone.map(|(gone, _)| *gone) {
                    // The account is his now, with its memberships.
                    self.known_users.remove(&gone);
                    if !again {
                        self.known_members.retain(|(_, member)| *member != gone);
                        self.maybe_members.retain(|(_, member)| *member != gone);
                    }
                    let members = std::mem::take(&mut self.known_members);
                    let his = |member: Uuid| if member == gone { id } else { member };
                    self.known_members = members.into_iter().map(|(group, member)| (group, his(member))).collect();
                }
            }
            (Act::CreateGroup(_), Effect::NewGroup { group, .. }) => {
                let groups = &self.groups;
                let key = |name: &str| capability::group_key(self.kind, name);
                self.known_groups.retain(|other, known| {
                    *other == id || groups.contains_key(other) || key(&known.name) != key(&group.name)
                });
            }
            _ => {}
        }
        let claimed = match (&step.act, effect) {
            _ if !again => false,
            (Act::CreateUser(_), Effect::User(Some(user))) => {
                let key = |name: &str| capability::user_key(self.kind, name);
                self.known_users.iter().any(|(other, known)| *other != id && key(&known.name) == key(&user.name))
            }
            (Act::CreateGroup(_), Effect::NewGroup { group, .. }) => {
                let key = |name: &str| capability::group_key(self.kind, name);
                let is_it = |known: &KnownGroup| match group.id.is_empty() {
                    true => key(&known.name) == key(&group.name),
                    false => known.id == group.id,
                };
                self.known_groups.iter().any(|(other, known)| *other != id && is_it(known))
            }
            _ => false,
        };
        if claimed { Err(Stop::Dead("it is another resource's".to_owned())) } else { Ok(()) }
    }

    fn note(&mut self, id: Uuid, effect: Effect) {
        // What is known has to survive being stored.
        match effect {
            Effect::Nothing => {}
            Effect::User(Some(user)) => {
                let stored = serde_json::from_value(serde_json::to_value(user).unwrap()).unwrap();
                self.known_users.insert(id, stored);
            }
            Effect::User(None) => {
                self.known_users.remove(&id);
                self.known_members.retain(|(_, member)| *member != id);
            }
            Effect::Group(Some(group)) => drop(self.known_groups.insert(id, group)),
            Effect::Group(None) => {
                self.known_groups.remove(&id);
                self.known_members.retain(|(group, member)| *group != id && *member != id);
            }
            Effect::NewGroup { group, read } => {
                self.known_members.retain(|(group, _)| *group != id);
                self.maybe_members.retain(|(group, _)| *group != id);
                self.known_groups.insert(id, group);
                if read {
                    self.read_members(id);
                }
            }
            Effect::Members { added, removed } => {
                self.maybe_members
                    .retain(|(group, member)| *group != id || !added.contains(member) && !removed.contains(member));
                self.known_members.extend(added.into_iter().map(|member| (id, member)));
                self.known_members.retain(|(group, member)| *group != id || !removed.contains(member));
            }
            Effect::Missing(members) => {
                for member in members {
                    // He may have another name by now: his own plan finds out.
                    if let Some(user) = self.known_users.get_mut(&member) {
                        user.doubt.get_or_insert_default();
                    }
                    self.known_groups.remove(&member);
                    self.known_members.retain(|(_, known)| *known != member);
                }
            }
        }
    }

    fn send(&mut self, request: &Request) -> Option<Answered> {
        self.requests.push(request.clone());
        let bearer = format!("Bearer {SECRET}");
        let headers: Vec<(&str, &str)> =
            request.headers.iter().copied().chain([("authorization", bearer.as_str())]).collect();
        let answer = self.fake.call(Call::new(request.method, &request.path, &headers, request.body.as_ref()))?;
        let body = if answer.body.is_null() { Vec::new() } else { answer.body.to_string().into_bytes() };
        Some((answer.status, answer.headers, body))
    }

    fn pages(&mut self, (mut reading, mut request): (Reading, Request)) -> Vec<Page> {
        let mut pages = Vec::new();
        for _ in 0..100_000 {
            let Some((status, headers, body)) = self.send(&request) else { continue };
            let Ok(page) = reading.hear(&Reply { status, headers: &headers, body: &body, now_ms: 0 }) else { continue };
            let next = page.next.clone();
            pages.push(page);
            match next {
                Some(next) => request = next,
                None => return pages,
            }
        }
        panic!("a reading without an end");
    }

    /// Reads the whole target, and knows what it saw: of users and groups that are the directory's by what was known, or by their names.
    pub(crate) fn read(&mut self, forget: bool) {
        let old_groups = self.known_groups.clone();
        if forget {
            self.known_users.retain(|id, _| !self.users.contains_key(id));
            self.known_groups.retain(|id, _| !self.groups.contains_key(id));
        }
        let mut users = BTreeMap::new();
        for seen in self.pages(reading::users(self.kind)).into_iter().flat_map(|page| page.users) {
            let ours = |(id, account): (&Uuid, &Account)| {
                let key = |name: &str| capability::user_key(self.kind, name);
                (key(&account.name) == key(&seen.name)).then_some(*id)
            };
            let known = self
                .known_users
                .iter()
                .find(|(_, known)| if known.id.is_empty() { known.name == seen.name } else { known.id == seen.id });
            let external = scim::resource_of(&seen.attributes).filter(|id| self.users.contains_key(id));
            let id = known.map(|(id, _)| *id).or(external).or_else(|| self.users.iter().find_map(ours));
            if let Some(id) = id {
                let is_known = self.known_users.get(&id).is_some_and(|known| known.id == seen.id);
                let seen = plan::user_seen(self.kind, self.known_users.get(&id), seen);
                if is_known || !users.contains_key(&id) {
                    users.insert(id, seen);
                }
            }
        }
        self.known_users = users;
        let mut wanted: Vec<String> = self.groups.values().map(|team| team.name.clone()).collect();
        wanted.extend(self.known_groups.values().map(|group| group.name.clone()));
        let mut groups = BTreeMap::new();
        for seen in self.pages(reading::groups(self.kind, wanted)).into_iter().flat_map(|page| page.groups) {
            let key = |name: &str| capability::group_key(self.kind, name);
            let is_it = |known: &KnownGroup| match known.id.is_empty() {
                true => key(&known.name) == key(&seen.name),
                false => known.id == seen.id,
            };
            let known = self.known_groups.iter().find(|(_, known)| is_it(known)).map(|(id, _)| *id);
            let external = scim::resource_of(&seen.attributes).filter(|id| self.groups.contains_key(id));
            let ours = || self.groups.iter().find(|(_, team)| key(&team.name) == key(&seen.name)).map(|(id, _)| *id);
            if let Some(id) = known.or(external).or_else(ours) {
                // What it was before is nothing that a reading could tell.
                let former = old_groups.get(&id).map(|old| old.former.clone()).unwrap_or_default();
                let seen = KnownGroup { former, ..plan::group_seen(self.known_groups.get(&id), seen) };
                groups.entry(id).or_insert(seen);
            }
        }
        self.known_groups = groups;
        self.known_members.clear();
        let ids: Vec<Uuid> = self.known_groups.keys().copied().collect();
        ids.into_iter().for_each(|id| self.read_members(id));
    }

    /// Reads who is in a group, and takes out whoever the directory does not know.
    pub(crate) fn read_members(&mut self, id: Uuid) {
        let group = self.known_groups[&id].clone();
        let former = Former { id: group.id.clone(), name: group.name.clone() };
        self.known_members.retain(|(known, _)| *known != id);
        self.maybe_members.retain(|(known, _)| *known != id);
        let seen: Vec<Seen> =
            self.pages(reading::members(self.kind, &former)).into_iter().flat_map(|page| page.members).collect();
        for member in seen {
            let is_it = |known: &str, name: &str| match member.id.is_empty() || known.is_empty() {
                true => capability::user_key(self.kind, name) == capability::user_key(self.kind, &member.name),
                false => known == member.id,
            };
            let user = self.known_users.iter().find(|(_, known)| is_it(&known.id, &known.name)).map(|(id, _)| *id);
            let group_id = self.known_groups.iter().find(|(_, known)| !known.id.is_empty() && known.id == member.id);
            match user.or(group_id.map(|(id, _)| *id)) {
                Some(resource) => self.known_members.extend([(id, resource)]),
                None if self.policy.memberships == Memberships::Authoritative => {
                    let stranger = Member { id: member.id, name: member.name, ..Member::default() };
                    for step in plan::members(self.kind, &group, &[], &[stranger]) {
                        let _ = self.take(id, &step);
                    }
                }
                None => {}
            }
        }
    }

    /// Whether it is, or was to be, a group at the target.
    pub(crate) fn is_group(&self, id: Uuid) -> bool {
        let pending = self.pending.get(&id).is_some_and(|step| matches!(step.act, Act::CreateGroup(_)));
        pending || self.groups.contains_key(&id) || self.known_groups.contains_key(&id)
    }

    /// Brings everything into line; what is left is dead.
    pub(crate) fn settle(&mut self) -> Vec<(Uuid, Stop)> {
        let mut left = Vec::new();
        for _ in 0..40 {
            let before = std::mem::take(&mut left);
            let users: BTreeSet<Uuid> =
                self.users.keys().chain(self.known_users.keys()).chain(self.pending.keys()).copied().collect();
            for id in users {
                let stop = if self.is_group(id) { None } else { self.user(id).err() };
                left.extend(stop.map(|stop| (id, stop)));
            }
            let groups: BTreeSet<Uuid> =
                self.groups.keys().chain(self.known_groups.keys()).chain(self.pending.keys()).copied().collect();
            for id in groups {
                let stop = if self.is_group(id) { self.group(id).err() } else { None };
                left.extend(stop.map(|stop| (id, stop)));
            }
            let waits = left.iter().any(|(_, stop)| matches!(stop, Stop::Crash));
            if left.is_empty() || left == before && !waits {
                break;
            }
        }
        left
    }
}

/// The user as a SCIM resource.
pub(crate) fn resource(account: &Account) -> Map<String, Value> {
    let mut resource = json!({
        "userName": account.name, "displayName": account.display_name, "active": account.active,
        "emails": [{ "value": account.email, "primary": true }],
    });
    if let Some(title) = &account.title {
        resource["title"] = json!(title);
    }
    resource.as_object().unwrap().clone()
}
