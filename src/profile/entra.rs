//! Microsoft Entra ID, with and without the `aadOptscim062020` flag: on-demand provisioning does not honour the flag, so that one
//! tenant sends both dialects. It does not know which of the two a request is.
//!
//! Sources:
//! - `[S1]` <https://learn.microsoft.com/en-us/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups>
//! - `[S2]` <https://learn.microsoft.com/en-us/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility>
//! - `[S3]` <https://learn.microsoft.com/en-us/entra/identity/app-provisioning/customize-application-attributes>
//! - `[V]` the SCIM Validator's results, github:pranems/SCIMServer docs/archive/SCIM_VALIDATOR_FALSE_POSITIVES_REPORT.md
//! - `[REF]` github:AzureAD/SCIMReferenceCode PostmanCollection.json and Microsoft.SCIM.PlaywrightTests/json

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What Entra ID sends. Every body names its schemas (Entra 11), and no value without a path holds `id` or `meta` (Entra 17).
pub const DIALECT: Dialect = Dialect {
    name: "entra",
    title: "Microsoft Entra ID",
    // Entra 14 [S1]: `Add`, `Replace`, `Remove`; with the flag in lower case.
    op_case: Accept,
    // Entra 13 [S2]: `active` is `"False"` without the flag; Entra 20 [S3]: `roles[primary eq "True"]`.
    boolean_as_string: Accept,
    // Entra 18 [S1, example 5]: `manager` is a list of one.
    scalar_as_array: Accept,
    // Entra 26 [REF, patch_add_junk_user_group.json]: the value of `add members` is one id.
    array_as_scalar: Accept,
    // Entra 18 (github:Captain-P-Goldfish/SCIM-SDK issue 686): `manager` is an id; Entra 26 [REF]: so are members.
    complex_as_scalar: Accept,
    // Entra 15 [S1, the mapping table]: `emails[type eq "work"].value` makes the e-mail.
    create_on_filtered_path: Accept,
    // Entra 17 [S2]: `"name.givenName"`, with the flag.
    dotted_key: Accept,
    // Entra 17 [S2]: `"urn:…:User:employeeNumber"`, with the flag.
    urn_key: Accept,
    // Entra 18 [S1, example 5]: the path `manager`; Entra 11 [S1, example 2]: `department` at the top; Entra 19: in filters.
    unqualified_extension: Accept,
    read_only_in_value: Refuse,
    // Entra 26 [S2]: members are removed by a list without the flag.
    remove_with_value: Accept,
    // Entra 16 [S3]: the administrator maps attributes of custom schemas; Entra 26 [REF]: extra keys in members.
    unknown_attribute: Accept,
    // Entra 24 [S1]: `http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group`.
    unknown_schema: Accept,
    unknown_member: Refuse,
    // Entra 11 [S1, example 2]: the URN of the enterprise extension without its last colon.
    schema_alias: Accept,
    missing_schemas: Refuse,
    // Entra 26 [REF]: `name` in an operation, `id` beside `Operations`.
    unknown_message_member: Accept,
    // Entra 3 [S1]: the documentation writes `filter=externalId eq jyoung`; that the service does is unproven.
    unquoted_literal: Accept,
    // Entra 2 and 4 [S1, S3]: the matching attribute may be `emails[type eq "work"].value`.
    value_path_sub_attribute: Accept,
    // Inferred from Entra 18 [V]: after a removal the manager must be gone, not `""`.
    empty_string: Accept,
    // Inferred: RFC 9110 section 12.5.1 lets a server disregard Accept, and a 406 would stop the synchronisation.
    unaccepted_media: Accept,
    // Entra 11 [S1, example 2]: the URN of the enterprise extension without its last colon.
    schema_aliases: &[(
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    )],
    // Entra 25 [S1, V]: the POST of a second group with the same `displayName` must be 409.
    unique_group_names: true,
    unique_external_ids: false,
    members_in_answers: true,
    // Inferred: clients with a closed model of the document (PyPI scim2-models) refuse an attribute that RFC 7643 does not have.
    announces_async: false,
    refused: Quirks::NONE,
};
