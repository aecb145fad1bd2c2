//! Who calls.

use crate::directory::audit::Admin;

/// Who made the call.
pub fn caller<T>(request: &tonic::Request<T>) -> Admin {
    request.extensions().get::<Admin>().cloned().unwrap_or_else(Admin::server)
}
