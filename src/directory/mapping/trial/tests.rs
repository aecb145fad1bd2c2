//! Tests beside mappings: what is compared, and how.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{first_difference, run};
use crate::directory::tenant;
use crate::directory::tests::Fixture;
use crate::mapping::document::{Document, Test};
use crate::scim::schema;
use serde_json::{Value, json};

async fn outcome(document: &Document, resource_type: &str, input: &str, output: &str) -> Result<(), String> {
    let site = Fixture::new().await;
    let policy = tenant::mapped(&site.scope.tenant, document).unwrap();
    let test = Test {
        name: "t".to_owned(),
        resource_type: resource_type.to_owned(),
        input: input.to_owned(),
        output: output.to_owned(),
    };
    run(&site.scope.tenant, &policy, &test, 0)
}

fn anna() -> String {
    json!({"schemas": [schema::USER], "userName": "anna", "name": {"givenName": "Anna", "familyName": "Li"}})
        .to_string()
}

#[test]
fn only_what_is_named_is_compared() {
    let got = json!({"userName": "anna", "name": {"givenName": "Anna"}, "emails": [{"value": "a", "primary": true}]});
    let same = |expected: Value| first_difference("", &expected, &got);
    assert_eq!(same(json!({})), None);
    assert_eq!(
        same(json!({"USERNAME": "anna", "title": null, "name": {"givenName": "Anna", "familyName": null}})),
        None
    );
    assert_eq!(same(json!({"emails": [{"value": "a"}]})), None);
    let name = r#"name.givenName: "Bert" was expected, and "Anna" would be stored"#;
    assert_eq!(same(json!({"name": {"givenName": "Bert"}})).as_deref(), Some(name));
    let more = same(json!({"emails": []})).unwrap();
    assert!(more.starts_with("emails: [] was expected"), "{more}");
    let gone = r#"userName: nothing was expected, and "anna" would be stored"#;
    assert_eq!(same(json!({"userName": null})).as_deref(), Some(gone));
}

#[tokio::test]
async fn refusals_can_be_expected() {
    let mut document = Document::default();
    document.policy.switches.refuse_user_create = true;
    assert_eq!(outcome(&document, "", &anna(), "").await, Ok(()));
    let why = outcome(&document, "User", &anna(), "{}").await.unwrap_err();
    assert_eq!(why, "it is refused: the rule 'switches' refuses it");
    let why = outcome(&Document::default(), "", &anna(), " ").await.unwrap_err();
    assert!(why.starts_with("a refusal was expected, and this would be stored: {"), "{why}");
    let mut document = Document::default();
    document.policy.protected_users = vec!["Anna".to_owned()];
    assert_eq!(outcome(&document, "", &anna(), "").await, Ok(()));
}

#[tokio::test]
async fn what_is_no_test_is_told() {
    let document = Document::default();
    for (of, input, output, expected) in [
        ("Robot", "{}", "{}", "the tenant has no resource type 'Robot'"),
        ("", "{", "{}", "its input: "),
        ("", "[]", "{}", "its input: the body must be a JSON object"),
        ("", &anna(), "[]", "its output is not a JSON object"),
        ("", &anna(), "{", "its output: "),
    ] {
        let why = outcome(&document, of, input, output).await.unwrap_err();
        assert!(why.starts_with(expected), "{why}");
    }
}
