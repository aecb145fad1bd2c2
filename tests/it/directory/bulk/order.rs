//! A bulk request does what its operations would do one after the other: random requests, compared with just that.

use super::{Site, id, kind, site_on};
use scimd::scim::errors::Kind;
use scimd::scim::schema::{group, user};
use scimd::store::{Options, Store};
use serde_json::{Value, json};

/// Small numbers from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

const USERS: usize = 5;
const GROUPS: usize = 4;

/// An operation on the things of a site: `U3` stands for the id of its fourth user, `G0` for its first group's.
fn operation(dice: &mut Dice, number: usize) -> Value {
    let name = format!("n{}", dice.roll(8));
    let (who, whose) = (format!("U{}", dice.roll(USERS)), format!("G{}", dice.roll(GROUPS)));
    let member = match dice.roll(3) {
        0 => format!("G{}", dice.roll(GROUPS)),
        1 if number > 0 => format!("bulkId:{}", dice.roll(number)),
        _ => format!("U{}", dice.roll(USERS)),
    };
    let patch = |path: String, op: &str, path_of: &str, value: Value| json!({"method": "PATCH", "path": path, "data": [{"op": op, "path": path_of, "value": value}]});
    let mut operation = match dice.roll(10) {
        0 | 1 => json!({"method": "POST", "path": "/Users", "data": {"userName": name}}),
        2 => json!({"method": "PUT", "path": format!("/Users/{who}"), "data": {"userName": name}}),
        3 => json!({"method": "DELETE", "path": format!("/Users/{who}")}),
        4 => patch(format!("/Users/{who}"), "replace", "userName", json!(name)),
        5 => patch(format!("/Users/{who}"), "replace", "title", json!(format!("t{number}"))),
        6 | 7 => patch(format!("/Groups/{whose}"), "add", "members", json!([{"value": member}])),
        8 => patch(format!("/Groups/{whose}"), "remove", &format!("members[value eq \"{member}\"]"), Value::Null),
        _ => {
            json!({"method": "PUT", "path": format!("/Groups/{whose}"), "data": {"displayName": name, "members": [{"value": member}]}})
        }
    };
    operation["bulkId"] = json!(number.to_string());
    operation
}

/// A site with its things, whose ids take the places of their names.
struct Stage {
    site: Site,
    ids: Vec<(String, String)>,
}

impl Stage {
    async fn new(store: Store) -> Stage {
        let site = site_on(store).await;
        let mut ids = Vec::new();
        for n in 0..USERS {
            ids.push((format!("U{n}"), site.user(&format!("n{n}")).await));
        }
        for n in 0..GROUPS {
            ids.push((format!("G{n}"), site.group(&format!("g{n}"), &[]).await));
        }
        Stage { site, ids }
    }

    fn with_ids(&self, operations: &Value) -> Value {
        let text = self.ids.iter().fold(operations.to_string(), |text, (name, id)| text.replace(name, id));
        serde_json::from_str(&text).unwrap()
    }

    /// What is there, with names in the place of ids and versions.
    async fn state(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for list in [self.site.list(user(), "").await.unwrap(), self.site.list(group(), "").await.unwrap()] {
            for each in list["Resources"].as_array().unwrap() {
                let mut members = Vec::new();
                for member in each["members"].as_array().into_iter().flatten() {
                    members.push(member["display"].as_str().unwrap_or_default().to_owned());
                }
                members.sort();
                lines.push(format!("{} {} {} {members:?}", each["userName"], each["displayName"], each["title"]));
            }
        }
        lines.sort();
        lines
    }
}

#[tokio::test]
async fn it_is_that_of_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 0..25 {
        let mut dice = Dice(seed);
        let operations: Vec<Value> = (0..24).map(|number| operation(&mut dice, number)).collect();
        // References to what is no POST, or comes later, are errors of their own: left out here.
        let is_post = |name: &str| name.parse::<usize>().is_ok_and(|n| operations[n]["method"] == "POST");
        let text = |operation: &Value| operation["data"].to_string();
        let refers = |operation: &Value| {
            text(operation).split("bulkId:").nth(1).map(|rest| rest.split(['"', '\\']).next().unwrap().to_owned())
        };
        let kept = operations.iter().filter(|each| refers(each).is_none_or(|name| is_post(&name))).cloned();
        let operations = Value::Array(kept.collect());

        let at_once = Stage::new(Store::open(&dir.path().join(format!("a{seed}")), &Options::default()).unwrap()).await;
        let done = at_once.site.operations(at_once.with_ids(&operations)).await;
        let outcomes: Vec<Option<Kind>> = done.iter().map(kind).collect();

        let mut single = Stage::new(Store::memory()).await;
        let mut expected = Vec::new();
        for operation in single.with_ids(&operations).as_array().unwrap() {
            let text = single.ids.iter().fold(operation.to_string(), |text, (name, id)| text.replace(name, id));
            if text.contains("\"bulkId:") || text.contains("\\\"bulkId:") {
                expected.push(Some(Kind::Unresolved));
                continue;
            }
            let one = single.site.operations(json!([serde_json::from_str::<Value>(&text).unwrap()])).await;
            expected.push(kind(&one[0]));
            if one[0].method == "POST" && kind(&one[0]).is_none() {
                let name = one[0].bulk_id.clone().unwrap();
                single.ids.push((format!("bulkId:{name}\""), format!("{}\"", id(&one[0]))));
                single.ids.push((format!("bulkId:{name}\\\""), format!("{}\\\"", id(&one[0]))));
            }
        }
        assert_eq!(outcomes, expected, "seed {seed}: {operations:#}");
        assert_eq!(at_once.state().await, single.state().await, "seed {seed}: {operations:#}");
    }
}
