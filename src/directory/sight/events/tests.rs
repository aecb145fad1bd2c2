//! The order of renames.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::in_order;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

fn renames(list: &[(u128, &str, &str)]) -> BTreeMap<Uuid, (Arc<str>, Arc<str>)> {
    list.iter().map(|(id, old, new)| (Uuid::from_u128(*id), (Arc::from(*old), Arc::from(*new)))).collect()
}

fn ids(list: &[u128]) -> Vec<Uuid> {
    list.iter().map(|id| Uuid::from_u128(*id)).collect()
}

#[test]
fn a_name_is_given_up_before_it_is_taken() {
    let chain = renames(&[(1, "a", "B"), (2, "b", "c"), (3, "c", "d"), (4, "e", "E")]);
    assert_eq!(in_order(chain).unwrap(), ids(&[3, 4, 2, 1]));
    assert_eq!(in_order(renames(&[(1, "a", "b"), (2, "b", "a")])), None);
    assert_eq!(in_order(BTreeMap::new()).unwrap(), ids(&[]));
}
