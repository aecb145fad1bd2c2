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

/// What one request speaks for by itself, if anything: it names its sender. Cheap enough to be asked of every request.
pub fn strong(shape: &Shape<'_>) -> Option<Evidence> {
    let evidence = |profile, reason| Some(Evidence { profile, is_strong: true, reason });
    let agent = shape.user_agent.to_ascii_lowercase();
    if let Some((_, profile)) = PRODUCTS.iter().find(|(product, _)| agent.contains(product)) {
        return evidence(profile, "the User-Agent header names the product");
    }
    // Entra 10: the flag in the Tenant URL, which may be left in what is requested.
    let has_flag = ["aadOptscim062020", "AzureAdScimPatch2017"].iter().any(|flag| shape.target.contains(flag));
    has_flag.then_some(()).and_then(|()| evidence("entra", "the URL has a flag of Entra ID's provisioning"))
}

/// What one request speaks for, if anything.
pub fn evidence(shape: &Shape<'_>) -> Option<Evidence> {
    strong(shape).or_else(|| weak(shape))
}

/// What the form of one request speaks for, which others may have too.
fn weak(shape: &Shape<'_>) -> Option<Evidence> {
    let evidence = |profile, reason| Some(Evidence { profile, is_strong: false, reason });
    let has = |words: &str| shape.target.contains(words);
    // Entra 25: how groups are matched.
    if has("/Groups?excludedAttributes=members&filter=displayName") {
        return evidence("entra", "groups are looked up as Entra ID does");
    }
    // Entra 13 and 14: without the flag.
    if shape.used.contains(Quirk::OpCase) && shape.used.contains(Quirk::BooleanAsString) {
        return evidence("entra", "PATCH is spoken as Entra ID does without the flag");
    }
    // Ping 2: users may be matched by their e-mail addresses, without a sub-attribute.
    if ["filter=emails%20eq", "filter=emails+eq", "filter=emails eq"].into_iter().any(has) {
        return evidence("ping", "users are looked up as PingFederate does");
    }
    // Okta 2: how users are matched.
    if has("filter=userName") && shape.target.ends_with("&startIndex=1&count=100") {
        return evidence("okta", "users are looked up as Okta does");
    }
    // OneLogin 3 and 4: answers in application/json, and empty texts for parameters without a value.
    if shape.accept == "application/json" && shape.used.contains(Quirk::EmptyString) {
        return evidence("onelogin", "bodies and headers are those of OneLogin");
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

/// Words in User-Agent headers, in lower case: products name themselves. Okta's whole header is `Okta SCIM Client 1.0.0` (Okta 1).
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

#[cfg(test)]
mod tests;
