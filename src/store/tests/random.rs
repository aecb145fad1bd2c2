//! Random batches give the same answers and the same rows on both engines.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::Stamp;
use super::{Batch, CommitError, Snapshot, Store, all, open};

/// One step of a batch; keys are few, so that steps meet.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Absent(u8),
    Exists(u8),
    Unchanged(u8, u64),
    Put(u8, u8),
    Delete(u8),
    Add(u8, i8),
    PutStamped(u8),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let key = 0..6_u8;
    prop_oneof![
        1 => key.clone().prop_map(Step::Absent),
        1 => key.clone().prop_map(Step::Exists),
        1 => (key.clone(), 1..12_u64).prop_map(|(key, revision)| Step::Unchanged(key, revision)),
        4 => (key.clone(), any::<u8>()).prop_map(|(key, value)| Step::Put(key, value)),
        3 => key.clone().prop_map(Step::Delete),
        4 => (key.clone(), -2..3_i8).prop_map(|(key, delta)| Step::Add(key, delta)),
        1 => key.prop_map(Step::PutStamped),
    ]
}

/// Plain entries, counters, and one key that is both, which makes batches illegal.
fn key(key: u8, counter: bool) -> Vec<u8> {
    if key == 0 { b"both".to_vec() } else { format!("{}{key}", if counter { "n" } else { "k" }).into_bytes() }
}

pub(super) fn build(steps: &[Step], now_ms: i64) -> Batch {
    let mut batch = Batch::new(now_ms);
    for step in steps {
        match *step {
            Step::Absent(k) => batch.expect_absent(key(k, k % 2 == 0)),
            Step::Exists(k) => batch.expect_exists(key(k, k % 2 == 0)),
            Step::Unchanged(k, revision) => batch.expect_unchanged(key(k, k % 2 == 0), revision),
            Step::Put(k, value) => batch.put(key(k, false), vec![value; usize::from(value)]),
            Step::Delete(k) => batch.delete(key(k, k % 2 == 0)),
            Step::Add(k, delta) => batch.add(key(k, true), i64::from(delta)),
            Step::PutStamped(k) => batch.put_stamped("s", vec![k], ""),
        }
    }
    batch
}

pub(super) async fn rows(snapshot: &Snapshot) -> Vec<(Vec<u8>, Vec<u8>, Stamp)> {
    let page = snapshot.scan(&all(b"")).await.unwrap();
    page.iter().map(|row| (row.key.to_vec(), row.value.to_vec(), row.stamp)).collect()
}

/// Commits the batches at once: the file's engine takes them as one group, the memory's one by one.
pub(super) async fn commit_all(store: &Store, batches: &[Batch]) -> Vec<Result<Stamp, CommitError>> {
    let mut answers = Vec::new();
    let commits: Vec<_> = batches
        .iter()
        .map(|batch| {
            let (store, batch) = (store.clone(), batch.clone());
            tokio::spawn(async move { store.try_commit(batch).await })
        })
        .collect();
    for commit in commits {
        answers.push(commit.await.unwrap());
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn engines_agree(groups in vec(vec((vec(step(), 1..6), 0..1_000_i64), 1..6), 1..6)) {
        // One thread, so that the spawned commits queue in their order.
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let (memory, file) = (Store::memory(), open(&directory));
            for group in &groups {
                let batches: Vec<_> = group.iter().map(|(steps, now_ms)| build(steps, *now_ms)).collect();
                let expected = commit_all(&memory, &batches).await;
                prop_assert_eq!(commit_all(&file, &batches).await, expected);
                let (left, right) = (memory.snapshot().await.unwrap(), file.snapshot().await.unwrap());
                prop_assert_eq!(rows(&left).await, rows(&right).await);
                prop_assert_eq!(left.revision(), right.revision());
            }
            file.close().await;
            Ok(())
        })?;
    }
}
