//! Asks a running server for its status over its Unix socket. It does not know what the answer is wanted for.

use std::path::Path;
use std::time::Duration;

use tonic::transport::Endpoint;

use super::api::v1::server_service_client::ServerServiceClient;
use super::api::v1::{GetStatusRequest, GetStatusResponse};
use crate::limits;

/// What a running server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its version.
    pub version: String,
    /// Why it is not ready; `None`: it is.
    pub not_ready: Option<String>,
    /// Where its SCIM listener listens, as `IP:PORT`.
    pub scim_addr: String,
}

/// Asks; gives up after [`limits::ADMIN_STATUS_MS_MAX`].
///
/// # Errors
/// As a sentence: nobody answers on the socket, or not with a status.
pub async fn status(socket: &Path) -> Result<Running, String> {
    let asked = async {
        let uri = format!("unix:{}", socket.display());
        let endpoint = Endpoint::from_shared(uri).map_err(|error| error.to_string())?;
        let channel = endpoint.connect().await.map_err(|_| "nobody answers on it".to_owned())?;
        let answer = ServerServiceClient::new(channel).get_status(GetStatusRequest {}).await;
        answer.map(tonic::Response::into_inner).map_err(|status| status.message().to_owned())
    };
    let limit = Duration::from_millis(limits::ADMIN_STATUS_MS_MAX);
    let answer = tokio::time::timeout(limit, asked).await.map_err(|_| "it does not answer in time".to_owned())??;
    let GetStatusResponse { ready, not_ready_reason, scim_addr, version, .. } = answer;
    Ok(Running { version, not_ready: (!ready).then_some(not_ready_reason), scim_addr })
}
