//! Microsoft Entra ID: the test of the connection, an initial cycle, and incremental ones in both of its dialects, without and with
//! `aadOptscim062020`, since on-demand provisioning does not honour the flag.
//!
//! Sources:
//! - `[S1]` <https://learn.microsoft.com/en-us/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups>
//! - `[S2]` <https://learn.microsoft.com/en-us/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility>
//! - `[S3]` <https://learn.microsoft.com/en-us/entra/identity/app-provisioning/customize-application-attributes>
//! - `[S4]` <https://learn.microsoft.com/en-us/entra/identity/app-provisioning/how-provisioning-works>
//! - `[V]` the SCIM Validator's results, github:pranems/SCIMServer docs/archive/SCIM_VALIDATOR_FALSE_POSITIVES_REPORT.md

use super::step::{
    Cycle, ERROR, LIST, Media, Step, Want, at, delete, get, is, nothing, number, patch, post, schema, text,
};

/// What Entra does. The headers beside the content types are not documented.
pub const CYCLE: Cycle = Cycle {
    name: "entra",
    title: "Entra",
    headers: &[("Accept", "application/scim+json")],
    // [S1]: all answers are to be application/scim+json.
    media: Media::Scim,
    unauthorized: "Entra says \"You appear to have entered invalid credentials\" and does not save them; a running job goes to quarantine.",
    // [S1] and [S4].
    broken: "Entra tries again in each cycle, quarantines a job that mostly fails (down to one cycle a day), and disables it after four weeks.",
    steps: STEPS,
};

const LOST: &str = "Entra would not know which user it manages: it creates him again, or changes somebody else.";
const ACTIVE: &str =
    "Entra would think that the user is disabled while he can still sign in, and send the same change in every cycle.";
const AGAIN: &str = "Entra reads the old value back and sends the same change in every cycle.";
const MEMBERS: &str = "The group's members are not those in Entra, so people keep access or do not get it.";

const STEPS: &[Step] = &[
    // [S1]: a random value of the matching attribute; 200 with an empty list, not 404.
    get("test the connection: a user that nobody is", "/Users?filter=userName+eq+%22{{uuid1}}%22")
        .must(&[LIST, number("totalResults", 0)])
        .should(&[at("Resources", Want::EmptyList)])
        .or("Entra's Test Connection fails, and provisioning cannot be started."),
    get(
        "test the connection: a group that nobody has",
        "/Groups?excludedAttributes=members&filter=displayName+eq+%22{{uuid1}}%22",
    )
    .must(&[LIST, number("totalResults", 0)])
    .or("Entra's Test Connection fails when groups are provisioned."),
    get("discovery: the schemas", "/Schemas")
        .must(&[LIST, at("Resources.#", Want::AtLeast(1))])
        .or("Entra's provisioning page of a gallery application finds no attributes to map; other applications do without.")
        .warns(),
    get("initial cycle: is the user there?", "/Users?filter=userName+eq+%22{{p}}-ada%40example.com%22")
        .must(&[number("totalResults", 0)])
        .or(LOST),
    post(
        "create the user",
        "/Users",
        r#"{"schemas":["{{User}}","{{Enterprise}}"],"externalId":"{{p}}-ada","userName":"{{p}}-ada@example.com","active":true,"displayName":"{{p}} Ada","emails":[{"primary":true,"type":"work","value":"{{p}}-ada@example.com"}],"meta":{"resourceType":"User"},"name":{"formatted":"Ada Kade","familyName":"Kade","givenName":"Ada"},"roles":[],"{{Enterprise}}":{"department":"Optics","employeeNumber":"7001"}}"#,
    )
    .saves("ada")
    .must(&[
        text("userName", "{{p}}-ada@example.com"),
        text("externalId", "{{p}}-ada").or("A job that matches by externalId creates the user again in each cycle."),
        is("active", true).or(ACTIVE),
        text("emails[type=work].value", "{{p}}-ada@example.com"),
        text("{{Enterprise}}.department", "Optics").or(AGAIN),
    ])
    .should(&[schema("{{Enterprise}}"), text("meta.resourceType", "User")])
    .or("Entra cannot create users, retries in each cycle, and quarantines the job when most of them fail."),
    post(
        "create the user with the least that Entra sends",
        "/Users",
        r#"{"schemas":["{{User}}"],"externalId":"{{p}}-ada","userName":"{{p}}-ada@example.com","active":true,"emails":[{"primary":true,"type":"work","value":"{{p}}-ada@example.com"}],"name":{"familyName":"Kade","givenName":"Ada"}}"#,
    )
    .saves("ada")
    .instead()
    .or("Entra cannot create users, with whatever mapping."),
    post(
        "create the manager",
        "/Users",
        r#"{"schemas":["{{User}}","{{Enterprise}}"],"externalId":"{{p}}-bo","userName":"{{p}}-bo@example.com","active":true,"displayName":"{{p}} Bo","emails":[{"primary":true,"type":"work","value":"{{p}}-bo@example.com"}],"meta":{"resourceType":"User"},"name":{"formatted":"Bo Lind","familyName":"Lind","givenName":"Bo"},"roles":[]}"#,
    )
    .saves("bo")
    .or("Entra cannot create users, retries in each cycle, and quarantines the job when most of them fail."),
    get("match by userName", "/Users?filter=userName+eq+%22{{p}}-ada%40example.com%22")
        .must(&[LIST, number("totalResults", 1), text("Resources.0.id", "{{ada}}")])
        .or(LOST),
    // [V]: an existing user with a different case.
    get("match by userName in another case", "/Users?filter=userName+eq+%22{{P}}-ADA%40EXAMPLE.COM%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{ada}}")])
        .or("A user whose name is written in another case is created again, or meets 409 in every cycle."),
    get("match by externalId", "/Users?filter=externalId+eq+%22{{p}}-ada%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{ada}}")])
        .or(LOST),
    // [S1], [S3]: a matching attribute that the RFC's grammar of filters does not have.
    get(
        "match by the work e-mail",
        "/Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22{{p}}-ada%40example.com%22",
    )
    .must(&[number("totalResults", 1), text("Resources.0.id", "{{ada}}")])
    .or("A job that matches by e-mail, which many administrators choose, finds nobody and creates everybody again.")
    .warns(),
    get("read the user", "/Users/{{ada}}")
        .must(&[text("id", "{{ada}}"), text("userName", "{{p}}-ada@example.com"), is("active", true)])
        .or(LOST),
    get("read a user that nobody is", "/Users/{{uuid2}}")
        .wants(&[404])
        .should(&[ERROR])
        .or("Entra does not notice that a user was deleted here, and never creates him again."),
    post(
        "create the same user again",
        "/Users",
        r#"{"schemas":["{{User}}","{{Enterprise}}"],"externalId":"{{p}}-ada","userName":"{{p}}-ada@example.com","active":true,"emails":[],"meta":{"resourceType":"User"},"roles":[]}"#,
    )
    .wants(&[409])
    .should(&[ERROR, text("scimType", "uniqueness")])
    .or("Entra makes a second account for the same person."),
    // [S2]: without the flag the value is a text.
    patch("disable the user, without the flag", "/Users/{{ada}}", r#"[{"op":"Replace","path":"active","value":"False"}]"#)
        .or("Entra cannot disable users: whoever leaves keeps his access."),
    get("he is disabled, and still to be read", "/Users/{{ada}}").must(&[is("active", false)]).or(ACTIVE),
    // [S1]: a user who is disabled stays visible.
    get("he is disabled, and still to be found", "/Users?filter=userName+eq+%22{{p}}-ada%40example.com%22")
        .must(&[number("totalResults", 1), is("Resources.0.active", false)])
        .or("Entra takes a disabled user for one who is gone, and creates him again when he comes back."),
    patch("enable him, without the flag", "/Users/{{ada}}", r#"[{"op":"Replace","path":"active","value":"True"}]"#)
        .or("Entra cannot enable a user who comes back."),
    get("he is enabled", "/Users/{{ada}}").must(&[is("active", true)]).or(ACTIVE),
    patch("disable the user, with the flag", "/Users/{{ada}}", r#"[{"op":"replace","path":"active","value":false}]"#)
        .or("Entra cannot disable users: whoever leaves keeps his access."),
    get("he is disabled again", "/Users/{{ada}}").must(&[is("active", false)]).or(ACTIVE),
    patch("enable him, with the flag", "/Users/{{ada}}", r#"[{"op":"replace","path":"active","value":true}]"#)
        .or("Entra cannot enable a user who comes back."),
    // [S1], the mapping table: filtered paths make the element that is not there.
    patch(
        "change mapped attributes, without the flag",
        "/Users/{{ada}}",
        r#"[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"{{p}}-ada.kade@example.com"},{"op":"Replace","path":"name.familyName","value":"Kade-Lind"},{"op":"Replace","path":"displayName","value":"{{p}} Ada Kade-Lind"}]"#,
    )
    .or("No change of a mapped attribute arrives, and each cycle fails for each changed user."),
    get("they have changed", "/Users/{{ada}}")
        .must(&[
            text("emails[type=work].value", "{{p}}-ada.kade@example.com"),
            number("emails.#", 1),
            text("name.familyName", "Kade-Lind"),
            text("name.givenName", "Ada").or("Changing one part of the name took away another."),
            text("displayName", "{{p}} Ada Kade-Lind"),
        ])
        .or(AGAIN),
    patch(
        "set mapped attributes that are not there yet",
        "/Users/{{ada}}",
        r#"[{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+1 555 0100"},{"op":"Add","path":"addresses[type eq \"work\"].formatted","value":"1 Quay Rd"},{"op":"Add","path":"addresses[type eq \"work\"].country","value":"NO"}]"#,
    )
    .or("Entra sets telephone numbers and addresses by filtered paths, and expects elements to be made with the filter's type: they never arrive."),
    get("they are there", "/Users/{{ada}}")
        .must(&[
            text("phoneNumbers[type=mobile].value", "+1 555 0100"),
            text("addresses[type=work].formatted", "1 Quay Rd"),
            text("addresses[type=work].country", "NO"),
        ])
        .should(&[number("addresses.#", 1).or("Several parts of one address became several addresses.")])
        .or("Entra sets telephone numbers and addresses by filtered paths, and expects elements to be made with the filter's type: they never arrive."),
    patch(
        "change the department by its URN",
        "/Users/{{ada}}",
        r#"[{"op":"Replace","path":"{{Enterprise}}:department","value":"Lenses"}]"#,
    )
    .or("No attribute of the enterprise extension can be changed."),
    get("it has changed", "/Users/{{ada}}")
        .must(&[text("{{Enterprise}}.department", "Lenses"), text("{{Enterprise}}.employeeNumber", "7001")])
        .or(AGAIN),
    // [S2]: one operation without a path, with dotted and qualified names.
    patch(
        "change mapped attributes, with the flag",
        "/Users/{{ada}}",
        r#"[{"op":"replace","path":"emails[type eq \"work\"].value","value":"{{p}}-ada@example.com"},{"op":"replace","value":{"displayName":"{{p}} Ada Kade","name.givenName":"Adele","name.familyName":"Kade","{{Enterprise}}:employeeNumber":"7002"}}]"#,
    )
    .or("With aadOptscim062020 in the Tenant URL no change arrives."),
    get("they have changed too", "/Users/{{ada}}")
        .must(&[
            text("displayName", "{{p}} Ada Kade"),
            text("name.givenName", "Adele").or("The server does not understand \"name.givenName\" as a key, which Entra sends with the flag."),
            text("name.familyName", "Kade"),
            text("{{Enterprise}}.employeeNumber", "7002")
                .or("The server does not understand a URN as a key, which Entra sends with the flag."),
            text("{{Enterprise}}.department", "Lenses"),
            text("emails[type=work].value", "{{p}}-ada@example.com"),
        ])
        .or(AGAIN),
    // github:Captain-P-Goldfish/SCIM-SDK issue 686: a bare id for a complex attribute.
    patch("set the manager", "/Users/{{ada}}", r#"[{"op":"Add","path":"{{Enterprise}}:manager","value":"{{bo}}"}]"#)
        .or("No manager arrives."),
    get("the manager is set", "/Users/{{ada}}")
        .must(&[text("{{Enterprise}}.manager.value", "{{bo}}")])
        .or("Entra does not recognise the stored form and sends the manager in every cycle (github:MicrosoftDocs/azure-docs issue 11784)."),
    get(
        "ask for the manager by reference",
        "/Users?filter=id+eq+%22{{ada}}%22+and+manager+eq+%22{{bo}}%22&attributes=id",
    )
    .must(&[number("totalResults", 1), text("Resources.0.id", "{{ada}}")])
    .or("Entra's older check of references finds nothing, and the manager is sent again.")
    .warns(),
    patch("remove the manager", "/Users/{{ada}}", r#"[{"op":"Remove","path":"{{Enterprise}}:manager"}]"#)
        .or("A manager who has left stays."),
    get("the manager is gone", "/Users/{{ada}}")
        .must(&[nothing("{{Enterprise}}.manager.value")])
        .or("A manager who has left stays."),
    // [S3]: a text compared with a truth value.
    patch(
        "set a role",
        "/Users/{{ada}}",
        r#"[{"op":"Add","path":"roles[primary eq \"True\"].value","value":"Auditor"},{"op":"Add","path":"roles[primary eq \"True\"].display","value":"Auditor"}]"#,
    )
    .or("A mapping of roles with SingleAppRoleAssignment does not work.")
    .warns(),
    get("the role is set", "/Users/{{ada}}")
        .must(&[text("roles.0.value", "Auditor"), is("roles.0.primary", true)])
        .or("A mapping of roles with SingleAppRoleAssignment does not work.")
        .warns(),
    patch("rename the user", "/Users/{{ada}}", r#"[{"op":"Replace","path":"userName","value":"{{p}}-adele@example.com"}]"#)
        .or("A user who was renamed in Entra keeps the old name, and each cycle fails for him."),
    get("he is found by the new name", "/Users?filter=userName+eq+%22{{p}}-adele%40example.com%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{ada}}")])
        .or(LOST),
    get("and not by the old one", "/Users?filter=userName+eq+%22{{p}}-ada%40example.com%22")
        .must(&[number("totalResults", 0)])
        .or("Entra matches a new user of the old name with the renamed one, and overwrites him."),
    // [S1]: the second schema is one that nobody else knows.
    post(
        "create the group",
        "/Groups",
        r#"{"schemas":["{{Group}}","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"{{p}}-sales","displayName":"{{p}} Sales","meta":{"resourceType":"Group"}}"#,
    )
    .saves("sales")
    .must(&[text("displayName", "{{p}} Sales"), text("externalId", "{{p}}-sales")])
    .or("Entra cannot create groups."),
    post(
        "create the group without the schema that only Microsoft has",
        "/Groups",
        r#"{"schemas":["{{Group}}"],"externalId":"{{p}}-sales","displayName":"{{p}} Sales"}"#,
    )
    .saves("sales")
    .instead()
    .or("Entra cannot create groups, with whatever schemas."),
    get("match the group by its name", "/Groups?excludedAttributes=members&filter=displayName+eq+%22{{p}}+Sales%22")
        .must(&[number("totalResults", 1), text("Resources.0.id", "{{sales}}")])
        .should(&[nothing("Resources.0.members").or("Entra asks for groups without members; large ones make every answer slow.")])
        .or("Entra does not find the group and creates it again."),
    get("match it in another case", "/Groups?excludedAttributes=members&filter=displayName+eq+%22{{P}}+SALES%22")
        .must(&[number("totalResults", 1)])
        .or("A group whose name is written in another case is created again."),
    post(
        "create a group of the same name",
        "/Groups",
        r#"{"schemas":["{{Group}}","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"{{p}}-sales-2","displayName":"{{p}} Sales","meta":{"resourceType":"Group"}}"#,
    )
    .wants(&[409])
    .or("Entra wants displayName to be unique, and with two groups of one name it changes either of them.")
    .warns(),
    patch("add a member", "/Groups/{{sales}}", r#"[{"op":"Add","path":"members","value":[{"$ref":null,"value":"{{ada}}"}]}]"#)
        .or(MEMBERS),
    patch("add another one", "/Groups/{{sales}}", r#"[{"op":"Add","path":"members","value":[{"value":"{{bo}}"}]}]"#).or(MEMBERS),
    get("both are in it", "/Groups/{{sales}}")
        .must(&[
            text("members[value={{ada}}].value", "{{ada}}"),
            text("members[value={{bo}}].value", "{{bo}}"),
            number("members.#", 2),
        ])
        .or(MEMBERS),
    get(
        "ask for a member by reference",
        "/Groups?filter=id+eq+%22{{sales}}%22+and+members+eq+%22{{ada}}%22&excludedAttributes=members",
    )
    .must(&[number("totalResults", 1)])
    .or("Entra's check of references finds nothing, and members are sent again.")
    .warns(),
    patch("disable a member", "/Users/{{bo}}", r#"[{"op":"Replace","path":"active","value":"False"}]"#)
        .or("Entra cannot disable users: whoever leaves keeps his access."),
    // [S4]: memberships are not sent again when the user comes back.
    get("he stays in the group", "/Groups/{{sales}}")
        .must(&[number("members.#", 2)])
        .or("Entra does not send memberships again when he is enabled, so that he comes back without his groups."),
    // [S2]: without the flag, members to remove are a list of values.
    patch(
        "remove a member, without the flag",
        "/Groups/{{sales}}",
        r#"[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"{{bo}}"}]}]"#,
    )
    .or(MEMBERS),
    get("the other one is still in it", "/Groups/{{sales}}")
        .must(&[number("members.#", 1), text("members.0.value", "{{ada}}")])
        .or("Removing one member by a list of values removed all, or none: the difference stays until somebody restarts provisioning."),
    patch(
        "rename the group",
        "/Groups/{{sales}}",
        r#"[{"op":"Replace","path":"displayName","value":"{{p}} Sales East"},{"op":"Replace","path":"externalId","value":"{{p}}-sales-east"}]"#,
    )
    .or("A group that was renamed in Entra keeps the old name."),
    get("it has its name and its member", "/Groups/{{sales}}")
        .must(&[text("displayName", "{{p}} Sales East"), number("members.#", 1)])
        .or("Renaming a group emptied it (github:langwatch/langwatch issue 7131)."),
    patch("remove a member, with the flag", "/Groups/{{sales}}", r#"[{"op":"remove","path":"members[value eq \"{{ada}}\"]"}]"#)
        .or(MEMBERS),
    get("nobody is in it", "/Groups/{{sales}}").must(&[nothing("members")]).or(MEMBERS),
    get("read it without members", "/Groups/{{sales}}?excludedAttributes=members")
        .must(&[text("id", "{{sales}}")])
        .or("Entra reads groups in this way only."),
    delete("delete the group", "/Groups/{{sales}}").or("A group that was deleted in Entra stays."),
    get("it is gone", "/Groups/{{sales}}").wants(&[404]).or("Entra still sees the group and does not create it again."),
    delete("delete the user for good", "/Users/{{ada}}").or("Thirty days after a user left, Entra fails to delete him."),
    get("he is gone", "/Users/{{ada}}").wants(&[404]).or("Entra still sees the user and does not create him again."),
    post(
        "create him again",
        "/Users",
        r#"{"schemas":["{{User}}","{{Enterprise}}"],"externalId":"{{p}}-ada","userName":"{{p}}-adele@example.com","active":true,"emails":[],"meta":{"resourceType":"User"},"roles":[]}"#,
    )
    .saves("back")
    .or("A name that was deleted is not free (RFC 7644 section 3.6), so that nobody can have it again."),
    delete("delete him, and the manager", "/Users/{{back}}").or("Entra fails to delete users."),
    delete("the manager", "/Users/{{bo}}").or("Entra fails to delete users."),
];
