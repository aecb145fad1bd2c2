//! What one target's task works with: its settings and scope, the line to it, how far it is, and who is told. With a line it sends; without
//! one to send on it pretends, for plans: then each step counts as done as soon as it is told.

use super::claim::Turns;
use super::line::Line;
use super::scope::Scope;
use crate::directory::Directory;
use crate::directory::refused::Refused;
use crate::directory::target::Shown;
use crate::directory::target::progress::{Progress, Step as Told, Told as Tells};
use crate::directory::target::state::Site;
use crate::directory::target::stored::State;
use crate::limits;
use crate::outbound::client::{self, Answer, Ask};
use crate::outbound::errand::Verdict;
use crate::outbound::request::{Reply, Request};
use crate::scim::errors::Error;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// See the module.
pub(super) struct Task {
    /// Where what is known of the target is kept; a fork while it pretends.
    pub(super) directory: Arc<Directory>,
    pub(super) shown: Shown,
    pub(super) scope: Scope,
    pub(super) line: Line,
    /// Steps are told and not taken.
    pub(super) pretends: bool,
    state: Mutex<State>,
    progress: Mutex<Progress>,
    listeners: Mutex<Vec<Listener>>,
    /// Resources in a row that the target failed at.
    failures: AtomicU32,
    pub(super) turns: Turns,
}

/// Who is told how it goes.
pub(super) struct Listener {
    pub(super) told: mpsc::Sender<Result<Tells, Refused>>,
    /// The rounds that had begun when it came: it is told the end of a later one.
    pub(super) rounds: u64,
}

/// Why work on a target ends before its end.
#[derive(Debug)]
pub(super) enum Ended {
    /// The target cannot be worked with now.
    Down {
        /// How long it asks for, in milliseconds.
        after_ms: Option<i64>,
        /// Why.
        why: String,
    },
    /// An admin has to do something first.
    Blocked(String),
    /// The store.
    Store(Error),
    /// Nobody wants to know any more.
    Unwanted,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::Store(error)
    }
}

impl Ended {
    /// As a sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Ended::Down { why, .. } | Ended::Blocked(why) => why.clone(),
            Ended::Store(error) => error.detail.clone(),
            Ended::Unwanted => "nobody wants to know any more".to_owned(),
        }
    }
}

impl Task {
    pub(super) fn new(directory: Arc<Directory>, shown: Shown, scope: Scope, line: Line, pretends: bool) -> Task {
        Task {
            directory,
            shown,
            scope,
            line,
            pretends,
            state: Mutex::default(),
            progress: Mutex::default(),
            listeners: Mutex::default(),
            failures: AtomicU32::new(0),
            turns: Turns::default(),
        }
    }

    /// Where what is known of the target is kept.
    pub(super) fn site(&self) -> Site<'_> {
        Site { directory: &self.directory, tenant: self.shown.tenant, target: self.shown.number }
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.directory.clock().now_ms()
    }

    /// How far it is. Whoever changes it notes it.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn listeners(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A part of the work begins.
    pub(super) fn phase(&self, phase: &str, total: u64) {
        {
            let mut progress = self.progress();
            progress.phase = phase.to_owned();
            progress.done = 0;
            progress.total = total;
        }
        self.tell_progress();
    }

    /// A resource was dealt with.
    pub(super) fn advance(&self) {
        let is_time = {
            let mut progress = self.progress();
            progress.done += 1;
            progress.done.is_multiple_of(limits::TARGET_PROGRESS_RESOURCES)
        };
        if is_time {
            self.tell_progress();
        }
    }

    /// Tells whoever listens how far it is; those who are too slow miss it, and those who are gone are forgotten.
    pub(super) fn tell_progress(&self) {
        let progress = self.progress().clone();
        if !self.pretends {
            self.note_live(|now| now.progress = Some(progress.clone()));
        }
        self.listeners().retain(|listener| {
            let told = listener.told.try_send(Ok(Tells::Progress(progress.clone())));
            !matches!(told, Err(mpsc::error::TrySendError::Closed(_)))
        });
    }

    pub(super) fn note_live(&self, change: impl FnOnce(&mut crate::directory::target::live::Now)) {
        self.directory.targets.live.note(self.shown.tenant, self.shown.number, change);
    }

    /// Counts a step, and tells it where it is not taken.
    pub(super) async fn tell_step(&self, step: Told) -> Result<(), Ended> {
        *self.progress().steps.entry(step.kind.clone()).or_insert(0) += 1;
        if !self.pretends {
            return Ok(());
        }
        let listeners: Vec<_> = self.listeners().iter().map(|listener| listener.told.clone()).collect();
        for told in listeners {
            told.send(Ok(Tells::Step(step.clone()))).await.map_err(|_| Ended::Unwanted)?;
        }
        Ok(())
    }

    /// Sends a request, and gives its answer or what keeps one from coming.
    pub(super) async fn ask(&self, request: &Request) -> Result<Result<Answer, Verdict>, Ended> {
        let headers: Vec<(String, String)> =
            request.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = request.body.as_ref().map(ToString::to_string);
        let ask = Ask {
            method: request.method,
            path: &request.path,
            headers: &headers,
            authorized: true,
            body: body.as_deref(),
            answer_bytes_max: limits::TARGET_ANSWER_BYTES_MAX,
        };
        match self.line.ask(&ask).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(error @ (client::Error::Connect(..) | client::Error::Tls(..))) => {
                Err(Ended::Down { after_ms: None, why: error.to_string() })
            }
            // It may be this one request that the target cannot do.
            Err(error @ (client::Error::Timeout(_) | client::Error::Broken(_) | client::Error::TooLarge(_))) => {
                Ok(Err(Verdict::Failed(error.to_string())))
            }
            Err(error @ (client::Error::Url(_) | client::Error::Token | client::Error::Authorities { .. })) => {
                Err(Ended::Blocked(error.to_string()))
            }
            Err(error @ client::Error::Request(_)) => Ok(Err(Verdict::Dead(error.to_string()))),
        }
    }

    /// The answer as pure functions read it.
    pub(super) fn reply<'a>(&self, answer: &'a Answer) -> Reply<'a> {
        Reply { status: answer.status, headers: &answer.headers, body: &answer.body, now_ms: self.now_ms() }
    }

    /// A resource succeeded, so that the target works.
    pub(super) fn works(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// The target failed at a resource. When it has failed at so many in a row, it is the target, and not the resources.
    pub(super) fn fails(&self, why: &str) -> Result<(), Ended> {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        match failures >= limits::TARGET_FAILURES_IN_A_ROW_MAX {
            true => {
                let why = format!("it failed {failures} times in a row, at last with: {why}");
                Err(Ended::Down { after_ms: None, why })
            }
            false => Ok(()),
        }
    }
}
