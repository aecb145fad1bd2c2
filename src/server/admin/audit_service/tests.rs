//! The audit log as callers see it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::json;
use tokio_stream::StreamExt;
use tonic::Request;

use super::super::AdminState;
use super::super::api::v1::audit_service_server::AuditService;
use super::super::api::v1::{ListAuditEntriesRequest, WatchAuditEntriesRequest};
use super::super::tests::state;
use crate::directory::audit::{self, Act, Admin};
use crate::directory::tests::Fixture;

async fn act(state: &AdminState, name: &str, action: &str, tenant: &str) {
    let admin = Admin { name: name.to_owned(), address: "127.0.0.1:1".to_owned() };
    let act = Act { action, tenant, target: "x" };
    audit::alone(&state.directory, &admin, act, None, Some(&json!({"number": 1}))).await.unwrap();
}

#[tokio::test]
async fn entries_are_listed_with_filters() {
    let site = Fixture::new().await;
    let state = state(site.directory.clone());
    act(&state, "socket:0", "tenant.create", "acme").await;
    act(&state, "cert:otto", "token.create", "acme").await;
    act(&state, "socket:0", "token.rotate", "default").await;
    act(&state, "server", "tokens", "").await;
    let list = async |tenant: &str, actor: &str, action: &str| {
        let request = ListAuditEntriesRequest {
            tenant: tenant.to_owned(),
            actor: actor.to_owned(),
            action: action.to_owned(),
            ..ListAuditEntriesRequest::default()
        };
        let answer = state.list_audit_entries(Request::new(request)).await.unwrap().into_inner();
        answer.entries.into_iter().map(|entry| entry.action).collect::<Vec<_>>()
    };
    assert_eq!(list("", "", "").await, ["tenant.create", "token.create", "token.rotate", "tokens"]);
    assert_eq!(list("acme", "", "").await, ["tenant.create", "token.create"]);
    assert_eq!(list("", "socket:0", "token").await, ["token.rotate"]);
    assert_eq!(list("", "", "token").await, ["token.create", "token.rotate"]);
    assert_eq!(list("", "", "token.rotate").await, ["token.rotate"]);
    let answer = state.list_audit_entries(Request::new(ListAuditEntriesRequest::default())).await.unwrap().into_inner();
    let entry = &answer.entries[0];
    assert_eq!((entry.actor.as_str(), entry.address.as_str(), entry.target.as_str()), ("socket:0", "127.0.0.1:1", "x"));
    assert!(entry.before.is_none() && entry.after.as_ref().unwrap().fields.contains_key("number"));
}

#[tokio::test]
async fn a_watcher_goes_on_where_it_was() {
    let site = Fixture::new().await;
    let state = state(site.directory.clone());
    let watch = async |resume_token: &str| {
        let request = WatchAuditEntriesRequest { resume_token: resume_token.to_owned(), action: "token".to_owned() };
        state.watch_audit_entries(Request::new(request)).await.unwrap().into_inner()
    };
    let mut stream = watch("").await;
    let first = stream.next().await.unwrap().unwrap();
    assert!(first.entry.is_none());
    act(&state, "server", "tenant.create", "acme").await;
    act(&state, "server", "token.create", "acme").await;
    let told = stream.next().await.unwrap().unwrap();
    assert_eq!(told.entry.unwrap().action, "token.create");
    drop(stream);
    act(&state, "server", "token.revoke", "acme").await;
    let mut stream = watch(&told.resume_token).await;
    stream.next().await.unwrap().unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().entry.unwrap().action, "token.revoke");
}
