//! Uses are written down, successors end their predecessors, and warnings come once.
#![allow(clippy::unwrap_used)]

use super::super::tests::{HERE, directory, make};
use super::{warn, write_down};
use crate::directory::audit::Admin;
use crate::directory::token::check;
use crate::directory::token::issue::{Rotation, Wanted, get, rotate};
use crate::store::Store;
use std::sync::atomic::Ordering;

const DAY_MS: i64 = 86_400_000;

#[tokio::test]
async fn the_first_and_the_last_use_are_written_down() {
    let (directory, hand) = directory().await;
    let start = hand.load(Ordering::SeqCst);
    let (id, secret) = make(&directory, &Wanted::default()).await;
    assert_eq!(get(&directory, &id).await.unwrap().used, None);
    for _ in 0..3 {
        check(&directory, secret.expose(), HERE).await.unwrap().unwrap();
        write_down(&directory).await.unwrap();
        hand.fetch_add(5_000, Ordering::SeqCst);
    }
    let used = get(&directory, &id).await.unwrap().used.unwrap();
    assert_eq!((used.first_ms, used.last_ms, used.address.as_str()), (start, start + 10_000, "192.0.2.1"));
}

#[tokio::test]
async fn uses_within_a_second_cost_one_commit() {
    let (directory, _) = directory().await;
    let (_, secret) = make(&directory, &Wanted::default()).await;
    check(&directory, secret.expose(), HERE).await.unwrap().unwrap();
    write_down(&directory).await.unwrap();
    let before = directory.snapshot().await.unwrap().revision();
    for _ in 0..100 {
        check(&directory, secret.expose(), HERE).await.unwrap().unwrap();
        write_down(&directory).await.unwrap();
    }
    assert_eq!(directory.snapshot().await.unwrap().revision(), before);
}

#[tokio::test]
async fn what_cannot_be_written_waits() {
    let (directory, _) = directory().await;
    let (_, secret) = make(&directory, &Wanted::default()).await;
    check(&directory, secret.expose(), HERE).await.unwrap().unwrap();
    Store::close(directory.store.clone()).await;
    assert!(write_down(&directory).await.is_err());
    assert_eq!(directory.uses.lock().len(), 1);
}

#[tokio::test]
async fn the_first_use_of_the_new_token_ends_the_old_one() {
    let (directory, hand) = directory().await;
    let (id, old) = make(&directory, &Wanted::default()).await;
    let rotation = Rotation { overlap_ms: Some(10 * DAY_MS), retire_after_use_ms: Some(60_000), ..Rotation::default() };
    let (_, new, _) = rotate(&directory, &Admin::server(), &id, &rotation).await.unwrap();
    hand.fetch_add(DAY_MS, Ordering::SeqCst);
    let used_ms = hand.load(Ordering::SeqCst);
    check(&directory, new.expose(), HERE).await.unwrap().unwrap();
    write_down(&directory).await.unwrap();
    assert_eq!(get(&directory, &id).await.unwrap().token.expires_ms, Some(used_ms + 60_000));
    hand.fetch_add(59_999, Ordering::SeqCst);
    assert!(check(&directory, old.expose(), HERE).await.unwrap().is_ok());
    hand.fetch_add(1, Ordering::SeqCst);
    assert!(check(&directory, old.expose(), HERE).await.unwrap().is_err());
    // Later uses move nothing.
    check(&directory, new.expose(), HERE).await.unwrap().unwrap();
    write_down(&directory).await.unwrap();
    assert_eq!(get(&directory, &id).await.unwrap().token.expires_ms, Some(used_ms + 60_000));
}

#[tokio::test]
async fn a_warning_comes_once_at_each_threshold() {
    let (directory, hand) = directory().await;
    let (id, _) = make(&directory, &Wanted { lifetime_ms: Some(40 * DAY_MS), ..Wanted::default() }).await;
    // One that was made for a week is not warned of at 30 days, nor at 7.
    let (short, _) = make(&directory, &Wanted { lifetime_ms: Some(7 * DAY_MS), ..Wanted::default() }).await;
    let mut warned = Vec::new();
    for _ in 0..40 {
        for _ in 0..2 {
            let endings = warn(&directory).await.unwrap();
            assert!(endings.iter().any(|ending| ending.key_id == id));
        }
        let days = get(&directory, &id).await.unwrap().token.warned_days;
        if warned.last() != Some(&days) {
            warned.push(days);
        }
        hand.fetch_add(DAY_MS, Ordering::SeqCst);
    }
    assert_eq!(warned, [None, Some(30), Some(7), Some(1)]);
    assert_eq!(get(&directory, &short).await.unwrap().token.warned_days, Some(1));
}

#[tokio::test]
async fn nobody_is_warned_of_a_token_that_has_a_successor() {
    let (directory, _) = directory().await;
    let (id, _) = make(&directory, &Wanted::default()).await;
    rotate(&directory, &Admin::server(), &id, &Rotation::default()).await.unwrap();
    warn(&directory).await.unwrap();
    assert_eq!(get(&directory, &id).await.unwrap().token.warned_days, None);
}
