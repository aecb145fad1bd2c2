//! Places go out as text and come back, and nothing else does.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{read, write};

#[test]
fn a_place_comes_back() {
    for place in [&b""[..], b"\0", b"abc", &[255; 40]] {
        assert_eq!(read(7, &write(7, place)).unwrap(), place);
    }
}

#[test]
fn a_place_of_another_list_is_none() {
    assert_eq!(read(8, &write(7, b"abc")), None);
}

#[test]
fn every_changed_character_is_seen() {
    let text = write(1, b"some place in a log");
    for at in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(read(1, &changed), None, "{changed}");
    }
    for wrong in ["", "A", "AAAA", "=", "ü", &text[1..], &text[..text.len() - 1]] {
        assert_eq!(read(1, wrong), None, "{wrong}");
    }
}
