//! Who calls.

use crate::directory::audit::Admin;

/// The caller, as the listener put it into the request.
pub fn caller<T>(request: &tonic::Request<T>) -> Admin {
    request.extensions().get::<Admin>().cloned().unwrap_or_else(Admin::server)
}
