//! Why a command failed, and the exit code of it. It does not know what the commands do.

use std::io;

use crate::{config, serve};

/// Why a command failed. Each message is one line; [`Error::more`] has the rest.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(#[from] config::Error),
    /// Logging cannot start.
    #[error("cannot start logging: {0}")]
    Logging(String),
    /// The operating system gives no threads.
    #[error("cannot start the runtime: {0}")]
    Runtime(#[source] io::Error),
    /// The server could not start or go on.
    #[error("{0}")]
    Serve(#[from] serve::Error),
    /// Something keeps the server from working; the table says what.
    #[error("problems found: {0}; WHAT TO DO says how to end them")]
    Doctor(usize),
    /// The answer cannot be printed.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
    /// What was asked for was not done.
    #[error("{message}")]
    Refused {
        /// The kind of failure.
        exit: Exit,
        /// One line.
        message: String,
        /// What is wrong with each field, and what to do next; a line each.
        more: Vec<String>,
    },
}

/// What an exit code other than 0 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It failed.
    Failed = 1,
    /// The command line, or a value in it, cannot be so.
    Usage = 2,
    /// What is named is not there.
    NotFound = 3,
    /// It is there already, or is not in the state that the command needs.
    Conflict = 4,
    /// Who asks may not.
    Permission = 5,
    /// The server cannot be reached, did not answer in time, or cannot do it at this moment: trying again may help.
    Unreachable = 6,
    /// It was done but for some records.
    Incomplete = 7,
}

/// The exit codes, for `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong usage, or a value that cannot be so
  3  what is named is not there
  4  it is there already, or not in the state that is needed
  5  no permission
  6  the server cannot be reached or cannot do it now; trying again may help
  7  done, but for some records";

impl Error {
    /// A failure with a line that says what to do next; an empty `next` is none.
    pub fn refused(exit: Exit, message: impl Into<String>, next: impl Into<String>) -> Error {
        let next = next.into();
        let more = if next.is_empty() { Vec::new() } else { vec![next] };
        Error::Refused { exit, message: message.into(), more }
    }

    /// A file that cannot be used. `action` is what was tried, such as "open it".
    pub fn file(path: &std::path::Path, action: &str, error: &io::Error) -> Error {
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::NotFound,
            io::ErrorKind::AlreadyExists => Exit::Conflict,
            io::ErrorKind::PermissionDenied => Exit::Permission,
            _ => Exit::Failed,
        };
        Error::refused(exit, format!("{}: cannot {action}: {error}", path.display()), "")
    }

    /// A stream that ended although it should not end by itself.
    pub fn stream_ended() -> Error {
        Error::refused(Exit::Unreachable, "the server has ended the stream", "")
    }

    /// The same failure of a watch, with how to go on after the message that had this token; empty: there was none.
    #[must_use]
    pub fn resumable(mut self, token: &str) -> Error {
        if let (Error::Refused { more, .. }, false) = (&mut self, token.is_empty()) {
            more.push(format!("nothing is lost: go on with --resume {token}"));
        }
        self
    }

    /// The exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Refused { exit, .. } => *exit as u8,
            _ => Exit::Failed as u8,
        }
    }

    /// The lines after the first one.
    #[must_use]
    pub fn more(&self) -> &[String] {
        match self {
            Error::Refused { more, .. } => more,
            _ => &[],
        }
    }

    /// Whether standard output was closed by its reader, as `head` does: nobody is left to be told.
    #[must_use]
    pub fn is_closed_output(&self) -> bool {
        matches!(self, Error::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
