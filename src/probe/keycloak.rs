//! Keycloak with the SCIM extension of libre.sh (also mitodl's): PUT by default, PATCH when it is switched on.
//!
//! Source: github:mitodl/keycloak-scim src/main/java/sh/libre/scim/ (storage/ScimStorageProviderFactory.java, core/UserAdapter.java,
//! core/ScimClient.java)

use super::step::{Cycle, LIST, Media, Step, Want, at, delete, get, is, nothing, number, patch, post, put, text};

/// What the extension does.
pub const CYCLE: Cycle = Cycle {
    name: "keycloak",
    title: "Keycloak",
    headers: &[("Accept", "application/scim+json")],
    media: Media::Any,
    unauthorized: "Every event ends as an error in Keycloak's log; users are changed there and not here.",
    broken: "The extension tries up to ten times, five seconds each, and then drops the change.",
    steps: STEPS,
};

const DISCOVERY: &str = "The extension wants the discovery endpoints to be accessible.";
const MAPPING: &str =
    "The extension unwraps this value: it throws, keeps no mapping, and creates the user again at the next change.";
const UPDATE: &str = "The change is lost: events are not sent again.";
const GROUPS: &str = "Groups here are not those in Keycloak.";

const STEPS: &[Step] = &[
    get("discovery: ServiceProviderConfig", "/ServiceProviderConfig")
        .must(&[at("patch.supported", Want::SomeBool), at("filter.supported", Want::SomeBool)])
        .or(DISCOVERY)
        .warns(),
    get("discovery: ResourceTypes", "/ResourceTypes").must(&[LIST]).or(DISCOVERY).warns(),
    get("discovery: Schemas", "/Schemas").must(&[LIST]).or(DISCOVERY).warns(),
    post(
        "create the user",
        "/Users",
        r#"{"schemas":["{{User}}"],"externalId":"{{p}}-kay","userName":"{{p}}-kay@example.com","displayName":"{{p}} Kay Cole","name":{"givenName":"Kay","familyName":"Cole"},"emails":[{"value":"{{p}}-kay@example.com"}],"active":true,"roles":[{"value":"scim-role"}]}"#,
    )
    .saves("kay")
    .must(&[
        text("userName", "{{p}}-kay@example.com").or(MAPPING),
        text("displayName", "{{p}} Kay Cole").or(MAPPING),
        is("active", true).or(MAPPING),
    ])
    .should(&[text("emails.0.value", "{{p}}-kay@example.com"), text("roles.0.value", "scim-role")])
    .or(UPDATE),
    post(
        "create the same user again",
        "/Users",
        r#"{"schemas":["{{User}}"],"externalId":"{{p}}-kay","userName":"{{p}}-kay@example.com","displayName":"{{p}} Kay Cole","name":{"givenName":"Kay","familyName":"Cole"},"emails":[{"value":"{{p}}-kay@example.com"}],"active":true,"roles":[]}"#,
    )
    .wants(&[409])
    .or("The extension does not look before it creates: the user is here twice."),
    put(
        "replace the user",
        "/Users/{{kay}}",
        r#"{"schemas":["{{User}}"],"id":"{{kay}}","externalId":"{{p}}-kay","userName":"{{p}}-kay@example.com","displayName":"{{p}} Kay Coleman","name":{"givenName":"Kay","familyName":"Coleman"},"emails":[{"value":"{{p}}-kay@example.com"}],"active":true,"roles":[]}"#,
    )
    .must(&[text("displayName", "{{p}} Kay Coleman"), nothing("roles")])
    .or(UPDATE),
    // With user-patchOp, active is a text.
    patch(
        "disable the user by PATCH",
        "/Users/{{kay}}",
        r#"[{"op":"replace","path":"userName","value":"{{p}}-kay@example.com"},{"op":"replace","path":"active","value":"false"},{"op":"replace","path":"displayName","value":"{{p}} Kay C"}]"#,
    )
    .or("With user-patchOp switched on, changes are lost."),
    get("he is disabled", "/Users/{{kay}}")
        .must(&[is("active", false), text("displayName", "{{p}} Kay C")])
        .or("Whoever is disabled in Keycloak keeps his access."),
    // Older versions write a list of one.
    patch("enable him as older versions do", "/Users/{{kay}}", r#"[{"op":"replace","path":"active","value":["true"]}]"#)
        .or("With user-patchOp switched on, older versions of the extension lose changes.")
        .warns(),
    put(
        "enable and rename him",
        "/Users/{{kay}}",
        r#"{"schemas":["{{User}}"],"id":"{{kay}}","externalId":"{{p}}-kay","userName":"{{p}}-kay.c@example.com","displayName":"{{p}} Kay C","name":{"givenName":"Kay","familyName":"Coleman"},"emails":[{"value":"{{p}}-kay@example.com"}],"active":true,"roles":[]}"#,
    )
    .must(&[is("active", true), text("userName", "{{p}}-kay.c@example.com")])
    .or(UPDATE),
    post(
        "create a group with a member",
        "/Groups",
        r#"{"schemas":["{{Group}}"],"externalId":"{{p}}-team","displayName":"{{p}} Team","members":[{"value":"{{kay}}","$ref":"Users/{{kay}}"}]}"#,
    )
    .saves("team")
    .must(&[text("displayName", "{{p}} Team")])
    .or(GROUPS),
    get("he is in it", "/Groups/{{team}}").must(&[number("members.#", 1), text("members.0.value", "{{kay}}")]).or(GROUPS),
    put(
        "replace the group",
        "/Groups/{{team}}",
        r#"{"schemas":["{{Group}}"],"id":"{{team}}","externalId":"{{p}}-team","displayName":"{{p}} Team East","members":[{"value":"{{kay}}","$ref":"Users/{{kay}}"}]}"#,
    )
    .or(GROUPS),
    patch(
        "empty the group by PATCH",
        "/Groups/{{team}}",
        r#"[{"op":"remove","path":"members"},{"op":"replace","path":"displayName","value":"{{p}} Team West"},{"op":"replace","path":"externalId","value":"{{p}}-team-west"}]"#,
    )
    .or("With group-patchOp switched on, changes of groups are lost."),
    get("nobody is in it", "/Groups/{{team}}").must(&[text("displayName", "{{p}} Team West"), nothing("members")]).or(GROUPS),
    patch(
        "fill it by PATCH",
        "/Groups/{{team}}",
        r#"[{"op":"replace","path":"members","value":[{"value":"{{kay}}","$ref":"Users/{{kay}}"}]},{"op":"replace","path":"displayName","value":"{{p}} Team West"},{"op":"replace","path":"externalId","value":"{{p}}-team-west"}]"#,
    )
    .or("With group-patchOp switched on, changes of groups are lost."),
    get("he is in it again", "/Groups/{{team}}").must(&[number("members.#", 1)]).or(GROUPS),
    get("import: list users", "/Users").must(&[LIST]).or("Importing users into Keycloak does not work.").warns(),
    get("import: list groups", "/Groups").must(&[LIST]).or("Importing groups into Keycloak does not work.").warns(),
    delete("delete the group", "/Groups/{{team}}").or(GROUPS),
    delete("delete the user", "/Users/{{kay}}").or("Whoever is deleted in Keycloak keeps his account."),
    get("he is gone", "/Users/{{kay}}").wants(&[404]).or("Whoever is deleted in Keycloak keeps his account."),
];
