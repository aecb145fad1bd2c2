//! `BackupService`: the database as a file, and a check of it in place. It only translates; both are the directory's.

use tokio_stream::StreamExt;
use tokio_stream::adapters::Map;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::api::v1::backup_service_server::BackupService;
use super::api::v1::create_backup_response::Part as Sent;
use super::api::v1::{
    BackupSummary, CreateBackupRequest, CreateBackupResponse, VerifyDatabaseRequest, VerifyDatabaseResponse,
};
use super::{AdminState, access, refusal, wire};
use crate::directory::backup::{self, Checked, Part};
use crate::scim::errors::Error;
use crate::server::chain;

#[tonic::async_trait]
impl BackupService for AdminState {
    type CreateBackupStream =
        Map<ReceiverStream<Result<Part, Error>>, fn(Result<Part, Error>) -> Result<CreateBackupResponse, Status>>;

    async fn create_backup(
        &self,
        request: Request<CreateBackupRequest>,
    ) -> Result<Response<Self::CreateBackupStream>, Status> {
        let admin = access::caller(&request);
        let parts = backup::create(&self.directory, &admin).await.map_err(refusal::status)?;
        let part: fn(Result<Part, Error>) -> Result<CreateBackupResponse, Status> = part;
        Ok(Response::new(ReceiverStream::new(parts).map(part)))
    }

    type VerifyDatabaseStream = Map<
        ReceiverStream<Result<Checked, Error>>,
        fn(Result<Checked, Error>) -> Result<VerifyDatabaseResponse, Status>,
    >;

    async fn verify_database(
        &self,
        _: Request<VerifyDatabaseRequest>,
    ) -> Result<Response<Self::VerifyDatabaseStream>, Status> {
        let told = backup::verify(&self.directory).await.map_err(refusal::status)?;
        let checked: fn(Result<Checked, Error>) -> Result<VerifyDatabaseResponse, Status> = checked;
        Ok(Response::new(ReceiverStream::new(told).map(checked)))
    }
}

fn part(part: Result<Part, Error>) -> Result<CreateBackupResponse, Status> {
    let (part, rows) = match part.map_err(|error| refusal::failure(&error))? {
        Part::Bytes { bytes, rows } => (Sent::Chunk(bytes), rows),
        Part::End(summary) => {
            let sent = BackupSummary {
                revision: wire::number(summary.revision),
                time: Some(wire::time(summary.time_ms)),
                rows: wire::number(summary.rows),
                bytes: wire::number(summary.bytes),
                sha256: chain::hex(&summary.sha256),
            };
            (Sent::Summary(sent), summary.rows)
        }
    };
    // Nobody counts the rows of a commit, so that the total is not known.
    Ok(CreateBackupResponse { part: Some(part), rows_done: wire::number(rows), rows_total: 0 })
}

fn checked(told: Result<Checked, Error>) -> Result<VerifyDatabaseResponse, Status> {
    match told.map_err(|error| refusal::failure(&error))? {
        Checked::Rows(rows) => {
            Ok(VerifyDatabaseResponse { rows: wire::number(rows), done: false, problems: Vec::new() })
        }
        Checked::End(outcome) => {
            Ok(VerifyDatabaseResponse { rows: wire::number(outcome.rows), done: true, problems: outcome.problems })
        }
    }
}

#[cfg(test)]
mod tests;
