//! What the server says of itself (RFC 7644 section 4), its URLs (3.2, 3.13) and the references in its answers (RFC 7643 section 2.3.7).

use super::{BASE, ORIGIN, Server};
use scimd::scim::schema::{
    ENTERPRISE_USER, GROUP, LIST_RESPONSE, RESOURCE_TYPE, SCHEMA, SERVICE_PROVIDER_CONFIG, USER,
};
use serde_json::{Value, json};

#[tokio::test]
async fn the_server_describes_itself() {
    let server = Server::strict().await;
    let config = server.get("/ServiceProviderConfig").await;
    assert_eq!((config.status, config.json()["schemas"].clone()), (200, json!([SERVICE_PROVIDER_CONFIG])));
    let list = server.get("/Schemas").await.json();
    assert_eq!(list["schemas"], json!([LIST_RESPONSE]));
    let resources = list["Resources"].as_array().unwrap();
    assert_eq!(list["totalResults"], resources.len());
    let ids: Vec<_> = resources.iter().map(|schema| schema["id"].as_str().unwrap()).collect();
    for urn in [USER, GROUP, ENTERPRISE_USER] {
        assert!(ids.contains(&urn), "{urn}");
    }
    // Messages have schemas of their own, and those are not resources.
    assert!(ids.iter().all(|urn| !urn.starts_with("urn:ietf:params:scim:api:")), "{ids:?}");
    for schema in resources {
        let urn = schema["id"].as_str().unwrap();
        assert_eq!(server.get(&format!("/Schemas/{urn}")).await.json(), *schema);
        for name in ["id", "name", "description"] {
            assert_ne!(schema[name].as_str().unwrap_or_default(), "", "{urn}: {name}");
        }
        described(urn, &schema["attributes"]);
    }
    let types = server.get("/ResourceTypes").await.json();
    assert_eq!(types["schemas"], json!([LIST_RESPONSE]));
    for each in types["Resources"].as_array().unwrap() {
        assert_eq!(each["schemas"], json!([RESOURCE_TYPE]));
        assert_eq!(server.get(&format!("/ResourceTypes/{}", each["name"].as_str().unwrap())).await.json(), *each);
        // The endpoint is there, and its name is that of the type with an s.
        let endpoint = each["endpoint"].as_str().unwrap();
        assert_eq!(server.get(endpoint).await.status, 200);
        assert_eq!(endpoint, format!("/{}s", each["name"].as_str().unwrap()));
        assert!(ids.contains(&each["schema"].as_str().unwrap()));
    }
    assert_eq!(server.get("/Schemas/urn:none").await.error().0, 404);
    assert_eq!(server.get(&format!("/Schemas/{SCHEMA}")).await.json()["name"], "Schema");
}

/// Every attribute has what a client needs to know of it, and a complex one the attributes within.
fn described(urn: &str, attributes: &Value) {
    for attribute in attributes.as_array().unwrap() {
        let name = &attribute["name"];
        assert_ne!(attribute["description"].as_str().unwrap_or_default(), "", "{urn} {name}");
        assert!(attribute["multiValued"].is_boolean() && attribute["required"].is_boolean(), "{urn} {name}");
        for word in ["type", "mutability", "returned"] {
            assert!(attribute[word].is_string(), "{urn} {name} {word}");
        }
        let is_complex = attribute["type"] == "complex";
        assert!(!is_complex || attribute.get("subAttributes").is_some(), "{urn} {name}");
        if let Some(within) = attribute.get("subAttributes") {
            // Only the schema of schemas has attributes within attributes within attributes.
            let is_flat = within.as_array().unwrap().iter().all(|sub| sub["type"] != "complex");
            assert!(is_complex && (is_flat || urn == SCHEMA), "{urn} {name}");
            described(urn, within);
        }
    }
}

#[tokio::test]
async fn discovery_is_not_queried() {
    let server = Server::strict().await;
    for endpoint in ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"] {
        let whole = server.get(endpoint).await.text;
        for query in [
            "startIndex=2&count=1",
            "count=0",
            "sortBy=name&sortOrder=descending",
            "count=ten&startIndex=one",
            "sortOrder=up",
            "attributes=id",
            "count=1&count=2",
        ] {
            let reply = server.get(&format!("{endpoint}?{query}")).await;
            assert_eq!((reply.status, reply.text), (200, whole.clone()), "{endpoint}?{query}");
        }
        for query in ["filter=name%20pr", "filter=", "FILTER=x", "count=1&f%69lter=regex", "filter=%ff"] {
            let refused = server.get(&format!("{endpoint}?{query}")).await;
            assert_eq!(refused.error(), (403, String::new()), "{endpoint}?{query}");
        }
    }
}

#[tokio::test]
async fn another_version_is_not_this_one() {
    let server = Server::start().await;
    let id = server.user("jane").await;
    assert_eq!(server.get(&format!("{BASE}/Users/{id}")).await.status, 200);
    for base in ["/tenants/default/scim/v1", "/tenants/default/scim/v3", "/tenants/default/scim/v22"] {
        for path in ["/Users".to_owned(), format!("/Users/{id}"), "/ServiceProviderConfig".to_owned()] {
            let refused = server.get(&format!("{base}{path}")).await;
            assert_eq!(refused.error(), (400, "invalidVers".to_owned()), "{base}{path}");
        }
        let post = server.ask("POST", &format!("{base}/Users"), super::user("john")).await;
        assert_eq!(post.error(), (400, "invalidVers".to_owned()), "{base}");
    }
    for base in ["/tenants/default/scim", "/tenants/default", "/tenants/default/scim/vx"] {
        assert_eq!(server.get(&format!("{base}/Users")).await.error(), (404, String::new()), "{base}");
    }
    assert_eq!(server.names("userName pr").await, ["jane"]);
}

#[tokio::test]
async fn without_a_subject_there_is_no_me() {
    let server = Server::start().await;
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let reply = server.ask(method, "/Me", if method == "GET" { Value::Null } else { json!({}) }).await;
        assert_eq!(reply.error(), (501, String::new()), "{method}");
    }
}

#[tokio::test]
async fn references_lead_to_what_they_name() {
    let server = Server::strict().await;
    let user = server.user("jane").await;
    let inner = server.group("Inner", &[&user]).await;
    let outer = server.group("Outer", &[&inner]).await;
    let reference = |list: &Value| list["$ref"].as_str().unwrap().to_owned();
    let inner_now = server.get(&format!("/Groups/{inner}")).await.json();
    let outer_now = server.get(&format!("/Groups/{outer}")).await.json();
    let user_now = server.get(&format!("/Users/{user}")).await.json();
    let mut seen = 0;
    for (holder, name) in [(&inner_now, "members"), (&outer_now, "members"), (&user_now, "groups")] {
        for element in holder[name].as_array().unwrap() {
            let place = reference(element);
            assert!(place.starts_with(&format!("{ORIGIN}{BASE}/")), "{place}");
            let target = server.get(&place).await;
            assert_eq!((target.status, target.json()["id"].clone()), (200, element["value"].clone()), "{place}");
            assert_eq!(target.json()["meta"]["location"], place);
            seen += 1;
        }
    }
    assert_eq!(seen, 4, "{user_now}");
    // A reference to what is no longer there is answered too.
    assert_eq!(server.ask("DELETE", &format!("/Users/{user}"), Value::Null).await.status, 204);
    assert_eq!(server.get(user_now["meta"]["location"].as_str().unwrap()).await.error().0, 404);
}
