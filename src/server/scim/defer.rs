//! Writes whose client does not want to wait (draft-ietf-scim-events section 2.5.1.1): `Prefer: respond-async` is answered with 202 and
//! the transaction's id in Set-Txn, and the work goes on in a bounded pool. The id is the request's, so that the entries of the change
//! log have it too. Where no place is free, the client is told to come again.

use super::{Job, Seen, Target};
use crate::directory::record::{Outcome, Transaction};
use crate::directory::{answer, transaction};
use crate::limits;
use crate::scim::dialect::Used;
use crate::scim::errors::{Error, Kind};
use crate::server::body::Answer;
use crate::server::prefer::Preferences;
use crate::server::respond;
use bytes::Bytes;
use hyper::Response;
use hyper::header::{ETAG, HeaderName, LOCATION};
use std::time::Duration;
use tokio::sync::oneshot;
use uuid::Uuid;

/// The path of Bulk.
const BULK: &str = "/Bulk";

/// Whether the request is one whose outcome can be told later: a search has no other outcome than its answer.
pub(super) fn applies(job: &Job, target: &Target, preferences: &Preferences) -> bool {
    preferences.respond_async && job.may_defer && !matches!(target, Target::Search(_))
}

/// Begins the work. The answer is 202, or that of the work if it is done while the client waits.
pub(super) async fn defer(
    mut job: Job,
    target: Target,
    body: Bytes,
    preferences: &Preferences,
    seen: &mut Seen,
) -> Result<Response<Answer>, Error> {
    let media = job.media;
    let directory = job.face.directory.clone();
    let unusable = |_| Error::new(Kind::Internal, "the request has no id");
    let id = Uuid::try_parse(&job.request_id).map_err(unusable)?;
    let Some(place) = directory.transactions.place(id, job.tenant().number, body.len()) else {
        return Ok(respond::no_place(media));
    };
    let asked = Transaction {
        method: job.head.method.as_str().to_owned(),
        path: job.path_of(&target),
        token: job.admitted.token().to_owned(),
        started_ms: directory.clock().now_ms(),
        outcome: None,
    };
    let (base, actor) = (job.base(), job.actor());
    let location = job.promised(&target, &base);
    transaction::begin(&job.call(&base, &actor), id, &asked).await?;
    let (sender, done) = oneshot::channel();
    let used = seen.used;
    tokio::spawn(async move {
        let _turn = place.turn().await;
        // The work is a task of its own, so that a panic in it has an outcome too.
        let ending = job.clone();
        let worked = tokio::spawn(async move { job.change(target, body, used).await }).await;
        let (result, used) = worked.unwrap_or_else(|_| {
            (Err(Error::new(Kind::Internal, "the server failed on this request")), Used::default())
        });
        let response = result.unwrap_or_else(|error| respond::error(&error, media));
        // What a Bulk's operations came to is its outcome even where all of it went well.
        let is_kept = asked.path == BULK || response.status().as_u16() >= 400;
        let outcome = outcome(&response, is_kept, ending.face.directory.clock().now_ms());
        tracing::info!(request_id = ending.request_id, status = outcome.status, quirks = ?used, "transaction");
        let (base, actor) = (ending.base(), ending.actor());
        transaction::end(&ending.call(&base, &actor), id, asked, outcome).await;
        // Nobody may be waiting any more.
        let _ = sender.send((response, used));
        drop(place);
    });
    if let Some(wait_s) = preferences.wait_s.filter(|wait_s| *wait_s > 0) {
        let wait = Duration::from_secs(wait_s.min(limits::TRANSACTION_WAIT_S_MAX));
        if let Ok(Ok((response, used))) = tokio::time::timeout(wait, done).await {
            seen.used = used;
            return Ok(response);
        }
    }
    Ok(respond::accepted(&id.to_string(), location.as_deref()))
}

impl Job {
    /// The request's path below the tenant's base URL.
    fn path_of(&self, target: &Target) -> String {
        match target {
            Target::Collection(resource_type) => resource_type.endpoint.clone(),
            Target::Resource(resource_type, id) => {
                format!("{}/{}", resource_type.endpoint, crate::scim::errors::clip(id))
            }
            Target::Bulk => BULK.to_owned(),
            Target::Search(_) => "/.search".to_owned(),
        }
    }

    /// The URL that the resource has, or is to have once it is made: its id is chosen now.
    fn promised(&mut self, target: &Target, base: &str) -> Option<String> {
        match target {
            Target::Collection(resource_type) => {
                let id = self.face.directory.clock().id();
                self.new_id = Some(id);
                Some(answer::location(base, resource_type, id))
            }
            Target::Resource(resource_type, id) => {
                Uuid::try_parse(id).ok().map(|id| answer::location(base, resource_type, id))
            }
            // A Bulk has no location of its own (RFC 7644 section 3.7).
            Target::Search(_) | Target::Bulk => None,
        }
    }
}

/// What is kept of an answer; its body only where that is asked for and it is not too long.
fn outcome(response: &Response<Answer>, is_kept: bool, ended_ms: i64) -> Outcome {
    let header = |name: HeaderName| {
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let text = match response.body() {
        Answer::Full(bytes) if is_kept && bytes.len() <= limits::TRANSACTION_RESPONSE_BYTES_MAX => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        _ => String::new(),
    };
    let (location, version) = (header(LOCATION), header(ETAG));
    Outcome { status: response.status().as_u16(), ended_ms, location, version, response: text }
}
