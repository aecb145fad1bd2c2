//! A line on standard error that tells how far something is, where that is a terminal. It does not know what moves.

use indicatif::{ProgressBar, ProgressStyle};

/// How far something is.
#[derive(Debug)]
pub struct Bar(ProgressBar);

/// Begins with nothing done.
#[must_use]
pub fn begin(what: &'static str) -> Bar {
    // Draws on standard error, and only where that is a terminal.
    let bar = ProgressBar::no_length();
    style(&bar, "{spinner} {human_pos} {msg}, {elapsed}");
    bar.set_message(what);
    Bar(bar)
}

impl Bar {
    /// So many are done of so many; while the total is 0, it is not known and they are only counted.
    pub fn set(&self, done: i64, total: i64) {
        let done = u64::try_from(done).unwrap_or(0);
        if let Ok(total @ 1..) = u64::try_from(total) {
            if self.0.length().is_none() {
                style(&self.0, "{wide_bar} {human_pos} of {human_len} {msg}, {eta} left");
            }
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
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.end();
    }
}

fn style(bar: &ProgressBar, template: &str) {
    // The templates are these two, which are right.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
