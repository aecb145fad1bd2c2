//! `SchemaService`: definitions of schemas and resource types as messages. What may be defined is the directory's.

use serde_json::Value;
use tonic::{Request, Response, Status};

use super::access::caller;
use super::api::v1::schema_service_server::SchemaService;
use super::api::v1::{
    DefinitionOutcome, DeleteResourceTypeRequest, DeleteResourceTypeResponse, DeleteSchemaRequest,
    DeleteSchemaResponse, GetSchemaRequest, GetSchemaResponse, ListResourceTypesRequest, ListResourceTypesResponse,
    ListSchemasRequest, ListSchemasResponse, PutResourceTypeRequest, PutResourceTypeResponse, PutSchemaRequest,
    PutSchemaResponse, ResourceType, Schema,
};
use super::{AdminState, refusal, wire};
use crate::directory::definition::change::{self, Outcome, Shown, Site};
use crate::directory::refused::Refused;
use crate::limits;
use crate::scim::errors::{Error, Kind};
use crate::scim::json;

#[tonic::async_trait]
impl SchemaService for AdminState {
    async fn put_schema(&self, request: Request<PutSchemaRequest>) -> Result<Response<PutSchemaResponse>, Status> {
        let admin = caller(&request);
        let PutSchemaRequest { tenant, schema_json, dry_run } = request.into_inner();
        let json = parsed("schema_json", &schema_json)?;
        let directory = self.directory.clone();
        let done = whole(async move {
            let tenant = wire::tenant(&tenant);
            change::put_schema(Site { directory: &directory, admin: &admin, tenant, dry_run }, &json).await
        });
        let (shown, done) = done.await?;
        Ok(Response::new(PutSchemaResponse { schema: Some(schema(shown)), outcome: outcome(done).into() }))
    }

    async fn get_schema(&self, request: Request<GetSchemaRequest>) -> Result<Response<GetSchemaResponse>, Status> {
        let GetSchemaRequest { tenant, id } = request.into_inner();
        let shown = change::schema(&self.directory, wire::tenant(&tenant), &id).await.map_err(refusal::status)?;
        Ok(Response::new(GetSchemaResponse { schema: Some(schema(shown)) }))
    }

    async fn list_schemas(
        &self,
        request: Request<ListSchemasRequest>,
    ) -> Result<Response<ListSchemasResponse>, Status> {
        let tenant = request.into_inner().tenant;
        let all = change::schemas(&self.directory, wire::tenant(&tenant)).await.map_err(refusal::status)?;
        Ok(Response::new(ListSchemasResponse { schemas: all.into_iter().map(schema).collect() }))
    }

    async fn delete_schema(
        &self,
        request: Request<DeleteSchemaRequest>,
    ) -> Result<Response<DeleteSchemaResponse>, Status> {
        let admin = caller(&request);
        let DeleteSchemaRequest { tenant, id, dry_run } = request.into_inner();
        let directory = self.directory.clone();
        let done = whole(async move {
            let tenant = wire::tenant(&tenant);
            change::delete_schema(Site { directory: &directory, admin: &admin, tenant, dry_run }, &id).await
        });
        done.await?;
        Ok(Response::new(DeleteSchemaResponse {}))
    }

    async fn put_resource_type(
        &self,
        request: Request<PutResourceTypeRequest>,
    ) -> Result<Response<PutResourceTypeResponse>, Status> {
        let admin = caller(&request);
        let PutResourceTypeRequest { tenant, resource_type_json, dry_run } = request.into_inner();
        let json = parsed("resource_type_json", &resource_type_json)?;
        let directory = self.directory.clone();
        let done = whole(async move {
            let tenant = wire::tenant(&tenant);
            change::put_type(Site { directory: &directory, admin: &admin, tenant, dry_run }, &json).await
        });
        let (shown, done) = done.await?;
        let resource_type = Some(resource_type(shown));
        Ok(Response::new(PutResourceTypeResponse { resource_type, outcome: outcome(done).into() }))
    }

    async fn list_resource_types(
        &self,
        request: Request<ListResourceTypesRequest>,
    ) -> Result<Response<ListResourceTypesResponse>, Status> {
        let tenant = request.into_inner().tenant;
        let all = change::resource_types(&self.directory, wire::tenant(&tenant)).await.map_err(refusal::status)?;
        let resource_types = all.into_iter().map(resource_type).collect();
        Ok(Response::new(ListResourceTypesResponse { resource_types }))
    }

    async fn delete_resource_type(
        &self,
        request: Request<DeleteResourceTypeRequest>,
    ) -> Result<Response<DeleteResourceTypeResponse>, Status> {
        let admin = caller(&request);
        let DeleteResourceTypeRequest { tenant, name, dry_run } = request.into_inner();
        let directory = self.directory.clone();
        let done = whole(async move {
            let tenant = wire::tenant(&tenant);
            change::delete_type(Site { directory: &directory, admin: &admin, tenant, dry_run }, &name).await
        });
        done.await?;
        Ok(Response::new(DeleteResourceTypeResponse {}))
    }
}

/// A change goes on to its end also when its caller does not wait for it: a tenant must not be left closed.
async fn whole<T: Send + 'static>(
    change: impl Future<Output = Result<T, Refused>> + Send + 'static,
) -> Result<T, Status> {
    let done = tokio::spawn(change).await;
    done.map_err(|_| refusal::failure(&Error::new(Kind::Internal, "the change ended unexpectedly")))?
        .map_err(refusal::status)
}

fn parsed(field: &'static str, text: &str) -> Result<Value, Status> {
    if text.len() > limits::DEFINITION_BYTES_MAX {
        return Err(refusal::field(field, format!("it is longer than {} bytes", limits::DEFINITION_BYTES_MAX)));
    }
    json::parse(text.as_bytes()).map_err(|error| refusal::field(field, error.detail))
}

fn outcome(outcome: Outcome) -> DefinitionOutcome {
    match outcome {
        Outcome::Created => DefinitionOutcome::Created,
        Outcome::Changed => DefinitionOutcome::Changed,
        Outcome::Unchanged => DefinitionOutcome::Unchanged,
    }
}

fn schema(shown: Shown) -> Schema {
    Schema {
        name: text(&shown.json, "name"),
        schema_json: format!("{:#}", shown.json),
        id: shown.id,
        built_in: shown.built_in,
        resource_types: shown.related,
        create_time: time(shown.created_ms),
        update_time: time(shown.updated_ms),
        version: shown.version,
    }
}

fn resource_type(shown: Shown) -> ResourceType {
    ResourceType {
        endpoint: text(&shown.json, "endpoint"),
        resource_type_json: format!("{:#}", shown.json),
        name: shown.id,
        built_in: shown.built_in,
        schemas: shown.related,
        create_time: time(shown.created_ms),
        update_time: time(shown.updated_ms),
        version: shown.version,
    }
}

fn text(json: &Value, name: &str) -> String {
    json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn time(ms: i64) -> Option<prost_types::Timestamp> {
    (ms != 0).then(|| wire::time(ms))
}
