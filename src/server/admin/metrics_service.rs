//! `MetricsService`: the metrics as data and as the text that Prometheus is given, of which the data are read.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_stream::wrappers::IntervalStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use super::api::v1::metrics_service_server::MetricsService;
use super::api::v1::{
    GetMetricsRequest, GetMetricsResponse, MetricFamily, MetricSample, MetricType, MetricsSnapshot,
    WatchMetricsRequest, WatchMetricsResponse,
};
use super::{AdminState, refusal, wire};
use crate::clock::Clock;
use crate::limits;
use crate::scim::errors::{Error, Kind as ErrorKind};
use crate::server::metrics::Metrics;
use crate::server::metrics::families::{self, Family, Kind};

type Watch = Pin<Box<dyn Stream<Item = Result<WatchMetricsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl MetricsService for AdminState {
    type WatchMetricsStream = Watch;

    async fn get_metrics(&self, request: Request<GetMetricsRequest>) -> Result<Response<GetMetricsResponse>, Status> {
        let prefix = request.into_inner().name_prefix;
        let open_metrics_text = text(self.metrics.clone()).await?;
        let snapshot = Some(snapshot(self.directory.clock(), &open_metrics_text, &prefix));
        Ok(Response::new(GetMetricsResponse { snapshot, open_metrics_text }))
    }

    async fn watch_metrics(&self, request: Request<WatchMetricsRequest>) -> Result<Response<Watch>, Status> {
        let WatchMetricsRequest { name_prefix, interval } = request.into_inner();
        let ms = match interval {
            None => limits::METRICS_INTERVAL_MS_DEFAULT,
            Some(interval) => wire::duration_ms("interval", &interval)?,
        };
        if !(limits::METRICS_INTERVAL_MS_MIN..=limits::METRICS_INTERVAL_MS_MAX).contains(&ms) {
            return Err(refusal::field("interval", "it must be from 1 second to 1 hour"));
        }
        let mut interval = tokio::time::interval(Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
        // A watcher that reads slowly gets the newest snapshot and not the ones that it missed.
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (metrics, clock) = (self.metrics.clone(), self.directory.clock().clone());
        let snapshots = IntervalStream::new(interval).then(move |_| {
            let (metrics, clock, prefix) = (metrics.clone(), clock.clone(), name_prefix.clone());
            async move {
                let text = text(metrics).await?;
                Ok(WatchMetricsResponse { snapshot: Some(snapshot(&clock, &text, &prefix)) })
            }
        });
        Ok(Response::new(Box::pin(snapshots)))
    }
}

/// The text; made apart from the runtime's threads, because it may be long.
async fn text(metrics: Arc<Metrics>) -> Result<String, Status> {
    let made = tokio::task::spawn_blocking(move || metrics.text()).await;
    made.map_err(|_| refusal::failure(&Error::new(ErrorKind::Internal, "the metrics could not be made")))
}

fn snapshot(clock: &Clock, text: &str, prefix: &str) -> MetricsSnapshot {
    let families = families::families(text, prefix).into_iter().map(family).collect();
    MetricsSnapshot { time: Some(wire::time(clock.now_ms())), families }
}

fn family(family: Family) -> MetricFamily {
    let kind = match family.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
        Kind::Unknown => MetricType::Unspecified,
    };
    let sample = |sample: families::Sample| MetricSample {
        name: sample.name,
        labels: sample.labels.into_iter().collect(),
        value: sample.value,
    };
    MetricFamily {
        name: family.name,
        help: family.help,
        r#type: kind.into(),
        samples: family.samples.into_iter().map(sample).collect(),
    }
}
