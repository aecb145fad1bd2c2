//! What a target's settings must be. All that is wrong with them is told at once.

use super::super::refused::{Field, Refused};
use super::super::tenant::Tenant;
use super::stored::{Kind, Target};
use crate::limits;
use crate::mapping::outbound::Outbound;
use crate::mapping::pattern::Patterns;
use crate::scim::errors::clip;

/// Checks settings, and a secret where one is given.
///
/// # Errors
/// `Fields`.
pub fn settings(tenant: &Tenant, target: &Target, secret: Option<&str>) -> Result<(), Refused> {
    let mut wrong = Vec::new();
    let mut refuse = |name, why: String| wrong.push(Field { name, why });
    if !is_name(&target.name) {
        let why = "1 to 63 characters a-z, 0-9, \"-\", \"_\" and \".\", beginning with a letter or digit";
        refuse("target.name", format!("'{}' is not {why}", clip(&target.name)));
    }
    if target.description.len() > limits::DESCRIPTION_BYTES_MAX {
        refuse("target.description", format!("it is longer than {} bytes", limits::DESCRIPTION_BYTES_MAX));
    }
    if let Some(why) = url(&target.url) {
        refuse("target.url", why);
    }
    if let Some(secret) = secret {
        let fits = (1..=limits::TARGET_SECRET_BYTES_MAX).contains(&secret.len());
        if !fits || secret.chars().any(char::is_control) {
            let most = limits::TARGET_SECRET_BYTES_MAX;
            refuse("secret", format!("it must have 1 to {most} bytes and no control characters"));
        }
    }
    let is_scim = matches!(target.kind, Kind::Scim | Kind::AtlassianCloud);
    if target.user.contains(':') || target.user.chars().any(char::is_control) || target.user.len() > 255 {
        refuse("target.user", "it has characters that HTTP Basic cannot carry, or is too long".to_owned());
    }
    if target.ca_pem.len() as u64 > limits::PEM_FILE_BYTES_MAX {
        refuse("target.ca_pem", format!("it is longer than {} bytes", limits::PEM_FILE_BYTES_MAX));
    } else if !target.ca_pem.is_empty() && !target.ca_pem.contains("-----BEGIN CERTIFICATE-----") {
        refuse("target.ca_pem", "there is no certificate in it".to_owned());
    }
    if target.groups_include.len() + target.groups_exclude.len() > limits::TARGET_PATTERNS_MAX {
        refuse("target.filter.include_groups", format!("there are more than {} patterns", limits::TARGET_PATTERNS_MAX));
    } else if let Err(why) = Patterns::new(&target.groups_include, &target.groups_exclude) {
        refuse("target.filter.include_groups", format!("{why}"));
    }
    if let Err(problems) = Outbound::compile(&target.mapping, &tenant.types) {
        for (field, why) in problems {
            refuse("target.mapping", format!("{field}: {why}"));
        }
    }
    let policy = &target.policy;
    if is_scim && (!policy.applications.is_empty() || !policy.licence_groups.is_empty()) {
        refuse("target.policy", "applications and licence groups are Jira's, Confluence's and Bitbucket's".to_owned());
    }
    if target.kind != Kind::Jira && !(policy.project_lead.is_empty() && policy.component_lead.is_empty()) {
        refuse("target.policy", "only Jira has leads of projects and components".to_owned());
    }
    let names = policy.applications.iter().chain(&policy.licence_groups);
    if names.clone().count() > limits::TARGET_NAMES_MAX || names.into_iter().any(|name| name.is_empty()) {
        refuse("target.policy", "applications and licence groups are too many, or one has no name".to_owned());
    }
    if !(1..=limits::TARGET_CONCURRENCY_MAX).contains(&target.concurrency) {
        refuse("target.concurrency", format!("it must be from 1 to {}", limits::TARGET_CONCURRENCY_MAX));
    }
    if target.requests_per_s_max > limits::REQUESTS_PER_S_MAX {
        refuse("target.requests_per_second_max", format!("it is more than {}", limits::REQUESTS_PER_S_MAX));
    }
    if target.check_every_ms != 0 && target.check_every_ms < limits::TARGET_CHECK_MS_MIN {
        let least = limits::TARGET_CHECK_MS_MIN / 60_000;
        refuse("target.check_every", format!("it must be 0, for never, or at least {least} minutes"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Refused::Fields(wrong)) }
}

/// A secret that nobody can read back is not sent to another server, or to one that other authorities vouch for, on an admin's word
/// alone: it has to be given again.
///
/// # Errors
/// `Fields`.
pub fn secret_goes_nowhere_else(old: &Target, new: &Target, secret: Option<&str>) -> Result<(), Refused> {
    let moves = origin(&old.url) != origin(&new.url) || old.ca_pem != new.ca_pem || old.user != new.user;
    match secret {
        None if moves => {
            let why = "it has to be given again when the server, its authorities or the user changes";
            Err(Refused::field("secret", why))
        }
        _ => Ok(()),
    }
}

/// The scheme, host and port.
fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(start..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| start + at);
    url.get(..end).unwrap_or(url)
}

fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=63).contains(&name.len())
        && name.bytes().all(|byte| is_plain(byte) || b"-_.".contains(&byte))
        && name.bytes().next().is_some_and(is_plain)
}

/// What is wrong with a base URL. Plain HTTP would show the credentials to everybody on the way; only this machine is no way.
fn url(url: &str) -> Option<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some("it is not a URL such as https://jira.example.com".to_owned());
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let host =
        authority.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(authority, |pair| pair.0);
    let is_here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    let problem = match scheme {
        _ if url.len() > limits::TARGET_URL_BYTES_MAX => "it is too long",
        _ if authority.is_empty() || host.is_empty() => "it has no host",
        _ if url.contains(['@', '?', '#', ' ', '\\']) || !url.is_ascii() => {
            "it may have no user, query, fragment, space or characters outside of ASCII"
        }
        _ if url.ends_with('/') => "it must not end with a slash",
        "https" => return None,
        "http" if is_here => return None,
        "http" => "it would send the credentials in the clear; use https",
        _ => "it begins with neither https:// nor http://",
    };
    Some(problem.to_owned())
}
