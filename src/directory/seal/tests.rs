//! A sealed log shows that an entry was altered, removed or put in.
#![allow(clippy::unwrap_used)]

use super::{round, verify};
use crate::clock::Clock;
use crate::directory::audit::{self, Act, Admin};
use crate::directory::{Directory, keys};
use crate::store::{Scan, Store};

/// A log of so many entries in commits of two, sealed after each `every`-th commit.
async fn log(commits: usize, every: usize) -> Directory {
    let directory = Directory::new(Store::memory(), Clock::System);
    for n in 0..commits {
        let mut batch = directory.batch();
        for target in ["a", "b"] {
            let act = Act { action: "test", tenant: "", target };
            audit::add(&mut batch, &Admin::server(), act, None, Some(&n)).unwrap();
        }
        directory.commit(batch).await.unwrap();
        if n % every == every - 1 {
            round(&directory).await;
        }
    }
    directory
}

async fn entry_keys(directory: &Directory) -> Vec<Vec<u8>> {
    let prefix = keys::log(keys::AUDIT);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: 1_000, values: false };
    let page = directory.snapshot().await.unwrap().scan(&scan).await.unwrap();
    page.iter().map(|row| row.key.to_vec()).collect()
}

async fn write(directory: &Directory, change: impl FnOnce(&mut crate::store::Batch)) {
    let mut batch = directory.batch();
    change(&mut batch);
    directory.commit(batch).await.unwrap();
}

#[tokio::test]
async fn an_untouched_log_is_intact() {
    let directory = log(25, 10).await;
    let verified = verify(&directory, keys::AUDIT).await.unwrap();
    assert_eq!((verified.problem, verified.entries, verified.unsealed), (None, 40, 10));
    round(&directory).await;
    let verified = verify(&directory, keys::AUDIT).await.unwrap();
    assert_eq!((verified.problem, verified.entries, verified.unsealed), (None, 50, 0));
    assert_ne!(verified.head, [0; 32]);
}

#[tokio::test]
async fn a_removed_entry_is_found_wherever_it_was() {
    let all = entry_keys(&log(6, 2).await).await;
    for n in 0..all.len() {
        let directory = log(6, 2).await;
        let key = entry_keys(&directory).await.swap_remove(n);
        write(&directory, |batch| batch.delete(key)).await;
        let problem = verify(&directory, keys::AUDIT).await.unwrap().problem.unwrap();
        assert!(problem.contains("4 entries were sealed") && problem.contains("3 are there"), "{problem}");
    }
}

#[tokio::test]
async fn an_altered_and_an_added_entry_are_found() {
    let directory = log(6, 2).await;
    let key = entry_keys(&directory).await.swap_remove(5);
    write(&directory, |batch| batch.put(key, b"another")).await;
    let problem = verify(&directory, keys::AUDIT).await.unwrap().problem.unwrap();
    assert!(problem.contains("is not as it was sealed"), "{problem}");

    let directory = log(6, 2).await;
    let mut key = entry_keys(&directory).await.swap_remove(5);
    key.push(7);
    write(&directory, |batch| batch.put(key, b"more")).await;
    let problem = verify(&directory, keys::AUDIT).await.unwrap().problem.unwrap();
    assert!(problem.contains("5 are there"), "{problem}");
}

#[tokio::test]
async fn a_missing_seal_is_found() {
    let directory = log(6, 2).await;
    let prefix = keys::seals(keys::AUDIT);
    let scan = Scan { prefix: &prefix, after: Some(&prefix), skip: 0, limit: 10, values: false };
    let seals: Vec<Vec<u8>> = {
        let page = directory.snapshot().await.unwrap().scan(&scan).await.unwrap();
        page.iter().map(|row| row.key.to_vec()).collect()
    };
    assert_eq!(seals.len(), 3);
    for seal in &seals[1..] {
        let directory = log(6, 2).await;
        write(&directory, |batch| batch.delete(seal.clone())).await;
        assert!(verify(&directory, keys::AUDIT).await.unwrap().problem.is_some());
    }
}

#[tokio::test]
async fn a_log_whose_beginning_was_removed_with_its_seals_is_found() {
    let directory = log(6, 2).await;
    let all = entry_keys(&directory).await;
    let prefix = keys::seals(keys::AUDIT);
    let scan = Scan { prefix: &prefix, after: Some(&prefix), skip: 0, limit: 1, values: false };
    let page = directory.snapshot().await.unwrap().scan(&scan).await.unwrap();
    let first = page.last_key().unwrap().to_vec();
    write(&directory, |batch| {
        batch.delete(first);
        all.into_iter().take(4).for_each(|key| batch.delete(key));
    })
    .await;
    let problem = verify(&directory, keys::AUDIT).await.unwrap().problem.unwrap();
    assert!(problem.contains("a seal is missing"), "{problem}");
}

#[tokio::test]
async fn more_logs_than_are_sealed_at_a_time_are_all_sealed() {
    let directory = Directory::new(Store::memory(), Clock::System);
    let number = u32::try_from(3 * crate::limits::SEALS_AT_WORK_MAX).unwrap();
    for log in 1..=number {
        write(&directory, |batch| {
            batch.put(keys::tenant(log), b"x");
            batch.put_stamped(keys::log(log), [0], b"entry");
        })
        .await;
    }
    round(&directory).await;
    for log in 1..=number {
        let verified = verify(&directory, log).await.unwrap();
        assert_eq!((verified.problem, verified.entries, verified.unsealed), (None, 1, 0));
    }
}
