//! The engine in memory: an ordered map whose clones share what they have in common. Nothing of it survives the process.

use std::ops::Bound;
use std::sync::{Arc, RwLock};
use std::time::Instant;

use imbl::OrdMap;
use tokio::sync::watch;

use super::apply::{self, Group};
use super::figures::{Counters, Figures};
use super::{Batch, CommitError, Error, Page, Scan, Stamp, State, page};

type Map = OrdMap<Arc<[u8]>, Arc<[u8]>>;

/// The rows and the newest stamp; none once closed.
pub(super) struct Engine {
    newest: RwLock<Option<Arc<View>>>,
    revision: watch::Sender<u64>,
    counters: Counters,
}

/// The rows at one commit.
#[derive(Clone, Default)]
pub(super) struct View {
    map: Map,
    stamp: Stamp,
}

/// The rows while a group is applied.
pub(super) struct Rows<'a>(&'a mut Map);

impl Default for Engine {
    fn default() -> Engine {
        Engine {
            newest: RwLock::new(Some(Arc::default())),
            revision: watch::Sender::new(0),
            counters: Counters::default(),
        }
    }
}

impl Engine {
    pub(super) fn view(&self) -> Result<Arc<View>, Error> {
        let newest = self.newest.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        newest.clone().ok_or(Error::Closed)
    }

    /// Commits a batch as a group of its own.
    pub(super) fn commit(&self, batch: &Batch) -> Result<Stamp, CommitError> {
        let answer = self.apply(batch);
        self.counters.answered(&answer);
        answer
    }

    fn apply(&self, batch: &Batch) -> Result<Stamp, CommitError> {
        let begun = Instant::now();
        let mut newest = self.newest.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = newest.clone().ok_or(CommitError::Closed)?;
        let mut after = View::clone(&before);
        let unavailable = |error: Error| CommitError::Unavailable(error.to_string());
        let stamp = {
            let mut group = Group::new(before.stamp);
            let mut rows = apply::Rows::Memory(Rows(&mut after.map));
            let stamp = group.apply(&mut rows, batch).map_err(unavailable)??;
            after.stamp = group.finish(&mut rows).map_err(unavailable)?;
            stamp
        };
        if after.stamp != before.stamp {
            // While the lock is held, so that the revision never goes back.
            self.revision.send_replace(after.stamp.revision);
            *newest = Some(Arc::new(after));
            self.counters.committed(1, begun.elapsed());
        }
        Ok(stamp)
    }

    pub(super) fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    pub(super) fn figures(&self) -> Figures {
        self.counters.figures()
    }

    pub(super) fn state(&self) -> State {
        match self.view() {
            Ok(_) => State::Ready,
            Err(error) => State::Unavailable { reason: error.to_string() },
        }
    }

    pub(super) fn close(&self) {
        *self.newest.write().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }
}

impl View {
    pub(super) fn stamp(&self) -> Stamp {
        self.stamp
    }

    pub(super) fn find<R>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.map.get(key).map(|row| read(row))
    }

    pub(super) fn scan(&self, scan: &Scan<'_>) -> Page {
        let mut page = Page::with_room(scan);
        let Some((start, excluded, end)) = page::bounds(scan) else {
            return page;
        };
        let start = if excluded { Bound::Excluded(start.as_slice()) } else { Bound::Included(start.as_slice()) };
        let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        for (key, row) in self.map.range::<_, [u8]>((start, end)).skip(scan.skip).take(scan.limit) {
            page.push(key, row, scan.values);
        }
        page
    }
}

impl Rows<'_> {
    pub(super) fn find<R>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.0.get(key).map(|row| read(row))
    }

    pub(super) fn insert(&mut self, key: &[u8], row: &[u8]) -> Option<Vec<u8>> {
        self.0.insert(key.into(), row.into()).map(|old| old.to_vec())
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.remove(key).map(|old| old.to_vec())
    }
}
