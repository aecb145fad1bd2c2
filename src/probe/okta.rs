//! Okta: applications made with the wizard, which put whole users and groups, and those of the catalogue, which patch them; group
//! push in the forms of both.
//!
//! Sources:
//! - `[O]` <https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20>
//! - `[D]` <https://docs.delinea.com/online-help/delinea-platform/scim/okta-scim-provisioning/okta-scim-endpoint-reference.htm>
//! - github:Captain-P-Goldfish/SCIM-SDK issue 757, github:jelhub/scimgateway issues 95 and 113

use super::step::{Cycle, LIST, Media, Step, Want, at, delete, get, is, nothing, number, patch, post, put, text};

/// What Okta does. It never deletes a user \[O\]; the probe removes those that it made.
pub const CYCLE: Cycle = Cycle {
    name: "okta",
    title: "Okta",
    headers: &[
        ("User-Agent", "Okta SCIM Client 1.0.0"),
        ("Accept", "application/scim+json"),
        ("Accept-Charset", "utf-8"),
        ("Content-Type", "application/scim+json; charset=utf-8"),
    ],
    media: Media::Any,
    unauthorized: "Okta says \"Error authenticating\" at Test Connector Configuration, and every task fails.",
    broken: "Okta marks the task as failed, and somebody has to retry it in the dashboard.",
    steps: STEPS,
};

const DUPLICATE: &str = "Okta would create the user again, or link the wrong one.";
const UPDATE: &str = "Profile updates fail, and pile up as tasks in the dashboard.";
const DEACTIVATE: &str = "Whoever is unassigned or deactivated in Okta keeps access.";
const PUSH: &str = "Group push ends with an error, and the group's members are not those in Okta.";

const STEPS: &[Step] = &[
    get("test the connection: list users", "/Users?startIndex=1&count=2")
        .must(&[
            LIST,
            at("totalResults", Want::SomeNumber),
            at("startIndex", Want::SomeNumber),
            at("itemsPerPage", Want::SomeNumber),
            at("Resources.#", Want::AtMost(2)).or("The server does not keep to count, and Okta imports users twice."),
        ])
        .or("Test Connector Configuration fails, and the settings cannot be saved."),
    get("test the connection: list groups", "/Groups?count=100&startIndex=1")
        .must(&[LIST, at("totalResults", Want::SomeNumber)])
        .or("Import and push of groups cannot be switched on."),
    get("does the user exist?", "/Users?filter=userName%20eq%20%22{{p}}-kim%40example.com%22&startIndex=1&count=100")
        .wants(&[200, 404])
        .or(DUPLICATE),
    post(
        "create the user",
        "/Users",
        r#"{"schemas":["{{User}}"],"userName":"{{p}}-kim@example.com","name":{"givenName":"Kim","familyName":"Osei"},"emails":[{"primary":true,"value":"{{p}}-kim@example.com","type":"work"}],"displayName":"{{p}} Kim Osei","locale":"en-US","externalId":"{{p}}-00u1","groups":[],"password":"pW-{{p}}!","active":true}"#,
    )
    .saves("kim")
    .must(&[text("userName", "{{p}}-kim@example.com"), is("active", true), nothing("password")])
    .should(&[text("externalId", "{{p}}-00u1"), text("name.familyName", "Osei")])
    .or("Okta says that the user it got is empty, and does not link him."),
    post(
        "create another one",
        "/Users",
        r#"{"schemas":["{{User}}"],"userName":"{{p}}-lee@example.com","name":{"givenName":"Lee","familyName":"Park"},"emails":[{"primary":true,"value":"{{p}}-lee@example.com","type":"work"}],"displayName":"{{p}} Lee Park","locale":"en-US","externalId":"{{p}}-00u2","groups":[],"password":"pW-{{p}}!","active":true}"#,
    )
    .saves("lee")
    .or("Okta says that the user it got is empty, and does not link him."),
    get("the user exists", "/Users?filter=userName%20eq%20%22{{p}}-kim%40example.com%22&startIndex=1&count=100")
        .must(&[LIST, number("totalResults", 1), text("Resources.0.id", "{{kim}}")])
        .or(DUPLICATE),
    post(
        "create the same user again",
        "/Users",
        r#"{"schemas":["{{User}}"],"userName":"{{p}}-kim@example.com","name":{"givenName":"Kim","familyName":"Osei"},"emails":[{"primary":true,"value":"{{p}}-kim@example.com","type":"work"}],"displayName":"{{p}} Kim Osei","locale":"en-US","externalId":"{{p}}-00u1","groups":[],"password":"pW-{{p}}!","active":true}"#,
    )
    .wants(&[409])
    .or("Okta would duplicate the user."),
    get("import: the first page", "/Users?startIndex=1&count=1")
        .must(&[number("startIndex", 1), number("itemsPerPage", 1), at("totalResults", Want::AtLeast(2))])
        .or("Import by pages misses users or never ends."),
    get("import: the second page", "/Users?startIndex=2&count=1")
        .must(&[number("startIndex", 2), number("itemsPerPage", 1)])
        .or("Import by pages misses users or never ends."),
    get("import: a page behind the end", "/Users?startIndex=100000000&count=100")
        .must(&[at("totalResults", Want::AtLeast(2)), nothing("Resources")])
        .or("Import by pages never ends."),
    get("wizard application: read the user", "/Users/{{kim}}").must(&[text("id", "{{kim}}")]).or(UPDATE),
    put(
        "wizard application: put the user",
        "/Users/{{kim}}",
        r#"{"schemas":["{{User}}"],"id":"{{kim}}","userName":"{{p}}-kim@example.com","name":{"givenName":"Another","middleName":"","familyName":"Osei"},"emails":[{"primary":true,"value":"{{p}}-kim@example.com","type":"work","display":"{{p}}-kim@example.com"}],"displayName":"{{p}} Kim Osei","externalId":"{{p}}-00u1","active":true,"groups":[],"meta":{"resourceType":"User"}}"#,
    )
    .must(&[text("id", "{{kim}}"), text("name.givenName", "Another"), is("active", true)])
    .should(&[text("emails[type=work].value", "{{p}}-kim@example.com")])
    .or(UPDATE),
    put(
        "wizard application: deactivate by putting",
        "/Users/{{kim}}",
        r#"{"schemas":["{{User}}"],"id":"{{kim}}","userName":"{{p}}-kim@example.com","name":{"givenName":"Another","middleName":"","familyName":"Osei"},"emails":[{"primary":true,"value":"{{p}}-kim@example.com","type":"work"}],"displayName":"{{p}} Kim Osei","externalId":"{{p}}-00u1","active":false,"groups":[],"meta":{"resourceType":"User"}}"#,
    )
    .must(&[is("active", false)])
    .or(DEACTIVATE),
    patch("catalogue application: reactivate", "/Users/{{kim}}", r#"[{"op":"replace","value":{"active":true}}]"#)
        .or("Whoever is assigned again in Okta does not get his access back."),
    get("he is active", "/Users/{{kim}}")
        .must(&[is("active", true), text("name.givenName", "Another")])
        .or("Whoever is assigned again in Okta does not get his access back."),
    patch("catalogue application: deactivate", "/Users/{{kim}}", r#"[{"op":"replace","value":{"active":false}}]"#).or(DEACTIVATE),
    get("he is not active, and still to be found", "/Users?filter=userName%20eq%20%22{{p}}-kim%40example.com%22&startIndex=1&count=100")
        .must(&[number("totalResults", 1), is("Resources.0.active", false)])
        .or("Okta creates a deactivated user again, in place of reactivating him."),
    patch("reactivate once more", "/Users/{{kim}}", r#"[{"op":"replace","value":{"active":true}}]"#)
        .or("Whoever is assigned again in Okta does not get his access back."),
    patch("catalogue application: set the password", "/Users/{{kim}}", r#"[{"op":"replace","value":{"password":"pX-{{p}}!"}}]"#)
        .or("Sync Password does not work; without it Okta does not ask for this.")
        .warns(),
    get("does the group exist?", "/Groups?filter=displayName%20eq%20%22{{p}}%20Pushed%22&startIndex=1&count=100")
        .must(&[number("totalResults", 0)])
        .or("Linking a pushed group finds the wrong one."),
    post("push the group", "/Groups", r#"{"schemas":["{{Group}}"],"displayName":"{{p}} Pushed","members":[]}"#)
        .saves("pushed")
        .must(&[text("displayName", "{{p}} Pushed")])
        .or(PUSH),
    patch(
        "push its members",
        "/Groups/{{pushed}}",
        r#"[{"op":"add","path":"members","value":[{"value":"{{kim}}","display":"{{p}}-kim@example.com"}]}]"#,
    )
    .or(PUSH),
    // [O]: the id stands inside the value.
    patch(
        "rename the group",
        "/Groups/{{pushed}}",
        r#"[{"op":"replace","value":{"id":"{{pushed}}","displayName":"{{p}} Pushed East"}}]"#,
    )
    .or(PUSH),
    get("it has its name and its member", "/Groups/{{pushed}}")
        .must(&[text("displayName", "{{p}} Pushed East"), number("members.#", 1)])
        .or("Renaming a pushed group emptied it, or did not happen."),
    patch(
        "exchange members in one request",
        "/Groups/{{pushed}}",
        r#"[{"op":"remove","path":"members[value eq \"{{kim}}\"]"},{"op":"add","path":"members","value":[{"value":"{{lee}}","display":"{{p}}-lee@example.com"}]}]"#,
    )
    .or(PUSH),
    get("only the other one is in it", "/Groups/{{pushed}}")
        .must(&[number("members.#", 1), text("members.0.value", "{{lee}}")])
        .or(PUSH),
    patch(
        "push now: replace all members",
        "/Groups/{{pushed}}",
        r#"[{"op":"replace","path":"members","value":[{"value":"{{kim}}","display":"{{p}}-kim@example.com"},{"value":"{{lee}}","display":"{{p}}-lee@example.com"}]}]"#,
    )
    .or(PUSH),
    get("both are in it", "/Groups/{{pushed}}").must(&[number("members.#", 2)]).or(PUSH),
    // [O]: groups is read-only, so that putting an empty one takes nobody out of a group.
    put(
        "put a user who is in a group",
        "/Users/{{lee}}",
        r#"{"schemas":["{{User}}"],"id":"{{lee}}","userName":"{{p}}-lee@example.com","name":{"givenName":"Lee","familyName":"Park"},"emails":[{"primary":true,"value":"{{p}}-lee@example.com","type":"work"}],"displayName":"{{p}} Lee Park","externalId":"{{p}}-00u2","active":true,"groups":[],"meta":{"resourceType":"User"}}"#,
    )
    .or(UPDATE),
    get("he is still in it", "/Groups/{{pushed}}")
        .must(&[number("members.#", 2)])
        .or("Each profile update takes the user out of his groups."),
    put(
        "wizard application: put the group",
        "/Groups/{{pushed}}",
        r#"{"schemas":["{{Group}}"],"id":"{{pushed}}","displayName":"{{p}} Pushed West","members":[{"value":"{{kim}}","display":null}]}"#,
    )
    .or(PUSH),
    get("it is as it was put", "/Groups/{{pushed}}")
        .must(&[text("displayName", "{{p}} Pushed West"), number("members.#", 1), text("members.0.value", "{{kim}}")])
        .or(PUSH),
    // github:jelhub/scimgateway issue 113.
    patch(
        "push now: an empty group, without a path",
        "/Groups/{{pushed}}",
        r#"[{"op":"replace","value":{"members":[],"id":"{{pushed}}","displayName":"{{p}} Pushed West"}}]"#,
    )
    .or(PUSH),
    get("nobody is in it", "/Groups/{{pushed}}").must(&[nothing("members")]).or(PUSH),
    delete("unlink the group and delete it", "/Groups/{{pushed}}").or("A group that is unlinked with deletion stays."),
    get("it is gone", "/Groups/{{pushed}}").wants(&[404]).or("A group that is unlinked with deletion stays."),
];
