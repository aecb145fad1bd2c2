//! The engine in memory: a view that each commit replaces by the next, and the view of the store that is only there, an
//! ordered map whose clones share what they have in common. Nothing of it survives the process.

use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use imbl::OrdMap;
use tokio::sync::watch;

use super::apply::{self, Group};
use super::figures::{Counters, Figures};
use super::{Batch, CommitError, Error, Page, Scan, Stamp, State, page};

/// An ordered map by key; cloning it is cheap.
pub(super) type Map<Row> = OrdMap<Arc<[u8]>, Row>;

/// The newest view; none once closed.
pub(super) struct Engine<View> {
    newest: RwLock<Option<Arc<View>>>,
    revision: watch::Sender<u64>,
    counters: Counters,
}

/// The rows at one commit.
#[derive(Clone, Default)]
pub(super) struct View {
    map: Map<Arc<[u8]>>,
    stamp: Stamp,
}

/// The rows while a group is applied.
pub(super) struct Rows<'a>(&'a mut Map<Arc<[u8]>>);

impl<View> Engine<View> {
    /// An engine that goes on from a view and its revision.
    pub(super) fn new(view: View, revision: u64) -> Engine<View> {
        Engine {
            newest: RwLock::new(Some(Arc::new(view))),
            revision: watch::Sender::new(revision),
            counters: Counters::default(),
        }
    }

    pub(super) fn view(&self) -> Result<Arc<View>, Error> {
        let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
        newest.clone().ok_or(Error::Closed)
    }

    /// Commits one batch: `apply` gives its stamp and the view that has it, none when it changes nothing.
    pub(super) fn commit(
        &self,
        apply: impl FnOnce(&View) -> Result<(Stamp, Option<View>), CommitError>,
    ) -> Result<Stamp, CommitError> {
        let answer = self.replace(apply);
        self.counters.answered(&answer);
        answer
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
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn replace(
        &self,
        apply: impl FnOnce(&View) -> Result<(Stamp, Option<View>), CommitError>,
    ) -> Result<Stamp, CommitError> {
        let begun = Instant::now();
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        let before = newest.as_ref().ok_or(CommitError::Closed)?;
        let (stamp, after) = apply(before)?;
        if let Some(after) = after {
            *newest = Some(Arc::new(after));
            // While the lock is held, so that the revision never goes back.
            self.revision.send_replace(stamp.revision);
            self.counters.committed(1, begun.elapsed());
        }
        Ok(stamp)
    }
}

impl View {
    pub(super) fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Applies a batch as a group of its own.
    pub(super) fn apply(&self, batch: &Batch) -> Result<(Stamp, Option<View>), CommitError> {
        let mut map = self.map.clone();
        let (stamp, changed) = apply_alone(self.stamp, apply::Rows::Memory(Rows(&mut map)), batch)?;
        Ok((stamp, changed.then_some(View { map, stamp })))
    }

    pub(super) fn find<R>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.map.get(key).map(|row| read(row))
    }

    pub(super) fn scan(&self, scan: &Scan<'_>, bytes_max: usize) -> Page {
        let mut page = Page::with_room(scan);
        for (key, row) in range(&self.map, scan).skip(scan.skip).take(scan.limit) {
            page.push(key, row, scan.values);
            if page.bytes() >= bytes_max {
                break;
            }
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

/// Applies a batch as a group of its own after the commit `last`. Answers with its stamp and whether it wrote anything;
/// on an error the rows are of no use.
pub(super) fn apply_alone(last: Stamp, mut rows: apply::Rows<'_>, batch: &Batch) -> Result<(Stamp, bool), CommitError> {
    let unavailable = |error: Error| CommitError::Unavailable(error.to_string());
    let mut group = Group::new(last);
    let stamp = group.apply(&mut rows, batch).map_err(unavailable)??;
    let newest = group.finish(&mut rows).map_err(unavailable)?;
    Ok((stamp, newest != last))
}

/// The part of a map that a scan visits, before any is skipped.
pub(super) fn range<'a, Row: Clone>(
    map: &'a Map<Row>,
    scan: &Scan<'_>,
) -> impl Iterator<Item = (&'a Arc<[u8]>, &'a Row)> + use<'a, Row> {
    let bounds = page::bounds(scan);
    let range = bounds.map(|(start, excluded, end)| {
        let start = if excluded { Bound::Excluded(start.as_slice()) } else { Bound::Included(start.as_slice()) };
        map.range::<_, [u8]>((start, end.as_deref().map_or(Bound::Unbounded, Bound::Excluded)))
    });
    range.into_iter().flatten()
}
