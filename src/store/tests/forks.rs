//! What only a fork does: it sees its base and leaves it alone, says what it changed, and can be forked itself.

use proptest::collection::vec;
use proptest::prelude::*;

use super::random::{build, commit_all, rows, step};
use super::{
    Batch, CommitError, Error, Options, Scan, Snapshot, State, Store, all, batch, dump, keys, limits, open, value,
};

fn forked(snapshot: &Snapshot) -> Vec<String> {
    snapshot.forked().into_iter().map(|key| String::from_utf8(key).unwrap()).collect()
}

fn set_up(batch: &mut Batch) {
    ["a", "b", "c", "d", "e"].iter().for_each(|key| batch.put(*key, key.to_uppercase()));
    batch.add("n", 5);
}

#[tokio::test]
async fn a_fork_changes_nothing_but_itself() {
    let directory = tempfile::tempdir().unwrap();
    let base = open(&directory);
    let first = base.commit(batch(set_up)).await.unwrap();
    let before = dump(&base).await;
    let snapshot = base.snapshot().await.unwrap();
    assert_eq!(forked(&snapshot), [""; 0]);
    let (fork, other) = (base.fork(&snapshot), base.fork(&snapshot));
    assert_eq!((dump(&fork).await, *fork.revisions().borrow()), (before.clone(), 1));
    assert_eq!(forked(&fork.snapshot().await.unwrap()), [""; 0]);

    let change = batch(|batch| {
        batch.expect_unchanged("a", first.revision);
        batch.expect_absent("aa");
        batch.put("a", "changed");
        batch.put("aa", "new");
        batch.delete("c");
        batch.add("n", -5);
        batch.add("m", 1);
        batch.put("short", "lived");
        batch.delete("short");
        batch.delete("never there");
        batch.put_stamped("z/", "", "");
    });
    let stamp = fork.commit(change.clone()).await.unwrap();
    assert_eq!(stamp.revision, 2);
    assert_eq!(fork.commit(change).await, Err(CommitError::Conflict { expectation: 0 }));
    let after = fork.snapshot().await.unwrap();
    assert_eq!(value(&after, "a").await.unwrap(), "changed");
    assert_eq!((value(&after, "c").await, after.count(b"n").await.unwrap()), (None, 0));
    assert_eq!(value(&after, "b").await.unwrap(), "B");
    let changed = ["a", "aa", "c", "m", "n", "z/\0\0\0\0\0\0\0\u{2}"];
    assert_eq!(forked(&after), changed);
    let page = after.scan(&all(b"")).await.unwrap();
    assert_eq!(keys(&page), ["a", "aa", "b", "d", "e", "m", "z/\0\0\0\0\0\0\0\u{2}"]);

    // Both go on apart from each other.
    assert_eq!((dump(&base).await, dump(&other).await), (before.clone(), before.clone()));
    base.commit(batch(|batch| batch.put("b", "later"))).await.unwrap();
    assert_eq!(value(&fork.snapshot().await.unwrap(), "b").await.unwrap(), "B");
    other.clone().close().await;
    assert!(matches!(other.state(), State::Unavailable { .. }));
    assert_eq!((fork.state(), base.state()), (State::Ready, State::Ready));
    base.close().await;
}

#[tokio::test]
async fn a_fork_of_a_fork_says_what_it_changed_itself() {
    let base = Store::memory();
    base.commit(batch(set_up)).await.unwrap();
    let first = base.fork(&base.snapshot().await.unwrap());
    let change = batch(|batch| {
        batch.put("a", "1");
        batch.delete("b");
        batch.put("x", "1");
        batch.put("y", "1");
    });
    first.commit(change).await.unwrap();
    let middle = first.snapshot().await.unwrap();
    let second = first.fork(&middle);
    let change = batch(|batch| {
        batch.put("b", "2");
        batch.put("c", "2");
        batch.delete("x");
    });
    assert_eq!(second.commit(change).await.unwrap().revision, 3);
    let end = second.snapshot().await.unwrap();
    assert_eq!(forked(&end), ["b", "c", "x"]);
    assert_eq!(keys(&end.scan(&all(b"")).await.unwrap()), ["a", "b", "c", "d", "e", "n", "y"]);
    assert_eq!(forked(&first.snapshot().await.unwrap()), ["a", "b", "x", "y"]);
    second.commit(batch(|batch| batch.delete("b"))).await.unwrap();
    assert_eq!(forked(&second.snapshot().await.unwrap()), ["c", "x"]);
}

#[tokio::test]
async fn merges_pieces_of_a_long_base() {
    let base = Store::memory();
    let key = |row: usize| format!("k{row:05}");
    let rows = 5 * limits::STORE_FORK_PIECE_ROWS_MAX;
    base.commit(batch(|batch| (0..rows).for_each(|row| batch.put(key(row), [7; 3_000])))).await.unwrap();
    let fork = base.fork(&base.snapshot().await.unwrap());
    let gone = |row: &usize| *row < 700 && !row.is_multiple_of(3) || *row == rows - 1;
    let change = batch(|batch| {
        (0..rows).filter(gone).for_each(|row| batch.delete(key(row)));
        (0..rows).step_by(10).for_each(|row| batch.put(key(row) + "+", "new"));
    });
    fork.commit(change).await.unwrap();
    let mut expected: Vec<_> = (0..rows).filter(|row| !gone(row)).map(key).collect();
    expected.extend((0..rows).step_by(10).map(|row| key(row) + "+"));
    expected.sort_unstable();
    let snapshot = fork.snapshot().await.unwrap();
    assert_eq!(keys(&snapshot.scan(&all(b"k")).await.unwrap()), expected);
    for (skip, limit) in [(0, 1), (300, 300), (expected.len() - 1, 5), (expected.len(), 5)] {
        let page = snapshot.scan(&Scan { skip, limit, values: false, ..all(b"k") }).await.unwrap();
        assert_eq!(keys(&page), expected.iter().skip(skip).take(limit).cloned().collect::<Vec<_>>());
    }
    let mut paged = Vec::new();
    while let Ok(page) = snapshot.scan(&Scan { after: paged.last().map(String::as_bytes), limit: 7, ..all(b"") }).await
        && !page.is_empty()
    {
        paged.extend(keys(&page));
    }
    assert_eq!(paged, expected);
}

#[tokio::test]
async fn a_fork_ends_with_its_base() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { snapshot_age_ms: 0, ..Options::default() };
    let base = Store::open(&directory.path().join("db"), &options).unwrap();
    base.commit(batch(set_up)).await.unwrap();
    let pinned = base.fork(&base.pin().await.unwrap());
    let fork = base.fork(&base.snapshot().await.unwrap());
    fork.commit(batch(|batch| batch.put("a", "1"))).await.unwrap();
    base.commit(batch(|batch| batch.put("a", "2"))).await.unwrap();
    let snapshot = fork.snapshot().await.unwrap();
    assert_eq!(value(&snapshot, "a").await.unwrap(), "1");
    assert!(matches!(snapshot.get(b"b").await, Err(Error::Expired)));
    assert!(matches!(snapshot.scan(&all(b"")).await, Err(Error::Expired)));
    let refused = fork.commit(batch(|batch| batch.put("b", "1"))).await;
    assert!(matches!(refused, Err(CommitError::Unavailable(_))), "{refused:?}");
    assert_eq!(fork.figures().failed, 1);
    pinned.commit(batch(|batch| batch.put("b", "1"))).await.unwrap();
    assert_eq!(dump(&pinned).await.len(), 6);
    drop(pinned);
    assert_eq!(base.figures().replaced_snapshots, 0);
    base.close().await;
}

/// A scan as plain values, to be made again on another store.
type Window = (Vec<u8>, Option<Vec<u8>>, usize, usize);

fn window() -> impl Strategy<Value = Window> {
    let key = prop_oneof![Just("k"), Just("k3"), Just("n"), Just("s"), Just("both"), Just(""), Just("z")];
    let key = key.prop_map(|key| key.as_bytes().to_vec());
    (key.clone(), proptest::option::of(key), 0..4_usize, 0..6_usize)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// A store, a fork of it and a fork of that, one after the other, end as one store in memory that took it all.
    #[test]
    fn forks_agree(
        parts in vec(vec((vec(step(), 1..8), 0..1_000_i64), 0..6), 3),
        windows in vec(window(), 1..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let (memory, base) = (Store::memory(), open(&directory));
            let mut store = base.clone();
            let mut ends = Vec::new();
            for part in &parts {
                let batches: Vec<_> = part.iter().map(|(steps, now_ms)| build(steps, *now_ms)).collect();
                let expected = commit_all(&memory, &batches).await;
                prop_assert_eq!(commit_all(&store, &batches).await, expected);
                let (left, right) = (memory.snapshot().await.unwrap(), store.snapshot().await.unwrap());
                let same = rows(&left).await;
                prop_assert_eq!(&rows(&right).await, &same);
                prop_assert_eq!(left.revision(), right.revision());
                for (prefix, after, skip, limit) in &windows {
                    let scan = Scan { prefix, after: after.as_deref(), skip: *skip, limit: *limit, values: true };
                    let (left, right) = (left.scan(&scan).await.unwrap(), right.scan(&scan).await.unwrap());
                    let (left, right): (Vec<_>, Vec<_>) = (left.iter().collect(), right.iter().collect());
                    prop_assert_eq!(left, right);
                }
                prop_assert_eq!(right.forked(), differing(ends.last().map(|(_, rows)| rows), &same));
                let fork = store.fork(&right);
                ends.push((std::mem::replace(&mut store, fork), same));
            }
            for (store, end) in &ends {
                prop_assert_eq!(&rows(&store.snapshot().await.unwrap()).await, end);
            }
            base.close().await;
            Ok(())
        })?;
    }
}

type Rows = Vec<(Vec<u8>, Vec<u8>, super::super::Stamp)>;

/// The keys whose rows differ, ascending; none without a store before.
fn differing(before: Option<&Rows>, after: &Rows) -> Vec<Vec<u8>> {
    let Some(before) = before else {
        return Vec::new();
    };
    let mut keys: Vec<_> = before.iter().filter(|row| !after.contains(row)).map(|row| row.0.clone()).collect();
    keys.extend(after.iter().filter(|row| !before.contains(row)).map(|row| row.0.clone()));
    keys.sort_unstable();
    keys.dedup();
    keys
}
