//! What a bulk request is answered with (RFC 7644 section 3.7); what it does is tested with the verbs.

use super::{BASE, ORIGIN, Reply, Server, patch, user};
use scimd::limits;
use scimd::scim::schema::{ENTERPRISE_USER, ERROR, GROUP, USER};
use serde_json::{Value, json};

const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

async fn bulk(server: &Server, operations: Value) -> Reply {
    server.ask("POST", "/Bulk", json!({"schemas": [REQUEST], "Operations": operations})).await
}

/// The results, of a bulk request that was done.
fn results(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json()["schemas"], json!([RESPONSE]));
    reply.json()["Operations"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_operation_has_its_result() {
    let server = Server::strict().await;
    let (put, patched, gone) = (server.user("put").await, server.user("patched").await, server.user("gone").await);
    let title = patch(json!([{"op": "add", "path": "title", "value": "T"}]));
    let operations = json!([
        {"method": "POST", "path": "/Users", "bulkId": "first", "data": user("jane")},
        {"method": "POST", "path": "/Users", "bulkId": "taken", "data": user("JANE")},
        {"method": "PUT", "path": format!("/Users/{put}"), "data": user("joan")},
        {"method": "PATCH", "path": format!("/Users/{patched}"), "data": title},
        {"method": "DELETE", "path": format!("/Users/{gone}")},
        {"method": "PATCH", "path": format!("/Users/{gone}"), "version": "W/\"9.9\"", "data": title},
        {"method": "POST", "path": "/Users", "bulkId": "last", "data": user("jean")},
    ]);
    let done = results(&bulk(&server, operations).await);
    let statuses: Vec<_> = done.iter().map(|result| result["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201", "409", "200", "200", "204", "404", "201"]);
    let names: Vec<_> = done.iter().filter_map(|result| result["bulkId"].as_str()).collect();
    assert_eq!(names, ["first", "taken", "last"]);
    for (place, result) in done.iter().enumerate() {
        let status = result["status"].as_str().unwrap();
        let is_failure = status.starts_with('4');
        // Only a POST that failed has made nothing that had a place.
        let location = result["location"].as_str();
        assert_eq!(location.is_none(), place == 1, "{result}");
        assert!(location.is_none_or(|url| url.starts_with(&format!("{ORIGIN}{BASE}/Users/"))), "{result}");
        if is_failure {
            assert_eq!(result["response"]["schemas"], json!([ERROR]), "{result}");
            assert_eq!(result["response"]["status"], result["status"]);
            assert_ne!(result["response"]["detail"].as_str().unwrap_or_default(), "", "{result}");
        }
    }
    assert_eq!(done[1]["response"]["scimType"], "uniqueness");
    let made = server.get(done[0]["location"].as_str().unwrap()).await;
    assert_eq!(
        (made.json()["userName"].clone(), &made.json()["meta"]["version"]),
        (json!("jane"), &done[0]["version"])
    );
}

#[tokio::test]
async fn a_reference_to_what_is_made_is_its_id() {
    let server = Server::strict().await;
    let mut managed = user("managed");
    managed["schemas"] = json!([USER, ENTERPRISE_USER]);
    managed[ENTERPRISE_USER] = json!({"manager": {"value": "bulkId:boss"}});
    let group = json!({"schemas": [GROUP], "displayName": "G", "members": [{"type": "User", "value": "bulkId:boss"}]});
    // What they refer to comes after them.
    let operations = json!([
        {"method": "POST", "path": "/Groups", "bulkId": "group", "data": group},
        {"method": "POST", "path": "/Users", "bulkId": "managed", "data": managed},
        {"method": "POST", "path": "/Users", "bulkId": "boss", "data": user("boss")},
    ]);
    let done = results(&bulk(&server, operations).await);
    let mut now = Vec::new();
    for result in &done {
        now.push(server.get(result["location"].as_str().unwrap()).await.json());
    }
    let boss = now[2]["id"].clone();
    assert_eq!(now[0]["members"][0]["value"], boss);
    assert_eq!(now[1][ENTERPRISE_USER]["manager"]["value"], boss);
}

#[tokio::test]
async fn a_request_that_is_none_is_an_error_of_the_whole() {
    let server = Server::strict().await;
    for body in [json!({"schemas": [REQUEST]}), json!({"Operations": []}), json!([])] {
        assert_eq!(server.ask("POST", "/Bulk", body.clone()).await.error().0, 400, "{body}");
    }
    let config = server.get("/ServiceProviderConfig").await.json()["bulk"].clone();
    assert_eq!(config["supported"], true);
    let most = config["maxOperations"].as_u64().unwrap();
    assert_eq!(most, limits::BULK_OPERATIONS_MAX as u64);
    let operation = json!({"method": "DELETE", "path": "/Users/x"});
    let many = bulk(&server, json!(vec![operation.clone(); limits::BULK_OPERATIONS_MAX + 1])).await;
    assert_eq!(many.error(), (413, String::new()));
    assert!(many.text.contains(&most.to_string()) && many.text.contains("maxOperations"), "{}", many.text);
    assert_eq!(results(&bulk(&server, json!(vec![operation.clone(); 3])).await).len(), 3);
    let most = config["maxPayloadSize"].as_u64().unwrap();
    let long = json!([{"method": "DELETE", "path": "x".repeat(usize::try_from(most).unwrap())}]);
    let long = bulk(&server, long).await;
    assert_eq!(long.error(), (413, String::new()));
    assert!(long.text.contains(&most.to_string()) && long.text.contains("maxPayloadSize"), "{}", long.text);
}
