//! One connection from its handshake to its end: HTTP/1 or HTTP/2 by ALPN, requests to the handler and answers back,
//! and who may close it when. It does not accept connections, nor know the other ones.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, HOST, HeaderName, HeaderValue};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::body::Answer;
use super::framing::same_authority;
use super::guard::{Guard, Patience, Verdict};
use super::metrics::traffic::{Handshake, Traffic};
use super::refusal::Refusal;
use super::socket::Socket;
use crate::directory::answer::Cut;
use crate::limits;

/// The client at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address as the socket gives it.
    pub addr: SocketAddr,
    /// The version of TLS, `None` without TLS.
    pub tls: Option<rustls::ProtocolVersion>,
    /// The version of HTTP that the connection speaks.
    pub http: Http,
}

/// The version of HTTP that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http {
    /// HTTP/1.1, or 1.0.
    One,
    /// HTTP/2.
    Two,
}

/// Every time limit of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For the rest of a head, and for a client that does not take its answer.
    pub patience: Patience,
    /// Between two requests on HTTP/1.
    pub idle_http1: Duration,
    /// Without a request being begun, handled or answered.
    pub idle: Duration,
    /// Between being asked to close and being cut, for an idle connection.
    pub close: Duration,
    /// For which the rest of a refused request is thrown away.
    pub linger: Duration,
    /// Between two HTTP/2 pings.
    pub ping: Duration,
    /// For the answer to one.
    pub pong: Duration,
    /// Between the stop and the moment the remaining connections are cut.
    pub stop: Duration,
}

impl Default for Times {
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self {
            handshake: ms(limits::HANDSHAKE_MS_MAX),
            patience: Patience { head: ms(limits::HEAD_MS_MAX), write: ms(limits::WRITE_WINDOW_MS) },
            idle_http1: ms(limits::IDLE_HTTP1_MS_MAX),
            idle: ms(limits::IDLE_MS_MAX),
            close: ms(limits::CLOSE_MS_MAX),
            linger: ms(limits::LINGER_MS_MAX),
            ping: ms(limits::HTTP2_PING_MS),
            pong: ms(limits::HTTP2_PONG_MS_MAX),
            stop: ms(limits::STOP_MS_MAX),
        }
    }
}

/// What others may know of a connection, and ask of it.
#[derive(Debug)]
pub struct Pulse {
    opened: Instant,
    handling: AtomicU32,
    answering: AtomicU32,
    /// Milliseconds from `opened` to the last thing that was done here.
    touched_ms: AtomicU64,
    asked: AtomicBool,
    ask: Notify,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            opened: Instant::now(),
            handling: AtomicU32::new(0),
            answering: AtomicU32::new(0),
            touched_ms: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            ask: Notify::new(),
        }
    }
}

impl Pulse {
    /// Since when nothing is being done here; `None` while a request is handled or answered, and once it was asked to
    /// close. A connection that has not sent a whole request yet counts as idle.
    pub fn idle_since(&self) -> Option<Instant> {
        let busy = self.handling.load(Ordering::Acquire) > 0 || self.answering.load(Ordering::Acquire) > 0;
        let closing = self.asked.load(Ordering::Acquire);
        (!busy && !closing).then(|| self.touched())
    }

    /// Asks the connection to close when it has answered what it is answering.
    pub fn ask_to_close(&self) {
        self.asked.store(true, Ordering::Release);
        self.ask.notify_one();
    }

    fn touch(&self) {
        let ms = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.touched_ms.store(ms, Ordering::Release);
    }

    fn touched(&self) -> Instant {
        self.opened + Duration::from_millis(self.touched_ms.load(Ordering::Acquire))
    }
}

/// Counts one request on a connection for as long as it lives.
#[derive(Debug)]
struct Ticket {
    pulse: Arc<Pulse>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Handling,
    Answering,
}

impl Ticket {
    fn new(pulse: &Arc<Pulse>, stage: Stage) -> Self {
        let ticket = Self { pulse: Arc::clone(pulse), stage };
        ticket.count().fetch_add(1, Ordering::AcqRel);
        pulse.touch();
        ticket
    }

    fn count(&self) -> &AtomicU32 {
        match self.stage {
            Stage::Handling => &self.pulse.handling,
            Stage::Answering => &self.pulse.answering,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.count().fetch_sub(1, Ordering::AcqRel);
        self.pulse.touch();
    }
}

/// An answer on its way out: the connection is not idle while hyper has some of it to fetch.
#[derive(Debug)]
struct Outgoing {
    answer: Answer,
    ticket: Ticket,
}

impl Outgoing {
    fn with(self, answer: Answer) -> Self {
        Self { answer, ..self }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let me = self.get_mut();
        let frame = Pin::new(&mut me.answer).poll_frame(cx);
        if frame.is_ready() {
            me.ticket.pulse.touch();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.answer.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.answer.size_hint()
    }
}

/// All that a connection needs besides its socket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Setting<H> {
    /// Answers requests.
    pub handler: H,
    /// The time limits.
    pub times: Times,
    /// True once the listener stops.
    pub stop: watch::Receiver<bool>,
    /// Where connections, handshakes and malformed requests are counted.
    pub traffic: Traffic,
    /// How the listener's answers look, also those to requests that the handler never sees; `None`: as a SCIM server's.
    pub mark: Option<Mark>,
}

/// Makes the answer to a request that the handler never sees.
pub type Refuse = fn(Refusal) -> Response<Answer>;

/// What tells a listener's answers from a SCIM server's.
#[derive(Clone, Debug)]
pub struct Mark {
    /// A header of every answer.
    pub header: (HeaderName, HeaderValue),
    /// The answer to a request that the handler never sees.
    pub refused: Refuse,
}

/// Serves one connection to its end. An error on it is the client's or the network's, and of interest at debug level
/// only.
pub async fn run<H, F>(
    tcp: TcpStream,
    addr: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    pulse: Arc<Pulse>,
    setting: Setting<H>,
) where
    H: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Answer>> + Send + 'static,
{
    let mut stop = setting.stop.clone();
    let socket = match tls {
        None => Socket::Plain(tcp),
        Some(config) => {
            // Boxed, so that the space of a handshake is not kept for as long as the connection lives.
            let handshake = Box::pin(timeout(setting.times.handshake, Socket::accept_tls(tcp, config)));
            let outcome = tokio::select! {
                outcome = handshake => outcome,
                () = pulse.ask.notified() => return,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            match outcome {
                Ok(Ok(socket)) => {
                    setting.traffic.handshake(Handshake::Done(socket.tls_version()));
                    socket
                }
                Ok(Err(error)) => {
                    setting.traffic.handshake(Handshake::Failed);
                    return tracing::debug!(%addr, %error, "TLS handshake failed");
                }
                Err(_) => {
                    setting.traffic.handshake(Handshake::TooSlow);
                    return tracing::debug!(%addr, "TLS handshake took too long");
                }
            }
        }
    };
    let http = if socket.is_http2() { Http::Two } else { Http::One };
    let peer = Peer { addr, tls: socket.tls_version(), http };
    pulse.touch();
    match http {
        Http::One => run_http1(socket, peer, pulse, setting, stop).await,
        Http::Two => run_http2(socket, peer, pulse, setting, stop).await,
    }
}

async fn run_http1<H, F>(
    socket: Socket,
    peer: Peer,
    pulse: Arc<Pulse>,
    setting: Setting<H>,
    mut stop: watch::Receiver<bool>,
) where
    H: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Answer>> + Send + 'static,
{
    let Setting { handler, times, traffic, mark, .. } = setting;
    let verdict = Arc::new(Verdict::default());
    let guard = Guard::http1(socket, Arc::clone(&verdict), times.patience);
    let counted = Arc::clone(&pulse);
    let service = service_fn(move |request| {
        let (handler, pulse, verdict) = (handler.clone(), Arc::clone(&counted), Arc::clone(&verdict));
        let (traffic, mark) = (traffic.clone(), mark.clone());
        let number = verdict.next_request();
        async move {
            let refused = verdict.of(number);
            let refuse = refuse_with(mark.as_ref());
            let answer = answer(handler, request, peer, pulse, (refused, refuse), &traffic).await;
            // A body is refused while it is read: then the handler has seen a broken one, and the client is told why.
            let answer = match (refused, verdict.of(number)) {
                (None, Some(refusal)) => {
                    traffic.malformed(refusal);
                    refuse(refusal).map(|body| answer.into_body().with(body))
                }
                _ => answer,
            };
            Ok::<_, Infallible>(marked(answer, mark))
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(times.idle_http1)
        .half_close(false)
        .max_buf_size(limits::HTTP1_BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(guard), service);
    let end = drive(Pin::new(&mut connection), http1::Connection::graceful_shutdown, &pulse, &times, &mut stop).await;
    let guard = connection.into_parts().io.into_inner();
    if matches!(end, End::Finished) && guard.is_unread() {
        linger(guard.into_inner().into_tcp(), times.linger).await;
    }
}

async fn run_http2<H, F>(
    socket: Socket,
    peer: Peer,
    pulse: Arc<Pulse>,
    setting: Setting<H>,
    mut stop: watch::Receiver<bool>,
) where
    H: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Answer>> + Send + 'static,
{
    let Setting { handler, times, traffic, mark, .. } = setting;
    let counted = Arc::clone(&pulse);
    let service = service_fn(move |request| {
        let (handler, pulse, traffic) = (handler.clone(), Arc::clone(&counted), traffic.clone());
        let mark = mark.clone();
        let refused = fault_http2(&request);
        async move {
            let refuse = refuse_with(mark.as_ref());
            let mut answer = answer(handler, request, peer, pulse, (refused, refuse), &traffic).await;
            // RFC 9113 section 8.2.2: there are no connection headers in HTTP/2.
            answer.headers_mut().remove(CONNECTION);
            Ok::<_, Infallible>(marked(answer, mark))
        }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::HTTP2_STREAMS_MAX)
        .max_header_list_size(u32::try_from(limits::HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(limits::HTTP2_RESETS_PENDING_MAX)
        .max_local_error_reset_streams(limits::HTTP2_RESETS_LOCAL_MAX)
        .initial_stream_window_size(limits::HTTP2_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(limits::HTTP2_CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(limits::HTTP2_SEND_BYTES_MAX)
        .keep_alive_interval(times.ping)
        .keep_alive_timeout(times.pong)
        .serve_connection(TokioIo::new(Guard::writes_only(socket, times.patience)), service);
    drive(pin!(connection), http2::Connection::graceful_shutdown, &pulse, &times, &mut stop).await;
}

/// The answer of the handler, or that of a refusal; a panic of the handler is the latter, and the connection lives on.
/// A handler whose client hangs up is dropped where it awaits.
async fn answer<H, F>(
    handler: H,
    request: Request<Incoming>,
    peer: Peer,
    pulse: Arc<Pulse>,
    (refused, refuse): (Option<Refusal>, Refuse),
    traffic: &Traffic,
) -> Response<Outgoing>
where
    H: Fn(Request<Incoming>, Peer) -> F,
    F: Future<Output = Response<Answer>>,
{
    let handling = Ticket::new(&pulse, Stage::Handling);
    let response = match refused {
        Some(refusal) => {
            traffic.malformed(refusal);
            refuse(refusal)
        }
        None => caught(async { handler(request, peer).await }).await.unwrap_or_else(|()| {
            tracing::error!(addr = %peer.addr, "a handler panicked; its request is answered with 500");
            traffic.malformed(Refusal::Panic);
            refuse(Refusal::Panic)
        }),
    };
    let ticket = Ticket::new(&pulse, Stage::Answering);
    drop(handling);
    response.map(|answer| Outgoing { answer, ticket })
}

/// How the listener refuses what the handler never sees.
fn refuse_with(mark: Option<&Mark>) -> Refuse {
    mark.map_or(Refusal::answer, |mark| mark.refused)
}

/// The answer with the header that every answer has.
fn marked(mut answer: Response<Outgoing>, mark: Option<Mark>) -> Response<Outgoing> {
    if let Some(Mark { header: (name, value), .. }) = mark {
        answer.headers_mut().insert(name, value);
    }
    answer
}

/// The output of the future, or an error if it panics. What the panic said is for the panic hook alone: it may quote
/// values.
async fn caught<F: Future>(future: F) -> Result<F::Output, ()> {
    let mut future = pin!(future);
    poll_fn(move |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => Poll::Ready(Err(())),
    })
    .await
}

/// What HTTP/2 leaves to the server: h2 has the framing, and `:authority` stands for Host (RFC 9113 section 8.3.1).
fn fault_http2<B>(request: &Request<B>) -> Option<Refusal> {
    if request.method() == Method::CONNECT {
        return Some(Refusal::Connect);
    }
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > limits::URI_BYTES_MAX) {
        return Some(Refusal::UriTooLong);
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    match (request.uri().authority(), hosts.next(), hosts.next()) {
        (None, None, _) | (_, _, Some(_)) => Some(Refusal::Host),
        (Some(authority), Some(host), None)
            if !same_authority(authority.as_str().as_bytes(), host.as_bytes(), b"443") =>
        {
            Some(Refusal::Authority)
        }
        _ => None,
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It came to its end, or failed on its own.
    Finished,
    /// It was asked to close, and did not although nothing was being done on it.
    Cut,
}

/// Drives a connection until it ends: `ask` asks it to close after what it is answering, on a stop, when its place is
/// wanted by another, or when it was idle for too long. Asked and idle, it is cut after a while.
async fn drive<C>(
    mut connection: Pin<&mut C>,
    ask: fn(Pin<&mut C>),
    pulse: &Pulse,
    times: &Times,
    stop: &mut watch::Receiver<bool>,
) -> End
where
    C: Future<Output = hyper::Result<()>>,
{
    let (mut asked, mut limit) = (None, times.idle);
    loop {
        let due = pulse.touched().max(asked.unwrap_or(pulse.opened)) + limit;
        tokio::select! {
            // The connection first: a request that has arrived before the stop is answered.
            biased;
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    tracing::debug!(%error, "connection failed");
                }
                return End::Finished;
            }
            _ = stop.wait_for(|stop| *stop), if asked.is_none() => {}
            () = pulse.ask.notified(), if asked.is_none() => {}
            () = sleep_until(due) => {
                if pulse.handling.load(Ordering::Acquire) > 0 {
                    // The handler decides how long it takes.
                    pulse.touch();
                    continue;
                }
                if pulse.touched() + limit > Instant::now() {
                    continue;
                }
                if asked.is_some() {
                    return End::Cut;
                }
            }
        }
        (asked, limit) = (Some(Instant::now()), times.close);
        pulse.asked.store(true, Ordering::Release);
        ask(connection.as_mut());
    }
}

/// Throws away what the client still sends, so that closing the socket does not reset it under the last answer.
async fn linger(mut tcp: TcpStream, at_most: Duration) {
    let mut space = vec![0; 16 * 1024];
    let mut left = limits::LINGER_BYTES_MAX;
    let drain = async {
        while let Ok(count @ 1..) = tcp.read(&mut space).await {
            left = left.saturating_sub(count);
            if left == 0 {
                break;
            }
        }
    };
    // Either way the socket is closed now.
    let _ = timeout(at_most, drain).await;
}
