//! Which names are meant, and what they become: regular expressions over the names of users and groups. They are written as in the
//! mapping language.

use super::evaluate::Budget;
use super::matcher::{Manner, Matcher};
use super::{Failure, Wrong};
use crate::limits;

/// Names that are meant: those that match an including pattern, or all when there is none, but for those that match an excluding one.
#[derive(Clone, Debug)]
pub struct Patterns {
    include: Vec<Matcher>,
    exclude: Vec<Matcher>,
}

impl Patterns {
    /// Reads the patterns. Each stands for a whole name, without regard to case.
    ///
    /// # Errors
    /// With the pattern that is wrong in the text, and its number in its list, from 1 on, as the column.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Patterns, Wrong> {
        Ok(Patterns { include: read(include)?, exclude: read(exclude)? })
    }

    /// Whether `name` is meant. A name that is longer than a regular expression looks at is not.
    pub fn admits(&self, name: &str) -> bool {
        let any = |patterns: &[Matcher]| patterns.iter().any(|pattern| pattern.matches(name));
        name.len() <= limits::MAPPING_PATTERN_TEXT_BYTES_MAX
            && (self.include.is_empty() || any(&self.include))
            && !any(&self.exclude)
    }

    /// Whether every name is meant, but for those that are too long.
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
}

fn read(patterns: &[String]) -> Result<Vec<Matcher>, Wrong> {
    if patterns.len() > limits::PATTERNS_MAX {
        return Err(Wrong {
            column: limits::PATTERNS_MAX,
            why: format!("more than {} patterns", limits::PATTERNS_MAX),
        });
    }
    let read = patterns.iter().enumerate().map(|(at, pattern)| {
        Matcher::taken(pattern, Manner::Whole)
            .map_err(|why| Wrong { column: at + 1, why: format!("'{}': {why}", clip(pattern)) })
    });
    read.collect()
}

/// Makes another name of a name, as `RegexReplace` would: upper and lower case apart unless the pattern begins with `(?i)`.
#[derive(Clone, Debug)]
pub struct Rename {
    matcher: Matcher,
    replacement: String,
}

impl Rename {
    /// Every match of `pattern` in a name becomes `replacement`, in which `$1` and `${name}` are what groups matched.
    ///
    /// # Errors
    /// With the pattern or the replacement in the text; the column is 1.
    pub fn new(pattern: &str, replacement: &str) -> Result<Rename, Wrong> {
        let wrong = |why: String| Wrong { column: 1, why };
        let matcher = Matcher::new(pattern).map_err(|why| wrong(format!("'{}': {why}", clip(pattern))))?;
        if replacement.len() > limits::MAPPING_PATTERN_BYTES_MAX {
            return Err(wrong(format!("the replacement is longer than {} bytes", limits::MAPPING_PATTERN_BYTES_MAX)));
        }
        // Other than in an expression, a name with a dollar in it is nothing that anybody wants.
        if let Some(name) = matcher.unknown_group(replacement).or_else(|| matcher.unknown_number(replacement)) {
            return Err(wrong(format!("'{}': the pattern has no group '{name}'", clip(replacement))));
        }
        Ok(Rename { matcher, replacement: replacement.to_owned() })
    }

    /// The other name.
    ///
    /// # Errors
    /// When the name is longer than a regular expression looks at, or the work would be too much.
    pub fn apply(&self, name: &str) -> Result<String, Failure> {
        let mut budget = Budget::new(limits::MAPPING_STEPS_MAX);
        self.matcher.replace(name, &self.replacement, 1, &mut budget)
    }
}

/// The text, or its beginning where it is long.
fn clip(text: &str) -> String {
    match text.char_indices().nth(limits::DETAIL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
