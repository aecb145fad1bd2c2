//! Tenants as requests see them: finding the one that a request is for. What admins do with tenants is in this folder.

pub mod removal;
pub mod settings;

use super::record;
use super::{Directory, definition, keys};
use crate::limits;
use crate::mapping::document::Document;
use crate::mapping::policy::{Policy, Wrong};
use crate::profile;
use crate::scim::dialect::{Dialect, Quirk, Stance};
use crate::scim::errors::{Error, Kind};
use crate::scim::schema::types::Types;
use crate::store::{Entry, Snapshot};
use std::sync::Arc;

/// A tenant as requests see it.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its number in keys.
    pub number: u32,
    /// Its name in the Tenant URL.
    pub name: String,
    /// How its identity provider speaks: its profile, with what the tenant answers for itself.
    pub dialect: Arc<Dialect>,
    /// What its Tenant URL begins with; `None`: the server's own.
    pub public_url: Option<String>,
    /// Whether discovery is answered without a token.
    pub discovery_without_token: bool,
    /// Whether changes of what is there need an If-Match header.
    pub if_match_required: bool,
    /// Whether a group's displayName is unique.
    pub unique_group_names: bool,
    /// Requests a second of the whole tenant; 0: no limit.
    pub requests_per_s_max: u32,
    /// Requests a second of each token that has no limit of its own; 0: no limit.
    pub token_requests_per_s_max: u32,
    /// For how long what is deleted can come back, in milliseconds; 0: not at all.
    pub deleted_kept_ms: i64,
    /// Whether it answers at all: it is neither disabled nor being deleted.
    pub is_open: bool,
    /// Its resource types; those without definitions of their own share one value.
    pub types: Arc<Types>,
    /// The revision of its definitions; `None`: it has none of its own.
    pub definitions: Option<u64>,
    /// Its definitions are being changed, so that nothing can be written.
    pub is_changing: bool,
    /// Its mapping, if there is one in force.
    pub mapping: Option<Arc<Policy>>,
    /// The version of the mapping in force; 0: none.
    pub mapping_version: u64,
}

/// The number of the first tenant, `default`.
pub const FIRST: u32 = 1;

/// Makes the tenant `default` unless there has been a tenant; says whether it did. The first token is made in the same commit, so
/// that a crash leaves neither or both.
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
    profile_of(&settings)?;
    let mut batch = directory.batch();
    batch.expect_absent(keys::TENANTS_MADE);
    batch.expect_absent(keys::tenant(FIRST));
    batch.put(keys::TENANTS_MADE, record::pack_number(FIRST));
    batch.put(keys::tenant(FIRST), record::pack(&settings)?);
    batch.put(keys::tenant_name(&name), record::pack_number(FIRST));
    batch.put(keys::token(key_id), record::pack(&record::Token { tenant: FIRST, ..token })?);
    batch.put_stamped(keys::tokens(FIRST), key_id, record::PRESENT);
    Ok(directory.commit(batch).await?.is_some())
}

/// The tenant of this name, as it is now.
pub async fn find(directory: &Directory, name: &str) -> Result<Option<Arc<Tenant>>, Error> {
    let snapshot = directory.snapshot().await?;
    match number(&snapshot, name).await? {
        Some(number) => by_number(directory, &snapshot, number).await,
        None => Ok(None),
    }
}

/// The number of the tenant of this name.
pub async fn number(snapshot: &Snapshot, name: &str) -> Result<Option<u32>, Error> {
    // No tenant is without a name: that key is the one of the number given last.
    if name.is_empty() {
        return Ok(None);
    }
    let entry = snapshot.get(&keys::tenant_name(name)).await.map_err(super::store_error)?;
    entry.map(|entry| record::unpack_number(&entry.value)).transpose()
}

/// The tenant of this number, as it is in the snapshot. It is worked out anew only when its settings have changed,
/// which a change of its definitions writes as well.
pub async fn by_number(directory: &Directory, snapshot: &Snapshot, number: u32) -> Result<Option<Arc<Tenant>>, Error> {
    let entry = snapshot.get(&keys::tenant(number)).await.map_err(super::store_error)?;
    let Some(entry) = entry else { return Ok(None) };
    let revision = entry.stamp.revision;
    if let Some((known, tenant)) = directory.tenants.get(&number)
        && known == revision
    {
        return Ok(Some(tenant));
    }
    let definitions = snapshot.get(&keys::definitions(number)).await.map_err(super::store_error)?;
    let mut tenant = read(number, &entry, definitions)?;
    if tenant.mapping_version > 0 {
        read_mapping(snapshot, &mut tenant).await?;
    }
    let tenant = Arc::new(tenant);
    directory.tenants.insert(number, (revision, tenant.clone()));
    Ok(Some(tenant))
}

fn read(number: u32, entry: &Entry, definitions: Option<Entry>) -> Result<Tenant, Error> {
    let settings: record::Tenant = record::unpack(&entry.value)?;
    let profile = profile_of(&settings)?;
    let dialect = profile::with(profile, &overrides(&settings));
    let (types, is_changing, mapping_version) = match &definitions {
        None => (Types::builtin().clone(), false, 0),
        Some(entry) => {
            let stored: record::Definitions = record::unpack(&entry.value)?;
            let types = definition::resolve(&stored).map_err(|wrong| {
                tracing::error!(tenant = settings.name, ?wrong, "stored definitions cannot be used");
                Error::new(Kind::Internal, "the tenant's stored definitions cannot be used")
            })?;
            (Arc::new(types), stored.changing, stored.mapping)
        }
    };
    Ok(Tenant {
        number,
        public_url: settings.public_url,
        discovery_without_token: settings.discovery_without_token,
        if_match_required: settings.if_match_required,
        unique_group_names: settings.unique_group_names.unwrap_or(profile.unique_group_names),
        dialect: Arc::new(dialect),
        requests_per_s_max: settings.requests_per_s_max,
        token_requests_per_s_max: settings.token_requests_per_s_max,
        deleted_kept_ms: i64::from(settings.deleted_kept_days) * limits::DAY_MS,
        is_open: !settings.disabled && !settings.deleting,
        types,
        definitions: definitions.map(|entry| entry.stamp.revision),
        is_changing,
        mapping: None,
        mapping_version,
        name: settings.name,
    })
}

/// Reads the mapping in force. One that cannot be used is an error: without it, what is written would be something else.
async fn read_mapping(snapshot: &Snapshot, tenant: &mut Tenant) -> Result<(), Error> {
    let key = keys::mapping(tenant.number, tenant.mapping_version);
    let unusable = || Error::new(Kind::Internal, "the tenant's stored mapping cannot be used");
    let entry = snapshot.get(&key).await.map_err(super::store_error)?.ok_or_else(unusable)?;
    let stored: record::Mapping = record::unpack(&entry.value)?;
    let policy = mapped(tenant, &stored.document).map_err(|wrong| {
        tracing::error!(tenant = tenant.name, ?wrong, "a stored mapping cannot be used");
        unusable()
    })?;
    if let Some(days) = policy.deleted_kept_days {
        tenant.deleted_kept_ms = i64::from(days) * limits::DAY_MS;
    }
    tenant.mapping = (stored.document != Document::default()).then(|| Arc::new(policy));
    Ok(())
}

/// A mapping as the tenant would use it, or everything that is wrong with it.
pub fn mapped(tenant: &Tenant, document: &Document) -> Result<Policy, Vec<Wrong>> {
    Policy::compile(document, &tenant.types, &profile::custom::DIALECT)
}

/// What the tenant answers for itself. A name that this version does not know means nothing to it.
pub fn overrides(settings: &record::Tenant) -> Vec<(Quirk, Stance)> {
    let named = |(name, stance): (&String, &record::Stance)| Some((Quirk::by_name(name)?, Stance::from(*stance)));
    settings.quirks.iter().filter_map(named).collect()
}

fn profile_of(settings: &record::Tenant) -> Result<&'static Dialect, Error> {
    profile::by_name(&settings.profile)
        .ok_or_else(|| Error::new(Kind::Internal, format!("no profile is called '{}'", settings.profile)))
}
