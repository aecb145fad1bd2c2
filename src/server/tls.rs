//! The server's side of TLS: a certificate and its key, from files or from the local authority, as a rustls
//! configuration. It does not know who connects.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{NoServerSessionStorage, ServerSessionMemoryCache};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CipherSuite, ProtocolVersion, SupportedCipherSuite};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::authority::{self, Names};
use super::trust::Trust;
use crate::limits;

/// Why there is no certificate to serve. Every message names the file at fault; none repeats what is in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is missing, or cannot be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is larger than `PEM_FILE_BYTES_MAX`.
    #[error("{}: too large for a PEM file", .0.display())]
    TooLarge(PathBuf),
    /// It has no `-----BEGIN` line.
    #[error("{}: not a PEM file", .0.display())]
    NotPem(PathBuf),
    /// It is PEM without a certificate.
    #[error("{}: no certificate in it", .0.display())]
    NoCertificate(PathBuf),
    /// A certificate in it cannot be read.
    #[error("{}: malformed certificate", .0.display())]
    BadCertificate(PathBuf),
    /// It is PEM without a private key in the clear.
    #[error("{}: no private key in it; an encrypted one is of no use here", .0.display())]
    NoKey(PathBuf),
    /// Its key is of a kind that is not supported, or malformed.
    #[error("{}: unsupported or malformed private key", .0.display())]
    BadKey(PathBuf),
    /// The two do not belong together.
    #[error("{}: not the key of the certificate in {}", .key.display(), .cert.display())]
    Mismatch {
        /// The certificate.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// The certificate is not valid any more.
    #[error("{}: the certificate has expired", .0.display())]
    Expired(PathBuf),
    /// The certificate has an RSA key that is too short.
    #[error("{path}: RSA key of {bits} bits, at least {min} are required", path = .path.display(), min = limits::RSA_BITS_MIN)]
    WeakKey {
        /// The certificate.
        path: PathBuf,
        /// Its length.
        bits: usize,
    },
    /// The local authority could not make a certificate.
    #[error("cannot make a certificate: {0}")]
    Make(rcgen::Error),
    /// The cryptographic provider lacks what is needed.
    #[error("cannot set up TLS: {0}")]
    Setup(rustls::Error),
}

impl Error {
    /// A file that the system does not give.
    pub fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }
}

/// A certificate chain with its key, checked.
#[derive(Clone, Debug)]
pub struct Material {
    certified: Arc<CertifiedKey>,
    /// When the server certificate ends.
    pub expires: SystemTime,
}

impl Material {
    /// The server certificate first, then the ones that lead to its root.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.certified.cert
    }
}

/// The certificate of the local authority in `dir`, made or renewed as needed. The CA for clients to trust is
/// `dir/ca.pem`.
pub fn load_or_create(dir: &Path, names: &Names, now: SystemTime) -> Result<Material, Error> {
    authority::ensure(dir, names, now)?;
    load(&dir.join(authority::SERVER_CERT), &dir.join(authority::SERVER_KEY), now)
}

/// A pair that the administrator brings: a PEM file with the server certificate first and any intermediate ones after
/// it, and a PEM file with its key (PKCS #8, PKCS #1 or SEC 1). Refused when it could not be served at `now`.
pub fn load(cert: &Path, key: &Path, now: SystemTime) -> Result<Material, Error> {
    let pem = read(cert)?;
    let chain = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Error::BadCertificate(cert.to_owned()))?;
    let first = chain.first().ok_or_else(|| Error::NoCertificate(cert.to_owned()))?;
    let (_, parsed) = X509Certificate::from_der(first).map_err(|_| Error::BadCertificate(cert.to_owned()))?;
    let expires = authority::end_of(&parsed);
    if expires <= now {
        return Err(Error::Expired(cert.to_owned()));
    }
    match parsed.public_key().parsed() {
        Ok(PublicKey::RSA(rsa)) if rsa.key_size() < limits::RSA_BITS_MIN => {
            return Err(Error::WeakKey { path: cert.to_owned(), bits: rsa.key_size() });
        }
        _ => {}
    }
    let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| Error::NoKey(key.to_owned()))?;
    let signer = provider().key_provider.load_private_key(private).map_err(|_| Error::BadKey(key.to_owned()))?;
    let certified = CertifiedKey::new(chain, signer);
    certified.keys_match().map_err(|_| Error::Mismatch { cert: cert.to_owned(), key: key.to_owned() })?;
    Ok(Material { certified: Arc::new(certified), expires })
}

/// The configuration that serves it: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1. A listener takes a new one at any time.
pub fn server_config(material: &Material) -> Result<Arc<ServerConfig>, Error> {
    let resolver = Arc::new(SingleCertAndKey::from(Arc::clone(&material.certified)));
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::Setup)?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Tickets keep TLS 1.3 sessions at the client; the cache is for TLS 1.2 clients that know no tickets.
    config.ticketer = ring::Ticketer::new().map_err(Error::Setup)?;
    config.session_storage = ServerSessionMemoryCache::new(limits::TLS_SESSIONS_MAX);
    Ok(Arc::new(config))
}

/// The configuration of the admin listener: HTTP/2 alone, and a client certificate of those that are trusted. No session is
/// resumed, so that every handshake looks at the certificate again.
pub fn admin_config(material: &Material, trust: &Trust) -> Result<Arc<ServerConfig>, Error> {
    let resolver = Arc::new(SingleCertAndKey::from(Arc::clone(&material.certified)));
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::Setup)?
        .with_client_cert_verifier(trust.verifier())
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// The names (IANA) of the cipher suites that are offered in TLS 1.2 and in TLS 1.3.
pub fn suites() -> (Vec<String>, Vec<String>) {
    let all = provider().cipher_suites;
    let of = |version| {
        let named = |suite: &SupportedCipherSuite| (suite.version().version == version).then(|| name(suite.suite()));
        all.iter().filter_map(named).collect()
    };
    (of(ProtocolVersion::TLSv1_2), of(ProtocolVersion::TLSv1_3))
}

/// rustls calls the suites of TLS 1.3 `TLS13_…`, IANA `TLS_…`.
fn name(suite: CipherSuite) -> String {
    suite.as_str().unwrap_or("unknown").replacen("TLS13_", "TLS_", 1)
}

/// Named here, because a default of the process could be set by anyone.
pub fn provider() -> CryptoProvider {
    ring::default_provider()
}

/// Reads a PEM file, up to a size.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limits::PEM_FILE_BYTES_MAX + 1).read_to_end(&mut text))
        .map_err(|error| Error::file(path, error))?;
    if text.len() as u64 > limits::PEM_FILE_BYTES_MAX {
        return Err(Error::TooLarge(path.to_owned()));
    }
    if memchr::memmem::find(&text, b"-----BEGIN ").is_none() {
        return Err(Error::NotPem(path.to_owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
