//! Reading one resource.

use super::answer::{self, Answer, Draft};
use super::view::View;
use super::{Call, view};
use crate::scim::errors::Error;
use crate::scim::project::Projection;
use crate::scim::schema::ResourceType;
use crate::store::Snapshot;
use uuid::Uuid;

/// The resource with this id.
pub async fn read(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: &str,
    projection: &Projection<'_>,
) -> Result<Answer, Error> {
    let id = view::id(resource_type, id)?;
    let snapshot = call.directory.snapshot().await?;
    at(call, &snapshot, resource_type, id, projection).await
}

/// The resource after a change of it: as it is now.
pub async fn again(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: Uuid,
    projection: &Projection<'_>,
) -> Result<Answer, Error> {
    let snapshot = call.directory.snapshot().await?;
    at(call, &snapshot, resource_type, id, projection).await
}

/// A resource in a form that may be nowhere any more.
pub async fn shown(
    call: &Call<'_>,
    resource_type: &ResourceType,
    view: &View,
    projection: &Projection<'_>,
) -> Result<Answer, Error> {
    let snapshot = call.directory.snapshot().await?;
    answered(call, &snapshot, resource_type, view, projection).await
}

async fn at(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    id: Uuid,
    projection: &Projection<'_>,
) -> Result<Answer, Error> {
    let view = view::find(call, snapshot, resource_type, id).await?;
    answered(call, snapshot, resource_type, &view, projection).await
}

async fn answered(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    view: &View,
    projection: &Projection<'_>,
) -> Result<Answer, Error> {
    let mut draft = Draft::default();
    draft.resource(call, snapshot, resource_type, view, projection).await?;
    Ok(Answer {
        location: answer::location(call.base, resource_type, view.id),
        version: view.version(),
        content: draft.finish(call, snapshot).await?,
    })
}
