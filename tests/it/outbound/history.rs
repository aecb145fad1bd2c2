//! Random histories: users and groups come, change and go, while the target throttles, fails and breaks connections, the worker loses what it
//! has not noted, and now and then everything that it knew. At the end the target has exactly what the directory has.

use super::fake::{Fake, Faults, World};
use super::fake_bitbucket::Bitbucket;
use super::fake_cloud::Cloud;
use super::fake_confluence::Confluence;
use super::fake_jira::Jira;
use super::sim::{Account, Sim, Stop, Team};
use scimd::directory::target::stored::{Kind, Leavers, Policy};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use uuid::Uuid;

const CHANGES: usize = 400;

const SEEDS: RangeInclusive<u64> = 1..=20;

const FAULTS: Faults =
    Faults { throttled: 20, failed_before: 20, failed_after: 20, dropped_before: 20, dropped_after: 30 };

/// What a target has, in the directory's words: users by name, groups with the names of their members.
#[derive(Debug, Default, PartialEq)]
struct Has {
    users: BTreeMap<String, (String, String, bool)>,
    groups: BTreeMap<String, BTreeSet<String>>,
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn one<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        if all.is_empty() { None } else { Some(all[self.below(all.len())]) }
    }
}

/// Changes something in the directory, and says which resources a worker would look at.
fn change<W>(sim: &mut Sim<W>, random: &mut Random, number: usize) -> Vec<Uuid> {
    let users: Vec<Uuid> = sim.users.keys().copied().collect();
    let groups: Vec<Uuid> = sim.groups.keys().copied().collect();
    let new = Uuid::from_u128(number as u128 + 1);
    // Few names, so that they are used again.
    let user_name = format!("User.{}", random.below(40));
    let group_name = format!("Group {}", random.below(15));
    let user_is_free = !sim.users.values().any(|user| user.name == user_name);
    let group_is_free = !sim.groups.values().any(|team| team.name == group_name);
    let (user, group) = (random.one(&users), random.one(&groups));
    match random.below(12) {
        0 | 1 if user_is_free => {
            let (name, email) = (user_name.clone(), format!("{user_name}@example.com"));
            let account = Account {
                name,
                display_name: format!("The {user_name}"),
                email,
                active: !number.is_multiple_of(7),
                title: None,
            };
            sim.users.insert(new, account);
            vec![new]
        }
        2 if group_is_free => {
            sim.groups.insert(new, Team { name: group_name, members: BTreeSet::new() });
            vec![new]
        }
        3 => user.map_or(Vec::new(), |id| {
            let account = sim.users.get_mut(&id).unwrap();
            account.display_name = format!("Someone {number}");
            account.title = number.is_multiple_of(2).then(|| format!("Title {number}"));
            vec![id]
        }),
        4 => user.map_or(Vec::new(), |id| {
            let account = sim.users.get_mut(&id).unwrap();
            account.active = !account.active;
            vec![id].into_iter().chain(groups).collect()
        }),
        5 if sim.kind != Kind::Confluence => user.map_or(Vec::new(), |id| {
            // Never the name of somebody who has gone: his account may be there still.
            sim.users.get_mut(&id).unwrap().name = format!("User.{}", 100 + number);
            vec![id]
        }),
        6 => user.map_or(Vec::new(), |id| {
            sim.users.remove(&id);
            leave_all(sim, id);
            vec![id].into_iter().chain(groups).collect()
        }),
        7 if group_is_free => group.map_or(Vec::new(), |id| {
            sim.groups.get_mut(&id).unwrap().name = group_name;
            vec![id]
        }),
        8 if number.is_multiple_of(3) => group.map_or(Vec::new(), |id| {
            sim.groups.remove(&id);
            leave_all(sim, id);
            vec![id].into_iter().chain(groups).collect()
        }),
        9 => match (group, random.one(&groups)) {
            (Some(group), Some(member)) if group != member && !contains(sim, member, group) => {
                sim.groups.get_mut(&group).unwrap().members.insert(member);
                vec![member].into_iter().chain(groups).collect()
            }
            _ => Vec::new(),
        },
        _ => match (group, user) {
            (Some(group), Some(user)) => {
                let members = &mut sim.groups.get_mut(&group).unwrap().members;
                if !members.remove(&user) {
                    members.insert(user);
                }
                groups
            }
            _ => Vec::new(),
        },
    }
}

fn leave_all<W>(sim: &mut Sim<W>, id: Uuid) {
    for team in sim.groups.values_mut() {
        team.members.remove(&id);
    }
}

/// Whether a group is in another one, however deep.
fn contains<W>(sim: &Sim<W>, outer: Uuid, inner: Uuid) -> bool {
    let members = sim.groups.get(&outer).map(|team| &team.members);
    members.into_iter().flatten().any(|member| *member == inner || contains(sim, *member, inner))
}

fn live<W: World>(kind: Kind, policy: Policy, world: W, seed: u64) -> Sim<W> {
    let mut sim = Sim::new(kind, policy, Fake::new(world));
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    sim.fake.gate().faults = FAULTS;
    sim.crash_every = 23;
    for number in 0..CHANGES {
        for id in change(&mut sim, &mut random, number) {
            let _ = if sim.is_group(id) { sim.group(id) } else { sim.user(id) };
        }
        if number % 97 == 50 {
            // What is forgotten before it is in line cannot be told from a stranger's: a name is all that is left of it.
            let forgets = number % 2 == 0;
            if forgets {
                sim.fake.gate().faults = Faults::default();
                sim.crash_every = 0;
                sim.settle();
            }
            sim.read(forgets);
            sim.fake.gate().faults = FAULTS;
            sim.crash_every = 23;
        }
    }
    sim.fake.gate().faults = Faults::default();
    sim.crash_every = 0;
    let left = sim.settle();
    assert_eq!(left, Vec::<(Uuid, Stop)>::new(), "seed {seed}");
    let before = sim.fake.gate().calls.len();
    sim.settle();
    assert_eq!(sim.fake.gate().calls.len(), before, "seed {seed}: what is done is asked for again");
    sim.read(false);
    let before = sim.fake.gate().calls.len();
    sim.settle();
    assert_eq!(sim.fake.writes_since(before), 0, "seed {seed}: a reading finds differences {:?}", sim.requests.last());
    sim
}

/// What the target is to have of the directory; users that are inactive and were never made are left out.
fn wanted<W: World>(sim: &Sim<W>, fold: fn(&str) -> String) -> Has {
    let mut has = Has::default();
    let mut names = BTreeMap::new();
    for (id, account) in &sim.users {
        if sim.known_users.contains_key(id) {
            let name = fold(&account.name);
            names.insert(*id, name.clone());
            has.users.insert(name, (account.display_name.clone(), account.email.clone(), account.active));
        }
    }
    for (id, team) in &sim.groups {
        let mut flat = BTreeSet::new();
        let mut stack: Vec<Uuid> = team.members.iter().copied().collect();
        while let Some(member) = stack.pop() {
            match sim.groups.get(&member) {
                Some(inner) => stack.extend(inner.members.iter().copied()),
                None => flat.extend(names.get(&member).cloned()),
            }
        }
        assert!(sim.known_groups.contains_key(id));
        has.groups.insert(team.name.to_lowercase(), flat);
    }
    has
}

fn policy(leavers: Leavers) -> Policy {
    Policy { leavers, delete_groups: true, ..Policy::default() }
}

/// Users whom the directory does not have any more are inactive, and nothing else is told of them.
fn only<T>(users: BTreeMap<String, T>, wanted: &Has, is_active: impl Fn(&T) -> bool) -> BTreeMap<String, T> {
    users.into_iter().filter(|(name, user)| wanted.users.contains_key(name) || is_active(user)).collect()
}

/// Who is inactive is not in the group that gives a licence.
fn without_licence(wanted: &mut Has) {
    let users = &wanted.users;
    if let Some(members) = wanted.groups.get_mut("group 3") {
        members.retain(|name| users.get(name).is_some_and(|user| user.2));
    }
}

#[test]
fn jira_ends_as_the_directory_is() {
    for seed in SEEDS {
        let leavers = [Leavers::Deactivate, Leavers::Delete, Leavers::Release][seed as usize % 3];
        let policy = Policy { licence_groups: vec!["group 3".to_owned()], ..policy(leavers) };
        let sim = live(Kind::Jira, policy, Jira::default(), seed);
        let mut wanted = wanted(&sim, str::to_lowercase);
        if leavers == Leavers::Release {
            without_licence(&mut wanted);
        }
        let state = sim.fake.state();
        let users = state
            .users
            .values()
            .map(|user| (user.name.clone(), (user.display_name.clone(), user.email.clone(), user.active)));
        let groups = state.groups.iter().map(|(name, group)| {
            (name.clone(), group.members.iter().map(|key| state.users[key].name.clone()).collect())
        });
        let has = Has { users: only(users.collect(), &wanted, |user| user.2), groups: groups.collect() };
        assert_eq!(has, wanted, "seed {seed}");
    }
}

#[test]
fn confluence_ends_as_the_directory_is() {
    for seed in SEEDS {
        let leavers = [Leavers::Deactivate, Leavers::Delete][seed as usize % 2];
        let world = Confluence { page_max: 5, ..Confluence::default() };
        let sim = live(Kind::Confluence, policy(leavers), world, seed);
        let wanted = wanted(&sim, str::to_lowercase);
        let state = sim.fake.state();
        let users = state
            .users
            .values()
            .map(|user| (user.name.clone(), (user.full_name.clone(), user.email.clone(), user.active)));
        let groups = state.groups.iter().map(|(name, group)| (name.clone(), group.members.clone()));
        let has = Has { users: only(users.collect(), &wanted, |user| user.2), groups: groups.collect() };
        assert_eq!(has, wanted, "seed {seed}");
    }
}

#[test]
fn bitbucket_ends_as_the_directory_is() {
    for seed in SEEDS {
        let leavers = [Leavers::Deactivate, Leavers::Delete][seed as usize % 2];
        let world = Bitbucket { page_max: 7, ..Bitbucket::default() };
        let policy = Policy { licence_groups: vec!["group 3".to_owned()], ..policy(leavers) };
        let sim = live(Kind::Bitbucket, policy, world, seed);
        let mut wanted = wanted(&sim, str::to_lowercase);
        // Nobody is inactive there; who is inactive here is not in the group that gives a licence.
        let inactive: BTreeSet<String> =
            wanted.users.iter().filter(|(_, user)| !user.2).map(|(name, _)| name.clone()).collect();
        without_licence(&mut wanted);
        let state = sim.fake.state();
        let users = state
            .users
            .iter()
            .map(|(key, user)| (key.clone(), (user.display_name.clone(), user.email.clone(), !inactive.contains(key))));
        let groups = state.groups.iter().map(|(name, group)| {
            (name.clone(), group.members.iter().map(|id| state.by_id(*id).unwrap().name.to_lowercase()).collect())
        });
        let locked = |name: &String| state.users[name].password == "random" && !state.users[name].permitted;
        assert!(inactive.iter().all(locked), "seed {seed}");
        // Whoever is gone here cannot sign in there, whatever his name was while he was.
        let left: Vec<_> = state.users.keys().filter(|name| !wanted.users.contains_key(*name)).collect();
        assert!(left.iter().all(|name| locked(name)), "seed {seed}: {left:?}");
        let has = Has { users: only(users.collect(), &wanted, |_| false), groups: groups.collect() };
        assert_eq!(has, wanted, "seed {seed}");
    }
}

fn cloud(is_plain: bool, seed: u64) -> Cloud {
    Cloud { is_plain, page_max: 7, is_terse: seed.is_multiple_of(2), ..Cloud::default() }
}

#[test]
fn atlassian_cloud_ends_as_the_directory_is() {
    for seed in SEEDS {
        let leavers = [Leavers::Deactivate, Leavers::Delete][seed as usize % 2];
        let sim = live(Kind::AtlassianCloud, policy(leavers), cloud(false, seed), seed);
        let wanted = wanted(&sim, str::to_lowercase);
        let has = cloud_has(&sim, &wanted);
        assert_eq!(has, wanted, "seed {seed}");
    }
}

fn cloud_has(sim: &Sim<Cloud>, wanted: &Has) -> Has {
    let state = sim.fake.state();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let name = |id: &String| text(&state.users[id]["userName"]).to_lowercase();
    let users = state.users.iter().map(|(id, user)| {
        let email = text(&user["emails"][0]["value"]);
        (name(id), (text(&user["displayName"]), email, user["active"] != false))
    });
    let groups = state.groups.values().map(|group| {
        let mut flat = BTreeSet::new();
        let mut stack: Vec<&String> = group.members.iter().collect();
        while let Some(id) = stack.pop() {
            match state.groups.get(id) {
                Some(inner) => stack.extend(&inner.members),
                None => flat.extend([name(id)]),
            }
        }
        (text(&group.attributes["displayName"]).to_lowercase(), flat)
    });
    Has { users: only(users.collect(), wanted, |user| user.2), groups: groups.collect() }
}

#[test]
fn a_plain_scim_server_ends_as_the_directory_is() {
    for seed in SEEDS {
        let sim = live(Kind::Scim, policy(Leavers::Delete), cloud(true, seed), seed);
        let wanted = wanted(&sim, str::to_lowercase);
        assert_eq!(cloud_has(&sim, &wanted), wanted, "seed {seed}");
        assert_eq!(sim.known_users.len(), sim.users.len());
        // Everything else of a user is there too, and groups are in groups.
        let state = sim.fake.state();
        for (id, account) in &sim.users {
            let there = &state.users[&sim.known_users[id].id];
            assert_eq!(there.get("title").and_then(|title| title.as_str()), account.title.as_deref());
        }
        for (id, team) in &sim.groups {
            let there = &state.groups[&sim.known_groups[id].id];
            assert_eq!(there.members.len(), team.members.len());
        }
    }
}
