//! Tokens: their form, and that they do not show themselves.
#![allow(clippy::unwrap_used)]

use super::{Secret, base62, check, key_id};
use crate::clock::Clock;
use crate::directory::{Directory, record, tenant};
use crate::store::Store;

#[test]
fn a_token_has_its_form_and_a_checksum() {
    let secret = Secret::random().unwrap();
    let text = secret.expose();
    let parts: Vec<&str> = text.split('_').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [4, 11, 43, 6], "{parts:?}");
    assert_eq!(secret.key_id(), parts[1]);
    assert_ne!(Secret::random().unwrap().expose(), text);
    let mistyped = text.replacen(&text[20..21], if &text[20..21] == "x" { "y" } else { "x" }, 1);
    for bad in [mistyped.as_str(), "scim_", "scim__", "scim_a_b_c", &text[..text.len() - 1], ""] {
        assert_eq!(key_id(bad), None, "{bad}");
    }
    assert_eq!(base62(&[0, 0], 3), "000");
    assert_eq!(base62(&[1, 0], 3), "048");
}

#[test]
fn a_token_does_not_print_itself() {
    let secret = Secret::random().unwrap();
    assert!(!format!("{secret:?}").contains(&secret.expose()[5..]));
}

#[tokio::test]
async fn only_the_right_token_speaks_for_the_tenant() {
    for secret in [Secret::random().unwrap(), Secret::chosen("0123456789abcdef0123456789abcdef")] {
        let directory = Directory::new(Store::memory(), Clock::System);
        let stored = record::Token { ..secret.record(1, "test") };
        assert!(tenant::make_first(&directory, "custom", false, &secret.key_id(), stored.clone()).await.unwrap());
        let access = check(&directory, secret.expose()).await.unwrap().unwrap();
        assert_eq!((access.tenant.name.as_str(), access.key_id), ("default", secret.key_id()));
        let wrong = format!("{}x", secret.expose());
        let other = Secret::random().unwrap();
        for bad in [wrong.as_str(), other.expose(), "", "x"] {
            assert!(check(&directory, bad).await.unwrap().is_none());
        }
        assert!(!tenant::make_first(&directory, "custom", false, &secret.key_id(), stored).await.unwrap());
    }
}
