//! `ChangeService`: a tenant's change log, as a list and as it grows. It only translates; reading and following are the directory's.

use tokio_stream::StreamExt;
use tokio_stream::adapters::Map;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::api::v1::change_service_server::ChangeService;
use super::api::v1::{
    Change, ChangeFilter, ChangeKind, ListChangesRequest, ListChangesResponse, WatchChangesRequest,
    WatchChangesResponse,
};
use super::{AdminState, refusal, wire};
use crate::directory::follow::{self, Step, Told};
use crate::directory::log::{self, Bounds, Entry, Position};
use crate::directory::record;
use crate::directory::refused::Refused;

#[tonic::async_trait]
impl ChangeService for AdminState {
    async fn list_changes(
        &self,
        request: Request<ListChangesRequest>,
    ) -> Result<Response<ListChangesResponse>, Status> {
        let request = request.into_inner();
        let scope = self.scope(&request.tenant).await?;
        let bounds = Bounds {
            entries_max: wire::page_size(request.page_size)?,
            before_ms: request.end_time.as_ref().map(wire::ms),
        };
        let filter = request.filter.unwrap_or_default();
        let read = async {
            let snapshot = self.directory.snapshot().await?;
            let log = scope.tenant.number;
            let from = match (request.page_token.as_str(), &request.start_time) {
                ("", None) => log::oldest(&snapshot, log).await?,
                ("", Some(start)) => log::since(&snapshot, log, wire::ms(start)).await?,
                (token, _) => position(log, "page_token", token)?,
            };
            log::read(&snapshot, &from, |change| wants(&filter, change), &bounds).await
        };
        let chunk = read.await.map_err(refusal::status)?;
        let next_page_token = if chunk.is_end { String::new() } else { chunk.next.text() };
        Ok(Response::new(ListChangesResponse {
            changes: chunk.entries.into_iter().map(change).collect(),
            next_page_token,
        }))
    }

    type WatchChangesStream =
        Map<ReceiverStream<Told<record::Change>>, fn(Told<record::Change>) -> Result<WatchChangesResponse, Status>>;

    async fn watch_changes(
        &self,
        request: Request<WatchChangesRequest>,
    ) -> Result<Response<Self::WatchChangesStream>, Status> {
        let WatchChangesRequest { tenant, filter, resume_token, from_start } = request.into_inner();
        let log = self.scope(&tenant).await?.tenant.number;
        let from = async {
            let snapshot = self.directory.snapshot().await?;
            match (resume_token.as_str(), from_start) {
                ("", true) => Ok(log::oldest(&snapshot, log).await?),
                ("", false) => Ok(log::newest(&snapshot, log)),
                (_, true) => Err(Refused::field("from_start", "it cannot be set together with resume_token")),
                (token, false) => position(log, "resume_token", token),
            }
        };
        let from = from.await.map_err(refusal::status)?;
        let filter = filter.unwrap_or_default();
        let wanted = move |change: &record::Change| wants(&filter, change);
        let stopping = self.stopping.clone();
        let receiver = follow::start(&self.directory, from, wanted, stopping).map_err(refusal::status)?;
        let message: fn(Told<record::Change>) -> Result<WatchChangesResponse, Status> = message;
        Ok(Response::new(ReceiverStream::new(receiver).map(message)))
    }
}

/// The position that a caller names; for all logs.
pub(super) fn position(log: u32, field: &'static str, token: &str) -> Result<Position, Refused> {
    Position::parse(log, token).ok_or_else(|| Refused::field(field, "it is not a token of this log"))
}

fn wants(filter: &ChangeFilter, change: &record::Change) -> bool {
    let fits = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
    fits(&filter.resource_type, &change.resource_type)
        && fits(&filter.resource_id, &change.id)
        && fits(&filter.actor, &change.actor)
        && fits(&filter.request_id, &change.request)
}

fn message(told: Told<record::Change>) -> Result<WatchChangesResponse, Status> {
    match told.map_err(refusal::status)? {
        Step::Entry(entry) => {
            let resume_token = entry.position.text();
            Ok(WatchChangesResponse { change: Some(change(entry)), resume_token })
        }
        Step::Here(position) => Ok(WatchChangesResponse { change: None, resume_token: position.text() }),
    }
}

fn change(entry: Entry<record::Change>) -> Change {
    let Entry { revision, time_ms, value, position } = entry;
    let kind = match value.kind {
        record::ChangeKind::Create => ChangeKind::Create,
        record::ChangeKind::Update => ChangeKind::Update,
        record::ChangeKind::Delete => ChangeKind::Delete,
    };
    Change {
        revision: wire::number(revision),
        time: Some(wire::time(time_ms)),
        kind: kind.into(),
        resource_type: value.resource_type,
        resource_id: value.id,
        actor: value.actor,
        request_id: value.request,
        attributes: value.attributes,
        rules: value.rules,
        members_added: value.members_added,
        members_removed: value.members_removed,
        members_incomplete: value.members_incomplete,
        resume_token: position.text(),
    }
}

#[cfg(test)]
mod tests;
