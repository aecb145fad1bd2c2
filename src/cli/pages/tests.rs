//! Tests of lists that come in pages.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::gather;
use crate::cli::client::wait;

/// Gathers up to `limit` of 7 numbers, of which the server never gives more than 3 a page, and first an empty page.
fn gathered(limit: usize, from: &str) -> (Vec<usize>, String, Vec<i32>) {
    let mut sizes = Vec::new();
    let (numbers, next) = wait(gather(limit, from.to_owned(), async |size, token: String| {
        sizes.push(size);
        if token.is_empty() {
            return Ok((Vec::new(), "0".to_owned()));
        }
        let start: usize = token.parse().unwrap();
        let end = (start + usize::try_from(size).unwrap().min(3)).min(7);
        let next = if end == 7 { String::new() } else { end.to_string() };
        Ok(((start..end).collect(), next))
    }))
    .unwrap();
    (numbers, next, sizes)
}

#[test]
fn all_pages_are_gathered() {
    assert_eq!(gathered(0, ""), ((0..7).collect(), String::new(), vec![1_000; 4]));
    assert_eq!(gathered(100, "").0, (0..7).collect::<Vec<_>>());
}

#[test]
fn the_limit_is_met_exactly_and_the_rest_can_be_asked_for() {
    assert_eq!(gathered(5, ""), ((0..5).collect(), "5".to_owned(), vec![5, 5, 2]));
    assert_eq!(gathered(5, "5"), (vec![5, 6], String::new(), vec![5]));
    assert_eq!(gathered(7, ""), ((0..7).collect(), String::new(), vec![7, 7, 4, 1]));
}
