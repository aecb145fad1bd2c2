//! Requests to a SCIM listener over a socket: what the answers' heads and bodies are.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Face, handle};
use crate::clock::Clock;
use crate::directory::record;
use crate::directory::tenant;
use crate::directory::token::secret::Secret;
use crate::directory::transaction::{self, State};
use crate::directory::{Directory, log};
use crate::limits;
use crate::scim::schema;
use crate::server::admin::tests::state;
use crate::server::connection::{Setting, Times};
use crate::server::listener::{self, Room};
use crate::server::rate::Rates;
use crate::store::Store;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use uuid::Uuid;

struct Site {
    directory: Arc<Directory>,
    addr: SocketAddr,
    token: Secret,
    _stop: watch::Sender<bool>,
}

struct Heard {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Heard {
    fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        line.split_once(':').map(|(_, value)| value.trim())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Site {
    async fn start(profile: &str) -> Site {
        let directory = Arc::new(Directory::new(Store::memory(), Clock::System));
        let token = Secret::random().unwrap();
        let record = record::Token { hash: token.hash(), ..record::Token::default() };
        tenant::make_first(&directory, profile, true, &token.key_id(), record).await.unwrap();
        let plane = state(directory.clone());
        let face = Arc::new(Face {
            directory: directory.clone(),
            public_url: "https://scim.example.com".to_owned(),
            trusted_proxies: Vec::new(),
            rates: Rates::default(),
            metrics: plane.metrics.clone(),
            recorder: plane.recorder.clone(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let traffic = plane.metrics.traffic.clone();
        let handler = move |request, peer| handle(face.clone(), request, peer);
        let setting = Setting { handler, times: Times::default(), stop: stopping, traffic, mark: None };
        tokio::spawn(listener::serve(listener, None, setting, Room::default()));
        Site { directory, addr, token, _stop: stop }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[&str], body: &Value) -> Heard {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut request =
            format!("{method} /tenants/default/scim/v2{path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n");
        request += &format!("Authorization: Bearer {}\r\nContent-Length: {}\r\n", self.token.expose(), body.len());
        headers.iter().for_each(|line| request += &format!("{line}\r\n"));
        request += &format!("\r\n{body}");
        let mut tcp = tokio::net::TcpStream::connect(self.addr).await.unwrap();
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        tcp.read_to_end(&mut bytes).await.unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Heard { status, head, body: bytes[end + 4..].to_vec() }
    }

    async fn get(&self, path: &str, headers: &[&str]) -> Heard {
        self.ask("GET", path, headers, &Value::Null).await
    }

    /// The outcome of a transaction, once there is one.
    async fn outcome(&self, id: &str) -> record::Outcome {
        let mut revisions = self.directory.revisions();
        loop {
            revisions.mark_unchanged();
            let found = transaction::find(&self.directory, 1, id).await.unwrap();
            if let Some(outcome) = found.record.outcome {
                return outcome;
            }
            assert_eq!(found.state, State::Running);
            revisions.changed().await.unwrap();
        }
    }
}

fn user(name: &str) -> Value {
    json!({"schemas": [schema::USER], "userName": name})
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let site = Site::start("custom").await;
    let made = site.ask("POST", "/Users", &[], &user("anna")).await;
    let path = format!("/Users/{}", made.json()["id"].as_str().unwrap());
    for path in [&path, "/Users", "/", "/ServiceProviderConfig", "/Schemas", "/ResourceTypes/User", "/Users/unknown"] {
        for coding in [&[][..], &["Accept-Encoding: gzip"]] {
            let get = site.get(path, coding).await;
            let head = site.ask("HEAD", path, coding, &Value::Null).await;
            assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
            assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()), "{path}");
            for name in ["content-type", "etag", "vary", "content-encoding", "location", "content-location"] {
                assert_eq!(head.header(name), get.header(name), "{path} {name}");
            }
        }
    }
}

#[tokio::test]
async fn every_endpoint_says_which_methods_it_serves() {
    let site = Site::start("custom").await;
    for (path, wrong, allow) in [
        ("/", "POST", "GET, HEAD, OPTIONS"),
        ("/Users", "PUT", "GET, HEAD, POST, OPTIONS"),
        ("/Groups/x", "POST", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("/.search", "GET", "POST, OPTIONS"),
        ("/ServiceProviderConfig", "PUT", "GET, HEAD, OPTIONS"),
        ("/Schemas", "POST", "GET, HEAD, OPTIONS"),
        ("/ResourceTypes/User", "DELETE", "GET, HEAD, OPTIONS"),
    ] {
        let refused = site.ask(wrong, path, &[], &Value::Null).await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some(allow)), "{wrong} {path}");
        let options = site.ask("OPTIONS", path, &[], &Value::Null).await;
        assert_eq!((options.status, options.header("allow")), (204, Some(allow)), "{path}");
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_ours_is_told_by_strict_tenants_alone() {
    for (profile, status) in [("custom", 201), ("strict", 406)] {
        let site = Site::start(profile).await;
        let answer = site.ask("POST", "/Users", &["Accept: text/html"], &user("anna")).await;
        assert_eq!(answer.status, status, "{profile}");
        assert_eq!(answer.header("content-type"), Some("application/scim+json"));
        let total = site.get("/Users", &[]).await.json()["totalResults"].clone();
        assert_eq!(total, json!(usize::from(status == 201)), "nothing is done before it is refused");
        // No coding at all is no matter of taste.
        assert_eq!(site.get("/Users", &["Accept-Encoding: *;q=0"]).await.status, 406);
        let json = site.get("/Users", &["Accept: application/scim+json;q=0.2, application/json"]).await;
        assert_eq!(json.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn writes_answer_what_the_client_prefers() {
    let site = Site::start("custom").await;
    let minimal = ["Prefer: return=minimal"];
    let made = site.ask("POST", "/Users", &minimal, &user("anna")).await;
    assert_eq!((made.status, made.body.len()), (201, 0));
    assert_eq!(made.header("preference-applied"), Some("return=minimal"));
    assert!(made.header("etag").is_some() && made.header("content-type").is_none());
    assert!(made.header("content-location").is_none(), "there is no representation that it could be of");
    let path = made.header("location").unwrap().split("/scim/v2").nth(1).unwrap().to_owned();
    let put = site.ask("PUT", &path, &minimal, &user("anna.b")).await;
    assert_eq!((put.status, put.body.len(), put.header("preference-applied")), (204, 0, Some("return=minimal")));
    let whole = site.ask("PUT", &path, &["Prefer: return=representation"], &user("anna.c")).await;
    assert_eq!((whole.status, whole.header("preference-applied")), (200, Some("return=representation")));
    assert_eq!(whole.json()["userName"], "anna.c");
    let failed = site.ask("POST", "/Users", &minimal, &user("anna.c")).await;
    assert_eq!((failed.status, failed.header("preference-applied")), (409, None));
    assert_eq!(failed.json()["scimType"], "uniqueness");

    let group = json!({"schemas": [schema::GROUP], "displayName": "staff"});
    let group = site.ask("POST", "/Groups", &[], &group).await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/Groups/{group}");
    let patch = json!({"schemas": [schema::PATCH_OP], "Operations": [{"op": "replace", "path": "displayName", "value": "all"}]});
    assert_eq!(site.ask("PATCH", &path, &[], &patch).await.status, 204);
    let whole = site.ask("PATCH", &path, &["Prefer: return=representation"], &patch).await;
    assert_eq!((whole.status, whole.json()["displayName"].as_str()), (200, Some("all")));
}

#[tokio::test]
async fn attributes_are_chosen_on_every_write() {
    let site = Site::start("custom").await;
    let body = json!({"schemas": [schema::USER], "userName": "anna", "title": "Dr.", "nickName": "ann"});
    let made = site.ask("POST", "/Users?attributes=title", &[], &body).await.json();
    assert!(made["title"] == "Dr." && made.get("userName").is_none() && made.get("id").is_some());
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let put = site.ask("PUT", &format!("{path}?excludedAttributes=title,meta&unknown=1"), &[], &body).await.json();
    assert!(put["nickName"] == "ann" && put.get("title").is_none() && put.get("meta").is_none());
    let patch =
        json!({"schemas": [schema::PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "Prof."}]});
    let patched = site.ask("PATCH", &format!("{path}?attributes=title"), &[], &patch).await.json();
    assert!(patched["title"] == "Prof." && patched.get("nickName").is_none());
    assert_eq!(site.get("/Users?filter=title+eq+%22Prof.%22&x=%zz", &[]).await.json()["totalResults"], 1);
    assert_eq!(site.get("/Users?count=1&count=2", &[]).await.status, 400);
}

#[tokio::test]
async fn conditions_of_reads() {
    let site = Site::start("custom").await;
    let made = site.ask("POST", "/Users", &[], &user("anna")).await;
    let path = format!("/Users/{}", made.json()["id"].as_str().unwrap());
    let version = made.header("etag").unwrap().to_owned();
    let strong = version.trim_start_matches("W/").to_owned();
    for tags in [version.as_str(), "*", &strong, &format!("\"a\", {version}"), &format!("W/\"x,y\",{strong}")] {
        let answer = site.get(&path, &[&format!("If-None-Match: {tags}")]).await;
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{tags}");
        assert_eq!(answer.header("etag"), Some(version.as_str()));
        assert_eq!(site.get(&path, &[&format!("If-Match: {tags}")]).await.status, 200, "{tags}");
    }
    let inside = format!("\"x,{}\"", strong.trim_matches('"'));
    for tags in ["\"a\"", "\"a\", \"b\"", &inside] {
        assert_eq!(site.get(&path, &[&format!("If-None-Match: {tags}")]).await.status, 200, "{tags}");
        assert_eq!(site.get(&path, &[&format!("If-Match: {tags}")]).await.status, 412, "{tags}");
    }
    assert_eq!(site.ask("DELETE", &path, &["If-Match: *"], &Value::Null).await.status, 204);
    assert_eq!(site.ask("DELETE", &path, &["If-Match: *"], &Value::Null).await.status, 404);
}

#[tokio::test]
async fn coded_bodies_are_not_read() {
    let site = Site::start("custom").await;
    let refused = site.ask("POST", "/Users", &["Content-Encoding: gzip"], &user("anna")).await;
    assert_eq!((refused.status, refused.header("accept-encoding")), (415, Some("identity")));
    let typed = site.ask("POST", "/Users", &["Content-Type: text/plain"], &user("anna")).await;
    assert_eq!((typed.status, typed.header("accept-encoding")), (415, None));
    assert_eq!(site.ask("POST", "/Users", &["Content-Encoding: Identity"], &user("anna")).await.status, 201);
}

#[tokio::test]
async fn a_client_that_does_not_wait_finds_the_outcome_later() {
    let site = Site::start("strict").await;
    // Accept does not matter for an answer without a body.
    let deferred = ["Prefer: respond-async", "Accept: text/html"];
    let told = site.ask("POST", "/Users", &deferred, &user("anna")).await;
    assert_eq!((told.status, told.body.len()), (202, 0));
    assert_eq!(told.header("preference-applied"), Some("respond-async"));
    let (id, location) = (told.header("set-txn").unwrap(), told.header("location").unwrap());
    assert_eq!(told.header("x-request-id"), Some(id));
    let outcome = site.outcome(id).await;
    assert_eq!((outcome.status, outcome.location.as_str(), outcome.response.as_str()), (201, location, ""));
    let path = location.split("/scim/v2").nth(1).unwrap();
    assert_eq!(site.get(path, &[]).await.json()["userName"], "anna");
    let snapshot = site.directory.snapshot().await.unwrap();
    let bounds = log::Bounds { entries_max: 10, before_ms: None };
    let oldest = log::oldest(&snapshot, 1).await.unwrap();
    let changes = log::read(&snapshot, &oldest, |_: &record::Change| true, &bounds).await.unwrap();
    assert_eq!(changes.entries[0].value.request, id);

    let told = site.ask("POST", "/Users", &deferred, &user("anna")).await;
    let outcome = site.outcome(told.header("set-txn").unwrap()).await;
    assert_eq!(outcome.status, 409);
    assert!(outcome.response.contains("uniqueness"), "{}", outcome.response);
    let told = site.ask("DELETE", path, &deferred, &Value::Null).await;
    assert_eq!((told.status, told.header("location")), (202, Some(location)));
    assert_eq!(site.outcome(told.header("set-txn").unwrap()).await.status, 204);
    // What can be refused at once is.
    assert_eq!(site.ask("PUT", "/Users", &deferred, &user("anna")).await.status, 405);
}

#[tokio::test]
async fn a_client_that_waits_a_while_gets_the_answer_if_it_comes() {
    let site = Site::start("custom").await;
    let answer = site.ask("POST", "/Users", &["Prefer: respond-async, wait=60"], &user("anna")).await;
    assert_eq!((answer.status, answer.header("set-txn"), answer.header("preference-applied")), (201, None, None));
    assert_eq!(answer.json()["userName"], "anna");
}

#[tokio::test]
async fn the_outcome_of_a_bulk_tells_of_each_operation() {
    let site = Site::start("custom").await;
    let operation = |name: &str| json!({"method": "POST", "path": "/Users", "bulkId": name, "data": user(name)});
    let bulk = json!({"schemas": [schema::BULK_REQUEST], "Operations": [operation("anna"), operation("Anna")]});
    let told = site.ask("POST", "/Bulk", &["Prefer: respond-async"], &bulk).await;
    assert_eq!((told.status, told.body.len()), (202, 0));
    let outcome = site.outcome(told.header("set-txn").unwrap()).await;
    assert_eq!(outcome.status, 200);
    let answer: Value = serde_json::from_str(&outcome.response).unwrap();
    let statuses: Vec<&Value> = answer["Operations"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [&json!("201"), &json!("409")]);
}

#[tokio::test]
async fn without_a_place_the_client_is_told_to_come_again() {
    let site = Site::start("custom").await;
    let transactions = &site.directory.transactions;
    let mut places: Vec<_> = std::iter::from_fn(|| transactions.place(Uuid::new_v4(), 1, 1)).collect();
    assert_eq!(places.len(), limits::TRANSACTIONS_TENANT_MAX);
    let full = site.ask("POST", "/Users", &["Prefer: respond-async"], &user("anna")).await;
    assert_eq!((full.status, full.header("retry-after")), (503, Some("5")));
    assert_eq!(site.ask("POST", "/Users", &[], &user("berta")).await.status, 201, "others are answered as ever");
    places.clear();
    assert_eq!(site.ask("POST", "/Users", &["Prefer: respond-async"], &user("anna")).await.status, 202);
}
