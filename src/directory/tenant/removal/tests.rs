//! A deleted tenant leaves nothing, and takes nothing of another one with it.
#![allow(clippy::unwrap_used)]

use super::{round, start};
use crate::clock::Clock;
use crate::directory::audit::Admin;
use crate::directory::record::Tenant;
use crate::directory::refused::Refused;
use crate::directory::tenant::{find, settings};
use crate::directory::token::issue::{self, Made, Wanted};
use crate::directory::{Actor, Call, Directory, create as create_resource, keys, record, seal};
use crate::scim::dialect::Reading;
use crate::scim::project::Projection;
use crate::scim::schema;
use crate::store::{Scan, Store};
use serde_json::json;

async fn tenant(directory: &Directory, name: &str) {
    let wanted = Tenant { name: name.to_owned(), profile: "custom".to_owned(), ..Tenant::default() };
    settings::create(directory, &Admin::server(), wanted).await.unwrap();
    let Made::New(..) = issue::create(directory, &Admin::server(), name, &Wanted::default()).await.unwrap() else {
        panic!("a token was there");
    };
    let tenant = find(directory, name).await.unwrap().unwrap();
    let actor = Actor::new("t", "r");
    let call = Call { directory, tenant: &tenant, base: "https://x", actor: &actor };
    let (user, group) = (schema::user(), schema::group());
    let mut reading = Reading::new(&tenant.dialect);
    let projection = Projection::new(user, &["id".to_owned()], &[], &mut reading);
    for n in 0..20 {
        let body = json!({"userName": format!("u{n}"), "externalId": format!("x{n}")});
        create_resource::create(&call, user, body, &projection, &mut reading).await.unwrap();
    }
    let projection = Projection::new(group, &["id".to_owned()], &[], &mut reading);
    let body = json!({"displayName": "g", "members": []});
    create_resource::create(&call, group, body, &projection, &mut reading).await.unwrap();
}

/// The rows of a tenant, by its number, and of its tokens.
async fn rows(directory: &Directory, number: u32) -> usize {
    let snapshot = directory.snapshot().await.unwrap();
    let scan = Scan { prefix: b"", after: None, skip: 0, limit: 100_000, values: false };
    let page = snapshot.scan(&scan).await.unwrap();
    let is_of = |key: &[u8]| !b"NKJV".contains(&key[0]) && keys::tenant_of(key) == Some(number);
    page.iter().filter(|row| is_of(row.key)).count()
}

#[tokio::test]
async fn nothing_of_it_stays_and_the_other_one_does() {
    let directory = Directory::new(Store::memory(), Clock::System);
    tenant(&directory, "gone").await;
    tenant(&directory, "stays").await;
    seal::round(&directory).await;
    let (gone, stays) = (1, 2);
    let before = rows(&directory, stays).await;
    assert!(rows(&directory, gone).await > 60);

    let refused = start(&directory, &Admin::server(), "gone", "stays").await;
    assert!(matches!(refused, Err(Refused::State { reason: "CONFIRMATION_MISMATCH", .. })));
    let mut removal = start(&directory, &Admin::server(), "gone", "gone").await.unwrap();
    assert!(!find(&directory, "gone").await.unwrap().unwrap().is_open);
    let wanted = Tenant { name: "gone".to_owned(), profile: "custom".to_owned(), ..Tenant::default() };
    let early = settings::create(&directory, &Admin::server(), wanted).await;
    assert!(matches!(early, Err(Refused::State { reason: "TENANT_BEING_DELETED", .. })));

    let told = std::cell::RefCell::new(Vec::new());
    round(&directory, &|number, name| told.borrow_mut().push((number, name.to_owned()))).await.unwrap();
    assert_eq!(told.into_inner(), [(1, "gone".to_owned())]);
    while removal.next().await.is_some() {}
    assert_eq!(rows(&directory, gone).await, 0);
    assert_eq!(rows(&directory, stays).await, before);
    assert!(find(&directory, "gone").await.unwrap().is_none());

    // Of the tokens only those of the other tenant are left, and the name is free for a tenant of another number.
    let snapshot = directory.snapshot().await.unwrap();
    let scan = Scan { prefix: keys::TOKENS, after: None, skip: 0, limit: 10, values: false };
    assert_eq!(snapshot.scan(&scan).await.unwrap().len(), 1);
    tenant(&directory, "gone").await;
    assert_eq!(find(&directory, "gone").await.unwrap().unwrap().number, 3);
}

#[tokio::test]
async fn a_removal_that_was_broken_off_leaves_the_next_tenant_of_the_name_alone() {
    let directory = Directory::new(Store::memory(), Clock::System);
    tenant(&directory, "acme").await;
    let _ = start(&directory, &Admin::server(), "acme", "acme").await.unwrap();
    round(&directory, &|_, _| {}).await.unwrap();
    tenant(&directory, "acme").await;
    // As when the process ended before the last commit of the removal.
    let settings = Tenant { name: "acme".to_owned(), deleting: true, ..Tenant::default() };
    let mut batch = directory.batch();
    batch.put(keys::deletion(1), record::pack(&settings).unwrap());
    directory.commit(batch).await.unwrap();
    round(&directory, &|_, _| {}).await.unwrap();
    assert_eq!(find(&directory, "acme").await.unwrap().unwrap().number, 2);
    assert!(rows(&directory, 2).await > 60);
}
