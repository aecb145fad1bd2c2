//! `TransferService`: a tenant out as lines, and lines in. It only translates; exporting and importing are the directory's.

use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::adapters::Map;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::api::v1::transfer_service_server::TransferService;
use super::api::v1::{
    ExportTenantRequest, ExportTenantResponse, ImportConflict, ImportError, ImportTenantRequest, ImportTenantResponse,
};
use super::{AdminState, access, refusal, wire};
use crate::directory::export::{self, Piece};
use crate::directory::import::{self, Conflict, Progress, Site, Terms};
use crate::directory::refused::Refused;
use crate::limits;

type Told = Result<Progress, Refused>;

#[tonic::async_trait]
impl TransferService for AdminState {
    type ExportTenantStream =
        Map<ReceiverStream<export::Told>, fn(export::Told) -> Result<ExportTenantResponse, Status>>;

    async fn export_tenant(
        &self,
        request: Request<ExportTenantRequest>,
    ) -> Result<Response<Self::ExportTenantStream>, Status> {
        let admin = access::caller(&request);
        let scope = self.scope(&request.into_inner().tenant).await?;
        let receiver = export::start(&self.directory, &scope.tenant, &admin).await.map_err(refusal::status)?;
        let piece: fn(export::Told) -> Result<ExportTenantResponse, Status> = piece;
        Ok(Response::new(ReceiverStream::new(receiver).map(piece)))
    }

    type ImportTenantStream = Map<ReceiverStream<Told>, fn(Told) -> Result<ImportTenantResponse, Status>>;

    async fn import_tenant(
        &self,
        request: Request<Streaming<ImportTenantRequest>>,
    ) -> Result<Response<Self::ImportTenantStream>, Status> {
        let admin = access::caller(&request);
        let mut messages = request.into_inner();
        let first = messages.message().await?.unwrap_or_default();
        let on_conflict = match ImportConflict::try_from(first.on_conflict) {
            Ok(ImportConflict::Unspecified | ImportConflict::Fail) => Conflict::Fail,
            Ok(ImportConflict::Skip) => Conflict::Skip,
            Ok(ImportConflict::Replace) => Conflict::Replace,
            Err(_) => return Err(refusal::field("on_conflict", "it must be one of the enum's values")),
        };
        let terms = Terms { on_conflict, dry_run: first.dry_run };
        let scope = self.scope(&first.tenant).await?;
        let stopping = self.stopping.clone();
        let site = Site::new(self.directory.clone(), scope, admin, stopping).map_err(refusal::status)?;
        let (pieces, to_import) = mpsc::channel(limits::IMPORT_PIECES_WAITING_MAX);
        let (sender, receiver) = mpsc::channel(limits::IMPORT_PROGRESS_WAITING_MAX);
        tokio::spawn(pump(first.data, messages, pieces));
        tokio::spawn(async move {
            if let Err(refused) = import::run(site, terms, to_import, sender.clone()).await {
                let _ = sender.send(Err(refused)).await;
            }
        });
        let progress: fn(Told) -> Result<ImportTenantResponse, Status> = progress;
        Ok(Response::new(ReceiverStream::new(receiver).map(progress)))
    }
}

/// Hands the bytes of the messages on, until they end, the caller goes away or nobody wants them any more.
async fn pump(first: Vec<u8>, mut messages: Streaming<ImportTenantRequest>, pieces: mpsc::Sender<Vec<u8>>) {
    let mut data = first;
    loop {
        if !data.is_empty() && pieces.send(data).await.is_err() {
            return;
        }
        match messages.message().await {
            Ok(Some(message)) => data = message.data,
            Ok(None) => return,
            Err(status) => {
                tracing::info!(%status, "an import was broken off");
                return;
            }
        }
    }
}

fn piece(told: export::Told) -> Result<ExportTenantResponse, Status> {
    let Piece { lines, done, total } = told.map_err(|error| refusal::failure(&error))?;
    Ok(ExportTenantResponse { lines, resources_done: wire::count(done), resources_total: wire::count(total) })
}

fn progress(told: Told) -> Result<ImportTenantResponse, Status> {
    let progress = told.map_err(refusal::status)?;
    let error = |failure: import::Failure| ImportError {
        line: wire::number(failure.line),
        resource_id: failure.id,
        message: failure.why,
    };
    Ok(ImportTenantResponse {
        lines: wire::number(progress.lines),
        created: wire::number(progress.created),
        replaced: wire::number(progress.replaced),
        unchanged: wire::number(progress.unchanged),
        members_added: wire::number(progress.members_added),
        failed: wire::number(progress.failed),
        errors: progress.failures.into_iter().map(error).collect(),
        done: progress.done,
    })
}

#[cfg(test)]
mod tests;
