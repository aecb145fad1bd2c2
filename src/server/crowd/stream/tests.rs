//! How answers end.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Ended, Out, Way};
use crate::directory::answer::Cut;
use crate::limits;
use crate::scim::errors::{Error, Kind};
use crate::server::body::Answer;
use tokio::sync::oneshot;

fn out() -> (Out, oneshot::Receiver<Result<Answer, Error>>) {
    let (head, begun) = oneshot::channel();
    (Out { bytes: b"<x>".to_vec(), way: Way::Held(Some(head)) }, begun)
}

fn failed() -> Result<(), Ended> {
    Err(Ended::Failed(Error::new(Kind::Unavailable, "the disk is gone")))
}

#[tokio::test]
async fn a_short_answer_is_whole() {
    let (mut out, begun) = out();
    out.flush().await.ok().unwrap();
    out.bytes.extend_from_slice(b"</x>");
    out.end(Ok(())).await;
    let Answer::Full(bytes) = begun.await.unwrap().unwrap() else { panic!("a stream") };
    assert_eq!(bytes, "<x></x>");
}

#[tokio::test]
async fn what_fails_before_its_first_byte_is_a_refusal() {
    let (out, begun) = out();
    out.end(failed()).await;
    assert_eq!(begun.await.unwrap().unwrap_err().kind, Kind::Unavailable);
}

#[tokio::test]
async fn what_fails_on_its_way_is_cut() {
    for is_whole in [true, false] {
        let (mut out, begun) = out();
        let maker = tokio::spawn(async move {
            for _ in 0..5 {
                out.bytes.resize(limits::STREAM_CHUNK_BYTES, b' ');
                out.flush().await.ok().unwrap();
            }
            out.bytes.extend_from_slice(b"</x>");
            out.end(if is_whole { Ok(()) } else { failed() }).await;
        });
        let Answer::Stream(mut parts) = begun.await.unwrap().unwrap() else { panic!("whole") };
        let mut last = None;
        while let Some(part) = parts.recv().await {
            last = Some(part);
        }
        match is_whole {
            true => assert_eq!(last, Some(Ok("</x>".into()))),
            false => assert_eq!(last, Some(Err(Cut))),
        }
        maker.await.unwrap();
    }
}

#[tokio::test]
async fn nobody_is_written_to_who_went_away() {
    let (mut out, begun) = out();
    drop(begun);
    out.bytes.resize(limits::STREAM_CHUNK_BYTES, b' ');
    assert!(matches!(out.flush().await, Err(Ended::Gone)));
    out.end(Err(Ended::Gone)).await;
}
