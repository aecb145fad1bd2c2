//! `CertificateService`: what is served and reading it again. It only translates; the certificate is `server/certificate.rs`'s.

use std::sync::Arc;

use tonic::{Code, Request, Response, Status};

use super::api::v1::certificate_service_server::CertificateService;
use super::api::v1::{
    Certificate, CertificateStatus, GetCertificateRequest, GetCertificateResponse, ReloadCertificateRequest,
    ReloadCertificateResponse,
};
use super::{AdminState, access, refusal, wire};
use crate::server::certificate::{self, Certificates};
use crate::server::chain::{self, Described};

#[tonic::async_trait]
impl CertificateService for AdminState {
    async fn get_certificate(
        &self,
        _: Request<GetCertificateRequest>,
    ) -> Result<Response<GetCertificateResponse>, Status> {
        let status = shown(&certificates(self)?.status());
        Ok(Response::new(GetCertificateResponse { status: Some(status) }))
    }

    async fn reload_certificate(
        &self,
        request: Request<ReloadCertificateRequest>,
    ) -> Result<Response<ReloadCertificateResponse>, Status> {
        let certificates = Arc::clone(certificates(self)?);
        let reading = Arc::clone(&certificates);
        let refused = |why: String| refusal::with(Code::FailedPrecondition, "CERTIFICATE_REFUSED", why, &[]);
        let changed = tokio::task::spawn_blocking(move || reading.reload())
            .await
            .map_err(|error| refused(error.to_string()))?
            .map_err(|error| refused(error.to_string()))?;
        if let Some(change) = &changed {
            certificates.note_change(&self.directory, &access::caller(&request), change).await;
        }
        let status = shown(&certificates.status());
        Ok(Response::new(ReloadCertificateResponse { status: Some(status), changed: changed.is_some() }))
    }
}

fn certificates(state: &AdminState) -> Result<&Arc<Certificates>, Status> {
    state.certificates.as_ref().ok_or_else(|| {
        refusal::with(Code::FailedPrecondition, "TLS_OFF", "the SCIM listener speaks no TLS".to_owned(), &[])
    })
}

fn shown(status: &certificate::Status) -> CertificateStatus {
    CertificateStatus {
        chain: chain::describe(&status.chain).into_iter().map(one).collect(),
        local_authority: status.is_local,
        cert_file: status.cert_file.display().to_string(),
        load_time: Some(wire::time(status.load_ms)),
        last_refusal: status.last_refusal.clone(),
    }
}

fn one(described: Described) -> Certificate {
    let ips = described.ips.iter().map(ToString::to_string);
    Certificate {
        subject_alt_names: described.dns.iter().cloned().chain(ips).collect(),
        subject: described.subject,
        issuer: described.issuer,
        serial: described.serial,
        not_before: Some(wire::time(described.not_before_s.saturating_mul(1_000))),
        not_after: Some(wire::time(described.not_after_s.saturating_mul(1_000))),
        sha256: chain::hex(&described.sha256),
        key: described.key.text(),
    }
}
