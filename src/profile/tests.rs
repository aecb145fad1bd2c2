//! Tests of the registry, and of what must hold between the profiles.
#![allow(clippy::unwrap_used)]

use super::{ALL, by_name, custom, names, quirk, source, strict, with};
use crate::scim::dialect::{Dialect, Quirk, Reading, Stance};
use std::collections::BTreeSet;

/// The text of every profile, in the order of [`ALL`].
const SOURCES: [&str; 14] = [
    include_str!("custom.rs"),
    include_str!("strict.rs"),
    include_str!("entra.rs"),
    include_str!("okta.rs"),
    include_str!("onelogin.rs"),
    include_str!("oracle.rs"),
    include_str!("keycloak.rs"),
    include_str!("google.rs"),
    include_str!("aws.rs"),
    include_str!("jumpcloud.rs"),
    include_str!("ping.rs"),
    include_str!("miniorange.rs"),
    include_str!("authentik.rs"),
    include_str!("rauthy.rs"),
];

fn accepted(dialect: &Dialect) -> Vec<&'static str> {
    Quirk::ALL.into_iter().filter(|quirk| dialect.stance(*quirk) == Stance::Accept).map(Quirk::name).collect()
}

/// The variant after `quirk`. The match has no wildcard: a new variant does not compile until it is put in line here, and then
/// has to be in `Quirk::ALL`.
fn next(quirk: Quirk) -> Option<Quirk> {
    match quirk {
        Quirk::OpCase => Some(Quirk::BooleanAsString),
        Quirk::BooleanAsString => Some(Quirk::ScalarAsArray),
        Quirk::ScalarAsArray => Some(Quirk::ArrayAsScalar),
        Quirk::ArrayAsScalar => Some(Quirk::ComplexAsScalar),
        Quirk::ComplexAsScalar => Some(Quirk::CreateOnFilteredPath),
        Quirk::CreateOnFilteredPath => Some(Quirk::DottedKey),
        Quirk::DottedKey => Some(Quirk::UrnKey),
        Quirk::UrnKey => Some(Quirk::UnqualifiedExtension),
        Quirk::UnqualifiedExtension => Some(Quirk::ReadOnlyInValue),
        Quirk::ReadOnlyInValue => Some(Quirk::RemoveWithValue),
        Quirk::RemoveWithValue => Some(Quirk::UnknownAttribute),
        Quirk::UnknownAttribute => Some(Quirk::UnknownSchema),
        Quirk::UnknownSchema => Some(Quirk::UnknownMember),
        Quirk::UnknownMember => Some(Quirk::SchemaAlias),
        Quirk::SchemaAlias => Some(Quirk::MissingSchemas),
        Quirk::MissingSchemas => Some(Quirk::UnknownMessageMember),
        Quirk::UnknownMessageMember => Some(Quirk::UnquotedLiteral),
        Quirk::UnquotedLiteral => Some(Quirk::ValuePathSubAttribute),
        Quirk::ValuePathSubAttribute => Some(Quirk::EmptyString),
        Quirk::EmptyString => Some(Quirk::UnacceptedMedia),
        Quirk::UnacceptedMedia => None,
    }
}

#[test]
fn every_quirk_is_listed_once_and_has_a_name_of_its_own() {
    let in_line: Vec<Quirk> = std::iter::successors(Some(Quirk::OpCase), |quirk| next(*quirk)).collect();
    assert_eq!(in_line, Quirk::ALL);
    let names: BTreeSet<_> = Quirk::ALL.into_iter().map(Quirk::name).collect();
    assert_eq!(names.len(), Quirk::ALL.len());
}

#[test]
fn every_quirk_is_remembered_by_itself() {
    for quirk in Quirk::ALL {
        let mut reading = Reading::new(&custom::DIALECT);
        assert!(reading.allows(quirk));
        assert_eq!(reading.used.names().collect::<Vec<_>>(), [quirk.name()]);
    }
}

#[test]
fn every_profile_is_found_by_its_name_and_by_no_other() {
    for dialect in ALL {
        assert_eq!(by_name(dialect.name).unwrap().title, dialect.title);
        assert!(dialect.name.bytes().all(|b| b.is_ascii_lowercase()), "{}", dialect.name);
        assert!(!dialect.title.is_empty());
    }
    assert_eq!(names().collect::<BTreeSet<_>>().len(), ALL.len());
    assert_eq!(ALL.iter().map(|dialect| dialect.title).collect::<BTreeSet<_>>().len(), ALL.len());
    assert!(by_name("Entra").is_none() && by_name("").is_none() && by_name("azure").is_none());
}

#[test]
fn custom_accepts_whatever_another_accepts() {
    for dialect in ALL {
        for quirk in Quirk::ALL {
            let is_wider = custom::DIALECT.stance(quirk) == Stance::Accept || dialect.stance(quirk) == Stance::Refuse;
            assert!(is_wider, "{} accepts {}", dialect.name, quirk.name());
        }
        for alias in dialect.schema_aliases {
            assert!(custom::DIALECT.schema_aliases.contains(alias), "{} knows {}", dialect.name, alias.0);
        }
    }
    assert_eq!(accepted(&custom::DIALECT).len(), Quirk::ALL.len());
}

#[test]
fn strict_accepts_nothing_and_uses_nothing() {
    assert!(accepted(&strict::DIALECT).is_empty(), "{:?}", accepted(&strict::DIALECT));
    let mut reading = Reading::new(&strict::DIALECT);
    assert!(!Quirk::ALL.into_iter().any(|quirk| reading.allows(quirk)));
    assert!(reading.used.is_empty());
    let strict = by_name("strict").unwrap();
    assert!(
        !strict.unique_group_names
            && !strict.unique_external_ids
            && strict.members_in_answers
            && strict.announces_async
    );
}

#[test]
fn what_an_administrator_maps_and_nobody_knows_is_dropped_by_all_but_strict() {
    for dialect in ALL.into_iter().filter(|dialect| dialect.name != strict::DIALECT.name) {
        for quirk in [Quirk::UnknownAttribute, Quirk::UnknownSchema, Quirk::UnacceptedMedia] {
            assert_eq!(dialect.stance(quirk), Stance::Accept, "{} {}", dialect.name, quirk.name());
        }
    }
}

#[test]
fn a_profile_whose_source_shows_the_wire_has_exactly_these_quirks() {
    let check = |name: &str, quirks: &[&str]| assert_eq!(accepted(by_name(name).unwrap()), quirks, "{name}");
    check("google", &["unknown_attribute", "unknown_schema", "unaccepted_media"]);
    check("aws", &["remove_with_value", "unknown_attribute", "unknown_schema", "unaccepted_media"]);
    let keycloak = ["boolean_as_string", "scalar_as_array", "unknown_attribute", "unknown_schema", "unaccepted_media"];
    check("keycloak", &keycloak);
    let rauthy = ["remove_with_value", "unknown_attribute", "unknown_schema", "empty_string", "unaccepted_media"];
    check("rauthy", &rauthy);
    let refused_by_entra = ["read_only_in_value", "missing_schemas", "unknown_member"];
    let entra: Vec<_> =
        Quirk::ALL.into_iter().map(Quirk::name).filter(|name| !refused_by_entra.contains(name)).collect();
    check("entra", &entra);
}

#[test]
fn an_alias_is_not_itself_a_meaning() {
    for dialect in ALL {
        for (alias, meant) in dialect.schema_aliases {
            assert!(!dialect.schema_aliases.iter().any(|(other, _)| other == meant), "{}: {alias}", dialect.name);
        }
    }
}

/// An answer that nobody can trace back is one that nobody dares to change.
#[test]
fn an_answer_other_than_strict_s_says_where_it_comes_from() {
    for (dialect, source) in ALL.into_iter().zip(SOURCES) {
        assert!(source.contains(&format!("name: \"{}\"", dialect.name)), "{} is out of line", dialect.name);
        assert!(
            !source.lines().any(|line| line.trim_start().starts_with("..")),
            "{} must answer for itself",
            dialect.name
        );
        let lines: Vec<&str> = source.lines().map(str::trim).collect();
        for pair in lines.windows(2) {
            let &[before, answer] = pair else { continue };
            let differs = answer.ends_with(": Accept,")
                || answer == "schema_aliases: &[("
                || answer == "unique_group_names: true,"
                || answer == "unique_external_ids: true,"
                || answer == "members_in_answers: false,"
                || answer == "announces_async: false,";
            assert!(!differs || before.starts_with("// "), "{}: '{answer}' has no source", dialect.name);
        }
    }
}

/// What is shown of an answer is the comment beside it.
#[test]
fn an_accepted_quirk_is_shown_with_its_source() {
    for dialect in ALL {
        for quirk in Quirk::ALL {
            let is_cited = !source::cited(dialect.name, quirk.name()).is_empty();
            assert!(is_cited || dialect.stance(quirk) == Stance::Refuse, "{} {}", dialect.name, quirk.name());
        }
    }
    let cited = source::cited("entra", "op_case");
    assert_eq!(cited, "Entra 14 [S1]: `Add`, `Replace`, `Remove`; with the flag in lower case.");
    assert_eq!(source::cited("strict", "op_case"), "");
    assert!(source::listed("entra").iter().any(|line| line.starts_with("[S1] https://learn.microsoft.com/")));
    let texts: BTreeSet<_> = Quirk::ALL.into_iter().map(quirk::description).collect();
    assert_eq!(texts.len(), Quirk::ALL.len());
    assert!(Quirk::ALL.into_iter().all(|kind| quirk::rfc(kind).starts_with("RFC 764")));
}

#[test]
fn a_tenant_s_answer_about_misspelt_schemas_means_the_known_ones() {
    let okta = by_name("okta").unwrap();
    assert!(with(okta, &[(Quirk::OpCase, Stance::Accept)]).schema_aliases.is_empty());
    assert_eq!(with(okta, &[(Quirk::SchemaAlias, Stance::Warn)]).schema_aliases, custom::DIALECT.schema_aliases);
    assert_eq!(with(&custom::DIALECT, &[]).schema_aliases, custom::DIALECT.schema_aliases);
}
