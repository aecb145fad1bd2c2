//! Making, changing, listing and deleting applications.
#![allow(clippy::unwrap_used)]

use super::{Made, Shown, create, delete, get, list, rotate_password, update};
use crate::directory::application::Product;
use crate::directory::application::password::Password;
use crate::directory::audit::Admin;
use crate::directory::check;
use crate::directory::record::{Application, AuditEntry};
use crate::directory::refused::Refused;
use crate::directory::tenant::{removal, settings as tenants};
use crate::directory::tests::Fixture;
use crate::directory::{Directory, keys, record};
use crate::mapping::outbound::Users;
use crate::store::Scan;
use std::sync::Arc;

async fn make(directory: &Directory, at: (&str, &str), wanted: Application) -> Result<(Shown, bool), Refused> {
    let password = Password::new("0123456789abcdef".to_owned());
    match create(directory, &Admin::server(), at, wanted, Some(password)).await? {
        Made::New(shown, _) => Ok((shown, true)),
        Made::There(shown) => Ok((shown, false)),
    }
}

async fn with_tenant(name: &str) -> Arc<Directory> {
    let directory = Fixture::new().await.directory;
    let tenant = record::Tenant { name: name.to_owned(), profile: "custom".to_owned(), ..record::Tenant::default() };
    tenants::create(&directory, &Admin::server(), tenant).await.unwrap();
    directory
}

/// Every audit entry about applications, and that the rows agree.
async fn entries(directory: &Directory) -> Vec<AuditEntry> {
    let pinned = directory.store.pin().await.unwrap();
    assert_eq!(check::snapshot(&pinned, &mut |_| true).unwrap().problems, Vec::<String>::new());
    let prefix = keys::log(keys::AUDIT);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: 1_000, values: true };
    let page = pinned.scan(&scan).await.unwrap();
    let all = page.iter().map(|row| record::unpack::<AuditEntry>(row.value).unwrap());
    all.filter(|entry| entry.action.starts_with("application.")).collect()
}

#[tokio::test]
async fn making_it_again_shows_what_is_there() {
    let directory = with_tenant("acme").await;
    let wanted = Application { product: Product::Jira, include: vec!["jira-.*".to_owned()], ..Application::default() };
    assert!(make(&directory, ("default", "jira"), wanted.clone()).await.unwrap().1);
    assert!(!make(&directory, ("default", "jira"), wanted.clone()).await.unwrap().1);
    let other = Application { users: Users::Members, ..wanted.clone() };
    let refused = make(&directory, ("default", "jira"), other).await.unwrap_err();
    assert_eq!(refused.to_string(), "there is an application 'jira' already: with other settings");
    // A name is one application's on the whole server.
    assert!(matches!(make(&directory, ("acme", "jira"), wanted).await, Err(Refused::Exists(..))));
    assert!(matches!(make(&directory, ("none", "x"), Application::default()).await, Err(Refused::NotFound(..))));
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let directory = Fixture::new().await.directory;
    let wrong = Application {
        description: "x".repeat(300),
        include: vec!["ok".to_owned(), "a(b".to_owned()],
        exclude: vec!["[".to_owned()],
        outbound: crate::mapping::outbound::Definition {
            user_name: "[userName".to_owned(),
            group_name: "[noSuchAttribute]".to_owned(),
            ..Default::default()
        },
        ..Application::default()
    };
    let short = Some(Password::new("short".to_owned()));
    let refused = create(&directory, &Admin::server(), ("default", "-Jira"), wrong, short).await;
    let Err(Refused::Fields(fields)) = refused else { panic!("it was taken") };
    let names: Vec<_> = fields.iter().map(|field| field.name).collect();
    let expected = [
        "application.name",
        "password",
        "application.description",
        "application.filter.include_groups",
        "application.filter.exclude_groups",
        "application.mapping.user_name",
        "application.mapping.group_name",
    ];
    assert_eq!(names, expected);
    assert!(fields.iter().skip(3).all(|field| field.why.contains("column ")), "{fields:?}");
    for bad in ["", "A", "a b", "a:b", "ä", ".a", "a-", &"a".repeat(64)] {
        let refused = make(&directory, ("default", bad), Application::default()).await;
        assert!(matches!(refused, Err(Refused::Fields(_))), "{bad}");
    }
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name() {
    let directory = Fixture::new().await.directory;
    let admin = Admin::server();
    let at = ("default", "wiki");
    let (made, _) = make(&directory, at, Application::default()).await.unwrap();
    let change = |stored: &mut Application| {
        *stored = Application { description: "the wiki".to_owned(), ..Application::default() };
    };
    let changed = update(&directory, &admin, at, Some(made.revision), change).await.unwrap();
    assert_eq!(changed.stored.password, made.stored.password);
    assert_eq!((changed.stored.view, changed.stored.created_ms), (made.stored.view, made.stored.created_ms));
    assert!(matches!(update(&directory, &admin, at, Some(made.revision), change).await, Err(Refused::Changed)));
    assert_eq!(update(&directory, &admin, at, None, change).await.unwrap().revision, changed.revision);
    let wider = update(&directory, &admin, at, None, |stored| stored.users = Users::Members).await.unwrap();
    assert!(wider.stored.view > made.stored.view);
    let bad = update(&directory, &admin, at, None, |stored| stored.include = vec!["*".to_owned()]).await;
    assert!(matches!(bad, Err(Refused::Fields(_))));
    assert!(matches!(delete(&directory, &admin, at, Some(1)).await, Err(Refused::Changed)));
    delete(&directory, &admin, at, None).await.unwrap();
    assert!(matches!(get(&directory, at.0, at.1).await, Err(Refused::NotFound(..))));
    // The next one of this name is not taken for it.
    let (next, _) = make(&directory, at, Application::default()).await.unwrap();
    assert!(next.stored.view >= made.stored.view);
}

#[tokio::test]
async fn acts_are_audited_without_secrets() {
    let directory = Fixture::new().await.directory;
    let (admin, at) = (Admin::server(), ("default", "code"));
    make(&directory, at, Application::default()).await.unwrap();
    rotate_password(&directory, &admin, at, None, 1_000).await.unwrap();
    update(&directory, &admin, at, None, |stored| stored.disabled = true).await.unwrap();
    super::expire_tokens(&directory, &admin, at).await.unwrap();
    delete(&directory, &admin, at, None).await.unwrap();
    let entries = entries(&directory).await;
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.trim_start_matches("application.")).collect();
    assert_eq!(actions, ["create", "rotate_password", "update", "expire_tokens", "delete"]);
    let told = format!("{entries:?}");
    assert!(!told.contains("argon2") && told.contains("password_ms"), "{told}");
    for overlap_ms in [-1, crate::limits::APPLICATION_OVERLAP_MS_MAX + 1] {
        let refused = rotate_password(&directory, &admin, at, None, overlap_ms).await;
        assert!(matches!(refused, Err(Refused::Fields(_))));
    }
}

#[tokio::test]
async fn applications_are_listed_by_name_in_pages() {
    let directory = with_tenant("acme").await;
    for name in ["c", "a", "d", "b"] {
        make(&directory, ("acme", name), Application::default()).await.unwrap();
    }
    make(&directory, ("default", "aa"), Application::default()).await.unwrap();
    let (mut names, mut after): (Vec<String>, Option<String>) = (Vec::new(), None);
    loop {
        let page = list(&directory, "acme", after.as_deref(), 3).await.unwrap();
        names.extend(page.applications.into_iter().map(|shown| shown.name));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn a_tenant_takes_its_applications_and_their_names_with_it() {
    let directory = with_tenant("acme").await;
    make(&directory, ("acme", "jira"), Application::default()).await.unwrap();
    make(&directory, ("default", "wiki"), Application::default()).await.unwrap();
    removal::start(&directory, &Admin::server(), "acme", "acme").await.unwrap();
    removal::round(&directory, &|_, _| {}).await.unwrap();
    let snapshot = directory.snapshot().await.unwrap();
    assert!(snapshot.get(&keys::application_name("jira")).await.unwrap().is_none());
    assert!(snapshot.get(&keys::application_name("wiki")).await.unwrap().is_some());
    entries(&directory).await;
    assert!(make(&directory, ("default", "jira"), Application::default()).await.unwrap().1);
}
