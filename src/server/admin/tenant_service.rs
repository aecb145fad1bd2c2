//! `TenantService`: tenants as messages. What a tenant is and may be is the directory's.

use std::collections::BTreeMap;
use std::pin::Pin;

use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::access::caller;
use super::api::v1::tenant_service_server::TenantService;
use super::api::v1::{
    CreateTenantRequest, CreateTenantResponse, DeleteTenantRequest, DeleteTenantResponse, GetTenantRequest,
    GetTenantResponse, GroupNames, ListTenantsRequest, ListTenantsResponse, QuirkStance, Tenant, UpdateTenantRequest,
    UpdateTenantResponse,
};
use super::{AdminState, refusal, wire};
use crate::directory::record;
use crate::directory::tenant::removal;
use crate::directory::tenant::settings::{self, Shown};
use crate::profile;
use crate::scim::dialect::Quirk;

#[tonic::async_trait]
impl TenantService for AdminState {
    async fn create_tenant(
        &self,
        request: Request<CreateTenantRequest>,
    ) -> Result<Response<CreateTenantResponse>, Status> {
        let admin = caller(&request);
        let tenant = request.into_inner().tenant.ok_or_else(|| refusal::field("tenant", "it is required"))?;
        let wanted = stored(tenant)?;
        let (shown, created) = settings::create(&self.directory, &admin, wanted).await.map_err(refusal::status)?;
        Ok(Response::new(CreateTenantResponse { tenant: Some(self.tenant(shown)), created }))
    }

    async fn list_tenants(
        &self,
        request: Request<ListTenantsRequest>,
    ) -> Result<Response<ListTenantsResponse>, Status> {
        let request = request.into_inner();
        let (limit, after) = wire::page(request.page_size, &request.page_token)?;
        let after = after.map(u32::from_be_bytes);
        let listed = settings::list(&self.directory, after, limit).await.map_err(refusal::status)?;
        Ok(Response::new(ListTenantsResponse {
            tenants: listed.tenants.into_iter().map(|shown| self.tenant(shown)).collect(),
            next_page_token: wire::next_page(listed.next.map(u32::to_be_bytes)),
        }))
    }

    async fn get_tenant(&self, request: Request<GetTenantRequest>) -> Result<Response<GetTenantResponse>, Status> {
        let name = request.into_inner().name;
        let shown = settings::get(&self.directory, wire::tenant(&name)).await.map_err(refusal::status)?;
        let number = shown.number;
        let mut tenant = self.tenant(shown);
        if let Some(suggestion) = self.recorder.suggestion(number, &tenant.profile) {
            tenant.suggested_profile = suggestion.profile.to_owned();
            tenant.suggested_profile_reason = suggestion.reason.to_owned();
        }
        Ok(Response::new(GetTenantResponse { tenant: Some(tenant) }))
    }

    async fn update_tenant(
        &self,
        request: Request<UpdateTenantRequest>,
    ) -> Result<Response<UpdateTenantResponse>, Status> {
        let admin = caller(&request);
        let UpdateTenantRequest { tenant, update_mask } = request.into_inner();
        let tenant = tenant.ok_or_else(|| refusal::field("tenant", "it is required"))?;
        let revision = wire::revision("tenant.etag", "a tenant", &tenant.etag)?;
        let name = tenant.name.clone();
        let paths = update_mask.unwrap_or_default().paths;
        if paths.is_empty() {
            return Err(refusal::field("update_mask", "it names no field"));
        }
        if let Some(path) = paths.iter().find(|path| !is_field(path)) {
            let path = crate::scim::errors::clip(path);
            return Err(refusal::field("update_mask", format!("'{path}' is none of {}", FIELDS.join(", "))));
        }
        let wanted = stored(tenant)?;
        let change = |settings: &mut record::Tenant| paths.iter().for_each(|path| set(settings, path, &wanted));
        let shown =
            settings::update(&self.directory, &admin, &name, revision, change).await.map_err(refusal::status)?;
        Ok(Response::new(UpdateTenantResponse { tenant: Some(self.tenant(shown)) }))
    }

    type DeleteTenantStream = Pin<Box<dyn Stream<Item = Result<DeleteTenantResponse, Status>> + Send>>;

    async fn delete_tenant(
        &self,
        request: Request<DeleteTenantRequest>,
    ) -> Result<Response<Self::DeleteTenantStream>, Status> {
        let admin = caller(&request);
        let DeleteTenantRequest { name, confirm_name } = request.into_inner();
        let removal = removal::start(&self.directory, &admin, &name, &confirm_name).await.map_err(refusal::status)?;
        let steps = futures_util::stream::unfold(Some(removal), async |removal| {
            let mut removal = removal?;
            match removal.next().await {
                Some(rows) => Some((Ok(progress(rows, false)), Some(removal))),
                None => Some((Ok(progress(removal.rows(), true)), None)),
            }
        });
        Ok(Response::new(Box::pin(steps)))
    }
}

/// The fields that an update may set.
const FIELDS: [&str; 11] = [
    "display_name",
    "profile",
    "public_url",
    "discovery_without_token",
    "if_match_required",
    "group_names",
    "requests_per_second_max",
    "token_requests_per_second_max",
    "quirks",
    "deleted_kept_days",
    "disabled",
];

/// Before the name of one quirk.
const QUIRK: &str = "quirks.";

fn is_field(path: &str) -> bool {
    FIELDS.contains(&path) || path.strip_prefix(QUIRK).is_some_and(|name| Quirk::by_name(name).is_some())
}

fn set(settings: &mut record::Tenant, field: &str, wanted: &record::Tenant) {
    match field {
        "display_name" => settings.display_name.clone_from(&wanted.display_name),
        "profile" => settings.profile.clone_from(&wanted.profile),
        "public_url" => settings.public_url.clone_from(&wanted.public_url),
        "discovery_without_token" => settings.discovery_without_token = wanted.discovery_without_token,
        "if_match_required" => settings.if_match_required = wanted.if_match_required,
        "group_names" => settings.unique_group_names = wanted.unique_group_names,
        "requests_per_second_max" => settings.requests_per_s_max = wanted.requests_per_s_max,
        "token_requests_per_second_max" => settings.token_requests_per_s_max = wanted.token_requests_per_s_max,
        "quirks" => settings.quirks.clone_from(&wanted.quirks),
        "deleted_kept_days" => settings.deleted_kept_days = wanted.deleted_kept_days,
        "disabled" => settings.disabled = wanted.disabled,
        quirk if quirk.starts_with(QUIRK) => {
            let name = quirk.trim_start_matches(QUIRK);
            match wanted.quirks.get(name) {
                Some(stance) => settings.quirks.insert(name.to_owned(), *stance),
                None => settings.quirks.remove(name),
            };
        }
        // The mask was checked against the list above.
        _ => {}
    }
}

/// A message as settings.
fn stored(tenant: Tenant) -> Result<record::Tenant, Status> {
    let unique_group_names = match GroupNames::try_from(tenant.group_names) {
        Ok(GroupNames::Unspecified) => None,
        Ok(GroupNames::Unique) => Some(true),
        Ok(GroupNames::Shared) => Some(false),
        Err(_) => return Err(refusal::field("tenant.group_names", "it is none of the values that there are")),
    };
    let mut quirks = BTreeMap::new();
    for (name, stance) in tenant.quirks {
        let stance = match QuirkStance::try_from(stance) {
            Ok(QuirkStance::Accept) => record::Stance::Accept,
            Ok(QuirkStance::Warn) => record::Stance::Warn,
            Ok(QuirkStance::Refuse) => record::Stance::Refuse,
            Ok(QuirkStance::Unspecified) => continue,
            Err(_) => return Err(refusal::field("tenant.quirks", "a stance is none of the values that there are")),
        };
        quirks.insert(name, stance);
    }
    Ok(record::Tenant {
        quirks,
        deleted_kept_days: tenant.deleted_kept_days,
        name: tenant.name,
        display_name: tenant.display_name,
        profile: if tenant.profile.is_empty() { profile::custom::DIALECT.name.to_owned() } else { tenant.profile },
        public_url: (!tenant.public_url.is_empty()).then_some(tenant.public_url),
        discovery_without_token: tenant.discovery_without_token,
        if_match_required: tenant.if_match_required,
        unique_group_names,
        requests_per_s_max: tenant.requests_per_second_max,
        token_requests_per_s_max: tenant.token_requests_per_second_max,
        disabled: tenant.disabled,
        ..record::Tenant::default()
    })
}

impl AdminState {
    fn tenant(&self, shown: Shown) -> Tenant {
        let settings = shown.settings;
        let group_names = match settings.unique_group_names {
            None => GroupNames::Unspecified,
            Some(true) => GroupNames::Unique,
            Some(false) => GroupNames::Shared,
        };
        let quirks = settings.quirks.iter().map(|(name, stance)| (name.clone(), wire::stance((*stance).into()).into()));
        Tenant {
            quirks: quirks.collect(),
            deleted_kept_days: settings.deleted_kept_days,
            suggested_profile: String::new(),
            suggested_profile_reason: String::new(),
            tenant_url: self.tenant_url(&settings.name, settings.public_url.as_deref()),
            name: settings.name,
            display_name: settings.display_name,
            profile: settings.profile,
            public_url: settings.public_url.unwrap_or_default(),
            discovery_without_token: settings.discovery_without_token,
            if_match_required: settings.if_match_required,
            group_names: group_names.into(),
            requests_per_second_max: settings.requests_per_s_max,
            token_requests_per_second_max: settings.token_requests_per_s_max,
            disabled: settings.disabled,
            deleting: settings.deleting,
            create_time: Some(wire::time(settings.created_ms)),
            update_time: Some(wire::time(shown.updated_ms)),
            etag: shown.revision.to_string(),
            user_count: wire::count(shown.users),
            group_count: wire::count(shown.groups),
        }
    }

    /// The Tenant URL of a tenant, by its own public URL or the server's.
    pub(super) fn tenant_url(&self, name: &str, public_url: Option<&str>) -> String {
        format!("{}/tenants/{name}/scim/v2", public_url.unwrap_or(&self.public_url))
    }
}

fn progress(rows: u64, done: bool) -> DeleteTenantResponse {
    DeleteTenantResponse { rows_deleted: wire::number(rows), done }
}
