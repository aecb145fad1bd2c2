//! A line on standard error that tells how far something is, where that is a terminal. It does not know what moves.

use indicatif::{ProgressBar, ProgressStyle};

/// How far something is.
#[derive(Debug)]
pub struct Bar(ProgressBar);

/// A number that grows.
#[must_use]
pub fn counting(what: &'static str) -> Bar {
    Bar::new("{spinner} {human_pos} {msg}, {elapsed}", what)
}

/// A share of what there is to be done. Until the whole is known it only counts.
#[must_use]
pub fn share(what: &'static str) -> Bar {
    Bar::new("{wide_bar} {human_pos} of {human_len} {msg}, {eta} left", what)
}

impl Bar {
    /// So many are done of so many; a total of 0 is unknown.
    pub fn set(&self, done: i64, total: i64) {
        let done = u64::try_from(done).unwrap_or(0);
        if let Ok(total @ 1..) = u64::try_from(total) {
            self.0.set_length(total.max(done));
        }
        self.0.set_position(done);
    }

    /// Takes the line away while `print` prints something else.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }

    /// Takes the line away.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }

    fn new(template: &str, what: &'static str) -> Bar {
        // Draws on standard error, and only where that is a terminal.
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Bar(bar)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.end();
    }
}
