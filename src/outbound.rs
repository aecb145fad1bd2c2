//! What goes out: requests to other people's servers. What a target is to be sent is worked out by pure functions: `plan` says which
//! steps are needed, `errand` which requests a step takes and what the answers mean, `reading` what the target has. Sending is `client`.

pub mod bitbucket;
pub mod call;
pub mod capability;
pub mod client;
pub mod confluence;
pub mod errand;
pub mod jira;
pub mod pace;
pub mod plan;
pub mod reading;
pub mod request;
pub mod scim;
pub mod worker;
