//! Exports: their lines, their pieces, and their one commit point.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Piece, export, pin};
use crate::directory::tests::Fixture;
use crate::limits;
use crate::scim::schema;
use serde_json::{Value, json};
use tokio::sync::mpsc;

async fn pieces(site: &Fixture) -> Vec<Piece> {
    let (sender, mut receiver) = mpsc::channel(1);
    let snapshot = pin(&site.directory).await.unwrap();
    tokio::spawn(export(snapshot, site.scope.tenant.clone(), sender));
    let mut pieces = Vec::new();
    while let Some(piece) = receiver.recv().await {
        pieces.push(piece.unwrap());
    }
    pieces
}

fn lines(pieces: &[Piece]) -> Vec<Value> {
    let text: Vec<u8> = pieces.iter().flat_map(|piece| piece.lines.clone()).collect();
    text.split_inclusive(|b| *b == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[tokio::test]
async fn an_empty_tenant_has_a_first_and_a_last_line() {
    let site = Fixture::new().await;
    let lines = lines(&pieces(&site).await);
    assert_eq!(lines[0]["scimd_export"], 1);
    assert_eq!(lines[0]["tenant"], "default");
    assert_eq!(lines[1], json!({"end": true, "users": 0, "groups": 0, "members": 0}));
    assert_eq!(lines.len(), 2);
}

#[tokio::test]
async fn users_come_before_groups_and_members_last() {
    let site = Fixture::new().await;
    let inner = site.group("inner", &[]).await;
    let anna = site.user("anna").await;
    let outer = site.group("outer", &[anna.clone(), inner.clone()]).await;
    let gone = site.group("gone", std::slice::from_ref(&anna)).await;
    site.delete(schema::group(), &gone).await;
    let lines = lines(&pieces(&site).await);
    let types: Vec<&str> = lines.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(types, ["User", "Group", "Group", "Members"]);
    assert_eq!(lines[1]["id"], json!(anna));
    assert_eq!(lines[1]["attributes"], json!({"userName": "anna"}));
    assert!(lines[1]["created"].as_str().unwrap().ends_with('Z'));
    assert_eq!(lines[4]["group"], json!(outer));
    let mut members = vec![json!({"value": inner, "display": "inner"}), json!({"value": anna, "display": "anna"})];
    members.sort_by_key(|member| member["value"].to_string());
    assert_eq!(lines[4]["members"], json!(members));
    assert_eq!(lines[5], json!({"end": true, "users": 1, "groups": 2, "members": 2}));
}

#[tokio::test]
async fn big_groups_are_cut_into_lines_and_pieces_hold_whole_lines() {
    let site = Fixture::new().await;
    let mut users = Vec::new();
    for n in 0..2_500 {
        users.push(site.user(&format!("a user with quite a long name, so that there are several pieces {n}")).await);
    }
    site.group("all", &users).await;
    let pieces = pieces(&site).await;
    assert!(pieces.len() > 1);
    assert!(pieces.iter().all(|piece| piece.lines.ends_with(b"\n")));
    assert!(pieces.iter().all(|piece| piece.lines.len() < 2 * limits::EXPORT_PIECE_BYTES));
    assert!(pieces.iter().all(|piece| piece.total == 2_501));
    assert_eq!(pieces.last().unwrap().done, 2_501);
    let sizes: Vec<usize> = lines(&pieces).iter().filter_map(|line| line["members"].as_array()).map(Vec::len).collect();
    assert_eq!(sizes, [1_000, 1_000, 500]);
}

#[tokio::test]
async fn what_is_written_meanwhile_is_not_in_it() {
    let site = Fixture::new().await;
    site.user("before").await;
    let snapshot = pin(&site.directory).await.unwrap();
    site.user("after").await;
    let (sender, mut receiver) = mpsc::channel(1);
    tokio::spawn(export(snapshot, site.scope.tenant.clone(), sender));
    let piece = receiver.recv().await.unwrap().unwrap();
    let text = String::from_utf8(piece.lines).unwrap();
    assert!(text.contains("before") && !text.contains("after"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_left_alone() {
    let site = Fixture::new().await;
    for n in 0..2_000 {
        site.user(&format!("a user with quite a long name, so that there are several pieces of this export {n}")).await;
    }
    let (sender, mut receiver) = mpsc::channel(1);
    let snapshot = pin(&site.directory).await.unwrap();
    tokio::spawn(export(snapshot, site.scope.tenant.clone(), sender)).await.unwrap();
    assert!(receiver.recv().await.is_some());
    assert!(receiver.recv().await.is_none(), "the export is not whole");
}
