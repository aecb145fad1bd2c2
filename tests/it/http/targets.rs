//! Targets: one tenant is fed from another one over SCIM, by the worker that the server runs. What is waited for is told by the worker itself.

use super::{BASE, Server};
use scimd::clock::Clock;
use scimd::directory::audit::Admin;
use scimd::directory::target::desk::What;
use scimd::directory::target::progress::{Progress, Step, Told};
use scimd::directory::target::state::Site;
use scimd::directory::target::stored::{Kind, Leavers, Policy, Target};
use scimd::directory::target::{self, Shown, standing};
use scimd::directory::{log, seal, trim};
use scimd::limits;
use scimd::mapping::outbound::Users;
use scimd::outbound::worker;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const NAMES: (&str, &str) = ("default", "sink");

/// A source, a sink, and the worker between them.
pub(super) struct Pair<S> {
    pub(super) source: Server,
    pub(super) sink: S,
    folder: TempDir,
    worker: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

impl Pair<Server> {
    async fn start(change: impl FnOnce(&mut Target)) -> Pair<Server> {
        Pair::fed(Server::start().await, change).await
    }

    /// With a clock that stands still until it is moved.
    async fn timed(change: impl FnOnce(&mut Target)) -> (Pair<Server>, Arc<AtomicI64>) {
        let (clock, hand) = Clock::fixed(1_800_000_000_000);
        (Pair::fed(Server::with_clock("custom", clock).await, change).await, hand)
    }

    async fn fed(source: Server, change: impl FnOnce(&mut Target)) -> Pair<Server> {
        let sink = Server::start().await;
        let mut target = Target {
            kind: Kind::Scim,
            url: format!("http://{}{BASE}", sink.addr),
            policy: Policy { leavers: Leavers::Delete, delete_groups: true, ..Policy::default() },
            ..Target::default()
        };
        change(&mut target);
        let token = sink.token.expose().to_owned();
        Pair::between(source, sink, target, &token).await
    }

    async fn equal(&self) {
        assert_eq!(content(&self.sink).await, content(&self.source).await);
    }
}

impl<S> Pair<S> {
    /// A source that feeds this target.
    pub(super) async fn with(sink: S, target: Target, secret: &str) -> Pair<S> {
        Pair::between(Server::start().await, sink, target, secret).await
    }

    async fn between(source: Server, sink: S, mut target: Target, secret: &str) -> Pair<S> {
        let folder = tempfile::tempdir().unwrap();
        source.directory.targets.keys.is_at(folder.path().join("targets.key"));
        target.name = NAMES.1.to_owned();
        target.concurrency = 2;
        if target.destructive_max == 0 {
            target.destructive_max = 1_000;
        }
        target::create(&source.directory, &Admin::server(), NAMES.0, target, secret).await.unwrap();
        let mut pair = Pair { source, sink, folder, worker: None };
        pair.go_on();
        pair
    }

    pub(super) fn go_on(&mut self) {
        let (stop, stopping) = watch::channel(false);
        self.worker = Some((stop, tokio::spawn(worker::run(self.source.directory.clone(), stopping))));
    }

    pub(super) async fn halt(&mut self) {
        let (stop, task) = self.worker.take().unwrap();
        stop.send(true).unwrap();
        task.await.unwrap();
    }

    async fn shown(&self) -> Shown {
        target::get(&self.source.directory, NAMES.0, NAMES.1).await.unwrap()
    }

    /// Gives an order and all that is told of it.
    pub(super) async fn order(&self, what: What) -> Result<(Progress, Vec<Step>), String> {
        let shown = self.shown().await;
        loop {
            let desk = &self.source.directory.targets.desk;
            let mut told = desk.order(shown.tenant, shown.number, what).unwrap();
            let mut steps = Vec::new();
            while let Some(told) = told.recv().await {
                match told {
                    Ok(Told::Done(progress)) => return Ok((progress, steps)),
                    Ok(Told::Step(step)) => steps.push(step),
                    Ok(Told::Progress(_) | Told::Finding(_)) => {}
                    // The task of a target begins a moment after its settings.
                    Err(refused) if refused.to_string().contains("not served now") => break,
                    Err(refused) => return Err(refused.to_string()),
                }
            }
            tokio::task::yield_now().await;
        }
    }

    pub(super) async fn sync(&self) -> Progress {
        self.order(What::Sync { full: false }).await.unwrap().0
    }

    pub(super) async fn standing(&self) -> standing::Standing {
        standing::of(&self.source.directory, &self.shown().await).await.unwrap()
    }
}

/// Users by name, and the names in each group.
async fn content(server: &Server) -> (BTreeMap<String, Value>, BTreeMap<String, BTreeSet<String>>) {
    let users = server.get("/Users?count=1000").await.json();
    let groups = server.get("/Groups?count=1000").await.json();
    let rows = |list: &Value| list["Resources"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (users, groups) = (rows(&users), rows(&groups));
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    names.extend(users.iter().map(|user| (text(&user["id"]), text(&user["userName"]))));
    names.extend(groups.iter().map(|group| (text(&group["id"]), text(&group["displayName"]))));
    let members = |group: &Value| {
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| names[&text(&member["value"])].clone()).collect()
    };
    let shown = |user: &Value| json!([user["displayName"], user["active"], user["emails"]]);
    (
        users.iter().map(|user| (text(&user["userName"]), shown(user))).collect(),
        groups.iter().map(|group| (text(&group["displayName"]), members(group))).collect(),
    )
}

pub(super) async fn user(server: &Server, name: &str) -> String {
    let body = json!({"schemas": [USER], "userName": name, "displayName": name.to_uppercase(), "active": true,
        "emails": [{"value": format!("{name}@example.com"), "primary": true}]});
    server.ask("POST", "/Users", body).await.json()["id"].as_str().unwrap().to_owned()
}

pub(super) async fn group(server: &Server, name: &str, members: &[&str]) -> String {
    let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
    let body = json!({"schemas": [GROUP], "displayName": name, "members": members});
    server.ask("POST", "/Groups", body).await.json()["id"].as_str().unwrap().to_owned()
}

pub(super) async fn patch(server: &Server, path: &str, operation: Value) {
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
    let status = server.ask("PATCH", path, body).await.status;
    assert!([200, 204].contains(&status), "{path}: {status}");
}

#[tokio::test]
async fn everything_that_is_changed_arrives() {
    let pair = Pair::start(|_| {}).await;
    let source = &pair.source;
    let (ann, bob, eve) = (user(source, "ann").await, user(source, "bob").await, user(source, "eve").await);
    let inner = group(source, "inner", &[&ann, &bob]).await;
    let outer = group(source, "outer", &[&inner, &eve]).await;
    pair.sync().await;
    pair.equal().await;
    patch(source, &format!("/Users/{ann}"), json!({"op": "replace", "path": "userName", "value": "anna"})).await;
    patch(source, &format!("/Users/{bob}"), json!({"op": "replace", "path": "active", "value": false})).await;
    patch(source, &format!("/Groups/{inner}"), json!({"op": "replace", "path": "displayName", "value": "within"}))
        .await;
    let path = format!("members[value eq \"{eve}\"]");
    patch(source, &format!("/Groups/{outer}"), json!({"op": "remove", "path": path})).await;
    patch(source, &format!("/Groups/{inner}"), json!({"op": "add", "path": "members", "value": [{"value": eve}]}))
        .await;
    pair.sync().await;
    pair.equal().await;
    for gone in [format!("/Users/{ann}"), format!("/Groups/{inner}")] {
        assert_eq!(source.ask("DELETE", &gone, Value::Null).await.status, 204);
    }
    pair.sync().await;
    pair.equal().await;
    // Nothing is sent when nothing has changed.
    let sent = || source.directory.targets.calls.of(1, 1).len();
    let before = sent();
    assert!(pair.sync().await.steps.is_empty());
    assert_eq!(sent(), before);
    let standing = pair.standing().await;
    assert_eq!((standing.now.lag_changes, standing.now.dead, standing.users, standing.groups), (0, 0, 2, 1));
}

#[tokio::test]
async fn what_is_changed_while_nobody_sends_arrives_afterwards() {
    let mut pair = Pair::start(|_| {}).await;
    user(&pair.source, "ann").await;
    pair.sync().await;
    for round in 0..5 {
        pair.halt().await;
        let new = user(&pair.source, &format!("user{round}")).await;
        group(&pair.source, &format!("group{round}"), &[&new]).await;
        pair.go_on();
        // It is ended again at any point of its work.
        for _ in 0..round * 20 {
            tokio::task::yield_now().await;
        }
    }
    pair.sync().await;
    pair.equal().await;
    drop(pair.folder);
}

#[tokio::test]
async fn what_others_changed_at_the_target_is_found_by_reading_it() {
    let pair = Pair::start(|_| {}).await;
    let (ann, bob) = (user(&pair.source, "ann").await, user(&pair.source, "bob").await);
    group(&pair.source, "team", &[&ann, &bob]).await;
    pair.sync().await;
    let sink = &pair.sink;
    let there = sink.get("/Users?filter=userName%20eq%20%22ann%22").await.json();
    let gone = format!("/Users/{}", there["Resources"][0]["id"].as_str().unwrap());
    assert_eq!(sink.ask("DELETE", &gone, Value::Null).await.status, 204);
    let stranger = user(sink, "stranger").await;
    let teams = sink.get("/Groups").await.json();
    let team = format!("/Groups/{}", teams["Resources"][0]["id"].as_str().unwrap());
    patch(sink, &team, json!({"op": "add", "path": "members", "value": [{"value": stranger}]})).await;
    // A plan tells what would be done, and does nothing.
    let before = content(sink).await;
    let (counts, steps) = pair.order(What::Plan { read: true }).await.unwrap();
    let kinds: BTreeSet<&str> = steps.iter().map(|step| step.kind.as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["add_member", "create_user", "remove_member"]), "{counts:?}");
    assert!(steps.iter().any(|step| step.kind == "remove_member" && step.destructive));
    assert_eq!(content(sink).await, before);
    let (counts, _) = pair.order(What::Plan { read: false }).await.unwrap();
    assert!(counts.steps.is_empty(), "{counts:?}");
    pair.order(What::Sync { full: true }).await.unwrap();
    let (mut users, groups) = content(sink).await;
    assert!(users.remove("stranger").is_some(), "nobody is deleted whom nobody here knows");
    assert_eq!((users, groups), content(&pair.source).await);
}

#[tokio::test]
async fn drift_is_looked_for_when_it_is_time() {
    let minutes = |minutes: i64| minutes * 60_000;
    let (pair, hand) = Pair::timed(|target| target.check_every_ms = minutes(10)).await;
    user(&pair.source, "ann").await;
    pair.sync().await;
    let lose = async || {
        let there = pair.sink.get("/Users?filter=userName%20eq%20%22ann%22").await.json();
        let gone = format!("/Users/{}", there["Resources"][0]["id"].as_str().unwrap());
        assert_eq!(pair.sink.ask("DELETE", &gone, Value::Null).await.status, 204);
    };
    lose().await;
    hand.fetch_add(minutes(9), Ordering::Relaxed);
    pair.sync().await;
    assert!(content(&pair.sink).await.0.is_empty(), "it is not time yet");
    hand.fetch_add(minutes(1), Ordering::Relaxed);
    pair.sync().await;
    pair.equal().await;
    // Differences can be told and left.
    let (directory, admin) = (Arc::clone(&pair.source.directory), Admin::server());
    target::update(&directory, &admin, NAMES, None, None, |target| target.check_reports_only = true).await.unwrap();
    lose().await;
    hand.fetch_add(minutes(10), Ordering::Relaxed);
    pair.sync().await;
    assert!(content(&pair.sink).await.0.is_empty());
    assert_eq!(pair.standing().await.state.drifted, 1);
}

#[tokio::test]
async fn what_the_log_does_not_have_any_more_is_found_by_reading() {
    let (mut pair, hand) = Pair::timed(|_| {}).await;
    let (ann, bob) = (user(&pair.source, "ann").await, user(&pair.source, "bob").await);
    group(&pair.source, "team", &[&ann, &bob]).await;
    pair.sync().await;
    pair.halt().await;
    assert_eq!(pair.source.ask("DELETE", &format!("/Users/{ann}"), Value::Null).await.status, 204);
    patch(&pair.source, &format!("/Users/{bob}"), json!({"op": "replace", "path": "displayName", "value": "Bob"}))
        .await;
    let directory = Arc::clone(&pair.source.directory);
    seal::round(&directory).await;
    hand.fetch_add(limits::CHANGES_KEPT_MS + 1, Ordering::Relaxed);
    user(&pair.source, "eve").await;
    seal::round(&directory).await;
    trim::round(&directory).await.unwrap();
    let snapshot = directory.snapshot().await.unwrap();
    assert!(log::trimmed(&snapshot, 1).await.unwrap() > 0, "nothing was trimmed");
    pair.go_on();
    pair.sync().await;
    pair.equal().await;
}

#[tokio::test]
async fn destructive_steps_beyond_the_ceiling_wait_for_an_approval() {
    let pair = Pair::start(|target| target.destructive_max = 2).await;
    let mut ids = Vec::new();
    for number in 0..6 {
        ids.push(user(&pair.source, &format!("user{number}")).await);
    }
    pair.sync().await;
    for id in &ids {
        assert_eq!(pair.source.ask("DELETE", &format!("/Users/{id}"), Value::Null).await.status, 204);
    }
    let progress = pair.sync().await;
    assert_eq!(content(&pair.sink).await.0.len(), 4, "{progress:?}");
    let standing = pair.standing().await;
    assert_eq!((standing.now.held, standing.now.dead), (4, 0));
    let shown = pair.shown().await;
    let site = Site { directory: &pair.source.directory, tenant: shown.tenant, target: shown.number };
    let one = ids.iter().map(|id| id.parse().unwrap()).next_back();
    assert_eq!(site.approve(&Admin::server(), NAMES, one).await.unwrap(), 1);
    pair.sync().await;
    assert_eq!(content(&pair.sink).await.0.len(), 3);
    assert_eq!(site.approve(&Admin::server(), NAMES, None).await.unwrap(), 3);
    pair.sync().await;
    assert!(content(&pair.sink).await.0.is_empty());
    assert_eq!(pair.standing().await.now.held, 0);
}

#[tokio::test]
async fn a_bad_record_stops_nobody_and_is_tried_again_when_it_is_better() {
    let pair = Pair::start(|target| target.policy.adopt = false).await;
    // Somebody is there already whom nobody here made.
    user(&pair.sink, "taken").await;
    let body = json!({"schemas": [USER], "userName": "taken", "displayName": "Another", "active": true});
    let taken = pair.source.ask("POST", "/Users", body).await.json()["id"].as_str().unwrap().to_owned();
    user(&pair.source, "fine").await;
    pair.sync().await;
    let standing = pair.standing().await;
    assert_eq!((standing.now.dead, standing.users), (1, 1));
    assert!(content(&pair.sink).await.0.contains_key("fine"));
    patch(&pair.source, &format!("/Users/{taken}"), json!({"op": "replace", "path": "userName", "value": "free"}))
        .await;
    pair.sync().await;
    assert_eq!(pair.standing().await.now.dead, 0);
    assert!(content(&pair.sink).await.0.contains_key("free"));
}

#[tokio::test]
async fn refused_credentials_cost_nothing_but_time() {
    let pair = Pair::start(|_| {}).await;
    user(&pair.source, "ann").await;
    pair.sync().await;
    let (directory, admin) = (Arc::clone(&pair.source.directory), Admin::server());
    target::update(&directory, &admin, NAMES, None, Some("wrong"), |_| {}).await.unwrap();
    user(&pair.source, "bob").await;
    let why = pair.order(What::Sync { full: false }).await.unwrap_err();
    assert!(why.contains("cannot be worked with"), "{why}");
    let standing = pair.standing().await;
    assert!(standing.now.lag_changes >= 1 && standing.now.error.is_some() && standing.now.dead == 0);
    let told = format!("{:?}", directory.targets.calls.of(1, 1));
    assert!(!told.contains("wrong") && !told.contains(pair.sink.token.expose()), "a secret is kept");
    target::update(&directory, &admin, NAMES, None, Some(pair.sink.token.expose()), |_| {}).await.unwrap();
    pair.sync().await;
    pair.equal().await;
}

#[tokio::test]
async fn only_members_of_the_groups_that_are_meant_arrive() {
    let pair = Pair::start(|target| {
        target.groups_include = vec!["jira-.*".to_owned()];
        target.users = Users::Members;
    })
    .await;
    let source = &pair.source;
    let (ann, bob) = (user(source, "ann").await, user(source, "bob").await);
    let team = group(source, "team", &[&ann]).await;
    let users = group(source, "jira-users", &[&bob]).await;
    pair.sync().await;
    let names = |content: (BTreeMap<String, Value>, BTreeMap<String, BTreeSet<String>>)| {
        (content.0.into_keys().collect::<Vec<_>>(), content.1.into_keys().collect::<Vec<_>>())
    };
    assert_eq!(names(content(&pair.sink).await), (vec!["bob".to_owned()], vec!["jira-users".to_owned()]));
    // Whoever is in a group of a group that is meant is meant as well.
    patch(source, &format!("/Groups/{users}"), json!({"op": "add", "path": "members", "value": [{"value": team}]}))
        .await;
    pair.sync().await;
    assert_eq!(names(content(&pair.sink).await).0, ["ann", "bob"]);
    let path = format!("members[value eq \"{bob}\"]");
    patch(source, &format!("/Groups/{users}"), json!({"op": "remove", "path": path})).await;
    pair.sync().await;
    assert_eq!(names(content(&pair.sink).await).0, ["ann"]);
    patch(source, &format!("/Groups/{users}"), json!({"op": "replace", "path": "displayName", "value": "other"})).await;
    pair.sync().await;
    assert_eq!(names(content(&pair.sink).await), (Vec::new(), Vec::new()));
}
