//! The service over a directory in memory: settings, masks and refusals.
