//! Tests of mending `:authority` in bytes: every form that a field can have, in frames of every shape, cut everywhere. What is
//! expected is the same message made with the mended value, for its length must be the same.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use hyper::http::uri::Authority;
use proptest::prelude::*;

use super::{CODES, CONTINUATION, END_HEADERS, HEADERS, NAME_CODED, PADDED, PREFACE, PRIORITY, Spelling, mended};

const DATA: u8 = 0x0;
const SETTINGS: u8 = 0x4;
const PATH: &str = "%2Frun%2Fscimd data%2f/~admin.sock";
const MENDED: &str = ".2Frun.2Fscimd-data.2f3~admin.sock";

/// The letters of ASCII that have a code of so many bits, in the order of the codes (RFC 7541, appendix B).
const LETTERS: [(usize, &str); 9] = [
    (5, "012aceiost"),
    (6, " %-./3456789=A_bdfghlmnpru"),
    (7, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
    (8, "&*,;XZ"),
    (10, "!\"()?"),
    (11, "'+|"),
    (12, "#>"),
    (13, "\0$@[]~"),
    (14, "^}"),
];

/// A frame.
pub(in crate::server::admin) fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let [.., high, middle, low] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![high, middle, low, kind, flags, 0, 0, 0, stream];
    frame.extend(payload);
    frame
}

/// A plain string.
pub(in crate::server::admin) fn plain(text: &str) -> Vec<u8> {
    string(0, text.as_bytes())
}

/// A string in the Huffman code.
fn coded(text: &str) -> Vec<u8> {
    string(0x80, &huffman(text))
}

fn string(flag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut string = match bytes.len().checked_sub(0x7f) {
        None => vec![flag | u8::try_from(bytes.len()).unwrap()],
        Some(mut more) => {
            let mut length = vec![flag | 0x7f];
            while more >= 0x80 {
                length.push(u8::try_from(more % 0x80).unwrap() | 0x80);
                more /= 0x80;
            }
            length.push(u8::try_from(more).unwrap());
            length
        }
    };
    string.extend(bytes);
    string
}

fn huffman(text: &str) -> Vec<u8> {
    let mut bits = String::new();
    for letter in text.chars() {
        let mut first = 0;
        for length in 1..CODES.len() {
            first = (first + CODES[length - 1]) << 1;
            let letters = LETTERS.iter().find(|row| row.0 == length).map_or("", |row| row.1);
            if let Some(at) = letters.find(letter) {
                bits += &format!("{:0length$b}", first + u32::try_from(at).unwrap());
            }
        }
    }
    bits += &"1".repeat(bits.len().next_multiple_of(8) - bits.len());
    bits.as_bytes().chunks(8).map(|byte| u8::from_str_radix(str::from_utf8(byte).unwrap(), 2).unwrap()).collect()
}

/// A request's header block with this authority: a change of the table's size, indices of both tables, and fields of other names that have
/// the same value.
fn block(form: usize, value: &str) -> Vec<u8> {
    let strings: [fn(&str) -> Vec<u8>; 2] = [plain, coded];
    let text = strings[form % 2];
    let name = match form / 2 % 3 {
        0 => (1, vec![]),
        1 => (0, plain(":authority")),
        _ => (0, coded(":authority")),
    };
    // With indexing, without, never.
    let kind = [0x40, 0x00, 0x10][form / 6 % 3];
    let other = |name: &str| [vec![kind], text(name), text(PATH)].concat();
    [
        vec![0x3f, 0xe1, 0x1f, 0x83, 0x86, 0xff, 0x85, 0x01, 0xbe],
        [vec![0x04], text(PATH), vec![0x0f, 0x2f], text(PATH), vec![0x7f, 0x80, 0x01], text("")].concat(),
        other("authority"),
        [vec![kind | name.0], name.1, text(value)].concat(),
        other(":authoritx"),
        other(":authority:"),
        other(""),
    ]
    .concat()
}

const FORMS: usize = 18;

/// The beginning of a connection.
fn opened(frames: &[Vec<u8>]) -> Vec<u8> {
    [PREFACE.to_vec(), frame(SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 0]), frames.concat()].concat()
}

/// Mends in pieces that end at `cuts`, as far as there is something to cut.
fn mend(bytes: &[u8], cuts: &[usize]) -> Vec<u8> {
    let cuts: Vec<usize> = cuts.iter().copied().filter(|cut| *cut < bytes.len()).collect();
    let mut bytes = bytes.to_vec();
    let mut spelling = Spelling::default();
    let (mut rest, mut from) = (bytes.as_mut_slice(), 0);
    for cut in cuts {
        let (now, later) = rest.split_at_mut(cut - from);
        spelling.mend(now);
        (rest, from) = (later, cut);
    }
    spelling.mend(rest);
    bytes
}

/// Whole, cut in two at every byte, and byte by byte.
fn check(sent: &[u8], expected: &[u8]) {
    assert_eq!(mend(sent, &[]), expected);
    for cut in 1..sent.len() {
        assert_eq!(mend(sent, &[cut]), expected, "cut at {cut}");
    }
    assert_eq!(mend(sent, &(1..sent.len()).collect::<Vec<_>>()), expected);
}

#[test]
fn the_code_is_that_of_the_rfc() {
    // RFC 7541, appendix C.4.1 and C.4.3.
    assert_eq!(huffman("www.example.com"), [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff]);
    assert_eq!(huffman("custom-key"), [0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xa9, 0x7d, 0x7f]);
    assert_eq!(huffman(":authority"), NAME_CODED);
    // 256 letters and the end of the string, and no sequence of bits without a letter.
    assert_eq!(CODES.iter().sum::<u32>(), 257);
    assert_eq!(CODES.iter().enumerate().map(|(bits, count)| u64::from(*count) << (30 - bits)).sum::<u64>(), 1 << 30);
    for (bits, letters) in LETTERS {
        let known = letters.len();
        let codes = usize::try_from(CODES[bits]).unwrap();
        assert_eq!(known, codes, "{bits} bits");
    }
}

#[test]
fn every_letter_is_found_behind_every_other() {
    let letters = || LETTERS.iter().flat_map(|row| row.1.chars());
    let text: String = letters().flat_map(|first| letters().flat_map(move |second| [first, second])).collect();
    let expected: String = text.bytes().map(|byte| char::from(mended(byte))).collect();
    assert!(expected.len() == text.len() && !expected.contains(['%', ' ', '/']));
    for form in [0, 1] {
        let request = |value: &str| opened(&[frame(HEADERS, END_HEADERS, 1, &block(form, value))]);
        assert_eq!(mend(&request(&text), &[]), request(&expected));
    }
}

#[test]
fn what_was_mended_is_an_authority() {
    assert!(PATH.parse::<Authority>().is_err());
    assert!(MENDED.parse::<Authority>().is_ok());
    for authority in ["localhost", "localhost:9443", "[::1]:80", "admin@scim.example.com", "192.0.2.1"] {
        assert_eq!(authority.bytes().map(mended).collect::<Vec<_>>(), authority.as_bytes());
    }
}

#[test]
fn the_authority_is_mended_in_every_form_and_nothing_else() {
    for form in 0..FORMS {
        let request = |value| opened(&[frame(HEADERS, END_HEADERS, 1, &block(form, value)), frame(DATA, 1, 1, b"%/ ")]);
        assert_ne!(request(PATH), request(MENDED));
        check(&request(PATH), &request(MENDED));
        check(&request("localhost"), &request("localhost"));
    }
}

#[test]
fn padding_and_priority_are_respected() {
    // Padding and priority that would be fields.
    let priority = [0x01, 0x01, b'%', 0x01, 0x01];
    for form in 0..FORMS {
        let request = |value| {
            let block = block(form, value);
            let padding = [0x01, 0x02, b'%', b'/'];
            let padded = [&[4], block.as_slice(), &padding].concat();
            let both = [&[4], priority.as_slice(), &block, &padding].concat();
            opened(&[
                frame(HEADERS, END_HEADERS | PADDED, 1, &padded),
                frame(HEADERS, END_HEADERS | PRIORITY, 3, &[priority.as_slice(), &block].concat()),
                frame(HEADERS, END_HEADERS | PADDED | PRIORITY, 5, &both),
                frame(HEADERS, END_HEADERS | PADDED, 7, &[2, 0x01, b'%']),
                frame(HEADERS, END_HEADERS | PADDED, 9, &padded),
            ])
        };
        check(&request(PATH), &request(MENDED));
    }
}

#[test]
fn a_block_may_be_cut_into_frames_anywhere() {
    for form in 0..FORMS {
        let [sent, expected] = [PATH, MENDED].map(|value| block(form, value));
        for cut in 0..=sent.len() {
            let request = |block: &[u8]| {
                let (first, last) = block.split_at(cut);
                let (second, last) = last.split_at(last.len().min(1));
                opened(&[
                    frame(HEADERS, PADDED, 1, &[&[1], first, b"%"].concat()),
                    frame(CONTINUATION, 0, 1, second),
                    frame(CONTINUATION, 0, 1, &[]),
                    frame(CONTINUATION, END_HEADERS, 1, last),
                    frame(DATA, 0, 1, &[]),
                    frame(HEADERS, END_HEADERS, 3, block),
                ])
            };
            assert_eq!(mend(&request(&sent), &[]), request(&expected), "cut at {cut}");
        }
    }
}

#[test]
fn a_block_that_does_not_parse_is_left_to_the_http_2_layer() {
    let good = block(0, PATH);
    // A length without end, and one that promises more than the block has: the next block is read anew.
    for bad in [vec![0x01, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x01, 1, b'%'], vec![0x04, 0x20, b'%', b'/']] {
        let request =
            |value| opened(&[frame(HEADERS, END_HEADERS, 1, &bad), frame(HEADERS, END_HEADERS, 3, &block(0, value))]);
        check(&request(PATH), &request(MENDED));
    }
    // Whatever ends a connection ends the mending.
    for bad in [
        frame(HEADERS, PADDED | PRIORITY, 1, &[0, 0, 0, 0, 0]),
        frame(HEADERS, PADDED, 1, &[]),
        frame(HEADERS, PADDED, 1, &[3, 0x01, b'%']),
        frame(CONTINUATION, END_HEADERS, 1, &good),
        [frame(HEADERS, 0, 1, &good[..3]), frame(DATA, 0, 1, &[])].concat(),
        [frame(HEADERS, 0, 1, &good[..3]), frame(HEADERS, END_HEADERS, 1, &[])].concat(),
    ] {
        let sent = opened(&[bad, frame(HEADERS, END_HEADERS, 3, &good)]);
        check(&sent, &sent);
    }
    let other = b"GET /%2F HTTP/1.1\r\n\r\n\x01\x01%".as_slice();
    check(other, other);
}

proptest! {
    #[test]
    fn any_path_becomes_an_authority(path in "[a-zA-Z0-9._~/% -]{1,300}", form in 0..FORMS, cuts in prop::collection::btree_set(1..60_usize, 0..9)) {
        let expected: String = path.bytes().map(|byte| char::from(mended(byte))).collect();
        prop_assert!(expected.parse::<Authority>().is_ok());
        let request = |value: &str| opened(&[frame(HEADERS, END_HEADERS, 1, &block(form, value))]);
        prop_assert_eq!(mend(&request(&path), &Vec::from_iter(cuts)), request(&expected));
    }

    #[test]
    fn any_bytes_can_be_taken(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..4), flags in any::<u8>(), cut in 1..50_usize) {
        let frames: Vec<_> = blocks.iter().map(|block| frame(HEADERS, flags, 1, block)).collect();
        let sent = opened(&frames);
        prop_assert_eq!(mend(&sent, &[]), mend(&sent, &[cut]));
        let sent = [PREFACE.to_vec(), blocks.concat()].concat();
        prop_assert_eq!(mend(&sent, &[]), mend(&sent, &Vec::from_iter(1..sent.len())));
    }
}
