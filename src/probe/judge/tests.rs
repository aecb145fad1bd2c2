//! What is found in answers, and what is told once.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::probe::step::{at, get, is, nothing, number, post, text};
use crate::probe::{entra, onelogin};

fn answered(cycle: &Cycle, step: &Step, status: u16, media: &str, body: &str) -> (Verdict, Vec<String>, Vec<String>) {
    let headers = vec![("content-type".to_owned(), media.to_owned())];
    let answer = Answer { status, headers, body: body.as_bytes().to_vec() };
    let variables = BTreeMap::from([("ada".to_owned(), "7".to_owned())]);
    let document = serde_json::from_str(body).ok();
    let mut judgement = judge(cycle, step, &variables, &answer, document.as_ref());
    judgement.say_once(&mut BTreeSet::new());
    (judgement.verdict, judgement.findings, judgement.consequences)
}

const SCIM: &str = "application/scim+json; charset=utf-8";

#[test]
fn places_are_compared_as_json() {
    const STEP: Step = get("read", "/Users/{{ada}}")
        .must(&[text("id", "{{ada}}"), is("active", false).or("He keeps his access."), nothing("title")])
        .should(&[at("name", Want::SomeText)])
        .or("It is lost.");
    let judged = |body| answered(&entra::CYCLE, &STEP, 200, SCIM, body);
    assert_eq!(judged(r#"{"id":"7","active":false,"title":[],"name":"x"}"#), (Verdict::Pass, vec![], vec![]));
    let (verdict, findings, consequences) = judged(r#"{"id":7,"active":"False","title":"x"}"#);
    assert_eq!(verdict, Verdict::Fail);
    assert_eq!(
        findings,
        [
            "id is 7, wanted \"7\"",
            "active is \"False\", wanted false",
            "title is \"x\", wanted nothing",
            "name is missing, wanted a text"
        ]
    );
    assert_eq!(consequences, ["It is lost.", "He keeps his access."]);
    assert_eq!(judged(r#"{"id":"7","active":false}"#).0, Verdict::Warn);
    let mild = STEP.warns();
    assert_eq!(answered(&entra::CYCLE, &mild, 200, SCIM, "{}").0, Verdict::Warn);
}

#[test]
fn every_wish_can_fail() {
    let body = r#"{"list":["a"],"none":[],"text":"Ab","yes":true,"four":4}"#;
    let document: Value = serde_json::from_str(body).unwrap();
    for (place, good, bad) in [
        ("text", Want::Folded("aB"), Want::Folded("x")),
        ("text", Want::Other("x"), Want::Other("Ab")),
        ("text", Want::SomeText, Want::SomeNumber),
        ("yes", Want::SomeBool, Want::Untrue),
        ("four", Want::Number(4), Want::Number(5)),
        ("four", Want::AtLeast(4), Want::AtLeast(5)),
        ("four", Want::AtMost(4), Want::AtMost(3)),
        ("list", Want::Has("a"), Want::Has("b")),
        ("none", Want::EmptyList, Want::SomeText),
        ("list", Want::List, Want::EmptyList),
        ("none", Want::Nothing, Want::SomeBool),
        ("nobody", Want::Untrue, Want::List),
    ] {
        let check = |want| check_one(&at(place, want), &BTreeMap::new(), Some(&document));
        assert_eq!(check(good), None, "{place} {good:?}");
        assert!(check(bad).is_some(), "{place} {bad:?}");
    }
}

#[test]
fn statuses_have_their_consequences() {
    const STEP: Step = post("create", "/Users", "{}").must(&[number("four", 4)]).or("Users cannot be created.");
    let judged = |status, body| answered(&entra::CYCLE, &STEP, status, SCIM, body);
    let (verdict, findings, consequences) = judged(400, r#"{"detail":"no such thing"}"#);
    assert_eq!((verdict, consequences), (Verdict::Fail, vec!["Users cannot be created.".to_owned()]));
    assert_eq!(findings, ["the status is 400, wanted 201, with the detail \"no such thing\""]);
    assert_eq!(judged(401, "").2, [entra::CYCLE.unauthorized]);
    assert_eq!(judged(503, "<html>").2, [entra::CYCLE.broken]);
    // It was done: what it says is looked at too.
    assert_eq!(judged(200, r#"{"four":5}"#).1.len(), 2);
}

#[test]
fn answers_are_to_be_readable() {
    const STEP: Step = get("read", "/Users").or("It is lost.");
    assert_eq!(answered(&entra::CYCLE, &STEP, 200, "text/html", "<p>").0, Verdict::Fail);
    assert_eq!(answered(&entra::CYCLE, &STEP, 200, "text/plain", "{}").0, Verdict::Fail);
    assert_eq!(answered(&entra::CYCLE, &STEP, 200, "application/json", "{}").0, Verdict::Warn);
    assert_eq!(answered(&onelogin::CYCLE, &STEP, 200, "application/json", "{}").0, Verdict::Pass);
    assert_eq!(answered(&onelogin::CYCLE, &STEP, 200, SCIM, "{}").0, Verdict::Warn);
    let shown = r#"{"Resources":[{"password":"x"}]}"#;
    assert_eq!(answered(&entra::CYCLE, &STEP, 200, SCIM, shown).0, Verdict::Fail);
    let missing = STEP.wants(&[404]);
    assert_eq!(answered(&entra::CYCLE, &missing, 404, SCIM, r#"{"status":404}"#).0, Verdict::Warn);
}

#[test]
fn a_habit_is_told_once() {
    let mut told = BTreeSet::new();
    let mut judgement = Judgement::pass();
    judgement.habit("the content type is x", "It is not read.");
    judgement.say_once(&mut told);
    assert_eq!((judgement.verdict, judgement.findings.len()), (Verdict::Warn, 1));
    let mut judgement = Judgement::pass();
    judgement.habit("the content type is x", "It is not read.");
    judgement.say_once(&mut told);
    assert_eq!(judgement, Judgement::pass());
}
