//! Google Workspace. It cannot push to a server of one's own: users come through a bridge that reads the Directory API and writes
//! SCIM. It does not know that bridge, which is expected to write as the RFC does.
//!
//! Sources:
//! - `[W]` <https://support.google.com/a/answer/7681608>
//! - `[D]` <https://developers.google.com/admin-sdk/directory/reference/rest/v1/users/list>

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What a bridge from the Directory API sends.
pub const DIALECT: Dialect = Dialect {
    name: "google",
    title: "Google Workspace",
    op_case: Refuse,
    boolean_as_string: Refuse,
    scalar_as_array: Refuse,
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
