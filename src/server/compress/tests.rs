//! What is compressed, what is not, and that it is the same afterwards.
#![allow(clippy::unwrap_used)]

use super::compress;
use crate::directory::answer::{Content, Cut};
use crate::limits;
use crate::server::body::Answer;
use crate::server::negotiate::{Coding, Codings};
use crate::server::respond::{self, Headers, Media};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Response;
use hyper::header::CONTENT_ENCODING;
use std::io::Read;
use tokio::sync::mpsc;

fn takes(best: Option<Coding>, identity: bool) -> Codings {
    Codings { best, identity }
}

fn text(bytes: usize) -> Vec<u8> {
    let lines =
        (0_u64..).flat_map(|n| format!("{{\"id\":\"{}\"}},", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).into_bytes());
    lines.take(bytes).collect()
}

fn answer(content: Content) -> Response<Answer> {
    respond::ok(content, &Headers::default(), Media::Scim)
}

fn coding(response: &Response<Answer>) -> Option<String> {
    response.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned())
}

fn decoded(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    match coding {
        Coding::Gzip => {
            flate2::read::GzDecoder::new(bytes).read_to_end(&mut whole).unwrap();
        }
        Coding::Zstd => {
            let mut rest = bytes;
            while !rest.is_empty() {
                let mut frame = ruzstd::decoding::StreamingDecoder::new(&mut rest).unwrap();
                frame.read_to_end(&mut whole).unwrap();
            }
        }
    }
    whole
}

#[tokio::test]
async fn a_body_is_the_same_afterwards() {
    for best in [Coding::Gzip, Coding::Zstd] {
        for bytes in [limits::COMPRESS_BYTES_MIN, 30_000, 3 * limits::COMPRESS_PIECE_BYTES_MAX + 17] {
            let text = text(bytes);
            let whole = answer(Content::Whole(text.clone()));
            let response = compress(whole, takes(Some(best), true)).await;
            assert_eq!(coding(&response).as_deref(), Some(best.name()));
            let coded = response.into_body().collect().await.unwrap().to_bytes();
            assert!(coded.len() < text.len(), "{best:?}: {} of {}", coded.len(), text.len());
            assert_eq!(decoded(best, &coded), text);
        }
    }
}

#[tokio::test]
async fn a_stream_is_coded_part_by_part() {
    for best in [Coding::Gzip, Coding::Zstd] {
        let (sender, receiver) = mpsc::channel(1);
        let mut response = compress(answer(Content::Stream(receiver)), takes(Some(best), true)).await;
        let text = text(200_000);
        let mut coded = Vec::new();
        for part in text.chunks(50_000) {
            sender.send(Ok(Bytes::copy_from_slice(part))).await.unwrap();
            // It is not held back until the next one comes.
            coded.extend_from_slice(&response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap());
        }
        drop(sender);
        coded.extend_from_slice(&response.into_body().collect().await.unwrap().to_bytes());
        assert_eq!(decoded(best, &coded), text);
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_is_told_as_cut() {
    let (sender, receiver) = mpsc::channel(2);
    let mut response = compress(answer(Content::Stream(receiver)), takes(Some(Coding::Gzip), true)).await;
    sender.send(Ok(Bytes::from_static(b"{"))).await.unwrap();
    sender.send(Err(Cut)).await.unwrap();
    assert!(response.body_mut().frame().await.unwrap().is_ok());
    assert!(response.body_mut().frame().await.unwrap().is_err());
}

#[tokio::test]
async fn what_is_left_alone() {
    let small = || answer(Content::Whole(text(limits::COMPRESS_BYTES_MIN - 1)));
    let large = || answer(Content::Whole(text(limits::COMPRESS_BYTES_MIN)));
    let gzip = Some(Coding::Gzip);
    assert_eq!(coding(&compress(small(), takes(gzip, true)).await), None);
    assert_eq!(coding(&compress(large(), takes(None, true)).await), None);
    assert_eq!(coding(&compress(respond::no_content(&Headers::default()), takes(gzip, false)).await), None);
    // Who refuses answers that are not coded gets even a small one coded.
    assert_eq!(coding(&compress(small(), takes(gzip, false)).await).as_deref(), Some("gzip"));
}
