//! Where orders about targets are given to whoever serves them, who is not known here, and where he is told that settings changed.

use super::progress::Told;
use crate::directory::refused::Refused;
use crate::limits;
use std::sync::{Mutex, PoisonError};
use tokio::sync::{Notify, mpsc};

/// See the module.
pub struct Desk {
    sender: mpsc::Sender<Order>,
    receiver: Mutex<Option<mpsc::Receiver<Order>>>,
    changed: Notify,
}

/// What is ordered.
#[derive(Debug)]
pub struct Order {
    /// The tenant's number.
    pub tenant: u32,
    /// The target's number.
    pub target: u32,
    /// What is to be done.
    pub what: What,
    /// Who is told how it goes. When he is gone, a plan and a test end, and a synchronisation goes on.
    pub told: mpsc::Sender<Result<Told, Refused>>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Say which steps would be taken, and take none. With `read` the target is read first, otherwise what is known of it counts.
    Plan {
        /// Read the target.
        read: bool,
    },
    /// Do what is to be done, now; with `full` the target is read first.
    Sync {
        /// Read the target.
        full: bool,
    },
    /// See whether the credentials and rights suffice.
    Test,
    /// Try once more what waits or was given up, and take the steps that were approved.
    Retry,
}

impl Default for Desk {
    fn default() -> Desk {
        let (sender, receiver) = mpsc::channel(limits::TARGET_ORDERS_MAX);
        Desk { sender, receiver: Mutex::new(Some(receiver)), changed: Notify::new() }
    }
}

impl Desk {
    /// Gives an order, and gives what hears of it.
    ///
    /// # Errors
    /// `State` when nobody serves targets here, `Exhausted` when too many orders wait.
    pub fn order(
        &self,
        tenant: u32,
        target: u32,
        what: What,
    ) -> Result<mpsc::Receiver<Result<Told, Refused>>, Refused> {
        let (told, receiver) = mpsc::channel(limits::TARGET_TOLD_WAITING_MAX);
        let order = Order { tenant, target, what, told };
        self.sender.try_send(order).map(|()| receiver).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Exhausted {
                reason: "TOO_MANY_ORDERS",
                why: "too many orders for targets wait already; try again".to_owned(),
            },
            mpsc::error::TrySendError::Closed(_) => {
                Refused::State { reason: "TARGETS_NOT_SERVED", why: "the server is stopping".to_owned() }
            }
        })
    }

    /// Takes the orders' other end; there is one.
    pub fn orders(&self) -> Option<mpsc::Receiver<Order>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Says that settings of a target have changed.
    pub fn wake(&self) {
        self.changed.notify_one();
    }

    /// Waits until settings of a target have changed.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}
