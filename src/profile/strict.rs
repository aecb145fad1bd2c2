//! The RFCs and nothing else, for a provider that follows them and for testing one. It does not know any provider.

use crate::scim::dialect::Stance::Refuse;
use crate::scim::dialect::{Dialect, Quirks};

/// Refuses every quirk. What a client echoes of readOnly attributes in a POST or PUT is ignored, as RFC 7644 sections 3.3 and 3.5.1 ask.
pub const DIALECT: Dialect = Dialect {
    name: "strict",
    title: "Strict (RFC 7643 and RFC 7644)",
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
    unknown_attribute: Refuse,
    unknown_schema: Refuse,
    unknown_member: Refuse,
    schema_alias: Refuse,
    missing_schemas: Refuse,
    unknown_message_member: Refuse,
    unquoted_literal: Refuse,
    value_path_sub_attribute: Refuse,
    empty_string: Refuse,
    unaccepted_media: Refuse,
    schema_aliases: &[],
    unique_group_names: false,
    unique_external_ids: false,
    members_in_answers: true,
    announces_async: true,
    refused: Quirks::NONE,
};
