//! Serves targets: one task each, started and ended as settings come and go, and orders of admins handed to it. What a target should have
//! is in `scope.rs`, what is sent there in its plan; the task itself is in `follow.rs`.

mod claim;
mod dirty;
mod follow;
mod full;
mod group;
mod index;
mod line;
mod note;
mod order;
mod read;
mod redact;
mod resource;
mod scope;
mod task;

use crate::directory::refused::Refused;
use crate::directory::target::desk::{Order, What};
use crate::directory::target::live::Doing;
use crate::directory::target::{self, Shown};
use crate::directory::tenant::Tenant;
use crate::directory::{Directory, target::progress::Told};
use crate::limits;
use crate::scim::errors::Error;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

/// A task that serves a target.
struct Running {
    /// The settings that it serves it by.
    settings: Settings,
    stop: watch::Sender<bool>,
    orders: mpsc::Sender<Order>,
    task: JoinHandle<()>,
}

/// What a task depends on: the revisions of the target's settings and of the tenant's schemas.
type Settings = (u64, Option<u64>);

/// Serves all targets until `stop` says so.
pub async fn run(directory: Arc<Directory>, mut stop: watch::Receiver<bool>) {
    let Some(mut orders) = directory.targets.desk.orders() else { return };
    let mut running: BTreeMap<(u32, u32), Running> = BTreeMap::new();
    let places = Arc::new(Semaphore::new(limits::TARGET_PLANS_MAX));
    let work = async {
        loop {
            if let Err(error) = refresh(&directory, &mut running).await {
                tracing::warn!(%error, "targets will be looked at again");
            }
            let pause = tokio::time::sleep(Duration::from_millis(limits::TARGET_ROUND_MS));
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => {
                        // The order may be about settings of a moment ago.
                        if let Err(error) = refresh(&directory, &mut running).await {
                            tracing::warn!(%error, "targets will be looked at again");
                        }
                        hand_on(&directory, &running, &places, order).await;
                    }
                    None => return,
                },
                () = directory.targets.desk.changed() => {}
                () = pause => {}
            }
        }
    };
    tokio::select! {
        () = work => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    for (_, running) in std::mem::take(&mut running) {
        end(running).await;
    }
    directory.targets.desk.give_back(orders);
}

/// Starts, restarts and ends tasks, so that each target has the one that its settings ask for.
async fn refresh(directory: &Arc<Directory>, running: &mut BTreeMap<(u32, u32), Running>) -> Result<(), Error> {
    for tenant in target::unswept(directory).await? {
        target::sweep(directory, tenant).await?;
    }
    let served = target::served(directory).await?;
    let wanted: BTreeMap<(u32, u32), Settings> = served
        .iter()
        .filter(|(_, shown)| !shown.target.disabled)
        .map(|(tenant, shown)| ((shown.tenant, shown.number), (shown.revision, tenant.definitions)))
        .collect();
    let gone: Vec<(u32, u32)> = running
        .iter()
        .filter(|(key, running)| wanted.get(key) != Some(&running.settings) || running.task.is_finished())
        .map(|(key, _)| *key)
        .collect();
    for key in gone {
        if let Some(running) = running.remove(&key) {
            end(running).await;
        }
    }
    let there: Vec<(u32, u32)> = served.iter().map(|(_, shown)| (shown.tenant, shown.number)).collect();
    directory.targets.live.keep(&there);
    for (tenant, shown) in served {
        let key = (shown.tenant, shown.number);
        note_names(directory, &tenant, &shown);
        if let Some(settings) = wanted.get(&key).filter(|_| !running.contains_key(&key)) {
            running.insert(key, begin(directory, tenant, shown, *settings));
        }
    }
    Ok(())
}

fn note_names(directory: &Directory, tenant: &Tenant, shown: &Shown) {
    directory.targets.live.note(shown.tenant, shown.number, |now| {
        now.tenant.clone_from(&tenant.name);
        now.name.clone_from(&shown.target.name);
        match (shown.target.disabled, now.doing) {
            (true, _) => now.doing = Doing::Disabled,
            (false, Doing::Disabled) => now.doing = Doing::Starting,
            (false, _) => {}
        }
    });
}

fn begin(directory: &Arc<Directory>, tenant: Arc<Tenant>, shown: Shown, settings: Settings) -> Running {
    let (stop, stopping) = watch::channel(false);
    let (orders, ordered) = mpsc::channel(limits::TARGET_ORDERS_MAX);
    let task = tokio::spawn(follow::serve(directory.clone(), tenant, shown, ordered, stopping));
    Running { settings, stop, orders, task }
}

async fn end(running: Running) {
    let _ = running.stop.send(true);
    let _ = running.task.await;
}

/// Hands an order to the target's task; plans and tests have tasks of their own, since they change nothing.
async fn hand_on(
    directory: &Arc<Directory>,
    running: &BTreeMap<(u32, u32), Running>,
    places: &Arc<Semaphore>,
    order: Order,
) {
    if let What::Plan { .. } | What::Test = order.what {
        let told = order.told.clone();
        match places.clone().try_acquire_owned() {
            Ok(place) => {
                let directory = directory.clone();
                tokio::spawn(async move {
                    order::run(&directory, order).await;
                    drop(place);
                });
            }
            Err(_) => {
                let why = format!("{} plans and tests are at work already", limits::TARGET_PLANS_MAX);
                let _ = told.try_send(Err(Refused::Exhausted { reason: "TOO_MANY_ORDERS", why }));
            }
        }
        return;
    }
    let refused = |told: &mpsc::Sender<Result<Told, Refused>>| {
        let why = "the target is not served now; see `scimd target status`".to_owned();
        let _ = told.try_send(Err(Refused::State { reason: "TARGET_BUSY", why }));
    };
    match running.get(&(order.tenant, order.target)) {
        Some(running) => {
            if let Err(error) = running.orders.try_send(order) {
                refused(&error.into_inner().told);
            }
        }
        None => refused(&order.told),
    }
}
