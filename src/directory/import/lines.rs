//! Bytes that come cut anywhere, as lines. A line that is too long is noticed and passed over without being kept.

use crate::limits;

/// What stands in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// Nothing.
    Blank,
    /// This, without the line end.
    Line(Vec<u8>),
    /// More than a line may have.
    TooLong,
}

impl Text {
    /// How many bytes it has.
    pub(super) fn len(&self) -> usize {
        match self {
            Text::Line(bytes) => bytes.len(),
            Text::Blank | Text::TooLong => 0,
        }
    }
}

/// Puts lines together.
#[derive(Debug, Default)]
pub(super) struct Lines {
    number: u64,
    begun: Vec<u8>,
    is_too_long: bool,
}

impl Lines {
    /// How many lines there have been.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The lines that end in this piece, with their numbers from 1.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Vec<(u64, Text)> {
        let mut ended = Vec::new();
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(end);
            self.keep(line);
            ended.push(self.end());
            rest = behind.get(1..).unwrap_or_default();
        }
        self.keep(rest);
        ended
    }

    /// The last line, when it has no end.
    pub(super) fn finish(&mut self) -> Option<(u64, Text)> {
        (!self.begun.is_empty() || self.is_too_long).then(|| self.end())
    }

    fn keep(&mut self, part: &[u8]) {
        if self.is_too_long || self.begun.len() + part.len() > limits::IMPORT_LINE_BYTES_MAX {
            self.is_too_long = true;
            self.begun = Vec::new();
            return;
        }
        self.begun.extend_from_slice(part);
    }

    fn end(&mut self) -> (u64, Text) {
        self.number += 1;
        let line = std::mem::take(&mut self.begun);
        let text = match std::mem::take(&mut self.is_too_long) {
            true => Text::TooLong,
            false if line.trim_ascii().is_empty() => Text::Blank,
            false => Text::Line(line),
        };
        (self.number, text)
    }
}

#[cfg(test)]
mod tests;
