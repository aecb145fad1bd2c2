//! What is counted of the Crowd listener: requests by application, endpoint and status, how long each endpoint takes, and who was not let
//! in. It knows nothing of the protocol.

use crate::limits;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// The counters; clones count into the same ones.
#[derive(Clone)]
pub struct Crowd {
    requests: Family<RequestLabels, Counter>,
    durations: Family<EndpointLabel, Histogram, fn() -> Histogram>,
    denied: Family<ReasonLabel, Counter>,
    same_names: Family<ApplicationLabel, Gauge>,
    applications: Arc<RwLock<HashSet<Arc<str>>>>,
}

/// One answered request, as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The name of the application that was let in; empty: none was.
    pub application: &'a str,
    /// The endpoint's template; empty: no endpoint.
    pub endpoint: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// Why it was not let in, in a stable word; empty: it was, or it needed not to be.
    pub denied: &'static str,
    /// From its head to the head of the answer.
    pub duration: Duration,
}

impl Default for Crowd {
    fn default() -> Crowd {
        let durations: fn() -> Histogram = || Histogram::new(super::DURATION_BOUNDS_S);
        Crowd {
            requests: Family::default(),
            durations: Family::new_with_constructor(durations),
            denied: Family::default(),
            same_names: Family::default(),
            applications: Arc::default(),
        }
    }
}

impl Crowd {
    /// Gives the counters their names.
    pub fn register(&self, registry: &mut Registry) {
        let by_request = "Crowd requests answered, by application (empty: none that was let in), endpoint and status";
        registry.register("scimd_crowd_requests", by_request, self.requests.clone());
        let by_endpoint = "Time from a Crowd request's head to the head of its answer, by endpoint";
        registry.register_with_unit("scimd_crowd_request_duration", by_endpoint, Unit::Seconds, self.durations.clone());
        let by_reason = "Crowd requests whose application was not let in, by reason";
        registry.register("scimd_crowd_authentication_failures", by_reason, self.denied.clone());
        let same = "Users and groups that an application does not see because older ones have the same names";
        registry.register("scimd_crowd_same_names", same, self.same_names.clone());
    }

    /// Counts an answered request.
    pub fn asked(&self, asked: &Asked<'_>) {
        let endpoint = if asked.endpoint.is_empty() { super::OTHER } else { asked.endpoint };
        let application = self.label(asked.application);
        let labels = RequestLabels { application, endpoint, status: u32::from(asked.status) };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&EndpointLabel { endpoint }).observe(asked.duration.as_secs_f64());
        if !asked.denied.is_empty() {
            self.denied.get_or_create(&ReasonLabel { reason: asked.denied }).inc();
        }
    }

    /// Sets how many users and groups an application does not see because of their names.
    pub fn same_names(&self, application: &str, number: usize) {
        let label = ApplicationLabel { application: self.label(application) };
        self.same_names.get_or_create(&label).set(i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// The application's name as a label. Names beyond the bound share one.
    fn label(&self, application: &str) -> Arc<str> {
        if let Some(known) = self.applications.read().unwrap_or_else(PoisonError::into_inner).get(application) {
            return Arc::clone(known);
        }
        let mut applications = self.applications.write().unwrap_or_else(PoisonError::into_inner);
        if applications.len() >= limits::METRICS_APPLICATIONS_MAX {
            return Arc::from(super::OTHER);
        }
        let label: Arc<str> = Arc::from(application);
        applications.insert(Arc::clone(&label));
        label
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    application: Arc<str>,
    endpoint: &'static str,
    status: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ApplicationLabel {
    application: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabel {
    endpoint: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}
