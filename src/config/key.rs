//! The settings' names and defaults, one row a setting. Flag, environment variable and key in the file follow from the
//! name. It does not know what values are right.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::logging;

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Where all data is kept.
    DataDir,
    /// Where the SCIM listener listens.
    ScimAddr,
    /// Whether the SCIM listener speaks TLS.
    Tls,
    /// The administrator's certificate.
    TlsCert,
    /// The administrator's private key.
    TlsKey,
    /// Where the admin listener listens.
    AdminAddr,
    /// Whose client certificates the admin listener takes beside its own.
    AdminClientCa,
    /// What the holders of those may do.
    AdminClientRoles,
    /// What Tenant URLs begin with.
    PublicUrl,
    /// Where the Crowd listener listens.
    CrowdAddr,
    /// What the products call the Crowd listener.
    CrowdUrl,
    /// Whose `X-Forwarded-*` headers are believed.
    TrustedProxies,
    /// The store's cache.
    CacheBytes,
    /// Where metrics are served.
    MetricsAddr,
    /// How a log line looks.
    LogFormat,
    /// What is logged.
    LogLevel,
    /// The profile of the first tenant.
    Profile,
    /// Whether discovery is open.
    DiscoveryWithoutToken,
}

/// What a value looks like in the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// A boolean, or the string `"on"` or `"off"`.
    Switch,
    /// An integer, or a string with a unit.
    Size,
    /// An array of strings, or one string with commas.
    List,
    /// An array of strings, or one string with semicolons.
    Rows,
}

/// The default of `data_dir`.
pub const DATA_DIR: &str = "./scimd-data";
/// The default of `scim_addr`.
pub const SCIM_ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);
/// The default of `cache_bytes`.
pub const CACHE_BYTES: u64 = 256 * 1024 * 1024;
/// The default of `log_format`.
pub const LOG_FORMAT: logging::Format = logging::Format::Auto;
/// The default of `log_level`.
pub const LOG_LEVEL: &str = "info";
/// The default of `profile`.
pub const PROFILE: &str = "custom";

impl Key {
    /// Every setting, in the order of the documentation.
    pub const ALL: [Key; 18] = [
        Key::DataDir,
        Key::ScimAddr,
        Key::Tls,
        Key::TlsCert,
        Key::TlsKey,
        Key::AdminAddr,
        Key::AdminClientCa,
        Key::AdminClientRoles,
        Key::PublicUrl,
        Key::CrowdAddr,
        Key::CrowdUrl,
        Key::TrustedProxies,
        Key::CacheBytes,
        Key::MetricsAddr,
        Key::LogFormat,
        Key::LogLevel,
        Key::Profile,
        Key::DiscoveryWithoutToken,
    ];

    /// The name: the key in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// What its value looks like in the file.
    #[must_use]
    pub fn shape(self) -> Shape {
        self.row().1
    }

    /// The flag, such as `--scim-addr`.
    #[must_use]
    pub fn flag(self) -> String {
        format!("--{}", self.name().replace('_', "-"))
    }

    /// The environment variable, such as `SCIMD_SCIM_ADDR`.
    #[must_use]
    pub fn variable(self) -> String {
        format!("SCIMD_{}", self.name().to_ascii_uppercase())
    }

    fn row(self) -> (&'static str, Shape) {
        match self {
            Key::DataDir => ("data_dir", Shape::Text),
            Key::ScimAddr => ("scim_addr", Shape::Text),
            Key::Tls => ("tls", Shape::Switch),
            Key::TlsCert => ("tls_cert", Shape::Text),
            Key::TlsKey => ("tls_key", Shape::Text),
            Key::AdminAddr => ("admin_addr", Shape::Text),
            Key::AdminClientCa => ("admin_client_ca", Shape::Text),
            Key::AdminClientRoles => ("admin_client_roles", Shape::Rows),
            Key::PublicUrl => ("public_url", Shape::Text),
            Key::CrowdAddr => ("crowd_addr", Shape::Text),
            Key::CrowdUrl => ("crowd_url", Shape::Text),
            Key::TrustedProxies => ("trusted_proxies", Shape::List),
            Key::CacheBytes => ("cache_bytes", Shape::Size),
            Key::MetricsAddr => ("metrics_addr", Shape::Text),
            Key::LogFormat => ("log_format", Shape::Text),
            Key::LogLevel => ("log_level", Shape::Text),
            Key::Profile => ("profile", Shape::Text),
            Key::DiscoveryWithoutToken => ("discovery_without_token", Shape::Switch),
        }
    }
}

/// The names of all settings, for an error that lists them.
#[must_use]
pub fn names() -> String {
    Key::ALL.map(Key::name).join(", ")
}
