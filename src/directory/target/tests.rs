//! Targets as admins make and change them: what is refused, what the audit log is told, and what goes with them.
#![allow(clippy::unwrap_used, clippy::expect_used)]
