//! What certificates say, in words: for status, for the log and for whoever checks a chain. It judges nothing.

use std::net::IpAddr;
use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::subject::Subject;
use super::tls::{self, Error};

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Whom it is for, as a distinguished name.
    pub subject: String,
    /// The same to compare with; `None` when it cannot be compared.
    pub subject_name: Option<Subject>,
    /// Who signed it.
    pub issuer: String,
    /// Its serial number in hexadecimal.
    pub serial: String,
    /// The DNS names that it is for.
    pub dns: Vec<String>,
    /// The addresses that it is for.
    pub ips: Vec<IpAddr>,
    /// From when on it is valid, in seconds since the epoch.
    pub not_before_s: i64,
    /// Until when it is valid, in seconds since the epoch.
    pub not_after_s: i64,
    /// The SHA-256 of its DER form.
    pub sha256: [u8; 32],
    /// Its key.
    pub key: Key,
    /// The object identifier of the algorithm that it is signed with.
    pub signature: String,
    /// Whether it may sign others.
    pub is_authority: bool,
}

/// The kind and size of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// RSA with so many bits.
    Rsa(usize),
    /// ECDSA on a curve of so many bits.
    Ecdsa(usize),
    /// Ed25519.
    Ed25519,
    /// Another kind.
    Other,
}

/// The certificates of a PEM file, as they follow each other in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Each certificate.
    pub certificates: Vec<Described>,
    /// For each certificate but the last one, whether the next one signed it.
    pub signed_by_next: Vec<bool>,
}

/// Where Unix systems keep the authorities that they trust, one file each.
const SYSTEM_ROOTS: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Reads a chain.
///
/// # Errors
/// When the file cannot be read or holds no certificate that can.
pub fn read(path: &Path) -> Result<Chain, Error> {
    let ders = certificates(path)?;
    let certificates = describe(&ders);
    if certificates.len() != ders.len() {
        return Err(Error::BadCertificate(path.to_owned()));
    }
    if certificates.is_empty() {
        return Err(Error::NoCertificate(path.to_owned()));
    }
    let signed_by_next = ders.iter().zip(ders.iter().skip(1)).map(|(child, parent)| is_signed_by(child, parent));
    Ok(Chain { signed_by_next: signed_by_next.collect(), certificates })
}

/// The subjects of the authorities that this machine trusts; none where it has no list.
pub fn system_roots() -> Vec<String> {
    let lists = SYSTEM_ROOTS.iter().filter_map(|path| certificates(Path::new(path)).ok());
    let first = lists.into_iter().next().unwrap_or_default();
    describe(&first).into_iter().map(|root| root.subject).collect()
}

/// Describes each certificate of a chain; one that cannot be read is left out.
pub fn describe(chain: &[CertificateDer<'_>]) -> Vec<Described> {
    chain.iter().filter_map(|der| one(der)).collect()
}

/// Describes a certificate in its DER form; `None` when it cannot be read.
pub fn one(der: &[u8]) -> Option<Described> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let (mut dns, mut ips) = (Vec::new(), Vec::new());
    if let Ok(Some(names)) = parsed.subject_alternative_name() {
        for name in &names.value.general_names {
            match name {
                GeneralName::DNSName(name) => dns.push((*name).to_owned()),
                GeneralName::IPAddress(octets) => ips.extend(address(octets)),
                _ => {}
            }
        }
    }
    Some(Described {
        subject: parsed.subject().to_string(),
        subject_name: Subject::of(parsed.subject()),
        issuer: parsed.issuer().to_string(),
        serial: hex(serial(parsed.raw_serial())),
        dns,
        ips,
        not_before_s: parsed.validity().not_before.timestamp(),
        not_after_s: parsed.validity().not_after.timestamp(),
        sha256: Sha256::digest(der).into(),
        key: key(&parsed),
        signature: parsed.signature_algorithm.algorithm.to_id_string(),
        is_authority: parsed.is_ca(),
    })
}

impl Described {
    /// Whether it names the host, a DNS name or an address; `*.example.com` names every host right below `example.com`.
    pub fn covers(&self, host: &str) -> bool {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return self.ips.contains(&ip);
        }
        let host = host.trim_end_matches('.');
        self.dns.iter().any(|name| match name.strip_prefix("*.") {
            Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain)),
            None => name.eq_ignore_ascii_case(host),
        })
    }

    /// Its serial number as an id, which those of the local authority's client certificates are.
    pub fn serial_uuid(&self) -> Option<Uuid> {
        (self.serial.len() <= 32).then(|| Uuid::try_parse(&format!("{:0>32}", self.serial)).ok()).flatten()
    }

    /// Whether it is signed by the one whom it is for.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

impl Key {
    /// The kind and size in words, such as `ECDSA P-256`.
    pub fn text(self) -> String {
        match self {
            Key::Rsa(bits) => format!("RSA {bits}"),
            Key::Ecdsa(bits) => format!("ECDSA P-{bits}"),
            Key::Ed25519 => "Ed25519".to_owned(),
            Key::Other => "another kind".to_owned(),
        }
    }
}

/// Bytes in hexadecimal, lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number without the zero byte that only says that it is positive.
fn serial(bytes: &[u8]) -> &[u8] {
    match bytes {
        [0, rest @ ..] if !rest.is_empty() => rest,
        bytes => bytes,
    }
}

fn key(parsed: &X509Certificate<'_>) -> Key {
    // RFC 8410: the identifier of the key's algorithm says it all.
    if parsed.public_key().algorithm.algorithm.to_id_string() == "1.3.101.112" {
        return Key::Ed25519;
    }
    match parsed.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => Key::Rsa(key.key_size()),
        Ok(PublicKey::EC(point)) => Key::Ecdsa(match point.key_size() {
            // The point of P-521 fills its last byte only in part.
            520..=528 => 521,
            bits => bits,
        }),
        _ => Key::Other,
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let pem = tls::read(path)?;
    CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Error::BadCertificate(path.to_owned()))
}

fn is_signed_by(child: &[u8], parent: &[u8]) -> bool {
    let (Ok((_, child)), Ok((_, parent))) = (X509Certificate::from_der(child), X509Certificate::from_der(parent))
    else {
        return false;
    };
    child.issuer().as_raw() == parent.subject().as_raw() && child.verify_signature(Some(parent.public_key())).is_ok()
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
