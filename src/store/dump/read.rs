//! Reading a dump: every byte is checked before it is believed. The format is described one level up.

use std::io::{ErrorKind, Read};

use sha2::{Digest, Sha256};

use super::super::Stamp;
use super::super::row::{self, Kind};
use super::{Error, FORMAT, HEADER_BYTES, MAGIC, Progress, ROW_OVERHEAD_BYTES, Summary, TRAILER_BYTES};
use crate::limits;

/// Where the dump comes from, how far it was read, and the hash of what was.
struct Input<'a, R> {
    input: &'a mut R,
    offset: u64,
    hash: Sha256,
}

/// What the rows so far say of the next one.
struct Order {
    newest: Stamp,
    last_key: Vec<u8>,
    rows: u64,
}

/// A row of a block, and what of the block is left behind it.
struct Next<'a> {
    key: &'a [u8],
    stored: &'a [u8],
    rest: &'a [u8],
}

/// Reads a dump to its end and shows each row, its key and what is stored, with the bytes read so far.
pub(super) fn walk<E: From<Error>>(
    input: &mut impl Read,
    mut visit: impl FnMut(&[u8], &[u8], Progress) -> Result<(), E>,
) -> Result<Summary, E> {
    let mut input = Input { input, offset: 0, hash: Sha256::new() };
    let newest = header(&mut input)?;
    let mut order = Order { newest, last_key: Vec::new(), rows: 0 };
    let mut block = Vec::new();
    loop {
        let begun = input.offset;
        if !next_block(&mut input, &mut block)? {
            return Ok(trailer(&mut input, begun, &order)?);
        }
        let bytes = input.offset;
        let mut rest = block.as_slice();
        while !rest.is_empty() {
            // The rows stand behind the four bytes of the block's length.
            let offset = begun + 4 + (block.len() - rest.len()) as u64;
            let row = order.next(rest, offset)?;
            rest = row.rest;
            visit(row.key, row.stored, Progress { rows: order.rows, bytes })?;
        }
    }
}

/// Checks the header and answers with the stamp of the dump.
fn header<R: Read>(input: &mut Input<'_, R>) -> Result<Stamp, Error> {
    let mut header = [0; HEADER_BYTES];
    let (magic, rest) = header.split_at_mut(MAGIC.len());
    match input.take(magic) {
        Ok(()) if magic == MAGIC => {}
        // A dump cut short within its first bytes is still the beginning of one.
        Err(Error::Truncated { offset })
            if offset > 0 && MAGIC.starts_with(magic.get(..short(offset)).unwrap_or(&[])) =>
        {
            return Err(Error::Truncated { offset });
        }
        Ok(()) | Err(Error::Truncated { .. }) => return Err(Error::NotADump),
        Err(other) => return Err(other),
    }
    let (format, rest) = rest.split_at_mut(4);
    let offset = input.offset;
    input.take(format)?;
    let found = number_u32(format);
    // Before anything else of the header, which in another format is another one.
    if found > FORMAT {
        return Err(Error::NewerFormat { offset, found, known: FORMAT });
    }
    input.take(rest)?;
    let mut numbers = &*rest;
    let revision = take_u64(&mut numbers);
    let time_ms = take_u64(&mut numbers).cast_signed();
    let crc = number_u32(numbers);
    let covered = header.get(..HEADER_BYTES - 4).unwrap_or(&[]);
    if crc32fast::hash(covered) != crc || found == 0 {
        return Err(Error::Damaged { offset: 0, what: "the header is not as it was written" });
    }
    Ok(Stamp { revision, time_ms })
}

/// Reads the rows of the next block and checks them as a whole; false when there is the trailer instead.
fn next_block<R: Read>(input: &mut Input<'_, R>, block: &mut Vec<u8>) -> Result<bool, Error> {
    let offset = input.offset;
    let mut length = [0; 4];
    input.take(&mut length)?;
    let bytes = u32::from_be_bytes(length) as usize;
    if bytes == 0 {
        return Ok(false);
    }
    if bytes > limits::STORE_DUMP_BLOCK_BYTES_MAX {
        return Err(Error::Damaged { offset, what: "no block is that long" });
    }
    block.resize(bytes, 0);
    input.take(block)?;
    let mut crc = [0; 4];
    input.take(&mut crc)?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(block);
    if hasher.finalize() != u32::from_be_bytes(crc) {
        return Err(Error::Damaged { offset, what: "the block is not as it was written" });
    }
    Ok(true)
}

/// Checks the trailer, whose first four bytes are read, and that nothing follows.
fn trailer<R: Read>(input: &mut Input<'_, R>, offset: u64, order: &Order) -> Result<Summary, Error> {
    let mut trailer = [0; TRAILER_BYTES];
    let (numbers, hash) = trailer.split_at_mut(16);
    input.take(numbers)?;
    let expected: [u8; 32] = input.hash.clone().finalize().into();
    input.take(hash)?;
    let mut numbers = &*numbers;
    let disagrees = |what| Err(Error::Disagrees { offset, what });
    if take_u64(&mut numbers) != order.rows {
        return disagrees("the number of rows");
    }
    if take_u64(&mut numbers) != offset {
        return disagrees("the number of bytes");
    }
    if *hash != expected {
        return disagrees("the hash");
    }
    let end = input.offset;
    match input.take(&mut [0]) {
        Err(Error::Truncated { .. }) => {}
        Ok(()) => return Err(Error::TrailingBytes { offset: end }),
        Err(other) => return Err(other),
    }
    let Stamp { revision, time_ms } = order.newest;
    Ok(Summary { revision, time_ms, rows: order.rows, bytes: end, sha256: expected })
}

impl Order {
    /// Takes the next row, which stands at `offset`, off the rest of a block.
    fn next<'a>(&mut self, rest: &'a [u8], offset: u64) -> Result<Next<'a>, Error> {
        let damaged = |what| Error::Damaged { offset, what };
        let parts = || {
            let (lengths, rest) = rest.split_at_checked(ROW_OVERHEAD_BYTES)?;
            let (key, stored) = lengths.split_at_checked(4)?;
            let (key, rest) = rest.split_at_checked(number_u32(key) as usize)?;
            let (stored, rest) = rest.split_at_checked(number_u32(stored) as usize)?;
            Some((key, stored, rest))
        };
        let (key, stored, rest) = parts().ok_or_else(|| damaged("a row is longer than its block"))?;
        if key.is_empty() {
            return Err(damaged("a row has no key"));
        }
        if stored.len() < row::HEADER_BYTES {
            return Err(damaged("a row has no stamp"));
        }
        if row::kind(stored) == Kind::Counter && row::count(stored).is_none() {
            return Err(damaged("a counter is no number"));
        }
        if row::stamp(stored).revision > self.newest.revision {
            return Err(damaged("a row is newer than the dump"));
        }
        if key <= self.last_key.as_slice() {
            return Err(Error::OutOfOrder { offset });
        }
        self.last_key.clear();
        self.last_key.extend_from_slice(key);
        self.rows += 1;
        Ok(Next { key, stored, rest })
    }
}

impl<R: Read> Input<'_, R> {
    /// Fills the buffer.
    fn take(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        let mut left = &mut *buffer;
        while !left.is_empty() {
            match self.input.read(left) {
                Ok(0) => return Err(Error::Truncated { offset: self.offset }),
                Ok(read) => {
                    self.offset += read as u64;
                    left = left.get_mut(read..).unwrap_or_default();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::Read { offset: self.offset, source }),
            }
        }
        self.hash.update(buffer);
        Ok(())
    }
}

fn short(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// The number in four bytes.
fn number_u32(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// Takes a number off the front of the bytes.
fn take_u64(bytes: &mut &[u8]) -> u64 {
    let Some((number, rest)) = bytes.split_first_chunk() else {
        return 0;
    };
    *bytes = rest;
    u64::from_be_bytes(*number)
}
