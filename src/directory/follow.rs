//! Following a log: what is there after a position, and then every new entry as it is committed. Each round reads a snapshot of its own
//! from where the last one ended, so that nothing is missed or told twice, and a slow reader holds no snapshot.

use super::Directory;
use super::log::{self, Bounds, Chunk, Entry, Position};
use super::places::Work;
use super::refused::Refused;
use crate::limits;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, Instant};

/// What a follower is told.
#[derive(Clone, Debug)]
pub enum Step<T> {
    /// An entry.
    Entry(Entry<T>),
    /// Everything up to here has been told.
    Here(Position),
}

/// What a follower gets.
pub type Told<T> = Result<Step<T>, Refused>;

/// Begins to follow a log in a task of its own, see [`follow`].
///
/// # Errors
/// [`Refused::Exhausted`] when there are as many followers as there may be.
pub fn start<T, F>(
    directory: &Arc<Directory>,
    from: Position,
    wants: F,
    stop: watch::Receiver<bool>,
) -> Result<mpsc::Receiver<Told<T>>, Refused>
where
    T: DeserializeOwned + Send + 'static,
    F: Fn(&T) -> bool + Send + Sync + 'static,
{
    let place = directory.places.take(Work::Watch)?;
    let (sender, receiver) = mpsc::channel(limits::WATCH_WAITING_MAX);
    let directory = directory.clone();
    tokio::spawn(async move {
        follow(directory, from, wants, sender, stop).await;
        drop(place);
    });
    Ok(receiver)
}

/// Tells `sender` where it begins, then the entries after `from` that are wanted, and where it is whenever it had nothing to tell for a
/// while. Ends when the receiver is gone, when `stop` says so, or with a refusal.
pub async fn follow<T, F>(
    directory: Arc<Directory>,
    from: Position,
    wants: F,
    sender: mpsc::Sender<Told<T>>,
    mut stop: watch::Receiver<bool>,
) where
    T: DeserializeOwned + Send,
    F: Fn(&T) -> bool + Send,
{
    let work = async {
        if let Err(refused) = tell(&directory, from, &wants, &sender).await {
            // A receiver that is gone does not hear it.
            let _ = sender.send(Err(refused)).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = sender.closed() => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

async fn tell<T: DeserializeOwned>(
    directory: &Directory,
    from: Position,
    wants: &impl Fn(&T) -> bool,
    sender: &mpsc::Sender<Told<T>>,
) -> Result<(), Refused> {
    let pause = Duration::from_millis(limits::WATCH_SIGN_MS);
    let mut revisions = directory.revisions();
    let mut position = from;
    let mut told = Instant::now();
    if sender.send(Ok(Step::Here(position.clone()))).await.is_err() {
        return Ok(());
    }
    loop {
        // A commit after this line is noticed below, whether the reading sees it or not.
        revisions.borrow_and_update();
        loop {
            let Chunk { entries, next, is_end } = read(directory, &position, wants).await?;
            for entry in entries {
                told = Instant::now();
                if sender.send(Ok(Step::Entry(entry))).await.is_err() {
                    return Ok(());
                }
            }
            position = next;
            if told.elapsed() >= pause {
                told = Instant::now();
                if sender.send(Ok(Step::Here(position.clone()))).await.is_err() {
                    return Ok(());
                }
            }
            if is_end {
                break;
            }
        }
        tokio::select! {
            changed = revisions.changed() => if changed.is_err() {
                return Ok(());
            },
            () = tokio::time::sleep_until(told + pause) => {}
        }
    }
}

async fn read<T: DeserializeOwned>(
    directory: &Directory,
    position: &Position,
    wants: &impl Fn(&T) -> bool,
) -> Result<Chunk<T>, Refused> {
    let snapshot = directory.snapshot().await?;
    let bounds = Bounds { entries_max: limits::WATCH_CHUNK_ENTRIES_MAX, before_ms: None };
    log::read(&snapshot, position, wants, &bounds).await
}

#[cfg(test)]
mod tests;
