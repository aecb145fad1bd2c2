//! The certificate as the settings want it: where it comes from, who is told of a new one, and which client certificates the admin
//! listener takes. It does not know how a certificate is read.

use super::Error;
use super::settings::{Settings, Tls};
use crate::clock::Clock;
use crate::directory::Directory;
use crate::directory::audit::Admin;
use crate::server::admin::listener::Secure;
use crate::server::authority::{self, Names};
use crate::server::certificate::{self, Certificates, Source};
use crate::server::tls;
use crate::server::trust::Trust;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Reads or makes the certificate; `None` when TLS is off. Where the admin listener is on, there is a local authority afterwards.
pub fn load(settings: &Settings, clock: &Clock) -> Result<Option<Certificates>, Error> {
    let Some(source) = source(settings) else { return Ok(None) };
    let trust = match &settings.admin {
        Some(_) => {
            authority::ensure_ca(&authority_dir(settings), certificate::time(clock.now_ms()))?;
            Some(trust(settings)?)
        }
        None => None,
    };
    Ok(Some(Certificates::load(source, trust, clock.clone())?))
}

/// Where the settings say that the certificate comes from; `None` when TLS is off.
pub fn source(settings: &Settings) -> Option<Source> {
    match &settings.tls {
        Tls::Off => None,
        Tls::Files { cert, key } => Some(Source::Files { cert: cert.clone(), key: key.clone() }),
        Tls::LocalCa => {
            let host = settings.public_url.as_deref().and_then(host_of);
            let mut names = Names::local(host, settings.scim_addr.ip());
            if let Some(admin) = settings.admin.as_ref().filter(|admin| !admin.addr.ip().is_unspecified()) {
                names.add(&admin.addr.ip().to_string());
            }
            if let Some(crowd) = &settings.crowd {
                if !crowd.addr.ip().is_unspecified() {
                    names.add(&crowd.addr.ip().to_string());
                }
                if let Some(host) = crowd.url.as_deref().and_then(host_of) {
                    names.add(host);
                }
            }
            Some(Source::Local { dir: authority_dir(settings), names })
        }
    }
}

/// The directory of the local authority.
pub fn authority_dir(settings: &Settings) -> PathBuf {
    settings.data_dir.join("tls")
}

/// Opens the admin listener for client certificates, when the settings want one.
pub async fn secure(settings: &Settings, certificates: Option<&Certificates>) -> Result<Option<Secure>, Error> {
    let (Some(admin), Some(configs)) = (&settings.admin, certificates.and_then(Certificates::admin)) else {
        return Ok(None);
    };
    let listener = TcpListener::bind(admin.addr).await.map_err(|source| Error::Listen { addr: admin.addr, source })?;
    Ok(Some(Secure { listener, configs, trust: trust(settings)?, roles: admin.client_roles.clone() }))
}

/// Reads the certificate again and keeps the old one when the new one is bad.
pub async fn reload(certificates: Option<&Certificates>, directory: &Directory) {
    let Some(certificates) = certificates else { return };
    match certificates.reload() {
        Ok(Some(change)) => certificates.note_change(directory, &Admin::server(), &change).await,
        Ok(None) => tracing::info!("the certificate was read again and is the same"),
        Err(error) => tracing::error!(%error, "the new certificate is refused and the old one kept"),
    }
}

/// Follows the files and the clock until the stop; without TLS there is nothing to follow.
pub async fn watch(certificates: Option<Arc<Certificates>>, directory: Arc<Directory>, stop: watch::Receiver<bool>) {
    if let Some(certificates) = certificates {
        certificates.watch(directory, stop).await;
    }
}

/// The host of a URL, without the brackets of an IPv6 address.
pub fn host_of(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1;
    match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => authority.split(':').next(),
    }
}

fn trust(settings: &Settings) -> Result<Trust, tls::Error> {
    let external = settings.admin.as_ref().and_then(|admin| admin.client_ca.as_deref());
    Trust::load(&authority_dir(settings).join(authority::CA_CERT), external)
}
