//! Mappings worked out again for what is stored.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Progress, Site, start};
use crate::directory::mapping::tests::{admin, short_names};
use crate::directory::refused::Refused;
use crate::directory::tests::Fixture;
use crate::directory::{browse, check, sweep};
use crate::mapping::document::{DefaultGroupsFor, Document, GroupName};
use crate::scim::schema;
use tokio::sync::{mpsc, watch};

struct Running {
    told: mpsc::Receiver<super::Told>,
    _stop: watch::Sender<bool>,
}

async fn begin(site: &Fixture, version: u64, resume: &str) -> Result<Running, Refused> {
    let (stop, stopping) = watch::channel(false);
    let at = Site { directory: site.directory.clone(), scope: site.scope.clone(), admin: admin(), stopping };
    Ok(Running { told: start(at, version, resume).await?, _stop: stop })
}

async fn finish(site: &Fixture, version: u64, resume: &str) -> (Progress, Vec<super::Failure>) {
    let mut running = begin(site, version, resume).await.unwrap();
    let (mut last, mut failures) = (Progress::default(), Vec::new());
    while let Some(told) = running.told.recv().await {
        last = told.unwrap();
        failures.append(&mut last.failures);
    }
    assert!(last.is_done, "{last:?}");
    (last, failures)
}

async fn name(site: &Fixture, id: &str) -> String {
    let seen = browse::one(&site.call(), schema::user(), id).await.unwrap();
    seen.attributes["userName"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_stored_becomes_what_the_mapping_makes_of_it() {
    let mut site = Fixture::new().await;
    let mut ids = Vec::new();
    for n in 0..300 {
        ids.push(site.user(&format!("user{n}@one.example")).await);
    }
    site.group("all", &ids[..2]).await;
    site.map(&short_names()).await;
    let (done, failures) = finish(&site, 1, "").await;
    assert_eq!((done.done, done.total, done.changed, done.failed), (301, 301, 300, 0), "{failures:?}");
    assert_eq!(name(&site, &ids[299]).await, "user299");
    // Again changes nothing, and without a mapping everything is as it was sent.
    assert_eq!(finish(&site, 1, "").await.0.changed, 0);
    site.map(&Document::default()).await;
    assert_eq!(finish(&site, 2, "").await.0.changed, 300);
    assert_eq!(name(&site, &ids[7]).await, "user7@one.example");
    sweep::round(&site.directory, 0).await.unwrap();
    let outcome = check::snapshot(&site.directory.snapshot().await.unwrap(), &mut |_| true).unwrap();
    assert_eq!(outcome.problems, Vec::<String>::new());
}

#[tokio::test]
async fn it_goes_on_from_a_place() {
    let mut site = Fixture::new().await;
    for n in 0..50 {
        site.user(&format!("user{n}@one.example")).await;
    }
    site.map(&short_names()).await;
    let mut running = begin(&site, 1, "").await.unwrap();
    let mut place = String::new();
    while let Some(told) = running.told.recv().await {
        place = told.unwrap().resume;
    }
    // After the last one there is nothing, and it says so.
    let (rest, _) = finish(&site, 1, &place).await;
    assert_eq!((rest.done, rest.changed), (50, 0));
    let first = super::text(&site.scope.tenant, 1, (1, uuid::Uuid::nil()));
    assert_eq!(finish(&site, 1, &first).await.0.changed, 0);
    for bad in ["x", &super::text(&site.scope.tenant, 2, (1, uuid::Uuid::nil()))] {
        let refused = begin(&site, 1, bad).await.err().unwrap();
        assert!(matches!(refused, Refused::Fields(_)), "{refused:?}");
    }
}

#[tokio::test]
async fn another_version_than_the_one_in_force_is_refused() {
    let mut site = Fixture::new().await;
    site.map(&short_names()).await;
    let refused = begin(&site, 2, "").await.err().unwrap();
    assert!(matches!(refused, Refused::Meanwhile(_)), "{refused:?}");
}

#[tokio::test]
async fn users_join_the_default_groups_and_refused_ones_stay() {
    let mut site = Fixture::new().await;
    let anna = site.user("anna").await;
    site.user("bert").await;
    let staff = site.group("staff", std::slice::from_ref(&anna)).await;
    let other = site.group("other", &[]).await;
    let mut document = Document::default();
    document.policy.default_groups = vec![staff.clone()];
    document.policy.default_groups_for = DefaultGroupsFor::AllUsers;
    document.policy.groups.table = vec![GroupName { from: "staff".to_owned(), to: "Everybody".to_owned() }];
    document.policy.groups.table_only = true;
    site.map(&document).await;
    let (done, failures) = finish(&site, 1, "").await;
    assert_eq!((done.done, done.changed, done.failed), (4, 2, 1));
    assert_eq!((failures[0].id.as_str(), failures[0].rule.as_str()), (other.as_str(), "groups"));
    let page = browse::members(&site.call(), schema::group(), "everybody", None, 10).await.unwrap();
    assert_eq!(page.items.len(), 2);
    assert_eq!(finish(&site, 1, "").await.0.changed, 0);
}

#[tokio::test]
async fn it_ends_when_another_mapping_is_put_in_force() {
    let mut site = Fixture::new().await;
    for n in 0..600 {
        site.user(&format!("user{n}@one.example")).await;
    }
    site.map(&short_names()).await;
    let mut running = begin(&site, 1, "").await.unwrap();
    let mut other = short_names();
    other.policy.switches.refuse_user_delete = true;
    site.map(&other).await;
    let mut last = None;
    while let Some(told) = running.told.recv().await {
        last = Some(told);
    }
    let last = last.unwrap();
    assert!(matches!(last, Err(Refused::Meanwhile(_))), "{last:?}");
    // What was done stays, and the rest is done by the new version.
    let (done, _) = finish(&site, 2, "").await;
    assert_eq!((done.done, done.failed), (600, 0));
    assert_eq!(name(&site, "user599").await, "user599");
}
