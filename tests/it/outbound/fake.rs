//! What all fakes of products share: a plain HTTP server on loopback over a state that tests look into and change, with credentials,
//! rights, throttling, injected failures and dropped connections. It knows no product.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The credentials that all fakes take: as a bearer token, and as HTTP Basic of the user `admin`.
pub(crate) const SECRET: &str = "the-secret";

/// A request as a product sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// Below the base URL, decoded, by its slashes.
    pub(crate) path: Vec<String>,
    /// Decoded.
    pub(crate) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// `Null` where there is none.
    pub(crate) body: Value,
}

/// An answer; an empty object is no body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

/// A product's state, and what it makes of requests.
pub(crate) trait World: Send + 'static {
    /// What the product answers to a request whose credentials are taken. `rights`: whether they are an administrator's.
    fn answer(&mut self, call: &Call, rights: bool) -> Answer;
    /// What it answers to one whose credentials are not taken.
    fn stranger(&self) -> Answer {
        Answer::new(401, json!({ "message": "Unauthorized" }))
    }
}

/// What goes wrong, each in so many of a thousand requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// 429 with `Retry-After: 1`.
    pub(crate) throttled: u32,
    /// 500 before anything is done.
    pub(crate) failed_before: u32,
    /// 500 after it was done.
    pub(crate) failed_after: u32,
    /// The connection breaks before anything is done.
    pub(crate) dropped_before: u32,
    /// The connection breaks after it was done.
    pub(crate) dropped_after: u32,
}

/// What is between the state and its callers.
pub(crate) struct Gate {
    pub(crate) faults: Faults,
    /// The credentials are an administrator's.
    pub(crate) rights: bool,
    /// The credentials that are taken.
    pub(crate) secret: String,
    /// Nothing is answered at all.
    pub(crate) down: bool,
    /// Every request that came, those that failed too.
    pub(crate) calls: Vec<Call>,
    random: u64,
}

/// A fake; clones are the same one.
pub(crate) struct Fake<W> {
    world: Arc<Mutex<W>>,
    gate: Arc<Mutex<Gate>>,
}

impl<W> Clone for Fake<W> {
    fn clone(&self) -> Fake<W> {
        Fake { world: self.world.clone(), gate: self.gate.clone() }
    }
}

/// A fake that listens; it stops when this is dropped.
pub(crate) struct Server<W> {
    pub(crate) fake: Fake<W>,
    /// Its URL, without a slash at the end.
    pub(crate) base: String,
    accepting: JoinHandle<()>,
}

impl<W> Drop for Server<W> {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Answer {
    pub(crate) fn new(status: u16, body: Value) -> Answer {
        Answer { status, headers: Vec::new(), body }
    }

    pub(crate) fn empty(status: u16) -> Answer {
        Answer::new(status, Value::Null)
    }
}

impl Call {
    /// A request of a method, a path with its query, headers and a body.
    pub(crate) fn new(method: &str, raw: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Call {
        let (path, query) = raw.split_once('?').unwrap_or((raw, ""));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        };
        Call {
            method: method.to_owned(),
            path: path.split('/').skip(1).map(decoded).collect(),
            query: query.split('&').filter(|part| !part.is_empty()).map(pair).collect(),
            headers: headers.iter().map(|(name, value)| (name.to_lowercase(), (*value).to_owned())).collect(),
            body: body.cloned().unwrap_or_default(),
        }
    }

    /// A parameter of the query; empty where there is none.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.query.iter().any(|(key, _)| key == name)
    }

    pub(crate) fn number(&self, name: &str, otherwise: usize) -> usize {
        self.parameter(name).parse().unwrap_or(otherwise)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// A text of the body; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    pub(crate) fn is_write(&self) -> bool {
        self.method != "GET"
    }

    /// Whether a browser could have been made to send it: Atlassian's products refuse such writes.
    pub(crate) fn may_be_forged(&self) -> bool {
        self.is_write() && self.header("x-atlassian-token") != "no-check"
    }
}

impl<W: World> Fake<W> {
    pub(crate) fn new(world: W) -> Fake<W> {
        let gate = Gate {
            faults: Faults::default(),
            rights: true,
            secret: SECRET.to_owned(),
            down: false,
            calls: Vec::new(),
            random: 1,
        };
        Fake { world: Arc::new(Mutex::new(world)), gate: Arc::new(Mutex::new(gate)) }
    }

    /// A fake that listens on loopback.
    pub(crate) async fn spawn(world: W) -> Server<W> {
        let fake = Fake::new(world);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let listening = fake.clone();
        let accepting = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let fake = listening.clone();
                let service = service_fn(move |request| serve(fake.clone(), request));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Server { fake, base, accepting }
    }

    /// The product's state.
    pub(crate) fn state(&self) -> MutexGuard<'_, W> {
        self.world.lock().unwrap()
    }

    /// What is between it and its callers.
    pub(crate) fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap()
    }

    /// How many writes came since `from` requests.
    pub(crate) fn writes_since(&self, from: usize) -> usize {
        self.gate().calls.iter().skip(from).filter(|call| call.is_write()).count()
    }

    /// What comes of a request; `None`: the connection broke.
    pub(crate) fn call(&self, call: Call) -> Option<Answer> {
        let (before, after, rights, taken) = {
            let mut gate = self.gate();
            gate.calls.push(call.clone());
            if gate.down {
                return None;
            }
            let faults = gate.faults;
            let roll = gate.roll();
            let mut limit = 0;
            let mut hit = |faults: u32| {
                limit += faults;
                roll < limit && roll >= limit - faults
            };
            let before = if hit(faults.throttled) {
                Some(Some(Answer { headers: vec![("retry-after".to_owned(), "1".to_owned())], ..Answer::empty(429) }))
            } else if hit(faults.failed_before) {
                Some(Some(Answer::new(500, json!({ "message": "before" }))))
            } else if hit(faults.dropped_before) {
                Some(None)
            } else {
                None
            };
            let after = if hit(faults.failed_after) {
                Some(Some(Answer::new(500, json!({ "message": "after" }))))
            } else if hit(faults.dropped_after) {
                Some(None)
            } else {
                None
            };
            let basic = format!("Basic {}", base64(&format!("admin:{}", gate.secret)));
            let bearer = format!("Bearer {}", gate.secret);
            let taken = [basic, bearer].iter().any(|wanted| wanted == call.header("authorization"));
            (before, after, gate.rights, taken)
        };
        if let Some(before) = before {
            return before;
        }
        if !taken {
            return Some(self.state().stranger());
        }
        let answer = self.state().answer(&call, rights);
        after.unwrap_or(Some(answer))
    }
}

impl Gate {
    /// A number below 1000, the same sequence each time.
    fn roll(&mut self) -> u32 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.random >> 33) % 1_000) as u32
    }
}

async fn serve<W: World>(fake: Fake<W>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, &'static str> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| "the request broke")?.to_bytes();
    let headers: Vec<(&str, &str)> =
        head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default())).collect();
    let raw = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let body: Option<Value> = serde_json::from_slice(&body).ok();
    let call = Call::new(head.method.as_str(), raw, &headers, body.as_ref());
    let answer = fake.call(call).ok_or("dropped")?;
    let body = if answer.body.is_null() { Vec::new() } else { serde_json::to_vec(&answer.body).unwrap() };
    let mut response = Response::builder().status(answer.status).header("content-type", "application/json");
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(Bytes::from(body))).unwrap())
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}
