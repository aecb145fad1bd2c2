//! What a run has made on the server, and how it is removed: groups before users, the last ones first, by the id that the server
//! gave, or found again by exactly the name that this run gave. It does not know the steps.

use std::collections::VecDeque;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{Asked, Request, Run, What};
use crate::limits;
use crate::probe::judge::{Answer, Judgement, Verdict};
use crate::probe::text::{self, Form};

/// A resource that was asked to be made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// `/Users` or `/Groups`.
    collection: &'static str,
    /// Its userName or displayName; empty when it was sent without one.
    name: String,
    /// Its id, when an answer has shown it to be ours.
    pub(super) id: Option<String>,
    /// It is not there, or not any more.
    pub(super) gone: bool,
    /// It was there after its deletion.
    pub(super) survives: bool,
}

/// One thing to do while cleaning up, to the resource with this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Look for it by its name.
    Find(usize),
    /// Delete it.
    Delete(usize),
}

impl Made {
    /// What the request makes, if it makes something.
    pub(super) fn expected(request: &Request) -> Option<Made> {
        let (collection, attribute) = match (request.method, request.path.split('?').next()) {
            ("POST", Some("/Users" | "/Users/")) => ("/Users", "userName"),
            ("POST", Some("/Groups" | "/Groups/")) => ("/Groups", "displayName"),
            _ => return None,
        };
        let body: Option<Value> = serde_json::from_str(request.body.as_deref().unwrap_or_default()).ok();
        let name = body.as_ref().and_then(|body| named(body, attribute)).unwrap_or_default().to_owned();
        Some(Made { collection, name, id: None, gone: false, survives: false })
    }

    /// Its path, when its id is known.
    pub(super) fn path(&self) -> Option<String> {
        let id = std::collections::BTreeMap::from([("id".to_owned(), self.id.clone()?)]);
        text::fill(&format!("{}/{{{{id}}}}", self.collection), &id, Form::Path).ok()
    }

    fn attribute(&self) -> &'static str {
        if self.collection == "/Groups" { "displayName" } else { "userName" }
    }

    /// It, for people.
    fn shown(&self) -> String {
        self.path().unwrap_or_else(|| format!("{} with the {} {}", self.collection, self.attribute(), self.name))
    }
}

impl Task {
    fn number(self) -> usize {
        match self {
            Task::Find(number) | Task::Delete(number) => number,
        }
    }

    /// The statuses that are right.
    pub(super) fn wants(self) -> &'static [u16] {
        match self {
            Task::Find(_) => &[200],
            Task::Delete(_) => &[204, 404],
        }
    }
}

/// Whether an id can stand in a path without meaning another one.
pub(super) fn is_usable(id: &str) -> bool {
    !matches!(id, "" | "." | "..") && !id.contains("..")
}

/// Whether a resource shows that it is of the run with this prefix.
pub(super) fn shows(resource: &Value, prefix: &str) -> bool {
    let texts = ["userName", "displayName", "externalId"].map(|name| named(resource, name).unwrap_or_default());
    texts.iter().any(|text| text.to_lowercase().starts_with(prefix))
}

/// What is to be done in the end.
pub(super) fn tasks(made: &[Made]) -> VecDeque<Task> {
    let mut tasks = VecDeque::new();
    for collection in ["/Groups", "/Users"] {
        for (number, made) in made.iter().enumerate().rev() {
            if made.collection != collection || made.gone {
                continue;
            }
            match made.id {
                Some(_) => tasks.push_back(Task::Delete(number)),
                None if !made.name.is_empty() => tasks.push_back(Task::Find(number)),
                None => {}
            }
        }
    }
    tasks
}

/// An attribute by its name in any case.
fn named<'a>(resource: &'a Value, name: &str) -> Option<&'a str> {
    let members = resource.as_object()?;
    members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
}

impl Run {
    /// The next request of the cleaning up.
    pub(super) fn next_task(&mut self) -> Option<Asked> {
        while let Some(task) = self.tasks.pop_front() {
            if self.cleaning_requests >= limits::PROBE_CLEANING_REQUESTS_MAX {
                self.leave(task);
                continue;
            }
            let Some(made) = self.made.get(task.number()) else { continue };
            let (method, path) = match task {
                Task::Find(_) => {
                    let name = utf8_percent_encode(&made.name, NON_ALPHANUMERIC);
                    let filter = format!("{}%20eq%20%22{name}%22", made.attribute());
                    ("GET", format!("{}?filter={filter}", made.collection))
                }
                Task::Delete(_) => {
                    let Some(path) = made.path() else { continue };
                    ("DELETE", path)
                }
            };
            let headers = vec![("Accept".to_owned(), "application/scim+json, application/json".to_owned())];
            let request = Request { method, path, headers, authorized: true, body: None };
            return Some(Asked { request, what: What::Task(task) });
        }
        None
    }

    pub(super) fn task_answered(&mut self, task: Task, request: Request, answer: &Answer, milliseconds: u64) {
        let mut judgement = Judgement::pass();
        match task {
            Task::Find(number) if answer.status == 200 => self.found(number, answer),
            // There is no such collection, and so nothing in it.
            Task::Find(_) if answer.status == 404 => {}
            Task::Delete(number) if (200..300).contains(&answer.status) || matches!(answer.status, 404 | 410) => {
                let survives = self.made.get(number).is_some_and(|made| made.survives);
                if survives {
                    judgement.add(Verdict::Warn, "it was there after an earlier deletion, and may be so again", "");
                    self.leave(task);
                }
            }
            _ => {
                judgement.add(Verdict::Warn, format!("the status is {}", answer.status), "");
                self.leave(task);
            }
        }
        self.note(&Asked { request, what: What::Task(task) }, judgement, Some(answer), milliseconds);
    }

    /// A task in words.
    pub(super) fn task_name(&self, task: Task) -> String {
        let name = self.made.get(task.number()).map(|made| made.name.as_str()).unwrap_or_default();
        match task {
            Task::Find(_) => format!("clean up: look for {name}"),
            Task::Delete(_) => format!("clean up: remove {name}"),
        }
    }

    /// Notes that what the task is about may still be there.
    pub(super) fn leave(&mut self, task: Task) {
        if let Some(made) = self.made.get(task.number()) {
            self.left_behind.push(made.shown());
        }
    }

    /// Takes what a search by name has found, if it has exactly that name: a broken filter finds everything.
    fn found(&mut self, number: usize, answer: &Answer) {
        let Some(sought) = self.made.get(number).cloned() else { return };
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let resources = document.get("Resources").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for resource in resources.iter().take(limits::PROBE_FOUND_MAX) {
            let same = named(resource, sought.attribute()).is_some_and(|name| name.eq_ignore_ascii_case(&sought.name));
            let id = resource.get("id").and_then(Value::as_str).filter(|id| is_usable(id));
            let known = self.made.iter().any(|made| made.id.as_deref() == id);
            if let (true, Some(id), false) = (same && shows(resource, &self.prefix), id, known) {
                self.tasks.push_back(Task::Delete(self.made.len()));
                self.made.push(Made { id: Some(id.to_owned()), ..sought.clone() });
            }
        }
    }
}
