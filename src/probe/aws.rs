//! ssosync, which carries users from Google Workspace to AWS: the SCIM half of it, as a fork for another server would send it.
//! IAM Identity Center itself pushes nothing.
//!
//! Sources:
//! - `[W]` github:awslabs/ssosync internal/aws/client.go, internal/interfaces/schema.go
//! - `[L]` <https://docs.aws.amazon.com/singlesignon/latest/developerguide/limitations.html>

use super::step::{Cycle, Media, Step, Want, at, delete, get, is, nothing, number, patch, post, put, text};

/// What ssosync does.
pub const CYCLE: Cycle = Cycle {
    name: "aws",
    title: "ssosync",
    headers: &[("Accept", "application/scim+json")],
    media: Media::Any,
    unauthorized: "ssosync stops at its first request.",
    broken: "ssosync stops in the middle, and begins anew when it runs next.",
    steps: STEPS,
};

const MATCH: &str = "ssosync would create the user again, or stop.";
const CHANGE: &str = "The synchronisation stops with an error.";
// [W]: members are decoded as a list of texts.
const DECODE: &str =
    "ssosync decodes members as texts: an answer with member objects makes it stop, unless the fork has mended that.";

const STEPS: &[Step] = &[
    get("find a user that nobody is", "/Users?filter=userName+eq+%22{{p}}-nils%40example.com%22")
        .must(&[number("totalResults", 0)])
        .or(MATCH),
    post(
        "create the user",
        "/Users",
        r#"{"schemas":["{{User}}"],"externalId":"{{p}}-nils","userName":"{{p}}-nils@example.com","name":{"familyName":"Dahl","givenName":"Nils"},"displayName":"{{p}} Nils Dahl","active":true,"emails":[{"value":"{{p}}-nils@example.com","type":"work","primary":true}],"addresses":[{"type":"work"}]}"#,
    )
    .saves("nils")
    .must(&[text("userName", "{{p}}-nils@example.com")])
    .or("Users cannot be created."),
    get("find him", "/Users?filter=userName+eq+%22{{p}}-nils%40example.com%22")
        .must(&[
            number("totalResults", 1),
            at("itemsPerPage", Want::SomeNumber),
            at("startIndex", Want::SomeNumber),
            text("Resources.0.id", "{{nils}}"),
        ])
        .or(MATCH),
    put(
        "update him",
        "/Users/{{nils}}",
        r#"{"schemas":["{{User}}"],"id":"{{nils}}","externalId":"{{p}}-nils","userName":"{{p}}-nils@example.com","name":{"familyName":"Dahlberg","givenName":"Nils"},"displayName":"{{p}} Nils Dahlberg","active":true,"emails":[{"value":"{{p}}-nils@example.com","type":"work","primary":true}],"addresses":[{"type":"work"}]}"#,
    )
    .must(&[text("id", "{{nils}}"), text("name.familyName", "Dahlberg")])
    .or(CHANGE),
    put(
        "suspend and rename him",
        "/Users/{{nils}}",
        r#"{"schemas":["{{User}}"],"id":"{{nils}}","externalId":"{{p}}-nils","userName":"{{p}}-nils.d@example.com","name":{"familyName":"Dahlberg","givenName":"Nils"},"displayName":"{{p}} Nils Dahlberg","active":false,"emails":[{"value":"{{p}}-nils@example.com","type":"work","primary":true}],"addresses":[{"type":"work"}]}"#,
    )
    .must(&[is("active", false), text("userName", "{{p}}-nils.d@example.com")])
    .or("Whoever is suspended keeps his access."),
    put(
        "take him back",
        "/Users/{{nils}}",
        r#"{"schemas":["{{User}}"],"id":"{{nils}}","externalId":"{{p}}-nils","userName":"{{p}}-nils@example.com","name":{"familyName":"Dahlberg","givenName":"Nils"},"displayName":"{{p}} Nils Dahlberg","active":true,"emails":[{"value":"{{p}}-nils@example.com","type":"work","primary":true}],"addresses":[{"type":"work"}]}"#,
    )
    .must(&[is("active", true)])
    .or(CHANGE),
    get("find a group that nobody has", "/Groups?filter=displayName+eq+%22{{p}}-ops%40example.com%22")
        .must(&[number("totalResults", 0)])
        .or("ssosync would create the group again, or stop."),
    // [W]: members is null.
    post(
        "create a group",
        "/Groups",
        r#"{"schemas":["{{Group}}"],"displayName":"{{p}}-ops@example.com","externalId":"{{p}}-ops","members":null}"#,
    )
    .saves("ops")
    .must(&[text("displayName", "{{p}}-ops@example.com")])
    .or("Groups cannot be created."),
    patch(
        "rename it",
        "/Groups/{{ops}}",
        r#"[{"op":"replace","path":"displayName","value":"{{p}}-ops2@example.com"},{"op":"replace","path":"externalId","value":"{{p}}-ops2"}]"#,
    )
    .or(CHANGE),
    patch("add a member", "/Groups/{{ops}}", r#"[{"op":"add","path":"members","value":[{"value":"{{nils}}"}]}]"#).or(CHANGE),
    get("is he in it?", "/Groups?filter=members%20eq%20%22{{nils}}%22%20and%20id%20eq%20%22{{ops}}%22")
        .must(&[number("totalResults", 1)])
        .or("ssosync's check of memberships finds nothing, and it adds the member again."),
    get("find the group", "/Groups?filter=displayName+eq+%22{{p}}-ops2%40example.com%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{ops}}"), nothing("Resources.0.members").or(DECODE)])
        .or("ssosync would create the group again, or stop.")
        .warns(),
    patch("remove the member", "/Groups/{{ops}}", r#"[{"op":"remove","path":"members","value":[{"value":"{{nils}}"}]}]"#)
        .or(CHANGE),
    get("is he still in it?", "/Groups?filter=members%20eq%20%22{{nils}}%22%20and%20id%20eq%20%22{{ops}}%22")
        .must(&[number("totalResults", 0)])
        .or("Whoever leaves a group keeps what it gives."),
    delete("delete the group", "/Groups/{{ops}}").or("Groups that were deleted stay."),
    delete("delete the user", "/Users/{{nils}}").or("Whoever was deleted keeps his account."),
    get("he is gone", "/Users/{{nils}}").wants(&[404]).or("Whoever was deleted keeps his account."),
];
