//! `MappingService`: mappings to set, to try and to take back. It only translates; what a mapping does and whether it may be is the
//! directory's.

mod message;
mod trial;

use serde_json::Value;
use tokio_stream::StreamExt;
use tokio_stream::adapters::Map;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::api::v1::mapping_service_server::MappingService;
use super::api::v1::preview_mapping_request::Subject;
use super::api::v1::preview_mapping_response::Part as Sent;
use super::api::v1::{
    DiffMappingsRequest, DiffMappingsResponse, EvaluateExpressionRequest, EvaluateExpressionResponse,
    ExpressionFunction, GetMappingRequest, GetMappingResponse, ListExpressionFunctionsRequest,
    ListExpressionFunctionsResponse, ListMappingVersionsRequest, ListMappingVersionsResponse, ListSeenGroupsRequest,
    ListSeenGroupsResponse, MappingChange, MappingCollision, MappingProgress, MappingRefusal, MappingVersion,
    PreviewMappingRequest, PreviewMappingResponse, PreviewSummary, ReapplyMappingRequest, ReapplyMappingResponse,
    RollbackMappingRequest, RollbackMappingResponse, SeenGroup, SetMappingRequest, SetMappingResponse,
};
use super::{AdminState, access, exchange_service, refusal, wire};
use crate::directory::mapping::compare::{self, Change};
use crate::directory::mapping::preview::{self, Part, Summary, Trial};
use crate::directory::mapping::reapply::{self, Progress};
use crate::directory::mapping::survey::Collision;
use crate::directory::mapping::trial::with_schemas;
use crate::directory::mapping::{self, Site, Terms, Version, seen};
use crate::directory::refused::Refused;
use crate::limits;
use crate::mapping::expression::Expression;
use crate::mapping::function;
use crate::mapping::rule::{self, Demands};
use crate::profile;
use crate::scim::dialect::Reading;
use crate::scim::schema::ResourceType;
use crate::scim::{json, resource};
use crate::server::exchange::mask;

type Shown = Result<PreviewMappingResponse, Status>;

#[tonic::async_trait]
impl MappingService for AdminState {
    async fn get_mapping(&self, request: Request<GetMappingRequest>) -> Result<Response<GetMappingResponse>, Status> {
        let GetMappingRequest { tenant, version } = request.into_inner();
        let tenant = wire::tenant(&tenant);
        let version = number("version", version)?;
        let found = mapping::get(&self.directory, tenant, version).await.map_err(refusal::status)?;
        Ok(Response::new(GetMappingResponse { mapping: Some(message::mapping(tenant, found)) }))
    }

    async fn set_mapping(&self, request: Request<SetMappingRequest>) -> Result<Response<SetMappingResponse>, Status> {
        let admin = access::caller(&request);
        let SetMappingRequest { mapping: sent, expected_version, fingerprint } = request.into_inner();
        let sent = sent.ok_or_else(|| refusal::field("mapping", "it must be set"))?;
        let tenant = wire::tenant(&sent.tenant).to_owned();
        let terms = Terms {
            expected: expected_version.map(|version| number("expected_version", version)).transpose()?,
            fingerprint,
            comment: sent.comment.clone(),
        };
        let document = message::document(sent)?;
        let site = Site { directory: &self.directory, admin: &admin, tenant: &tenant };
        let (version, warnings) = mapping::set(site, &document, &terms).await.map_err(refusal::status)?;
        Ok(Response::new(SetMappingResponse { mapping: Some(message::mapping(&tenant, version)), warnings }))
    }

    type PreviewMappingStream = Map<ReceiverStream<preview::Told>, fn(preview::Told) -> Shown>;

    async fn preview_mapping(
        &self,
        request: Request<PreviewMappingRequest>,
    ) -> Result<Response<Self::PreviewMappingStream>, Status> {
        let PreviewMappingRequest { mapping: sent, tenant, subject, differences_max, unmasked } = request.into_inner();
        let scope = self.scope(&tenant).await?;
        let snapshot = self.directory.snapshot().await.map_err(|error| refusal::failure(&error))?;
        let number = scope.tenant.number;
        let in_force = mapping::in_force(&snapshot, number).await.map_err(|error| refusal::failure(&error))?;
        let document = match sent {
            Some(sent) => message::document(sent)?,
            None => {
                let found = mapping::get(&self.directory, &scope.tenant.name, 0).await.map_err(refusal::status)?;
                found.stored.document
            }
        };
        let fingerprint =
            mapping::fingerprint(number, in_force, &document).map_err(|error| refusal::failure(&error))?;
        let part: fn(preview::Told) -> Shown = match (&subject, unmasked) {
            // Whoever made a sample knows what is in it.
            (Some(Subject::Sample(_)), _) | (_, true) => open,
            (_, false) => masked,
        };
        let parts = match subject {
            Some(subject) => trial::run(self, scope, &document, subject, unmasked, fingerprint).await?,
            None => {
                let differences_max = differences_max_of(differences_max)?;
                let (directory, stopping) = (self.directory.clone(), self.stopping.clone());
                let tenant = scope.tenant;
                let trial = Trial { directory, tenant, document, differences_max, fingerprint, stopping };
                preview::start(trial).await.map_err(refusal::status)?
            }
        };
        Ok(Response::new(ReceiverStream::new(parts).map(part)))
    }

    type ReapplyMappingStream =
        Map<ReceiverStream<reapply::Told>, fn(reapply::Told) -> Result<ReapplyMappingResponse, Status>>;

    async fn reapply_mapping(
        &self,
        request: Request<ReapplyMappingRequest>,
    ) -> Result<Response<Self::ReapplyMappingStream>, Status> {
        let admin = access::caller(&request);
        let ReapplyMappingRequest { tenant, version, resume_token } = request.into_inner();
        let version = number("version", version)?;
        let scope = self.scope(&tenant).await?;
        let (directory, stopping) = (self.directory.clone(), self.stopping.clone());
        let site = reapply::Site { directory, scope, admin, stopping };
        let steps = reapply::start(site, version, &resume_token).await.map_err(refusal::status)?;
        let step: fn(reapply::Told) -> Result<ReapplyMappingResponse, Status> = step;
        Ok(Response::new(ReceiverStream::new(steps).map(step)))
    }

    async fn list_mapping_versions(
        &self,
        request: Request<ListMappingVersionsRequest>,
    ) -> Result<Response<ListMappingVersionsResponse>, Status> {
        let ListMappingVersionsRequest { tenant, page_size, page_token } = request.into_inner();
        let (size, before) = wire::page(page_size, &page_token)?;
        let before = before.map(u64::from_be_bytes);
        let listed = mapping::list(&self.directory, wire::tenant(&tenant), before, size).await;
        let listed = listed.map_err(refusal::status)?;
        let next_page_token = wire::next_page(listed.next.map(u64::to_be_bytes));
        let versions = listed.versions.into_iter().map(version).collect();
        Ok(Response::new(ListMappingVersionsResponse { versions, next_page_token }))
    }

    async fn diff_mappings(
        &self,
        request: Request<DiffMappingsRequest>,
    ) -> Result<Response<DiffMappingsResponse>, Status> {
        let DiffMappingsRequest { tenant, from, to } = request.into_inner();
        let (tenant, from, to) = (wire::tenant(&tenant), number("from", from)?, number("to", to)?);
        let get = async |number| mapping::get(&self.directory, tenant, number).await.map_err(refusal::status);
        let after = get(to).await?;
        let before = match from {
            0 if after.number <= 1 => Version::default(),
            0 => get(after.number - 1).await?,
            from => get(from).await?,
        };
        let changes = compare::compare(&before.stored.document, &after.stored.document);
        Ok(Response::new(DiffMappingsResponse {
            from: wire::number(before.number),
            to: wire::number(after.number),
            changes: changes.into_iter().map(change).collect(),
        }))
    }

    async fn rollback_mapping(
        &self,
        request: Request<RollbackMappingRequest>,
    ) -> Result<Response<RollbackMappingResponse>, Status> {
        let admin = access::caller(&request);
        let RollbackMappingRequest { tenant, version, expected_version, comment } = request.into_inner();
        let tenant = wire::tenant(&tenant);
        let expected = expected_version.map(|version| number("expected_version", version)).transpose()?;
        let terms = Terms { expected, comment, ..Terms::default() };
        let site = Site { directory: &self.directory, admin: &admin, tenant };
        let version = number("version", version)?;
        let version = mapping::rollback(site, version, &terms).await.map_err(refusal::status)?;
        Ok(Response::new(RollbackMappingResponse { mapping: Some(message::mapping(tenant, version)) }))
    }

    async fn evaluate_expression(
        &self,
        request: Request<EvaluateExpressionRequest>,
    ) -> Result<Response<EvaluateExpressionResponse>, Status> {
        let ask = request.into_inner();
        let scope = self.scope(&ask.tenant).await?;
        let name = if ask.resource_type.is_empty() { "User" } else { ask.resource_type.as_str() };
        let resource_type = scope.tenant.types.named(name);
        let resource_type =
            resource_type.ok_or_else(|| refusal::field("resource_type", "the tenant has no such resource type"))?;
        let body = match ask.resource.as_str() {
            "" => Value::Object(serde_json::Map::new()),
            text => json::parse(text.as_bytes()).map_err(|error| refusal::field("resource", error.detail))?,
        };
        let mut reading = Reading::new(&scope.tenant.dialect);
        let read = resource::read(resource_type, with_schemas(resource_type, body), &mut reading);
        let attributes = read.map_err(|error| refusal::field("resource", error.detail))?.attributes;
        let (value, canonical) =
            evaluated(resource_type, &ask, &attributes, self.directory.clock().now_ms()).map_err(refusal::status)?;
        Ok(Response::new(EvaluateExpressionResponse { value: value.to_string(), canonical }))
    }

    async fn list_expression_functions(
        &self,
        _: Request<ListExpressionFunctionsRequest>,
    ) -> Result<Response<ListExpressionFunctionsResponse>, Status> {
        let functions = function::functions().map(|known| ExpressionFunction {
            name: known.name.to_owned(),
            signature: known.signature(),
            description: known.about.to_owned(),
            example: known.example.to_owned(),
        });
        Ok(Response::new(ListExpressionFunctionsResponse { functions: functions.collect() }))
    }

    async fn list_seen_groups(
        &self,
        request: Request<ListSeenGroupsRequest>,
    ) -> Result<Response<ListSeenGroupsResponse>, Status> {
        let ListSeenGroupsRequest { tenant, page_size, page_token } = request.into_inner();
        let (size, after) = wire::page::<Vec<u8>>(page_size, &page_token)?;
        let listed = seen::list(&self.directory, wire::tenant(&tenant), after.as_deref(), size).await;
        let listed = listed.map_err(refusal::status)?;
        let next_page_token = wire::next_page(listed.next);
        let groups = listed.groups.into_iter().map(seen_group).collect();
        Ok(Response::new(ListSeenGroupsResponse { groups, next_page_token }))
    }
}

fn number(field: &'static str, number: i64) -> Result<u64, Status> {
    u64::try_from(number).map_err(|_| refusal::field(field, "it must not be negative"))
}

fn differences_max_of(max: i32) -> Result<usize, Status> {
    match usize::try_from(max) {
        Ok(0) => Ok(limits::PREVIEW_DIFFERENCES_DEFAULT),
        Ok(max) if max <= limits::PREVIEW_DIFFERENCES_MAX => Ok(max),
        _ => {
            let why = format!("it must be from 1 to {}", limits::PREVIEW_DIFFERENCES_MAX);
            Err(refusal::field("differences_max", why))
        }
    }
}

/// What the expression results in, and how it is printed.
fn evaluated(
    resource_type: &ResourceType,
    ask: &EvaluateExpressionRequest,
    attributes: &serde_json::Map<String, Value>,
    now_ms: i64,
) -> Result<(Value, String), Refused> {
    let at = |column: usize, why: &str| Refused::field("expression", format!("column {column}: {why}"));
    let mut reading = Reading::new(&profile::custom::DIALECT);
    let target = match ask.target.as_str() {
        "" => None,
        text => Some(rule::demands(resource_type, text, &mut reading).map_err(|why| Refused::field("target", why))?),
    };
    let target = target.as_ref().map(Demands::target);
    let expression = Expression::parse(&ask.expression).map_err(|wrong| at(wrong.column, &wrong.why))?;
    expression.check(resource_type, target.as_ref()).map_err(|wrong| at(wrong.column, &wrong.why))?;
    let value = expression.evaluate(attributes, resource_type, now_ms);
    let value = value.map_err(|failure| at(failure.column, &failure.why))?;
    let value = match target {
        Some(target) => target.fit(value).map_err(|why| Refused::field("target", why))?,
        None => value,
    };
    Ok((value, expression.to_string()))
}

fn open(told: preview::Told) -> Shown {
    shown(told, true)
}

fn masked(told: preview::Told) -> Shown {
    shown(told, false)
}

fn shown(told: preview::Told, is_open: bool) -> Shown {
    let part = match told.map_err(refusal::status)? {
        Part::Progress(done, total) => {
            Sent::Progress(MappingProgress { done: wire::count(done), total: wire::count(total) })
        }
        Part::Difference(difference) => Sent::Difference(exchange_service::difference(difference, is_open)),
        Part::Collision(collision) => Sent::Collision(collided(collision, is_open)),
        Part::Refusal { resource_type, id, refusal } => Sent::Refusal(MappingRefusal {
            resource_type,
            resource_id: id,
            rule: refusal.rule.to_string(),
            reason: if is_open { refusal.why } else { mask::sentence(&refusal.why) },
        }),
        Part::Summary(summary) => Sent::Summary(summed(summary)),
    };
    Ok(PreviewMappingResponse { part: Some(part) })
}

fn collided(collision: Collision, is_open: bool) -> MappingCollision {
    let value = match is_open {
        true => collision.value,
        false => mask::value(&collision.attribute, &Value::String(collision.value)).trim_matches('"').to_owned(),
    };
    MappingCollision {
        resource_type: collision.resource_type,
        attribute: collision.attribute,
        value,
        resource_ids: collision.ids.iter().map(ToString::to_string).collect(),
    }
}

fn summed(summary: Summary) -> PreviewSummary {
    let by_rule = summary.changed_by_rule.into_iter();
    PreviewSummary {
        resources: wire::count(summary.resources),
        changed: wire::count(summary.changed),
        unchanged: wire::count(summary.unchanged),
        refused: wire::count(summary.refused),
        collisions: wire::count(summary.collisions),
        changed_by_rule: by_rule.map(|(rule, count)| (rule.to_string(), wire::count(count))).collect(),
        status: i32::from(summary.status),
        response_body: summary.response_body,
        rules: summary.rules,
        fingerprint: summary.fingerprint,
    }
}

fn step(told: reapply::Told) -> Result<ReapplyMappingResponse, Status> {
    let Progress { done, total, changed, failed, failures, resume, is_done } = told.map_err(refusal::status)?;
    let failure = |failure: reapply::Failure| MappingRefusal {
        resource_type: failure.resource_type,
        resource_id: failure.id,
        rule: failure.rule,
        reason: failure.why,
    };
    Ok(ReapplyMappingResponse {
        progress: Some(MappingProgress { done: wire::count(done), total: wire::count(total) }),
        changed: wire::count(changed),
        failed: wire::count(failed),
        failures: failures.into_iter().map(failure).collect(),
        resume_token: resume,
        done: is_done,
    })
}

fn version(version: Version) -> MappingVersion {
    let stored = version.stored;
    MappingVersion {
        version: wire::number(version.number),
        create_time: Some(wire::time(stored.created_ms)),
        author: stored.author,
        comment: stored.comment,
        rules: i32::try_from(stored.document.rules.len()).unwrap_or(i32::MAX),
        in_force: version.in_force,
        rollback_of: wire::number(stored.rollback_of),
    }
}

fn change(change: Change) -> MappingChange {
    let text = |value: Option<Value>| value.map(|value| value.to_string()).unwrap_or_default();
    MappingChange { path: change.path, before: text(change.before), after: text(change.after) }
}

fn seen_group(seen: seen::Seen) -> SeenGroup {
    SeenGroup {
        name: seen.name,
        resource_id: seen.id.map(|id| id.to_string()).unwrap_or_default(),
        stored_name: seen.stored_name,
        refuse_time: seen.refused_ms.map(wire::time),
    }
}
