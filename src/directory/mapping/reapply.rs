//! Working the mapping in force out again for what is stored, and writing what differs: resource by resource in the order of their ids,
//! each in a commit of its own, a few at a time. It can end at any resource and go on from there, and to begin anew does no harm.

use super::in_force;
use crate::directory::audit::{self, Act, Admin};
use crate::directory::patch;
use crate::directory::places::Work;
use crate::directory::refused::Refused;
use crate::directory::scope::Scope;
use crate::directory::tenant::{self, Tenant};
use crate::directory::{Actor, Call, Directory, count, keys, position, store_error};
use crate::limits;
use crate::scim::errors::{Error, Kind};
use crate::scim::schema::ResourceType;
use crate::store::{Scan, Snapshot};
use futures_util::{StreamExt, stream};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

/// How far a reapplication is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Resources dealt with, those before the place where it went on included.
    pub done: usize,
    /// Resources to deal with.
    pub total: usize,
    /// Resources that were changed, since it began or went on.
    pub changed: usize,
    /// Resources that could not be, likewise.
    pub failed: usize,
    /// Those since the last time, as far as there is room.
    pub failures: Vec<Failure>,
    /// From where to go on.
    pub resume: String,
    /// Everything has been dealt with.
    pub is_done: bool,
}

/// A resource that could not be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The resource type's name.
    pub resource_type: String,
    /// Its id.
    pub id: String,
    /// The rule that refused it; empty: none did.
    pub rule: String,
    /// Why.
    pub why: String,
}

/// What the receiver of a reapplication gets.
pub type Told = Result<Progress, Refused>;

/// Where a mapping is reapplied, and on whose account.
pub struct Site {
    /// The data.
    pub directory: Arc<Directory>,
    /// The tenant.
    pub scope: Scope,
    /// By whom.
    pub admin: Admin,
    /// Becomes true when the server stops.
    pub stopping: watch::Receiver<bool>,
}

/// The kind of places in a reapplication.
const PLACE: u8 = b'm';

/// After which resource it goes on: the type's number, and the id.
type Place = (u8, Uuid);

/// Begins, or goes on after the place `resume`, in a task of its own. It ends when its receiver goes, when the server stops, and when
/// another mapping is put in force.
///
/// # Errors
/// `Meanwhile` when the version is not the one in force, `Fields` for a place that is none of this version, `Exhausted` when there are
/// as many imports, exports and reapplications as there may be.
pub async fn start(site: Site, version: u64, resume: &str) -> Result<mpsc::Receiver<Told>, Refused> {
    let tenant = &site.scope.tenant;
    let snapshot = site.directory.snapshot().await?;
    is_in_force(&snapshot, tenant.number, version).await?;
    let place = match resume {
        "" => None,
        text => Some(parse(tenant, version, text).ok_or_else(|| {
            Refused::field("resume_token", "it is no resume_token of this tenant and version; begin without one")
        })?),
    };
    let occupied = site.directory.places.take(Work::Transfer)?;
    let act = Act { action: "mapping.reapply", tenant: &tenant.name, target: &tenant.name };
    let what = json!({"version": version, "resumed": place.is_some()});
    audit::alone(&site.directory, &site.admin, act, None, Some(&what)).await?;
    let (sender, receiver) = mpsc::channel(limits::PREVIEW_PARTS_WAITING_MAX);
    tokio::spawn(run(site, version, place, sender, occupied));
    Ok(receiver)
}

async fn run(
    site: Site,
    version: u64,
    place: Option<Place>,
    sender: mpsc::Sender<Told>,
    occupied: OwnedSemaphorePermit,
) {
    let actor = Actor::new(site.admin.name.clone(), site.directory.clock().id().to_string());
    let told = (Instant::now(), 0);
    let mut work = Reapplication { site, version, actor, sender, progress: Progress::default(), told };
    if let Err(Ended::Failed(refused)) = work.all(place).await {
        let _ = work.send(Err(refused)).await;
    }
    drop(occupied);
}

/// Why a reapplication ends before its end.
enum Ended {
    Gone,
    Failed(Refused),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::Failed(error.into())
    }
}

impl From<Refused> for Ended {
    fn from(refused: Refused) -> Ended {
        Ended::Failed(refused)
    }
}

struct Reapplication {
    site: Site,
    version: u64,
    actor: Actor,
    sender: mpsc::Sender<Told>,
    progress: Progress,
    told: (Instant, usize),
}

impl Reapplication {
    async fn all(&mut self, place: Option<Place>) -> Result<(), Ended> {
        let types = self.site.scope.tenant.types.clone();
        self.begin(types.all(), place).await?;
        // A type that comes before the one of the place has been dealt with; they are ordered as in all lists.
        let from = place.and_then(|(code, _)| types.all().iter().position(|known| known.code == code)).unwrap_or(0);
        for resource_type in types.all().iter().skip(from) {
            let after = place.filter(|(code, _)| *code == resource_type.code).map(|(_, id)| id);
            self.resources(resource_type, after).await?;
        }
        self.progress.is_done = true;
        self.progress.total = self.progress.done;
        self.tell().await
    }

    /// Counts what there is to do, and what lies before the place.
    async fn begin(&mut self, types: &[Arc<ResourceType>], place: Option<Place>) -> Result<(), Ended> {
        let (snapshot, number) = (self.site.directory.snapshot().await?, self.site.scope.tenant.number);
        let mut is_before = place.is_some();
        for known in types {
            let total = count::total(&snapshot, number, known.code).await?;
            self.progress.total += total;
            match place.filter(|(code, _)| *code == known.code) {
                Some((code, id)) => {
                    self.progress.done += (count::rank(&snapshot, number, code, id).await? + 1).min(total);
                    is_before = false;
                }
                None if is_before => self.progress.done += total,
                None => {}
            }
        }
        if let Some(place) = place {
            self.progress.resume = text(&self.site.scope.tenant, self.version, place);
        }
        self.told.1 = self.progress.done;
        self.tell().await
    }

    async fn resources(&mut self, resource_type: &Arc<ResourceType>, after: Option<Uuid>) -> Result<(), Ended> {
        let number = self.site.scope.tenant.number;
        let prefix = keys::records(number, resource_type.code);
        let mut after = after.map(|id| keys::record(number, resource_type.code, id));
        loop {
            if *self.site.stopping.borrow() {
                // The caller has the place of what was done.
                return self.tell().await.and(Err(Ended::Gone));
            }
            let tenant = self.tenant().await?;
            let snapshot = self.site.directory.snapshot().await?;
            let limit = limits::PREVIEW_ROWS;
            let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: false };
            let page = snapshot.scan(&scan).await.map_err(store_error)?;
            let Some(last) = page.last_key() else { return Ok(()) };
            after = Some(last.to_vec());
            let ids: Vec<Uuid> = page.iter().filter_map(|row| keys::last_id(row.key)).collect();
            self.some(&tenant, resource_type, ids).await?;
        }
    }

    /// Deals with these, and tells of them in their order.
    async fn some(
        &mut self,
        tenant: &Arc<Tenant>,
        resource_type: &Arc<ResourceType>,
        ids: Vec<Uuid>,
    ) -> Result<(), Ended> {
        let (directory, base) = (self.site.directory.clone(), self.site.scope.base.clone());
        let actor = self.actor.clone();
        let one = |id| {
            let (directory, base, actor) = (&directory, &base, &actor);
            async move {
                // Rules are told of each resource by itself.
                let actor = Actor::new(actor.token.clone(), actor.request.clone());
                let call = Call { directory, tenant, base, actor: &actor };
                let done = patch::remap(&call, resource_type, id).await;
                let rule = actor.rules.told().into_iter().find(|told| told.refused).map(|told| told.rule.to_string());
                (id, done, rule.unwrap_or_default())
            }
        };
        let mut outcomes = stream::iter(ids).map(one).buffered(limits::REAPPLY_AT_WORK_MAX);
        while let Some((id, done, rule)) = outcomes.next().await {
            match done {
                Ok(is_changed) => self.progress.changed += usize::from(is_changed),
                // It was deleted meanwhile.
                Err(error) if error.kind == Kind::NotFound => {}
                Err(error) => {
                    // Nothing can be written by a mapping that is in force no more.
                    self.tenant().await?;
                    self.fail(resource_type, id, rule, error);
                }
            }
            self.progress.done += 1;
            self.progress.total = self.progress.total.max(self.progress.done);
            self.progress.resume = text(tenant, self.version, (resource_type.code, id));
            self.tell_when_due().await?;
        }
        Ok(())
    }

    /// The tenant as it is now, if the mapping still is in force.
    async fn tenant(&self) -> Result<Arc<Tenant>, Ended> {
        let (directory, number) = (&self.site.directory, self.site.scope.tenant.number);
        let snapshot = directory.snapshot().await?;
        is_in_force(&snapshot, number, self.version).await?;
        let tenant = tenant::by_number(directory, &snapshot, number).await?;
        Ok(tenant.ok_or_else(|| tenant::settings::no_tenant(&self.site.scope.tenant.name))?)
    }

    fn fail(&mut self, resource_type: &ResourceType, id: Uuid, rule: String, error: Error) {
        self.progress.failed += 1;
        if self.progress.failures.len() < limits::REAPPLY_FAILURES_TOLD_MAX {
            let (resource_type, id) = (resource_type.name.clone(), id.to_string());
            self.progress.failures.push(Failure { resource_type, id, rule, why: error.detail });
        }
    }

    async fn tell_when_due(&mut self) -> Result<(), Ended> {
        if self.sender.is_closed() {
            return Err(Ended::Gone);
        }
        let (at, done) = self.told;
        let is_due = self.progress.done >= done + limits::MAPPING_PROGRESS_RESOURCES
            || at.elapsed() >= Duration::from_millis(limits::MAPPING_PROGRESS_MS);
        if is_due { self.tell().await } else { Ok(()) }
    }

    async fn tell(&mut self) -> Result<(), Ended> {
        self.told = (Instant::now(), self.progress.done);
        let failures = std::mem::take(&mut self.progress.failures);
        let progress = Progress { failures, ..self.progress.clone() };
        self.send(Ok(progress)).await
    }

    async fn send(&mut self, told: Told) -> Result<(), Ended> {
        let pause = Duration::from_millis(limits::PIECE_MS_MAX);
        self.sender.send_timeout(told, pause).await.map_err(|_| Ended::Gone)
    }
}

async fn is_in_force(snapshot: &Snapshot, tenant: u32, version: u64) -> Result<(), Refused> {
    match in_force(snapshot, tenant).await? {
        now if now == version => Ok(()),
        now => Err(Refused::Meanwhile(format!("version {now} is in force, and not version {version}"))),
    }
}

fn text(tenant: &Tenant, version: u64, (code, id): Place) -> String {
    let place = [&tenant.number.to_be_bytes()[..], &version.to_be_bytes(), &[code], id.as_bytes()].concat();
    position::write(PLACE, &place)
}

fn parse(tenant: &Tenant, version: u64, text: &str) -> Option<Place> {
    let place = position::read(PLACE, text)?;
    let head = [&tenant.number.to_be_bytes()[..], &version.to_be_bytes()].concat();
    let (code, id) = place.strip_prefix(&head[..])?.split_first()?;
    tenant.types.coded(*code)?;
    Some((*code, Uuid::from_slice(id).ok()?))
}

#[cfg(test)]
mod tests;
