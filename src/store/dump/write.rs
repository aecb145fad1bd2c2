//! Writing a dump: rows are gathered into blocks, and everything written is hashed. The format is described one level up.

use std::io::Write;

use sha2::{Digest, Sha256};

use super::super::Snapshot;
use super::{Error, FORMAT, HEADER_BYTES, MAGIC, Progress, ROW_OVERHEAD_BYTES, Summary, walk};
use crate::limits;

/// The bytes of a block's length.
const LENGTH_BYTES: usize = 4;

/// What takes the dump, how much it has taken, and the hash of that.
struct Out<'a, W> {
    out: &'a mut W,
    offset: u64,
    hash: Sha256,
    /// The block being filled: a place for its length, then its rows.
    block: Vec<u8>,
}

/// Writes a dump of the snapshot.
pub(super) fn write(
    snapshot: &Snapshot,
    out: &mut impl Write,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Summary, Error> {
    let stamp = snapshot.view.stamp();
    let mut out = Out { out, offset: 0, hash: Sha256::new(), block: vec![0; LENGTH_BYTES] };
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend_from_slice(MAGIC);
    header.extend_from_slice(&FORMAT.to_be_bytes());
    header.extend_from_slice(&stamp.revision.to_be_bytes());
    header.extend_from_slice(&stamp.time_ms.to_be_bytes());
    header.extend_from_slice(&crc32fast::hash(&header).to_be_bytes());
    out.put(&header)?;

    let mut rows = 0;
    walk(snapshot, |key, row| {
        out.add(key, row);
        rows += 1;
        if out.block.len() < limits::STORE_DUMP_BLOCK_BYTES {
            return Ok(());
        }
        out.end_block()?;
        go_on(progress, rows, out.offset)
    })?;
    out.end_block()?;
    go_on(progress, rows, out.offset)?;

    let bytes = out.offset;
    out.put(&[[0; LENGTH_BYTES].as_slice(), &rows.to_be_bytes(), &bytes.to_be_bytes()].concat())?;
    let sha256: [u8; 32] = out.hash.clone().finalize().into();
    out.put(&sha256)?;
    out.out.flush().map_err(|source| Error::Write { offset: out.offset, source })?;
    Ok(Summary { revision: stamp.revision, time_ms: stamp.time_ms, rows, bytes: out.offset, sha256 })
}

impl<W: Write> Out<'_, W> {
    fn add(&mut self, key: &[u8], row: &[u8]) {
        self.block.reserve(ROW_OVERHEAD_BYTES + key.len() + row.len());
        self.block.extend_from_slice(&length(key.len()));
        self.block.extend_from_slice(&length(row.len()));
        self.block.extend_from_slice(key);
        self.block.extend_from_slice(row);
    }

    /// Writes the block, if it has any row, and begins the next one.
    fn end_block(&mut self) -> Result<(), Error> {
        let mut block = std::mem::take(&mut self.block);
        let rows = block.len() - LENGTH_BYTES;
        if rows > 0 {
            for (place, byte) in block.iter_mut().zip(length(rows)) {
                *place = byte;
            }
            block.extend_from_slice(&crc32fast::hash(&block).to_be_bytes());
            self.put(&block)?;
        }
        block.clear();
        // A block of one large row must not keep its room for ever.
        block.shrink_to(2 * limits::STORE_DUMP_BLOCK_BYTES);
        block.resize(LENGTH_BYTES, 0);
        self.block = block;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.write_all(bytes).map_err(|source| Error::Write { offset: self.offset, source })?;
        self.hash.update(bytes);
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

fn go_on(progress: &mut dyn FnMut(Progress) -> bool, rows: u64, bytes: u64) -> Result<(), Error> {
    if progress(Progress { rows, bytes }) { Ok(()) } else { Err(Error::Cancelled) }
}

/// A length as four bytes. What a block can hold is far below the bound, by the assertion beside the format.
fn length(bytes: usize) -> [u8; LENGTH_BYTES] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}
