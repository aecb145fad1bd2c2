//! The rows of one scan: all keys and rows end to end in one buffer, and where each ends. It does not know where they
//! were read.

use super::{Page, Row, Scan, Stamp, row};
use crate::limits;

/// Where the key and the row of one entry end in the buffer. It begins where the one before it ends.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ends {
    key: usize,
    row: usize,
}

impl Page {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The full key of a row; empty past the last one.
    pub fn key(&self, index: usize) -> &[u8] {
        self.parts(index).0
    }

    /// The value of a row; empty past the last one and when the scan asked for keys only.
    pub fn value(&self, index: usize) -> &[u8] {
        row::value(self.parts(index).1)
    }

    /// The stamp of the batch that wrote a row; that of no batch past the last one.
    pub fn stamp(&self, index: usize) -> Stamp {
        row::stamp(self.parts(index).1)
    }

    /// The value of a row that is a counter; none when it is not one, and when the scan asked for keys only.
    pub fn count(&self, index: usize) -> Option<i64> {
        row::count(self.parts(index).1)
    }

    /// The rows in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        let mut start = 0;
        self.ends.iter().map(move |ends| {
            let (key, row) = self.slices(start, *ends);
            start = ends.row;
            Row { key, value: row::value(row), stamp: row::stamp(row) }
        })
    }

    /// The key of the last row, which is where the next page goes on.
    pub fn last_key(&self) -> Option<&[u8]> {
        self.len().checked_sub(1).map(|last| self.key(last))
    }

    /// The rows as they are stored, header and value, or the header alone when the scan asked for keys only.
    pub(super) fn stored(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        (0..self.len()).map(|index| self.parts(index))
    }

    /// What the keys and rows take, headers included.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// A page with room for the rows of a scan.
    pub(super) fn with_room(scan: &Scan<'_>) -> Page {
        Page { bytes: Vec::new(), ends: Vec::with_capacity(scan.limit.min(limits::STORE_PAGE_ROWS_RESERVED_MAX)) }
    }

    /// Appends a stored row, without its value when `values` is false.
    pub(super) fn push(&mut self, key: &[u8], row: &[u8], values: bool) {
        let row = if values { row } else { row::header(row) };
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(row);
        self.ends.push(Ends { key: key_end, row: self.bytes.len() });
    }

    fn parts(&self, index: usize) -> (&[u8], &[u8]) {
        let Some(ends) = self.ends.get(index) else {
            return (&[], &[]);
        };
        let before = index.checked_sub(1).and_then(|before| self.ends.get(before));
        self.slices(before.map_or(0, |before| before.row), *ends)
    }

    fn slices(&self, start: usize, ends: Ends) -> (&[u8], &[u8]) {
        let key = self.bytes.get(start..ends.key).unwrap_or_default();
        (key, self.bytes.get(ends.key..ends.row).unwrap_or_default())
    }
}

/// The bounds of the keys a scan visits: the first, whether it is left out, and the first key past the end. None when
/// no key can be between them.
pub(super) fn bounds(scan: &Scan<'_>) -> Option<(Vec<u8>, bool, Option<Vec<u8>>)> {
    let end = row::prefix_end(scan.prefix);
    let (start, excluded) = match scan.after {
        Some(after) if after >= scan.prefix => (after.to_vec(), true),
        _ => (scan.prefix.to_vec(), false),
    };
    match &end {
        Some(end) if *end <= start => None,
        _ => Some((start, excluded, end)),
    }
}

impl std::fmt::Debug for Page {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Page").field("rows", &self.len()).field("bytes", &self.bytes.len()).finish()
    }
}
