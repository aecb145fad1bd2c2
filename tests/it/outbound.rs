//! Targets: fakes of the products with their traps, and random histories that end in exactly the wanted state through errors, throttling and
//! restarts at any point.

pub(crate) mod fake;
mod fake_bitbucket;
mod fake_cloud;
mod fake_confluence;
pub(crate) mod fake_jira;
mod fakes;
mod history;
mod sim;
