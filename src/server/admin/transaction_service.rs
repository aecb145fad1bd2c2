//! `TransactionService`: what became of writes whose clients did not wait. It only translates; what is kept is the directory's.

use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::api::v1::transaction_service_server::TransactionService;
use super::api::v1::{
    GetTransactionRequest, GetTransactionResponse, ListTransactionsRequest, ListTransactionsResponse, Transaction,
    TransactionState,
};
use super::{AdminState, refusal, wire};
use crate::directory::transaction::{self, Found, State};

#[tonic::async_trait]
impl TransactionService for AdminState {
    async fn get_transaction(
        &self,
        request: Request<GetTransactionRequest>,
    ) -> Result<Response<GetTransactionResponse>, Status> {
        let GetTransactionRequest { tenant, id } = request.into_inner();
        let tenant = self.scope(&tenant).await?.tenant.number;
        let found = transaction::find(&self.directory, tenant, &id).await.map_err(refusal::status)?;
        Ok(Response::new(GetTransactionResponse { transaction: Some(shown(found)) }))
    }

    async fn list_transactions(
        &self,
        request: Request<ListTransactionsRequest>,
    ) -> Result<Response<ListTransactionsResponse>, Status> {
        let ListTransactionsRequest { tenant, state, page_size, page_token } = request.into_inner();
        let tenant = self.scope(&tenant).await?.tenant.number;
        let wanted =
            TransactionState::try_from(state).map_err(|_| refusal::field("state", "there is no such state"))?;
        let (size, after) = wire::page(page_size, &page_token)?;
        let after = after.map(Uuid::from_bytes);
        let wants = |one: &Found| wanted == TransactionState::Unspecified || wanted == state_of(one.state);
        let page = transaction::page(&self.directory, tenant, wants, after, size).await;
        let (found, next) = page.map_err(|error| refusal::failure(&error))?;
        Ok(Response::new(ListTransactionsResponse {
            transactions: found.into_iter().map(|one| Transaction { response: String::new(), ..shown(one) }).collect(),
            next_page_token: wire::next_page(next),
        }))
    }
}

fn state_of(state: State) -> TransactionState {
    match state {
        State::Running => TransactionState::Running,
        State::Done => TransactionState::Done,
        State::Interrupted => TransactionState::Interrupted,
    }
}

fn shown(found: Found) -> Transaction {
    let Found { id, state, record } = found;
    let end_time = record.outcome.as_ref().map(|outcome| wire::time(outcome.ended_ms));
    let outcome = record.outcome.unwrap_or_default();
    Transaction {
        id: id.to_string(),
        state: state_of(state).into(),
        method: record.method,
        path: record.path,
        token_id: record.token,
        start_time: Some(wire::time(record.started_ms)),
        end_time,
        status: i32::from(outcome.status),
        location: outcome.location,
        version: outcome.version,
        response: outcome.response,
    }
}

#[cfg(test)]
mod tests;
