//! The recorder of calls is bounded for each target and for all together.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn sent(path: &str, bytes: usize) -> Sent {
    Sent { path: path.to_owned(), answer: "x".repeat(bytes), ..Sent::default() }
}

#[test]
fn a_targets_oldest_calls_give_way() {
    let calls = Calls::default();
    for number in 0..limits::TARGET_CALLS_MAX + 5 {
        calls.record(1, 1, sent(&format!("/{number}"), 0));
    }
    let kept = calls.of(1, 1);
    assert_eq!(kept.len(), limits::TARGET_CALLS_MAX);
    assert_eq!(kept[0].1.path, format!("/{}", limits::TARGET_CALLS_MAX + 4));
    assert_eq!(kept.last().unwrap().1.path, "/5");
    calls.forget(1, Some(2));
    assert_eq!(calls.of(1, 1).len(), limits::TARGET_CALLS_MAX);
    calls.forget(1, None);
    assert!(calls.of(1, 1).is_empty());
}

#[test]
fn all_together_have_a_limit() {
    let calls = Calls::default();
    let size = limits::TARGET_CALLS_BYTES_MAX / 4;
    for target in 0..10 {
        calls.record(1, target, sent("/", size));
    }
    let kept: usize = (0..10).map(|target| calls.of(1, target).len()).sum();
    assert!((1..=4).contains(&kept), "{kept}");
    assert_eq!(calls.of(1, 9).len(), 1);
}
