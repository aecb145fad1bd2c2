//! Tenants: making one, and finding the one that a request is for.

use super::record;
use super::{Directory, keys};
use crate::profile;
use crate::scim::dialect::Dialect;
use crate::scim::errors::{Error, Kind};
use crate::store::Snapshot;

/// A tenant as requests see it.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its number in keys.
    pub number: u32,
    /// Its name in the Tenant URL.
    pub name: String,
    /// How its identity provider speaks.
    pub dialect: &'static Dialect,
    /// Whether discovery is answered without a token.
    pub discovery_without_token: bool,
}

/// The number of the first tenant, `default`.
const FIRST: u32 = 1;

/// Makes the tenant `default` unless there is a tenant; says whether it did. The first token is made in the same commit, so that
/// a crash leaves neither or both.
pub async fn make_first(
    directory: &Directory,
    profile: &str,
    discovery_without_token: bool,
    key_id: &str,
    token: record::Token,
) -> Result<bool, Error> {
    let name = "default".to_owned();
    let settings = record::Tenant {
        name: name.clone(),
        profile: profile.to_owned(),
        discovery_without_token,
        created_ms: token.created_ms,
        ..record::Tenant::default()
    };
    dialect(&settings)?;
    let mut batch = directory.batch();
    batch.expect_absent(keys::tenant(FIRST));
    batch.put(keys::tenant(FIRST), record::pack(&settings)?);
    batch.put(keys::tenant_name(&name), record::pack_number(FIRST));
    batch.put(keys::TENANTS_MADE, record::pack_number(FIRST));
    batch.put_stamped(keys::tokens(FIRST), key_id, record::PRESENT);
    batch.put(keys::token(key_id), record::pack(&record::Token { tenant: FIRST, ..token })?);
    Ok(directory.commit(batch).await?.is_some())
}

/// The tenant of this name, as it is now.
pub async fn find(directory: &Directory, name: &str) -> Result<Option<Tenant>, Error> {
    let snapshot = directory.snapshot().await?;
    let Some(entry) = snapshot.get(&keys::tenant_name(name)).await.map_err(super::store_error)? else {
        return Ok(None);
    };
    by_number(&snapshot, record::unpack_number(&entry.value)?).await
}

/// The tenant of this number.
pub async fn by_number(snapshot: &Snapshot, number: u32) -> Result<Option<Tenant>, Error> {
    let Some(entry) = snapshot.get(&keys::tenant(number)).await.map_err(super::store_error)? else { return Ok(None) };
    let settings: record::Tenant = record::unpack(&entry.value)?;
    let dialect = dialect(&settings)?;
    Ok(Some(Tenant { number, name: settings.name, dialect, discovery_without_token: settings.discovery_without_token }))
}

fn dialect(settings: &record::Tenant) -> Result<&'static Dialect, Error> {
    profile::by_name(&settings.profile)
        .ok_or_else(|| Error::new(Kind::Internal, format!("no profile is called '{}'", settings.profile)))
}
