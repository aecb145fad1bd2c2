//! The settings of the server, as values that are already right. It does not know flags, files or the environment.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::directory::network::Network;
use crate::directory::record::Role;
use crate::logging;
use crate::server::subject::Subject;

/// Everything that `serve` can be told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory that holds all data; relative to the working directory when it is relative.
    pub data_dir: PathBuf,
    /// The address of the SCIM listener; port 0 lets the operating system choose.
    pub scim_addr: SocketAddr,
    /// How the SCIM listener speaks TLS.
    pub tls: Tls,
    /// The admin listener for clients with certificates; `None`: the socket alone.
    pub admin: Option<Admin>,
    /// What every Tenant URL begins with: scheme, host and port, without a slash at its end. `None`: made from the
    /// listener's address.
    pub public_url: Option<String>,
    /// The Crowd listener; `None`: there is none.
    pub crowd: Option<Crowd>,
    /// Peers whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// Memory for the store's cache, in bytes.
    pub cache_bytes: u64,
    /// Where metrics are served, in the clear and to anybody; `None`: nowhere.
    pub metrics_addr: Option<SocketAddr>,
    /// How a log line looks.
    pub log_format: logging::Format,
    /// What is logged, in the language of [`logging::check_level`].
    pub log_level: String,
    /// The name of the profile that the tenant `default` gets when it is created.
    pub profile: String,
    /// Whether the discovery endpoints answer without a token.
    pub discovery_without_token: bool,
    /// The value of the first Secret Token; used only when the data directory is created.
    pub bootstrap_token: Option<Secret>,
}

/// How the SCIM listener speaks TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// With a certificate of the local certificate authority in the data directory.
    LocalCa,
    /// With the administrator's certificate.
    Files {
        /// PEM: the server's certificate first, then the ones that lead to its root.
        cert: PathBuf,
        /// PEM: the private key of the first certificate.
        key: PathBuf,
    },
    /// Not at all; the address is a loopback address then.
    Off,
}

/// The admin listener for clients with certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Its address; port 0 lets the operating system choose.
    pub addr: SocketAddr,
    /// PEM: an authority beside the local one whose client certificates are taken.
    pub client_ca: Option<PathBuf>,
    /// What holders of that authority's certificates may do, by their names.
    pub client_roles: Vec<(Subject, Role)>,
}

/// The Crowd listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowd {
    /// Its address; port 0 lets the operating system choose.
    pub addr: SocketAddr,
    /// What products call it: scheme, host and port, without a slash at its end. `None`: made from what is known.
    pub url: Option<String>,
}

/// A secret text. Its `Debug` form hides it, and its memory is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Secret {
        Secret(Zeroizing::new(text))
    }

    /// The text itself, for the one who has to hash it or show it once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(hidden)")
    }
}
