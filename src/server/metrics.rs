//! What the server counts and measures, by the names under which Prometheus knows it. Counting is for the request path: a few
//! look-ups and atomics, and no text is made. It does not know how anything that it counts is done.

pub mod crowd;
pub mod families;
pub mod live;
pub mod scrape;
pub mod traffic;

use self::live::{Expiry, Live, Sources};
use self::traffic::Traffic;
use crate::directory::provision::Told;
use crate::limits;
use crate::scim::dialect::{Quirk, Stance, Used};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// All metrics of one server.
pub struct Metrics {
    registry: Registry,
    /// What the SCIM listener counts by itself.
    pub traffic: Traffic,
    /// What the Crowd listener counts.
    pub crowd: crowd::Crowd,
    requests: Family<RequestLabels, Counter>,
    durations: Vec<(&'static str, Histogram)>,
    in_flight: Gauge,
    quirks: Family<QuirkLabels, Counter>,
    rules: Family<RuleLabels, Counter>,
    rate_limited: Family<TenantLabel, Counter>,
    tenants: RwLock<HashSet<Arc<str>>>,
    /// Which labels each tenant's rows have, to be forgotten with it.
    series: Mutex<HashMap<Arc<str>, Series>>,
    other: Arc<str>,
    expiries: Arc<Mutex<Vec<Expiry>>>,
}

/// One answered request, as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Served<'a> {
    /// The name of a tenant that there is; empty: none.
    pub tenant: &'a str,
    /// The endpoint's template, such as `/Users/{id}`; empty: no endpoint.
    pub endpoint: &'static str,
    /// The method.
    pub method: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// Why it was refused, in a stable word; empty: it was not.
    pub reason: &'static str,
    /// The quirks that reading it needed.
    pub used: Used,
    /// The rules of the tenant's mapping that had a hand in it.
    pub rules: &'a [Told],
    /// From its head to the head of the answer.
    pub duration: Duration,
}

/// A request counts as in flight for as long as this lives.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Metrics {
    /// Nothing counted yet.
    pub fn new(sources: Sources) -> Metrics {
        let mut registry = Registry::default();
        let (requests, quirks, rate_limited) = (Family::default(), Family::default(), Family::default());
        let rules: Family<RuleLabels, Counter> = Family::default();
        let in_flight = Gauge::default();
        let expiries = Arc::<Mutex<Vec<Expiry>>>::default();
        let durations: Family<OperationLabel, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(DURATION_BOUNDS_S));
        let resolved =
            OPERATIONS.map(|operation| (operation, durations.get_or_create_owned(&OperationLabel { operation })));
        let by_request = "Requests answered, by tenant (empty: none that exists), endpoint, method and status";
        registry.register("scimd_requests", by_request, requests.clone());
        let by_operation = "Time from a request's head to the head of its answer, by operation";
        registry.register_with_unit("scimd_request_duration", by_operation, Unit::Seconds, durations);
        registry.register("scimd_requests_in_flight", "Requests that are being answered", in_flight.clone());
        let by_quirk = "Requests with a leniency, by tenant, leniency and what was done (accept, warn, refuse)";
        registry.register("scimd_quirks", by_quirk, quirks.clone());
        let by_rule = "Requests that a rule of a mapping had a hand in, by tenant, rule and outcome (applied, refused)";
        registry.register("scimd_mapping_rules", by_rule, rules.clone());
        let limited = "Requests refused because their tenant or token sent too many, by tenant";
        registry.register("scimd_rate_limited_requests", limited, rate_limited.clone());
        let traffic = Traffic::register(traffic::SCIM, &mut registry);
        let crowd = crowd::Crowd::default();
        crowd.register(&mut registry);
        registry.register_collector(Box::new(Live { sources, expiries: Arc::clone(&expiries) }));
        Metrics {
            registry,
            traffic,
            crowd,
            requests,
            durations: resolved.to_vec(),
            in_flight,
            quirks,
            rules,
            rate_limited,
            tenants: RwLock::default(),
            series: Mutex::default(),
            other: Arc::from(OTHER),
            expiries,
        }
    }

    /// Counts an answered request with everything that it tells.
    pub fn served(&self, served: &Served<'_>) {
        let tenant = self.label(served.tenant);
        let method = method(served.method);
        let route = if served.endpoint.is_empty() { OTHER } else { served.endpoint };
        let labels = RequestLabels { tenant: Arc::clone(&tenant), route, method, status: u32::from(served.status) };
        let is_known = self.requests.get(&labels).map(|requests| requests.inc()).is_some();
        if !is_known {
            self.requests.get_or_create(&labels).inc();
            let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
            series.entry(Arc::clone(&tenant)).or_default().requests.push(labels);
        }
        let operation = operation(served.endpoint, method);
        if let Some((_, durations)) = self.durations.iter().find(|(name, _)| *name == operation) {
            durations.observe(served.duration.as_secs_f64());
        }
        if !served.reason.is_empty() {
            self.traffic.rejected(served.reason);
        }
        if served.reason == RATE_LIMITED {
            self.rate_limited.get_or_create(&TenantLabel { tenant: Arc::clone(&tenant) }).inc();
        }
        for Told { rule, refused } in served.rules {
            let (tenant, outcome) = (Arc::clone(&tenant), if *refused { "refused" } else { "applied" });
            let labels = RuleLabels { tenant: Arc::clone(&tenant), rule: Arc::clone(rule), outcome };
            if self.rules.get(&labels).map(|fired| fired.inc()).is_none() {
                self.rules.get_or_create(&labels).inc();
                let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
                series.entry(tenant).or_default().rules.push(labels);
            }
        }
        for (quirk, stance) in served.used.each() {
            self.quirks.get_or_create(&QuirkLabels::new(Arc::clone(&tenant), quirk, stance)).inc();
        }
    }

    /// How many requests of the tenant needed `quirk` and were met with `stance`, since the server started.
    pub fn quirk_uses(&self, tenant: &str, quirk: Quirk, stance: Stance) -> u64 {
        let labels = QuirkLabels::new(self.label(tenant), quirk, stance);
        // Bound to a name: the guard of the family may not outlive the look-up.
        let counter = self.quirks.get(&labels).map(|counter| counter.get());
        counter.unwrap_or(0)
    }

    /// Counts a request that has begun.
    pub fn begun(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Forgets a tenant that is gone, which gives its place to another one.
    pub fn forget(&self, tenant: &str) {
        let known = self.tenants.write().unwrap_or_else(PoisonError::into_inner).take(tenant);
        let Some(tenant) = known else { return };
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
        let Series { requests, rules } = series.unwrap_or_default();
        for labels in requests {
            self.requests.remove(&labels);
        }
        for labels in rules {
            self.rules.remove(&labels);
        }
        for quirk in Quirk::ALL {
            for stance in [Stance::Accept, Stance::Warn, Stance::Refuse] {
                self.quirks.remove(&QuirkLabels::new(Arc::clone(&tenant), quirk, stance));
            }
        }
        self.rate_limited.remove(&TenantLabel { tenant });
    }

    /// Takes the active tokens of all tenants (tenant, token id) with the time at which each ends, in seconds since the Unix
    /// epoch; those without an end are left out. Of more than can be shown, the ones that end first are kept.
    pub fn set_token_expiries(&self, tokens: Vec<(String, String, Option<i64>)>) {
        let ending = |(tenant, token, ends_s): (_, _, Option<i64>)| Some(Expiry { ends_s: ends_s?, tenant, token });
        let mut expiries: Vec<Expiry> = tokens.into_iter().filter_map(ending).collect();
        expiries.sort_unstable();
        expiries.truncate(limits::METRICS_TOKENS_MAX);
        *self.expiries.lock().unwrap_or_else(PoisonError::into_inner) = expiries;
    }

    /// All metrics in the OpenMetrics text format. It reads files of the operating system and may be long: not for the threads
    /// of the runtime.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail; a metric that could not be encoded is left out.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }

    /// The tenant's name as a label. Names beyond the bound share one.
    fn label(&self, tenant: &str) -> Arc<str> {
        if let Some(known) = self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(tenant) {
            return Arc::clone(known);
        }
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= limits::METRICS_TENANTS_MAX {
            return Arc::clone(&self.other);
        }
        let label: Arc<str> = Arc::from(tenant);
        tenants.insert(Arc::clone(&label));
        label
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The reason of requests refused with 429.
pub const RATE_LIMITED: &str = "rate_limited";

/// The label of everything that has no label of its own.
const OTHER: &str = "other";

/// The upper bounds of the buckets of request durations, in seconds: an ordinary read takes some 20 microseconds.
const DURATION_BOUNDS_S: [f64; 16] =
    [5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

const OPERATIONS: [&str; 10] =
    ["read", "list", "create", "replace", "patch", "delete", "search", "discovery", "health", OTHER];

fn operation(endpoint: &str, method: &str) -> &'static str {
    match (method, endpoint) {
        ("GET" | "HEAD", "/Users/{id}" | "/Groups/{id}" | "/{endpoint}/{id}") => "read",
        ("GET" | "HEAD", "/Users" | "/Groups" | "/{endpoint}" | "/") => "list",
        ("POST", "/Users" | "/Groups" | "/{endpoint}") => "create",
        ("PUT", "/Users/{id}" | "/Groups/{id}" | "/{endpoint}/{id}") => "replace",
        ("PATCH", "/Users/{id}" | "/Groups/{id}" | "/{endpoint}/{id}") => "patch",
        ("DELETE", "/Users/{id}" | "/Groups/{id}" | "/{endpoint}/{id}") => "delete",
        ("POST", "/.search") => "search",
        ("GET" | "HEAD", "/ServiceProviderConfig" | "/ResourceTypes" | "/Schemas") => "discovery",
        ("GET" | "HEAD", "/healthz" | "/readyz") => "health",
        _ => OTHER,
    }
}

fn method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or(OTHER)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    tenant: Arc<str>,
    route: &'static str,
    method: &'static str,
    status: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QuirkLabels {
    tenant: Arc<str>,
    quirk: &'static str,
    stance: &'static str,
}

impl QuirkLabels {
    fn new(tenant: Arc<str>, quirk: Quirk, stance: Stance) -> QuirkLabels {
        QuirkLabels { tenant, quirk: quirk.name(), stance: stance.name() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleLabels {
    tenant: Arc<str>,
    rule: Arc<str>,
    outcome: &'static str,
}

/// The rows of one tenant in families that have rows by more than the tenant.
#[derive(Debug, Default)]
struct Series {
    requests: Vec<RequestLabels>,
    rules: Vec<RuleLabels>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TenantLabel {
    tenant: Arc<str>,
}

#[cfg(test)]
mod tests;
