//! Which names are meant, and what they become: regular expressions over the names of users and groups.

use super::{Failure, Wrong};

/// Names that are meant: those that match an including pattern, or all when there is none, but for those that match an excluding one.
#[derive(Clone, Debug)]
pub struct Patterns;

impl Patterns {
    /// Reads the patterns. Each stands for a whole name, without regard to case.
    ///
    /// # Errors
    /// At the column within the pattern, which the text names.
    pub fn new(_include: &[String], _exclude: &[String]) -> Result<Patterns, Wrong> {
        Ok(Patterns)
    }

    /// Whether `name` is meant.
    pub fn admits(&self, _name: &str) -> bool {
        true
    }
}

/// Makes another name of a name.
#[derive(Clone, Debug)]
pub struct Rename;

impl Rename {
    /// Every match of `pattern` in a name becomes `replacement`, in which `$1` and `${name}` are what the groups matched.
    ///
    /// # Errors
    /// At the column within the pattern or the replacement, which the text names.
    pub fn new(_pattern: &str, _replacement: &str) -> Result<Rename, Wrong> {
        Ok(Rename)
    }

    /// The other name.
    ///
    /// # Errors
    /// When the name is longer than a pattern may look at, or the work would be too much.
    pub fn apply(&self, name: &str) -> Result<String, Failure> {
        Ok(name.to_owned())
    }
}
