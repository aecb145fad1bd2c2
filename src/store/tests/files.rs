//! What only a store in a file does: it comes back as it was, and refuses files it cannot serve.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::super::{OpenError, disk};
use super::{Batch, Error, Options, Store, batch, dump, open, value};

async fn filled(directory: &tempfile::TempDir) -> PathBuf {
    let store = open(directory);
    for row in 0..200 {
        let put = batch(|batch| batch.put(format!("{row:04}"), vec![7; 500]));
        store.commit(put).await.unwrap();
    }
    store.close().await;
    directory.path().join("db")
}

fn refusal(path: &Path) -> OpenError {
    let bytes = fs::read(path).ok();
    let error = Store::open(path, &Options::default()).err().expect("a refusal");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert_eq!(fs::read(path).ok(), bytes, "a refused file stays as it is");
    error
}

#[tokio::test]
async fn comes_back_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let far_ms = 4_000_000_000_000;
    let mut first = Batch::new(far_ms);
    first.put("k", "1");
    first.add("n", 3);
    store.commit(first).await.unwrap();
    let before = dump(&store).await;
    store.close().await;

    let store = open(&directory);
    assert_eq!(dump(&store).await, before);
    let mut next = Batch::new(5);
    next.add("n", 1);
    let stamp = store.commit(next).await.unwrap();
    assert_eq!((stamp.revision, stamp.time_ms), (2, far_ms));
    assert_eq!(store.snapshot().await.unwrap().count(b"n").await.unwrap(), 4);
    store.close().await;
}

#[tokio::test]
async fn closing_commits_what_is_queued() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let commits: Vec<_> = (0..100)
        .map(|row| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(batch(|batch| batch.put(format!("{row}"), ""))).await })
        })
        .collect();
    tokio::task::yield_now().await;
    store.close().await;
    let mut acknowledged = 0;
    for commit in commits {
        acknowledged += usize::from(commit.await.unwrap().is_ok());
    }
    let store = open(&directory);
    assert_eq!(dump(&store).await.len(), acknowledged);
    store.close().await;
}

#[tokio::test]
async fn goes_on_without_a_clean_close() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    store.commit(batch(|batch| batch.put("k", "1"))).await.unwrap();
    let copy = tempfile::tempdir().unwrap();
    fs::copy(directory.path().join("db"), copy.path().join("db")).unwrap();
    store.close().await;
    let store = open(&copy);
    assert_eq!(value(&store.snapshot().await.unwrap(), "k").await.unwrap(), "1");
    store.close().await;
}

#[tokio::test]
async fn makes_a_private_file_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("db.new"), "what a crash at the first start left").unwrap();
    let store = open(&directory);
    store.commit(batch(|batch| batch.put("k", "1"))).await.unwrap();
    let names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["db"]);
    store.close().await;

    let directory = tempfile::tempdir().unwrap();
    open(&directory).close().await;
    let mode = fs::metadata(directory.path().join("db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn refuses_a_link_that_leads_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    std::os::unix::fs::symlink("/not mounted/db", &path).unwrap();
    assert!(matches!(refusal(&path), OpenError::Io { .. }));
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
}

#[tokio::test]
async fn expires_old_snapshots() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { snapshot_age_ms: 0, ..Options::default() };
    let store = Store::open(&directory.path().join("db"), &options).unwrap();
    let held = store.snapshot().await.unwrap();
    assert_eq!(value(&held, "k").await, None);
    store.commit(batch(|batch| batch.put("k", "1"))).await.unwrap();
    assert!(matches!(held.get(b"k").await, Err(Error::Expired)));
    assert_eq!(value(&store.snapshot().await.unwrap(), "k").await.unwrap(), "1");
    store.close().await;
}

#[tokio::test]
async fn keeps_pinned_snapshots_for_longer() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { snapshot_age_ms: 0, ..Options::default() };
    let store = Store::open(&directory.path().join("db"), &options).unwrap();
    let change = async || {
        store.commit(batch(|batch| batch.add("n", 1))).await.unwrap();
    };
    change().await;
    let (pinned, ordinary) = (store.pin().await.unwrap(), store.snapshot().await.unwrap());
    let dropped = store.pin().await.unwrap();
    change().await;
    assert!(matches!(ordinary.count(b"n").await, Err(Error::Expired)));
    assert_eq!(store.figures().replaced_snapshots, 2);
    drop(dropped);
    let second = store.pin().await.unwrap();
    change().await;
    assert_eq!((pinned.count(b"n").await.unwrap(), second.count(b"n").await.unwrap()), (1, 2));
    assert_eq!(store.figures().replaced_snapshots, 2);
    drop((pinned, second));
    assert_eq!(store.figures().replaced_snapshots, 0);
    let last = store.pin().await.unwrap();
    store.close().await;
    assert!(matches!(last.count(b"n").await, Err(Error::Expired)));
}

#[tokio::test]
async fn expires_pinned_snapshots_in_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { pinned_age_ms: 0, ..Options::default() };
    let store = Store::open(&directory.path().join("db"), &options).unwrap();
    let (pinned, ordinary) = (store.pin().await.unwrap(), store.snapshot().await.unwrap());
    for _ in 0..2 {
        store.commit(batch(|batch| batch.add("n", 1))).await.unwrap();
    }
    assert!(matches!(pinned.count(b"n").await, Err(Error::Expired)));
    assert_eq!(ordinary.count(b"n").await.unwrap(), 0);
    assert_eq!(store.figures().replaced_snapshots, 1);
    store.close().await;
}

#[tokio::test]
async fn counts_its_bytes_and_who_holds_replaced_snapshots() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { snapshot_age_ms: 600_000, ..Options::default() };
    let path = directory.path().join("db");
    let store = Store::open(&path, &options).unwrap();
    let change = async || {
        store.commit(batch(|batch| batch.add("n", 1))).await.unwrap();
    };
    let held = || store.figures().replaced_snapshots;
    let first = store.snapshot().await.unwrap();
    assert_eq!(held(), 0);
    change().await;
    assert_eq!(held(), 1);
    let (second, again) = (store.snapshot().await.unwrap(), first.clone());
    change().await;
    change().await;
    assert_eq!(held(), 2);
    drop(first);
    assert_eq!(held(), 2);
    drop(again);
    assert_eq!(held(), 1);
    assert_eq!(store.figures().file_bytes, fs::metadata(&path).unwrap().len());
    store.clone().close().await;
    // What has expired keeps no page.
    assert!(matches!(second.get(b"n").await, Err(Error::Expired)));
    assert_eq!((held(), store.figures().file_bytes), (0, 0));
}

#[tokio::test]
async fn refuses_an_empty_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    fs::write(&path, "").unwrap();
    assert!(matches!(refusal(&path), OpenError::Empty { .. }));
}

#[tokio::test]
async fn refuses_what_is_no_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    for bytes in [b"x".to_vec(), b"not a database".repeat(1_000), vec![0; 100_000]] {
        fs::write(&path, bytes).unwrap();
        assert!(matches!(refusal(&path), OpenError::NotADatabase { .. }));
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(refusal(&path), OpenError::NotADatabase { .. }));
}

#[tokio::test]
async fn refuses_a_truncated_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = filled(&directory).await;
    let bytes = fs::read(&path).unwrap();
    for len in [9, 100, 320, 4096, 8192, bytes.len() / 2, bytes.len() - 4096, bytes.len() - 1] {
        fs::write(&path, &bytes[..len]).unwrap();
        let error = refusal(&path);
        assert!(matches!(error, OpenError::Damaged { .. }), "{len}: {error}");
    }
}

#[tokio::test]
async fn refuses_a_file_with_flipped_bits_or_serves_it_unchanged() {
    let directory = tempfile::tempdir().unwrap();
    let path = filled(&directory).await;
    let store = open(&directory);
    let before = dump(&store).await;
    store.close().await;
    let bytes = fs::read(&path).unwrap();
    for place in (0..bytes.len()).step_by(bytes.len() / 97) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        fs::write(&path, flipped).unwrap();
        if let Ok(store) = Store::open(&path, &Options::default()) {
            assert!(dump(&store).await == before, "byte {place}");
            store.close().await;
        }
    }
}

#[tokio::test]
async fn refuses_a_locked_database() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    assert!(matches!(refusal(&directory.path().join("db")), OpenError::Locked { .. }));
    store.close().await;
    open(&directory).close().await;
}

#[tokio::test]
async fn refuses_a_missing_directory() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(refusal(&directory.path().join("nowhere/db")), OpenError::MissingDirectory { .. }));
}

#[tokio::test]
async fn refuses_a_newer_format() {
    let directory = tempfile::tempdir().unwrap();
    let path = filled(&directory).await;
    let bytes = fs::read(&path).unwrap();
    let mut newer = bytes.clone();
    newer[64] = 9;
    fs::write(&path, newer).unwrap();
    assert!(matches!(refusal(&path), OpenError::NewerFormat { found: 9, .. }));

    fs::write(&path, bytes).unwrap();
    write_format(&path, Some(77));
    assert!(matches!(Store::open(&path, &Options::default()), Err(OpenError::NewerFormat { found: 77, known: 1, .. })));
    write_format(&path, None);
    assert!(matches!(Store::open(&path, &Options::default()), Err(OpenError::NotADatabase { .. })));
}

/// Sets the format in the store's own table, or removes it.
fn write_format(path: &Path, format: Option<u32>) {
    let file = disk::open_locked(path, false).unwrap();
    let base = std::sync::Arc::new(disk::Base::new(file, std::sync::Arc::default()).unwrap());
    let disk = std::sync::Arc::new(disk::Disk::new(base));
    let db = super::super::redb::Database::open(disk, 1024 * 1024, false).unwrap();
    db.write_format(format);
    db.close().unwrap();
}

#[test]
fn tells_a_read_only_place() {
    for kind in [io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::PermissionDenied] {
        let error = disk::refusal(Path::new("/data/db"), kind.into());
        assert!(matches!(&error, OpenError::ReadOnly { path, .. } if path == Path::new("/data/db")));
    }
    // No file can be made here, whoever asks.
    let error = Store::open(Path::new("/proc/db"), &Options::default()).err().unwrap();
    assert!(error.to_string().contains("/proc/db"), "{error}");
}
