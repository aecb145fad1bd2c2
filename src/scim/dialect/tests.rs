//! Tests of the list of quirks: that each is one, has its own name, and is asked of the dialect by itself.

use super::*;
use crate::scim::samples::{STRICT, TOLERANT};
use std::collections::BTreeSet;

#[test]
fn every_quirk_is_counted_by_itself() {
    let names: BTreeSet<_> = Quirk::ALL.map(Quirk::name).into();
    assert_eq!(names.len(), Quirk::ALL.len());
    for quirk in Quirk::ALL {
        let mut reading = Reading::new(&TOLERANT);
        assert!(reading.used.is_empty());
        assert!(reading.allows(quirk));
        assert_eq!(reading.used.names().collect::<Vec<_>>(), [quirk.name()]);
        assert_eq!(Quirk::ALL.map(|other| reading.used.contains(other)), Quirk::ALL.map(|other| other == quirk));
        assert_eq!(format!("{:?}", reading.used), format!("{{{:?}}}", quirk.name()));
        let mut reading = Reading::new(&STRICT);
        assert!(!reading.allows(quirk));
        assert!(reading.used.is_empty());
    }
}
