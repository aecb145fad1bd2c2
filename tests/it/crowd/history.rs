//! Whoever hears what changed knows what he would know who reads everything: random histories, heard by clients of several applications.

use super::client::{Cache, since, token};
use super::{Asking, Crowd, Lens};
use crate::directory::Site;
use scimd::scim::schema::{self, group, user};
use serde_json::{Value, json};

/// Deterministic choices.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides as u64).unwrap()
    }

    fn pick(&mut self, from: &[String]) -> Option<String> {
        (!from.is_empty()).then(|| from[self.roll(from.len())].clone())
    }
}

/// Who there is.
#[derive(Default)]
struct There {
    users: Vec<String>,
    groups: Vec<String>,
}

impl There {
    /// One change; those that the directory refuses change nothing.
    async fn step(&mut self, site: &Site, dice: &mut Dice) {
        match dice.roll(14) {
            0..3 => self.create_user(site, dice).await,
            3 | 4 => self.create_group(site, dice).await,
            5 => self.change_user(site, dice, |dice| json!({"userName": name(dice, "u")})).await,
            6 => self.change_user(site, dice, |dice| json!({"active": dice.roll(2) == 0})).await,
            7 => self.change_user(site, dice, |dice| json!({"emails": [{"value": mail(dice), "type": "work"}]})).await,
            8 => self.rename_group(site, dice).await,
            9 | 10 => self.members(site, dice, "add").await,
            11 => {
                let op = ["remove", "replace"][dice.roll(2)];
                self.members(site, dice, op).await;
            }
            12 => self.delete(site, dice).await,
            _ => self.change_user(site, dice, |dice| json!({"title": name(dice, "t")})).await,
        }
    }

    async fn create_user(&mut self, site: &Site, dice: &mut Dice) {
        let emails = json!([{"value": mail(dice), "type": "work"}]);
        let body = json!({"schemas": [schema::USER], "userName": name(dice, "u"), "emails": emails});
        if let Ok(made) = site.post(user(), body).await {
            self.users.push(made["id"].as_str().unwrap().to_owned());
        }
    }

    async fn create_group(&mut self, site: &Site, dice: &mut Dice) {
        let members = self.some(dice);
        let body = json!({"schemas": [schema::GROUP], "displayName": group_name(dice), "members": members});
        if let Ok(made) = site.post(group(), body).await {
            self.groups.push(made["id"].as_str().unwrap().to_owned());
        }
    }

    async fn change_user(&mut self, site: &Site, dice: &mut Dice, change: impl Fn(&mut Dice) -> Value) {
        let Some(id) = dice.pick(&self.users) else { return };
        let _ = site.patch(user(), &id, json!([{"op": "replace", "value": change(dice)}]), None).await;
    }

    async fn rename_group(&mut self, site: &Site, dice: &mut Dice) {
        let Some(id) = dice.pick(&self.groups) else { return };
        let change = json!({"displayName": group_name(dice)});
        let _ = site.patch(group(), &id, json!([{"op": "replace", "value": change}]), None).await;
    }

    async fn members(&mut self, site: &Site, dice: &mut Dice, op: &str) {
        let Some(id) = dice.pick(&self.groups) else { return };
        let members = self.some(dice);
        let _ = site.patch(group(), &id, json!([{"op": op, "path": "members", "value": members}]), None).await;
    }

    async fn delete(&mut self, site: &Site, dice: &mut Dice) {
        let (kind, list) = if dice.roll(2) == 0 { (user(), &mut self.users) } else { (group(), &mut self.groups) };
        let Some(id) = dice.pick(list) else { return };
        site.delete(kind, &id).await.unwrap();
        list.retain(|other| *other != id);
    }

    /// A few users and now and then a group.
    fn some(&self, dice: &mut Dice) -> Vec<Value> {
        let mut ids: Vec<String> = (0..dice.roll(4)).filter_map(|_| dice.pick(&self.users)).collect();
        if dice.roll(2) == 0 {
            ids.extend(dice.pick(&self.groups));
        }
        ids.into_iter().map(|id| json!({"value": id})).collect()
    }
}

fn name(dice: &mut Dice, prefix: &str) -> String {
    let name = format!("{prefix}{}", dice.roll(20));
    if dice.roll(3) == 0 { name.to_uppercase() } else { name }
}

fn mail(dice: &mut Dice) -> String {
    format!("{}@x.org", name(dice, "m"))
}

/// About half of them are seen through a filter.
fn group_name(dice: &mut Dice) -> String {
    let prefix = ["jira-", "other-"][dice.roll(2)];
    name(dice, prefix)
}

/// Clients of one application: one that knows keys, one that knows names alone.
async fn plays(lens: Lens, seed: u64) {
    let crowd = Crowd::start().await;
    let asking: Asking<'_> = crowd.application("app", &lens).await;
    let (mut there, mut dice) = (There::default(), Dice(seed));
    let mut by_key = Cache::read(&asking).await;
    let mut by_name = by_key.clone();
    let mut known = token(&asking).await;
    let mut heard = 0;
    for round in 0..60 {
        for _ in 0..=dice.roll(6) {
            there.step(&crowd.site, &mut dice).await;
        }
        match since(&asking, &known).await {
            Some((events, next)) => {
                by_key.hear(&events, true);
                by_name.hear(&events, false);
                known = next;
                heard += 1;
            }
            None => {
                by_key = Cache::read(&asking).await;
                by_name = by_key.clone();
                known = token(&asking).await;
            }
        }
        let all = Cache::read(&asking).await;
        assert_eq!(by_key, all, "seed {seed}, round {round}");
        assert_eq!(by_name, all, "seed {seed}, round {round}");
    }
    assert!(heard > 30, "{heard} of 60 rounds were heard as events");
    crowd.site.agrees().await;
}

#[tokio::test]
async fn an_application_that_sees_all() {
    plays(Lens::default(), 1).await;
    plays(Lens::default(), 2).await;
}

#[tokio::test]
async fn an_application_with_a_filter() {
    let lens = Lens { include: vec!["jira-.*".to_owned()], ..Lens::default() };
    plays(lens.clone(), 3).await;
    plays(lens, 4).await;
}

#[tokio::test]
async fn an_application_that_sees_members_alone() {
    let lens = Lens { include: vec!["jira-.*".to_owned()], members: true, ..Lens::default() };
    plays(lens.clone(), 5).await;
    plays(lens, 6).await;
}

#[tokio::test]
async fn an_application_with_names_of_its_own() {
    let lens = Lens { user_name: "Item([emails.value], 1)".to_owned(), ..Lens::default() };
    plays(lens.clone(), 7).await;
    plays(Lens { include: vec!["jira-.*".to_owned()], members: true, ..lens }, 8).await;
}
