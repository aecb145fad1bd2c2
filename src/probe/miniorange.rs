//! miniOrange, "SCIM Server (Destination)". Its bodies are not published; these have the standard shapes, with the attributes that
//! its mapping requires.
//!
//! Source: <https://www.miniorange.com/iam/content-library/admin-docs/how-to-add-scim-server-app>

use super::step::{Cycle, LIST, Media, Step, Want, at, delete, get, is, nothing, number, patch, post, put, text};

/// What miniOrange does, as far as it is known.
pub const CYCLE: Cycle = Cycle {
    name: "miniorange",
    title: "miniOrange",
    headers: &[("Accept", "application/scim+json, application/json")],
    media: Media::Any,
    unauthorized: "Test Connection fails.",
    broken: "Provisioning of the user fails and is shown in the reports.",
    steps: STEPS,
};

const CONNECTION: &str = "Test Connection fails.";
const UPDATE: &str = "Changes of mapped attributes do not arrive.";
const GROUPS: &str = "Groups here are not those in miniOrange.";

const STEPS: &[Step] = &[
    get("test the connection", "/Users?startIndex=1&count=1").must(&[LIST]).or(CONNECTION),
    get("discovery", "/ServiceProviderConfig").must(&[at("patch.supported", Want::SomeBool)]).or(CONNECTION).warns(),
    get("is the user there?", "/Users?filter=userName%20eq%20%22{{p}}-mia%40example.com%22")
        .must(&[number("totalResults", 0)])
        .or("The user would be created again, or taken for somebody else."),
    post(
        "create the user",
        "/Users",
        r#"{"schemas":["{{User}}"],"userName":"{{p}}-mia@example.com","name":{"givenName":"Mia","familyName":"Rao"},"displayName":"{{p}} Mia Rao","active":true,"emails":[{"type":"work","value":"{{p}}-mia@example.com"}]}"#,
    )
    .saves("mia")
    .must(&[text("userName", "{{p}}-mia@example.com"), is("active", true)])
    .or("Users cannot be created."),
    get("he is there", "/Users?filter=userName%20eq%20%22{{p}}-mia%40example.com%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{mia}}")])
        .or("The user would be created again, or taken for somebody else."),
    patch(
        "change mapped attributes",
        "/Users/{{mia}}",
        r#"[{"op":"replace","path":"name.givenName","value":"Maya"},{"op":"replace","path":"emails[type eq \"work\"].value","value":"{{p}}-maya@example.com"},{"op":"replace","path":"active","value":true}]"#,
    )
    .or(UPDATE),
    get("they have changed", "/Users/{{mia}}")
        .must(&[text("name.givenName", "Maya"), text("emails[type=work].value", "{{p}}-maya@example.com")])
        .or(UPDATE),
    put(
        "deactivate and rename him by PUT",
        "/Users/{{mia}}",
        r#"{"schemas":["{{User}}"],"id":"{{mia}}","userName":"{{p}}-maya@example.com","name":{"givenName":"Maya","familyName":"Rao"},"displayName":"{{p}} Maya Rao","active":false,"emails":[{"type":"work","value":"{{p}}-maya@example.com"}]}"#,
    )
    .must(&[is("active", false), text("userName", "{{p}}-maya@example.com")])
    .or("Whoever leaves the application's group keeps his access."),
    patch("activate him", "/Users/{{mia}}", r#"[{"op":"replace","path":"active","value":true}]"#).or(UPDATE),
    get("he is active", "/Users/{{mia}}").must(&[is("active", true)]).or(UPDATE),
    post("create a group", "/Groups", r#"{"schemas":["{{Group}}"],"displayName":"{{p}} Mini","members":[]}"#).saves("mini").or(GROUPS),
    patch("add a member", "/Groups/{{mini}}", r#"[{"op":"add","path":"members","value":[{"value":"{{mia}}"}]}]"#).or(GROUPS),
    get("he is in it", "/Groups/{{mini}}").must(&[number("members.#", 1)]).or(GROUPS),
    patch("rename it", "/Groups/{{mini}}", r#"[{"op":"replace","path":"displayName","value":"{{p}} Mini East"}]"#).or(GROUPS),
    patch("remove the member", "/Groups/{{mini}}", r#"[{"op":"remove","path":"members[value eq \"{{mia}}\"]"}]"#).or(GROUPS),
    get("nobody is in it", "/Groups/{{mini}}").must(&[text("displayName", "{{p}} Mini East"), nothing("members")]).or(GROUPS),
    delete("delete the group", "/Groups/{{mini}}").or(GROUPS),
    delete("delete the user", "/Users/{{mia}}").or("Users who were deleted stay."),
    get("he is gone", "/Users/{{mia}}").wants(&[404]).or("Users who were deleted stay."),
];
