//! Setting mappings, and taking them back.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Site, Terms, Version, fingerprint, get, list, rollback, set};
use crate::directory::audit::Admin;
use crate::directory::refused::Refused;
use crate::directory::tests::Fixture;
use crate::directory::{definition, scope, tenant};
use crate::mapping::document::{DefaultGroupsFor, Document, NameRule, OnInactive, Rule, Switches, Test, When};
use serde_json::json;

pub(in crate::directory) fn admin() -> Admin {
    Admin { name: "socket:0".to_owned(), address: String::new() }
}

/// Takes the domain off user names.
pub(in crate::directory) fn short_names() -> Document {
    let mut document = Document::default();
    document.policy.username_rule = Some(NameRule { pattern: "@.*$".to_owned(), replacement: String::new() });
    document
}

impl Fixture {
    pub(in crate::directory) async fn map(&mut self, document: &Document) -> Version {
        let version = try_set(self, document, &Terms::default()).await.unwrap();
        self.scope = scope::find(&self.directory, "default", "https://scim.test").await.unwrap();
        version
    }
}

async fn try_set(site: &Fixture, document: &Document, terms: &Terms) -> Result<Version, Refused> {
    let admin = admin();
    let site = Site { directory: &site.directory, admin: &admin, tenant: "default" };
    set(site, document, terms).await.map(|(version, _)| version)
}

fn closed() -> Document {
    let mut document = Document::default();
    document.policy.switches = Switches { refuse_user_create: true, ..Switches::default() };
    document
}

fn wrong(refused: Refused) -> Vec<(String, String)> {
    match refused {
        Refused::Named(all) | Refused::Obstacles { obstacles: all, .. } => {
            all.into_iter().map(|one| (one.subject, one.why)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_mapping_is_in_force_on_the_next_request_and_is_kept_as_a_version() {
    let mut site = Fixture::new().await;
    let none = get(&site.directory, "default", 0).await.unwrap();
    assert_eq!((none.number, none.in_force, none.stored.document), (0, true, Document::default()));
    let terms = Terms { comment: "closed for the summer".to_owned(), ..Terms::default() };
    let made = try_set(&site, &closed(), &terms).await.unwrap();
    assert_eq!((made.number, made.stored.author.as_str()), (1, "socket:0"));
    let seen = tenant::find(&site.directory, "default").await.unwrap().unwrap();
    assert!(seen.mapping.as_ref().unwrap().switches.refuse_user_create);
    assert_eq!(seen.mapping_version, 1);
    // The same once more is no version.
    assert_eq!(try_set(&site, &closed(), &Terms::default()).await.unwrap(), made);
    assert_eq!(site.map(&Document::default()).await.number, 2);
    assert!(site.scope.tenant.mapping.is_none(), "a mapping that says nothing costs nothing");
    assert_eq!(get(&site.directory, "default", 1).await.unwrap().stored, made.stored);
    let missing = get(&site.directory, "default", 9).await.unwrap_err();
    assert!(matches!(missing, Refused::NotFound(..)), "{missing:?}");
    let missing = get(&site.directory, "nobody", 0).await.unwrap_err();
    assert!(matches!(missing, Refused::NotFound(..)), "{missing:?}");
}

#[tokio::test]
async fn what_came_between_is_noticed() {
    let mut site = Fixture::new().await;
    site.map(&closed()).await;
    let expected = |number| Terms { expected: Some(number), ..Terms::default() };
    let refused = try_set(&site, &short_names(), &expected(0)).await.unwrap_err();
    assert!(matches!(refused, Refused::Meanwhile(_)), "{refused:?}");
    let with = |fingerprint: String| Terms { fingerprint, ..Terms::default() };
    let seen = fingerprint(tenant::FIRST, 1, &short_names()).unwrap();
    let other = try_set(&site, &Document::default(), &with(seen.clone())).await.unwrap_err();
    assert!(matches!(other, Refused::Meanwhile(_)), "another mapping than the preview saw: {other:?}");
    let old = fingerprint(tenant::FIRST, 0, &short_names()).unwrap();
    let other = try_set(&site, &short_names(), &with(old)).await.unwrap_err();
    assert!(matches!(other, Refused::Meanwhile(_)), "another version than the preview saw: {other:?}");
    assert_eq!(try_set(&site, &short_names(), &with(seen)).await.unwrap().number, 2);
}

#[tokio::test]
async fn an_earlier_version_comes_back_as_a_new_one() {
    let mut site = Fixture::new().await;
    site.map(&closed()).await;
    site.map(&short_names()).await;
    let admin = admin();
    let at = Site { directory: &site.directory, admin: &admin, tenant: "default" };
    let back = rollback(at, 1, &Terms::default()).await.unwrap();
    assert_eq!((back.number, back.stored.rollback_of, back.stored.comment.as_str()), (3, 1, "version 1 again"));
    assert_eq!(back.stored.document, closed());
    let refused = rollback(at, 0, &Terms::default()).await.unwrap_err();
    assert!(matches!(refused, Refused::Fields(_)), "everything goes only where that is meant: {refused:?}");
    let all = rollback(at, 0, &Terms { expected: Some(3), ..Terms::default() }).await.unwrap();
    assert_eq!((all.number, all.stored.document), (4, Document::default()));

    let page = list(&site.directory, "default", None, 3).await.unwrap();
    let numbers = |listed: &super::Listed| listed.versions.iter().map(|one| one.number).collect::<Vec<_>>();
    assert_eq!((numbers(&page), page.next), (vec![4, 3, 2], Some(2)));
    assert!(page.versions[0].in_force && !page.versions[1].in_force);
    let rest = list(&site.directory, "default", page.next, 3).await.unwrap();
    assert_eq!((numbers(&rest), rest.next), (vec![1], None));
}

#[tokio::test]
async fn what_cannot_be_is_told_with_its_place() {
    let site = Fixture::new().await;
    let mut document = Document::default();
    document.rules.push(Rule { name: "x".to_owned(), target: "id".to_owned(), ..Rule::default() });
    let told = wrong(try_set(&site, &document, &Terms::default()).await.unwrap_err());
    assert!(told.iter().any(|(field, _)| field == "mapping.rules[x].target"), "{told:?}");
    assert!(told.iter().any(|(_, why)| why.starts_with("column 1: ")), "{told:?}");
    let mut document = Document::default();
    document.policy.default_groups.push("nobody".to_owned());
    let told = wrong(try_set(&site, &document, &Terms::default()).await.unwrap_err());
    assert_eq!(told[0].0, "mapping.policy.default_groups[nobody]");
    let long = Terms { comment: "x".repeat(2_000), ..Terms::default() };
    let refused = try_set(&site, &closed(), &long).await.unwrap_err();
    assert!(matches!(refused, Refused::Fields(_)), "{refused:?}");
}

#[tokio::test]
async fn default_groups_are_named_by_id_or_name() {
    let mut site = Fixture::new().await;
    let group = site.group("Everybody", &[]).await;
    let mut document = Document::default();
    document.policy.default_groups = vec!["everybody".to_owned(), group];
    document.policy.default_groups_for = DefaultGroupsFor::AllUsers;
    assert_eq!(site.map(&document).await.number, 1);
}

#[tokio::test]
async fn tests_beside_a_mapping_must_pass() {
    let site = Fixture::new().await;
    let mut document = short_names();
    let test = |output: serde_json::Value| Test {
        name: "anna".to_owned(),
        input: json!({"schemas": [crate::scim::schema::USER], "userName": "anna@example.com", "title": "x"})
            .to_string(),
        output: output.to_string(),
        ..Test::default()
    };
    document.tests = vec![test(json!({"userName": "anna@example.com"}))];
    let refused = try_set(&site, &document, &Terms::default()).await.unwrap_err();
    assert!(matches!(refused, Refused::Obstacles { reason: "MAPPING_TEST_FAILED", .. }), "{refused:?}");
    let why = r#"userName: "anna@example.com" was expected, and "anna" would be stored"#;
    assert_eq!(wrong(refused), [("anna".to_owned(), why.to_owned())]);
    document.tests = vec![test(json!({"userName": "anna", "title": "x", "nickName": null}))];
    assert_eq!(try_set(&site, &document, &Terms::default()).await.unwrap().number, 1);
}

#[tokio::test]
async fn names_that_would_collide_are_refused_with_the_list() {
    let mut site = Fixture::new().await;
    let one = site.user("anna@one.example").await;
    let other = site.user("Anna@other.example").await;
    site.user("bert@one.example").await;
    let refused = try_set(&site, &short_names(), &Terms::default()).await.unwrap_err();
    assert!(matches!(refused, Refused::Obstacles { reason: "MAPPING_COLLIDES", .. }), "{refused:?}");
    let told = wrong(refused);
    assert_eq!(told[0].0, "User.userName");
    assert!(told[0].1.contains(&one) && told[0].1.contains(&other), "{told:?}");
    assert_eq!(told.len(), 1);
    site.delete(crate::scim::schema::user(), &other).await;
    assert_eq!(site.map(&short_names()).await.number, 1);
    // What has nothing to do with names is not looked at.
    let mut document = short_names();
    document.policy.on_inactive = OnInactive::Keep;
    assert_eq!(site.map(&document).await.number, 2);
}

#[tokio::test]
async fn a_value_of_an_extension_that_would_collide_is_shown_as_it_is_written() {
    let site = Fixture::new().await;
    let admin = admin();
    let at = definition::change::Site { directory: &site.directory, admin: &admin, tenant: "default", dry_run: false };
    let urn = "urn:example:Badge";
    let schema = json!({"id": urn, "name": "Badge", "attributes": [{"name": "number", "uniqueness": "server"}]});
    definition::change::put_schema(at, &schema).await.unwrap();
    let extended = json!({"name": "User", "endpoint": "/Users", "schema": crate::scim::schema::USER,
        "schemaExtensions": [{"schema": urn, "required": false}]});
    definition::change::put_type(at, &extended).await.unwrap();
    let mut site = site;
    site.scope = scope::find(&site.directory, "default", "https://scim.test").await.unwrap();
    site.user("anna").await;
    site.user("bert").await;
    let mut document = Document::default();
    let (name, target, expression) = ("badge".to_owned(), format!("{urn}:number"), "\"Same\"".to_owned());
    document.rules.push(Rule { name, target, expression, ..Rule::default() });
    let told = wrong(try_set(&site, &document, &Terms::default()).await.unwrap_err());
    assert!(told[0].1.starts_with("'Same' of "), "{told:?}");
}

#[tokio::test]
async fn what_may_not_be_meant_is_told() {
    let site = Fixture::new().await;
    let admin = admin();
    let at = Site { directory: &site.directory, admin: &admin, tenant: "default" };
    let rule = |name: &str, when| Rule {
        name: name.to_owned(),
        target: "title".to_owned(),
        expression: "[nickName]".to_owned(),
        when,
        ..Rule::default()
    };
    let mut document =
        Document { rules: vec![rule("a", When::Create), rule("b", When::Update)], ..Document::default() };
    let (_, warnings) = set(at, &document, &Terms::default()).await.unwrap();
    assert!(!warnings.iter().any(|warning| warning.contains("'a'")), "{warnings:?}");
    document.rules.push(rule("c", When::Create));
    document.policy.on_inactive = OnInactive::Delete;
    document.policy.switches.refuse_user_delete = true;
    let (_, warnings) = set(at, &document, &Terms::default()).await.unwrap();
    let told = warnings.join("\n");
    assert!(told.contains("rules 'a' and 'c' give 'title' a value"), "{told}");
    assert!(!told.contains("'b'") && told.contains("switches refuse that"), "{told}");
}

#[tokio::test]
async fn definitions_keep_the_mapping_and_the_mapping_the_definitions() {
    let mut site = Fixture::new().await;
    site.map(&closed()).await;
    let admin = admin();
    let at = definition::change::Site { directory: &site.directory, admin: &admin, tenant: "default", dry_run: false };
    let schema = json!({
        "id": "urn:example:Robot", "name": "Robot",
        "attributes": [{"name": "arms", "type": "integer"}]
    });
    definition::change::put_schema(at, &schema).await.unwrap();
    assert_eq!(get(&site.directory, "default", 0).await.unwrap().number, 1);
    site.map(&short_names()).await;
    let schemas = definition::change::schemas(&site.directory, "default").await.unwrap();
    assert!(schemas.iter().any(|shown| shown.id == "urn:example:Robot"));
}

#[tokio::test]
async fn what_a_mapping_uses_cannot_be_taken_away() {
    let mut site = Fixture::new().await;
    let admin = admin();
    let at = definition::change::Site { directory: &site.directory, admin: &admin, tenant: "default", dry_run: false };
    let urn = "urn:example:Badge";
    let schema = json!({"id": urn, "name": "Badge", "attributes": [{"name": "number"}]});
    definition::change::put_schema(at, &schema).await.unwrap();
    let with = |extensions: serde_json::Value| json!({"name": "User", "endpoint": "/Users", "schema": crate::scim::schema::USER, "schemaExtensions": extensions});
    definition::change::put_type(at, &with(json!([{"schema": urn, "required": false}]))).await.unwrap();
    let mut document = Document::default();
    let rule = Rule {
        name: "badge".to_owned(),
        target: format!("{urn}:number"),
        expression: "[userName]".to_owned(),
        ..Rule::default()
    };
    document.rules.push(rule);
    let directory = site.directory.clone();
    site.map(&document).await;
    let at = definition::change::Site { directory: &directory, admin: &admin, tenant: "default", dry_run: false };
    let refused = definition::change::put_type(at, &with(json!([]))).await.unwrap_err();
    assert!(matches!(refused, Refused::State { reason: "DEFINITION_IN_USE", .. }), "{refused:?}");
    assert!(refused.to_string().contains("rules[badge].target"), "{refused}");
    site.map(&Document::default()).await;
    definition::change::put_type(at, &with(json!([]))).await.unwrap();
}
