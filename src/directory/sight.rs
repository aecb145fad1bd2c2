//! What an application sees of a tenant: whose group filter and mapping decide who is there and under which name, at one moment. The names
//! are kept in memory for each application, made when it first asks and brought up to date from the change log when it asks again. It
//! knows no protocol.

mod build;
mod follow;
pub mod entity;
pub mod events;
pub mod index;
pub mod journal;
pub mod names;
pub mod search;
pub mod text;
pub mod walk;

use self::build::Source;
use self::index::Index;
use self::journal::Journal;
use super::Directory;
use super::application::Application;
use super::export;
use crate::limits;
use crate::scim::errors::Error;
use crate::store::Snapshot;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What applications see, each kept for its next question.
#[derive(Default)]
pub struct Sights {
    slots: Mutex<Slots>,
}

#[derive(Default)]
struct Slots {
    /// By the tenant's number and the application's name.
    known: HashMap<(u32, String), Slot>,
    asked: u64,
}

#[derive(Default)]
struct Slot {
    /// The number of the last question.
    asked: u64,
    /// When that was.
    at: Option<Instant>,
    state: Arc<tokio::sync::Mutex<Kept>>,
    sizes: Arc<Sizes>,
}

/// How much is kept for one application.
#[derive(Default)]
struct Sizes {
    names: AtomicUsize,
    same_names: AtomicUsize,
}

/// What is kept for one application.
#[derive(Default)]
struct Kept {
    state: Option<State>,
    /// By the client's address, when it last began to read everything, and at which moment. It asks for its token afterwards, and is to
    /// be told all that changed meanwhile.
    reads: HashMap<IpAddr, (Instant, u64)>,
}

struct State {
    binding: Binding,
    index: Index,
    journal: Journal,
}

/// What the names depend on besides the data.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Binding {
    revision: u64,
    definitions: Option<u64>,
}

impl Binding {
    fn of(application: &Application) -> Binding {
        Binding { revision: application.revision, definitions: application.tenant.definitions }
    }
}

/// How many ids a log line has at most.
const TOLD_IDS: usize = 10;

/// What an application sees at one moment. It stays readable for as long as an export; the file grows while it is held.
#[derive(Clone)]
pub struct Sight {
    application: Arc<Application>,
    snapshot: Snapshot,
    index: Index,
    now_ms: i64,
}

impl Sights {
    /// What the application sees now.
    pub async fn look(&self, directory: &Directory, application: &Arc<Application>) -> Result<Sight, Error> {
        let slot = self.slot(application);
        let mut kept = slot.lock().await;
        self.advance(directory, application, &mut kept).await
    }

    /// The same for a client that reads everything: the tokens that it asks for next begin here.
    pub async fn look_at_all(
        &self,
        directory: &Directory,
        application: &Arc<Application>,
        from: IpAddr,
    ) -> Result<Sight, Error> {
        let slot = self.slot(application);
        let mut kept = slot.lock().await;
        let sight = self.advance(directory, application, &mut kept).await?;
        let last = kept.last_read(from);
        if last.is_some() || kept.reads.len() < limits::CROWD_FULL_READS_MAX {
            kept.reads.insert(from, (Instant::now(), sight.revision()));
        }
        Ok(sight)
    }

    /// How many users and groups an application does not see because older ones have the same names, as it was when it last asked.
    pub fn same_names(&self, application: &Application) -> usize {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.known.get(&(application.tenant.number, application.name.clone()));
        slot.map_or(0, |slot| slot.sizes.same_names.load(Relaxed))
    }

    fn slot(&self, application: &Application) -> Arc<tokio::sync::Mutex<Kept>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.forget();
        slots.asked += 1;
        let asked = slots.asked;
        let slot = slots.known.entry((application.tenant.number, application.name.clone())).or_default();
        (slot.asked, slot.at) = (asked, Some(Instant::now()));
        slot.state.clone()
    }

    /// Brings what is kept up to date; gives the sight at that moment.
    async fn advance(
        &self,
        directory: &Directory,
        application: &Arc<Application>,
        kept: &mut Kept,
    ) -> Result<Sight, Error> {
        let (sight, same_names) = advance(directory, application, kept).await?;
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = slots.known.get(&(application.tenant.number, application.name.clone())) else {
            return Ok(sight);
        };
        slot.sizes.names.store(sight.index.count(), Relaxed);
        if slot.sizes.same_names.swap(same_names, Relaxed) < same_names {
            let (tenant, application) = (&application.tenant.name, &application.name);
            let ids: Vec<Uuid> = sight.index.users.behind().chain(sight.index.groups.behind()).take(TOLD_IDS).collect();
            let why = "older ones have the same names, without regard to case";
            tracing::warn!(tenant, application, same_names, ?ids, why, "an application does not see everybody");
        }
        Ok(sight)
    }
}

impl Slots {
    /// Makes room: whoever has not asked for long, and whoever asked longest ago where all together have too much.
    fn forget(&mut self) {
        let idle = Duration::from_millis(limits::CROWD_SIGHT_IDLE_MS_MAX);
        self.known.retain(|_, slot| slot.at.is_none_or(|at| at.elapsed() < idle));
        loop {
            let names: usize = self.known.values().map(|slot| slot.sizes.names.load(Relaxed)).sum();
            if self.known.len() < limits::CROWD_SIGHTS_MAX && (names <= limits::CROWD_NAMES_MAX || self.known.len() < 2)
            {
                return;
            }
            let oldest = self.known.iter().min_by_key(|(_, slot)| slot.asked).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            self.known.remove(&oldest);
        }
    }
}

impl Kept {
    /// The moment at which the client last began to read everything, if that was a short while ago.
    fn last_read(&mut self, from: IpAddr) -> Option<u64> {
        let age = Duration::from_millis(limits::CROWD_FULL_READ_MS_MAX);
        self.reads.retain(|_, (began, _)| began.elapsed() < age);
        self.reads.get(&from).map(|(_, revision)| *revision)
    }
}

/// The sight now, from what is kept where that is possible; and how many are not seen because of their names.
async fn advance(
    directory: &Directory,
    application: &Arc<Application>,
    kept: &mut Kept,
) -> Result<(Sight, usize), Error> {
    let snapshot = export::pin(directory).await?;
    let now_ms = directory.clock().now_ms();
    let unnamed = AtomicUsize::new(0);
    let source = Source { application, snapshot: &snapshot, now_ms, unnamed: &unnamed };
    let binding = Binding::of(application);
    let revision = snapshot.revision();
    // What is kept stays as it is until the next is whole: a client that goes away takes nothing with it.
    let kept = &mut kept.state;
    let index = match kept {
        Some(state) if state.binding == binding && state.index.revision == revision => state.index.clone(),
        Some(state) if state.binding == binding && state.index.revision < revision => {
            let (index, notes) = follow::follow(source, &state.index).await?;
            state.journal.add(revision, notes);
            state.index = index.clone();
            index
        }
        _ => {
            let index = build::build(source).await?;
            *kept = Some(State { binding, index: index.clone(), journal: Journal::at(revision) });
            index
        }
    };
    let same_names = index.users.waiting() + index.groups.waiting();
    Ok((Sight { application: application.clone(), snapshot, index, now_ms }, same_names))
}

impl Sight {
    /// Whose sight it is.
    pub fn application(&self) -> &Arc<Application> {
        &self.application
    }

    /// The moment.
    pub fn revision(&self) -> u64 {
        self.index.revision
    }

    /// The names, and which group is in which.
    pub fn index(&self) -> &Index {
        &self.index
    }

    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    fn tenant(&self) -> u32 {
        self.application.tenant.number
    }

    fn now_ms(&self) -> i64 {
        self.now_ms
    }
}
