//! `scimd probe` against our own server over TLS: every identity provider's cycle must pass on a tenant of its profile and on one of
//! the profile `custom`, and nothing is left behind.

use std::sync::Arc;
use std::time::SystemTime;

use clap::Parser;
use scimd::cli::{self, Cli};
use scimd::clock::Clock;
use scimd::directory::audit::Admin;
use scimd::directory::token::issue::{self, Made, Wanted};
use scimd::directory::{Directory, record, tenant};
use scimd::profile;
use scimd::server::authority::Names;
use scimd::server::connection::{Setting, Times};
use scimd::server::exchange::Recorder;
use scimd::server::listener::{self, Room};
use scimd::server::metrics::Metrics;
use scimd::server::metrics::live::Sources;
use scimd::server::rate::Rates;
use scimd::server::scim::{Face, handle};
use scimd::server::tls;
use scimd::store::Store;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

struct Server {
    directory: Arc<Directory>,
    folder: TempDir,
    base: String,
    _stop: watch::Sender<bool>,
}

impl Server {
    async fn start() -> Server {
        let folder = TempDir::new().unwrap();
        let directory = Arc::new(Directory::new(Store::memory(), Clock::System));
        let names = Names::local(None, "127.0.0.1".parse().unwrap());
        let material = tls::load_or_create(folder.path(), &names, SystemTime::now()).unwrap();
        let (_config, config) = watch::channel(tls::server_config(&material).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://{}", listener.local_addr().unwrap());
        let metrics = Arc::new(Metrics::new(Sources {
            directory: directory.clone(),
            certificate_not_after_s: watch::channel(None).1,
            data_dir: folder.path().to_owned(),
            version: "0",
            started_ms: 0,
        }));
        let traffic = metrics.traffic.clone();
        let face = Arc::new(Face {
            directory: directory.clone(),
            public_url: base.clone(),
            trusted_proxies: Vec::new(),
            rates: Rates::default(),
            metrics,
            recorder: Arc::new(Recorder::default()),
        });
        let (stop, stopping) = watch::channel(false);
        let handler = move |request, peer| handle(face.clone(), request, peer);
        let setting = Setting { handler, times: Times::default(), stop: stopping, traffic, mark: None };
        tokio::spawn(async move {
            let _config = _config;
            listener::serve(listener, Some(config), setting, Room::default()).await
        });
        Server { directory, folder, base, _stop: stop }
    }

    /// A tenant of this profile, and a token of it.
    async fn tenant(&self, profile: &str) -> String {
        let admin = Admin::server();
        let wanted =
            record::Tenant { name: profile.to_owned(), profile: profile.to_owned(), ..record::Tenant::default() };
        tenant::settings::create(&self.directory, &admin, wanted).await.unwrap();
        match issue::create(&self.directory, &admin, profile, &Wanted::default()).await.unwrap() {
            Made::New(_, secret) => secret.expose().to_owned(),
            Made::There(_) => panic!("the tenant is new"),
        }
    }

    /// What the command prints, as JSON, and whether it succeeded.
    async fn probe(&self, tenant: &str, profile: &str, token: &str) -> (Value, Result<(), u8>) {
        let url = format!("{}/tenants/{tenant}/scim/v2", self.base);
        let ca = self.folder.path().join("ca.pem");
        let token = token.to_owned();
        let arguments =
            ["scimd", "probe", &url, "--profile", profile, "--output", "json", "--ca", ca.to_str().unwrap()];
        let cli = Cli::try_parse_from(arguments).unwrap();
        let printed = tokio::task::spawn_blocking(move || {
            let mut out = Vec::new();
            let env = |name: &str| (name == "SCIMD_PROBE_TOKEN").then(|| token.clone());
            let outcome = cli::run(&cli, env, &mut out).map_err(|error| error.exit_code());
            (serde_json::from_slice(&out).unwrap_or_default(), outcome)
        });
        printed.await.unwrap()
    }

    /// How many users and groups a tenant has.
    async fn left(&self, tenant: &str) -> usize {
        let shown = tenant::settings::get(&self.directory, tenant).await.unwrap();
        shown.users + shown.groups
    }
}

/// The steps that did not pass, as text.
fn trouble(report: &Value, verdicts: &[&str]) -> Vec<String> {
    let rows = report["steps"].as_array().unwrap().iter();
    rows.filter(|row| verdicts.contains(&row["verdict"].as_str().unwrap()))
        .map(|row| format!("{}: {} {}", row["step"].as_str().unwrap(), row["path"], row["findings"]))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cycle_passes_on_its_own_profile() {
    let server = Server::start().await;
    for name in profile::names() {
        let token = server.tenant(name).await;
        let (report, outcome) = server.probe(name, name, &token).await;
        assert_eq!(trouble(&report, &["fail", "warn", "skipped"]), Vec::<String>::new(), "{name}");
        assert_eq!((outcome, report["verdict"].as_str()), (Ok(()), Some("pass")), "{name}");
        assert_eq!(server.left(name).await, 0, "{name}: something is left behind");
    }
}

/// The profile `custom` takes what every provider sends. What the RFCs want and providers want otherwise is a warning.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cycle_passes_on_the_default_profile() {
    let server = Server::start().await;
    let token = server.tenant("custom").await;
    for name in profile::names() {
        let (report, outcome) = server.probe("custom", name, &token).await;
        assert_eq!(trouble(&report, &["fail", "skipped"]), Vec::<String>::new(), "{name}");
        let warned: Vec<&str> = report["steps"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["verdict"] == "warn")
            .map(|row| row["step"].as_str().unwrap())
            .collect();
        let expected: &[&str] = match name {
            "strict" => &["PATCH: replace what is not there"],
            "aws" => &["find the group"],
            _ => &[],
        };
        assert_eq!((outcome, &warned[..]), (Ok(()), expected), "{name}");
        assert_eq!(server.left("custom").await, 0, "{name}: something is left behind");
    }
}

/// A tenant that takes no deviations fails a provider that deviates: the check can fail, and cleans up even so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entra_trips_over_a_strict_tenant() {
    let server = Server::start().await;
    let token = server.tenant("strict").await;
    let (report, outcome) = server.probe("strict", "entra", &token).await;
    assert_eq!((outcome, report["verdict"].as_str()), (Err(1), Some("fail")));
    let failed = trouble(&report, &["fail"]);
    assert!(failed.iter().any(|row| row.starts_with("disable the user, without the flag")), "{failed:?}");
    assert_eq!(server.left("strict").await, 0);

    let (report, outcome) = server.probe("strict", "entra", "not-the-token").await;
    assert_eq!((outcome, report["stopped"].as_str()), (Err(1), Some("the server refuses the token")));
}
