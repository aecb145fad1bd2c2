//! The local certificate authority: makes a CA and a server certificate in a directory, renews the latter in time, and signs
//! the client certificates of admins.
//! It does not know how they are served, nor any certificate that an administrator brings.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, DnsName};
use uuid::Uuid;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};
use zeroize::Zeroizing;

use super::tls::Error;
use crate::limits;

/// The CA certificate, for clients to trust.
pub const CA_CERT: &str = "ca.pem";
/// The CA's private key.
pub const CA_KEY: &str = "ca.key";
/// The server certificate, and the CA certificate after it.
pub const SERVER_CERT: &str = "server.pem";
/// The server's private key.
pub const SERVER_KEY: &str = "server.key";

const DAY: Duration = Duration::from_secs(86_400);

/// The names that a server certificate must cover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    dns: Vec<String>,
    ips: Vec<IpAddr>,
}

impl Names {
    /// The names of this machine as its clients may use them: `localhost`, both loopback addresses, the host name, the
    /// host of the public URL, the bound address unless it is unspecified.
    pub fn local(public_host: Option<&str>, bound: IpAddr) -> Self {
        let mut names = Self::default();
        for name in ["localhost", "127.0.0.1", "::1"] {
            names.add(name);
        }
        names.add(&gethostname::gethostname().to_string_lossy());
        if let Some(host) = public_host {
            names.add(host);
        }
        if !bound.is_unspecified() {
            names.add(&bound.to_string());
        }
        names
    }

    /// Adds a DNS name or an IP address, the latter with brackets or without. What is neither cannot stand in a
    /// certificate, and is left out.
    pub fn add(&mut self, name: &str) {
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            if !self.ips.contains(&ip) {
                self.ips.push(ip);
            }
            return;
        }
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if DnsName::try_from(name.as_str()).is_ok() && !self.dns.contains(&name) {
            self.dns.push(name);
        }
    }
}

/// Sees to it that the directory holds a CA and a server certificate that is valid at `now`, covers the names and is
/// not about to expire. Files are replaced whole, keys are readable to their owner alone, and a crash at any point
/// leaves files that the next start completes.
pub fn ensure(dir: &Path, names: &Names, now: SystemTime) -> Result<(), Error> {
    let ca = Ca::ensure(dir, now)?;
    let (_, parsed) = X509Certificate::from_der(&ca.der).map_err(|_| Error::BadCertificate(dir.join(CA_CERT)))?;
    if is_leaf_good(dir, &parsed, names, now)? {
        return Ok(());
    }
    create_leaf(dir, names, &ca.issuer(dir)?, &ca.pem, now, ca.end)
}

/// Sees to it that the directory holds a CA, whoever signs the server certificate: client certificates come from it.
pub fn ensure_ca(dir: &Path, now: SystemTime) -> Result<(), Error> {
    Ca::ensure(dir, now).map(drop)
}

/// What a client certificate is to say.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// Its serial number.
    pub serial: Uuid,
    /// The common name of its holder.
    pub name: &'a str,
    /// When it ends; the end of the CA when that is earlier.
    pub ends: SystemTime,
}

/// A client certificate and its key, which is kept nowhere else.
pub struct Issued {
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// Its private key, PEM (PKCS #8).
    pub key_pem: Zeroizing<String>,
    /// The certificate in its DER form.
    pub der: CertificateDer<'static>,
    /// When it ends.
    pub ends: SystemTime,
}

/// Makes a client certificate of the local CA, which is made too when there is none yet.
pub fn issue(dir: &Path, client: &Client<'_>, now: SystemTime) -> Result<Issued, Error> {
    let ca = Ca::ensure(dir, now)?;
    let issuer = ca.issuer(dir)?;
    let key = KeyPair::generate().map_err(Error::Make)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = name(client.name);
    params.serial_number = Some(client.serial.as_bytes().to_vec().into());
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let ends = client.ends.min(ca.end);
    params.not_before = before(now).into();
    params.not_after = ends.into();
    let made = params.signed_by(&key, &issuer).map_err(Error::Make)?;
    let key_pem = Zeroizing::new(key.serialize_pem());
    Ok(Issued { certificate_pem: made.pem(), key_pem, der: made.der().clone(), ends })
}

/// The CA as its files hold it.
struct Ca {
    pem: String,
    der: CertificateDer<'static>,
    end: SystemTime,
}

impl Ca {
    fn ensure(dir: &Path, now: SystemTime) -> Result<Ca, Error> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| Error::file(dir, error))?;
        let path = dir.join(CA_CERT);
        if !exists(&path)? {
            create_ca(dir, now)?;
        }
        let pem = read(&path)?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| Error::NoCertificate(path.clone()))?;
        let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| Error::BadCertificate(path.clone()))?;
        let end = end_of(&parsed);
        match end <= now {
            true => Err(Error::Expired(path)),
            false => Ok(Ca { pem, der, end }),
        }
    }

    /// The CA with its key, which may be kept elsewhere until it is needed.
    fn issuer(&self, dir: &Path) -> Result<Issuer<'static, KeyPair>, Error> {
        let (cert, key_path) = (dir.join(CA_CERT), dir.join(CA_KEY));
        let key = KeyPair::from_pem(&read(&key_path)?).map_err(|_| Error::NoKey(key_path.clone()))?;
        let (_, parsed) = X509Certificate::from_der(&self.der).map_err(|_| Error::BadCertificate(cert.clone()))?;
        if key.subject_public_key_info() != parsed.public_key().raw {
            return Err(Error::Mismatch { cert, key: key_path });
        }
        Issuer::from_ca_cert_der(&self.der, key).map_err(Error::Make)
    }
}

fn create_ca(dir: &Path, now: SystemTime) -> Result<(), Error> {
    let key_path = dir.join(CA_KEY);
    // A key without a certificate is what a crash between the two leaves.
    let key = if exists(&key_path)? {
        KeyPair::from_pem(&read(&key_path)?).map_err(|_| Error::NoKey(key_path.clone()))?
    } else {
        let key = KeyPair::generate().map_err(Error::Make)?;
        replace(dir, CA_KEY, &key.serialize_pem(), 0o600)?;
        key
    };
    let mut params = CertificateParams::default();
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    // RFC 5280 allows a common name 64 characters.
    params.distinguished_name = name(&format!("scimd local CA {}", host.chars().take(40).collect::<String>()));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.not_before = before(now).into();
    params.not_after = after(now, limits::CA_DAYS).into();
    let cert = params.self_signed(&key).map_err(Error::Make)?;
    replace(dir, CA_CERT, &cert.pem(), 0o644)
}

fn create_leaf(
    dir: &Path,
    names: &Names,
    issuer: &Issuer<'_, KeyPair>,
    ca_pem: &str,
    now: SystemTime,
    ca_end: SystemTime,
) -> Result<(), Error> {
    let key = KeyPair::generate().map_err(Error::Make)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = name("scimd");
    for dns in &names.dns {
        params.subject_alt_names.push(SanType::DnsName(dns.as_str().try_into().map_err(Error::Make)?));
    }
    params.subject_alt_names.extend(names.ips.iter().map(|ip| SanType::IpAddress(*ip)));
    // Python's strict verification wants a key identifier on every certificate, which comes with these.
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = before(now).into();
    params.not_after = after(now, limits::LEAF_DAYS).min(ca_end).into();
    let cert = params.signed_by(&key, issuer).map_err(Error::Make)?;
    // After a crash between the two they do not match, and are made anew.
    replace(dir, SERVER_KEY, &key.serialize_pem(), 0o600)?;
    replace(dir, SERVER_CERT, &format!("{}{ca_pem}", cert.pem()), 0o644)
}

/// Whether the server certificate can go on being served: it is there, of this CA, of its key, long enough valid, with
/// all names.
fn is_leaf_good(dir: &Path, ca: &X509Certificate<'_>, names: &Names, now: SystemTime) -> Result<bool, Error> {
    let (cert_path, key_path) = (dir.join(SERVER_CERT), dir.join(SERVER_KEY));
    if !exists(&cert_path)? || !exists(&key_path)? {
        return Ok(false);
    }
    let (cert_pem, key_pem) = (read(&cert_path)?, read(&key_path)?);
    let Ok(der) = CertificateDer::from_pem_slice(cert_pem.as_bytes()) else {
        return Ok(false);
    };
    let (Ok((_, cert)), Ok(key)) = (X509Certificate::from_der(&der), KeyPair::from_pem(&key_pem)) else {
        return Ok(false);
    };
    let left = DAY * u32::try_from(limits::LEAF_DAYS_LEFT_MIN).unwrap_or(u32::MAX);
    let of_ca = cert.issuer().as_raw() == ca.subject().as_raw() && issuer_key(&cert) == subject_key(ca);
    // With little left of the CA itself, a new certificate would not last longer.
    let lasts = end_of(&cert) >= (now + left).min(end_of(ca));
    let of_key = key.subject_public_key_info() == cert.public_key().raw;
    Ok(of_ca && of_key && lasts && covers(&cert, names))
}

fn covers(cert: &X509Certificate<'_>, names: &Names) -> bool {
    let Ok(Some(alternative)) = cert.subject_alternative_name() else {
        return false;
    };
    let has = |wanted: &dyn Fn(&GeneralName<'_>) -> bool| alternative.value.general_names.iter().any(wanted);
    let dns = names.dns.iter().all(|dns| has(&|name| matches!(name, GeneralName::DNSName(found) if found == dns)));
    let ips = names.ips.iter().all(|ip| {
        let octets = match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        has(&|name| matches!(name, GeneralName::IPAddress(found) if *found == octets))
    });
    dns && ips
}

fn issuer_key<'a>(cert: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    cert.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    })
}

fn subject_key<'a>(cert: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    cert.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
        _ => None,
    })
}

/// The end of a certificate's validity; one that ended before 1970 ends then.
pub fn end_of(cert: &X509Certificate<'_>) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(cert.validity().not_after.timestamp()).unwrap_or(0))
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "scimd");
    name.push(DnType::CommonName, common);
    name
}

/// A day back: the clocks of clients are not all right.
fn before(now: SystemTime) -> SystemTime {
    now.checked_sub(DAY).unwrap_or(UNIX_EPOCH)
}

fn after(now: SystemTime, days: u64) -> SystemTime {
    now + DAY * u32::try_from(days).unwrap_or(u32::MAX)
}

fn exists(path: &Path) -> Result<bool, Error> {
    path.try_exists().map_err(|error| Error::file(path, error))
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::file(path, error))
}

/// Writes a file whole or not at all, and so that it survives a power loss.
fn replace(dir: &Path, name: &str, text: &str, mode: u32) -> Result<(), Error> {
    let (path, temp) = (dir.join(name), dir.join(format!("{name}.new")));
    let write = || -> io::Result<()> {
        match fs::remove_file(&temp) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temp)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temp, &path)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(|error| Error::file(&path, error))
}

#[cfg(test)]
mod tests;
