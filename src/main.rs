//! The `scimd` binary.

fn main() {}
