//! An admin plane with canned answers, on a Unix socket or by mutual TLS, for the tests of the commands.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use clap::Parser;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::oneshot;
use tokio_stream::Iter;
use tokio_stream::wrappers::{TcpListenerStream, UnixListenerStream};
use tonic::service::RoutesBuilder;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming, async_trait};

use crate::cli::error::Error;
use crate::cli::{Cli, run};
use crate::limits;
use crate::server::admin::api::v1::admin_certificate_service_server::{
    AdminCertificateService, AdminCertificateServiceServer,
};
use crate::server::admin::api::v1::backup_service_server::{BackupService, BackupServiceServer};
use crate::server::admin::api::v1::change_service_server::{ChangeService, ChangeServiceServer};
use crate::server::admin::api::v1::create_backup_response::Part;
use crate::server::admin::api::v1::tenant_service_server::{TenantService, TenantServiceServer};
use crate::server::admin::api::v1::token_service_server::{TokenService, TokenServiceServer};
use crate::server::admin::api::v1::transfer_service_server::{TransferService, TransferServiceServer};
use crate::server::admin::api::v1::*;

/// What a stream of canned answers is.
type Canned<T> = Iter<std::vec::IntoIter<Result<T, Status>>>;

/// A running admin plane. It ends with this.
pub(in crate::cli) struct Fake {
    address: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// What it was asked, one line a call.
    pub(in crate::cli) asked: Arc<Mutex<Vec<String>>>,
    _folder: tempfile::TempDir,
}

#[derive(Clone)]
struct Answers {
    asked: Arc<Mutex<Vec<String>>>,
    /// Whether streams break off before their end.
    broken: bool,
}

impl Fake {
    /// On a Unix socket.
    pub(in crate::cli) fn new() -> Fake {
        Fake::start(None, false)
    }

    /// On a Unix socket, with streams that break off before their end.
    pub(in crate::cli) fn broken() -> Fake {
        Fake::start(None, true)
    }

    /// On a port of this machine, with `server.pem`, `server.key` and `ca.pem` of the folder.
    pub(in crate::cli) fn with_tls(folder: &Path) -> Fake {
        let read = |name: &str| fs::read(folder.join(name)).unwrap();
        let identity = Identity::from_pem(read("server.pem"), read("server.key"));
        let ca = Certificate::from_pem(read("ca.pem"));
        Fake::start(Some(ServerTlsConfig::new().identity(identity).client_ca_root(ca)), false)
    }

    /// What a command prints.
    pub(in crate::cli) fn call(&self, arguments: &[&str]) -> Result<String, Error> {
        let admin = ["--admin", &self.address];
        let cli = Cli::try_parse_from(["scimd"].iter().chain(arguments).chain(&admin)).unwrap();
        let mut out = Vec::new();
        run(&cli, |_| None, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    /// The exit code and all lines of a command that fails, and what it printed before.
    pub(in crate::cli) fn failure(&self, arguments: &[&str]) -> (u8, String, String) {
        let admin = ["--admin", &self.address];
        let cli = Cli::try_parse_from(["scimd"].iter().chain(arguments).chain(&admin)).unwrap();
        let mut out = Vec::new();
        let error = run(&cli, |_| None, &mut out).unwrap_err();
        let lines = [&[error.to_string()], error.more()].concat().join("\n");
        (error.exit_code(), lines, String::from_utf8(out).unwrap())
    }

    /// What it was asked last.
    pub(in crate::cli) fn last_asked(&self) -> String {
        self.asked.lock().unwrap().last().cloned().unwrap_or_default()
    }

    fn start(tls: Option<ServerTlsConfig>, broken: bool) -> Fake {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("admin.sock");
        let asked = Arc::default();
        let answers = Answers { asked: Arc::clone(&asked), broken };
        let (stop, stopping) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(answers, socket, tls, tell, stopping));
        });
        Fake { address: told.recv().unwrap(), stop: Some(stop), thread: Some(thread), asked, _folder: folder }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))) || std::thread::panicking());
    }
}

async fn serve(
    answers: Answers,
    socket: PathBuf,
    tls: Option<ServerTlsConfig>,
    tell: std::sync::mpsc::Sender<String>,
    stopping: oneshot::Receiver<()>,
) {
    let mut routes = RoutesBuilder::default();
    routes
        .add_service(TokenServiceServer::new(answers.clone()))
        .add_service(TenantServiceServer::new(answers.clone()))
        .add_service(ChangeServiceServer::new(answers.clone()))
        .add_service(BackupServiceServer::new(answers.clone()))
        .add_service(TransferServiceServer::new(answers.clone()))
        .add_service(AdminCertificateServiceServer::new(answers));
    let stopped = async {
        let _ = stopping.await;
    };
    match tls {
        Some(tls) => {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(format!("https://{}", listener.local_addr().unwrap())).unwrap();
            let server = Server::builder().tls_config(tls).unwrap().add_routes(routes.routes());
            server.serve_with_incoming_shutdown(TcpListenerStream::new(listener), stopped).await.unwrap();
        }
        None => {
            let listener = UnixListener::bind(&socket).unwrap();
            tell.send(format!("unix:{}", socket.display())).unwrap();
            let server = Server::builder().add_routes(routes.routes());
            server.serve_with_incoming_shutdown(UnixListenerStream::new(listener), stopped).await.unwrap();
        }
    }
}

impl Answers {
    fn note(&self, line: String) {
        self.asked.lock().unwrap().push(line);
    }

    /// A stream of these, of which the last one is missing when streams break off.
    fn stream<T>(&self, mut answers: Vec<T>) -> Result<Response<Canned<T>>, Status> {
        if self.broken {
            answers.pop();
        }
        Ok(Response::new(tokio_stream::iter(answers.into_iter().map(Ok).collect::<Vec<_>>())))
    }
}

fn token(id: &str) -> Token {
    Token {
        id: id.to_owned(),
        tenant: "default".to_owned(),
        description: "for \u{1b}[31mEntra".to_owned(),
        prefix: format!("scim_{id}"),
        scope: TokenScope::Full.into(),
        state: TokenState::Active.into(),
        ..Token::default()
    }
}

#[async_trait]
impl TokenService for Answers {
    async fn create_token(&self, asked: Request<CreateTokenRequest>) -> Result<Response<CreateTokenResponse>, Status> {
        let has_deadline = asked.metadata().contains_key("grpc-timeout");
        let asked = asked.into_inner();
        let ttl = asked.ttl.map(|ttl| ttl.seconds);
        self.note(format!(
            "{} {:?} ttl {ttl:?} from {:?} deadline {has_deadline}",
            asked.tenant,
            asked.scope(),
            asked.allowed_networks
        ));
        let created = asked.name != "there";
        let secret = if created { "scim_a1_secret".to_owned() } else { String::new() };
        Ok(Response::new(CreateTokenResponse { token: Some(token("a1")), secret, created }))
    }

    async fn list_tokens(&self, asked: Request<ListTokensRequest>) -> Result<Response<ListTokensResponse>, Status> {
        let (id, next) = if asked.get_ref().page_token.is_empty() { ("a1", "2") } else { ("b2", "") };
        Ok(Response::new(ListTokensResponse { tokens: vec![token(id)], next_page_token: next.to_owned() }))
    }

    async fn get_token(&self, asked: Request<GetTokenRequest>) -> Result<Response<GetTokenResponse>, Status> {
        Ok(Response::new(GetTokenResponse { token: Some(token(&asked.get_ref().id)) }))
    }

    async fn rotate_token(&self, asked: Request<RotateTokenRequest>) -> Result<Response<RotateTokenResponse>, Status> {
        let asked = asked.into_inner();
        let seconds = |time: Option<prost_types::Duration>| time.map(|time| time.seconds);
        let (overlap, retire, ttl) = (seconds(asked.overlap), seconds(asked.retire_after_use), seconds(asked.ttl));
        self.note(format!("rotate {} overlap {overlap:?} retire {retire:?} ttl {ttl:?}", asked.id));
        Ok(Response::new(RotateTokenResponse {
            token: Some(token("b2")),
            secret: "scim_b2_secret".to_owned(),
            replaced: Some(token(&asked.id)),
        }))
    }

    async fn revoke_token(&self, asked: Request<RevokeTokenRequest>) -> Result<Response<RevokeTokenResponse>, Status> {
        Err(Status::not_found(format!("there is no token '{}'", asked.get_ref().id)))
    }
}

#[async_trait]
impl TenantService for Answers {
    async fn create_tenant(&self, _: Request<CreateTenantRequest>) -> Result<Response<CreateTenantResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_tenants(&self, _: Request<ListTenantsRequest>) -> Result<Response<ListTenantsResponse>, Status> {
        Err(Status::permission_denied("a viewer may not"))
    }

    async fn get_tenant(&self, asked: Request<GetTenantRequest>) -> Result<Response<GetTenantResponse>, Status> {
        let name = asked.into_inner().name;
        let tenant_url = format!("https://scim.example.com/tenants/{name}/scim/v2");
        let tenant = Tenant { name, tenant_url, profile: "custom".to_owned(), ..Tenant::default() };
        Ok(Response::new(GetTenantResponse { tenant: Some(tenant) }))
    }

    async fn update_tenant(
        &self,
        asked: Request<UpdateTenantRequest>,
    ) -> Result<Response<UpdateTenantResponse>, Status> {
        let asked = asked.into_inner();
        self.note(format!("update {:?}", asked.update_mask.unwrap_or_default().paths));
        Ok(Response::new(UpdateTenantResponse { tenant: asked.tenant }))
    }

    type DeleteTenantStream = Canned<DeleteTenantResponse>;

    async fn delete_tenant(
        &self,
        asked: Request<DeleteTenantRequest>,
    ) -> Result<Response<Self::DeleteTenantStream>, Status> {
        self.note(format!("delete {} {}", asked.get_ref().name, asked.get_ref().confirm_name));
        let step = |rows_deleted, done| DeleteTenantResponse { rows_deleted, done };
        self.stream(vec![step(500, false), step(900, true)])
    }
}

#[async_trait]
impl ChangeService for Answers {
    async fn list_changes(&self, _: Request<ListChangesRequest>) -> Result<Response<ListChangesResponse>, Status> {
        Ok(Response::new(ListChangesResponse::default()))
    }

    type WatchChangesStream = Canned<WatchChangesResponse>;

    async fn watch_changes(
        &self,
        asked: Request<WatchChangesRequest>,
    ) -> Result<Response<Self::WatchChangesStream>, Status> {
        self.note(format!("watch from {:?} {}", asked.get_ref().resume_token, asked.get_ref().from_start));
        let change = |token: &str| Change {
            kind: ChangeKind::Update.into(),
            resource_type: "Group".to_owned(),
            resource_id: "g1".to_owned(),
            actor: "a1".to_owned(),
            attributes: vec!["displayName".to_owned()],
            members_added: vec!["u1".to_owned(), "u2".to_owned()],
            resume_token: token.to_owned(),
            ..Change::default()
        };
        let message =
            |change: Option<Change>, token: &str| WatchChangesResponse { change, resume_token: token.to_owned() };
        self.stream(vec![message(None, "r0"), message(Some(change("r1")), "r1"), message(Some(change("r2")), "r2")])
    }
}

#[async_trait]
impl BackupService for Answers {
    type CreateBackupStream = Canned<CreateBackupResponse>;

    async fn create_backup(
        &self,
        _: Request<CreateBackupRequest>,
    ) -> Result<Response<Self::CreateBackupStream>, Status> {
        let summary =
            BackupSummary { revision: 7, rows: 2, bytes: 6, sha256: "ab".to_owned(), ..BackupSummary::default() };
        let part = |part| CreateBackupResponse { part: Some(part), rows_done: 1, rows_total: 2 };
        self.stream(vec![
            part(Part::Chunk(b"abc".to_vec())),
            part(Part::Chunk(b"def".to_vec())),
            part(Part::Summary(summary)),
        ])
    }

    type VerifyDatabaseStream = Canned<VerifyDatabaseResponse>;

    async fn verify_database(
        &self,
        _: Request<VerifyDatabaseRequest>,
    ) -> Result<Response<Self::VerifyDatabaseStream>, Status> {
        let problems = if self.broken { vec!["a".to_owned(), "b".to_owned()] } else { Vec::new() };
        let step = VerifyDatabaseResponse { rows: 5, done: true, problems };
        Ok(Response::new(tokio_stream::iter(vec![Ok(step)])))
    }
}

#[async_trait]
impl TransferService for Answers {
    type ExportTenantStream = Canned<ExportTenantResponse>;

    async fn export_tenant(
        &self,
        _: Request<ExportTenantRequest>,
    ) -> Result<Response<Self::ExportTenantStream>, Status> {
        let piece = |lines: &str| ExportTenantResponse { lines: lines.as_bytes().to_vec(), ..Default::default() };
        self.stream(vec![
            piece("{\"scimd_export\":1}\n{\"type\":\"User\"}\n"),
            piece("{\"end\":true,\"users\":1,\"groups\":0,\"members\":0}\n"),
        ])
    }

    type ImportTenantStream = Canned<ImportTenantResponse>;

    async fn import_tenant(
        &self,
        asked: Request<Streaming<ImportTenantRequest>>,
    ) -> Result<Response<Self::ImportTenantStream>, Status> {
        let mut pieces = asked.into_inner();
        let first = pieces.message().await?.unwrap();
        let (mut bytes, mut lines, mut largest) = (0, 0, 0);
        while let Some(piece) = pieces.message().await? {
            assert!(piece.tenant.is_empty());
            bytes += piece.data.len();
            largest = largest.max(piece.data.len());
            lines += piece.data.iter().filter(|byte| **byte == b'\n').count();
        }
        assert!(largest <= limits::CLI_PIECE_BYTES_MAX);
        self.note(format!("import {} {:?} {} {bytes} bytes", first.tenant, first.on_conflict(), first.dry_run));
        let error = ImportError { line: 2, resource_id: "u2".to_owned(), message: "userName is missing".to_owned() };
        let failed = i64::from(first.tenant == "failing");
        let errors = if failed == 1 { vec![error] } else { Vec::new() };
        let lines = i64::try_from(lines).unwrap();
        let step = ImportTenantResponse { lines, created: lines - failed, failed, errors, ..Default::default() };
        let last = ImportTenantResponse { errors: Vec::new(), done: true, ..step.clone() };
        self.stream(vec![step, last])
    }
}

#[async_trait]
impl AdminCertificateService for Answers {
    async fn create_admin_certificate(
        &self,
        asked: Request<CreateAdminCertificateRequest>,
    ) -> Result<Response<CreateAdminCertificateResponse>, Status> {
        let asked = asked.into_inner();
        let certificate = AdminCertificate { name: asked.name, role: asked.role, ..AdminCertificate::default() };
        Ok(Response::new(CreateAdminCertificateResponse {
            certificate: Some(certificate),
            certificate_pem: "the certificate".to_owned(),
            private_key_pem: "the key".to_owned(),
            server_ca_pem: "the authority".to_owned(),
            created: true,
        }))
    }

    async fn list_admin_certificates(
        &self,
        _: Request<ListAdminCertificatesRequest>,
    ) -> Result<Response<ListAdminCertificatesResponse>, Status> {
        Ok(Response::new(ListAdminCertificatesResponse::default()))
    }

    async fn revoke_admin_certificate(
        &self,
        _: Request<RevokeAdminCertificateRequest>,
    ) -> Result<Response<RevokeAdminCertificateResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
