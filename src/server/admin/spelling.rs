//! The spelling of `:authority` in what clients of the Unix socket send. Many gRPC clients name the socket's path there, plain
//! (`/run/admin.sock`) or percent-encoded (`%2Frun%2Fadmin.sock`): gRPC's C core with Python, Ruby, PHP and C++ on top, Java, Swift, Bazel.
//! That is no authority, so the HTTP/2 layer would refuse every call, and it has no setting for it. Here the letters that an
//! authority cannot have become others, in place, while the bytes pass. It does not know what a call asks for, and keeps no bytes.
//!
//! Why that is sound: a letter is replaced by one that takes as many bits, in the plain and in the Huffman form, and counts as one
//! byte of the decoded value. So no length changes, neither of strings nor of frames nor of padding, and the dynamic tables
//! of both ends keep the same entries of the same sizes (RFC 7541, section 4.1), only that the server's have the new spelling. A later
//! request that names such an entry gets it. Fields are found without the table: whether one is `:authority` is seen from its index in the
//! static table or from its literal name, and encoders write no literal `:authority` by an index of the dynamic table, for the static
//! one has that name. Whatever does not parse passes as it is, and the HTTP/2 layer refuses it.

use std::mem;

/// What every client of HTTP/2 begins with (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes before the payload of a frame (RFC 9113, section 4.1).
const HEAD_BYTES: usize = 9;

// Frame types and flags that matter (RFC 9113, sections 6.2 and 6.10).
const HEADERS: u8 = 0x1;
const CONTINUATION: u8 = 0x9;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
/// Bytes that [`PRIORITY`] puts before the header block.
const PRIORITY_BYTES: usize = 5;

/// The index of `:authority` in the static table (RFC 7541, appendix A).
const AUTHORITY: u8 = 1;
/// The field's name as a literal.
const NAME: &[u8] = b":authority";
/// The field's name in the Huffman code.
const NAME_CODED: &[u8] = &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f];
/// The shift of the last seven bits that a length may have: more would be longer than any header block.
const LAST_SHIFT: u32 = 21;

/// How far a connection's bytes from the client were followed. One a connection, from its first byte on.
#[derive(Debug)]
pub struct Spelling {
    at: At,
    /// Whether a header block waits for a CONTINUATION.
    is_open: bool,
    /// Where in the header block.
    part: Part,
}

/// Where in the frames.
#[derive(Debug, Clone, Copy)]
enum At {
    /// So many bytes of the preface were there.
    Preface(usize),
    /// So many bytes of a frame's head were there.
    Head(usize, [u8; HEAD_BYTES]),
    /// Before the length of the padding.
    PadLength(Payload),
    /// In what remains of a payload.
    Payload(Payload),
    /// Not HTTP/2, or an error that ends the connection: nothing is looked at any more.
    Lost,
}

/// What remains of a frame's payload, in bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Payload {
    before: usize,
    block: usize,
    after: usize,
}

/// Where in a header block (RFC 7541, section 6).
#[derive(Debug, Clone, Copy)]
enum Part {
    /// Before a field.
    Field,
    /// In an integer that nobody needs; then comes a value, or another field.
    Integer { is_literal: bool },
    /// Before the length of a string.
    Start(Text),
    /// In the length of a string.
    Length { text: Text, is_coded: bool, length: usize, shift: u32 },
    /// In the name of a field, which was that of `:authority` so far or not.
    Name { is_coded: bool, left: usize, seen: usize, is_same: bool },
    /// In a value that stays as it is.
    Value { left: usize },
    /// In the plain value of `:authority`.
    Plain { left: usize },
    /// In the Huffman-coded value of `:authority`.
    Coded { left: usize, code: Code },
    /// Not a header block.
    Lost,
}

/// What a string is.
#[derive(Debug, Clone, Copy)]
enum Text {
    Name,
    Value { is_authority: bool },
}

impl Default for Spelling {
    fn default() -> Spelling {
        Spelling { at: At::Preface(0), is_open: false, part: Part::Field }
    }
}

impl Spelling {
    /// Takes the next bytes that the client sent, in pieces of any size, and mends every `:authority` in them: `%` becomes `.`, a space
    /// `-` and `/` becomes `3`, which are the letters of the same length that differ in one bit.
    pub fn mend(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let next = self.span().min(bytes.len());
            let (now, later) = mem::take(&mut bytes).split_at_mut(next);
            self.at = self.take(now);
            bytes = later;
        }
    }

    /// How many bytes at most belong to where we are; at least one.
    fn span(&self) -> usize {
        match self.at {
            At::Preface(seen) => PREFACE.len() - seen,
            At::Head(seen, _) => HEAD_BYTES - seen,
            At::PadLength(_) => 1,
            At::Payload(
                Payload { before: left @ 1.., .. } | Payload { block: left @ 1.., .. } | Payload { after: left, .. },
            ) => left,
            At::Lost => usize::MAX,
        }
    }

    /// Takes bytes of one span; answers where that leads.
    fn take(&mut self, bytes: &mut [u8]) -> At {
        let count = bytes.len();
        match self.at {
            At::Preface(seen) => match seen + count {
                to if PREFACE.get(seen..to) != Some(&*bytes) => At::Lost,
                to if to == PREFACE.len() => At::Head(0, [0; HEAD_BYTES]),
                to => At::Preface(to),
            },
            At::Head(seen, mut head) => {
                for (slot, byte) in head.iter_mut().skip(seen).zip(bytes) {
                    *slot = *byte;
                }
                if seen + count < HEAD_BYTES { At::Head(seen + count, head) } else { self.frame(head) }
            }
            At::PadLength(payload) => {
                let padding = bytes.first().copied().map_or(0, usize::from);
                let block = payload.block.checked_sub(padding);
                block.map_or(At::Lost, |block| Payload { block, after: padding, ..payload }.enter())
            }
            At::Payload(payload @ Payload { before: 1.., .. }) => {
                Payload { before: payload.before - count, ..payload }.enter()
            }
            At::Payload(payload @ Payload { block: 1.., .. }) => {
                for byte in bytes {
                    self.part = self.part.take(byte);
                }
                Payload { block: payload.block - count, ..payload }.enter()
            }
            At::Payload(payload) => Payload { after: payload.after - count, ..payload }.enter(),
            At::Lost => At::Lost,
        }
    }

    /// Begins the frame of this head. Nothing may come between the frames of one header block.
    fn frame(&mut self, head: [u8; HEAD_BYTES]) -> At {
        let [high, middle, low, kind, flags, ..] = head;
        let bytes = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        match (kind, self.is_open) {
            (HEADERS, false) => {
                self.part = Part::Field;
                self.is_open = flags & END_HEADERS == 0;
                let before = if flags & PRIORITY == 0 { 0 } else { PRIORITY_BYTES };
                let pad_length = usize::from(flags & PADDED != 0);
                match bytes.checked_sub(before + pad_length) {
                    Some(block) if pad_length == 0 => Payload { before, block, after: 0 }.enter(),
                    Some(block) => At::PadLength(Payload { before, block, after: 0 }),
                    None => At::Lost,
                }
            }
            (CONTINUATION, true) => {
                self.is_open = flags & END_HEADERS == 0;
                Payload { block: bytes, ..Payload::default() }.enter()
            }
            (HEADERS, true) | (CONTINUATION, false) | (_, true) => At::Lost,
            (_, false) => Payload { before: bytes, ..Payload::default() }.enter(),
        }
    }
}

impl Payload {
    /// Where a connection is with this much of the payload to come.
    fn enter(self) -> At {
        match self {
            Payload { before: 0, block: 0, after: 0 } => At::Head(0, [0; HEAD_BYTES]),
            payload => At::Payload(payload),
        }
    }
}

impl Part {
    /// Takes the next byte of a header block, mends it, and answers where that leads.
    fn take(self, byte: &mut u8) -> Part {
        match self {
            Part::Field => Part::field(*byte),
            Part::Integer { .. } if *byte & 0x80 != 0 => self,
            Part::Integer { is_literal: true } => Part::Start(Text::Value { is_authority: false }),
            Part::Integer { is_literal: false } => Part::Field,
            Part::Start(text) => {
                let (is_coded, length) = (*byte & 0x80 != 0, usize::from(*byte & 0x7f));
                if length == 0x7f {
                    Part::Length { text, is_coded, length, shift: 0 }
                } else {
                    text.begin(is_coded, length)
                }
            }
            Part::Length { shift, .. } if shift > LAST_SHIFT => Part::Lost,
            Part::Length { text, is_coded, length, shift } => {
                let length = length + (usize::from(*byte & 0x7f) << shift);
                if *byte & 0x80 == 0 {
                    text.begin(is_coded, length)
                } else {
                    Part::Length { text, is_coded, length, shift: shift + 7 }
                }
            }
            Part::Name { is_coded, left, seen, is_same } => {
                let name = if is_coded { NAME_CODED } else { NAME };
                let (is_same, seen) = (is_same && name.get(seen) == Some(byte), seen + 1);
                match left {
                    0 | 1 => Part::Start(Text::Value { is_authority: is_same && seen == name.len() }),
                    left => Part::Name { is_coded, left: left - 1, seen, is_same },
                }
            }
            Part::Value { left: 0 | 1 } => Part::Field,
            Part::Value { left } => Part::Value { left: left - 1 },
            Part::Plain { left } => {
                *byte = mended(*byte);
                if left > 1 { Part::Plain { left: left - 1 } } else { Part::Field }
            }
            Part::Coded { left, mut code } => {
                code.mend(byte);
                if left > 1 { Part::Coded { left: left - 1, code } } else { Part::Field }
            }
            Part::Lost => Part::Lost,
        }
    }

    /// The first byte of a field. An index that does not fit into it is none of `:authority`.
    fn field(byte: u8) -> Part {
        let prefix: u8 = match byte {
            0x80.. => return if byte == 0xff { Part::Integer { is_literal: false } } else { Part::Field },
            0x40.. => 0x3f,
            // The size of the dynamic table.
            0x20.. => return if byte == 0x3f { Part::Integer { is_literal: false } } else { Part::Field },
            _ => 0x0f,
        };
        match byte & prefix {
            0 => Part::Start(Text::Name),
            index if index == prefix => Part::Integer { is_literal: true },
            index => Part::Start(Text::Value { is_authority: index == AUTHORITY }),
        }
    }
}

impl Text {
    /// Where a string of this length begins.
    fn begin(self, is_coded: bool, length: usize) -> Part {
        match self {
            Text::Name if length == 0 => Part::Start(Text::Value { is_authority: false }),
            Text::Name => Part::Name { is_coded, left: length, seen: 0, is_same: true },
            Text::Value { .. } if length == 0 => Part::Field,
            Text::Value { is_authority: false } => Part::Value { left: length },
            Text::Value { is_authority: true } if is_coded => Part::Coded { left: length, code: Code::default() },
            Text::Value { is_authority: true } => Part::Plain { left: length },
        }
    }
}

fn mended(byte: u8) -> u8 {
    match byte {
        b'%' => b'.',
        b' ' => b'-',
        b'/' => b'3',
        byte => byte,
    }
}

/// How many codes of the Huffman code have so many bits, from none on (RFC 7541, appendix B).
const CODES: [u32; 31] =
    [0, 0, 0, 0, 0, 10, 26, 32, 6, 0, 5, 3, 2, 6, 2, 3, 0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29, 0, 4];

/// The bits of a letter in the Huffman code so far. The code is canonical, so that the number of codes of each length tells where
/// a letter ends: the codes of one length follow on each other, and the first follows on the last shorter one.
#[derive(Debug, Clone, Copy, Default)]
struct Code {
    bits: u32,
    /// The first code of this length.
    first: u32,
    length: usize,
}

impl Code {
    /// Mends the letters that have bits in this byte. A letter may have begun in a byte that is gone, so each is told from the letters
    /// that can stay by the bit that is changed, and not later.
    fn mend(&mut self, byte: &mut u8) {
        for mask in (0..8).rev().map(|bit| 1_u8 << bit) {
            let shorter = CODES.get(self.length).copied().unwrap_or(0);
            self.first = (self.first + shorter) << 1;
            self.length += 1;
            self.bits = self.bits << 1 | u32::from(*byte & mask != 0);
            match (self.length, self.bits) {
                // 01010 begins the space (010100) and `%` (010101), 01011 `-` and `.`; 011000 is `/`, 011001 is `3`.
                (5, 0b01010) | (6, 0b01_1000) => {
                    *byte |= mask;
                    self.bits |= 1;
                }
                _ => {}
            }
            let count = CODES.get(self.length).copied().unwrap_or(0);
            // No code is longer than the table; what is has no letters in it.
            if self.bits < self.first + count || self.length >= CODES.len() {
                *self = Code::default();
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
