//! `scimd completions`: what a shell needs to complete the commands and flags.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use super::error::Error;

/// The flags of `completions`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell: bash, zsh, fish, powershell or elvish.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Error> {
        // The generator does not survive a writer that fails, so it writes into memory.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "scimd", &mut script);
        Ok(out.write_all(&script)?)
    }
}
