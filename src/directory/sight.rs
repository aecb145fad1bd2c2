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
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::MutexGuard;

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

struct Slot {
    /// The number of the last question.
    asked: u64,
    state: Arc<tokio::sync::Mutex<Kept>>,
}

/// What is kept for one application.
#[derive(Default)]
struct Kept {
    state: Option<State>,
    /// When a client began to read everything, and from which moment on. A client asks for its token afterwards, and is to be told all
    /// that changed meanwhile.
    reads: VecDeque<(Instant, u64)>,
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
        advance(directory, application, &mut kept).await
    }

    /// The same for a client that reads everything: the next tokens begin here.
    pub async fn look_at_all(&self, directory: &Directory, application: &Arc<Application>) -> Result<Sight, Error> {
        let slot = self.slot(application);
        let mut kept = slot.lock().await;
        let sight = advance(directory, application, &mut kept).await?;
        kept.forget_reads();
        if kept.reads.len() < limits::CROWD_FULL_READS_MAX {
            kept.reads.push_back((Instant::now(), sight.revision()));
        }
        Ok(sight)
    }

    fn slot(&self, application: &Application) -> Arc<tokio::sync::Mutex<Kept>> {
        let key = (application.tenant.number, application.name.clone());
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.asked += 1;
        let asked = slots.asked;
        if !slots.known.contains_key(&key)
            && slots.known.len() >= limits::CROWD_SIGHTS_MAX
            && let Some(oldest) = slots.known.iter().min_by_key(|(_, slot)| slot.asked).map(|(key, _)| key.clone())
        {
            slots.known.remove(&oldest);
        }
        let slot = slots.known.entry(key).or_insert_with(|| Slot { asked, state: Arc::default() });
        slot.asked = asked;
        slot.state.clone()
    }
}

impl Kept {
    fn forget_reads(&mut self) {
        let age = Duration::from_millis(limits::CROWD_FULL_READ_MS_MAX);
        self.reads.retain(|(began, _)| began.elapsed() < age);
    }
}

/// Brings what is kept up to date; gives the sight at that moment.
async fn advance(
    directory: &Directory,
    application: &Arc<Application>,
    kept: &mut MutexGuard<'_, Kept>,
) -> Result<Sight, Error> {
    let snapshot = export::pin(directory).await?;
    let now_ms = directory.clock().now_ms();
    let source = Source { application, snapshot: &snapshot, now_ms };
    let binding = Binding::of(application);
    let revision = snapshot.revision();
    let state = match kept.state.take() {
        Some(state) if state.binding == binding && state.index.revision == revision => state,
        Some(mut state) if state.binding == binding && state.index.revision < revision => {
            let (index, notes) = follow::follow(source, &state.index).await?;
            state.journal.add(revision, notes);
            State { index, ..state }
        }
        _ => State { binding, index: build::build(source).await?, journal: Journal::at(revision) },
    };
    let index = state.index.clone();
    kept.state = Some(state);
    Ok(Sight { application: application.clone(), snapshot, index, now_ms })
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

#[cfg(test)]
mod tests;
