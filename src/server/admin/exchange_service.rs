//! `ExchangeService`: recorded exchanges to list, to look at and to run again without consequences. Personal values are masked unless
//! the caller asks for them and may see them.

use std::sync::Arc;

use serde_json::Value;
use tonic::{Request, Response, Status};

use super::api::v1::exchange_service_server::ExchangeService;
use super::api::v1::{
    AttributeDifference, ChangeKind, Exchange as Shown, ExchangeBody, GetExchangeRequest, GetExchangeResponse, Header,
    ListExchangesRequest, ListExchangesResponse, ReplayExchangeRequest, ReplayExchangeResponse, ResourceDifference,
};
use super::{AdminState, access, refusal, wire};
use crate::directory::provision::Told;
use crate::directory::record::{self, Role};
use crate::directory::refused::{Noun, Refused};
use crate::directory::whatif::{self, Difference};
use crate::server::connection::Http;
use crate::server::exchange::redact::{self, Fate, Kept};
use crate::server::exchange::{Exchange, explain, mask};
use crate::server::rate::Rates;
use crate::server::scim::{Face, replay};

#[tonic::async_trait]
impl ExchangeService for AdminState {
    async fn list_exchanges(
        &self,
        request: Request<ListExchangesRequest>,
    ) -> Result<Response<ListExchangesResponse>, Status> {
        let role = access::role(&request);
        let ask = request.into_inner();
        let is_open = may_unmask(ask.unmasked, role)?;
        let wanted = Wanted::of(&ask)?;
        let tenant = self.scope(&ask.tenant).await?.tenant;
        let mut found = Vec::new();
        let mut next_page_token = String::new();
        for (number, exchange) in self.recorder.exchanges(tenant.number) {
            if number >= wanted.before || !wanted.takes(&ask, &exchange) {
                continue;
            }
            if found.len() == wanted.size {
                let last = found.last().map(|(last, _): &(u64, Shown)| last.to_be_bytes());
                next_page_token = wire::next_page(last);
                break;
            }
            found.push((number, shown(&exchange, &tenant.name, is_open)));
        }
        let exchanges = found.into_iter().map(|(_, exchange)| exchange).collect();
        Ok(Response::new(ListExchangesResponse { exchanges, next_page_token }))
    }

    async fn get_exchange(
        &self,
        request: Request<GetExchangeRequest>,
    ) -> Result<Response<GetExchangeResponse>, Status> {
        let role = access::role(&request);
        let ask = request.into_inner();
        let is_open = may_unmask(ask.unmasked, role)?;
        let tenant = self.scope(&ask.tenant).await?.tenant;
        let exchange = self.recorder.find(tenant.number, &ask.id).ok_or_else(|| missing(&ask.id))?;
        let response_body = body(&exchange.response_body, is_open);
        let detail = detail(&exchange.response_body, is_open);
        Ok(Response::new(GetExchangeResponse {
            exchange: Some(shown(&exchange, &tenant.name, is_open)),
            request_headers: headers(&exchange.request_headers),
            request_body: Some(body(&exchange.request_body, is_open)),
            response_headers: headers(&exchange.response_headers),
            response_body: Some(response_body),
            explanation: explain::explain(&exchange, &detail, tenant.dialect.name),
        }))
    }

    async fn replay_exchange(
        &self,
        request: Request<ReplayExchangeRequest>,
    ) -> Result<Response<ReplayExchangeResponse>, Status> {
        let role = access::role(&request);
        let ask = request.into_inner();
        let is_open = may_unmask(ask.unmasked, role)?;
        let tenant = self.scope(&ask.tenant).await?.tenant;
        let exchange = self.recorder.find(tenant.number, &ask.id).ok_or_else(|| missing(&ask.id))?;
        if let Some(why) = exchange.not_replayable() {
            let why = format!("the exchange cannot be replayed: {why}");
            return Err(refusal::status(Refused::State { reason: "NOT_REPLAYABLE", why }));
        }
        let number = tenant.number;
        let fork = whatif::fork(&self.directory).await.map_err(refusal::status)?;
        let face = Arc::new(Face {
            directory: fork.directory.clone(),
            public_url: self.public_url.clone(),
            trusted_proxies: Vec::new(),
            rates: Rates::default(),
            metrics: self.metrics.clone(),
            recorder: self.recorder.clone(),
        });
        let replayed = replay::replay(face, tenant, &exchange).await.map_err(|error| refusal::failure(&error))?;
        let differences = whatif::differences(&fork, number).await.map_err(|error| refusal::failure(&error))?;
        let answer = match &replayed.body {
            Some(body) => redact::body(body),
            None => redact::nothing(Fate::Streamed),
        };
        Ok(Response::new(ReplayExchangeResponse {
            status: i32::from(replayed.status),
            response_body: Some(body(&answer, is_open)),
            explanation: explain::compare(exchange.status, replayed.status, differences.len()),
            differences: differences.into_iter().map(|one| difference(one, is_open)).collect(),
            quirks: replayed.used.names().map(str::to_owned).collect(),
            rules: replayed.rules.iter().map(|told| told.rule.to_string()).collect(),
        }))
    }
}

/// What a list is asked for, checked.
struct Wanted {
    start_ms: i64,
    end_ms: i64,
    before: u64,
    size: usize,
}

impl Wanted {
    fn of(ask: &ListExchangesRequest) -> Result<Wanted, Status> {
        if !matches!(ask.status, 0..=5 | 100..=599) {
            return Err(refusal::field("status", "it must be a status such as 409, or a class from 1 to 5"));
        }
        let (size, before) = wire::page(ask.page_size, &ask.page_token)?;
        Ok(Wanted {
            start_ms: ask.start_time.as_ref().map_or(i64::MIN, wire::ms),
            end_ms: ask.end_time.as_ref().map_or(i64::MAX, wire::ms),
            before: before.map_or(u64::MAX, u64::from_be_bytes),
            size,
        })
    }

    fn takes(&self, ask: &ListExchangesRequest, exchange: &Exchange) -> bool {
        let status = i32::from(exchange.status);
        let about = |id: &str| {
            let path = exchange.target.split('?').next().unwrap_or_default();
            let location = exchange.response_headers.iter().find(|(name, _)| *name == "location");
            path.split('/').any(|segment| segment == id)
                || location.is_some_and(|(_, url)| url.rsplit('/').next() == Some(id))
        };
        (self.start_ms..self.end_ms).contains(&exchange.time_ms)
            && (ask.status == 0 || ask.status == status || ask.status == status / 100)
            && (ask.resource_id.is_empty() || about(&ask.resource_id))
            && (ask.token_id.is_empty() || ask.token_id == exchange.token)
            && (ask.method.is_empty() || ask.method.eq_ignore_ascii_case(&exchange.method))
    }
}

fn may_unmask(is_asked: bool, role: Role) -> Result<bool, Status> {
    match is_asked && role < Role::Operator {
        true => Err(access::role_required(Role::Operator, Some(role))),
        false => Ok(is_asked),
    }
}

fn missing(id: &str) -> Status {
    refusal::status(Refused::not_found(Noun::Exchange, id))
}

fn rules(told: &[Told], refused: bool) -> Vec<String> {
    told.iter().filter(|told| told.refused == refused).map(|told| told.rule.to_string()).collect()
}

fn shown(exchange: &Exchange, tenant: &str, is_open: bool) -> Shown {
    let duration = exchange.duration;
    Shown {
        id: exchange.id.clone(),
        tenant: tenant.to_owned(),
        time: Some(wire::time(exchange.time_ms)),
        duration: Some(prost_types::Duration {
            seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(duration.subsec_nanos()).unwrap_or(0),
        }),
        method: exchange.method.clone(),
        target: if is_open { exchange.target.clone() } else { mask::target(&exchange.target) },
        endpoint: exchange.endpoint.to_owned(),
        status: i32::from(exchange.status),
        scim_type: exchange.scim_type.to_owned(),
        token_id: exchange.token.clone(),
        address: exchange.address.to_string(),
        user_agent: exchange.user_agent.clone(),
        quirks: exchange.used.names().map(str::to_owned).collect(),
        quirks_warned: exchange.used.warned().map(str::to_owned).collect(),
        quirks_refused: exchange.used.refused().map(str::to_owned).collect(),
        rules: rules(&exchange.rules, false),
        rules_refused: rules(&exchange.rules, true),
        http_version: if exchange.http == Http::Two { "2" } else { "1" }.to_owned(),
        request_bytes: bytes(&exchange.request_body).max(0),
        response_bytes: bytes(&exchange.response_body),
    }
}

/// -1 for what was streamed.
fn bytes(kept: &Kept) -> i64 {
    match (kept.fate, kept.bytes) {
        (Fate::Streamed, _) => -1,
        (_, bytes) => i64::try_from(bytes.unwrap_or(0)).unwrap_or(i64::MAX),
    }
}

fn body(kept: &Kept, is_open: bool) -> ExchangeBody {
    let text = match is_open {
        true => String::from_utf8_lossy(&kept.text).into_owned(),
        false => mask::body(&kept.text).unwrap_or_default(),
    };
    let truncated = matches!(kept.fate, Fate::Cut | Fate::LeftOut | Fate::Streamed | Fate::Unread);
    ExchangeBody { text, truncated }
}

/// The sentence of an error answer.
fn detail(kept: &Kept, is_open: bool) -> String {
    let error: Option<Value> = serde_json::from_slice(&kept.text).ok();
    let detail = error.as_ref().and_then(|error| error.get("detail")?.as_str()).unwrap_or_default();
    if is_open { detail.to_owned() } else { mask::sentence(detail) }
}

fn headers(headers: &[(&'static str, String)]) -> Vec<Header> {
    headers.iter().map(|(name, value)| Header { name: (*name).to_owned(), value: value.clone() }).collect()
}

/// What would be done to a resource, as a message.
pub(super) fn difference(difference: Difference, is_open: bool) -> ResourceDifference {
    let kind = match difference.kind {
        record::ChangeKind::Create => ChangeKind::Create,
        record::ChangeKind::Update => ChangeKind::Update,
        record::ChangeKind::Delete => ChangeKind::Delete,
    };
    let told = |name: &str, value: &Option<Value>| match value {
        None => String::new(),
        Some(value) if is_open || name == "members" => value.to_string(),
        Some(value) => mask::value(name, value),
    };
    let attribute = |attribute: whatif::Attribute| AttributeDifference {
        before: told(&attribute.path, &attribute.before),
        after: told(&attribute.path, &attribute.after),
        path: attribute.path,
    };
    ResourceDifference {
        kind: kind.into(),
        resource_type: difference.resource_type,
        resource_id: difference.id,
        attributes: difference.attributes.into_iter().map(attribute).collect(),
        members_added: difference.members_added,
        members_removed: difference.members_removed,
    }
}
