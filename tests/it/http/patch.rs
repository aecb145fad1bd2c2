//! PATCH as a whole request (RFC 7644 section 3.5.2); what single operations mean is tested beside the code that applies them.

use super::{Server, patch, user};
use scimd::scim::schema::{ENTERPRISE_USER, USER};
use serde_json::{Value, json};

/// A user and the URL's path to him.
async fn jane(server: &Server) -> String {
    let mut body = user("jane");
    body["title"] = json!("Boss");
    body["emails"] =
        json!([{"value": "a@x.test", "type": "work", "primary": true}, {"value": "b@x.test", "type": "home"}]);
    format!("/Users/{}", server.ask("POST", "/Users", body).await.made())
}

#[tokio::test]
async fn success_is_the_resource_or_nothing() {
    let server = Server::strict().await;
    let path = jane(&server).await;
    let done = server.ask("PATCH", &path, patch(json!([{"op": "replace", "path": "title", "value": "Chief"}]))).await;
    assert_eq!((done.status, &done.json()["title"]), (200, &json!("Chief")));
    assert_eq!(done.json(), server.get(&path).await.json());
    let id = path.trim_start_matches("/Users/");
    let group = format!("/Groups/{}", server.group("Staff", &[]).await);
    let add = patch(json!([{"op": "add", "path": "members", "value": [{"value": id}]}]));
    let done = server.ask("PATCH", &group, add.clone()).await;
    assert_eq!((done.status, done.text.as_str()), (204, ""));
    assert!(done.header("etag").starts_with("W/"));
    // Who asks for attributes gets them, although nothing was left to do.
    for (query, expected) in [("attributes=displayName", "displayName"), ("attributes=members", "members")] {
        let done = server.ask("PATCH", &format!("{group}?{query}"), add.clone()).await;
        assert_eq!(done.status, 200, "{}", done.text);
        assert!(done.json().get(expected).is_some(), "{}", done.text);
    }
}

#[tokio::test]
async fn all_operations_are_done_or_none() {
    let server = Server::strict().await;
    let path = jane(&server).await;
    server.user("john").await;
    let before = server.get(&path).await;
    let good = json!({"op": "replace", "path": "title", "value": "After"});
    let bad = [
        (json!({"op": "move", "path": "title"}), 400, "invalidSyntax"),
        (json!({"op": "replace", "path": "colour", "value": "red"}), 400, "invalidPath"),
        (json!({"op": "replace", "path": "emails[type eq", "value": "x"}), 400, "invalidPath"),
        (json!({"op": "replace", "path": "emails[type eq \"other\"].value", "value": "x"}), 400, "noTarget"),
        (json!({"op": "replace", "path": "emails[type eq \"other\"]", "value": {"value": "x"}}), 400, "noTarget"),
        (json!({"op": "replace", "path": "active", "value": "perhaps"}), 400, "invalidValue"),
        (json!({"op": "replace", "path": "id", "value": "x"}), 400, "mutability"),
        (json!({"op": "replace", "path": "groups", "value": []}), 400, "mutability"),
        (json!({"op": "remove", "path": "userName"}), 400, "mutability"),
        (json!({"op": "remove", "path": "meta"}), 400, "mutability"),
        (json!({"op": "remove"}), 400, "noTarget"),
        (json!({"op": "add", "path": "title"}), 400, "invalidValue"),
        (json!({"path": "title", "value": "x"}), 400, "invalidSyntax"),
        (json!({"op": "replace", "path": "userName", "value": "JOHN"}), 409, "uniqueness"),
    ];
    for (operation, status, scim_type) in bad {
        for operations in [json!([good, operation]), json!([operation, good])] {
            let refused = server.ask("PATCH", &path, patch(operations)).await;
            assert_eq!(refused.error(), (status, scim_type.to_owned()), "{operation}");
        }
        let after = server.get(&path).await;
        assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")), "{operation}");
    }
    for body in [json!({"schemas": [USER], "Operations": [good]}), json!({"Operations": [good]}), patch(json!([]))] {
        assert_eq!(server.ask("PATCH", &path, body.clone()).await.error(), (400, "invalidSyntax".to_owned()), "{body}");
    }
    assert_eq!(server.get(&path).await.json(), before.json());
}

#[tokio::test]
async fn adding_what_is_there_is_no_change() {
    let server = Server::strict().await;
    let path = jane(&server).await;
    let before = server.get(&path).await;
    for operation in [
        json!({"op": "add", "path": "title", "value": "Boss"}),
        json!({"op": "add", "path": "emails", "value": [{"value": "b@x.test", "type": "home"}]}),
        json!({"op": "add", "value": {"userName": "jane", "title": "Boss"}}),
    ] {
        let done = server.ask("PATCH", &path, patch(json!([operation]))).await;
        assert_eq!(done.status, 200, "{}", done.text);
        let after = server.get(&path).await;
        assert_eq!(after.json()["meta"]["lastModified"], before.json()["meta"]["lastModified"], "{operation}");
        assert_eq!(after.json(), before.json(), "{operation}");
    }
}

#[tokio::test]
async fn the_primary_value_is_one() {
    let server = Server::strict().await;
    let path = jane(&server).await;
    for operation in [
        json!({"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}),
        json!({"op": "add", "path": "emails", "value": [{"value": "c@x.test", "type": "other", "primary": true}]}),
    ] {
        let done = server.ask("PATCH", &path, patch(json!([operation]))).await.json();
        let emails = done["emails"].as_array().unwrap();
        let primary: Vec<_> = emails.iter().filter(|email| email["primary"] == true).collect();
        assert_eq!(primary.len(), 1, "{operation}: {done}");
        assert_eq!(emails[0]["primary"], json!(false), "{operation}: {done}");
    }
    let two = json!([{"value": "a", "primary": true}, {"value": "b", "primary": true}]);
    for (method, path, body) in [
        ("POST", "/Users", json!({"schemas": [USER], "userName": "x", "emails": two})),
        ("PUT", path.as_str(), json!({"schemas": [USER], "userName": "x", "emails": two})),
        ("PATCH", path.as_str(), patch(json!([{"op": "replace", "path": "emails", "value": two}]))),
    ] {
        assert_eq!(server.ask(method, path, body).await.error(), (400, "invalidValue".to_owned()), "{method}");
    }
}

#[tokio::test]
async fn schemas_follow_what_is_added_and_removed() {
    let server = Server::strict().await;
    let path = jane(&server).await;
    let department = format!("{ENTERPRISE_USER}:department");
    let schemas = async |operations: Value| {
        let done = server.ask("PATCH", &path, patch(operations)).await;
        assert_eq!(done.status, 200, "{}", done.text);
        done.json()["schemas"].clone()
    };
    // No operation has to name the schema first, and a later one sees what an earlier one made.
    let add = json!([
        {"op": "add", "value": {(ENTERPRISE_USER): {"costCenter": "7"}}},
        {"op": "replace", "path": department, "value": "Tours"},
    ]);
    assert_eq!(schemas(add).await, json!([USER, ENTERPRISE_USER]));
    let remove = json!([{"op": "remove", "path": department}, {"op": "remove", "path": format!("{ENTERPRISE_USER}:costCenter")}]);
    assert_eq!(schemas(remove).await, json!([USER]));
}

#[tokio::test]
async fn every_list_has_one_primary_value_at_most() {
    let server = Server::start().await;
    let path = jane(&server).await;
    let lists = ["emails", "phoneNumbers", "ims", "photos", "addresses", "entitlements", "roles", "x509Certificates"];
    for name in lists {
        let part = if name == "addresses" { "locality" } else { "value" };
        let two = json!([{(part): "AAAA", "primary": true}, {(part): "BBBB", "primary": true}]);
        let put = json!({"schemas": [USER], "userName": "jane", (name): two});
        assert_eq!(server.ask("PUT", &path, put).await.error(), (400, "invalidValue".to_owned()), "{name}");
        let one = json!([{(part): "AAAA", "primary": true}, {(part): "BBBB"}]);
        let put = json!({"schemas": [USER], "userName": "jane", (name): one});
        assert_eq!(server.ask("PUT", &path, put).await.json()[name], one, "{name}");
        // Where there is one, another takes the mark from it.
        let add = json!([{"op": "add", "path": name, "value": [{(part): "CCCC", "primary": true}]}]);
        let now = server.ask("PATCH", &path, patch(add)).await.json();
        let primary = |element: &Value| element["primary"] == json!(true);
        assert_eq!(now[name].as_array().unwrap().iter().filter(|element| primary(element)).count(), 1, "{now}");
    }
}

#[tokio::test]
async fn parts_that_are_not_named_stay() {
    let server = Server::strict().await;
    let mut body = user("jane");
    body["name"] = json!({"givenName": "Jane", "familyName": "Doe"});
    let path = format!("/Users/{}", server.ask("POST", "/Users", body).await.made());
    for (operation, given, family) in [
        (json!({"op": "replace", "path": "name", "value": {"givenName": "Joan"}}), "Joan", "Doe"),
        (json!({"op": "add", "path": "name", "value": {"familyName": "Roe"}}), "Joan", "Roe"),
        (json!({"op": "replace", "path": "name.givenName", "value": "Jean"}), "Jean", "Roe"),
    ] {
        let done = server.ask("PATCH", &path, patch(json!([operation]))).await.json();
        assert_eq!(done["name"], json!({"familyName": family, "givenName": given}), "{operation}");
    }
}
