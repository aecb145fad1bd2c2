//! The same over TLS: both versions, HTTP/1 and HTTP/2, and what is no handshake at all.

use http_body_util::{BodyExt, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::AsyncWrite;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

async fn connect_tls(
    server: &Server,
    roots: &rustls::RootCertStore,
    version: &'static rustls::SupportedProtocolVersion,
    alpn: &[&str],
) -> TlsStream<TcpStream> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, server.connect().await).await.unwrap()
}

#[tokio::test]
async fn both_versions_of_tls_serve_http1() {
    let (config, roots) = tls_pair();
    let server = Server::start(Some(config), Times::default(), Room::default()).await;
    for (version, shown) in
        [(&rustls::version::TLS12, "One Some(TLSv1_2)"), (&rustls::version::TLS13, "One Some(TLSv1_3)")]
    {
        for alpn in [&["http/1.1"][..], &[]] {
            let mut stream = connect_tls(&server, &roots, version, alpn).await;
            stream.write_all(get("/peer").as_bytes()).await.unwrap();
            read_until(&mut stream, shown).await;
            stream.write_all(format!("GET / HTTP/1.1\n{HOST}\n").as_bytes()).await.unwrap();
            assert!(read_all(&mut stream).await.starts_with("HTTP/1.1 400 "));
        }
    }
}

type Sender = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

async fn http2<S>(stream: S) -> Sender
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn ask(sender: &mut Sender, uri: &str, headers: &[(&str, &str)], body: &'static [u8]) -> (u16, String) {
    let mut request = Request::builder().method("POST").uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from_static(body))).unwrap();
    let response = timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
    let status = response.status().as_u16();
    let bytes = timeout(PATIENCE, response.into_body().collect()).await.unwrap().unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn http2_is_served_and_limited() {
    let (config, roots) = tls_pair();
    let mut server = Server::start(Some(config), Times::default(), Room::default()).await;
    let mut sender = http2(connect_tls(&server, &roots, &rustls::version::TLS13, &["h2"]).await).await;
    let at = |path: &str| format!("https://localhost{path}");
    assert_eq!(ask(&mut sender, &at("/peer"), &[], b"").await, (200, "Two Some(TLSv1_3)".into()));
    assert_eq!(ask(&mut sender, &at("/a"), &[], b"abc").await, (200, "/a 3".into()));
    assert_eq!(ask(&mut sender, &at("/a"), &[], &[b'x'; 2000]).await.0, 413);
    assert_eq!(ask(&mut sender, &at("/panic"), &[], b"").await.0, 500);
    assert_eq!(ask(&mut sender, &at("/a"), &[("host", "localhost:443")], b"").await.0, 200);
    assert_eq!(ask(&mut sender, &at("/a"), &[("host", "other.example")], b"").await.0, 400);
    assert_eq!(ask(&mut sender, &at(&"/x".repeat(10_000)), &[], b"").await.0, 414);
    let (_, big) = ask(&mut sender, &at("/big"), &[], b"").await;
    assert_eq!(big.len(), 32 * 1024 * 1024);
    // A request in flight is answered after the stop, and the connection ends.
    let uri = at("/gate");
    let asked = tokio::spawn(async move {
        let answer = ask(&mut sender, &uri, &[], b"").await;
        (answer, sender)
    });
    server.waiting.recv().await.unwrap();
    server.stop.send(true).unwrap();
    server.gate.add_permits(1);
    let (answer, sender) = timeout(PATIENCE, asked).await.unwrap().unwrap();
    assert_eq!(answer, (200, "opened".into()));
    assert_eq!(server.drain().await.cut, 0);
    assert!(sender.is_closed() || !sender.is_ready());
}

#[tokio::test]
async fn http2_headers_over_the_limit_are_refused() {
    let (config, roots) = tls_pair();
    let server = Server::start(Some(config), Times::default(), Room::default()).await;
    let stream = connect_tls(&server, &roots, &rustls::version::TLS13, &["h2"]).await;
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::get("https://localhost/a");
    for _ in 0..3 {
        request = request.header("x", "y".repeat(15_000));
    }
    let outcome = timeout(PATIENCE, sender.send_request(request.body(Empty::<Bytes>::new()).unwrap())).await.unwrap();
    assert!(outcome.map_or(true, |response| response.status() == 431));
}

#[tokio::test]
async fn bytes_that_are_no_handshake_do_no_harm() {
    let (config, roots) = tls_pair();
    let server = Server::start(Some(config), Times::default(), Room::default()).await;
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 600], &[0x16, 3, 1, 0xff, 0xff, 1], &[0xff; 20_000]] {
        let mut tcp = server.connect().await;
        let _ = tcp.write_all(bytes).await;
        let _ = tcp.shutdown().await;
        let _ = timeout(PATIENCE, tcp.read_to_end(&mut Vec::new())).await.expect("the server closes");
    }
    let mut stream = connect_tls(&server, &roots, &rustls::version::TLS13, &["http/1.1"]).await;
    stream.write_all(get("/a").as_bytes()).await.unwrap();
    read_until(&mut stream, "/a 0").await;
}

#[tokio::test]
async fn a_new_certificate_serves_the_next_connection_and_leaves_the_others() {
    let ((old, old_roots), (new, new_roots)) = (tls_pair(), tls_pair());
    let (reload, current) = watch::channel(old);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::with(listener, Some(current), Times::default(), Room::default());
    let mut before = connect_tls(&server, &old_roots, &rustls::version::TLS13, &[]).await;
    reload.send(new).unwrap();
    let mut after = connect_tls(&server, &new_roots, &rustls::version::TLS13, &[]).await;
    for stream in [&mut before, &mut after] {
        stream.write_all(get("/a").as_bytes()).await.unwrap();
        read_until(stream, "/a 0").await;
    }
}

#[tokio::test]
async fn an_idle_http2_connection_is_closed() {
    let (config, roots) = tls_pair();
    let times = Times { idle: SOON, ..Times::default() };
    let server = Server::start(Some(config), times, Room::default()).await;
    let stream = connect_tls(&server, &roots, &rustls::version::TLS13, &["h2"]).await;
    let (sender, connection) =
        hyper::client::conn::http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    timeout(PATIENCE, connection).await.expect("the server closes").unwrap();
    drop(sender);
}

/// A frame of HTTP/2 (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// CVE-2023-44487: streams that are opened and reset at once cost a server work and the client nothing.
#[tokio::test]
async fn a_rapid_reset_ends_the_connection_and_no_other() {
    let (config, roots) = tls_pair();
    let server = Server::start(Some(config), Times::default(), Room::default()).await;
    let mut stream = connect_tls(&server, &roots, &rustls::version::TLS13, &["h2"]).await;
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &[]));
    for stream in (1..20_000).step_by(2) {
        // GET / of authority "a" over https, from the static table of HPACK.
        bytes.extend(frame(1, 5, stream, &[0x82, 0x84, 0x87, 0x01, 1, b'a']));
        bytes.extend(frame(3, 0, stream, &8_u32.to_be_bytes()));
    }
    let _ = stream.write_all(&bytes).await;
    let _ = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.expect("the server closes");
    let mut other = http2(connect_tls(&server, &roots, &rustls::version::TLS13, &["h2"]).await).await;
    assert_eq!(ask(&mut other, "https://localhost/a", &[], b"").await.0, 200);
}
