//! Finding the n-th resource by counters agrees with counting.
#![allow(clippy::unwrap_used)]

use super::{add, rank, seek, total};
use crate::directory::keys;
use crate::store::{Batch, Scan, Store};
use uuid::{Builder, Uuid};

#[tokio::test]
async fn every_position_is_found() {
    let store = Store::memory();
    let mut ids: Vec<Uuid> = Vec::new();
    let mut ms = 1_700_000_000_000_u64;
    for n in 0..400_u64 {
        // Bursts, pauses of minutes, and one of a year.
        ms += [0, 0, 1, 15, 900, 70_000, 4_000_000][usize::try_from(n % 7).unwrap()]
            + if n == 200 { 31_536_000_000 } else { 0 };
        ids.push(
            Builder::from_unix_timestamp_millis(ms, &n.to_be_bytes().repeat(2)[6..16].try_into().unwrap()).into_uuid(),
        );
    }
    ids.sort();
    let mut batch = Batch::new(0);
    for id in &ids {
        batch.put(keys::record(1, keys::USER, *id), b"x".as_slice());
        add(&mut batch, 1, keys::USER, *id, 1);
    }
    store.commit(batch).await.unwrap();
    let mut batch = Batch::new(0);
    for id in ids.iter().step_by(3) {
        batch.delete(keys::record(1, keys::USER, *id));
        add(&mut batch, 1, keys::USER, *id, -1);
    }
    store.commit(batch).await.unwrap();
    let left: Vec<Uuid> = ids.iter().enumerate().filter(|(n, _)| n % 3 != 0).map(|(_, id)| *id).collect();
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!(total(&snapshot, 1, keys::USER).await.unwrap(), left.len());
    let prefix = keys::records(1, keys::USER);
    for index in 0..left.len() + 2 {
        let (after, skip) = seek(&snapshot, 1, keys::USER, index).await.unwrap();
        let scan = Scan { prefix: &prefix, after: Some(&after), skip, limit: 1, values: false };
        let page = snapshot.scan(&scan).await.unwrap();
        assert_eq!(page.iter().next().and_then(|row| keys::last_id(row.key)), left.get(index).copied(), "{index}");
    }
    for id in &ids {
        let before = left.iter().filter(|other| *other < id).count();
        assert_eq!(rank(&snapshot, 1, keys::USER, *id).await.unwrap(), before, "{id}");
    }
    assert_eq!(rank(&snapshot, 1, keys::USER, Uuid::nil()).await.unwrap(), 0);
    assert_eq!(rank(&snapshot, 1, keys::USER, Uuid::max()).await.unwrap(), left.len());
    assert_eq!(total(&snapshot, 2, keys::USER).await.unwrap(), 0);
}
