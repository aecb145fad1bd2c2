//! Requests and verdicts, by tables of answers.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::outbound::plan::{self, Member};
use serde_json::{Value, json};
use uuid::Uuid;

/// Takes a step through answers, and gives the requests in short and what follows from the last answer.
fn through(kind: Kind, policy: &Policy, act: Act, answers: &[(u16, Value)]) -> (Vec<String>, Verdict) {
    let step = Step { act, destructive: false, after: Effect::User(Some(KnownUser::default())) };
    let (mut errand, mut request) = begin(kind, policy, &step, "secret");
    let mut asked = Vec::new();
    for (at, (status, body)) in answers.iter().enumerate() {
        asked.push(format!("{} {}", request.method, request.path));
        let body = body.to_string();
        match errand.hear(&Reply { status: *status, headers: &[], body: body.as_bytes(), now_ms: 0 }) {
            Verdict::Ask(next) if at + 1 < answers.len() => request = next,
            verdict => return (asked, verdict),
        }
    }
    panic!("no answer is left for {asked:?}");
}

fn ann() -> KnownUser {
    let (name, display_name, email) = ("ann+x".to_owned(), "Ann".to_owned(), "ann@example.com".to_owned());
    KnownUser { id: "K1".to_owned(), name, display_name, email, active: true, ..KnownUser::default() }
}

#[test]
fn names_are_encoded_and_writes_are_no_browsers() {
    let policy = Policy::default();
    let group = KnownGroup { name: "a b&c".to_owned(), ..KnownGroup::default() };
    let member = Member { resource: Uuid::nil(), name: "ann+x".to_owned(), ..Member::default() };
    for (kind, path) in [
        (Kind::Jira, "/rest/api/2/group/user?groupname=a%20b%26c"),
        (Kind::Confluence, "/rest/api/user/ann%2Bx/group/a%20b%26c"),
        (Kind::Bitbucket, "/rest/api/latest/admin/groups/add-users"),
    ] {
        let steps = plan::members(kind, &group, std::slice::from_ref(&member), &[]);
        let (_, request) = begin(kind, &policy, steps.first().unwrap(), "");
        assert_eq!(request.path, path);
        assert!(request.headers.contains(&("x-atlassian-token", "no-check")));
    }
}

#[test]
fn what_exists_at_jira_is_a_400_that_is_looked_up() {
    let there = json!({ "key": "K1", "name": "ann+x", "displayName": "Other", "emailAddress": "o@example.com" });
    let refused = (400, json!({ "errors": { "username": "exists" } }));
    let create = || Act::CreateUser(ann());
    let (asked, verdict) = through(Kind::Jira, &Policy::default(), create(), &[refused.clone(), (200, there.clone())]);
    assert_eq!(asked, ["POST /rest/api/2/user", "GET /rest/api/2/user?username=ann%2Bx"]);
    assert!(matches!(verdict, Verdict::Done { effect: Effect::User(Some(_)), again: true }));
    let adopts_nothing = Policy { adopt: false, ..Policy::default() };
    let (_, verdict) = through(Kind::Jira, &adopts_nothing, create(), &[refused.clone(), (200, there)]);
    assert!(matches!(verdict, Verdict::Dead(_)));
    let (_, verdict) = through(Kind::Jira, &Policy::default(), create(), &[refused, (404, Value::Null)]);
    assert_eq!(verdict, Verdict::Dead("answered 400: exists".to_owned()));
}

#[test]
fn leads_are_relieved_before_they_are_deactivated() {
    let policy = Policy { project_lead: "boss".to_owned(), component_lead: "boss".to_owned(), ..Policy::default() };
    let lead = json!({ "key": "K1", "name": "ann+x" });
    let answers = [
        (400, json!({ "errors": { "active": "leads" } })),
        (200, json!({ "key": "K1", "active": true })),
        (200, json!([{ "key": "EX", "lead": lead }, { "key": "NO", "lead": { "key": "K2" } }])),
        (200, json!({})),
        (200, json!({ "isLast": true, "values": [{ "id": "7", "lead": lead }] })),
        (200, json!({})),
        (200, json!({})),
    ];
    let (asked, verdict) = through(Kind::Jira, &policy, Act::Deactivate(ann()), &answers);
    let wanted = [
        "PUT /rest/api/2/user?key=K1",
        "GET /rest/api/2/user?key=K1",
        "GET /rest/api/2/project?expand=lead",
        "PUT /rest/api/2/project/EX",
        "GET /rest/api/2/component/page?startAt=0&maxResults=50",
        "PUT /rest/api/2/component/7",
        "PUT /rest/api/2/user?key=K1",
    ];
    assert_eq!(asked, wanted);
    assert!(matches!(verdict, Verdict::Done { again: false, .. }));
    let (_, verdict) = through(Kind::Jira, &Policy::default(), Act::Deactivate(ann()), &answers);
    assert!(matches!(verdict, Verdict::Dead(why) if why.contains("EX")));
}

#[test]
fn one_refusal_is_not_taken_for_all() {
    let policy = Policy::default();
    let denied = |status| (status, json!({ "message": "no" }));
    let rights = (200, json!({ "permissions": { "ADMINISTER": { "havePermission": true } } }));
    let delete = || Act::DeleteUser(ann());
    let (_, verdict) = through(Kind::Jira, &policy, delete(), &[denied(403), rights]);
    assert!(matches!(verdict, Verdict::Dead(_)));
    let (_, verdict) = through(Kind::Jira, &policy, delete(), &[denied(401), denied(401)]);
    assert!(matches!(verdict, Verdict::Refused(_)));
    let (_, verdict) = through(Kind::Bitbucket, &policy, delete(), &[denied(401), (200, json!({ "values": [] }))]);
    assert!(matches!(verdict, Verdict::Dead(_)));
    let create = || Act::CreateUser(ann());
    let (_, verdict) = through(Kind::Confluence, &policy, create(), &[denied(402)]);
    assert!(matches!(verdict, Verdict::NoSeat(_)));
    let licence = (403, json!({ "errors": [{ "message": "would exceed the license limit" }] }));
    let (_, verdict) = through(Kind::Bitbucket, &policy, create(), &[licence]);
    assert!(matches!(verdict, Verdict::NoSeat(_)));
    let (_, verdict) = through(Kind::Confluence, &policy, create(), &[(429, Value::Null)]);
    assert!(matches!(verdict, Verdict::Busy { .. }));
    let (_, verdict) = through(Kind::Confluence, &policy, create(), &[(500, Value::Null)]);
    assert!(matches!(verdict, Verdict::Failed(_)));
}
