//! The documents with which the service describes itself: `/ServiceProviderConfig`, `/ResourceTypes` and `/Schemas`
//! (RFC 7643 sections 5 to 7, RFC 7644 section 4). It knows no tenant; what differs between tenants is handed in.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::schema::{self, Attribute, Kind, Mutability, ResourceType, Returned, Schema, Uniqueness};

/// What a tenant's service offers beyond the fixed: PATCH always, changing one's password never, bearer tokens alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Announcement {
    /// Where people find help, when there is such a page.
    pub documentation_uri: Option<String>,
    /// The most resources in one list answer.
    pub filter_results_max: u64,
    /// Whether `/Bulk` answers.
    pub bulk_supported: bool,
    /// The most operations in one bulk request.
    pub bulk_operations_max: u64,
    /// The longest bulk request in bytes.
    pub bulk_payload_bytes_max: u64,
    /// Whether `sortBy` is heeded.
    pub sort_supported: bool,
    /// Whether asynchronous requests are announced.
    pub async_announced: bool,
    /// Whether answers have ETags and preconditions are heeded.
    pub etag_supported: bool,
    /// The most resources on one page, which is also how many it has when the request names no count.
    pub page_max: u64,
    /// How long a cursor is taken, in seconds.
    pub cursor_s_max: u64,
}

/// The answer of `/ServiceProviderConfig`. `base` is the Tenant URL without a slash at its end.
pub fn service_provider_config(announcement: &Announcement, base: &str) -> Value {
    let mut document = Map::new();
    document.insert("schemas".to_owned(), json!([schema::SERVICE_PROVIDER_CONFIG]));
    if let Some(uri) = &announcement.documentation_uri {
        document.insert("documentationUri".to_owned(), json!(uri));
    }
    let parts = [
        ("patch", json!({ "supported": true })),
        (
            "bulk",
            json!({
                "supported": announcement.bulk_supported,
                "maxOperations": announcement.bulk_operations_max,
                "maxPayloadSize": announcement.bulk_payload_bytes_max,
            }),
        ),
        ("filter", json!({ "supported": true, "maxResults": announcement.filter_results_max })),
        ("changePassword", json!({ "supported": false })),
        ("sort", json!({ "supported": announcement.sort_supported })),
        ("etag", json!({ "supported": announcement.etag_supported })),
        (
            // RFC 9865 section 4.
            "pagination",
            json!({
                "cursor": true,
                "index": true,
                "defaultPaginationMethod": "index",
                "defaultPageSize": announcement.page_max,
                "maxPageSize": announcement.page_max,
                "cursorTimeout": announcement.cursor_s_max,
            }),
        ),
        (
            "authenticationSchemes",
            json!([{
                "type": "oauthbearertoken",
                "name": "OAuth Bearer Token",
                "description": "Authentication scheme using the OAuth Bearer Token Standard",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": true,
            }]),
        ),
        ("meta", meta("ServiceProviderConfig", format!("{base}/ServiceProviderConfig"))),
    ];
    document.extend(parts.map(|(name, value)| (name.to_owned(), value)));
    if announcement.async_announced {
        // draft-ietf-scim-events section 4. No event is delivered, so that there are no eventUris.
        document.insert("securityEvents".to_owned(), json!({ "asyncRequest": "request" }));
    }
    Value::Object(document)
}

/// One resource type as `/ResourceTypes/{id}` answers it. `base` is the Tenant URL without a slash at its end.
pub fn resource_type_document(resource_type: &ResourceType, base: &str) -> Value {
    let mut document = Map::new();
    document.insert("schemas".to_owned(), json!([schema::RESOURCE_TYPE]));
    document.insert("id".to_owned(), json!(resource_type.id));
    document.insert("name".to_owned(), json!(resource_type.name));
    document.insert("description".to_owned(), json!(resource_type.description));
    document.insert("endpoint".to_owned(), json!(resource_type.endpoint));
    document.insert("schema".to_owned(), json!(resource_type.schema.id));
    if !resource_type.extensions.is_empty() {
        let extensions = resource_type
            .extensions
            .iter()
            .map(|extension| json!({ "schema": extension.schema.id, "required": extension.required }));
        document.insert("schemaExtensions".to_owned(), extensions.collect());
    }
    let location = format!("{base}/ResourceTypes/{}", resource_type.id);
    document.insert("meta".to_owned(), meta("ResourceType", location));
    Value::Object(document)
}

/// One schema as `/Schemas/{urn}` answers it. `base` is the Tenant URL without a slash at its end.
pub fn schema_document(schema: &Schema, base: &str) -> Value {
    json!({
        "schemas": [schema::SCHEMA],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": schema.attributes.iter().map(attribute_document).collect::<Value>(),
        "meta": meta("Schema", format!("{base}/Schemas/{}", schema.id)),
    })
}

/// The answer of `/ResourceTypes`, all in one page.
pub fn resource_type_list(resource_types: &[Arc<ResourceType>], base: &str) -> Value {
    list(resource_types.iter().map(|each| resource_type_document(each, base)).collect())
}

/// The answer of `/Schemas`, all in one page.
pub fn schema_list(resource_types: &[Arc<ResourceType>], base: &str) -> Value {
    list(schemas(resource_types).into_iter().map(|each| schema_document(each, base)).collect())
}

/// The schemas published for these resource types, each once: their own, their extensions', and those of the discovery
/// documents.
pub fn schemas(resource_types: &[Arc<ResourceType>]) -> Vec<&Arc<Schema>> {
    let own = resource_types.iter().flat_map(|each| {
        let extensions = each.extensions.iter().map(|extension| &extension.schema);
        std::iter::once(&each.schema).chain(extensions)
    });
    let mut published = Vec::<&Arc<Schema>>::new();
    for schema in own.chain(schema::provider()) {
        if !published.iter().any(|other| other.id.eq_ignore_ascii_case(&schema.id)) {
            published.push(schema);
        }
    }
    published
}

/// One attribute of a schema. All characteristics are written, also those at their defaults: section 7 has every one but `canonicalValues`
/// required, and clients are spared knowing the defaults.
pub fn attribute_document(attribute: &Attribute) -> Value {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("name", json!(attribute.name));
    put("type", json!(kind(attribute.kind)));
    if !attribute.sub_attributes.is_empty() {
        put("subAttributes", attribute.sub_attributes.iter().map(attribute_document).collect());
    }
    if !attribute.reference_types.is_empty() {
        put("referenceTypes", json!(attribute.reference_types));
    }
    put("multiValued", json!(attribute.multi_valued));
    put("description", json!(attribute.description));
    put("required", json!(attribute.required));
    if !attribute.canonical_values.is_empty() {
        put("canonicalValues", json!(attribute.canonical_values));
    }
    put("caseExact", json!(attribute.case_exact));
    put("mutability", json!(mutability(attribute.mutability)));
    put("returned", json!(returned(attribute.returned)));
    put("uniqueness", json!(uniqueness(attribute.uniqueness)));
    Value::Object(document)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "string",
        Kind::Boolean => "boolean",
        Kind::Decimal => "decimal",
        Kind::Integer => "integer",
        Kind::DateTime => "dateTime",
        Kind::Binary => "binary",
        Kind::Reference => "reference",
        Kind::Complex => "complex",
    }
}

fn mutability(mutability: Mutability) -> &'static str {
    match mutability {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
        Mutability::Immutable => "immutable",
        Mutability::WriteOnly => "writeOnly",
    }
}

fn returned(returned: Returned) -> &'static str {
    match returned {
        Returned::Always => "always",
        Returned::Never => "never",
        Returned::Default => "default",
        Returned::Request => "request",
    }
}

fn uniqueness(uniqueness: Uniqueness) -> &'static str {
    match uniqueness {
        Uniqueness::None => "none",
        Uniqueness::Server => "server",
        Uniqueness::Global => "global",
    }
}

fn meta(resource_type: &str, location: String) -> Value {
    json!({ "resourceType": resource_type, "location": location })
}

fn list(resources: Vec<Value>) -> Value {
    json!({
        "schemas": [schema::LIST_RESPONSE],
        "totalResults": resources.len(),
        "itemsPerPage": resources.len(),
        "startIndex": 1,
        "Resources": resources,
    })
}

#[cfg(test)]
mod tests;
