//! The database file under the engine: its lock, its bytes, and what happens when the system refuses a write. It knows
//! nothing of the format of the file but that the first bytes are a header which alone makes a commit count.
//!
//! The engine believes a failed write for good and then refuses even reads. So the first failure stops at a [`Disk`]:
//! it and every later write stay in memory, and the engine goes on reading the commits it had. The commit under way is
//! not durable then, which the writer sees by [`Disk::fault`]. Before the file is opened anew, [`Base::heal`] puts the
//! header of the last durable commit back, whatever part of the failed one reached the file: a commit that was not
//! acknowledged is gone, and a page that the system only believes to have written is no longer referred to.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits;

#[cfg(test)]
pub(super) mod fault;

/// The open file and what is known to be durable of its header. It outlives the engine's use of it, so that the lock is
/// never given up while the database is opened again.
#[derive(Debug)]
pub(super) struct Base {
    file: File,
    header: Mutex<Header>,
    #[cfg(test)]
    faults: Arc<fault::Faults>,
}

#[derive(Debug, Default)]
struct Header {
    durable: Vec<u8>,
    written: Option<Vec<u8>>,
}

/// One use of the file by the engine, from an opening to the next.
#[derive(Debug)]
pub(super) struct Disk {
    base: Arc<Base>,
    failed: AtomicBool,
    refused: Mutex<Refused>,
}

/// What the file has not taken since the first failure.
#[derive(Debug, Default)]
struct Refused {
    fault: Option<Fault>,
    len: u64,
    writes: Vec<(u64, Vec<u8>)>,
    bytes: usize,
    frozen: bool,
}

/// The first operation that failed, and how.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    operation: Operation,
    /// What the system answered.
    pub(super) reason: String,
}

/// One operation on the file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    Read { offset: u64, len: usize },
    Write { offset: u64, len: usize },
    SetLen(u64),
    Sync,
}

/// How many bytes of the file the header may take; pages begin at the next multiple of it.
const HEADER_BYTES: usize = 4096;

impl Base {
    /// Takes an open, locked file.
    pub(super) fn new(file: File, #[cfg(test)] faults: Arc<fault::Faults>) -> io::Result<Base> {
        let mut durable = vec![0; HEADER_BYTES.min(usize::try_from(file.metadata()?.len()).unwrap_or(HEADER_BYTES))];
        file.read_exact_at(&mut durable, 0)?;
        Ok(Base {
            file,
            header: Mutex::new(Header { durable, written: None }),
            #[cfg(test)]
            faults,
        })
    }

    /// The header as it was last made durable; as found, when this process has not written it.
    pub(super) fn header(&self) -> Vec<u8> {
        lock(&self.header).durable.clone()
    }

    /// Reads the file in order, so that the system has it in memory for the check that reads it in no order.
    pub(super) fn warm(&self) {
        let mut buffer = vec![0; 1024 * 1024];
        let mut offset = 0;
        while offset < limits::STORE_WARM_BYTES_MAX {
            match self.file.read_at(&mut buffer, offset) {
                Ok(read) if read > 0 => offset += read as u64,
                // What cannot be read is for the check to say.
                _ => return,
            }
        }
    }

    /// Tries what failed again, and brings the file back to its last durable commit. Fails while the disk does.
    pub(super) fn heal(&self, fault: Option<&Fault>) -> io::Result<()> {
        match fault.map(|fault| fault.operation) {
            Some(Operation::Read { offset, len }) => {
                let len = len.min(usize::try_from(self.len()?.saturating_sub(offset)).unwrap_or(len));
                self.read(offset, &mut vec![0; len])?;
            }
            // A page that a commit writes is not part of any earlier commit, so zeros do no harm there.
            Some(Operation::Write { offset, len }) if offset >= HEADER_BYTES as u64 => {
                self.write(offset, &vec![0; len])?
            }
            Some(Operation::SetLen(len)) if len > self.len()? => self.set_len(len)?,
            Some(Operation::Write { .. } | Operation::SetLen(_) | Operation::Sync) | None => {}
        }
        let header = self.header();
        self.write(0, &header)?;
        self.sync()
    }

    /// Gives the lock up. A read that is still under way keeps the file open, but not from others.
    pub(super) fn unlock(&self) {
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the lock of the database is given up only with the process");
        }
    }

    /// The bytes of the file.
    pub(super) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.gate(Operation::Read { offset, len: out.len() })?;
        self.file.read_exact_at(out, offset)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.gate(Operation::Write { offset, len: data.len() })?;
        self.file.write_all_at(data, offset)?;
        if offset == 0 {
            lock(&self.header).written = Some(data.to_vec());
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.gate(Operation::SetLen(len))?;
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.gate(Operation::Sync)?;
        self.file.sync_data()?;
        let mut header = lock(&self.header);
        if let Some(written) = header.written.take() {
            header.durable = written;
        }
        Ok(())
    }

    #[cfg(not(test))]
    fn gate(&self, _: Operation) -> io::Result<()> {
        Ok(())
    }

    #[cfg(test)]
    fn gate(&self, operation: Operation) -> io::Result<()> {
        self.faults.gate(operation)
    }
}

impl Disk {
    pub(super) fn new(base: Arc<Base>) -> Disk {
        Disk { base, failed: AtomicBool::new(false), refused: Mutex::default() }
    }

    /// A use that changes nothing of the file: what the engine writes stays in memory from the start, as after a failure.
    pub(super) fn untouched(base: Arc<Base>) -> io::Result<Disk> {
        let refused = Refused { len: base.len()?, ..Refused::default() };
        Ok(Disk { base, failed: AtomicBool::new(true), refused: Mutex::new(refused) })
    }

    /// The first failure, if there was one. No commit made since then is durable.
    pub(super) fn fault(&self) -> Option<Fault> {
        if !self.failed.load(Ordering::Acquire) {
            return None;
        }
        lock(&self.refused).fault.clone()
    }

    /// The header as it was last made durable.
    pub(super) fn header(&self) -> Vec<u8> {
        self.base.header()
    }

    /// Forgets the writes kept in memory and refuses later ones: no commit will be made here again.
    pub(super) fn freeze(&self) {
        let mut refused = lock(&self.refused);
        refused.writes = Vec::new();
        refused.frozen = true;
    }

    pub(super) fn len(&self) -> io::Result<u64> {
        if self.has_failed() { Ok(lock(&self.refused).len) } else { self.base.len() }
    }

    pub(super) fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.has_failed() {
            return self.read_patched(offset, out);
        }
        let result = self.read_base(offset, out);
        match result {
            // Another thread's write may have failed meanwhile, and this page may be among what it kept.
            Err(_) if self.has_failed() => self.read_patched(offset, out),
            Err(error) => {
                self.fail(Operation::Read { offset, len: out.len() }, &error);
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    pub(super) fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if !self.has_failed() {
            match self.base.write(offset, data) {
                Ok(()) => return Ok(()),
                Err(error) => self.fail(Operation::Write { offset, len: data.len() }, &error),
            }
        }
        let mut refused = lock(&self.refused);
        refused.bytes += data.len();
        if refused.frozen || refused.bytes > limits::STORE_OVERLAY_BYTES_MAX {
            return Err(io::Error::other("the file refused an earlier write"));
        }
        refused.len = refused.len.max(offset + data.len() as u64);
        refused.writes.push((offset, data.to_vec()));
        Ok(())
    }

    pub(super) fn set_len(&self, len: u64) -> io::Result<()> {
        if !self.has_failed() {
            match self.base.set_len(len) {
                Ok(()) => return Ok(()),
                Err(error) => self.fail(Operation::SetLen(len), &error),
            }
        }
        lock(&self.refused).len = len;
        Ok(())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        if !self.has_failed()
            && let Err(error) = self.base.sync()
        {
            self.fail(Operation::Sync, &error);
        }
        Ok(())
    }

    fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    fn fail(&self, operation: Operation, error: &io::Error) {
        let mut refused = lock(&self.refused);
        if refused.fault.is_none() {
            refused.fault = Some(Fault { operation, reason: error.to_string() });
            refused.len = self.base.len().unwrap_or_default();
            self.failed.store(true, Ordering::Release);
        }
    }

    fn read_base(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut tries = 1;
        loop {
            match self.base.read(offset, out) {
                Err(_) if tries < limits::STORE_READ_TRIES_MAX => tries += 1,
                result => return result,
            }
        }
    }

    /// Reads the file as it would be had it taken every write.
    fn read_patched(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let stored = usize::try_from(self.base.len()?.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (front, beyond) = out.split_at_mut(stored.min(out.len()));
        beyond.fill(0);
        self.read_base(offset, front)?;
        for (start, data) in &lock(&self.refused).writes {
            patch(offset, out, *start, data);
        }
        Ok(())
    }
}

/// Copies into `out`, which stands at `offset`, the part of `data`, which stands at `start`, that lies in it.
fn patch(offset: u64, out: &mut [u8], start: u64, data: &[u8]) {
    let from = usize::try_from(start.saturating_sub(offset)).unwrap_or(usize::MAX);
    let skipped = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
    let (Some(target), Some(source)) = (out.get_mut(from..), data.get(skipped..)) else {
        return;
    };
    for (target, source) in target.iter_mut().zip(source) {
        *target = *source;
    }
}

/// Opens the file at `path` for reading and writing and locks it for this process.
pub(super) fn open_locked(path: &Path, create: bool) -> Result<File, super::OpenError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    options.read(true).write(true).mode(0o600);
    if create {
        options.create(true).truncate(false);
    }
    let file = options.open(path).map_err(|source| refusal(path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(super::OpenError::Locked { path: path.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(refusal(path, source)),
    }
}

/// Makes the names in the directory of `path` durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory(path))?.sync_all()
}

/// The directory a file is in.
pub(super) fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Why the system did not open a file, in the words of the store.
pub(super) fn refusal(path: &Path, source: io::Error) -> super::OpenError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            super::OpenError::ReadOnly { path, source }
        }
        io::ErrorKind::IsADirectory => super::OpenError::NotADatabase { path },
        _ => super::OpenError::Io { path, source },
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
