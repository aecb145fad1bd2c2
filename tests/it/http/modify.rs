//! PUT and DELETE, and versions (RFC 7644 sections 3.5.1, 3.6 and 3.14).

use super::{BASE, ORIGIN, SCIM, Server, patch, user};
use scimd::scim::schema::{ENTERPRISE_USER, USER};
use serde_json::{Value, json};

#[tokio::test]
async fn put_replaces_what_can_be_written() {
    let server = Server::strict().await;
    let mut body = user("jane");
    body["title"] = json!("Boss");
    body["emails"] = json!([{"value": "a@x.test", "type": "work"}, {"value": "b@x.test", "type": "home"}]);
    body["externalId"] = json!("e1");
    body[ENTERPRISE_USER] = json!({"department": "Tours"});
    body["schemas"] = json!([USER, ENTERPRISE_USER]);
    let made = server.ask("POST", "/Users", body).await.json();
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let mut body = made.clone();
    body["userName"] = json!("joan");
    body["emails"] = json!([{"value": "c@x.test", "type": "work"}]);
    body.as_object_mut().unwrap().remove("title");
    let put = server.ask("PUT", &path, body).await;
    assert_eq!(put.status, 200, "{}", put.text);
    let now = put.json();
    // What the client read and sent back of the server's own is ignored; what it left out is cleared.
    assert_eq!([&now["id"], &now["meta"]["created"]], [&made["id"], &made["meta"]["created"]]);
    assert_eq!([&now["userName"], &now["externalId"]], [&json!("joan"), &json!("e1")]);
    assert_eq!(now["emails"], json!([{"value": "c@x.test", "type": "work"}]));
    assert_eq!(now[ENTERPRISE_USER], json!({"department": "Tours"}));
    assert_eq!(now.get("title"), None);
    assert_eq!(server.get(&path).await.json(), now);
    // What is required has to be there.
    let without = json!({"schemas": [USER], "title": "Boss"});
    assert_eq!(server.ask("PUT", &path, without).await.error(), (400, "invalidValue".to_owned()));
    assert_eq!(server.get(&path).await.json(), now);
}

#[tokio::test]
async fn put_makes_nothing() {
    let server = Server::start().await;
    for id in ["019b0000-0000-7000-8000-000000000000", "jane", "mine"] {
        let put = server.ask("PUT", &format!("/Users/{id}"), user("jane")).await;
        assert_eq!(put.error(), (404, String::new()), "{id}");
    }
    assert_eq!(server.ask("PUT", "/Users", user("jane")).await.error().0, 405);
    assert_eq!(server.names("userName pr").await.len(), 0);
}

#[tokio::test]
async fn what_is_deleted_is_gone_for_everything() {
    let server = Server::strict().await;
    let id = server.user("jane").await;
    let group = server.group("Staff", &[&id]).await;
    let path = format!("/Users/{id}");
    let gone = server.ask("DELETE", &path, Value::Null).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    for (method, body) in [
        ("GET", Value::Null),
        ("PUT", user("jane")),
        ("PATCH", patch(json!([{"op": "add", "path": "title", "value": "T"}]))),
        ("DELETE", Value::Null),
    ] {
        assert_eq!(server.ask(method, &path, body).await.error(), (404, String::new()), "{method}");
    }
    assert_eq!(server.ask("HEAD", &path, Value::Null).await.status, 404);
    // It is in no list, whatever finds it, and in no group.
    assert_eq!(server.get("/Users").await.json()["totalResults"], 0);
    assert_eq!(server.get("/").await.json()["totalResults"], 1);
    for filter in [format!("id eq \"{id}\""), "userName eq \"jane\"".to_owned(), "userName pr".to_owned()] {
        assert_eq!(server.names(&filter).await.len(), 0, "{filter}");
    }
    assert_eq!(server.get(&format!("/Groups/{group}")).await.json()["members"], json!([]));
    assert_eq!(server.filter("/Groups", &format!("members.value eq \"{id}\"")).await.json()["totalResults"], 0);
    // Its name is free.
    let again = server.ask("POST", "/Users", user("JANE")).await;
    assert_eq!(again.status, 201, "{}", again.text);
    assert_eq!(server.ask("DELETE", &format!("/Groups/{group}"), Value::Null).await.status, 204);
    assert_eq!(server.get(&format!("/Groups/{group}")).await.status, 404);
}

#[tokio::test]
async fn a_version_stands_in_the_header_and_in_the_resource() {
    let server = Server::strict().await;
    let made = server.ask("POST", "/Users", user("jane")).await;
    let path = format!("/Users/{}", made.made());
    let title = |title: &str| patch(json!([{"op": "replace", "path": "title", "value": title}]));
    let put = server.ask("PUT", &path, user("joan")).await;
    let patched = server.ask("PATCH", &path, title("Boss")).await;
    let read = server.get(&path).await;
    for reply in [&made, &put, &patched, &read] {
        let tag = reply.header("etag");
        assert_eq!(reply.json()["meta"]["version"], tag, "{}", reply.text);
        // It names a state and not its bytes, which depend on what was asked for: it is weak.
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{tag}");
        assert_eq!(reply.header("content-location"), format!("{ORIGIN}{BASE}{path}"));
        assert_eq!(reply.json()["meta"]["location"], reply.header("content-location"));
    }
    let (old, now) = (made.header("etag"), read.header("etag"));
    assert_ne!(old, now);
    assert_eq!(patched.header("etag"), now);
    let known = async |tag: &str| server.ask_with_tag("GET", &path, "if-none-match", tag, Value::Null).await.status;
    assert_eq!([known(now).await, known(old).await], [304, 200]);
    for (method, body) in [("PUT", user("jean")), ("PATCH", title("Chief")), ("DELETE", Value::Null)] {
        let stale = server.ask_with_tag(method, &path, "if-match", old, body).await;
        assert_eq!(stale.error(), (412, String::new()), "{method}");
    }
    assert_eq!(server.get(&path).await.header("etag"), now);
    let fresh = server.ask_with_tag("PATCH", &path, "if-match", now, title("Chief")).await;
    assert_eq!(fresh.json()["title"], "Chief");
    assert_eq!(server.ask_with_tag("DELETE", &path, "if-match", fresh.header("etag"), Value::Null).await.status, 204);
}

impl Server {
    async fn ask_with_tag(&self, method: &str, path: &str, header: &str, tag: &str, body: Value) -> super::Reply {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.ask_with(method, path, &[("content-type", SCIM), (header, tag)], &text).await
    }
}
