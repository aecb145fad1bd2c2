//! What the metrics say, under which names, and that their labels are bounded.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::families::{Family, Kind, families};
use super::live::Sources;
use super::traffic::{self, Handshake};
use super::{Metrics, OPERATIONS, Served, operation};
use crate::clock::Clock;
use crate::directory::Directory;
use crate::limits;
use crate::scim::dialect::{Quirk, Reading, Used};
use crate::server::refusal::Refusal;
use crate::store::Store;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;

fn metrics(folder: &TempDir) -> Metrics {
    let directory = Arc::new(Directory::new(Store::memory(), Clock::fixed(1_700_000_060_000).0));
    directory.targets.live.note(1, 1, |now| {
        (now.tenant, now.name) = ("default".to_owned(), "jira".to_owned());
        (now.lag_changes, now.oldest_ms) = (3, Some(1_700_000_058_000));
        now.requests.insert(201, 4);
    });
    Metrics::new(Sources {
        directory,
        certificate_not_after_s: watch::channel(Some(2_000_000_000)).1,
        data_dir: folder.path().to_owned(),
        version: "1.2.3",
        started_ms: 1_700_000_000_000,
    })
}

fn served(tenant: &str) -> Served<'_> {
    Served {
        tenant,
        endpoint: "/Users/{id}",
        method: "GET",
        status: 200,
        reason: "",
        used: Used::default(),
        rules: &[],
        duration: Duration::from_micros(20),
    }
}

/// The value of the one sample whose name and labels are in `wanted`, written as in the text.
fn value(text: &str, wanted: &str) -> f64 {
    let line = text.lines().find(|line| line.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(' ')));
    line.unwrap_or_else(|| panic!("no {wanted} in\n{text}")).rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn what_is_counted_is_told() {
    let folder = TempDir::new().unwrap();
    let metrics = metrics(&folder);
    let mut reading = Reading::new(&crate::profile::custom::DIALECT);
    assert!(reading.allows(Quirk::OpCase) && reading.allows(Quirk::EmptyString));
    metrics.served(&served("acme"));
    metrics.served(&Served { duration: Duration::from_millis(30), ..served("acme") });
    metrics.served(&Served { method: "PATCH", used: reading.used, ..served("acme") });
    metrics.served(&Served { method: "BREW", endpoint: "", status: 401, reason: "unauthorized", ..served("") });
    metrics.served(&Served { status: 429, reason: super::RATE_LIMITED, ..served("acme") });
    let in_flight = metrics.begun();
    let open = metrics.traffic.accepted();
    drop(metrics.traffic.accepted());
    metrics.traffic.refused();
    metrics.traffic.handshake(Handshake::Done(Some(rustls::ProtocolVersion::TLSv1_3)));
    metrics.traffic.handshake(Handshake::Failed);
    metrics.traffic.malformed(Refusal::BareLf);
    let crowd = metrics.traffic.beside(traffic::CROWD);
    let _product = crowd.accepted();
    crowd.handshake(Handshake::Done(Some(rustls::ProtocolVersion::TLSv1_2)));
    crowd.malformed(Refusal::BareLf);
    metrics.set_token_expiries(vec![
        ("acme".to_owned(), "late".to_owned(), Some(2_100_000_000)),
        ("acme".to_owned(), "never".to_owned(), None),
    ]);

    let text = metrics.text();
    let requests = |rest: &str| value(&text, &format!("scimd_requests_total{{{rest}}}"));
    assert_eq!(requests(r#"tenant="acme",route="/Users/{id}",method="GET",status="200""#), 2.0);
    assert_eq!(requests(r#"tenant="",route="other",method="other",status="401""#), 1.0);
    assert_eq!(value(&text, r#"scimd_request_duration_seconds_bucket{le="0.00005",operation="read"}"#), 2.0);
    assert_eq!(value(&text, r#"scimd_request_duration_seconds_count{operation="read"}"#), 3.0);
    assert_eq!(value(&text, r#"scimd_quirks_total{tenant="acme",quirk="op_case",stance="accept"}"#), 1.0);
    assert_eq!(value(&text, r#"scimd_quirks_total{tenant="acme",quirk="empty_string",stance="accept"}"#), 1.0);
    assert_eq!(value(&text, r#"scimd_rejected_total{listener="scim",reason="unauthorized"}"#), 1.0);
    assert_eq!(value(&text, r#"scimd_rejected_total{listener="scim",reason="bare_lf"}"#), 1.0);
    assert_eq!(value(&text, r#"scimd_rate_limited_requests_total{tenant="acme"}"#), 1.0);
    assert_eq!(value(&text, "scimd_requests_in_flight"), 1.0);
    assert_eq!(value(&text, r#"scimd_connections_open{listener="scim"}"#), 1.0);
    assert_eq!(value(&text, r#"scimd_connections_accepted_total{listener="scim"}"#), 2.0);
    assert_eq!(value(&text, r#"scimd_connections_refused_total{listener="scim"}"#), 1.0);
    assert_eq!(value(&text, r#"scimd_tls_handshakes_total{listener="scim",outcome="done",version="1.3"}"#), 1.0);
    assert_eq!(value(&text, r#"scimd_certificate_expiry_timestamp_seconds{listener="scim"}"#), 2e9);
    assert_eq!(value(&text, r#"scimd_token_expiry_timestamp_seconds{tenant="acme",token="late"}"#), 2.1e9);
    assert!(!text.contains("never"));
    assert_eq!(value(&text, r#"scimd_build_info{version="1.2.3"}"#), 1.0);
    assert_eq!(value(&text, "scimd_ready"), 1.0);
    assert_eq!(value(&text, "scimd_uptime_seconds"), 60.0);
    assert_eq!(value(&text, r#"scimd_store_commit_duration_seconds_bucket{le="0.00025"}"#), 0.0);
    assert_eq!(value(&text, r#"scimd_store_commit_duration_seconds_bucket{le="+Inf"}"#), 0.0);
    assert!(value(&text, "process_resident_memory_bytes") > 1e6);
    assert!(value(&text, "process_open_fds") > 2.0);
    assert!(value(&text, "scimd_disk_size_bytes") >= value(&text, "scimd_disk_free_bytes"));
    assert!(text.ends_with("# EOF\n"));
    assert_eq!(value(&text, r#"scimd_connections_open{listener="crowd"}"#), 1.0);
    assert_eq!(value(&text, r#"scimd_connections_refused_total{listener="crowd"}"#), 0.0);
    assert_eq!(value(&text, r#"scimd_tls_handshakes_total{listener="crowd",outcome="done",version="1.2"}"#), 1.0);
    assert_eq!(value(&text, r#"scimd_rejected_total{listener="crowd",reason="bare_lf"}"#), 1.0);

    drop((in_flight, open));
    let text = metrics.text();
    assert_eq!(value(&text, "scimd_requests_in_flight"), 0.0);
    assert_eq!(value(&text, r#"scimd_connections_open{listener="scim"}"#), 0.0);
}

#[test]
fn tenants_beyond_the_bound_share_a_label() {
    let folder = TempDir::new().unwrap();
    let metrics = metrics(&folder);
    for number in 0..limits::METRICS_TENANTS_MAX + 5 {
        metrics.served(&served(&format!("tenant-{number}")));
    }
    let families = families(&metrics.text(), "scimd_requests_total");
    assert_eq!(families[0].samples.len(), limits::METRICS_TENANTS_MAX + 1);
    let other = families[0].samples.iter().find(|sample| sample.labels["tenant"] == "other").unwrap();
    assert_eq!(other.value, 5.0);

    // Who is gone gives its place away, and one of its name begins with nothing.
    metrics.forget("tenant-0");
    metrics.forget("nobody");
    assert!(!metrics.text().contains("\"tenant-0\""));
    for name in ["newest", "tenant-1"] {
        metrics.served(&served(name));
    }
    let text = metrics.text();
    assert!(text.contains("\"newest\"") && text.contains("\"tenant-1\""));
}

#[test]
fn of_too_many_tokens_the_ones_that_end_first_are_shown() {
    let folder = TempDir::new().unwrap();
    let metrics = metrics(&folder);
    let count = i64::try_from(limits::METRICS_TOKENS_MAX).unwrap() + 3;
    let tokens = (0..count).rev().map(|end| ("acme".to_owned(), format!("t{end}"), Some(end)));
    metrics.set_token_expiries(tokens.collect());
    let families = families(&metrics.text(), "scimd_token");
    assert_eq!(families[0].samples.len(), limits::METRICS_TOKENS_MAX);
    assert!(families[0].samples.iter().all(|sample| sample.value < limits::METRICS_TOKENS_MAX as f64));
}

#[test]
fn every_operation_has_a_histogram() {
    for (endpoint, method, expected) in [
        ("/Users/{id}", "GET", "read"),
        ("/", "GET", "list"),
        ("/Groups", "POST", "create"),
        ("/Groups/{id}", "PUT", "replace"),
        ("/Users/{id}", "PATCH", "patch"),
        ("/Users/{id}", "DELETE", "delete"),
        ("/.search", "POST", "search"),
        ("/Schemas", "GET", "discovery"),
        ("/healthz", "GET", "health"),
        ("/Users", "TRACE", "other"),
    ] {
        assert_eq!(operation(endpoint, method), expected);
        assert!(OPERATIONS.contains(&expected));
    }
}

#[test]
fn the_text_is_read_back_as_data() {
    let text = "# HELP a_b Words, with a sign.\n# TYPE a_b counter\na_b_total{x=\"1\\\"2\\\\,}\",y=\"\"} 3 # {t=\"u\"} 1\n\
                # HELP h Times.\n# TYPE h histogram\n# UNIT h seconds\nh_sum 1.5\nh_count 2\n\
                h_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 2\n# HELP empty None.\n# TYPE empty gauge\n# EOF\n";
    let all = families(text, "");
    let names: Vec<&str> = all.iter().map(|family| family.name.as_str()).collect();
    assert_eq!(names, ["a_b_total", "h"]);
    assert_eq!((all[0].kind, all[1].kind), (Kind::Counter, Kind::Histogram));
    assert_eq!(all[0].help, "Words, with a sign.");
    let sample = &all[0].samples[0];
    assert_eq!((sample.name.as_str(), sample.value), ("a_b_total", 3.0));
    assert_eq!(sample.labels["x"], "1\"2\\,}");
    let bounds: Vec<&str> =
        all[1].samples.iter().filter_map(|sample| sample.labels.get("le")).map(|le| &le[..]).collect();
    assert_eq!(bounds, ["0.5", "+Inf"]);
    assert_eq!(families(text, "h").len(), 1);
}

/// The names that queries may use for a family.
fn queried(family: &Family) -> Vec<String> {
    match family.kind {
        Kind::Histogram => ["_bucket", "_sum", "_count"].map(|end| format!("{}{end}", family.name)).to_vec(),
        _ => vec![family.name.clone()],
    }
}

#[test]
fn the_alert_rules_name_only_metrics_that_there_are() {
    let folder = TempDir::new().unwrap();
    let metrics = metrics(&folder);
    let mut reading = Reading::new(&crate::profile::custom::DIALECT);
    reading.allows(Quirk::OpCase);
    metrics.served(&Served { used: reading.used, reason: super::RATE_LIMITED, ..served("acme") });
    metrics.traffic.handshake(Handshake::Failed);
    metrics.crowd.asked(&super::crowd::Asked {
        application: "jira",
        endpoint: "/user",
        status: 401,
        denied: "application_password",
        duration: Duration::ZERO,
    });
    metrics.set_token_expiries(vec![("acme".to_owned(), "t".to_owned(), Some(1))]);
    let known: BTreeSet<String> = families(&metrics.text(), "").iter().flat_map(queried).collect();

    let rules = include_str!("../../cli/alert_rules.yaml");
    let words = rules.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let named: BTreeSet<&str> = words.filter(|word| word.starts_with("scimd_")).collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        let is_known = known.contains(name) || known.iter().any(|known| known.strip_suffix("_bucket") == Some(name));
        assert!(is_known, "{name} is in the alert rules and not in {known:?}");
    }
}

async fn asked(addr: std::net::SocketAddr, head: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut tcp = tokio::net::TcpStream::connect(addr).await.unwrap();
    let request = format!("{head} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn prometheus_gets_the_text_and_nothing_else_is_there() {
    use crate::server::connection::{Setting, Times};
    use crate::server::listener::{self, Room};
    let folder = TempDir::new().unwrap();
    let metrics = Arc::new(metrics(&folder));
    metrics.served(&served("acme"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopping) = watch::channel(false);
    let handler = move |request, peer| super::scrape::handle(metrics.clone(), request, peer);
    let setting =
        Setting { handler, times: Times::default(), stop: stopping, traffic: super::Traffic::default(), mark: None };
    let serving = tokio::spawn(listener::serve(listener, None, setting, Room::default()));

    let answer = asked(addr, "GET /metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
    assert!(answer.contains("scimd_requests_total{") && answer.ends_with("# EOF\n"));
    let head = asked(addr, "HEAD /metrics").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(asked(addr, "GET /").await.starts_with("HTTP/1.1 404 "));
    let refused = asked(addr, "DELETE /metrics").await;
    assert!(refused.starts_with("HTTP/1.1 405 ") && refused.contains("allow: GET, HEAD\r\n"), "{refused}");

    stop.send(true).unwrap();
    serving.await.unwrap();
}
