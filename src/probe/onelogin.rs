//! OneLogin, "SCIM Provisioner with SAML (SCIM v2 Enterprise)": bodies from an administrator's template, in which what is not set
//! is an empty text. Everything is asked for and wanted as `application/json`.
//!
//! Sources:
//! - `[N]` <https://developers.onelogin.com/scim/implement-scim-api>, <https://developers.onelogin.com/scim/create-app>
//! - `[L]` <https://www.livingsecurity.com/migration/support/configuring-scim-for-onelogin>
//! - github:onelogin/onelogin-scim-node

use super::step::{Cycle, Media, Step, delete, get, is, nothing, number, patch, post, put, text};

/// What OneLogin does. The exact bodies of its group PATCH are not published; these are the standard ones.
pub const CYCLE: Cycle = Cycle {
    name: "onelogin",
    title: "OneLogin",
    headers: &[("Accept", "application/json"), ("Content-Type", "application/json")],
    media: Media::Json,
    unauthorized: "OneLogin's API connection is shown as disabled.",
    broken: "The provisioning task fails, and waits for somebody to retry it.",
    steps: STEPS,
};

const DUPLICATE: &str = "OneLogin would create the user again.";
const TEMPLATE: &str =
    "Users made from the usual template are refused: the administrator has to take attributes out of it.";
const UPDATE: &str = "Updates fail, and wait as tasks.";
const GROUPS: &str = "Entitlements that are pushed as groups are wrong.";

const STEPS: &[Step] = &[
    get("enable the connection: a user that nobody is", "/Users?filter=userName%20eq%20%22{{p}}-nobody%22")
        .wants(&[200, 404])
        .or("The connection cannot be enabled."),
    get("does the user exist?", "/Users?filter=userName%20eq%20%22{{p}}-ana%40example.com%22").wants(&[200, 404]).or(DUPLICATE),
    // [L]: what is not set in the template is "", whole addresses too.
    post(
        "create the user from the template",
        "/Users",
        r#"{"schemas":["{{User}}","{{Enterprise}}"],"userName":"{{p}}-ana@example.com","externalId":"{{p}}-ana","name":{"familyName":"Vidal","givenName":"Ana"},"displayName":"{{p}} Ana Vidal","title":"","userType":"","timezone":"","active":true,"emails":[{"value":"{{p}}-ana@example.com","type":"work","primary":true}],"addresses":[{"locality":"","region":"","country":""}],"{{Enterprise}}":{"organization":"","division":"","department":"Sales","manager":{"value":"","displayName":" "}}}"#,
    )
    .saves("ana")
    .must(&[text("userName", "{{p}}-ana@example.com"), text("{{Enterprise}}.department", "Sales")])
    .should(&[is("emails[type=work].primary", true)])
    .or(TEMPLATE),
    get("he exists", "/Users?filter=userName%20eq%20%22{{p}}-ana%40example.com%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{ana}}")])
        .or(DUPLICATE),
    get("read him", "/Users/{{ana}}").must(&[text("id", "{{ana}}")]).or(UPDATE),
    put(
        "update him",
        "/Users/{{ana}}",
        r#"{"schemas":["{{User}}","{{Enterprise}}"],"userName":"{{p}}-ana@example.com","externalId":"{{p}}-ana","name":{"familyName":"Novak","givenName":"Ana"},"displayName":"{{p}} Ana Novak","title":"","active":true,"emails":[{"value":"{{p}}-ana@example.com","type":"work","primary":true}],"{{Enterprise}}":{"department":"Support"}}"#,
    )
    .must(&[text("id", "{{ana}}"), text("name.familyName", "Novak"), text("{{Enterprise}}.department", "Support")])
    .or(UPDATE),
    // The template's booleans are texts: "active": "{$user.active}".
    put(
        "suspend him",
        "/Users/{{ana}}",
        r#"{"schemas":["{{User}}"],"userName":"{{p}}-ana@example.com","externalId":"{{p}}-ana","name":{"familyName":"Novak","givenName":"Ana"},"active":"false"}"#,
    )
    .must(&[is("active", false)])
    .or("Whoever is suspended in OneLogin keeps his access."),
    put(
        "take him back, renamed",
        "/Users/{{ana}}",
        r#"{"schemas":["{{User}}"],"userName":"{{p}}-ana.novak@example.com","externalId":"{{p}}-ana","name":{"familyName":"Novak","givenName":"Ana"},"active":"true"}"#,
    )
    .must(&[is("active", true), text("userName", "{{p}}-ana.novak@example.com")])
    .or(UPDATE),
    get("he is found by the new name", "/Users?filter=userName%20eq%20%22{{p}}-ana.novak%40example.com%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{ana}}")])
        .or(DUPLICATE),
    get("refresh entitlements: list groups", "/Groups").or("Groups cannot be chosen in rules."),
    post("create a group", "/Groups", r#"{"schemas":["{{Group}}"],"displayName":"{{p}} Staff"}"#).saves("staff").or(GROUPS),
    patch("add a member", "/Groups/{{staff}}", r#"[{"op":"add","path":"members","value":[{"value":"{{ana}}"}]}]"#).or(GROUPS),
    get("he is in it", "/Groups/{{staff}}").must(&[number("members.#", 1), text("members.0.value", "{{ana}}")]).or(GROUPS),
    // SCIM 1.1 connectors write this; 400 tells the administrator to choose the other one.
    patch("a PATCH of SCIM 1.1", "/Groups/{{staff}}", "")
        .body(r#"{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"{{ana}}","operation":"delete"}]}"#)
        .wants(&[400])
        .or("A connector of SCIM 1.1 seems to work and does not: nobody notices until members are missing.")
        .warns(),
    patch("remove the member", "/Groups/{{staff}}", r#"[{"op":"remove","path":"members[value eq \"{{ana}}\"]"}]"#).or(GROUPS),
    get("nobody is in it", "/Groups/{{staff}}").must(&[nothing("members")]).or(GROUPS),
    delete("delete him", "/Users/{{ana}}").or("Deprovisioning with Delete fails; Suspend may do."),
    get("he is gone", "/Users/{{ana}}").wants(&[404]).or(DUPLICATE),
    delete("delete the group", "/Groups/{{staff}}").or(GROUPS),
];
