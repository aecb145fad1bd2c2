//! Which profile a tenant's traffic speaks for. A guess from what requests show outside of their bodies, for an admin to act on:
//! nothing is ever switched by it. It knows no tenant and keeps nothing.

use crate::scim::dialect::{Quirk, Used};

/// What one request shows.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'a> {
    /// The User-Agent header; empty: none.
    pub user_agent: &'a str,
    /// The path and query as they were sent.
    pub target: &'a str,
    /// The Accept header; empty: none.
    pub accept: &'a str,
    /// The quirks that reading it needed.
    pub used: Used,
}

/// What a request speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The profile's name.
    pub profile: &'static str,
    /// Whether one such request is enough.
    pub is_strong: bool,
    /// What speaks for it, as a clause.
    pub reason: &'static str,
}

/// What one request speaks for, if anything.
pub fn evidence(shape: &Shape<'_>) -> Option<Evidence> {
    let strong = |profile, reason| Some(Evidence { profile, is_strong: true, reason });
    let weak = |profile, reason| Some(Evidence { profile, is_strong: false, reason });
    if let Some((_, profile)) = PRODUCTS.iter().find(|(product, _)| has(shape.user_agent, product)) {
        return strong(profile, "the User-Agent header names the product");
    }
    // Entra 10: the flag in the Tenant URL, which may be left in what is requested.
    if has(shape.target, "aadOptscim062020") || has(shape.target, "AzureAdScimPatch2017") {
        return strong("entra", "the URL has a flag of Entra ID's provisioning");
    }
    // Entra 25: how groups are matched.
    if has(shape.target, "/Groups?excludedAttributes=members&filter=displayName") {
        return weak("entra", "groups are looked up as Entra ID does");
    }
    // Entra 13 and 14: without the flag.
    if shape.used.contains(Quirk::OpCase) && shape.used.contains(Quirk::BooleanAsString) {
        return weak("entra", "PATCH is spoken as Entra ID does without the flag");
    }
    // Ping 2: users may be matched by their e-mail addresses, without a sub-attribute.
    if has(shape.target, "filter=emails%20eq") || has(shape.target, "filter=emails+eq") {
        return weak("ping", "users are looked up as PingFederate does");
    }
    // Okta 2: how users are matched.
    if has(shape.target, "filter=userName") && shape.target.ends_with("&startIndex=1&count=100") {
        return weak("okta", "users are looked up as Okta does");
    }
    // OneLogin 3 and 4: answers in application/json, and empty texts for parameters without a value.
    if shape.accept == "application/json" && shape.used.contains(Quirk::EmptyString) {
        return weak("onelogin", "bodies and headers are those of OneLogin");
    }
    None
}

/// What these requests speak for together: the profile that most of the evidence is for, when it is enough.
pub fn suggestion<'a>(shapes: impl IntoIterator<Item = Shape<'a>>) -> Option<Evidence> {
    let mut tally: Vec<(Evidence, usize)> = Vec::new();
    for evidence in shapes.into_iter().filter_map(|shape| evidence(&shape)) {
        let weight = if evidence.is_strong { ENOUGH } else { 1 };
        match tally.iter_mut().find(|(known, _)| known.profile == evidence.profile) {
            Some((known, sum)) => {
                *sum += weight;
                if evidence.is_strong {
                    *known = evidence;
                }
            }
            None => tally.push((evidence, weight)),
        }
    }
    let (best, most) = tally.iter().copied().max_by_key(|(_, sum)| *sum)?;
    let is_alone = tally.iter().filter(|(_, sum)| *sum == most).count() == 1;
    (is_alone && most >= ENOUGH).then_some(best)
}

/// How much weak evidence is enough.
const ENOUGH: usize = 5;

/// Words in User-Agent headers: products name themselves. Okta's whole header is `Okta SCIM Client 1.0.0` (Okta 1).
const PRODUCTS: [(&str, &str); 10] = [
    ("okta scim client", "okta"),
    ("onelogin", "onelogin"),
    ("jumpcloud", "jumpcloud"),
    ("authentik", "authentik"),
    ("rauthy", "rauthy"),
    ("keycloak", "keycloak"),
    ("ssosync", "aws"),
    ("pingfederate", "ping"),
    ("pingone", "ping"),
    ("miniorange", "miniorange"),
];

/// Whether `text` has `word` in it, in any case.
fn has(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests;
