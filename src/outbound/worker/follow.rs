//! The task of one target: it waits for changes, does what is to be done, and pauses when the target cannot be worked with. How far it got
//! is in the store, so that it can be ended anywhere.

use super::dirty::{self, Dirty};
use super::group::Source;
use super::line::Line;
use super::order;
use super::scope::Scope;
use super::task::{Ended, Listener, Task};
use crate::directory::log::{self, Bounds, Position};
use crate::directory::record::Change;
use crate::directory::refused::Refused;
use crate::directory::target::desk::{Order, What};
use crate::directory::target::live::Doing;
use crate::directory::target::progress::{Progress, Told};
use crate::directory::target::standing::{self, Waiting};
use crate::directory::target::{self, Shown};
use crate::directory::tenant::Tenant;
use crate::directory::{Directory, keys};
use crate::limits;
use crate::outbound::pace;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Serves a target by these settings until `stop` says so.
pub(super) async fn serve(
    directory: Arc<Directory>,
    tenant: Arc<Tenant>,
    shown: Shown,
    orders: mpsc::Receiver<Order>,
    mut stop: watch::Receiver<bool>,
) {
    let work = follow(directory, tenant, shown, orders);
    tokio::select! {
        () = work => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

async fn follow(directory: Arc<Directory>, tenant: Arc<Tenant>, shown: Shown, mut orders: mpsc::Receiver<Order>) {
    let key = (shown.tenant, shown.number);
    let (name, tenant_name) = (shown.target.name.clone(), tenant.name.clone());
    let made = match Scope::new(tenant, &shown.target) {
        Ok(scope) => match Line::new(directory.clone(), shown.clone()) {
            Ok(line) => Ok(Task::new(directory.clone(), shown, scope, line, false)),
            Err(unusable) => Err(unusable.sentence()),
        },
        Err(why) => Err(why),
    };
    let task = match made {
        Ok(task) => task,
        Err(why) => return blocked(&directory, key, (&tenant_name, &name), &why, orders).await,
    };
    let mut revisions = directory.revisions();
    let (mut rounds, mut failures, mut full) = (0_u64, 0_u32, false);
    loop {
        // A commit after this line is noticed below, whether the round sees it or not.
        revisions.borrow_and_update();
        rounds += 1;
        *task.progress() = Progress::default();
        let wants_full = std::mem::take(&mut full);
        let outcome = {
            let round = task.round(wants_full);
            tokio::pin!(round);
            loop {
                tokio::select! {
                    outcome = &mut round => break outcome,
                    Some(order) = orders.recv() => full |= attach(&task, order, rounds),
                }
            }
        };
        let pause = match outcome {
            Ok(next_ms) => {
                failures = 0;
                finished(&task, rounds).await;
                if full || !task.listeners().is_empty() {
                    continue;
                }
                next_ms
            }
            Err(ended) => {
                failures = failures.saturating_add(1);
                let after_ms = paused(&task, &ended, failures);
                full |= wants_full;
                Some(after_ms)
            }
        };
        match rest(&task, &mut revisions, &mut orders, pause, (failures > 0, rounds)).await {
            Some(wants_full) => full |= wants_full,
            None => return,
        }
    }
}

/// Waits until there is something to do: as long as `pause_ms` says, until something is changed, or until an order comes. Says whether that
/// wants a whole reconciliation; `None`: the server ends.
async fn rest(
    task: &Task,
    revisions: &mut watch::Receiver<u64>,
    orders: &mut mpsc::Receiver<Order>,
    pause_ms: Option<i64>,
    (is_down, rounds): (bool, u64),
) -> Option<bool> {
    let pause_ms = pause_ms.map(|ms| ms.clamp(0, limits::TARGET_RETRY_AFTER_MS_MAX));
    let pause_ms = pause_ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(limits::TARGET_IDLE_MS);
    let until = tokio::time::sleep(Duration::from_millis(pause_ms));
    tokio::pin!(until);
    loop {
        tokio::select! {
            () = &mut until => return Some(false),
            // While the target is down, changes only make the lag grow.
            changed = revisions.changed(), if !is_down => return changed.ok().map(|()| false),
            () = tokio::time::sleep(Duration::from_millis(limits::TARGET_ROUND_MS)), if is_down => task.note_lag().await,
            order = orders.recv() => return order.map(|order| attach(task, order, rounds)),
        }
    }
}

/// A target that cannot be served by its settings: orders are refused until these change.
async fn blocked(
    directory: &Directory,
    (tenant, target): (u32, u32),
    (tenant_name, name): (&str, &str),
    why: &str,
    mut orders: mpsc::Receiver<Order>,
) {
    tracing::warn!(tenant = tenant_name, target = name, why, "the target cannot be served");
    let now_ms = directory.clock().now_ms();
    directory.targets.live.note(tenant, target, |now| {
        now.doing = Doing::Blocked;
        now.error = Some((why.to_owned(), now_ms));
    });
    while let Some(order) = orders.recv().await {
        let _ = order.told.try_send(Err(Refused::State { reason: "TARGET_FAILED", why: why.to_owned() }));
    }
}

/// Takes an order in; says whether it wants a whole reconciliation.
fn attach(task: &Task, order: Order, rounds: u64) -> bool {
    task.listeners().push(Listener { told: order.told, rounds });
    matches!(order.what, What::Sync { full: true })
}

/// Tells those who had come before the round that it is over.
async fn finished(task: &Task, rounds: u64) {
    let (over, waiting): (Vec<_>, Vec<_>) =
        std::mem::take(&mut *task.listeners()).into_iter().partition(|listener| listener.rounds < rounds);
    *task.listeners() = waiting;
    let progress = task.progress().clone();
    for listener in over {
        let pause = Duration::from_millis(limits::PIECE_MS_MAX);
        let _ = listener.told.send_timeout(Ok(Told::Done(progress.clone())), pause).await;
    }
}

/// Notes why a round ended before its end, tells everybody, and says how long the pause is, in milliseconds.
fn paused(task: &Task, ended: &Ended, failures: u32) -> i64 {
    let why = ended.sentence();
    let now_ms = task.now_ms();
    let own = pace::pause_ms(failures, now_ms.unsigned_abs() ^ u64::from(task.shown.number));
    let (doing, pause_ms) = match ended {
        Ended::Down { after_ms: Some(after_ms), .. } => {
            (Doing::Pausing, (*after_ms).clamp(0, limits::TARGET_RETRY_AFTER_MS_MAX))
        }
        Ended::Blocked(_) => (Doing::Blocked, own),
        Ended::Down { after_ms: None, .. } | Ended::Store(_) | Ended::Unwanted => (Doing::Pausing, own),
    };
    let (tenant, target) = (&task.shown.tenant_name, &task.shown.target.name);
    tracing::warn!(tenant, target, why, failures, pause_ms, "the target cannot be worked with now");
    task.note_live(|now| {
        now.doing = doing;
        now.error = Some((why.clone(), now_ms));
        now.resumes_ms = Some(now_ms.saturating_add(pause_ms));
        now.progress = None;
    });
    for listener in std::mem::take(&mut *task.listeners()) {
        let refused =
            Refused::State { reason: "TARGET_FAILED", why: format!("the target cannot be worked with: {why}") };
        let _ = listener.told.try_send(Err(refused));
    }
    pause_ms
}

impl Task {
    /// Does all that is to be done now; gives in how many milliseconds something is due by itself.
    async fn round(&self, full: bool) -> Result<Option<i64>, Ended> {
        let snapshot = self.directory.snapshot().await?;
        let now_ms = self.now_ms();
        {
            let mut state = self.site().state(&snapshot).await?;
            if now_ms.saturating_sub(state.run_ms) >= limits::TARGET_RUN_MS {
                state.run_ms = now_ms;
                state.destroyed = 0;
            }
            *self.state() = state;
        }
        self.note_lag().await;
        let is_new = self.state().cursor.is_empty() || self.state().full.is_some();
        if full || is_new || !self.is_within_log(&snapshot).await? {
            self.note_live(|now| now.doing = Doing::Reconciling);
            self.reconcile(true).await?;
        } else if self.is_check_due(now_ms) {
            self.check().await?;
        }
        self.follow_log().await?;
        self.wait_no_longer().await?;
        self.went_well().await
    }

    /// Whether the log still has everything after the place up to which all was done.
    async fn is_within_log(&self, snapshot: &crate::store::Snapshot) -> Result<bool, Ended> {
        let tenant = self.shown.tenant;
        let Some(position) = Position::parse(tenant, &self.state().cursor) else { return Ok(false) };
        let trimmed = log::trimmed(snapshot, tenant).await?;
        Ok((trimmed..=snapshot.revision()).contains(&position.revision()))
    }

    fn is_check_due(&self, now_ms: i64) -> bool {
        let every_ms = self.shown.target.check_every_ms;
        let last_ms = self.state().checked_ms.unwrap_or(0);
        every_ms > 0 && now_ms.saturating_sub(last_ms) >= every_ms
    }

    /// A drift check: repairs the differences, or counts them where that is what is wanted.
    async fn check(&self) -> Result<(), Ended> {
        self.note_live(|now| now.doing = Doing::Reconciling);
        if !self.shown.target.check_reports_only {
            return self.reconcile(true).await;
        }
        let counts = order::pretended(self, true).await?;
        let drifted: u64 = counts.steps.values().sum();
        let (tenant, target) = (&self.shown.tenant_name, &self.shown.target.name);
        if drifted > 0 {
            tracing::warn!(tenant, target, drifted, "the target differs from the directory; see `scimd target plan`");
        }
        {
            let mut state = self.state();
            state.checked_ms = Some(self.directory.clock().now_ms());
            state.drifted = drifted;
        }
        Ok(self.note_state().await?)
    }

    /// Sends what the change log has after the place up to which all was done.
    async fn follow_log(&self) -> Result<(), Ended> {
        let tenant = self.shown.tenant;
        loop {
            let snapshot = self.directory.snapshot().await?;
            let cursor = self.state().cursor.clone();
            let Some(position) = Position::parse(tenant, &cursor) else { return Ok(()) };
            let bounds = Bounds { entries_max: limits::TARGET_CHANGES, before_ms: None };
            let chunk = match log::read::<Change>(&snapshot, &position, dirty::concerns, &bounds).await {
                Ok(chunk) => chunk,
                // Entries were removed since the round began: the next one reads the target.
                Err(Refused::Trimmed { why, .. }) => return Err(Ended::Down { after_ms: Some(0), why }),
                Err(Refused::Directory(error)) => return Err(Ended::Store(error)),
                Err(refused) => return Err(Ended::Blocked(refused.to_string())),
            };
            if !chunk.entries.is_empty() {
                self.note_live(|now| now.doing = Doing::Following);
                self.work(Dirty::of(chunk.entries.iter().map(|entry| &entry.value))).await?;
                self.state().cursor = chunk.next.text();
                self.note_state().await?;
                self.note_lag().await;
            } else if !chunk.is_end {
                self.state().cursor = chunk.next.text();
            }
            if chunk.is_end {
                return Ok(());
            }
        }
    }

    async fn work(&self, mut dirty: Dirty) -> Result<(), Ended> {
        self.phase("sending changes", (dirty.users.len() + dirty.groups.len()) as u64);
        let snapshot = self.directory.snapshot().await?;
        for group in dirty.groups.clone() {
            for above in self.scope.groups_above(&snapshot, group).await? {
                dirty.group(above);
            }
        }
        if dirty.deletes_groups && self.state().is_nested {
            // What was in the deleted group is no longer in those that it was in, and nothing says which these were.
            let mut after: Option<Vec<u8>> = None;
            loop {
                let page = self.site().all_known(&snapshot, keys::GROUP, after.as_deref(), limits::SCAN_ROWS).await?;
                page.rows.iter().for_each(|(_, id, _)| dirty.group(*id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        self.bring(keys::USER, &dirty.users, Source::Known).await?;
        self.bring(keys::GROUP, &dirty.groups, Source::Known).await
    }

    /// Tries again what is due, and takes the steps that were approved.
    async fn wait_no_longer(&self) -> Result<(), Ended> {
        let (site, now_ms) = (self.site(), self.now_ms());
        let mut chosen = (Vec::new(), Vec::new(), Vec::new());
        let snapshot = self.directory.snapshot().await?;
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = site.troubles(&snapshot, after.as_deref(), limits::TARGET_ROWS).await?;
            for (code, id, trouble) in page.rows {
                if trouble.next_ms.is_some_and(|next| next <= now_ms) {
                    if code == keys::USER { &mut chosen.0 } else { &mut chosen.1 }.push(id);
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        loop {
            let page = site.holds(&snapshot, after.as_deref(), limits::TARGET_ROWS).await?;
            for (code, id, _) in page.rows.into_iter().filter(|(_, _, hold)| hold.approved) {
                if code == keys::USER { &mut chosen.0 } else { &mut chosen.2 }.push(id);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        self.bring(keys::USER, &chosen.0, Source::Known).await?;
        self.bring(keys::GROUP, &chosen.1, Source::Known).await?;
        // Who is a stranger in a group is known only when it is read.
        self.bring(keys::GROUP, &chosen.2, Source::Target).await
    }

    async fn went_well(&self) -> Result<Option<i64>, Ended> {
        let snapshot = self.directory.snapshot().await?;
        let now_ms = self.now_ms();
        let waiting: Waiting = standing::waiting(&self.site(), &snapshot, now_ms).await?;
        let cursor = self.state().cursor.clone();
        let (lag_changes, oldest_ms) = standing::lag(&snapshot, self.shown.tenant, &cursor).await?;
        self.note_live(|now| {
            now.doing = Doing::Idle;
            now.error = None;
            now.resumes_ms = None;
            now.progress = None;
            now.success_ms = Some(now_ms);
            (now.lag_changes, now.oldest_ms) = (lag_changes, oldest_ms);
            (now.dead, now.waiting, now.held) = (waiting.dead, waiting.later, waiting.held);
        });
        let every_ms = self.shown.target.check_every_ms;
        let check_ms = (every_ms > 0).then(|| self.state().checked_ms.unwrap_or(0).saturating_add(every_ms));
        let next_ms = waiting.next_ms.into_iter().chain(check_ms).min();
        Ok(next_ms.map(|next| next.saturating_sub(now_ms).max(0)))
    }

    /// Notes how far behind the target is; where that cannot be read, it stays as it was.
    async fn note_lag(&self) {
        let read = async {
            let snapshot = self.directory.snapshot().await?;
            let state = self.site().state(&snapshot).await?;
            standing::lag(&snapshot, self.shown.tenant, &state.cursor).await
        };
        if let Ok((lag_changes, oldest_ms)) = read.await {
            self.note_live(|now| (now.lag_changes, now.oldest_ms) = (lag_changes, oldest_ms));
        }
    }
}

/// The target of an order, and its tenant, as they are now.
pub(super) async fn of_order(directory: &Directory, order: &Order) -> Result<(Arc<Tenant>, Shown), Refused> {
    let all = target::served(directory).await?;
    let found = all.into_iter().find(|(_, shown)| (shown.tenant, shown.number) == (order.tenant, order.target));
    found.ok_or_else(|| target::missing("that is gone"))
}
