//! Backups and checks as their callers get them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Checked, Part, create, verify};
use crate::directory::audit::Admin;
use crate::directory::places::Work;
use crate::directory::refused::Refused;
use crate::directory::tests::Fixture;
use crate::limits;
use crate::store::dump::{self, Summary};
use crate::store::{Options, Store};
use tempfile::TempDir;

async fn backed_up(site: &Fixture) -> (Vec<u8>, Summary) {
    let mut parts = create(&site.directory, &Admin::server()).await.unwrap();
    let mut file = Vec::new();
    loop {
        match parts.recv().await.unwrap().unwrap() {
            Part::Bytes { bytes, .. } => {
                assert!(bytes.len() <= limits::BACKUP_PIECE_BYTES);
                file.extend(bytes);
            }
            Part::End(summary) => {
                assert!(parts.recv().await.is_none());
                return (file, summary);
            }
        }
    }
}

#[tokio::test]
async fn a_backup_is_a_dump_of_one_commit_with_its_own_entry() {
    let site = Fixture::new().await;
    for n in 0..2_000 {
        site.user(&format!("user{n}")).await;
    }
    let (file, summary) = backed_up(&site).await;
    assert_eq!(summary.bytes, file.len() as u64);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("scimd.redb");
    let restored = dump::restore(&mut file.as_slice(), &path, &Options::default(), &mut |_| true).unwrap();
    assert_eq!(restored, summary);
    let store = Store::open(&path, &Options::default()).unwrap();
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!(snapshot.revision(), summary.revision);
    let entries = crate::store::Scan { prefix: &[b'L', 0, 0, 0, 0], after: None, skip: 0, limit: 9, values: true };
    assert_eq!(snapshot.scan(&entries).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_check_tells_its_outcome() {
    let site = Fixture::new().await;
    site.user("anna").await;
    let mut told = verify(&site.directory).await.unwrap();
    match told.recv().await.unwrap().unwrap() {
        Checked::End(outcome) => assert!(outcome.problems.is_empty() && outcome.rows > 10, "{outcome:?}"),
        Checked::Rows(rows) => panic!("{rows}"),
    }
}

#[tokio::test]
async fn there_are_few_at_a_time_and_a_caller_that_goes_makes_room() {
    let site = Fixture::new().await;
    for n in 0..4_000 {
        site.user(&format!("a user with a long name, so that the backup does not fit into what may wait {n}")).await;
    }
    let first = create(&site.directory, &Admin::server()).await.unwrap();
    let second = create(&site.directory, &Admin::server()).await.unwrap();
    let refused = create(&site.directory, &Admin::server()).await.unwrap_err();
    assert!(matches!(refused, Refused::Exhausted { reason: "TOO_MANY_BACKUPS", .. }), "{refused}");
    drop((first, second));
    // Their threads notice soon.
    while site.directory.places.free(Work::Copy) < limits::BACKUPS_AT_WORK_MAX {
        tokio::task::yield_now().await;
    }
    backed_up(&site).await;
}
