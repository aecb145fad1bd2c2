//! Whether an answer is what a step wants, and in words what is wrong with it. It knows one step and one answer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::step::{Check, Cycle, Gravity, Media, Step, Want};
use super::text::{self, Form};
use crate::limits;

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It was not tried.
    Skipped,
    /// As it should be.
    Pass,
    /// The provider works, with something that it may trip over.
    Warn,
    /// The provider trips over it.
    Fail,
}

impl Verdict {
    /// The verdict as it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Skipped => "skipped",
            Verdict::Pass => "pass",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

/// What was found in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The worst of it.
    pub verdict: Verdict,
    /// What is not as it should be, a clause each.
    pub findings: Vec<String>,
    /// What the provider does about it, a sentence each.
    pub consequences: Vec<String>,
    /// What is as wrong in many answers, with what comes of it.
    habits: Vec<(String, String)>,
}

impl Judgement {
    /// A judgement without anything found.
    pub fn pass() -> Judgement {
        Judgement { verdict: Verdict::Pass, findings: Vec::new(), consequences: Vec::new(), habits: Vec::new() }
    }

    /// Adds what was found, and what comes of it; an empty consequence, or one that stands there already, is none.
    pub fn add(&mut self, verdict: Verdict, finding: impl Into<String>, consequence: &str) {
        self.verdict = self.verdict.max(verdict);
        self.findings.push(finding.into());
        if !consequence.is_empty() && !self.consequences.iter().any(|known| known == consequence) {
            self.consequences.push(consequence.to_owned());
        }
    }
}

impl Judgement {
    /// Takes the server's habits for warnings, each once in a run: `told` are those that were.
    pub fn say_once(&mut self, told: &mut BTreeSet<String>) {
        for (finding, consequence) in std::mem::take(&mut self.habits) {
            if told.insert(finding.clone()) {
                self.add(Verdict::Warn, format!("{finding} (told once)"), &consequence);
            }
        }
    }

    fn habit(&mut self, finding: &str, consequence: impl Into<String>) {
        self.habits.push((finding.to_owned(), consequence.into()));
    }
}

/// Judges an answer. `document` is its body as JSON.
pub fn judge(
    cycle: &Cycle,
    step: &Step,
    variables: &BTreeMap<String, String>,
    answer: &Answer,
    document: Option<&Value>,
) -> Judgement {
    let mut judgement = Judgement::pass();
    let grave = match step.gravity {
        Gravity::Fail => Verdict::Fail,
        Gravity::Warn => Verdict::Warn,
    };
    if !step.wants.contains(&answer.status) {
        let succeeds = |status: &u16| (200..300).contains(status);
        let did_it = succeeds(&answer.status) && step.wants.iter().any(succeeds);
        let words = match answer.status {
            _ if did_it => {
                &format!("{} goes by the status: with another one it may take the request for failed.", cycle.title)
            }
            401 | 403 => cycle.unauthorized,
            500.. if !step.wants.iter().any(|status| *status >= 500) => cycle.broken,
            _ => step.otherwise,
        };
        let said = document.and_then(|document| document.get("detail")).and_then(Value::as_str);
        let said = said.map(|detail| format!(", with the detail \"{}\"", cut(detail))).unwrap_or_default();
        let finding = format!("the status is {}, wanted {}{said}", answer.status, statuses(step.wants));
        judgement.add(grave, finding, words);
        if !did_it {
            return judgement;
        }
    }
    form(cycle, answer, document, &mut judgement);
    for (checks, verdict) in [(step.must, grave), (step.should, Verdict::Warn)] {
        for check in checks {
            if let Some(finding) = check_one(check, variables, document) {
                let words = if check.otherwise.is_empty() { step.otherwise } else { check.otherwise };
                judgement.add(verdict, finding, words);
            }
        }
    }
    judgement
}

/// Statuses as they stand in a sentence.
pub fn statuses(statuses: &[u16]) -> String {
    statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ")
}

/// What holds of every answer: how it is written, and what it must not tell.
fn form(cycle: &Cycle, answer: &Answer, document: Option<&Value>, judgement: &mut Judgement) {
    let header = |name: &str| answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let success = (200..300).contains(&answer.status);
    if answer.status == 201 && header("location").is_none() {
        judgement.habit(
            "there is no Location header",
            "RFC 7644 section 3.3 wants it with 201; most providers take the id from the body.",
        );
    }
    if answer.body.is_empty() {
        return;
    }
    let Some(document) = document else {
        if success {
            judgement.add(Verdict::Fail, "the body is not JSON", &format!("{} cannot read it.", cycle.title));
        } else {
            judgement.habit(
                "the body of the error is not JSON",
                "The provider's log shows no reason for the failure (RFC 7644 section 3.12).",
            );
        }
        return;
    };
    let media = header("content-type").unwrap_or_default().to_ascii_lowercase();
    let media = media.split(';').next().unwrap_or_default().trim();
    let (scim, json) = (media == "application/scim+json", media == "application/json");
    match cycle.media {
        _ if success && !scim && !json => judgement.add(
            Verdict::Fail,
            format!("the content type is \"{}\"", cut(media)),
            &format!("{} does not read what does not say that it is JSON.", cycle.title),
        ),
        Media::Scim if json => judgement.habit(
            "the content type is application/json",
            format!("{} asks for application/scim+json in all answers.", cycle.title),
        ),
        Media::Json if scim => judgement.habit(
            "the content type is application/scim+json",
            format!("{} asks for application/json in all answers.", cycle.title),
        ),
        _ => {}
    }
    if !success && document.get("status").is_some_and(|status| !status.is_string()) {
        judgement.habit(
            "the status in the error is not a text",
            "RFC 7644 section 3.12 writes it as one; strict clients cannot read the error.",
        );
    }
    let resources = document.get("Resources").and_then(Value::as_array);
    let all = std::iter::once(document).chain(resources.into_iter().flatten());
    if all.into_iter().any(|resource| resource.get("password").is_some_and(|password| !password.is_null())) {
        judgement.add(
            Verdict::Fail,
            "the answer shows a password",
            "It is in the provider's logs now (RFC 7643 section 4.1.1: never returned).",
        );
    }
}

/// What is wrong at one place, or nothing.
fn check_one(check: &Check, variables: &BTreeMap<String, String>, document: Option<&Value>) -> Option<String> {
    let filled = |text: &str| text::fill(text, variables, Form::Plain).unwrap_or_default();
    let place = filled(check.at);
    let found = document.and_then(|document| text::look(document, &place));
    let found = found.as_ref().filter(|value| !value.is_null());
    let (right, wanted) = meets(found, check.want, &filled);
    if right {
        return None;
    }
    let got = found.map_or_else(|| "missing".to_owned(), |value| cut(&value.to_string()));
    Some(format!("{place} is {got}, wanted {wanted}"))
}

/// Whether a value is as wanted, and the wish in words.
fn meets(found: Option<&Value>, want: Want, filled: &impl Fn(&str) -> String) -> (bool, String) {
    let found_text = found.and_then(Value::as_str);
    let found_number = found.and_then(Value::as_i64);
    match want {
        Want::Text(text) => {
            let text = filled(text);
            (found_text == Some(text.as_str()), format!("\"{text}\""))
        }
        Want::Folded(text) => {
            let text = filled(text);
            let right = found_text.is_some_and(|found| found.to_lowercase() == text.to_lowercase());
            (right, format!("\"{text}\" in any case"))
        }
        Want::Other(text) => {
            let text = filled(text);
            (found_text != Some(text.as_str()), format!("another one than \"{text}\""))
        }
        Want::SomeText => (found_text.is_some_and(|text| !text.is_empty()), "a text".to_owned()),
        Want::Bool(truth) => (found.and_then(Value::as_bool) == Some(truth), truth.to_string()),
        Want::SomeBool => (found.is_some_and(Value::is_boolean), "true or false".to_owned()),
        Want::Untrue => (found.and_then(Value::as_bool) != Some(true), "no longer true".to_owned()),
        Want::Number(number) => (found_number == Some(number), number.to_string()),
        Want::SomeNumber => (found_number.is_some(), "a whole number".to_owned()),
        Want::AtLeast(number) => (found_number.is_some_and(|found| found >= number), format!("{number} or more")),
        Want::AtMost(number) => (found_number.is_some_and(|found| found <= number), format!("{number} or less")),
        Want::Has(text) => {
            let text = filled(text);
            let list = found.and_then(Value::as_array);
            let has = list.is_some_and(|list| list.iter().any(|value| value.as_str() == Some(text.as_str())));
            (has, format!("a list with \"{text}\""))
        }
        Want::EmptyList => (found.and_then(Value::as_array).is_some_and(Vec::is_empty), "[]".to_owned()),
        Want::List => (found.is_some_and(Value::is_array), "a list".to_owned()),
        Want::Nothing => {
            let empty = found.is_none_or(|value| value.as_array().is_some_and(Vec::is_empty));
            (empty, "nothing".to_owned())
        }
    }
}

/// A text from outside, short enough for a sentence.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(limits::PROBE_SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
