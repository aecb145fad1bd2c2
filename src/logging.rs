//! Log lines on stderr: text with colours on a terminal, one JSON object a line otherwise. It knows formats and levels,
//! nothing of what is logged.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text when stderr is a terminal, JSON otherwise.
    Auto,
    /// A line of text for a person; coloured on a terminal.
    Text,
    /// A JSON object for a machine, the event's fields at its top level.
    Json,
}

impl Format {
    /// Every format with its name in the configuration.
    pub const NAMES: [(&'static str, Format); 3] =
        [("auto", Format::Auto), ("text", Format::Text), ("json", Format::Json)];
}

/// Starts logging for the whole process.
///
/// # Errors
/// When `level` is no filter (see [`check_level`]), or logging was started before.
pub fn init(format: Format, level: &str) -> Result<(), String> {
    check_level(level)?;
    let filter = EnvFilter::builder().parse(level).map_err(|error| error.to_string())?;
    let terminal = stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    let started = if as_json(format, terminal) {
        lines.json().flatten_event(true).with_current_span(false).try_init()
    } else {
        lines.with_ansi(terminal).try_init()
    };
    started.map_err(|error| error.to_string())
}

/// Accepts a level (`off`, `error`, `warn`, `info`, `debug`, `trace`) or a comma-separated list of levels and
/// `TARGET=LEVEL` pairs, such as `info,scimd::store=debug`.
///
/// # Errors
/// One clause that says what is wrong. A bare word that is no level is refused, although the filter language would take
/// it for the name of a target: it is a misspelt level.
pub fn check_level(level: &str) -> Result<(), String> {
    for part in level.split(',') {
        let wanted = part.rsplit_once('=').map_or(part, |(_, level)| level);
        if !["off", "error", "warn", "info", "debug", "trace"].contains(&wanted.to_ascii_lowercase().as_str()) {
            return Err(format!(
                "\"{part}\" is not a level (off, error, warn, info, debug or trace) nor a TARGET=LEVEL pair"
            ));
        }
    }
    match EnvFilter::builder().parse(level) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("\"{level}\" is not a log filter: {error}")),
    }
}

fn as_json(format: Format, terminal: bool) -> bool {
    match format {
        Format::Auto => !terminal,
        Format::Text => false,
        Format::Json => true,
    }
}

#[cfg(test)]
mod tests;
