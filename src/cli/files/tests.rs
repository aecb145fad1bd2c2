//! Files come whole, and nobody but their owner may read them.

#![allow(clippy::unwrap_used)]

use super::*;
use std::os::unix::fs::{MetadataExt, symlink};
use tempfile::TempDir;

#[test]
fn what_is_there_under_the_partial_name_is_neither_followed_nor_kept() {
    let folder = TempDir::new().unwrap();
    let (path, elsewhere) = (folder.path().join("backup"), folder.path().join("elsewhere"));
    fs::write(&elsewhere, "theirs").unwrap();
    symlink(&elsewhere, folder.path().join("backup.partial")).unwrap();
    let mut file = Partial::begin(&path, false).unwrap();
    file.append(b"ours").unwrap();
    file.finish().unwrap();
    assert_eq!(fs::read(&elsewhere).unwrap(), b"theirs");
    assert_eq!(fs::read(&path).unwrap(), b"ours");
    let found = path.symlink_metadata().unwrap();
    assert!(found.is_file());
    assert_eq!(found.mode() & 0o777, 0o600);
    assert!(Partial::begin(&path, false).is_err());
}
