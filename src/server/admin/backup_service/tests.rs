//! A backup and a check as a client sees them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::super::api::v1::backup_service_client::BackupServiceClient;
use super::super::api::v1::create_backup_response::Part;
use super::super::api::v1::{CreateBackupRequest, VerifyDatabaseRequest};
use super::super::tests::Plane;
use crate::directory::check;
use crate::directory::tests::Fixture;

#[tokio::test]
async fn a_backup_is_streamed_and_summed_up() {
    let site = Fixture::new().await;
    for n in 0..500 {
        site.user(&format!("user{n}")).await;
    }
    let plane = Plane::over(site.directory.clone());
    let mut client = BackupServiceClient::new(plane.connect().await);
    let mut stream = client.create_backup(CreateBackupRequest {}).await.unwrap().into_inner();
    let (mut file, mut summary) = (Vec::new(), None);
    while let Some(message) = stream.message().await.unwrap() {
        match message.part.unwrap() {
            Part::Chunk(bytes) => file.extend(bytes),
            Part::Summary(last) => summary = Some(last),
        }
    }
    let summary = summary.unwrap();
    let (outcome, read) = check::backup(&mut file.as_slice(), &mut |_| true).unwrap();
    assert!(outcome.problems.is_empty(), "{outcome:?}");
    assert_eq!((summary.bytes, summary.rows), (file.len() as i64, read.rows as i64));
    assert_eq!(summary.sha256.len(), 64);

    let mut stream = client.verify_database(VerifyDatabaseRequest {}).await.unwrap().into_inner();
    let mut last = None;
    while let Some(message) = stream.message().await.unwrap() {
        last = Some(message);
    }
    let last = last.unwrap();
    assert!(last.done && last.problems.is_empty() && last.rows >= summary.rows, "{last:?}");
    drop((client, stream));
    plane.end().await;
}
