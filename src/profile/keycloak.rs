//! Keycloak with the libre.sh extension; Keycloak by itself pushes nothing. It does not know whether `user-patchOp` and
//! `group-patchOp` are switched on.
//!
//! Sources:
//! - `[X]` github:mitodl/keycloak-scim src/main/java/sh/libre/scim/core (UserAdapter.java, GroupAdapter.java)
//! - `[SDK]` github:Captain-P-Goldfish/SCIM-SDK, the client that it is built on

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What the extension sends: its source is open, and but for these it writes as the RFC does.
pub const DIALECT: Dialect = Dialect {
    name: "keycloak",
    title: "Keycloak",
    op_case: Refuse,
    // Keycloak 3 [X]: with `user-patchOp`, `active` is `"true"` or `"false"`.
    boolean_as_string: Accept,
    // Keycloak 3 [SDK]: older releases write `"value": ["false"]`.
    scalar_as_array: Accept,
    array_as_scalar: Refuse,
    complex_as_scalar: Refuse,
    create_on_filtered_path: Refuse,
    dotted_key: Refuse,
    urn_key: Refuse,
    unqualified_extension: Refuse,
    read_only_in_value: Refuse,
    remove_with_value: Refuse,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_attribute: Accept,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_schema: Accept,
    unknown_member: Refuse,
    schema_alias: Refuse,
    missing_schemas: Refuse,
    unknown_message_member: Refuse,
    unquoted_literal: Refuse,
    value_path_sub_attribute: Refuse,
    empty_string: Refuse,
    // Inferred: RFC 9110 section 12.5.1 lets a server disregard Accept, and a 406 would stop the synchronisation.
    unaccepted_media: Accept,
    schema_aliases: &[],
    unique_group_names: false,
    unique_external_ids: false,
    members_in_answers: true,
    // Inferred: clients with a closed model of the document (PyPI scim2-models) refuse an attribute that RFC 7643 does not have.
    announces_async: false,
    refused: Quirks::NONE,
};
