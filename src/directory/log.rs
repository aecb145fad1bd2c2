//! Reading a log: the audit log or a tenant's change log, from a position on, a bounded number of rows at a time. A position is a key of
//! the log, and as text it is what callers resume with. It does not know what the entries mean.

use super::record;
use super::refused::Refused;
use super::{keys, position};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Scan, Snapshot};
use serde::de::DeserializeOwned;

/// A place in a log: after one entry and before the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which log.
    log: u32,
    /// A key of the log; everything up to it lies before the place.
    key: Vec<u8>,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    /// The order of its commit.
    pub revision: u64,
    /// When it was committed, in milliseconds since the epoch.
    pub time_ms: i64,
    /// What it says.
    pub value: T,
    /// The place after it.
    pub position: Position,
}

/// How much is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most entries.
    pub entries_max: usize,
    /// Entries of this time and later ones are not wanted; milliseconds since the epoch.
    pub before_ms: Option<i64>,
}

/// What one reading gave.
#[derive(Clone, Debug)]
pub struct Chunk<T> {
    /// The entries that are wanted, the oldest first.
    pub entries: Vec<Entry<T>>,
    /// Where to go on.
    pub next: Position,
    /// Whether nothing more that is wanted lies behind `next` in the snapshot.
    pub is_end: bool,
}

/// The kind of places in logs.
const PLACE: u8 = b'l';

/// The letter, the log and the revision in a key.
const HEAD_BYTES: usize = 1 + 4 + 8;

impl Position {
    /// After everything up to a revision.
    pub fn at(log: u32, revision: u64) -> Position {
        Position { log, key: keys::log_after(log, revision) }
    }

    /// As text.
    pub fn text(&self) -> String {
        position::write(PLACE, self.key.get(1..).unwrap_or_default())
    }

    /// The position in a text that [`Position::text`] made, if it is one of this log.
    pub fn parse(log: u32, text: &str) -> Option<Position> {
        let place = position::read(PLACE, text)?;
        let key = [&b"L"[..], &place].concat();
        let fits = (HEAD_BYTES..=HEAD_BYTES + limits::LOG_SUFFIX_BYTES_MAX).contains(&key.len());
        (fits && keys::log_number(&key) == Some(log)).then_some(Position { log, key })
    }

    /// The revision that it lies at.
    pub fn revision(&self) -> u64 {
        keys::revision_in_log(&self.key).unwrap_or(0)
    }
}

/// The place before the oldest entry that there is.
pub async fn oldest(snapshot: &Snapshot, log: u32) -> Result<Position, Error> {
    Ok(Position::at(log, trimmed(snapshot, log).await?))
}

/// The place after the newest entry that the snapshot sees.
pub fn newest(snapshot: &Snapshot, log: u32) -> Position {
    Position::at(log, snapshot.revision())
}

/// The place before the first entry of this time or later; milliseconds since the epoch.
pub async fn since(snapshot: &Snapshot, log: u32, ms: i64) -> Result<Position, Error> {
    // The time never goes back with the revision, so the place is found by halving.
    let (mut low, mut high) = (trimmed(snapshot, log).await?, snapshot.revision());
    while low < high {
        let middle = low + (high - low) / 2;
        let (prefix, after) = (keys::log(log), keys::log_after(log, middle));
        let scan = Scan { prefix: &prefix, after: Some(&after), skip: 0, limit: 1, values: false };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        match page.iter().next().is_none_or(|row| row.stamp.time_ms >= ms) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    Ok(Position::at(log, low))
}

/// Up to which revision the entries of a log have been removed because of their age; 0: none.
pub async fn trimmed(snapshot: &Snapshot, log: u32) -> Result<u64, Error> {
    match snapshot.get(&keys::trimmed(log)).await.map_err(super::store_error)? {
        Some(entry) => record::unpack(&entry.value),
        None => Ok(0),
    }
}

/// The entries after a position that are wanted, as far as the bounds allow.
///
/// # Errors
/// [`Refused::Trimmed`] when entries after the position are gone, and when the database is older than the position.
pub async fn read<T: DeserializeOwned>(
    snapshot: &Snapshot,
    after: &Position,
    wants: impl Fn(&T) -> bool,
    bounds: &Bounds,
) -> Result<Chunk<T>, Refused> {
    reaches(snapshot, after).await?;
    let prefix = keys::log(after.log);
    let mut chunk = Chunk { entries: Vec::new(), next: after.clone(), is_end: false };
    let (mut rows, mut bytes) = (0, 0);
    while rows < limits::LOG_ROWS_MAX {
        let limit = limits::SCAN_ROWS;
        let scan = Scan { prefix: &prefix, after: Some(&chunk.next.key), skip: 0, limit, values: true };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        for row in page.iter() {
            if bounds.before_ms.is_some_and(|end| row.stamp.time_ms >= end) {
                chunk.is_end = true;
                return Ok(chunk);
            }
            if chunk.entries.len() >= bounds.entries_max || bytes > limits::ADMIN_PAGE_BYTES_MAX {
                return Ok(chunk);
            }
            let position = Position { log: after.log, key: row.key.to_vec() };
            let value: T = record::unpack(row.value)?;
            if wants(&value) {
                bytes += row.value.len();
                let (revision, time_ms) = (row.stamp.revision, row.stamp.time_ms);
                chunk.entries.push(Entry { revision, time_ms, value, position: position.clone() });
            }
            chunk.next = position;
        }
        if page.len() < limit {
            // Whatever comes later has a later revision than the snapshot.
            chunk.next = newest(snapshot, after.log);
            chunk.is_end = true;
            return Ok(chunk);
        }
        rows += page.len();
        tokio::task::yield_now().await;
    }
    Ok(chunk)
}

/// Refuses a position from which on not every entry can be given.
async fn reaches(snapshot: &Snapshot, after: &Position) -> Result<(), Refused> {
    let mark = trimmed(snapshot, after.log).await?;
    let why = match after.revision() {
        revision if revision < mark => {
            format!("the entries up to revision {mark} have been removed because of their age")
        }
        revision if revision > snapshot.revision() => {
            "the database is older than the token: it was restored from a backup".to_owned()
        }
        _ => return Ok(()),
    };
    Err(Refused::Trimmed { reason: "CHANGES_TRIMMED", why: format!("{why}; read everything again from the start") })
}

#[cfg(test)]
mod tests;
