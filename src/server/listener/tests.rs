//! Real sockets on loopback: requests of every kind, good and bad, and the stop.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{Error, ErrorKind};

use bytes::Bytes;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use super::super::authority::Names;
use super::super::body::{self, ReadError};
use super::super::connection::Times;
use super::super::metrics::traffic::Traffic;
use super::super::tls;
use super::*;
use crate::directory::answer::Cut;

/// No answer may take longer; reaching it is a failure, whatever the machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Small enough to wait for, in place of a limit that a test reaches.
const SOON: Duration = Duration::from_millis(50);
const HOST: &str = "Host: localhost\r\n";

struct Server {
    addr: SocketAddr,
    gate: Arc<Semaphore>,
    /// One message for each request that came to the gate.
    waiting: mpsc::UnboundedReceiver<()>,
    stop: watch::Sender<bool>,
    done: JoinHandle<Drained>,
}

impl Server {
    async fn start(tls: Option<Arc<ServerConfig>>, times: Times, room: Room) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tls = tls.map(|config| watch::channel(config).1);
        Self::with(listener, tls, times, room)
    }

    fn with(listener: TcpListener, tls: Option<watch::Receiver<Arc<ServerConfig>>>, times: Times, room: Room) -> Self {
        let addr = listener.local_addr().unwrap();
        let gate = Arc::new(Semaphore::new(0));
        let (arrived, waiting) = mpsc::unbounded_channel();
        let (stop, stopping) = watch::channel(false);
        let held = Arc::clone(&gate);
        let handler = move |request, peer| answer(request, peer, Arc::clone(&held), arrived.clone());
        let setting = Setting { handler, times, stop: stopping, traffic: Traffic::default(), mark: None };
        let done = tokio::spawn(serve(listener, tls, setting, room));
        Self { addr, gate, waiting, stop, done }
    }

    async fn plain() -> Self {
        Self::start(None, Times::default(), Room::default()).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Sends bytes and reads until the server closes; the client keeps its side open.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut tcp = self.connect().await;
        // The server may close before it has read all of a bad request.
        let _ = tcp.write_all(bytes).await;
        read_all(&mut tcp).await
    }

    async fn drain(self) -> Drained {
        // It may have stopped already.
        let _ = self.stop.send(true);
        timeout(PATIENCE, self.done).await.unwrap().unwrap()
    }
}

async fn answer(
    request: Request<Incoming>,
    peer: Peer,
    gate: Arc<Semaphore>,
    arrived: mpsc::UnboundedSender<()>,
) -> Response<Answer> {
    let path = request.uri().path().to_owned();
    let text = |text: String| Response::new(Answer::Full(text.into()));
    match path.as_str() {
        "/panic" => panic!("this test panics on purpose"),
        "/peer" => text(format!("{:?} {:?}", peer.http, peer.tls)),
        "/gate" => {
            arrived.send(()).unwrap();
            gate.acquire().await.unwrap().forget();
            text("opened".into())
        }
        "/big" => Response::new(Answer::Full(Bytes::from(vec![b'x'; 32 * 1024 * 1024]))),
        "/stream" | "/cut" => {
            let (sender, receiver) = mpsc::channel(2);
            sender.try_send(Ok(Bytes::from_static(b"one "))).unwrap();
            let last = if path == "/cut" { Err(Cut) } else { Ok(Bytes::from_static(b"two")) };
            sender.try_send(last).unwrap();
            Response::new(Answer::Stream(receiver))
        }
        _ => match body::read(request.into_body(), None, 1000).await {
            Ok(bytes) => text(format!("{path} {}", bytes.len())),
            Err(error) => {
                let mut response = text(error.to_string());
                *response.status_mut() = match error {
                    ReadError::TooLarge => hyper::StatusCode::PAYLOAD_TOO_LARGE,
                    ReadError::TooSlow => hyper::StatusCode::REQUEST_TIMEOUT,
                    ReadError::Broken => hyper::StatusCode::BAD_REQUEST,
                };
                response
            }
        },
    }
}

async fn read_all<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut text = Vec::new();
    // A reset ends the reading like an end does; what came before it counts.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut text)).await.expect("the server closes");
    String::from_utf8(text).unwrap()
}

/// Reads up to the end of the text, leaving the connection open.
async fn read_until<S: AsyncRead + Unpin>(stream: &mut S, end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        let byte = timeout(PATIENCE, stream.read_u8()).await.expect("the server answers");
        text.push(byte.unwrap_or_else(|_| panic!("closed after {}", String::from_utf8_lossy(&text))));
    }
    String::from_utf8(text).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\n{HOST}\r\n")
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let server = Server::plain().await;
    let mut tcp = server.connect().await;
    for path in ["/a", "/b"] {
        tcp.write_all(get(path).as_bytes()).await.unwrap();
        read_until(&mut tcp, &format!("{path} 0")).await;
    }
    let chunked = format!(
        "POST /c HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: x\r\n\r\n"
    );
    let pipelined =
        format!("{}{chunked}POST /d HTTP/1.1\r\n{HOST}Content-Length: 4\r\n\r\nabcd{}", get("/peer"), get("/e"));
    // In pieces that cut heads, chunks and line ends apart.
    for piece in pipelined.as_bytes().chunks(7) {
        tcp.write_all(piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    let text = read_until(&mut tcp, "/e 0").await;
    let mut rest = text.as_str();
    for answer in ["One None", "/c 5", "/d 4", "/e 0"] {
        rest = rest.split_once(answer).unwrap_or_else(|| panic!("{answer} in {text}")).1;
    }
}

#[tokio::test]
async fn streamed_answers_end_or_are_cut() {
    let server = Server::plain().await;
    let close = |path: &str| format!("GET {path} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n");
    let whole = server.exchange(close("/stream").as_bytes()).await;
    assert!(whole.contains("one ") && whole.ends_with("0\r\n\r\n"), "{whole}");
    let cut = server.exchange(close("/cut").as_bytes()).await;
    assert!(!cut.ends_with("0\r\n\r\n"), "{cut}");
}

#[tokio::test]
async fn ambiguous_requests_get_a_4xx_and_the_connection_closes() {
    let server = Server::plain().await;
    let post = |headers: &str, body: &str| format!("POST /a HTTP/1.1\r\n{HOST}{headers}\r\n{body}");
    let table = [
        (post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
        (post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400),
        (post("Content-Length: 3, 3\r\n", "abc"), 400),
        (post("Transfer-Encoding: identity\r\n", ""), 400),
        (post("Host: b\r\n", ""), 400),
        ("GET / HTTP/1.1\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\nHost: a\n\n".into(), 400),
        (format!("GET / HTTP/1.1\r\n{HOST}X: y\n\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{HOST}X: a\r\n b\r\n\r\n"), 400),
        (format!("GET http://other.example/ HTTP/1.1\r\n{HOST}\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{HOST}X : a\r\n\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{HOST}X: \0\r\n\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{HOST}X: {}\r\n\r\n", "x".repeat(40_000)), 431),
        (format!("GET / HTTP/1.1\r\n{HOST}{}\r\n", "X: y\r\n".repeat(200)), 431),
        (format!("GET /{} HTTP/1.1\r\n{HOST}\r\n", "x".repeat(17_000)), 414),
        (post("Transfer-Encoding: chunked\r\n", "3\nabc\r\n0\r\n\r\n"), 400),
        (post("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n"), 400),
        (post("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 5\r\n\r\n"), 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), 400),
        ("\u{16}\u{3}\u{1} hello\r\n\r\n".into(), 400),
    ];
    for (bytes, status) in table {
        let shown = &bytes[..bytes.len().min(80)];
        // What follows must not be served: it is what a smuggler would have hidden.
        let answer = server.exchange(format!("{bytes}{}", get("/smuggled")).as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{shown:?}: {answer}");
        assert!(answer.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{shown:?}: {answer}");
        assert_eq!(answer.matches("\r\ndate: ").count(), 1, "{shown:?}: {answer}");
        let after_good = server.exchange(format!("{}{bytes}", get("/before")).as_bytes()).await;
        assert!(after_good.starts_with("HTTP/1.1 200 ") && after_good.contains("/before 0"), "{shown:?}: {after_good}");
        assert!(after_good.contains(&format!("HTTP/1.1 {status} ")), "{shown:?}: {after_good}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_although_the_client_still_sends() {
    let server = Server::plain().await;
    for head in ["Content-Length: 4000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3d0900\r\n"] {
        let request = format!("POST /a HTTP/1.1\r\n{HOST}{head}{}", "x".repeat(4_000_000));
        let answer = server.exchange(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
    let asked = format!("POST /a HTTP/1.1\r\n{HOST}Content-Length: 4000\r\nExpect: 100-continue\r\n\r\n");
    let answer = server.exchange(asked.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_connection_lives() {
    let server = Server::plain().await;
    let mut tcp = server.connect().await;
    for path in ["/panic", "/a"] {
        tcp.write_all(get(path).as_bytes()).await.unwrap();
    }
    let text = read_until(&mut tcp, "/a 0").await;
    assert!(text.starts_with("HTTP/1.1 500 "), "{text}");
    assert_eq!(server.drain().await.cut, 0);
}

#[tokio::test]
async fn slow_clients_are_cut() {
    let mut times = Times { handshake: SOON, ..Times::default() };
    times.patience.head = SOON;
    times.patience.write = SOON;
    // The time between requests is a longer one here: it would end a head that is begun as well, without a word.
    let server = Server::start(None, times, Room::default()).await;
    let half = server.exchange(b"GET / HTTP/1.1\r\nHost: lo").await;
    assert!(half.starts_with("HTTP/1.1 408 "), "{half}");
    times.idle_http1 = SOON;
    let server = Server::start(None, times, Room::default()).await;
    assert_eq!(server.exchange(b"").await, "", "an idle connection is closed without a word");
    // A client that does not read: the answer is far larger than what the sockets hold.
    let mut deaf = server.connect().await;
    deaf.write_all(get("/big").as_bytes()).await.unwrap();
    timeout(PATIENCE, async { while !is_cut(&deaf).await {} }).await.expect("the server cuts it");
    let material = tls_pair();
    let server = Server::start(Some(material.0), times, Room::default()).await;
    assert_eq!(server.exchange(b"").await, "", "a handshake that does not begin");
}

/// Whether the server has closed: a write fails then.
async fn is_cut(tcp: &TcpStream) -> bool {
    tokio::task::yield_now().await;
    matches!(tcp.try_write(b"x"), Err(error) if error.kind() != ErrorKind::WouldBlock)
}

#[tokio::test]
async fn the_stop_lets_requests_finish_and_closes_idle_connections() {
    let mut server = Server::plain().await;
    let mut busy = server.connect().await;
    busy.write_all(get("/gate").as_bytes()).await.unwrap();
    server.waiting.recv().await.unwrap();
    let mut idle = server.connect().await;
    idle.write_all(get("/a").as_bytes()).await.unwrap();
    read_until(&mut idle, "/a 0").await;
    let mut silent = server.connect().await;
    server.stop.send(true).unwrap();
    assert_eq!(read_all(&mut idle).await, "");
    assert_eq!(read_all(&mut silent).await, "");
    server.gate.add_permits(1);
    let answer = read_all(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("opened"), "{answer}");
    let addr = server.addr;
    assert_eq!(server.drain().await.cut, 0);
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn the_stop_cuts_stuck_requests_when_the_time_is_up() {
    let times = Times { stop: SOON, ..Times::default() };
    let mut server = Server::start(None, times, Room::default()).await;
    let (mut stuck, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..50 {
        let mut tcp = server.connect().await;
        tcp.write_all(get("/gate").as_bytes()).await.unwrap();
        stuck.push(tcp);
        idle.push(server.connect().await);
    }
    for _ in 0..50 {
        server.waiting.recv().await.unwrap();
    }
    assert_eq!(server.drain().await.cut, 50);
    for mut tcp in stuck.into_iter().chain(idle) {
        assert_eq!(read_all(&mut tcp).await, "");
    }
}

#[tokio::test]
async fn over_the_cap_the_oldest_idle_connection_makes_room() {
    let mut server = Server::start(None, Times::default(), Room { connections: 2, closing: 1 }).await;
    let mut busy = server.connect().await;
    busy.write_all(get("/gate").as_bytes()).await.unwrap();
    server.waiting.recv().await.unwrap();
    let mut idle = server.connect().await;
    idle.write_all(get("/a").as_bytes()).await.unwrap();
    read_until(&mut idle, "/a 0").await;
    let mut third = server.connect().await;
    assert_eq!(read_all(&mut idle).await, "");
    third.write_all(get("/gate").as_bytes()).await.unwrap();
    server.waiting.recv().await.unwrap();
    let mut fourth = server.connect().await;
    assert_eq!(read_all(&mut fourth).await, "", "nobody is idle");
    server.gate.add_permits(2);
    read_until(&mut busy, "opened").await;
    read_until(&mut third, "opened").await;
}

#[test]
fn accept_errors_pause_the_loop_for_longer_each_time() {
    let mut pause = Pause::default();
    assert!(pause.after(&ErrorKind::ConnectionAborted.into()).is_zero());
    let pauses: Vec<_> = (0..40).map(|_| pause.after(&Error::from_raw_os_error(24))).collect();
    assert!(pauses.is_sorted());
    assert_eq!(pauses[0], Duration::from_millis(limits::ACCEPT_PAUSE_MS_MIN));
    assert_eq!(pauses[39], Duration::from_millis(limits::ACCEPT_PAUSE_MS_MAX));
}

/// A server configuration of a new local authority, and the roots that trust it.
fn tls_pair() -> (Arc<ServerConfig>, rustls::RootCertStore) {
    let dir = tempfile::tempdir().unwrap();
    let names = Names::local(None, "127.0.0.1".parse().unwrap());
    let material = tls::load_or_create(dir.path(), &names, std::time::SystemTime::now()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(dir.path().join("ca.pem")).unwrap()).unwrap();
    (tls::server_config(&material).unwrap(), roots)
}

mod secure;
