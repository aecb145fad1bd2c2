//! SCIM 2.0 as pure functions: RFC 7643's schemas and RFC 7644's filters, PATCH, projection and messages, over JSON values.
//! No I/O, no clock, no randomness, no async; it uses nothing of ours but `limits`. Read it in this order.

pub mod errors;
pub mod json;
pub mod fold;
pub mod datetime;
pub mod schema;
pub mod dialect;
pub mod path;
pub mod filter;
pub mod coerce;
pub mod resource;
pub mod patch;
pub mod project;
pub mod query;
pub mod bulk;
pub mod discovery;

#[cfg(test)]
pub(crate) mod samples;
