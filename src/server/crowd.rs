//! The Crowd REST API (`usermanagement/1`) over what an application sees of a tenant, to be read by Jira, Confluence, Bitbucket and
//! whoever else speaks it: requests from their head to their answer. Nothing can be written here, nobody can log in here, and every
//! answer has the header by which clients know a Crowd server.

pub mod cql;
pub mod encode;
pub mod events;
mod read;
pub mod respond;
pub mod restriction;
pub mod route;
pub mod stream;
pub mod xml;

use self::encode::Form;
use self::respond::{Reason, Refusal};
use self::route::{Parameters, Route};
use super::body::{self, Answer, ReadError};
use super::compress;
use super::connection::{Http, Peer};
use super::forwarded;
use super::metrics::{Metrics, crowd};
use super::negotiate;
use super::respond as plain;
use crate::directory::Directory;
use crate::directory::application::Application;
use crate::directory::application::access::{self, Denied};
use crate::directory::network::Network;
use crate::directory::sight::Sights;
use crate::limits;
use crate::store::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use hyper::body::{Body, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// What the listener needs to answer requests.
pub struct Face {
    /// The data.
    pub directory: Arc<Directory>,
    /// What links in answers begin with, without a slash at its end.
    pub public_url: String,
    /// Peers whose `X-Forwarded-*` headers say who the client is and how it reached them.
    pub trusted_proxies: Vec<Network>,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
    /// What applications see.
    pub sights: Arc<Sights>,
    /// Places for answers that are made while they are sent.
    pub streams: Streams,
}

/// Places for answers that are made while they are sent.
pub struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Streams {
        Streams(Arc::new(Semaphore::new(limits::CROWD_STREAMS_MAX)))
    }
}

/// One request as it was answered, for the log and for metrics. No query, header or body: they hold personal data.
#[derive(Clone, Debug)]
pub struct Served {
    /// Whose it was; `None`: nobody's who was let in.
    pub application: Option<Arc<Application>>,
    /// The template of the path, such as `/user/group/direct`; empty: none that is known.
    pub endpoint: &'static str,
    /// The method.
    pub method: Method,
    /// The client's address.
    pub from: IpAddr,
    /// The status of the answer.
    pub status: u16,
    /// Why it was refused, in the protocol's word; empty: it was not.
    pub reason: &'static str,
    /// Why it was not let in, in a stable word; empty: it was.
    pub denied: &'static str,
    /// From its head to the head of the answer.
    pub duration: Duration,
}

/// Answers one request.
pub async fn handle(face: Arc<Face>, request: Request<Incoming>, peer: Peer) -> Response<Answer> {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let request_id = face.directory.clock().id().to_string();
    let form = form(&head.headers);
    let from = forwarded::client(peer.addr.ip(), &head.headers, &face.trusted_proxies);
    let mut served = Served {
        application: None,
        endpoint: "",
        method: head.method.clone(),
        from,
        status: 0,
        reason: "",
        denied: "",
        duration: Duration::ZERO,
    };
    let _in_flight = face.metrics.begun();
    let asked = Asked { face: &face, head: &head, peer, form, from };
    let answering = AssertUnwindSafe(asked.answer(body, &mut served)).catch_unwind();
    let mut response = match answering.await {
        Ok(Ok(response)) => response,
        Ok(Err(refusal)) => respond::refused(&refusal, form),
        // What the panic said is for the panic hook alone. The client must see a Crowd server here too.
        Err(_) => respond::refused(&Refusal::new(Reason::OperationFailed, "the server failed on this request"), form),
    };
    respond::mark(&mut response, &request_id);
    served.status = response.status().as_u16();
    served.reason = response.extensions().get::<Reason>().map_or("", |reason| reason.word());
    served.duration = started.elapsed();
    tell(&request_id, &served, respond::is_failure(&response));
    face.metrics.crowd.asked(&crowd::Asked {
        application: served.application.as_ref().map_or("", |application| &application.name),
        endpoint: served.endpoint,
        status: served.status,
        denied: served.denied,
        duration: served.duration,
    });
    if let Some(application) = &served.application {
        face.metrics.crowd.same_names(&application.name, face.sights.same_names(application));
    }
    let response = compress::compress(response, negotiate::codings(&head.headers)).await;
    match head.method == Method::HEAD {
        true => plain::without_body(response),
        false => response,
    }
}

/// A request that is being answered.
struct Asked<'a> {
    face: &'a Arc<Face>,
    head: &'a Parts,
    peer: Peer,
    form: Form,
    from: IpAddr,
}

impl Asked<'_> {
    async fn answer(&self, body: Incoming, served: &mut Served) -> Result<Response<Answer>, Refusal> {
        let is_read = [Method::GET, Method::HEAD].contains(&self.head.method);
        let path = self.head.uri.path();
        match path {
            "/healthz" if is_read => return Ok(plain::health(true)),
            "/readyz" if is_read => return Ok(plain::health(matches!(self.face.directory.state(), State::Ready))),
            _ => {}
        }
        let Some((base, rest)) = route::split(path) else {
            self.discard(body).await;
            return Err(Refusal::new(Reason::UnsupportedOperation, "the Crowd API is under /rest/usermanagement/1"));
        };
        let route = route::route(rest);
        served.endpoint = route.template();
        let application = match self.admit(served).await {
            Ok(application) => application,
            Err(refusal) => {
                self.discard(body).await;
                return Err(refusal);
            }
        };
        served.application = Some(application.clone());
        let parameters = Parameters::read(self.head.uri.query().unwrap_or_default()).map_err(Refusal::illegal)?;
        let url = forwarded::origin(self.peer.addr.ip(), &self.head.headers, &self.face.trusted_proxies);
        let base = format!("{}{base}", url.as_deref().unwrap_or(&self.face.public_url));
        let encoder = encode::Encoder { form: self.form, base };
        let (face, parameters, from) = (self.face, &parameters, self.from);
        let reading = read::Reading { face, application: &application, parameters, from, encoder };
        match self.head.method {
            Method::GET | Method::HEAD => {
                self.discard(body).await;
                reading.found(route).await
            }
            Method::POST => self.posted(reading, route, body).await,
            _ => {
                self.discard(body).await;
                match (route, &self.head.method) {
                    (Route::Unknown, _) => Err(read::nothing_here()),
                    // Ending a session that is none leaves things as they are wanted.
                    (Route::Session | Route::SessionToken, &Method::DELETE) => Ok(respond::no_content()),
                    (Route::WebhookId, &Method::DELETE) => Err(read::no_webhook()),
                    (_, &Method::PUT | &Method::DELETE) => Err(read_only()),
                    _ => Err(Refusal::method("GET, HEAD")),
                }
            }
        }
    }

    /// Requests with a body. Passwords come in some of them: they are read, and looked at by nobody.
    async fn posted(
        &self,
        reading: read::Reading<'_>,
        route: Route<'_>,
        body: Incoming,
    ) -> Result<Response<Answer>, Refusal> {
        let length = self.head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = match body::read(body, length, limits::CROWD_BODY_BYTES_MAX).await {
            Ok(body) => body,
            Err(ReadError::TooLarge) => return Err(Refusal::too_large()),
            Err(ReadError::TooSlow) => return Err(Refusal::too_slow()),
            Err(ReadError::Broken) => return Err(Refusal::illegal("the request body is broken")),
        };
        match route {
            Route::Search => reading.search(&body).await,
            Route::Authentication => Err(reading.login().await?),
            Route::Notify => reading.notify().await,
            Route::Session => Err(reading.session(&body).await?),
            Route::SessionToken => Err(read::no_session()),
            Route::Unknown => Err(read::nothing_here()),
            _ => Err(read_only()),
        }
    }

    /// The application that the request is from.
    async fn admit(&self, served: &mut Served) -> Result<Arc<Application>, Refusal> {
        let wrong = || {
            let why = "the name or the password of the application is wrong, or it may not be used from here";
            Refusal::new(Reason::ApplicationAccessDenied, why)
        };
        let Some((name, password)) = basic(&self.head.headers) else {
            served.denied = "no_credentials";
            return Err(wrong());
        };
        let denied = match access::authenticate(&self.face.directory, &name, &password, self.from).await? {
            Ok(application) => return Ok(application),
            Err(denied) => denied,
        };
        served.denied = denied.text();
        Err(match denied {
            Denied::Unknown | Denied::Password | Denied::Address => wrong(),
            Denied::Disabled => Refusal::new(Reason::ApplicationPermissionDenied, "the application is disabled"),
            Denied::TenantClosed => {
                Refusal::new(Reason::ApplicationPermissionDenied, "the application's tenant is disabled")
            }
            Denied::Throttled { wait_s } => Refusal::throttled(wait_s),
        })
    }

    /// Takes what an HTTP/2 client is still sending of a request that is answered without it: clients lose an answer whose stream
    /// is reset under their body. On HTTP/1 the connection does the same when it closes.
    async fn discard(&self, body: Incoming) {
        if self.peer.http == Http::Two && !body.is_end_stream() {
            let pause = Duration::from_millis(limits::LINGER_MS_MAX);
            let _ = tokio::time::timeout(pause, body::read(body, None, limits::DISCARDED_BYTES_MAX)).await;
        }
    }
}

fn read_only() -> Refusal {
    let why = "this directory is read-only; users and groups are changed where they come from";
    Refusal::new(Reason::ApplicationPermissionDenied, why)
}

/// XML, unless the client would rather have JSON: what it names counts more than what it takes as well.
fn form(headers: &HeaderMap) -> Form {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut xml, mut json, mut any) = (None, None, None);
    for range in values.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("q")));
        let quality = weight.and_then(|(_, q)| q.parse::<f32>().ok()).unwrap_or(1.0);
        match media.as_str() {
            "application/json" => json = Some(quality),
            "application/xml" | "text/xml" => xml = Some(quality),
            "application/*" | "*/*" => any = Some(quality),
            _ => {}
        }
    }
    let is_better = |json: &f32| match (xml, any) {
        (Some(xml), _) => *json > xml,
        (None, any) => any.is_none_or(|any| *json >= any),
    };
    match json.filter(|json| *json > 0.0 && is_better(json)) {
        Some(_) => Form::Json,
        None => Form::Xml,
    }
}

/// Name and password of a request with exactly one Authorization header of the form `Basic …` (RFC 7617).
fn basic(headers: &HeaderMap) -> Option<(String, Zeroizing<String>)> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, more) = (values.next()?, values.next());
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    if more.is_some() || !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let bytes = Zeroizing::new(STANDARD.decode(credentials.trim()).ok()?);
    let (name, password) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some((name.to_owned(), Zeroizing::new(password.to_owned())))
}

fn tell(request_id: &str, served: &Served, is_failure: bool) {
    let application = served.application.as_ref().map_or("", |application| &application.name);
    let tenant = served.application.as_ref().map_or("", |application| &application.tenant.name);
    let Served { endpoint, status, reason, denied, from, .. } = served;
    let (method, micros) = (served.method.as_str(), u64::try_from(served.duration.as_micros()).unwrap_or(u64::MAX));
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(request_id, status, method, endpoint, tenant, application, reason, denied, micros, %from, "crowd request")
        };
    }
    match *status {
        _ if is_failure => line!(error),
        400.. => line!(info),
        _ => line!(debug),
    }
}

#[cfg(test)]
mod tests;
