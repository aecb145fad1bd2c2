//! Targets as admins make and change them: what is refused, what the audit log is told, and what goes with them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::state::{Note, Site};
use super::stored::{Hold, Kind, Known, Membership, State, Trouble};
use super::*;
use crate::clock::Clock;
use crate::directory::log::{self, Bounds};
use crate::directory::record::{self, AuditEntry};
use crate::directory::tenant::settings;
use crate::store::Store;
use uuid::Uuid;

struct Place {
    directory: Directory,
    folder: tempfile::TempDir,
}

async fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let directory = Directory::new(Store::memory(), Clock::System);
    directory.targets.keys.is_at(folder.path().join("targets.key"));
    let tenant = record::Tenant { name: "acme".to_owned(), profile: "custom".to_owned(), ..record::Tenant::default() };
    settings::create(&directory, &admin(), tenant).await.unwrap();
    Place { directory, folder }
}

fn admin() -> Admin {
    Admin { name: "socket:1".to_owned(), address: String::new() }
}

fn jira() -> Target {
    Target {
        name: "jira".to_owned(),
        kind: Kind::Jira,
        url: "https://jira.example.com".to_owned(),
        user: "scimd".to_owned(),
        concurrency: 1,
        ..Target::default()
    }
}

async fn audited(directory: &Directory) -> Vec<AuditEntry> {
    let snapshot = directory.snapshot().await.unwrap();
    let from = log::oldest(&snapshot, keys::AUDIT).await.unwrap();
    let bounds = Bounds { entries_max: 100, before_ms: None };
    let chunk = log::read(&snapshot, &from, |_: &AuditEntry| true, &bounds).await.unwrap();
    chunk.entries.into_iter().map(|entry| entry.value).collect()
}

#[tokio::test]
async fn a_target_is_made_once_and_its_secret_is_told_nowhere() {
    let Place { directory, .. } = place().await;
    let (shown, created) = create(&directory, &admin(), "acme", jira(), "s3cret").await.unwrap();
    assert!(created);
    assert_eq!(
        directory.targets.keys.open(shown.tenant, shown.number, &shown.target.sealed).unwrap().expose(),
        "s3cret"
    );
    let (again, created) = create(&directory, &admin(), "acme", jira(), "other").await.unwrap();
    assert!(!created);
    assert_eq!(again.target, shown.target);
    let other = Target { disabled: true, ..jira() };
    let refused = create(&directory, &admin(), "acme", other, "s3cret").await.unwrap_err();
    assert!(matches!(refused, Refused::Exists(Noun::Target, ..)), "{refused}");
    let told = serde_json::to_string(&audited(&directory).await).unwrap();
    assert!(told.contains("target.create") && !told.contains("s3cret") && !told.contains("sealed\":["), "{told}");
    assert_eq!(served(&directory).await.unwrap().len(), 1);
    assert_eq!(list(&directory, "acme", None, 10).await.unwrap().targets.len(), 1);
}

#[tokio::test]
async fn a_secret_is_not_sent_elsewhere_on_an_admins_word_alone() {
    let Place { directory, .. } = place().await;
    create(&directory, &admin(), "acme", jira(), "s3cret").await.unwrap();
    let name = ("acme", "jira");
    for change in [
        (|target: &mut Target| "https://evil.example.com".clone_into(&mut target.url)) as fn(&mut Target),
        |target: &mut Target| "https://jira.example.com:8443".clone_into(&mut target.url),
        |target: &mut Target| "-----BEGIN CERTIFICATE-----".clone_into(&mut target.ca_pem),
        |target: &mut Target| "other".clone_into(&mut target.user),
    ] {
        let refused = update(&directory, &admin(), name, None, None, change).await.unwrap_err();
        assert!(matches!(&refused, Refused::Fields(fields) if fields[0].name == "secret"), "{refused}");
        update(&directory, &admin(), name, None, Some("new"), change).await.unwrap();
    }
    // A path on the same server needs none.
    let path = |target: &mut Target| target.url.push_str("/jira");
    let shown = update(&directory, &admin(), name, None, None, path).await.unwrap();
    let refused = update(&directory, &admin(), name, Some(shown.revision + 1), None, |_| {}).await.unwrap_err();
    assert!(matches!(refused, Refused::Changed));
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let Place { directory, .. } = place().await;
    let wrong = Target {
        name: "No Name".to_owned(),
        url: "http://jira.example.com".to_owned(),
        concurrency: 99,
        check_every_ms: 1,
        groups_include: vec!["(".to_owned()],
        ..jira()
    };
    let Err(Refused::Fields(fields)) = create(&directory, &admin(), "acme", wrong, "").await else { panic!() };
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    for name in [
        "target.name",
        "target.url",
        "secret",
        "target.concurrency",
        "target.check_every",
        "target.filter.include_groups",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    for url in ["https://", "ftp://a", "https://a/", "https://u@a", "https://a?b", "a", "https://a b"] {
        let target = Target { url: url.to_owned(), ..jira() };
        assert!(create(&directory, &admin(), "acme", target, "s").await.is_err(), "{url}");
    }
    for url in ["http://localhost:8080", "http://127.0.0.1:1/x", "https://[::1]:8443/scim"] {
        let target = Target { url: url.to_owned(), name: "a".to_owned(), ..jira() };
        create(&directory, &admin(), "acme", target, "s").await.unwrap();
        delete(&directory, &admin(), "acme", "a").await.unwrap();
    }
    let refused = create(&directory, &admin(), "nobody", jira(), "s").await.unwrap_err();
    assert!(matches!(refused, Refused::NotFound(Noun::Tenant, _)));
}

#[tokio::test]
async fn a_deleted_target_leaves_nothing_and_a_number_is_used_once() {
    let Place { directory, folder } = place().await;
    let (shown, _) = create(&directory, &admin(), "acme", jira(), "s3cret").await.unwrap();
    let site = Site { directory: &directory, tenant: shown.tenant, target: shown.number };
    let (user, group) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let notes = [
        Note::State(Box::new(State { cursor: "x".to_owned(), ..State::default() })),
        Note::Known(keys::USER, user, Some(Known { calls: vec!["name:ann".to_owned()], ..Known::default() })),
        Note::Member(group, user, Some(Membership::default())),
        Note::Trouble(keys::USER, user, Some(Trouble::default())),
        Note::Hold(keys::USER, user, Some(Hold::default())),
    ];
    site.note(&notes).await.unwrap();
    let snapshot = directory.snapshot().await.unwrap();
    assert_eq!(site.memberships(&snapshot, user).await.unwrap(), [group]);
    let checked = |directory: &Directory| {
        let store = directory.store.clone();
        async move {
            let snapshot = store.snapshot().await.unwrap();
            crate::directory::check::snapshot(&snapshot, &mut |_| true).unwrap().problems
        }
    };
    assert!(checked(&directory).await.is_empty());
    delete(&directory, &admin(), "acme", "jira").await.unwrap();
    assert!(site.note(&notes).await.is_err(), "something is kept of a target that is gone");
    assert_eq!(unswept(&directory).await.unwrap(), [shown.tenant]);
    sweep(&directory, shown.tenant).await.unwrap();
    assert!(unswept(&directory).await.unwrap().is_empty());
    let snapshot = directory.snapshot().await.unwrap();
    let prefix = keys::targets_made(shown.tenant);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: 10, values: false };
    assert_eq!(snapshot.scan(&scan).await.unwrap().len(), 1, "only the number of the last one is left");
    let (again, _) = create(&directory, &admin(), "acme", jira(), "s3cret").await.unwrap();
    assert_ne!(again.number, shown.number);
    assert!(checked(&directory).await.is_empty());
    drop(folder);
}

#[tokio::test]
async fn retries_and_approvals_are_written_down_with_who_decided() {
    let Place { directory, .. } = place().await;
    let (shown, _) = create(&directory, &admin(), "acme", jira(), "s3cret").await.unwrap();
    let site = Site { directory: &directory, tenant: shown.tenant, target: shown.number };
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let dead = Trouble { attempts: 8, ..Trouble::default() };
    let notes = [
        Note::Trouble(keys::USER, one, Some(dead.clone())),
        Note::Trouble(keys::GROUP, two, Some(dead)),
        Note::Hold(keys::USER, one, Some(Hold::default())),
        Note::Hold(keys::USER, two, Some(Hold::default())),
    ];
    site.note(&notes).await.unwrap();
    let snapshot = directory.snapshot().await.unwrap();
    let waits = standing::waiting(&site, &snapshot, 10).await.unwrap();
    assert_eq!((waits.dead, waits.later, waits.held, waits.approved), (2, 0, 2, 0));
    assert_eq!(site.retry(&admin(), ("acme", "jira"), Some(one)).await.unwrap(), 1);
    assert_eq!(site.approve(&admin(), ("acme", "jira"), None).await.unwrap(), 2);
    assert_eq!(site.approve(&admin(), ("acme", "jira"), Some(Uuid::from_u128(9))).await.unwrap(), 0);
    let snapshot = directory.snapshot().await.unwrap();
    let waits = standing::waiting(&site, &snapshot, 10).await.unwrap();
    assert_eq!((waits.dead, waits.later, waits.due, waits.held, waits.approved), (1, 1, 1, 2, 2));
    let actions: Vec<String> = audited(&directory).await.into_iter().map(|entry| entry.action).collect();
    assert_eq!(actions[2..], ["target.retry", "target.approve"]);
}

#[tokio::test]
async fn whoever_is_called_so_is_found() {
    let Place { directory, .. } = place().await;
    let (shown, _) = create(&directory, &admin(), "acme", jira(), "s3cret").await.unwrap();
    let site = Site { directory: &directory, tenant: shown.tenant, target: shown.number };
    let (ann, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let is = |who, calls: &[&str]| {
        let calls = calls.iter().map(|call| (*call).to_owned()).collect();
        Note::Known(keys::USER, who, Some(Known { calls, ..Known::default() }))
    };
    let called = async |call: &str| {
        let snapshot = directory.snapshot().await.unwrap();
        site.called(&snapshot, keys::USER, call).await.unwrap()
    };
    site.note(&[is(ann, &["id:1", "name:ann"])]).await.unwrap();
    assert_eq!((called("name:ann").await, called("id:1").await), (Some(ann), Some(ann)));
    site.note(&[is(ann, &["id:1", "name:anna"])]).await.unwrap();
    assert_eq!((called("name:ann").await, called("name:anna").await), (None, Some(ann)));
    // What somebody else is called by now stays his when it is forgotten of the first.
    site.note(&[is(bob, &["id:2", "name:anna"])]).await.unwrap();
    site.note(&[Note::Known(keys::USER, ann, None)]).await.unwrap();
    assert_eq!((called("name:anna").await, called("id:1").await), (Some(bob), None));
    // An account goes over within one commit.
    site.note(&[Note::Known(keys::USER, bob, None), is(ann, &["id:2"])]).await.unwrap();
    assert_eq!((called("name:anna").await, called("id:2").await), (None, Some(ann)));
    let snapshot = directory.snapshot().await.unwrap();
    assert_eq!(site.called(&snapshot, keys::GROUP, "id:2").await.unwrap(), None, "a user is no group");
}
