//! Who calls the admin plane, and whether he may. One function, [`authorise`], decides on every call, and the layer [`Gate`] asks it
//! in front of all services, so that no service can forget to. It does not know what a call does.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower_layer::Layer;
use tower_service::Service;
use uuid::Uuid;

use super::{deadline, refusal};
use crate::directory::audit::Admin;
use crate::directory::record::Role;
use crate::directory::{Directory, admin_certificate};
use crate::limits;
use crate::server::chain;
use crate::server::subject::Subject;

/// Who is at the other end of a connection, as far as the connection itself proves it.
#[derive(Clone, Debug)]
pub enum Peer {
    /// A user of this machine on the socket, by his number; `None` where the system does not tell it.
    User(Option<u32>),
    /// The holder of a client certificate that the handshake accepted.
    Holder(Arc<Holder>),
}

/// A client certificate.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Where the connection comes from.
    pub address: IpAddr,
    /// Which authority signed it.
    pub authority: Authority,
    /// The SHA-256 of its DER form.
    pub fingerprint: [u8; 32],
    /// Until when it is valid, in milliseconds since the epoch.
    pub not_after_ms: i64,
}

/// Which authority signed a client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The local one: the registry knows the holder by the serial number, if it has the form of one.
    Local(Option<Uuid>),
    /// The one that the administrator named: the holder is known by his name, if it can be written.
    External(Option<Subject>),
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Under which name the audit log knows him, and where he calls from.
    pub admin: Admin,
    /// What he may do.
    pub role: Role,
}

/// What is decided by.
#[derive(Clone)]
pub struct Policy {
    /// Where the registry of client certificates is.
    pub directory: Arc<Directory>,
    /// The number of the user that the server runs as.
    pub owner: u32,
    /// The roles of holders of the external authority, by their names.
    pub roles: Vec<(Subject, Role)>,
}

/// Decides on a call: who calls, and whether his role is enough for the method (`/package.Service/Method`).
///
/// # Errors
/// UNAUTHENTICATED with the reason NOT_AUTHENTICATED when nobody is known by the peer's certificate (any longer),
/// PERMISSION_DENIED with ROLE_REQUIRED, UNIMPLEMENTED for a method that is in no row of the table, whoever asks.
pub async fn authorise(policy: &Policy, method: &str, peer: Option<&Peer>) -> Result<Caller, Status> {
    let caller = identify(policy, peer).await?;
    match least(method) {
        Some(needed) if caller.role >= needed => Ok(caller),
        Some(needed) => Err(role_required(needed, Some(caller.role))),
        None => Err(refusal::with(Code::Unimplemented, "METHOD_UNKNOWN", "there is no such method".to_owned(), &[])),
    }
}

/// Who calls, as the layer found out; the server itself where a call never came through it.
pub fn caller<T>(request: &tonic::Request<T>) -> Admin {
    request.extensions().get::<Admin>().cloned().unwrap_or_else(Admin::server)
}

/// What the caller may do, as the layer found out. Who did not come through it may do the least.
pub fn role<T>(request: &tonic::Request<T>) -> Role {
    request.extensions().get::<Role>().copied().unwrap_or(Role::Viewer)
}

/// The refusal of a caller whose role is not enough, for a service where the role depends on what is asked.
pub fn role_required(needed: Role, has: Option<Role>) -> Status {
    let has = has.map_or("none", word);
    let message = format!("the role {} is needed, the caller has {has}", word(needed));
    refusal::with(Code::PermissionDenied, "ROLE_REQUIRED", message, &[("needed", word(needed)), ("has", has)])
}

/// The layer that lets calls through, or not.
#[derive(Clone)]
pub struct Gate {
    policy: Arc<Policy>,
}

/// A service behind the gate.
#[derive(Clone)]
pub struct Gated<S> {
    policy: Arc<Policy>,
    inner: S,
}

impl Gate {
    /// A gate that decides by the policy.
    pub fn new(policy: Policy) -> Gate {
        Gate { policy: Arc::new(policy) }
    }
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { policy: Arc::clone(&self.policy), inner }
    }
}

impl<S> Service<Request<Body>> for Gated<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The clone takes the place of the service that was made ready.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let policy = Arc::clone(&self.policy);
        // Before tonic starts its own timer, whose end would be CANCELLED.
        let deadline = deadline::of(request.headers());
        Box::pin(async move {
            let peer = request.extensions().get::<Peer>().cloned();
            let method = request.uri().path().to_owned();
            let ended = ended(Arc::clone(&policy), method.clone(), peer.clone());
            let call = async {
                match authorise(&policy, &method, peer.as_ref()).await {
                    Ok(Caller { admin, role }) => {
                        request.extensions_mut().insert(admin);
                        request.extensions_mut().insert(role);
                        inner.call(request).await
                    }
                    Err(status) => {
                        tracing::info!(method, code = ?status.code(), why = status.message(), "an admin call is refused");
                        Ok(status.into_http())
                    }
                }
            };
            deadline::keep(deadline, call, ended).await
        })
    }
}

/// Asks again and again while a stream is open; resolves when the caller may no longer have it.
async fn ended(policy: Arc<Policy>, method: String, peer: Option<Peer>) -> Status {
    loop {
        tokio::time::sleep(Duration::from_millis(limits::ADMIN_STREAM_CHECK_MS)).await;
        match authorise(&policy, &method, peer.as_ref()).await {
            // That the registry cannot be read now says nothing about the caller.
            Err(status) if status.code() != Code::Unavailable => return status,
            _ => {}
        }
    }
}

async fn identify(policy: &Policy, peer: Option<&Peer>) -> Result<Caller, Status> {
    match peer {
        Some(Peer::User(Some(uid))) if *uid == policy.owner || *uid == 0 => {
            let admin = Admin { name: format!("socket:{uid}"), address: String::new() };
            Ok(Caller { admin, role: Role::Admin })
        }
        Some(Peer::User(_)) => Err(role_required(Role::Viewer, None)),
        Some(Peer::Holder(holder)) => known(policy, holder).await,
        None => Err(nobody("the connection says nothing of the caller")),
    }
}

async fn known(policy: &Policy, holder: &Holder) -> Result<Caller, Status> {
    let now_ms = policy.directory.clock().now_ms();
    if holder.not_after_ms <= now_ms {
        return Err(nobody("the client certificate has expired"));
    }
    let (name, role) = match &holder.authority {
        Authority::Local(serial) => {
            let Some(serial) = serial else { return Err(nobody("the client certificate is not in the registry")) };
            let found = admin_certificate::find(&policy.directory, *serial).await;
            match found.map_err(|error| refusal::failure(&error))? {
                Some(entry) if entry.fingerprint != holder.fingerprint => {
                    return Err(nobody("the client certificate is not in the registry"));
                }
                Some(entry) if entry.revoked_ms.is_some() => {
                    return Err(nobody("the client certificate has been revoked"));
                }
                Some(entry) if entry.expires_ms <= now_ms => {
                    return Err(nobody("the client certificate has expired"));
                }
                Some(entry) => (entry.name, entry.role),
                None => return Err(nobody("the client certificate is not in the registry")),
            }
        }
        Authority::External(Some(subject)) => {
            let row = policy.roles.iter().find(|(named, _)| named.is(subject));
            let Some((_, role)) = row else { return Err(role_required(Role::Viewer, None)) };
            (subject.to_string(), *role)
        }
        Authority::External(None) => return Err(role_required(Role::Viewer, None)),
    };
    Ok(Caller { admin: Admin { name: format!("cert:{name}"), address: holder.address.to_string() }, role })
}

impl Holder {
    /// What a certificate in its DER form says. `None` when it cannot be read.
    pub fn of(der: &[u8], is_local: bool, address: IpAddr) -> Option<Holder> {
        let described = chain::one(der)?;
        let authority = match is_local {
            true => Authority::Local(described.serial_uuid()),
            false => Authority::External(described.subject_name),
        };
        let not_after_ms = described.not_after_s.saturating_mul(1_000);
        Some(Holder { address: address.to_canonical(), authority, fingerprint: described.sha256, not_after_ms })
    }
}

fn nobody(why: &str) -> Status {
    refusal::with(Code::Unauthenticated, "NOT_AUTHENTICATED", why.to_owned(), &[])
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Operator => "operator",
        Role::Admin => "admin",
    }
}

/// The least role for a method. What has no row is denied to all.
fn least(method: &str) -> Option<Role> {
    let name = method.strip_prefix('/')?;
    LEAST.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
}

/// Every method with its least role, as the protos document it.
const LEAST: &[(&str, Role)] = &[
    ("grpc.health.v1.Health/Check", Role::Viewer),
    ("grpc.health.v1.Health/Watch", Role::Viewer),
    ("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Role::Viewer),
    ("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Role::Viewer),
    ("scimd.admin.v1.AdminCertificateService/CreateAdminCertificate", Role::Admin),
    ("scimd.admin.v1.AdminCertificateService/ListAdminCertificates", Role::Admin),
    ("scimd.admin.v1.AdminCertificateService/RevokeAdminCertificate", Role::Admin),
    ("scimd.admin.v1.ApplicationService/CreateApplication", Role::Admin),
    ("scimd.admin.v1.ApplicationService/DeleteApplication", Role::Admin),
    ("scimd.admin.v1.ApplicationService/ExpireApplicationTokens", Role::Operator),
    ("scimd.admin.v1.ApplicationService/GetApplication", Role::Viewer),
    ("scimd.admin.v1.ApplicationService/ListApplications", Role::Viewer),
    ("scimd.admin.v1.ApplicationService/RotateApplicationPassword", Role::Operator),
    ("scimd.admin.v1.ApplicationService/UpdateApplication", Role::Admin),
    ("scimd.admin.v1.AuditService/ListAuditEntries", Role::Operator),
    ("scimd.admin.v1.AuditService/VerifyAudit", Role::Operator),
    ("scimd.admin.v1.AuditService/WatchAuditEntries", Role::Operator),
    ("scimd.admin.v1.BackupService/CreateBackup", Role::Admin),
    ("scimd.admin.v1.BackupService/VerifyDatabase", Role::Operator),
    ("scimd.admin.v1.CertificateService/GetCertificate", Role::Viewer),
    ("scimd.admin.v1.CertificateService/ReloadCertificate", Role::Operator),
    ("scimd.admin.v1.ChangeService/ListChanges", Role::Viewer),
    ("scimd.admin.v1.ChangeService/WatchChanges", Role::Viewer),
    ("scimd.admin.v1.ExchangeService/GetExchange", Role::Viewer),
    ("scimd.admin.v1.ExchangeService/ListExchanges", Role::Viewer),
    ("scimd.admin.v1.ExchangeService/ReplayExchange", Role::Operator),
    ("scimd.admin.v1.MappingService/DiffMappings", Role::Viewer),
    ("scimd.admin.v1.MappingService/EvaluateExpression", Role::Viewer),
    ("scimd.admin.v1.MappingService/GetMapping", Role::Viewer),
    ("scimd.admin.v1.MappingService/ListExpressionFunctions", Role::Viewer),
    ("scimd.admin.v1.MappingService/ListMappingVersions", Role::Viewer),
    ("scimd.admin.v1.MappingService/ListSeenGroups", Role::Operator),
    ("scimd.admin.v1.MappingService/PreviewMapping", Role::Operator),
    ("scimd.admin.v1.MappingService/ReapplyMapping", Role::Admin),
    ("scimd.admin.v1.MappingService/RollbackMapping", Role::Admin),
    ("scimd.admin.v1.MappingService/SetMapping", Role::Admin),
    ("scimd.admin.v1.MetricsService/GetMetrics", Role::Viewer),
    ("scimd.admin.v1.MetricsService/WatchMetrics", Role::Viewer),
    ("scimd.admin.v1.ProfileService/GetProfile", Role::Viewer),
    ("scimd.admin.v1.ProfileService/ListProfiles", Role::Viewer),
    ("scimd.admin.v1.ResourceService/GetGroup", Role::Operator),
    ("scimd.admin.v1.ResourceService/GetResource", Role::Operator),
    ("scimd.admin.v1.ResourceService/GetUser", Role::Operator),
    ("scimd.admin.v1.ResourceService/ListDeletedResources", Role::Operator),
    ("scimd.admin.v1.ResourceService/ListGroupMembers", Role::Operator),
    ("scimd.admin.v1.ResourceService/ListGroups", Role::Operator),
    ("scimd.admin.v1.ResourceService/ListResources", Role::Operator),
    ("scimd.admin.v1.ResourceService/ListUsers", Role::Operator),
    ("scimd.admin.v1.ResourceService/RestoreResource", Role::Admin),
    ("scimd.admin.v1.SchemaService/DeleteResourceType", Role::Admin),
    ("scimd.admin.v1.SchemaService/DeleteSchema", Role::Admin),
    ("scimd.admin.v1.SchemaService/GetSchema", Role::Viewer),
    ("scimd.admin.v1.SchemaService/ListResourceTypes", Role::Viewer),
    ("scimd.admin.v1.SchemaService/ListSchemas", Role::Viewer),
    ("scimd.admin.v1.SchemaService/PutResourceType", Role::Admin),
    ("scimd.admin.v1.SchemaService/PutSchema", Role::Admin),
    ("scimd.admin.v1.ServerService/GetStatus", Role::Viewer),
    ("scimd.admin.v1.ServerService/GetVersion", Role::Viewer),
    ("scimd.admin.v1.TargetService/ApproveHeld", Role::Operator),
    ("scimd.admin.v1.TargetService/CreateTarget", Role::Admin),
    ("scimd.admin.v1.TargetService/DeleteTarget", Role::Admin),
    ("scimd.admin.v1.TargetService/GetTarget", Role::Viewer),
    ("scimd.admin.v1.TargetService/GetTargetStatus", Role::Viewer),
    ("scimd.admin.v1.TargetService/ListDeadLetters", Role::Operator),
    ("scimd.admin.v1.TargetService/ListHeld", Role::Operator),
    ("scimd.admin.v1.TargetService/ListTargetCalls", Role::Viewer),
    ("scimd.admin.v1.TargetService/ListTargets", Role::Viewer),
    ("scimd.admin.v1.TargetService/PlanTarget", Role::Operator),
    ("scimd.admin.v1.TargetService/RetryDeadLetters", Role::Operator),
    ("scimd.admin.v1.TargetService/SyncTarget", Role::Operator),
    ("scimd.admin.v1.TargetService/TestTarget", Role::Operator),
    ("scimd.admin.v1.TargetService/UpdateTarget", Role::Admin),
    ("scimd.admin.v1.TenantService/CreateTenant", Role::Admin),
    ("scimd.admin.v1.TenantService/DeleteTenant", Role::Admin),
    ("scimd.admin.v1.TenantService/GetTenant", Role::Viewer),
    ("scimd.admin.v1.TenantService/ListTenants", Role::Viewer),
    ("scimd.admin.v1.TenantService/UpdateTenant", Role::Admin),
    ("scimd.admin.v1.TokenService/CreateToken", Role::Admin),
    ("scimd.admin.v1.TokenService/GetToken", Role::Viewer),
    ("scimd.admin.v1.TokenService/ListTokens", Role::Viewer),
    ("scimd.admin.v1.TokenService/RevokeToken", Role::Operator),
    ("scimd.admin.v1.TokenService/RotateToken", Role::Operator),
    ("scimd.admin.v1.TransactionService/GetTransaction", Role::Operator),
    ("scimd.admin.v1.TransactionService/ListTransactions", Role::Viewer),
    ("scimd.admin.v1.TransferService/ExportTenant", Role::Admin),
    ("scimd.admin.v1.TransferService/ImportTenant", Role::Admin),
];

#[cfg(test)]
mod tests;
