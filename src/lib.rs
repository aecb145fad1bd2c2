//! scimd.

pub mod limits;
