//! The bytes of one stored row: a header of sixteen bytes (revision and time of the commit, big-endian), then the value.
//! The topmost bit of the revision says that the row is a counter. It does not know where rows are kept.

use super::{Entry, Stamp};

/// The length of the header.
pub(super) const HEADER_BYTES: usize = 16;

const COUNTER_BIT: u64 = 1 << 63;

/// Whether a row was put or is kept by additions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Counter,
}

/// Writes a row into `row`, over what was there.
pub(super) fn encode(row: &mut Vec<u8>, kind: Kind, stamp: Stamp, value: &[u8]) {
    let mark = match kind {
        Kind::Plain => 0,
        Kind::Counter => COUNTER_BIT,
    };
    row.clear();
    row.reserve(HEADER_BYTES + value.len());
    row.extend_from_slice(&(stamp.revision | mark).to_be_bytes());
    row.extend_from_slice(&stamp.time_ms.to_be_bytes());
    row.extend_from_slice(value);
}

/// The entry of a row.
pub(super) fn entry(row: &[u8]) -> Entry {
    Entry { stamp: stamp(row), value: value(row).to_vec() }
}

/// The stamp of a row; that of no commit when the row is shorter than its header.
pub(super) fn stamp(row: &[u8]) -> Stamp {
    let (revision, rest) = split_u64(row);
    let (time, _) = split_u64(rest);
    Stamp { revision: revision & !COUNTER_BIT, time_ms: time.cast_signed() }
}

/// The value of a row, without the header.
pub(super) fn value(row: &[u8]) -> &[u8] {
    row.get(HEADER_BYTES..).unwrap_or_default()
}

/// Whether the row is a counter.
pub(super) fn kind(row: &[u8]) -> Kind {
    if split_u64(row).0 & COUNTER_BIT == 0 { Kind::Plain } else { Kind::Counter }
}

/// The value of a counter; none when the row is not one.
pub(super) fn count(row: &[u8]) -> Option<i64> {
    match kind(row) {
        Kind::Plain => None,
        Kind::Counter => number(value(row)),
    }
}

/// The number that the eight bytes of a counter hold.
pub(super) fn number(value: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(value.try_into().ok()?))
}

/// The length of the shared header in front of `row`, for readers that copy it without the value.
pub(super) fn header(row: &[u8]) -> &[u8] {
    row.get(..HEADER_BYTES).unwrap_or(row)
}

/// The first key after every key that starts with `prefix`; none when there is no such key.
pub(super) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=last)?.to_vec();
    *end.last_mut()? += 1;
    Some(end)
}

fn split_u64(bytes: &[u8]) -> (u64, &[u8]) {
    match bytes.split_first_chunk() {
        Some((first, rest)) => (u64::from_be_bytes(*first), rest),
        None => (0, &[]),
    }
}
