//! Tests of what requests speak for, by the ones that identity providers send.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::profile::{by_name, custom};
use crate::scim::dialect::Reading;

fn shape<'a>(user_agent: &'a str, target: &'a str) -> Shape<'a> {
    Shape { user_agent, target, accept: "application/scim+json", used: Used::default() }
}

fn used(quirks: &[Quirk]) -> Used {
    let mut reading = Reading::new(&custom::DIALECT);
    assert!(quirks.iter().all(|quirk| reading.allows(*quirk)));
    reading.used
}

#[test]
fn one_request_is_enough_when_it_names_its_sender() {
    let okta = shape("Okta SCIM Client 1.0.0", "/tenants/a/scim/v2/Users?startIndex=1&count=2");
    assert_eq!(suggestion([okta]).unwrap().profile, "okta");
    let entra = shape("", "/tenants/a/scim/v2/Users?aadOptscim062020&filter=userName+eq+%22a%22");
    assert_eq!(suggestion([entra]).unwrap().profile, "entra");
    let entra = shape("", "/tenants/a/scim/v2/Users?filter=id+eq+%22a%22&AzureAdScimPatch2017");
    assert_eq!(strong(&entra).unwrap().profile, "entra");
}

#[test]
fn a_shape_alone_has_to_be_seen_several_times() {
    let group = shape("", "/tenants/a/scim/v2/Groups?excludedAttributes=members&filter=displayName+eq+%22Sales%22");
    assert_eq!(suggestion([group; 4]), None);
    assert_eq!(suggestion([group; 5]).unwrap().profile, "entra");
    let patch =
        Shape { used: used(&[Quirk::OpCase, Quirk::BooleanAsString]), ..shape("", "/tenants/a/scim/v2/Users/1") };
    assert_eq!(suggestion([group, group, group, patch, patch]).unwrap().profile, "entra");
    let ping = shape("", "/tenants/a/scim/v2/Users?filter=emails%20eq%20%22a%40b%22");
    assert_eq!(suggestion([ping; 5]).unwrap().profile, "ping");
    let onelogin = Shape { accept: "application/json", used: used(&[Quirk::EmptyString]), ..shape("", "/Users") };
    assert_eq!(suggestion([onelogin; 5]).unwrap().profile, "onelogin");
}

#[test]
fn what_says_nothing_or_two_things_suggests_nothing() {
    assert_eq!(suggestion([shape("curl/8", "/tenants/a/scim/v2/Users")]), None);
    assert_eq!(suggestion([]), None);
    assert_eq!(suggestion([shape("OneLogin SCIM", "/Users"), shape("Okta SCIM Client 1.0.0", "/Users")]), None);
}

#[test]
fn only_profiles_that_there_are_are_suggested() {
    for (_, profile) in PRODUCTS {
        assert!(by_name(profile).is_some(), "{profile}");
    }
}
