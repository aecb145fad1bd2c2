//! Tests of what a PUT may not change.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::scim::samples;
use serde_json::json;

#[test]
fn what_is_set_once_stays() {
    let gadget = samples::gadget();
    let rows = [
        (json!({"label": "a"}), json!({"label": "b", "serial": "S1"}), true),
        (json!({"serial": "S1"}), json!({"serial": "S1", "label": "b"}), true),
        (json!({"serial": "S1"}), json!({"serial": "S2"}), false),
        (json!({"serial": "S1"}), json!({"serial": "s1"}), false),
        (json!({"serial": "S1"}), json!({"label": "b"}), false),
        (json!({}), json!({}), true),
    ];
    for (old, new, is_allowed) in rows {
        let result = keeps_immutable(&gadget, old.as_object().unwrap(), new.as_object().unwrap());
        assert_eq!(result.err().map(|error| error.kind), (!is_allowed).then_some(Kind::Mutability), "{old} {new}");
    }
}
