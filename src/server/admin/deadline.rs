//! The end of a call: at its deadline (`grpc-timeout`) an answer that is not there yet is DEADLINE_EXCEEDED and a stream ends with
//! it, and whoever may no longer call is cut off from the streams that he has open. It does not know what is called.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::Response;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, sleep_until, timeout_at};
use tonic::body::Body;
use tonic::{Code, Status};

use super::refusal;

/// When the call has to be over; `None` when its headers do not say. A value that is no timeout is no deadline, as in every
/// other implementation of gRPC.
pub(super) fn of(headers: &HeaderMap) -> Option<Instant> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    // The protocol allows eight digits.
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    let after = match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    };
    Instant::now().checked_add(after)
}

/// Waits for the answer until the deadline. Its stream ends with a status at the deadline, or when `ended` says so.
pub(super) async fn keep<E>(
    deadline: Option<Instant>,
    call: impl Future<Output = Result<Response<Body>, E>>,
    ended: impl Future<Output = Status> + Send + 'static,
) -> Result<Response<Body>, E> {
    let answer = match deadline {
        None => call.await?,
        Some(deadline) => match timeout_at(deadline, call).await {
            Ok(answer) => answer?,
            Err(_) => return Ok(exceeded().into_http()),
        },
    };
    let end = async move {
        let passed = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = passed => exceeded(),
            status = ended => status,
        }
    };
    Ok(answer.map(|body| Body::new(Bounded { body, end: Box::pin(end), over: false })))
}

/// A body that something else may end, with the status that says why.
struct Bounded {
    body: Body,
    end: Pin<Box<dyn Future<Output = Status> + Send>>,
    over: bool,
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let me = &mut *self;
        if me.over {
            return Poll::Ready(None);
        }
        // The end comes first: a stream that always has something must not outrun it.
        if let Poll::Ready(status) = me.end.as_mut().poll(cx) {
            me.over = true;
            me.body = Body::empty();
            return Poll::Ready(Some(Ok(trailers(status))));
        }
        Pin::new(&mut me.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A status as the end of a stream.
fn trailers(status: Status) -> Frame<Bytes> {
    let mut fields = status.into_http::<()>().into_parts().0.headers;
    fields.remove("content-type");
    Frame::trailers(fields)
}

fn exceeded() -> Status {
    refusal::with(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", "the deadline of the call has passed".to_owned(), &[])
}
