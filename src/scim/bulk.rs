//! Bulk requests (RFC 7644 section 3.7) as they are sent: their operations, the `bulkId` references between them, and the order in
//! which they can be done. It does nothing with the resources: that is the directory's.

use crate::limits;
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::schema::{BULK_REQUEST, PATCH_OP};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};

/// What a bulk request asks for.
#[derive(Debug)]
pub struct Request {
    /// After how many errors nothing more is begun.
    pub fail_on_errors: Option<usize>,
    /// In the order of the request.
    pub operations: Vec<Operation>,
}

/// One operation, and what its answer repeats of it.
#[derive(Debug)]
pub struct Operation {
    /// As the answer has it.
    pub method: String,
    /// The client's name for the operation, and for the resource that it makes.
    pub bulk_id: Option<String>,
    /// The endpoint and the id that its path names, if it names a resource.
    pub place: Option<(String, String)>,
    /// What is asked for, or why that cannot be told.
    pub ask: Result<Ask, Error>,
}

/// What an operation asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// How.
    pub method: Method,
    /// Of which resource type: `/Users`.
    pub endpoint: String,
    /// Of which resource: its id or a reference to it. Empty for POST.
    pub id: String,
    /// The version that the resource has to have.
    pub version: Option<String>,
    /// The body of the same request by itself; null for DELETE.
    pub data: Value,
}

/// The methods of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Makes a resource.
    Post,
    /// Replaces one.
    Put,
    /// Changes one.
    Patch,
    /// Deletes one.
    Delete,
}

/// Reads a bulk request. What is wrong with one operation is that operation's own error. `base` is the Tenant URL, which a path may
/// begin with.
pub fn read(body: Value, base: &str) -> Result<Request, Error> {
    let syntax = |why: String| Error::new(Kind::InvalidSyntax, why);
    let Value::Object(body) = body else { return Err(syntax("the body must be a BulkRequest object".to_owned())) };
    let (mut has_schema, mut fail_on_errors, mut operations) = (false, None, None);
    for (key, value) in body {
        match (key.to_ascii_lowercase().as_str(), value) {
            ("schemas", Value::Array(urns)) => {
                has_schema = urns.iter().any(|urn| urn.as_str().is_some_and(|u| u.eq_ignore_ascii_case(BULK_REQUEST)));
            }
            ("failonerrors", Value::Null) => {}
            ("failonerrors", value) => match value.as_u64().and_then(|n| usize::try_from(n).ok()) {
                // Nothing can stop before the first error.
                Some(errors) => fail_on_errors = Some(errors.max(1)),
                None => return Err(syntax("'failOnErrors' must be a whole number".to_owned())),
            },
            ("operations", Value::Array(list)) => operations = Some(list),
            (known @ ("schemas" | "operations"), _) => return Err(syntax(format!("'{known}' must be an array"))),
            _ => {}
        }
    }
    if !has_schema {
        return Err(syntax(format!("'schemas' must hold '{BULK_REQUEST}'")));
    }
    let list = operations.ok_or_else(|| syntax("'Operations' is missing".to_owned()))?;
    if list.len() > limits::BULK_OPERATIONS_MAX {
        let why = format!("The number of operations exceeds the maxOperations ({}).", limits::BULK_OPERATIONS_MAX);
        return Err(Error::new(Kind::TooLarge, why));
    }
    let mut operations: Vec<Operation> = list.into_iter().map(|each| operation(each, base)).collect();
    refuse_repeated(&mut operations);
    Ok(Request { fail_on_errors, operations })
}

/// The answer to a request that is too long (RFC 7644 section 3.7.4).
pub fn too_long(bytes_max: usize) -> Error {
    Error::new(Kind::TooLarge, format!("The size of the bulk operation exceeds the maxPayloadSize ({bytes_max})."))
}

/// The bulkId that a text refers to.
pub fn reference(text: &str) -> Option<&str> {
    text.strip_prefix("bulkId:")
}

impl Ask {
    /// The bulkIds that it refers to.
    pub fn references(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        found.extend(reference(&self.id).map(str::to_owned));
        texts(&self.data, &mut |key, text| {
            found.extend(reference(text).map(str::to_owned));
            if is_path(key) {
                found.extend(quoted(text).map(|(name, _)| name.to_owned()));
            }
        });
        found
    }

    /// Puts ids in the place of references. References that have none stay.
    pub fn resolve(&mut self, id_of: &impl Fn(&str) -> Option<String>) {
        if let Some(id) = reference(&self.id).and_then(id_of) {
            self.id = id;
        }
        resolve("", &mut self.data, id_of);
    }

    /// Takes out what refers to any of these bulkIds, so that the rest can be done before they exist; gives the body of the PATCH
    /// that adds it afterwards.
    pub fn defer(&mut self, names: &BTreeSet<String>) -> Value {
        let (kept, deferred) = split(std::mem::take(&mut self.data), names);
        self.data = kept.unwrap_or_else(|| Value::Object(Map::new()));
        json!({"schemas": [PATCH_OP], "Operations": [{"op": "add", "value": deferred.unwrap_or_default()}]})
    }
}

/// One step of the way through a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Does an operation, without what was deferred.
    Run(usize),
    /// Adds to what an operation made what was deferred.
    Complete(usize),
}

/// The order of the steps.
#[derive(Debug, Default)]
pub struct Plan {
    /// In the order of the request, but that an operation comes after those that it refers to.
    pub steps: Vec<Step>,
    /// Of each operation, the bulkIds that it refers to and that are made after it: the references that close a circle.
    pub deferred: Vec<BTreeSet<String>>,
}

/// Orders the operations. Those that cannot be told what they ask for have their place too: they are errors like others.
pub fn plan(operations: &[Operation]) -> Plan {
    let makers = makers(operations);
    let references: Vec<Vec<(String, usize)>> = operations
        .iter()
        .map(|operation| {
            let names = operation.ask.as_ref().map(Ask::references).unwrap_or_default();
            names.into_iter().filter_map(|name| Some((name.clone(), *makers.get(name.as_str())?))).collect()
        })
        .collect();
    let mut walk = Walk {
        states: vec![State::New; operations.len()],
        plan: Plan { steps: Vec::new(), deferred: vec![BTreeSet::new(); operations.len()] },
        waiting: Vec::new(),
    };
    for start in 0..operations.len() {
        walk.from(start, &references);
    }
    walk.plan
}

/// The operations of which each is to contain one that, directly or not, contains itself: members of groups, as `(who, whom)`.
pub fn circular(count: usize, contains: &[(usize, usize)]) -> BTreeSet<usize> {
    let mut left: BTreeSet<usize> = (0..count).collect();
    loop {
        let holders: BTreeSet<usize> = contains
            .iter()
            .filter(|(who, whom)| left.contains(who) && left.contains(whom))
            .map(|(who, _)| *who)
            .collect();
        if holders.len() == left.len() {
            return left;
        }
        left = holders;
    }
}

/// The operations that make something with a bulkId.
pub fn makers(operations: &[Operation]) -> HashMap<&str, usize> {
    let mut makers = HashMap::new();
    for (number, operation) in operations.iter().enumerate() {
        let makes = operation.ask.as_ref().is_ok_and(|ask| ask.method == Method::Post);
        if let Some(name) = operation.bulk_id.as_deref().filter(|_| makes) {
            makers.entry(name).or_insert(number);
        }
    }
    makers
}

fn operation(value: Value, base: &str) -> Operation {
    let Value::Object(mut fields) = value else {
        let ask = Err(Error::new(Kind::InvalidSyntax, "an operation must be an object"));
        return Operation { method: String::new(), bulk_id: None, place: None, ask };
    };
    let mut take = |name: &str| {
        let key = fields.keys().find(|key| key.eq_ignore_ascii_case(name))?.clone();
        fields.shift_remove(&key).filter(|value| !value.is_null())
    };
    let (method, bulk_id, version) = (take("method"), take("bulkId"), take("version"));
    let (path, data) = (take("path"), take("data"));
    let name = method.as_ref().and_then(Value::as_str).map(|text| text.trim().to_ascii_uppercase()).unwrap_or_default();
    let target = path.as_ref().and_then(Value::as_str).and_then(|path| target(path, base));
    let place = target.clone().filter(|(_, id)| !id.is_empty());
    let ask = ask(&name, bulk_id.as_ref(), version, target, data);
    let bulk_id = bulk_id.and_then(|id| id.as_str().map(str::to_owned));
    Operation { method: clip(&name), bulk_id, place, ask }
}

fn ask(
    method: &str,
    bulk_id: Option<&Value>,
    version: Option<Value>,
    target: Option<(String, String)>,
    data: Option<Value>,
) -> Result<Ask, Error> {
    let syntax = |why: &str| Error::new(Kind::InvalidSyntax, why);
    let method = match method {
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => return Err(syntax("'method' must be POST, PUT, PATCH or DELETE")),
    };
    match bulk_id {
        Some(Value::String(id)) if !id.is_empty() => {}
        None if method != Method::Post => {}
        None => return Err(syntax("'bulkId' is required for POST")),
        Some(_) => return Err(syntax("'bulkId' must be a text that is not empty")),
    }
    let version = match version {
        Some(Value::String(version)) => Some(version),
        None => None,
        Some(_) => return Err(syntax("'version' must be a text")),
    };
    let (endpoint, id) = target.ok_or_else(|| syntax("'path' must be an endpoint or a resource below it"))?;
    match (method, id.is_empty()) {
        (Method::Post, false) => return Err(syntax("'path' must be the endpoint of a resource type for POST")),
        (Method::Put | Method::Patch | Method::Delete, true) => {
            return Err(syntax("'path' must be that of a resource for PUT, PATCH and DELETE"));
        }
        _ => {}
    }
    let data = match (method, data) {
        (Method::Delete, _) => Value::Null,
        // The example of RFC 7644 section 3.7.3 has the bare operations of a PATCH there.
        (Method::Patch, Some(Value::Array(operations))) => json!({"schemas": [PATCH_OP], "Operations": operations}),
        (_, Some(data @ Value::Object(_))) => data,
        _ => return Err(syntax("'data' is required for POST, PUT and PATCH and must be an object")),
    };
    Ok(Ask { method, endpoint, id, version, data })
}

/// The endpoint and the id in a path; the id is empty when there is none.
fn target(path: &str, base: &str) -> Option<(String, String)> {
    let path = path.strip_prefix(base).unwrap_or(path);
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let (endpoint, id) = path.split_once('/').unwrap_or((path, ""));
    let is_clean = !endpoint.is_empty() && !id.contains(['/', '?', '#']) && !endpoint.contains(['?', '#']);
    is_clean.then(|| (format!("/{endpoint}"), id.to_owned()))
}

/// Two resources under one name would leave open which of them is meant.
fn refuse_repeated(operations: &mut [Operation]) {
    let mut seen = BTreeSet::new();
    for operation in operations {
        let Some(id) = &operation.bulk_id else { continue };
        if !seen.insert(id.clone()) && operation.ask.is_ok() {
            let why = format!("the bulkId '{}' comes twice in the request", clip(id));
            operation.ask = Err(Error::new(Kind::InvalidValue, why));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// Depth first through the references; what is met while it is still open closes a circle.
struct Walk {
    states: Vec<State>,
    plan: Plan,
    /// Operations that are done but for what was deferred.
    waiting: Vec<usize>,
}

impl Walk {
    fn from(&mut self, start: usize, references: &[Vec<(String, usize)>]) {
        // The operations on the way here, each with the number of its references that were followed.
        let mut way = vec![(start, 0)];
        if self.state(start) != State::New {
            return;
        }
        self.set(start, State::Open);
        while let Some((at, followed)) = way.last_mut() {
            let at = *at;
            let Some((name, next)) = references.get(at).and_then(|list| list.get(*followed)) else {
                way.pop();
                self.done(at, references);
                continue;
            };
            *followed += 1;
            match self.state(*next) {
                State::Done => {}
                State::New => {
                    self.set(*next, State::Open);
                    way.push((*next, 0));
                }
                State::Open => {
                    if let Some(deferred) = self.plan.deferred.get_mut(at) {
                        deferred.insert(name.clone());
                    }
                }
            }
        }
    }

    fn done(&mut self, at: usize, references: &[Vec<(String, usize)>]) {
        self.set(at, State::Done);
        self.plan.steps.push(Step::Run(at));
        if self.plan.deferred.get(at).is_some_and(|names| !names.is_empty()) {
            self.waiting.push(at);
        }
        let waiting = std::mem::take(&mut self.waiting);
        for each in waiting {
            let all = references.get(each).map(Vec::as_slice).unwrap_or_default();
            match all.iter().all(|(_, next)| self.state(*next) == State::Done) {
                true => self.plan.steps.push(Step::Complete(each)),
                false => self.waiting.push(each),
            }
        }
    }

    fn state(&self, at: usize) -> State {
        self.states.get(at).copied().unwrap_or(State::Done)
    }

    fn set(&mut self, at: usize, state: State) {
        if let Some(slot) = self.states.get_mut(at) {
            *slot = state;
        }
    }
}

/// Every text in a value, with the name of the attribute that it is the value of.
pub fn texts<'v>(value: &'v Value, visit: &mut impl FnMut(&'v str, &'v str)) {
    let mut rest = vec![("", value)];
    while let Some((key, value)) = rest.pop() {
        match value {
            Value::String(text) => visit(key, text),
            Value::Array(list) => rest.extend(list.iter().map(|each| (key, each))),
            Value::Object(object) => rest.extend(object.iter().map(|(key, each)| (key.as_str(), each))),
            _ => {}
        }
    }
}

fn resolve(key: &str, value: &mut Value, id_of: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(id) = reference(text).and_then(id_of) {
                *text = id;
            } else if is_path(key) {
                let spans: Vec<_> = quoted(text).filter_map(|(name, span)| Some((id_of(name)?, span))).collect();
                // From the end, so that what comes before stays where it is.
                spans.into_iter().rev().for_each(|(id, span)| text.replace_range(span, &id));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|each| resolve(key, each, id_of)),
        Value::Object(object) => object.iter_mut().for_each(|(key, each)| resolve(key, each, id_of)),
        _ => {}
    }
}

/// Whether an attribute of this name is the path of a PATCH operation, whose filters may compare with references.
fn is_path(key: &str) -> bool {
    key.eq_ignore_ascii_case("path")
}

/// The references between quotation marks in a path: `members[value eq "bulkId:x"]`; each with where it stands.
fn quoted(text: &str) -> impl Iterator<Item = (&str, std::ops::Range<usize>)> {
    text.match_indices("\"bulkId:").filter_map(|(quote, _)| {
        let start = quote + 1;
        let whole = text.get(start..)?.split('"').next()?;
        Some((reference(whole)?, start..start + whole.len()))
    })
}

/// What of a value does not refer to these bulkIds, and what does. An object that refers to one itself goes as a whole: a member, a
/// manager.
fn split(value: Value, names: &BTreeSet<String>) -> (Option<Value>, Option<Value>) {
    let refers = |value: &Value| value.as_str().and_then(reference).is_some_and(|name| names.contains(name));
    match value {
        value if refers(&value) => (None, Some(value)),
        Value::Object(object) if object.values().any(refers) => (None, Some(Value::Object(object))),
        Value::Object(object) => {
            let (mut kept, mut deferred) = (Map::new(), Map::new());
            let was_empty = object.is_empty();
            for (key, value) in object {
                let (mine, later) = split(value, names);
                kept.extend(mine.map(|mine| (key.clone(), mine)));
                deferred.extend(later.map(|later| (key, later)));
            }
            let kept = (was_empty || !kept.is_empty()).then_some(Value::Object(kept));
            (kept, (!deferred.is_empty()).then_some(Value::Object(deferred)))
        }
        Value::Array(list) => {
            let was_empty = list.is_empty();
            let halves: Vec<_> = list.into_iter().map(|each| split(each, names)).collect();
            let (kept, deferred): (Vec<_>, Vec<_>) = halves.into_iter().unzip();
            let (kept, deferred): (Vec<_>, Vec<_>) =
                (kept.into_iter().flatten().collect(), deferred.into_iter().flatten().collect());
            let kept = (was_empty || !kept.is_empty()).then_some(Value::Array(kept));
            (kept, (!deferred.is_empty()).then_some(Value::Array(deferred)))
        }
        other => (Some(other), None),
    }
}

#[cfg(test)]
mod tests;
