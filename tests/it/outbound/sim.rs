//! A worker for tests: it plans, asks and judges against a fake as the real one does, notes what becomes known, and may lose what it did and
//! did not note at any point, or everything that it knew.

use super::fake::{Call, Fake, SECRET, World};
use scimd::directory::target::stored::{Kind, Memberships, Policy};
use scimd::mapping::outbound::{Definition, Person};
use scimd::outbound::call::{self, Called};
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
    /// Resources that are brought into line for the sake of others.
    claims: usize,
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
            claims: 0,
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
        self.group_itself(id)?;
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

    /// Brings a group into line, without its members.
    fn group_itself(&mut self, id: Uuid) -> Result<(), Stop> {
        let mut settled = false;
        for _ in 0..6 {
            self.finish(id)?;
            self.drop_taken(id);
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
        Ok(())
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
        self.drop_taken(id);
        let steps = plan::former(self.kind, &self.policy, &self.known_groups[&id]);
        self.take_all(id, &steps)
    }

    /// A former name of a group that another one has by now is no business of its any more.
    fn drop_taken(&mut self, id: Uuid) {
        let Some(mut known) = self.known_groups.get(&id).cloned() else { return };
        known.former.retain(|old| {
            let other = self.call(true, &old.name).and_then(|call| self.called(true, &call));
            other.is_none_or(|other| other == id)
        });
        self.known_groups.insert(id, known);
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
            if plan::is_name_in_doubt(self.kind, user) {
                return None;
            }
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
            Some(step) => {
                let is_group = self.is_group(id);
                let known_to_others =
                    step.gives_name().and_then(|name| self.called(is_group, &self.call(is_group, name)?));
                if known_to_others.is_some_and(|other| other != id) {
                    self.pending.remove(&id);
                    return Ok(());
                }
                self.take(id, &step).map(drop)
            }
            None => Ok(()),
        }
    }

    fn take(&mut self, id: Uuid, step: &Step) -> Result<bool, Stop> {
        let call = step.gives_name().and_then(|name| self.call(self.is_group(id), name));
        self.claim(id, call)?;
        match plan::begun(step) {
            Begun::Nothing => {}
            Begun::Step => drop(self.pending.insert(id, step.clone())),
            Begun::User(user) => {
                self.known_users.insert(id, user);
                if let Act::Release(_, group) = &step.act {
                    let left = self.leave(id, group);
                    self.maybe_members.extend(left);
                }
            }
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
            if taken.is_err() {
                self.note(id, plan::refused(step));
            }
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
                    let found = match (&step.act, &effect) {
                        (Act::CreateUser(_), Effect::User(Some(found))) => call::by_id(&found.id),
                        (Act::CreateGroup(_), Effect::NewGroup { group, .. }) => call::by_id(&group.id),
                        _ => None,
                    };
                    if self.claim(id, found)? {
                        return Ok(true);
                    }
                    self.note(id, effect);
                    if let Act::Release(_, group) = &step.act {
                        self.leave(id, group);
                    }
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

    /// Forgets that a user is in the groups of a name; which those were.
    fn leave(&mut self, id: Uuid, name: &str) -> Vec<(Uuid, Uuid)> {
        let groups = &self.known_groups;
        let is_named = |group: &Uuid| groups.get(group).is_some_and(|known| known.name.eq_ignore_ascii_case(name));
        let is_it = |pair: &(Uuid, Uuid)| pair.1 == id && is_named(&pair.0);
        let known = self.known_members.extract_if(.., is_it);
        known.chain(self.maybe_members.extract_if(.., is_it)).collect()
    }

    /// Whoever else is called so there is brought into line first, and forgotten if he is gone; whether that changed anything. Whoever
    /// keeps it, keeps it.
    fn claim(&mut self, id: Uuid, call: Option<String>) -> Result<bool, Stop> {
        let Some(call) = call else { return Ok(false) };
        let is_group = self.is_group(id);
        let Some(other) = self.called(is_group, &call).filter(|other| *other != id) else { return Ok(false) };
        if self.claims == 8 {
            return Err(Stop::Later("too many wait for each other".to_owned()));
        }
        self.claims += 1;
        let done = if is_group { self.group_itself(other) } else { self.user(other) };
        self.claims -= 1;
        if let Err(stop) = done {
            return Err(if stop == Stop::Crash { stop } else { Stop::Later(format!("{other} keeps {call}")) });
        }
        if self.called(is_group, &call) == Some(other) {
            if self.users.contains_key(&other) || self.groups.contains_key(&other) {
                return Err(Stop::Later(format!("{other} keeps {call}")));
            }
            self.known_users.remove(&other);
            self.known_groups.remove(&other);
            self.known_members.retain(|(group, _)| *group != other);
            self.maybe_members.retain(|(group, _)| *group != other);
            // Whatever is left of memberships comes with the account.
            let his = |pair: &(Uuid, Uuid)| pair.1 == other;
            let left = self.known_members.extract_if(.., his).chain(self.maybe_members.extract_if(.., his));
            let left: Vec<_> = left.map(|(group, _)| (group, id)).collect();
            self.maybe_members.extend(left);
        }
        Ok(true)
    }

    fn call(&self, is_group: bool, name: &str) -> Option<String> {
        if is_group { call::by_group_name(self.kind, name) } else { call::by_user_name(name) }
    }

    /// Who is called so there, or may be.
    fn called(&self, is_group: bool, call: &str) -> Option<Uuid> {
        let is_it = |known: &dyn Called| known.calls(self.kind).iter().any(|its| its == call);
        let pending = self.pending.iter().find(|(_, step)| match &step.act {
            Act::CreateUser(user) => !is_group && is_it(user),
            Act::CreateGroup(group) => is_group && is_it(group),
            _ => false,
        });
        let known = match is_group {
            true => self.known_groups.iter().find(|(_, group)| is_it(*group)).map(|(id, _)| *id),
            false => self.known_users.iter().find(|(_, user)| is_it(*user)).map(|(id, _)| *id),
        };
        known.or(pending.map(|(id, _)| *id))
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
                    if let Some(group) = self.known_groups.get_mut(&member) {
                        group.doubt.get_or_insert_default();
                    }
                    let his = |pair: &(Uuid, Uuid)| pair.1 == member;
                    self.maybe_members.extend(self.known_members.extract_if(.., his));
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
