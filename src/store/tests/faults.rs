//! Faults of the disk: nothing is acknowledged that is not there afterwards, nothing acknowledged is lost, reads go on,
//! and writes come back by themselves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use super::super::disk::fault::Faults;
use super::{CommitError, Error, State, Store, all, batch, dump, open, open_faulty, value};

/// Waits until the store takes writes again.
async fn ready(store: &Store) {
    let super::super::Engine::Redb(handle) = &store.engine else { panic!("a store in a file") };
    handle.wait_for(|state| *state == State::Ready).await;
}

/// Puts a row and answers whether that was acknowledged.
async fn put(store: &Store, row: usize) -> bool {
    let put = batch(|batch| {
        batch.put(format!("{row:04}"), vec![b'x'; 2_000]);
        batch.put(format!("copy{row:04}"), vec![b'x'; 2_000]);
        batch.add("n", 1);
    });
    match store.commit(put).await {
        Ok(_) => true,
        Err(CommitError::Unavailable(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

/// Checks that what is there is what was acknowledged, no more and no less, and whole batches of it.
async fn check(store: &Store, acknowledged: &BTreeMap<usize, bool>) {
    let snapshot = store.snapshot().await.unwrap();
    let mut present = 0;
    for (row, acknowledged) in acknowledged {
        let row_there = value(&snapshot, &format!("{row:04}")).await.is_some();
        let copy_there = value(&snapshot, &format!("copy{row:04}")).await.is_some();
        assert_eq!(row_there, copy_there, "row {row} is half there");
        assert_eq!(row_there, *acknowledged, "row {row}");
        present += i64::from(row_there);
    }
    assert_eq!(snapshot.count(b"n").await.unwrap(), present);
    assert_eq!(snapshot.revision(), present.cast_unsigned());
}

#[tokio::test]
async fn outlives_a_disk_that_refuses_writes() {
    let switches: [fn(&Faults) -> &AtomicBool; 3] =
        [|faults| &faults.writes, |faults| &faults.full, |faults| &faults.syncs];
    for of in switches {
        let faults = Arc::<Faults>::default();
        let switch = |on| of(&faults).store(on, SeqCst);
        let directory = tempfile::tempdir().unwrap();
        let store = open_faulty(&directory, &faults).unwrap();
        let mut acknowledged = BTreeMap::new();
        for row in 0..300 {
            acknowledged.insert(row, put(&store, row).await);
        }
        assert!(acknowledged.values().all(|acknowledged| *acknowledged));
        let before = dump(&store).await;
        let held = store.snapshot().await.unwrap();
        let pinned = store.pin().await.unwrap();

        switch(true);
        let mut row = 300;
        while store.state() == State::Ready {
            acknowledged.insert(row, put(&store, row).await);
            row += 1;
        }
        for row in row..row + 10 {
            let answer = put(&store, row).await;
            assert!(!answer);
            acknowledged.insert(row, answer);
        }
        assert!(matches!(store.state(), State::Unavailable { .. }));
        let refused = acknowledged.values().filter(|acknowledged| !**acknowledged).count();
        assert_eq!((store.figures().failed, store.figures().reopenings), (refused as u64, 0));
        // The cache is smaller than the rows, so that most of these reads are of the file.
        assert!(dump(&store).await.len() >= before.len());
        assert_eq!(held.scan(&all(b"")).await.unwrap().len(), before.len());

        switch(false);
        ready(&store).await;
        assert_eq!(store.figures().reopenings, 1);
        assert!(matches!(held.scan(&all(b"")).await, Err(Error::Expired)));
        assert!(matches!(pinned.scan(&all(b"")).await, Err(Error::Expired)));
        for row in 1_000..1_050 {
            acknowledged.insert(row, put(&store, row).await);
            assert_eq!(acknowledged.get(&row), Some(&true));
        }
        // What was refused is not there either, although parts of it may have reached the file.
        acknowledged.retain(|_, acknowledged| *acknowledged);
        let rows = dump(&store).await.len();
        assert_eq!(rows, acknowledged.len() * 2 + 1);
        check(&store, &acknowledged).await;
        let before = dump(&store).await;
        store.close().await;
        let store = open(&directory);
        assert!(dump(&store).await == before);
        store.close().await;
    }
}

#[tokio::test]
async fn outlives_a_disk_that_cannot_be_read() {
    let faults = Arc::<Faults>::default();
    let directory = tempfile::tempdir().unwrap();
    let store = open_faulty(&directory, &faults).unwrap();
    for row in 0..600 {
        assert!(put(&store, row).await);
    }
    faults.reads.store(true, SeqCst);
    let failed = store.snapshot().await.unwrap().scan(&all(b"")).await;
    assert!(matches!(failed, Err(Error::Unavailable(_))), "{failed:?}");
    faults.reads.store(false, SeqCst);
    // The read that failed is what brings the store back; nothing was written.
    while store.snapshot().await.unwrap().scan(&all(b"")).await.is_err() {
        tokio::task::yield_now().await;
    }
    ready(&store).await;
    assert!(put(&store, 1_000).await);
    assert_eq!(store.snapshot().await.unwrap().count(b"n").await.unwrap(), 601);
    store.close().await;
}

/// A short life of a store: open, write, go on after what fails, close.
async fn live(directory: &tempfile::TempDir, faults: &Arc<Faults>) -> Option<BTreeMap<usize, bool>> {
    let store = open_faulty(directory, faults).ok()?;
    let mut acknowledged = BTreeMap::new();
    for row in 0..12 {
        acknowledged.insert(row, put(&store, row).await);
        if row == 6 {
            let other = store.clone();
            let (first, second) = tokio::join!(put(&store, 100), put(&other, 101));
            acknowledged.extend([(100, first), (101, second)]);
        }
        ready(&store).await;
    }
    check(&store, &acknowledged).await;
    store.close().await;
    Some(acknowledged)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survives_a_failure_of_any_single_operation() {
    let faults = Arc::<Faults>::default();
    let directory = tempfile::tempdir().unwrap();
    live(&directory, &faults).await.unwrap();
    let operations = faults.seen.load(SeqCst);
    assert!(operations > 50);
    let mut refused_writes = 0;
    for nth in 1..=operations {
        let directory = tempfile::tempdir().unwrap();
        let faults = Arc::<Faults>::default();
        faults.countdown.store(nth.cast_signed(), SeqCst);
        // An opening that fails says so; the next one finds the database.
        let acknowledged = live(&directory, &faults).await.unwrap_or_default();
        refused_writes += acknowledged.values().filter(|acknowledged| !**acknowledged).count();
        let store = open(&directory);
        check(&store, &acknowledged).await;
        store.close().await;
    }
    assert!(refused_writes > 10);
}
