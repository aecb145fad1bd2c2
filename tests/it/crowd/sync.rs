//! Reading everything and what changed since: what is seen through filters and mappings, how long tokens last, and lists of any length.

use super::client::{Cache, since, token};
use super::{Crowd, Lens, XML, names};
use scimd::scim::schema::{self, group, user};
use serde_json::json;

#[tokio::test]
async fn hidden_groups_are_seen_through() {
    let crowd = Crowd::start().await;
    let (ann, bob) = (crowd.site.user("ann").await, crowd.site.user("bob").await);
    crowd.site.user("cid").await;
    let inner = crowd.site.group("engineering", &[ann]).await;
    crowd.site.group("jira-users", std::slice::from_ref(&inner)).await;
    crowd.site.group("other", &[bob]).await;
    let lens = Lens { include: vec!["jira-.*".to_owned()], members: true, ..Lens::default() };
    let asking = crowd.application("app", &lens).await;
    let cache = Cache::read(&asking).await;
    assert_eq!((cache.users.len(), cache.groups.len()), (1, 1));
    assert!(cache.users_in.contains(&("jira-users".to_owned(), "ann".to_owned())));
    assert_eq!(asking.get("/user?username=bob").await.status, 404);
    assert_eq!(asking.get("/group?groupname=other").await.status, 404);
    assert_eq!(names(&asking.xml("/user/group/direct?username=ann").await), ["jira-users"]);
    // Whoever leaves the last group that matters is gone.
    let known = token(&asking).await;
    crowd.site.patch(group(), &inner, json!([{"op": "remove", "path": "members"}]), None).await.unwrap();
    let (events, _) = since(&asking, &known).await.unwrap();
    let told: Vec<(&str, Option<&str>)> =
        events.children.iter().map(|event| (event.name.as_str(), event.attribute("operation"))).collect();
    assert_eq!(told, [("userEvent", Some("DELETED"))]);
}

#[tokio::test]
async fn of_two_with_one_name_the_older_is_seen() {
    let crowd = Crowd::start().await;
    let mut ids = Vec::new();
    for name in ["one", "two"] {
        let mail = json!([{"value": if name == "one" { "A@x.org" } else { "a@X.org" }, "type": "work"}]);
        let body = json!({"schemas": [schema::USER], "userName": name, "displayName": name, "emails": mail});
        ids.push(crowd.site.post(user(), body).await.unwrap()["id"].as_str().unwrap().to_owned());
    }
    let lens = Lens { user_name: "Item([emails.value], 1)".to_owned(), ..Lens::default() };
    let asking = crowd.application("app", &lens).await;
    assert_eq!(asking.json("/user?username=a@x.org").await["key"], json!(ids[0]));
    assert_eq!(asking.get(&format!("/user?key={}", ids[1])).await.status, 404);
    let known = token(&asking).await;
    crowd.site.delete(user(), &ids[0]).await.unwrap();
    assert_eq!(asking.json("/user?username=a@x.org").await["key"], json!(ids[1]));
    let (events, _) = since(&asking, &known).await.unwrap();
    let told: Vec<Option<&str>> = events.children.iter().map(|event| event.attribute("operation")).collect();
    assert_eq!(told, [Some("DELETED"), Some("CREATED"), Some("UPDATED")]);
}

#[tokio::test]
async fn tokens_are_of_one_application_as_it_is() {
    let crowd = Crowd::start().await;
    crowd.site.user("ann").await;
    let asking = crowd.application("app", &Lens::default()).await;
    let other = crowd.application("other", &Lens::default()).await;
    let known = token(&asking).await;
    let (events, next) = since(&asking, &known).await.unwrap();
    assert_eq!(events.children.len(), 0);
    assert!(since(&other, &known).await.is_none());
    for wrong in ["x", "8047511070899496297:12", "%00", &known[1..]] {
        assert!(since(&asking, wrong).await.is_none(), "{wrong}");
    }
    let lens = Lens { include: vec!["jira-.*".to_owned()], ..Lens::default() };
    let asking = crowd.application("app", &lens).await;
    assert!(since(&asking, &next).await.is_none());
}

#[tokio::test]
async fn a_token_begins_where_reading_everything_began() {
    let crowd = Crowd::start().await;
    let asking = crowd.application("app", &Lens::default()).await;
    let all = "/search?entity-type=user&start-index=0&max-results=-1&expand=user";
    asking.ask("POST", all, XML, "<null-search-restriction/>").await;
    crowd.site.user("late").await;
    let known = token(&asking).await;
    let (events, _) = since(&asking, &known).await.unwrap();
    assert_eq!(events.children[0].child("user").unwrap().attribute("name"), Some("late"));
}

#[tokio::test]
async fn long_lists_are_whole_and_in_pieces() {
    let crowd = Crowd::start().await;
    let mut ids = Vec::new();
    for number in 0..1_200 {
        ids.push(crowd.site.user(&format!("user{number:04}")).await);
    }
    crowd.site.group("all", &ids).await;
    let asking = crowd.application("app", &Lens::default()).await;
    let known = token(&asking).await;
    let cache = Cache::read(&asking).await;
    assert_eq!((cache.users.len(), cache.users_in.len()), (1_200, 1_200));
    let reply = asking
        .ask("POST", "/search?entity-type=user&max-results=-1&expand=user", XML, "<null-search-restriction/>")
        .await;
    assert!(!reply.headers.contains_key("content-length"), "a long answer is sent as it is made");
    let default = asking.xml("/search?entity-type=user").await;
    assert_eq!(default.children.len(), 1_000);
    let page = asking.xml("/group/user/direct?groupname=all&start-index=1100&max-results=50").await;
    assert_eq!(names(&page).len(), 50);
    let json = asking.json("/search?entity-type=user&max-results=-1&expand=user&start-index=1").await;
    assert_eq!(json["users"].as_array().unwrap().len(), 1_199);
    // A group replaced as a whole is more than can be told one by one.
    let members: Vec<_> = ids[..1].iter().map(|id| json!({"value": id})).collect();
    let replace = json!([{"op": "replace", "path": "members", "value": members}]);
    let all = crowd.site.find(group(), "displayName eq \"all\"").await;
    crowd.site.patch(group(), &all[0], replace, None).await.unwrap();
    assert!(since(&asking, &known).await.is_none());
    assert_eq!(Cache::read(&asking).await.users_in.len(), 1);
}

#[tokio::test]
async fn whoever_has_no_name_is_not_seen_until_he_has() {
    let crowd = Crowd::start().await;
    let ann = crowd.site.user("ann").await;
    let lens = Lens { user_name: "Item([emails.value], 1)".to_owned(), ..Lens::default() };
    let asking = crowd.application("app", &lens).await;
    assert_eq!(Cache::read(&asking).await.users.len(), 0);
    let known = token(&asking).await;
    let mail = json!([{"op": "replace", "value": {"emails": [{"value": "a@x.org"}]}}]);
    crowd.site.patch(user(), &ann, mail, None).await.unwrap();
    let (events, _) = since(&asking, &known).await.unwrap();
    assert_eq!(events.children[0].attribute("operation"), Some("CREATED"));
    assert_eq!(asking.json("/user?username=a@x.org").await["key"], json!(ann));
    assert_eq!(asking.get("/user?username=ann").await.status, 404);
}

#[tokio::test]
async fn what_comes_back_has_its_groups_again() {
    let crowd = Crowd::start().await;
    let ann = crowd.site.user("ann").await;
    let group_id = crowd.site.group("devs", std::slice::from_ref(&ann)).await;
    let asking = crowd.application("app", &Lens::default()).await;
    let mut cache = Cache::read(&asking).await;
    let known = token(&asking).await;
    crowd.site.delete(group(), &group_id).await.unwrap();
    crowd.site.group("Devs", &[]).await;
    crowd.site.delete(user(), &ann).await.unwrap();
    crowd.site.user("ANN").await;
    let (events, _) = since(&asking, &known).await.unwrap();
    cache.hear(&events, true);
    assert_eq!(cache, Cache::read(&asking).await);
    assert!(cache.users_in.is_empty() && cache.users.contains_key("ann"));
}
