//! Whose client certificates the admin listener takes: those of the local authority, and those of one more authority that the
//! administrator names. It does not know what a holder may do.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};

use super::tls::{self, Error};

/// The authorities that a client certificate may come from.
#[derive(Clone, Debug)]
pub struct Trust {
    all: Arc<dyn ClientCertVerifier>,
    local: Arc<dyn ClientCertVerifier>,
}

impl Trust {
    /// Reads the authorities: PEM files of one or more CA certificates.
    pub fn load(local: &Path, external: Option<&Path>) -> Result<Trust, Error> {
        let mut roots = RootCertStore::empty();
        add(&mut roots, local)?;
        let ours = verifier(roots.clone())?;
        if let Some(external) = external {
            add(&mut roots, external)?;
        }
        Ok(Trust { all: verifier(roots)?, local: ours })
    }

    /// What the handshake checks a client's certificate with: one is required, for client authentication, valid now, from one
    /// of the authorities.
    pub fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.all)
    }

    /// Whether a chain, the holder's certificate first, leads to the local authority at `now_ms`.
    pub fn is_local(&self, chain: &[CertificateDer<'_>], now_ms: i64) -> bool {
        let now = UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(now_ms).unwrap_or(0)));
        let [holder, others @ ..] = chain else { return false };
        self.local.verify_client_cert(holder, others, now).is_ok()
    }
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), Error> {
    let pem = tls::read(path)?;
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Error::BadCertificate(path.to_owned()))?;
    if certificates.is_empty() {
        return Err(Error::NoCertificate(path.to_owned()));
    }
    for certificate in certificates {
        roots.add(certificate).map_err(|_| Error::BadCertificate(path.to_owned()))?;
    }
    Ok(())
}

fn verifier(roots: RootCertStore) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(tls::provider()))
        .build()
        .map_err(|error| Error::Setup(rustls::Error::General(error.to_string())))
}
