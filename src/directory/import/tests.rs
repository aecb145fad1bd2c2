//! Imports: the way there and back, repetitions, conflicts, dry runs, bad lines, and files that were cut.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Conflict, Progress, Site, Terms, run};
use crate::directory::audit::Admin;
use crate::directory::log::{self, Bounds};
use crate::directory::record::{AuditEntry, Change};
use crate::directory::refused::Refused;
use crate::directory::tests::Fixture;
use crate::directory::{export, keys};
use crate::scim::schema;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

const TERMS: Terms = Terms { on_conflict: Conflict::Fail, dry_run: false };

async fn exported(site: &Fixture) -> Vec<u8> {
    let (sender, mut receiver) = mpsc::channel(1);
    let snapshot = export::pin(&site.directory).await.unwrap();
    tokio::spawn(export::export(snapshot, site.scope.tenant.clone(), sender));
    let mut lines = Vec::new();
    while let Some(piece) = receiver.recv().await {
        lines.extend(piece.unwrap().lines);
    }
    lines
}

/// Without the first line, which names the commit.
fn content(export: &[u8]) -> String {
    let text = String::from_utf8(export.to_vec()).unwrap();
    text.split_once('\n').unwrap().1.to_owned()
}

async fn import(site: &Fixture, file: &[u8], terms: Terms) -> Result<Progress, Refused> {
    let (pieces, to_import) = mpsc::channel(1);
    let (sender, mut receiver) = mpsc::channel(4);
    let (_stop, stopping) = watch::channel(false);
    let admin = Admin { name: "socket:7".to_owned(), address: String::new() };
    let place = Site::new(site.directory.clone(), site.scope.clone(), admin, stopping).unwrap();
    let running = tokio::spawn(run(place, terms, to_import, sender));
    let file = file.to_vec();
    let feeding = tokio::spawn(async move {
        for piece in file.chunks(1_000) {
            if pieces.send(piece.to_vec()).await.is_err() {
                return;
            }
        }
    });
    let (mut last, mut failures) = (Progress::default(), Vec::new());
    while let Some(progress) = receiver.recv().await {
        last = progress.unwrap();
        failures.append(&mut last.failures);
    }
    feeding.await.unwrap();
    running.await.unwrap()?;
    assert!(last.done);
    Ok(Progress { failures, ..last })
}

fn file(lines: &[Value]) -> Vec<u8> {
    let header = json!({"scimd_export": 1, "tenant": "other", "revision": 9});
    let count = |name: &str| lines.iter().filter(|line| line["type"] == name).count();
    let members: usize = lines.iter().filter_map(|line| line["members"].as_array()).map(Vec::len).sum();
    let end = json!({"end": true, "users": count("User"), "groups": count("Group"), "members": members});
    let all = std::iter::once(&header).chain(lines).chain([&end]);
    all.map(|line| format!("{line}\n")).collect::<String>().into_bytes()
}

fn user(n: u32, name: &str) -> Value {
    json!({"type": "User", "id": id(n), "created": "2024-05-06T07:08:09.010Z", "attributes": {"userName": name}})
}

fn group(n: u32, name: &str) -> Value {
    json!({"type": "Group", "id": id(n), "created": "2024-05-06T07:08:09.010Z", "attributes": {"displayName": name}})
}

fn members(n: u32, of: &[u32]) -> Value {
    let members: Vec<Value> = of.iter().map(|n| json!({"value": id(*n)})).collect();
    json!({"type": "Members", "group": id(n), "members": members})
}

fn id(n: u32) -> String {
    format!("018f4b1c-0000-7000-8000-{n:012}")
}

async fn changes(site: &Fixture) -> Vec<Change> {
    let snapshot = site.directory.snapshot().await.unwrap();
    let from = log::oldest(&snapshot, 1).await.unwrap();
    let bounds = Bounds { entries_max: 10_000, before_ms: None };
    let chunk = log::read(&snapshot, &from, |_: &Change| true, &bounds).await.unwrap();
    chunk.entries.into_iter().map(|entry| entry.value).collect()
}

#[tokio::test]
async fn there_and_back_is_the_same() {
    let site = Fixture::new().await;
    let mut users = Vec::new();
    for n in 0..1_300 {
        let body = json!({
            "schemas": [schema::USER, schema::ENTERPRISE_USER],
            "userName": format!("user{n}@example.com"),
            "externalId": format!("x{n}"),
            "active": n % 3 != 0,
            "emails": [{"value": format!("user{n}@example.com"), "type": "work", "primary": true}],
            schema::ENTERPRISE_USER: {"department": "d", "employeeNumber": n.to_string()},
        });
        users.push(site.make(schema::user(), body).await);
    }
    let all = site.group("all", &users).await;
    site.group("empty", &[]).await;
    site.group("outer", &[all, users[5].clone()]).await;
    let first = exported(&site).await;

    let other = Fixture::new().await;
    let progress = import(&other, &first, TERMS).await.unwrap();
    assert_eq!((progress.created, progress.members_added, progress.failed), (1_303, 1_302, 0), "{progress:?}");
    assert_eq!(progress.lines, 2 + 1_303 + 3);
    assert_eq!(content(&exported(&other).await), content(&first));
    assert!(changes(&other).await.iter().all(|change| change.actor == "socket:7"));

    // Again: nothing is left to do, and nothing is written.
    let before = changes(&other).await.len();
    let again = import(&other, &first, TERMS).await.unwrap();
    assert_eq!((again.created, again.unchanged, again.members_added, again.failed), (0, 1_303, 0, 0));
    assert_eq!(changes(&other).await.len(), before);
    assert_eq!(content(&exported(&other).await), content(&first));
}

#[tokio::test]
async fn conflicts_are_dealt_with_as_asked() {
    let site = Fixture::new().await;
    import(&site, &file(&[user(1, "anna"), user(2, "berta")]), TERMS).await.unwrap();
    let changed = file(&[user(1, "anna"), user(2, "bertha"), user(3, "carla")]);
    let failed = import(&site, &changed, TERMS).await.unwrap();
    assert_eq!((failed.created, failed.unchanged, failed.failed), (1, 1, 1));
    assert_eq!((failed.failures[0].line, &failed.failures[0].id), (3, &id(2)));
    assert!(failed.failures[0].why.contains("userName"), "{failed:?}");

    let skipped = import(&site, &changed, Terms { on_conflict: Conflict::Skip, dry_run: false }).await.unwrap();
    assert_eq!((skipped.unchanged, skipped.failed), (3, 0));
    assert!(content(&exported(&site).await).contains("\"berta\""));

    let replaced = import(&site, &changed, Terms { on_conflict: Conflict::Replace, dry_run: false }).await.unwrap();
    assert_eq!((replaced.replaced, replaced.unchanged, replaced.failed), (1, 2, 0));
    let text = content(&exported(&site).await);
    assert!(text.contains("\"bertha\"") && text.contains("2024-05-06T07:08:09.010Z"), "{text}");
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_writes_nothing() {
    let site = Fixture::new().await;
    import(&site, &file(&[user(1, "anna"), user(2, "berta")]), TERMS).await.unwrap();
    let revision = site.directory.snapshot().await.unwrap().revision();
    let next = file(&[
        user(2, "bertha"),
        user(3, "ANNA"),
        user(4, "carla"),
        json!({"type": "User", "id": id(5), "attributes": {"nickName": "no name"}}),
        group(6, "Jira"),
        members(6, &[1, 2, 4]),
        members(6, &[9]),
        members(7, &[1]),
    ]);
    let terms = Terms { on_conflict: Conflict::Replace, dry_run: true };
    let dry = import(&site, &next, terms).await.unwrap();
    assert_eq!(site.directory.snapshot().await.unwrap().revision(), revision);
    let wet = import(&site, &next, Terms { dry_run: false, ..terms }).await.unwrap();
    assert_eq!(dry, wet);
    assert_eq!((wet.created, wet.replaced, wet.members_added, wet.failed), (2, 1, 3, 4), "{wet:?}");
}

#[tokio::test]
async fn a_bad_line_stops_no_other() {
    let site = Fixture::new().await;
    let mut text = String::from_utf8(file(&[user(1, "anna"), group(2, "Jira"), members(2, &[1, 8, 9])])).unwrap();
    let bad = [
        "no json",
        "[]",
        "{\"type\":\"Robot\"}",
        "{\"type\":\"User\",\"id\":\"7\",\"attributes\":{}}",
        &json!({"type": "User", "id": id(3)}).to_string(),
        &json!({"type": "User", "id": id(3), "created": "yesterday", "attributes": {"userName": "x"}}).to_string(),
        &json!({"type": "User", "id": id(2), "attributes": {"userName": "has the id of a group"}}).to_string(),
        &json!({"type": "Group", "id": id(4), "attributes": {"displayName": "g", "members": []}}).to_string(),
        &json!({"type": "Members", "group": id(2), "members": ["x"]}).to_string(),
        &json!({"type": "User", "id": id(5), "attributes": {"userName": "last one"}}).to_string(),
    ];
    let end = text.trim_end().rfind('\n').unwrap() + 1;
    text.insert_str(end, &format!("{}\n", bad.join("\n")));
    let progress = import(&site, text.as_bytes(), TERMS).await.unwrap();
    let lines: Vec<u64> = progress.failures.iter().map(|failure| failure.line).collect();
    assert_eq!(lines, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13], "{progress:?}");
    assert_eq!((progress.created, progress.failed), (3, 10));
    // The members' line names whom nobody is, and adds nobody.
    assert!(progress.failures[0].why.contains(&id(8)) && progress.failures[0].why.contains(&id(9)));
    assert_eq!(progress.members_added, 0);
}

#[tokio::test]
async fn a_cut_file_is_told_and_can_be_imported_again() {
    let site = Fixture::new().await;
    let whole = file(&[user(1, "anna"), user(2, "berta"), user(3, "carla")]);
    let text = String::from_utf8(whole.clone()).unwrap();
    let cut: String = text.split_inclusive('\n').take(3).collect();
    let progress = import(&site, cut.as_bytes(), TERMS).await.unwrap();
    assert_eq!((progress.created, progress.failed, progress.failures[0].line), (2, 1, 4));
    let progress = import(&site, &whole, TERMS).await.unwrap();
    assert_eq!((progress.created, progress.unchanged, progress.failed), (1, 2, 0));

    let forged = text.replace("\"users\":3", "\"users\":4");
    let progress = import(&site, forged.as_bytes(), TERMS).await.unwrap();
    assert_eq!((progress.failed, progress.failures[0].line), (1, 5));
}

#[tokio::test]
async fn what_is_no_export_is_refused() {
    let site = Fixture::new().await;
    for wrong in ["", "\n", "{}", "{\"scimd_export\":2}\n", "userName,active\nanna,true\n"] {
        let refused = import(&site, wrong.as_bytes(), TERMS).await.unwrap_err();
        assert!(matches!(refused, Refused::Fields(_)), "{wrong}: {refused}");
    }
    assert!(changes(&site).await.is_empty());
}

#[tokio::test]
async fn the_audit_log_has_the_start_and_the_end() {
    let site = Fixture::new().await;
    import(&site, &file(&[user(1, "anna")]), Terms { dry_run: true, ..TERMS }).await.unwrap();
    import(&site, &file(&[user(1, "anna")]), TERMS).await.unwrap();
    let snapshot = site.directory.snapshot().await.unwrap();
    let bounds = Bounds { entries_max: 10, before_ms: None };
    let from = log::oldest(&snapshot, keys::AUDIT).await.unwrap();
    let chunk = log::read(&snapshot, &from, |_: &AuditEntry| true, &bounds).await.unwrap();
    let entries: Vec<AuditEntry> = chunk.entries.into_iter().map(|entry| entry.value).collect();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry.action == "tenant.import" && entry.actor == "socket:7"));
    assert_eq!((&entries[0].after["state"], &entries[1].after["state"]), (&json!("started"), &json!("finished")));
    assert_eq!(entries[1].after["created"], 1);
}

#[tokio::test(start_paused = true)]
async fn an_import_whose_file_does_not_go_on_ends_as_a_cut_one() {
    let site = Fixture::new().await;
    let (pieces, to_import) = mpsc::channel(1);
    let (sender, mut receiver) = mpsc::channel(4);
    let (_stop, stopping) = watch::channel(false);
    let place = Site::new(site.directory.clone(), site.scope.clone(), Admin::server(), stopping).unwrap();
    let running = tokio::spawn(run(place, TERMS, to_import, sender));
    let whole = String::from_utf8(file(&[user(1, "anna")])).unwrap();
    let begun: String = whole.split_inclusive('\n').take(2).collect();
    pieces.send(begun.into_bytes()).await.unwrap();
    let mut last = Progress::default();
    while let Some(progress) = receiver.recv().await {
        last = progress.unwrap();
    }
    running.await.unwrap().unwrap();
    assert!(last.done);
    assert_eq!((last.created, last.failed), (1, 1));
    drop(pieces);
}

#[tokio::test]
async fn definitions_come_before_what_is_read_by_them() {
    let urn = "urn:example:scim:schemas:2.0:Device";
    let schema = |name: &str| json!({"id": urn, "name": "Device", "attributes": [{"name": name, "required": true}]});
    let device = |n: u32| {
        let id = format!("0193b5a0-0000-7000-8000-00000000000{n}");
        json!({"type": "Device", "id": id, "attributes": {"serial": n.to_string()}}).to_string()
    };
    let lines = [
        json!({"scimd_export": 1}).to_string(),
        json!({"type": "Schema", "schema": schema("serial")}).to_string(),
        json!({"type": "ResourceType", "resource_type": {"name": "Device", "endpoint": "/Devices", "schema": urn}})
            .to_string(),
        device(1),
        device(2),
        json!({"type": "Thing", "id": "0193b5a0-0000-7000-8000-000000000009", "attributes": {}}).to_string(),
        json!({"end": true, "users": 0, "groups": 0, "members": 0, "resources": 3, "definitions": 2}).to_string(),
    ];
    let file = lines.join("\n");
    let site = Fixture::new().await;
    let tried = import(&site, file.as_bytes(), Terms { dry_run: true, ..TERMS }).await.unwrap();
    assert_eq!((tried.created, tried.failed), (4, 1), "{:?}", tried.failures);
    let done = import(&site, file.as_bytes(), TERMS).await.unwrap();
    assert_eq!((done.created, done.failed), (4, 1), "{:?}", done.failures);
    assert!(done.failures[0].why.contains("no resource type 'Thing'"), "{:?}", done.failures);
    let again = import(&site, file.as_bytes(), TERMS).await.unwrap();
    assert_eq!((again.unchanged, again.failed), (4, 1), "{:?}", again.failures);
    let other = [lines[0].clone(), json!({"type": "Schema", "schema": schema("other")}).to_string()].join("\n");
    let refused = import(&site, other.as_bytes(), TERMS).await.unwrap();
    assert!(refused.failures[0].why.contains("is in use"), "{:?}", refused.failures);
    let more =
        json!({"id": urn, "name": "Device", "attributes": [{"name": "serial", "required": true}, {"name": "more"}]});
    let more = [lines[0].clone(), json!({"type": "Schema", "schema": more}).to_string()].join("\n");
    let refused = import(&site, more.as_bytes(), TERMS).await.unwrap();
    assert!(refused.failures[0].why.contains("another definition"), "{:?}", refused.failures);
    let refused = import(&site, other.as_bytes(), Terms { on_conflict: Conflict::Replace, ..TERMS }).await.unwrap();
    assert!(refused.failures[0].why.contains("is in use"), "{:?}", refused.failures);
    let skipped = import(&site, other.as_bytes(), Terms { on_conflict: Conflict::Skip, ..TERMS }).await.unwrap();
    assert_eq!(skipped.unchanged, 1);
}
