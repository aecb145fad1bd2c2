//! Bulk requests (RFC 7644 section 3.7): the RFC's examples, circles, the stop at errors, and order where it matters.

mod order;

use super::{Site, sorted, tag, texts};
use scimd::directory::bulk::{self as run, Done, Outcome};
use scimd::scim::bulk;
use scimd::scim::dialect::Reading;
use scimd::scim::errors::{Error, Kind};
use scimd::scim::schema::{self, group, user};
use scimd::store::Store;
use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

impl Site {
    async fn bulk(&self, body: Value) -> Result<Vec<Done>, Error> {
        let mut reading = Reading::new(&self.tenant.dialect);
        let request = bulk::read(body, "https://scim.test")?;
        run::run(&self.call(), &[user(), group()], request, &mut reading).await
    }

    async fn operations(&self, operations: Value) -> Vec<Done> {
        self.bulk(json!({"schemas": [schema::BULK_REQUEST], "Operations": operations})).await.unwrap()
    }

    /// The kinds of the errors, in the order of the answers.
    async fn outcomes(&self, operations: Value) -> Vec<Option<Kind>> {
        self.operations(operations).await.iter().map(kind).collect()
    }
}

fn kind(done: &Done) -> Option<Kind> {
    match &done.outcome {
        Outcome::Failed(error) => Some(error.kind),
        _ => None,
    }
}

fn id(done: &Done) -> String {
    done.location.as_deref().unwrap().rsplit('/').next().unwrap().to_owned()
}

fn post(name: &str, path: &str, data: Value) -> Value {
    json!({"method": "POST", "path": path, "bulkId": name, "data": data})
}

fn manager(name: &str, of: &str) -> Value {
    json!({"userName": name, (ENTERPRISE): {"employeeNumber": "1", "manager": {"value": of}}})
}

async fn site() -> Site {
    site_on(Store::memory()).await
}

async fn site_on(store: Store) -> Site {
    Site::new(store).await
}

/// RFC 7644 section 3.7.2, both examples, in the order of the RFC and the other way round.
#[tokio::test]
async fn a_reference_is_replaced_by_the_id() {
    let alice = post("qwerty", "/Users", json!({"schemas": [schema::USER], "userName": "Alice"}));
    let guides = post(
        "ytrewq",
        "/Groups",
        json!({
            "schemas": [schema::GROUP], "displayName": "Tour Guides",
            "members": [{"type": "User", "value": "bulkId:qwerty"}],
        }),
    );
    let bob = post(
        "bob",
        "/Users",
        json!({
            "schemas": [schema::USER, ENTERPRISE], "userName": "Bob",
            (ENTERPRISE): {"employeeNumber": "11250", "manager": {"value": "bulkId:qwerty"}},
        }),
    );
    for operations in [json!([alice, guides, bob]), json!([bob, guides, alice])] {
        let site = site().await;
        let done = site.operations(operations).await;
        let named = |name: &str| done.iter().find(|each| each.bulk_id.as_deref() == Some(name)).unwrap();
        for each in &done {
            assert!(matches!(each.outcome, Outcome::Created), "{each:?}");
            assert_eq!(each.method, "POST");
        }
        let alice = id(named("qwerty"));
        assert_eq!(site.members(&id(named("ytrewq"))).await, std::slice::from_ref(&alice));
        let bob = site.get(user(), &id(named("bob"))).await.unwrap();
        assert_eq!(bob[ENTERPRISE]["manager"]["value"], json!(alice));
        assert_eq!(named("bob").version.as_deref(), bob["meta"]["version"].as_str());
        assert_eq!(named("bob").location.as_deref(), bob["meta"]["location"].as_str());
    }
}

/// RFC 7644 section 3.7.1. A group cannot contain itself here, so this circle is the one that cannot be resolved.
#[tokio::test]
async fn groups_that_contain_each_other_are_refused() {
    let site = site().await;
    let operations = json!([
        post(
            "qwerty",
            "/Groups",
            json!({"displayName": "Group A", "members": [{"type": "Group", "value": "bulkId:ytrewq"}]})
        ),
        post(
            "ytrewq",
            "/Groups",
            json!({"displayName": "Group B", "members": [{"type": "Group", "value": "bulkId:qwerty"}]})
        ),
        post("self", "/Groups", json!({"displayName": "Group C", "members": [{"value": "bulkId:self"}]})),
        post("other", "/Groups", json!({"displayName": "Group D"})),
    ]);
    let circle = Some(Kind::Unresolved);
    assert_eq!(site.outcomes(operations).await, [circle, circle, circle, None]);
    assert_eq!(site.list(group(), "").await.unwrap()["totalResults"], json!(1));
}

#[tokio::test]
async fn other_circles_are_resolved() {
    let site = site().await;
    let done = site
        .operations(json!([
            post("a", "/Users", manager("a", "bulkId:b")),
            post("b", "/Users", manager("b", "bulkId:c")),
            post("c", "/Users", manager("c", "bulkId:a")),
            post("me", "/Users", manager("me", "bulkId:me")),
            post(
                "g",
                "/Groups",
                json!({"displayName": "g", "members": [{"value": "bulkId:u"}, {"value": "bulkId:a"}]})
            ),
            post("u", "/Users", manager("u", "bulkId:g")),
        ]))
        .await;
    for (each, of) in [(0, 1), (1, 2), (2, 0), (3, 3), (5, 4)] {
        let found = site.get(user(), &id(&done[each])).await.unwrap();
        assert_eq!(found[ENTERPRISE], json!({"employeeNumber": "1", "manager": {"value": id(&done[of])}}), "{each}");
        assert!(matches!(done[each].outcome, Outcome::Created));
    }
    let closed = site.get(user(), &id(&done[2])).await.unwrap();
    assert_eq!(done[2].version, Some(tag(&closed)), "the version is that after the circle was closed");
    assert_eq!(site.members(&id(&done[4])).await, sorted(vec![id(&done[5]), id(&done[0])]));
}

/// RFC 7644 section 3.7.3: adding, replacing, changing and deleting.
#[tokio::test]
async fn all_methods_with_versions() {
    let site = site().await;
    let mut names = Vec::new();
    for name in ["put", "patch", "delete"] {
        let id = site.user(name).await;
        names.push((tag(&site.get(user(), &id).await.unwrap()), id));
    }
    let [(put_tag, put), (patch_tag, patch), (delete_tag, delete)] = &names[..] else { panic!() };
    let operations = json!([
        {"method": "POST", "path": "/Users", "bulkId": "qwerty", "data": {"schemas": [schema::USER], "userName": "Alice"}},
        {"method": "PUT", "path": format!("/Users/{put}"), "version": put_tag,
         "data": {"schemas": [schema::USER], "id": put, "userName": "Bob"}},
        {"method": "PATCH", "path": format!("/Users/{patch}"), "version": patch_tag,
         "data": [{"op": "remove", "path": "nickName"}, {"op": "add", "path": "userName", "value": "Dave"}]},
        {"method": "DELETE", "path": format!("/Users/{delete}"), "version": delete_tag},
    ]);
    let body = json!({"schemas": [schema::BULK_REQUEST], "failOnErrors": 1, "Operations": operations});
    let done = site.bulk(body.clone()).await.unwrap();
    let expected = ["Created", "Changed", "Changed", "Silent"];
    assert_eq!(done.iter().map(|each| format!("{:?}", each.outcome)).collect::<Vec<_>>(), expected);
    assert_eq!(done[1].location, Some(format!("https://scim.test/Users/{put}")));
    assert_eq!(done[3].version, None);
    assert_eq!(site.get(user(), put).await.unwrap()["userName"], json!("Bob"));
    assert_eq!(site.get(user(), patch).await.unwrap()["userName"], json!("Dave"));

    // Once more, as the RFC shows it: the first error ends it, or, without failOnErrors, everything fails.
    let done = site.bulk(body.clone()).await.unwrap();
    assert_eq!(done.iter().map(kind).collect::<Vec<_>>(), [Some(Kind::Uniqueness)]);
    assert_eq!((done[0].bulk_id.as_deref(), &done[0].location), (Some("qwerty"), &None));
    let stale = Some(Kind::VersionMismatch);
    let all = site.outcomes(body["Operations"].clone()).await;
    assert_eq!(all, [Some(Kind::Uniqueness), stale, stale, Some(Kind::NotFound)]);
}

#[tokio::test]
async fn nothing_is_done_after_the_error_that_stops_it() {
    for stop in 1..=4 {
        let site = site().await;
        let operations: Vec<Value> = (0..40)
            .map(|n| {
                post(
                    &format!("{n}"),
                    "/Users",
                    if n % 5 == 3 { json!({}) } else { json!({"userName": format!("u{n}")}) },
                )
            })
            .collect();
        let body = json!({"schemas": [schema::BULK_REQUEST], "failOnErrors": stop, "Operations": operations});
        let done = site.bulk(body).await.unwrap();
        let last = 3 + 5 * (stop - 1);
        assert_eq!(done.len(), last + 1, "{stop}");
        assert_eq!(done.iter().filter(|each| kind(each).is_some()).count(), stop);
        assert_eq!(site.list(user(), "").await.unwrap()["totalResults"], json!(last + 1 - stop));
    }
    // An operation that others refer to is done before them, and its error counts there.
    let site = site().await;
    let operations = json!([
        post("g", "/Groups", json!({"displayName": "g", "members": [{"value": "bulkId:bad"}]})),
        post("ok", "/Users", json!({"userName": "ok"})),
        post("bad", "/Users", json!({})),
    ]);
    let body = json!({"schemas": [schema::BULK_REQUEST], "failOnErrors": 1, "Operations": operations});
    let done = site.bulk(body).await.unwrap();
    assert_eq!(done.iter().map(|each| each.bulk_id.as_deref().unwrap()).collect::<Vec<_>>(), ["bad"]);
}

#[tokio::test]
async fn references_to_nothing_and_to_failures() {
    let site = site().await;
    let outcomes = site
        .outcomes(json!([
            post("bad", "/Users", json!({})),
            post("g", "/Groups", json!({"displayName": "g", "members": [{"value": "bulkId:bad"}]})),
            post("h", "/Groups", json!({"displayName": "h", "members": [{"value": "bulkId:never"}]})),
            post("i", "/Groups", json!({"displayName": "i", "members": [{"value": "bulkId:g"}]})),
            {"method": "DELETE", "path": "/Users/bulkId:bad"},
            {"method": "DELETE", "path": "/Things/7"},
            post("m", "/Me", json!({})),
            {"method": "DELETE", "path": "/Users/7"},
        ]))
        .await;
    let (failed, missing) = (Some(Kind::Unresolved), Some(Kind::NotFound));
    let invalid = Some(Kind::InvalidValue);
    assert_eq!(outcomes, [invalid, failed, invalid, failed, failed, missing, missing, missing]);
    assert_eq!(site.list(group(), "").await.unwrap()["totalResults"], json!(0));
}

/// Whatever is done at once, the outcome is that of one operation after the other.
#[tokio::test]
async fn order_is_kept_where_it_matters() {
    let site = site().await;
    let (old, other) = (site.user("taken").await, site.user("other").await);
    let crew = site.group("crew", &[]).await;
    let replace =
        |id: &str, name: &str| json!({"method": "PUT", "path": format!("/Users/{id}"), "data": {"userName": name}});
    let members = |op: &str, id: &str| {
        let value = json!([{"value": id}]);
        json!({"method": "PATCH", "path": format!("/Groups/{crew}"), "data": [{"op": op, "path": "members", "value": value}]})
    };
    let done = site
        .operations(json!([
            // The name is taken until its holder is gone, and free afterwards.
            post("early", "/Users", json!({"userName": "TAKEN"})),
            {"method": "DELETE", "path": format!("/Users/{old}")},
            post("late", "/Users", json!({"userName": "Taken"})),
            // Of two who want a name the first one gets it.
            post("first", "/Users", json!({"userName": "twins"})),
            post("second", "/Users", json!({"userName": "Twins"})),
            // A name goes from hand to hand.
            replace(&other, "one"),
            post("next", "/Users", json!({"userName": "other"})),
            replace("bulkId:next", "two"),
            replace(&other, "other"),
            // What is made is changed, and joins, and leaves, and joins.
            {"method": "PATCH", "path": "/Users/bulkId:late", "data": [{"op": "add", "path": "title", "value": "A"}]},
            {"method": "PATCH", "path": "/Users/bulkId:late", "data": [{"op": "add", "path": "title", "value": "B"}]},
            members("add", "bulkId:late"),
            members("remove", "bulkId:late"),
            members("add", "bulkId:late"),
            members("add", &other),
            {"method": "DELETE", "path": format!("/Users/{other}")},
            members("replace", "bulkId:first"),
        ]))
        .await;
    let errors: Vec<usize> = (0..done.len()).filter(|n| kind(&done[*n]).is_some()).collect();
    assert_eq!(errors, [0, 4], "{done:#?}");
    assert_eq!(site.get(user(), &id(&done[2])).await.unwrap()["title"], json!("B"));
    assert_eq!(site.get(user(), &id(&done[7])).await.unwrap()["userName"], json!("two"));
    assert_eq!(site.members(&crew).await, [id(&done[3])]);
}

/// A version that an earlier operation of the request changes is stale for the later ones.
#[tokio::test]
async fn versions_see_what_earlier_operations_did() {
    let site = site().await;
    let member = site.user("member").await;
    let crew = site.group("crew", std::slice::from_ref(&member)).await;
    let (member_tag, crew_tag) =
        (tag(&site.get(user(), &member).await.unwrap()), tag(&site.get(group(), &crew).await.unwrap()));
    let title = |tag: &str| {
        let data = json!([{"op": "add", "path": "title", "value": "x"}]);
        json!({"method": "PATCH", "path": format!("/Users/{member}"), "version": tag, "data": data})
    };
    let rename = |name: &str, tag: Option<&str>| {
        let data = json!([{"op": "replace", "path": "displayName", "value": name}]);
        json!({"method": "PATCH", "path": format!("/Groups/{crew}"), "version": tag, "data": data})
    };
    let outcomes = site.outcomes(json!([rename("team", None), title(&member_tag), rename("x", Some(&crew_tag))])).await;
    assert_eq!(outcomes, [None, Some(Kind::VersionMismatch), Some(Kind::VersionMismatch)]);
}

#[tokio::test]
async fn a_thousand_operations_share_their_commits() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("db"), &scimd::store::Options::default()).unwrap();
    let site = Site::new(store.clone()).await;
    let before = store.figures();
    let operations: Vec<Value> =
        (0..1_000).map(|n| post(&format!("{n}"), "/Users", json!({"userName": format!("user{n}")}))).collect();
    let done = site.operations(json!(operations)).await;
    assert!(done.iter().all(|each| matches!(each.outcome, Outcome::Created)));
    let expected: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
    assert_eq!(done.iter().map(|each| each.bulk_id.clone().unwrap()).collect::<Vec<_>>(), expected);
    assert_eq!(site.list(user(), "").await.unwrap()["totalResults"], json!(1_000));
    let after = store.figures();
    assert_eq!(after.batches - before.batches, 1_000);
    assert!(after.commits - before.commits < 200, "{} commits", after.commits - before.commits);
    let ids: Vec<String> = done.iter().map(id).collect();
    let members: Vec<Value> = ids.iter().map(|id| json!({"value": id})).collect();
    site.operations(json!([post("g", "/Groups", json!({"displayName": "g", "members": members}))])).await;
    let removals: Vec<Value> =
        ids.iter().map(|id| json!({"method": "DELETE", "path": format!("/Users/{id}")})).collect();
    assert!(site.operations(json!(removals)).await.iter().all(|each| kind(each).is_none()));
    let groups = site.list(group(), "").await.unwrap();
    assert_eq!(texts(&groups["Resources"][0]["members"], "value"), Vec::<String>::new());
    store.close().await;
}
