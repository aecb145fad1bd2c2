//! What goes on beside the requests: one task each, all of which end at the stop. It knows who is to be told of what, and nothing of how
//! the work is done.

use super::certificate;
use crate::directory::deleted::purge;
use crate::directory::tenant::removal;
use crate::directory::token::usage;
use crate::directory::{Directory, seal, sweep, trim};
use crate::limits;
use crate::outbound::worker;
use crate::server::admin::Readiness;
use crate::server::certificate::Certificates;
use crate::server::exchange::Recorder;
use crate::server::metrics::Metrics;
use crate::store::State;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Starts all of them.
pub(super) fn start(
    directory: &Arc<Directory>,
    metrics: &Arc<Metrics>,
    recorder: &Arc<Recorder>,
    certificates: Option<Arc<Certificates>>,
    stop: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let (directory, stop) = (|| Arc::clone(directory), || stop.clone());
    let expiries = Arc::clone(metrics);
    let endings = move |all: Vec<usage::Ending>| {
        let seconds = |ending: usage::Ending| (ending.tenant, ending.key_id, Some(ending.expires_ms / 1_000));
        expiries.set_token_expiries(all.into_iter().map(seconds).collect());
    };
    let (counted, kept) = (Arc::clone(metrics), Arc::clone(recorder));
    let targets = directory();
    let gone = move |number: u32, name: &str| {
        targets.targets.live.forget(number, None);
        targets.targets.calls.forget(number, None);
        kept.forget(number);
        counted.forget(name);
    };
    vec![
        tokio::spawn(certificate::watch(certificates, directory(), stop())),
        tokio::spawn(sweep::run(directory(), stop())),
        tokio::spawn(purge::run(directory(), stop())),
        tokio::spawn(removal::run(directory(), gone, stop())),
        tokio::spawn(usage::run(directory(), endings, stop())),
        tokio::spawn(seal::run(directory(), stop())),
        tokio::spawn(trim::run(directory(), stop())),
        tokio::spawn(worker::run(directory(), stop())),
        transactions_drained(directory(), stop()),
    ]
}

/// Tells the admin plane whether the store takes writes.
pub(super) async fn report(
    directory: Arc<Directory>,
    readiness: watch::Sender<Readiness>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let now = match directory.state() {
            State::Ready => Readiness::Ready,
            State::Unavailable { reason } => Readiness::NotReady(reason),
        };
        readiness.send_if_modified(|last| std::mem::replace(last, now.clone()) != now);
        let pause = tokio::time::sleep(Duration::from_millis(limits::READINESS_PAUSE_MS));
        tokio::select! {
            () = pause => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Ends after the stop when no client's transaction is at work any more.
fn transactions_drained(directory: Arc<Directory>, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let _ = stop.wait_for(|stop| *stop).await;
        directory.transactions.drained().await;
    })
}
