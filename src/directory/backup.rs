//! Copying and checking the whole database while it is at work: each reads one pinned commit on a thread of its own and tells its caller
//! piece by piece, at the caller's speed. It does not know who may ask.

use super::audit::{self, Act, Admin};
use super::check::{self, Outcome};
use super::places::Work;
use super::refused::Refused;
use super::{Directory, export};
use crate::limits;
use crate::scim::errors::{Error, Kind};
use crate::store::dump::{self, Progress, Summary};
use std::cell::Cell;
use std::io;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::Duration;

/// What the receiver of a backup gets.
#[derive(Debug)]
pub enum Part {
    /// The next bytes of the file.
    Bytes {
        /// At most [`limits::BACKUP_PIECE_BYTES`].
        bytes: Vec<u8>,
        /// Rows so far.
        rows: u64,
    },
    /// The file is complete.
    End(Summary),
}

/// What the receiver of a check gets.
#[derive(Debug)]
pub enum Checked {
    /// Rows so far.
    Rows(u64),
    /// The outcome.
    End(Outcome),
}

/// Begins a backup. Its audit entry is committed before its commit point, so that the backup holds its own entry, and one that is
/// broken off is known of too.
pub async fn create(directory: &Directory, admin: &Admin) -> Result<mpsc::Receiver<Result<Part, Error>>, Refused> {
    let place = directory.places.take(Work::Copy)?;
    let act = Act { action: "backup.create", tenant: "", target: "database" };
    audit::alone::<()>(directory, admin, act, None, None).await?;
    let snapshot = export::pin(directory).await?;
    let (sender, receiver) = mpsc::channel(limits::BACKUP_PIECES_WAITING_MAX);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let rows = Cell::new(0);
        let mut pieces = Pieces { sender: &sender, bytes: Vec::new(), rows: &rows, runtime: &runtime };
        let mut progress = |progress: Progress| {
            rows.set(progress.rows);
            !sender.is_closed()
        };
        let outcome = dump::write(&snapshot, &mut pieces, &mut progress);
        tell(&runtime, &sender, outcome.map(Part::End), "the backup could not be made");
    });
    Ok(receiver)
}

/// Begins a check of the newest commit.
pub async fn verify(directory: &Directory) -> Result<mpsc::Receiver<Result<Checked, Error>>, Refused> {
    let place = directory.places.take(Work::Copy)?;
    let snapshot = export::pin(directory).await?;
    let (sender, receiver) = mpsc::channel(limits::BACKUP_PIECES_WAITING_MAX);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let mut progress = |rows| {
            // Whoever is slow to read misses a number, and whoever has gone ends the check.
            let _ = sender.try_send(Ok(Checked::Rows(rows)));
            !sender.is_closed()
        };
        let outcome = check::snapshot(&snapshot, &mut progress);
        tell(&runtime, &sender, outcome.map(Checked::End), "the database could not be read");
    });
    Ok(receiver)
}

/// Tells the end. A caller that has gone does not hear it.
fn tell<T>(runtime: &Handle, sender: &mpsc::Sender<Result<T, Error>>, outcome: Result<T, dump::Error>, what: &str) {
    if sender.is_closed() {
        return;
    }
    let outcome = outcome.map_err(|error| {
        tracing::error!(%error, what);
        Error::new(Kind::Unavailable, format!("{what}; try again"))
    });
    let _ = runtime.block_on(sender.send_timeout(outcome, Duration::from_millis(limits::PIECE_MS_MAX)));
}

/// Cuts what is written into pieces.
struct Pieces<'a> {
    sender: &'a mpsc::Sender<Result<Part, Error>>,
    bytes: Vec<u8>,
    /// Rows so far.
    rows: &'a Cell<u64>,
    runtime: &'a Handle,
}

impl Pieces<'_> {
    fn send(&mut self) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.bytes);
        let part = Part::Bytes { bytes, rows: self.rows.get() };
        // A client that takes nothing any more must not keep the snapshot, by which the file grows.
        let pause = Duration::from_millis(limits::PIECE_MS_MAX);
        let sent = self.runtime.block_on(self.sender.send_timeout(Ok(part), pause));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

impl io::Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = limits::BACKUP_PIECE_BYTES.saturating_sub(self.bytes.len());
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.bytes.extend_from_slice(taken);
        if self.bytes.len() >= limits::BACKUP_PIECE_BYTES {
            self.send()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

#[cfg(test)]
mod tests;
