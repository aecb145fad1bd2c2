//! authentik's SCIM provider: it reads what the server says of itself, puts users, patches groups, and reads a group back before it
//! compares members.
//!
//! Sources:
//! - `[A]` github:goauthentik/authentik authentik/providers/scim/clients/{base,users,groups}.py
//! - <https://docs.goauthentik.io/providers/scim>, github:goauthentik/authentik issues 16455 and 16677

use super::step::{
    Cycle, Feature, LIST, Media, Step, Want, at, delete, get, is, number, patch, post, put, schema, text,
};

/// What authentik does.
pub const CYCLE: Cycle = Cycle {
    name: "authentik",
    title: "authentik",
    headers: &[("Accept", "application/scim+json"), ("Content-Type", "application/scim+json")],
    media: Media::Any,
    unauthorized: "The provider's synchronisation stops with an error in its task.",
    broken: "The task is tried again, and the whole synchronisation with it.",
    steps: STEPS,
};

const CONFIG: &str =
    "authentik does not understand this ServiceProviderConfig and falls back to its defaults: no PATCH, no filter.";
const UPDATE: &str = "Changes of users do not arrive.";
const GROUPS: &str = "Groups here are not those in authentik.";

const STEPS: &[Step] = &[
    get("discovery: ServiceProviderConfig", "/ServiceProviderConfig")
        .must(&[
            at("patch.supported", Want::SomeBool),
            at("bulk.supported", Want::SomeBool),
            at("bulk.maxOperations", Want::SomeNumber).or("authentik sizes its PATCH requests by this number."),
            at("bulk.maxPayloadSize", Want::SomeNumber),
            at("filter.supported", Want::SomeBool),
            at("filter.maxResults", Want::SomeNumber),
            at("changePassword.supported", Want::SomeBool),
            at("sort.supported", Want::SomeBool),
            at("etag.supported", Want::SomeBool),
            at("authenticationSchemes", Want::List),
        ])
        .should(&[schema("urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig")])
        .or(CONFIG)
        .warns(),
    get("discovery: list users", "/Users").must(&[LIST]).or("Accounts that are here already are not found.").warns(),
    get("discovery: list groups", "/Groups").must(&[LIST]).or("Groups that are here already are not found.").warns(),
    // [A]: empty texts and lists for what is not set.
    post(
        "create the user",
        "/Users",
        r#"{"schemas":["{{User}}"],"active":true,"emails":[{"primary":true,"type":"other","value":"{{p}}-aki@example.com"}],"externalId":"{{p}}-aki","name":{"familyName":"","formatted":"Aki","givenName":"Aki"},"photos":[],"displayName":"{{p}} Aki","userName":"{{p}}-aki"}"#,
    )
    .saves("aki")
    .must(&[text("userName", "{{p}}-aki"), is("active", true)])
    .or("Users cannot be created."),
    // Older releases leave schemas out.
    post(
        "create a user as older releases do",
        "/Users",
        r#"{"active":true,"emails":[],"externalId":"{{p}}-old","name":{"familyName":"","formatted":"","givenName":""},"photos":[],"displayName":"","userName":"{{p}}-old"}"#,
    )
    .saves("old")
    .or("Releases of authentik that leave schemas out cannot create users; newer ones can.")
    .warns(),
    post(
        "create the same user again",
        "/Users",
        r#"{"schemas":["{{User}}"],"active":true,"emails":[],"externalId":"{{p}}-aki","name":{"familyName":"","formatted":"Aki","givenName":"Aki"},"photos":[],"displayName":"{{p}} Aki","userName":"{{p}}-aki"}"#,
    )
    .wants(&[409])
    .or("authentik looks for the other one only after a 409; now the user is here twice."),
    // Issue 16455: the value is not quoted.
    get("look for him, without quotes", "/Users?filter=userName+eq+{{p}}-aki")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{aki}}")])
        .or("After a 409 the whole synchronisation stops here (github:goauthentik/authentik issue 16677)."),
    put(
        "update the user",
        "/Users/{{aki}}",
        r#"{"schemas":["{{User}}"],"id":"{{aki}}","active":true,"emails":[{"primary":true,"type":"other","value":"{{p}}-aki@example.com"}],"externalId":"{{p}}-aki","name":{"familyName":"Sato","formatted":"Aki Sato","givenName":"Aki"},"photos":[],"displayName":"{{p}} Aki Sato","userName":"{{p}}-aki"}"#,
    )
    .must(&[text("name.familyName", "Sato")])
    .or(UPDATE),
    put(
        "deactivate and rename him",
        "/Users/{{aki}}",
        r#"{"schemas":["{{User}}"],"id":"{{aki}}","active":false,"emails":[{"primary":true,"type":"other","value":"{{p}}-aki@example.com"}],"externalId":"{{p}}-aki","name":{"familyName":"Sato","formatted":"Aki Sato","givenName":"Aki"},"photos":[],"displayName":"{{p}} Aki Sato","userName":"{{p}}-aki.sato"}"#,
    )
    .must(&[is("active", false), text("userName", "{{p}}-aki.sato")])
    .or("Whoever is deactivated in authentik keeps his access."),
    put(
        "activate him",
        "/Users/{{aki}}",
        r#"{"schemas":["{{User}}"],"id":"{{aki}}","active":true,"emails":[{"primary":true,"type":"other","value":"{{p}}-aki@example.com"}],"externalId":"{{p}}-aki","name":{"familyName":"Sato","formatted":"Aki Sato","givenName":"Aki"},"photos":[],"displayName":"{{p}} Aki Sato","userName":"{{p}}-aki.sato"}"#,
    )
    .must(&[is("active", true)])
    .or(UPDATE),
    // [A]: 404 makes authentik create the user again.
    put(
        "update a user that nobody is",
        "/Users/{{uuid2}}",
        r#"{"schemas":["{{User}}"],"id":"{{uuid2}}","active":true,"emails":[],"externalId":"{{p}}-none","name":{"familyName":"","formatted":"","givenName":""},"photos":[],"displayName":"{{p}} Nobody","userName":"{{p}}-none"}"#,
    )
    .wants(&[404])
    .or("authentik does not notice that a user was deleted here, and never creates him again."),
    post("create a group", "/Groups", r#"{"schemas":["{{Group}}"],"externalId":"{{p}}-guild","displayName":"{{p}} Guild"}"#)
        .saves("guild")
        .must(&[text("externalId", "{{p}}-guild")])
        .or(GROUPS),
    // [A]: without members nobody is added.
    get("read it back", "/Groups/{{guild}}")
        .must(&[text("id", "{{guild}}")])
        .should(&[at("members", Want::List).or("authentik takes missing members for unknown ones, and adds nobody.")])
        .or(GROUPS),
    patch(
        "add members, one operation each",
        "/Groups/{{guild}}",
        r#"[{"op":"add","path":"members","value":[{"value":"{{aki}}"}]},{"op":"add","path":"members","value":[{"value":"{{old}}"}]}]"#,
    )
    .needs(Feature::Patch)
    .or(GROUPS),
    patch(
        "change the group, without a path",
        "/Groups/{{guild}}",
        r#"[{"op":"replace","value":{"schemas":["{{Group}}"],"id":"{{guild}}","externalId":"{{p}}-guild","displayName":"{{p}} Guild East"}}]"#,
    )
    .needs(Feature::Patch)
    .or(GROUPS),
    get("it has its name and its members", "/Groups/{{guild}}")
        .must(&[text("displayName", "{{p}} Guild East"), number("members.#", 2)])
        .needs(Feature::Patch)
        .or("A change of the group took its members away, or did not happen."),
    patch("remove a member", "/Groups/{{guild}}", r#"[{"op":"remove","path":"members","value":[{"value":"{{aki}}"}]}]"#)
        .needs(Feature::Patch)
        .or(GROUPS),
    get("the other one is still in it", "/Groups/{{guild}}")
        .must(&[number("members.#", 1), text("members.0.value", "{{old}}")])
        .needs(Feature::Patch)
        .or("Removing one member by a list of values removed all, or none."),
    put(
        "without PATCH: put the group",
        "/Groups/{{guild}}",
        r#"{"schemas":["{{Group}}"],"id":"{{guild}}","externalId":"{{p}}-guild","displayName":"{{p}} Guild West","members":[{"value":"{{aki}}"}]}"#,
    )
    .or(GROUPS),
    get("it is as it was put", "/Groups/{{guild}}")
        .must(&[text("displayName", "{{p}} Guild West"), number("members.#", 1), text("members.0.value", "{{aki}}")])
        .or(GROUPS),
    delete("delete the group", "/Groups/{{guild}}").or(GROUPS),
    delete("delete the user", "/Users/{{aki}}").or("Whoever is deleted in authentik keeps his account."),
    get("he is gone", "/Users/{{aki}}").wants(&[404]).or(UPDATE),
];
