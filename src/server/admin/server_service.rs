//! `ServerService`: version and status. It only reads [`AdminState`].

use prost_types::Timestamp;
use tonic::{Request, Response, Status};

use super::api::v1::server_service_server::ServerService;
use super::api::v1::{GetStatusRequest, GetStatusResponse, GetVersionRequest, GetVersionResponse};
use super::{AdminState, Readiness, wire};

#[tonic::async_trait]
impl ServerService for AdminState {
    async fn get_version(&self, _: Request<GetVersionRequest>) -> Result<Response<GetVersionResponse>, Status> {
        Ok(Response::new(GetVersionResponse { version: self.version.to_owned() }))
    }

    async fn get_status(&self, _: Request<GetStatusRequest>) -> Result<Response<GetStatusResponse>, Status> {
        let not_ready_reason = match &*self.ready.borrow() {
            Readiness::Ready => None,
            Readiness::NotReady(reason) => Some(reason.clone()),
        };
        Ok(Response::new(GetStatusResponse {
            ready: not_ready_reason.is_none(),
            not_ready_reason: not_ready_reason.unwrap_or_default(),
            start_time: Some(wire::time(self.started_ms)),
            scim_addr: self.scim_addr.to_string(),
            crowd_addr: self.crowd_addr.map(|addr| addr.to_string()).unwrap_or_default(),
            crowd_url: self.crowd_url.clone(),
            public_url: self.public_url.clone(),
            certificate_not_after: self.certificate_not_after_s.borrow().map(|seconds| Timestamp { seconds, nanos: 0 }),
            version: self.version.to_owned(),
        }))
    }
}
