//! The guard over pipes: what hyper would read, and when a client is cut.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

const GOOD: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const FOREVER: Patience = Patience { head: Duration::from_secs(3600), write: Duration::from_secs(3600) };

fn guarded(patience: Patience) -> (DuplexStream, Guard<DuplexStream>, Arc<Verdict>) {
    let (client, server) = duplex(256 * 1024);
    let verdict = Arc::new(Verdict::default());
    let guard = Guard::http1(server, Arc::clone(&verdict), patience);
    (client, guard, verdict)
}

/// Reads what there is, up to an end, an error, or a wait that nothing would end.
async fn read_out(guard: &mut Guard<DuplexStream>, room: usize) -> (Vec<u8>, io::Result<()>) {
    let mut out = Vec::new();
    let mut space = vec![0; room];
    loop {
        let mut read = ReadBuf::new(&mut space);
        let polled = std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *guard).poll_read(cx, &mut read))).await;
        match polled {
            Poll::Ready(Ok(())) if !read.filled().is_empty() => out.extend_from_slice(read.filled()),
            Poll::Ready(outcome) => return (out, outcome),
            Poll::Pending => return (out, Ok(())),
        }
    }
}

#[tokio::test]
async fn a_refused_head_is_replaced_behind_the_good_ones() {
    let (mut client, mut guard, verdict) = guarded(FOREVER);
    let bad = "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n";
    client.write_all(format!("{GOOD}{GOOD}{bad}{GOOD}").as_bytes()).await.unwrap();
    let (out, outcome) = read_out(&mut guard, 8192).await;
    outcome.unwrap();
    assert_eq!(out, [GOOD.as_bytes(), GOOD.as_bytes(), SUBSTITUTE].concat());
    let seen: Vec<_> = (0..4).map(|_| verdict.of(verdict.next_request())).collect();
    assert_eq!(seen, [None, None, Some(Refusal::BareLf), None]);
    assert!(guard.is_unread());
}

#[tokio::test]
async fn a_refused_body_is_an_error() {
    let (mut client, mut guard, verdict) = guarded(FOREVER);
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    client.write_all(format!("{head}x\r\n").as_bytes()).await.unwrap();
    let (out, outcome) = read_out(&mut guard, 8192).await;
    assert_eq!(out, head.as_bytes());
    assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert_eq!(verdict.of(1), Some(Refusal::Chunk));
    assert!(guard.is_unread());
}

#[tokio::test]
async fn hyper_sees_no_part_of_a_head() {
    let (mut client, mut guard, _) = guarded(FOREVER);
    for byte in GOOD.as_bytes() {
        let (out, _) = read_out(&mut guard, 8192).await;
        assert!(out.is_empty());
        client.write_all(&[*byte]).await.unwrap();
    }
    assert_eq!(read_out(&mut guard, 8192).await.0, GOOD.as_bytes());
    assert!(!guard.is_unread());
}

#[tokio::test]
async fn the_end_of_the_client_is_the_end() {
    let (mut client, mut guard, _) = guarded(FOREVER);
    client.write_all(b"GET / HTT").await.unwrap();
    drop(client);
    assert_eq!(guard.read(&mut [0; 10]).await.unwrap(), 0);
    assert!(!guard.is_unread());
}

#[tokio::test]
async fn a_head_that_does_not_end_is_refused_and_an_idle_connection_is_not() {
    let (mut client, mut guard, verdict) = guarded(Patience { head: Duration::from_millis(1), ..FOREVER });
    assert!(read_out(&mut guard, 64).await.0.is_empty());
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut out = vec![0; SUBSTITUTE.len()];
    guard.read_exact(&mut out).await.unwrap();
    assert_eq!((out.as_slice(), verdict.of(1)), (SUBSTITUTE, Some(Refusal::SlowHead)));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut() {
    let (_client, server) = duplex(16);
    let mut guard = Guard::writes_only(server, Patience { write: Duration::from_millis(1), ..FOREVER });
    let error = guard.write_all(&[0; 100]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_pieces_and_the_room_the_bytes_are_the_same(
        pieces in 1..400_usize,
        room in 1..300_usize,
        bodies in proptest::collection::vec((0..2000_usize, any::<bool>()), 1..6),
    ) {
        let mut stream = Vec::new();
        for (length, chunked) in bodies {
            let body = "\r\n\0".repeat(length / 3 + 1);
            stream.extend_from_slice(if chunked {
                format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
            } else {
                format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            }.as_bytes());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        // Unconstrained: a pipe that pauses to be fair to other tasks would look like one that is empty.
        let out = runtime.block_on(tokio::task::unconstrained(async {
            let (mut client, mut guard, _) = guarded(FOREVER);
            let mut out = Vec::new();
            for piece in stream.chunks(pieces) {
                client.write_all(piece).await.unwrap();
                out.extend(read_out(&mut guard, room).await.0);
            }
            out
        }));
        prop_assert_eq!(out, stream);
    }
}
