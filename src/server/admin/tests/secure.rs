//! The admin plane over mutual TLS: who gets in, who does not, and every call about certificates.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context, Poll};

use hyper::Uri;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower_service::Service;

use super::*;
use crate::directory::keys;
use crate::directory::record::{self, AuditEntry, Role};
use crate::server::admin::api::v1::admin_certificate_service_client::AdminCertificateServiceClient;
use crate::server::admin::api::v1::certificate_service_client::CertificateServiceClient;
use crate::server::admin::api::v1::{
    CreateAdminCertificateRequest, CreateAdminCertificateResponse, GetCertificateRequest, ListAdminCertificatesRequest,
    ReloadCertificateRequest, RevokeAdminCertificateRequest, Role as WireRole,
};
use crate::server::admin::listener::Secure;
use crate::server::authority::{self, Client, Names};
use crate::server::certificate::{Certificates, Source, time};
use crate::server::trust::Trust;
use crate::store::Scan;

const HOUR_MS: i64 = 3_600_000;

/// A running admin plane with its TLS listener, and the hand of its clock.
struct Secured {
    folder: TempDir,
    addr: SocketAddr,
    hand: Arc<AtomicI64>,
    store: Store,
    stop: watch::Sender<bool>,
    serving: JoinHandle<Result<(), Error>>,
    _ready: watch::Sender<Readiness>,
}

impl Secured {
    /// With an external authority when its PEM and its roles are given.
    async fn start(external: Option<(&str, &str)>) -> Secured {
        let folder = TempDir::new().unwrap();
        // Certificates are checked by the real time of the handshake, so the clock begins there.
        let (clock, hand) = Clock::fixed(crate::clock::now_ms());
        let tls = folder.path().join("tls");
        let source = Source::Local { dir: tls.clone(), names: Names::local(None, "127.0.0.1".parse().unwrap()) };
        authority::ensure_ca(&tls, time(clock.now_ms())).unwrap();
        let file = external.map(|(pem, _)| {
            let path = folder.path().join("external.pem");
            fs::write(&path, pem).unwrap();
            path
        });
        let trust = Trust::load(&tls.join(authority::CA_CERT), file.as_deref()).unwrap();
        let certificates = Arc::new(Certificates::load(source, Some(trust.clone()), clock.clone()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let roles = external.map(|(_, name)| vec![(name.parse().unwrap(), Role::Viewer)]).unwrap_or_default();
        let secure = Secure { listener, configs: certificates.admin().unwrap(), trust, roles };
        let (ready, ready_now) = watch::channel(Readiness::Ready);
        let (stop, stopping) = watch::channel(false);
        let store = Store::memory();
        let state = AdminState {
            ready: ready_now,
            certificate_not_after_s: certificates.not_after_s(),
            certificates: Some(certificates),
            authority_dir: tls,
            stopping: stopping.clone(),
            ..state(Arc::new(Directory::new(store.clone(), clock)))
        };
        let bound = bind(&socket(folder.path())).unwrap().with(Some(secure));
        let serving = tokio::spawn(serve(bound, state, stopping));
        Secured { folder, addr, hand, store, stop, serving, _ready: ready }
    }

    /// As the owner of the socket, who is an admin.
    async fn owner(&self) -> Channel {
        connect(self.folder.path()).await
    }

    async fn make(&self, name: &str, role: WireRole) -> CreateAdminCertificateResponse {
        let request = CreateAdminCertificateRequest { name: name.to_owned(), role: role.into(), ttl: None };
        let mut client = AdminCertificateServiceClient::new(self.owner().await);
        client.create_admin_certificate(request).await.unwrap().into_inner()
    }

    /// With a client certificate, PEM with its key, or without.
    async fn holder(&self, identity: Option<(&str, &str)>) -> Result<Channel, tonic::transport::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        let ca = self.folder.path().join("tls").join(authority::CA_CERT);
        roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).map(Result::unwrap).collect();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let knock = Knock { addr: self.addr, config: Arc::new(config) };
        Endpoint::from_static("http://127.0.0.1").connect_with_connector(knock).await
    }

    /// What a holder gets when he asks for the version: the call every role may make.
    async fn knock(&self, identity: Option<(&str, &str)>) -> Result<Channel, Status> {
        let channel = self.holder(identity).await.map_err(|error| Status::unavailable(format!("{error:?}")))?;
        version(&channel).await.map(|()| channel)
    }

    async fn audit(&self) -> Vec<AuditEntry> {
        let prefix = keys::log(keys::AUDIT);
        let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: 100, values: true };
        let page = self.store.snapshot().await.unwrap().scan(&scan).await.unwrap();
        page.iter().map(|row| record::unpack(row.value).unwrap()).collect()
    }

    async fn end(self) {
        self.stop.send(true).unwrap();
        self.serving.await.unwrap().unwrap();
    }
}

/// Connects as a client of somebody else's making would.
#[derive(Clone)]
struct Knock {
    addr: SocketAddr,
    config: Arc<rustls::ClientConfig>,
}

impl Service<Uri> for Knock {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Knock { addr, config } = self.clone();
        Box::pin(async move {
            let tcp = TcpStream::connect(addr).await?;
            let name = ServerName::try_from("127.0.0.1").unwrap();
            TlsConnector::from(config).connect(name, tcp).await.map(TokioIo::new)
        })
    }
}

async fn version(channel: &Channel) -> Result<(), Status> {
    ServerServiceClient::new(channel.clone()).get_version(GetVersionRequest {}).await.map(drop)
}

fn reason(status: &Status) -> (Code, String) {
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
    (status.code(), reason.unwrap_or_default())
}

/// The handshake failed: the error is the client's own, and the server has said nothing.
#[track_caller]
fn shut_out(status: &Status) {
    assert!(matches!(reason(status), (Code::Unavailable | Code::Unknown, reason) if reason.is_empty()), "{status:?}");
}

/// A certificate authority of somebody else, and a certificate for a holder that it signed.
fn external(name: &str) -> (String, String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "another CA");
    let ca = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let made = params.signed_by(&key, &issuer).unwrap();
    (ca.pem(), made.pem(), key.serialize_pem())
}

#[tokio::test]
async fn nobody_gets_in_without_a_certificate_that_is_known() {
    let plane = Secured::start(None).await;
    let made = plane.make("ops", WireRole::Viewer).await;
    plane.knock(Some((&made.certificate_pem, &made.private_key_pem))).await.unwrap();

    // Without one, with one of another authority, and with the server's own, the handshake itself fails.
    shut_out(&plane.knock(None).await.unwrap_err());
    let (_, certificate, key) = external("ops");
    shut_out(&plane.knock(Some((&certificate, &key))).await.unwrap_err());
    let tls = plane.folder.path().join("tls");
    let certificate = fs::read_to_string(tls.join(authority::SERVER_CERT)).unwrap();
    let key = fs::read_to_string(tls.join(authority::SERVER_KEY)).unwrap();
    shut_out(&plane.knock(Some((&certificate, &key))).await.unwrap_err());

    // One of the local authority that is not in the registry gets through the handshake and no further.
    let now_ms = crate::clock::now_ms();
    let client = Client { serial: crate::clock::new_id(), name: "ops", ends: time(now_ms + HOUR_MS) };
    let forged = authority::issue(&tls, &client, time(now_ms)).unwrap();
    let refused = plane.knock(Some((&forged.certificate_pem, &forged.key_pem))).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::Unauthenticated, "NOT_AUTHENTICATED".to_owned()));
    // Nor does one with the serial number of a known one.
    let serial = made.certificate.unwrap().serial.parse().unwrap();
    let forged = authority::issue(&tls, &Client { serial, ..client }, time(now_ms)).unwrap();
    let refused = plane.knock(Some((&forged.certificate_pem, &forged.key_pem))).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::Unauthenticated, "NOT_AUTHENTICATED".to_owned()));
    plane.end().await;
}

#[tokio::test]
async fn a_revoked_or_expired_certificate_is_refused_on_the_next_call() {
    let plane = Secured::start(None).await;
    let mut owner = AdminCertificateServiceClient::new(plane.owner().await);
    let made = plane.make("ops", WireRole::Admin).await;
    let open = plane.knock(Some((&made.certificate_pem, &made.private_key_pem))).await.unwrap();
    let mut watched = HealthClient::new(open.clone()).watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    watched.message().await.unwrap().unwrap();

    let request = RevokeAdminCertificateRequest { serial: "ops".to_owned() };
    let revoked = owner.revoke_admin_certificate(request).await.unwrap().into_inner().certificate.unwrap();
    assert!(revoked.revoke_time.is_some());
    assert_eq!(reason(&version(&open).await.unwrap_err()).1, "NOT_AUTHENTICATED");
    // The stream that was open ends too, without another call.
    assert_eq!(watched.message().await.unwrap_err().code(), Code::Unauthenticated);
    // Revoking again changes nothing.
    let again = RevokeAdminCertificateRequest { serial: revoked.serial.clone() };
    let again = owner.revoke_admin_certificate(again).await.unwrap().into_inner().certificate.unwrap();
    assert_eq!(again, revoked);

    let made = plane.make("ops", WireRole::Admin).await;
    let open = plane.knock(Some((&made.certificate_pem, &made.private_key_pem))).await.unwrap();
    plane.hand.fetch_add(366 * 24 * HOUR_MS, SeqCst);
    assert_eq!(reason(&version(&open).await.unwrap_err()).1, "NOT_AUTHENTICATED");
    drop((open, watched, owner));
    plane.end().await;
}

#[tokio::test]
async fn a_role_that_is_not_enough_is_named() {
    let plane = Secured::start(None).await;
    let (viewer, operator) =
        (plane.make("looks", WireRole::Viewer).await, plane.make("runs", WireRole::Operator).await);
    let viewer = plane.holder(Some((&viewer.certificate_pem, &viewer.private_key_pem))).await.unwrap();
    let operator = plane.holder(Some((&operator.certificate_pem, &operator.private_key_pem))).await.unwrap();

    let mut client = CertificateServiceClient::new(viewer.clone());
    client.get_certificate(GetCertificateRequest {}).await.unwrap();
    let refused = client.reload_certificate(ReloadCertificateRequest {}).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "ROLE_REQUIRED".to_owned()));
    let metadata = refused.get_error_details().error_info().unwrap().metadata.clone();
    assert_eq!((metadata["needed"].as_str(), metadata["has"].as_str()), ("operator", "viewer"));

    let mut client = CertificateServiceClient::new(operator.clone());
    client.reload_certificate(ReloadCertificateRequest {}).await.unwrap();
    for channel in [viewer, operator] {
        let mut client = AdminCertificateServiceClient::new(channel);
        let refused = client.list_admin_certificates(ListAdminCertificatesRequest::default()).await.unwrap_err();
        assert_eq!(reason(&refused).1, "ROLE_REQUIRED");
    }
    plane.end().await;
}

#[tokio::test]
async fn holders_of_another_authority_have_roles_by_their_names() {
    let (ca, certificate, key) = external("monitoring");
    let plane = Secured::start(Some((&ca, "CN=monitoring"))).await;
    let channel = plane.knock(Some((&certificate, &key))).await.unwrap();
    let mut client = CertificateServiceClient::new(channel);
    let refused = client.reload_certificate(ReloadCertificateRequest {}).await.unwrap_err();
    assert_eq!(reason(&refused).1, "ROLE_REQUIRED");
    // A certificate of the local authority has no role by its name, whatever the name.
    let now_ms = crate::clock::now_ms();
    let client = Client { serial: crate::clock::new_id(), name: "monitoring", ends: time(now_ms + HOUR_MS) };
    let forged = authority::issue(&plane.folder.path().join("tls"), &client, time(now_ms)).unwrap();
    let refused = plane.knock(Some((&forged.certificate_pem, &forged.key_pem))).await.unwrap_err();
    assert_eq!(reason(&refused).1, "NOT_AUTHENTICATED");
    plane.end().await;

    let plane = Secured::start(Some((&ca, "CN=somebody else"))).await;
    let refused = plane.knock(Some((&certificate, &key))).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "ROLE_REQUIRED".to_owned()));
    plane.end().await;
}

#[tokio::test]
async fn certificates_are_made_once_listed_in_pages_and_every_act_is_noted() {
    let plane = Secured::start(None).await;
    let made = plane.make("ops@example.com", WireRole::Admin).await;
    assert!(made.created && made.private_key_pem.contains("PRIVATE KEY"));
    assert_eq!(made.server_ca_pem, fs::read_to_string(plane.folder.path().join("tls/ca.pem")).unwrap());
    let first = made.certificate.unwrap();
    // The same again is that one, without its key; with another role it is refused.
    let again = plane.make("ops@example.com", WireRole::Admin).await;
    assert_eq!((again.created, again.private_key_pem.as_str(), again.certificate_pem.as_str()), (false, "", ""));
    assert_eq!(again.certificate.unwrap(), first);
    let admin = plane.holder(Some((&made.certificate_pem, &made.private_key_pem))).await.unwrap();
    let mut client = AdminCertificateServiceClient::new(admin);
    let request = |name: &str, role: WireRole, hours: i64| CreateAdminCertificateRequest {
        name: name.to_owned(),
        role: role.into(),
        ttl: Some(prost_types::Duration { seconds: hours * 3_600, nanos: 0 }),
    };
    for (bad, why) in [
        (request("ops@example.com", WireRole::Viewer, 24), "ADMIN_CERTIFICATE_EXISTS"),
        (request("", WireRole::Viewer, 24), "INVALID_FIELD"),
        (request("a b", WireRole::Viewer, 24), "INVALID_FIELD"),
        (request("a", WireRole::Unspecified, 24), "INVALID_FIELD"),
        (request("a", WireRole::Viewer, 0), "INVALID_FIELD"),
        (request("a", WireRole::Viewer, 24 * 3_653), "INVALID_FIELD"),
    ] {
        assert_eq!(reason(&client.create_admin_certificate(bad).await.unwrap_err()).1, why);
    }
    for name in ["b", "c"] {
        plane.hand.fetch_add(1, SeqCst);
        client.create_admin_certificate(request(name, WireRole::Viewer, 1)).await.unwrap();
    }
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let ask = ListAdminCertificatesRequest { page_size: 2, page_token: token };
        let page = client.list_admin_certificates(ask).await.unwrap().into_inner();
        names.extend(page.certificates.into_iter().map(|certificate| certificate.name));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["ops@example.com", "b", "c"]);
    let missing = RevokeAdminCertificateRequest { serial: "nobody".to_owned() };
    let refused = client.revoke_admin_certificate(missing).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "ADMIN_CERTIFICATE_NOT_FOUND".to_owned()));
    client.revoke_admin_certificate(RevokeAdminCertificateRequest { serial: "b".to_owned() }).await.unwrap();

    // An authority whose key is kept elsewhere signs nothing, and says so.
    fs::rename(plane.folder.path().join("tls/ca.key"), plane.folder.path().join("elsewhere")).unwrap();
    let refused = client.create_admin_certificate(request("d", WireRole::Viewer, 1)).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "AUTHORITY_UNUSABLE".to_owned()));

    let entries = plane.audit().await;
    let acts: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    let create = "admin_certificate.create";
    assert_eq!(acts, [create, create, create, "admin_certificate.revoke"]);
    assert!(entries[0].actor.starts_with("socket:") && entries[0].address.is_empty());
    assert_eq!((entries[3].actor.as_str(), entries[3].address.as_str()), ("cert:ops@example.com", "127.0.0.1"));
    assert_eq!(entries[0].target, first.serial);
    assert!(entries[3].before["revoked_ms"].is_null() && entries[3].after["revoked_ms"].is_i64());
    plane.end().await;
}

#[tokio::test]
async fn the_served_chain_is_shown_and_read_again() {
    let plane = Secured::start(None).await;
    let mut client = CertificateServiceClient::new(plane.owner().await);
    let status = client.get_certificate(GetCertificateRequest {}).await.unwrap().into_inner().status.unwrap();
    assert!(status.local_authority && status.last_refusal.is_empty());
    assert_eq!(status.chain.len(), 2);
    assert!(status.chain[0].subject_alt_names.iter().any(|name| name == "127.0.0.1"));
    assert_eq!((status.chain[0].key.as_str(), status.chain[0].sha256.len()), ("ECDSA P-256", 64));

    let reload = |answer: crate::server::admin::api::v1::ReloadCertificateResponse| answer.changed;
    let same = client.reload_certificate(ReloadCertificateRequest {}).await.unwrap().into_inner();
    assert!(!reload(same));
    // A year later a new one is due.
    plane.hand.fetch_add(380 * 24 * HOUR_MS, SeqCst);
    let new = client.reload_certificate(ReloadCertificateRequest {}).await.unwrap().into_inner();
    assert_ne!(new.status.as_ref().unwrap().chain[0].sha256, status.chain[0].sha256);
    assert!(reload(new));
    assert_eq!(plane.audit().await.last().unwrap().action, "certificate.reload");
    drop(client);
    plane.end().await;
}

#[tokio::test]
async fn without_tls_there_is_no_certificate_to_show() {
    let plane = Plane::start();
    let mut client = CertificateServiceClient::new(plane.connect().await);
    let refused = client.get_certificate(GetCertificateRequest {}).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "TLS_OFF".to_owned()));
    drop(client);
    plane.end().await;
}

#[tokio::test]
async fn a_deadline_ends_a_stream() {
    let plane = Plane::start();
    let mut client = HealthClient::new(plane.connect().await);
    let mut request = tonic::Request::new(HealthCheckRequest::default());
    // The client's own timer stands still, so that it is the server that keeps the deadline.
    request.metadata_mut().insert("grpc-timeout", "50m".parse().unwrap());
    let mut watched = client.watch(request).await.unwrap().into_inner();
    watched.message().await.unwrap().unwrap();
    assert_eq!(watched.message().await.unwrap_err().code(), Code::DeadlineExceeded);
    drop(client);
    plane.end().await;
}

#[tokio::test]
async fn a_method_that_nobody_knows_is_denied_to_everyone() {
    let plane = Plane::start();
    let mut grpc = tonic::client::Grpc::new(plane.connect().await);
    grpc.ready().await.unwrap();
    let path = hyper::http::uri::PathAndQuery::from_static("/scimd.admin.v1.ServerService/Destroy");
    let codec = tonic_prost::ProstCodec::<GetVersionRequest, GetVersionRequest>::default();
    let refused = grpc.unary(tonic::Request::new(GetVersionRequest {}), path, codec).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::Unimplemented, "METHOD_UNKNOWN".to_owned()));
    drop(grpc);
    plane.end().await;
}
