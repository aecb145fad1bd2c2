//! A mapping tried on one resource or on one recorded exchange: the request runs as it always does, over a fork of the store in which
//! the mapping is in force. Nothing of it reaches the store itself.

use crate::directory::Actor;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tonic::Status;

use super::super::api::v1::preview_mapping_request::Subject;
use super::super::{AdminState, refusal};
use super::with_schemas;
use crate::directory::mapping::preview::{Part, Summary, Told};
use crate::directory::mapping::{check, try_out};
use crate::directory::record::ChangeKind;
use crate::directory::refused::{Noun, Refused};
use crate::directory::scope::Scope;
use crate::directory::tenant::Tenant;
use crate::directory::tenant::settings::no_tenant;
use crate::directory::whatif::{self, Fork};
use crate::limits;
use crate::mapping::document::Document;
use crate::scim::dialect::Used;
use crate::scim::json;
use crate::server::connection::Http;
use crate::server::exchange::redact::{self, Fate, Kept};
use crate::server::exchange::{Exchange, mask};
use crate::server::rate::Rates;
use crate::server::scim::Face;
use crate::server::scim::replay::{self, Replayed};

/// Tries a mapping; gives the parts of the preview, the summary last.
pub async fn run(
    state: &AdminState,
    scope: Scope,
    document: &Document,
    subject: Subject,
    unmasked: bool,
    fingerprint: String,
) -> Result<mpsc::Receiver<Told>, Status> {
    let is_open = unmasked || matches!(subject, Subject::Sample(_));
    let exchange = match subject {
        Subject::Sample(sample) => {
            let name = if sample.resource_type.is_empty() { "User" } else { sample.resource_type.as_str() };
            Arc::new(posted(&scope.tenant, name, &sample.body)?)
        }
        Subject::ExchangeId(id) => recorded(state, &scope.tenant, &id)?,
    };
    let policy = check::compiled(&scope.tenant, document).map_err(refusal::status)?;
    let actor = Actor::new("", "");
    check::groups_are_there(&scope.call(&state.directory, &actor), &policy).await.map_err(refusal::status)?;
    let fork = whatif::fork(&state.directory).await.map_err(refusal::status)?;
    let replayed = over(state, &fork, &scope.tenant, document, &exchange).await?;
    let differences = whatif::differences(&fork, scope.tenant.number).await;
    let differences = differences.map_err(|error| refusal::failure(&error))?;
    let body = match (&replayed.body, is_open) {
        (None, _) => String::new(),
        (Some(body), true) => String::from_utf8_lossy(&redact::body(body).text).into_owned(),
        (Some(body), false) => mask::body(&redact::body(body).text).unwrap_or_default(),
    };
    let changed = differences.iter().filter(|one| one.kind != ChangeKind::Create).count();
    let summary = Summary {
        resources: differences.len(),
        changed,
        status: replayed.status,
        response_body: body,
        rules: replayed.rules.into_iter().map(|told| told.rule.to_string()).collect(),
        fingerprint,
        ..Summary::default()
    };
    let (sender, receiver) = mpsc::channel(differences.len() + 1);
    let parts = differences.into_iter().map(Part::Difference).chain([Part::Summary(summary)]);
    for part in parts {
        // There is room for all of them.
        let _ = sender.try_send(Ok(part));
    }
    Ok(receiver)
}

/// Runs the request where the mapping is in force.
async fn over(
    state: &AdminState,
    fork: &Fork,
    tenant: &Tenant,
    document: &Document,
    exchange: &Exchange,
) -> Result<Replayed, Status> {
    let failed = |error| refusal::failure(&error);
    let tried = try_out(&fork.directory, tenant.number, document).await.map_err(failed)?;
    let tenant = tried.ok_or_else(|| refusal::status(no_tenant(&tenant.name)))?;
    let face = Arc::new(Face {
        directory: fork.directory.clone(),
        public_url: state.public_url.clone(),
        trusted_proxies: Vec::new(),
        rates: Rates::default(),
        metrics: state.metrics.clone(),
        recorder: state.recorder.clone(),
    });
    replay::replay(face, tenant, exchange).await.map_err(failed)
}

fn recorded(state: &AdminState, tenant: &Tenant, id: &str) -> Result<Arc<Exchange>, Status> {
    let found = state.recorder.find(tenant.number, id);
    let exchange = found.ok_or_else(|| refusal::status(Refused::not_found(Noun::Exchange, id)))?;
    match exchange.not_replayable() {
        None => Ok(exchange),
        Some(why) => {
            let why = format!("the exchange cannot be replayed: {why}");
            Err(refusal::status(Refused::State { reason: "NOT_REPLAYABLE", why }))
        }
    }
}

/// The request that would create the resource.
fn posted(tenant: &Tenant, name: &str, body: &str) -> Result<Exchange, Status> {
    let resource_type = tenant.types.named(name);
    let resource_type =
        resource_type.ok_or_else(|| refusal::field("sample.resource_type", "the tenant has no such resource type"))?;
    if body.len() > limits::REQUEST_BODY_BYTES_MAX {
        return Err(refusal::field(
            "sample.body",
            format!("it is longer than {} bytes", limits::REQUEST_BODY_BYTES_MAX),
        ));
    }
    let body = json::parse(body.as_bytes()).map_err(|error| refusal::field("sample.body", error.detail))?;
    let body = with_schemas(resource_type, body).to_string();
    Ok(Exchange {
        id: String::new(),
        time_ms: 0,
        duration: Duration::ZERO,
        method: "POST".to_owned(),
        target: format!("/tenants/{}/scim/v2{}", tenant.name, resource_type.endpoint),
        endpoint: "",
        status: 0,
        scim_type: "",
        token: String::new(),
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: String::new(),
        used: Used::default(),
        rules: Vec::new(),
        http: Http::One,
        knock: None,
        request_headers: vec![("content-type", "application/scim+json".to_owned())],
        request_body: Kept { bytes: Some(body.len() as u64), text: Bytes::from(body), fate: Fate::Whole },
        response_headers: Vec::new(),
        response_body: redact::nothing(Fate::Whole),
    })
}
