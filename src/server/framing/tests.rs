//! Framing: valid streams pass whatever their splits, and each ambiguity is refused.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;

/// What a reader behind the framing gets when the bytes arrive in these pieces.
fn feed(pieces: &[&[u8]]) -> (Vec<u8>, Result<u32, Refusal>) {
    let (mut framing, mut held, mut passed) = (Framing::default(), Vec::new(), Vec::new());
    for piece in pieces {
        held.extend_from_slice(piece);
        loop {
            match framing.step(&held) {
                Ok(Step::Pass(count)) => passed.extend(held.drain(..count)),
                Ok(Step::Drop(count)) => drop(held.drain(..count)),
                Ok(Step::More) => break,
                Err(refusal) => return (passed, Err(refusal)),
            }
        }
    }
    (passed, Ok(framing.heads()))
}

fn refused(bytes: &str) -> Refusal {
    let whole = feed(&[bytes.as_bytes()]).1.expect_err(bytes);
    let single: Vec<&[u8]> = bytes.as_bytes().chunks(1).collect();
    assert_eq!(feed(&single).1, Err(whole), "byte by byte: {bytes:?}");
    whole
}

const HOST: &str = "Host: a.example\r\n";

fn get(headers: &str) -> String {
    format!("GET / HTTP/1.1\r\n{HOST}{headers}\r\n")
}

#[test]
fn ambiguities_are_refused() {
    let table = [
        ("GET / HTTP/1.1\nHost: a\n\n".into(), Refusal::BareLf),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n".into(), Refusal::BareLf),
        ("\nGET / HTTP/1.1\r\n".into(), Refusal::BareLf),
        (get("X: a\0b\r\n"), Refusal::Control),
        (get("X: a\rb\r\n"), Refusal::Control),
        ("GET /\0 HTTP/1.1\r\n".into(), Refusal::Control),
        (get("X: a\r\n b\r\n"), Refusal::Fold),
        (get("X: a\r\n\tb\r\n"), Refusal::Fold),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n".into(), Refusal::Fold),
        (get("X : a\r\n"), Refusal::HeaderName),
        (get(": a\r\n"), Refusal::HeaderName),
        (get("X\r\n"), Refusal::HeaderName),
        (get("X\u{e9}: a\r\n"), Refusal::HeaderName),
        ("GET  / HTTP/1.1\r\n".into(), Refusal::RequestLine),
        ("GET /\r\n".into(), Refusal::RequestLine),
        ("GET /a b HTTP/1.1\r\n".into(), Refusal::RequestLine),
        ("G(T / HTTP/1.1\r\n".into(), Refusal::RequestLine),
        ("GET nothing HTTP/1.1\r\n".into(), Refusal::RequestLine),
        ("GET ftp://a/ HTTP/1.1\r\n".into(), Refusal::RequestLine),
        ("PRI * HTTP/2.0\r\n".into(), Refusal::Version),
        ("GET / HTTP/1.2\r\n".into(), Refusal::Version),
        ("CONNECT a:443 HTTP/1.1\r\n".into(), Refusal::Connect),
        ("GET / HTTP/1.1\r\n\r\n".into(), Refusal::Host),
        (get("host: a.example\r\n"), Refusal::Host),
        (get("Content-Length: 1\r\nContent-Length: 1\r\n"), Refusal::ContentLength),
        (get("Content-Length: 1, 1\r\n"), Refusal::ContentLength),
        (get("Content-Length: +1\r\n"), Refusal::ContentLength),
        (get("Content-Length: 0x1\r\n"), Refusal::ContentLength),
        (get("Content-Length: \r\n"), Refusal::ContentLength),
        (get("Content-Length: 99999999999999999999\r\n"), Refusal::ContentLength),
        (get("Transfer-Encoding: gzip, chunked\r\n"), Refusal::TransferEncoding),
        (get("Transfer-Encoding: xchunked\r\n"), Refusal::TransferEncoding),
        (get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), Refusal::TransferEncoding),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".into(), Refusal::TransferEncoding),
        (get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), Refusal::Both),
        (get("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), Refusal::Both),
    ];
    for (bytes, refusal) in table {
        assert_eq!(refused(&bytes), refusal, "{bytes:?}");
    }
}

#[test]
fn a_target_may_not_name_another_server_than_host() {
    let at = |target: &str| format!("GET {target} HTTP/1.1\r\n{HOST}\r\n");
    for target in ["http://b.example/", "https://a.example:8443/", "http://a.example@b.example/", "http:///x"] {
        let refusal = refused(&at(target));
        assert!(matches!(refusal, Refusal::Authority | Refusal::RequestLine), "{target}");
    }
    for target in ["http://A.example/x", "https://a.example:443?q", "http://a.example:80", "*", "/http://b/"] {
        assert_eq!(feed(&[at(target).as_bytes()]).1, Ok(1), "{target}");
    }
}

#[test]
fn malformed_chunks_are_refused() {
    let chunked = |body: &str| get("Transfer-Encoding: chunked\r\n") + body;
    let table = [
        ("5\nhello", Refusal::BareLf),
        ("5\r\nhello\n", Refusal::BareLf),
        ("5\r\nhello!\r\n", Refusal::Chunk),
        ("g\r\n", Refusal::Chunk),
        ("\r\n", Refusal::Chunk),
        ("-1\r\n", Refusal::Chunk),
        ("0x5\r\n", Refusal::Chunk),
        ("5 \r\n", Refusal::Chunk),
        (" 5\r\n", Refusal::Chunk),
        ("5;a\rb\r\n", Refusal::Chunk),
        ("ffffffffffffffff\r\n", Refusal::Chunk),
        ("0\r\nX: a\n\r\n", Refusal::BareLf),
        ("0\r\nHost: b\r\n\r\n", Refusal::Trailer),
        ("0\r\nContent-Length: 4\r\n\r\n", Refusal::Trailer),
        ("0\r\n folded\r\n\r\n", Refusal::Fold),
    ];
    for (body, refusal) in table {
        assert_eq!(refused(&chunked(body)), refusal, "{body:?}");
    }
    assert_eq!(refused(&chunked(&format!("5;{}", "x".repeat(limits::CHUNK_LINE_BYTES_MAX)))), Refusal::Chunk);
    let trailers = format!("0\r\nX: {}\r\n\r\n", "x".repeat(limits::TRAILERS_BYTES_MAX));
    assert_eq!(refused(&chunked(&trailers)), Refusal::Trailer);
}

#[test]
fn sizes_are_bounded_before_the_head_is_complete() {
    let long = "x".repeat(limits::URI_BYTES_MAX + 20);
    assert_eq!(refused(&format!("GET /{long}")), Refusal::UriTooLong);
    assert_eq!(refused(&format!("GET /{long} HTTP/1.1\r\n")), Refusal::UriTooLong);
    assert_eq!(refused(&"x".repeat(limits::HEAD_BYTES_MAX + 1)), Refusal::UriTooLong);
    let fits = format!("GET /{} HTTP/1.1\r\n{HOST}\r\n", "x".repeat(limits::URI_BYTES_MAX - 1));
    assert_eq!(feed(&[fits.as_bytes()]).1, Ok(1));
    assert_eq!(refused(&get(&format!("X: {}", "x".repeat(limits::HEAD_BYTES_MAX)))), Refusal::HeadTooLarge);
    assert_eq!(refused(&get(&"X: y\r\n".repeat(limits::HEADERS_MAX))), Refusal::HeadTooLarge);
    assert_eq!(feed(&[get(&"X: y\r\n".repeat(limits::HEADERS_MAX - 1)).as_bytes()]).1, Ok(1));
}

#[test]
fn a_refused_head_is_not_passed_and_the_ones_before_it_are() {
    let good = get("");
    let (passed, end) = feed(&[(good.clone() + "GET / HTTP/1.1\r\n\r\n").as_bytes()]);
    assert_eq!((passed, end), (good.into_bytes(), Err(Refusal::Host)));
}

#[test]
fn empty_lines_between_requests_are_dropped() {
    let (passed, end) = feed(&[format!("\r\n\r\n{}\r\n{}\r", get(""), get("")).as_bytes(), b"\n"]);
    assert_eq!((passed, end), (get("").repeat(2).into_bytes(), Ok(2)));
}

/// One valid request: the head, then a body in one of its framings.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let body = proptest::collection::vec(any::<u8>(), 0..200);
    let trailer = proptest::option::of("[a-z]{1,8}");
    (body, 0..4_u8, 1..50_usize, trailer, "[a-zA-Z0-9/?=&%]{0,40}").prop_map(|(body, kind, size, trailer, path)| {
        let mut out = format!("POST /{path} HTTP/1.1\r\nHost: a\r\nX-Y:\t odd; \u{e9} \r\n").into_bytes();
        match kind {
            0 => out.extend_from_slice(b"\r\n"),
            1 => out.extend_from_slice(b"content-length: 0\r\n\r\n"),
            2 => {
                out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
                out.extend_from_slice(&body);
            }
            _ => {
                out.extend_from_slice(b"Transfer-Encoding: Chunked\r\n\r\n");
                for chunk in body.chunks(size) {
                    out.extend_from_slice(format!("{:X};n=\"v\"\r\n", chunk.len()).as_bytes());
                    out.extend_from_slice(chunk);
                    out.extend_from_slice(b"\r\n");
                }
                out.extend_from_slice(b"0\r\n");
                if let Some(trailer) = trailer {
                    out.extend_from_slice(format!("x-{trailer}: 1\r\n").as_bytes());
                }
                out.extend_from_slice(b"\r\n");
            }
        }
        out
    })
}

proptest! {
    #[test]
    fn any_split_of_valid_requests_passes_unchanged(
        requests in proptest::collection::vec(request(), 1..5),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..20),
    ) {
        let stream = requests.concat();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
        let (passed, end) = feed(&pieces);
        prop_assert_eq!(passed, stream);
        prop_assert_eq!(end, Ok(requests.len() as u32));
    }

    #[test]
    fn no_bytes_panic_and_the_split_does_not_matter(
        bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b':'), Just(b' '), any::<u8>()], 0..300),
        valid in request(),
    ) {
        let stream = [valid, bytes].concat();
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(feed(&[&stream]).1, feed(&single).1);
    }
}
