//! Ping: PingFederate's SCIM provisioner and PingOne. Users are put, groups patched; users are matched by a filter that the
//! administrator may write, groups by listing all of them.
//!
//! Sources:
//! - `[P]` <https://docs.pingidentity.com/integrations/scim/pf_scim_connector.html> with its pages on settings and on users and groups
//! - inferred: how values in filters are quoted

use super::step::{Cycle, LIST, Media, Step, Want, at, delete, get, is, nothing, number, patch, post, put, text};

/// What Ping does.
pub const CYCLE: Cycle = Cycle {
    name: "ping",
    title: "Ping",
    headers: &[("Accept", "application/scim+json, application/json")],
    media: Media::Any,
    unauthorized: "The channel cannot be activated, or all its provisioning fails.",
    broken: "The user stays dirty in the provisioner's store, and is tried again in the next cycle.",
    steps: STEPS,
};

const MATCH: &str = "The provisioner does not find the user and creates him again, or meets 409 in every cycle.";
const UPDATE: &str = "Changes of users do not arrive.";
const GROUPS: &str = "Groups here are not those in Ping.";

const STEPS: &[Step] = &[
    get("match by userName: nobody", "/Users?filter=userName%20eq%20%22{{p}}-pia%40example.com%22")
        .must(&[number("totalResults", 0)])
        .or(MATCH),
    post(
        "create the user",
        "/Users",
        r#"{"schemas":["{{User}}"],"userName":"{{p}}-pia@example.com","externalId":"{{p}}-pia","name":{"givenName":"Pia","familyName":"Holm"},"displayName":"{{p}} Pia Holm","active":true,"emails":[{"type":"work","value":"{{p}}-pia@example.com","primary":true}]}"#,
    )
    .saves("pia")
    .must(&[text("userName", "{{p}}-pia@example.com"), is("active", true)])
    .or("Users cannot be created."),
    post("create a disabled user", "/Users", r#"{"schemas":["{{User}}"],"userName":"{{p}}-dis","active":false}"#)
        .saves("dis")
        .must(&[is("active", false)])
        .or("Users who are disabled in the source are enabled here."),
    get("match by userName", "/Users?filter=userName%20eq%20%22{{p}}-pia%40example.com%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{pia}}")])
        .or(MATCH),
    // [P]: emails without a sub-attribute.
    get("match by emails", "/Users?filter=emails%20eq%20%22{{p}}-pia%40example.com%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{pia}}")])
        .or("The filter `emails eq`, which Ping's documentation proposes, does not find the user.")
        .warns(),
    get("match by emails.value", "/Users?filter=emails.value%20eq%20%22{{p}}-pia%40example.com%22")
        .must(&[number("totalResults", 1)])
        .or("A filter by e-mail does not find the user."),
    get("match with a template that does not quote", "/Users?filter=userName%20eq%20{{p}}-dis")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{dis}}")])
        .or("The administrator has to write quotes into the filter expression.")
        .warns(),
    put(
        "update the user",
        "/Users/{{pia}}",
        r#"{"schemas":["{{User}}"],"id":"{{pia}}","userName":"{{p}}-pia@example.com","externalId":"{{p}}-pia","name":{"givenName":"Pia","familyName":"Holmgren"},"displayName":"{{p}} Pia Holmgren","active":true,"emails":[{"type":"work","value":"{{p}}-pia@example.com","primary":true}]}"#,
    )
    .must(&[text("name.familyName", "Holmgren")])
    .or(UPDATE),
    put(
        "disable him",
        "/Users/{{pia}}",
        r#"{"schemas":["{{User}}"],"id":"{{pia}}","userName":"{{p}}-pia@example.com","externalId":"{{p}}-pia","name":{"givenName":"Pia","familyName":"Holmgren"},"displayName":"{{p}} Pia Holmgren","active":false,"emails":[{"type":"work","value":"{{p}}-pia@example.com","primary":true}]}"#,
    )
    .must(&[is("active", false)])
    .or("Whoever is disabled keeps his access."),
    put(
        "enable and rename him",
        "/Users/{{pia}}",
        r#"{"schemas":["{{User}}"],"id":"{{pia}}","userName":"{{p}}-pia.h@example.com","externalId":"{{p}}-pia","name":{"givenName":"Pia","familyName":"Holmgren"},"displayName":"{{p}} Pia Holmgren","active":true,"emails":[{"type":"work","value":"{{p}}-pia@example.com","primary":true}]}"#,
    )
    .must(&[is("active", true), text("userName", "{{p}}-pia.h@example.com")])
    .or(UPDATE),
    post(
        "create a group",
        "/Groups",
        r#"{"schemas":["{{Group}}"],"displayName":"{{p}} Ping","externalId":"{{p}}-ping","members":[{"value":"{{pia}}"}]}"#,
    )
    .saves("group")
    .or(GROUPS),
    // [P]: groups are listed and compared by the provisioner itself.
    get("match groups: list all", "/Groups")
        .must(&[LIST, at("totalResults", Want::AtLeast(1)), at("Resources.0.displayName", Want::SomeText)])
        .or("Groups are not matched, and are created again."),
    patch("add a member", "/Groups/{{group}}", r#"[{"op":"add","path":"members","value":[{"value":"{{dis}}"}]}]"#).or(GROUPS),
    patch("remove the other one", "/Groups/{{group}}", r#"[{"op":"remove","path":"members[value eq \"{{pia}}\"]"}]"#).or(GROUPS),
    get("the right one is in it", "/Groups/{{group}}").must(&[number("members.#", 1), text("members.0.value", "{{dis}}")]).or(GROUPS),
    put(
        "put the group",
        "/Groups/{{group}}",
        r#"{"schemas":["{{Group}}"],"id":"{{group}}","displayName":"{{p}} Ping East","externalId":"{{p}}-ping","members":[]}"#,
    )
    .or("With PATCH switched off in the connector, groups do not change."),
    get("it is empty and renamed", "/Groups/{{group}}")
        .must(&[text("displayName", "{{p}} Ping East"), nothing("members")])
        .or(GROUPS),
    delete("delete the group", "/Groups/{{group}}").or(GROUPS),
    delete("delete the user", "/Users/{{pia}}").or("Deprovisioning with Delete does not work; Disable may do."),
    get("he is gone", "/Users/{{pia}}").wants(&[404]).or(MATCH),
];
