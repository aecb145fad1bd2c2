//! What applications and targets need of a tenant's types: the expressions by which they see users and groups were checked against the
//! types there were, and must be good for those that are to be. It does not know what the expressions say.

use crate::directory::record::{self, Application};
use crate::directory::refused::{Obstacle, Refused};
use crate::directory::target::stored::Target;
use crate::directory::tenant::Tenant;
use crate::directory::{keys, store_error};
use crate::limits;
use crate::mapping::outbound::{Definition, Outbound};
use crate::scim::errors::Error;
use crate::scim::schema::types::Types;
use crate::store::{Batch, Entry, Scan, Snapshot};

/// Refuses types by which an application or a target could no longer see the tenant. What cannot be used by the old types either is
/// passed over: it is not this change that breaks it.
///
/// # Errors
/// `Obstacles` with `DEFINITION_IN_USE`: each field, with the column where its expression goes wrong.
pub async fn fit(snapshot: &Snapshot, tenant: u32, old: &Types, new: &Types) -> Result<(), Refused> {
    let mut obstacles = Vec::new();
    for (viewer, view) in views(snapshot, tenant).await? {
        let Err(wrong) = Outbound::compile(&view, new) else { continue };
        let before = Outbound::compile(&view, old).err().unwrap_or_default();
        let broken = wrong.into_iter().filter(|(field, _)| before.iter().all(|(known, _)| known != field));
        obstacles.extend(
            broken.map(|(field, why)| Obstacle { subject: format!("{viewer}: mapping.{field}"), why: why.to_string() }),
        );
    }
    if obstacles.is_empty() {
        return Ok(());
    }
    obstacles.truncate(limits::MAPPING_PROBLEMS_MAX);
    let told: Vec<String> = obstacles.iter().take(3).map(|one| format!("{}: {}", one.subject, one.why)).collect();
    let why = format!("what reads the tenant could not be shown it any more: {}", told.join("; "));
    Err(Refused::Obstacles { reason: "DEFINITION_IN_USE", why, obstacles })
}

/// The ground on which a view was checked: the tenant's types. A change of the types and the storing of a view rely on each other by the
/// row of the tenant's settings, which both write again as it is.
pub struct Ground(Option<(u32, Entry)>);

/// The ground of a view that was checked at the snapshot; what has no expression relies on none.
///
/// # Errors
/// `State` while the tenant's definitions are being changed.
pub async fn ground(snapshot: &Snapshot, tenant: &Tenant, view: &Definition) -> Result<Ground, Refused> {
    if *view == Definition::default() {
        return Ok(Ground(None));
    }
    if tenant.is_changing {
        let why = "the tenant's definitions are being changed at this moment; try again".to_owned();
        return Err(Refused::State { reason: "DEFINITIONS_CHANGING", why });
    }
    let entry = snapshot.get(&keys::tenant(tenant.number)).await.map_err(store_error)?;
    Ok(Ground(entry.map(|entry| (tenant.number, entry))))
}

impl Ground {
    /// Lets the batch pass on this ground only.
    pub fn hold(self, batch: &mut Batch) {
        if let Some((tenant, entry)) = self.0 {
            batch.expect_unchanged(keys::tenant(tenant), entry.stamp.revision);
            batch.put(keys::tenant(tenant), entry.value);
        }
    }
}

/// How each application and target sees the tenant, with what it is called in a sentence.
async fn views(snapshot: &Snapshot, tenant: u32) -> Result<Vec<(String, Definition)>, Error> {
    let mut views = Vec::new();
    let prefix = keys::applications(tenant);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: limits::APPLICATIONS_MAX, values: true };
    for row in snapshot.scan(&scan).await.map_err(store_error)?.iter() {
        let application: Application = record::unpack(row.value)?;
        let name = keys::name_of_application(row.key).unwrap_or_default();
        views.push((format!("application '{name}'"), application.outbound));
    }
    let prefix = keys::targets(tenant);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: limits::TARGETS_MAX, values: true };
    for row in snapshot.scan(&scan).await.map_err(store_error)?.iter() {
        let target: Target = record::unpack(row.value)?;
        views.push((format!("target '{}'", target.name), target.mapping));
    }
    Ok(views)
}

#[cfg(test)]
mod tests;
