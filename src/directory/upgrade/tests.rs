//! Data of older versions is taken over, and newer data is left alone.
#![allow(clippy::unwrap_used)]

use super::run;
use crate::clock::Clock;
use crate::directory::token::{check, issue, secret::Secret};
use crate::directory::{Directory, keys, record, tenant};
use crate::store::Store;

#[tokio::test]
async fn the_tenant_and_the_token_of_version_0_1_go_on() {
    let directory = Directory::new(Store::memory(), Clock::System);
    let secret = Secret::chosen("0123456789abcdef0123456789abcdef");
    // As that version wrote them, and nothing else.
    let settings = r#"{"name":"default","profile":"entra","discovery_without_token":true}"#;
    let hash = secret.hash();
    let token = serde_json::json!({"tenant": 1, "hash": hash, "created_ms": 7, "description": "first"}).to_string();
    let mut batch = directory.batch();
    batch.put(keys::tenant(1), [&[1], settings.as_bytes()].concat());
    batch.put(keys::tenant_name("default"), record::pack_number(1));
    batch.put(keys::token(&secret.key_id()), [&[1], token.as_bytes()].concat());
    directory.commit(batch).await.unwrap();

    run(&directory).await.unwrap();
    let made = tenant::make_first(&directory, "custom", false, "other", record::Token::default()).await.unwrap();
    assert!(!made);
    let access = check(&directory, secret.expose(), "::1".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((access.tenant.dialect.name, access.tenant.discovery_without_token), ("entra", true));
    let listed = issue::list(&directory, "default", None, 10).await.unwrap();
    assert_eq!(listed.tokens.iter().map(|shown| shown.token.created_ms).collect::<Vec<_>>(), [7]);

    let before = directory.snapshot().await.unwrap().revision();
    run(&directory).await.unwrap();
    assert_eq!(directory.snapshot().await.unwrap().revision(), before);
}
