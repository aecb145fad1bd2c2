//! Every outcome is explained, and every failure says what to do.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::super::tests::exchange;
use super::*;
use crate::directory::provision::Told;
use crate::directory::token::Denied;
use crate::scim::dialect::{Reading, Stance};
use crate::scim::errors::{Error, Kind};

const KINDS: [(Kind, u16); 16] = [
    (Kind::InvalidFilter, 400),
    (Kind::TooMany, 400),
    (Kind::Uniqueness, 409),
    (Kind::Mutability, 400),
    (Kind::InvalidSyntax, 400),
    (Kind::InvalidPath, 400),
    (Kind::NoTarget, 400),
    (Kind::InvalidValue, 400),
    (Kind::InvalidVers, 400),
    (Kind::Forbidden, 403),
    (Kind::NotFound, 404),
    (Kind::VersionMismatch, 412),
    (Kind::TooLarge, 413),
    (Kind::NotImplemented, 501),
    (Kind::Unavailable, 503),
    (Kind::Internal, 500),
];

fn told(status: u16, scim_type: &'static str) -> String {
    explain(&Exchange { status, scim_type, ..exchange("1", status) }, "it is 'so'", "okta")
}

#[test]
fn every_kind_of_error_has_advice_of_its_own() {
    let mut seen = std::collections::BTreeSet::new();
    for (kind, status) in KINDS {
        let text = told(status, kind.scim_type().unwrap_or_default());
        assert!(
            text.contains(&format!("refused with {status}. The server said: It is 'so'. "))
                || text.contains("said: it"),
            "{text}"
        );
        assert!(text.len() > 120, "{kind:?}: {text}");
        assert!(seen.insert(text.rsplit("'so'.").next().unwrap().to_owned()), "{kind:?} has the advice of another");
    }
    for status in [405, 408, 414, 415, 428, 429] {
        let text = told(status, "");
        assert!(seen.insert(text.rsplit("'so'.").next().unwrap().to_owned()), "{status}: {text}");
    }
}

#[test]
fn every_knock_has_advice_of_its_own() {
    let knocks = [
        (Knock::NoHeader, "no Authorization header"),
        (Knock::SeveralHeaders, "more than one Authorization header"),
        (Knock::OtherScheme, "not of the kind 'Bearer'"),
        (Knock::NoToken, "no token after 'Bearer'"),
        (Knock::Token(Denied::Malformed), "checksum is wrong"),
        (Knock::Token(Denied::Unknown), "No token here has this secret"),
        (Knock::Token(Denied::Revoked), "was revoked"),
        (Knock::Token(Denied::Expired), "come to its end"),
        (Knock::Token(Denied::Address), "from this address"),
        (Knock::Token(Denied::OtherTenant), "another tenant than the one in the URL"),
        (Knock::Token(Denied::TenantClosed), "is disabled"),
    ];
    for (knock, words) in knocks {
        let text = explain(&Exchange { knock: Some(knock), ..exchange("1", 401) }, "a valid token is required", "okta");
        assert!(text.contains(words) && text.contains("refused with 401") && !text.contains("said"), "{text}");
    }
}

#[test]
fn success_says_so_and_names_leniencies() {
    assert_eq!(explain(&exchange("1", 200), "", "okta"), "The request to read a user succeeded.");
    let mut reading = Reading::new(&crate::profile::custom::DIALECT);
    Quirk::ALL.into_iter().for_each(|quirk| assert!(reading.allows(quirk)));
    let made = Exchange { method: "POST".to_owned(), endpoint: "/Groups", used: reading.used, ..exchange("1", 201) };
    let text = explain(&made, "", "custom");
    assert!(text.starts_with("The request to create a group succeeded: the resource was made. It deviates"), "{text}");
    assert_eq!(text.matches("; ").count(), Quirk::ALL.len() - 1);
    let strict = Exchange { scim_type: "invalidValue", ..exchange("1", 400) };
    assert!(explain(&strict, "", "strict").contains("forgives nothing"));
    let group = Exchange { scim_type: "uniqueness", endpoint: "/Groups", ..exchange("1", 409) };
    assert!(explain(&group, "", "entra").contains("Another group"));
    let lost = Exchange { endpoint: "", ..exchange("1", 404) };
    assert!(explain(&lost, "", "entra").contains("Compare the Tenant URL"));
}

#[test]
fn what_the_tenant_says_of_quirks_is_told() {
    let own = crate::profile::custom::DIALECT.with(&[(Quirk::OpCase, Stance::Refuse), (Quirk::UrnKey, Stance::Warn)]);
    let mut reading = Reading::new(&own);
    assert!(reading.allows(Quirk::UrnKey) && reading.allows(Quirk::DottedKey));
    let warned = Exchange { used: reading.used, ..exchange("1", 200) };
    assert!(explain(&warned, "", "custom").ends_with("The tenant is to be warned of urn_key."));
    assert!(!reading.allows(Quirk::OpCase));
    let _ = reading.explained(Error::new(Kind::InvalidSyntax, "no"));
    let refused = Exchange { used: reading.used, ..exchange("1", 400) };
    let text = explain(&refused, "", "custom");
    assert!(text.contains("It was refused for op_case;") && text.contains("--quirk op_case=accept"), "{text}");
}

#[test]
fn a_replay_is_compared_with_what_was() {
    assert_eq!(compare(409, 409, 0), "It would be answered with 409, as it was. It would change nothing.");
    assert!(
        compare(409, 201, 1)
            .starts_with("It was answered with 409 and would now succeed with 201. It would change one")
    );
    assert!(compare(200, 404, 0).starts_with("It succeeded with 200 and would now be refused with 404."));
    assert!(compare(400, 404, 0).starts_with("It was answered with 400 and would now be answered with 404."));
    assert!(compare(200, 204, 3).ends_with("It would change 3 resources."));
}

#[test]
fn the_rules_of_a_mapping_are_named() {
    let told = |rule: &str, refused| Told { rule: rule.into(), refused };
    let rules = vec![told("display", false), told("groups", true)];
    let text = explain(&Exchange { rules, ..exchange("1", 403) }, "", "okta");
    assert!(text.contains("refused it by 'groups'."), "{text}");
    assert!(text.contains("had a hand in it: 'display'."), "{text}");
}
