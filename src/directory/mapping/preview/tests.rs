//! Previews of everything that is stored.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Part, Summary, Trial, start};
use crate::directory::mapping::tests::{admin, short_names};
use crate::directory::tenant::settings;
use crate::directory::tests::Fixture;
use crate::directory::{record, scope};
use crate::mapping::document::{DefaultGroupsFor, Document, GroupName};
use crate::scim::schema;
use serde_json::json;
use tokio::sync::watch;

async fn preview(site: &Fixture, document: Document, differences_max: usize) -> (Vec<Part>, Summary) {
    let (_stop, stopping) = watch::channel(false);
    let trial = Trial {
        directory: site.directory.clone(),
        tenant: site.scope.tenant.clone(),
        document,
        differences_max,
        fingerprint: "f".to_owned(),
        stopping,
    };
    let mut told = start(trial).await.unwrap();
    let mut parts = Vec::new();
    while let Some(part) = told.recv().await {
        match part.unwrap() {
            Part::Summary(summary) => return (parts, summary),
            part => parts.push(part),
        }
    }
    panic!("there is no summary");
}

#[tokio::test]
async fn every_resource_is_counted_and_nothing_is_written() {
    let site = Fixture::new().await;
    let mut ids = Vec::new();
    for n in 0..600 {
        ids.push(site.user(&format!("user{n}@one.example")).await);
    }
    let twin = site.user("user7@other.example").await;
    site.user("plain").await;
    site.group("all", &ids[..3]).await;
    let revision = site.directory.snapshot().await.unwrap().revision();
    let (parts, summary) = preview(&site, short_names(), 5).await;
    assert_eq!(site.directory.snapshot().await.unwrap().revision(), revision);
    let of = (summary.resources, summary.changed, summary.unchanged, summary.refused, summary.collisions);
    assert_eq!(of, (603, 601, 2, 0, 1));
    let by_rule: Vec<_> = summary.changed_by_rule.iter().map(|(rule, count)| (&**rule, *count)).collect();
    assert_eq!(by_rule, [("username_rule", 601)]);
    assert_eq!(summary.fingerprint, "f");
    let differences: Vec<_> = parts.iter().filter(|part| matches!(part, Part::Difference(_))).collect();
    assert_eq!(differences.len(), 5);
    let Part::Difference(first) = differences[0] else { panic!() };
    assert_eq!((first.id.as_str(), first.attributes.len()), (ids[0].as_str(), 1));
    let attribute = &first.attributes[0];
    assert_eq!(attribute.path, "userName");
    assert_eq!((&attribute.before, &attribute.after), (&Some(json!("user0@one.example")), &Some(json!("user0"))));
    let collision = parts.iter().find_map(|part| match part {
        Part::Collision(collision) => Some(collision),
        _ => None,
    });
    let collision = collision.unwrap();
    assert_eq!((collision.attribute.as_str(), collision.value.as_str()), ("userName", "user7"));
    assert_eq!(collision.ids.iter().map(ToString::to_string).collect::<Vec<_>>(), [ids[7].clone(), twin]);
    assert!(parts.iter().any(|part| matches!(part, Part::Progress(603, 603))));
}

#[tokio::test]
async fn groups_that_are_refused_and_default_groups_are_shown() {
    let site = Fixture::new().await;
    let anna = site.user("anna").await;
    let bert = site.user("bert").await;
    site.group("staff", std::slice::from_ref(&anna)).await;
    let other = site.group("other", &[]).await;
    let mut document = Document::default();
    document.policy.default_groups = vec!["staff".to_owned()];
    document.policy.default_groups_for = DefaultGroupsFor::AllUsers;
    document.policy.groups.table = vec![GroupName { from: "Staff".to_owned(), to: "Everybody".to_owned() }];
    document.policy.groups.table_only = true;
    let (parts, summary) = preview(&site, document, 100).await;
    assert_eq!((summary.changed, summary.unchanged, summary.refused), (2, 1, 1));
    assert_eq!(summary.changed_by_rule.keys().map(|rule| &**rule).collect::<Vec<_>>(), ["default_groups", "groups"]);
    let told: Vec<String> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Difference(one) => Some(format!("{} {}", one.id, one.attributes[0].path)),
            Part::Refusal { id, refusal, .. } => Some(format!("{id} {}", refusal.rule)),
            _ => None,
        })
        .collect();
    assert!(told.contains(&format!("{bert} groups")) && told.contains(&format!("{other} groups")), "{told:?}");
    assert!(!told.iter().any(|line| line.starts_with(&anna)), "who is a member already stays as she is");
}

#[tokio::test]
async fn values_that_were_the_same_before_are_no_collision_of_the_mapping() {
    let mut site = Fixture::new().await;
    for (are_unique, name) in [(false, "staff"), (false, "Staff"), (true, "other")] {
        let change = |settings: &mut record::Tenant| settings.unique_group_names = Some(are_unique);
        settings::update(&site.directory, &admin(), "default", None, change).await.unwrap();
        site.scope = scope::find(&site.directory, "default", "https://scim.test").await.unwrap();
        site.group(name, &[]).await;
    }
    let mut document = Document::default();
    document.policy.groups.table = vec![GroupName { from: "x".to_owned(), to: "y".to_owned() }];
    let (_, summary) = preview(&site, document, 1).await;
    assert_eq!((summary.unchanged, summary.collisions), (3, 0));
}

#[tokio::test]
async fn a_receiver_that_goes_ends_it() {
    let site = Fixture::new().await;
    site.make(schema::user(), json!({"schemas": [schema::USER], "userName": "a"})).await;
    let (_stop, stopping) = watch::channel(false);
    let trial = || Trial {
        directory: site.directory.clone(),
        tenant: site.scope.tenant.clone(),
        document: short_names(),
        differences_max: 1,
        fingerprint: String::new(),
        stopping: stopping.clone(),
    };
    for _ in 0..10 {
        // Its place is free again for the next one.
        loop {
            match start(trial()).await {
                Ok(told) => break drop(told),
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }
}
