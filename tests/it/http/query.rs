//! Lists, searches and which attributes an answer has (RFC 7644 sections 3.4 and 3.9).

use super::{Server, user};
use scimd::scim::schema::{ENTERPRISE_USER, LIST_RESPONSE, SEARCH_REQUEST, USER};
use serde_json::{Value, json};

/// Three users, two of them in a group.
async fn site(server: &Server) -> (Vec<String>, String) {
    let mut ids = Vec::new();
    for (name, title) in [("ann", "Boss"), ("bob", "Clerk"), ("cid", "Clerk")] {
        let mut body = user(name);
        body["title"] = json!(title);
        body["emails"] = json!([{"value": format!("{name}@work.test"), "type": "work", "primary": true}, {"value": format!("{name}@home.test"), "type": "home"}]);
        body["name"] = json!({"givenName": name, "familyName": "Tester"});
        ids.push(server.ask("POST", "/Users", body).await.made());
    }
    let group = server.group("Staff", &[&ids[0], &ids[1]]).await;
    (ids, group)
}

/// The names of the resources in a list.
fn shown(list: &Value) -> Vec<String> {
    let name = |resource: &Value| {
        resource["userName"].as_str().or(resource["displayName"].as_str()).unwrap_or_default().to_owned()
    };
    list["Resources"].as_array().map(|list| list.iter().map(name).collect()).unwrap_or_default()
}

#[tokio::test]
async fn a_list_tells_what_it_is_and_what_part() {
    let server = Server::strict().await;
    site(&server).await;
    let all = server.get("/Users").await;
    assert_eq!(all.status, 200);
    assert_eq!(all.json()["schemas"], json!([LIST_RESPONSE]));
    assert_eq!((all.json()["totalResults"].clone(), shown(&all.json()).len()), (json!(3), 3));
    let part = server.get("/Users?startIndex=2&count=1").await.json();
    assert_eq!(part["schemas"], json!([LIST_RESPONSE]));
    assert_eq!([&part["totalResults"], &part["startIndex"], &part["itemsPerPage"]], [&json!(3), &json!(2), &json!(1)]);
    assert_eq!(shown(&part), ["bob"]);
    // Nothing found is a success too.
    for path in ["/Users?filter=userName%20eq%20%22nobody%22", "/Groups?filter=displayName%20sw%20%22x%22"] {
        let none = server.get(path).await;
        assert_eq!((none.status, &none.json()["totalResults"]), (200, &json!(0)), "{path}");
        assert_eq!(none.json()["schemas"], json!([LIST_RESPONSE]));
    }
}

#[tokio::test]
async fn parameters_that_nobody_knows_are_ignored() {
    let server = Server::strict().await;
    let (ids, _) = site(&server).await;
    for path in ["/Users?colour=red", "/Users?aadOptscim062020&colour=", "/?x=1&filter=userName%20pr"] {
        assert_eq!(shown(&server.get(path).await.json()), ["ann", "bob", "cid"], "{path}");
    }
    let one = server.get(&format!("/Users/{}?colour=red", ids[0])).await;
    assert_eq!((one.status, one.made()), (200, ids[0].clone()));
    let made = server.ask("POST", "/Users?colour=red", user("dan")).await;
    assert_eq!(made.status, 201, "{}", made.text);
}

#[tokio::test]
async fn the_root_has_every_type() {
    let server = Server::strict().await;
    site(&server).await;
    let found = async |filter: &str| {
        let reply = server.filter("/", filter).await;
        assert_eq!(reply.status, 200, "{filter}: {}", reply.text);
        shown(&reply.json())
    };
    assert_eq!(shown(&server.get("/").await.json()), ["ann", "bob", "cid", "Staff"]);
    assert_eq!(found("meta.resourceType eq \"Group\"").await, ["Staff"]);
    assert_eq!(found("(meta.resourceType eq \"User\") or (meta.resourceType eq \"Group\")").await.len(), 4);
    // What a type does not have has no value there.
    assert_eq!(found("userName pr").await, ["ann", "bob", "cid"]);
    assert_eq!(found("not (userName pr)").await, ["Staff"]);
    assert_eq!(found("title ne \"Clerk\"").await, ["ann", "Staff"]);
    // Also when each type lacks something that another one has; what no type has is a mistake.
    assert_eq!(found("members.value pr or title eq \"Boss\"").await, ["ann", "Staff"]);
    assert_eq!(found("members[value pr] or emails[value sw \"ann\"]").await, ["ann", "Staff"]);
    for filter in ["colour pr", "members pr or colour pr", "userName pr or title pr or members pr or colour pr"] {
        let refused = server.filter("/", filter).await;
        assert_eq!(refused.error(), (400, "invalidFilter".to_owned()), "{filter}");
        assert!(refused.text.contains("'colour'"), "{}", refused.text);
    }
}

#[tokio::test]
async fn only_what_matches_is_listed() {
    let server = Server::strict().await;
    let (ids, group) = site(&server).await;
    for (filter, expected) in [
        ("title eq \"clerk\"", vec!["bob", "cid"]),
        ("userName Eq \"ANN\"", vec!["ann"]),
        ("emails[type eq \"work\" and value sw \"ann@home\"]", vec![]),
        ("emails.type eq \"work\" and emails.value sw \"ann@home\"", vec!["ann"]),
        ("userName gt \"ann\" and not (title eq \"Boss\")", vec!["bob", "cid"]),
        (&format!("id eq \"{}\"", ids[1]), vec!["bob"]),
        (&format!("groups.value eq \"{group}\""), vec!["ann", "bob"]),
        (&format!("schemas eq \"{USER}\""), vec!["ann", "bob", "cid"]),
        (&format!("schemas eq \"{ENTERPRISE_USER}\""), vec![]),
    ] {
        assert_eq!(server.names(filter).await, expected, "{filter}");
    }
    let groups = server.filter("/Groups", &format!("members.value eq \"{}\"", ids[0])).await.json();
    assert_eq!(shown(&groups), ["Staff"]);
}

#[tokio::test]
async fn a_filter_that_cannot_be_is_refused_and_says_why() {
    let server = Server::strict().await;
    site(&server).await;
    for (filter, word) in [
        ("userName regex \"a\"", "regex"),
        ("active gt true", "active"),
        ("active ge false", "active"),
        ("active lt true", "active"),
        ("active le true", "active"),
        ("x509Certificates.value gt \"MII\"", "x509Certificates"),
        ("name eq \"Tester\"", "name"),
        ("userName", "column"),
        ("userName eq", "column"),
        ("", "empty"),
        ("emails[", "column"),
    ] {
        for endpoint in ["/Users", "/"] {
            let refused = server.filter(endpoint, filter).await;
            assert_eq!(refused.error(), (400, "invalidFilter".to_owned()), "{filter}");
            assert!(refused.text.contains(word), "{filter}: {}", refused.text);
        }
    }
}

#[tokio::test]
async fn a_page_has_no_more_than_was_asked_for() {
    let server = Server::strict().await;
    site(&server).await;
    for (query, expected) in [
        ("count=2", vec!["ann", "bob"]),
        ("count=0", vec![]),
        ("count=-1", vec![]),
        ("count=1000", vec!["ann", "bob", "cid"]),
        ("startIndex=0&count=1", vec!["ann"]),
        ("startIndex=-5", vec!["ann", "bob", "cid"]),
        ("startIndex=3", vec!["cid"]),
        ("startIndex=4", vec![]),
    ] {
        let list = server.get(&format!("/Users?{query}")).await.json();
        assert_eq!(shown(&list), expected, "{query}");
        assert_eq!(list["totalResults"], 3, "{query}");
    }
}

#[tokio::test]
async fn a_search_by_post_is_a_query() {
    let server = Server::strict().await;
    site(&server).await;
    let search = |mut body: Value| {
        body["schemas"] = json!([SEARCH_REQUEST]);
        body
    };
    let body = search(json!({"filter": "userName pr", "startIndex": 2, "count": 1, "attributes": ["userName"]}));
    for endpoint in ["", "/Users"] {
        let found = server.ask("POST", &format!("{endpoint}/.search"), body.clone()).await;
        assert_eq!(found.status, 200, "{}", found.text);
        let query = "filter=userName%20pr&startIndex=2&count=1&attributes=userName";
        assert_eq!(found.json(), server.get(&format!("{endpoint}/?{query}")).await.json());
        assert_eq!(found.json()["Resources"][0].as_object().unwrap().len(), 3, "schemas, id and userName");
    }
    let excluded = search(json!({"excludedAttributes": ["id", "schemas", "emails", "meta"]}));
    let found = server.ask("POST", "/Users/.search", excluded).await.json();
    assert_eq!(found["Resources"][0]["userName"], "ann");
    assert!(found["Resources"][0]["id"].is_string() && found["Resources"][0]["schemas"].is_array());
    assert_eq!(found["Resources"][0].get("emails"), None);
    let sorted = search(json!({"sortBy": "userName", "sortOrder": "descending"}));
    assert_eq!(shown(&server.ask("POST", "/Users/.search", sorted).await.json()), ["cid", "bob", "ann"]);
    // Nothing was made, and what is no SearchRequest is none.
    for wrong in [json!({}), json!({"schemas": [LIST_RESPONSE]}), search(json!({"filter": "userName regex"}))] {
        assert_eq!(server.ask("POST", "/Users/.search", wrong.clone()).await.error().0, 400, "{wrong}");
    }
    assert_eq!(server.names("userName pr").await.len(), 3);
}

#[tokio::test]
async fn every_answer_has_the_attributes_that_were_asked_for() {
    let server = Server::strict().await;
    let (ids, group) = site(&server).await;
    let names = |resource: &Value| resource.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let path = format!("/Users/{}", ids[0]);
    let mut body = user("ann");
    body["title"] = json!("Boss");
    body["emails"] = json!([{"value": "ann@work.test", "type": "work"}]);
    let operation = super::patch(json!([{"op": "replace", "path": "title", "value": "Chief"}]));
    let search = json!({"schemas": [SEARCH_REQUEST], "filter": "userName eq \"ann\""});
    for (query, of_search, expected) in [
        ("attributes=userName", json!({"attributes": ["userName"]}), "schemas id userName"),
        ("attributes=emails.value,TITLE", json!({"attributes": ["emails.value", "TITLE"]}), "schemas id title emails"),
        (
            "attributes=urn:ietf:params:scim:schemas:core:2.0:User:title",
            json!({"attributes": ["urn:ietf:params:scim:schemas:core:2.0:User:title"]}),
            "schemas id title",
        ),
        ("attributes=colour", json!({"attributes": ["colour"]}), "schemas id"),
        (
            "excludedAttributes=emails,name,id,meta.version,groups",
            json!({"excludedAttributes": ["emails", "name", "id", "meta.version", "groups"]}),
            "schemas id userName title meta",
        ),
    ] {
        let (mut new, mut search) = (body.clone(), search.clone());
        new["userName"] = json!("dan");
        search.as_object_mut().unwrap().extend(of_search.as_object().unwrap().clone());
        let made = server.ask("POST", &format!("/Users?{query}"), new).await;
        let id = made.made();
        let resources = [
            made.json(),
            server.ask("PUT", &format!("{path}?{query}"), body.clone()).await.json(),
            server.ask("PATCH", &format!("{path}?{query}"), operation.clone()).await.json(),
            server.get(&format!("{path}?{query}")).await.json(),
            server.get(&format!("/Users?{query}")).await.json()["Resources"][0].clone(),
            server.ask("POST", "/.search", search).await.json()["Resources"][0].clone(),
        ];
        for resource in resources {
            assert_eq!(names(&resource), expected, "{query}: {resource}");
        }
        assert_eq!(server.ask("DELETE", &format!("/Users/{id}"), Value::Null).await.status, 204);
    }
    let members = server.get(&format!("/Groups/{group}?attributes=members.value")).await.json();
    assert_eq!(members["members"], json!([{"value": ids[0]}, {"value": ids[1]}]));
    let without = server.get(&format!("/Groups/{group}?excludedAttributes=members")).await.json();
    assert_eq!(names(&without), "schemas id displayName meta");
}
