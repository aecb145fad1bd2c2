//! `TargetService`: targets as messages. What a target is, is the directory's; what is ordered goes to whoever serves targets, through
//! the desk of the directory.

mod message;
mod settings;

use std::pin::Pin;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::access::{self, caller};
use super::api::v1::target_service_server::TargetService;
use super::api::v1::{
    ApproveHeldRequest, ApproveHeldResponse, CreateTargetRequest, CreateTargetResponse, DeadLetter,
    DeleteTargetRequest, DeleteTargetResponse, GetTargetRequest, GetTargetResponse, GetTargetStatusRequest,
    GetTargetStatusResponse, HeldStep, ListDeadLettersRequest, ListDeadLettersResponse, ListHeldRequest,
    ListHeldResponse, ListTargetCallsRequest, ListTargetCallsResponse, ListTargetsRequest, ListTargetsResponse,
    PlanTargetRequest, PlanTargetResponse, RetryDeadLettersRequest, RetryDeadLettersResponse, SyncTargetRequest,
    SyncTargetResponse, TestTargetRequest, TestTargetResponse, UpdateTargetRequest, UpdateTargetResponse,
};
use super::{AdminState, outbound, refusal, wire};
use crate::directory::record::Role;
use crate::directory::refused::Refused;
use crate::directory::target::desk::What;
use crate::directory::target::progress::Told;
use crate::directory::target::state::Site;
use crate::directory::target::{self, Shown, standing};
use crate::directory::view;
use crate::scim::errors::clip;
use crate::store::Snapshot;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl TargetService for AdminState {
    async fn create_target(
        &self,
        request: Request<CreateTargetRequest>,
    ) -> Result<Response<CreateTargetResponse>, Status> {
        let admin = caller(&request);
        let CreateTargetRequest { target, secret } = request.into_inner();
        let target = target.ok_or_else(|| refusal::field("target", "it is required"))?;
        let tenant = wire::tenant(&target.tenant).to_owned();
        let wanted = settings::stored(target, true)?;
        let made = target::create(&self.directory, &admin, &tenant, wanted, &secret).await;
        let (shown, created) = made.map_err(refusal::status)?;
        Ok(Response::new(CreateTargetResponse { target: Some(settings::message(shown)), created }))
    }

    async fn list_targets(
        &self,
        request: Request<ListTargetsRequest>,
    ) -> Result<Response<ListTargetsResponse>, Status> {
        let request = request.into_inner();
        let (limit, after) = wire::page(request.page_size, &request.page_token)?;
        let after = after.map(u32::from_be_bytes);
        let tenant = wire::tenant(&request.tenant);
        let listed = target::list(&self.directory, tenant, after, limit).await.map_err(refusal::status)?;
        Ok(Response::new(ListTargetsResponse {
            targets: listed.targets.into_iter().map(settings::message).collect(),
            next_page_token: wire::next_page(listed.next.map(u32::to_be_bytes)),
        }))
    }

    async fn get_target(&self, request: Request<GetTargetRequest>) -> Result<Response<GetTargetResponse>, Status> {
        let GetTargetRequest { tenant, name } = request.into_inner();
        let shown = self.target(&tenant, &name).await?;
        Ok(Response::new(GetTargetResponse { target: Some(settings::message(shown)) }))
    }

    async fn update_target(
        &self,
        request: Request<UpdateTargetRequest>,
    ) -> Result<Response<UpdateTargetResponse>, Status> {
        let admin = caller(&request);
        let UpdateTargetRequest { target, update_mask, secret } = request.into_inner();
        let wanted = target.ok_or_else(|| refusal::field("target", "it is required"))?;
        let revision = wire::revision("target.etag", "a target", &wanted.etag)?;
        let paths = outbound::paths(update_mask, &settings::FIELDS)?;
        if paths.is_empty() && secret.is_empty() {
            return Err(refusal::field("update_mask", "it names no field"));
        }
        let (tenant, name) = (wire::tenant(&wanted.tenant).to_owned(), wanted.name.clone());
        let wanted = settings::stored(wanted, paths.iter().any(|path| path == "kind"))?;
        let secret = (!secret.is_empty()).then_some(secret.as_str());
        let change =
            |kept: &mut target::stored::Target| paths.iter().for_each(|path| settings::set(kept, path, &wanted));
        let updated = target::update(&self.directory, &admin, (&tenant, &name), revision, secret, change).await;
        let shown = updated.map_err(refusal::status)?;
        Ok(Response::new(UpdateTargetResponse { target: Some(settings::message(shown)) }))
    }

    async fn delete_target(
        &self,
        request: Request<DeleteTargetRequest>,
    ) -> Result<Response<DeleteTargetResponse>, Status> {
        let admin = caller(&request);
        let DeleteTargetRequest { tenant, name } = request.into_inner();
        let deleted = target::delete(&self.directory, &admin, wire::tenant(&tenant), &name).await;
        deleted.map_err(refusal::status)?;
        Ok(Response::new(DeleteTargetResponse {}))
    }

    type PlanTargetStream = Answers<PlanTargetResponse>;

    async fn plan_target(
        &self,
        request: Request<PlanTargetRequest>,
    ) -> Result<Response<Self::PlanTargetStream>, Status> {
        let PlanTargetRequest { tenant, name, from_known } = request.into_inner();
        let told = self.ordered(&tenant, &name, What::Plan { read: !from_known }).await?;
        let answers = ReceiverStream::new(told).map(|told| told.map(message::planned).map_err(refusal::status));
        Ok(Response::new(Box::pin(answers)))
    }

    type SyncTargetStream = Answers<SyncTargetResponse>;

    async fn sync_target(
        &self,
        request: Request<SyncTargetRequest>,
    ) -> Result<Response<Self::SyncTargetStream>, Status> {
        let SyncTargetRequest { tenant, name, full } = request.into_inner();
        let told = self.ordered(&tenant, &name, What::Sync { full }).await?;
        let answers = ReceiverStream::new(told).filter_map(|told| match told {
            Ok(told) => message::synced(told).map(Ok),
            Err(refused) => Some(Err(refusal::status(refused))),
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_target_status(
        &self,
        request: Request<GetTargetStatusRequest>,
    ) -> Result<Response<GetTargetStatusResponse>, Status> {
        let GetTargetStatusRequest { tenant, name } = request.into_inner();
        let shown = self.target(&tenant, &name).await?;
        let standing = standing::of(&self.directory, &shown).await.map_err(|error| refusal::failure(&error))?;
        let now_ms = self.directory.clock().now_ms();
        Ok(Response::new(message::status(standing, now_ms)))
    }

    async fn list_dead_letters(
        &self,
        request: Request<ListDeadLettersRequest>,
    ) -> Result<Response<ListDeadLettersResponse>, Status> {
        let request = request.into_inner();
        let (limit, after) = wire::page::<Vec<u8>>(request.page_size, &request.page_token)?;
        let (shown, snapshot) = self.reading(&request.tenant, &request.name).await?;
        let page = self.site(&shown).troubles(&snapshot, after.as_deref(), limit).await;
        let page = page.map_err(|error| refusal::failure(&error))?;
        let dead_letters = page.rows.into_iter().map(|(code, id, trouble)| DeadLetter {
            resource_type: message::type_name(code).to_owned(),
            resource_id: id.to_string(),
            display: trouble.display,
            reason: trouble.reason,
            attempts: i64::from(trouble.attempts),
            first_time: Some(wire::time(trouble.first_ms)),
            last_time: Some(wire::time(trouble.last_ms)),
            next_time: trouble.next_ms.map(wire::time),
        });
        Ok(Response::new(ListDeadLettersResponse {
            dead_letters: dead_letters.collect(),
            next_page_token: wire::next_page(page.next),
        }))
    }

    async fn retry_dead_letters(
        &self,
        request: Request<RetryDeadLettersRequest>,
    ) -> Result<Response<RetryDeadLettersResponse>, Status> {
        let admin = caller(&request);
        let RetryDeadLettersRequest { tenant, name, resource_id } = request.into_inner();
        let (shown, only) = self.chosen(&tenant, &name, &resource_id).await?;
        let retried = self.site(&shown).retry(&admin, (&shown.tenant_name, &name), only).await;
        let resources = retried.map_err(refusal::status)?;
        self.hurry(&shown);
        Ok(Response::new(RetryDeadLettersResponse { resources: wire::number(resources) }))
    }

    async fn list_held(&self, request: Request<ListHeldRequest>) -> Result<Response<ListHeldResponse>, Status> {
        let request = request.into_inner();
        let (limit, after) = wire::page::<Vec<u8>>(request.page_size, &request.page_token)?;
        let (shown, snapshot) = self.reading(&request.tenant, &request.name).await?;
        let page = self.site(&shown).holds(&snapshot, after.as_deref(), limit).await;
        let page = page.map_err(|error| refusal::failure(&error))?;
        let held = page.rows.into_iter().map(|(code, id, hold)| HeldStep {
            resource_type: message::type_name(code).to_owned(),
            resource_id: id.to_string(),
            display: hold.display,
            description: hold.step,
            since_time: Some(wire::time(hold.since_ms)),
            approved: hold.approved,
        });
        Ok(Response::new(ListHeldResponse { held: held.collect(), next_page_token: wire::next_page(page.next) }))
    }

    async fn approve_held(
        &self,
        request: Request<ApproveHeldRequest>,
    ) -> Result<Response<ApproveHeldResponse>, Status> {
        let admin = caller(&request);
        let ApproveHeldRequest { tenant, name, resource_id } = request.into_inner();
        let (shown, only) = self.chosen(&tenant, &name, &resource_id).await?;
        let approved = self.site(&shown).approve(&admin, (&shown.tenant_name, &name), only).await;
        let resources = approved.map_err(refusal::status)?;
        self.hurry(&shown);
        Ok(Response::new(ApproveHeldResponse { resources: wire::number(resources) }))
    }

    async fn test_target(&self, request: Request<TestTargetRequest>) -> Result<Response<TestTargetResponse>, Status> {
        let TestTargetRequest { tenant, name } = request.into_inner();
        let mut told = self.ordered(&tenant, &name, What::Test).await?;
        let mut findings = Vec::new();
        while let Some(told) = told.recv().await {
            if let Told::Finding(finding) = told.map_err(refusal::status)? {
                findings.push(message::finding(finding));
            }
        }
        let fine = !findings.is_empty() && findings.iter().all(|finding| finding.fine);
        Ok(Response::new(TestTargetResponse { findings, fine }))
    }

    async fn list_target_calls(
        &self,
        request: Request<ListTargetCallsRequest>,
    ) -> Result<Response<ListTargetCallsResponse>, Status> {
        let role = access::role(&request);
        let ask = request.into_inner();
        if ask.unmasked && role < Role::Operator {
            return Err(access::role_required(Role::Operator, Some(role)));
        }
        if !matches!(ask.status, 0..=5 | 100..=599) {
            return Err(refusal::field("status", "it must be a status such as 409, or a class from 1 to 5"));
        }
        let (size, before) = wire::page(ask.page_size, &ask.page_token)?;
        let before = before.map_or(u64::MAX, u64::from_be_bytes);
        let shown = self.target(&ask.tenant, &ask.name).await?;
        let fits = |status: u16| ask.status == 0 || [i32::from(status), i32::from(status) / 100].contains(&ask.status);
        let all = self.directory.targets.calls.of(shown.tenant, shown.number).into_iter();
        let mut wanted = all.filter(|(number, sent)| *number < before && fits(sent.status));
        let page: Vec<_> = wanted.by_ref().take(size).collect();
        let last = page.last().map(|(number, _)| *number).filter(|_| wanted.next().is_some());
        Ok(Response::new(ListTargetCallsResponse {
            calls: page.iter().map(|(_, sent)| message::call(sent, ask.unmasked)).collect(),
            next_page_token: wire::next_page(last.map(u64::to_be_bytes)),
        }))
    }
}

impl AdminState {
    async fn target(&self, tenant: &str, name: &str) -> Result<Shown, Status> {
        target::get(&self.directory, wire::tenant(tenant), name).await.map_err(refusal::status)
    }

    fn site(&self, shown: &Shown) -> Site<'_> {
        Site { directory: &self.directory, tenant: shown.tenant, target: shown.number }
    }

    /// A target, and the store as it is now.
    async fn reading(&self, tenant: &str, name: &str) -> Result<(Shown, Snapshot), Status> {
        let shown = self.target(tenant, name).await?;
        Ok((shown, self.directory.snapshot().await.map_err(|error| refusal::failure(&error))?))
    }

    /// A target, and the one of its resources that is meant, if not all are.
    async fn chosen(&self, tenant: &str, name: &str, resource_id: &str) -> Result<(Shown, Option<Uuid>), Status> {
        let shown = self.target(tenant, name).await?;
        if resource_id.is_empty() {
            return Ok((shown, None));
        }
        match view::parse_id(resource_id) {
            Some(id) => Ok((shown, Some(id))),
            None => {
                let why = format!("'{}' is not the id of a user or group", clip(resource_id));
                Err(refusal::field("resource_id", why))
            }
        }
    }

    /// Gives an order about a target, and gives what is told of it.
    async fn ordered(
        &self,
        tenant: &str,
        name: &str,
        what: What,
    ) -> Result<mpsc::Receiver<Result<Told, Refused>>, Status> {
        let shown = self.target(tenant, name).await?;
        if shown.target.disabled && matches!(what, What::Sync { .. }) {
            let why = format!("the target '{name}' is disabled; enable it with `scimd target update`");
            return Err(refusal::status(Refused::State { reason: "TARGET_DISABLED", why }));
        }
        self.directory.targets.desk.order(shown.tenant, shown.number, what).map_err(refusal::status)
    }

    /// Has what was decided done at once; where nobody does it now, it is done later.
    fn hurry(&self, shown: &Shown) {
        let _ = self.directory.targets.desk.order(shown.tenant, shown.number, What::Retry);
    }
}

#[cfg(test)]
mod tests;
