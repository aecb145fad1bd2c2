//! What a start has to tell the person who ran it. Data only: the command line gives it its words.

use std::path::PathBuf;

use super::settings::Secret;

/// What a start has to tell.
#[derive(Debug)]
pub struct Welcome {
    /// The Tenant URL of the tenant `default`.
    pub tenant_url: String,
    /// What became of the first Secret Token.
    pub first_token: FirstToken,
    /// The URL to paste at Jira, Confluence and Bitbucket; empty where there is no Crowd listener.
    pub crowd_url: String,
    /// The certificate that clients must trust; `None` where the administrator brought one, or TLS is off.
    pub ca_file: Option<PathBuf>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
}

/// The first Secret Token, which only the start that creates the data directory knows.
#[derive(Debug)]
pub enum FirstToken {
    /// Made by this start. It can be shown now and never again.
    Made(Secret),
    /// Taken from `SCIMD_BOOTSTRAP_TOKEN` by this start. Whoever set it knows it, so it is not shown.
    Given,
    /// Of an earlier start; only its hash is left.
    Earlier,
}
