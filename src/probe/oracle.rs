//! Oracle IDCS and OCI IAM identity domains, the "GenericScim" application templates: users only, updated by PUT.
//!
//! Sources:
//! - `[T]` <https://docs.oracle.com/en-us/iaas/Content/Identity/scim/add-application-using-generic-scim-app-template.htm>
//! - `[U]` <https://docs.public.content.oci.oraclecloud.com/en-us/iaas/Content/Identity/scim/supported-operations.htm>
//! - `[B]` <https://docs.oracle.com/en-us/iaas/Content/Identity/api-getstarted/OCISRequestBody.htm>

use super::step::{Cycle, LIST, Media, Step, Want, at, delete, get, is, number, post, put, text};

/// What Oracle does. Groups are not described \[U\].
pub const CYCLE: Cycle = Cycle {
    name: "oracle",
    title: "Oracle",
    headers: &[("Accept", "application/scim+json, application/json")],
    media: Media::Any,
    unauthorized: "Test Connectivity fails, and provisioning cannot be activated.",
    broken: "The provisioning job fails for the user, and the next synchronisation tries again.",
    steps: STEPS,
};

const SYNC: &str = "Synchronisation matches the wrong users or misses some, and makes accounts twice.";
const UPDATE: &str = "Changes in Oracle do not arrive.";

const STEPS: &[Step] = &[
    get("test connectivity: list users", "/Users?startIndex=1&count=1")
        .must(&[LIST, at("totalResults", Want::SomeNumber)])
        .or("Test Connectivity fails, and provisioning cannot be activated."),
    post(
        "create the user",
        "/Users",
        r#"{"schemas":["{{User}}"],"userName":"{{p}}-odd@example.com","active":true,"name":{"givenName":"Odd","familyName":"Berg","formatted":"Odd Berg"},"displayName":"{{p}} Odd Berg","emails":[{"value":"{{p}}-odd@example.com","type":"work","primary":true}]}"#,
    )
    .saves("odd")
    .must(&[text("userName", "{{p}}-odd@example.com")])
    .or("Oracle cannot create accounts."),
    // [B]: attributes that only Oracle has.
    post(
        "create a user with Oracle's own attributes",
        "/Users",
        r#"{"schemas":["{{User}}","urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User"],"userName":"{{p}}-una@example.com","active":true,"name":{"familyName":"Una"},"ocid":"ocid1.user.oc1..{{p}}","emails":[{"value":"{{p}}-una@example.com","type":"work","primary":true,"verified":true,"secondary":false},{"value":"{{p}}-una2@example.com","type":"recovery"}],"urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User":{"isFederatedUser":false}}"#,
    )
    .saves("una")
    .or("A template that maps Oracle's own attributes is refused; take them out of the mapping.")
    .warns(),
    get("synchronise: list all users", "/Users").must(&[LIST, at("totalResults", Want::AtLeast(1))]).or(SYNC),
    get("synchronise: a page of some attributes", "/Users?startIndex=1&count=1&attributes=userName,emails,active")
        .must(&[number("itemsPerPage", 1), at("Resources.0.userName", Want::SomeText), at("Resources.0.id", Want::SomeText)])
        .or(SYNC),
    get("read the user", "/Users/{{odd}}").must(&[text("id", "{{odd}}")]).or(UPDATE),
    put(
        "update him",
        "/Users/{{odd}}",
        r#"{"schemas":["{{User}}"],"id":"{{odd}}","userName":"{{p}}-odd@example.com","active":true,"name":{"givenName":"Odd","familyName":"Bergset","formatted":"Odd Bergset"},"displayName":"{{p}} Odd Bergset","emails":[{"value":"{{p}}-odd@example.com","type":"work","primary":true}]}"#,
    )
    .must(&[text("name.familyName", "Bergset")])
    .or(UPDATE),
    put(
        "deactivate him",
        "/Users/{{odd}}",
        r#"{"schemas":["{{User}}"],"id":"{{odd}}","userName":"{{p}}-odd@example.com","active":false,"name":{"givenName":"Odd","familyName":"Bergset"},"displayName":"{{p}} Odd Bergset"}"#,
    )
    .must(&[is("active", false)])
    .or("Whoever is deactivated in Oracle keeps his access."),
    put(
        "activate and rename him",
        "/Users/{{odd}}",
        r#"{"schemas":["{{User}}"],"id":"{{odd}}","userName":"{{p}}-odd.bergset@example.com","active":true,"name":{"givenName":"Odd","familyName":"Bergset"},"displayName":"{{p}} Odd Bergset"}"#,
    )
    .must(&[is("active", true), text("userName", "{{p}}-odd.bergset@example.com")])
    .or(UPDATE),
    delete("delete him", "/Users/{{odd}}").or("Accounts that Oracle removes stay."),
    get("he is gone", "/Users/{{odd}}").wants(&[404]).or(SYNC),
];
