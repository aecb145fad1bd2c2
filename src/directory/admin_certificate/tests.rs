//! The registry by itself: one name, two callers; and what is forgotten.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use super::*;
use crate::clock::Clock;
use crate::store::Store;

fn wanted(name: &str) -> Wanted<'_> {
    Wanted { name, role: Role::Viewer, lifetime_ms: 3_600_000 }
}

fn make(_: Uuid, ends_ms: i64) -> Result<Made, Refused> {
    Ok(Made { fingerprint: [7; 32], expires_ms: ends_ms })
}

#[tokio::test]
async fn of_many_who_want_one_name_one_makes_it() {
    let directory = Arc::new(Directory::new(Store::memory(), Clock::System));
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let directory = Arc::clone(&directory);
            tokio::spawn(async move { create(&directory, &Admin::server(), &wanted("ops"), make).await.unwrap() })
        })
        .collect();
    let (mut new, mut there) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            Outcome::New(entry) => new.push(entry),
            Outcome::There(entry) => there.push(entry),
        }
    }
    assert_eq!((new.len(), there.len()), (1, 15));
    assert!(there.iter().all(|entry| *entry == new[0]));
    assert_eq!(find(&directory, new[0].serial).await.unwrap().as_ref(), Some(&new[0].certificate));
    assert_eq!(find(&directory, Uuid::nil()).await.unwrap(), None);
}

#[tokio::test]
async fn an_ended_name_is_free_and_what_ended_long_ago_is_forgotten() {
    let (clock, hand) = Clock::fixed(1_700_000_000_000);
    let directory = Directory::new(Store::memory(), clock);
    let new = async |name: &str| match create(&directory, &Admin::server(), &wanted(name), make).await.unwrap() {
        Outcome::New(entry) => entry,
        Outcome::There(_) => panic!("it is not there"),
    };
    let first = new("ops").await;
    hand.fetch_add(3_600_000, SeqCst);
    let second = new("ops").await;
    let names = async || list(&directory, None, 10).await.unwrap().0;
    assert_eq!(names().await.len(), 2);
    // By name it is the valid one that is revoked.
    assert_eq!(revoke(&directory, &Admin::server(), "ops").await.unwrap().serial, second.serial);
    assert_eq!(revoke(&directory, &Admin::server(), "ops").await.unwrap().serial, first.serial);
    assert!(matches!(revoke(&directory, &Admin::server(), "ops").await, Err(Refused::NotFound(..))));
    hand.fetch_add(limits::ADMIN_CERTIFICATE_KEPT_MS + 3_600_000, SeqCst);
    let third = new("ops").await;
    assert_eq!(names().await, [third]);
}
