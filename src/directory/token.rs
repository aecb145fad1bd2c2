//! Tokens as requests bring them: the key id is looked up, the hash of the whole is compared in constant time, and then the token has
//! to be alive, in its tenant and in its networks. What admins do with tokens is in this folder.

pub mod issue;
pub mod secret;
pub mod usage;

use super::tenant::{self, Tenant};
use super::{Directory, keys, record};
use crate::scim::errors::Error;
use crate::store::Snapshot;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use subtle::ConstantTimeEq;

/// Who a valid token speaks for.
#[derive(Clone, Debug)]
pub struct Access {
    /// The token's id.
    pub key_id: String,
    /// The tenant that it is a token of.
    pub tenant: Arc<Tenant>,
    /// It may not write.
    pub read_only: bool,
    /// Requests a second that it may make; 0: no limit.
    pub requests_per_s_max: u32,
}

/// Why a bearer is not let in. For logs, metrics and exchange records alone: the client is told the same in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There was no bearer token, or more than one.
    Missing,
    /// It has not the form of a token, or its checksum is wrong.
    Malformed,
    /// No token has this secret.
    Unknown,
    /// It was revoked.
    Revoked,
    /// It has come to its end.
    Expired,
    /// It is not to be used from this address.
    Address,
    /// It is a token of another tenant than the path names.
    OtherTenant,
    /// Its tenant is disabled, or being deleted.
    TenantClosed,
}

impl Denied {
    /// The word in logs and labels.
    pub fn text(self) -> &'static str {
        match self {
            Denied::Missing => "token_missing",
            Denied::Malformed => "token_malformed",
            Denied::Unknown => "token_unknown",
            Denied::Revoked => "token_revoked",
            Denied::Expired => "token_expired",
            Denied::Address => "token_address",
            Denied::OtherTenant => "token_of_other_tenant",
            Denied::TenantClosed => "tenant_closed",
        }
    }
}

/// A stored token, read once for as long as it does not change.
pub struct Known {
    token: record::Token,
    /// When its use was noted last.
    noted_ms: AtomicI64,
}

/// Who `bearer` speaks for when it comes from this address.
pub async fn check(directory: &Directory, bearer: &str, from: IpAddr) -> Result<Result<Access, Denied>, Error> {
    let Some(key_id) = secret::key_id(bearer) else { return Ok(Err(Denied::Malformed)) };
    let snapshot = directory.snapshot().await?;
    let known = known(directory, &snapshot, &key_id).await?;
    // An unknown key id costs the same comparison as a known one.
    let expected = known.as_ref().map_or([0; 32], |known| known.token.hash);
    let is_same: bool = secret::hash(bearer).ct_eq(&expected).into();
    let Some(known) = known.filter(|_| is_same) else { return Ok(Err(Denied::Unknown)) };
    let token = &known.token;
    let Some(tenant) = tenant::by_number(directory, &snapshot, token.tenant).await? else {
        return Ok(Err(Denied::TenantClosed));
    };
    let now_ms = directory.clock.now_ms();
    if let Some(denied) = denied(token, &tenant, from, now_ms) {
        return Ok(Err(denied));
    }
    directory.uses.note(&key_id, &known.noted_ms, from, now_ms);
    let requests_per_s_max = match token.requests_per_s_max {
        0 => tenant.token_requests_per_s_max,
        own => own,
    };
    Ok(Ok(Access { key_id, read_only: token.read_only, requests_per_s_max, tenant }))
}

fn denied(token: &record::Token, tenant: &Tenant, from: IpAddr, now_ms: i64) -> Option<Denied> {
    if token.revoked_ms.is_some() {
        return Some(Denied::Revoked);
    }
    if token.expires_ms.is_some_and(|end| end <= now_ms) {
        return Some(Denied::Expired);
    }
    if !tenant.is_open {
        return Some(Denied::TenantClosed);
    }
    let is_bound = !token.networks.is_empty();
    (is_bound && !token.networks.iter().any(|network| network.contains(from))).then_some(Denied::Address)
}

/// The token of this id, as it is in the snapshot. It is read anew only when it has changed.
async fn known(directory: &Directory, snapshot: &Snapshot, key_id: &str) -> Result<Option<Arc<Known>>, Error> {
    let entry = snapshot.get(&keys::token(key_id)).await.map_err(super::store_error)?;
    let Some(entry) = entry else { return Ok(None) };
    let revision = entry.stamp.revision;
    if let Some((at, known)) = directory.tokens.get(key_id)
        && at == revision
    {
        return Ok(Some(known));
    }
    let known = Arc::new(Known { token: record::unpack(&entry.value)?, noted_ms: AtomicI64::new(i64::MIN) });
    directory.tokens.insert(key_id.to_owned(), (revision, known.clone()));
    Ok(Some(known))
}

#[cfg(test)]
mod tests;
