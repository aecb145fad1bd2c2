//! Bodies within and beyond their limits.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn streamed(parts: Vec<Result<Bytes, Cut>>) -> Answer {
    let (sender, receiver) = mpsc::channel(parts.len().max(1));
    for part in parts {
        sender.try_send(part).unwrap();
    }
    Answer::Stream(receiver)
}

fn part(text: &'static str) -> Result<Bytes, Cut> {
    Ok(Bytes::from_static(text.as_bytes()))
}

#[tokio::test]
async fn bodies_are_read_whole() {
    let pace = Pace::default();
    assert_eq!(collect(Answer::empty(), Some(0), 0, &pace).await.unwrap(), "");
    assert_eq!(collect(Answer::Full("ab".into()), None, 2, &pace).await.unwrap(), "ab");
    let parts = streamed(vec![part(""), part("ab"), part("cd"), part("e")]);
    assert_eq!(collect(parts, None, 5, &pace).await.unwrap(), "abcde");
}

#[tokio::test]
async fn a_declared_length_over_the_limit_is_refused_unread() {
    let (sender, receiver) = mpsc::channel(1);
    let refused = collect(Answer::Stream(receiver), Some(6), 5, &Pace::default()).await;
    assert_eq!(refused, Err(ReadError::TooLarge));
    assert!(sender.is_closed());
}

#[tokio::test]
async fn an_undeclared_length_is_cut_at_the_limit() {
    let parts = streamed(vec![part("abc"), part("def"), part("ghi")]);
    assert_eq!(collect(parts, None, 5, &Pace::default()).await, Err(ReadError::TooLarge));
}

#[tokio::test]
async fn a_broken_body_is_not_a_short_one() {
    let parts = streamed(vec![part("abc"), Err(Cut)]);
    assert_eq!(collect(parts, None, 5, &Pace::default()).await, Err(ReadError::Broken));
}

#[tokio::test]
async fn a_body_that_stops_coming_is_given_up() {
    let (sender, receiver) = mpsc::channel(1);
    sender.try_send(part("a")).unwrap();
    let pace = Pace { free: Duration::from_millis(1), ..Pace::default() };
    assert_eq!(collect(Answer::Stream(receiver), None, 5, &pace).await, Err(ReadError::TooSlow));
}

#[test]
fn the_deadline_moves_with_the_bytes_up_to_the_total() {
    let pace = Pace { total: Duration::from_secs(30), free: Duration::from_secs(5), bytes_per_s: 1024 };
    let start = Instant::now();
    assert_eq!(pace.deadline(start, 0) - start, Duration::from_secs(5));
    assert_eq!(pace.deadline(start, 10 * 1024) - start, Duration::from_secs(15));
    assert_eq!(pace.deadline(start, usize::MAX) - start, Duration::from_secs(30));
}

#[test]
fn a_whole_answer_tells_its_size() {
    assert_eq!(Answer::Full("abc".into()).size_hint().exact(), Some(3));
    assert!(Answer::empty().is_end_stream());
    assert_eq!(streamed(vec![]).size_hint().exact(), None);
}
