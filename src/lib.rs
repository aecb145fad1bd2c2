//! scimd.

pub mod limits;
pub mod scim;
