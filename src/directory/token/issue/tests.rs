//! Making, rotating, revoking and listing tokens.
#![allow(clippy::unwrap_used)]

use super::super::tests::{directory, make};
use super::{Made, Rotation, Wanted, create, get, list, revoke, rotate};
use crate::directory::audit::Admin;
use crate::directory::record::AuditEntry;
use crate::directory::refused::Refused;
use crate::directory::{Directory, keys, record};
use crate::store::Scan;

async fn audit(directory: &Directory) -> Vec<AuditEntry> {
    let snapshot = directory.snapshot().await.unwrap();
    let prefix = keys::log(keys::AUDIT);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: 1_000, values: true };
    let page = snapshot.scan(&scan).await.unwrap();
    page.iter().map(|row| record::unpack(row.value).unwrap()).collect()
}

fn named(name: &str) -> Wanted {
    Wanted { name: name.to_owned(), ..Wanted::default() }
}

#[tokio::test]
async fn making_a_token_again_by_its_name_shows_the_one_that_is_there() {
    let (directory, _) = directory().await;
    let admin = Admin::server();
    let (id, _) = make(&directory, &named("entra")).await;
    match create(&directory, &admin, "default", &named("entra")).await.unwrap() {
        Made::There(shown) => assert_eq!(shown.key_id, id),
        Made::New(..) => panic!("a second token of the same name"),
    }
    let other = Wanted { read_only: true, ..named("entra") };
    assert!(matches!(create(&directory, &admin, "default", &other).await, Err(Refused::Exists(..))));
    revoke(&directory, &admin, &id).await.unwrap();
    let (again, _) = make(&directory, &named("entra")).await;
    assert_ne!(again, id);
}

#[tokio::test]
async fn a_token_that_has_ended_gives_its_name_free() {
    let (directory, hand) = directory().await;
    let short = Wanted { lifetime_ms: Some(60_000), ..named("entra") };
    let (id, _) = make(&directory, &short).await;
    hand.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
    let (again, _) = make(&directory, &short).await;
    assert_ne!(again, id);
}

#[tokio::test]
async fn a_name_goes_over_to_the_successor() {
    let (directory, _) = directory().await;
    let admin = Admin::server();
    let (id, _) = make(&directory, &named("entra")).await;
    let (new, ..) = rotate(&directory, &admin, &id, &Rotation::default()).await.unwrap();
    revoke(&directory, &admin, &id).await.unwrap();
    match create(&directory, &admin, "default", &named("entra")).await.unwrap() {
        Made::There(shown) => assert_eq!(shown.key_id, new.key_id),
        Made::New(..) => panic!("revoking the old token has freed the name of the new one"),
    }
}

#[tokio::test]
async fn only_a_token_in_use_without_a_successor_is_rotated() {
    let (directory, hand) = directory().await;
    let admin = Admin::server();
    let reason = |refused: Result<_, Refused>| match refused {
        Err(Refused::State { reason, .. }) => reason,
        _ => "none",
    };
    let (id, _) = make(&directory, &Wanted { lifetime_ms: Some(3_600_000), ..Wanted::default() }).await;
    let (new, ..) = rotate(&directory, &admin, &id, &Rotation::default()).await.unwrap();
    // The old one does not live longer than it would have, and the new one lives as long as that was made for.
    assert_eq!(get(&directory, &id).await.unwrap().token.expires_ms, Some(1_700_000_000_000 + 3_600_000));
    assert_eq!(new.token.expires_ms, Some(1_700_000_000_000 + 3_600_000));
    assert_eq!(reason(rotate(&directory, &admin, &id, &Rotation::default()).await), "TOKEN_ROTATED");
    revoke(&directory, &admin, &new.key_id).await.unwrap();
    assert_eq!(reason(rotate(&directory, &admin, &new.key_id, &Rotation::default()).await), "TOKEN_NOT_ACTIVE");
    // The successor was lost: the old one may be rotated again.
    let (again, ..) = rotate(&directory, &admin, &id, &Rotation::default()).await.unwrap();
    hand.fetch_add(3_600_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(reason(rotate(&directory, &admin, &again.key_id, &Rotation::default()).await), "TOKEN_NOT_ACTIVE");
}

#[tokio::test]
async fn what_cannot_be_is_told_field_by_field() {
    let (directory, _) = directory().await;
    let wanted = Wanted {
        name: "not a name".to_owned(),
        description: "x".repeat(201),
        lifetime_ms: Some(1),
        ..Wanted::default()
    };
    let Err(Refused::Fields(fields)) = create(&directory, &Admin::server(), "default", &wanted).await else {
        panic!("it was taken");
    };
    assert_eq!(fields.iter().map(|field| field.name).collect::<Vec<_>>(), ["name", "description", "ttl"]);
    let nowhere = create(&directory, &Admin::server(), "nowhere", &Wanted::default()).await;
    assert!(matches!(nowhere, Err(Refused::NotFound(..))));
}

#[tokio::test]
async fn tokens_are_listed_in_pages_in_the_order_of_their_creation() {
    let (directory, _) = directory().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(make(&directory, &Wanted::default()).await.0);
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = list(&directory, "default", after.as_deref(), 2).await.unwrap();
        listed.extend(page.tokens.into_iter().map(|shown| shown.key_id));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    // The first one was made with the tenant.
    assert_eq!(listed[1..], made);
}

#[tokio::test]
async fn every_change_has_its_audit_entry_and_none_has_a_hash() {
    let (directory, _) = directory().await;
    let admin = Admin { name: "socket:0".to_owned(), address: String::new() };
    let Made::New(shown, secret) = create(&directory, &admin, "default", &named("entra")).await.unwrap() else {
        panic!("it was there");
    };
    let (new, new_secret, _) = rotate(&directory, &admin, &shown.key_id, &Rotation::default()).await.unwrap();
    revoke(&directory, &admin, &shown.key_id).await.unwrap();
    revoke(&directory, &admin, &shown.key_id).await.unwrap();
    let entries = audit(&directory).await;
    let told: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.target.as_str())).collect();
    let (old, new) = (shown.key_id.as_str(), new.key_id.as_str());
    assert_eq!(told, [("token.create", old), ("token.rotate", old), ("token.create", new), ("token.revoke", old)]);
    assert!(entries.iter().all(|entry| entry.actor == "socket:0" && entry.tenant == "default"));
    let text = serde_json::to_string(&entries).unwrap();
    assert!(!text.contains("hash") && !text.contains(secret.expose()) && !text.contains(new_secret.expose()));
}

#[tokio::test]
async fn a_name_that_another_token_has_taken_is_not_taken_back() {
    let (directory, _) = directory().await;
    let admin = Admin::server();
    let (old, _) = make(&directory, &named("entra")).await;
    let (successor, ..) = rotate(&directory, &admin, &old, &Rotation::default()).await.unwrap();
    revoke(&directory, &admin, &successor.key_id).await.unwrap();
    let (other, _) = make(&directory, &named("entra")).await;
    let refused = rotate(&directory, &admin, &old, &Rotation::default()).await;
    assert!(matches!(refused, Err(Refused::Exists(..))));
    revoke(&directory, &admin, &other).await.unwrap();
    let (again, ..) = rotate(&directory, &admin, &old, &Rotation::default()).await.unwrap();
    match create(&directory, &admin, "default", &named("entra")).await.unwrap() {
        Made::There(shown) => assert_eq!(shown.key_id, again.key_id),
        Made::New(..) => panic!("the name has not gone over"),
    }
}

#[tokio::test]
async fn where_there_is_no_room_the_oldest_ended_token_gives_way() {
    let (directory, hand) = directory().await;
    let admin = Admin::server();
    let short = Wanted { lifetime_ms: Some(60_000), ..named("short") };
    let (short, _) = make(&directory, &short).await;
    // The first one is the tenant's since the start.
    for _ in 2..crate::limits::TOKENS_MAX {
        make(&directory, &Wanted::default()).await;
    }
    let full = create(&directory, &admin, "default", &Wanted::default()).await;
    assert!(matches!(full, Err(Refused::Exhausted { reason: "TOO_MANY_TOKENS", .. })));
    hand.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
    make(&directory, &Wanted::default()).await;
    assert!(matches!(get(&directory, &short).await, Err(Refused::NotFound(..))));
    let removed = audit(&directory).await.into_iter().find(|entry| entry.action == "token.remove").unwrap();
    assert_eq!(removed.target, short);
    let all = list(&directory, "default", None, 2_000).await.unwrap().tokens;
    assert_eq!(all.len(), crate::limits::TOKENS_MAX);
    // Its name is free.
    revoke(&directory, &admin, &all[0].key_id).await.unwrap();
    make(&directory, &named("short")).await;
}
