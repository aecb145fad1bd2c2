//! Whose account is whose at a product: names that pass from one user to another, and accounts that are left.

use super::targets::{Pair, group, patch, user};
use crate::outbound::fake::{Answer, Call, Fake, SECRET, Server as Listening, World};
use crate::outbound::fake_jira::Jira;
use scimd::directory::target::desk::What;
use scimd::directory::target::stored::{Kind, Policy, Target};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Jira, which cannot tell the members of one group.
struct Product {
    jira: Jira,
    mute: &'static str,
}

impl World for Product {
    fn answer(&mut self, call: &Call, rights: bool) -> Answer {
        let reads_members = call.method == "GET" && call.path.ends_with(&["group".to_owned(), "member".to_owned()]);
        if reads_members && !self.mute.is_empty() && call.parameter("groupname") == self.mute {
            return Answer::new(500, json!({ "message": "Internal server error" }));
        }
        self.jira.answer(call, rights)
    }
}

type Fed = Pair<Listening<Product>>;

async fn fed(policy: Policy) -> Fed {
    let sink = Fake::spawn(Product { jira: Jira::default(), mute: "" }).await;
    let (url, user) = (sink.base.clone(), "admin".to_owned());
    Pair::with(sink, Target { kind: Kind::Jira, url, user, policy, ..Target::default() }, SECRET).await
}

/// Each account by its name: the key, the name that is shown, and whether it is active.
fn accounts(pair: &Fed) -> BTreeMap<String, (String, String, bool)> {
    let state = pair.sink.fake.state();
    let account = |user: &crate::outbound::fake_jira::User| (user.key.clone(), user.display_name.clone(), user.active);
    state.jira.users.values().map(|user| (user.name.clone(), account(user))).collect()
}

fn members(pair: &Fed, group: &str) -> Vec<String> {
    let state = pair.sink.fake.state();
    let keys = &state.jira.groups[group].members;
    keys.iter().map(|key| state.jira.users[key].name.clone()).collect()
}

async fn rename(pair: &Fed, id: &str, name: &str) {
    patch(&pair.source, &format!("/Users/{id}"), json!({"op": "replace", "path": "userName", "value": name})).await;
}

#[tokio::test]
async fn a_successor_gets_the_account_that_was_left_and_keeps_it() {
    let pair = fed(Policy::default()).await;
    let ann = user(&pair.source, "ann").await;
    group(&pair.source, "team", &[&ann]).await;
    pair.sync().await;
    let (key, ..) = accounts(&pair)["ann"].clone();
    assert_eq!(pair.source.ask("DELETE", &format!("/Users/{ann}"), Value::Null).await.status, 204);
    pair.sync().await;
    assert_eq!(accounts(&pair)["ann"], (key.clone(), "ANN".to_owned(), false));
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ann", "displayName": "Another Ann",
        "active": true, "emails": [{"value": "another@example.com", "primary": true}]});
    assert_eq!(pair.source.ask("POST", "/Users", body).await.status, 201);
    pair.sync().await;
    let taken_over = (key, "Another Ann".to_owned(), true);
    assert_eq!(accounts(&pair)["ann"], taken_over);
    assert!(members(&pair, "team").is_empty(), "memberships are nothing that is left to others");
    // Nobody is taken for whoever had the account, in a whole reconciliation least of all.
    pair.order(What::Sync { full: true }).await.unwrap();
    assert_eq!(accounts(&pair), BTreeMap::from([("ann".to_owned(), taken_over)]));
}

#[tokio::test]
async fn a_name_goes_from_one_to_another_without_their_accounts() {
    let mut pair = fed(Policy::default()).await;
    let (ann, bob) = (user(&pair.source, "ann").await, user(&pair.source, "bob").await);
    pair.sync().await;
    let before = accounts(&pair);
    pair.halt().await;
    // Whoever takes the name is the first one to be looked at.
    patch(&pair.source, &format!("/Users/{bob}"), json!({"op": "replace", "path": "displayName", "value": "Bob"}))
        .await;
    rename(&pair, &ann, "anna").await;
    rename(&pair, &bob, "ann").await;
    user(&pair.source, "bob").await;
    pair.go_on();
    pair.sync().await;
    let after = accounts(&pair);
    assert_eq!(after["anna"].0, before["ann"].0);
    assert_eq!(after["ann"], (before["bob"].0.clone(), "Bob".to_owned(), true));
    assert_eq!((after.len(), after["bob"].1.as_str()), (3, "BOB"));
    assert_eq!(pair.standing().await.now.dead + pair.standing().await.now.waiting, 0);
}

#[tokio::test]
async fn whoever_waits_for_a_name_waits_alone() {
    for adopt in [false, true] {
        let mut pair = fed(Policy { adopt, ..Policy::default() }).await;
        let ann = user(&pair.source, "ann").await;
        pair.sync().await;
        let key = accounts(&pair)["ann"].0.clone();
        let team = group(&pair.source, "team", &[&ann]).await;
        // The new name is somebody's at the target, so that ann keeps the old one there.
        pair.sink.fake.state().jira.seed("anna", "A stranger", "stranger@example.com");
        pair.halt().await;
        rename(&pair, &ann, "anna").await;
        user(&pair.source, "ann").await;
        user(&pair.source, "eve").await;
        pair.go_on();
        pair.sync().await;
        let there = accounts(&pair);
        assert_eq!(there["ann"], (key, "ANN".to_owned(), true), "nobody got her account");
        assert_eq!((there["anna"].1.as_str(), there["anna"].2), ("A stranger", true));
        assert!(there.contains_key("eve"));
        let standing = pair.standing().await;
        assert_eq!((standing.now.dead, standing.now.waiting), (1, 1));
        // What is not about her name is done all the same.
        patch(&pair.source, &format!("/Groups/{team}"), json!({"op": "remove", "path": "members"})).await;
        pair.sync().await;
        assert!(members(&pair, "team").is_empty());
        // Nor is the stranger taken for her when everything is read.
        pair.order(What::Sync { full: true }).await.unwrap();
        assert_eq!(accounts(&pair), there);
    }
}

#[tokio::test]
async fn a_group_that_cannot_be_read_stops_nobody_else() {
    let pair = fed(Policy::default()).await;
    let (ann, bob) = (user(&pair.source, "ann").await, user(&pair.source, "bob").await);
    group(&pair.source, "aaa", &[&ann]).await;
    group(&pair.source, "zzz", &[&bob]).await;
    pair.sync().await;
    {
        let mut state = pair.sink.fake.state();
        state.mute = "aaa";
        state.jira.groups.get_mut("zzz").unwrap().members.clear();
    }
    pair.order(What::Sync { full: true }).await.unwrap();
    assert_eq!((members(&pair, "aaa"), members(&pair, "zzz")), (vec!["ann".to_owned()], vec!["bob".to_owned()]));
    assert_eq!(pair.standing().await.now.waiting, 1);
}
