//! The generated messages, clients and servers of `proto/scimd/admin/v1`, and the descriptors that reflection serves.
//! It holds no code of ours.

/// The compiled descriptor set of every file in `proto/` and of what they import.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/scimd.fds"));

/// The package `scimd.admin.v1`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, reason = "generated code")]
pub mod v1 {
    tonic::include_proto!("scimd.admin.v1");
}
