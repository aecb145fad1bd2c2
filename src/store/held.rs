//! The views that snapshots hold, and how the writer takes them back: those of ordinary snapshots by the age it knows,
//! pinned ones by a list of their own. It does not know when a commit replaces them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use super::figures::Counters;
use super::redb::View;
use super::writer::Message;
use super::{Error, Page, Scan, Stamp};

/// A view handed out in snapshots. The writer takes the view back when it has grown too old.
pub(super) struct Held {
    stamp: Stamp,
    view: RwLock<Option<Arc<View>>>,
    queue: Weak<Sender<Message>>,
    /// Whether it counts among the replaced views that are still held.
    replaced: AtomicBool,
    counters: Arc<Counters>,
}

/// The views that are pinned, each held apart from the ordinary snapshots of the same commit.
#[derive(Default)]
pub(super) struct Pins(Vec<Pin>);

struct Pin {
    held: Weak<Held>,
    /// Since when a newer view is there.
    replaced: Option<Instant>,
}

impl Held {
    pub(super) fn new(view: Arc<View>, queue: Weak<Sender<Message>>, counters: Arc<Counters>) -> Held {
        let stamp = view.stamp();
        Held { stamp, view: RwLock::new(Some(view)), queue, replaced: AtomicBool::new(false), counters }
    }

    /// The same view, held apart from this one.
    pub(super) fn again(&self) -> Result<Held, Error> {
        Ok(Held::new(self.view()?, self.queue.clone(), Arc::clone(&self.counters)))
    }

    pub(super) fn stamp(&self) -> Stamp {
        self.stamp
    }

    pub(super) fn find<R>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, Error> {
        self.look(self.view()?.find(key, read))
    }

    pub(super) fn scan(&self, scan: &Scan<'_>, bytes_max: usize) -> Result<Page, Error> {
        self.look(self.view()?.scan(scan, bytes_max))
    }

    /// Notes that a newer view is there while this one is held.
    pub(super) fn replace(&self) {
        if !self.replaced.swap(true, Ordering::Relaxed) {
            self.counters.replaced();
        }
    }

    /// Takes the view back.
    pub(super) fn expire(&self) {
        self.release();
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn view(&self) -> Result<Arc<View>, Error> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Error::Expired)
    }

    /// Tells the writer of a failed read, because the file may have to be opened again for reads to come back.
    fn look<R>(&self, result: Result<R, Error>) -> Result<R, Error> {
        if matches!(result, Err(Error::Unavailable(_)))
            && let Some(queue) = self.queue.upgrade()
        {
            // A writer that is gone needs no telling.
            queue.send(Message::Look).unwrap_or_default();
        }
        result
    }

    fn release(&self) {
        if self.replaced.swap(false, Ordering::Relaxed) {
            self.counters.released();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

impl Pins {
    /// Adds a view that is the newest one.
    pub(super) fn add(&mut self, held: &Arc<Held>) {
        self.0.push(Pin { held: Arc::downgrade(held), replaced: None });
    }

    /// Notes that another view is the newest one, and takes back those that have been replaced for too long.
    pub(super) fn replace(&mut self, age_max: Duration) {
        let now = Instant::now();
        self.0.retain_mut(|pin| {
            let Some(held) = pin.held.upgrade() else {
                return false;
            };
            held.replace();
            let kept = now.duration_since(*pin.replaced.get_or_insert(now)) < age_max;
            if !kept {
                held.expire();
            }
            kept
        });
    }

    /// Takes every replaced view back.
    pub(super) fn expire_replaced(&mut self) {
        self.0.retain(|pin| {
            let replaced = pin.replaced.is_some();
            if replaced {
                pin.held.upgrade().inspect(|held| held.expire());
            }
            !replaced
        });
    }
}
