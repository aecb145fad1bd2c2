//! Regular expressions as .NET writes them, matched in linear time, and replacements for their matches.
//!
//! What differs between .NET and Rust in how a pattern is written is made the same here: `[` within a class, escaped `<` and `>`, `\Z`,
//! the numbers of groups (in .NET named groups come after the others), and empty matches behind others. Look-around and back references
//! cannot be had in linear time and are refused. In a replacement, `$1`, `${1}` and `${name}` are what groups matched, `$0` and `$&` the
//! whole match, `$$` a dollar; what names no group stands for itself.

use super::Failure;
use super::evaluate::{Budget, Output, wide};
use crate::limits;
use regex::{Captures, Regex, RegexBuilder};

/// A regular expression.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    text: String,
    regex: Regex,
    /// What each byte of a text costs, in steps.
    weight: u64,
    /// The number that Rust gives to each group, in .NET's order.
    groups: Vec<usize>,
}

/// How a pattern is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Anywhere in a text, upper and lower case apart.
    Part,
    /// The whole text, in any case.
    Whole,
}

/// The sizes of patterns, in bytes of memory, and what each byte of a text costs with a pattern of at most that size.
const WEIGHTS: [(usize, u64); 3] = [(16 * 1024, 4), (64 * 1024, 15), (limits::MAPPING_PATTERN_MEMORY_BYTES_MAX, 50)];

impl Matcher {
    /// Reads a pattern; the error says what is wrong with it.
    pub(super) fn new(text: &str) -> Result<Matcher, String> {
        Matcher::taken(text, Manner::Part)
    }

    /// Reads a pattern that is taken in a certain manner.
    pub(super) fn taken(text: &str, manner: Manner) -> Result<Matcher, String> {
        if text.len() > limits::MAPPING_PATTERN_BYTES_MAX {
            return Err(format!("the regular expression is longer than {} bytes", limits::MAPPING_PATTERN_BYTES_MAX));
        }
        let pattern = match manner {
            Manner::Part => rust(text),
            Manner::Whole => format!(r"\A(?:{})\z", rust(text)),
        };
        let mut refused = None;
        for (size, weight) in WEIGHTS {
            let built = RegexBuilder::new(&pattern)
                .size_limit(size)
                .dfa_size_limit(DFA_BYTES)
                .case_insensitive(manner == Manner::Whole)
                .build();
            match built {
                Ok(regex) => {
                    let groups = in_order(&regex);
                    return Ok(Matcher { text: text.to_owned(), regex, weight, groups });
                }
                Err(error @ regex::Error::CompiledTooBig(_)) => refused = Some(error),
                Err(error) => return Err(explained(&error)),
            }
        }
        Err(refused.map_or_else(String::new, |error| explained(&error)))
    }

    /// The pattern as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it has a group of this name.
    pub(super) fn has_group(&self, name: &str) -> bool {
        self.regex.capture_names().flatten().any(|known| known == name)
    }

    /// Whether `text` has a match.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The text with `replacement` in place of every match.
    pub(super) fn replace(
        &self,
        text: &str,
        replacement: &str,
        column: usize,
        budget: &mut Budget,
    ) -> Result<String, Failure> {
        budget.spend(2 * wide(replacement.len()), column)?;
        let pieces = self.pieces(replacement);
        self.each_match(text, column, budget, |captures, out, budget| {
            for piece in &pieces {
                out.push(piece.of(captures), budget)?;
            }
            Ok(())
        })
    }

    /// The text with `replacement` in place of what the group `name` matched in every match.
    pub(super) fn replace_group(
        &self,
        text: &str,
        name: &str,
        replacement: &str,
        column: usize,
        budget: &mut Budget,
    ) -> Result<String, Failure> {
        self.each_match(text, column, budget, |captures, out, budget| {
            let whole = captures.get_match();
            let Some(group) = captures.name(name) else { return out.push(whole.as_str(), budget) };
            out.push(text.get(whole.start()..group.start()).unwrap_or_default(), budget)?;
            out.push(replacement, budget)?;
            out.push(text.get(group.end()..whole.end()).unwrap_or_default(), budget)
        })
    }

    /// What the group `name` matched in the first match; `None` when there is none.
    pub(super) fn group<'t>(
        &self,
        text: &'t str,
        name: &str,
        column: usize,
        budget: &mut Budget,
    ) -> Result<Option<&'t str>, Failure> {
        self.look_at(text, 0, column, budget)?;
        let captures = self.regex.captures(text);
        Ok(captures.and_then(|captures| captures.name(name)).map(|group| group.as_str()))
    }

    /// The first `${name}` of a replacement that names no group.
    pub(super) fn unknown_group(&self, replacement: &str) -> Option<String> {
        self.pieces(replacement).into_iter().find_map(|piece| match piece {
            Piece::Literal(text) => {
                let name = text.strip_prefix("${")?.strip_suffix('}')?;
                (!name.is_empty()).then(|| name.to_owned())
            }
            Piece::Group(_) => None,
        })
    }

    /// The first `$5` of a replacement that is the number of no group, which .NET leaves as it is.
    pub(super) fn unknown_number(&self, replacement: &str) -> Option<String> {
        self.pieces(replacement).into_iter().find_map(|piece| match piece {
            Piece::Literal(text) => text.strip_prefix('$').filter(|number| !number.is_empty()).map(str::to_owned),
            Piece::Group(_) => None,
        })
    }

    /// Copies the text, but for its matches, which `make` writes.
    fn each_match(
        &self,
        text: &str,
        column: usize,
        budget: &mut Budget,
        mut make: impl FnMut(&Captures<'_>, &mut Output, &mut Budget) -> Result<(), Failure>,
    ) -> Result<String, Failure> {
        let mut out = Output::new(column);
        // `copied` is what has been copied, `from` is where the search goes on.
        let (mut copied, mut from) = (0, 0);
        while from <= text.len() {
            self.look_at(text, from, column, budget)?;
            let Some(captures) = self.regex.captures_at(text, from) else { break };
            let found = captures.get_match();
            out.push(text.get(copied..found.start()).unwrap_or_default(), budget)?;
            make(&captures, &mut out, budget)?;
            copied = found.end();
            // As in .NET an empty match may follow another match, but not twice in the same place.
            from = match found.is_empty() {
                false => found.end(),
                true => {
                    found.end() + text.get(found.end()..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
                }
            };
        }
        out.push(text.get(copied..).unwrap_or_default(), budget)?;
        Ok(out.into_text())
    }

    /// Takes the steps of one search, which may look at the whole rest of the text.
    fn look_at(&self, text: &str, from: usize, column: usize, budget: &mut Budget) -> Result<(), Failure> {
        if text.len() > limits::MAPPING_PATTERN_TEXT_BYTES_MAX {
            let why = format!(
                "the text is longer than the {} bytes that a regular expression looks at",
                limits::MAPPING_PATTERN_TEXT_BYTES_MAX
            );
            return Err(Failure { column, why });
        }
        budget.spend(SEARCH_STEPS + self.weight * wide(text.len().saturating_sub(from)), column)
    }

    /// The parts of a replacement.
    fn pieces<'r>(&self, replacement: &'r str) -> Vec<Piece<'r>> {
        let mut pieces = Vec::new();
        let mut rest = replacement;
        while let Some(at) = rest.find('$') {
            let (before, after) = rest.split_at(at);
            pieces.push(Piece::Literal(before));
            let (piece, length) = self.piece(after);
            pieces.push(piece);
            rest = after.get(length..).unwrap_or_default();
        }
        pieces.push(Piece::Literal(rest));
        pieces
    }

    /// What the dollar at the beginning of `text` begins, and how many bytes that is.
    fn piece<'r>(&self, text: &'r str) -> (Piece<'r>, usize) {
        let literal = |length: usize| (Piece::Literal(text.get(..length).unwrap_or(text)), length);
        let after = text.get(1..).unwrap_or_default();
        if after.starts_with('$') {
            return (Piece::Literal("$"), 2);
        }
        if after.starts_with('&') {
            return (Piece::Group(0), 2);
        }
        if let Some(inner) = after.strip_prefix('{') {
            let Some(end) = inner.find('}') else { return literal(1) };
            let name = inner.get(..end).unwrap_or_default();
            return match self.number_of(name) {
                Some(group) => (Piece::Group(group), end + 3),
                None => literal(end + 3),
            };
        }
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        match after.get(..digits).and_then(|number| self.number_of(number)) {
            Some(group) => (Piece::Group(group), digits + 1),
            None => literal(digits + 1),
        }
    }

    /// Rust's number of the group that .NET calls so.
    fn number_of(&self, name: &str) -> Option<usize> {
        match name.parse::<usize>() {
            Ok(number) => self.groups.get(number).copied(),
            Err(_) => self.regex.capture_names().position(|known| known == Some(name)),
        }
    }
}

/// What one search costs beside the bytes that it looks at.
const SEARCH_STEPS: u64 = 100;
/// What is kept of the states that a search has met.
const DFA_BYTES: usize = 512 * 1024;

enum Piece<'r> {
    Literal(&'r str),
    Group(usize),
}

impl Piece<'_> {
    fn of<'c>(&'c self, captures: &'c Captures<'_>) -> &'c str {
        match self {
            Piece::Literal(text) => text,
            Piece::Group(number) => captures.get(*number).map_or("", |group| group.as_str()),
        }
    }
}

/// The groups as .NET numbers them: the whole match, those without a name, those with one.
fn in_order(regex: &Regex) -> Vec<usize> {
    let names = || regex.capture_names().enumerate().skip(1);
    let unnamed = names().filter(|(_, name)| name.is_none()).map(|(at, _)| at);
    let named = names().filter(|(_, name)| name.is_some()).map(|(at, _)| at);
    std::iter::once(0).chain(unnamed).chain(named).collect()
}

/// The pattern as Rust writes it.
fn rust(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    // Whether a class is open, and whether it has anything in it yet.
    let (mut in_class, mut is_new) = (false, false);
    while let Some(next) = chars.next() {
        match next {
            '\\' => {
                match chars.next() {
                    Some(escaped @ ('<' | '>')) => out.push(escaped),
                    Some('Z') if !in_class => out.push_str(r"\z"),
                    Some(escaped) => out.extend(['\\', escaped]),
                    None => out.push('\\'),
                }
                is_new = false;
            }
            '[' if !in_class => {
                out.push('[');
                in_class = true;
                is_new = true;
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
            }
            '[' => {
                out.push_str(r"\[");
                is_new = false;
            }
            ']' if in_class && is_new => {
                out.push_str(r"\]");
                is_new = false;
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            // Two of these in a class are operations on sets, which .NET does not have.
            '&' | '~' | '-' if in_class && chars.peek() == Some(&next) => {
                out.extend(['\\', next]);
                is_new = false;
            }
            other => {
                out.push(other);
                is_new = false;
            }
        }
    }
    out
}

/// The error in a sentence of one line.
fn explained(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            format!("the regular expression needs more than {} bytes", limits::MAPPING_PATTERN_MEMORY_BYTES_MAX)
        }
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            let why = last.strip_prefix("error: ").unwrap_or(last);
            format!("the regular expression is wrong: {why}")
        }
    }
}

#[cfg(test)]
mod tests;
