//! Tests of the discovery documents: in full, and against their own schemas.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use expect_test::{Expect, expect};

use super::*;

const BASE: &str = "https://scim.example.com/tenants/default/scim/v2";

fn types() -> [Arc<ResourceType>; 2] {
    [Arc::clone(schema::user()), Arc::clone(schema::group())]
}

fn announcement() -> Announcement {
    Announcement {
        documentation_uri: None,
        filter_results_max: 200,
        bulk_supported: true,
        bulk_operations_max: 1000,
        bulk_payload_bytes_max: 1_048_576,
        sort_supported: true,
        async_announced: false,
        etag_supported: false,
        page_max: 200,
        cursor_s_max: 3600,
    }
}

fn check(document: &Value, expected: Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(document).unwrap());
}

#[test]
fn service_provider_config_in_full() {
    check(
        &service_provider_config(&announcement(), BASE),
        expect![[r#"
        {
          "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
          ],
          "patch": {
            "supported": true
          },
          "bulk": {
            "supported": true,
            "maxOperations": 1000,
            "maxPayloadSize": 1048576
          },
          "filter": {
            "supported": true,
            "maxResults": 200
          },
          "changePassword": {
            "supported": false
          },
          "sort": {
            "supported": true
          },
          "etag": {
            "supported": false
          },
          "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": 200,
            "maxPageSize": 200,
            "cursorTimeout": 3600
          },
          "authenticationSchemes": [
            {
              "type": "oauthbearertoken",
              "name": "OAuth Bearer Token",
              "description": "Authentication scheme using the OAuth Bearer Token Standard",
              "specUri": "https://www.rfc-editor.org/info/rfc6750",
              "primary": true
            }
          ],
          "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": "https://scim.example.com/tenants/default/scim/v2/ServiceProviderConfig"
          }
        }"#]],
    );
}

#[test]
fn documentation_uri_when_there_is_one() {
    let uri = "https://example.com/help";
    let announcement = Announcement { documentation_uri: Some(uri.to_owned()), ..announcement() };
    let document = service_provider_config(&announcement, BASE);
    assert_eq!(document["documentationUri"], uri);
    assert_eq!(service_provider_config(&self::announcement(), BASE).get("documentationUri"), None);
}

#[test]
fn resource_types_in_full() {
    check(
        &resource_type_list(&types(), BASE),
        expect![[r#"
        {
          "schemas": [
            "urn:ietf:params:scim:api:messages:2.0:ListResponse"
          ],
          "totalResults": 2,
          "itemsPerPage": 2,
          "startIndex": 1,
          "Resources": [
            {
              "schemas": [
                "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
              ],
              "id": "User",
              "name": "User",
              "description": "User Account",
              "endpoint": "/Users",
              "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
              "schemaExtensions": [
                {
                  "schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
                  "required": false
                }
              ],
              "meta": {
                "resourceType": "ResourceType",
                "location": "https://scim.example.com/tenants/default/scim/v2/ResourceTypes/User"
              }
            },
            {
              "schemas": [
                "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
              ],
              "id": "Group",
              "name": "Group",
              "description": "Group",
              "endpoint": "/Groups",
              "schema": "urn:ietf:params:scim:schemas:core:2.0:Group",
              "meta": {
                "resourceType": "ResourceType",
                "location": "https://scim.example.com/tenants/default/scim/v2/ResourceTypes/Group"
              }
            }
          ]
        }"#]],
    );
}

#[test]
fn attributes_in_full() {
    let attribute = |name: &str| attribute_document(schema::user().attribute(name).unwrap());
    check(
        &attribute("userName"),
        expect![[r#"
        {
          "name": "userName",
          "type": "string",
          "multiValued": false,
          "description": "Unique identifier for the User, typically used by the user to directly authenticate to the service provider. Each User MUST include a non-empty userName value. This identifier MUST be unique across the service provider's entire set of Users. REQUIRED.",
          "required": true,
          "caseExact": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "server"
        }"#]],
    );
    check(
        &attribute("photos"),
        expect![[r#"
        {
          "name": "photos",
          "type": "complex",
          "subAttributes": [
            {
              "name": "value",
              "type": "reference",
              "referenceTypes": [
                "external"
              ],
              "multiValued": false,
              "description": "URL of a photo of the User.",
              "required": false,
              "caseExact": false,
              "mutability": "readWrite",
              "returned": "default",
              "uniqueness": "none"
            },
            {
              "name": "display",
              "type": "string",
              "multiValued": false,
              "description": "A human-readable name, primarily used for display purposes. READ-ONLY.",
              "required": false,
              "caseExact": false,
              "mutability": "readWrite",
              "returned": "default",
              "uniqueness": "none"
            },
            {
              "name": "type",
              "type": "string",
              "multiValued": false,
              "description": "A label indicating the attribute's function, i.e., 'photo' or 'thumbnail'.",
              "required": false,
              "canonicalValues": [
                "photo",
                "thumbnail"
              ],
              "caseExact": false,
              "mutability": "readWrite",
              "returned": "default",
              "uniqueness": "none"
            },
            {
              "name": "primary",
              "type": "boolean",
              "multiValued": false,
              "description": "A Boolean value indicating the 'primary' or preferred attribute value for this attribute, e.g., the preferred photo or thumbnail. The primary attribute value 'true' MUST appear no more than once.",
              "required": false,
              "caseExact": false,
              "mutability": "readWrite",
              "returned": "default",
              "uniqueness": "none"
            }
          ],
          "multiValued": true,
          "description": "URLs of photos of the User.",
          "required": false,
          "caseExact": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "none"
        }"#]],
    );
}

#[test]
fn schema_list_has_each_once() {
    let document = schema_list(&types(), BASE);
    let ids = document["Resources"].as_array().unwrap().iter().map(|each| each["id"].as_str());
    assert_eq!(
        ids.map(Option::unwrap).collect::<Vec<_>>(),
        [
            schema::USER,
            schema::ENTERPRISE_USER,
            schema::GROUP,
            schema::SERVICE_PROVIDER_CONFIG,
            schema::RESOURCE_TYPE,
            schema::SCHEMA,
        ]
    );
    assert_eq!(document["totalResults"], 6);
    assert_eq!(document["itemsPerPage"], 6);
    assert_eq!(document["startIndex"], 1);
    let twice = [types(), types()].concat();
    assert_eq!(schema_list(&twice, BASE), document);
}

/// What is published is described: a client that reads our schemas finds every attribute of our documents in them.
#[test]
fn documents_obey_their_own_schemas() {
    let documentation_uri = Some("https://example.com".to_owned());
    let announcement = Announcement { documentation_uri, async_announced: true, ..announcement() };
    assert_eq!(service_provider_config(&announcement, BASE)["securityEvents"]["asyncRequest"], "request");
    obeys(&service_provider_config(&announcement, BASE), schema::SERVICE_PROVIDER_CONFIG);
    for resource_type in &types() {
        obeys(&resource_type_document(resource_type, BASE), schema::RESOURCE_TYPE);
    }
    for published in schemas(&types()) {
        // A sub-attribute's own sub-attributes, which only the schema of schemas has, end its description.
        if published.id != schema::SCHEMA {
            obeys(&schema_document(published, BASE), schema::SCHEMA);
        }
    }
}

fn obeys(document: &Value, urn: &str) {
    let schema = schema::provider().iter().find(|schema| schema.id == urn).unwrap();
    let mut members = document.as_object().unwrap().clone();
    assert_eq!(members.remove("schemas"), Some(json!([urn])));
    let meta = members.remove("meta").unwrap();
    assert!(meta["location"].as_str().unwrap().starts_with(BASE));
    assert_eq!(meta["resourceType"], urn.rsplit(':').next().unwrap());
    object_obeys(&members, &schema.attributes, "");
}

fn object_obeys(members: &Map<String, Value>, attributes: &[Attribute], path: &str) {
    for attribute in attributes.iter().filter(|attribute| attribute.required) {
        assert!(members.contains_key(&attribute.name), "{path}{} is missing", attribute.name);
    }
    for (name, value) in members {
        let path = format!("{path}{name}");
        let attribute = attributes.iter().find(|attribute| attribute.name == *name);
        let attribute = attribute.unwrap_or_else(|| panic!("{path} is in no schema"));
        assert_eq!(value.is_array(), attribute.multi_valued, "{path}");
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            match attribute.kind {
                Kind::Complex => {
                    let members = value.as_object().unwrap();
                    object_obeys(members, &attribute.sub_attributes, &format!("{path}."));
                }
                Kind::Boolean => assert!(value.is_boolean(), "{path}"),
                Kind::Integer => assert!(value.is_u64(), "{path}"),
                _ => assert!(value.is_string(), "{path}"),
            }
            let canonical = &attribute.canonical_values;
            let known = canonical.is_empty() || canonical.iter().any(|each| value == each);
            assert!(known, "{path}: {value}");
        }
    }
}
