//! RFC 7643 and RFC 7644 themselves: what every server must do, and what a client that knows the RFCs alone relies on. What the
//! server says it does not have is left out.

use super::step::{
    Cycle, ERROR, Feature, Header, LIST, Media, Step, Want, at, delete, get, is, nothing, number, patch, post, put,
    schema, text,
};

/// What a client that follows the RFCs does.
pub const CYCLE: Cycle = Cycle {
    name: "strict",
    title: "A client that follows the RFCs",
    headers: &[("Accept", "application/scim+json")],
    // RFC 7644 section 3.1: servers answer in the form that was asked for.
    media: Media::Scim,
    unauthorized: "Nothing works with this token.",
    broken: "The client has no way to know what became of its request.",
    steps: STEPS,
};

const STEPS: &[Step] = &[
    get("ServiceProviderConfig", "/ServiceProviderConfig")
        .must(&[
            schema("urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"),
            at("patch.supported", Want::SomeBool),
            at("bulk.supported", Want::SomeBool),
            at("bulk.maxOperations", Want::SomeNumber),
            at("bulk.maxPayloadSize", Want::SomeNumber),
            at("filter.supported", Want::SomeBool),
            at("filter.maxResults", Want::SomeNumber),
            at("changePassword.supported", Want::SomeBool),
            at("sort.supported", Want::SomeBool),
            at("etag.supported", Want::SomeBool),
            at("authenticationSchemes", Want::List),
        ])
        .or("RFC 7643 section 5 requires these attributes."),
    get("ResourceTypes", "/ResourceTypes")
        .must(&[
            LIST,
            text("Resources[name=User].endpoint", "/Users"),
            text("Resources[name=User].schema", "{{User}}"),
            text("Resources[name=Group].endpoint", "/Groups"),
        ])
        .or("RFC 7643 section 6: the client finds endpoints and schemas by this."),
    get("one ResourceType", "/ResourceTypes/User").must(&[text("name", "User")]).or("RFC 7644 section 4."),
    get("Schemas", "/Schemas")
        .must(&[LIST, at("Resources[id=urn:ietf:params:scim:schemas:core:2.0:User].attributes", Want::List)])
        .or("RFC 7643 section 7: the client finds attributes by this."),
    get("one Schema", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User")
        .must(&[text("id", "{{User}}"), at("attributes", Want::List)])
        .or("RFC 7644 section 4: a schema is found by its URN."),
    get("discovery takes no filter", "/Schemas?filter=id%20eq%20%22x%22")
        .wants(&[403])
        .should(&[ERROR])
        .or("RFC 7644 section 4: a filter on discovery is 403.")
        .warns(),
    get("no token", "/Users?count=1")
        .headers(&[("Authorization", Header::Left)])
        .wants(&[401])
        .or("Anybody may read the users (RFC 7644 section 2)."),
    get("an endpoint that is not there", "/Widgets/{{uuid1}}").wants(&[404]).should(&[ERROR]).or("RFC 7644 section 3.12."),
    post(
        "create a user",
        "/Users",
        r#"{"schemas":["{{User}}","{{Enterprise}}"],"externalId":"{{p}}-Ida","userName":"{{p}}-ida@example.com","password":"pW-{{p}}!","name":{"givenName":"Ida","familyName":"Falk"},"displayName":"{{p}} Ida","title":"Welder {{p}}","active":true,"emails":[{"type":"work","value":"{{p}}-ida@example.com","primary":true}],"{{Enterprise}}":{"employeeNumber":"701"}}"#,
    )
    .saves("ida")
    .must(&[
        schema("{{User}}"),
        text("userName", "{{p}}-ida@example.com"),
        text("externalId", "{{p}}-Ida"),
        text("{{Enterprise}}.employeeNumber", "701"),
        nothing("password"),
        text("meta.resourceType", "User"),
        at("meta.location", Want::SomeText),
    ])
    .should(&[schema("{{Enterprise}}"), at("meta.created", Want::SomeText), at("meta.lastModified", Want::SomeText)])
    .or("RFC 7644 section 3.3, RFC 7643 section 3.1."),
    post(
        "create another one",
        "/Users",
        r#"{"schemas":["{{User}}"],"externalId":"{{p}}-abe","userName":"{{p}}-abe@example.com","displayName":"{{p}} Abe","title":"Welder {{p}}","id":"chosen-by-the-client"}"#,
    )
    .saves("abe")
    .must(&[at("id", Want::Other("chosen-by-the-client"))])
    .or("RFC 7643 section 3.1: the server chooses the id, and ignores the client's."),
    post("the same userName", "/Users", r#"{"schemas":["{{User}}"],"userName":"{{p}}-ida@example.com"}"#)
        .wants(&[409])
        .must(&[ERROR, text("status", "409")])
        .should(&[text("scimType", "uniqueness")])
        .or("RFC 7644 section 3.3: a conflict is 409 with the scimType uniqueness."),
    post("the same userName in another case", "/Users", r#"{"schemas":["{{User}}"],"userName":"{{P}}-IDA@example.com"}"#)
        .wants(&[409])
        .or("RFC 7643 section 4.1.1: userName is not caseExact, and unique."),
    post("a user without userName", "/Users", r#"{"schemas":["{{User}}"],"displayName":"{{p}} Nameless"}"#)
        .wants(&[400])
        .must(&[ERROR])
        .or("RFC 7643 section 4.1.1: userName is required."),
    post("a body that is cut", "/Users", r#"{"schemas":["{{User}}"],"userName":"{{p}}-cut"#)
        .wants(&[400])
        .must(&[ERROR])
        .should(&[text("scimType", "invalidSyntax")])
        .or("RFC 7644 section 3.12: invalidSyntax."),
    get("read the user", "/Users/{{ida}}")
        .must(&[text("id", "{{ida}}"), text("name.familyName", "Falk"), at("meta.location", Want::SomeText)])
        .or("RFC 7644 section 3.4.1."),
    get("read him with a choice of content types", "/Users/{{ida}}")
        .headers(&[("Accept", Header::Is("application/scim+json;q=0.9, application/json;q=0.1"))])
        .must(&[text("id", "{{ida}}")])
        .or("RFC 7644 section 3.1."),
    get("read some attributes", "/Users/{{ida}}?attributes=userName,name.familyName")
        .must(&[
            text("id", "{{ida}}"),
            text("userName", "{{p}}-ida@example.com"),
            text("name.familyName", "Falk"),
            nothing("name.givenName"),
            nothing("emails"),
        ])
        .or("RFC 7644 section 3.9: attributes."),
    get("read all but some attributes", "/Users/{{ida}}?excludedAttributes=emails")
        .must(&[text("userName", "{{p}}-ida@example.com"), nothing("emails")])
        .or("RFC 7644 section 3.9: excludedAttributes."),
    get("read a user that nobody is", "/Users/{{uuid2}}")
        .wants(&[404])
        .must(&[ERROR, text("status", "404")])
        .or("RFC 7644 section 3.12."),
    get("filter: eq, names in any case", "/Users?filter=USERNAME%20EQ%20%22{{p}}-ida%40example.com%22")
        .must(&[LIST, number("totalResults", 1), text("Resources.0.id", "{{ida}}")])
        .needs(Feature::Filter)
        .or("RFC 7644 section 3.4.2.2: attribute names and operators have no case."),
    get("filter: externalId is caseExact", "/Users?filter=externalId%20eq%20%22{{p}}-IDA%22")
        .must(&[number("totalResults", 0)])
        .needs(Feature::Filter)
        .or("RFC 7643 section 3.1: externalId is caseExact.")
        .warns(),
    get(
        "filter: and, or, not, sw, co, pr",
        "/Users?filter=title%20sw%20%22Welder%20{{p}}%22%20and%20%28displayName%20co%20%22Ida%22%20or%20displayName%20eq%20%22x%22%29%20and%20not%20%28active%20eq%20false%29%20and%20emails%20pr",
    )
    .must(&[number("totalResults", 1), text("Resources.0.id", "{{ida}}")])
    .needs(Feature::Filter)
    .or("RFC 7644 section 3.4.2.2."),
    get(
        "filter: a complex one",
        "/Users?filter=emails%5Btype%20eq%20%22work%22%20and%20value%20co%20%22{{p}}-ida%22%5D",
    )
    .must(&[number("totalResults", 1), text("Resources.0.id", "{{ida}}")])
    .needs(Feature::Filter)
    .or("RFC 7644 section 3.4.2.2: complex attribute filter grouping."),
    get(
        "filter: a URN and a time",
        "/Users?filter=urn:ietf:params:scim:schemas:core:2.0:User:userName%20sw%20%22{{p}}-ida%22%20and%20meta.lastModified%20gt%20%222011-05-13T04:42:34Z%22",
    )
    .must(&[number("totalResults", 1)])
    .needs(Feature::Filter)
    .or("RFC 7644 sections 3.4.2.2 and 3.10."),
    get("a filter that is none", "/Users?filter=userName%20eq")
        .wants(&[400])
        .must(&[ERROR])
        .should(&[text("scimType", "invalidFilter")])
        .needs(Feature::Filter)
        .or("RFC 7644 section 3.4.2.2: invalidFilter; a server that answers with everybody makes clients change the wrong users."),
    post(
        "search by POST",
        "/Users/.search",
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"externalId eq \"{{p}}-Ida\"","attributes":["userName"],"startIndex":1,"count":10}"#,
    )
    .wants(&[200])
    .must(&[number("totalResults", 1), text("Resources.0.userName", "{{p}}-ida@example.com"), nothing("Resources.0.externalId")])
    .or("RFC 7644 section 3.4.3.")
    .warns(),
    get("count 0", "/Users?count=0")
        .must(&[at("totalResults", Want::AtLeast(2)), nothing("Resources")])
        .or("RFC 7644 section 3.4.2.4: count 0 gives no resources, only the total."),
    get("startIndex 0", "/Users?startIndex=0&count=1")
        .must(&[at("Resources.#", Want::AtMost(1))])
        .should(&[number("startIndex", 1)])
        .or("RFC 7644 section 3.4.2.4: less than 1 is 1."),
    get(
        "sort",
        "/Users?filter=title%20eq%20%22Welder%20{{p}}%22&sortBy=userName&sortOrder=ascending",
    )
    .must(&[number("totalResults", 2), text("Resources.0.id", "{{abe}}"), text("Resources.1.id", "{{ida}}")])
    .needs(Feature::Sort)
    .or("RFC 7644 section 3.4.2.3."),
    put(
        "replace the user",
        "/Users/{{ida}}",
        r#"{"schemas":["{{User}}"],"id":"{{abe}}","externalId":"{{p}}-Ida","userName":"{{p}}-ida@example.com","name":{"givenName":"Ida","familyName":"Falk-Lund"},"displayName":"{{p}} Ida","active":true,"emails":[{"type":"work","value":"{{p}}-ida@example.com","primary":true}]}"#,
    )
    .must(&[
        text("id", "{{ida}}").or("RFC 7643 section 2.2: readOnly attributes in a PUT are ignored."),
        text("name.familyName", "Falk-Lund"),
        nothing("title").or("RFC 7644 section 3.5.1: what a PUT leaves out is cleared."),
    ])
    .or("RFC 7644 section 3.5.1."),
    put("replace a user that nobody is", "/Users/{{uuid2}}", r#"{"schemas":["{{User}}"],"userName":"{{p}}-none"}"#)
        .wants(&[404])
        .or("RFC 7644 section 3.5.1: PUT makes no resources."),
    put("replace by a stale version", "/Users/{{ida}}", r#"{"schemas":["{{User}}"],"userName":"{{p}}-ida@example.com","displayName":"{{p}} Stale"}"#)
        .headers(&[("If-Match", Header::Is("W/\"scimd-probe\""))])
        .wants(&[412])
        .needs(Feature::Etag)
        .or("RFC 7644 section 3.14: a stale If-Match is 412; changes of others are overwritten."),
    patch(
        "PATCH: add, replace, remove",
        "/Users/{{ida}}",
        r#"[{"op":"add","path":"title","value":"Fitter"},{"op":"replace","path":"name.givenName","value":"Ida Maria"},{"op":"remove","path":"name.familyName"},{"op":"add","value":{"nickName":"Idi"}}]"#,
    )
    .needs(Feature::Patch)
    .or("RFC 7644 section 3.5.2."),
    get("it is done", "/Users/{{ida}}")
        .must(&[
            text("title", "Fitter"),
            text("name.givenName", "Ida Maria"),
            nothing("name.familyName"),
            text("nickName", "Idi"),
        ])
        .needs(Feature::Patch)
        .or("RFC 7644 section 3.5.2."),
    patch(
        "PATCH: a new primary value",
        "/Users/{{ida}}",
        r#"[{"op":"add","path":"emails","value":[{"type":"home","value":"{{p}}-home@example.com","primary":true}]}]"#,
    )
    .needs(Feature::Patch)
    .or("RFC 7644 section 3.5.2.1."),
    get("the old one is primary no more", "/Users/{{ida}}")
        .must(&[number("emails.#", 2), is("emails[type=home].primary", true), at("emails[type=work].primary", Want::Untrue)])
        .needs(Feature::Patch)
        .or("RFC 7644 section 3.5.2: the server sets primary of the others to false."),
    patch(
        "PATCH: by filters in paths",
        "/Users/{{ida}}",
        r#"[{"op":"replace","path":"emails[type eq \"home\"].value","value":"{{p}}-den@example.com"},{"op":"remove","path":"emails[type eq \"work\"]"}]"#,
    )
    .needs(Feature::Patch)
    .or("RFC 7644 section 3.5.2."),
    get("only one is left", "/Users/{{ida}}")
        .must(&[number("emails.#", 1), text("emails.0.value", "{{p}}-den@example.com")])
        .needs(Feature::Patch)
        .or("RFC 7644 section 3.5.2.2."),
    patch(
        "PATCH: the second operation fails",
        "/Users/{{ida}}",
        r#"[{"op":"replace","path":"title","value":"Turner"},{"op":"replace","path":"noSuchAttribute.deep[","value":"x"}]"#,
    )
    .wants(&[400])
    .must(&[ERROR])
    .needs(Feature::Patch)
    .or("RFC 7644 section 3.5.2: invalidPath."),
    get("nothing is done", "/Users/{{ida}}")
        .must(&[text("title", "Fitter")])
        .needs(Feature::Patch)
        .or("RFC 7644 section 3.5.2: a PATCH is atomic."),
    patch(
        "PATCH: replace what is not there",
        "/Users/{{ida}}",
        r#"[{"op":"replace","path":"addresses[type eq \"work\"].country","value":"NO"}]"#,
    )
    .wants(&[400])
    .should(&[text("scimType", "noTarget")])
    .needs(Feature::Patch)
    .or("RFC 7644 section 3.5.2.3: noTarget; Entra relies on the opposite.")
    .warns(),
    patch("PATCH: the id", "/Users/{{ida}}", r#"[{"op":"replace","path":"id","value":"{{uuid1}}"}]"#)
        .wants(&[400, 200, 204])
        .needs(Feature::Patch)
        .or("RFC 7644 section 3.5.2: mutability."),
    get("it is the same", "/Users/{{ida}}").must(&[text("id", "{{ida}}")]).or("RFC 7643 section 3.1: an id never changes."),
    patch("PATCH: a user that nobody is", "/Users/{{uuid2}}", r#"[{"op":"replace","path":"title","value":"x"}]"#)
        .wants(&[404])
        .needs(Feature::Patch)
        .or("RFC 7644 section 3.12."),
    post(
        "create a group",
        "/Groups",
        r#"{"schemas":["{{Group}}"],"externalId":"{{p}}-choir","displayName":"{{p}} Choir","members":[{"value":"{{ida}}"}]}"#,
    )
    .saves("choir")
    .must(&[schema("{{Group}}"), text("displayName", "{{p}} Choir"), text("meta.resourceType", "Group")])
    .or("RFC 7643 section 4.2."),
    get("a group in a filter", "/Groups?filter=members.value%20eq%20%22{{ida}}%22%20and%20displayName%20eq%20%22{{p}}%20Choir%22")
        .must(&[number("totalResults", 1)])
        .needs(Feature::Filter)
        .or("RFC 7644 section 3.4.2.2.")
        .warns(),
    get("a user's groups", "/Users/{{ida}}")
        .must(&[text("groups[value={{choir}}].value", "{{choir}}")])
        .or("RFC 7643 section 4.1.2: groups shows memberships.")
        .warns(),
    patch(
        "PATCH: members, one of them twice",
        "/Groups/{{choir}}",
        r#"[{"op":"add","path":"members","value":[{"value":"{{abe}}"},{"value":"{{ida}}"}]}]"#,
    )
    .needs(Feature::Patch)
    .or("RFC 7644 section 3.5.2.1."),
    get("each is in it once", "/Groups/{{choir}}")
        .must(&[number("members.#", 2)])
        .needs(Feature::Patch)
        .or("RFC 7644 section 3.5.2.1: a value that is there is not added again."),
    patch("PATCH: one member out", "/Groups/{{choir}}", r#"[{"op":"remove","path":"members[value eq \"{{ida}}\"]"}]"#)
        .needs(Feature::Patch)
        .or("RFC 7644 section 3.5.2.2."),
    get("the other one is in it", "/Groups/{{choir}}")
        .must(&[number("members.#", 1), text("members.0.value", "{{abe}}")])
        .needs(Feature::Patch)
        .or("RFC 7644 section 3.5.2.2."),
    put("replace the group", "/Groups/{{choir}}", r#"{"schemas":["{{Group}}"],"displayName":"{{p}} Choir East","members":[]}"#)
        .must(&[text("displayName", "{{p}} Choir East"), nothing("members"), nothing("externalId")])
        .or("RFC 7644 section 3.5.1."),
    delete("delete the group", "/Groups/{{choir}}").or("RFC 7644 section 3.6."),
    delete("delete the user", "/Users/{{ida}}").or("RFC 7644 section 3.6."),
    get("he is gone", "/Users/{{ida}}").wants(&[404]).must(&[ERROR]).or("RFC 7644 section 3.6."),
    delete("delete him again", "/Users/{{ida}}").wants(&[404]).or("RFC 7644 section 3.6."),
    post("create him again", "/Users", r#"{"schemas":["{{User}}"],"userName":"{{p}}-ida@example.com"}"#)
        .saves("again")
        .or("RFC 7644 section 3.6: what is deleted does not count for conflicts."),
    delete("and delete him", "/Users/{{again}}").or("RFC 7644 section 3.6."),
];
