//! `ResourceService`: resources and members for admins to look at. It only translates; the looking is the directory's.

use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::api::v1::resource_service_server::ResourceService;
use super::api::v1::{
    DeletedResource, GetGroupRequest, GetGroupResponse, GetResourceRequest, GetResourceResponse, GetUserRequest,
    GetUserResponse, GroupMember, ListDeletedResourcesRequest, ListDeletedResourcesResponse, ListGroupMembersRequest,
    ListGroupMembersResponse, ListGroupsRequest, ListGroupsResponse, ListResourcesRequest, ListResourcesResponse,
    ListUsersRequest, ListUsersResponse, LostMembership, Resource, RestoreResourceRequest, RestoreResourceResponse,
};
use super::{AdminState, access, refusal, wire};
use crate::directory::browse::{self, Direct, Page, Seen};
use crate::directory::refused::{Noun, Refused};
use crate::directory::scope::{self, Scope};
use crate::directory::{Actor, deleted, keys, position};
use crate::scim::errors::clip;
use crate::scim::schema::ResourceType;
use std::sync::Arc;

/// What tells places among deleted resources of a type from those among the others.
const GONE: u8 = 0x80;

/// The kind of places in lists of resources and members.
const PLACE: u8 = b'r';

#[tonic::async_trait]
impl ResourceService for AdminState {
    async fn list_users(&self, request: Request<ListUsersRequest>) -> Result<Response<ListUsersResponse>, Status> {
        let actor = actor(&request);
        let ListUsersRequest { tenant, filter, page_size, page_token } = request.into_inner();
        let scope = self.scope(&tenant).await?;
        let list = List { filter: &filter, page_size, page_token: &page_token };
        let (users, next_page_token, total_size) = self.list(&scope, &actor, scope.tenant.types.user(), &list).await?;
        Ok(Response::new(ListUsersResponse { users, next_page_token, total_size }))
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<GetUserResponse>, Status> {
        let actor = actor(&request);
        let GetUserRequest { tenant, user } = request.into_inner();
        let scope = self.scope(&tenant).await?;
        let call = scope.call(&self.directory, &actor);
        let seen = browse::one(&call, scope.tenant.types.user(), &user).await.map_err(refusal::status)?;
        Ok(Response::new(GetUserResponse { user: Some(resource(scope.tenant.types.user(), seen)) }))
    }

    async fn list_groups(&self, request: Request<ListGroupsRequest>) -> Result<Response<ListGroupsResponse>, Status> {
        let actor = actor(&request);
        let ListGroupsRequest { tenant, filter, page_size, page_token } = request.into_inner();
        let scope = self.scope(&tenant).await?;
        let list = List { filter: &filter, page_size, page_token: &page_token };
        let (groups, next_page_token, total_size) =
            self.list(&scope, &actor, scope.tenant.types.group(), &list).await?;
        Ok(Response::new(ListGroupsResponse { groups, next_page_token, total_size }))
    }

    async fn get_group(&self, request: Request<GetGroupRequest>) -> Result<Response<GetGroupResponse>, Status> {
        let actor = actor(&request);
        let GetGroupRequest { tenant, group } = request.into_inner();
        let scope = self.scope(&tenant).await?;
        let call = scope.call(&self.directory, &actor);
        let seen = browse::one(&call, scope.tenant.types.group(), &group).await.map_err(refusal::status)?;
        let members = browse::member_count(&call, seen.id).await.map_err(|error| refusal::failure(&error))?;
        let group = Some(resource(scope.tenant.types.group(), seen));
        Ok(Response::new(GetGroupResponse { group, member_count: wire::count(members) }))
    }

    async fn list_group_members(
        &self,
        request: Request<ListGroupMembersRequest>,
    ) -> Result<Response<ListGroupMembersResponse>, Status> {
        let actor = actor(&request);
        let ListGroupMembersRequest { tenant, group, page_size, page_token } = request.into_inner();
        let scope = self.scope(&tenant).await?;
        let call = scope.call(&self.directory, &actor);
        let size = wire::page_size(page_size)?;
        let after = after(&scope, 0, &page_token)?;
        let page =
            browse::members(&call, scope.tenant.types.group(), &group, after, size).await.map_err(refusal::status)?;
        Ok(Response::new(ListGroupMembersResponse {
            next_page_token: next(&scope, 0, page.next),
            total_size: wire::count(page.total),
            members: page.items.into_iter().map(member).collect(),
        }))
    }

    async fn list_deleted_resources(
        &self,
        request: Request<ListDeletedResourcesRequest>,
    ) -> Result<Response<ListDeletedResourcesResponse>, Status> {
        let actor = actor(&request);
        let ListDeletedResourcesRequest { tenant, resource_type, page_size, page_token } = request.into_inner();
        let scope = self.scope(&tenant).await?;
        let resource_type = named(&scope, &resource_type)?;
        let code = keys::type_code(resource_type);
        let size = wire::page_size(page_size)?;
        // Places among the deleted ones are not places among the others.
        let place = code | GONE;
        let after = after(&scope, place, &page_token)?;
        let call = scope.call(&self.directory, &actor);
        let page = deleted::list::list(&call, code, after, size).await.map_err(|error| refusal::failure(&error))?;
        let resources = page.items.into_iter().map(|shown| gone(resource_type, &shown)).collect();
        let next_page_token = next(&scope, place, page.next);
        Ok(Response::new(ListDeletedResourcesResponse { resources, next_page_token }))
    }

    async fn restore_resource(
        &self,
        request: Request<RestoreResourceRequest>,
    ) -> Result<Response<RestoreResourceResponse>, Status> {
        let (actor, admin) = (actor(&request), access::caller(&request));
        let RestoreResourceRequest { tenant, resource_type, id } = request.into_inner();
        let scope = self.scope(&tenant).await?;
        let resource_type = named(&scope, &resource_type)?;
        let call = scope.call(&self.directory, &actor);
        let restored = deleted::restore::restore(&call, &admin, resource_type, &id).await.map_err(refusal::status)?;
        let seen = browse::one(&call, resource_type, &id).await.map_err(refusal::status)?;
        let lost = |(group, reason): (Uuid, String)| LostMembership { group_id: group.to_string(), reason };
        Ok(Response::new(RestoreResourceResponse {
            resource: Some(resource(resource_type, seen)),
            group_ids: restored.groups.iter().map(Uuid::to_string).collect(),
            lost_memberships: restored.lost.into_iter().map(lost).collect(),
        }))
    }

    async fn list_resources(
        &self,
        request: Request<ListResourcesRequest>,
    ) -> Result<Response<ListResourcesResponse>, Status> {
        let actor = actor(&request);
        let ListResourcesRequest { tenant, resource_type, filter, page_size, page_token } = request.into_inner();
        let scope = self.scope(&tenant).await?;
        let known = named(&scope, &resource_type)?;
        let list = List { filter: &filter, page_size, page_token: &page_token };
        let (resources, next_page_token, total_size) = self.list(&scope, &actor, known, &list).await?;
        Ok(Response::new(ListResourcesResponse { resources, next_page_token, total_size }))
    }

    async fn get_resource(
        &self,
        request: Request<GetResourceRequest>,
    ) -> Result<Response<GetResourceResponse>, Status> {
        let actor = actor(&request);
        let GetResourceRequest { tenant, resource_type, id } = request.into_inner();
        let scope = self.scope(&tenant).await?;
        let known = named(&scope, &resource_type)?;
        let call = scope.call(&self.directory, &actor);
        let seen = browse::one(&call, known, &id).await.map_err(refusal::status)?;
        Ok(Response::new(GetResourceResponse { resource: Some(resource(known, seen)) }))
    }
}

fn named<'a>(scope: &'a Scope, name: &str) -> Result<&'a ResourceType, Status> {
    let known = scope.tenant.types.named(name);
    let missing = || refusal::status(Refused::NotFound(Noun::ResourceType, clip(name)));
    known.map(Arc::as_ref).ok_or_else(missing)
}

/// What the two lists of resources are asked for.
struct List<'a> {
    filter: &'a str,
    page_size: i32,
    page_token: &'a str,
}

impl AdminState {
    /// The tenant of a call.
    pub(super) async fn scope(&self, tenant: &str) -> Result<Scope, Status> {
        let found = scope::find(&self.directory, wire::tenant(tenant), &self.public_url).await;
        found.map_err(refusal::status)
    }

    async fn list(
        &self,
        scope: &Scope,
        actor: &Actor,
        resource_type: &ResourceType,
        list: &List<'_>,
    ) -> Result<(Vec<Resource>, String, i64), Status> {
        let code = keys::type_code(resource_type);
        let size = wire::page_size(list.page_size)?;
        let after = after(scope, code, list.page_token)?;
        let filter = Some(list.filter.trim()).filter(|filter| !filter.is_empty());
        let call = scope.call(&self.directory, actor);
        let page = browse::page(&call, resource_type, filter, after, size).await;
        let Page { items, next: last, total } = page.map_err(|error| refusal::failure(&error))?;
        let resources = items.into_iter().map(|seen| resource(resource_type, seen)).collect();
        Ok((resources, next(scope, code, last), wire::count(total)))
    }
}

/// Reading is attributed to nobody, but the verbs ask.
fn actor<T>(request: &Request<T>) -> Actor {
    Actor::new(access::caller(request).name, "")
}

/// The id in a page token of this tenant and type; members of groups have the type 0.
fn after(scope: &Scope, code: u8, token: &str) -> Result<Option<Uuid>, Status> {
    if token.is_empty() {
        return Ok(None);
    }
    let head = [&scope.tenant.number.to_be_bytes()[..], &[code]].concat();
    let place = position::read(PLACE, token);
    let id = place.as_deref().and_then(|place| place.strip_prefix(&head[..])).and_then(|id| Uuid::from_slice(id).ok());
    id.map(Some).ok_or_else(|| refusal::field("page_token", "it is not a token of this list"))
}

fn next(scope: &Scope, code: u8, last: Option<Uuid>) -> String {
    let place = |id: Uuid| [&scope.tenant.number.to_be_bytes()[..], &[code], id.as_bytes()].concat();
    last.map(|id| position::write(PLACE, &place(id))).unwrap_or_default()
}

fn resource(resource_type: &ResourceType, seen: Seen) -> Resource {
    let text = |name: &str| seen.attributes.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let name = match keys::type_code(resource_type) {
        keys::USER => text("userName"),
        _ => text("displayName"),
    };
    Resource {
        id: seen.id.to_string(),
        resource_type: resource_type.name.clone(),
        name,
        external_id: text("externalId"),
        active: seen.attributes.get("active").and_then(|value| value.as_bool()).unwrap_or(true),
        create_time: Some(wire::time(seen.created_ms)),
        update_time: Some(wire::time(seen.updated_ms)),
        version: seen.version,
        attributes: Some(wire::structure(seen.attributes)),
    }
}

fn gone(resource_type: &ResourceType, shown: &deleted::list::Shown) -> DeletedResource {
    let was = &shown.was.deleted;
    let text = |name: &str| was.attributes.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    DeletedResource {
        id: shown.was.id.to_string(),
        resource_type: resource_type.name.clone(),
        name: text(if shown.was.code == keys::GROUP { "displayName" } else { "userName" }),
        external_id: text("externalId"),
        create_time: Some(wire::time(was.created_ms)),
        delete_time: Some(wire::time(shown.was.stamp.time_ms)),
        purge_time: Some(wire::time(shown.purge_ms)),
        membership_count: wire::count(was.groups.len()),
        member_count: wire::count(shown.members),
    }
}

fn member(member: Direct) -> GroupMember {
    let resource_type = match member.code {
        keys::USER => "User",
        _ => "Group",
    };
    GroupMember { id: member.id.to_string(), resource_type: resource_type.to_owned(), display: member.display }
}

#[cfg(test)]
mod tests;
