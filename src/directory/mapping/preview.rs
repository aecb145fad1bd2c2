//! What a mapping would make of everything that is stored, told while it is found out: how far it is, what differs, whom rules refuse,
//! which values collide, and at the end how many of each. Nothing is written.

use super::check;
use super::survey::{Collision, Fate, Met, Survey};
use crate::directory::places::Work;
use crate::directory::record::ChangeKind;
use crate::directory::refused::Refused;
use crate::directory::tenant::Tenant;
use crate::directory::whatif::Difference;
use crate::directory::{Actor, Call, Directory};
use crate::limits;
use crate::mapping::document::Document;
use crate::mapping::policy::{Policy, Refusal};
use crate::scim::errors::Error;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::{Duration, Instant};

/// One part of a preview.
#[derive(Clone, Debug)]
pub enum Part {
    /// So many resources are dealt with, of so many.
    Progress(usize, usize),
    /// A resource that would be another one.
    Difference(Difference),
    /// A value that several resources would have.
    Collision(Collision),
    /// A resource that a rule refuses.
    Refusal {
        /// The resource type's name.
        resource_type: String,
        /// Its id.
        id: String,
        /// The rule and why.
        refusal: Refusal,
    },
    /// The end.
    Summary(Summary),
}

/// What a preview came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Resources that were looked at.
    pub resources: usize,
    /// Resources that would be others.
    pub changed: usize,
    /// Resources that would stay as they are.
    pub unchanged: usize,
    /// Resources that a rule refuses.
    pub refused: usize,
    /// Values that several resources would have where only one may.
    pub collisions: usize,
    /// How many resources each rule gives another value.
    pub changed_by_rule: BTreeMap<Arc<str>, usize>,
    /// The status that one resource or exchange would be answered with; 0: everything that is stored.
    pub status: u16,
    /// The body of that answer.
    pub response_body: String,
    /// The rules that had a hand in it, in their order.
    pub rules: Vec<String>,
    /// What the preview saw, see [`super::fingerprint`].
    pub fingerprint: String,
}

/// What the receiver of a preview gets.
pub type Told = Result<Part, Refused>;

/// What is tried, on which tenant.
pub struct Trial {
    /// The data.
    pub directory: Arc<Directory>,
    /// The tenant.
    pub tenant: Arc<Tenant>,
    /// The mapping.
    pub document: Document,
    /// How many resources that differ are shown.
    pub differences_max: usize,
    /// What the preview sees.
    pub fingerprint: String,
    /// Becomes true when the server stops.
    pub stopping: watch::Receiver<bool>,
}

/// Begins a preview on everything that is stored, in a task of its own.
///
/// # Errors
/// `Named` with what is wrong with the mapping, `Exhausted` when there are as many previews and replays as there may be.
pub async fn start(trial: Trial) -> Result<mpsc::Receiver<Told>, Refused> {
    let policy = Arc::new(check::compiled(&trial.tenant, &trial.document)?);
    let actor = Actor::new("", "");
    let call = Call { directory: &trial.directory, tenant: &trial.tenant, base: "", actor: &actor };
    check::groups_are_there(&call, &policy).await?;
    let place = trial.directory.places.take(Work::Replay)?;
    let (sender, receiver) = mpsc::channel(limits::PREVIEW_PARTS_WAITING_MAX);
    tokio::spawn(run(trial, policy, sender, place));
    Ok(receiver)
}

async fn run(trial: Trial, policy: Arc<Policy>, sender: mpsc::Sender<Told>, place: OwnedSemaphorePermit) {
    let mut telling = Telling { sender, told: Instant::now(), told_done: 0, left: trial.differences_max };
    if let Err(Ended::Failed(error)) = telling.all(&trial, policy).await {
        let _ = telling.send(Err(error.into())).await;
    }
    drop(place);
}

/// Why a preview ends before its end.
enum Ended {
    Gone,
    Failed(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::Failed(error)
    }
}

struct Telling {
    sender: mpsc::Sender<Told>,
    told: Instant,
    told_done: usize,
    /// How many more resources are shown.
    left: usize,
}

impl Telling {
    async fn all(&mut self, trial: &Trial, policy: Arc<Policy>) -> Result<(), Ended> {
        let actor = Actor::new("", "");
        let call = Call { directory: &trial.directory, tenant: &trial.tenant, base: "", actor: &actor };
        let mut survey = Survey::begin(&call, policy, &trial.document).await?;
        let mut summary = Summary { fingerprint: trial.fingerprint.clone(), ..Summary::default() };
        self.part(Part::Progress(0, survey.total)).await?;
        while let Some(met) = survey.next().await? {
            for one in met {
                self.one(one, &mut summary).await?;
            }
            if *trial.stopping.borrow() || self.sender.is_closed() {
                return Err(Ended::Gone);
            }
            self.progress(survey.done, survey.total).await?;
        }
        self.part(Part::Progress(survey.done, survey.total.max(survey.done))).await?;
        let collisions = survey.collisions();
        summary.collisions = collisions.len();
        for collision in collisions.into_iter().take(limits::PREVIEW_COLLISIONS_MAX) {
            self.part(Part::Collision(collision)).await?;
        }
        self.part(Part::Summary(summary)).await
    }

    async fn one(&mut self, met: Met, summary: &mut Summary) -> Result<(), Ended> {
        let Met { resource_type, id, fate } = met;
        summary.resources += 1;
        let is_shown = self.left > 0;
        let part = match fate {
            Fate::Same => {
                summary.unchanged += 1;
                return Ok(());
            }
            Fate::Other { attributes, rules } => {
                summary.changed += 1;
                for rule in rules {
                    *summary.changed_by_rule.entry(rule).or_default() += 1;
                }
                Part::Difference(Difference {
                    kind: ChangeKind::Update,
                    resource_type: resource_type.name.clone(),
                    id: id.to_string(),
                    attributes,
                    members_added: Vec::new(),
                    members_removed: Vec::new(),
                })
            }
            Fate::Refused(refusal) => {
                summary.refused += 1;
                Part::Refusal { resource_type: resource_type.name.clone(), id: id.to_string(), refusal }
            }
        };
        if is_shown {
            self.left -= 1;
            self.part(part).await?;
        }
        Ok(())
    }

    async fn progress(&mut self, done: usize, total: usize) -> Result<(), Ended> {
        let is_due = done >= self.told_done + limits::MAPPING_PROGRESS_RESOURCES
            || self.told.elapsed() >= Duration::from_millis(limits::MAPPING_PROGRESS_MS);
        if !is_due {
            return Ok(());
        }
        (self.told, self.told_done) = (Instant::now(), done);
        self.part(Part::Progress(done, total.max(done))).await
    }

    async fn part(&mut self, part: Part) -> Result<(), Ended> {
        self.send(Ok(part)).await
    }

    async fn send(&mut self, told: Told) -> Result<(), Ended> {
        // A client that takes nothing any more must not keep the snapshot, by which the file grows.
        let pause = Duration::from_millis(limits::PIECE_MS_MAX);
        self.sender.send_timeout(told, pause).await.map_err(|_| Ended::Gone)
    }
}

#[cfg(test)]
mod tests;
