//! Transactions as callers see them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::super::api::v1::transaction_service_server::TransactionService;
use super::super::api::v1::{GetTransactionRequest, ListTransactionsRequest, TransactionState};
use super::super::tests::state;
use crate::directory::record::{Outcome, Transaction};
use crate::directory::tests::Fixture;
use crate::directory::transaction;
use tonic::{Code, Request};

#[tokio::test]
async fn transactions_are_shown_and_listed() {
    let site = Fixture::new().await;
    let plane = state(site.directory.clone());
    let asked = Transaction { method: "POST".to_owned(), path: "/Users".to_owned(), ..Transaction::default() };
    let failed = Outcome { status: 409, ended_ms: 2_500, response: "{}".to_owned(), ..Outcome::default() };
    let (done, lost) = (site.directory.clock().id(), site.directory.clock().id());
    transaction::end(&site.call(), done, asked.clone(), failed).await;
    transaction::begin(&site.call(), lost, &asked).await.unwrap();

    let get = |id: String| plane.get_transaction(Request::new(GetTransactionRequest { tenant: String::new(), id }));
    let one = get(done.to_string()).await.unwrap().into_inner().transaction.unwrap();
    assert_eq!((one.state(), one.status, one.response.as_str()), (TransactionState::Done, 409, "{}"));
    assert_eq!((one.method.as_str(), one.path.as_str(), one.end_time.unwrap().seconds), ("POST", "/Users", 2));
    let other = get(lost.to_string()).await.unwrap().into_inner().transaction.unwrap();
    assert_eq!((other.state(), other.status, other.end_time), (TransactionState::Interrupted, 0, None));
    assert_eq!(get("no".to_owned()).await.unwrap_err().code(), Code::NotFound);

    let list = async |ask: ListTransactionsRequest| {
        let page = plane.list_transactions(Request::new(ask)).await?.into_inner();
        let ids: Vec<String> = page.transactions.iter().map(|one| one.id.clone()).collect();
        assert!(page.transactions.iter().all(|one| one.response.is_empty()), "errors are for get");
        Ok::<_, tonic::Status>((ids, page.next_page_token))
    };
    let all = ListTransactionsRequest::default;
    assert_eq!(list(all()).await.unwrap(), (vec![done.to_string(), lost.to_string()], String::new()));
    let state = TransactionState::Interrupted.into();
    assert_eq!(list(ListTransactionsRequest { state, ..all() }).await.unwrap().0, [lost.to_string()]);
    let (first, page_token) = list(ListTransactionsRequest { page_size: 1, ..all() }).await.unwrap();
    assert_eq!(first, [done.to_string()]);
    assert_eq!(list(ListTransactionsRequest { page_token, ..all() }).await.unwrap().0, [lost.to_string()]);
    let wrong = ListTransactionsRequest { page_token: "AAAA".to_owned(), ..all() };
    assert_eq!(list(wrong).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(list(ListTransactionsRequest { state: 9, ..all() }).await.unwrap_err().code(), Code::InvalidArgument);
}
