//! Changes of one resource are one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn change(kind: ChangeKind, resource_type: &str, id: u128) -> Change {
    Change {
        rules: Vec::new(),
        kind,
        resource_type: resource_type.to_owned(),
        id: Uuid::from_u128(id).to_string(),
        actor: String::new(),
        request: String::new(),
        attributes: Vec::new(),
        members_added: Vec::new(),
        members_removed: Vec::new(),
        members_incomplete: false,
    }
}

#[test]
fn each_resource_is_looked_at_once_in_the_order_of_its_first_change() {
    let changes = [
        change(ChangeKind::Create, "Group", 1),
        change(ChangeKind::Create, "User", 3),
        change(ChangeKind::Create, "User", 2),
        change(ChangeKind::Delete, "User", 3),
        change(ChangeKind::Update, "Group", 1),
    ];
    let mut dirty = Dirty::of(&changes);
    assert_eq!(dirty.users, [Uuid::from_u128(3), Uuid::from_u128(2)]);
    assert_eq!(dirty.groups, [Uuid::from_u128(1)]);
    assert!(!dirty.deletes_groups);
    dirty.group(Uuid::from_u128(1));
    dirty.group(Uuid::from_u128(4));
    assert_eq!(dirty.groups, [Uuid::from_u128(1), Uuid::from_u128(4)]);
    assert!(Dirty::of(&[change(ChangeKind::Delete, "Group", 9)]).deletes_groups);
    assert!(!concerns(&change(ChangeKind::Create, "Device", 1)) && concerns(&change(ChangeKind::Create, "User", 1)));
}
