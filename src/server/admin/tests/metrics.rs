//! `MetricsService`: data and text say the same, and a watcher gets snapshot after snapshot.

use super::*;
use crate::scim::dialect::Used;
use crate::server::admin::api::v1::metrics_service_client::MetricsServiceClient;
use crate::server::admin::api::v1::{GetMetricsRequest, MetricType, WatchMetricsRequest};
use crate::server::metrics::Served;

fn served(tenant: &str) -> Served<'_> {
    let duration = std::time::Duration::from_micros(20);
    let used = Used::default();
    Served { tenant, endpoint: "/Users", method: "GET", status: 200, reason: "", used, rules: &[], duration }
}

#[tokio::test]
async fn metrics_come_as_data_and_as_text() {
    let plane = Plane::start();
    let mut client = MetricsServiceClient::new(plane.connect().await);
    plane.metrics.served(&served("acme"));

    let ask = GetMetricsRequest { name_prefix: "scimd_request".to_owned() };
    let answer = client.get_metrics(ask).await.unwrap().into_inner();
    assert!(answer.open_metrics_text.contains("scimd_ready 1.0"));
    let line = r#"scimd_requests_total{tenant="acme",route="/Users",method="GET",status="200"} 1"#;
    assert!(answer.open_metrics_text.contains(line), "{}", answer.open_metrics_text);
    let snapshot = answer.snapshot.unwrap();
    assert!(snapshot.time.is_some());
    let names: Vec<&str> = snapshot.families.iter().map(|family| family.name.as_str()).collect();
    assert_eq!(names, ["scimd_request_duration_seconds", "scimd_requests_in_flight", "scimd_requests_total"]);
    assert_eq!(snapshot.families[0].r#type(), MetricType::Histogram);
    assert_eq!(snapshot.families[1].r#type(), MetricType::Gauge);
    let requests = &snapshot.families[2];
    assert_eq!(requests.r#type(), MetricType::Counter);
    assert_eq!(requests.samples[0].labels["tenant"], "acme");
    assert_eq!(requests.samples[0].value.to_bits(), 1.0_f64.to_bits());
    drop(client);
    plane.end().await;
}

#[tokio::test]
async fn a_watcher_of_metrics_gets_the_first_snapshot_at_once() {
    let plane = Plane::start();
    let mut client = MetricsServiceClient::new(plane.connect().await);
    let ask = WatchMetricsRequest { name_prefix: "scimd_ready".to_owned(), interval: None };
    let mut watched = client.watch_metrics(ask).await.unwrap().into_inner();
    let snapshot = watched.message().await.unwrap().unwrap().snapshot.unwrap();
    assert_eq!(snapshot.families.len(), 1);
    for seconds in [0, -1, 3_601] {
        let interval = Some(prost_types::Duration { seconds, nanos: 0 });
        let refused = client.watch_metrics(WatchMetricsRequest { name_prefix: String::new(), interval }).await;
        assert_eq!(refused.unwrap_err().code(), tonic::Code::InvalidArgument);
    }
    drop((watched, client));
    plane.end().await;
}
