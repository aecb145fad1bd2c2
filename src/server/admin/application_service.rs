//! `ApplicationService`: Crowd applications as messages. What an application is and may be is the directory's.

use tonic::{Request, Response, Status};

use super::access::caller;
use super::api::v1::application_service_server::ApplicationService;
use super::api::v1::{
    Application, ApplicationProduct, CreateApplicationRequest, CreateApplicationResponse, DeleteApplicationRequest,
    DeleteApplicationResponse, ExpireApplicationTokensRequest, ExpireApplicationTokensResponse, GetApplicationRequest,
    GetApplicationResponse, ListApplicationsRequest, ListApplicationsResponse, RotateApplicationPasswordRequest,
    RotateApplicationPasswordResponse, UpdateApplicationRequest, UpdateApplicationResponse,
};
use super::{AdminState, outbound, refusal, wire};
use crate::directory::application::Product;
use crate::directory::application::password::Password;
use crate::directory::application::settings::{self, Made, Shown};
use crate::directory::network::Network;
use crate::directory::record;

#[tonic::async_trait]
impl ApplicationService for AdminState {
    async fn create_application(
        &self,
        request: Request<CreateApplicationRequest>,
    ) -> Result<Response<CreateApplicationResponse>, Status> {
        let admin = caller(&request);
        let CreateApplicationRequest { application, password } = request.into_inner();
        let application = application.ok_or_else(|| refusal::field("application", "it is required"))?;
        let (tenant, name) = (application.tenant.clone(), application.name.clone());
        let (at, wanted) = ((wire::tenant(&tenant), name.as_str()), stored(application)?);
        let made = settings::create(&self.directory, &admin, at, wanted, chosen(password)).await;
        let (shown, password, created) = match made.map_err(refusal::status)? {
            Made::New(shown, password) => (shown, password.expose().to_owned(), true),
            Made::There(shown) => (shown, String::new(), false),
        };
        let url = self.crowd_url.clone();
        Ok(Response::new(CreateApplicationResponse { application: Some(message(shown)), password, created, url }))
    }

    async fn list_applications(
        &self,
        request: Request<ListApplicationsRequest>,
    ) -> Result<Response<ListApplicationsResponse>, Status> {
        let request = request.into_inner();
        let (limit, after) = wire::page::<String>(request.page_size, &request.page_token)?;
        let tenant = wire::tenant(&request.tenant);
        let listed = settings::list(&self.directory, tenant, after.as_deref(), limit).await;
        let listed = listed.map_err(refusal::status)?;
        Ok(Response::new(ListApplicationsResponse {
            applications: listed.applications.into_iter().map(message).collect(),
            next_page_token: wire::next_page(listed.next),
        }))
    }

    async fn get_application(
        &self,
        request: Request<GetApplicationRequest>,
    ) -> Result<Response<GetApplicationResponse>, Status> {
        let GetApplicationRequest { tenant, name } = request.into_inner();
        let shown = settings::get(&self.directory, wire::tenant(&tenant), &name).await.map_err(refusal::status)?;
        let url = self.crowd_url.clone();
        Ok(Response::new(GetApplicationResponse { application: Some(message(shown)), url }))
    }

    async fn update_application(
        &self,
        request: Request<UpdateApplicationRequest>,
    ) -> Result<Response<UpdateApplicationResponse>, Status> {
        let admin = caller(&request);
        let UpdateApplicationRequest { application, update_mask } = request.into_inner();
        let application = application.ok_or_else(|| refusal::field("application", "it is required"))?;
        let revision = wire::revision("application.etag", "an application", &application.etag)?;
        let (tenant, name) = (application.tenant.clone(), application.name.clone());
        let paths = outbound::paths(update_mask, &FIELDS)?;
        if paths.is_empty() {
            return Err(refusal::field("update_mask", "it names no field"));
        }
        let wanted = stored(application)?;
        let change = |stored: &mut record::Application| paths.iter().for_each(|path| set(stored, path, &wanted));
        let at = (wire::tenant(&tenant), name.as_str());
        let shown = settings::update(&self.directory, &admin, at, revision, change).await.map_err(refusal::status)?;
        Ok(Response::new(UpdateApplicationResponse { application: Some(message(shown)) }))
    }

    async fn delete_application(
        &self,
        request: Request<DeleteApplicationRequest>,
    ) -> Result<Response<DeleteApplicationResponse>, Status> {
        let admin = caller(&request);
        let DeleteApplicationRequest { tenant, name, etag } = request.into_inner();
        let revision = wire::revision("etag", "an application", &etag)?;
        let at = (wire::tenant(&tenant), name.as_str());
        settings::delete(&self.directory, &admin, at, revision).await.map_err(refusal::status)?;
        Ok(Response::new(DeleteApplicationResponse {}))
    }

    async fn rotate_application_password(
        &self,
        request: Request<RotateApplicationPasswordRequest>,
    ) -> Result<Response<RotateApplicationPasswordResponse>, Status> {
        let admin = caller(&request);
        let RotateApplicationPasswordRequest { tenant, name, password, overlap } = request.into_inner();
        let overlap_ms = overlap.as_ref().map_or(Ok(0), |overlap| wire::duration_ms("overlap", overlap))?;
        let at = (wire::tenant(&tenant), name.as_str());
        let rotated = settings::rotate_password(&self.directory, &admin, at, chosen(password), overlap_ms).await;
        let (shown, password) = rotated.map_err(refusal::status)?;
        Ok(Response::new(RotateApplicationPasswordResponse {
            application: Some(message(shown)),
            password: password.expose().to_owned(),
        }))
    }

    async fn expire_application_tokens(
        &self,
        request: Request<ExpireApplicationTokensRequest>,
    ) -> Result<Response<ExpireApplicationTokensResponse>, Status> {
        let admin = caller(&request);
        let ExpireApplicationTokensRequest { tenant, name } = request.into_inner();
        let at = (wire::tenant(&tenant), name.as_str());
        let shown = settings::expire_tokens(&self.directory, &admin, at).await.map_err(refusal::status)?;
        Ok(Response::new(ExpireApplicationTokensResponse { application: Some(message(shown)) }))
    }
}

/// The fields that an update may set, beside those that targets have too.
const FIELDS: [&str; 4] = ["product", "description", "allowed_networks", "disabled"];

fn set(stored: &mut record::Application, field: &str, wanted: &record::Application) {
    match field {
        "product" => stored.product = wanted.product,
        "description" => stored.description.clone_from(&wanted.description),
        "filter" => {
            stored.include.clone_from(&wanted.include);
            stored.exclude.clone_from(&wanted.exclude);
            stored.users = wanted.users;
        }
        "filter.include_groups" => stored.include.clone_from(&wanted.include),
        "filter.exclude_groups" => stored.exclude.clone_from(&wanted.exclude),
        "filter.users" => stored.users = wanted.users,
        "allowed_networks" => stored.networks.clone_from(&wanted.networks),
        "disabled" => stored.disabled = wanted.disabled,
        mapping => outbound::set(&mut stored.outbound, mapping, &wanted.outbound),
    }
}

/// A message as settings.
fn stored(application: Application) -> Result<record::Application, Status> {
    let product = match ApplicationProduct::try_from(application.product) {
        Ok(ApplicationProduct::Unspecified | ApplicationProduct::Other) => Product::Other,
        Ok(ApplicationProduct::Jira) => Product::Jira,
        Ok(ApplicationProduct::Confluence) => Product::Confluence,
        Ok(ApplicationProduct::Bitbucket) => Product::Bitbucket,
        Err(_) => return Err(refusal::field("application.product", "it is none of the values that there are")),
    };
    let network = |text: &String| {
        let wrong = |why: String| refusal::field("application.allowed_networks", why);
        text.parse::<Network>().map_err(wrong)
    };
    let filter = application.filter.unwrap_or_default();
    Ok(record::Application {
        product,
        description: application.description,
        users: outbound::users("application.filter.users", &filter)?,
        include: filter.include_groups,
        exclude: filter.exclude_groups,
        outbound: outbound::definition(application.mapping.unwrap_or_default()),
        networks: application.allowed_networks.iter().map(network).collect::<Result<_, _>>()?,
        disabled: application.disabled,
        ..record::Application::default()
    })
}

fn message(shown: Shown) -> Application {
    let stored = shown.stored;
    let product = match stored.product {
        Product::Jira => ApplicationProduct::Jira,
        Product::Confluence => ApplicationProduct::Confluence,
        Product::Bitbucket => ApplicationProduct::Bitbucket,
        Product::Other => ApplicationProduct::Other,
    };
    Application {
        tenant: shown.tenant,
        name: shown.name,
        product: product.into(),
        description: stored.description,
        filter: Some(outbound::filter(stored.include, stored.exclude, stored.users)),
        mapping: Some(outbound::mapping(stored.outbound)),
        allowed_networks: stored.networks.iter().map(ToString::to_string).collect(),
        disabled: stored.disabled,
        create_time: Some(wire::time(stored.created_ms)),
        update_time: Some(wire::time(shown.updated_ms)),
        password_time: Some(wire::time(stored.password_ms)),
        old_password_expire_time: stored.previous.map(|previous| wire::time(previous.until_ms)),
        last_use_time: shown.seen.map(|seen| wire::time(seen.at_ms)),
        last_use_address: shown.seen.map(|seen| seen.from.to_string()).unwrap_or_default(),
        etag: shown.revision.to_string(),
    }
}

fn chosen(password: String) -> Option<Password> {
    (!password.is_empty()).then(|| Password::new(password))
}
