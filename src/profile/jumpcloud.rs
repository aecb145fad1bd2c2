//! JumpCloud's Custom SCIM. It does not know the bodies: the pages tell what is provisioned, and not even by which verb, so that
//! all forms are taken.
//!
//! Sources:
//! - `[C]` <https://jumpcloud.com/support/provision-and-manage-users-and-groups-in-apps-using-custom-scim-identity-management-integration>
//! - `[U]` <https://app.uni-moni.com/en/kb/sso-setup-jumpcloud>, a third party's report
//! - `[P]` <https://jumpcloud.com/wp-json/wp/v2/support/85119> and 76256

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What JumpCloud sends, or may send.
pub const DIALECT: Dialect = Dialect {
    name: "jumpcloud",
    title: "JumpCloud",
    // JumpCloud [C]: operations are not shown.
    op_case: Accept,
    // JumpCloud [C]: bodies are not shown.
    boolean_as_string: Accept,
    // JumpCloud [C]: bodies are not shown.
    scalar_as_array: Accept,
    // JumpCloud [C]: bodies are not shown.
    array_as_scalar: Accept,
    // JumpCloud [C]: bodies are not shown.
    complex_as_scalar: Accept,
    // JumpCloud [C]: the verb of an update is not documented.
    create_on_filtered_path: Accept,
    // JumpCloud [C]: bodies are not shown.
    dotted_key: Accept,
    // JumpCloud [C]: bodies are not shown.
    urn_key: Accept,
    // JumpCloud [C]: bodies are not shown.
    unqualified_extension: Accept,
    // JumpCloud [C]: the verb of an update is not documented.
    read_only_in_value: Accept,
    // JumpCloud [U]: members are removed by a list.
    remove_with_value: Accept,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_attribute: Accept,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_schema: Accept,
    // No source shows the wire: members that are deleted meanwhile are left out, not failed on.
    unknown_member: Accept,
    schema_alias: Refuse,
    // JumpCloud [C]: bodies are not shown.
    missing_schemas: Accept,
    // JumpCloud [C]: operations are not shown.
    unknown_message_member: Accept,
    // JumpCloud [C]: filters are not shown.
    unquoted_literal: Accept,
    // JumpCloud [C]: filters are not shown.
    value_path_sub_attribute: Accept,
    // JumpCloud [C]: bodies are not shown.
    empty_string: Accept,
    // Inferred: RFC 9110 section 12.5.1 lets a server disregard Accept, and a 406 would stop the synchronisation.
    unaccepted_media: Accept,
    schema_aliases: &[],
    // JumpCloud [P]: an existing group with the same name is taken over, so there is one of a name.
    unique_group_names: true,
    unique_external_ids: false,
    members_in_answers: true,
    // Inferred: clients with a closed model of the document (PyPI scim2-models) refuse an attribute that RFC 7643 does not have.
    announces_async: false,
    refused: Quirks::NONE,
};
