//! The requests that four public clients send (PyPI Crowd and atlassian-python-api, npm atlassian-crowd-client and its older namesake), each
//! with an answer that the client can use.

use super::forms::start;
use super::{Crowd, JSON, XML};

/// Method, path below the base path of both versions, Accept, body, status.
const REQUESTS: &[(&str, &str, &str, &str, u16)] = &[
    ("GET", "/non-existent/location", JSON, "", 404),
    ("POST", "/authentication?username=alice", JSON, "{\"value\": \"pw\"}", 400),
    ("GET", "/user?username=alice&expand=attributes", JSON, "", 200),
    ("GET", "/user?username=alice", JSON, "", 200),
    ("GET", "/user/attribute?username=alice", JSON, "", 200),
    ("GET", "/user/group/direct?username=alice", JSON, "", 200),
    ("GET", "/user/group/nested?username=alice&start-index=0&max-results=1000", JSON, "", 200),
    ("GET", "/group?groupname=devs", JSON, "", 200),
    ("GET", "/group/user/direct?groupname=devs&max-results=99999", JSON, "", 200),
    ("GET", "/group/user/nested?groupname=devs&start-index=0&max-results=99999", JSON, "", 200),
    ("GET", "/group/user/nested?groupname=devs&start-index=0&max-results=1000&expand=none", JSON, "", 200),
    ("GET", "/group/child-group/direct?groupname=devs&start-index=0&max-results=99999", JSON, "", 200),
    ("GET", "/group/parent-group/direct?groupname=devs&start-index=0&max-results=99999", JSON, "", 200),
    ("GET", "/group/membership", XML, "", 200),
    ("GET", "/search?entity-type=user&start-index=0&max-results=99999&restriction=active%3Dtrue", JSON, "", 200),
    (
        "GET",
        "/search?entity-type=user&restriction=active%3Dtrue&start-index=0&max-results=50&expand=user",
        JSON,
        "",
        200,
    ),
    ("GET", "/search?entity-type=group&restriction=active%3Dtrue&start-index=0&max-results=1000", JSON, "", 200),
    (
        "POST",
        "/search?entity-type=user&start-index=0&max-results=99999",
        JSON,
        "{\"restriction-type\": \"property-search-restriction\", \"property\": {\"name\": \"name\", \"type\": \"STRING\"}, \"match-mode\": \"CONTAINS\", \"value\": \"a\"}",
        200,
    ),
    ("GET", "/config/cookie", JSON, "", 200),
    ("POST", "/session?duration=600", JSON, "{\"username\":\"alice\",\"password\":\"pw\"}", 400),
    ("POST", "/user", JSON, "{\"name\": \"bob\", \"active\": true}", 403),
    ("PUT", "/user?username=alice", JSON, "{\"name\": \"alice\", \"active\": false}", 403),
    ("POST", "/user/rename?username=alice", JSON, "{\"newName\": \"alice2\"}", 403),
    ("POST", "/group", JSON, "{\"name\": \"g\", \"type\": \"GROUP\"}", 403),
    ("POST", "/user/group/direct?username=alice", JSON, "{\"name\": \"devs\"}", 403),
    ("POST", "/user/group/direct?groupname=devs", JSON, "{\"name\": \"alice\"}", 403),
    ("POST", "/group/child-group/direct?groupname=devs", JSON, "{\"name\": \"kids\"}", 403),
    ("DELETE", "/group/user/direct?username=alice&groupname=devs", JSON, "", 403),
];

#[tokio::test]
async fn what_public_clients_ask_is_answered() {
    let crowd = Crowd::start().await;
    let asking = start(&crowd).await;
    for base in ["//crowd/rest/usermanagement/1", "//rest/usermanagement/latest"] {
        for (method, path, accept, body, status) in REQUESTS {
            let reply = asking.ask(method, &format!("{base}{path}"), accept, body).await;
            assert_eq!(reply.status, *status, "{method} {path}: {}", reply.text);
            let form = reply.headers["content-type"].to_str().unwrap();
            assert!(form.starts_with(accept), "{method} {path}: {form}");
        }
    }
}
