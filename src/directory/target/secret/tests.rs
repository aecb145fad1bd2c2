//! Sealed credentials: only the same key, tenant and target open them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use std::os::unix::fs::PermissionsExt;

fn key_file(folder: &Path) -> KeyFile {
    let file = KeyFile::default();
    file.is_at(folder.join("keys/targets.key"));
    file
}

#[test]
fn what_was_sealed_can_be_opened_for_the_same_target_alone() {
    let folder = tempfile::tempdir().unwrap();
    let keys = key_file(folder.path());
    let sealed = keys.seal(1, 2, "pässword").unwrap();
    assert!(!sealed.windows(4).any(|window| window == b"word"));
    assert_eq!(keys.open(1, 2, &sealed).unwrap().expose(), "pässword");
    assert_ne!(keys.seal(1, 2, "pässword").unwrap(), sealed, "a nonce was used twice");
    for (tenant, target) in [(1, 3), (2, 2), (2, 1)] {
        assert!(keys.open(tenant, target, &sealed).is_err());
    }
    let mut bent = sealed.clone();
    *bent.last_mut().unwrap() ^= 1;
    for bad in [&bent[..], &[], &sealed[..20]] {
        let refused = keys.open(1, 2, bad).unwrap_err();
        assert!(matches!(refused, Refused::State { reason: "CREDENTIALS_UNREADABLE", .. }));
    }
    assert_eq!(format!("{:?}", keys.open(1, 2, &sealed).unwrap()), "Secret(…)");
}

#[test]
fn the_key_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let keys = key_file(folder.path());
    let refused = keys.open(1, 1, &[0; 40]).unwrap_err().to_string();
    assert!(refused.contains("given again"), "{refused}");
    let sealed = keys.seal(1, 1, "a").unwrap();
    let path = folder.path().join("keys/targets.key");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(key_file(folder.path()).open(1, 1, &sealed).unwrap().expose(), "a");
    // Another key opens nothing, and says what to do.
    fs::remove_file(&path).unwrap();
    keys.seal(1, 1, "b").unwrap();
    let refused = keys.open(1, 1, &sealed).unwrap_err().to_string();
    assert!(refused.contains("another key"), "{refused}");
    fs::write(&path, b"short").unwrap();
    assert!(keys.open(1, 1, &sealed).is_err());
}
