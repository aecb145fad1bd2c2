//! The one writer of a database file: a thread that takes batches from a bounded queue, makes many durable with one commit
//! and answers each; the handle that callers queue by; and the way back after an I/O error. It
//! knows nothing of tables and pages.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::disk::Base;
use super::figures::{Counters, Figures};
use super::held::{Held, Pins};
use super::open::{self, Opened};
use super::redb::{Committed, Database, View};
use super::{Batch, CommitError, Error, OpenError, Options, Stamp, State};
use crate::limits;

/// The callers' end of the queue.
pub(super) struct Handle {
    queue: Arc<Sender<Message>>,
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    shared: Arc<Shared>,
    base: Weak<Base>,
}

/// What the writer lets its callers see.
struct Shared {
    newest: RwLock<Option<Arc<Held>>>,
    /// Locked while the newest view is replaced, and while it is pinned.
    pins: Mutex<Pins>,
    revision: watch::Sender<u64>,
    state: watch::Sender<State>,
    closed: watch::Sender<bool>,
    counters: Arc<Counters>,
}

/// What the writer is told.
pub(super) enum Message {
    Commit(Request),
    /// A read has failed: look at the file.
    Look,
    Close,
}

pub(super) struct Request {
    batch: Batch,
    answer: oneshot::Sender<Result<Stamp, CommitError>>,
    room: [OwnedSemaphorePermit; 2],
}

struct Writer {
    options: Options,
    base: Arc<Base>,
    db: Database,
    last: Stamp,
    queue: Receiver<Message>,
    shared: Arc<Shared>,
    callers: Weak<Sender<Message>>,
    /// Views that somebody still holds, and since when a newer one is there.
    replaced: VecDeque<(Instant, Weak<Held>)>,
    /// How many batches the group before had.
    gathered: usize,
    /// How long the last wait before opening the database again was.
    wait: Duration,
    closing: bool,
}

/// Opens the database at `path` and starts its writer.
pub(super) fn open(path: &Path, options: &Options) -> Result<Handle, OpenError> {
    let opened = open::open(
        path,
        options,
        #[cfg(test)]
        &Arc::default(),
    )?;
    start(path, opened, options)
}

/// Starts the writer of an open database.
pub(super) fn start(path: &Path, opened: Opened, options: &Options) -> Result<Handle, OpenError> {
    let (sender, queue) = channel();
    let sender = Arc::new(sender);
    let callers = Arc::downgrade(&sender);
    let shared = Arc::new(Shared {
        newest: RwLock::new(None),
        pins: Mutex::default(),
        revision: watch::Sender::new(opened.view.stamp().revision),
        state: watch::Sender::new(State::Ready),
        closed: watch::Sender::new(false),
        counters: Arc::default(),
    });
    let base = Arc::downgrade(&opened.base);
    let mut writer = Writer {
        options: options.clone(),
        base: opened.base,
        db: opened.db,
        last: Stamp::default(),
        queue,
        shared: Arc::clone(&shared),
        callers,
        replaced: VecDeque::new(),
        gathered: 0,
        wait: Duration::ZERO,
        closing: false,
    };
    writer.publish(opened.view);
    let run = move || {
        let shared = Arc::clone(&writer.shared);
        // A writer that ends in a panic has dropped the queue, so that callers are refused; readiness says it too.
        if catch_unwind(AssertUnwindSafe(|| writer.run())).is_err() {
            shared.state.send_replace(State::Unavailable { reason: "the writer has stopped".into() });
            shared.closed.send_replace(true);
        }
    };
    let started = std::thread::Builder::new().name("store-writer".into()).spawn(run);
    started.map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    Ok(Handle {
        queue: sender,
        places: Arc::new(Semaphore::new(limits::STORE_QUEUE_BATCHES_MAX)),
        bytes: Arc::new(Semaphore::new(limits::STORE_QUEUE_BYTES_MAX)),
        shared,
        base,
    })
}

impl Handle {
    pub(super) fn newest(&self) -> Result<Arc<Held>, Error> {
        let newest = self.shared.newest.read().unwrap_or_else(PoisonError::into_inner);
        newest.clone().ok_or(Error::Closed)
    }

    /// The newest view, held for as long as pinned ones are.
    pub(super) fn pin(&self) -> Result<Arc<Held>, Error> {
        let mut pins = self.shared.pins();
        let held = Arc::new(self.newest()?.again()?);
        pins.add(&held);
        Ok(held)
    }

    pub(super) async fn commit(&self, batch: Batch) -> Result<Stamp, CommitError> {
        if batch.is_empty() {
            return self.newest().map(|held| held.stamp()).map_err(|_| CommitError::Closed);
        }
        let weight = u32::try_from(batch.bytes()).unwrap_or(u32::MAX);
        let closed = |_| CommitError::Closed;
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(closed)?;
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(weight).await.map_err(closed)?;
        if let State::Unavailable { reason } = self.state() {
            let refused = Err(CommitError::Unavailable(reason));
            self.shared.counters.answered(&refused);
            return refused;
        }
        let (answer, answered) = oneshot::channel();
        let request = Request { batch, answer, room: [place, bytes] };
        self.queue.send(Message::Commit(request)).map_err(|_| CommitError::Closed)?;
        answered.await.unwrap_or(Err(CommitError::Closed))
    }

    pub(super) fn state(&self) -> State {
        self.shared.state.borrow().clone()
    }

    pub(super) fn figures(&self) -> Figures {
        let taken = |max: usize, left: &Semaphore| max.saturating_sub(left.available_permits()) as u64;
        // The writer drops the file a little later than it says that it has closed it.
        let base = self.base.upgrade().filter(|_| !*self.shared.closed.borrow());
        Figures {
            queue_batches: taken(limits::STORE_QUEUE_BATCHES_MAX, &self.places),
            queue_bytes: taken(limits::STORE_QUEUE_BYTES_MAX, &self.bytes),
            file_bytes: base.and_then(|base| base.len().ok()).unwrap_or(0),
            ..self.shared.counters.figures()
        }
    }

    pub(super) fn revisions(&self) -> watch::Receiver<u64> {
        self.shared.revision.subscribe()
    }

    /// Waits for a state, for tests.
    #[cfg(test)]
    pub(super) async fn wait_for(&self, is: impl FnMut(&State) -> bool) {
        self.shared.state.subscribe().wait_for(is).await.map(drop).unwrap_or_default();
    }

    pub(super) async fn close(&self) {
        self.places.close();
        self.bytes.close();
        if self.queue.send(Message::Close).is_ok() {
            let mut closed = self.shared.closed.subscribe();
            // The sender is in `self`, so that waiting ends only by the writer's word.
            closed.wait_for(|closed| *closed).await.map(drop).unwrap_or_default();
        }
    }
}

impl Shared {
    fn pins(&self) -> MutexGuard<'_, Pins> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    fn run(mut self) {
        while !self.closing {
            match self.queue.recv() {
                Ok(message) => self.take(message),
                Err(_) => break,
            }
        }
        // What was queued before the close is still committed.
        while let Ok(message) = self.queue.try_recv() {
            self.take(message);
        }
        self.finish();
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Commit(first) => self.commit(first),
            Message::Look => {
                if let Some(fault) = self.db.fault() {
                    self.recover(fault.reason);
                }
            }
            Message::Close => self.closing = true,
        }
    }

    /// Commits a batch together with those that wait behind it.
    fn commit(&mut self, first: Request) {
        let group = self.gather(first);
        let begun = Instant::now();
        let batches = || self.db.commit(group.iter().map(|request| &request.batch), self.last);
        let outcome = catch_unwind(AssertUnwindSafe(batches));
        let outcome = outcome.unwrap_or_else(|_| Err(Error::Unavailable("the commit panicked".into())));
        match outcome {
            Ok(Committed { answers, view }) => {
                self.wait = Duration::ZERO;
                // Published before it is answered, so that a caller finds what it has written.
                if let Some(view) = view {
                    let batches = answers.iter().filter(|answer| answer.is_ok()).count();
                    self.shared.counters.committed(batches, begun.elapsed());
                    self.publish(view);
                }
                for (request, answer) in group.into_iter().zip(answers) {
                    self.answer(request, answer);
                }
                if let Some(fault) = self.db.fault() {
                    self.recover(fault.reason);
                }
            }
            Err(error) => {
                let reason = self.db.fault().map_or_else(|| error.to_string(), |fault| fault.reason);
                // The state first, so that a caller who has his answer finds it.
                self.refuse(&reason);
                for request in group {
                    self.answer(request, Err(CommitError::Unavailable(reason.clone())));
                }
                self.recover(reason);
            }
        }
    }

    /// Takes what waits behind a batch. Callers that were answered together come back one after the other, so that a
    /// group waits a little until it is as large as the one before; a lone caller never waits.
    fn gather(&mut self, first: Request) -> Vec<Request> {
        let until = Instant::now() + Duration::from_micros(limits::STORE_GATHER_US_MAX);
        let mut bytes = first.batch.bytes();
        let mut group = vec![first];
        while group.len() < limits::STORE_GROUP_BATCHES_MAX && bytes < limits::STORE_GROUP_BYTES_MAX {
            let waiting = match self.queue.try_recv() {
                Err(_) if group.len() < self.gathered && !self.closing => {
                    let left = until.saturating_duration_since(Instant::now());
                    self.queue.recv_timeout(left).ok()
                }
                waiting => waiting.ok(),
            };
            match waiting {
                Some(Message::Commit(request)) => {
                    bytes += request.batch.bytes();
                    group.push(request);
                }
                Some(Message::Look) => {}
                Some(Message::Close) => self.closing = true,
                None => break,
            }
        }
        self.gathered = group.len();
        group
    }

    /// Makes a view the one that new snapshots get, and takes back those that have been replaced for too long.
    fn publish(&mut self, view: View) {
        self.last = view.stamp();
        let held = Held::new(Arc::new(view), self.callers.clone(), Arc::clone(&self.shared.counters));
        let replaced = self.show(Some(Arc::new(held)));
        self.shared
            .revision
            .send_if_modified(|revision| std::mem::replace(revision, self.last.revision) != self.last.revision);
        if let Some(replaced) = replaced.filter(|replaced| Arc::strong_count(replaced) > 1) {
            replaced.replace();
            self.replaced.push_back((Instant::now(), Arc::downgrade(&replaced)));
        }
        let age_max = Duration::from_millis(self.options.snapshot_age_ms);
        while let Some((since, held)) = self.replaced.front() {
            match held.upgrade() {
                Some(_) if since.elapsed() < age_max => break,
                Some(held) => held.expire(),
                None => {}
            }
            self.replaced.pop_front();
        }
    }

    /// A caller that has gone needs no answer.
    fn answer(&self, request: Request, answer: Result<Stamp, CommitError>) {
        self.shared.counters.answered(&answer);
        // Before the answer, so that its caller does not find his own batch still waiting.
        drop(request.room);
        request.answer.send(answer).map(drop).unwrap_or_default();
    }

    fn refuse(&self, reason: &str) {
        let reason = reason.to_owned();
        self.shared.state.send_replace(State::Unavailable { reason });
    }

    fn show(&self, held: Option<Arc<Held>>) -> Option<Arc<Held>> {
        let mut pins = self.shared.pins();
        let before = {
            let mut newest = self.shared.newest.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *newest, held)
        };
        pins.replace(Duration::from_millis(self.options.pinned_age_ms));
        before
    }

    /// Opens the database again, for as long as it takes; refuses batches and lets reads go on meanwhile.
    fn recover(&mut self, mut reason: String) {
        tracing::error!(reason, "the database cannot be written; it is opened again");
        self.db.freeze();
        let wait_min = Duration::from_millis(limits::STORE_REOPEN_MS_MIN);
        let wait_max = Duration::from_millis(limits::STORE_REOPEN_MS_MAX);
        loop {
            self.refuse(&reason);
            // A commit that succeeds resets the wait, an opening does not: a disk that takes one page and no more
            // would otherwise be opened all the time.
            self.wait = (self.wait * 2).clamp(wait_min, wait_max);
            if self.refuse_for(self.wait, &reason) {
                return;
            }
            match self.reopen() {
                Ok(()) => break,
                Err(error) => reason = error,
            }
        }
        self.shared.state.send_replace(State::Ready);
        tracing::info!(revision = self.last.revision, "the database is written again");
    }

    /// Answers what is queued with the reason until the time is over. True when the store is to be closed.
    fn refuse_for(&mut self, wait: Duration, reason: &str) -> bool {
        let until = Instant::now() + wait;
        while !self.closing {
            match self.queue.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Message::Commit(request)) => {
                    self.answer(request, Err(CommitError::Unavailable(reason.to_owned())));
                }
                Ok(Message::Look) => {}
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => self.closing = true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
        while let Ok(message) = self.queue.try_recv() {
            if let Message::Commit(request) = message {
                self.answer(request, Err(CommitError::Unavailable(reason.to_owned())));
            }
        }
        true
    }

    /// Puts a newly opened database in the place of the failed one. Snapshots of the failed one expire, because the
    /// new one does not know which pages they need.
    fn reopen(&mut self) -> Result<(), String> {
        self.base.heal(self.db.fault().as_ref()).map_err(|error| error.to_string())?;
        let (db, view) = open::attach(&self.base, &self.options, false).map_err(|refusal| format!("{refusal:?}"))?;
        if view.stamp() < self.last {
            let (found, known) = (view.stamp().revision, self.last.revision);
            return Err(format!("the file has gone back from revision {known} to {found}"));
        }
        self.publish(view);
        self.expire_replaced();
        drop(std::mem::replace(&mut self.db, db));
        self.shared.counters.reopened();
        Ok(())
    }

    fn finish(mut self) {
        self.refuse(&Error::Closed.to_string());
        let newest = self.show(None);
        self.replaced.extend(newest.map(|held| (Instant::now(), Arc::downgrade(&held))));
        self.expire_replaced();
        if let Err(error) = self.db.close() {
            tracing::error!(%error, "the database was not closed cleanly; it is repaired at the next start");
        }
        self.base.unlock();
        self.shared.closed.send_replace(true);
    }

    fn expire_replaced(&mut self) {
        for (_, held) in self.replaced.drain(..) {
            held.upgrade().inspect(|held| held.expire());
        }
        self.shared.pins().expire_replaced();
    }
}
