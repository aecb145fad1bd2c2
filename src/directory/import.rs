//! Putting the lines of an export into a tenant. Each line is all or nothing, and one that fails stops no other; so an import can be
//! repeated until nothing fails. Many lines are at work at once, but groups wait for users, and members for both.

mod line;
mod lines;

use self::line::{Definition, Done, Line, Parsed};
use self::lines::{Lines, Text};
use super::audit::{self, Act, Admin};
use super::definition::change::Outcome as Defined;
use super::places::Work as Occupation;
use super::refused::{Noun, Refused};
use super::scope::Scope;
use super::{Actor, Directory, definition, tenant, whatif};
use crate::limits;
use crate::scim::errors::{Error, Kind};
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, timeout};
use uuid::Uuid;

/// What to do with a resource whose id is there already with other content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Its line fails.
    Fail,
    /// It is left as it is.
    Skip,
    /// It is replaced.
    Replace,
}

/// How an import is done.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// What to do with what is there.
    pub on_conflict: Conflict,
    /// Only checks every line, against the tenant as it is; nothing is written.
    pub dry_run: bool,
}

/// A line that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line's number, from 1.
    pub line: u64,
    /// The id in it, as far as it could be read.
    pub id: String,
    /// Why.
    pub why: String,
}

/// How far an import is. The numbers are of the whole import so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lines that have been dealt with.
    pub lines: u64,
    /// Resources that were made.
    pub created: u64,
    /// Resources that were replaced.
    pub replaced: u64,
    /// Resources that were there already, or were skipped.
    pub unchanged: u64,
    /// Memberships that were added.
    pub members_added: u64,
    /// Lines that failed.
    pub failed: u64,
    /// The failures since the last time, as far as there is room.
    pub failures: Vec<Failure>,
    /// Everything has been dealt with.
    pub done: bool,
}

/// Where an import goes, and on whose account.
pub struct Site {
    directory: Arc<Directory>,
    scope: Scope,
    admin: Admin,
    stopping: watch::Receiver<bool>,
    place: OwnedSemaphorePermit,
}

impl Site {
    /// The tenant in `scope`, on the account of `admin`, until `stopping` becomes true.
    ///
    /// # Errors
    /// [`Refused::Exhausted`] when there are as many imports and exports at work as there may be.
    pub fn new(
        directory: Arc<Directory>,
        scope: Scope,
        admin: Admin,
        stopping: watch::Receiver<bool>,
    ) -> Result<Site, Refused> {
        let place = directory.places.take(Occupation::Transfer)?;
        Ok(Site { directory, scope, admin, stopping, place })
    }
}

/// Imports the bytes that come through `pieces`, cut anywhere, and tells `sender` how far it is. It ends when the pieces do; then
/// everything that was begun is done.
///
/// # Errors
/// [`Refused::Fields`] when the first line is not that of an export; nothing was done then.
pub async fn run(
    site: Site,
    terms: Terms,
    mut pieces: mpsc::Receiver<Vec<u8>>,
    sender: mpsc::Sender<Result<Progress, Refused>>,
) -> Result<(), Refused> {
    let actor = Actor::new(site.admin.name.clone(), site.directory.clock().id().to_string());
    let work = Arc::new(Work { directory: site.directory, scope: site.scope, actor, terms });
    let mut import = Import::new(work, sender);
    let mut lines = Lines::default();
    let mut stopping = site.stopping;
    let mut idle_since = Instant::now();
    loop {
        let next = tokio::select! {
            next = timeout(Duration::from_millis(limits::IMPORT_PROGRESS_MS), pieces.recv()) => next,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        match next {
            Ok(Some(piece)) => {
                idle_since = Instant::now();
                for (number, text) in lines.feed(&piece) {
                    import.take(number, text, &site.admin).await?;
                }
            }
            Ok(None) => break,
            Err(_) if idle_since.elapsed() >= Duration::from_millis(limits::IMPORT_IDLE_MS_MAX) => break,
            Err(_) => import.tell(),
        }
        if import.sender.is_closed() {
            break;
        }
    }
    if let Some((number, text)) = lines.finish() {
        import.take(number, text, &site.admin).await?;
    }
    let finished = import.finish(lines.number(), &site.admin).await;
    drop(site.place);
    finished
}

/// What every line needs.
struct Work {
    directory: Arc<Directory>,
    scope: Scope,
    actor: Actor,
    terms: Terms,
}

/// What became of a line that was at work.
struct Outcome {
    line: u64,
    id: String,
    bytes: usize,
    done: Result<Done, Error>,
}

struct Import {
    work: Arc<Work>,
    sender: mpsc::Sender<Result<Progress, Refused>>,
    at_work: JoinSet<Outcome>,
    bytes_at_work: usize,
    /// What the lines at work are about: they may not be of two kinds.
    kind: Option<line::Kind>,
    progress: Progress,
    told: Instant,
    begun: bool,
    /// The last line has been met.
    ended: bool,
    /// Lines of each kind so far, to be compared with what the last line says.
    met: line::Numbers,
    /// Every line so far could be read.
    is_readable: bool,
    /// The ids in a dry run, which later lines may refer to.
    known: HashSet<Uuid>,
    /// Where a dry run makes definitions, by which later lines are read.
    fork: Option<Arc<Directory>>,
}

impl Import {
    fn new(work: Arc<Work>, sender: mpsc::Sender<Result<Progress, Refused>>) -> Import {
        Import {
            work,
            sender,
            at_work: JoinSet::new(),
            bytes_at_work: 0,
            kind: None,
            progress: Progress::default(),
            told: Instant::now(),
            begun: false,
            ended: false,
            met: [0; 5],
            fork: None,
            is_readable: true,
            known: HashSet::new(),
        }
    }

    /// Begins with a line, once there is room.
    async fn take(&mut self, number: u64, text: Text, admin: &Admin) -> Result<(), Refused> {
        let bytes = text.len();
        let parsed = match text {
            Text::Blank => return self.count(number, String::new(), Ok(Done::Nothing)),
            Text::TooLong => Err(line::Bad {
                id: String::new(),
                error: Error::new(
                    Kind::TooLarge,
                    format!("the line is longer than {} bytes", limits::IMPORT_LINE_BYTES_MAX),
                ),
            }),
            Text::Line(bytes) => line::parse(&bytes),
        };
        if !self.begun {
            let Ok(Parsed::Header) = parsed else {
                return Err(Refused::field("data", "the first line is not that of a scimd export of format 1"));
            };
            self.begun = true;
            self.note(admin, "started").await?;
            return self.count(number, String::new(), Ok(Done::Nothing));
        }
        match parsed {
            Err(line::Bad { id, error }) => {
                self.is_readable = false;
                self.count(number, id, Err(error))
            }
            Ok(_) if self.ended => {
                let why = Error::new(Kind::InvalidSyntax, "the line comes after the last line of the export");
                self.count(number, String::new(), Err(why))
            }
            Ok(Parsed::Header) => {
                let why = Error::new(Kind::InvalidSyntax, "the first line of an export comes again");
                self.count(number, String::new(), Err(why))
            }
            Ok(Parsed::End(expected)) => {
                self.ended = true;
                // Lines that could not be read are told already; they are missing in the numbers.
                let outcome = if self.is_readable { line::is_whole(expected, self.met) } else { Ok(()) };
                self.count(number, String::new(), outcome.map(|()| Done::Nothing))
            }
            Ok(Parsed::Line(Line::Definition(definition))) => self.define(number, definition, admin).await,
            Ok(Parsed::Line(line)) => self.begin(number, bytes, line).await,
        }
    }

    /// Makes a definition, by which all later lines are read.
    async fn define(&mut self, number: u64, definition: Definition, admin: &Admin) -> Result<(), Refused> {
        let id = Line::Definition(definition.clone()).id();
        if let Some(met) = self.met.get_mut(line::Kind::Definition as usize) {
            *met += 1;
        }
        self.settle(0, 0).await?;
        if self.work.terms.dry_run && self.fork.is_none() {
            self.fork = Some(whatif::fork(&self.work.directory).await?.directory);
        }
        let directory = self.fork.as_ref().unwrap_or(&self.work.directory).clone();
        let name = self.work.scope.tenant.name.clone();
        let put = async |dry_run| {
            let site = definition::change::Site { directory: &directory, admin, tenant: &name, dry_run };
            let done = match &definition {
                Definition::Schema(json) => definition::change::put_schema(site, json).await,
                Definition::ResourceType(json) => definition::change::put_type(site, json).await,
            };
            done.map(|(_, outcome)| outcome)
        };
        let done = match (put(true).await, self.work.terms.on_conflict) {
            (Ok(Defined::Changed) | Err(Refused::State { .. }), Conflict::Skip) | (Ok(Defined::Unchanged), _) => {
                Ok(Done::Unchanged)
            }
            (Ok(Defined::Changed), Conflict::Fail) => {
                let why = format!("there is another definition of '{id}' already");
                Err(Error::new(Kind::Uniqueness, why))
            }
            (Ok(_), _) => match put(false).await {
                Ok(Defined::Created) => Ok(Done::Created),
                Ok(_) => Ok(Done::Replaced),
                Err(refused) => Err(told(refused)),
            },
            (Err(refused), _) => Err(told(refused)),
        };
        let missing = || Refused::NotFound(Noun::Tenant, name.clone());
        let tenant = tenant::find(&directory, &name).await?.ok_or_else(missing)?;
        let Work { directory, scope, actor, terms } = &*self.work;
        let scope = Scope { tenant, base: scope.base.clone() };
        let (directory, actor, terms) = (directory.clone(), actor.clone(), *terms);
        self.work = Arc::new(Work { directory, scope, actor, terms });
        self.count(number, id, done)
    }

    async fn begin(&mut self, number: u64, bytes: usize, line: Line) -> Result<(), Refused> {
        let (kind, weight) = (line.kind(), line.weight());
        if let Some(met) = self.met.get_mut(kind as usize) {
            *met += weight;
        }
        if self.work.terms.dry_run {
            let id = line.id();
            let outcome = line.check(&self.work.call(), self.work.terms, &self.known).await;
            if outcome.is_ok() && self.known.len() < limits::IMPORT_DRY_RUN_IDS_MAX && kind != line::Kind::Members {
                self.known.extend(super::view::parse_id(&id));
            }
            return self.count(number, id, outcome);
        }
        // Groups may name users, and members both.
        let most = if self.kind == Some(kind) { limits::IMPORT_LINES_AT_WORK_MAX - 1 } else { 0 };
        self.settle(most, limits::IMPORT_BYTES_AT_WORK_MAX.saturating_sub(bytes)).await?;
        self.kind = Some(kind);
        self.bytes_at_work += bytes;
        let work = self.work.clone();
        self.at_work.spawn(async move {
            let id = line.id();
            let done = line.apply(&work.call(), work.terms).await;
            Outcome { line: number, id, bytes, done }
        });
        Ok(())
    }

    /// Waits until so many lines with so many bytes at most are at work.
    async fn settle(&mut self, lines_max: usize, bytes_max: usize) -> Result<(), Refused> {
        while self.at_work.len() > lines_max || (self.bytes_at_work > bytes_max && !self.at_work.is_empty()) {
            match self.at_work.join_next().await {
                Some(Ok(Outcome { line, id, bytes, done })) => {
                    self.bytes_at_work -= bytes;
                    self.count(line, id, done)?;
                }
                Some(Err(error)) => {
                    tracing::error!(%error, "the import of a line ended unexpectedly");
                    return Err(Error::new(Kind::Internal, "the import of a line ended unexpectedly").into());
                }
                None => return Ok(()),
            }
        }
        Ok(())
    }

    fn count(&mut self, line: u64, id: String, outcome: Result<Done, Error>) -> Result<(), Refused> {
        self.progress.lines += 1;
        match outcome {
            Ok(Done::Nothing) => {}
            Ok(Done::Created) => self.progress.created += 1,
            Ok(Done::Replaced) => self.progress.replaced += 1,
            Ok(Done::Unchanged) => self.progress.unchanged += 1,
            Ok(Done::Members(added)) => self.progress.members_added += added,
            Err(error) => self.fail(Failure { line, id, why: error.detail }),
        }
        if self.told.elapsed() >= Duration::from_millis(limits::IMPORT_PROGRESS_MS) {
            self.tell();
        }
        Ok(())
    }

    fn fail(&mut self, failure: Failure) {
        self.progress.failed += 1;
        if self.progress.failures.len() >= limits::IMPORT_FAILURES_MAX {
            self.tell();
        }
        if self.progress.failures.len() < limits::IMPORT_FAILURES_MAX {
            self.progress.failures.push(failure);
        }
    }

    /// Tells how far it is. A receiver that is slow is told later.
    fn tell(&mut self) {
        self.told = Instant::now();
        let Ok(place) = self.sender.try_reserve() else { return };
        let mut failures = std::mem::take(&mut self.progress.failures);
        failures.sort_by_key(|failure| failure.line);
        place.send(Ok(Progress { failures, ..self.progress.clone() }));
    }

    /// Waits for what is at work and tells the end.
    async fn finish(mut self, last: u64, admin: &Admin) -> Result<(), Refused> {
        self.settle(0, 0).await?;
        if !self.begun {
            return Err(Refused::field("data", "there is no line: this is not a scimd export"));
        }
        if !self.ended {
            let why = "the last line of the export is missing: the file was cut; what it holds was imported".to_owned();
            self.fail(Failure { line: last + 1, id: String::new(), why });
        }
        self.note(admin, if self.ended { "finished" } else { "cut" }).await?;
        self.progress.failures.sort_by_key(|failure| failure.line);
        self.progress.done = true;
        // Whoever went away does not hear it.
        let _ = self.sender.send_timeout(Ok(self.progress), Duration::from_millis(limits::PIECE_MS_MAX)).await;
        Ok(())
    }

    /// Leaves an audit entry about the import, which changes things with many commits.
    async fn note(&self, admin: &Admin, state: &str) -> Result<(), Error> {
        if self.work.terms.dry_run {
            return Ok(());
        }
        let Progress { lines, created, replaced, unchanged, members_added, failed, .. } = self.progress;
        let after = json!({
            "state": state,
            "request_id": self.work.actor.request,
            "lines": lines,
            "created": created,
            "replaced": replaced,
            "unchanged": unchanged,
            "members_added": members_added,
            "failed": failed,
        });
        let tenant = &self.work.scope.tenant.name;
        let act = Act { action: "tenant.import", tenant, target: tenant };
        audit::alone(&self.work.directory, admin, act, None, Some(&after)).await
    }
}

/// A refusal as what is told of a line.
fn told(refused: Refused) -> Error {
    match refused {
        Refused::Directory(error) => error,
        other => Error::new(Kind::InvalidValue, other.to_string()),
    }
}

impl Work {
    fn call(&self) -> super::Call<'_> {
        self.scope.call(&self.directory, &self.actor)
    }
}

#[cfg(test)]
mod tests;
