//! Bulk requests (RFC 7644 section 3.7): each operation goes through the same verb as a request of its own and leaves its own
//! entry in the change log. Operations that have nothing to do with each other are under way at once, so that many become durable
//! together; `touch.rs` says which have to keep their order.
//!
//! With `failOnErrors` an operation is begun only when it would be even if all that are still under way failed. So nothing is ever
//! done that comes after the error which stops the request; with 1, one operation is done at a time.

mod touch;

use self::touch::Touches;
use super::answer::Answer;
use super::write::Precondition;
use super::{Actor, Call, create, delete, keys, patch, replace};
use crate::limits;
use crate::scim::bulk::{self, Ask, Method, Operation, Plan, Request, Step};
use crate::scim::dialect::{Reading, Used};
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::project::Projection;
use crate::scim::schema::ResourceType;
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// What became of one operation.
#[derive(Debug)]
pub struct Done {
    /// Its method.
    pub method: String,
    /// The client's name for it.
    pub bulk_id: Option<String>,
    /// The resource's URL; a POST that failed has none.
    pub location: Option<String>,
    /// The resource's entity tag.
    pub version: Option<String>,
    /// How it went.
    pub outcome: Outcome,
}

/// How an operation went.
#[derive(Debug)]
pub enum Outcome {
    /// A resource was made.
    Created,
    /// A resource was changed, and would have been the answer.
    Changed,
    /// Something was changed or deleted, and there would have been no answer.
    Silent,
    /// Nothing was changed.
    Failed(Error),
}

/// Does the operations, and answers for each one that was begun, in the order of the request.
pub async fn run(
    call: &Call<'_>,
    types: &[&ResourceType],
    request: Request,
    reading: &mut Reading<'_>,
) -> Result<Vec<Done>, Error> {
    let mut job = Job::new(call, types, request).await?;
    let mut under_way = FuturesUnordered::new();
    loop {
        for at in job.startable(under_way.len()) {
            match job.begin(at) {
                Ok(Some(work)) => under_way.push(Box::pin(async move { (at, work.run(call).await) })),
                Ok(None) => job.settle(at, Progress::Done),
                Err(error) => job.finish(at, Err(error)),
            }
        }
        match under_way.next().await {
            Some((at, (result, used))) => {
                reading.used.add(used);
                job.finish(at, result);
            }
            // What failed at once may have been all that others waited for.
            None if job.startable(0).is_empty() => break,
            None => {}
        }
    }
    Ok(job.answers())
}

/// What was made or changed.
struct Made {
    outcome: Outcome,
    id: String,
    version: Option<String>,
}

/// An operation with what is known of it.
struct Entry {
    operation: Operation,
    /// Why it cannot be done, where that can be told from the request.
    refusal: Option<Error>,
    /// The PATCH body that adds what was deferred.
    later: Value,
    result: Option<Result<Made, Error>>,
}

/// A step with what is known of it.
struct Stage {
    step: Step,
    progress: Progress,
    /// How many earlier steps it waits for.
    waits: usize,
    /// Which later steps wait for it.
    awaited: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    UnderWay,
    Done,
    Failed,
}

struct Job<'a> {
    call: &'a Call<'a>,
    types: &'a [&'a ResourceType],
    errors_max: usize,
    entries: Vec<Entry>,
    stages: Vec<Stage>,
    /// The ids of what was made, by bulkId.
    ids: HashMap<String, String>,
}

impl<'a> Job<'a> {
    async fn new(call: &'a Call<'a>, types: &'a [&'a ResourceType], request: Request) -> Result<Job<'a>, Error> {
        let Request { fail_on_errors, mut operations } = request;
        let refusals = refusals(types, &operations);
        let Plan { steps, deferred } = bulk::plan(&operations);
        let later: Vec<Value> = operations.iter_mut().zip(&deferred).map(|(each, names)| defer(each, names)).collect();
        let stages = stages(call, types, &operations, &later, &steps).await?;
        let entries = operations.into_iter().zip(refusals).zip(later);
        let entry = |((operation, refusal), later)| Entry { operation, refusal, later, result: None };
        let errors_max = fail_on_errors.unwrap_or(usize::MAX);
        Ok(Job { call, types, errors_max, entries: entries.map(entry).collect(), stages, ids: HashMap::new() })
    }

    /// The steps that can be begun now, while so many others are under way.
    fn startable(&self, under_way: usize) -> Vec<usize> {
        let room = limits::BULK_OPERATIONS_AT_ONCE_MAX.saturating_sub(under_way);
        // Errors among the earlier steps, counting as one each that is not done yet.
        let mut errors = 0;
        let mut startable = Vec::new();
        for (at, stage) in self.stages.iter().enumerate() {
            let is_due = match stage.step {
                Step::Run(_) => errors < self.errors_max,
                // The second half of an operation that was begun is always done.
                Step::Complete(number) => self.entries.get(number).is_some_and(|entry| entry.result.is_some()),
            };
            if is_due && stage.waits == 0 && stage.progress == Progress::Waiting && startable.len() < room {
                startable.push(at);
            }
            errors += usize::from(stage.progress != Progress::Done);
        }
        startable
    }

    /// The work of a step; there is none for the second half of an operation whose first one failed.
    fn begin(&mut self, at: usize) -> Result<Option<Work<'a>>, Error> {
        let Some(stage) = self.stages.get_mut(at) else { return Ok(None) };
        stage.progress = Progress::UnderWay;
        let (Step::Run(number) | Step::Complete(number)) = stage.step;
        let is_completion = matches!(stage.step, Step::Complete(_));
        let Some(entry) = self.entries.get_mut(number) else { return Ok(None) };
        if let Some(refusal) = entry.refusal.take() {
            return Err(refusal);
        }
        let asked = entry.operation.ask.as_mut().map_err(|error| error.clone())?;
        let resource_type = self.types.iter().find(|known| known.endpoint == asked.endpoint).copied();
        let resource_type =
            resource_type.ok_or_else(|| Error::new(Kind::NotFound, "'path' names the endpoint of no resource type"))?;
        let (data, method) = match is_completion {
            false => (std::mem::take(&mut asked.data), asked.method),
            true => (std::mem::take(&mut entry.later), Method::Patch),
        };
        let mut ask = Ask { method, data, ..asked.clone() };
        match &entry.result {
            Some(Ok(made)) => ask.id = made.id.clone(),
            Some(Err(_)) => return Ok(None),
            None => {}
        }
        ask.resolve(&|name| self.ids.get(name).cloned());
        if let Some((_, id)) = entry.operation.place.as_mut() {
            ask.id.clone_into(id);
        }
        if let Some(name) = ask.references().first() {
            let why = format!("'bulkId:{}' refers to an operation that failed", clip(name));
            return Err(Error::new(Kind::Unresolved, why));
        }
        Ok(Some(Work { resource_type, ask, is_completion }))
    }

    fn finish(&mut self, at: usize, result: Result<Made, Error>) {
        self.settle(at, if result.is_ok() { Progress::Done } else { Progress::Failed });
        let Some(Step::Run(number) | Step::Complete(number)) = self.stages.get(at).map(|stage| stage.step) else {
            return;
        };
        let Some(entry) = self.entries.get_mut(number) else { return };
        if let Some(name) = entry.operation.bulk_id.clone() {
            match &result {
                Ok(made) => drop(self.ids.insert(name, made.id.clone())),
                Err(_) => drop(self.ids.remove(&name)),
            }
        }
        entry.result = Some(match (entry.result.take(), result) {
            // The second half is no outcome of its own.
            (Some(Ok(made)), Ok(completed)) => Ok(Made { version: completed.version, ..made }),
            (_, result) => result,
        });
    }

    /// A step is over: those that waited for it need not any more.
    fn settle(&mut self, at: usize, progress: Progress) {
        let Some(stage) = self.stages.get_mut(at) else { return };
        stage.progress = progress;
        for later in std::mem::take(&mut stage.awaited) {
            if let Some(later) = self.stages.get_mut(later) {
                later.waits = later.waits.saturating_sub(1);
            }
        }
    }

    fn answers(self) -> Vec<Done> {
        let base = self.call.base;
        let url = |endpoint: &str, id: &str| bulk::reference(id).is_none().then(|| format!("{base}{endpoint}/{id}"));
        let answer = |entry: Entry| {
            let Operation { method, bulk_id, place, ask } = entry.operation;
            let place = place.and_then(|(endpoint, id)| url(&endpoint, &id));
            let (location, version, outcome) = match entry.result? {
                Ok(made) => {
                    let own = ask.ok().and_then(|ask| url(&ask.endpoint, &made.id));
                    (own, made.version, made.outcome)
                }
                Err(error) => (place, None, Outcome::Failed(error)),
            };
            Some(Done { method, bulk_id, location, version, outcome })
        };
        self.entries.into_iter().filter_map(answer).collect()
    }
}

/// Takes the references that close a circle out of an operation; gives the PATCH body that adds them afterwards.
fn defer(operation: &mut Operation, names: &BTreeSet<String>) -> Value {
    match operation.ask.as_mut() {
        Ok(ask) if !names.is_empty() => ask.defer(names),
        _ => Value::Null,
    }
}

/// The steps, and which of them wait for which.
async fn stages(
    call: &Call<'_>,
    types: &[&ResourceType],
    operations: &[Operation],
    later: &[Value],
    steps: &[Step],
) -> Result<Vec<Stage>, Error> {
    let snapshot = call.directory.snapshot().await?;
    let mut touches = Touches::new(call, &snapshot, types, operations);
    let mut stages: Vec<Stage> = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let (Step::Run(number) | Step::Complete(number)) = *step;
        let operation = operations.get(number);
        let ask = operation.and_then(|operation| operation.ask.as_ref().ok());
        let name = operation.and_then(|operation| operation.bulk_id.as_deref());
        let before = match (step, ask) {
            (_, None) => BTreeSet::new(),
            (Step::Run(_), Some(ask)) => touches.before(at, name, ask).await?,
            (Step::Complete(_), Some(ask)) => {
                let id = format!("bulkId:{}", name.unwrap_or_default());
                let data = later.get(number).cloned().unwrap_or_default();
                let ask = Ask { method: Method::Patch, id, data, version: None, endpoint: ask.endpoint.clone() };
                touches.before(at, None, &ask).await?
            }
        };
        stages.push(Stage { step: *step, progress: Progress::Waiting, waits: before.len(), awaited: Vec::new() });
        for earlier in before {
            if let Some(earlier) = stages.get_mut(earlier) {
                earlier.awaited.push(at);
            }
        }
    }
    Ok(stages)
}

/// Which operations cannot be done whatever the directory holds: those that refer to what no operation makes, and groups that are
/// to contain themselves.
fn refusals(types: &[&ResourceType], operations: &[Operation]) -> Vec<Option<Error>> {
    let makers = bulk::makers(operations);
    let mut contains = Vec::new();
    for (who, operation) in operations.iter().enumerate() {
        let Ok(ask) = &operation.ask else { continue };
        if ask.method != Method::Post || !is_of_groups(types, &ask.endpoint) {
            continue;
        }
        let members = ask.data.as_object().into_iter().flatten().filter(|(key, _)| key.eq_ignore_ascii_case("members"));
        for (_, members) in members {
            bulk::texts(members, &mut |_, text| {
                let whom = bulk::reference(text).and_then(|name| makers.get(name));
                contains.extend(whom.map(|whom| (who, *whom)));
            });
        }
    }
    let circular = bulk::circular(operations.len(), &contains);
    let refusal = |(number, operation): (usize, &Operation)| {
        let references = operation.ask.as_ref().map(Ask::references).unwrap_or_default();
        if let Some(name) = references.iter().find(|name| !makers.contains_key(name.as_str())) {
            let why = format!("'bulkId:{}' refers to no operation that makes a resource", clip(name));
            return Some(Error::new(Kind::InvalidValue, why));
        }
        circular
            .contains(&number)
            .then(|| Error::new(Kind::Unresolved, "the group would contain itself by its members"))
    };
    operations.iter().enumerate().map(refusal).collect()
}

/// Whether an endpoint is that of the type whose resources have members.
fn is_of_groups(types: &[&ResourceType], endpoint: &str) -> bool {
    types.iter().any(|known| known.endpoint == endpoint && keys::type_code(known) == keys::GROUP)
}

/// One request's worth of work.
struct Work<'a> {
    resource_type: &'a ResourceType,
    ask: Ask,
    /// It adds to what was just made.
    is_completion: bool,
}

impl Work<'_> {
    async fn run(self, call: &Call<'_>) -> (Result<Made, Error>, Used) {
        // What one operation was told is not what another one did.
        let actor = Actor::new(call.actor.token.as_str(), call.actor.request.as_str());
        let (whole, call) = (call, &Call { actor: &actor, ..*call });
        let mut reading = Reading::new(&call.tenant.dialect);
        let (resource_type, is_completion, id) = (self.resource_type, self.is_completion, self.ask.id.clone());
        let result = self.verb(call, &mut reading).await;
        let mut result = result.map_err(|error| reading.explained(error));
        if let Err(error) = &mut result
            && is_completion
        {
            // An operation that fails leaves nothing behind.
            if let Err(error) = delete::delete(call, resource_type, &id, &Precondition::None).await {
                tracing::warn!(%error, "what a failed bulk operation made could not be deleted");
            }
            *error =
                Error::new(Kind::Unresolved, format!("the circle of references cannot be closed: {}", error.detail));
        }
        whole.actor.rules.add(&actor.rules);
        (result, reading.used)
    }

    async fn verb(self, call: &Call<'_>, reading: &mut Reading<'_>) -> Result<Made, Error> {
        let Work { resource_type, ask: Ask { method, id, version, data, .. }, is_completion } = self;
        if version.is_none() && method != Method::Post && call.tenant.if_match_required && !is_completion {
            let why = "this tenant takes PUT, PATCH and DELETE only with a 'version'";
            return Err(Error::new(Kind::VersionRequired, why));
        }
        let precondition = version.map_or(Precondition::None, |version| Precondition::new(&version));
        // Nothing of the resource is answered but its version and where it is.
        let projection = Projection::new(resource_type, &["id".to_owned()], &[], reading);
        let made = |outcome: Outcome, answer: Answer| {
            let id = answer.location.rsplit('/').next().unwrap_or_default().to_owned();
            Made { outcome, id, version: Some(answer.version) }
        };
        match method {
            Method::Post => {
                let answer = create::create(call, resource_type, data, &projection, reading).await?;
                Ok(made(Outcome::Created, answer))
            }
            Method::Put => {
                let answer =
                    replace::replace(call, resource_type, &id, data, &precondition, &projection, reading).await?;
                Ok(made(Outcome::Changed, answer))
            }
            Method::Patch => {
                let answer = patch::patch(call, resource_type, &id, data, &precondition, &projection, reading).await?;
                // As the same request by itself: a group's PATCH has no body to answer with (quirks, Entra 28).
                let outcome = if resource_type.name == "Group" { Outcome::Silent } else { Outcome::Changed };
                Ok(made(outcome, answer))
            }
            Method::Delete => {
                delete::delete(call, resource_type, &id, &precondition).await?;
                Ok(Made { outcome: Outcome::Silent, id, version: None })
            }
        }
    }
}
