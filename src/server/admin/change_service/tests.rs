//! The change log as callers see it, and the promise of watching: none missing, twice only what was not dealt with.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;
use tokio_stream::StreamExt;
use tonic::{Code, Request};
use tonic_types::StatusExt;

use super::super::api::v1::change_service_server::ChangeService;
use super::super::api::v1::{ChangeFilter, ChangeKind, ListChangesRequest, WatchChangesRequest};
use super::super::tests::state;
use crate::clock::Clock;
use crate::directory::tests::Fixture;
use crate::scim::schema;
use crate::store::{Options, Store};

/// The changes of the test under load.
const CHANGES: usize = 2_000;

#[tokio::test]
async fn changes_are_listed_with_filters() {
    let site = Fixture::new().await;
    let anna = site.user("anna").await;
    let group = site.group("Jira", &[]).await;
    let add = json!([{"op": "add", "path": "members", "value": [{"value": anna}]}]);
    site.patch(schema::group(), &group, add).await;
    site.delete(schema::user(), &anna).await;
    let state = state(site.directory.clone());
    let list = async |filter: ChangeFilter| {
        let request = ListChangesRequest { filter: Some(filter), ..ListChangesRequest::default() };
        let answer = state.list_changes(Request::new(request)).await.unwrap().into_inner();
        assert!(answer.next_page_token.is_empty());
        answer.changes
    };
    let all = list(ChangeFilter::default()).await;
    let kinds: Vec<ChangeKind> = all.iter().map(|change| change.kind()).collect();
    assert_eq!(kinds, [ChangeKind::Create, ChangeKind::Create, ChangeKind::Update, ChangeKind::Delete]);
    assert_eq!(all[2].members_added, std::slice::from_ref(&anna));
    assert_eq!((all[2].actor.as_str(), all[2].request_id.as_str()), ("t1", "r1"));
    assert!(all.windows(2).all(|pair| pair[0].revision < pair[1].revision));
    let groups = list(ChangeFilter { resource_type: "Group".to_owned(), ..ChangeFilter::default() }).await;
    assert_eq!(groups.len(), 2);
    let annas = list(ChangeFilter { resource_id: anna, ..ChangeFilter::default() }).await;
    assert_eq!(annas.len(), 2);
    assert!(list(ChangeFilter { actor: "t2".to_owned(), ..ChangeFilter::default() }).await.is_empty());

    let page = ListChangesRequest { page_size: 3, ..ListChangesRequest::default() };
    let first = state.list_changes(Request::new(page.clone())).await.unwrap().into_inner();
    assert_eq!(first.changes.len(), 3);
    let page = ListChangesRequest { page_token: first.next_page_token, ..page };
    let second = state.list_changes(Request::new(page)).await.unwrap().into_inner();
    assert_eq!((second.changes.len(), second.next_page_token.as_str()), (1, ""));
    // A change's own token goes on after it.
    let page = ListChangesRequest { page_token: all[1].resume_token.clone(), ..ListChangesRequest::default() };
    let rest = state.list_changes(Request::new(page)).await.unwrap().into_inner();
    assert_eq!(rest.changes, all[2..]);
}

#[tokio::test]
async fn bad_tokens_are_refused() {
    let site = Fixture::new().await;
    let state = state(site.directory.clone());
    for (token, from_start) in
        [("nonsense", false), (&crate::directory::log::Position::at(9, 1).text(), false), ("x", true)]
    {
        let request =
            WatchChangesRequest { resume_token: token.to_owned(), from_start, ..WatchChangesRequest::default() };
        let refused = state.watch_changes(Request::new(request)).await.err().unwrap();
        assert_eq!(refused.code(), Code::InvalidArgument, "{token}");
        assert_eq!(refused.get_details_error_info().unwrap().reason, "INVALID_FIELD");
    }
    let ahead = crate::directory::log::Position::at(1, 1 << 40).text();
    let request = WatchChangesRequest { resume_token: ahead, ..WatchChangesRequest::default() };
    let mut stream = state.watch_changes(Request::new(request)).await.unwrap().into_inner();
    stream.next().await.unwrap().unwrap();
    let refused = stream.next().await.unwrap().unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange);
    assert_eq!(refused.get_details_error_info().unwrap().reason, "CHANGES_TRIMMED");
}

/// A watcher that deals with every seventh change only.
struct Watcher {
    dealt_with: String,
    seen: HashMap<String, usize>,
}

impl Watcher {
    /// Watches until it has been sent so many changes, or all of them have been seen; nothing comes twice in one stream.
    async fn watch(&mut self, site: &Fixture, changes_max: usize) {
        let request = WatchChangesRequest { resume_token: self.dealt_with.clone(), ..WatchChangesRequest::default() };
        let request = WatchChangesRequest { from_start: self.dealt_with.is_empty(), ..request };
        let stream = state(site.directory.clone()).watch_changes(Request::new(request)).await.unwrap();
        let mut stream = stream.into_inner();
        let mut here = HashSet::new();
        while here.len() < changes_max && self.seen.len() < CHANGES {
            let message = stream.next().await.unwrap().unwrap();
            let Some(change) = message.change else { continue };
            assert!(here.insert(change.resource_id.clone()), "twice in one stream");
            *self.seen.entry(change.resource_id).or_default() += 1;
            if here.len() % 7 == 0 {
                self.dealt_with = message.resume_token;
            }
        }
    }
}

async fn write(site: &Arc<Fixture>, from: usize, to: usize) {
    let writers = (0..8).map(|writer| {
        let site = site.clone();
        tokio::spawn(async move {
            for n in (from..to).filter(|n| n % 8 == writer) {
                site.user(&format!("user{n}")).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_is_killed_and_comes_back_misses_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("scimd.redb");
    let store = Store::open(&path, &Options::default()).unwrap();
    let site = Arc::new(Fixture::over(store.clone(), Clock::System).await);
    let mut watcher = Watcher { dealt_with: String::new(), seen: HashMap::new() };
    tokio::join!(write(&site, 0, CHANGES / 2), watcher.watch(&site, CHANGES / 5));
    drop(site);
    store.close().await;

    // The server has been started anew.
    let site = Arc::new(Fixture::over(Store::open(&path, &Options::default()).unwrap(), Clock::System).await);
    tokio::join!(write(&site, CHANGES / 2, CHANGES), async {
        watcher.watch(&site, CHANGES / 2).await;
        watcher.watch(&site, usize::MAX).await;
    });
    assert_eq!(watcher.seen.len(), CHANGES);
    // Only what had not been dealt with came again: fewer than seven a resume.
    let again: usize = watcher.seen.values().map(|times| times - 1).sum();
    assert!(again <= 12, "{again} came twice");
}
