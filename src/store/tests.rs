//! One suite that every engine passes, each case a function that is given an empty store; and what only the engine in a
//! file has: reopening, refusals, faults of the disk.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;
use std::task::Poll;

use super::{Batch, CommitError, Error, Options, Page, Scan, Snapshot, State, Store, limits};

mod counters;
mod faults;
mod files;
mod forks;
mod random;

use counters::{
    expects_of_counters, merges_additions, refuses_to_mix_counters_and_entries, takes_an_illegal_batch_back_whole,
};

/// Runs a case on each engine.
macro_rules! suite {
    ($($case:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $case() {
                super::$case(super::Store::memory()).await;
            })*
        }
        mod in_a_fork {
            $(#[tokio::test]
            async fn $case() {
                let directory = tempfile::tempdir().unwrap();
                let base = super::open(&directory);
                super::$case(base.fork(&base.snapshot().await.unwrap())).await;
                assert_eq!(super::dump(&base).await, []);
                base.close().await;
            })*
        }
        mod in_a_file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let directory = tempfile::tempdir().unwrap();
                let store = super::open(&directory);
                super::$case(store.clone()).await;
                store.close().await;
            })*
        }
    };
}

suite!(
    reads_what_was_written,
    scans_by_prefix_and_position,
    scans_to_the_end_of_the_keys,
    answers_long_pages,
    keeps_a_snapshot_as_it_was,
    checks_absence,
    checks_existence,
    checks_revisions,
    names_the_first_failed_expectation,
    applies_nothing_of_a_refused_batch,
    lets_a_later_write_win,
    merges_additions,
    expects_of_counters,
    refuses_to_mix_counters_and_entries,
    takes_an_illegal_batch_back_whole,
    stamps_rise_and_time_stays,
    puts_the_revision_into_keys,
    commits_nothing_for_an_empty_batch,
    refuses_large_batches,
    commits_a_batch_nobody_waits_for,
    tells_of_each_revision,
    pins_a_snapshot,
    counts_what_it_does,
    closes_once,
);

fn open(directory: &tempfile::TempDir) -> Store {
    Store::open(&directory.path().join("db"), &Options::default()).unwrap()
}

fn batch(build: impl FnOnce(&mut Batch)) -> Batch {
    let mut batch = Batch::new(1_000);
    build(&mut batch);
    batch
}

async fn value(snapshot: &Snapshot, key: &str) -> Option<String> {
    let entry = snapshot.get(key.as_bytes()).await.unwrap();
    entry.map(|entry| String::from_utf8(entry.value).unwrap())
}

fn all(prefix: &[u8]) -> Scan<'_> {
    Scan { prefix, after: None, skip: 0, limit: usize::MAX, values: true }
}

fn keys(page: &Page) -> Vec<String> {
    page.iter().map(|row| String::from_utf8_lossy(row.key).into_owned()).collect()
}

async fn reads_what_was_written(store: Store) {
    let stamp = store
        .commit(batch(|batch| {
            batch.put("a", "1");
            batch.put("b", "");
        }))
        .await
        .unwrap();
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!(snapshot.revision(), stamp.revision);
    let entry = snapshot.get(b"a").await.unwrap().unwrap();
    assert_eq!((entry.stamp, entry.value), (stamp, b"1".to_vec()));
    assert_eq!(value(&snapshot, "b").await.unwrap(), "");
    let many = snapshot.get_many(&[b"b".to_vec(), b"x".to_vec(), b"a".to_vec()]).await.unwrap();
    let values: Vec<_> = many.into_iter().map(|entry| entry.map(|entry| entry.value)).collect();
    assert_eq!(values, [Some(vec![]), None, Some(b"1".to_vec())]);

    store.commit(batch(|batch| batch.delete("a"))).await.unwrap();
    store.commit(batch(|batch| batch.delete("never there"))).await.unwrap();
    assert_eq!(value(&store.snapshot().await.unwrap(), "a").await, None);
}

async fn scans_by_prefix_and_position(store: Store) {
    let names = ["a", "b", "b1", "b2", "b3", "b4", "c"];
    let put = batch(|batch| names.iter().for_each(|name| batch.put(*name, name.to_uppercase())));
    let stamp = store.commit(put).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    let scan = async |scan: Scan<'_>| keys(&snapshot.scan(&scan).await.unwrap());

    assert_eq!(scan(all(b"")).await, names);
    assert_eq!(scan(all(b"b")).await, ["b", "b1", "b2", "b3", "b4"]);
    assert_eq!(scan(Scan { after: Some(b"b2"), ..all(b"b") }).await, ["b3", "b4"]);
    assert_eq!(scan(Scan { after: Some(b"b2x"), ..all(b"b") }).await, ["b3", "b4"]);
    assert_eq!(scan(Scan { after: Some(b"a"), limit: 2, ..all(b"b") }).await, ["b", "b1"]);
    assert_eq!(scan(Scan { after: Some(b"b"), skip: 1, limit: 2, ..all(b"b") }).await, ["b2", "b3"]);
    assert_eq!(scan(Scan { after: Some(b"b4"), ..all(b"b") }).await, [""; 0]);
    assert_eq!(scan(Scan { after: Some(b"c"), ..all(b"b") }).await, [""; 0]);
    assert_eq!(scan(Scan { skip: 9, ..all(b"b") }).await, [""; 0]);
    assert_eq!(scan(Scan { limit: 0, ..all(b"b") }).await, [""; 0]);
    assert_eq!(scan(all(b"nothing")).await, [""; 0]);

    let page = snapshot.scan(&Scan { skip: 1, limit: 3, ..all(b"b") }).await.unwrap();
    assert_eq!((page.len(), page.is_empty(), page.last_key()), (3, false, Some(b"b3".as_slice())));
    assert_eq!((page.key(1), page.value(1), page.stamp(1)), (b"b2".as_slice(), b"B2".as_slice(), stamp));
    assert_eq!((page.key(3), page.value(3)), ([].as_slice(), [].as_slice()));
    let page = snapshot.scan(&Scan { values: false, ..all(b"b3") }).await.unwrap();
    assert_eq!((page.key(0), page.value(0), page.stamp(0)), (b"b3".as_slice(), [].as_slice(), stamp));
}

async fn scans_to_the_end_of_the_keys(store: Store) {
    let names: [&[u8]; 4] = [b"\xfe\xff", b"\xff", b"\xff\xff", b"\xff\xff\x00"];
    let put = batch(|batch| names.iter().for_each(|name| batch.put(*name, "")));
    store.commit(put).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    let scan = async |prefix| snapshot.scan(&all(prefix)).await.unwrap().len();
    assert_eq!(scan(b"\xff".as_slice()).await, 3);
    assert_eq!(scan(b"\xff\xff").await, 2);
    assert_eq!(scan(b"\xfe").await, 1);
    assert_eq!(scan(b"").await, 4);
}

async fn answers_long_pages(store: Store) {
    let rows = limits::STORE_SCAN_INLINE_ROWS_MAX * 3;
    for start in (0..rows).step_by(1_000) {
        let put = batch(|batch| {
            (start..start + 1_000).for_each(|row| batch.put(format!("p{row:06}"), format!("{row}")));
        });
        store.commit(put).await.unwrap();
    }
    let snapshot = store.snapshot().await.unwrap();
    let page = snapshot.scan(&all(b"p")).await.unwrap();
    assert_eq!(page.len(), rows);
    for (index, row) in page.iter().enumerate() {
        assert_eq!((row.key, row.value), (page.key(index), page.value(index)));
        assert_eq!(row.value, index.to_string().as_bytes());
    }
    let tail = snapshot.scan(&Scan { skip: rows - 10, ..all(b"p") }).await.unwrap();
    assert_eq!((tail.len(), tail.value(0)), (10, (rows - 10).to_string().as_bytes()));
}

async fn keeps_a_snapshot_as_it_was(store: Store) {
    store.commit(batch(|batch| batch.put("k", "old"))).await.unwrap();
    let before = store.snapshot().await.unwrap();
    for round in 0..20 {
        let change = batch(|batch| {
            batch.put("k", format!("new {round}"));
            batch.put(format!("k{round}"), "more");
            batch.add("n", 1);
        });
        store.commit(change).await.unwrap();
    }
    let again = before.clone();
    assert_eq!(value(&again, "k").await.unwrap(), "old");
    assert_eq!(before.scan(&all(b"k")).await.unwrap().len(), 1);
    assert_eq!(before.count(b"n").await.unwrap(), 0);
    let after = store.snapshot().await.unwrap();
    assert_eq!(value(&after, "k").await.unwrap(), "new 19");
    assert_eq!(after.revision(), before.revision() + 20);
}

async fn checks_absence(store: Store) {
    let create = || {
        batch(|batch| {
            batch.expect_absent("k");
            batch.put("k", "");
        })
    };
    store.commit(create()).await.unwrap();
    let again = store.commit(create()).await;
    assert_eq!(again, Err(CommitError::Conflict { expectation: 0 }));
    store.commit(batch(|batch| batch.delete("k"))).await.unwrap();
    store.commit(create()).await.unwrap();
}

async fn checks_existence(store: Store) {
    let touch = || {
        batch(|batch| {
            batch.expect_exists("k");
            batch.put("other", "");
        })
    };
    assert_eq!(store.commit(touch()).await, Err(CommitError::Conflict { expectation: 0 }));
    store.commit(batch(|batch| batch.put("k", ""))).await.unwrap();
    store.commit(touch()).await.unwrap();
}

async fn checks_revisions(store: Store) {
    let first = store.commit(batch(|batch| batch.put("k", "1"))).await.unwrap();
    store.commit(batch(|batch| batch.put("other", "1"))).await.unwrap();
    let replace = |revision| {
        batch(|batch| {
            batch.expect_unchanged("k", revision);
            batch.put("k", "2");
        })
    };
    let second = store.commit(replace(first.revision)).await.unwrap();
    assert!(second > first);
    let stale = store.commit(replace(first.revision)).await;
    assert_eq!(stale, Err(CommitError::Conflict { expectation: 0 }));
    store.commit(batch(|batch| batch.delete("k"))).await.unwrap();
    let gone = store.commit(replace(second.revision)).await;
    assert_eq!(gone, Err(CommitError::Conflict { expectation: 0 }));
}

async fn names_the_first_failed_expectation(store: Store) {
    store.commit(batch(|batch| batch.put("k", ""))).await.unwrap();
    let refused = batch(|batch| {
        batch.expect_exists("k");
        batch.expect_absent("k2");
        batch.expect_absent("k");
        batch.expect_exists("k2");
        batch.put("k3", "");
    });
    assert_eq!(store.commit(refused).await, Err(CommitError::Conflict { expectation: 2 }));
}

async fn applies_nothing_of_a_refused_batch(store: Store) {
    let before = store.commit(batch(|batch| batch.put("k", ""))).await.unwrap();
    let refused = batch(|batch| {
        batch.expect_exists("nothing");
        batch.put("a", "");
        batch.delete("k");
        batch.add("n", 1);
    });
    store.commit(refused).await.unwrap_err();
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!(keys(&snapshot.scan(&all(b"")).await.unwrap()), ["k"]);
    assert_eq!(snapshot.revision(), before.revision);
}

async fn lets_a_later_write_win(store: Store) {
    let change = batch(|batch| {
        batch.put("a", "1");
        batch.put("a", "2");
        batch.put("b", "1");
        batch.delete("b");
        batch.delete("c");
        batch.put("c", "3");
        batch.add("n", 5);
        batch.delete("n");
        batch.add("n", 2);
    });
    store.commit(change).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!(value(&snapshot, "a").await.unwrap(), "2");
    assert_eq!(value(&snapshot, "b").await, None);
    assert_eq!(value(&snapshot, "c").await.unwrap(), "3");
    assert_eq!(snapshot.count(b"n").await.unwrap(), 2);
}

async fn stamps_rise_and_time_stays(store: Store) {
    let at = |now_ms: i64| {
        let mut batch = Batch::new(now_ms);
        batch.put("k", "");
        batch
    };
    let ten_years_ms = 10 * 365 * 24 * 3600 * 1000;
    let mut before = store.commit(at(50)).await.unwrap();
    assert_eq!((before.revision, before.time_ms), (1, 50));
    for now_ms in [50, 20, ten_years_ms, 60, -ten_years_ms] {
        let stamp = store.commit(at(now_ms)).await.unwrap();
        assert_eq!(stamp.revision, before.revision + 1);
        assert_eq!(stamp.time_ms, before.time_ms.max(now_ms));
        let entry = store.snapshot().await.unwrap().get(b"k").await.unwrap().unwrap();
        assert_eq!(entry.stamp, stamp);
        before = stamp;
    }
}

async fn puts_the_revision_into_keys(store: Store) {
    store.commit(batch(|batch| batch.put("other", ""))).await.unwrap();
    let stamped = batch(|batch| {
        batch.put_stamped("log/", "/0", "a");
        batch.put_stamped("log/", "/1", "b");
    });
    let stamp = store.commit(stamped).await.unwrap();
    let page = store.snapshot().await.unwrap().scan(&all(b"log/")).await.unwrap();
    assert_eq!(page.len(), 2);
    let key = |suffix: &[u8]| [b"log/".as_slice(), &stamp.revision.to_be_bytes(), suffix].concat();
    assert_eq!((page.key(0), page.value(0)), (key(b"/0").as_slice(), b"a".as_slice()));
    assert_eq!((page.key(1), page.value(1)), (key(b"/1").as_slice(), b"b".as_slice()));
}

async fn commits_nothing_for_an_empty_batch(store: Store) {
    assert_eq!(store.commit(Batch::new(5)).await.unwrap().revision, 0);
    let stamp = store.commit(batch(|batch| batch.put("k", ""))).await.unwrap();
    assert_eq!(store.commit(Batch::new(i64::MAX)).await.unwrap(), stamp);
    let only_expects = batch(|batch| batch.expect_exists("k"));
    assert_eq!(store.commit(only_expects).await.unwrap(), stamp);
    let fails = batch(|batch| batch.expect_absent("k"));
    assert_eq!(store.commit(fails).await, Err(CommitError::Conflict { expectation: 0 }));
    assert_eq!(store.snapshot().await.unwrap().revision(), stamp.revision);
}

async fn refuses_large_batches(store: Store) {
    let limits = store.limits();
    let many = batch(|batch| (0..=limits.writes_max).for_each(|key| batch.delete(format!("{key}"))));
    assert!(
        matches!(store.commit(many).await, Err(CommitError::TooLarge { writes, .. }) if writes > limits.writes_max)
    );
    let heavy = batch(|batch| batch.put("k", vec![0; limits.bytes_max]));
    assert!(matches!(store.commit(heavy).await, Err(CommitError::TooLarge { bytes, .. }) if bytes > limits.bytes_max));
    let fits = batch(|batch| batch.put("k", vec![7; limits.bytes_max - 64]));
    store.commit(fits).await.unwrap();
    let entry = store.snapshot().await.unwrap().get(b"k").await.unwrap().unwrap();
    assert_eq!(entry.value.len(), limits.bytes_max - 64);
}

async fn commits_a_batch_nobody_waits_for(store: Store) {
    {
        let mut abandoned = Box::pin(store.commit(batch(|batch| batch.put("abandoned", "1"))));
        std::future::poll_fn(|context| {
            let _ = abandoned.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
    }
    // The queue is in order, so that this one is answered after the one nobody waits for.
    store.commit(batch(|batch| batch.put("next", "1"))).await.unwrap();
    assert_eq!(value(&store.snapshot().await.unwrap(), "abandoned").await.unwrap(), "1");
}

async fn tells_of_each_revision(store: Store) {
    let mut revisions = store.revisions();
    assert_eq!(*revisions.borrow_and_update(), 0);
    for round in 1..=20 {
        let stamp = store.commit(batch(|batch| batch.add("n", 1))).await.unwrap();
        assert_eq!(stamp.revision, round);
        // The caller has his answer, so that the watcher has the revision.
        assert!(revisions.has_changed().unwrap());
        assert_eq!(*revisions.borrow_and_update(), round);
    }
    store.commit(batch(|batch| batch.expect_exists("n"))).await.unwrap();
    store.commit(batch(|batch| batch.expect_absent("n"))).await.unwrap_err();
    assert!(!revisions.has_changed().unwrap());

    // Whoever wakes finds the commit that woke him.
    let reader = store.clone();
    let watcher = tokio::spawn(async move {
        let seen = *revisions.wait_for(|revision| *revision >= 30).await.unwrap();
        assert!(reader.snapshot().await.unwrap().revision() >= seen);
        revisions
    });
    for _ in 0..10 {
        store.commit(batch(|batch| batch.add("n", 1))).await.unwrap();
    }
    let mut revisions = watcher.await.unwrap();
    revisions.mark_unchanged();
    store.clone().close().await;
    assert!(!revisions.has_changed().unwrap());
    assert_eq!(*store.revisions().borrow(), 30);
}

async fn counts_what_it_does(store: Store) {
    let fresh = store.figures();
    assert_eq!((fresh.commits, fresh.batches, fresh.conflicts, fresh.failed), (0, 0, 0, 0));
    for _ in 0..5 {
        store.commit(batch(|batch| batch.add("n", 1))).await.unwrap();
    }
    store.commit(batch(|batch| batch.expect_exists("n"))).await.unwrap();
    store.commit(batch(|batch| batch.expect_absent("n"))).await.unwrap_err();
    let figures = store.figures();
    assert_eq!((figures.commits, figures.batches, figures.conflicts, figures.failed), (5, 6, 1, 0));
    assert_eq!((figures.commit_batches.count, figures.commit_batches.sum), (5, 5));
    assert_eq!(figures.commit_batches.buckets.first(), Some(&(1, 5)));
    assert_eq!(figures.commit_duration_us.count, 5);
    assert_eq!((figures.queue_batches, figures.queue_bytes, figures.reopenings), (0, 0, 0));
}

async fn pins_a_snapshot(store: Store) {
    store.commit(batch(|batch| batch.put("k", "old"))).await.unwrap();
    let pinned = store.pin().await.unwrap();
    for _ in 0..20 {
        store.commit(batch(|batch| batch.put("k", "new"))).await.unwrap();
    }
    assert_eq!((value(&pinned, "k").await.unwrap().as_str(), pinned.revision()), ("old", 1));
    store.clone().close().await;
    assert!(matches!(store.pin().await, Err(Error::Closed)));
}

async fn closes_once(store: Store) {
    store.commit(batch(|batch| batch.put("k", ""))).await.unwrap();
    assert_eq!(store.state(), State::Ready);
    let (other, third) = (store.clone(), store.clone());
    tokio::join!(store.close(), third.close());
    assert!(matches!(other.state(), State::Unavailable { .. }));
    let late = other.commit(batch(|batch| batch.put("k", ""))).await;
    assert_eq!(late, Err(CommitError::Closed));
    assert!(matches!(other.snapshot().await, Err(Error::Closed)));
    other.close().await;
}

/// What a store holds, to compare one with another.
async fn dump(store: &Store) -> Vec<(Vec<u8>, Vec<u8>, super::Stamp)> {
    let page = store.snapshot().await.unwrap().scan(&all(b"")).await.unwrap();
    page.iter().map(|row| (row.key.to_vec(), row.value.to_vec(), row.stamp)).collect()
}

/// A store in `directory` whose file fails as `faults` say.
fn open_faulty(
    directory: &tempfile::TempDir,
    faults: &Arc<super::disk::fault::Faults>,
) -> Result<Store, super::OpenError> {
    let path = directory.path().join("db");
    let options = Options { cache_bytes: 1024 * 1024, ..Options::default() };
    let opened = super::open::open(&path, &options, faults)?;
    let handle = super::writer::start(&path, opened, &options)?;
    Ok(Store { engine: super::Engine::Redb(Arc::new(handle)) })
}
