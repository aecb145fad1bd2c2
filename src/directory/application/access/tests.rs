//! Who is let in as an application, and when no longer.
#![allow(clippy::unwrap_used)]

use super::{Denied, authenticate};
use crate::clock::Clock;
use crate::directory::Directory;
use crate::directory::application::password::Password;
use crate::directory::application::settings::{self, Made};
use crate::directory::audit::Admin;
use crate::directory::record::{self, Application};
use crate::directory::tenant::settings as tenants;
use crate::directory::tests::Fixture;
use crate::limits;
use crate::store::Store;
use std::net::IpAddr;
use std::sync::atomic::Ordering;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const AT: (&str, &str) = ("default", "jira");

async fn make(directory: &Directory, wanted: Application) -> Password {
    match settings::create(directory, &Admin::server(), AT, wanted, None).await {
        Ok(Made::New(_, password)) => password,
        _ => panic!("it was not made"),
    }
}

async fn verdict(directory: &Directory, password: &str) -> Result<String, Denied> {
    let outcome = authenticate(directory, "jira", password, HERE).await.unwrap();
    outcome.map(|application| application.name.clone())
}

#[tokio::test]
async fn only_name_and_password_together_are_let_in() {
    let directory = Fixture::new().await.directory;
    let password = make(&directory, Application::default()).await;
    assert_eq!(verdict(&directory, password.expose()).await, Ok("jira".to_owned()));
    // As a person types it into a form.
    assert!(authenticate(&directory, "Jira", password.expose(), HERE).await.unwrap().is_ok());
    for (name, given, denied) in [
        ("jira", "wrong", Denied::Password),
        ("jira", "", Denied::Password),
        ("jiraa", password.expose(), Denied::Unknown),
        ("", password.expose(), Denied::Unknown),
        (&"j".repeat(1_000), password.expose(), Denied::Unknown),
    ] {
        assert_eq!(authenticate(&directory, name, given, HERE).await.unwrap().unwrap_err(), denied, "{name} {given}");
    }
    let seen = directory.applications.seen(1, "jira").unwrap();
    assert_eq!(seen.from, HERE);
}

#[tokio::test]
async fn a_change_is_in_force_with_the_next_request() {
    let directory = Fixture::new().await.directory;
    let admin = Admin::server();
    let first = make(&directory, Application::default()).await;
    let before = authenticate(&directory, "jira", first.expose(), HERE).await.unwrap().unwrap();
    let again = authenticate(&directory, "jira", first.expose(), HERE).await.unwrap().unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &again), "it is kept ready");

    let (_, second) = settings::rotate_password(&directory, &admin, AT, None, 0).await.unwrap();
    assert_eq!(verdict(&directory, first.expose()).await, Err(Denied::Password));
    let after = authenticate(&directory, "jira", second.expose(), HERE).await.unwrap().unwrap();
    assert_eq!((after.revision, after.tokens_epoch), (before.revision, before.tokens_epoch));

    settings::expire_tokens(&directory, &admin, AT).await.unwrap();
    let expired = authenticate(&directory, "jira", second.expose(), HERE).await.unwrap().unwrap();
    assert_eq!((expired.revision, expired.tokens_epoch), (before.revision, before.tokens_epoch + 1));

    let narrower = |stored: &mut Application| stored.exclude = vec!["secret-.*".to_owned()];
    settings::update(&directory, &admin, AT, None, narrower).await.unwrap();
    let narrowed = authenticate(&directory, "jira", second.expose(), HERE).await.unwrap().unwrap();
    assert_ne!(narrowed.revision, before.revision);

    settings::update(&directory, &admin, AT, None, |stored| stored.disabled = true).await.unwrap();
    assert_eq!(verdict(&directory, second.expose()).await, Err(Denied::Disabled));
    assert_eq!(verdict(&directory, "wrong").await, Err(Denied::Password), "its state is nobody else's business");
    settings::update(&directory, &admin, AT, None, |stored| stored.disabled = false).await.unwrap();
    tenants::update(&directory, &admin, "default", None, |tenant| tenant.disabled = true).await.unwrap();
    assert_eq!(verdict(&directory, second.expose()).await, Err(Denied::TenantClosed));
    tenants::update(&directory, &admin, "default", None, |tenant| tenant.disabled = false).await.unwrap();
    settings::delete(&directory, &admin, AT, None).await.unwrap();
    assert_eq!(verdict(&directory, second.expose()).await, Err(Denied::Unknown));
    assert_eq!(directory.applications.seen(1, "jira"), None);
}

#[tokio::test]
async fn both_passwords_are_taken_while_they_overlap() {
    let (clock, hand) = Clock::fixed(1_700_000_000_000);
    let directory = Fixture::over(Store::memory(), clock).await.directory;
    let admin = Admin::server();
    let first = make(&directory, Application::default()).await;
    let (shown, second) = settings::rotate_password(&directory, &admin, AT, None, 1_000).await.unwrap();
    assert_eq!(shown.stored.previous.unwrap().until_ms, 1_700_000_001_000);
    for password in [&first, &second, &first, &second] {
        assert!(verdict(&directory, password.expose()).await.is_ok());
    }
    // That it was right is remembered no longer than it is.
    hand.fetch_add(1_000, Ordering::SeqCst);
    assert_eq!(verdict(&directory, first.expose()).await, Err(Denied::Password));
    assert!(verdict(&directory, second.expose()).await.is_ok());
    let (_, third) = settings::rotate_password(&directory, &admin, AT, None, 0).await.unwrap();
    assert!(verdict(&directory, second.expose()).await.is_err() && verdict(&directory, third.expose()).await.is_ok());
}

#[tokio::test]
async fn an_application_asks_from_its_networks() {
    let directory = Fixture::new().await.directory;
    let networks = vec!["198.51.100.0/24".parse().unwrap()];
    let password = make(&directory, Application { networks, ..Application::default() }).await;
    let near: IpAddr = "198.51.100.7".parse().unwrap();
    assert!(authenticate(&directory, "jira", password.expose(), near).await.unwrap().is_ok());
    for given in [password.expose(), "wrong"] {
        assert_eq!(verdict(&directory, given).await, Err(Denied::Address));
    }
}

#[tokio::test]
async fn whoever_keeps_failing_waits_and_the_application_does_not() {
    let directory = Fixture::new().await.directory;
    let password = make(&directory, Application::default()).await;
    assert!(verdict(&directory, password.expose()).await.is_ok());
    let mut throttled = None;
    for _ in 0..=limits::APPLICATION_FAILURES_OF_ADDRESS_MAX {
        throttled = Some(verdict(&directory, "wrong").await);
    }
    let wait_s = limits::APPLICATION_FAILURE_OF_ADDRESS_MS / 1_000;
    let Some(Err(Denied::Throttled { wait_s: told })) = throttled else { panic!("{throttled:?}") };
    assert!((1..=wait_s + 1).contains(&told), "{told}");
    // From the same address: the password is known to be right, also when something else of the application changes.
    assert!(verdict(&directory, password.expose()).await.is_ok());
    let change = |stored: &mut Application| stored.description = "ours".to_owned();
    settings::update(&directory, &Admin::server(), AT, None, change).await.unwrap();
    assert!(verdict(&directory, password.expose()).await.is_ok());
}

#[tokio::test]
async fn requests_at_once_are_hashed_in_turn() {
    let directory = Fixture::new().await.directory;
    let password = make(&directory, Application::default()).await;
    let ask = || {
        let (directory, password) = (directory.clone(), password.expose().to_owned());
        tokio::spawn(async move { authenticate(&directory, "jira", &password, HERE).await.unwrap().is_ok() })
    };
    let asked: Vec<_> = (0..8).map(|_| ask()).collect();
    for answer in asked {
        assert!(answer.await.unwrap());
    }
}

#[tokio::test]
async fn settings_that_mean_nothing_any_more_are_a_failure_and_no_refusal() {
    let directory = Fixture::new().await.directory;
    let password = make(&directory, Application::default()).await;
    let snapshot = directory.snapshot().await.unwrap();
    let key = crate::directory::keys::application(1, "jira");
    let entry = snapshot.get(&key).await.unwrap().unwrap();
    let mut stored: Application = record::unpack(&entry.value).unwrap();
    stored.include = vec!["(".to_owned()];
    let mut batch = directory.batch();
    batch.put(key, record::pack(&stored).unwrap());
    directory.commit(batch).await.unwrap().unwrap();
    assert!(authenticate(&directory, "jira", password.expose(), HERE).await.is_err());
    assert_eq!(verdict(&directory, "wrong").await, Err(Denied::Password));
}
