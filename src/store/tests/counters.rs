//! Counters, on every engine: additions merge, expectations see them, and they do not mix with plain entries.

use super::{Batch, CommitError, Error, Store, all, batch, keys, value};

pub(super) async fn merges_additions(store: Store) {
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..4 {
                    let add = batch(|batch| {
                        batch.add("total", 3);
                        batch.add("total", -1);
                        batch.add(format!("own{task}"), 1);
                        batch.add("zero", if task % 2 == 0 { 1 } else { -1 });
                    });
                    store.commit(add).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!(snapshot.count(b"total").await.unwrap(), 64 * 4 * 2);
    assert_eq!(snapshot.count(b"own7").await.unwrap(), 4);
    assert_eq!(snapshot.get(b"zero").await.unwrap(), None);
    assert_eq!(snapshot.count(b"zero").await.unwrap(), 0);
    assert_eq!(snapshot.revision(), 64 * 4);
    let page = snapshot.scan(&all(b"total")).await.unwrap();
    assert_eq!(page.count(0), Some(512));
    assert_eq!(page.value(0), 512_i64.to_be_bytes());
}

pub(super) async fn expects_of_counters(store: Store) {
    let first = store.commit(batch(|batch| batch.add("n", 2))).await.unwrap();
    let down = batch(|batch| {
        batch.expect_exists("n");
        batch.expect_unchanged("n", first.revision);
        batch.add("n", -2);
    });
    store.commit(down).await.unwrap();
    let up = batch(|batch| {
        batch.expect_absent("n");
        batch.add("n", -7);
    });
    store.commit(up).await.unwrap();
    assert_eq!(store.snapshot().await.unwrap().count(b"n").await.unwrap(), -7);
}

pub(super) async fn refuses_to_mix_counters_and_entries(store: Store) {
    let set_up = batch(|batch| {
        batch.add("n", 1);
        batch.put("k", "eight by");
    });
    store.commit(set_up).await.unwrap();
    let illegal = async |build: fn(&mut Batch)| match store.try_commit(batch(build)).await {
        Err(CommitError::Illegal { write, .. }) => write,
        other => panic!("{other:?}"),
    };
    assert_eq!(illegal(|batch| batch.put("n", "")).await, 0);
    let pending = |batch: &mut Batch| {
        batch.add("n", 1);
        batch.put("n", "");
    };
    assert_eq!(illegal(pending).await, 1);
    assert_eq!(illegal(|batch| batch.add("k", 1)).await, 0);
    assert_eq!(illegal(|batch| batch.add("n", i64::MAX)).await, 0);
    assert_eq!(illegal(|batch| batch.put("", "")).await, 0);
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!(snapshot.count(b"n").await.unwrap(), 1);
    assert!(matches!(snapshot.count(b"k").await, Err(Error::NotACounter)));

    // A key may change from one to the other through its deletion.
    let change = batch(|batch| {
        batch.delete("n");
        batch.put("n", "now an entry");
        batch.delete("k");
        batch.add("k", 4);
    });
    store.commit(change).await.unwrap();
    let pending = batch(|batch| {
        batch.add("k", -4);
        batch.put("k", "an entry again");
    });
    store.commit(pending).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!(value(&snapshot, "n").await.unwrap(), "now an entry");
    assert_eq!(value(&snapshot, "k").await.unwrap(), "an entry again");
}

pub(super) async fn takes_an_illegal_batch_back_whole(store: Store) {
    let set_up = batch(|batch| {
        batch.put("kept", "1");
        batch.put("deleted", "1");
        batch.add("n", 1);
    });
    let before = store.commit(set_up).await.unwrap();
    let illegal = batch(|batch| {
        batch.put("kept", "2");
        batch.put("kept", "3");
        batch.delete("deleted");
        batch.put("added", "1");
        batch.add("n", 5);
        batch.delete("n");
        batch.add("m", 5);
        batch.put_stamped("s", "", "");
        batch.add("kept", 1);
    });
    // Beside legal batches, so that the file's engine has them all in one group.
    let other = |name: &'static str| store.try_commit(batch(|batch| batch.add(name, 1)));
    let (first, illegal, last) = tokio::join!(other("n"), store.try_commit(illegal), other("n"));
    assert!(matches!(illegal, Err(CommitError::Illegal { write: 8, .. })), "{illegal:?}");
    assert_eq!(first.unwrap().revision.max(last.unwrap().revision), before.revision + 2);
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!(value(&snapshot, "kept").await.unwrap(), "1");
    assert_eq!(snapshot.count(b"n").await.unwrap(), 3);
    assert_eq!(keys(&snapshot.scan(&all(b"")).await.unwrap()), ["deleted", "kept", "n"]);
}
