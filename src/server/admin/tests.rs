//! Tests of the admin plane through a tonic client on its Unix socket.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb;

use super::api::v1::server_service_client::ServerServiceClient;
use super::api::v1::{GetStatusRequest, GetVersionRequest};
use super::{AdminState, Bound, Error, Readiness, bind, serve};
use crate::clock::Clock;
use crate::directory::Directory;
use crate::server::exchange::Recorder;
use crate::server::metrics::Metrics;
use crate::server::metrics::live::Sources;
use crate::store::Store;
use std::sync::Arc;

mod exchanges;
mod metrics;
mod spelling;
mod quirks;

/// What the services work on, over this directory; whatever would move it stands still.
pub(crate) fn state(directory: Arc<Directory>) -> AdminState {
    let certificate_not_after_s = watch::channel(Some(2_000_000_000)).1;
    AdminState {
        crowd_addr: None,
        crowd_url: String::new(),
        metrics: Arc::new(Metrics::new(Sources {
            directory: directory.clone(),
            certificate_not_after_s: certificate_not_after_s.clone(),
            data_dir: PathBuf::from("."),
            version: "0.1.0",
            started_ms: 1_700_000_000_123,
        })),
        directory,
        version: "0.1.0",
        started_ms: 1_700_000_000_123,
        scim_addr: "127.0.0.1:8443".parse().unwrap(),
        public_url: "https://scim.example.com".to_owned(),
        ready: watch::channel(Readiness::Ready).1,
        certificate_not_after_s,
        certificates: None,
        authority_dir: PathBuf::from("."),
        recorder: Arc::new(Recorder::default()),
        stopping: stopping(),
    }
}

/// A stop that never comes.
fn stopping() -> watch::Receiver<bool> {
    let (stop, stopping) = watch::channel(false);
    // Without its sender a stop counts as said.
    std::mem::forget(stop);
    stopping
}
mod secure;

/// A running admin plane and what moves it.
pub(super) struct Plane {
    directory: Arc<Directory>,
    recorder: Arc<Recorder>,
    metrics: Arc<Metrics>,
    folder: TempDir,
    ready: watch::Sender<Readiness>,
    certificate: watch::Sender<Option<i64>>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<Result<(), Error>>,
}

impl Plane {
    fn start() -> Plane {
        let folder = TempDir::new().unwrap();
        let bound = bind(&socket(folder.path())).unwrap();
        Plane::start_on(folder, bound)
    }

    fn start_on(folder: TempDir, bound: Bound) -> Plane {
        Plane::start_over(folder, bound, Arc::new(Directory::new(Store::memory(), Clock::System)))
    }

    /// A plane over a directory of the test's own.
    pub(super) fn over(directory: Arc<Directory>) -> Plane {
        let folder = TempDir::new().unwrap();
        let bound = bind(&socket(folder.path())).unwrap();
        Plane::start_over(folder, bound, directory)
    }

    fn start_over(folder: TempDir, bound: Bound, directory: Arc<Directory>) -> Plane {
        let (ready, ready_now) = watch::channel(Readiness::Ready);
        let (certificate, certificate_now) = watch::channel(Some(2_000_000_000));
        let (stop, stop_now) = watch::channel(false);
        let state = state(directory.clone());
        let (metrics, recorder) = (state.metrics.clone(), state.recorder.clone());
        let state = AdminState {
            ready: ready_now,
            certificate_not_after_s: certificate_now,
            authority_dir: folder.path().join("tls"),
            stopping: stop_now.clone(),
            ..state
        };
        let serving = tokio::spawn(serve(bound, state, stop_now));
        Plane { directory, recorder, metrics, folder, ready, certificate, stop, serving }
    }

    pub(super) async fn connect(&self) -> Channel {
        connect(self.folder.path()).await
    }

    pub(super) async fn end(self) {
        self.stop.send(true).unwrap();
        self.serving.await.unwrap().unwrap();
        assert!(!socket(self.folder.path()).exists(), "the socket's file stays behind");
    }
}

async fn connect(data_dir: &Path) -> Channel {
    let uri = format!("unix:{}", socket(data_dir).display());
    Endpoint::from_shared(uri).unwrap().connect().await.unwrap()
}

fn socket(data_dir: &Path) -> PathBuf {
    data_dir.join("admin/admin.sock")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn version_and_status_are_told() {
    let plane = Plane::start();
    let mut client = ServerServiceClient::new(plane.connect().await);

    let version = client.get_version(GetVersionRequest {}).await.unwrap().into_inner();
    assert_eq!(version.version, "0.1.0");

    let status = client.get_status(GetStatusRequest {}).await.unwrap().into_inner();
    assert!(status.ready);
    assert_eq!(status.not_ready_reason, "");
    let start = status.start_time.unwrap();
    assert_eq!((start.seconds, start.nanos), (1_700_000_000, 123_000_000));
    assert_eq!(status.scim_addr, "127.0.0.1:8443");
    assert_eq!(status.public_url, "https://scim.example.com");
    assert_eq!(status.certificate_not_after.unwrap().seconds, 2_000_000_000);

    plane.ready.send(Readiness::NotReady("the disk is full".to_owned())).unwrap();
    plane.certificate.send(None).unwrap();
    let status = client.get_status(GetStatusRequest {}).await.unwrap().into_inner();
    assert!(!status.ready);
    assert_eq!(status.not_ready_reason, "the disk is full");
    assert_eq!(status.certificate_not_after, None);
    drop(client);
    plane.end().await;
}

#[tokio::test]
async fn health_follows_readiness() {
    let plane = Plane::start();
    let mut client = HealthClient::new(plane.connect().await);
    let watched = client.watch(HealthCheckRequest::default()).await.unwrap();
    let mut watched = watched.into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    plane.ready.send(Readiness::NotReady("the disk is full".to_owned())).unwrap();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    plane.ready.send(Readiness::Ready).unwrap();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    drop((watched, client));
    plane.end().await;
}

#[tokio::test]
async fn reflection_names_the_services_in_both_versions() {
    let plane = Plane::start();
    let channel = plane.connect().await;

    let ask = pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(pb::v1::server_reflection_request::MessageRequest::ListServices(String::new())),
    };
    let mut client = pb::v1::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let answer = client.server_reflection_info(tokio_stream::iter([ask])).await.unwrap();
    let answer = answer.into_inner().message().await.unwrap().unwrap();
    let Some(pb::v1::server_reflection_response::MessageResponse::ListServicesResponse(list)) = answer.message_response
    else {
        panic!("{answer:?}");
    };
    let mut names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    let own = ["Server", "Tenant", "Token"].map(|name| format!("scimd.admin.v1.{name}Service"));
    assert!(own.iter().all(|name| names.contains(name)), "{names:?}");
    assert!(names.iter().any(|name| name == "grpc.health.v1.Health"), "{names:?}");

    let ask = pb::v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(pb::v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol(
            "scimd.admin.v1.ServerService".to_owned(),
        )),
    };
    let mut client = pb::v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let answer = client.server_reflection_info(tokio_stream::iter([ask])).await.unwrap();
    let answer = answer.into_inner().message().await.unwrap().unwrap();
    assert!(matches!(
        answer.message_response,
        Some(pb::v1alpha::server_reflection_response::MessageResponse::FileDescriptorResponse(_))
    ));
    drop(client);
    plane.end().await;
}

#[tokio::test]
async fn an_open_stream_does_not_keep_the_server_from_stopping() {
    let plane = Plane::start();
    let mut client = HealthClient::new(plane.connect().await);
    let mut watched = client.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    watched.message().await.unwrap().unwrap();
    plane.end().await;
}

#[tokio::test]
async fn only_the_owner_reaches_the_socket() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("admin")).unwrap();
    fs::set_permissions(folder.path().join("admin"), fs::Permissions::from_mode(0o777)).unwrap();
    let _bound = bind(&socket(folder.path())).unwrap();
    assert_eq!(mode(&folder.path().join("admin")), 0o700);
    assert_eq!(mode(&socket(folder.path())), 0o600);
}

#[tokio::test]
async fn a_socket_in_use_is_left_alone() {
    let plane = Plane::start();
    let error = bind(&socket(plane.folder.path())).unwrap_err();
    assert!(matches!(error, Error::InUse(_)), "{error}");
    // The first server is still reachable.
    let mut client = ServerServiceClient::new(plane.connect().await);
    client.get_version(GetVersionRequest {}).await.unwrap();
    drop(client);
    plane.end().await;
}

#[tokio::test]
async fn a_stale_socket_is_replaced_and_another_file_is_not() {
    let folder = TempDir::new().unwrap();
    let path = socket(folder.path());
    fs::create_dir(folder.path().join("admin")).unwrap();
    // The standard library's listener leaves its file behind, as a killed process does.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let bound = bind(&path).unwrap();
    let plane = Plane::start_on(folder, bound);
    let mut client = ServerServiceClient::new(plane.connect().await);
    client.get_version(GetVersionRequest {}).await.unwrap();
    drop(client);
    plane.end().await;

    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("admin")).unwrap();
    fs::write(socket(folder.path()), "precious").unwrap();
    let error = bind(&socket(folder.path())).unwrap_err();
    assert!(matches!(error, Error::NotASocket(_)), "{error}");
    assert_eq!(fs::read(socket(folder.path())).unwrap(), b"precious");
}

#[test]
fn a_path_that_is_too_long_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let long = folder.path().join("a".repeat(120)).join("admin.sock");
    let error = bind(&long).unwrap_err();
    assert!(error.to_string().contains("admin.sock"), "{error}");
}
