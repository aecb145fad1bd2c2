//! JumpCloud, "Custom SCIM": the activation makes a test user and a test group and deletes them; then users and groups are kept.
//!
//! Sources:
//! - `[J]` <https://jumpcloud.com/support/provision-and-manage-users-and-groups-in-apps-using-custom-scim-identity-management-integration>
//! - `[M]` <https://app.uni-moni.com/en/kb/sso-setup-jumpcloud> (a third party): removing members
//! - inferred: that users are put

use super::step::{Cycle, Media, Step, delete, get, is, nothing, number, patch, post, put, text};

/// What JumpCloud does.
pub const CYCLE: Cycle = Cycle {
    name: "jumpcloud",
    title: "JumpCloud",
    headers: &[("Accept", "application/scim+json, application/json")],
    media: Media::Any,
    unauthorized: "The activation fails with an error about the token.",
    broken: "The activation fails, or the change is reported as an error and tried again later.",
    steps: STEPS,
};

const ACTIVATION: &str = "The activation of the integration fails.";
const UPDATE: &str = "Changes of users do not arrive.";
const GROUPS: &str = "Groups here are not those in JumpCloud.";

const STEPS: &[Step] = &[
    get("activation: is the test user there?", "/Users?filter=userName%20eq%20%22{{p}}-test%40example.com%22")
        .must(&[number("totalResults", 0)])
        .or(ACTIVATION),
    post(
        "activation: create the test user",
        "/Users",
        r#"{"schemas":["{{User}}"],"userName":"{{p}}-test@example.com","name":{"givenName":"Test","familyName":"User"},"displayName":"{{p}} Test User","emails":[{"value":"{{p}}-test@example.com","type":"work","primary":true}],"active":true}"#,
    )
    .saves("test")
    .or(ACTIVATION),
    put(
        "activation: change the test user",
        "/Users/{{test}}",
        r#"{"schemas":["{{User}}"],"id":"{{test}}","userName":"{{p}}-test@example.com","name":{"givenName":"Test2","familyName":"User"},"displayName":"{{p}} Test User","emails":[{"value":"{{p}}-test@example.com","type":"work","primary":true}],"active":true}"#,
    )
    .must(&[text("name.givenName", "Test2")])
    .or(ACTIVATION),
    post(
        "activation: create the test group",
        "/Groups",
        r#"{"schemas":["{{Group}}"],"displayName":"{{p}} JumpCloud Test","members":[{"value":"{{test}}"}]}"#,
    )
    .saves("trial")
    .or(ACTIVATION),
    delete("activation: delete the test group", "/Groups/{{trial}}").or(ACTIVATION),
    delete("activation: delete the test user", "/Users/{{test}}")
        .or("JumpCloud deactivates the test user in place of deleting him, and goes on.")
        .warns(),
    post(
        "create a user",
        "/Users",
        r#"{"schemas":["{{User}}"],"userName":"{{p}}-jo@example.com","name":{"givenName":"Jo","familyName":"Ek"},"displayName":"{{p}} Jo Ek","emails":[{"value":"{{p}}-jo@example.com","type":"work","primary":true}],"active":true}"#,
    )
    .saves("jo")
    .must(&[is("active", true)])
    .or("Users cannot be created."),
    post(
        "create another one",
        "/Users",
        r#"{"schemas":["{{User}}"],"userName":"{{p}}-mo@example.com","name":{"givenName":"Mo","familyName":"Ek"},"displayName":"{{p}} Mo Ek","emails":[{"value":"{{p}}-mo@example.com","type":"work","primary":true}],"active":true}"#,
    )
    .saves("mo")
    .or("Users cannot be created."),
    get("find him", "/Users?filter=userName%20eq%20%22{{p}}-jo%40example.com%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{jo}}")])
        .or("JumpCloud does not take over users who are here already, and meets 409."),
    put(
        "deactivate and rename him",
        "/Users/{{jo}}",
        r#"{"schemas":["{{User}}"],"id":"{{jo}}","userName":"{{p}}-jo.ek@example.com","name":{"givenName":"Jo","familyName":"Ek"},"displayName":"{{p}} Jo Ek","emails":[{"value":"{{p}}-jo@example.com","type":"work","primary":true}],"active":false}"#,
    )
    .must(&[is("active", false), text("userName", "{{p}}-jo.ek@example.com")])
    .or("Whoever is disassociated keeps his access."),
    patch("activate him", "/Users/{{jo}}", r#"[{"op":"replace","path":"active","value":true}]"#).or(UPDATE),
    get("he is active", "/Users/{{jo}}").must(&[is("active", true)]).or(UPDATE),
    get("is the group there?", "/Groups?filter=displayName%20eq%20%22{{p}}%20Crew%22")
        .must(&[number("totalResults", 0)])
        .or("JumpCloud takes over a group that it should not."),
    post(
        "create the group with its members",
        "/Groups",
        r#"{"schemas":["{{Group}}"],"displayName":"{{p}} Crew","members":[{"value":"{{jo}}"},{"value":"{{mo}}"}]}"#,
    )
    .saves("crew")
    .or(GROUPS),
    // [J]: a group of the same name is taken over.
    get("the group is there", "/Groups?filter=displayName%20eq%20%22{{p}}%20Crew%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{crew}}")])
        .or("JumpCloud does not take over a group of the same name, and creates it again."),
    patch("rename it", "/Groups/{{crew}}", r#"[{"op":"replace","path":"displayName","value":"{{p}} Crew East"}]"#).or(GROUPS),
    // [M]: a list of values, without a filter.
    patch("remove a member", "/Groups/{{crew}}", r#"[{"op":"remove","path":"members","value":[{"value":"{{jo}}"}]}]"#).or(GROUPS),
    get("the other one is still in it", "/Groups/{{crew}}")
        .must(&[text("displayName", "{{p}} Crew East"), number("members.#", 1), text("members.0.value", "{{mo}}")])
        .or("Removing one member removed all, or none."),
    patch("add him again", "/Groups/{{crew}}", r#"[{"op":"add","path":"members","value":[{"value":"{{jo}}"}]}]"#).or(GROUPS),
    get("both are in it", "/Groups/{{crew}}").must(&[number("members.#", 2)]).or(GROUPS),
    delete("delete the group", "/Groups/{{crew}}").or(GROUPS),
    get("it is gone", "/Groups/{{crew}}").wants(&[404]).or(GROUPS),
    delete("delete the user", "/Users/{{jo}}").or("Users who were deleted in JumpCloud stay.").warns(),
    get("his memberships went with him", "/Users/{{mo}}").must(&[nothing("groups")]).or(GROUPS).warns(),
];
