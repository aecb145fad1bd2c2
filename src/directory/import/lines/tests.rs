//! Lines from pieces of any size.

use super::{Lines, Text};
use crate::limits;

#[test]
fn cuts_make_no_difference() {
    let text = b"first\n\n  \nsecond\r\nlast";
    let expected: Vec<(u64, Text)> = vec![
        (1, Text::Line(b"first".to_vec())),
        (2, Text::Blank),
        (3, Text::Blank),
        (4, Text::Line(b"second\r".to_vec())),
        (5, Text::Line(b"last".to_vec())),
    ];
    for size in 1..=text.len() {
        let mut lines = Lines::default();
        let mut got: Vec<(u64, Text)> = text.chunks(size).flat_map(|piece| lines.feed(piece)).collect();
        got.extend(lines.finish());
        assert_eq!(got, expected, "{size}");
        assert_eq!(lines.number(), 5);
    }
}

#[test]
fn a_line_that_is_too_long_takes_no_memory() {
    let mut lines = Lines::default();
    let piece = vec![b'x'; 1024 * 1024];
    let mut fed = 0;
    while fed <= 2 * limits::IMPORT_LINE_BYTES_MAX {
        assert!(lines.feed(&piece).is_empty());
        assert!(lines.begun.capacity() <= 2 * limits::IMPORT_LINE_BYTES_MAX);
        fed += piece.len();
    }
    assert_eq!(lines.begun.capacity(), 0);
    assert_eq!(lines.feed(b"\nok\n"), [(1, Text::TooLong), (2, Text::Line(b"ok".to_vec()))]);
    assert_eq!(lines.finish(), None);
}
