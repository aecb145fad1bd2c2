//! `AuditService`: the audit log, as a list and as it grows. It only translates; reading and following are the directory's.

use serde_json::Value;
use tokio_stream::StreamExt;
use tokio_stream::adapters::Map;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::api::v1::audit_service_server::AuditService;
use super::api::v1::{
    AuditChain, AuditEntry, ListAuditEntriesRequest, ListAuditEntriesResponse, VerifyAuditRequest, VerifyAuditResponse,
    WatchAuditEntriesRequest, WatchAuditEntriesResponse,
};
use super::change_service::position;
use super::{AdminState, refusal, wire};
use crate::directory::follow::{self, Step, Told};
use crate::directory::log::{self, Bounds, Entry};
use crate::directory::refused::Refused;
use crate::directory::seal::{self, Verified};
use crate::directory::tenant::settings;
use crate::directory::{Directory, keys, record};
use crate::limits;
use crate::server::chain::hex;

#[tonic::async_trait]
impl AuditService for AdminState {
    async fn list_audit_entries(
        &self,
        request: Request<ListAuditEntriesRequest>,
    ) -> Result<Response<ListAuditEntriesResponse>, Status> {
        let request = request.into_inner();
        let bounds = Bounds {
            entries_max: wire::page_size(request.page_size)?,
            before_ms: request.end_time.as_ref().map(wire::ms),
        };
        let fits = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
        let wants = |entry: &record::AuditEntry| {
            fits(&request.tenant, &entry.tenant)
                && fits(&request.actor, &entry.actor)
                && is_about(&request.action, &entry.action)
        };
        let read = async {
            let snapshot = self.directory.snapshot().await?;
            let from = match (request.page_token.as_str(), &request.start_time) {
                ("", None) => log::oldest(&snapshot, keys::AUDIT).await?,
                ("", Some(start)) => log::since(&snapshot, keys::AUDIT, wire::ms(start)).await?,
                (token, _) => position(keys::AUDIT, "page_token", token)?,
            };
            log::read(&snapshot, &from, wants, &bounds).await
        };
        let chunk = read.await.map_err(refusal::status)?;
        let next_page_token = if chunk.is_end { String::new() } else { chunk.next.text() };
        Ok(Response::new(ListAuditEntriesResponse {
            entries: chunk.entries.into_iter().map(entry).collect(),
            next_page_token,
        }))
    }

    type WatchAuditEntriesStream = Map<
        ReceiverStream<Told<record::AuditEntry>>,
        fn(Told<record::AuditEntry>) -> Result<WatchAuditEntriesResponse, Status>,
    >;

    async fn watch_audit_entries(
        &self,
        request: Request<WatchAuditEntriesRequest>,
    ) -> Result<Response<Self::WatchAuditEntriesStream>, Status> {
        let WatchAuditEntriesRequest { resume_token, action } = request.into_inner();
        let from = match resume_token.as_str() {
            "" => {
                let snapshot = self.directory.snapshot().await.map_err(|error| refusal::failure(&error))?;
                log::newest(&snapshot, keys::AUDIT)
            }
            token => position(keys::AUDIT, "resume_token", token).map_err(refusal::status)?,
        };
        let wanted = move |entry: &record::AuditEntry| is_about(&action, &entry.action);
        let stopping = self.stopping.clone();
        let receiver = follow::start(&self.directory, from, wanted, stopping).map_err(refusal::status)?;
        let message: fn(Told<record::AuditEntry>) -> Result<WatchAuditEntriesResponse, Status> = message;
        Ok(Response::new(ReceiverStream::new(receiver).map(message)))
    }

    async fn verify_audit(
        &self,
        request: Request<VerifyAuditRequest>,
    ) -> Result<Response<VerifyAuditResponse>, Status> {
        let tenant = request.into_inner().tenant;
        let mut chains = Vec::new();
        for (name, log) in logs(&self.directory, &tenant).await.map_err(refusal::status)? {
            let verified = seal::verify(&self.directory, log).await.map_err(|error| refusal::failure(&error))?;
            chains.push(chain(name, verified));
        }
        Ok(Response::new(VerifyAuditResponse { intact: chains.iter().all(|chain| chain.intact), chains }))
    }
}

/// The logs that are meant, each with its tenant's name: one tenant's, or the audit log and everybody's.
async fn logs(directory: &Directory, tenant: &str) -> Result<Vec<(String, u32)>, Refused> {
    if !tenant.is_empty() {
        let shown = settings::get(directory, tenant).await?;
        return Ok(vec![(tenant.to_owned(), shown.number)]);
    }
    let mut logs = vec![(String::new(), keys::AUDIT)];
    let mut after = None;
    loop {
        let listed = settings::list(directory, after, limits::SCAN_ROWS).await?;
        logs.extend(listed.tenants.into_iter().map(|shown| (shown.settings.name, shown.number)));
        match listed.next {
            Some(next) => after = Some(next),
            None => return Ok(logs),
        }
    }
}

fn chain(tenant: String, verified: Verified) -> AuditChain {
    AuditChain {
        tenant,
        intact: verified.problem.is_none(),
        entries: wire::number(verified.entries),
        unsealed: wire::number(verified.unsealed),
        head: hex(&verified.head),
        head_revision: wire::number(verified.upto),
        problem: verified.problem.unwrap_or_default(),
    }
}

/// Whether an action is the wanted one or one of its kind.
fn is_about(wanted: &str, action: &str) -> bool {
    let rest = action.strip_prefix(wanted);
    wanted.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn message(told: Told<record::AuditEntry>) -> Result<WatchAuditEntriesResponse, Status> {
    match told.map_err(refusal::status)? {
        Step::Entry(told) => {
            let resume_token = told.position.text();
            Ok(WatchAuditEntriesResponse { entry: Some(entry(told)), resume_token })
        }
        Step::Here(position) => Ok(WatchAuditEntriesResponse { entry: None, resume_token: position.text() }),
    }
}

fn entry(entry: Entry<record::AuditEntry>) -> AuditEntry {
    let Entry { revision, time_ms, value, position } = entry;
    let shown = |state: Value| match state {
        Value::Object(object) => Some(wire::structure(object)),
        _ => None,
    };
    AuditEntry {
        revision: wire::number(revision),
        time: Some(wire::time(time_ms)),
        actor: value.actor,
        address: value.address,
        action: value.action,
        tenant: value.tenant,
        target: value.target,
        before: shown(value.before),
        after: shown(value.after),
        resume_token: position.text(),
    }
}

#[cfg(test)]
mod tests;
