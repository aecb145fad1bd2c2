//! Each resource of the API, asked as clients ask for it, in XML and in JSON, and every refusal in its form.

use super::{Asking, BASE, Crowd, JSON, Lens, XML, names};
use scimd::scim::schema::{self, user};
use scimd::server::crowd::xml;
use serde_json::{Value, json};

/// Two users in a group that holds another one with a third user.
pub(super) async fn start(crowd: &Crowd) -> Asking<'_> {
    let mut ids = Vec::new();
    for (name, active) in [("Alice", true), ("bob", true), ("cid", false)] {
        let body = json!({
            "schemas": [schema::USER, schema::ENTERPRISE_USER], "userName": name, "active": active, "title": "Boss",
            "displayName": format!("{name} <Tester>"), "name": {"givenName": name, "familyName": "Tester"},
            "emails": [{"value": format!("{name}@x.org"), "type": "work", "primary": true}],
            (schema::ENTERPRISE_USER): {"department": "R&D"},
        });
        ids.push(crowd.site.post(user(), body).await.unwrap()["id"].as_str().unwrap().to_owned());
    }
    let kids = crowd.site.group("kids", &ids[2..]).await;
    crowd.site.group("Devs", &[ids[0].clone(), ids[1].clone(), kids]).await;
    crowd.application("app", &Lens::default()).await
}

#[tokio::test]
async fn a_user_is_found_by_name_and_by_key() {
    let crowd = Crowd::start().await;
    let asking = start(&crowd).await;
    let alice = asking.xml("/user?username=ALICE").await;
    assert_eq!((alice.name.as_str(), alice.attribute("name")), ("user", Some("Alice")));
    let key = alice.child("key").unwrap().text.clone();
    assert_eq!(asking.xml(&format!("/user?key={key}")).await, alice);
    assert_eq!(alice.child("display-name").unwrap().text, "Alice <Tester>");
    assert_eq!(alice.child("attributes").unwrap().child("attribute"), None);
    let more = asking.json("/user?username=alice&expand=attributes").await;
    assert_eq!(
        (&more["name"], &more["active"], &more["email"]),
        (&json!("Alice"), &json!(true), &json!("Alice@x.org"))
    );
    let attributes = more["attributes"]["attributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({"name": "department", "values": ["R&D"]})));
    assert_eq!(asking.json("/user/attribute?username=alice").await["attributes"], more["attributes"]["attributes"]);
    let missing = asking.get("/user?username=nobody").await;
    assert_eq!((missing.status, missing.reason().as_str()), (404, "USER_NOT_FOUND"));
    let missing = asking.ask("GET", "/user?username=nobody", JSON, "").await;
    assert_eq!((missing.status, missing.reason().as_str()), (404, "USER_NOT_FOUND"));
    assert_eq!(asking.get("/user").await.status, 400);
}

#[tokio::test]
async fn groups_and_memberships_in_both_directions() {
    let crowd = Crowd::start().await;
    let asking = start(&crowd).await;
    let devs = asking.xml("/group?groupname=devs").await;
    assert_eq!((devs.attribute("name"), devs.child("type").unwrap().text.as_str()), (Some("Devs"), "GROUP"));
    assert_eq!(asking.json("/group?groupname=devs").await["active"], json!(true));
    assert_eq!(asking.get("/group?groupname=x").await.reason(), "GROUP_NOT_FOUND");
    let lists = [
        ("/user/group/direct?username=cid", &["kids"][..]),
        ("/user/group/nested?username=cid", &["kids", "Devs"]),
        ("/group/user/direct?groupname=devs", &["Alice", "bob"]),
        ("/group/user/nested?groupname=devs&max-results=99999", &["Alice", "bob", "cid"]),
        ("/group/user/nested?groupname=devs&start-index=1&max-results=1", &["bob"]),
        ("/group/child-group/direct?groupname=devs", &["kids"]),
        ("/group/parent-group/nested?groupname=kids", &["Devs"]),
        ("/group/parent-group/direct?groupname=devs", &[]),
    ];
    for (path, wanted) in lists {
        let mut found = names(&asking.xml(path).await);
        let mut wanted = wanted.to_vec();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{path}");
        let json = asking.json(path).await;
        assert_eq!(json["users"].as_array().or(json["groups"].as_array()).unwrap().len(), wanted.len(), "{path}");
    }
    let expanded = asking.xml("/group/user/direct?groupname=devs&expand=user").await;
    assert_eq!(expanded.children[0].child("first-name").unwrap().text, "Alice");
    for (path, is_in) in [
        ("/group/user/direct?groupname=devs&username=bob", true),
        ("/group/user/direct?groupname=devs&username=cid", false),
        ("/group/user/nested?groupname=devs&username=cid", true),
        ("/group/user/nested?groupname=devs&username=nobody", false),
        ("/user/group/direct?username=bob&groupname=DEVS", true),
        ("/group/child-group/direct?groupname=devs&child-groupname=kids", true),
        ("/group/child-group/direct?groupname=kids&child-groupname=devs", false),
    ] {
        // These come without an Accept header.
        let reply = asking.ask("GET", path, "", "").await;
        match is_in {
            true => assert_eq!(reply.status, 200, "{path}"),
            false => assert_eq!((reply.status, reply.reason().as_str()), (404, "MEMBERSHIP_NOT_FOUND"), "{path}"),
        }
    }
    let memberships = asking.ask("GET", "/group/membership", JSON, "").await;
    assert!(memberships.headers["content-type"].to_str().unwrap().starts_with(XML));
    let memberships = memberships.xml();
    let devs = memberships.children.iter().find(|group| group.attribute("group") == Some("Devs")).unwrap();
    assert_eq!(names(devs.child("users").unwrap()), ["Alice", "bob"]);
    assert_eq!(names(devs.child("groups").unwrap()), ["kids"]);
}

#[tokio::test]
async fn searches_in_all_languages() {
    let crowd = Crowd::start().await;
    let asking = start(&crowd).await;
    let by_mail = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<property-search-restriction><property><name>email</name><type>STRING</type></property><match-mode>CONTAINS</match-mode><value>b@x.org</value></property-search-restriction>";
    let reply =
        asking.ask("POST", "/search?entity-type=user&expand=user&start-index=0&max-results=99999", JSON, by_mail).await;
    let found: Value = serde_json::from_str(&reply.text).unwrap();
    assert_eq!((found["users"].as_array().unwrap().len(), &found["users"][0]["name"]), (1, &json!("bob")));
    let by_name = json!({"restriction-type": "property-search-restriction", "property": {"name": "name", "type": "STRING"}, "match-mode": "CONTAINS", "value": "i"});
    let reply = asking.ask("POST", "/search?entity-type=user", XML, &by_name.to_string()).await;
    assert_eq!(names(&reply.xml()), ["Alice", "cid"]);
    // What a product asks for to see whether it is answered at all: nobody is without a name.
    let test = "<property-search-restriction><property><name>name</name><type>STRING</type></property><match-mode>NULL</match-mode></property-search-restriction>";
    let reply = asking.ask("POST", "/search?entity-type=user&start-index=0&max-results=1&expand=user", XML, test).await;
    assert_eq!((reply.status, reply.xml().attribute("expand").unwrap(), reply.xml().children.len()), (200, "user", 0));
    for (path, wanted) in [
        ("/search?entity-type=user&restriction=active%3Dtrue", &["Alice", "bob"][..]),
        ("/search?entity-type=user&restriction=active+%3D+false", &["cid"]),
        ("/search?entity-type=user&restriction=name%3D%22A*%22%20or%20email%3Dbob%40x.org", &["Alice", "bob"]),
        ("/search?entity-type=user&restriction=name%3DBOB", &["bob"]),
        ("/search?entity-type=user&restriction=name%3Dbob%20and%20active%3Dfalse", &[]),
        ("/search?entity-type=user&restriction=department%3D%22R%26D%22&max-results=2", &["Alice", "bob"]),
        ("/search?entity-type=user&start-index=2", &["cid"]),
        ("/search?entity-type=user&max-results=0", &[]),
        ("/search?entity-type=group&restriction=active%3Dtrue&start-index=0&max-results=1000", &["kids", "Devs"]),
        ("/search?entity-type=group&restriction=name%3Ddevs&expand=group", &["Devs"]),
    ] {
        assert_eq!(names(&asking.xml(path).await), wanted, "{path}");
    }
    for path in [
        "/search?restriction=name%3Da",
        "/search?entity-type=user&restriction=name%3D",
        "/search?entity-type=user&max-results=-2",
        "/search?entity-type=user&start-index=x",
    ] {
        let refused = asking.get(path).await;
        assert_eq!((refused.status, refused.reason().as_str()), (400, "ILLEGAL_ARGUMENT"), "{path}");
    }
    let hostile = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><null-search-restriction>&a;</null-search-restriction>";
    assert_eq!(asking.ask("POST", "/search?entity-type=user", XML, hostile).await.status, 400);
    let large = format!("<x>{}</x>", "y".repeat(100_000));
    assert_eq!(asking.ask("POST", "/search?entity-type=user", XML, &large).await.status, 413);
}

#[tokio::test]
async fn nobody_logs_in_here() {
    let crowd = Crowd::start().await;
    let asking = start(&crowd).await;
    let password = "<password><value>secret</value></password>";
    for (path, status, reason) in [
        ("/authentication?username=alice", 400, "INVALID_USER_AUTHENTICATION"),
        ("/authentication?username=cid", 400, "INACTIVE_ACCOUNT"),
        ("/authentication?username=nobody", 400, "USER_NOT_FOUND"),
        ("/authentication", 400, "ILLEGAL_ARGUMENT"),
        ("/authentication?username=", 400, "ILLEGAL_ARGUMENT"),
        ("/authentication/notify", 400, "ILLEGAL_ARGUMENT"),
        ("/authentication/notify?username=nobody", 400, "USER_NOT_FOUND"),
        ("/authentication/notify?username=cid", 400, "INACTIVE_ACCOUNT"),
        ("/session/abc", 404, "INVALID_SSO_TOKEN"),
    ] {
        let reply = asking.ask("POST", path, XML, password).await;
        assert_eq!((reply.status, reply.reason().as_str()), (status, reason), "{path}");
    }
    let session =
        json!({"username": "alice", "password": "pw", "validation-factors": {"validationFactors": []}}).to_string();
    let reply = asking.ask("POST", "/session?expand=user", JSON, &session).await;
    assert_eq!((reply.status, reply.reason().as_str()), (400, "INVALID_USER_AUTHENTICATION"));
    assert_eq!(asking.get("/session/abc").await.reason(), "INVALID_SSO_TOKEN");
    assert_eq!(asking.ask("DELETE", "/session/abc", XML, "").await.status, 204);
    let told = asking.ask("POST", "/authentication/notify?username=alice", XML, "<password/>").await;
    assert_eq!((told.status, told.xml().attribute("name").unwrap()), (200, "Alice"));
    assert_eq!(asking.json("/config/cookie").await["name"], json!("crowd.token_key"));
    assert_eq!(asking.xml("/config/cookie").await.child("secure").unwrap().text, "true");
}

#[tokio::test]
async fn nothing_is_written_here() {
    let crowd = Crowd::start().await;
    let asking = start(&crowd).await;
    let bob = json!({"name": "bob", "password": {"value": "p"}}).to_string();
    for (method, path) in [
        ("POST", "/user"),
        ("PUT", "/user?username=alice"),
        ("DELETE", "/user?username=alice"),
        ("POST", "/user/rename?username=alice"),
        ("PUT", "/user/password?username=alice"),
        ("POST", "/user/attribute?username=alice"),
        ("POST", "/user/group/direct?username=alice"),
        ("POST", "/group"),
        ("DELETE", "/group/user/direct?username=alice&groupname=devs"),
        ("POST", "/group/child-group/direct?groupname=devs"),
        ("POST", "/webhook"),
        ("POST", "/user/mail/usernames?email=a"),
        ("POST", "/user/expire-all-passwords?confirm=true"),
    ] {
        let reply = asking.ask(method, path, JSON, &bob).await;
        assert_eq!(reply.status, 403, "{method} {path}");
        let error: Value = serde_json::from_str(&reply.text).unwrap();
        assert_eq!(error["reason"], "APPLICATION_PERMISSION_DENIED", "{}", reply.text);
        // The products show the body as it is.
        let reply = asking.ask(method, path, XML, "").await;
        assert!(reply.status == 403 && reply.text.starts_with("APPLICATION_PERMISSION_DENIED"), "{}", reply.text);
        assert!(reply.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    }
    assert_eq!(asking.get("/webhook/1").await.reason(), "WEBHOOK_NOT_FOUND");
    for path in ["/non-existent/location", "/", ""] {
        let reply = asking.get(path).await;
        assert_eq!((reply.status, reply.reason().as_str()), (404, "UNSUPPORTED_OPERATION"), "{path}");
    }
    assert_eq!(asking.ask("PATCH", "/user?username=alice", XML, "").await.status, 405);
    assert_eq!(asking.get("/authentication?username=alice").await.status, 405);
}

#[tokio::test]
async fn whoever_is_no_application_is_told_so_in_words() {
    let crowd = Crowd::start().await;
    let asking = start(&crowd).await;
    let stranger = Asking { crowd: &crowd, credentials: "app:wrong".to_owned() };
    for reply in [
        stranger.get("/user?username=alice").await,
        stranger.ask("POST", "/search?entity-type=user", XML, "<null-search-restriction/>").await,
        crowd.send("GET", "/group/membership", &[], "").await,
        crowd.send("GET", "/user?username=alice", &[("authorization", "Bearer x")], "").await,
    ] {
        assert_eq!(reply.status, 401);
        assert!(reply.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
        assert!(reply.headers.contains_key("www-authenticate"));
    }
    // Each base path, and a path beside them.
    for base in ["//rest/usermanagement/1", "//rest/usermanagement/latest", "//crowd/rest/usermanagement/latest"] {
        assert_eq!(asking.xml(&format!("{base}/user?username=alice")).await.attribute("name"), Some("Alice"));
    }
    assert_eq!(asking.get("//rest/other").await.status, 404);
    assert_eq!(asking.get("//healthz").await.text, "ok\n");
    let head = asking.ask("HEAD", "/user?username=alice", XML, "").await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    let link = asking.json("/user?username=alice").await["link"]["href"].as_str().unwrap().to_owned();
    assert_eq!(link, format!("https://crowd.example.com{BASE}/user?username=Alice"));
}

/// A client reads the error of an answer whatever made it: what the listener refuses came as an error of SCIM, in JSON.
#[tokio::test]
async fn what_is_refused_for_its_form_is_refused_in_the_form_of_crowd() {
    let crowd = Crowd::start().await;
    let long = format!("GET {BASE}/user?username={} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(20_000));
    let both = "POST /search HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (request, status) in
        [("GARBAGE\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400), (both, 400), (long.as_str(), 414)]
    {
        let text = crowd.exchange(request).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        assert!(head.contains("x-embedded-crowd-version: ") && head.contains("connection: close"), "{text}");
        assert!(head.contains("content-type: application/xml"), "{text}");
        let error = xml::parse(body.as_bytes()).unwrap();
        assert_eq!((error.name.as_str(), error.child("reason").unwrap().text.as_str()), ("error", "ILLEGAL_ARGUMENT"));
        assert!(!error.child("message").unwrap().text.is_empty());
    }
}
