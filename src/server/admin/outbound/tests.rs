//! What an update may name of the filter and the mapping, and that each name sets its own member.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn each_path_sets_its_own_member() {
    let names = FIELDS.iter().filter_map(|path| path.strip_prefix("mapping."));
    let all: serde_json::Map<_, _> = names.clone().map(|name| (name.to_owned(), name.into())).collect();
    let wanted: Definition = serde_json::from_value(all.into()).unwrap();
    for name in names {
        let mut kept = Definition::default();
        set(&mut kept, &format!("mapping.{name}"), &wanted);
        let kept = serde_json::to_value(&kept).unwrap();
        let texts: Vec<_> = kept.as_object().unwrap().iter().filter(|(_, text)| *text != "").collect();
        assert_eq!(texts, [(&name.to_owned(), &name.into())]);
    }
    let mut kept = Definition::default();
    set(&mut kept, "mapping", &wanted);
    assert_eq!(kept, wanted);
    assert_eq!(definition(mapping(kept)), wanted);
}

#[test]
fn a_mask_names_fields_that_there_are() {
    let mask = |path: &str| Some(FieldMask { paths: vec![path.to_owned()] });
    for path in ["disabled", "filter", "filter.users", "mapping.email"] {
        assert_eq!(paths(mask(path), &["disabled"]).unwrap(), [path]);
    }
    for path in ["users", "filter.", "mapping.nick_name", "description", ""] {
        assert!(paths(mask(path), &["disabled"]).is_err(), "{path}");
    }
    assert!(paths(None, &[]).unwrap().is_empty());
}

#[test]
fn users_are_told_as_they_were_set() {
    for wanted in [Users::All, Users::Members] {
        assert_eq!(users("users", &filter(vec![], vec![], wanted)).unwrap(), wanted);
    }
    assert_eq!(users("users", &OutboundFilter::default()).unwrap(), Users::All);
    assert!(users("users", &OutboundFilter { users: 9, ..OutboundFilter::default() }).is_err());
}
