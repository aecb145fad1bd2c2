//! The service over a directory in memory: settings, masks and refusals, what is told of calls, and orders that nobody takes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::super::tests::state;
use super::*;
use crate::directory::target::calls::Sent;
use crate::directory::tests::Fixture;
use crate::server::admin::api::v1::{
    OutboundFilter, OutboundUsers, Target, TargetKind, TargetLeavers, TargetPolicy, TargetState,
};
use tonic::Code;

fn jira() -> Target {
    Target {
        name: "jira".to_owned(),
        kind: TargetKind::Jira.into(),
        url: "https://jira.example.com".to_owned(),
        user: "scimd".to_owned(),
        ..Target::default()
    }
}

fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() })
}

async fn made() -> (AdminState, tempfile::TempDir) {
    let site = Fixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    site.directory.targets.keys.is_at(folder.path().join("targets.key"));
    let plane = state(site.directory.clone());
    let request = CreateTargetRequest { target: Some(jira()), secret: "s3cret".to_owned() };
    let answer = plane.create_target(Request::new(request)).await.unwrap().into_inner();
    assert!(answer.created);
    assert!(!format!("{answer:?}").contains("s3cret"));
    (plane, folder)
}

#[tokio::test]
async fn settings_are_made_shown_and_changed_by_their_names() {
    let (plane, _folder) = made().await;
    let get = GetTargetRequest { tenant: String::new(), name: "jira".to_owned() };
    let there = plane.get_target(Request::new(get.clone())).await.unwrap().into_inner().target.unwrap();
    assert_eq!((there.kind(), there.concurrency, there.destructive_max), (TargetKind::Jira, 1, Some(50)));
    let policy =
        TargetPolicy { leavers: TargetLeavers::Release.into(), delete_groups: true, ..TargetPolicy::default() };
    let wanted = Target {
        filter: Some(OutboundFilter { users: OutboundUsers::Members.into(), ..OutboundFilter::default() }),
        policy: Some(policy),
        etag: there.etag.clone(),
        disabled: true,
        ..jira()
    };
    let update = |update_mask, target: &Target| {
        let request = UpdateTargetRequest { target: Some(target.clone()), update_mask, secret: String::new() };
        plane.update_target(Request::new(request))
    };
    let changed = update(mask(&["filter.users", "policy.leavers", "disabled"]), &wanted).await.unwrap().into_inner();
    let changed = changed.target.unwrap();
    let policy = changed.policy.clone().unwrap();
    assert_eq!((changed.filter.unwrap().users(), policy.leavers()), (OutboundUsers::Members, TargetLeavers::Release));
    assert!(changed.disabled && !policy.delete_groups, "only what is named is changed");
    let refused = update(mask(&["disabled"]), &wanted).await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted, "the etag is an old one");
    for (paths, code) in [(&["no_such"][..], Code::InvalidArgument), (&[], Code::InvalidArgument)] {
        let wanted = Target { etag: String::new(), ..wanted.clone() };
        assert_eq!(update(mask(paths), &wanted).await.unwrap_err().code(), code);
    }
    let moved = Target { url: "https://elsewhere.example.com".to_owned(), etag: String::new(), ..jira() };
    assert_eq!(update(mask(&["url"]), &moved).await.unwrap_err().code(), Code::InvalidArgument, "without the secret");
    let list = plane.list_targets(Request::new(ListTargetsRequest::default())).await.unwrap().into_inner();
    assert_eq!(list.targets.len(), 1);
    let delete = DeleteTargetRequest { tenant: String::new(), name: "jira".to_owned() };
    plane.delete_target(Request::new(delete)).await.unwrap();
    assert_eq!(plane.get_target(Request::new(get)).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_status_says_what_is_known_and_calls_are_masked() {
    let (plane, _folder) = made().await;
    let (tenant, name) = (String::new(), "jira".to_owned());
    let ask = GetTargetStatusRequest { tenant: tenant.clone(), name: name.clone() };
    let status = plane.get_target_status(Request::new(ask)).await.unwrap().into_inner();
    assert_eq!((status.state(), status.users, status.dead_letters), (TargetState::Unspecified, 0, 0));
    let shown = plane.target("", "jira").await.unwrap();
    let sent = Sent {
        method: "POST".to_owned(),
        path: "/rest/api/2/user?username=ann".to_owned(),
        body: r#"{"emailAddress":"ann@example.com"}"#.to_owned(),
        status: 400,
        ..Sent::default()
    };
    plane.directory.targets.calls.record(shown.tenant, shown.number, sent);
    let ask = |unmasked, status| {
        let request = ListTargetCallsRequest { name: name.clone(), unmasked, status, ..Default::default() };
        let mut request = Request::new(request);
        request.extensions_mut().insert(Role::Operator);
        plane.list_target_calls(request)
    };
    let masked = ask(false, 4).await.unwrap().into_inner().calls;
    assert_eq!(masked[0].path, "/rest/api/2/user?username=***");
    assert!(!masked[0].request_body.contains("ann@"), "{}", masked[0].request_body);
    let open = ask(true, 400).await.unwrap().into_inner().calls;
    assert!(open[0].request_body.contains("ann@") && open[0].path.ends_with("ann"));
    assert!(ask(true, 5).await.unwrap().into_inner().calls.is_empty());
    let mut viewer = Request::new(ListTargetCallsRequest { name, unmasked: true, ..Default::default() });
    viewer.extensions_mut().insert(Role::Viewer);
    assert_eq!(plane.list_target_calls(viewer).await.unwrap_err().code(), Code::PermissionDenied);
    let retry = RetryDeadLettersRequest { tenant, name: "jira".to_owned(), resource_id: "x".to_owned() };
    assert_eq!(plane.retry_dead_letters(Request::new(retry)).await.unwrap_err().code(), Code::InvalidArgument);
}
