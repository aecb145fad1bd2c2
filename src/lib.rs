//! scimd.

pub mod limits;
pub mod clock;
pub mod scim;
pub mod profile;
pub mod store;
pub mod directory;
pub mod server;
pub mod serve;
pub mod config;
pub mod logging;
pub mod cli;
