//! The form of tokens, and that they do not show themselves.
#![allow(clippy::unwrap_used)]

use super::{Secret, base62, key_id};

#[test]
fn a_token_has_its_form_and_a_checksum() {
    let secret = Secret::random().unwrap();
    let text = secret.expose();
    let parts: Vec<&str> = text.split('_').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [4, 11, 43, 6], "{parts:?}");
    assert_eq!(secret.key_id(), parts[1]);
    assert_ne!(Secret::random().unwrap().expose(), text);
    // One letter of the secret part is another one.
    let (head, tail) = text.split_at(20);
    let other = if tail.starts_with('x') { "y" } else { "x" };
    let mistyped = format!("{head}{other}{}", &tail[1..]);
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
