//! The groups that were seen.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::list;
use crate::directory::create;
use crate::directory::tests::Fixture;
use crate::mapping::document::{Document, GroupName};
use crate::scim::dialect::Reading;
use crate::scim::project::Projection;
use crate::scim::schema;
use serde_json::json;

async fn names(site: &Fixture, size: usize) -> Vec<(String, String, bool)> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = list(&site.directory, "default", after.as_deref(), size).await.unwrap();
        assert!(page.groups.len() <= size);
        names.extend(page.groups.into_iter().map(|seen| (seen.name, seen.stored_name, seen.refused_ms.is_some())));
        match page.next {
            Some(next) => after = Some(next),
            None => return names,
        }
    }
}

#[tokio::test]
async fn stored_and_refused_groups_stand_in_one_list() {
    let mut site = Fixture::new().await;
    site.group("beta", &[]).await;
    let mut document = Document::default();
    document.policy.groups.table = vec![GroupName { from: "gamma".to_owned(), to: "G".to_owned() }];
    document.policy.groups.table_only = true;
    site.map(&document).await;
    site.group("Gamma", &[]).await;
    for name in ["Alpha", "delta", "BETA"] {
        let mut reading = Reading::new(&site.scope.tenant.dialect);
        let body = json!({"schemas": [schema::GROUP], "displayName": name});
        let made = create::create(&site.call(), schema::group(), body, &Projection::default(), &mut reading).await;
        assert!(made.is_err());
    }
    let row = |name: &str, stored: &str, refused| (name.to_owned(), stored.to_owned(), refused);
    let expected =
        [row("Alpha", "", true), row("beta", "beta", true), row("delta", "", true), row("Gamma", "G", false)];
    for size in [1, 2, 3, 4, 100] {
        assert_eq!(names(&site, size).await, expected, "{size} on a page");
    }
    let refused = list(&site.directory, "default", Some(b"x"), 1).await;
    assert!(refused.is_err());
}
