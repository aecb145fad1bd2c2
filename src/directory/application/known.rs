//! Finding the application of a name, and keeping it ready between requests for as long as neither it nor its tenant changes. With it
//! are kept proofs of passwords that were right, so that the slow hash is worked out once and not on every request.

use super::Application;
use super::password::Password;
use crate::directory::record;
use crate::directory::tenant::{self, Tenant};
use crate::directory::{Directory, keys, store_error};
use crate::limits;
use crate::scim::errors::{Error, Kind};
use crate::store::Snapshot;
use hmac::{Hmac, KeyInit, Mac};
use quick_cache::sync::Cache;
use sha2::Sha256;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Applications between requests.
pub struct Kept {
    known: Cache<String, Arc<Known>>,
    /// What proofs are made with; of this process alone.
    key: OnceLock<Option<Zeroizing<[u8; 32]>>>,
}

/// A stored application, read once for as long as it does not change.
pub struct Known {
    revision: u64,
    tenant: Arc<Tenant>,
    /// What is stored.
    pub stored: record::Application,
    /// What that means; `None` when it no longer means anything, since the tenant's schemas have changed under it.
    application: Option<Arc<Application>>,
    proofs: Mutex<Vec<Proof>>,
}

/// That a password was right: what cannot be made without it, nor outside of this process.
struct Proof {
    mac: [u8; 32],
    /// Until when it is taken, in milliseconds since the epoch.
    until_ms: Option<i64>,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept { known: Cache::new(limits::ACCESS_CACHED_MAX), key: OnceLock::new() }
    }
}

/// The application of this name as it is in the snapshot.
pub async fn find(directory: &Directory, snapshot: &Snapshot, name: &str) -> Result<Option<Arc<Known>>, Error> {
    let owner = snapshot.get(&keys::application_name(name)).await.map_err(store_error)?;
    let Some(owner) = owner else { return Ok(None) };
    let number = record::unpack_number(&owner.value)?;
    let entry = snapshot.get(&keys::application(number, name)).await.map_err(store_error)?;
    let tenant = tenant::by_number(directory, snapshot, number).await?;
    let (Some(entry), Some(tenant)) = (entry, tenant) else { return Ok(None) };
    let revision = entry.stamp.revision;
    let kept = &directory.applications.kept.known;
    let is_current = |known: &Arc<Known>| known.revision == revision && Arc::ptr_eq(&known.tenant, &tenant);
    if let Some(known) = kept.get(name).filter(is_current) {
        return Ok(Some(known));
    }
    let stored: record::Application = record::unpack(&entry.value)?;
    let application = super::compile(tenant.clone(), name, &stored).map(Arc::new).map_err(|fields| {
        let fields: Vec<String> = fields.iter().map(|field| format!("{}: {}", field.name, field.why)).collect();
        tracing::error!(
            application = name,
            tenant = tenant.name,
            why = fields.join("; "),
            "its settings cannot be used"
        );
    });
    let known = Arc::new(Known { revision, tenant, stored, application: application.ok(), proofs: Mutex::default() });
    kept.insert(name.to_owned(), known.clone());
    Ok(Some(known))
}

impl Kept {
    fn mac(&self, password: &Password) -> Option<[u8; 32]> {
        let key = self.key.get_or_init(|| {
            let mut key = Zeroizing::new([0_u8; 32]);
            getrandom::fill(key.as_mut_slice()).ok().map(|()| key)
        });
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_ref()?.as_slice()).ok()?;
        mac.update(password.expose().as_bytes());
        Some(mac.finalize().into_bytes().into())
    }
}

impl Known {
    /// The tenant.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The application.
    ///
    /// # Errors
    /// When its settings no longer mean anything.
    pub fn application(&self) -> Result<Arc<Application>, Error> {
        let unusable = || Error::new(Kind::Internal, "the application's settings cannot be used; see the server's log");
        self.application.clone().ok_or_else(unusable)
    }

    /// Whether this password is known to be right.
    pub(super) fn has_proof(&self, kept: &Kept, password: &Password, now_ms: i64) -> bool {
        let Some(mac) = kept.mac(password) else { return false };
        let proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |proof: &Proof| bool::from(proof.mac.ct_eq(&mac)) && proof.until_ms.is_none_or(|end| end > now_ms);
        proofs.iter().any(is_it)
    }

    /// Remembers that this password is right.
    pub(super) fn prove(&self, kept: &Kept, password: &Password, until_ms: Option<i64>) {
        let Some(mac) = kept.mac(password) else { return };
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        // There are two passwords at most.
        proofs.retain(|proof| proof.until_ms.is_some() != until_ms.is_some());
        proofs.push(Proof { mac, until_ms });
    }
}
