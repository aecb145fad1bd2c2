//! `scimd metrics`: shows the server's metrics, once or again and again, and the alert rules that go with them.

use std::io::Write;
use std::time::Duration;

use super::client::{Connection, Server};
use super::error::Error;
use super::{Output, print, values};
use crate::server::admin::api::v1::{GetMetricsRequest, MetricSample, MetricsSnapshot, WatchMetricsRequest};

/// Rules for Prometheus on the server's metrics.
const ALERT_RULES: &str = include_str!("alert_rules.yaml");

/// The flags of `metrics`.
#[derive(Debug, clap::Args)]
pub struct Metrics {
    #[command(flatten)]
    connection: Connection,

    /// Only metrics whose name begins so, such as scimd_store.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    prefix: String,

    /// Shows them again and again with this time between, from 1s to 1h, until it is interrupted.
    #[arg(long, value_name = "TIME", value_parser = values::period)]
    watch: Option<Duration>,

    /// Ends a --watch after so many times; 0: never.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, requires = "watch")]
    limit: usize,

    /// Prints alert rules for Prometheus (YAML) instead. No server is asked.
    #[arg(long, conflicts_with_all = ["prefix", "watch"])]
    alert_rules: bool,
}

impl Metrics {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        if self.alert_rules {
            return Ok(out.write_all(ALERT_RULES.as_bytes())?);
        }
        self.connection.run(env, async |server| match self.watch {
            Some(interval) => self.follow(&server, interval, out).await,
            None => self.once(&server, out).await,
        })
    }

    async fn once(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let request = server.ask(GetMetricsRequest { name_prefix: self.prefix.clone() });
        let answer = server.metrics().get_metrics(request).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            // The text format has all metrics always; the data has those that were asked for.
            Output::Table if self.prefix.is_empty() => Ok(out.write_all(answer.open_metrics_text.as_bytes())?),
            Output::Table => table(out, &answer.snapshot.unwrap_or_default()),
        }
    }

    async fn follow(&self, server: &Server, interval: Duration, out: &mut impl Write) -> Result<(), Error> {
        let request =
            WatchMetricsRequest { name_prefix: self.prefix.clone(), interval: Some(values::duration(interval)) };
        let mut snapshots = server.metrics().watch_metrics(request).await?.into_inner();
        let mut seen = 0;
        while let Some(message) = snapshots.message().await? {
            match server.output {
                Output::Json => print::json_line(out, &message)?,
                Output::Table => {
                    let snapshot = message.snapshot.unwrap_or_default();
                    writeln!(out, "{}", print::time(snapshot.time.as_ref()))?;
                    table(out, &snapshot)?;
                    writeln!(out)?;
                    out.flush()?;
                }
            }
            seen += 1;
            if seen == self.limit {
                return Ok(());
            }
        }
        Err(Error::stream_ended())
    }
}

/// The numbers that say something at a glance: of histograms the sum and the count, not the buckets.
fn table(out: &mut impl Write, snapshot: &MetricsSnapshot) -> Result<(), Error> {
    let samples = snapshot.families.iter().flat_map(|family| &family.samples);
    let rows: Vec<_> = samples
        .filter(|sample| !sample.name.ends_with("_bucket"))
        .map(|sample| [format!("{}{}", sample.name, labels(sample)), sample.value.to_string()])
        .collect();
    print::table(out, ["METRIC", "VALUE"], &rows)
}

fn labels(sample: &MetricSample) -> String {
    let mut labels: Vec<_> = sample.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    labels.sort();
    if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) }
}
