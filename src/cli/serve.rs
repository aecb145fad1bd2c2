//! `scimd serve`: resolves the configuration, starts logging and the runtime, and hands over to the server.

use std::io::Write;

use super::error::Error;
use super::welcome;
use crate::config::args::ServeArgs;
use crate::{config, logging, serve};

/// The flags of `serve`.
#[derive(Debug, clap::Args)]
pub struct Serve {
    #[command(flatten)]
    settings: ServeArgs,
}

impl Serve {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        let config = config::resolve(&self.settings, env, config::PROFILES)?;
        logging::init(config.settings.log_format, &config.settings.log_level).map_err(Error::Logging)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Runtime)?;
        runtime.block_on(serve::run(config.settings, |started| {
            // The server runs on when nobody reads its standard output; a token that could not be shown must be known.
            if let Err(error) = welcome::welcome(out, started) {
                tracing::error!(%error, "cannot print the welcome to standard output");
            }
        }))?;
        Ok(())
    }
}
