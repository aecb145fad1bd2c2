//! The watcher between a connection's bytes and hyper: it hands on only what `framing` found in order, and cuts clients
//! that stop halfway through a head or stop reading. It does not know what the requests are about.
//!
//! hyper takes some messages in one way that another reader takes in a second way: a bare LF, Content-Length beside
//! Transfer-Encoding, no Host or two. That difference is how requests are smuggled, so such a head never reaches
//! hyper. In its place hyper gets a harmless request, and the service answers that one with the refusal: earlier
//! answers of the connection go out first, and the connection closes as hyper closes any other.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::framing::{Framing, Step};
use super::refusal::Refusal;
use crate::limits;

/// What hyper reads in place of a head that is refused. No handler sees it.
const SUBSTITUTE: &[u8] = b"GET / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";

/// Bytes asked of the socket at a time while a head is incomplete.
const READ_BYTES: usize = 4 * 1024;

/// How long the guard waits for a client.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the rest of a head, from its first byte.
    pub head: Duration,
    /// For `WRITE_WINDOW_BYTES_MIN` to be taken while an answer waits.
    pub write: Duration,
}

/// Which request of the connection is refused, and why; shared between the guard that finds it and the service that
/// says it.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The number of the request, shifted left by eight, and the refusal; 0 while there is none.
    found: AtomicU64,
    served: AtomicU32,
}

impl Verdict {
    /// The number of the next request that hyper gives to the service; the first is 1.
    pub fn next_request(&self) -> u32 {
        self.served.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// Why that request is refused, if it is. A fault in a body may be found while its request is being served.
    pub fn of(&self, request: u32) -> Option<Refusal> {
        let found = self.found.load(Ordering::Acquire);
        let [refusal, ..] = found.to_le_bytes();
        if found >> 8 == u64::from(request) { Refusal::from_number(refusal) } else { None }
    }

    fn refuse(&self, request: u32, refusal: Refusal) {
        self.found.store(u64::from(request) << 8 | u64::from(refusal as u8), Ordering::Release);
    }
}

/// A connection's bytes, watched. `Unpin` as long as the stream is.
#[derive(Debug)]
pub struct Guard<S> {
    stream: S,
    /// `None` where another layer keeps the framing (HTTP/2): only writes are watched then.
    reader: Option<Reader>,
    writer: Writer,
}

#[derive(Debug)]
struct Reader {
    framing: Framing,
    verdict: Arc<Verdict>,
    /// Bytes read and not handed on: an incomplete head or chunk-size line, or what hyper had no room for.
    held: BytesMut,
    /// So many bytes at the front of `held` are in order.
    checked: usize,
    /// After a refusal nothing more is read.
    end: End,
    head_ms: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Reading goes on.
    Open,
    /// The client closed its side.
    Eof,
    /// A head was refused; hyper has got the substitute.
    Substituted,
    /// A body was refused; hyper gets an error.
    Broken,
}

#[derive(Debug)]
struct Writer {
    window: Duration,
    written: u64,
    /// Armed while the client does not take what is written: the end of the window, and `written` when it began.
    stalled: Option<(Pin<Box<Sleep>>, u64)>,
}

impl<S> Guard<S> {
    /// Watches the requests of an HTTP/1 connection; refusals go to the verdict.
    pub fn http1(stream: S, verdict: Arc<Verdict>, patience: Patience) -> Self {
        let reader = Reader {
            framing: Framing::default(),
            verdict,
            held: BytesMut::new(),
            checked: 0,
            end: End::Open,
            head_ms: patience.head,
            timer: None,
        };
        Self { reader: Some(reader), ..Self::writes_only(stream, patience) }
    }

    /// Watches only that the client takes its answers.
    pub fn writes_only(stream: S, patience: Patience) -> Self {
        let writer = Writer { window: patience.write, written: 0, stalled: None };
        Self { stream, reader: None, writer }
    }

    /// Whether the client may still be sending something that nobody will read: closing the socket at once would
    /// reset the connection and could take the last answer with it.
    pub fn is_unread(&self) -> bool {
        self.reader.as_ref().is_some_and(|reader| match reader.end {
            End::Eof => false,
            End::Substituted | End::Broken => true,
            End::Open => !reader.framing.at_head() || !reader.held.is_empty(),
        })
    }

    /// The stream under the guard.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl Reader {
    /// Looks at the bytes beyond those checked, and says how many more are in order. Empty lines are taken out of
    /// `bytes` only at its front, where they can be without moving anything.
    fn check(&mut self, bytes: &[u8]) -> Checked {
        let mut passed = 0;
        loop {
            match self.framing.step(bytes.get(passed..).unwrap_or_default()) {
                Ok(Step::Pass(count)) => passed += count,
                Ok(Step::Drop(count)) if passed == 0 => return Checked::Drop(count),
                // They are seen again, at the front, when what is before them has been handed on.
                Ok(Step::Drop(_) | Step::More) => return Checked::Pass(passed),
                Err(refusal) => return Checked::Refuse(passed, refusal),
            }
        }
    }

    /// Checks what is held until nothing more can be said of it.
    fn check_held(&mut self) {
        while self.end == End::Open && self.checked == 0 && !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            let checked = self.check(&held);
            self.held = held;
            match checked {
                Checked::Drop(count) => self.held.advance(count),
                Checked::Pass(0) => break,
                Checked::Pass(passed) => self.checked = passed,
                Checked::Refuse(passed, refusal) => {
                    self.held.truncate(passed);
                    self.checked = passed;
                    self.refuse(refusal);
                }
            }
        }
    }

    /// Ends the reading: with the substitute where a head is refused, and with an error where a body is.
    fn refuse(&mut self, refusal: Refusal) {
        self.timer = None;
        let heads = self.framing.heads();
        if self.framing.at_head() {
            self.held.truncate(self.checked);
            self.held.extend_from_slice(SUBSTITUTE);
            self.checked = self.held.len();
            self.verdict.refuse(heads.wrapping_add(1), refusal);
            self.end = End::Substituted;
        } else {
            self.verdict.refuse(heads, refusal);
            self.end = End::Broken;
        }
    }

    /// Moves checked bytes into hyper's buffer; false if there are none.
    fn hand_on(&mut self, out: &mut ReadBuf<'_>) -> bool {
        let count = self.checked.min(out.remaining()).min(self.held.len());
        if count == 0 {
            return false;
        }
        out.put_slice(self.held.split_at(count).0);
        self.held.advance(count);
        self.checked -= count;
        if self.held.is_empty() {
            // An idle connection keeps no buffer.
            self.held = BytesMut::new();
        }
        true
    }

    /// Reads straight into hyper's buffer: no copy as long as what arrives is whole. Bytes that are not stay here.
    fn read_through<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        ready!(Pin::new(stream).poll_read(cx, out))?;
        if out.filled().len() == before {
            self.end = End::Eof;
            return Poll::Ready(Ok(()));
        }
        let (passed, kept, refusal) = match self.check(out.filled().split_at(before).1) {
            Checked::Pass(passed) => (passed, passed, None),
            Checked::Drop(count) => (0, count, None),
            Checked::Refuse(passed, refusal) => (passed, out.filled().len() - before, Some(refusal)),
        };
        self.held.extend_from_slice(out.filled().split_at(before + kept).1);
        out.set_filled(before + passed);
        if let Some(refusal) = refusal {
            self.refuse(refusal);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads behind what is held already.
    fn read_behind<S: AsyncRead + Unpin>(&mut self, stream: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut space = [0; READ_BYTES];
        let mut more = ReadBuf::new(&mut space);
        ready!(Pin::new(stream).poll_read(cx, &mut more))?;
        if more.filled().is_empty() {
            self.end = End::Eof;
        }
        self.held.extend_from_slice(more.filled());
        Poll::Ready(Ok(()))
    }

    /// Ends a head that takes too long. Only a head that was begun is waited for here; hyper closes idle connections.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.held.is_empty() || !self.framing.at_head() {
            self.timer = None;
            return Poll::Pending;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.head_ms)));
        timer.as_mut().poll(cx)
    }

    fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            if self.checked == 0 {
                self.check_held();
            }
            if self.hand_on(out) {
                self.timer = None;
                return Poll::Ready(Ok(()));
            }
            match self.end {
                End::Open => {}
                End::Eof => return Poll::Ready(Ok(())),
                // The substitute closes the connection, and this must not look like a client that has gone.
                End::Substituted => return Poll::Pending,
                End::Broken => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
            }
            let read =
                if self.held.is_empty() { self.read_through(stream, cx, out) } else { self.read_behind(stream, cx) };
            match read {
                Poll::Ready(Ok(())) if out.filled().len() > before => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    ready!(self.poll_timer(cx));
                    self.refuse(Refusal::SlowHead);
                }
            }
        }
    }
}

/// What `Reader::check` found.
enum Checked {
    Pass(usize),
    Drop(usize),
    Refuse(usize, Refusal),
}

impl Writer {
    /// Passes the outcome of a write through, counting what the client takes and failing when it takes too little.
    fn watch<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            return outcome;
        }
        let (window, written) = (self.window, self.written);
        let (timer, mark) = self.stalled.get_or_insert_with(|| (Box::pin(sleep(window)), written));
        while timer.as_mut().poll(cx).is_ready() {
            if written - *mark < limits::WRITE_WINDOW_BYTES_MIN {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            *mark = written;
            timer.as_mut().reset(Instant::now() + window);
        }
        Poll::Pending
    }

    fn count(&mut self, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = &outcome {
            self.written += *count as u64;
        }
        outcome
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        match &mut me.reader {
            Some(reader) => reader.poll_read(&mut me.stream, cx, out),
            None => Pin::new(&mut me.stream).poll_read(cx, out),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        let outcome = me.writer.count(Pin::new(&mut me.stream).poll_write(cx, bytes));
        me.writer.watch(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        let outcome = me.writer.count(Pin::new(&mut me.stream).poll_write_vectored(cx, slices));
        me.writer.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let outcome = Pin::new(&mut me.stream).poll_flush(cx);
        if outcome.is_ready() {
            // All that was written has been taken: the client owes nothing until the next write waits.
            me.writer.stalled = None;
        }
        me.writer.watch(cx, outcome)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let outcome = Pin::new(&mut me.stream).poll_shutdown(cx);
        me.writer.watch(cx, outcome)
    }
}

#[cfg(test)]
mod tests;
