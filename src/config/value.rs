//! What each setting's text means, and what is wrong with it. A problem is a clause that follows the setting's name. It
//! does not know where the text came from.

use std::fs;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::directory::network::Network;
use crate::directory::record::Role;
use crate::limits;
use crate::logging;
use crate::server::subject::{self, Subject};

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("\"{text}\" is not an IP address with a port, such as 127.0.0.1:8443 or [::1]:8443"))
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err(format!("\"{text}\" is neither on (true) nor off (false)")),
    }
}

pub(super) fn one_of(text: &str, names: &[&str]) -> Result<String, String> {
    match names.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!("\"{text}\" is not one of {}", names.join(", "))),
    }
}

pub(super) fn log_format(text: &str) -> Result<logging::Format, String> {
    match logging::Format::NAMES.iter().find(|(name, _)| *name == text) {
        Some((_, format)) => Ok(*format),
        None => Err(format!("\"{text}\" is not one of {}", logging::Format::NAMES.map(|(name, _)| name).join(", "))),
    }
}

pub(super) fn log_format_name(format: logging::Format) -> Option<&'static str> {
    logging::Format::NAMES.iter().find(|(_, named)| *named == format).map(|(name, _)| *name)
}

pub(super) fn log_level(text: &str) -> Result<String, String> {
    logging::check_level(text)?;
    Ok(text.to_owned())
}

pub(super) fn networks(text: &str) -> Result<Vec<Network>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let networks: Vec<Network> = text.split(',').map(|item| item.trim().parse()).collect::<Result<_, String>>()?;
    if networks.len() > limits::TRUSTED_PROXIES_MAX {
        return Err(format!("it has {} entries, more than {}", networks.len(), limits::TRUSTED_PROXIES_MAX));
    }
    Ok(networks)
}

/// Rows of a role and the name of whoever has it, such as `viewer=CN=monitoring,O=Example`.
pub(super) fn client_roles(text: &str) -> Result<Vec<(Subject, Role)>, String> {
    let mut roles: Vec<(Subject, Role)> = Vec::new();
    for row in subject::split(text, ';').into_iter().map(str::trim).filter(|row| !row.is_empty()) {
        let Some((role, name)) = row.split_once('=') else {
            return Err(format!("\"{row}\" is not a role and a name, such as viewer=CN=monitoring,O=Example"));
        };
        let role = match role.trim() {
            "viewer" => Role::Viewer,
            "operator" => Role::Operator,
            "admin" => Role::Admin,
            other => return Err(format!("\"{other}\" is not a role (viewer, operator or admin)")),
        };
        let name: Subject = name.parse()?;
        if roles.iter().any(|(known, _)| known.is(&name)) {
            return Err(format!("{name} is there twice"));
        }
        roles.push((name, role));
    }
    match roles.len() {
        0 => Err("it is empty".to_owned()),
        1..=limits::ADMIN_ROLES_MAX => Ok(roles),
        many => Err(format!("it has {many} rows, more than {}", limits::ADMIN_ROLES_MAX)),
    }
}

/// A row as [`client_roles`] reads it.
pub(super) fn client_role(subject: &Subject, role: Role) -> String {
    let role = match role {
        Role::Viewer => "viewer",
        Role::Operator => "operator",
        Role::Admin => "admin",
    };
    format!("{role}={subject}")
}

/// A number of bytes: digits, with KiB, MiB or GiB behind them in any case.
pub(super) fn cache_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit = match text[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "kib" => Some(1 << 10),
        "mib" => Some(1 << 20),
        "gib" => Some(1 << 30),
        _ => None,
    };
    let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let (true, Some(unit)) = (plain, unit) else {
        return Err(format!("\"{text}\" is not a number of bytes, nor one with the unit KiB, MiB or GiB"));
    };
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|bytes| (limits::CACHE_BYTES_MIN..=limits::CACHE_BYTES_MAX).contains(bytes))
        .ok_or_else(|| format!("\"{text}\" is not between 1MiB and 1024GiB"))
}

pub(super) fn data_dir(text: &str) -> Result<PathBuf, String> {
    let path = path(text)?;
    match fs::metadata(&path) {
        Ok(there) if !there.is_dir() => Err(format!("{text} is there and is not a directory")),
        _ => Ok(path),
    }
}

pub(super) fn certificate_file(text: &str) -> Result<PathBuf, String> {
    pem_file(text, "CERTIFICATE-----", "certificate")
}

pub(super) fn key_file(text: &str) -> Result<PathBuf, String> {
    // PKCS#8, PKCS#1 and SEC1 all end their label so.
    pem_file(text, "PRIVATE KEY-----", "private key")
}

/// Scheme, host and port with nothing behind them. Case is folded and one slash at the end dropped, so that URLs made
/// from it are always the same text.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    let problem = |what: &str| Err(format!("\"{}\" {what}, such as https://scim.example.com", without_userinfo(text)));
    let folded = text.to_ascii_lowercase();
    let Some((scheme @ ("https" | "http"), rest)) = folded.split_once("://") else {
        return problem("is not a URL that begins with https://");
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('@') {
        return problem("must not hold a user name or password");
    }
    if authority.contains(['/', '?', '#']) {
        return problem("must not have a path, a query or a fragment");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if !is_host(host) {
        return problem("has no valid host name");
    }
    if let Some(port) = port {
        let digits = !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
        if !digits || !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return problem("has a port that is not a number from 1 to 65535");
        }
    }
    Ok(format!("{scheme}://{authority}"))
}

/// Whether the text can be a Secret Token. The problem never holds the text.
pub(super) fn check_token(text: &str) -> Result<(), String> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it may hold printable ASCII characters only, and no spaces".to_owned());
    }
    if text.len() < limits::BOOTSTRAP_TOKEN_CHARS_MIN {
        return Err(format!("it is shorter than {} characters", limits::BOOTSTRAP_TOKEN_CHARS_MIN));
    }
    if text.len() > limits::BOOTSTRAP_TOKEN_CHARS_MAX {
        return Err(format!("it is longer than {} characters", limits::BOOTSTRAP_TOKEN_CHARS_MAX));
    }
    Ok(())
}

fn path(text: &str) -> Result<PathBuf, String> {
    match text.is_empty() {
        true => Err("it is empty".to_owned()),
        false => Ok(PathBuf::from(text)),
    }
}

/// A file that can be read and holds the wanted kind of PEM section. Whether certificate and key fit each other is seen
/// when they are loaded.
fn pem_file(text: &str, label_end: &str, kind: &str) -> Result<PathBuf, String> {
    let path = path(text)?;
    let bytes = read_some(&path).map_err(|error| format!("cannot read {text}: {error}"))?;
    let found = String::from_utf8_lossy(&bytes)
        .lines()
        .any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(label_end));
    match found {
        true => Ok(path),
        false => Err(format!("{text} holds no PEM {kind}")),
    }
}

fn read_some(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limits::PEM_FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A password in a URL must not come back in an error.
fn without_userinfo(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, behind)) => format!("…@{behind}"),
        None => text.to_owned(),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[') {
        return v6.strip_suffix(']').is_some_and(|v6| v6.parse::<Ipv6Addr>().is_ok());
    }
    let label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        !label.is_empty() && label.len() <= 63 && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label)
}
