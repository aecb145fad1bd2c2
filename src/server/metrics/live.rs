//! The metrics that are not counted but looked up when somebody asks: the store's figures, the ends of certificate and tokens, the
//! process and its disk. It does not know who asks.

use crate::directory::Directory;
use crate::directory::target::live::Now;
use crate::limits;
use crate::store::State;
use crate::store::figures::{Figures, Histogram};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Where the values come from.
pub struct Sources {
    /// The store's figures and readiness.
    pub directory: Arc<Directory>,
    /// When the certificate of the SCIM listener ends, in seconds since the Unix epoch; `None`: no TLS.
    pub certificate_not_after_s: watch::Receiver<Option<i64>>,
    /// The directory whose disk is watched.
    pub data_dir: PathBuf,
    /// The version of the binary.
    pub version: &'static str,
    /// When the process started, in milliseconds since the Unix epoch.
    pub started_ms: i64,
}

/// A token that ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry {
    /// When, in seconds since the Unix epoch.
    pub ends_s: i64,
    /// The tenant's name.
    pub tenant: String,
    /// The token's id.
    pub token: String,
}

/// Looks everything up at each scrape.
pub struct Live {
    /// Where from.
    pub sources: Sources,
    /// The tokens that end.
    pub expiries: Arc<Mutex<Vec<Expiry>>>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}

impl Collector for Live {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        self.server(&mut page)?;
        store(&self.sources.directory.figures(), &mut page)?;
        targets(&self.sources.directory, &mut page)?;
        self.process(&mut page)
    }
}

impl Live {
    fn server(&self, page: &mut Page<'_>) -> fmt::Result {
        let Sources { directory, certificate_not_after_s, data_dir, version, started_ms } = &self.sources;
        page.labelled("scimd_build_info", "The version of the server", None, &[([("version", *version)], 1.0)])?;
        let is_ready = matches!(directory.state(), State::Ready);
        page.gauge("scimd_ready", "1 while the store takes writes, 0 otherwise", None, f64::from(u8::from(is_ready)))?;
        let uptime_ms = directory.clock().now_ms().saturating_sub(*started_ms);
        page.gauge("scimd_uptime", "Time since the start", Some(Unit::Seconds), seconds(uptime_ms))?;
        if let Some(end) = *certificate_not_after_s.borrow() {
            let help = "When the listener's certificate ends, since the Unix epoch";
            let rows = [([("listener", "scim")], end as f64)];
            page.labelled("scimd_certificate_expiry_timestamp", help, Some(Unit::Seconds), &rows)?;
        }
        let expiries = self.expiries.lock().unwrap_or_else(PoisonError::into_inner);
        if !expiries.is_empty() {
            let row = |expiry: &'_ Expiry| {
                ([("tenant", expiry.tenant.clone()), ("token", expiry.token.clone())], expiry.ends_s as f64)
            };
            let rows: Vec<_> = expiries.iter().map(row).collect();
            let help = "When an active token ends, since the Unix epoch; only tokens that end";
            page.labelled("scimd_token_expiry_timestamp", help, Some(Unit::Seconds), &rows)?;
        }
        drop(expiries);
        if let Ok(disk) = rustix::fs::statvfs(data_dir) {
            let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize) as f64;
            let free = "Free bytes of the disk that holds the data directory";
            page.gauge("scimd_disk_free", free, Some(Unit::Bytes), bytes(disk.f_bavail))?;
            let size = "Bytes of the disk that holds the data directory";
            page.gauge("scimd_disk_size", size, Some(Unit::Bytes), bytes(disk.f_blocks))?;
        }
        Ok(())
    }

    /// What every exporter tells of its process, under the names that all of them use.
    fn process(&self, page: &mut Page<'_>) -> fmt::Result {
        let started = seconds(self.sources.started_ms);
        page.gauge(
            "process_start_time",
            "When the process started, since the Unix epoch",
            Some(Unit::Seconds),
            started,
        )?;
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The name of the program, in parentheses, may hold anything; proc_pid_stat(5) counts from it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<u64>().ok());
        if let (Some(user), Some(system)) = (field(14), field(15)) {
            let ticks_per_s = rustix::param::clock_ticks_per_second().max(1) as f64;
            let cpu = (user + system) as f64 / ticks_per_s;
            page.counter("process_cpu", "Processor time used", Some(Unit::Seconds), cpu)?;
        }
        if let Some(pages) = field(24) {
            let bytes = pages.saturating_mul(rustix::param::page_size() as u64) as f64;
            page.gauge("process_resident_memory", "Memory in use", Some(Unit::Bytes), bytes)?;
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            page.gauge("process_open_fds", "Open file descriptors", None, open.count() as f64)?;
        }
        Ok(())
    }
}

/// What targets are doing. Their number is bounded, as is that of the tenants shown.
fn targets(directory: &Directory, page: &mut Page<'_>) -> fmt::Result {
    let mut all = directory.targets.live.all();
    if all.is_empty() {
        return Ok(());
    }
    all.truncate(limits::METRICS_TARGETS_MAX);
    let labels = |now: &Now| [("tenant", now.tenant.clone()), ("target", now.name.clone())];
    let now_ms = directory.clock().now_ms();
    let rows = |value: &dyn Fn(&Now) -> f64| all.iter().map(|now| (labels(now), value(now))).collect::<Vec<_>>();
    let lag = |now: &Now| now.oldest_ms.map_or(0.0, |oldest| seconds(now_ms.saturating_sub(oldest).max(0)));
    let help = "How long the oldest change has been waiting that the target has not got";
    page.labelled("scimd_target_lag", help, Some(Unit::Seconds), &rows(&lag))?;
    let help = "Changes that the target has not got";
    page.labelled("scimd_target_lag_changes", help, None, &rows(&|now| now.lag_changes as f64))?;
    let help = "Users and groups that attempts were given up for";
    page.labelled("scimd_target_dead_letters", help, None, &rows(&|now| now.dead as f64))?;
    let help = "Users and groups whose destructive steps wait for an approval";
    page.labelled("scimd_target_held", help, None, &rows(&|now| now.held as f64))?;
    let help = "When the target had everything last, since the Unix epoch; 0: not since the start";
    let success = |now: &Now| now.success_ms.map_or(0.0, seconds);
    page.labelled("scimd_target_last_success_timestamp", help, Some(Unit::Seconds), &rows(&success))?;
    let mut requests = Vec::new();
    for now in &all {
        for (status, count) in &now.requests {
            let [tenant, target] = labels(now);
            requests.push(([tenant, target, ("status", status.to_string())], *count));
        }
    }
    let help = "Requests to targets by the status of their answers; 0: there was none";
    page.counters("scimd_target_requests", help, &requests)
}

/// The store's figures.
fn store(figures: &Figures, page: &mut Page<'_>) -> fmt::Result {
    let Figures { commits, batches, conflicts, failed, .. } = figures;
    let outcomes = [("committed", *batches), ("conflict", *conflicts), ("failed", *failed)];
    page.counter("scimd_store_commits", "Commits made durable, each of one or more batches", None, *commits as f64)?;
    let help =
        "Batches by outcome: committed, conflict (made anew by the server), failed (the store could not be written)";
    page.counters("scimd_store_batches", help, &outcomes.map(|(outcome, count)| ([("outcome", outcome)], count)))?;
    page.histogram("scimd_store_commit_batches", "Batches of a commit", None, &figures.commit_batches, 1.0)?;
    let help = "Time from a commit's first batch until it was durable";
    page.histogram("scimd_store_commit_duration", help, Some(Unit::Seconds), &figures.commit_duration_us, 1e6)?;
    page.gauge("scimd_store_queue_batches", "Batches that wait for the writer", None, figures.queue_batches as f64)?;
    let help = "Bytes of the batches that wait for the writer";
    page.gauge("scimd_store_queue", help, Some(Unit::Bytes), figures.queue_bytes as f64)?;
    page.gauge("scimd_store_file", "Size of the database file", Some(Unit::Bytes), figures.file_bytes as f64)?;
    let help = "How often the database was opened again after a fault of the disk";
    page.counter("scimd_store_reopenings", help, None, figures.reopenings as f64)?;
    let help = "Points in time that readers still hold although newer commits replaced them; they keep the file large";
    page.gauge("scimd_store_replaced_snapshots", help, None, figures.replaced_snapshots as f64)
}

/// The text that is being written.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn gauge(&mut self, name: &str, help: &str, unit: Option<Unit>, value: f64) -> fmt::Result {
        let gauge = ConstGauge::new(value);
        gauge.encode(self.0.encode_descriptor(name, help, unit.as_ref(), gauge.metric_type())?)
    }

    fn counter(&mut self, name: &str, help: &str, unit: Option<Unit>, value: f64) -> fmt::Result {
        let counter = ConstCounter::new(value);
        counter.encode(self.0.encode_descriptor(name, help, unit.as_ref(), counter.metric_type())?)
    }

    fn labelled<L>(&mut self, name: &str, help: &str, unit: Option<Unit>, rows: &[(L, f64)]) -> fmt::Result
    where
        L: prometheus_client::encoding::EncodeLabelSet,
    {
        let mut family = self.0.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
        for (labels, value) in rows {
            ConstGauge::new(*value).encode(family.encode_family(labels)?)?;
        }
        Ok(())
    }

    fn counters<L>(&mut self, name: &str, help: &str, rows: &[(L, u64)]) -> fmt::Result
    where
        L: prometheus_client::encoding::EncodeLabelSet,
    {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in rows {
            ConstCounter::new(*value).encode(family.encode_family(labels)?)?;
        }
        Ok(())
    }

    /// The figures are cumulative, and the encoder adds the buckets up itself.
    fn histogram(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        figures: &Histogram,
        divisor: f64,
    ) -> fmt::Result {
        let mut before = 0;
        let mut buckets = Vec::with_capacity(figures.buckets.len() + 1);
        for (bound, upto) in &figures.buckets {
            buckets.push((*bound as f64 / divisor, upto.saturating_sub(before)));
            before = *upto;
        }
        // What is counted between two reads of the figures is in the last bucket, so that the sum is the count.
        buckets.push((f64::INFINITY, figures.count.saturating_sub(before)));
        let mut family = self.0.encode_descriptor(name, help, unit.as_ref(), MetricType::Histogram)?;
        family.encode_histogram::<NoLabelSet>(figures.sum as f64 / divisor, figures.count.max(before), &buckets, None)
    }
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}
