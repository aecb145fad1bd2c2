//! Tests of the list of quirks: that each is one, has its own name, and is asked of the dialect by itself.

#![allow(clippy::unwrap_used)]

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

fn failed(reading: &mut Reading<'_>) -> String {
    reading.explained(Error::new(Kind::InvalidValue, "it is wrong")).detail
}

#[test]
fn a_tenant_answers_for_itself() {
    let own = TOLERANT.with(&[(Quirk::OpCase, Stance::Refuse), (Quirk::UrnKey, Stance::Warn)]);
    for quirk in Quirk::ALL {
        let expected = match quirk {
            Quirk::OpCase => Stance::Refuse,
            Quirk::UrnKey => Stance::Warn,
            _ => Stance::Accept,
        };
        assert_eq!(own.stance(quirk), expected, "{quirk:?}");
    }
    let mut reading = Reading::new(&own);
    assert!(reading.allows(Quirk::UrnKey) && reading.allows(Quirk::DottedKey));
    assert_eq!(reading.used.names().collect::<Vec<_>>(), ["dotted_key", "urn_key"]);
    assert_eq!(reading.used.warned().collect::<Vec<_>>(), ["urn_key"]);
    // The profile's own stance is taken again.
    assert_eq!(STRICT.with(&[(Quirk::OpCase, Stance::Accept)]).stance(Quirk::OpCase), Stance::Accept);
    assert_eq!(own.with(&[(Quirk::OpCase, Stance::Accept)]).refused, Quirks::NONE);
}

#[test]
fn an_error_names_the_quirk_that_it_came_of_and_no_other() {
    let mut reading = Reading::new(&STRICT);
    assert_eq!(failed(&mut reading), "it is wrong");
    assert!(!reading.allows(Quirk::OpCase));
    let detail = failed(&mut reading);
    assert!(detail.contains("quirk 'op_case', refused by the profile 'strict'"), "{detail}");
    assert!(detail.contains("quirks.op_case"), "{detail}");
    assert_eq!(reading.used.each().collect::<Vec<_>>(), [(Quirk::OpCase, Stance::Refuse)]);
    assert!(reading.used.is_empty());
    assert_eq!(failed(&mut reading), "it is wrong", "it was told");

    // A refusal that did no harm, and an error that is nobody's doing.
    assert!(!reading.allows(Quirk::UrnKey));
    reading.pass();
    assert_eq!(failed(&mut reading), "it is wrong");
    assert!(!reading.allows(Quirk::UrnKey));
    let error = reading.explained(Error::new(Kind::NotFound, "it is not there"));
    assert_eq!(error.detail, "it is not there");
}

#[test]
fn what_a_tenant_refuses_is_not_made_up_for() {
    let own = TOLERANT.with(&[(Quirk::EmptyString, Stance::Refuse), (Quirk::SchemaAlias, Stance::Refuse)]);
    let mut reading = Reading::new(&own);
    assert!(!reading.allows(Quirk::SchemaAlias));
    assert!(!reading.allows(Quirk::UnknownSchema), "it would be dropped and not refused");
    reading.pass();
    assert!(reading.is_clean().is_err());
    assert!(failed(&mut reading).contains("'schema_alias', refused by a setting of the tenant"));

    let mut reading = Reading::new(&own);
    assert!(reading.prefers(Quirk::EmptyString).is_err());
    assert!(failed(&mut reading).contains("'empty_string', refused by a setting of the tenant"));
    // A profile that refuses it has another meaning for it.
    let mut reading = Reading::new(&STRICT);
    assert!(!reading.prefers(Quirk::EmptyString).unwrap());
    assert_eq!(failed(&mut reading), "it is wrong");
    assert!(Reading::new(&TOLERANT).prefers(Quirk::EmptyString).unwrap());
}

#[test]
fn names_lead_back_to_quirks() {
    for quirk in Quirk::ALL {
        assert_eq!(Quirk::by_name(quirk.name()), Some(quirk));
    }
    assert_eq!(Quirk::by_name("OpCase"), None);
}
