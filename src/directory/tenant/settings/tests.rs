//! Making, changing and listing tenants.
#![allow(clippy::unwrap_used)]

use super::super::{find, number};
use super::{create, get, list, update};
use crate::clock::Clock;
use crate::directory::Directory;
use crate::directory::audit::Admin;
use crate::directory::record::Tenant;
use crate::directory::refused::Refused;
use crate::store::Store;

fn directory() -> Directory {
    Directory::new(Store::memory(), Clock::System)
}

fn named(name: &str) -> Tenant {
    Tenant { name: name.to_owned(), profile: "entra".to_owned(), ..Tenant::default() }
}

#[tokio::test]
async fn making_a_tenant_again_shows_the_one_that_is_there() {
    let (directory, admin) = (directory(), Admin::server());
    assert!(create(&directory, &admin, named("acme")).await.unwrap().1);
    assert!(!create(&directory, &admin, named("acme")).await.unwrap().1);
    let other = Tenant { if_match_required: true, ..named("acme") };
    assert!(matches!(create(&directory, &admin, other).await, Err(Refused::Exists(..))));
}

#[tokio::test]
async fn names_are_those_of_a_url() {
    let (directory, admin) = (directory(), Admin::server());
    for bad in ["", "-a", "a-", "A", "a b", "a/b", "ä", &"a".repeat(64)] {
        let refused = create(&directory, &admin, named(bad)).await;
        assert!(matches!(refused, Err(Refused::Fields(_))), "{bad}");
    }
    for good in ["a", "0", "a-b", &"a".repeat(63)] {
        assert!(create(&directory, &admin, named(good)).await.is_ok(), "{good}");
    }
    assert_eq!(number(&directory.snapshot().await.unwrap(), "").await.unwrap(), None);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let wrong = Tenant {
        profile: "none".to_owned(),
        public_url: Some("https://scim.example.com/path".to_owned()),
        requests_per_s_max: u32::MAX,
        ..named("acme")
    };
    let Err(Refused::Fields(fields)) = create(&directory(), &Admin::server(), wrong).await else {
        panic!("it was taken");
    };
    let names: Vec<_> = fields.iter().map(|field| field.name).collect();
    assert_eq!(names, ["tenant.profile", "tenant.public_url", "tenant.requests_per_second_max"]);
}

#[tokio::test]
async fn a_change_is_in_force_with_the_next_look() {
    let (directory, admin) = (directory(), Admin::server());
    let (made, _) = create(&directory, &admin, named("acme")).await.unwrap();
    assert!(!find(&directory, "acme").await.unwrap().unwrap().if_match_required);
    let change = |settings: &mut Tenant| settings.if_match_required = true;
    let changed = update(&directory, &admin, "acme", Some(made.revision), change).await.unwrap();
    assert!(find(&directory, "acme").await.unwrap().unwrap().if_match_required);
    assert!(changed.revision > made.revision);
    let stale = update(&directory, &admin, "acme", Some(made.revision), change).await;
    assert!(matches!(stale, Err(Refused::Changed)));
    // What changes nothing makes no new version.
    let same = update(&directory, &admin, "acme", None, change).await.unwrap();
    assert_eq!(same.revision, changed.revision);
}

#[tokio::test]
async fn tenants_are_listed_in_pages() {
    let (directory, admin) = (directory(), Admin::server());
    for n in 0..5 {
        create(&directory, &admin, named(&format!("t{n}"))).await.unwrap();
    }
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = list(&directory, after, 2).await.unwrap();
        names.extend(page.tenants.into_iter().map(|shown| shown.settings.name));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(names, ["t0", "t1", "t2", "t3", "t4"]);
    assert!(matches!(get(&directory, "t5").await, Err(Refused::NotFound(..))));
}
