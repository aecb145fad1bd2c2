//! The default: whatever any identity provider is known to send is taken as it was meant. It does not know which provider speaks.
//!
//! The answers cite the provider that forced them; its own file has the address of the source.

use crate::scim::dialect::Stance::Accept;
use crate::scim::dialect::{Dialect, Quirks};

/// Every dialect at once, for a provider without a profile of its own.
pub const DIALECT: Dialect = Dialect {
    name: "custom",
    title: "Custom (tolerant)",
    // Entra 14: `Add`, `Replace`, `Remove`.
    op_case: Accept,
    // Entra 13: `"False"`; Keycloak 3 and OneLogin 4: `"false"`.
    boolean_as_string: Accept,
    // Keycloak 3: `["false"]`; Entra 18: `manager` as a list of one.
    scalar_as_array: Accept,
    // Entra 26: the value of `Add members` is one id.
    array_as_scalar: Accept,
    // Entra 18 and 26: `manager` and members as bare ids.
    complex_as_scalar: Accept,
    // Entra 15: `emails[type eq "work"].value` on a user without e-mails. The RFC would answer noTarget.
    create_on_filtered_path: Accept,
    // Entra 17: `"name.givenName"` in a value without a path.
    dotted_key: Accept,
    // Entra 17: `"urn:…:User:employeeNumber"` in a value without a path.
    urn_key: Accept,
    // Entra 11, 18 and 19: `department` and `manager` at the top.
    unqualified_extension: Accept,
    // Okta 8 and authentik 4: `id` in a value without a path.
    read_only_in_value: Accept,
    // Entra 26, authentik 4, rauthy 4, ssosync and JumpCloud: `remove members` with the members to remove.
    remove_with_value: Accept,
    // OneLogin 4, Oracle 4 and rauthy 2: attributes that an administrator mapped and no schema here has.
    unknown_attribute: Accept,
    // Entra 24: the ADSCIM group schema; Oracle 4: the IDCS extensions.
    unknown_schema: Accept,
    // Generic clients (scim-sanity) name members that nobody is or that are deleted: left out, and told in the log.
    unknown_member: Accept,
    // Entra 11: the second documented example leaves a colon out.
    schema_alias: Accept,
    // Okta 6 (PATCH) and authentik 2 (POST of older releases).
    missing_schemas: Accept,
    // Entra 26: `name` in an operation, `id` beside `Operations`.
    unknown_message_member: Accept,
    // Entra 3, authentik 3 and Ping 2; scripts of the Databricks kind also quote with apostrophes.
    unquoted_literal: Accept,
    // Entra 4: `emails[type eq "work"].value eq "x"`.
    value_path_sub_attribute: Accept,
    // OneLogin 4, Okta 5, authentik 2 and rauthy 2: `""` for what the user does not have.
    empty_string: Accept,
    // Inferred: RFC 9110 section 12.5.1 lets a server disregard Accept, and a 406 would stop the synchronisation.
    unaccepted_media: Accept,
    // Entra 11: the second documented example leaves a colon out.
    schema_aliases: &[(
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    )],
    // Entra 25: a duplicate group name must be 409. The RFC does not ask for it.
    unique_group_names: true,
    unique_external_ids: false,
    members_in_answers: true,
    // Inferred: clients with a closed model of the document (PyPI scim2-models) refuse an attribute that RFC 7643 does not have.
    announces_async: false,
    refused: Quirks::NONE,
};
