//! The Crowd API as Jira, Confluence and Bitbucket read it: requests over HTTP to a listener in this process. It does not know TLS, which
//! the listener's own tests and `tests/e2e/` have.

mod client;
mod clients;
mod forms;
mod history;
mod sync;

use crate::directory::Site;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use scimd::directory::application::password::Password;
use scimd::directory::application::settings;
use scimd::directory::audit::Admin;
use scimd::directory::record;
use scimd::mapping::outbound::{Definition, Users};
use scimd::server::connection::{Setting, Times};
use scimd::server::crowd::respond;
use scimd::server::crowd::xml::{self, Element};
use scimd::server::crowd::{Face, Streams, handle};
use scimd::server::listener::{self, Room};
use scimd::server::metrics::Metrics;
use scimd::server::metrics::live::Sources;
use scimd::store::Store;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where the API is.
const BASE: &str = "/crowd/rest/usermanagement/1";
const XML: &str = "application/xml";
const JSON: &str = "application/json";
const PASSWORD: &str = "a-password-of-some-length-0";

/// A listener over a directory with one tenant.
struct Crowd {
    site: Site,
    addr: SocketAddr,
    // The listener stops when this is gone.
    _stop: watch::Sender<bool>,
}

/// An answer.
struct Reply {
    status: u16,
    headers: HeaderMap,
    text: String,
}

/// How an application sees the tenant.
#[derive(Clone, Default)]
struct Lens {
    include: Vec<String>,
    members: bool,
    user_name: String,
}

impl Crowd {
    async fn start() -> Crowd {
        let site = Site::new(Store::memory()).await;
        let metrics = Arc::new(Metrics::new(Sources {
            directory: site.directory.clone(),
            certificate_not_after_s: watch::channel(None).1,
            data_dir: PathBuf::from("."),
            version: "0.1.0",
            started_ms: 0,
        }));
        let traffic = metrics.traffic.clone();
        let face = Arc::new(Face {
            directory: site.directory.clone(),
            public_url: "https://crowd.example.com".to_owned(),
            trusted_proxies: Vec::new(),
            metrics,
            sights: Arc::default(),
            streams: Streams::default(),
        });
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = tcp.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let handler = move |request, peer| handle(face.clone(), request, peer);
        let setting =
            Setting { handler, times: Times::default(), stop: stopping, traffic, mark: Some(respond::everywhere()) };
        tokio::spawn(listener::serve(tcp, None, setting, Room::default()));
        Crowd { site, addr, _stop: stop }
    }

    /// A client of an application that sees the tenant so. One of this name that is there already sees it so from now on.
    async fn application(&self, name: &str, lens: &Lens) -> Asking<'_> {
        let wanted = record::Application {
            include: lens.include.clone(),
            users: if lens.members { Users::Members } else { Users::All },
            outbound: Definition { user_name: lens.user_name.clone(), ..Definition::default() },
            ..record::Application::default()
        };
        let (directory, admin, at) = (&self.site.directory, Admin::server(), ("default", name));
        let changed = settings::update(directory, &admin, at, None, |old| {
            (old.include, old.users, old.outbound) = (wanted.include.clone(), wanted.users, wanted.outbound.clone());
        });
        if changed.await.is_err() {
            let password = Some(Password::new(PASSWORD.to_owned()));
            settings::create(directory, &admin, at, wanted, password).await.unwrap();
        }
        Asking { crowd: self, credentials: format!("{name}:{PASSWORD}") }
    }
}

/// An application's requests.
struct Asking<'a> {
    crowd: &'a Crowd,
    credentials: String,
}

impl Asking<'_> {
    async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, XML, "").await
    }

    async fn json(&self, path: &str) -> Value {
        let reply = self.ask("GET", path, JSON, "").await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        serde_json::from_str(&reply.text).unwrap()
    }

    async fn xml(&self, path: &str) -> Element {
        let reply = self.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.xml()
    }

    async fn ask(&self, method: &str, path: &str, accept: &str, body: &str) -> Reply {
        let basic = format!("Basic {}", STANDARD.encode(&self.credentials));
        let kind = if body.starts_with('{') { JSON } else { XML };
        let headers =
            [(AUTHORIZATION.as_str(), basic.as_str()), (CONTENT_TYPE.as_str(), kind), (ACCEPT.as_str(), accept)];
        self.crowd.send(method, path, &headers, body).await
    }
}

impl Crowd {
    /// With nothing but what is given, no credentials either.
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let target = if path.starts_with("//") { path[1..].to_owned() } else { format!("{BASE}{path}") };
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(target);
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let request = request.header(HOST, "crowd.example.com").body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let tcp = TcpStream::connect(self.addr).await.unwrap();
        let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp)).await.unwrap();
        tokio::spawn(connection);
        let (head, body) = client.send_request(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        assert!(head.headers.contains_key("x-embedded-crowd-version"), "{method} {path}");
        Reply { status: head.status.as_u16(), headers: head.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }
}

impl Crowd {
    /// Sends bytes as they are, and reads until the server closes.
    async fn exchange(&self, request: &str) -> String {
        let mut tcp = TcpStream::connect(self.addr).await.unwrap();
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        tcp.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }
}

impl Reply {
    fn xml(&self) -> Element {
        xml::parse_within(self.text.as_bytes(), usize::MAX).unwrap_or_else(|why| panic!("{why}: {:.200}", self.text))
    }

    /// The reason of a refusal.
    fn reason(&self) -> String {
        match self.text.starts_with('{') {
            true => serde_json::from_str::<Value>(&self.text).unwrap()["reason"].as_str().unwrap().to_owned(),
            false => self.xml().child("reason").unwrap().text.clone(),
        }
    }
}

/// The names of the elements in a list.
fn names(list: &Element) -> Vec<String> {
    list.children.iter().map(|child| child.attribute("name").unwrap().to_owned()).collect()
}
