//! Making resources (RFC 7644 section 3.3) and the attributes that all of them have (RFC 7643 section 3.1).

use super::{BASE, ORIGIN, Server, patch, user};
use scimd::scim::schema::{self, ENTERPRISE_USER, GROUP, USER};
use serde_json::{Value, json};

#[tokio::test]
async fn a_resource_is_made_and_its_place_told() {
    let server = Server::strict().await;
    for (endpoint, name, urn, body) in [
        ("/Users", "User", USER, user("jane@example.com")),
        ("/Groups", "Group", GROUP, json!({"schemas": [GROUP], "displayName": "Staff"})),
    ] {
        let made = server.ask("POST", endpoint, body).await;
        let resource = made.json();
        let (id, meta) = (made.made(), &resource["meta"]);
        assert_eq!(made.status, 201);
        assert_eq!(resource["schemas"], json!([urn]));
        assert_eq!(made.header("location"), format!("{ORIGIN}{BASE}{endpoint}/{id}"));
        assert_eq!(meta["location"], made.header("location"));
        assert_eq!(meta["resourceType"], name);
        // What was never changed was changed when it was made, and both are times with a date and a zone.
        assert_eq!(meta["created"], meta["lastModified"]);
        let created = meta["created"].as_str().unwrap();
        assert!(created.contains('T') && created.ends_with('Z'), "{created}");
        // What was told is what is found there.
        let found = server.get(made.header("location")).await;
        assert_eq!((found.status, found.json()), (200, resource));
    }
}

#[tokio::test]
async fn what_the_server_gives_is_not_taken_from_a_client() {
    let server = Server::strict().await;
    let mut body = user("jane@example.com");
    body["id"] = json!("mine");
    body["meta"] = json!({"resourceType": "Group", "created": "2001-01-01T00:00:00Z", "location": "https://x.test", "version": "W/\"9\""});
    body["groups"] = json!([{"value": "g"}]);
    let made = server.ask("POST", "/Users", body.clone()).await;
    let path = format!("/Users/{}", made.made());
    body["title"] = json!("Boss");
    let put = server.ask("PUT", &path, body).await;
    assert_eq!(put.status, 200, "{}", put.text);
    for reply in [made.json(), put.json()] {
        assert_ne!(reply["id"], "mine");
        assert_eq!(reply["meta"]["resourceType"], "User");
        assert_ne!(reply["meta"]["created"], "2001-01-01T00:00:00Z");
        assert_ne!(reply["meta"]["version"], "W/\"9\"");
        assert!(reply["meta"]["location"].as_str().unwrap().starts_with(ORIGIN));
        assert_eq!(reply.get("groups"), None);
    }
    assert_eq!(put.json()["title"], "Boss");
    for (name, value) in [("id", json!("mine")), ("meta", json!({"resourceType": "X"})), ("groups", json!([]))] {
        let operation = patch(json!([{"op": "replace", "path": name, "value": value}]));
        let refused = server.ask("PATCH", &path, operation).await;
        assert_eq!(refused.error(), (400, "mutability".to_owned()), "{name}");
    }
}

#[tokio::test]
async fn an_id_is_one_resources_and_stays() {
    let server = Server::start().await;
    let user = server.user("jane").await;
    let group = server.group("Staff", &[&user]).await;
    assert_ne!(user, group);
    for id in [&user, &group] {
        assert!(!id.is_empty() && !id.contains("bulkId"), "{id}");
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{id}");
    }
    let path = format!("/Users/{user}");
    server.ask("PUT", &path, json!({"schemas": [USER], "userName": "joan"})).await;
    server.ask("PATCH", &path, patch(json!([{"op": "add", "path": "title", "value": "T"}]))).await;
    assert_eq!(server.get(&path).await.made(), user);
    // A name can come back, an id cannot; and an id is found under its own type and in its own spelling only.
    assert_eq!(server.ask("DELETE", &path, Value::Null).await.status, 204);
    assert_ne!(server.user("joan").await, user);
    for path in [path, format!("/Users/{group}"), format!("/Groups/{}", group.to_uppercase())] {
        assert_eq!(server.get(&path).await.error(), (404, String::new()), "{path}");
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_a_conflict() {
    let server = Server::strict().await;
    server.user("jane@example.com").await;
    let other = format!("/Users/{}", server.user("john@example.com").await);
    let taken = "JANE@example.com";
    let rename = patch(json!([{"op": "replace", "path": "userName", "value": taken}]));
    for (method, path, body) in
        [("POST", "/Users", user(taken)), ("PUT", &other, user(taken)), ("PATCH", &other, rename)]
    {
        assert_eq!(server.ask(method, path, body).await.error(), (409, "uniqueness".to_owned()), "{method}");
    }
    assert_eq!(server.names("userName pr").await, ["jane@example.com", "john@example.com"]);
}

#[tokio::test]
async fn what_is_unassigned_is_the_same_however_it_is_said() {
    let server = Server::strict().await;
    let bodies = [
        json!({}),
        json!({"title": null, "emails": null, "name": null}),
        json!({"emails": [], "name": {}}),
        json!({"name": {"givenName": null}, "externalId": null}),
    ];
    for (number, mut body) in bodies.into_iter().enumerate() {
        body["schemas"] = json!([USER]);
        body["userName"] = json!(format!("user{number}"));
        let made = server.ask("POST", "/Users", body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let names: Vec<_> = made.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["schemas", "id", "userName", "meta"]);
    }
    // Having had a value makes no difference.
    let full = json!({"schemas": [USER], "userName": "full", "title": "T", "emails": [{"value": "a@x.test"}]});
    let path = format!("/Users/{}", server.ask("POST", "/Users", full).await.made());
    let cleared = json!({"schemas": [USER], "userName": "full", "title": null, "emails": []});
    assert_eq!(server.ask("PUT", &path, cleared).await.json().get("emails"), None);
    for filter in ["not (title pr)", "title eq null", "not (emails pr)"] {
        assert_eq!(server.names(filter).await.len(), 5, "{filter}");
    }
}

#[tokio::test]
async fn an_external_id_is_the_clients_own() {
    let server = Server::strict().await;
    let mut body = user("jane");
    assert_eq!(server.ask("POST", "/Users", body.clone()).await.json().get("externalId"), None);
    // Uniqueness is the client's affair, and so is case.
    for name in ["joan", "jean"] {
        body["userName"] = json!(name);
        body["externalId"] = json!("Ext-1");
        assert_eq!(server.ask("POST", "/Users", body.clone()).await.json()["externalId"], "Ext-1");
    }
    assert_eq!(server.names("externalId eq \"Ext-1\"").await, ["joan", "jean"]);
    assert_eq!(server.names("externalId eq \"ext-1\"").await.len(), 0);
}

#[tokio::test]
async fn schemas_name_what_the_resource_has() {
    let server = Server::strict().await;
    let path = format!("/Users/{}", server.user("jane").await);
    let schemas = async || server.get(&path).await.json()["schemas"].clone();
    assert_eq!(schemas().await, json!([USER]));
    // An extension's attributes stand under its URI, and its URI among the schemas while it has any.
    let add = json!([{"op": "add", "path": format!("{ENTERPRISE_USER}:department"), "value": "Tours"}]);
    assert!(server.ask("PATCH", &path, patch(add)).await.status < 300);
    assert_eq!(schemas().await, json!([USER, ENTERPRISE_USER]));
    assert_eq!(server.get(&path).await.json()[ENTERPRISE_USER], json!({"department": "Tours"}));
    let remove = json!([{"op": "remove", "path": ENTERPRISE_USER}]);
    assert!(server.ask("PATCH", &path, patch(remove)).await.status < 300);
    assert_eq!(schemas().await, json!([USER]));
    // Their order says nothing, one that is repeated is one, and others are not taken.
    let mut body = user("john");
    body[ENTERPRISE_USER] = json!({"department": "Tours"});
    body["schemas"] = json!([ENTERPRISE_USER, USER, USER, ENTERPRISE_USER]);
    assert_eq!(server.ask("POST", "/Users", body.clone()).await.json()["schemas"], json!([USER, ENTERPRISE_USER]));
    for wrong in [json!([USER, GROUP]), json!([USER, schema::PATCH_OP]), json!([ENTERPRISE_USER]), json!([])] {
        body["schemas"] = wrong.clone();
        body["userName"] = json!("joan");
        assert_eq!(server.ask("POST", "/Users", body.clone()).await.error().0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn what_only_the_client_knows_is_never_told() {
    let server = Server::strict().await;
    let mut body = user("jane");
    body["password"] = json!("t1meMa$heen");
    let made = server.ask("POST", "/Users", body.clone()).await;
    let path = format!("/Users/{}", made.made());
    let set = patch(json!([{"op": "replace", "path": "password", "value": "t1meMa$heen"}]));
    let asked = format!("{path}?attributes=password,userName");
    let replies = [
        made,
        server.ask("PUT", &asked, body).await,
        server.ask("PATCH", &asked, set).await,
        server.get(&path).await,
        server.get(&asked).await,
        server.get("/Users?attributes=password").await,
    ];
    for reply in replies {
        assert!(
            reply.status < 300 && !reply.text.contains("password") && !reply.text.contains("t1me"),
            "{}",
            reply.text
        );
    }
    // Nor can it be guessed with filters.
    assert_eq!(server.names("password pr").await.len(), 0);
}
