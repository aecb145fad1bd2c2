//! The certificate as a client will see it: its chain, its names, its time, its key, and what TLS offers of Microsoft Entra's list. It
//! judges; what a certificate says is read elsewhere.

use super::{Finding, ok, problem, warning};
use crate::limits;
use crate::serve::certificate::{authority_dir, host_of};
use crate::serve::settings::{Settings, Tls};
use crate::server::chain::{self, Chain, Described, Key};
use crate::server::{authority, certificate, tls};

/// The TLS 1.2 suites that Entra wants, in its order.
/// https://learn.microsoft.com/en-us/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups#security-requirements
const ENTRA: [&str; 8] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
];

/// Signatures with SHA-1 or MD5, which clients refuse.
const WEAK_SIGNATURES: &[&str] =
    &["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1", "1.3.14.3.2.29"];

/// Examines the certificate that the settings name, and answers with its chain when there is one.
pub(super) fn check(settings: &Settings, now_ms: i64, findings: &mut Vec<Finding>) -> Option<Chain> {
    let (cert, key, is_local) = match &settings.tls {
        Tls::Off => {
            findings.push(ok("certificate", "TLS is off: the proxy in front has the certificate"));
            return None;
        }
        Tls::Files { cert, key } => (cert.clone(), key.clone(), false),
        Tls::LocalCa => {
            let dir = authority_dir(settings);
            (dir.join(authority::SERVER_CERT), dir.join(authority::SERVER_KEY), true)
        }
    };
    if is_local && !cert.exists() {
        findings.push(ok("certificate", "there is none yet: the first start makes it"));
        return None;
    }
    let chain = match chain::read(&cert) {
        Ok(chain) => chain,
        Err(error) => {
            findings.push(problem(
                "certificate",
                error.to_string(),
                "give a PEM file with the server certificate first",
            ));
            return None;
        }
    };
    if let Err(error) = tls::load(&cert, &key, certificate::time(now_ms)) {
        let advice = "give the certificate and the key that belong together, as PEM; the server keeps the old pair while it runs";
        findings.push(problem("certificate", error.to_string(), advice));
    }
    findings.push(match is_local {
        true => local(&chain),
        false => complete(&chain, &chain::system_roots()),
    });
    if let Some(first) = chain.certificates.first() {
        let host = settings.public_url.as_deref().and_then(host_of);
        findings.push(names(first, host, is_local));
        findings.push(key_and_suites(first));
    }
    findings.push(time(&chain, now_ms, is_local));
    findings.push(signatures(&chain));
    Some(chain)
}

fn local(chain: &Chain) -> Finding {
    let check = "certificate chain";
    match chain.signed_by_next.as_slice() {
        [true] => {
            let text = "it comes from the local authority, which clients have to be given";
            ok(check, format!("{text}: tls/ca.pem. Entra takes no such file; its on-premises agent's machine does"))
        }
        _ => problem(check, "the local authority did not sign it", "restart the server: it makes a new one"),
    }
}

/// Whether a client that knows only the roots can follow the chain.
fn complete(chain: &Chain, roots: &[String]) -> Finding {
    let check = "certificate chain";
    if let Some(broken) = chain.signed_by_next.iter().position(|signed| !signed) {
        let (child, parent) = (chain.certificates.get(broken), chain.certificates.get(broken + 1));
        let (Some(child), Some(parent)) = (child, parent) else { return ok(check, "it is empty") };
        let is_elsewhere = chain.certificates.iter().any(|other| other != child && other.subject == child.issuer);
        let text = format!("\"{}\" is not signed by the next one in the file, \"{}\"", child.subject, parent.subject);
        let advice = match is_elsewhere {
            true => format!(
                "put them in order: the server certificate, then \"{}\", each followed by its issuer",
                child.issuer
            ),
            false => format!("put the certificate of its issuer, \"{}\", right behind it", child.issuer),
        };
        return problem(check, text, advice);
    }
    let Some(last) = chain.certificates.last() else { return ok(check, "it is empty") };
    let count = chain.certificates.len();
    match (last.is_self_issued(), roots.contains(&last.issuer), count) {
        (true, _, 1) => {
            let advice = "clients have to be given it; Entra wants one of a public authority";
            warning(check, "the certificate signed itself", advice)
        }
        (true, true, _) | (false, true, _) => {
            ok(check, format!("{count} in the file, up to \"{}\", which this machine trusts", last.issuer))
        }
        (true, false, _) => {
            let text = format!("it leads to \"{}\", which this machine does not trust", last.subject);
            warning(check, text, "right for an authority of your own; Entra wants one of a public authority")
        }
        (false, false, 1) => {
            let text =
                format!("the file has the server certificate alone; its issuer, \"{}\", is not in it", last.issuer);
            problem(
                check,
                text,
                "append the intermediate certificates of the authority (often fullchain.pem instead of cert.pem)",
            )
        }
        (false, false, _) => {
            let text = format!(
                "the file ends at \"{}\", whose issuer this machine does not trust: \"{}\"",
                last.subject, last.issuer
            );
            warning(check, text, "append that one's certificate, unless it is a root that every client has")
        }
    }
}

fn names(first: &Described, host: Option<&str>, is_local: bool) -> Finding {
    let check = "certificate names";
    let all: Vec<String> = first.dns.iter().cloned().chain(first.ips.iter().map(ToString::to_string)).collect();
    match host {
        _ if all.is_empty() => problem(
            check,
            "it has no subject alternative names, and clients look at nothing else",
            "have one made that names the host",
        ),
        Some(host) if first.covers(host) => ok(check, format!("it is for {host}")),
        Some(host) => {
            let text = format!("it is not for {host}, the host of the public URL, but for {}", all.join(", "));
            match is_local {
                true => warning(check, text, "start the server anew: it makes one for that host"),
                false => problem(check, text, "have one made for that host, or correct --public-url"),
            }
        }
        None => {
            let advice = "set --public-url to the URL by which the identity provider reaches the server";
            warning(check, format!("it is for {}; there is no public URL to compare it with", all.join(", ")), advice)
        }
    }
}

fn time(chain: &Chain, now_ms: i64, is_local: bool) -> Finding {
    let check = "certificate end";
    let now_s = now_ms.div_euclid(1_000);
    let Some(first) = chain.certificates.iter().min_by_key(|certificate| certificate.not_after_s) else {
        return ok(check, "there is nothing that ends");
    };
    let left_days = first.not_after_s.saturating_sub(now_s).div_euclid(86_400);
    let renew = match is_local {
        true => "the server renews it by itself 30 days before; see its log",
        false => "renew it and replace the files: the server reads them again by itself",
    };
    if let Some(late) = chain.certificates.iter().find(|certificate| certificate.not_before_s > now_s) {
        return problem(check, format!("\"{}\" is not valid yet", late.subject), "set the clock right, or wait");
    }
    let [_, _, soon] = limits::CERTIFICATE_WARNING_DAYS;
    match left_days {
        ..0 => problem(check, format!("\"{}\" has expired", first.subject), renew),
        days if days < soon => warning(check, format!("\"{}\" ends in {days} days", first.subject), renew),
        days => ok(check, format!("it is valid for {days} more days")),
    }
}

/// The suites that a TLS 1.2 client can agree on follow from the key.
fn key_and_suites(first: &Described) -> Finding {
    let check = "TLS";
    let (tls12, tls13) = tls::suites();
    let fits = match first.key {
        Key::Rsa(bits) if bits < limits::RSA_BITS_MIN => {
            return problem(
                check,
                format!("the key is {}, too short", first.key.text()),
                "have a certificate made for a key of 2048 bits or more",
            );
        }
        Key::Rsa(_) => "_RSA_",
        Key::Ecdsa(bits) if bits >= limits::DOCTOR_EC_BITS_MIN => "_ECDSA_",
        Key::Ecdsa(_) | Key::Ed25519 | Key::Other => {
            let text = format!("the key is {}, which not every client knows, Entra's among them", first.key.text());
            return problem(
                check,
                text,
                "have a certificate made for an RSA key of 2048 bits or an ECDSA key on P-256",
            );
        }
    };
    let usable: Vec<&str> = ENTRA
        .into_iter()
        .filter(|suite| suite.contains(fits) && tls12.iter().any(|offered| offered == suite))
        .collect();
    if usable.is_empty() || tls13.is_empty() {
        return problem(check, "it offers nothing of Entra's list", "report this: it is a fault of scimd");
    }
    let missing = ENTRA.into_iter().filter(|suite| suite.contains(fits)).count() - usable.len();
    ok(
        check,
        format!(
            "1.2 and 1.3 with {}; of Entra's list for 1.2 {} ({missing} more of it use CBC and are not offered)",
            first.key.text(),
            usable.join(", ")
        ),
    )
}

fn signatures(chain: &Chain) -> Finding {
    let check = "certificate signature";
    // The signature of a root is looked at by nobody.
    let weak = |certificate: &&Described| {
        !certificate.is_self_issued() && WEAK_SIGNATURES.contains(&certificate.signature.as_str())
    };
    match chain.certificates.iter().find(weak) {
        Some(found) => {
            let text = format!("\"{}\" is signed with SHA-1 or MD5", found.subject);
            problem(check, text, "have it made anew with SHA-256: clients refuse such a signature")
        }
        None => ok(check, "no signature uses SHA-1 or MD5"),
    }
}

#[cfg(test)]
mod tests;
