//! scimd, a SCIM 2.0 server: the library behind the binary.
#![doc = include_str!("ARCHITECTURE.md")]

pub mod limits;
pub mod clock;
pub mod scim;
pub mod profile;
pub mod mapping;
pub mod store;
pub mod directory;
pub mod server;
pub mod probe;
pub mod outbound;
pub mod serve;
pub mod config;
pub mod logging;
pub mod cli;
