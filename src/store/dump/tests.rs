//! A dump is the rows of one commit, whatever is written meanwhile; a byte that is not as it was written is found; and a
//! restored database goes on where the dumped one stood.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use super::super::disk::fault::Faults;
use super::super::{Batch, Options, Scan, Snapshot, Stamp, Store};
use super::{Error, Progress, RestoreError, Row, Summary, limits, read, restore, rows, write};

/// A row on its own: key, value, stamp, and whether it is a counter.
type Kept = (Vec<u8>, Vec<u8>, Stamp, bool);

fn kept(row: Row<'_>) -> Kept {
    (row.key.to_vec(), row.value.to_vec(), row.stamp, row.counter)
}

fn batch(now_ms: i64, build: impl FnOnce(&mut Batch)) -> Batch {
    let mut batch = Batch::new(now_ms);
    build(&mut batch);
    batch
}

fn live(snapshot: &Snapshot) -> Vec<Kept> {
    let mut all = Vec::new();
    let shown: Result<(), Error> = rows(snapshot, &mut |row| {
        all.push(kept(row));
        Ok(())
    });
    shown.unwrap();
    all
}

fn dumped(snapshot: &Snapshot) -> (Vec<u8>, Summary) {
    let mut out = Vec::new();
    let mut last = Progress::default();
    let summary = write(snapshot, &mut out, &mut |progress| {
        assert!(progress.rows >= last.rows && progress.bytes >= last.bytes);
        last = progress;
        true
    });
    let summary = summary.unwrap();
    assert_eq!((summary.bytes, summary.rows), (out.len() as u64, last.rows));
    (out, summary)
}

fn checked(mut dump: &[u8]) -> Result<(Vec<Kept>, Summary), Error> {
    let mut all = Vec::new();
    let summary = read::<Error>(&mut dump, &mut |row| {
        all.push(kept(row));
        Ok(())
    })?;
    Ok((all, summary))
}

fn restored(mut dump: &[u8], path: &Path) -> Result<Summary, RestoreError> {
    restore(&mut dump, path, &Options::default(), &mut |_| true)
}

fn names(directory: &tempfile::TempDir) -> Vec<String> {
    let names = std::fs::read_dir(directory.path()).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A few commits with entries, counters, a removed row and a stamped key.
async fn fill(store: &Store) {
    let first = batch(5_000, |batch| {
        (0..20).for_each(|row| batch.put(format!("k{row}"), vec![row; usize::from(row)]));
        batch.add("n", 7);
        batch.add("zero", 1);
    });
    store.commit(first).await.unwrap();
    let second = batch(6_000, |batch| {
        batch.add("n", -9);
        batch.add("zero", -1);
        batch.delete("k3");
        batch.put([0xff; 40], "last");
        batch.put_stamped("log/", "", "entry");
    });
    store.commit(second).await.unwrap();
}

#[tokio::test]
async fn every_engine_comes_back_from_its_dump() {
    let directory = tempfile::tempdir().unwrap();
    let memory = Store::memory();
    let file = Store::open(&directory.path().join("from"), &Options::default()).unwrap();
    let fork = memory.fork(&memory.snapshot().await.unwrap());
    for (index, store) in [memory, file, fork].into_iter().enumerate() {
        fill(&store).await;
        let snapshot = store.pin().await.unwrap();
        let (dump, summary) = dumped(&snapshot);
        assert_eq!((summary.revision, summary.time_ms, summary.rows), (2, 6_000, 22));
        assert_eq!(checked(&dump).unwrap(), (live(&snapshot), summary.clone()));

        let path = directory.path().join(format!("to{index}"));
        assert_eq!(restored(&dump, &path).unwrap(), summary);
        let copy = Store::open(&path, &Options::default()).unwrap();
        let before = copy.snapshot().await.unwrap();
        assert_eq!(live(&before), live(&snapshot));
        assert_eq!((before.revision(), before.count(b"n").await.unwrap()), (2, -2));
        // A dump of the copy is the same bytes.
        assert!(dumped(&before).0 == dump);
        let next = batch(1, |batch| {
            batch.expect_unchanged("n", 2);
            batch.add("n", 5);
            batch.put_stamped("log/", "", "");
        });
        assert_eq!(copy.commit(next).await.unwrap(), Stamp { revision: 3, time_ms: 6_000 });
        assert_eq!(copy.snapshot().await.unwrap().count(b"n").await.unwrap(), 3);
        copy.close().await;
        store.close().await;
    }
}

#[tokio::test]
async fn an_empty_store_has_a_dump_too() {
    let directory = tempfile::tempdir().unwrap();
    let (dump, summary) = dumped(&Store::memory().snapshot().await.unwrap());
    assert_eq!((summary.revision, summary.rows, dump.len()), (0, 0, 92));
    let path = directory.path().join("db");
    restored(&dump, &path).unwrap();
    let store = Store::open(&path, &Options::default()).unwrap();
    assert_eq!(store.commit(batch(1, |batch| batch.put("k", ""))).await.unwrap().revision, 1);
    store.close().await;
}

#[tokio::test]
async fn rows_of_any_size_fit() {
    let store = Store::memory();
    let largest = store.limits().bytes_max - 100;
    for (key, len) in [("a", largest), ("b", 0), ("c", largest), ("d", limits::STORE_DUMP_BLOCK_BYTES), ("e", 1)] {
        store.commit(batch(1, |batch| batch.put(key, vec![3; len]))).await.unwrap();
    }
    store.commit(batch(1, |batch| batch.put(vec![b'k'; largest], ""))).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    let (dump, _) = dumped(&snapshot);
    assert!(checked(&dump).unwrap().0 == live(&snapshot));
}

#[tokio::test]
async fn every_flipped_byte_is_found() {
    let store = Store::memory();
    fill(&store).await;
    let (dump, _) = dumped(&store.snapshot().await.unwrap());
    for at in 0..dump.len() {
        for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut flipped = dump.clone();
            flipped[at] ^= flip;
            assert!(checked(&flipped).is_err(), "byte {at}, {flip}");
        }
    }
    for len in 0..dump.len() {
        let error = checked(&dump[..len]).unwrap_err();
        let expected = matches!(error, Error::Truncated { offset } if offset == len as u64);
        assert!(expected || len == 0 && matches!(error, Error::NotADump), "{len}: {error}");
    }
    assert!(checked(&dump).is_ok());
}

#[tokio::test]
async fn refusals_say_what_and_where() {
    let store = Store::memory();
    fill(&store).await;
    let (dump, _) = dumped(&store.snapshot().await.unwrap());
    let end = dump.len();
    let error = |dump: &[u8]| checked(dump).unwrap_err();
    let changed = |at: usize, bytes: &[u8]| {
        let mut dump = dump.clone();
        dump[at..at + bytes.len()].copy_from_slice(bytes);
        error(&dump)
    };
    assert!(matches!(error(b"not a dump, and longer than its magic"), Error::NotADump));
    assert!(matches!(error(b"short"), Error::NotADump));
    assert!(matches!(changed(16, &[0, 0, 0, 9]), Error::NewerFormat { offset: 16, found: 9, known: 1 }));
    assert!(matches!(changed(20, &[9]), Error::Damaged { offset: 0, .. }));
    assert!(matches!(changed(40, &[0xff]), Error::Damaged { offset: 40, .. }));
    assert!(matches!(changed(60, &[0xff]), Error::Damaged { offset: 40, .. }));
    let trailer = (end - 52) as u64;
    for (at, part) in [(end - 48, "rows"), (end - 40, "bytes"), (end - 1, "hash")] {
        let error = changed(at, &[0x5a]);
        assert!(matches!(error, Error::Disagrees { offset, what } if offset == trailer && what.contains(part)));
        assert!(error.to_string().contains(&trailer.to_string()));
    }
    let longer = [dump.as_slice(), b"x"].concat();
    assert!(matches!(error(&longer), Error::TrailingBytes { offset } if offset == end as u64));
}

/// A dump of these rows, right in every sum.
fn forged(rows: &[(&[u8], u64, &[u8])]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let mut dump = [super::MAGIC.as_slice(), &1_u32.to_be_bytes(), &5_u64.to_be_bytes(), &[0; 8]].concat();
    dump.extend(crc32fast::hash(&dump).to_be_bytes());
    for (key, revision, value) in rows {
        let lengths = [key.len() as u32, 16 + value.len() as u32].map(u32::to_be_bytes).concat();
        let row = [lengths.as_slice(), key, &revision.to_be_bytes(), &[0; 8], value].concat();
        let block = [(row.len() as u32).to_be_bytes().as_slice(), &row].concat();
        let crc = crc32fast::hash(&block).to_be_bytes();
        dump.extend([block.as_slice(), &crc].concat());
    }
    let bytes = dump.len() as u64;
    dump.extend([[0; 4].as_slice(), &(rows.len() as u64).to_be_bytes(), &bytes.to_be_bytes()].concat());
    let hash = Sha256::digest(&dump);
    dump.extend(hash);
    dump
}

#[test]
fn rows_that_no_store_has_are_refused() {
    let counter = 1 << 63;
    let error = |rows: &[(&[u8], u64, &[u8])]| checked(&forged(rows)).unwrap_err();
    assert_eq!(checked(&forged(&[(b"a", 5, b""), (b"b", counter | 1, &[0; 8])])).unwrap().0.len(), 2);
    assert!(matches!(error(&[(b"b", 1, b""), (b"a", 1, b"")]), Error::OutOfOrder { offset: 77 }));
    assert!(matches!(error(&[(b"a", 1, b""), (b"a", 1, b"")]), Error::OutOfOrder { offset: 77 }));
    assert!(matches!(error(&[(b"", 1, b"")]), Error::Damaged { offset: 44, .. }));
    assert!(matches!(error(&[(b"a", 6, b"")]), Error::Damaged { offset: 44, .. }));
    assert!(matches!(error(&[(b"a", counter | 1, b"four")]), Error::Damaged { offset: 44, .. }));
}

#[tokio::test]
async fn a_visitor_ends_what_it_cannot_use() {
    let store = Store::memory();
    fill(&store).await;
    let snapshot = store.snapshot().await.unwrap();
    let (dump, _) = dumped(&snapshot);
    #[derive(Debug)]
    enum Mine {
        Enough,
        Other,
    }
    impl From<Error> for Mine {
        fn from(_: Error) -> Mine {
            Mine::Other
        }
    }
    let mut seen = 0;
    let mut visit = |_: Row<'_>| {
        seen += 1;
        if seen % 5 == 0 { Err(Mine::Enough) } else { Ok(()) }
    };
    assert!(matches!(read(&mut dump.as_slice(), &mut visit), Err(Mine::Enough)));
    assert!(matches!(rows(&snapshot, &mut visit), Err(Mine::Enough)));
    assert!(matches!(read(&mut &dump[..9], &mut visit), Err(Mine::Other)));
    assert_eq!(seen, 10);
    let cancelled = write(&snapshot, &mut io::sink(), &mut |_| false);
    assert!(matches!(cancelled, Err(Error::Cancelled)));
    let full = write(&snapshot, &mut [0_u8; 100].as_mut_slice(), &mut |_| true);
    assert!(matches!(full, Err(Error::Write { offset: 40, .. })), "{full:?}");
}

/// Reads that end in an error of the system after so many bytes, a few at a time.
struct Broken<'a>(&'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(7);
        match self.0.read(&mut out[..most])? {
            0 => Err(io::Error::other("unplugged")),
            read => Ok(read),
        }
    }
}

#[tokio::test]
async fn a_restoration_that_fails_leaves_nothing() {
    let store = Store::memory();
    for start in 0..6 {
        let put = |batch: &mut Batch| (0..10_000).for_each(|row| batch.put(format!("{start}{row:05}"), [1; 10]));
        store.commit(batch(1, put)).await.unwrap();
    }
    let (dump, _) = dumped(&store.snapshot().await.unwrap());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let mut damaged = dump.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let error = restored(&damaged, &path).unwrap_err();
    assert!(matches!(error, RestoreError::Dump(Error::Disagrees { .. })), "{error}");
    let error = restored(b"what is that", &path).unwrap_err();
    assert!(matches!(error, RestoreError::Dump(Error::NotADump)));
    let error = restore(&mut Broken(&dump[..dump.len() - 9]), &path, &Options::default(), &mut |_| true).unwrap_err();
    assert!(matches!(error, RestoreError::Dump(Error::Read { .. })), "{error}");
    let mut asked = 0;
    let cancelled = restore(&mut dump.as_slice(), &path, &Options::default(), &mut |_| {
        asked += 1;
        false
    });
    assert!(matches!(cancelled, Err(RestoreError::Dump(Error::Cancelled))));
    assert_eq!(asked, 1);
    let switches: [fn(&Faults) -> &AtomicBool; 3] =
        [|faults| &faults.writes, |faults| &faults.full, |faults| &faults.syncs];
    for switch in switches {
        let faults = Arc::<Faults>::default();
        let mut fail = |_| {
            switch(&faults).store(true, SeqCst);
            true
        };
        let failed =
            restore::restore(&mut dump.as_slice(), &path, &Options::default(), &mut fail, &faults).unwrap_err();
        assert!(matches!(failed, RestoreError::Database(_)), "{failed}");
    }
    assert_eq!(names(&directory), [""; 0]);
    let nowhere = restored(&dump, &directory.path().join("nowhere/db")).unwrap_err();
    assert!(nowhere.to_string().contains("nowhere/db"), "{nowhere}");
    restored(&dump, &path).unwrap();
    assert_eq!(names(&directory), ["db"]);
}

#[tokio::test]
async fn a_restoration_replaces_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let (dump, _) = dumped(&Store::memory().snapshot().await.unwrap());
    std::fs::write(&path, "precious").unwrap();
    let refused = restored(&dump, &path).unwrap_err();
    assert!(matches!(&refused, RestoreError::Exists { path: named } if *named == path));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    assert_eq!(names(&directory), ["db"]);
    let link = directory.path().join("link");
    std::os::unix::fs::symlink("/not mounted/db", &link).unwrap();
    assert!(matches!(restored(&dump, &link), Err(RestoreError::Exists { .. })));
    // Something that comes to be there in the middle is not replaced either.
    let path = directory.path().join("late");
    let store = Store::memory();
    fill(&store).await;
    let (dump, _) = dumped(&store.snapshot().await.unwrap());
    struct Late<'a>(&'a [u8], &'a Path);
    impl Read for Late<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            std::fs::write(self.1, "precious")?;
            self.0.read(out)
        }
    }
    let refused = restore(&mut Late(&dump, &path), &path, &Options::default(), &mut |_| true);
    assert!(matches!(refused, Err(RestoreError::Exists { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    assert!(!directory.path().join("late.new").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_is_one_commit_whatever_is_written_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { snapshot_age_ms: 0, ..Options::default() };
    let store = Store::open(&directory.path().join("db"), &options).unwrap();
    for part in 0..4 {
        let put = |batch: &mut Batch| (0..1_000).for_each(|row| batch.put(format!("{part}{row:04}"), [9; 300]));
        store.commit(batch(1, put)).await.unwrap();
    }
    let snapshot = store.pin().await.unwrap();
    let before = live(&snapshot);
    let (begun, begins) = tokio::sync::oneshot::channel();
    let (finish, finishes) = std::sync::mpsc::channel();
    let writing = tokio::task::spawn_blocking(move || {
        let mut out = Vec::new();
        let mut begun = Some(begun);
        // After the first block it waits until everything else is written.
        let summary = write(&snapshot, &mut out, &mut |_| {
            if let Some(begun) = begun.take() {
                begun.send(()).unwrap();
                finishes.recv().unwrap();
            }
            true
        });
        (out, summary.unwrap())
    });
    begins.await.unwrap();
    let commits: Vec<_> = (0..2_000)
        .map(|row| {
            let store = store.clone();
            let change = batch(2, |batch| {
                batch.put(format!("{}{:04}", row % 4, row / 2), "changed");
                batch.put(format!("{}{row:04}+", row % 4), [8; 300]);
                batch.delete(format!("{}{:04}", row % 3, row % 1_000));
                batch.add("n", 1);
            });
            tokio::spawn(async move { store.commit(change).await.unwrap() })
        })
        .collect();
    for commit in commits {
        commit.await.unwrap();
    }
    finish.send(()).unwrap();
    let (dump, summary) = writing.await.unwrap();
    assert_eq!((summary.revision, summary.rows), (4, 4_000));
    assert!(checked(&dump).unwrap().0 == before);
    assert_eq!(store.snapshot().await.unwrap().revision(), 2_004);
    let scan = Scan { prefix: b"n", after: None, skip: 0, limit: 1, values: true };
    assert_eq!(store.snapshot().await.unwrap().scan(&scan).await.unwrap().count(0), Some(2_000));
    // The dump has let its pages go.
    assert_eq!(store.figures().replaced_snapshots, 0);
    store.close().await;
}
