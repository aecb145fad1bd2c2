//! What goes out: requests to other people's servers. It does not know why they are made.

pub mod client;
