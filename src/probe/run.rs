//! One run of a cycle, without any connection: it says what to ask next, takes the answers, and ends by removing what it made.
//! It changes nothing but what an answer has shown to be its own, by the prefix that no one else's names have.

mod made;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::Value;

use self::made::{Made, Task};
use super::judge::{self, Answer, Judgement, Verdict};
use super::report::{Report, Row};
use super::step::{Body, Cycle, Feature, Header, Step, Want};
use super::text::{self, Form};
use crate::limits;

/// What to ask the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: &'static str,
    /// The path below the Tenant URL, encoded.
    pub path: String,
    /// The headers beside the token.
    pub headers: Vec<(String, String)>,
    /// Whether it carries the token.
    pub authorized: bool,
    /// The body.
    pub body: Option<String>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An answer, after so many milliseconds.
    Answer(Answer, u64),
    /// None, and why.
    Silence(String),
}

/// A run of a cycle.
#[derive(Debug)]
pub struct Run {
    cycle: &'static Cycle,
    prefix: String,
    variables: BTreeMap<String, String>,
    made: Vec<Made>,
    rows: Vec<Row>,
    position: usize,
    cleaning: bool,
    tasks: VecDeque<Task>,
    asked: Option<Asked>,
    left_behind: Vec<String>,
    stopped: String,
    unreachable: Option<String>,
    config: Option<Value>,
    told: BTreeSet<String>,
    answered: bool,
    requests: usize,
    cleaning_requests: usize,
    retries: u32,
    silences: u32,
}

#[derive(Debug, Clone)]
struct Asked {
    request: Request,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// A step, and which of the made resources it makes.
    Step(&'static Step, Option<usize>),
    Task(Task),
}

impl Run {
    /// A run whose names all begin with `scimd-probe-` and `random`, which must be new for each run, in lower case. `strangers` are
    /// ids that no resource has.
    pub fn new(cycle: &'static Cycle, random: &str, strangers: [String; 3]) -> Run {
        let prefix = format!("scimd-probe-{random}");
        let mut variables = BTreeMap::from([
            ("p".to_owned(), prefix.clone()),
            ("P".to_owned(), prefix.to_uppercase()),
            ("User".to_owned(), "urn:ietf:params:scim:schemas:core:2.0:User".to_owned()),
            ("Group".to_owned(), "urn:ietf:params:scim:schemas:core:2.0:Group".to_owned()),
            ("Enterprise".to_owned(), "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".to_owned()),
            ("PatchOp".to_owned(), "urn:ietf:params:scim:api:messages:2.0:PatchOp".to_owned()),
        ]);
        variables.extend(strangers.into_iter().enumerate().map(|(n, id)| (format!("uuid{}", n + 1), id)));
        Run {
            cycle,
            prefix,
            variables,
            made: Vec::new(),
            rows: Vec::new(),
            position: 0,
            cleaning: false,
            tasks: VecDeque::new(),
            asked: None,
            left_behind: Vec::new(),
            stopped: String::new(),
            unreachable: None,
            config: None,
            told: BTreeSet::new(),
            answered: false,
            requests: 0,
            cleaning_requests: 0,
            retries: 0,
            silences: 0,
        }
    }

    /// What to ask next; nothing when the run is over. Before the reply has been given it is the same request again.
    pub fn next_request(&mut self) -> Option<Request> {
        if self.asked.is_none() {
            self.asked = self.next_step().or_else(|| self.next_task());
        }
        let asked = self.asked.as_ref()?;
        match asked.what {
            What::Step(..) => self.requests += 1,
            What::Task(_) => self.cleaning_requests += 1,
        }
        Some(asked.request.clone())
    }

    /// Takes the reply to the last request. The time, if there is one, is to be waited before the next one.
    pub fn replied(&mut self, reply: Reply) -> Option<Duration> {
        let asked = self.asked.take()?;
        let (answer, milliseconds) = match reply {
            Reply::Answer(answer, milliseconds) => (answer, milliseconds),
            Reply::Silence(reason) => {
                self.silent(asked, &reason);
                return None;
            }
        };
        (self.answered, self.silences) = (true, 0);
        let expected = matches!(asked.what, What::Step(step, _) if step.wants.contains(&answer.status));
        if answer.status == 429 && !expected && self.retries < limits::PROBE_RETRIES_MAX {
            self.retries += 1;
            self.asked = Some(asked);
            return Some(pause(&answer));
        }
        self.retries = 0;
        match asked.what {
            What::Step(step, made) => self.step_answered(step, made, asked.request, &answer, milliseconds),
            What::Task(task) => self.task_answered(task, asked.request, &answer, milliseconds),
        }
        None
    }

    /// Ends the cycle; what was made is still removed.
    pub fn stop(&mut self, why: &str) {
        if self.stopped.is_empty() && !self.cleaning {
            why.clone_into(&mut self.stopped);
        }
    }

    /// Whether the cycle is over and only the cleaning up goes on.
    pub fn is_cleaning(&self) -> bool {
        self.cleaning
    }

    /// Ends everything at once. What is not removed is told as left behind, also what the last request may have made.
    pub fn give_up(&mut self, why: &str) {
        self.stop(why);
        if let Some(What::Task(task)) = self.asked.take().map(|asked| asked.what) {
            self.leave(task);
        }
        // A cycle that is stopped has no further step, only the list of what is to be removed.
        while self.next_step().is_some() {}
        let tasks = std::mem::take(&mut self.tasks);
        for task in tasks {
            self.leave(task);
        }
    }

    /// What was found.
    pub fn report(self) -> Report {
        Report {
            profile: self.cycle.name,
            prefix: self.prefix,
            rows: self.rows,
            left_behind: self.left_behind,
            stopped: self.stopped,
            unreachable: self.unreachable,
        }
    }

    /// The next step that can be asked. Those that cannot are noted as skipped.
    fn next_step(&mut self) -> Option<Asked> {
        while !self.cleaning {
            let Some(step) = self.cycle.steps.get(self.position) else {
                self.cleaning = true;
                self.silences = 0;
                self.tasks = made::tasks(&self.made);
                break;
            };
            self.position += 1;
            if step.instead && self.variables.contains_key(step.saves) {
                continue;
            }
            if self.requests >= limits::PROBE_REQUESTS_MAX {
                self.stop("the cycle has made all the requests that it may");
            }
            match self.prepare(step) {
                Ok(request) => {
                    let made = Made::expected(&request);
                    let place = made.is_some().then_some(self.made.len());
                    self.made.extend(made);
                    return Some(Asked { request, what: What::Step(step, place) });
                }
                Err(why) => self.skip(step, why),
            }
        }
        None
    }

    /// The request of a step, or why it is skipped.
    fn prepare(&self, step: &'static Step) -> Result<Request, String> {
        if !self.stopped.is_empty() {
            return Err(self.stopped.clone());
        }
        if let Some(feature) = step.feature
            && let Some(name) = self.lacks(feature)
        {
            return Err(format!("the server's ServiceProviderConfig says that it has no {name}"));
        }
        let missing = |name: String| format!("it needs \"{name}\", which no earlier step could make");
        for check in step.must.iter().chain(step.should) {
            text::fill(check.at, &self.variables, Form::Plain).map_err(missing)?;
            if let Want::Text(text) | Want::Folded(text) | Want::Other(text) | Want::Has(text) = check.want {
                text::fill(text, &self.variables, Form::Plain).map_err(missing)?;
            }
        }
        let path = text::fill(step.path, &self.variables, Form::Path).map_err(missing)?;
        let json = |text| text::fill(text, &self.variables, Form::Json).map_err(missing);
        let body = match step.body {
            Body::None => None,
            Body::Text(text) => Some(json(text)?),
            Body::Operations(text) => {
                let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
                Some(format!(r#"{{"schemas":["{schema}"],"Operations":{}}}"#, json(text)?))
            }
        };
        let replaced = |name: &str| step.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        let mut headers: Vec<(String, String)> = self.cycle.headers.iter().copied().map(owned).collect();
        headers.retain(|(name, _)| !replaced(name));
        headers.extend(step.headers.iter().filter_map(|(name, header)| match header {
            Header::Is(value) => Some(owned((name, value))),
            Header::Left => None,
        }));
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Content-Type")) {
            headers.push(owned(("Content-Type", "application/scim+json")));
        }
        Ok(Request { method: step.method, path, headers, authorized: !replaced("Authorization"), body })
    }

    /// The feature's name, when the server says that it lacks it.
    fn lacks(&self, feature: Feature) -> Option<&'static str> {
        let name = match feature {
            Feature::Patch => "patch",
            Feature::Filter => "filter",
            Feature::Sort => "sort",
            Feature::Etag => "etag",
        };
        let supported = self.config.as_ref()?.get(name)?.get("supported")?.as_bool()?;
        (!supported).then_some(name)
    }

    fn skip(&mut self, step: &'static Step, why: String) {
        self.rows.push(Row {
            step: step.name.to_owned(),
            cleaning: false,
            verdict: Verdict::Skipped,
            method: step.method,
            path: step.path.to_owned(),
            status: None,
            wanted: step.wants.to_vec(),
            findings: vec![why],
            consequences: Vec::new(),
            request_body: String::new(),
            answer_body: String::new(),
            milliseconds: 0,
        });
    }

    fn step_answered(
        &mut self,
        step: &'static Step,
        place: Option<usize>,
        request: Request,
        answer: &Answer,
        milliseconds: u64,
    ) {
        let document: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let mut judgement = judge::judge(self.cycle, step, &self.variables, answer, document.as_ref());
        judgement.say_once(&mut self.told);
        if let Some(place) = place {
            self.learn(step, place, answer, document.as_ref(), &mut judgement);
        }
        let success = (200..300).contains(&answer.status);
        for made in self.made.iter_mut().filter(|made| made.path().as_deref() == Some(request.path.as_str())) {
            match step.method {
                "DELETE" if success || matches!(answer.status, 404 | 410) => made.gone = true,
                "GET" if success && made.gone => (made.gone, made.survives) = (false, true),
                _ => {}
            }
        }
        if success && step.path == "/ServiceProviderConfig" {
            self.config = document;
        }
        let refused = matches!(answer.status, 401 | 403) && !step.wants.contains(&answer.status);
        if refused && self.rows.is_empty() {
            self.stop("the server refuses the token");
        }
        let asked = Asked { request, what: What::Step(step, place) };
        self.note(&asked, judgement, Some(answer), milliseconds);
    }

    /// What the answer to the making of a resource tells of it.
    fn learn(
        &mut self,
        step: &'static Step,
        place: usize,
        answer: &Answer,
        document: Option<&Value>,
        judgement: &mut Judgement,
    ) {
        let Some(made) = self.made.get_mut(place) else { return };
        match answer.status {
            200..300 => {}
            // Nothing was made. Other failures may have come after the making.
            400..500 => {
                made.gone = true;
                return;
            }
            _ => return,
        }
        let id = document.and_then(|document| document.get("id")).and_then(Value::as_str);
        let lost = format!("{} keeps the id for every later request, and has none now.", self.cycle.title);
        match (id.filter(|id| made::is_usable(id)), document.is_some_and(|all| made::shows(all, &self.prefix))) {
            (None, _) => judgement.add(Verdict::Fail, "the answer has no id", &lost),
            (Some(_), false) => judgement.add(
                Verdict::Fail,
                "the answer does not show what was made: no userName, displayName or externalId of it",
                "The probe does not touch a resource that may be somebody else's.",
            ),
            (Some(id), true) => {
                made.id = Some(id.to_owned());
                if !step.saves.is_empty() {
                    self.variables.insert(step.saves.to_owned(), id.to_owned());
                }
            }
        }
    }

    fn silent(&mut self, asked: Asked, reason: &str) {
        self.silences += 1;
        let mut judgement = Judgement::pass();
        match asked.what {
            What::Step(..) => {
                judgement.add(Verdict::Fail, format!("no answer: {reason}"), self.cycle.broken);
                if !self.answered {
                    self.unreachable = Some(reason.to_owned());
                    self.stop("the server cannot be reached");
                } else if self.silences >= limits::PROBE_SILENCES_MAX {
                    self.stop("the server does not answer any more");
                }
            }
            What::Task(task) => {
                judgement.add(Verdict::Warn, format!("no answer: {reason}"), "");
                self.leave(task);
                if self.silences >= limits::PROBE_SILENCES_MAX {
                    for task in std::mem::take(&mut self.tasks) {
                        self.leave(task);
                    }
                }
            }
        }
        self.note(&asked, judgement, None, 0);
    }

    fn note(&mut self, asked: &Asked, judgement: Judgement, answer: Option<&Answer>, milliseconds: u64) {
        let passed = judgement.verdict == Verdict::Pass;
        let shown = |text: &str| match passed {
            true => String::new(),
            false => text.chars().take(limits::PROBE_BODY_CHARS_MAX).collect(),
        };
        let (step, cleaning, wanted) = match asked.what {
            What::Step(step, _) => (step.name.to_owned(), false, step.wants),
            What::Task(task) => (self.task_name(task), true, task.wants()),
        };
        self.rows.push(Row {
            step,
            cleaning,
            verdict: judgement.verdict,
            method: asked.request.method,
            path: asked.request.path.clone(),
            status: answer.map(|answer| answer.status),
            wanted: wanted.to_vec(),
            findings: judgement.findings,
            consequences: judgement.consequences,
            request_body: shown(asked.request.body.as_deref().unwrap_or_default()),
            answer_body: answer.map(|answer| shown(&String::from_utf8_lossy(&answer.body))).unwrap_or_default(),
            milliseconds,
        });
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// How long a 429 asks to wait, within our own patience.
fn pause(answer: &Answer) -> Duration {
    let header = answer.headers.iter().find(|(name, _)| name == "retry-after");
    let seconds = header.and_then(|(_, value)| value.trim().parse::<u64>().ok()).unwrap_or(1);
    Duration::from_secs(seconds.clamp(1, limits::PROBE_RETRY_AFTER_S_MAX))
}

#[cfg(test)]
mod tests;
