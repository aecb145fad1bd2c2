//! Wires everything together; owns start and stop. It does not know where the settings come from, nor where the welcome
//! is printed.

pub mod settings;
pub mod welcome;

use self::settings::Settings;
use self::welcome::Welcome;

/// Why the server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This build has no server in it.
    #[error("the server is not wired up in this build")]
    NotWired,
}

/// Runs the server until it is told to stop. `welcome` is called once, when requests are answered.
///
/// # Errors
/// Whatever keeps the server from starting or going on, see [`Error`].
pub async fn run(settings: Settings, welcome: impl FnOnce(&Welcome)) -> Result<(), Error> {
    tracing::debug!(data_dir = %settings.data_dir.display(), "start");
    drop(welcome);
    Err(Error::NotWired)
}
