//! How many resources there are, and where in the list one stands: counters of the time spans in which resources were created,
//! from spans of months down to milliseconds. A page that starts at n costs a few short scans, whatever n is.
//!
//! Ids are UUIDs of version 7, whose first 48 bits are milliseconds, so the order of ids is the order of spans.

use super::keys;
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Batch, Scan, Snapshot};
use uuid::Uuid;

/// The spans of each level are 2^shift milliseconds long: about 200 days, 3 days, 1 hour, 1 minute, 1 second, 16 milliseconds.
const SHIFTS: [u8; 6] = [34, 28, 22, 16, 10, 4];

/// How many spans of one level fit into one of the level above.
const FANOUT: u64 = 64;

/// Counts a resource that comes (+1) or goes (-1).
pub fn add(batch: &mut Batch, tenant: u32, code: u8, id: Uuid, delta: i64) {
    for counter in counters(tenant, code, id) {
        batch.add(counter, delta);
    }
}

/// The keys of all counters that a resource is counted by.
pub fn counters(tenant: u32, code: u8, id: Uuid) -> impl Iterator<Item = Vec<u8>> {
    let ms = created_ms(id);
    let blocks = SHIFTS.into_iter().map(move |shift| keys::block(tenant, code, shift, ms >> shift));
    std::iter::once(keys::total(tenant, code)).chain(blocks)
}

/// How many resources of this type the tenant has.
pub async fn total(snapshot: &Snapshot, tenant: u32, code: u8) -> Result<usize, Error> {
    let total = snapshot.count(&keys::total(tenant, code)).await.map_err(super::store_error)?;
    Ok(usize::try_from(total).unwrap_or(0))
}

/// Where the records begin of which `index` (from 0) is one: the key to scan after, and how many records to skip from there.
pub async fn seek(snapshot: &Snapshot, tenant: u32, code: u8, index: usize) -> Result<(Vec<u8>, usize), Error> {
    let mut skip = index;
    let mut parent: Option<u64> = None;
    for shift in SHIFTS {
        let Some((span, before)) = span_at(snapshot, &keys::blocks(tenant, code, shift), parent, skip).await? else {
            // Past the end: nothing comes after the last possible id.
            return Ok((keys::record(tenant, code, Uuid::max()), 0));
        };
        skip -= before;
        parent = Some(span);
    }
    let [.., finest] = SHIFTS;
    Ok((keys::records_before(tenant, code, parent.unwrap_or(0) << finest), skip))
}

/// How many records come before the id: the other way round than [`seek`], at about the same cost.
pub async fn rank(snapshot: &Snapshot, tenant: u32, code: u8, id: Uuid) -> Result<usize, Error> {
    let ms = created_ms(id);
    let mut before = 0;
    let mut parent: Option<u64> = None;
    for shift in SHIFTS {
        let span = ms >> shift;
        before += counted(snapshot, &keys::blocks(tenant, code, shift), parent, span).await?;
        parent = Some(span);
    }
    let [.., finest] = SHIFTS;
    let (prefix, last) = (keys::records(tenant, code), keys::record(tenant, code, id));
    let mut after = keys::records_before(tenant, code, (ms >> finest) << finest);
    loop {
        let limit = limits::SCAN_ROWS;
        let scan = Scan { prefix: &prefix, after: Some(&after), skip: 0, limit, values: false };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        let earlier = page.iter().take_while(|row| *row.key < last[..]).count();
        before += earlier;
        match page.last_key() {
            Some(key) if earlier == limit => after = key.to_vec(),
            _ => return Ok(before),
        }
    }
}

/// How many records the spans of one level hold that lie before `end` and in the parent.
async fn counted(snapshot: &Snapshot, level: &[u8], parent: Option<u64>, end: u64) -> Result<usize, Error> {
    let first = parent.map_or(0, |parent| parent * FANOUT);
    let mut after = first.checked_sub(1).map(|span| [level, &span.to_be_bytes()].concat());
    let mut before = 0;
    loop {
        let limit = FANOUT as usize;
        let scan = Scan { prefix: level, after: after.as_deref(), skip: 0, limit, values: true };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        for row in page.iter() {
            let Some(span) = row.key.last_chunk().map(|bytes| u64::from_be_bytes(*bytes)) else { continue };
            if span >= end {
                return Ok(before);
            }
            let count = row.value.last_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
            before += usize::try_from(count).unwrap_or(0);
        }
        match page.last_key() {
            Some(key) if page.len() == limit => after = Some(key.to_vec()),
            _ => return Ok(before),
        }
    }
}

/// The span of one level that holds the record number `skip` of its parent, and how many records the spans before it hold.
async fn span_at(
    snapshot: &Snapshot,
    level: &[u8],
    parent: Option<u64>,
    skip: usize,
) -> Result<Option<(u64, usize)>, Error> {
    let first = parent.map_or(0, |parent| parent * FANOUT);
    let mut after = first.checked_sub(1).map(|span| [level, &span.to_be_bytes()].concat());
    let mut before = 0;
    loop {
        let limit = FANOUT as usize;
        let scan = Scan { prefix: level, after: after.as_deref(), skip: 0, limit, values: true };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        for row in page.iter() {
            let Some(span) = row.key.last_chunk().map(|bytes| u64::from_be_bytes(*bytes)) else { continue };
            if parent.is_some_and(|parent| span / FANOUT != parent) {
                return Ok(None);
            }
            let count = row.value.last_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
            let count = usize::try_from(count).unwrap_or(0);
            if skip < before + count {
                return Ok(Some((span, before)));
            }
            before += count;
        }
        match page.last_key() {
            Some(key) if page.len() == limit => after = Some(key.to_vec()),
            _ => return Ok(None),
        }
    }
}

/// The milliseconds in a version 7 UUID.
fn created_ms(id: Uuid) -> u64 {
    id.as_u64_pair().0 >> 16
}

#[cfg(test)]
mod tests;
