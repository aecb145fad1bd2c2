//! Google Workspace. It pushes only to the applications of its catalogue; what reaches any other server is a bridge that reads the
//! Directory API and writes SCIM, and this is the cycle of such a bridge.
//!
//! Sources:
//! - <https://support.google.com/a/answer/7681608>
//! - <https://developers.google.com/admin-sdk/directory/reference/rest/v1/members/list>
//! - inferred: how a bridge maps users (primaryEmail to userName, id to externalId, suspended to active)

use super::step::{Cycle, Media, Step, delete, get, is, nothing, number, patch, post, text};

/// What a bridge from Google Workspace does.
pub const CYCLE: Cycle = Cycle {
    name: "google",
    title: "The bridge",
    headers: &[("Accept", "application/scim+json, application/json")],
    media: Media::Any,
    unauthorized: "The bridge stops at its first request.",
    broken: "The bridge fails, and tries again when it runs next, some hours later.",
    steps: STEPS,
};

const MATCH: &str = "The bridge would create the user again, or change somebody else.";
const CHANGE: &str = "Changes in the Directory do not arrive.";
const GROUPS: &str = "Memberships here are not those in the Directory.";

const STEPS: &[Step] = &[
    get("is the user there?", "/Users?filter=externalId%20eq%20%22{{p}}-lea%22").must(&[number("totalResults", 0)]).or(MATCH),
    post(
        "create the user",
        "/Users",
        r#"{"schemas":["{{User}}","{{Enterprise}}"],"externalId":"{{p}}-lea","userName":"{{p}}-lea@example.com","name":{"givenName":"Lea","familyName":"Moss"},"displayName":"{{p}} Lea Moss","active":true,"emails":[{"value":"{{p}}-lea@example.com","type":"work","primary":true},{"value":"{{p}}-alias@example.com","type":"other"}],"phoneNumbers":[{"value":"+15550100","type":"work"}],"{{Enterprise}}":{"department":"R&D","employeeNumber":"7"}}"#,
    )
    .saves("lea")
    .must(&[text("externalId", "{{p}}-lea"), text("{{Enterprise}}.department", "R&D")])
    .should(&[number("emails.#", 2)])
    .or("Users cannot be created."),
    // A mononym: the Directory keeps U+200B for the part of the name that is not there.
    post(
        "create a user with one name",
        "/Users",
        "{\"schemas\":[\"{{User}}\"],\"externalId\":\"{{p}}-sol\",\"userName\":\"{{p}}-sol@example.com\",\"name\":{\"givenName\":\"Sol\",\"familyName\":\"\u{200b}\"},\"displayName\":\"{{p}} Sol\",\"active\":true}",
    )
    .saves("sol")
    .or("People with one name cannot be created: the Directory gives U+200B as the other one.")
    .warns(),
    get("find him by externalId", "/Users?filter=externalId%20eq%20%22{{p}}-lea%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{lea}}")])
        .or(MATCH),
    patch(
        "his primary address changes",
        "/Users/{{lea}}",
        r#"[{"op":"replace","path":"userName","value":"{{p}}-lea.moss@example.com"},{"op":"add","path":"emails","value":[{"value":"{{p}}-lea.old@example.com","type":"other"}]}]"#,
    )
    .or(CHANGE),
    get("he is the same one", "/Users?filter=externalId%20eq%20%22{{p}}-lea%22")
        .must(&[
            number("totalResults", 1),
            text("Resources.0.id", "{{lea}}"),
            text("Resources.0.userName", "{{p}}-lea.moss@example.com"),
            number("Resources.0.emails.#", 3).or("Adding an address took away others."),
        ])
        .or(MATCH),
    patch("he is suspended", "/Users/{{lea}}", r#"[{"op":"replace","path":"active","value":false}]"#)
        .or("Whoever is suspended keeps his access."),
    get("he is not active", "/Users/{{lea}}").must(&[is("active", false)]).or("Whoever is suspended keeps his access."),
    patch("he is back", "/Users/{{lea}}", r#"[{"op":"replace","path":"active","value":true}]"#).or(CHANGE),
    get("he is active", "/Users/{{lea}}").must(&[is("active", true)]).or(CHANGE),
    post(
        "create a group",
        "/Groups",
        r#"{"schemas":["{{Group}}"],"externalId":"{{p}}-lab","displayName":"{{p}}-lab@example.com"}"#,
    )
    .saves("lab")
    .or(GROUPS),
    patch("add a member", "/Groups/{{lab}}", r#"[{"op":"add","path":"members","value":[{"value":"{{lea}}"}]}]"#).or(GROUPS),
    get("he is in it", "/Groups/{{lab}}").must(&[number("members.#", 1), text("members.0.value", "{{lea}}")]).or(GROUPS),
    patch("remove him", "/Groups/{{lab}}", r#"[{"op":"remove","path":"members[value eq \"{{lea}}\"]"}]"#).or(GROUPS),
    get("nobody is in it", "/Groups/{{lab}}").must(&[nothing("members")]).or(GROUPS),
    delete("delete the group", "/Groups/{{lab}}").or(GROUPS),
    delete("delete the user", "/Users/{{lea}}").or("Whoever is deleted in the Directory keeps his account."),
    get("he is gone", "/Users/{{lea}}").wants(&[404]).or(MATCH),
];
