//! AWS. IAM Identity Center pushes nothing; ssosync is the client that speaks the dialect of its SCIM endpoint. It does not know how
//! that client was pointed here, which takes a fork of it.
//!
//! Source:
//! - `[SS]` github:awslabs/ssosync internal/aws/client.go and internal/interfaces/schema.go

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What ssosync sends: its source is open, and but for these it writes as the RFC does.
pub const DIALECT: Dialect = Dialect {
    name: "aws",
    title: "AWS IAM Identity Center (ssosync)",
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
    // AWS [SS]: members are removed by a list.
    remove_with_value: Accept,
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
    // AWS [SS, schema.go]: it decodes `members` as strings, and member objects break it. AWS never answers with members.
    members_in_answers: false,
    // Inferred: clients with a closed model of the document (PyPI scim2-models) refuse an attribute that RFC 7643 does not have.
    announces_async: false,
    refused: Quirks::NONE,
};
