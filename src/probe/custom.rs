//! A client that nobody knows yet: the ways that most of them have in common, in the RFC's own forms, and the deviations that several
//! of them share.
//!
//! Sources: RFC 7644 section 3, and the cycles beside this one; <https://developer.sailpoint.com/discuss/t/scim-api-patch-op/7752>

use super::step::{
    Cycle, ERROR, LIST, Media, Step, Want, at, delete, get, is, nothing, number, patch, post, put, text,
};

/// What a client of no particular provider does.
pub const CYCLE: Cycle = Cycle {
    name: "custom",
    title: "The client",
    headers: &[("Accept", "application/scim+json, application/json")],
    media: Media::Any,
    unauthorized: "Nothing works with this token.",
    broken: "Clients try again, or give up.",
    steps: STEPS,
};

const FIND: &str = "A client that looks before it creates makes users twice, or changes somebody else.";
const CHANGE: &str = "Changes do not arrive.";
const DISABLE: &str = "Whoever leaves keeps his access.";
const GROUPS: &str = "Memberships here are not those at the identity provider.";

const STEPS: &[Step] = &[
    get("discovery: ServiceProviderConfig", "/ServiceProviderConfig")
        .must(&[at("patch.supported", Want::SomeBool), at("filter.supported", Want::SomeBool)])
        .or("Clients that ask what the server can do assume the least.")
        .warns(),
    get("discovery: ResourceTypes", "/ResourceTypes").must(&[LIST]).or("Clients that read them do not find the endpoints.").warns(),
    get("discovery: Schemas", "/Schemas").must(&[LIST]).or("Clients that read them find no attributes to map.").warns(),
    get("test the connection", "/Users?startIndex=1&count=1")
        .must(&[LIST, at("totalResults", Want::SomeNumber), at("Resources.#", Want::AtMost(1))])
        .or("Testing the connection fails."),
    get("look for a user that nobody is", "/Users?filter=userName%20eq%20%22{{p}}-sam%40example.com%22")
        .must(&[LIST, number("totalResults", 0)])
        .should(&[at("Resources", Want::EmptyList)])
        .or(FIND),
    post(
        "create the user",
        "/Users",
        r#"{"schemas":["{{User}}","{{Enterprise}}"],"externalId":"{{p}}-sam","userName":"{{p}}-sam@example.com","name":{"givenName":"Sam","familyName":"Roe"},"displayName":"{{p}} Sam Roe","title":"Welder","active":true,"emails":[{"type":"work","value":"{{p}}-sam@example.com","primary":true}],"{{Enterprise}}":{"department":"Yard"}}"#,
    )
    .saves("sam")
    .must(&[text("userName", "{{p}}-sam@example.com"), text("externalId", "{{p}}-sam"), is("active", true)])
    .should(&[text("{{Enterprise}}.department", "Yard"), text("meta.resourceType", "User"), at("meta.location", Want::SomeText)])
    .or("Users cannot be created."),
    post(
        "create another one",
        "/Users",
        r#"{"schemas":["{{User}}"],"externalId":"{{p}}-eve","userName":"{{p}}-eve@example.com","active":true}"#,
    )
    .saves("eve")
    .or("Users cannot be created."),
    post("create the same user again", "/Users", r#"{"schemas":["{{User}}"],"userName":"{{p}}-sam@example.com"}"#)
        .wants(&[409])
        .should(&[ERROR, text("scimType", "uniqueness")])
        .or("The user is here twice."),
    get("find him by userName", "/Users?filter=userName%20eq%20%22{{p}}-sam%40example.com%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{sam}}")])
        .or(FIND),
    get("find him with a plus for each space", "/Users?filter=userName+eq+%22{{p}}-sam%40example.com%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{sam}}")])
        .or(FIND),
    get("find him by externalId", "/Users?filter=externalId%20eq%20%22{{p}}-sam%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{sam}}")])
        .or(FIND),
    get("read a user that nobody is", "/Users/{{uuid1}}").wants(&[404]).should(&[ERROR]).or(FIND),
    put(
        "replace him",
        "/Users/{{sam}}",
        r#"{"schemas":["{{User}}","{{Enterprise}}"],"id":"{{sam}}","externalId":"{{p}}-sam","userName":"{{p}}-sam@example.com","name":{"givenName":"Samuel","familyName":"Roe"},"displayName":"{{p}} Sam Roe","active":true,"emails":[{"type":"work","value":"{{p}}-sam@example.com","primary":true}],"{{Enterprise}}":{"department":"Dock"}}"#,
    )
    .must(&[
        text("id", "{{sam}}"),
        text("name.givenName", "Samuel"),
        nothing("title").or("What a PUT leaves out stays: a client cannot clear an attribute (RFC 7644 section 3.5.1)."),
    ])
    .or(CHANGE),
    patch("disable him by a path", "/Users/{{sam}}", r#"[{"op":"replace","path":"active","value":false}]"#).or(DISABLE),
    get("he is disabled, and still here", "/Users/{{sam}}").must(&[is("active", false)]).or(DISABLE),
    patch("enable him without a path", "/Users/{{sam}}", r#"[{"op":"replace","value":{"active":true}}]"#).or(CHANGE),
    get("he is enabled", "/Users/{{sam}}").must(&[is("active", true)]).or(CHANGE),
    // SailPoint writes add.
    patch("disable him as SailPoint does", "/Users/{{sam}}", r#"[{"op":"add","value":{"active":false}}]"#).or(DISABLE),
    get("he is disabled again", "/Users/{{sam}}").must(&[is("active", false)]).or(DISABLE),
    // Entra and Keycloak.
    patch("enable him by a text", "/Users/{{sam}}", r#"[{"op":"Replace","path":"active","value":"True"}]"#)
        .or("Entra and Keycloak write truth values as texts, and Entra writes operations with a capital.")
        .warns(),
    get("he is enabled by it", "/Users/{{sam}}")
        .must(&[is("active", true)])
        .or("Entra and Keycloak write truth values as texts, which this server keeps as such or does not understand.")
        .warns(),
    patch(
        "change attributes by paths",
        "/Users/{{sam}}",
        r#"[{"op":"replace","path":"name.familyName","value":"Rowe"},{"op":"replace","path":"emails[type eq \"work\"].value","value":"{{p}}-rowe@example.com"},{"op":"add","path":"{{Enterprise}}:costCenter","value":"42"},{"op":"remove","path":"displayName"}]"#,
    )
    .or(CHANGE),
    get("they have changed", "/Users/{{sam}}")
        .must(&[
            text("name.familyName", "Rowe"),
            text("name.givenName", "Samuel"),
            text("emails[type=work].value", "{{p}}-rowe@example.com"),
            number("emails.#", 1),
            text("{{Enterprise}}.costCenter", "42"),
            text("{{Enterprise}}.department", "Dock"),
            nothing("displayName"),
        ])
        .or(CHANGE),
    patch("rename him", "/Users/{{sam}}", r#"[{"op":"replace","path":"userName","value":"{{p}}-rowe@example.com"}]"#).or(CHANGE),
    get("he is found by the new name", "/Users?filter=userName%20eq%20%22{{p}}-rowe%40example.com%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{sam}}")])
        .or(FIND),
    post(
        "create a group with a member",
        "/Groups",
        r#"{"schemas":["{{Group}}"],"externalId":"{{p}}-hall","displayName":"{{p}} Hall","members":[{"value":"{{eve}}"}]}"#,
    )
    .saves("hall")
    .or(GROUPS),
    get("find it", "/Groups?filter=displayName%20eq%20%22{{p}}%20Hall%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{hall}}")])
        .or("Groups are made twice."),
    patch("add a member", "/Groups/{{hall}}", r#"[{"op":"add","path":"members","value":[{"value":"{{sam}}"}]}]"#).or(GROUPS),
    patch("add him twice", "/Groups/{{hall}}", r#"[{"op":"add","path":"members","value":[{"value":"{{sam}}"}]}]"#).or(GROUPS),
    get("both are in it, once", "/Groups/{{hall}}").must(&[number("members.#", 2)]).or(GROUPS),
    get("his groups are in his answer", "/Users/{{sam}}")
        .must(&[text("groups.0.value", "{{hall}}")])
        .or("Clients that read memberships from the user, such as rauthy, add him again and never remove him.")
        .warns(),
    patch("remove a member by a filter", "/Groups/{{hall}}", r#"[{"op":"remove","path":"members[value eq \"{{eve}}\"]"}]"#).or(GROUPS),
    get("the other one is in it", "/Groups/{{hall}}").must(&[number("members.#", 1), text("members.0.value", "{{sam}}")]).or(GROUPS),
    patch("replace the members", "/Groups/{{hall}}", r#"[{"op":"replace","path":"members","value":[{"value":"{{eve}}"},{"value":"{{sam}}"}]}]"#)
        .or(GROUPS),
    // Entra without its flag, authentik, rauthy, ssosync and JumpCloud.
    patch("remove a member by a list", "/Groups/{{hall}}", r#"[{"op":"remove","path":"members","value":[{"value":"{{eve}}"}]}]"#)
        .or("Entra, authentik, rauthy, ssosync and JumpCloud remove members by a list of values.")
        .warns(),
    get("the other one is still in it", "/Groups/{{hall}}")
        .must(&[number("members.#", 1), text("members.0.value", "{{sam}}")])
        .or("Entra, authentik, rauthy, ssosync and JumpCloud remove members by a list of values: here that removes all, or none.")
        .warns(),
    patch("rename the group", "/Groups/{{hall}}", r#"[{"op":"replace","path":"displayName","value":"{{p}} Hall East"}]"#).or(GROUPS),
    get("it has its name and its member", "/Groups/{{hall}}")
        .must(&[text("displayName", "{{p}} Hall East"), at("members.#", Want::AtLeast(1))])
        .or("Renaming a group emptied it, or did not happen."),
    delete("delete a member", "/Users/{{sam}}").or("Whoever is deleted keeps his account."),
    get("he is gone", "/Users/{{sam}}").wants(&[404]).or("Whoever is deleted keeps his account."),
    get("and out of the group", "/Groups/{{hall}}").must(&[nothing("members[value={{sam}}]")]).or("The group has a member that nobody is.").warns(),
    delete("delete the group", "/Groups/{{hall}}").or("Groups that were deleted stay."),
    get("it is gone", "/Groups/{{hall}}").wants(&[404]).or("Groups that were deleted stay."),
];
