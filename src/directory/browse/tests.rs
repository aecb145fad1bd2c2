//! Pages of resources and members, and finding one by its id or name.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{members, one, page};
use crate::directory::refused::Refused;
use crate::directory::tests::Fixture;
use crate::scim::errors::Kind;
use crate::scim::schema;
use serde_json::json;

#[tokio::test]
async fn pages_hold_everybody_once_in_order() {
    let site = Fixture::new().await;
    let mut expected = Vec::new();
    for n in 0..23 {
        expected.push(site.user(&format!("user{n}@example.com")).await);
    }
    for filter in [None, Some("userName sw \"user\"")] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = page(&site.call(), schema::user(), filter, after, 5).await.unwrap();
            assert_eq!(page.total, 23);
            assert!(page.items.len() <= 5);
            found.extend(page.items.iter().map(|seen| seen.id.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_filter_chooses_and_a_bad_one_is_refused() {
    let site = Fixture::new().await;
    site.user("anna@example.com").await;
    let berta = site.user("berta@example.com").await;
    let found = page(&site.call(), schema::user(), Some("userName eq \"BERTA@example.com\""), None, 5).await.unwrap();
    assert_eq!(found.items.iter().map(|seen| seen.id.to_string()).collect::<Vec<_>>(), [berta]);
    assert_eq!((found.total, found.next), (1, None));
    for bad in ["userName eq", "nickname2 eq \"x\"", "(("] {
        let error = page(&site.call(), schema::user(), Some(bad), None, 5).await.unwrap_err();
        assert_eq!(error.kind, Kind::InvalidFilter, "{bad}");
    }
}

#[tokio::test]
async fn one_is_found_by_id_and_by_name() {
    let site = Fixture::new().await;
    let anna = site.user("Anna@example.com").await;
    let group = site.group("Jira Users", std::slice::from_ref(&anna)).await;
    for name in [anna.as_str(), "Anna@example.com", "ANNA@EXAMPLE.COM"] {
        let seen = one(&site.call(), schema::user(), name).await.unwrap();
        assert_eq!(seen.id.to_string(), anna);
        assert_eq!(seen.attributes["userName"], "Anna@example.com");
        assert_eq!(seen.attributes["groups"][0]["value"], json!(group));
    }
    let seen = one(&site.call(), schema::group(), "jira users").await.unwrap();
    assert_eq!(seen.id.to_string(), group);
    assert!(!seen.attributes.contains_key("members"));
    for nobody in [group.as_str(), "otto@example.com"] {
        let refused = one(&site.call(), schema::user(), nobody).await.unwrap_err();
        assert!(matches!(refused, Refused::NotFound(..)), "{refused}");
    }
    assert!(matches!(one(&site.call(), schema::user(), "").await.unwrap_err(), Refused::Fields(_)));
}

#[tokio::test]
async fn members_are_paged_by_id() {
    let site = Fixture::new().await;
    let mut users = Vec::new();
    for n in 0..12 {
        users.push(site.user(&format!("m{n}")).await);
    }
    let inner = site.group("inner", &[]).await;
    users.push(inner);
    site.group("outer", &users).await;
    users.sort();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = members(&site.call(), schema::group(), "outer", after, 4).await.unwrap();
        assert_eq!(page.total, 13);
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found.iter().map(|member| member.id.to_string()).collect::<Vec<_>>(), users);
    assert!(found.iter().any(|member| member.display == "inner"));
}
