//! Bodies: a request's read whole within its limits, and an answer's as hyper sends it.
//! It does not know what is in them, nor which status a body that could not be read becomes.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::directory::answer::Cut;
use crate::limits;

/// Why a request body could not be read. Whatever remains of it is not read either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is, or declares to be, larger than allowed.
    #[error("the request body is larger than allowed")]
    TooLarge,
    /// It took longer than `BODY_MS_MAX`, or came slower than `BODY_BYTES_PER_S_MIN`.
    #[error("the request body came too slowly")]
    TooSlow,
    /// The connection ended in it, or its framing is malformed.
    #[error("the request body is broken")]
    Broken,
}

/// How fast a request body must come.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// For the whole body.
    pub total: Duration,
    /// For the first byte, and the head start that the rate below gives.
    pub free: Duration,
    /// The rate after that.
    pub bytes_per_s: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            total: Duration::from_millis(limits::BODY_MS_MAX),
            free: Duration::from_millis(limits::BODY_PACE_FREE_MS),
            bytes_per_s: limits::BODY_BYTES_PER_S_MIN,
        }
    }
}

impl Pace {
    /// When the next bytes must have come, if so many came since `start`.
    fn deadline(&self, start: Instant, bytes: usize) -> Instant {
        let earned = (bytes as u64).saturating_mul(1000) / self.bytes_per_s.max(1);
        let allowed = self.free.saturating_add(Duration::from_millis(earned));
        start + allowed.min(self.total)
    }
}

/// The whole body of a request, at most `bytes_max` long. A body that declares to be longer is refused before any of
/// it is read, and so before a client that waits for `100 Continue` sends it.
pub async fn read(body: Incoming, content_length: Option<u64>, bytes_max: usize) -> Result<Bytes, ReadError> {
    collect(body, content_length, bytes_max, &Pace::default()).await
}

/// `read` for any body and any pace.
pub async fn collect<B>(body: B, content_length: Option<u64>, bytes_max: usize, pace: &Pace) -> Result<Bytes, ReadError>
where
    B: Body<Data = Bytes>,
{
    let declared = content_length.or_else(|| body.size_hint().exact());
    if declared.is_some_and(|length| length > bytes_max as u64) {
        return Err(ReadError::TooLarge);
    }
    let mut body = pin!(body);
    let start = Instant::now();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut length = 0_usize;
    while !body.is_end_stream() {
        let frame = timeout_at(pace.deadline(start, length), body.frame()).await.map_err(|_| ReadError::TooSlow)?;
        let Some(frame) = frame else { break };
        // Trailers are of no use to anyone here.
        let Ok(data) = frame.map_err(|_| ReadError::Broken)?.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length > bytes_max {
            return Err(ReadError::TooLarge);
        }
        if first.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            // What is declared is within the limit, so it may be set aside at once.
            rest.reserve(declared.and_then(|length| usize::try_from(length).ok()).unwrap_or(length));
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// The body of an answer.
#[derive(Debug)]
pub enum Answer {
    /// All of it; may be empty.
    Full(Bytes),
    /// As it is made. An error, or a sender dropped after it sent one, cuts the connection (HTTP/1) or resets the
    /// stream (HTTP/2), so that the client cannot take the part for the whole.
    Stream(mpsc::Receiver<Result<Bytes, Cut>>),
}

impl Answer {
    /// No body.
    pub fn empty() -> Self {
        Self::Full(Bytes::new())
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match self.get_mut() {
            Self::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Full(bytes) => {
                let part = bytes.split_to(bytes.len().min(limits::ANSWER_FRAME_BYTES_MAX));
                Poll::Ready(Some(Ok(Frame::data(part))))
            }
            Self::Stream(parts) => parts.poll_recv(cx).map(|part| part.map(|part| part.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.is_empty(),
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests;
