//! Followers: what they are told, in which order, and that they end.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Step, Told, follow};
use crate::directory::log::{self, Position};
use crate::directory::places::Work;
use crate::directory::record::Change;
use crate::directory::refused::Refused;
use crate::directory::tests::Fixture;
use crate::limits;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Duration;

type Following = (mpsc::Receiver<Told<Change>>, watch::Sender<bool>, JoinHandle<()>);

fn start(site: &Fixture, from: Position, keep: bool) -> Following {
    let (sender, receiver) = mpsc::channel(2);
    let (stop, stopping) = watch::channel(false);
    let task = tokio::spawn(follow(site.directory.clone(), from, move |_: &Change| keep, sender, stopping));
    (receiver, stop, task)
}

async fn newest(site: &Fixture) -> Position {
    log::newest(&site.directory.snapshot().await.unwrap(), 1)
}

#[tokio::test]
async fn new_entries_are_told_in_order() {
    let site = Fixture::new().await;
    site.user("before").await;
    let (mut told, stop, task) = start(&site, newest(&site).await, true);
    assert!(matches!(told.recv().await.unwrap().unwrap(), Step::Here(_)));
    for n in 0..10 {
        let id = site.user(&format!("u{n}")).await;
        match told.recv().await.unwrap().unwrap() {
            Step::Entry(entry) => assert_eq!(entry.value.id, id),
            Step::Here(position) => panic!("{position:?}"),
        }
    }
    stop.send(true).unwrap();
    task.await.unwrap();
    assert!(told.recv().await.is_none());
}

#[tokio::test]
async fn a_follower_ends_when_nobody_listens() {
    let site = Fixture::new().await;
    let (told, _stop, task) = start(&site, newest(&site).await, true);
    drop(told);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sign_of_life_carries_the_newest_position() {
    let site = Fixture::new().await;
    let (mut told, _stop, _task) = start(&site, newest(&site).await, false);
    told.recv().await.unwrap().unwrap();
    let begun = tokio::time::Instant::now();
    for n in 0..5 {
        site.user(&format!("u{n}")).await;
    }
    // Everything is dropped, and still the place moves on.
    match told.recv().await.unwrap().unwrap() {
        Step::Here(position) => assert_eq!(position, newest(&site).await),
        Step::Entry(entry) => panic!("{entry:?}"),
    }
    assert!(begun.elapsed() >= Duration::from_millis(limits::WATCH_SIGN_MS));
}

#[tokio::test]
async fn a_slow_follower_misses_nothing() {
    let site = Fixture::new().await;
    let (mut told, _stop, _task) = start(&site, newest(&site).await, true);
    let mut users = Vec::new();
    for n in 0..1_200 {
        users.push(site.user(&format!("u{n}")).await);
    }
    let mut seen = Vec::new();
    while seen.len() < users.len() {
        if let Step::Entry(entry) = told.recv().await.unwrap().unwrap() {
            seen.push(entry.value.id);
        }
    }
    assert_eq!(seen, users);
}

#[tokio::test]
async fn there_are_so_many_followers_and_no_more() {
    let site = Fixture::new().await;
    let from = newest(&site).await;
    let (_stop, stopping) = watch::channel(false);
    let begin = || super::start(&site.directory, from.clone(), |_: &Change| true, stopping.clone());
    let mut followers: Vec<_> = (0..limits::WATCHERS_MAX).map(|_| begin().unwrap()).collect();
    let refused = begin().err().unwrap();
    assert!(matches!(refused, Refused::Exhausted { reason: "TOO_MANY_WATCHERS", .. }), "{refused}");
    followers.pop();
    while site.directory.places.free(Work::Watch) == 0 {
        tokio::task::yield_now().await;
    }
    assert!(begin().is_ok());
}
