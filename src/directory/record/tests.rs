//! Stored bytes are read as they were written, and others are refused.
#![allow(clippy::unwrap_used)]

use super::{
    Change, ChangeKind, Member, PRESENT, Record, display_name, encode, pack, pack_number, unpack, unpack_number,
};
use crate::scim::errors::Kind;
use crate::scim::schema;
use serde_json::json;

#[test]
fn a_record_is_read_as_it_was_written() {
    let json = json!({"userName": "ada", schema::ENTERPRISE_USER: {"department": "D"}});
    let attributes = json.as_object().unwrap();
    for created_ms in [None, Some(0), Some(-1), Some(1_700_000_000_000)] {
        let bytes = encode(schema::user(), created_ms, 7, &super::Values::plain(attributes.clone())).unwrap();
        let record = Record::decode(&bytes).unwrap();
        assert_eq!((record.created_ms, record.generation, record.extensions), (created_ms, 7, 1));
        assert_eq!(record.display, b"\"ada\"");
        assert_eq!(&record.attributes().unwrap(), attributes);
        for cut in 0..25 {
            assert_eq!(Record::decode(&bytes[..cut]).unwrap_err().kind, Kind::Internal);
        }
    }
}

#[test]
fn the_name_that_others_show_is_the_nearest_there_is() {
    for (attributes, expected) in [
        (json!({"userName": "u", "displayName": "d", "name": {"formatted": "f"}}), json!("d")),
        (json!({"userName": "u", "name": {"formatted": "f"}}), json!("f")),
        (json!({"userName": "u"}), json!("u")),
        (json!({}), json!(null)),
    ] {
        assert_eq!(display_name(attributes.as_object().unwrap()), expected);
    }
}

#[test]
fn small_values_are_read_as_they_were_written() {
    let member = Member { code: 2, display: b"\"x\"" };
    let bytes = member.encode();
    let read = Member::decode(&bytes).unwrap();
    assert_eq!((read.code, read.display), (2, b"\"x\"".as_slice()));
    assert!(Member::decode(PRESENT).is_err());
    assert_eq!(unpack_number(&pack_number(9)).unwrap(), 9);
    let change = Change {
        rules: Vec::new(),
        kind: ChangeKind::Update,
        resource_type: "User".to_owned(),
        id: "i".to_owned(),
        actor: "a".to_owned(),
        request: "r".to_owned(),
        attributes: vec!["title".to_owned()],
        members_added: Vec::new(),
        members_removed: Vec::new(),
        members_incomplete: false,
    };
    assert_eq!(unpack::<Change>(&pack(&change).unwrap()).unwrap(), change);
    assert_eq!(unpack::<Change>(b"\x02{}").unwrap_err().kind, Kind::Internal);
}
