//! Runs against servers that are a function: what is asked, what is never asked, and what is removed in the end.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::probe::step::{Media, delete, get, patch, post};
use crate::probe::{ALL, entra};
use serde_json::json;

fn answer(status: u16, body: Value) -> Reply {
    let headers = [("content-type", "application/scim+json"), ("location", "x")].map(owned).to_vec();
    Reply::Answer(Answer { status, headers, body: body.to_string().into_bytes() }, 1)
}

fn new(cycle: &'static Cycle) -> Run {
    Run::new(cycle, "1a2b3c", ["s1", "s2", "s3"].map(str::to_owned))
}

/// Plays a cycle, and gives what was asked with what was found.
fn play(cycle: &'static Cycle, mut server: impl FnMut(&Request) -> Reply) -> (Vec<String>, Report) {
    let mut run = new(cycle);
    let mut asked = Vec::new();
    while let Some(request) = run.next_request() {
        asked.push(format!("{} {}", request.method, request.path));
        assert!(asked.len() <= limits::PROBE_REQUESTS_MAX + limits::PROBE_CLEANING_REQUESTS_MAX);
        run.replied(server(&request));
    }
    (asked, run.report())
}

/// Makes what it is asked to make, under ids of its own.
fn made(request: &Request, id: &str) -> Value {
    let mut body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
    body["id"] = json!(id);
    body
}

const SMALL: Cycle = Cycle {
    name: "small",
    title: "Small",
    headers: &[("Accept", "application/scim+json")],
    media: Media::Any,
    unauthorized: "It is refused.",
    broken: "It tries again.",
    steps: &[
        post("create", "/Users", r#"{"userName":"{{p}}-ada@example.com"}"#).saves("ada").or("It is lost."),
        post("create a group", "/Groups", r#"{"displayName":"{{p}} Sales"}"#).saves("sales").or("It is lost."),
        patch("add", "/Groups/{{sales}}", r#"[{"op":"add","path":"members","value":[{"value":"{{ada}}"}]}]"#).or("No."),
        delete("delete", "/Groups/{{sales}}").or("It stays."),
        get("it is gone", "/Groups/{{sales}}").wants(&[404]).or("It stays."),
    ],
};

#[test]
fn what_is_left_is_removed_by_its_id() {
    let (asked, report) = play(&SMALL, |request| match (request.method, request.path.as_str()) {
        ("POST", "/Users") => answer(201, made(request, "u/1")),
        ("POST", "/Groups") => answer(201, made(request, "g1")),
        ("GET", _) => answer(404, json!({"status": "404"})),
        ("PATCH", _) => {
            assert_eq!(
                request.body.as_deref().unwrap(),
                r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":"u/1"}]}]}"#
            );
            assert!(request.headers.contains(&owned(("Content-Type", "application/scim+json"))));
            answer(204, Value::Null)
        }
        _ => answer(204, Value::Null),
    });
    assert_eq!(
        asked,
        [
            "POST /Users",
            "POST /Groups",
            "PATCH /Groups/g1",
            "DELETE /Groups/g1",
            "GET /Groups/g1",
            "DELETE /Users/u%2F1"
        ]
    );
    assert_eq!((report.verdict(), report.left_behind.len(), report.rows.len()), (Verdict::Pass, 0, 6));
    assert!(report.rows[5].cleaning && !report.rows[4].cleaning);
}

#[test]
fn what_may_have_been_made_is_looked_for_by_exactly_its_name() {
    let (asked, report) = play(&SMALL, |request| match (request.method, request.path.as_str()) {
        ("POST", "/Users") => answer(500, json!({})),
        ("POST", "/Groups") => answer(400, json!({})),
        // A filter that finds everybody.
        ("GET", _) => answer(
            200,
            json!({"Resources": [
                {"id": "other", "userName": "boss@example.com"},
                {"id": "near", "userName": "scimd-probe-1a2b3c-ada@example.com.org"},
                {"id": "ours", "userName": "SCIMD-probe-1a2b3c-ada@example.com"},
                {"id": "..", "userName": "scimd-probe-1a2b3c-ada@example.com"},
            ]}),
        ),
        _ => answer(204, Value::Null),
    });
    let search = "GET /Users?filter=userName%20eq%20%22scimd%2Dprobe%2D1a2b3c%2Dada%40example%2Ecom%22";
    assert_eq!(asked, ["POST /Users", "POST /Groups", search, "DELETE /Users/ours"]);
    assert_eq!(report.count(Verdict::Skipped), 3);
    assert_eq!(report.left_behind, Vec::<String>::new());
}

#[test]
fn somebody_elses_resource_is_never_touched() {
    let (asked, report) = play(&entra::CYCLE, |request| match request.method {
        // Whatever is asked for, the answer is the boss.
        "POST" | "GET" => {
            answer(201, json!({"id": "boss", "userName": "boss@example.com", "Resources": [{"id": "boss"}]}))
        }
        _ => panic!("{} {}", request.method, request.path),
    });
    assert!(asked.iter().all(|request| request.starts_with("GET ") || request.starts_with("POST ")));
    assert_eq!(report.verdict(), Verdict::Fail);
}

#[test]
fn a_refused_token_ends_the_cycle() {
    let (asked, report) = play(&entra::CYCLE, |_| answer(401, json!({"status": "401"})));
    assert_eq!(asked.len(), 1);
    assert_eq!(report.rows[0].consequences, [entra::CYCLE.unauthorized]);
    assert_eq!(report.count(Verdict::Skipped), entra::CYCLE.steps.len() - 1);
    assert_eq!(report.stopped, "the server refuses the token");
}

#[test]
fn silence_ends_the_cycle_and_leaves_what_is_there() {
    let (asked, report) = play(&SMALL, |_| Reply::Silence("refused".to_owned()));
    assert_eq!(report.unreachable.as_deref(), Some("refused"));
    assert_eq!(asked.len(), 2, "the first request, and the look for what it may have made");

    let (asked, report) = play(&SMALL, |request| match request.path.as_str() {
        "/Users" => answer(201, made(request, "u1")),
        _ => Reply::Silence("late".to_owned()),
    });
    assert_eq!(report.unreachable, None);
    assert_eq!(
        asked.len(),
        4,
        "without the group the other steps are skipped, and the silence of the cleaning up ends it"
    );
    assert_eq!(report.left_behind, ["/Groups with the displayName scimd-probe-1a2b3c Sales", "/Users/u1"]);
}

#[test]
fn a_busy_server_is_waited_for() {
    let mut run = new(&SMALL);
    let busy = |seconds: &str| {
        let headers = vec![("retry-after".to_owned(), seconds.to_owned())];
        Reply::Answer(Answer { status: 429, headers, body: Vec::new() }, 1)
    };
    let first = run.next_request().unwrap();
    assert_eq!(run.replied(busy("7")), Some(Duration::from_secs(7)));
    assert_eq!(run.next_request().unwrap(), first);
    assert_eq!(run.replied(busy("86400")), Some(Duration::from_secs(limits::PROBE_RETRY_AFTER_S_MAX)));
    run.next_request();
    assert_eq!(run.replied(busy("Tomorrow")), Some(Duration::from_secs(1)));
    run.next_request();
    assert_eq!(run.replied(busy("7")), None, "a limit of patience");
    assert_ne!(run.next_request().unwrap().path, first.path);
    assert_eq!(run.report().rows[0].status, Some(429));
}

#[test]
fn an_interruption_leads_to_the_cleaning_up_and_a_second_one_ends_it() {
    let mut run = new(&SMALL);
    let request = run.next_request().unwrap();
    run.replied(answer(201, made(&request, "u1")));
    run.stop("interrupted");
    assert_eq!(run.next_request().unwrap().path, "/Users/u1");
    assert!(run.is_cleaning());
    run.give_up("interrupted twice");
    assert_eq!(run.next_request(), None);
    let report = run.report();
    assert_eq!((report.stopped.as_str(), report.verdict()), ("interrupted", Verdict::Fail));
    assert_eq!(report.left_behind, ["/Users/u1"]);
}

#[test]
fn a_deletion_that_did_nothing_is_told() {
    let (_, report) = play(&SMALL, |request| match (request.method, request.path.as_str()) {
        ("POST", "/Users") => answer(201, made(request, "u1")),
        ("POST", "/Groups") => answer(201, made(request, "g1")),
        ("GET", _) => answer(200, json!({"id": "g1"})),
        _ => answer(204, Value::Null),
    });
    assert_eq!(report.verdict(), Verdict::Fail);
    assert_eq!(report.left_behind, ["/Groups/g1"]);
}

#[test]
fn every_cycle_ends_whatever_a_server_answers() {
    for cycle in ALL {
        for status in [200, 201, 204, 301, 404, 409, 429, 500] {
            let (_, report) = play(cycle, |request| match request.body {
                Some(_) if request.method == "POST" && (200..300).contains(&status) => {
                    let body = serde_json::from_str(request.body.as_deref().unwrap()).unwrap_or_else(|_| json!({}));
                    let mut body: Value = body;
                    body["id"] = json!("same");
                    answer(status, body)
                }
                _ => answer(status, json!({})),
            });
            assert_eq!(report.verdict(), Verdict::Fail, "{} {status}", cycle.name);
        }
    }
}
