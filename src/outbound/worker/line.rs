//! The line to a target: a few connections, the pace of requests, and what is kept and counted of each call. It does not know what is asked.

use super::redact;
use crate::directory::Directory;
use crate::directory::refused::Refused;
use crate::directory::target::Shown;
use crate::directory::target::calls::Sent;
use crate::limits;
use crate::outbound::client::{Answer, Ask, Client, Credentials, Error, Trust};
use crate::outbound::pace::Pace;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// See the module.
pub(super) struct Line {
    directory: Arc<Directory>,
    shown: Shown,
    pace: Pace,
    /// Connections that nobody uses now.
    idle: Mutex<Vec<Client>>,
}

/// Why nothing can be asked.
pub(super) enum Unusable {
    /// The credentials cannot be opened.
    Credentials(Refused),
    /// The settings are not right.
    Client(Error),
}

impl Unusable {
    /// As a sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Unusable::Credentials(refused) => refused.to_string(),
            Unusable::Client(error) => error.to_string(),
        }
    }
}

impl Line {
    /// To a target. Nothing is connected yet.
    pub(super) fn new(directory: Arc<Directory>, shown: Shown) -> Result<Line, Unusable> {
        let pace = Pace::new(shown.target.requests_per_s_max);
        let line = Line { directory, shown, pace, idle: Mutex::default() };
        let first = line.client()?;
        line.leave(first);
        Ok(line)
    }

    /// Asks, and keeps what was asked and answered, without secrets.
    ///
    /// # Errors
    /// Whatever kept an answer from coming.
    pub(super) async fn ask(&self, ask: &Ask<'_>) -> Result<Answer, Error> {
        self.pace.turn().await;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut client = match idle {
            Some(client) => client,
            None => self.client().map_err(|unusable| match unusable {
                Unusable::Client(error) => error,
                Unusable::Credentials(refused) => Error::Request(refused.to_string()),
            })?,
        };
        let time_ms = self.directory.clock().now_ms();
        let began = tokio::time::Instant::now();
        let answer = client.send(ask).await;
        self.leave(client);
        self.keep(ask, time_ms, began.elapsed(), &answer);
        answer
    }

    fn leave(&self, client: Client) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(client);
    }

    fn client(&self) -> Result<Client, Unusable> {
        let Shown { tenant, number, target, .. } = &self.shown;
        let secret =
            self.directory.targets.keys.open(*tenant, *number, &target.sealed).map_err(Unusable::Credentials)?;
        let credentials = match target.user.as_str() {
            "" => Credentials::Bearer(secret.expose()),
            user => Credentials::Basic(user, secret.expose()),
        };
        let trust = match target.ca_pem.as_str() {
            "" => Trust::System,
            pem => Trust::Pem(pem.to_owned()),
        };
        let patience = Duration::from_millis(limits::TARGET_ANSWER_MS_MAX);
        Client::with(&target.url, &trust, Some(credentials), patience).map_err(Unusable::Client)
    }

    fn keep(&self, ask: &Ask<'_>, time_ms: i64, took: Duration, answer: &Result<Answer, Error>) {
        let (status, error, text) = match answer {
            Ok(answer) => (answer.status, String::new(), redact::body(&String::from_utf8_lossy(&answer.body))),
            Err(error) => (0, error.to_string(), String::new()),
        };
        let sent = Sent {
            time_ms,
            took,
            method: ask.method.to_owned(),
            path: redact::path(ask.path),
            body: ask.body.map(redact::body).unwrap_or_default(),
            status,
            error,
            answer: text,
        };
        let targets = &self.directory.targets;
        targets.calls.record(self.shown.tenant, self.shown.number, sent);
        targets.live.note(self.shown.tenant, self.shown.number, |now| *now.requests.entry(status).or_insert(0) += 1);
    }
}
