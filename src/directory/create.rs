//! Creating a resource.

use super::answer::Answer;
use super::index::{self, Place};
use super::members::{self, Group, Plan, Wanted};
use super::record::{self, ChangeKind};
use super::{Call, change, count, generation, keys, read, write};
use crate::limits;
use crate::scim::dialect::Reading;
use crate::scim::errors::Error;
use crate::scim::patch::members as read_members;
use crate::scim::project::Projection;
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Makes a resource from a POST body, under an id of its own.
pub async fn create(
    call: &Call<'_>,
    resource_type: &ResourceType,
    body: Value,
    projection: &Projection<'_>,
    reading: &mut Reading<'_>,
) -> Result<Answer, Error> {
    let incoming = resource::read(resource_type, body, reading)?;
    resource::is_complete(resource_type, &incoming.attributes)?;
    let members = match incoming.members {
        Some(members) => Wanted::exactly(call, &read_members(members, reading)?)?,
        None => Wanted::default(),
    };
    let id = call.directory.clock.id();
    if members.order.len() <= limits::MEMBERS_DELTA_MAX {
        return commit(call, resource_type, id, &incoming.attributes, &members, None, projection).await;
    }
    let unseen = generation::write(call, id, None, &members).await?;
    let done = commit(call, resource_type, id, &incoming.attributes, &members, Some(&unseen), projection).await;
    if done.is_err() {
        generation::discard(call, &unseen, id).await?;
    }
    done
}

async fn commit(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: Uuid,
    attributes: &Map<String, Value>,
    wanted: &Wanted,
    unseen: Option<&generation::Unseen>,
    projection: &Projection<'_>,
) -> Result<Answer, Error> {
    let tenant = call.tenant.number;
    let code = keys::type_code(resource_type);
    let generation = unseen.map_or(0, |unseen| unseen.generation);
    let entries = index::entries(resource_type, attributes);
    let also_unique = write::also_unique(call, resource_type);
    let place = Place { tenant, code, id, also_unique: &also_unique };
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = call.directory.snapshot().await?;
        let mut batch = call.batch();
        let mut log = change::of(call, ChangeKind::Create, resource_type, id);
        index::change(&place, &BTreeSet::new(), &entries, &snapshot, &mut batch).await?;
        let key = keys::record(tenant, code, id);
        batch.expect_absent(key.clone());
        batch.put(key, record::encode(resource_type, None, generation, attributes)?);
        count::add(&mut batch, tenant, code, id, 1);
        match unseen {
            Some(unseen) => {
                generation::show(call, unseen, None, &mut batch)?;
                log.members_incomplete = true;
            }
            None if !wanted.order.is_empty() => {
                let group = Group { id, generation };
                if let Plan::Delta(delta) = members::plan(call, &snapshot, group, wanted).await? {
                    members::apply(call, &snapshot, group, &delta, &mut batch, &mut log).await?;
                }
            }
            None => {}
        }
        change::add(&mut batch, tenant, &log)?;
        if call.directory.commit(batch).await?.is_some() {
            return read::again(call, resource_type, id, projection).await;
        }
    }
    Err(super::contended())
}
