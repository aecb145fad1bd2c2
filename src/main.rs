//! The `scimd` binary: parses the command line, runs the command, and turns the outcome into an exit code and lines on
//! standard error. It does nothing else.

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use clap::Parser;
use scimd::cli::{self, Cli, print};

/// Requests are made on one thread and forgotten on another: the system's allocator would have the threads wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // Help and version arrive here too, with the exit code 0. Where they cannot be printed, nothing can.
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    let env = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    match cli::run(&cli, env, &mut stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is_closed_output() {
                let _ = writeln!(stderr(), "scimd: {}", print::clean(&error.to_string()));
                for line in error.more() {
                    let _ = writeln!(stderr(), "  {}", print::clean(line));
                }
            }
            ExitCode::from(error.exit_code())
        }
    }
}
