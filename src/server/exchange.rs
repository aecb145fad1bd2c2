//! The recorder: the last exchanges of each tenant, in memory and bounded, so that an admin can see why an identity provider fails.
//! Secrets are taken out before anything is kept. It does not answer requests, and knows no gRPC.

pub mod explain;
pub mod mask;
pub mod redact;

use self::redact::{Fate, Kept};
use super::connection::Http;
use crate::directory::provision::Told;
use crate::directory::token::Denied;
use crate::limits;
use crate::profile::detect::{self, Evidence, Shape};
use crate::scim::dialect::Used;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One request and its answer, without secrets.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request id.
    pub id: String,
    /// When the request came, in milliseconds since the Unix epoch.
    pub time_ms: i64,
    /// From the request's head to the answer's head.
    pub duration: Duration,
    /// The method.
    pub method: String,
    /// The path and query.
    pub target: String,
    /// The endpoint's template; empty: no endpoint.
    pub endpoint: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// The scimType of an error; empty: none.
    pub scim_type: &'static str,
    /// The token's id; empty: none was accepted.
    pub token: String,
    /// The client's address.
    pub address: IpAddr,
    /// The User-Agent header.
    pub user_agent: String,
    /// The quirks that reading the request needed.
    pub used: Used,
    /// The rules of the tenant's mapping that had a hand in it.
    pub rules: Vec<Told>,
    /// The version of HTTP.
    pub http: Http,
    /// What was wrong with the token of a request refused with 401.
    pub knock: Option<Knock>,
    /// Request headers without secrets, by names in lower case.
    pub request_headers: Vec<(&'static str, String)>,
    /// The request body.
    pub request_body: Kept,
    /// Answer headers, by names in lower case.
    pub response_headers: Vec<(&'static str, String)>,
    /// The answer's body.
    pub response_body: Kept,
}

/// What can be said of a request that was not let in, without its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knock {
    /// It has no Authorization header.
    NoHeader,
    /// It has several.
    SeveralHeaders,
    /// The header is of another scheme than Bearer.
    OtherScheme,
    /// There is nothing, or more than one word, after `Bearer`.
    NoToken,
    /// There is a token, which was not taken.
    Token(Denied),
}

/// Keeps exchanges.
#[derive(Debug, Default)]
pub struct Recorder {
    shelves: Mutex<Shelves>,
    /// The tenants whose log has been told of a profile that their requests speak for.
    hinted: Mutex<HashSet<u32>>,
}

/// An exchange in its place: a later one has a higher number.
pub type Numbered = (u64, Arc<Exchange>);

#[derive(Debug, Default)]
struct Shelves {
    /// By the tenant's number, which no later tenant of the same name has.
    by_tenant: HashMap<u32, Shelf>,
    /// The tenants by the size of what is kept of them: when all together are too much, the largest gives way.
    by_size: BTreeSet<(usize, u32)>,
    bytes: usize,
    refused_bytes: usize,
    made: u64,
}

/// What is kept of one tenant.
#[derive(Debug, Default)]
struct Shelf {
    let_in: VecDeque<Numbered>,
    bytes: usize,
    refused: VecDeque<Numbered>,
}

impl Recorder {
    /// Keeps an exchange of a tenant; the oldest ones give way to it.
    pub fn record(&self, tenant: u32, exchange: Exchange) {
        let exchange = Arc::new(exchange);
        let mut shelves = self.lock();
        // What gives way is freed after the lock.
        let gone = match exchange.status {
            401 => shelves.keep_refused(tenant, exchange),
            _ => shelves.keep(tenant, exchange),
        };
        drop(shelves);
        drop(gone);
    }

    /// A tenant's exchanges, the newest first.
    pub fn exchanges(&self, tenant: u32) -> Vec<Numbered> {
        let shelves = self.lock();
        let Some(shelf) = shelves.by_tenant.get(&tenant) else { return Vec::new() };
        let mut all: Vec<Numbered> = shelf.let_in.iter().chain(&shelf.refused).cloned().collect();
        drop(shelves);
        all.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(*number));
        all
    }

    /// The exchange with this request id.
    pub fn find(&self, tenant: u32, id: &str) -> Option<Arc<Exchange>> {
        let shelves = self.lock();
        let shelf = shelves.by_tenant.get(&tenant)?;
        let found = shelf.let_in.iter().chain(&shelf.refused).find(|(_, exchange)| exchange.id == id);
        found.map(|(_, exchange)| Arc::clone(exchange))
    }

    /// The profile that a tenant's exchanges speak for, when it is another one than `profile`.
    pub fn suggestion(&self, tenant: u32, profile: &str) -> Option<Evidence> {
        let exchanges = self.exchanges(tenant);
        let let_in = exchanges.iter().filter(|(_, exchange)| exchange.status != 401);
        detect::suggestion(let_in.map(|(_, exchange)| exchange.shape())).filter(|found| found.profile != profile)
    }

    /// Whether nobody has been told of this tenant before; of more tenants than can be remembered nobody is told.
    pub fn is_first_hint(&self, tenant: u32) -> bool {
        let mut hinted = self.hinted.lock().unwrap_or_else(PoisonError::into_inner);
        hinted.len() < limits::HINTED_TENANTS_MAX && hinted.insert(tenant)
    }

    /// Forgets a tenant that is gone.
    pub fn forget(&self, tenant: u32) {
        self.hinted.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
        let mut shelves = self.lock();
        let Some(shelf) = shelves.by_tenant.remove(&tenant) else { return };
        shelves.by_size.remove(&(shelf.bytes, tenant));
        shelves.bytes -= shelf.bytes.min(shelves.bytes);
        let refused: usize = shelf.refused.iter().map(|(_, exchange)| exchange.bytes()).sum();
        shelves.refused_bytes -= refused.min(shelves.refused_bytes);
        drop(shelves);
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        // Sizes that are off by one exchange do less harm than no recorder.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Knock {
    /// What is wrong with these headers, as far as they show it.
    pub fn of(headers: &HeaderMap, denied: Denied) -> Knock {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), more) = (values.next(), values.next()) else { return Knock::NoHeader };
        if more.is_some() {
            return Knock::SeveralHeaders;
        }
        let Ok(text) = value.to_str() else { return Knock::Token(Denied::Malformed) };
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        let token = token.trim();
        match scheme.eq_ignore_ascii_case("Bearer") {
            false => Knock::OtherScheme,
            true if token.is_empty() || token.contains(' ') => Knock::NoToken,
            true => Knock::Token(denied),
        }
    }
}

impl Shelves {
    fn keep(&mut self, tenant: u32, exchange: Arc<Exchange>) -> Vec<Numbered> {
        self.made += 1;
        let size = exchange.bytes();
        self.shelf(tenant);
        let number = self.made;
        let mut gone = Vec::new();
        self.resize(tenant, |shelf| {
            shelf.let_in.push_back((number, exchange));
            shelf.bytes += size;
            while shelf.let_in.len() > limits::EXCHANGES_MAX || shelf.bytes > limits::EXCHANGES_BYTES_MAX {
                let Some(oldest) = shelf.oldest() else { break };
                gone.push(oldest);
            }
        });
        while self.bytes > limits::EXCHANGES_TOTAL_BYTES_MAX {
            let Some((_, largest)) = self.by_size.last().copied() else { break };
            self.resize(largest, |shelf| gone.extend(shelf.oldest()));
        }
        gone
    }

    /// Those that were not let in have room of their own. When all of it is taken, a tenant's older ones give way to its new ones.
    fn keep_refused(&mut self, tenant: u32, exchange: Arc<Exchange>) -> Vec<Numbered> {
        self.made += 1;
        self.shelf(tenant);
        let (number, size) = (self.made, exchange.bytes());
        let mut gone = Vec::new();
        let Some(shelf) = self.by_tenant.get_mut(&tenant) else { return gone };
        while shelf.refused.len() >= limits::EXCHANGES_REFUSED_MAX
            || self.refused_bytes + size > limits::EXCHANGES_REFUSED_TOTAL_BYTES_MAX
        {
            let Some(oldest) = shelf.refused.pop_front() else { return gone };
            self.refused_bytes -= oldest.1.bytes().min(self.refused_bytes);
            gone.push(oldest);
        }
        self.refused_bytes += size;
        shelf.refused.push_back((number, exchange));
        gone
    }

    /// Makes the tenant's shelf when there is none.
    fn shelf(&mut self, tenant: u32) {
        if let Entry::Vacant(place) = self.by_tenant.entry(tenant) {
            place.insert(Shelf::default());
            self.by_size.insert((0, tenant));
        }
    }

    /// Changes a shelf and keeps the sizes right.
    fn resize(&mut self, tenant: u32, change: impl FnOnce(&mut Shelf)) {
        let Some(shelf) = self.by_tenant.get_mut(&tenant) else { return };
        let before = shelf.bytes;
        change(shelf);
        self.bytes = self.bytes + shelf.bytes - before;
        self.by_size.remove(&(before, tenant));
        self.by_size.insert((shelf.bytes, tenant));
    }
}

impl Shelf {
    fn oldest(&mut self) -> Option<Numbered> {
        let oldest = self.let_in.pop_front()?;
        self.bytes -= oldest.1.bytes().min(self.bytes);
        Some(oldest)
    }
}

impl Exchange {
    /// What it shows of its sender.
    pub fn shape(&self) -> Shape<'_> {
        let accept = self.request_headers.iter().find(|(name, _)| *name == "accept");
        Shape {
            user_agent: &self.user_agent,
            target: &self.target,
            accept: accept.map_or("", |(_, value)| value),
            used: self.used,
        }
    }

    /// What it takes of the memory, near enough.
    fn bytes(&self) -> usize {
        let headers = |headers: &[(&str, String)]| headers.iter().map(|(_, value)| value.len() + 32).sum::<usize>();
        let texts = [&self.id, &self.method, &self.target, &self.token, &self.user_agent].map(String::len);
        size_of::<Exchange>()
            + texts.iter().sum::<usize>()
            + headers(&self.request_headers)
            + headers(&self.response_headers)
            + self.request_body.text.len()
            + self.response_body.text.len()
    }

    /// Why it cannot be run again as it was; `None`: it can.
    pub fn not_replayable(&self) -> Option<&'static str> {
        match self.request_body.fate {
            _ if self.status == 401 => Some("it was not let in, so that there is nothing to run"),
            _ if self.status == 429 => Some("it was refused for its rate before it was looked at"),
            _ if self.endpoint.is_empty() => Some("there is no such endpoint"),
            _ if self.target.ends_with('…') => Some("its target was too long to be kept whole"),
            Fate::Cut => Some("its body was too long to be kept whole"),
            Fate::LeftOut | Fate::WithoutSecrets => Some("a secret was removed from it"),
            Fate::Unread if ["POST", "PUT", "PATCH"].contains(&self.method.as_str()) => Some("its body was not read"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
