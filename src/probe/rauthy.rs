//! rauthy: it looks a user up by externalId and then by userName, puts him, and decides memberships by `groups[].display` in the
//! answer. GET and DELETE have no Accept header.
//!
//! Source: github:sebadob/rauthy book/src/work/scim.md, src/data/src/entity/{clients_scim,scim_types}.rs

use super::step::{
    Cycle, Header, LIST, Media, Step, Want, at, delete, get, is, nothing, number, patch, post, put, text,
};

/// What rauthy does.
pub const CYCLE: Cycle = Cycle {
    name: "rauthy",
    title: "rauthy",
    headers: &[("Accept", "application/scim+json"), ("Content-Type", "application/scim+json")],
    media: Media::Any,
    unauthorized: "Saving the client fails when it is tested, and the synchronisation with it.",
    broken: "The change is kept in rauthy's table of failed tasks and tried again.",
    steps: STEPS,
};

const BARE: &[(&str, Header)] = &[("Accept", Header::Left), ("Content-Type", Header::Left)];
const LISTS: &str = "rauthy cannot read a list without this, and its synchronisation fails.";
const MATCH: &str = "rauthy would create the user again, or change somebody else.";
const UPDATE: &str = "Changes of users do not arrive.";
const GROUPS: &str = "Groups here are not those in rauthy.";

const STEPS: &[Step] = &[
    get("look for the user by externalId", "/Users?filter=externalId%20eq%20%22{{p}}-rae%22")
        .headers(BARE)
        .must(&[
            number("totalResults", 0),
            at("itemsPerPage", Want::SomeNumber).or(LISTS),
            at("Resources", Want::EmptyList).or(LISTS),
        ])
        .or(MATCH),
    get("then by userName", "/Users?filter=userName%20eq%20%22{{p}}-rae@example.com%22")
        .headers(BARE)
        .must(&[number("totalResults", 0), at("Resources", Want::EmptyList).or(LISTS)])
        .or(MATCH),
    post(
        "create the user",
        "/Users",
        r#"{"schemas":["{{User}}"],"externalId":"{{p}}-rae","userName":"{{p}}-rae@example.com","name":{"familyName":"","givenName":"Rae"},"displayName":"{{p}}-rae@example.com","preferredLanguage":"en","locale":"en","timezone":"Europe/Berlin","active":true,"emails":[{"value":"{{p}}-rae@example.com","primary":true}],"phoneNumbers":[{"value":"+4900","primary":true}],"addresses":[{"streetAddress":"Weg 1","postalCode":"10115","locality":"Berlin","country":"DE"}],"roles":[{"value":"user"}]}"#,
    )
    .saves("rae")
    .must(&[text("externalId", "{{p}}-rae").or(MATCH), text("userName", "{{p}}-rae@example.com")])
    .or("Users cannot be created."),
    get("find him by externalId", "/Users?filter=externalId%20eq%20%22{{p}}-rae%22")
        .headers(BARE)
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{rae}}"), at("Resources.0.userName", Want::SomeText)])
        .or(MATCH),
    put(
        "update and rename him",
        "/Users/{{rae}}",
        r#"{"schemas":["{{User}}"],"externalId":"{{p}}-rae","userName":"{{p}}-rae.b@example.com","name":{"familyName":"Berg","givenName":"Rae"},"displayName":"{{p}}-rae.b@example.com","preferredLanguage":"en","locale":"en","active":true,"emails":[{"value":"{{p}}-rae.b@example.com","primary":true}]}"#,
    )
    .must(&[text("name.familyName", "Berg"), text("userName", "{{p}}-rae.b@example.com")])
    .or(UPDATE),
    put(
        "disable him",
        "/Users/{{rae}}",
        r#"{"schemas":["{{User}}"],"externalId":"{{p}}-rae","userName":"{{p}}-rae.b@example.com","name":{"familyName":"Berg","givenName":"Rae"},"displayName":"{{p}}-rae.b@example.com","active":false,"emails":[{"value":"{{p}}-rae.b@example.com","primary":true}]}"#,
    )
    .must(&[is("active", false)])
    .or("Whoever is disabled in rauthy keeps his access."),
    put(
        "enable him",
        "/Users/{{rae}}",
        r#"{"schemas":["{{User}}"],"externalId":"{{p}}-rae","userName":"{{p}}-rae.b@example.com","name":{"familyName":"Berg","givenName":"Rae"},"displayName":"{{p}}-rae.b@example.com","active":true,"emails":[{"value":"{{p}}-rae.b@example.com","primary":true}]}"#,
    )
    .must(&[is("active", true)])
    .or(UPDATE),
    get("look for the group", "/Groups?filter=externalId%20eq%20%22{{p}}-ring%22")
        .headers(BARE)
        .must(&[number("totalResults", 0), at("Resources", Want::EmptyList).or(LISTS)])
        .or(GROUPS),
    post("create the group", "/Groups", r#"{"schemas":["{{Group}}"],"externalId":"{{p}}-ring","displayName":"{{p}} Ring"}"#)
        .saves("ring")
        .must(&[text("externalId", "{{p}}-ring"), text("displayName", "{{p}} Ring")])
        .or("rauthy wants its externalId back, and takes the group for another one without it."),
    get("find the group by its name", "/Groups?filter=displayName%20eq%20%22{{p}}%20Ring%22")
        .headers(BARE)
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{ring}}")])
        .or(GROUPS),
    get("list the groups", "/Groups?startIndex=1&count=100")
        .headers(BARE)
        .must(&[LIST, at("itemsPerPage", Want::SomeNumber), at("totalResults", Want::AtLeast(1))])
        .or(LISTS),
    patch(
        "add the member",
        "/Groups/{{ring}}",
        r#"[{"op":"add","path":"members","value":[{"value":"{{rae}}","display":"{{p}}-rae.b@example.com"}]}]"#,
    )
    .or(GROUPS),
    get("his groups are in his answer", "/Users/{{rae}}")
        .headers(BARE)
        .must(&[text("groups[value={{ring}}].display", "{{p}} Ring")])
        .or("rauthy decides by this whether he is in the group: it adds him again and never removes him."),
    patch(
        "rename the group",
        "/Groups/{{ring}}",
        r#"[{"op":"replace","value":{"displayName":"{{p}} Ring East","externalId":"{{p}}-ring"}}]"#,
    )
    .or(GROUPS),
    get("the new name is in his answer", "/Users/{{rae}}")
        .headers(BARE)
        .must(&[text("groups[value={{ring}}].display", "{{p}} Ring East")])
        .or("rauthy decides by this name whether he is in the group."),
    patch("remove the member", "/Groups/{{ring}}", r#"[{"op":"remove","path":"members","value":[{"value":"{{rae}}"}]}]"#).or(GROUPS),
    get("nobody is in it", "/Groups/{{ring}}").headers(BARE).must(&[nothing("members")]).or(GROUPS),
    patch("unlink the group", "/Groups/{{ring}}", r#"[{"op":"replace","value":{"displayName":"{{p}} Ring East","externalId":null}}]"#)
        .or("Groups cannot be unlinked."),
    get("it is unlinked", "/Groups/{{ring}}").headers(BARE).must(&[nothing("externalId")]).or("Groups cannot be unlinked."),
    put(
        "unlink the user",
        "/Users/{{rae}}",
        r#"{"schemas":["{{User}}"],"externalId":null,"userName":"{{p}}-rae.b@example.com","name":{"familyName":"Berg","givenName":"Rae"},"displayName":"{{p}}-rae.b@example.com","active":true,"emails":[{"value":"{{p}}-rae.b@example.com","primary":true}]}"#,
    )
    .must(&[nothing("externalId")])
    .or("Users cannot be unlinked."),
    delete("delete the group", "/Groups/{{ring}}").headers(BARE).or(GROUPS),
    delete("delete the user", "/Users/{{rae}}").headers(BARE).or("Whoever is deleted in rauthy keeps his account."),
    get("he is gone", "/Users/{{rae}}").headers(BARE).wants(&[404]).or("Whoever is deleted in rauthy keeps his account."),
];
