//! `ExchangeService` against a SCIM listener whose requests are recorded.

use super::*;
use crate::directory::audit::Admin;
use crate::directory::record;
use crate::directory::tenant::{self, removal, settings};
use crate::directory::token::secret::Secret;
use crate::directory::whatif;
use crate::limits;
use crate::server::admin::api::v1::exchange_service_client::ExchangeServiceClient;
use crate::server::admin::api::v1::{
    ChangeKind, GetExchangeRequest, GetExchangeResponse, ListExchangesRequest, ReplayExchangeRequest,
    ReplayExchangeResponse,
};
use crate::server::connection::{Setting, Times};
use crate::server::listener::{self, Room};
use crate::server::rate::Rates;
use crate::server::scim::{Face, handle};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic_types::StatusExt;

const USERS: &str = "/tenants/default/scim/v2/Users";
const GROUPS: &str = "/tenants/default/scim/v2/Groups";

/// A plane and a SCIM listener over the same data.
pub(super) struct Both {
    pub(super) plane: Plane,
    addr: SocketAddr,
    token: Secret,
    client: ExchangeServiceClient<Channel>,
}

impl Both {
    pub(super) async fn start() -> Both {
        let plane = Plane::start();
        let token = Secret::random().unwrap();
        let record = record::Token { hash: token.hash(), ..record::Token::default() };
        tenant::make_first(&plane.directory, "custom", false, &token.key_id(), record).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let face = Arc::new(Face {
            directory: plane.directory.clone(),
            public_url: "https://scim.example.com".to_owned(),
            trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
            rates: Rates::default(),
            metrics: plane.metrics.clone(),
            recorder: plane.recorder.clone(),
        });
        let traffic = plane.metrics.traffic.clone();
        let handler = move |request, peer| handle(face.clone(), request, peer);
        let setting = Setting { handler, times: Times::default(), stop: plane.stop.subscribe(), traffic, mark: None };
        tokio::spawn(listener::serve(listener, None, setting, Room::default()));
        let client = ExchangeServiceClient::new(plane.connect().await);
        Both { plane, addr, token, client }
    }

    /// The answer as text, and its request id.
    async fn ask(&self, method: &str, target: &str, authorization: &str, body: &str) -> (String, String) {
        let mut tcp = tokio::net::TcpStream::connect(self.addr).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: {authorization}\r\nUser-Agent: idp/1\r\n\
             X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\nContent-Type: application/scim+json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await.unwrap();
        let id = answer.split("x-request-id: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
        (answer, id)
    }

    pub(super) async fn scim(&self, method: &str, target: &str, body: &str) -> (String, String) {
        self.ask(method, target, &format!("Bearer {}", self.token.expose()), body).await
    }

    async fn list(&mut self, ask: ListExchangesRequest) -> Vec<String> {
        let answer = self.client.list_exchanges(ask).await.unwrap().into_inner();
        answer.exchanges.into_iter().map(|exchange| exchange.id).collect()
    }

    pub(super) async fn exchange(&mut self, id: &str, unmasked: bool) -> GetExchangeResponse {
        let ask = GetExchangeRequest { tenant: String::new(), id: id.to_owned(), unmasked };
        self.client.get_exchange(ask).await.unwrap().into_inner()
    }

    async fn replay(&mut self, id: &str) -> Result<ReplayExchangeResponse, tonic::Status> {
        let ask = ReplayExchangeRequest { tenant: "default".to_owned(), id: id.to_owned(), unmasked: true };
        self.client.replay_exchange(ask).await.map(tonic::Response::into_inner)
    }
}

/// The id of the resource in an answer.
pub(super) fn made(answer: &str) -> String {
    answer.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn exchanges_are_listed_by_what_is_asked_for() {
    let mut both = Both::start().await;
    let (answer, created) = both.scim("POST", USERS, r#"{"userName":"jane@example.com"}"#).await;
    let user = made(&answer);
    let (_, read) = both.scim("GET", &format!("{USERS}/{user}"), "").await;
    let (_, taken) = both.scim("POST", USERS, r#"{"userName":"Jane@example.com"}"#).await;
    let (_, searched) = both.scim("GET", &format!("{USERS}?filter=userName+eq+%22jane@example.com%22"), "").await;
    let (_, refused) = both.ask("GET", USERS, "Bearer scim_x", "").await;
    both.ask("GET", "/tenants/nobody/scim/v2/Users", "Bearer scim_x", "").await;
    both.scim("GET", "/tenants/default/scim/v2/Schemas", "").await;

    let all = ListExchangesRequest::default;
    assert_eq!(both.list(all()).await, [&refused, &searched, &taken, &read, &created].map(String::as_str));
    assert_eq!(both.list(ListExchangesRequest { status: 409, ..all() }).await, std::slice::from_ref(&taken));
    assert_eq!(both.list(ListExchangesRequest { status: 4, ..all() }).await, [refused.clone(), taken.clone()]);
    assert_eq!(
        both.list(ListExchangesRequest { method: "post".into(), ..all() }).await,
        [taken.clone(), created.clone()]
    );
    assert_eq!(both.list(ListExchangesRequest { resource_id: user, ..all() }).await, [read.clone(), created.clone()]);
    let token_id = both.token.key_id();
    assert_eq!(both.list(ListExchangesRequest { token_id, ..all() }).await.len(), 4);
    let late = Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 });
    assert_eq!(both.list(ListExchangesRequest { start_time: late, ..all() }).await.len(), 0);
    assert_eq!(both.list(ListExchangesRequest { end_time: late, ..all() }).await.len(), 5);

    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let ask = ListExchangesRequest { page_size: 2, page_token, ..all() };
        let answer = both.client.list_exchanges(ask).await.unwrap().into_inner();
        assert!(answer.exchanges.len() <= 2);
        seen.extend(answer.exchanges.into_iter().map(|exchange| exchange.id));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, [refused, searched.clone(), taken, read, created]);

    let listed =
        both.client.list_exchanges(ListExchangesRequest { method: "GET".into(), status: 2, ..all() }).await.unwrap();
    let shown = &listed.into_inner().exchanges[0];
    assert_eq!(shown.id, searched);
    assert_eq!(shown.target, format!("{USERS}?filter=userName eq \"***\""));
    assert_eq!((shown.address.as_str(), shown.user_agent.as_str()), ("198.51.100.7", "idp/1"));
    assert_eq!(
        (shown.tenant.as_str(), shown.endpoint.as_str(), shown.http_version.as_str()),
        ("default", "/Users", "1")
    );
    for ask in [
        ListExchangesRequest { status: 6, ..all() },
        ListExchangesRequest { page_token: "x".into(), ..all() },
        ListExchangesRequest { page_size: -1, ..all() },
    ] {
        assert_eq!(both.client.list_exchanges(ask).await.unwrap_err().code(), tonic::Code::InvalidArgument);
    }
    let nobody =
        both.client.list_exchanges(ListExchangesRequest { tenant: "nobody".into(), ..all() }).await.unwrap_err();
    assert_eq!(nobody.get_details_error_info().unwrap().reason, "TENANT_NOT_FOUND");
}

#[tokio::test]
async fn an_exchange_is_shown_masked_and_explained() {
    let mut both = Both::start().await;
    let body = r#"{"userName":"jane@example.com","password":"hunter2-canary","active":"True","emails":[{"value":"j@x.y","type":"work"}]}"#;
    let (_, created) = both.scim("POST", USERS, body).await;
    let masked = both.exchange(&created, false).await;
    let text = &masked.request_body.as_ref().unwrap().text;
    assert_eq!(text, r#"{"userName":"***","password":"***","active":"True","emails":[{"value":"***","type":"work"}]}"#);
    assert!(!masked.response_body.as_ref().unwrap().text.contains("jane"));
    assert!(
        masked.explanation.contains("create a user succeeded")
            && masked.explanation.contains("boolean was sent as text")
    );
    let head = masked.exchange.as_ref().unwrap();
    assert_eq!((head.status, head.token_id.clone()), (201, both.token.key_id()));
    assert_eq!(head.quirks, ["boolean_as_string", "missing_schemas"]);
    assert_eq!(head.request_bytes, i64::try_from(body.len()).unwrap());
    assert!(masked.response_headers.iter().any(|header| header.name == "location"));
    assert!(masked.request_headers.iter().all(|header| header.name != "authorization"));

    let open = both.exchange(&created, true).await;
    assert!(open.request_body.as_ref().unwrap().text.contains("jane@example.com"));
    assert!(!format!("{open:?}").contains("hunter2-canary"));

    let (_, refused) = both.ask("POST", USERS, "Basic YTpi", body).await;
    let refused = both.exchange(&refused, true).await;
    assert!(refused.explanation.contains("not of the kind 'Bearer'"), "{}", refused.explanation);
    assert!(refused.request_body.unwrap().truncated);
    let (_, unknown) = both.scim("GET", &format!("{USERS}/jane"), "").await;
    let unknown = both.exchange(&unknown, false).await;
    assert!(
        unknown.explanation.contains("there is no User with the id '***'")
            || unknown.explanation.contains("There is no User with the id '***'")
    );

    let ask = GetExchangeRequest { tenant: String::new(), id: "none".to_owned(), unmasked: false };
    let missing = both.client.get_exchange(ask).await.unwrap_err();
    assert_eq!(missing.get_details_error_info().unwrap().reason, "EXCHANGE_NOT_FOUND");
}

#[tokio::test]
async fn a_replay_shows_what_would_change_and_changes_nothing() {
    let mut both = Both::start().await;
    let (answer, created) = both.scim("POST", USERS, r#"{"userName":"jane@example.com","title":"Boss"}"#).await;
    let user = made(&answer);
    let again = both.replay(&created).await.unwrap();
    assert_eq!((again.status, again.differences.len()), (409, 0));
    assert!(
        again.explanation.starts_with("It succeeded with 201 and would now be refused with 409."),
        "{}",
        again.explanation
    );

    let patch = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
        {"op":"Replace","path":"title","value":"Chief"},
        {"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Sales"}]}"#;
    let (_, patched) = both.scim("PATCH", &format!("{USERS}/{user}"), patch).await;
    assert_eq!(both.replay(&patched).await.unwrap().differences.len(), 0);
    both.scim("PUT", &format!("{USERS}/{user}"), r#"{"userName":"jane@example.com","title":"Boss"}"#).await;
    let replayed = both.replay(&patched).await.unwrap();
    assert_eq!((replayed.status, replayed.quirks.as_slice()), (200, &["op_case".to_owned()][..]));
    assert!(replayed.response_body.unwrap().text.contains("\"title\":\"Chief\""));
    let difference = &replayed.differences[0];
    assert_eq!((difference.kind(), difference.resource_type.as_str()), (ChangeKind::Update, "User"));
    assert_eq!(difference.resource_id, user);
    let told: Vec<(&str, &str, &str)> =
        difference.attributes.iter().map(|one| (one.path.as_str(), one.before.as_str(), one.after.as_str())).collect();
    let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    assert_eq!(told, [("title", "\"Boss\"", "\"Chief\""), (department, "", "\"Sales\"")]);

    let (answer, _) = both.scim("POST", GROUPS, r#"{"displayName":"Sales"}"#).await;
    let group = made(&answer);
    let add = format!(r#"{{"Operations":[{{"op":"Add","path":"members","value":[{{"value":"{user}"}}]}}]}}"#);
    let (_, added) = both.scim("PATCH", &format!("{GROUPS}/{group}"), &add).await;
    let remove = r#"{"Operations":[{"op":"Remove","path":"members"}]}"#;
    both.scim("PATCH", &format!("{GROUPS}/{group}"), remove).await;
    let replayed = both.replay(&added).await.unwrap();
    assert_eq!((replayed.status, replayed.differences[0].members_added.as_slice()), (204, &[user.clone()][..]));

    let (_, deleted) = both.scim("DELETE", &format!("{USERS}/{user}"), "").await;
    assert_eq!(both.replay(&deleted).await.unwrap().status, 404);
    let replayed = both.replay(&created).await.unwrap();
    assert_eq!((replayed.status, replayed.differences[0].kind()), (201, ChangeKind::Create));
    // Nothing of it was written.
    let (answer, _) = both.scim("GET", &format!("{USERS}?filter=userName+eq+%22jane@example.com%22"), "").await;
    assert!(answer.contains("\"totalResults\":0"), "{answer}");

    let (_, refused) = both.ask("GET", USERS, "Bearer x", "").await;
    let refused = both.replay(&refused).await.unwrap_err();
    assert_eq!(refused.get_details_error_info().unwrap().reason, "NOT_REPLAYABLE");
    assert_eq!(both.plane.recorder.exchanges(tenant::FIRST).len(), 9);
}

#[tokio::test]
async fn a_tenant_that_is_made_again_has_no_exchanges_of_the_one_before() {
    let mut both = Both::start().await;
    let (directory, admin) = (both.plane.directory.clone(), Admin::server());
    let wanted = record::Tenant { name: "acme".to_owned(), profile: "custom".to_owned(), ..record::Tenant::default() };
    let acme = || ListExchangesRequest { tenant: "acme".to_owned(), ..ListExchangesRequest::default() };
    settings::create(&directory, &admin, wanted.clone()).await.unwrap();
    both.ask("GET", "/tenants/acme/scim/v2/Users", "Bearer x", "").await;
    assert_eq!(both.list(acme()).await.len(), 1);
    let _ = removal::start(&directory, &admin, "acme", "acme").await.unwrap();
    let closed = both.client.list_exchanges(acme()).await.unwrap_err();
    assert_eq!(closed.get_details_error_info().unwrap().reason, "TENANT_NOT_FOUND");
    removal::round(&directory, &|_, _| {}).await.unwrap();
    settings::create(&directory, &admin, wanted).await.unwrap();
    assert!(both.list(acme()).await.is_empty());
}

#[tokio::test]
async fn replays_at_a_time_are_limited() {
    let mut both = Both::start().await;
    let (_, found) = both.scim("GET", USERS, "").await;
    let directory = both.plane.directory.clone();
    let mut forks = Vec::new();
    for _ in 0..limits::REPLAYS_AT_WORK_MAX {
        forks.push(whatif::fork(&directory).await.unwrap());
    }
    let refused = both.replay(&found).await.unwrap_err();
    assert_eq!(refused.get_details_error_info().unwrap().reason, "TOO_MANY_REPLAYS");
    forks.pop();
    assert_eq!(both.replay(&found).await.unwrap().status, 200);
}
