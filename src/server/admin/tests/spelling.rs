//! Clients that name the socket's path as the authority of their calls: what they send byte by byte, against the admin plane.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::{Plane, socket};
use crate::server::admin::spelling::tests::{frame, plain};

/// Reads frames until `streams` are answered; answers with the type of the first frame of each stream, in the streams' order.
async fn answers(stream: &mut UnixStream, streams: &[u8]) -> Vec<u8> {
    let mut first = vec![None; streams.len()];
    let mut ended = 0;
    while ended < streams.len() {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let [high, middle, low, kind, flags, _, _, _, number] = head;
        let mut payload = vec![0; usize::try_from(u32::from_be_bytes([0, high, middle, low])).unwrap()];
        stream.read_exact(&mut payload).await.unwrap();
        assert_ne!(kind, 0x7, "the connection is refused: {payload:?}");
        if let Some(at) = streams.iter().position(|stream| *stream == number) {
            first[at].get_or_insert(kind);
            // The end of a stream is a flag of HEADERS, or RST_STREAM.
            ended += usize::from(kind == 0x3 || (kind == 0x1 && flags & 0x1 != 0));
        }
    }
    first.into_iter().flatten().collect()
}

#[tokio::test]
async fn the_path_as_authority_is_taken_from_the_socket() {
    let plane = Plane::start();
    let field = |name: &str, value: &str| [vec![0x40], plain(name), plain(value)].concat();
    for path in ["%2Frun%2Fadmin.sock", "run%2Fscimd%20data%2Fadmin.sock", "/run/admin.sock", "localhost"] {
        let mut stream = UnixStream::connect(socket(plane.folder.path())).await.unwrap();
        // As gRPC's C core does: all fields go into the dynamic table, later calls name them there.
        let first = [
            field(":path", "/scimd.admin.v1.ServerService/GetVersion"),
            field(":authority", path),
            vec![0x83, 0x86],
            field("content-type", "application/grpc"),
            field("te", "trailers"),
        ]
        .concat();
        let later = [0xc1, 0xc0, 0x83, 0x86, 0xbf, 0xbe];
        let other = [field(":authority", &path.replace("run", "srv")), vec![0xc2, 0x83, 0x86, 0xc0, 0xbf]].concat();
        let last = [0xc2, 0xbe, 0x83, 0x86, 0xc0, 0xbf];
        let (start, end) = first.split_at(70);
        let sent = [
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            frame(0x4, 0, 0, &[]),
            frame(0x1, 0, 1, start),
            frame(0x9, 0x4, 1, end),
            frame(0x0, 0x1, 1, &[0; 5]),
            frame(0x1, 0x4, 3, &later),
            frame(0x0, 0x1, 3, &[0; 5]),
            frame(0x1, 0x4, 5, &other),
            frame(0x0, 0x1, 5, &[0; 5]),
            frame(0x1, 0x4, 7, &last),
            frame(0x0, 0x1, 7, &[0; 5]),
        ];
        stream.write_all(&sent.concat()).await.unwrap();
        assert_eq!(answers(&mut stream, &[1, 3, 5, 7]).await, [0x1; 4], "{path}");
    }
    plane.end().await;
}
