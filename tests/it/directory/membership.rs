//! Members of groups: parallel changes, every form at every size, names, nesting, leaving.

use super::{Site, id, kind_of, sorted, tag, texts};
use scimd::directory::sweep;
use scimd::limits::MEMBERS_FILTERED_MAX;
use scimd::scim::errors::Kind;
use scimd::scim::schema::{self, group, user};
use scimd::store::{Scan, Store};
use serde_json::{Value, json};

fn add(ids: &[String]) -> Value {
    let members: Vec<Value> = ids.iter().map(|id| json!({"value": id})).collect();
    json!([{"op": "add", "path": "members", "value": members}])
}

/// Members were lost by read-modify-write under parallel PATCHes in several servers; here distinct members never meet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_patches_of_one_group_lose_nobody() {
    const TASKS: usize = 64;
    const ROUNDS: usize = 24;
    let site = Site::new(Store::memory()).await;
    let group_id = site.group("crowd", &[]).await;
    let mut users = Vec::new();
    for n in 0..TASKS * ROUNDS {
        users.push(site.user(&format!("user{n}")).await);
    }
    let tasks: Vec<_> = users
        .chunks(ROUNDS)
        .map(|mine| {
            let (site, mine, group_id) = (site.clone(), mine.to_vec(), group_id.clone());
            tokio::spawn(async move {
                for (n, member) in mine.iter().enumerate() {
                    site.patch(group(), &group_id, add(std::slice::from_ref(member)), None).await.unwrap();
                    if n % 2 == 1 {
                        let path = format!("members[value eq \"{member}\"]");
                        site.patch(group(), &group_id, json!([{"op": "remove", "path": path}]), None).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let stay: Vec<String> = users.iter().enumerate().filter(|(n, _)| n % 2 == 0).map(|(_, id)| id.clone()).collect();
    assert_eq!(site.members(&group_id).await, sorted(stay));
    for (n, member) in users.iter().enumerate() {
        let expected = if n % 2 == 0 { vec![group_id.clone()] } else { vec![] };
        assert_eq!(site.groups_of(member).await, expected);
    }
    site.agrees().await;
}

/// With If-Match a stale writer is always told, whatever it writes; exactly one of many with the same version wins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_version_is_always_refused() {
    let site = Site::new(Store::memory()).await;
    let member = site.user("member").await;
    let group_id = site.group("g", &[]).await;
    for round in 0..100 {
        let version = tag(&site.get(group(), &group_id).await.unwrap());
        let writers: Vec<_> = (0..10)
            .map(|n| {
                let (site, version, group_id, member) =
                    (site.clone(), version.clone(), group_id.clone(), member.clone());
                tokio::spawn(async move {
                    match n % 3 {
                        0 => {
                            let body = json!({"schemas": [schema::GROUP], "displayName": format!("g{round}.{n}")});
                            site.put(group(), &group_id, body, Some(&version)).await.map(|_| ())
                        }
                        1 => {
                            let title =
                                json!([{"op": "replace", "path": "displayName", "value": format!("g{round}.{n}")}]);
                            site.patch(group(), &group_id, title, Some(&version)).await
                        }
                        _ => {
                            let flip = match round % 2 {
                                0 => add(&[member]),
                                _ => {
                                    json!([{"op": "replace", "path": "displayName", "value": format!("h{round}.{n}")}])
                                }
                            };
                            site.patch(group(), &group_id, flip, Some(&version)).await
                        }
                    }
                })
            })
            .collect();
        let mut won = 0;
        for writer in writers {
            match writer.await.unwrap() {
                Ok(()) => won += 1,
                Err(error) => assert_eq!(error.kind, Kind::VersionMismatch, "{error}"),
            }
        }
        assert_eq!(won, 1, "round {round}");
    }
    site.agrees().await;
}

/// Every membership form on a group that is too large for one batch leaves exactly the right members, and no row behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_big_group_has_exactly_the_members_it_should() {
    const COUNT: usize = 10_000;
    let store = Store::memory();
    let site = Site::new(store.clone()).await;
    let mut users = Vec::with_capacity(COUNT);
    for n in 0..COUNT {
        users.push(site.user(&format!("user{n}")).await);
    }
    let all = sorted(users.clone());
    let group_id = site.group("big", &users).await;
    assert_eq!(site.members(&group_id).await, all);
    let path = format!("members[value eq \"{}\"]", users[7]);
    site.patch(group(), &group_id, json!([{"op": "remove", "path": path}]), None).await.unwrap();
    let list: Vec<Value> = users[..3].iter().map(|id| json!({"value": id})).collect();
    site.patch(group(), &group_id, json!([{"op": "Remove", "path": "members", "value": list}]), None).await.unwrap();
    assert_eq!(site.members(&group_id).await.len(), COUNT - 4);
    assert!(site.groups_of(&users[7]).await.is_empty());
    // Adds more than fit into one batch, most of whom are there already.
    site.patch(group(), &group_id, add(&users), None).await.unwrap();
    assert_eq!(site.members(&group_id).await, all);
    let half: Vec<Value> = users[COUNT / 2..].iter().map(|id| json!({"value": id})).collect();
    let replace = json!([{"op": "replace", "path": "members", "value": half}]);
    site.patch(group(), &group_id, replace, None).await.unwrap();
    assert_eq!(site.members(&group_id).await, sorted(users[COUNT / 2..].to_vec()));
    assert!(site.groups_of(&users[0]).await.is_empty());
    let few: Vec<Value> = users[..5].iter().map(|id| json!({"value": id})).collect();
    let body = json!({"schemas": [schema::GROUP], "displayName": "big", "members": few});
    site.put(group(), &group_id, body, None).await.unwrap();
    assert_eq!(site.members(&group_id).await, sorted(users[..5].to_vec()));
    site.patch(group(), &group_id, add(&users), None).await.unwrap();
    site.patch(group(), &group_id, json!([{"op": "remove", "path": "members"}]), None).await.unwrap();
    assert!(site.members(&group_id).await.is_empty());
    site.patch(group(), &group_id, add(&users), None).await.unwrap();
    site.agrees().await;
    site.delete(group(), &group_id).await.unwrap();
    assert!(site.groups_of(&users[9]).await.is_empty());
    sweep::round(&site.directory, 0).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    for prefix in [&b"M"[..], b"S"] {
        let scan = Scan { prefix, after: None, skip: 0, limit: 10, values: false };
        assert!(snapshot.scan(&scan).await.unwrap().is_empty(), "rows are left under {prefix:?}");
    }
    // Of the memberships only the marks are left, one for each user.
    let scan = Scan { prefix: b"E", after: None, skip: 0, limit: COUNT * 2, values: false };
    assert_eq!(snapshot.scan(&scan).await.unwrap().len(), COUNT);
    site.agrees().await;
}

#[tokio::test]
async fn a_member_is_shown_by_its_newest_name() {
    let site = Site::new(Store::memory()).await;
    let member = site.user("ada").await;
    let group_id = site.group("g", std::slice::from_ref(&member)).await;
    let shown = async || site.get(group(), &group_id).await.unwrap()["members"][0]["display"].clone();
    assert_eq!(shown().await, "ada");
    let before = tag(&site.get(group(), &group_id).await.unwrap());
    let rename = json!([{"op": "add", "path": "displayName", "value": "Ada L."}]);
    site.patch(user(), &member, rename, None).await.unwrap();
    assert_eq!(shown().await, "Ada L.");
    assert_ne!(tag(&site.get(group(), &group_id).await.unwrap()), before);
    let rename = json!([{"op": "replace", "value": {"id": group_id, "displayName": "G"}}]);
    site.patch(group(), &group_id, rename, None).await.unwrap();
    let groups = &site.get(user(), &member).await.unwrap()["groups"];
    assert_eq!(
        groups,
        &json!([{"value": group_id, "$ref": format!("https://scim.test/Groups/{group_id}"), "display": "G", "type": "direct"}])
    );
}

#[tokio::test]
async fn groups_in_groups_are_followed_and_never_in_a_circle() {
    let site = Site::new(Store::memory()).await;
    let member = site.user("ada").await;
    let inner = site.group("inner", std::slice::from_ref(&member)).await;
    let middle = site.group("middle", std::slice::from_ref(&inner)).await;
    let outer = site.group("outer", std::slice::from_ref(&middle)).await;
    let groups = site.get(user(), &member).await.unwrap()["groups"].clone();
    assert_eq!(texts(&groups, "value"), [inner.clone(), middle.clone(), outer.clone()]);
    assert_eq!(texts(&groups, "type"), ["direct", "indirect", "indirect"]);
    for (group_id, member) in [(&inner, &outer), (&inner, &middle), (&outer, &outer)] {
        let circle = site.patch(group(), group_id, add(std::slice::from_ref(member)), None).await;
        assert_eq!(kind_of(circle), Kind::InvalidValue);
    }
    site.delete(group(), &middle).await.unwrap();
    assert_eq!(site.groups_of(&member).await, [inner]);
    assert!(site.members(&outer).await.is_empty());
}

/// The groups that a user is in, each with how.
async fn effective(site: &Site, member: &str) -> Vec<(String, String)> {
    let groups = site.get(user(), member).await.unwrap()["groups"].clone();
    let mut all: Vec<_> = texts(&groups, "display").into_iter().zip(texts(&groups, "type")).collect();
    all.sort();
    all
}

fn expected(groups: &[(&str, &str)]) -> Vec<(String, String)> {
    groups.iter().map(|(display, kind)| ((*display).to_owned(), (*kind).to_owned())).collect()
}

#[tokio::test]
async fn effective_membership_is_right_after_every_change() {
    let site = Site::new(Store::memory()).await;
    let ada = site.user("ada").await;
    let (inner, left) = (site.group("inner", &[]).await, site.group("left", &[]).await);
    let right = site.group("right", &[]).await;
    let top = site.group("top", &[left.clone(), right.clone()]).await;
    assert_eq!(effective(&site, &ada).await, []);
    site.patch(group(), &inner, add(std::slice::from_ref(&ada)), None).await.unwrap();
    assert_eq!(effective(&site, &ada).await, expected(&[("inner", "direct")]));
    // Two ways up to one group count once.
    for side in [&left, &right] {
        site.patch(group(), side, add(std::slice::from_ref(&inner)), None).await.unwrap();
    }
    let all = [("inner", "direct"), ("left", "indirect"), ("right", "indirect"), ("top", "indirect")];
    assert_eq!(effective(&site, &ada).await, expected(&all));
    let before = tag(&site.get(user(), &ada).await.unwrap());
    site.patch(group(), &top, json!([{"op": "replace", "path": "displayName", "value": "summit"}]), None)
        .await
        .unwrap();
    let all = [("inner", "direct"), ("left", "indirect"), ("right", "indirect"), ("summit", "indirect")];
    assert_eq!(effective(&site, &ada).await, expected(&all));
    assert_ne!(tag(&site.get(user(), &ada).await.unwrap()), before);
    // Who is in a group himself and through another one is in it directly.
    site.patch(group(), &top, add(std::slice::from_ref(&ada)), None).await.unwrap();
    assert_eq!(effective(&site, &ada).await[3], expected(&[("summit", "direct")])[0]);
    let out = json!([{"op": "remove", "path": format!("members[value eq \"{ada}\"]")}]);
    site.patch(group(), &top, out, None).await.unwrap();
    assert_eq!(effective(&site, &ada).await[3], expected(&[("summit", "indirect")])[0]);
    // One of the ways is taken away, then the other.
    let body = json!({"schemas": [schema::GROUP], "displayName": "left", "members": []});
    site.put(group(), &left, body, None).await.unwrap();
    let some = [("inner", "direct"), ("right", "indirect"), ("summit", "indirect")];
    assert_eq!(effective(&site, &ada).await, expected(&some));
    site.delete(group(), &right).await.unwrap();
    assert_eq!(effective(&site, &ada).await, expected(&[("inner", "direct")]));
    site.agrees().await;
}

#[tokio::test]
async fn a_circle_is_refused_in_whatever_way_it_is_asked_for() {
    let site = Site::new(Store::memory()).await;
    let inner = site.group("inner", &[]).await;
    let outer = site.group("outer", std::slice::from_ref(&inner)).await;
    let put = |name: &str, member: &str| json!({"schemas": [schema::GROUP], "displayName": name, "members": [{"value": member}]});
    assert_eq!(kind_of(site.put(group(), &inner, put("inner", &outer), None).await), Kind::InvalidValue);
    assert_eq!(kind_of(site.put(group(), &inner, put("inner", &inner), None).await), Kind::InvalidValue);
    let replace = json!([{"op": "replace", "path": "members", "value": [{"value": outer}]}]);
    assert_eq!(kind_of(site.patch(group(), &inner, replace, None).await), Kind::InvalidValue);
    // Two who would close one at once: at most one of them gets it.
    let (one, two) = (site.group("one", &[]).await, site.group("two", &[]).await);
    let (a, b) = (add(std::slice::from_ref(&two)), add(std::slice::from_ref(&one)));
    let (first, second) = tokio::join!(site.patch(group(), &one, a, None), site.patch(group(), &two, b, None));
    assert_eq!([&first, &second].into_iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(site.members(&inner).await.is_empty());
    site.agrees().await;
}

#[tokio::test]
async fn the_inactive_stay_and_the_deleted_go() {
    let site = Site::new(Store::memory()).await;
    let (stays, goes) = (site.user("stays").await, site.user("goes").await);
    let group_id = site.group("g", &[stays.clone(), goes.clone()]).await;
    let inactive = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    site.patch(user(), &stays, inactive, None).await.unwrap();
    site.delete(user(), &goes).await.unwrap();
    assert_eq!(site.members(&group_id).await, vec![stays.clone()]);
    assert_eq!(site.get(user(), &stays).await.unwrap()["active"], json!(false));
    assert_eq!(kind_of(site.get(user(), &goes).await), Kind::NotFound);
    let again = id(&site.post(user(), json!({"userName": "GOES"})).await.unwrap());
    assert!(site.groups_of(&again).await.is_empty());
}

/// A filter that no index answers makes the server look at every member of every group.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_take_too_much_is_refused() {
    let site = Site::new(Store::memory()).await;
    let mut members = Vec::new();
    while members.len() <= MEMBERS_FILTERED_MAX {
        let batch: Vec<_> = (members.len()..members.len() + 500)
            .map(|n| {
                let site = site.clone();
                tokio::spawn(async move { site.user(&format!("user{n}")).await })
            })
            .collect();
        for made in batch {
            members.push(made.await.unwrap());
        }
    }
    let everybody = site.group("Everybody", &members).await;
    let refused = site.list(group(), "filter=members.display%20ew%20%22r1%22").await;
    assert_eq!(kind_of(refused), Kind::TooMany);
    let found = site.find(group(), &format!("members.value eq \"{}\"", members[0])).await;
    assert_eq!(found, [everybody]);
}
