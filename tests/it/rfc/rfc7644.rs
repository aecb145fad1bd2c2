//! RFC 7644, the SCIM protocol: what its sections 3, 4 and 5 demand, a file a part of them.

mod forms;
mod reading;
mod writing;

use super::Row;

/// How many words each section has.
pub(super) const WORDS: &[(&str, usize)] = &[
    ("3.1", 4),
    ("3.2", 5),
    ("3.3", 6),
    ("3.3.1", 1),
    ("3.4.2", 7),
    ("3.4.2.1", 4),
    ("3.4.2.2", 15),
    ("3.4.2.3", 3),
    ("3.4.2.4", 4),
    ("3.4.2.5", 5),
    ("3.4.3", 8),
    ("3.5", 2),
    ("3.5.1", 8),
    ("3.5.2", 16),
    ("3.5.2.1", 5),
    ("3.5.2.2", 6),
    ("3.5.2.3", 5),
    ("3.6", 5),
    ("3.7", 13),
    ("3.7.1", 3),
    ("3.7.3", 4),
    ("3.7.4", 3),
    ("3.8", 5),
    ("3.9", 3),
    ("3.10", 1),
    ("3.11", 2),
    ("3.12", 8),
    ("3.13", 3),
    ("3.14", 2),
    ("4", 5),
    ("5", 1),
];

/// The demands, in the order of the RFC.
pub(super) const ROWS: &[&[Row]] = &[reading::ROWS, writing::ROWS, forms::ROWS];
