//! SCIM as a client sees it: requests over HTTP to a listener in this process, with every layer from the socket to the store. It does
//! not know TLS, which the listener's own tests and `tests/e2e/` have.

mod accounts;
mod answers;
mod bulk;
mod create;
mod discovery;
mod modify;
mod patch;
mod query;
mod targets;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use scimd::clock::Clock;
use scimd::directory::token::secret::Secret;
use scimd::directory::{Directory, record, tenant};
use scimd::scim::schema;
use scimd::server::connection::{Setting, Times};
use scimd::server::exchange::Recorder;
use scimd::server::listener::{self, Room};
use scimd::server::metrics::Metrics;
use scimd::server::metrics::live::Sources;
use scimd::server::rate::Rates;
use scimd::server::scim::{Face, handle};
use scimd::store::Store;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What every URL in an answer begins with.
const ORIGIN: &str = "https://scim.example.com";
/// Where the tenant is.
const BASE: &str = "/tenants/default/scim/v2";
const SCIM: &str = "application/scim+json";

/// A listener with one tenant.
struct Server {
    addr: SocketAddr,
    directory: Arc<Directory>,
    token: Secret,
    // The listener stops when this is gone.
    _stop: watch::Sender<bool>,
}

/// An answer.
struct Reply {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Server {
    /// With the profile for whatever provider comes.
    async fn start() -> Server {
        Server::with_profile("custom").await
    }

    /// With the RFCs and nothing else.
    async fn strict() -> Server {
        Server::with_profile("strict").await
    }

    async fn with_profile(profile: &str) -> Server {
        Server::with_clock(profile, Clock::System).await
    }

    async fn with_clock(profile: &str, clock: Clock) -> Server {
        let directory = Arc::new(Directory::new(Store::memory(), clock));
        let token = Secret::random().unwrap();
        let record = record::Token { hash: token.hash(), ..record::Token::default() };
        tenant::make_first(&directory, profile, false, &token.key_id(), record).await.unwrap();
        let metrics = Arc::new(Metrics::new(Sources {
            directory: directory.clone(),
            certificate_not_after_s: watch::channel(None).1,
            data_dir: PathBuf::from("."),
            version: "0.1.0",
            started_ms: 0,
        }));
        let traffic = metrics.traffic.clone();
        let face = Arc::new(Face {
            directory: directory.clone(),
            public_url: ORIGIN.to_owned(),
            trusted_proxies: Vec::new(),
            rates: Rates::default(),
            metrics,
            recorder: Arc::new(Recorder::default()),
        });
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = tcp.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let handler = move |request, peer| handle(face.clone(), request, peer);
        let setting = Setting { handler, times: Times::default(), stop: stopping, traffic, mark: None };
        tokio::spawn(listener::serve(tcp, None, setting, Room::default()));
        Server { addr, directory, token, _stop: stop }
    }

    /// A request below the tenant's base URL, or to a URL that an answer had.
    async fn ask(&self, method: &str, path: &str, body: Value) -> Reply {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.ask_with(method, path, &[(CONTENT_TYPE.as_str(), SCIM)], &text).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, Value::Null).await
    }

    /// As [`Server::ask`], with headers of the test's own and any text as body.
    async fn ask_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let bearer = format!("Bearer {}", self.token.expose());
        let headers = [&[(AUTHORIZATION.as_str(), bearer.as_str())], headers].concat();
        self.send(method, path, &headers, body).await
    }

    /// With nothing but what is given, no token either.
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let target = match path.strip_prefix(ORIGIN) {
            Some(target) => target.to_owned(),
            None if path.starts_with("/tenants/") => path.to_owned(),
            None => format!("{BASE}{path}"),
        };
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header(HOST, "scim.example.com").body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let tcp = TcpStream::connect(self.addr).await.unwrap();
        let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp)).await.unwrap();
        tokio::spawn(connection);
        let (head, body) = client.send_request(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply { status: head.status.as_u16(), headers: head.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// A new user of this name.
    async fn user(&self, name: &str) -> String {
        self.ask("POST", "/Users", user(name)).await.made()
    }

    /// A new group with these members.
    async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
        let body = json!({"schemas": [schema::GROUP], "displayName": name, "members": members});
        self.ask("POST", "/Groups", body).await.made()
    }

    /// How a list answers to this filter.
    async fn filter(&self, endpoint: &str, filter: &str) -> Reply {
        self.get(&format!("{endpoint}?filter={}", super::directory::percent_encode(filter))).await
    }

    /// The userNames that a filter finds.
    async fn names(&self, filter: &str) -> Vec<String> {
        let reply = self.filter("/Users", filter).await;
        assert_eq!(reply.status, 200, "{filter}: {}", reply.text);
        super::directory::texts(&reply.json()["Resources"], "userName")
    }
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A header's value; empty without it.
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The id in a successful answer.
    fn made(&self) -> String {
        assert!(self.status < 300, "{} {}", self.status, self.text);
        super::directory::id(&self.json())
    }

    /// Its status and scimType; fails unless the body is an error as RFC 7644 section 3.12 has it.
    fn error(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(body["schemas"], json!([schema::ERROR]), "{}", self.text);
        assert_eq!(body["status"], json!(self.status.to_string()), "{}", self.text);
        assert_ne!(body["detail"].as_str().unwrap_or_default(), "", "{}", self.text);
        (self.status, body["scimType"].as_str().unwrap_or_default().to_owned())
    }
}

fn user(name: &str) -> Value {
    json!({"schemas": [schema::USER], "userName": name})
}

fn patch(operations: Value) -> Value {
    json!({"schemas": [schema::PATCH_OP], "Operations": operations})
}
