//! The configuration: flags over environment over file over default, every value checked before a port opens. It reads
//! the configuration file and looks at the files that the settings name; it does not know what the settings do.

pub mod args;
pub mod key;
mod source;
mod value;

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use self::args::ServeArgs;
use self::key::Key;
use self::source::Sources;
use crate::profile;
use crate::serve::settings::{Admin, Crowd, Secret, Settings, Tls};

/// The names of the profiles that a tenant can have. The first one is the default.
pub const PROFILES: &[&str] = &{
    let mut names = [""; profile::ALL.len()];
    let mut n = 0;
    while n < names.len() {
        names[n] = profile::ALL[n].name;
        n += 1;
    }
    names
};

/// The environment variable that holds the first Secret Token. There is no flag and no key in the file for it: both are
/// seen by too many.
pub const BOOTSTRAP_TOKEN: &str = "SCIMD_BOOTSTRAP_TOKEN";

/// The effective configuration, and where each value came from.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the server is run with.
    pub settings: Settings,
    origins: Vec<(Key, Origin)>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag(String),
    /// An environment variable.
    Environment(String),
    /// The configuration file.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// The line of the value, counted from 1.
        line: usize,
    },
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(flag) => write!(out, "flag {flag}"),
            Origin::Environment(variable) => write!(out, "environment {variable}"),
            Origin::File { path, line } => write!(out, "file {} line {line}", path.display()),
            Origin::Default => out.write_str("default"),
        }
    }
}

/// Why there is no configuration. Each message names the setting and where it came from; none holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value that the setting cannot have.
    #[error("{name} from {origin}: {problem}")]
    Value {
        /// The name of the setting.
        name: &'static str,
        /// Where its value came from.
        origin: Origin,
        /// What is wrong with it, as a clause.
        problem: String,
    },
    /// The configuration file cannot be read.
    #[error("configuration file {} (from {origin}): {problem}", .path.display())]
    File {
        /// The file as it was named.
        path: PathBuf,
        /// Who named it.
        origin: Origin,
        /// What is wrong with it, as a clause.
        problem: String,
    },
    /// The configuration file is no TOML.
    #[error("configuration file {} line {line}: {problem}", .path.display())]
    Syntax {
        /// The file as it was named.
        path: PathBuf,
        /// Where, counted from 1.
        line: usize,
        /// What is wrong, as a clause.
        problem: String,
    },
    /// The configuration file has a key that is not a setting.
    #[error("configuration file {} line {line}: unknown key \"{key}\"; known are {}", .path.display(), key::names())]
    UnknownKey {
        /// The file as it was named.
        path: PathBuf,
        /// Where, counted from 1.
        line: usize,
        /// The key.
        key: String,
    },
}

/// Finds each setting's value, checks it, and checks the settings against each other. `env` answers for an environment
/// variable (an empty value counts as none), `profiles` are the names that `profile` may have.
///
/// # Errors
/// The first thing that is wrong, see [`Error`].
pub fn resolve(args: &ServeArgs, env: impl Fn(&str) -> Option<String>, profiles: &[&str]) -> Result<Config, Error> {
    let env = |name: &str| env(name).filter(|value| !value.is_empty());
    let sources = Sources::gather(args, &env)?;
    let scim_addr = sources.read(Key::ScimAddr, value::address)?.unwrap_or(key::SCIM_ADDR);
    let tls = tls(&sources, scim_addr)?;
    let settings = Settings {
        data_dir: sources.read(Key::DataDir, value::data_dir)?.unwrap_or_else(|| PathBuf::from(key::DATA_DIR)),
        admin: admin(&sources, &tls)?,
        public_url: url(&sources, Key::PublicUrl, &tls)?,
        crowd: crowd(&sources, &tls)?,
        scim_addr,
        tls,
        trusted_proxies: sources.read(Key::TrustedProxies, value::networks)?.unwrap_or_default(),
        cache_bytes: sources.read(Key::CacheBytes, value::cache_bytes)?.unwrap_or(key::CACHE_BYTES),
        metrics_addr: sources.read(Key::MetricsAddr, value::address)?,
        log_format: sources.read(Key::LogFormat, value::log_format)?.unwrap_or(key::LOG_FORMAT),
        log_level: sources.read(Key::LogLevel, value::log_level)?.unwrap_or_else(|| key::LOG_LEVEL.to_owned()),
        profile: sources
            .read(Key::Profile, |text| value::one_of(text, profiles))?
            .unwrap_or_else(|| key::PROFILE.to_owned()),
        discovery_without_token: sources.read(Key::DiscoveryWithoutToken, value::switch)?.unwrap_or(false),
        bootstrap_token: bootstrap_token(&env)?,
    };
    Ok(Config { settings, origins: Key::ALL.map(|key| (key, sources.origin(key))).to_vec() })
}

impl Config {
    /// Each setting's name, effective value (null where it has none) and origin, in the order of the documentation. Of
    /// the bootstrap token only whether it is set.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, Value, String)> {
        let mut rows: Vec<_> = self
            .origins
            .iter()
            .map(|(key, origin)| (key.name(), shown(&self.settings, *key), origin.to_string()))
            .collect();
        rows.push(match self.settings.bootstrap_token {
            Some(_) => ("bootstrap_token", json!("(set)"), Origin::Environment(BOOTSTRAP_TOKEN.to_owned()).to_string()),
            None => ("bootstrap_token", Value::Null, Origin::Default.to_string()),
        });
        rows
    }
}

fn shown(settings: &Settings, key: Key) -> Value {
    let path = |path: &Path| json!(path.to_string_lossy());
    match key {
        Key::DataDir => path(&settings.data_dir),
        Key::ScimAddr => json!(settings.scim_addr.to_string()),
        Key::Tls => json!(if settings.tls == Tls::Off { "off" } else { "on" }),
        Key::TlsCert => match &settings.tls {
            Tls::Files { cert, .. } => path(cert),
            Tls::LocalCa | Tls::Off => Value::Null,
        },
        Key::TlsKey => match &settings.tls {
            Tls::Files { key, .. } => path(key),
            Tls::LocalCa | Tls::Off => Value::Null,
        },
        Key::AdminAddr => json!(settings.admin.as_ref().map(|admin| admin.addr.to_string())),
        Key::AdminClientCa => {
            settings.admin.as_ref().and_then(|admin| admin.client_ca.as_deref()).map_or(Value::Null, path)
        }
        Key::AdminClientRoles => {
            let roles = settings.admin.iter().flat_map(|admin| &admin.client_roles);
            roles.map(|(subject, role)| json!(value::client_role(subject, *role))).collect()
        }
        Key::PublicUrl => json!(settings.public_url),
        Key::CrowdAddr => json!(settings.crowd.as_ref().map(|crowd| crowd.addr.to_string())),
        Key::CrowdUrl => json!(settings.crowd.as_ref().and_then(|crowd| crowd.url.as_deref())),
        Key::TrustedProxies => settings.trusted_proxies.iter().map(|network| json!(network.to_string())).collect(),
        Key::CacheBytes => json!(settings.cache_bytes),
        Key::MetricsAddr => json!(settings.metrics_addr.map(|addr| addr.to_string())),
        Key::LogFormat => json!(value::log_format_name(settings.log_format)),
        Key::LogLevel => json!(settings.log_level),
        Key::Profile => json!(settings.profile),
        Key::DiscoveryWithoutToken => json!(settings.discovery_without_token),
    }
}

/// The three TLS settings as one: off is for loopback alone, and certificate and key come together or not at all.
fn tls(sources: &Sources, scim_addr: std::net::SocketAddr) -> Result<Tls, Error> {
    let on = sources.read(Key::Tls, value::switch)?.unwrap_or(true);
    let cert = sources.read(Key::TlsCert, value::certificate_file)?;
    let key = sources.read(Key::TlsKey, value::key_file)?;
    match (on, cert, key) {
        (true, None, None) => Ok(Tls::LocalCa),
        (true, Some(cert), Some(key)) => Ok(Tls::Files { cert, key }),
        (true, Some(_), None) => Err(sources.refuse(Key::TlsCert, "it needs tls_key beside it, which is not set")),
        (true, None, Some(_)) => Err(sources.refuse(Key::TlsKey, "it needs tls_cert beside it, which is not set")),
        (false, Some(_), _) => Err(sources.refuse(Key::TlsCert, "it is of no use where tls is off")),
        (false, None, Some(_)) => Err(sources.refuse(Key::TlsKey, "it is of no use where tls is off")),
        (false, None, None) if scim_addr.ip().to_canonical().is_loopback() => Ok(Tls::Off),
        (false, None, None) => {
            let listens = sources.origin(Key::ScimAddr);
            Err(sources.refuse(
                Key::Tls,
                &format!("off is for loopback addresses only, and scim_addr is {scim_addr} (from {listens})"),
            ))
        }
    }
}

/// The three settings of the admin listener as one: it needs TLS, and an authority of clients and their roles come together.
fn admin(sources: &Sources, tls: &Tls) -> Result<Option<Admin>, Error> {
    let addr = sources.read(Key::AdminAddr, value::address)?;
    let client_ca = sources.read(Key::AdminClientCa, value::certificate_file)?;
    let client_roles = sources.read(Key::AdminClientRoles, value::client_roles)?;
    let useless = "it is of no use without admin_addr, which is not set";
    match (addr, client_ca, client_roles) {
        (None, None, None) => Ok(None),
        (None, Some(_), _) => Err(sources.refuse(Key::AdminClientCa, useless)),
        (None, None, Some(_)) => Err(sources.refuse(Key::AdminClientRoles, useless)),
        (Some(_), ..) if *tls == Tls::Off => {
            let why = "it needs TLS, and tls is off: client certificates are all that protects it";
            Err(sources.refuse(Key::AdminAddr, why))
        }
        (Some(_), Some(_), None) => {
            Err(sources.refuse(Key::AdminClientCa, "it needs admin_client_roles beside it, which is not set"))
        }
        (Some(_), None, Some(_)) => {
            Err(sources.refuse(Key::AdminClientRoles, "it needs admin_client_ca beside it, which is not set"))
        }
        (Some(addr), client_ca, client_roles) => {
            Ok(Some(Admin { addr, client_ca, client_roles: client_roles.unwrap_or_default() }))
        }
    }
}

/// The two settings of the Crowd listener as one. Passwords come there: it speaks TLS, or to this machine alone.
fn crowd(sources: &Sources, tls: &Tls) -> Result<Option<Crowd>, Error> {
    let addr = sources.read(Key::CrowdAddr, value::address)?;
    let url = url(sources, Key::CrowdUrl, tls)?;
    match (addr, url) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(sources.refuse(Key::CrowdUrl, "it is of no use without crowd_addr, which is not set")),
        (Some(addr), _) if *tls == Tls::Off && !addr.ip().to_canonical().is_loopback() => {
            Err(sources.refuse(Key::CrowdAddr, "tls is off, which is for loopback addresses only"))
        }
        (Some(addr), url) => Ok(Some(Crowd { addr, url })),
    }
}

fn url(sources: &Sources, key: Key, tls: &Tls) -> Result<Option<String>, Error> {
    let url = sources.read(key, value::public_url)?;
    match &url {
        Some(url) if url.starts_with("http:") && *tls != Tls::Off => {
            Err(sources.refuse(key, "http is for tls = off only; begin it with https://"))
        }
        _ => Ok(url),
    }
}

fn bootstrap_token(env: &impl Fn(&str) -> Option<String>) -> Result<Option<Secret>, Error> {
    let Some(secret) = env(BOOTSTRAP_TOKEN).map(Secret::new) else {
        return Ok(None);
    };
    match value::check_token(secret.expose()) {
        Ok(()) => Ok(Some(secret)),
        Err(problem) => Err(Error::Value {
            name: "bootstrap_token",
            origin: Origin::Environment(BOOTSTRAP_TOKEN.to_owned()),
            problem,
        }),
    }
}

#[cfg(test)]
mod tests;
