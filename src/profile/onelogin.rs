//! OneLogin's "SCIM Provisioner with SAML" applications, SCIM 2.0. It does not know what the administrator wrote in the JSON template
//! that becomes the body, nor the exact PATCH of a group, which no primary page shows: both are taken in any form. SCIM 1.1, which
//! OneLogin also has, is refused by the core.
//!
//! Sources:
//! - `[N]` <https://developers.onelogin.com/scim/implement-scim-api> and github:onelogin/onelogin-scim-node
//! - `[T]` <https://www.livingsecurity.com/migration/support/configuring-scim-for-onelogin>, a template
//! - `[K]` <https://doc.keepnetlabs.com/…/onelogin-scim-integration>, another template

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What OneLogin sends, or may send. Filters are known: `userName` and a quoted value, and users are updated by PUT.
pub const DIALECT: Dialect = Dialect {
    name: "onelogin",
    title: "OneLogin",
    // OneLogin 2 [N]: Patch Group is listed, its body not shown.
    op_case: Accept,
    // OneLogin 4 [T, K]: `"active": "{$user.active}"`.
    boolean_as_string: Accept,
    // OneLogin 4 [T, K]: the template is free JSON.
    scalar_as_array: Accept,
    // OneLogin 4 [T, K]: the template is free JSON.
    array_as_scalar: Accept,
    // OneLogin 4 [T, K]: the template is free JSON; OneLogin 2 [N]: Patch Group is not shown.
    complex_as_scalar: Accept,
    create_on_filtered_path: Refuse,
    // OneLogin 4 [T, K]: the template is free JSON.
    dotted_key: Accept,
    // OneLogin 4 [T, K]: the template is free JSON.
    urn_key: Accept,
    // OneLogin 4 [T, K]: the template is free JSON.
    unqualified_extension: Accept,
    // OneLogin 4 [T, K]: `"id": null` in bodies; OneLogin 2 [N]: Patch Group is listed, its body not shown.
    read_only_in_value: Accept,
    // OneLogin 2 [N]: Patch Group is listed, its body not shown.
    remove_with_value: Accept,
    // OneLogin 4 [T, K]: `manager.managerId`.
    unknown_attribute: Accept,
    // OneLogin 4 [T, K]: the template is free JSON.
    unknown_schema: Accept,
    unknown_member: Refuse,
    schema_alias: Refuse,
    // OneLogin 4 [T, K]: the template is free JSON, and is known to leave URNs out of `schemas`.
    missing_schemas: Accept,
    // OneLogin 2 [N]: Patch Group is listed, its body not shown.
    unknown_message_member: Accept,
    unquoted_literal: Refuse,
    value_path_sub_attribute: Refuse,
    // OneLogin 4 [T]: parameters that are not set become `""`, whole addresses of them.
    empty_string: Accept,
    // Inferred: RFC 9110 section 12.5.1 lets a server disregard Accept, and a 406 would stop the synchronisation.
    unaccepted_media: Accept,
    schema_aliases: &[],
    // OneLogin 6 [N]: the sample server answers `name_already_exists`.
    unique_group_names: true,
    unique_external_ids: false,
    members_in_answers: true,
    // Inferred: clients with a closed model of the document (PyPI scim2-models) refuse an attribute that RFC 7643 does not have.
    announces_async: false,
    refused: Quirks::NONE,
};
