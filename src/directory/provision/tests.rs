//! Mappings in the path of writes: what is stored, what a provider finds and changes, and what it may not.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::directory::answer::{Answer, Content};
use crate::directory::check;
use crate::directory::record::{self, Definitions, Mapping};
use crate::directory::tests::Fixture;
use crate::directory::write::Precondition;
use crate::directory::{Actor, Call, create, delete, keys, list, patch, read, replace, scope, sweep, tenant};
use crate::mapping::document::{
    DefaultGroupsFor, Document, ExistingUser, GroupName, Groups, Membership, NameRule, OnInactive, Otherwise, Policy,
    Rule, Switches, When,
};
use crate::scim::dialect::Reading;
use crate::scim::errors::{Error, Kind};
use crate::scim::project::Projection;
use crate::scim::query;
use crate::scim::schema::{self, ResourceType};
use serde_json::{Value, json};

/// A tenant with a mapping, and requests of its identity provider.
struct Site(Fixture);

/// What a request came to, and the rules that had a hand in it.
type Told = (Result<Value, Error>, Vec<String>);

impl Site {
    async fn new(document: Document) -> Site {
        let mut site = Site(Fixture::new().await);
        site.map(document).await;
        site
    }

    /// Puts a mapping in force.
    async fn map(&mut self, document: Document) {
        let directory = &self.0.directory;
        let number = tenant::FIRST;
        let snapshot = directory.snapshot().await.unwrap();
        let settings = snapshot.get(&keys::tenant(number)).await.unwrap().unwrap();
        let version = self.0.scope.tenant.mapping_version + 1;
        let mut batch = directory.batch();
        batch.put(keys::mapping(number, version), record::pack(&Mapping { document, ..Mapping::default() }).unwrap());
        let definitions = Definitions { mapping: version, ..Definitions::default() };
        batch.put(keys::definitions(number), record::pack(&definitions).unwrap());
        batch.put(keys::tenant(number), settings.value);
        directory.commit(batch).await.unwrap().unwrap();
        self.0.scope = scope::find(directory, "default", "https://scim.test").await.unwrap();
    }

    async fn ask<F, R>(&self, verb: F) -> Told
    where
        F: AsyncFnOnce(&Call<'_>, &mut Reading<'_>) -> Result<R, Error>,
        R: Shown,
    {
        let actor = Actor::new("t1", "r1");
        let call = self.0.scope.call(&self.0.directory, &actor);
        let mut reading = Reading::new(&self.0.scope.tenant.dialect);
        let result = verb(&call, &mut reading).await;
        let rules = actor.rules.told().into_iter();
        let rules = rules.map(|told| if told.refused { format!("!{}", told.rule) } else { told.rule.to_string() });
        (result.map(Shown::shown), rules.collect())
    }

    async fn post(&self, kind: &ResourceType, body: Value) -> Told {
        self.ask(async |call, reading| create::create(call, kind, body, &Projection::default(), reading).await).await
    }

    async fn put(&self, kind: &ResourceType, id: &str, body: Value) -> Told {
        let (all, none) = (Projection::default(), Precondition::None);
        self.ask(async |call, reading| replace::replace(call, kind, id, body, &none, &all, reading).await).await
    }

    async fn patch(&self, kind: &ResourceType, id: &str, operations: Value) -> Told {
        let body = json!({"schemas": [schema::PATCH_OP], "Operations": operations});
        let (all, none) = (Projection::default(), Precondition::None);
        self.ask(async |call, reading| patch::patch(call, kind, id, body, &none, &all, reading).await).await
    }

    async fn delete(&self, kind: &ResourceType, id: &str) -> Told {
        self.ask(async |call, _| delete::delete(call, kind, id, &Precondition::None).await).await
    }

    async fn get(&self, kind: &ResourceType, id: &str) -> Value {
        let (got, _) = self.ask(async |call, _| read::read(call, kind, id, &Projection::default()).await).await;
        got.unwrap()
    }

    async fn find(&self, kind: &ResourceType, filter: &str) -> usize {
        let text = format!("filter={}", filter.replace(' ', "%20").replace('"', "%22").replace('@', "%40"));
        let query = query::from_url(&text).unwrap();
        let (found, _) = self.ask(async |call, reading| list::list(call, &[kind], &query, reading).await).await;
        usize::try_from(found.unwrap()["totalResults"].as_u64().unwrap()).unwrap()
    }

    async fn user(&self, name: &str) -> Value {
        self.post(schema::user(), user(name)).await.0.unwrap()
    }

    async fn group(&self, name: &str, members: &[&Value]) -> Told {
        let members: Vec<Value> = members.iter().map(|member| json!({"value": member["id"]})).collect();
        let body = json!({"schemas": [schema::GROUP], "displayName": name, "members": members});
        self.post(schema::group(), body).await
    }

    async fn members(&self, group: &Value) -> Vec<String> {
        let group = self.get(schema::group(), id(group)).await;
        let mut names: Vec<String> = group["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["display"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    /// Every index entry, membership and counter is what the records say.
    async fn agrees(&self) {
        sweep::round(&self.0.directory, 0).await.unwrap();
        let snapshot = self.0.directory.snapshot().await.unwrap();
        let outcome = check::snapshot(&snapshot, &mut |_| true).unwrap();
        assert!(outcome.problems.is_empty(), "{:?}", outcome.problems);
    }
}

trait Shown {
    fn shown(self) -> Value;
}

impl Shown for Answer {
    fn shown(self) -> Value {
        self.content.shown()
    }
}

impl Shown for Content {
    fn shown(self) -> Value {
        let Content::Whole(bytes) = self else { panic!("no whole answer") };
        serde_json::from_slice(&bytes).unwrap()
    }
}

impl Shown for () {
    fn shown(self) -> Value {
        Value::Null
    }
}

fn user(name: &str) -> Value {
    json!({"schemas": [schema::USER], "userName": name})
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

fn short_names() -> Option<NameRule> {
    Some(NameRule { pattern: "@.*$".to_owned(), replacement: String::new() })
}

fn policy(policy: Policy) -> Document {
    Document { policy, ..Document::default() }
}

fn rule(name: &str, target: &str, expression: &str, when: When, otherwise: Otherwise) -> Rule {
    let (name, target, expression) = (name.to_owned(), target.to_owned(), expression.to_owned());
    Rule { name, resource_type: String::new(), target, expression, when, otherwise }
}

#[tokio::test]
async fn a_user_has_the_name_of_the_rule_and_is_found_by_both() {
    let site = Site::new(policy(Policy { username_rule: short_names(), ..Policy::default() })).await;
    let (anna, rules) = site.post(schema::user(), user("Anna@example.com")).await;
    let anna = anna.unwrap();
    assert_eq!(anna["userName"], "Anna");
    assert_eq!(rules, ["username_rule"]);
    for (filter, found) in [
        (r#"userName eq "anna@EXAMPLE.com""#, 1),
        (r#"userName eq "anna""#, 1),
        (r#"userName eq "anna@""#, 0),
        (r#"userName sw "anna@""#, 1),
        (r#"userName ew "com""#, 1),
        (r#"userName co "example" and active pr"#, 0),
    ] {
        assert_eq!(site.find(schema::user(), filter).await, found, "{filter}");
    }
    let (taken, _) = site.post(schema::user(), user("anna@other.example")).await;
    assert_eq!(taken.unwrap_err().kind, Kind::Uniqueness);
    let (taken, _) = site.post(schema::user(), user("ANNA@example.com")).await;
    assert_eq!(taken.unwrap_err().kind, Kind::Uniqueness);
    site.agrees().await;
}

#[tokio::test]
async fn a_patch_is_of_what_was_sent_and_the_rule_of_the_whole() {
    let document = Document {
        rules: vec![rule(
            "display",
            "displayName",
            "Join(\" \", [name.givenName], [name.familyName])",
            When::Always,
            Otherwise::Keep,
        )],
        ..policy(Policy { username_rule: short_names(), ..Policy::default() })
    };
    let site = Site::new(document).await;
    let body =
        json!({"schemas": [schema::USER], "userName": "anna@x", "name": {"givenName": "Anna", "familyName": "Berg"}});
    let anna = site.post(schema::user(), body).await.0.unwrap();
    assert_eq!(anna["displayName"], "Anna Berg");
    let change = json!([{"op": "replace", "path": "name.familyName", "value": "Tal"}]);
    let (anna, rules) = site.patch(schema::user(), id(&anna), change).await;
    let anna = anna.unwrap();
    assert_eq!((&anna["displayName"], &anna["userName"]), (&json!("Anna Tal"), &json!("anna")));
    assert_eq!(rules, ["display", "username_rule"]);
    // The provider's own displayName is kept beside, and is there again when the rule is gone.
    let change = json!([{"op": "replace", "path": "displayName", "value": "Boss"}]);
    let (changed, _) = site.patch(schema::user(), id(&anna), change).await;
    assert_eq!(changed.unwrap()["displayName"], "Anna Tal");
    let mut site = site;
    site.map(Document::default()).await;
    let change = json!([{"op": "replace", "path": "title", "value": "Dr"}]);
    let (anna, rules) = site.patch(schema::user(), id(&anna), change).await;
    let anna = anna.unwrap();
    assert_eq!((&anna["displayName"], &anna["userName"]), (&json!("Boss"), &json!("anna@x")));
    assert!(rules.is_empty());
    site.agrees().await;
}

#[tokio::test]
async fn what_is_stored_is_the_same_by_post_put_and_patch() {
    let document = Document {
        rules: vec![
            rule("mail", "emails[type eq \"work\"].value", "ToLower([userName])", When::Always, Otherwise::Keep),
            rule("title", "title", "[nickName]", When::Always, Otherwise::Clear),
        ],
        ..Document::default()
    };
    let site = Site::new(document).await;
    let whole = |name: &str, nick: &str| json!({"schemas": [schema::USER], "userName": name, "nickName": nick, "title": "sent"});
    let posted = site.post(schema::user(), whole("A@X", "Boss")).await.0.unwrap();
    let put = site.user("b@x").await;
    let put = site.put(schema::user(), id(&put), whole("B@X", "Boss")).await.0.unwrap();
    let patched = site.user("c@x").await;
    let steps = json!([{"op": "add", "value": {"userName": "C@X", "nickName": "Boss", "title": "sent"}}]);
    let patched = site.patch(schema::user(), id(&patched), steps).await.0.unwrap();
    for (one, mail) in [(&posted, "a@x"), (&put, "b@x"), (&patched, "c@x")] {
        assert_eq!(one["title"], "Boss");
        assert_eq!(one["emails"], json!([{"type": "work", "value": mail}]));
    }
    let cleared =
        site.patch(schema::user(), id(&posted), json!([{"op": "remove", "path": "nickName"}])).await.0.unwrap();
    assert_eq!(cleared.get("title"), None);
    site.agrees().await;
}

#[tokio::test]
async fn rules_apply_when_they_say_and_refuse_when_nothing_results() {
    let document = Document {
        rules: vec![
            rule("first", "title", "[nickName]", When::Create, Otherwise::Keep),
            rule("later", "userType", "[nickName]", When::Update, Otherwise::Keep),
            rule("needed", "displayName", "[name.formatted]", When::Always, Otherwise::Refuse),
        ],
        ..Document::default()
    };
    let site = Site::new(document).await;
    let (refused, rules) = site.post(schema::user(), user("anna")).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind, Kind::InvalidValue);
    assert!(refused.detail.contains("'needed'"), "{refused}");
    assert!(rules.contains(&"!needed".to_owned()), "{rules:?}");
    let whole =
        |nick| json!({"schemas": [schema::USER], "userName": "anna", "nickName": nick, "name": {"formatted": "A"}});
    let anna = site.post(schema::user(), whole("one")).await.0.unwrap();
    assert_eq!((&anna["title"], anna.get("userType")), (&json!("one"), None));
    let anna = site.put(schema::user(), id(&anna), whole("two")).await.0.unwrap();
    assert_eq!((&anna["title"], &anna["userType"]), (&json!("one"), &json!("two")));
    site.agrees().await;
}

#[tokio::test]
async fn a_value_that_is_cleared_leaves_no_shell() {
    let path = "phoneNumbers[type eq \"work\"].value";
    let mobile = "[phoneNumbers[type eq \"mobile\"].value]";
    let document = Document {
        rules: vec![
            rule("phone", path, mobile, When::Always, Otherwise::Clear),
            rule("mail", "emails[type eq \"work\"].value", "[title]", When::Create, Otherwise::Keep),
        ],
        ..Document::default()
    };
    let site = Site::new(document).await;
    let mut sent = user("anna");
    sent["phoneNumbers"] = json!([{"type": "work", "value": "2"}, {"type": "mobile", "value": "1"}]);
    let anna = site.post(schema::user(), sent).await.0.unwrap();
    assert_eq!(anna["phoneNumbers"][0], json!({"type": "work", "value": "1"}));
    let gone = json!([{"op": "remove", "path": "phoneNumbers[type eq \"mobile\"]"},
        {"op": "add", "path": "emails", "value": [{"type": "work", "value": "late@x"}, {"type": "home"}]}]);
    let anna = site.patch(schema::user(), id(&anna), gone).await.0.unwrap();
    assert_eq!(anna.get("phoneNumbers"), None);
    assert_eq!(anna["emails"], json!([{"type": "home"}]));
    // An element that says more stays.
    let more = json!([{"op": "replace", "path": "phoneNumbers",
        "value": [{"type": "work", "value": "3", "display": "desk"}]}]);
    let anna = site.patch(schema::user(), id(&anna), more).await.0.unwrap();
    assert_eq!(anna["phoneNumbers"], json!([{"type": "work", "display": "desk"}]));
    site.agrees().await;
}

#[tokio::test]
async fn switches_refuse_and_name_themselves() {
    let switches = Switches {
        refuse_user_update: true,
        refuse_group_create: true,
        refuse_user_delete: true,
        ..Switches::default()
    };
    let site = Site::new(policy(Policy { switches, ..Policy::default() })).await;
    let anna = site.user("anna").await;
    let change = json!([{"op": "replace", "path": "title", "value": "Dr"}]);
    for (refused, rules) in [
        site.patch(schema::user(), id(&anna), change).await,
        site.put(schema::user(), id(&anna), user("anna")).await,
        site.delete(schema::user(), id(&anna)).await,
        site.group("devs", &[]).await,
    ] {
        assert_eq!(refused.unwrap_err().kind, Kind::Forbidden);
        assert_eq!(rules, ["!switches"]);
    }
}

#[tokio::test]
async fn an_inactive_user_is_deleted_or_stays_active() {
    let inactive = json!([{"op": "replace", "path": "active", "value": false}]);
    let mut site = Site::new(policy(Policy { on_inactive: OnInactive::Delete, ..Policy::default() })).await;
    let anna = site.user("anna").await;
    let (last, rules) = site.patch(schema::user(), id(&anna), inactive.clone()).await;
    assert_eq!(last.unwrap()["active"], false);
    assert_eq!(rules, ["on_inactive"]);
    assert_eq!(site.find(schema::user(), r#"userName eq "anna""#).await, 0);
    site.map(policy(Policy { on_inactive: OnInactive::Keep, ..Policy::default() })).await;
    let berta = site.user("berta").await;
    let (kept, rules) = site.patch(schema::user(), id(&berta), inactive).await;
    assert_eq!(kept.unwrap()["active"], true);
    assert_eq!(rules, ["on_inactive"]);
    site.agrees().await;
}

#[tokio::test]
async fn an_existing_user_is_linked_by_his_external_id_alone() {
    let site = Site::new(policy(Policy { existing_user: ExistingUser::Link, ..Policy::default() })).await;
    let with = |name: &str, external: &str, title: &str| {
        json!({"schemas": [schema::USER], "userName": name, "externalId": external, "title": title,
               "emails": [{"value": "a@x", "type": "work"}]})
    };
    let anna = site.post(schema::user(), with("anna", "e1", "old")).await.0.unwrap();
    let (linked, rules) = site.post(schema::user(), with("Anna", "e1", "new")).await;
    let linked = linked.unwrap();
    assert_eq!((id(&linked), &linked["title"]), (id(&anna), &json!("new")));
    assert_eq!(rules, ["existing_user"]);
    let (other, rules) = site.post(schema::user(), with("anna", "e2", "x")).await;
    assert_eq!(other.unwrap_err().kind, Kind::Uniqueness);
    assert!(rules.is_empty());
    let (none, _) = site.post(schema::user(), user("anna")).await;
    assert_eq!(none.unwrap_err().kind, Kind::Uniqueness);
    site.agrees().await;
}

#[tokio::test]
async fn users_join_the_default_groups_that_are_there() {
    let mut site = Site::new(Document::default()).await;
    let early = site.user("early").await;
    let staff = site.group("Staff", &[]).await.0.unwrap();
    let groups = vec!["staff".to_owned(), "gone".to_owned()];
    site.map(policy(Policy { default_groups: groups.clone(), ..Policy::default() })).await;
    let (anna, rules) = site.post(schema::user(), user("anna")).await;
    assert_eq!(anna.unwrap()["groups"][0]["value"], staff["id"]);
    assert_eq!(rules, ["default_groups"]);
    let change = json!([{"op": "replace", "path": "title", "value": "Dr"}]);
    assert!(site.patch(schema::user(), id(&early), change.clone()).await.1.is_empty());
    assert_eq!(site.members(&staff).await, ["anna"]);
    let all = Policy { default_groups: groups, default_groups_for: DefaultGroupsFor::AllUsers, ..Policy::default() };
    site.map(policy(all)).await;
    let (_, rules) = site.patch(schema::user(), id(&early), change).await;
    assert_eq!(rules, ["default_groups"]);
    assert_eq!(site.members(&staff).await, ["anna", "early"]);
    site.agrees().await;
}

#[tokio::test]
async fn members_that_were_added_here_stay_where_membership_is_additive() {
    let mut site = Site::new(Document::default()).await;
    let staff = site.group("Staff", &[]).await.0.unwrap();
    let both = |membership| Policy { default_groups: vec!["Staff".to_owned()], membership, ..Policy::default() };
    site.map(policy(both(Membership::Additive))).await;
    let anna = site.user("anna").await;
    let berta = site.user("berta").await;
    let only = |who: &Value| json!([{"op": "replace", "path": "members", "value": [{"value": who["id"]}]}]);
    let (done, rules) = site.patch(schema::group(), id(&staff), only(&berta)).await;
    done.unwrap();
    assert_eq!(rules, ["membership"]);
    let out = json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", id(&anna))}]);
    site.patch(schema::group(), id(&staff), out).await.0.unwrap();
    assert_eq!(site.members(&staff).await, ["anna", "berta"]);
    site.map(policy(both(Membership::Authoritative))).await;
    site.patch(schema::group(), id(&staff), only(&berta)).await.0.unwrap();
    assert_eq!(site.members(&staff).await, ["berta"]);
    site.delete(schema::group(), id(&staff)).await.0.unwrap();
    site.agrees().await;
}

#[tokio::test]
async fn whoever_left_and_is_sent_again_was_not_added_here() {
    let mut site = Site::new(Document::default()).await;
    let team = site.group("team", &[]).await.0.unwrap();
    let joins = Policy { default_groups: vec!["team".to_owned()], ..Policy::default() };
    site.map(policy(joins)).await;
    let anna = site.user("anna").await;
    assert_eq!(site.members(&team).await, ["anna"]);
    // Without a mapping the provider takes her out, and puts her in again.
    site.map(Document::default()).await;
    let body = |members: Value| json!({"schemas": [schema::GROUP], "displayName": "team", "members": members});
    site.put(schema::group(), id(&team), body(json!([]))).await.0.unwrap();
    site.put(schema::group(), id(&team), body(json!([{"value": anna["id"]}]))).await.0.unwrap();
    site.map(policy(Policy { membership: Membership::Additive, ..Policy::default() })).await;
    site.put(schema::group(), id(&team), body(json!([]))).await.0.unwrap();
    assert_eq!(site.members(&team).await, [""; 0]);
    site.agrees().await;
}

#[tokio::test]
async fn groups_have_the_names_of_the_table_or_the_rule_and_others_are_not_taken() {
    let groups = Groups {
        include: vec!["(jira|app)-.*".to_owned()],
        exclude: vec![".*-test".to_owned()],
        table: vec![GroupName { from: "Jira-Admins".to_owned(), to: "jira-administrators".to_owned() }],
        table_only: false,
        rename: Some(NameRule { pattern: "^app-".to_owned(), replacement: String::new() }),
    };
    let site = Site::new(policy(Policy { groups, ..Policy::default() })).await;
    let (admins, rules) = site.group("JIRA-admins", &[]).await;
    let admins = admins.unwrap();
    assert_eq!((admins["displayName"].as_str(), rules), (Some("jira-administrators"), vec!["groups".to_owned()]));
    assert_eq!(site.group("app-users", &[]).await.0.unwrap()["displayName"], "users");
    for name in ["finance", "app-test"] {
        let (refused, rules) = site.group(name, &[]).await;
        assert_eq!(refused.unwrap_err().kind, Kind::Forbidden);
        assert_eq!(rules, ["!groups"]);
    }
    let snapshot = site.0.directory.snapshot().await.unwrap();
    let key = keys::refused_group(tenant::FIRST, &keys::index_value("finance"));
    assert!(snapshot.get(&key).await.unwrap().is_some());
    assert_eq!(site.find(schema::group(), r#"displayName eq "jira-admins""#).await, 1);
    let rename = json!([{"op": "replace", "path": "displayName", "value": "finance"}]);
    assert_eq!(site.patch(schema::group(), id(&admins), rename).await.0.unwrap_err().kind, Kind::Forbidden);
    site.agrees().await;
}

#[tokio::test]
async fn what_is_protected_is_not_changed_by_any_way() {
    let mut site = Site::new(Document::default()).await;
    let root = site.user("root").await;
    let anna = site.user("anna").await;
    let wheel = site.group("Wheel", &[&root]).await.0.unwrap();
    let staff = site.group("Staff", &[&root, &anna]).await.0.unwrap();
    let protected = Policy {
        protected_users: vec!["ROOT".to_owned()],
        protected_groups: vec![id(&wheel).to_owned()],
        ..Policy::default()
    };
    site.map(policy(protected)).await;
    let title = json!([{"op": "replace", "path": "title", "value": "Dr"}]);
    let out = json!([{"op": "remove", "path": "members", "value": [{"value": root["id"]}]}]);
    for (refused, rules) in [
        site.patch(schema::user(), id(&root), title).await,
        site.put(schema::user(), id(&root), user("toor")).await,
        site.delete(schema::user(), id(&root)).await,
        site.patch(schema::group(), id(&wheel), out.clone()).await,
        site.delete(schema::group(), id(&wheel)).await,
        site.patch(schema::group(), id(&staff), out).await,
    ] {
        assert_eq!(refused.unwrap_err().kind, Kind::Forbidden);
        assert!(rules[0].starts_with("!protected_"), "{rules:?}");
    }
    let nobody = json!([{"op": "replace", "path": "members", "value": []}]);
    site.patch(schema::group(), id(&staff), nobody).await.0.unwrap();
    assert_eq!(site.members(&staff).await, ["root"]);
    site.agrees().await;
}

#[tokio::test]
async fn a_provider_may_send_back_what_it_read() {
    let document = Document {
        rules: vec![
            rule(
                "display",
                "displayName",
                "Append(Coalesce([displayName], [userName]), \"!\")",
                When::Always,
                Otherwise::Keep,
            ),
            rule("formatted", "name.formatted", "ToUpper([name.familyName])", When::Always, Otherwise::Keep),
            rule("mail", "emails[type eq \"work\"].value", "Append([userName], \"?\")", When::Always, Otherwise::Keep),
        ],
        policy: Policy {
            username_rule: short_names(),
            on_inactive: OnInactive::Keep,
            groups: Groups {
                include: vec!["app-.*".to_owned()],
                rename: Some(NameRule { pattern: "^app-".to_owned(), replacement: String::new() }),
                ..Groups::default()
            },
            ..Policy::default()
        },
        ..Document::default()
    };
    let site = Site::new(document).await;
    let mut sent = user("anna@example.test");
    sent["name"] = json!({"familyName": "Li"});
    let anna = site.post(schema::user(), sent).await.0.unwrap();
    assert_eq!((&anna["userName"], &anna["displayName"]), (&json!("anna"), &json!("anna@example.test!")));
    // Nothing is mapped twice, and the provider still finds whom it sent.
    let again = site.put(schema::user(), id(&anna), anna.clone()).await.0.unwrap();
    assert_eq!(again, anna);
    assert_eq!(site.find(schema::user(), "userName eq \"anna@example.test\"").await, 1);
    // What was changed beside it is mapped, and nothing that the mapping made is in the way of that.
    let mut merged = anna.clone();
    merged["name"]["familyName"] = json!("Lu");
    merged["title"] = json!("Boss");
    let merged = site.put(schema::user(), id(&anna), merged).await.0.unwrap();
    assert_eq!(merged["name"], json!({"familyName": "Lu", "formatted": "LU"}));
    assert_eq!((&merged["title"], &merged["displayName"]), (&json!("Boss"), &json!("anna@example.test!")));
    let mut other = merged.clone();
    other["displayName"] = json!("Anna");
    let other = site.put(schema::user(), id(&anna), other).await.0.unwrap();
    assert_eq!(other["displayName"], "Anna!");
    // True and false are what they say: a user who was kept active is active when the provider says so.
    let mut inactive = other.clone();
    inactive["active"] = json!(false);
    let kept = site.put(schema::user(), id(&anna), inactive).await.0.unwrap();
    assert_eq!(kept["active"], true);
    site.put(schema::user(), id(&anna), kept).await.0.unwrap();
    assert_eq!(site.find(schema::user(), "active eq false").await, 0);
    let group = site.group("app-jira", &[&anna]).await.0.unwrap();
    assert_eq!(group["displayName"], "jira");
    let (again, _) = site.put(schema::group(), id(&group), group.clone()).await;
    assert_eq!(again.unwrap(), group);
    site.agrees().await;
}

#[tokio::test]
async fn one_of_several_values_may_be_changed_in_what_was_read() {
    let work = "emails[type eq \"work\"].value";
    let document = Document {
        rules: vec![
            rule("mail", work, &format!("Append([{work}], \".x\")"), When::Always, Otherwise::Keep),
            rule("phone", "phoneNumbers[type eq \"work\"].value", "[title]", When::Always, Otherwise::Keep),
        ],
        ..Document::default()
    };
    let site = Site::new(document).await;
    let mut sent = user("anna");
    sent["emails"] = json!([{"value": "h@a", "type": "home"}, {"value": "w@a", "type": "work"}]);
    sent["title"] = json!("7");
    let mut anna = site.post(schema::user(), sent).await.0.unwrap();
    assert_eq!(anna["phoneNumbers"], json!([{"value": "7", "type": "work"}]));
    for turn in 0..2 {
        anna["emails"][0]["value"] = json!(format!("h{turn}@a"));
        anna["phoneNumbers"] = json!([{"value": "7", "type": "work"}, {"value": turn.to_string(), "type": "fax"}]);
        anna["title"] = json!("7");
        anna = site.put(schema::user(), id(&anna), anna.clone()).await.0.unwrap();
        let home = json!({"value": format!("h{turn}@a"), "type": "home"});
        assert_eq!(anna["emails"], json!([home, {"value": "w@a.x", "type": "work"}]));
    }
    anna["title"] = json!("8");
    let anna = site.put(schema::user(), id(&anna), anna.clone()).await.0.unwrap();
    assert_eq!(anna["phoneNumbers"].as_array().unwrap().len(), 2, "{anna}");
    assert!(anna["phoneNumbers"].as_array().unwrap().contains(&json!({"value": "8", "type": "work"})), "{anna}");
    site.agrees().await;
}

#[tokio::test]
async fn what_is_not_there_is_asked_of_what_everybody_sees() {
    let site = Site::new(policy(Policy { username_rule: short_names(), ..Policy::default() })).await;
    let mut sent = user("anna@example.test");
    sent["title"] = json!("Boss");
    site.post(schema::user(), sent).await.0.unwrap();
    for (filter, found) in [
        ("userName eq \"anna\"", 1),
        ("userName eq \"anna@example.test\" and title eq \"boss\"", 1),
        ("userName ne \"anna\"", 0),
        ("not (userName eq \"anna\")", 0),
        ("userName ne \"anna@example.test\"", 1),
        ("not (userName sw \"anna\") or title eq \"Boss\"", 1),
        ("userName eq \"anna@example.test\" and not (title eq \"x\")", 1),
        ("userName eq \"anna@example.test\" and not (userName eq \"anna\")", 0),
    ] {
        assert_eq!(site.find(schema::user(), filter).await, found, "{filter}");
    }
}

#[tokio::test]
async fn users_that_come_at_once_are_linked() {
    let site = Site::new(policy(Policy { existing_user: ExistingUser::Link, ..Policy::default() })).await;
    let mut anna = user("anna");
    anna["externalId"] = json!("1");
    let all = futures_util::future::join_all((0..8).map(|_| site.post(schema::user(), anna.clone()))).await;
    let mut ids: Vec<String> = all.into_iter().map(|(made, _)| id(&made.unwrap()).to_owned()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    site.agrees().await;
}

#[tokio::test]
async fn nobody_is_deleted_for_being_inactive_where_nobody_is_deleted() {
    let switches = Switches { refuse_user_delete: true, ..Switches::default() };
    let site = Site::new(policy(Policy { on_inactive: OnInactive::Delete, switches, ..Policy::default() })).await;
    let anna = site.user("anna").await;
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    let (refused, rules) = site.patch(schema::user(), id(&anna), off).await;
    assert_eq!(refused.unwrap_err().kind, Kind::Forbidden);
    assert!(rules.contains(&"!switches".to_owned()), "{rules:?}");
    assert_eq!(site.find(schema::user(), "userName eq \"anna\"").await, 1);
}

#[tokio::test]
async fn a_group_with_a_protected_member_is_not_deleted() {
    let mut site = Site::new(Document::default()).await;
    let (boss, anna) = (site.user("boss").await, site.user("anna").await);
    let team = site.group("team", &[&boss, &anna]).await.0.unwrap();
    let other = site.group("other", &[&anna]).await.0.unwrap();
    site.map(policy(Policy { protected_users: vec!["Boss".to_owned()], ..Policy::default() })).await;
    let (refused, rules) = site.delete(schema::group(), id(&team)).await;
    assert_eq!(refused.unwrap_err().kind, Kind::Forbidden);
    assert_eq!(rules, ["!protected_users"]);
    assert_eq!(site.members(&team).await, ["anna", "boss"]);
    site.delete(schema::group(), id(&other)).await.0.unwrap();
    site.agrees().await;
}
