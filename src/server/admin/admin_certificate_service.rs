//! `AdminCertificateService`: client certificates of the local authority. The registry is the directory's, the signing is
//! `server/authority.rs`'s; this brings the two together.

use std::time::UNIX_EPOCH;

use tonic::{Request, Response, Status};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::api::v1::admin_certificate_service_server::AdminCertificateService;
use super::api::v1::{
    AdminCertificate, CreateAdminCertificateRequest, CreateAdminCertificateResponse, ListAdminCertificatesRequest,
    ListAdminCertificatesResponse, RevokeAdminCertificateRequest, RevokeAdminCertificateResponse, Role as WireRole,
};
use super::{AdminState, access, refusal, wire};
use crate::directory::admin_certificate::{self, Entry, Made, Outcome, Wanted};
use crate::directory::record::Role;
use crate::directory::refused::Refused;
use crate::limits;
use crate::server::authority::{self, Client, Issued};
use crate::server::{certificate, chain};

#[tonic::async_trait]
impl AdminCertificateService for AdminState {
    async fn create_admin_certificate(
        &self,
        request: Request<CreateAdminCertificateRequest>,
    ) -> Result<Response<CreateAdminCertificateResponse>, Status> {
        let admin = access::caller(&request);
        let CreateAdminCertificateRequest { name, role, ttl } = request.into_inner();
        let role = known_role(role)?;
        let lifetime_ms = match &ttl {
            Some(ttl) => wire::duration_ms("ttl", ttl)?,
            None => limits::ADMIN_CERTIFICATE_LIFETIME_MS_DEFAULT,
        };
        let wanted = Wanted { name: &name, role, lifetime_ms };
        let mut issued = None;
        let make = |serial, ends_ms| self.make(serial, &name, ends_ms, &mut issued);
        let outcome = admin_certificate::create(&self.directory, &admin, &wanted, make).await;
        let (entry, created) = match outcome.map_err(refusal::status)? {
            Outcome::New(entry) => (entry, true),
            Outcome::There(entry) => (entry, false),
        };
        let (certificate_pem, private_key_pem) = match issued.filter(|_| created) {
            Some(Issued { certificate_pem, key_pem, .. }) => (certificate_pem, Zeroizing::clone(&key_pem).to_string()),
            None => (String::new(), String::new()),
        };
        let server_ca_pem = self.certificates.as_ref().map(|certificates| certificates.authority_pem());
        Ok(Response::new(CreateAdminCertificateResponse {
            certificate: Some(shown(&entry)),
            certificate_pem,
            private_key_pem,
            server_ca_pem: server_ca_pem.unwrap_or_default(),
            created,
        }))
    }

    async fn list_admin_certificates(
        &self,
        request: Request<ListAdminCertificatesRequest>,
    ) -> Result<Response<ListAdminCertificatesResponse>, Status> {
        let ListAdminCertificatesRequest { page_size, page_token } = request.into_inner();
        let (limit, after) = wire::page(page_size, &page_token)?;
        let after = after.map(Uuid::from_bytes);
        let page = admin_certificate::list(&self.directory, after, limit).await;
        let (entries, next) = page.map_err(refusal::status)?;
        Ok(Response::new(ListAdminCertificatesResponse {
            certificates: entries.iter().map(shown).collect(),
            next_page_token: wire::next_page(next),
        }))
    }

    async fn revoke_admin_certificate(
        &self,
        request: Request<RevokeAdminCertificateRequest>,
    ) -> Result<Response<RevokeAdminCertificateResponse>, Status> {
        let admin = access::caller(&request);
        let RevokeAdminCertificateRequest { serial } = request.into_inner();
        if serial.is_empty() {
            return Err(refusal::field("serial", "it is required: a serial number or a name"));
        }
        let entry = admin_certificate::revoke(&self.directory, &admin, &serial).await.map_err(refusal::status)?;
        Ok(Response::new(RevokeAdminCertificateResponse { certificate: Some(shown(&entry)) }))
    }
}

impl AdminState {
    /// Makes a certificate and leaves it, with its key, in `issued`.
    fn make(&self, serial: Uuid, name: &str, ends_ms: i64, issued: &mut Option<Issued>) -> Result<Made, Refused> {
        // A certificate says its end in seconds.
        let ends = certificate::time(ends_ms.div_euclid(1_000) * 1_000);
        let client = Client { serial, name, ends };
        let now = certificate::time(self.directory.clock().now_ms());
        let made = authority::issue(&self.authority_dir, &client, now).map_err(|error| {
            tracing::error!(%error, "the local authority cannot sign");
            Refused::State { reason: "AUTHORITY_UNUSABLE", why: format!("the local authority cannot sign: {error}") }
        })?;
        let fingerprint = chain::one(&made.der).map(|described| described.sha256).unwrap_or_default();
        let ends_s = made.ends.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let expires_ms = i64::try_from(ends_s).unwrap_or(i64::MAX).saturating_mul(1_000);
        *issued = Some(made);
        Ok(Made { fingerprint, expires_ms })
    }
}

fn known_role(role: i32) -> Result<Role, Status> {
    match WireRole::try_from(role) {
        Ok(WireRole::Viewer) => Ok(Role::Viewer),
        Ok(WireRole::Operator) => Ok(Role::Operator),
        Ok(WireRole::Admin) => Ok(Role::Admin),
        Ok(WireRole::Unspecified) | Err(_) => {
            Err(refusal::field("role", "it is required: ROLE_VIEWER, ROLE_OPERATOR or ROLE_ADMIN"))
        }
    }
}

fn shown(entry: &Entry) -> AdminCertificate {
    let certificate = &entry.certificate;
    let role = match certificate.role {
        Role::Viewer => WireRole::Viewer,
        Role::Operator => WireRole::Operator,
        Role::Admin => WireRole::Admin,
    };
    AdminCertificate {
        serial: admin_certificate::serial_text(entry.serial),
        name: certificate.name.clone(),
        role: role.into(),
        create_time: Some(wire::time(certificate.created_ms)),
        expire_time: Some(wire::time(certificate.expires_ms)),
        revoke_time: certificate.revoked_ms.map(wire::time),
        sha256: chain::hex(&certificate.fingerprint),
    }
}
