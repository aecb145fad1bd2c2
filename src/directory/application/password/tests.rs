//! Passwords and their hashes.
#![allow(clippy::unwrap_used)]

use super::{PREFIX, Password, nobodys};
use crate::directory::record::PasswordHash;
use crate::limits;
use argon2::Params;
use argon2::password_hash::phc;

#[test]
fn a_password_is_known_by_its_hash_alone() {
    let (one, other) = (Password::random().unwrap(), Password::random().unwrap());
    assert!(one.expose().starts_with(PREFIX) && one.expose().len() == PREFIX.len() + 43);
    let hash = one.hash().unwrap();
    assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
    assert!(one.is(&hash) && !other.is(&hash));
    // Twice the same password is twice another hash.
    assert_ne!(hash, one.hash().unwrap());
    for shown in [format!("{one:?}"), format!("{hash:?}")] {
        assert!(!shown.contains(one.expose()) && !shown.contains("argon2"), "{shown}");
    }
}

#[test]
fn nobodys_password_costs_what_others_do() {
    let hash = nobodys();
    let parsed = phc::PasswordHash::new(&hash.0).unwrap();
    let params = Params::try_from(&parsed).unwrap();
    let cost = (params.m_cost(), params.t_cost(), params.p_cost());
    assert_eq!(cost, (limits::APPLICATION_HASH_KIB, limits::APPLICATION_HASH_PASSES, 1));
    assert_eq!(parsed.hash.unwrap().len(), 32);
    assert!(!Password::new(String::new()).is(&hash));
}

#[test]
fn a_hash_that_asks_for_too_much_is_nobodys() {
    let password = Password::new("correct horse battery".to_owned());
    for text in ["", "x", "$argon2id$v=19$m=19456,t=2,p=1$c2NpbWQgbm9ib2R5IQ", "$2b$10$abcdefghijklmnopqrstuv"] {
        assert!(!password.is(&PasswordHash(text.to_owned())), "{text}");
    }
    let costly = nobodys().0.replace("m=19456", "m=4194304");
    assert!(!password.is(&PasswordHash(costly)));
}
