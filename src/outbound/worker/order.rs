//! What admins order beside synchronisations: plans, which are whole reconciliations over a fork of the store in which each step counts as
//! done, and tests of the credentials.

use super::follow::of_order;
use super::line::Line;
use super::scope::Scope;
use super::task::{Ended, Listener, Task};
use crate::directory::refused::Refused;
use crate::directory::target::desk::{Order, What};
use crate::directory::target::progress::{Finding, Progress, Told};
use crate::directory::{Directory, whatif};
use crate::outbound::errand::{self, Verdict};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Does what is ordered and tells it.
pub(super) async fn run(directory: &Arc<Directory>, order: Order) {
    let told = order.told.clone();
    let work = async {
        match order.what {
            What::Plan { read } => plan(directory, &order, read).await,
            What::Test => test(directory, &order).await,
            What::Sync { .. } | What::Retry => Ok(()),
        }
    };
    // Nobody hears what is told to a caller who is gone.
    let outcome = tokio::select! {
        outcome = work => outcome,
        () = told.closed() => return,
    };
    if let Err(refused) = outcome {
        let _ = told.send(Err(refused)).await;
    }
}

/// What a reconciliation would do, counted, and told to nobody.
pub(super) async fn pretended(task: &Task, read: bool) -> Result<Progress, Ended> {
    let fork = whatif::fork_for_long(&task.directory)
        .await
        .map_err(|refused| Ended::Down { after_ms: None, why: refused.to_string() })?;
    let tenant = task.scope.tenant();
    let pretender = pretender(&fork.directory, &task.directory, tenant, task.shown.clone()).map_err(Ended::Blocked)?;
    Box::pin(pretender.pretend(read)).await
}

async fn plan(directory: &Arc<Directory>, order: &Order, read: bool) -> Result<(), Refused> {
    let (tenant, shown) = of_order(directory, order).await?;
    let fork = whatif::fork_for_long(directory).await?;
    let failed = |why: String| Refused::State { reason: "TARGET_FAILED", why };
    let task = pretender(&fork.directory, directory, tenant, shown).map_err(failed)?;
    task.listeners().push(Listener { told: order.told.clone(), rounds: 0 });
    let counts = task.pretend(read).await.map_err(|ended| failed(ended.sentence()))?;
    let _ = order.told.send(Ok(Told::Done(counts))).await;
    Ok(())
}

/// A task over a fork that reads the target and takes no step. Its calls are kept where all are.
fn pretender(
    fork: &Arc<Directory>,
    directory: &Arc<Directory>,
    tenant: Arc<crate::directory::tenant::Tenant>,
    shown: crate::directory::target::Shown,
) -> Result<Task, String> {
    let scope = Scope::new(tenant, &shown.target)?;
    let line = Line::new(directory.clone(), shown.clone()).map_err(|unusable| unusable.sentence())?;
    Ok(Task::new(fork.clone(), shown, scope, line, true))
}

impl Task {
    async fn pretend(&self, read: bool) -> Result<Progress, Ended> {
        let snapshot = self.directory.snapshot().await?;
        let mut state = self.site().state(&snapshot).await?;
        // What an interrupted one had read may be old.
        state.full = None;
        state.destroyed = 0;
        *self.state() = state;
        self.reconcile(read).await?;
        Ok(self.progress().clone())
    }
}

async fn test(directory: &Arc<Directory>, order: &Order) -> Result<(), Refused> {
    let (tenant, shown) = of_order(directory, order).await?;
    let kind = shown.target.kind;
    let fine = |what: &str, detail: String| Finding { what: what.to_owned(), fine: true, detail };
    let wrong = |what: &str, detail: String| Finding { what: what.to_owned(), fine: false, detail };
    let task = match pretender(directory, directory, tenant, shown) {
        Ok(task) => task,
        Err(why) => return tell(&order.told, wrong("settings", why)).await,
    };
    tell(&order.told, fine("settings", "the credentials can be opened, and the mapping is right".to_owned())).await?;
    for (subject, request) in errand::probes(kind) {
        let finding = match task.ask(&request).await {
            Ok(Ok(answer)) => match errand::probed(kind, subject, &task.reply(&answer)) {
                Ok(detail) => fine(subject, detail),
                Err(detail) => wrong(subject, detail),
            },
            Ok(Err(Verdict::Failed(why) | Verdict::Dead(why))) => wrong(subject, why),
            Ok(Err(_)) => wrong(subject, "it gave no answer".to_owned()),
            Err(ended) => wrong(subject, ended.sentence()),
        };
        let is_fine = finding.fine;
        tell(&order.told, finding).await?;
        if !is_fine {
            break;
        }
    }
    Ok(())
}

async fn tell(told: &mpsc::Sender<Result<Told, Refused>>, finding: Finding) -> Result<(), Refused> {
    // A caller who is gone ends the test elsewhere.
    let _ = told.send(Ok(Told::Finding(finding))).await;
    Ok(())
}
