//! Random calls against a small model without any index: whatever the directory answers, the model says the same. On a file the
//! store is closed and opened again in between.

use super::{Site, id, sorted, texts};
use scimd::scim::errors::Kind;
use scimd::scim::schema::{group, user};
use scimd::store::{Options, Store};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Deterministic choices.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }

    fn pick(&mut self, from: &BTreeMap<String, impl Sized>) -> Option<String> {
        let n = from.len();
        (n > 0).then(|| from.keys().nth(self.roll(n)).unwrap().clone())
    }
}

/// userName, e-mail, title
type User = (String, Option<String>, Option<String>);

#[derive(Default)]
struct Model {
    users: BTreeMap<String, User>,
    /// id → displayName, members
    groups: BTreeMap<String, (String, BTreeSet<String>)>,
}

const NAMES: usize = 40;

impl Model {
    fn has_user(&self, name: &str, except: Option<&str>) -> bool {
        self.users.iter().any(|(id, user)| user.0.eq_ignore_ascii_case(name) && except != Some(id))
    }

    fn has_group(&self, name: &str, except: Option<&str>) -> bool {
        self.groups.iter().any(|(id, group)| group.0.eq_ignore_ascii_case(name) && except != Some(id))
    }

    async fn step(&mut self, site: &Site, dice: &mut Dice) {
        match dice.roll(9) {
            0 | 1 => self.create_user(site, dice).await,
            2 => self.create_group(site, dice).await,
            3 => self.rename(site, dice).await,
            4 | 5 => self.join(site, dice).await,
            6 => self.leave(site, dice).await,
            7 => self.replace_members(site, dice).await,
            _ => self.delete(site, dice).await,
        }
    }

    async fn create_user(&mut self, site: &Site, dice: &mut Dice) {
        let name = spelled(dice, "user");
        let mail = (dice.roll(2) == 0).then(|| format!("{name}@example.test"));
        let mut body = json!({"userName": name});
        if let Some(mail) = &mail {
            body["emails"] = json!([{"type": "work", "value": mail}]);
        }
        let answer = site.post(user(), body).await;
        match self.has_user(&name, None) {
            true => assert_eq!(answer.unwrap_err().kind, Kind::Uniqueness),
            false => {
                self.users.insert(id(&answer.unwrap()), (name, mail, None));
            }
        }
    }

    async fn create_group(&mut self, site: &Site, dice: &mut Dice) {
        let name = spelled(dice, "group");
        let members: BTreeSet<String> = (0..dice.roll(4)).filter_map(|_| dice.pick(&self.users)).collect();
        let list: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let answer = site.post(group(), json!({"displayName": name, "members": list})).await;
        match self.has_group(&name, None) {
            true => assert_eq!(answer.unwrap_err().kind, Kind::Uniqueness),
            false => {
                self.groups.insert(id(&answer.unwrap()), (name, members));
            }
        }
    }

    async fn rename(&mut self, site: &Site, dice: &mut Dice) {
        let Some(id) = dice.pick(&self.users) else { return };
        let name = spelled(dice, "user");
        let title = format!("title{}", dice.roll(3));
        let operations = json!([
            {"op": "replace", "path": "userName", "value": name},
            {"op": "add", "path": "title", "value": title},
        ]);
        let answer = site.patch(user(), &id, operations, None).await;
        match self.has_user(&name, Some(&id)) {
            true => assert_eq!(answer.unwrap_err().kind, Kind::Uniqueness),
            false => {
                answer.unwrap();
                let user = self.users.get_mut(&id).unwrap();
                (user.0, user.2) = (name, Some(title));
            }
        }
    }

    async fn join(&mut self, site: &Site, dice: &mut Dice) {
        let (Some(group_id), Some(member)) = (dice.pick(&self.groups), dice.pick(&self.users)) else { return };
        let operations = json!([{"op": "Add", "path": "members", "value": [{"value": member}]}]);
        site.patch(group(), &group_id, operations, None).await.unwrap();
        self.groups.get_mut(&group_id).unwrap().1.insert(member);
    }

    async fn leave(&mut self, site: &Site, dice: &mut Dice) {
        let (Some(group_id), Some(member)) = (dice.pick(&self.groups), dice.pick(&self.users)) else { return };
        let operations = match dice.roll(2) {
            0 => json!([{"op": "remove", "path": format!("members[value eq \"{member}\"]")}]),
            _ => json!([{"op": "remove", "path": "members", "value": [{"value": member}]}]),
        };
        site.patch(group(), &group_id, operations, None).await.unwrap();
        self.groups.get_mut(&group_id).unwrap().1.remove(&member);
    }

    async fn replace_members(&mut self, site: &Site, dice: &mut Dice) {
        let Some(group_id) = dice.pick(&self.groups) else { return };
        let members: BTreeSet<String> = (0..dice.roll(5)).filter_map(|_| dice.pick(&self.users)).collect();
        let list: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let operations = json!([{"op": "replace", "value": {"members": list}}]);
        site.patch(group(), &group_id, operations, None).await.unwrap();
        self.groups.get_mut(&group_id).unwrap().1 = members;
    }

    async fn delete(&mut self, site: &Site, dice: &mut Dice) {
        match dice.roll(3) {
            0 => {
                let Some(id) = dice.pick(&self.groups) else { return };
                site.delete(group(), &id).await.unwrap();
                self.groups.remove(&id);
            }
            _ => {
                let Some(id) = dice.pick(&self.users) else { return };
                site.delete(user(), &id).await.unwrap();
                self.users.remove(&id);
                self.groups.values_mut().for_each(|group| {
                    group.1.remove(&id);
                });
            }
        }
    }

    /// Everything that can be asked, compared with what the model says.
    async fn check(&self, site: &Site) {
        let all = site.list(user(), "count=1000").await.unwrap();
        assert_eq!(sorted(texts(&all["Resources"], "id")), self.users.keys().cloned().collect::<Vec<_>>());
        assert_eq!(all["totalResults"], json!(self.users.len()));
        let all = site.list(group(), "count=1000&excludedAttributes=members").await.unwrap();
        assert_eq!(sorted(texts(&all["Resources"], "id")), self.groups.keys().cloned().collect::<Vec<_>>());
        for n in 0..NAMES {
            let of = |found: &dyn Fn(&User) -> bool| -> Vec<String> {
                self.users.iter().filter(|(_, user)| found(user)).map(|(id, _)| id.clone()).collect()
            };
            let name = format!("user{n}");
            let found = sorted(site.find(user(), &format!("userName eq \"{name}\"")).await);
            assert_eq!(found, of(&|user| user.0.eq_ignore_ascii_case(&name)));
            let mail = format!("{name}@example.test");
            let found = sorted(site.find(user(), &format!("emails[type eq \"work\"].value eq \"{mail}\"")).await);
            assert_eq!(found, of(&|user| user.1.as_ref().is_some_and(|m| m.eq_ignore_ascii_case(&mail))));
            let filter = format!("title eq \"title{}\" and userName sw \"user{n}\"", n % 3);
            let found = sorted(site.find(user(), &filter).await);
            let title = format!("title{}", n % 3);
            let starts = |user: &str| user.to_ascii_lowercase().starts_with(&name);
            assert_eq!(found, of(&|user| starts(&user.0) && user.2.as_ref() == Some(&title)));
        }
        for (group_id, (name, members)) in &self.groups {
            assert_eq!(site.members(group_id).await, members.iter().cloned().collect::<Vec<_>>());
            assert_eq!(site.find(group(), &format!("displayName eq \"{name}\"")).await, vec![group_id.clone()]);
        }
        for member in self.users.keys() {
            let groups = self.groups.iter().filter(|(_, group)| group.1.contains(member)).map(|(id, _)| id.clone());
            let groups = sorted(groups.collect());
            assert_eq!(site.groups_of(member).await, groups);
            assert_eq!(sorted(site.find(group(), &format!("members.value eq \"{member}\"")).await), groups);
        }
        site.agrees().await;
    }
}

/// One of a few names, in one of two spellings.
fn spelled(dice: &mut Dice, start: &str) -> String {
    let name = format!("{start}{}", dice.roll(NAMES));
    if dice.roll(2) == 0 { name.to_ascii_uppercase() } else { name }
}

#[tokio::test]
async fn random_calls_in_memory_agree_with_the_model() {
    let site = Site::new(Store::memory()).await;
    let (mut model, mut dice) = (Model::default(), Dice(1));
    for step in 0..20_000 {
        model.step(&site, &mut dice).await;
        if step % 1_000 == 999 {
            model.check(&site).await;
        }
    }
}

#[tokio::test]
async fn random_calls_on_a_file_agree_with_the_model_after_every_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.redb");
    let (mut model, mut dice) = (Model::default(), Dice(2));
    for _ in 0..6 {
        let store = Store::open(&path, &Options::default()).unwrap();
        let site = Site::new(store.clone()).await;
        model.check(&site).await;
        for _ in 0..150 {
            model.step(&site, &mut dice).await;
        }
        model.check(&site).await;
        drop(site);
        store.close().await;
    }
}
