//! No secret is kept.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn secrets_are_replaced_wherever_they_stand() {
    assert_eq!(path("/admin/users?name=a&password=s3cret&notify=true"), "/admin/users?name=a&password=***&notify=true");
    assert_eq!(path("/admin/users"), "/admin/users");
    let kept = body(r#"{"name":"a","password":"s3cret","inner":[{"passwordConfirm":{"x":"s3cret"}}]}"#);
    assert!(!kept.contains("s3cret") && kept.contains(r#""name":"a""#), "{kept}");
    assert!(!body("password=s3cret").contains("s3cret"));
    assert_eq!(body("plain"), "plain");
    let long = "ä".repeat(limits::TARGET_CALL_BODY_BYTES_MAX);
    assert!(body(&long).len() <= limits::TARGET_CALL_BODY_BYTES_MAX + 4);
}
