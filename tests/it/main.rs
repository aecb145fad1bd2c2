//! The integration tests, one binary.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod command;
mod crowd;
mod directory;
mod house;
mod http;
mod outbound;
mod rfc;
mod probe;
