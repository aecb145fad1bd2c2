//! The flags of `serve` and `check-config`, with their help. Values stay as they were written: they are checked together
//! with the ones of the environment and the file.

use super::key::Key;

/// The settings of the server as flags.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ServeArgs {
    /// Reads settings from this TOML file, whose keys are the flags' names with underscores. Flags and environment
    /// variables win over it; a key that is no setting is an error. There is no default. [env: SCIMD_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,

    /// Keeps all data in this directory, which is created when missing. One process at a time may use it. [default:
    /// ./scimd-data] [env: SCIMD_DATA_DIR]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,

    /// Listens for SCIM requests on this IP address and port. Port 0 takes any free one. [default: 127.0.0.1:8443] [env:
    /// SCIMD_SCIM_ADDR]
    #[arg(long, value_name = "IP:PORT")]
    pub scim_addr: Option<String>,

    /// Speaks TLS 1.2 and 1.3 on the SCIM listener. Off is only possible where the SCIM address is a loopback address,
    /// for instance behind a proxy on the same machine. [default: on] [env: SCIMD_TLS]
    #[arg(long, value_name = "on|off")]
    pub tls: Option<String>,

    /// Presents the certificate in this PEM file, which may hold the ones that lead to its root after it. It needs
    /// --tls-key. Without both, the server makes a certificate authority and a certificate of its own. [env:
    /// SCIMD_TLS_CERT]
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<String>,

    /// Uses the private key in this PEM file. It needs --tls-cert. [env: SCIMD_TLS_KEY]
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<String>,

    /// Serves the admin plane on this IP address and port too, over TLS with the certificate of the SCIM listener, to clients
    /// that present a client certificate: one that `scimd admin-cert create` made, or one of --admin-client-ca. It needs TLS.
    /// [default: none] [env: SCIMD_ADMIN_ADDR]
    #[arg(long, value_name = "IP:PORT")]
    pub admin_addr: Option<String>,

    /// Takes client certificates of the certificate authority in this PEM file as well. It needs --admin-client-roles. [env:
    /// SCIMD_ADMIN_CLIENT_CA]
    #[arg(long, value_name = "FILE")]
    pub admin_client_ca: Option<String>,

    /// Gives the holders of those certificates their roles by their exact names, a list separated by semicolons such as
    /// "viewer=CN=monitoring,O=Example;admin=CN=ops,O=Example". Who is not named is refused. [env: SCIMD_ADMIN_CLIENT_ROLES]
    #[arg(long, value_name = "ROLE=NAME;...")]
    pub admin_client_roles: Option<String>,

    /// Begins every Tenant URL, `meta.location` and `$ref` with this URL of scheme, host and port, such as
    /// `https://scim.example.com`. Plain http is possible only with --tls off. [default: made from the listener's address]
    /// [env: SCIMD_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,

    /// Serves the Crowd API for Jira, Confluence and Bitbucket on this IP address and port, over TLS with the certificate of the
    /// SCIM listener, to applications that `scimd application create` made. Without TLS it must be a loopback address. [default:
    /// none] [env: SCIMD_CROWD_ADDR]
    #[arg(long, value_name = "IP:PORT")]
    pub crowd_addr: Option<String>,

    /// Names the Crowd listener to the products with this URL of scheme, host and port. It needs --crowd-addr. [default: the
    /// host of --public-url, or of the listener's address, with the listener's port] [env: SCIMD_CROWD_URL]
    #[arg(long, value_name = "URL")]
    pub crowd_url: Option<String>,

    /// Believes the X-Forwarded-* headers of these peers, a comma-separated list of IP addresses and networks such as
    /// 10.0.0.0/8,192.0.2.7. [default: none] [env: SCIMD_TRUSTED_PROXIES]
    #[arg(long, value_name = "LIST")]
    pub trusted_proxies: Option<String>,

    /// Gives the store this much memory for its cache, in bytes or with a unit: KiB, MiB or GiB. From 1 MiB to 1024 GiB.
    /// [default: 256MiB] [env: SCIMD_CACHE_BYTES]
    #[arg(long, value_name = "SIZE")]
    pub cache_bytes: Option<String>,

    /// Serves metrics in Prometheus' text format at /metrics on this IP address and port, over plain HTTP and without
    /// authentication. [default: none] [env: SCIMD_METRICS_ADDR]
    #[arg(long, value_name = "IP:PORT")]
    pub metrics_addr: Option<String>,
    /// Writes log lines to stderr as text, as JSON (one object a line), or, with auto, as text on a terminal and as JSON
    /// otherwise. [default: auto] [env: SCIMD_LOG_FORMAT]
    #[arg(long, value_name = "auto|text|json")]
    pub log_format: Option<String>,

    /// Logs this level and what is worse: off, error, warn, info, debug or trace; or a comma-separated list with levels
    /// of single modules, such as info,scimd::store=debug. [default: info] [env: SCIMD_LOG_LEVEL]
    #[arg(long, value_name = "FILTER")]
    pub log_level: Option<String>,

    /// Gives the tenant `default` this profile, the way in which one identity provider speaks, when it is created: custom,
    /// strict, entra, okta, onelogin, oracle, keycloak, google, aws, jumpcloud, ping, miniorange, authentik or rauthy.
    /// The profile custom takes them all. [default: custom] [env: SCIMD_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,

    /// Answers /ServiceProviderConfig, /ResourceTypes and /Schemas without a token too. [default: false] [env:
    /// SCIMD_DISCOVERY_WITHOUT_TOKEN]
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub discovery_without_token: Option<String>,
}

impl ServeArgs {
    pub(super) fn value(&self, key: Key) -> Option<&str> {
        match key {
            Key::DataDir => &self.data_dir,
            Key::ScimAddr => &self.scim_addr,
            Key::Tls => &self.tls,
            Key::TlsCert => &self.tls_cert,
            Key::TlsKey => &self.tls_key,
            Key::AdminAddr => &self.admin_addr,
            Key::AdminClientCa => &self.admin_client_ca,
            Key::AdminClientRoles => &self.admin_client_roles,
            Key::PublicUrl => &self.public_url,
            Key::CrowdAddr => &self.crowd_addr,
            Key::CrowdUrl => &self.crowd_url,
            Key::TrustedProxies => &self.trusted_proxies,
            Key::CacheBytes => &self.cache_bytes,
            Key::MetricsAddr => &self.metrics_addr,
            Key::LogFormat => &self.log_format,
            Key::LogLevel => &self.log_level,
            Key::Profile => &self.profile,
            Key::DiscoveryWithoutToken => &self.discovery_without_token,
        }
        .as_deref()
    }
}
