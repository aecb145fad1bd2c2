//! The command line: one file a command. It knows how to ask and how to print, nothing of how things are done.

pub mod check_config;
pub mod doctor;
pub mod serve;
pub mod welcome;

use std::io::{self, Write};

use crate::config;

/// A SCIM 2.0 server in one binary: identity providers push users and groups into it, scimd keeps them.
#[derive(Debug, clap::Parser)]
#[command(name = "scimd", version, disable_help_subcommand = true, max_term_width = 120)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Runs the server until SIGTERM or SIGINT.
    ///
    /// Without any setting it creates ./scimd-data, a certificate authority, a certificate and the tenant `default`, and
    /// prints the Tenant URL and, once, the Secret Token. The environment variable SCIMD_BOOTSTRAP_TOKEN, of 32 to 512
    /// printable ASCII characters without spaces, sets the value of that first token instead; it is used only when the
    /// data directory is created. On SIGTERM requests in flight are answered, within 10 seconds.
    Serve(serve::Serve),
    /// Checks the configuration and prints it with the origin of each value.
    ///
    /// The configuration is the one that `serve` would have with the same flags and environment. The exit code is 1 when
    /// something is wrong with it. Nothing is written and no port opens.
    CheckConfig(check_config::CheckConfig),
    /// Examines this machine for what keeps the server from working, and says what to do about each finding.
    ///
    /// It takes the settings that `serve` would have, with the same flags and environment, and works whether the server runs or
    /// not: configuration, data directory, permissions, database (all of it, when the server is stopped), disk space,
    /// certificate, TLS, clock, open files and addresses. Nothing is written. The exit code is 1 when there is a problem, and 0
    /// when there are warnings at most.
    Doctor(doctor::Doctor),
}

/// How a command prints its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// A table for a person.
    Table,
    /// JSON for a program.
    Json,
}

/// Why a command failed. Each message is one line.
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
    Serve(#[from] crate::serve::Error),
    /// Something keeps the server from working; the table says what.
    #[error("problems found: {0}; WHAT TO DO says how to end them")]
    Doctor(usize),
    /// The answer cannot be printed.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

/// Does what the command line says. Answers go to `out`; `env` answers for an environment variable.
///
/// # Errors
/// Whatever made the command fail, see [`Error`].
pub fn run(cli: &Cli, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
    match &cli.command {
        Command::Serve(serve) => serve.run(env, out),
        Command::CheckConfig(check) => check.run(env, out),
        Command::Doctor(doctor) => doctor.run(env, out),
    }
}

#[cfg(test)]
mod tests;
