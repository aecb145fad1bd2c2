//! Forms of bodies and errors (RFC 7644 sections 3.8 and 3.12).

use super::{SCIM, Server, patch, user};
use scimd::limits;
use scimd::scim::errors::{Error, Kind};
use scimd::scim::schema::{GROUP, USER};
use scimd::server::respond::{self, Media};
use serde_json::{Value, json};

#[tokio::test]
async fn bodies_are_json_in_utf_8() {
    let server = Server::strict().await;
    // What was sent as escapes and what was sent as letters is the same text, and comes back as it was written.
    let letters = "J\u{fc}rgen \u{5f20}\u{4f1f} \u{1f600}";
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"a","title":"{letters}"}}"#);
    for media in [SCIM, "application/json", "application/scim+json; charset=utf-8", "application/json;charset=UTF-8"] {
        let body = body.replace("\"a\"", &format!("\"{}\"", media.len()));
        let made = server.ask_with("POST", "/Users", &[("content-type", media)], &body).await;
        assert_eq!((made.status, &made.json()["title"]), (201, &json!(letters)), "{media}");
        assert_eq!(made.header("content-type").split(';').next(), Some(SCIM));
    }
    let escaped = body.replace("\"a\"", "\"b\"").replace(letters, r"J\u00fcrgen \u5f20\u4f1f \ud83d\ude00");
    let made = server.ask_with("POST", "/Users", &[("content-type", SCIM)], &escaped).await;
    assert_eq!(made.json()["title"], letters);
    assert_eq!(server.names(&format!("title eq \"{letters}\"")).await.len(), 5);
    for media in ["text/xml", "application/scim+json; charset=iso-8859-1"] {
        let refused = server.ask_with("POST", "/Users", &[("content-type", media)], &body).await;
        assert_eq!(refused.error().0, 415, "{media}");
    }
}

#[tokio::test]
async fn the_accepted_form_is_sent() {
    let server = Server::strict().await;
    let id = server.user("jane").await;
    for path in [format!("/Users/{id}"), "/Users".to_owned(), "/Schemas".to_owned(), "/Users/none".to_owned()] {
        for (accept, expected) in [
            (SCIM, SCIM),
            ("application/json", "application/json"),
            ("application/json, application/scim+json", SCIM),
            ("*/*", SCIM),
        ] {
            let reply = server.ask_with("GET", &path, &[("accept", accept)], "").await;
            assert_eq!(reply.header("content-type").split(';').next(), Some(expected), "{path} {accept}");
            assert!(reply.json().is_object());
        }
        let reply = server.ask_with("GET", &path, &[], "").await;
        assert_eq!(reply.header("content-type").split(';').next(), Some(SCIM), "{path}");
    }
}

#[tokio::test]
async fn every_error_says_in_its_body_what_it_is() {
    let server = Server::strict().await;
    let id = server.user("jane").await;
    let path = format!("/Users/{id}");
    let refused = [
        (server.send("GET", &path, &[], "").await, 401),
        (server.send("GET", &path, &[("authorization", "Bearer scim_x")], "").await, 401),
        (server.send("GET", "/ServiceProviderConfig", &[], "").await, 401),
        (server.get("/Schemas?filter=name%20pr").await, 403),
        (server.get("/Users/none").await, 404),
        (server.get("/Nothing").await, 404),
        (server.ask("POST", &path, user("x")).await, 405),
        (server.ask("DELETE", "/Schemas", Value::Null).await, 405),
        (server.ask("POST", "/Users", user("JANE")).await, 409),
        (server.ask("POST", "/Users", json!({"schemas": [USER]})).await, 400),
        (server.ask_with("POST", "/Users", &[("content-type", SCIM)], "{").await, 400),
        (server.ask_with("POST", "/Users", &[("content-type", "text/plain")], "x").await, 415),
        (server.ask_with("DELETE", &path, &[("if-match", "W/\"9.9\"")], "").await, 412),
        (server.get("/Me").await, 501),
        (server.get("/Users?filter=x").await, 400),
        (server.get("/Users?count=ten").await, 400),
        (server.ask("PATCH", &path, patch(json!("x"))).await, 400),
        (server.ask("POST", "/Groups", json!({"schemas": [GROUP], "displayName": 5})).await, 400),
    ];
    for (reply, status) in refused {
        assert_eq!(reply.error().0, status, "{}", reply.text);
        assert_eq!(reply.header("content-type").split(';').next(), Some(SCIM));
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_the_limit_told() {
    let server = Server::strict().await;
    let mut body = user("jane");
    body["title"] = json!("x".repeat(limits::REQUEST_BODY_BYTES_MAX));
    let refused = server.ask("POST", "/Users", body).await;
    assert_eq!(refused.error(), (413, String::new()));
    assert!(refused.text.contains(&limits::REQUEST_BODY_BYTES_MAX.to_string()), "{}", refused.text);
}

#[test]
fn every_error_has_the_status_of_the_rfc() {
    for (kind, status, scim_type) in [
        (Kind::InvalidFilter, 400, Some("invalidFilter")),
        (Kind::TooMany, 400, Some("tooMany")),
        (Kind::Uniqueness, 409, Some("uniqueness")),
        (Kind::Mutability, 400, Some("mutability")),
        (Kind::InvalidSyntax, 400, Some("invalidSyntax")),
        (Kind::InvalidPath, 400, Some("invalidPath")),
        (Kind::NoTarget, 400, Some("noTarget")),
        (Kind::InvalidValue, 400, Some("invalidValue")),
        (Kind::InvalidVers, 400, Some("invalidVers")),
        (Kind::Forbidden, 403, None),
        (Kind::NotFound, 404, None),
        (Kind::VersionMismatch, 412, None),
        (Kind::TooLarge, 413, None),
        (Kind::Internal, 500, None),
        (Kind::NotImplemented, 501, None),
    ] {
        let response = respond::error(&Error::new(kind, "why"), Media::Scim);
        assert_eq!((response.status().as_u16(), kind.scim_type()), (status, scim_type), "{kind:?}");
    }
}
