//! The SCIM listener's requests from their head to their answer, in one visible line: request id, health, authentication, route,
//! body, verb, answer, log.

mod defer;
mod record;
mod describe;
pub mod replay;

use super::auth::{self, Admitted};
use super::body::{self, Answer, ReadError};
use super::compress;
use super::connection::{Http, Peer};
use super::exchange::Recorder;
use super::forwarded;
use super::metrics::{Metrics, Served};
use super::negotiate;
use super::prefer::{self, Returned};
use super::rate::Rates;
use super::respond::{self, Headers, Media};
use super::route::{self, Route};
use crate::directory::answer::{self, Content};
use crate::directory::network::Network;
use crate::directory::provision::Fired;
use crate::directory::tenant::{self, Tenant};
use crate::directory::token::Denied;
use crate::directory::write::Precondition;
use crate::directory::{self, Actor, Call, Directory, create, delete, keys, list, patch, read, replace};
use crate::limits;
use crate::scim::bulk;
use crate::scim::dialect::{Quirk, Reading, Used};
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::json;
use crate::scim::project::Projection;
use crate::scim::query::{self, Query};
use crate::scim::schema::ResourceType;
use crate::scim::schema::types::Types;
use crate::store::State;
use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What the listener needs to answer requests.
pub struct Face {
    /// The data.
    pub directory: Arc<Directory>,
    /// What every Tenant URL begins with.
    pub public_url: String,
    /// Peers whose `X-Forwarded-*` headers say who the client is and how it reached them.
    pub trusted_proxies: Vec<Network>,
    /// How many requests a second each tenant and token may make.
    pub rates: Rates,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
    /// Where they are kept for a while.
    pub recorder: Arc<Recorder>,
}

/// Answers one request.
pub async fn handle(face: Arc<Face>, request: Request<Incoming>, peer: Peer) -> Response<Answer> {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let head = Arc::new(head);
    let request_id = face.directory.clock().id().to_string();
    let media = negotiate::media(&head.headers).unwrap_or(Media::Scim);
    let codings = negotiate::codings(&head.headers);
    let from = forwarded::client(peer.addr.ip(), &head.headers, &face.trusted_proxies);
    let _in_flight = face.metrics.begun();
    let mut seen = Seen::new(head.method.clone(), from);
    let response = match head.uri.path() {
        "/healthz" if is_read(&head.method) => {
            seen.endpoint = "/healthz";
            respond::health(true)
        }
        "/readyz" if is_read(&head.method) => {
            seen.endpoint = "/readyz";
            respond::health(matches!(face.directory.state(), State::Ready))
        }
        "/healthz" | "/readyz" => respond::plain_method_not_allowed("GET, HEAD"),
        path => match auth::admit(&face.directory, &head.method, path, &head.headers, from).await {
            Ok(Ok(admitted)) => {
                admitted.token().clone_into(&mut seen.token);
                seen.tenant = Some(admitted.tenant().clone());
                let (face, head) = (face.clone(), head.clone());
                let request_id = request_id.clone();
                let rules = seen.rules.clone();
                let job = Job { face, admitted, request_id, media, head, peer, may_defer: true, new_id: None, rules };
                job.answer(Sent::Coming(body), &mut seen).await
            }
            Ok(Err(denied)) => {
                seen.denied = Some(denied);
                seen.tenant = named(&face, path).await;
                seen.endpoint =
                    route::split(path).map_or("", |(_, rest)| endpoint(&route::route(Types::builtin(), rest)));
                discard(body, &peer).await;
                respond::unauthorized(media)
            }
            Err(error) => respond::error(&error, media),
        },
    };
    let response = finish(&face, (&head, &peer), response, &request_id, &seen, started.elapsed());
    let response = compress::compress(response, codings).await;
    match head.method == Method::HEAD {
        true => respond::without_body(response),
        false => response,
    }
}

/// The tenant whose URL a refused request was sent to, if there is one of that name.
async fn named(face: &Face, path: &str) -> Option<Arc<Tenant>> {
    let (name, _) = route::split(path)?;
    tenant::find(&face.directory, name).await.ok().flatten()
}

/// Takes what an HTTP/2 client is still sending of a request that is answered without it: clients lose an answer whose stream is
/// reset under their body. On HTTP/1 the connection does the same when it closes.
async fn discard(body: Incoming, peer: &Peer) {
    if peer.http == Http::Two && !body.is_end_stream() {
        let pause = Duration::from_millis(limits::LINGER_MS_MAX);
        let _ = tokio::time::timeout(pause, body::read(body, None, limits::DISCARDED_BYTES_MAX)).await;
    }
}

/// What the log line tells of a request. No query, header or body: they hold personal data.
struct Seen {
    method: Method,
    /// The client's address.
    from: IpAddr,
    endpoint: &'static str,
    tenant: Option<Arc<Tenant>>,
    token: String,
    /// Why it was not let in.
    denied: Option<Denied>,
    used: Used,
    /// The body, once it was read.
    body: Option<Bytes>,
    /// The rules of the tenant's mapping that had a hand in it.
    rules: Arc<Fired>,
}

impl Seen {
    fn new(method: Method, from: IpAddr) -> Seen {
        Seen {
            method,
            from,
            endpoint: "",
            tenant: None,
            token: String::new(),
            denied: None,
            used: Used::default(),
            body: None,
            rules: Arc::default(),
        }
    }
}

fn finish(
    face: &Face,
    asked: (&Parts, &Peer),
    mut response: Response<Answer>,
    request_id: &str,
    seen: &Seen,
    duration: Duration,
) -> Response<Answer> {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(respond::REQUEST_ID, value);
    }
    let status = response.status();
    let (method, endpoint, token) = (seen.method.as_str(), seen.endpoint, seen.token.as_str());
    let denied = seen.denied.map_or("", Denied::text);
    let rules = seen.rules.told();
    face.metrics.served(&Served {
        tenant: seen.tenant.as_ref().map_or("", |tenant| &tenant.name),
        endpoint,
        method,
        status: status.as_u16(),
        reason: respond::reason(&response),
        used: seen.used,
        rules: &rules,
        duration,
    });
    if let Some(tenant) = &seen.tenant
        && record::is_kept(seen.endpoint, status.as_u16())
    {
        let exchange = record::exchange(face, asked, &response, request_id, seen, duration);
        record::hint(face, tenant, &exchange);
        face.recorder.record(tenant.number, exchange);
    }
    if seen.used.warned().next().is_some() {
        let quirks: Vec<&str> = seen.used.warned().collect();
        tracing::warn!(
            request_id,
            tenant = seen.tenant.as_ref().map(|tenant| tenant.name.as_str()),
            token,
            quirks = quirks.join(" "),
            "a request needed quirks that the tenant is warned of"
        );
    }
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(request_id, status = status.as_u16(), method, endpoint, token, denied, micros, quirks = ?seen.used, "request")
        };
    }
    match status {
        _ if status.as_u16() == 501 => line!(info),
        _ if status.is_server_error() => line!(error),
        _ if status.is_client_error() => line!(info),
        _ => line!(debug),
    }
    response
}

fn is_read(method: &Method) -> bool {
    [Method::GET, Method::HEAD].contains(method)
}

/// The body of a request.
enum Sent {
    /// It is still to be read.
    Coming(Incoming),
    /// It was recorded.
    Whole(Bytes),
}

/// One authenticated request.
#[derive(Clone)]
struct Job {
    face: Arc<Face>,
    admitted: Admitted,
    request_id: String,
    media: Media,
    head: Arc<Parts>,
    peer: Peer,
    /// Whether the answer may come before the work is done.
    may_defer: bool,
    /// The id for the resource that it makes, where that was promised already.
    new_id: Option<Uuid>,
    /// Where the rules of the tenant's mapping are told that have a hand in it.
    rules: Arc<Fired>,
}

impl Job {
    async fn answer(self, body: Sent, seen: &mut Seen) -> Response<Answer> {
        let media = self.media;
        let path = self.head.uri.path().to_owned();
        let rest = route::split(&path).map(|(_, rest)| percent_encoding::percent_decode_str(rest).decode_utf8());
        let types = self.tenant().types.clone();
        let route = match &rest {
            Some(Ok(rest)) => route::route(&types, rest),
            _ => Route::Unknown,
        };
        seen.endpoint = endpoint(&route);
        let limited = self.wait().map(|wait| respond::too_many_requests(wait, media));
        if let Some(refusal) = limited.or_else(|| self.refusal(&route, &mut seen.used)) {
            if let Sent::Coming(body) = body {
                discard(body, &self.peer).await;
            }
            return refusal;
        }
        let result = match is_read(&self.head.method) {
            true => self.read(&route, &mut seen.used).await,
            false => self.write(route, body, seen).await,
        };
        result.unwrap_or_else(|error| respond::error(&error, media))
    }

    /// How long the client has to wait, if it asks too often.
    fn wait(&self) -> Option<Duration> {
        match &self.admitted {
            Admitted::Token(access) => self.face.rates.wait(access),
            Admitted::Anybody(_) => None,
        }
    }

    /// What the token or the tenant does not allow.
    fn forbidden(&self, route: &Route<'_>) -> Option<Error> {
        let is_read = is_read(&self.head.method) || matches!(route, Route::Search(_));
        if matches!(&self.admitted, Admitted::Token(access) if access.read_only) && !is_read {
            return Some(Error::new(Kind::Forbidden, "the token may only read"));
        }
        let is_change = [Method::PUT, Method::PATCH, Method::DELETE].contains(&self.head.method);
        let is_blind = is_change && !self.head.headers.contains_key(IF_MATCH);
        (is_blind && self.tenant().if_match_required).then(|| {
            let why = "this tenant takes PUT, PATCH and DELETE only with an If-Match header";
            Error::new(Kind::VersionRequired, why)
        })
    }

    /// The answer to a request that needs no body to be answered.
    fn refusal(&self, route: &Route<'_>, used: &mut Used) -> Option<Response<Answer>> {
        let (media, allow) = (self.media, route.allow());
        let is_write = !is_read(&self.head.method);
        let forbidden = self.forbidden(route);
        match route {
            Route::Unknown => Some(respond::error(&nothing_at(self.head.uri.path()), media)),
            _ if self.head.method == Method::OPTIONS => Some(respond::options(allow)),
            _ if !allow.split(", ").any(|method| method == self.head.method.as_str()) => {
                Some(respond::method_not_allowed(allow, media))
            }
            _ if forbidden.is_some() => forbidden.map(|error| respond::error(&error, media)),
            Route::Me => {
                let why = "tokens are not bound to a resource, so there is no /Me";
                Some(respond::error(&Error::new(Kind::NotImplemented, why), media))
            }
            _ if is_write && self.head.method != Method::DELETE => {
                let is_coded = is_coded(&self.head.headers);
                let unreadable = unreadable(&self.head.headers);
                unreadable
                    .map(|why| respond::unsupported_media(why, is_coded, media))
                    .or_else(|| self.unacceptable(used))
            }
            _ => self.unacceptable(used),
        }
    }

    /// The answer to a client that takes no answer which could be given: before anything is done.
    fn unacceptable(&self, used: &mut Used) -> Option<Response<Answer>> {
        let headers = &self.head.headers;
        let codings = negotiate::codings(headers);
        if codings.best.is_none() && !codings.identity {
            return Some(respond::not_acceptable("answers are coded with gzip or zstd, or not at all"));
        }
        let is_bare = self.head.method == Method::DELETE || prefer::read(headers).respond_async;
        if is_bare || negotiate::media(headers).is_some() {
            return None;
        }
        let mut reading = Reading::new(&self.tenant().dialect);
        let is_allowed = reading.allows(Quirk::UnacceptedMedia);
        let why = "answers are application/scim+json or application/json";
        let error = (!is_allowed).then(|| reading.explained(Error::new(Kind::InvalidValue, why)));
        *used = reading.used;
        error.map(|error| respond::not_acceptable(&error.detail))
    }

    async fn read(self, route: &Route<'_>, used: &mut Used) -> Result<Response<Answer>, Error> {
        let base = self.base();
        let actor = self.actor();
        let call = self.call(&base, &actor);
        let mut reading = Reading::new(&call.tenant.dialect);
        reading.used = *used;
        let found = self.found(&call, route, &mut reading).await;
        let result = found.and_then(|found| reading.is_clean().map(|()| found));
        let result = result.map_err(|error| reading.explained(error));
        *used = reading.used;
        result
    }

    async fn found(
        &self,
        call: &Call<'_>,
        route: &Route<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<Response<Answer>, Error> {
        let query_text = self.head.uri.query().unwrap_or_default();
        Ok(match route {
            Route::Root => {
                let query = query::from_url(query_text)?;
                let content = list::list(call, &every(&call.tenant.types), &query, reading).await?;
                respond::ok(content, &Headers::default(), self.media)
            }
            Route::Collection(resource_type) => {
                let query = query::from_url(query_text)?;
                let content = list::list(call, &[resource_type], &query, reading).await?;
                respond::ok(content, &Headers::default(), self.media)
            }
            Route::Resource(resource_type, id) => {
                let projection = projection(resource_type, query_text, reading)?;
                let found = read::read(call, resource_type, id, &projection).await?;
                let headers = Headers { version: Some(&found.version), location: Some(&found.location) };
                if !self.precondition(IF_MATCH).holds(&found.version) {
                    let why = format!("the resource is at version {} and not at the one in If-Match", found.version);
                    return Err(Error::new(Kind::VersionMismatch, why));
                }
                let known = self.precondition(IF_NONE_MATCH);
                match known != Precondition::None && known.holds(&found.version) {
                    true => respond::not_modified(&headers),
                    false => respond::ok(found.content, &headers, self.media),
                }
            }
            _ => describe::describe(route, query_text, call.base, (self.media, self.tenant()))?,
        })
    }

    /// A write goes on to its end in a task of its own: a client that hangs up must not leave a change of several steps half done.
    async fn write(self, route: Route<'_>, body: Sent, seen: &mut Seen) -> Result<Response<Answer>, Error> {
        let media = self.media;
        let body = match body {
            Sent::Whole(body) => body,
            Sent::Coming(_) if self.head.method == Method::DELETE => Bytes::new(),
            Sent::Coming(body) => {
                let length = self.head.headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
                match body::read(body, length, limits::REQUEST_BODY_BYTES_MAX).await {
                    Ok(body) => body,
                    Err(ReadError::TooSlow) => return Ok(respond::too_slow(media)),
                    Err(ReadError::Broken) => {
                        return Err(Error::new(Kind::InvalidSyntax, "the request body is broken"));
                    }
                    Err(ReadError::TooLarge) if matches!(route, Route::Bulk) => {
                        return Err(bulk::too_long(limits::REQUEST_BODY_BYTES_MAX));
                    }
                    Err(ReadError::TooLarge) => {
                        let why = format!("the request body is longer than {} bytes", limits::REQUEST_BODY_BYTES_MAX);
                        return Err(Error::new(Kind::TooLarge, why));
                    }
                }
            }
        };
        seen.body = Some(body.clone());
        let (target, used) = (Target::of(&route, &self.tenant().types), seen.used);
        let preferences = prefer::read(&self.head.headers);
        if defer::applies(&self, &target, &preferences) {
            return defer::defer(self, target, body, &preferences, seen).await;
        }
        let done = tokio::spawn(async move { self.change(target, body, used).await });
        let (result, quirks) =
            done.await.map_err(|_| Error::new(Kind::Internal, "the server failed on this request"))?;
        seen.used = quirks;
        result
    }

    async fn change(self, target: Target, body: Bytes, used: Used) -> (Result<Response<Answer>, Error>, Used) {
        let base = self.base();
        let actor = self.actor();
        let call = self.call(&base, &actor);
        let mut reading = Reading::new(&call.tenant.dialect);
        reading.used = used;
        let result = self.verb(&call, target, &body, &mut reading).await;
        let result = result.map_err(|error| reading.explained(error));
        (result, reading.used)
    }

    async fn verb(
        &self,
        call: &Call<'_>,
        target: Target,
        body: &[u8],
        reading: &mut Reading<'_>,
    ) -> Result<Response<Answer>, Error> {
        let query_text = self.head.uri.query().unwrap_or_default();
        let precondition = self.precondition(IF_MATCH);
        let returned = prefer::read(&self.head.headers).returned;
        match target {
            Target::Search(types) => {
                let query = query::from_body(json::parse(body)?)?;
                let types: Vec<&ResourceType> = types.iter().map(Arc::as_ref).collect();
                let content = list::list(call, &types, &query, reading).await?;
                reading.is_clean()?;
                Ok(respond::ok(content, &Headers::default(), self.media))
            }
            Target::Bulk => {
                let request = bulk::read(json::parse(body)?, call.base)?;
                let done = directory::bulk::run(call, &every(&call.tenant.types), request, reading).await?;
                Ok(respond::bulk(done, self.media))
            }
            Target::Collection(resource_type) => {
                let projection = projection(&resource_type, query_text, reading)?;
                let id = self.new_id.unwrap_or_else(|| self.face.directory.clock().id());
                let body = json::parse(body)?;
                let made = create::create_as(call, &resource_type, id, body, &projection, reading).await?;
                let headers = Headers { version: Some(&made.version), location: Some(&made.location) };
                Ok(preferred(respond::created(made.content, &headers, self.media), returned))
            }
            Target::Resource(resource_type, id) if self.head.method == Method::DELETE => {
                delete::delete(call, &resource_type, &id, &precondition).await?;
                Ok(respond::no_content(&Headers::default()))
            }
            Target::Resource(resource_type, id) if self.head.method == Method::PUT => {
                let projection = projection(&resource_type, query_text, reading)?;
                let body = json::parse(body)?;
                let answer =
                    replace::replace(call, &resource_type, &id, body, &precondition, &projection, reading).await?;
                Ok(preferred(self.changed(answer), returned))
            }
            Target::Resource(resource_type, id) => {
                let query = query::from_url(query_text)?;
                let is_silent = keys::type_code(&resource_type) == keys::GROUP
                    && query.attributes.is_empty()
                    && query.excluded.is_empty()
                    && returned != Some(Returned::Representation);
                // A group's PATCH is answered without its members, and so without any body (quirks, Entra 28).
                let projection = match is_silent {
                    true => Projection::new(&resource_type, &["id".to_owned()], &[], reading),
                    false => Projection::new(&resource_type, &query.attributes, &query.excluded, reading),
                };
                reading.is_clean()?;
                let body = json::parse(body)?;
                let mut answer =
                    patch::patch(call, &resource_type, &id, body, &precondition, &projection, reading).await?;
                if is_silent {
                    answer.content = Content::Empty;
                }
                Ok(preferred(self.changed(answer), returned))
            }
        }
    }

    /// What If-Match or If-None-Match says, in all its lines.
    fn precondition(&self, header: HeaderName) -> Precondition {
        negotiate::joined(&self.head.headers, header).map_or(Precondition::None, |tags| Precondition::new(&tags))
    }

    fn changed(&self, answer: answer::Answer) -> Response<Answer> {
        let headers = Headers { version: Some(&answer.version), location: Some(&answer.location) };
        match answer.content {
            Content::Empty => respond::no_content(&headers),
            content => respond::ok(content, &headers, self.media),
        }
    }

    fn tenant(&self) -> &Tenant {
        self.admitted.tenant()
    }

    fn actor(&self) -> Actor {
        Actor { rules: self.rules.clone(), ..Actor::new(self.admitted.token(), self.request_id.as_str()) }
    }

    fn call<'a>(&'a self, base: &'a str, actor: &'a Actor) -> Call<'a> {
        Call { directory: &self.face.directory, tenant: self.tenant(), base, actor }
    }

    /// The tenant's base URL as this client knows it.
    fn base(&self) -> String {
        let forwarded = forwarded::origin(self.peer.addr.ip(), &self.head.headers, &self.face.trusted_proxies);
        let own = || self.tenant().public_url.as_deref().unwrap_or(&self.face.public_url);
        format!("{}/tenants/{}/scim/v2", forwarded.as_deref().unwrap_or_else(own), self.tenant().name)
    }
}

/// What a write is about, without the request's text that it came from.
enum Target {
    Search(Vec<Arc<ResourceType>>),
    Bulk,
    Collection(Arc<ResourceType>),
    Resource(Arc<ResourceType>, String),
}

impl Target {
    fn of(route: &Route<'_>, types: &Types) -> Target {
        match *route {
            Route::Collection(resource_type) => Target::Collection(resource_type.clone()),
            Route::Resource(resource_type, id) => Target::Resource(resource_type.clone(), id.to_owned()),
            Route::Search(Some(resource_type)) => Target::Search(vec![resource_type.clone()]),
            Route::Bulk => Target::Bulk,
            _ => Target::Search(types.all().to_vec()),
        }
    }
}

fn every(types: &Types) -> Vec<&ResourceType> {
    types.all().iter().map(Arc::as_ref).collect()
}

fn projection<'a>(
    resource_type: &'a ResourceType,
    query_text: &str,
    reading: &mut Reading<'_>,
) -> Result<Projection<'a>, Error> {
    let Query { attributes, excluded, .. } = query::from_url(query_text)?;
    let projection = Projection::new(resource_type, &attributes, &excluded, reading);
    reading.is_clean().map(|()| projection)
}

/// The answer as the client prefers it, if it says so.
fn preferred(response: Response<Answer>, returned: Option<Returned>) -> Response<Answer> {
    match returned {
        Some(returned) => respond::preferred(response, returned),
        None => response,
    }
}

/// Whether a body comes in a content coding. A small one could become a large one, so that none is undone here.
fn is_coded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Why a body is not read: its type, its character set or its encoding.
fn unreadable(headers: &HeaderMap) -> Option<&'static str> {
    if is_coded(headers) {
        return Some("request bodies with a Content-Encoding are not read here");
    }
    let value = headers.get(CONTENT_TYPE)?;
    let text = value.to_str().unwrap_or_default();
    let (media, parameters) = text.split_once(';').unwrap_or((text, ""));
    let is_json = ["application/scim+json", "application/json"].iter().any(|m| media.trim().eq_ignore_ascii_case(m));
    let charset = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    let is_utf8 = charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"));
    (!is_json || !is_utf8).then_some("the body must be application/scim+json or application/json, in UTF-8")
}

fn endpoint(route: &Route<'_>) -> &'static str {
    match route {
        Route::Root => "/",
        Route::Search(_) => "/.search",
        Route::Collection(resource_type) => match keys::type_code(resource_type) {
            keys::USER => "/Users",
            keys::GROUP => "/Groups",
            // The tenants' own endpoints share a name: metrics have a row for each.
            _ => "/{endpoint}",
        },
        Route::Resource(resource_type, _) => match keys::type_code(resource_type) {
            keys::USER => "/Users/{id}",
            keys::GROUP => "/Groups/{id}",
            _ => "/{endpoint}/{id}",
        },
        Route::ServiceProviderConfig => "/ServiceProviderConfig",
        Route::ResourceTypes(_) => "/ResourceTypes",
        Route::Schemas(_) => "/Schemas",
        Route::Me => "/Me",
        Route::Bulk => "/Bulk",
        Route::Unknown => "",
    }
}

/// What is wrong with a path that leads to no endpoint.
fn nothing_at(path: &str) -> Error {
    match route::other_version(path) {
        Some(version) => {
            let why = format!("'{}' is no version that is spoken here; the URL must have scim/v2", clip(version));
            Error::new(Kind::InvalidVers, why)
        }
        None => nothing_here(),
    }
}

fn nothing_here() -> Error {
    Error::new(Kind::NotFound, "there is no such endpoint or document")
}

#[cfg(test)]
mod tests;
