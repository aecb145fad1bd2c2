//! A whole reconciliation: the target is read, what it has is noted, and then every user and every group is brought into line. It is what a
//! new target gets, what follows when the change log no longer goes back far enough, and what a drift check does. A crash between reading
//! and sending costs the reading of members; one while it reads begins it anew.

use super::group::Source;
use super::task::{Ended, Task};
use crate::directory::keys;
use crate::directory::log;
use crate::directory::target::state::Note;
use crate::directory::target::stored::{Full, State};
use crate::limits;
use crate::scim::errors::Error;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use uuid::Uuid;

impl Task {
    /// Reads the target and brings everything into line; goes on where an earlier one was broken off. With `read` false what is known counts
    /// for what the target has.
    pub(super) async fn reconcile(&self, read: bool) -> Result<(), Ended> {
        let goes_on = self.state().full.as_ref().is_some_and(|full| full.listed);
        if !goes_on {
            self.begin(read).await?;
            if read {
                self.read_users().await?;
                self.read_groups().await?;
            }
            if let Some(full) = &mut self.state().full {
                full.listed = true;
            }
            self.note_state().await?;
        }
        let source = if read { Source::Target } else { Source::Known };
        self.send(keys::USER, source).await?;
        self.send(keys::GROUP, source).await?;
        let now_ms = self.now_ms();
        {
            let mut state = self.state();
            if let Some(full) = state.full.take() {
                state.cursor = full.cursor;
            }
            state.full_ms = Some(now_ms);
            state.checked_ms = Some(now_ms);
            state.drifted = 0;
        }
        Ok(self.note_state().await?)
    }

    async fn begin(&self, read: bool) -> Result<(), Ended> {
        let snapshot = self.directory.snapshot().await?;
        let cursor = log::newest(&snapshot, self.shown.tenant).text();
        {
            let mut state = self.state();
            if read {
                state.epoch += 1;
            }
            state.full = Some(Full { cursor, listed: false, report_only: self.pretends });
        }
        Ok(self.note_state().await?)
    }

    /// Notes how far the target is.
    pub(super) async fn note_state(&self) -> Result<(), Error> {
        let state: State = self.state().clone();
        self.site().note(&[Note::State(Box::new(state))]).await
    }

    /// Notes any number of things, in bounded batches.
    pub(super) async fn note_all(&self, notes: Vec<Note>) -> Result<(), Ended> {
        for some in notes.chunks(limits::TARGET_ROWS) {
            self.site().note(some).await?;
        }
        Ok(())
    }

    /// Brings all users or groups into line: those of the directory, then those that the target has and the directory has no more.
    async fn send(&self, code: u8, source: Source) -> Result<(), Ended> {
        let total = self.total(code).await?;
        self.phase(if code == keys::USER { "sending users" } else { "sending groups" }, total);
        let mut after = None;
        loop {
            let snapshot = self.directory.snapshot().await?;
            let page = self.scope.page(&snapshot, code, after).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            self.bring(code, &page, source).await?;
        }
        let gone = self.gone_from_directory(code).await?;
        self.bring(code, &gone, source).await
    }

    /// Brings users or groups into line, as many at once as the target may be sent. `source` is about the members of groups.
    pub(super) async fn bring(&self, code: u8, ids: &[Uuid], source: Source) -> Result<(), Ended> {
        let at_once = usize::try_from(self.shown.target.concurrency).unwrap_or(1).max(1);
        let work = stream::iter(ids.iter().copied()).map(async |id| {
            match code {
                keys::USER => self.user(id).await?,
                _ => self.group(id, source).await?,
            }
            self.advance();
            Ok::<(), Ended>(())
        });
        work.buffer_unordered(at_once).try_collect::<()>().await
    }

    /// Whom the target is known to have and the directory has no more.
    async fn gone_from_directory(&self, code: u8) -> Result<Vec<Uuid>, Ended> {
        let (mut gone, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let snapshot = self.directory.snapshot().await?;
            let page = self.site().all_known(&snapshot, code, after.as_deref(), limits::TARGET_ROWS).await?;
            for (_, id, _) in page.rows {
                if !self.scope.exists(&snapshot, code, id).await? {
                    gone.push(id);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(gone),
            }
        }
    }

    async fn total(&self, code: u8) -> Result<u64, Ended> {
        let snapshot = self.directory.snapshot().await?;
        let total = crate::directory::count::total(&snapshot, self.shown.tenant, code).await?;
        Ok(total as u64)
    }
}
