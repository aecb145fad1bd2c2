//! The tenant that an admin's call is about, with what the verbs need to know of it. It does not know who may call.

use super::refused::Refused;
use super::tenant::settings::no_tenant;
use super::tenant::{self, Tenant};
use super::{Actor, Call, Directory, keys, record};
use std::sync::Arc;

/// A tenant as an admin's call works in it.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The tenant.
    pub tenant: Arc<Tenant>,
    /// Its SCIM base URL, without a slash at its end.
    pub base: String,
}

impl Scope {
    /// A call of a verb in this tenant.
    pub fn call<'a>(&'a self, directory: &'a Directory, actor: &'a Actor) -> Call<'a> {
        Call { directory, tenant: &self.tenant, base: &self.base, actor }
    }
}

/// The tenant of this name. `public_url` is what Tenant URLs begin with where the tenant has no URL of its own.
pub async fn find(directory: &Directory, name: &str, public_url: &str) -> Result<Scope, Refused> {
    let missing = || no_tenant(name);
    let snapshot = directory.snapshot().await?;
    let number = tenant::number(&snapshot, name).await?.ok_or_else(missing)?;
    let settings = snapshot.get(&keys::tenant(number)).await.map_err(super::store_error)?.ok_or_else(missing)?;
    let settings: record::Tenant = record::unpack(&settings.value)?;
    if settings.deleting {
        return Err(missing());
    }
    let tenant = tenant::by_number(directory, &snapshot, number).await?.ok_or_else(missing)?;
    let root = settings.public_url.as_deref().unwrap_or(public_url).trim_end_matches('/');
    Ok(Scope { base: format!("{root}/tenants/{}/scim/v2", settings.name), tenant })
}
