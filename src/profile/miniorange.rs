//! miniOrange as the source, its application "SCIM Server (Destination)". It does not know the bodies, which are not published: they
//! are taken in any form.
//!
//! Source:
//! - `[H]` <https://www.miniorange.com/iam/content-library/admin-docs/how-to-add-scim-server-app>

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What miniOrange may send.
pub const DIALECT: Dialect = Dialect {
    name: "miniorange",
    title: "miniOrange",
    // miniOrange [H]: bodies are not published.
    op_case: Accept,
    // miniOrange [H]: bodies are not published.
    boolean_as_string: Accept,
    // miniOrange [H]: bodies are not published.
    scalar_as_array: Accept,
    // miniOrange [H]: bodies are not published.
    array_as_scalar: Accept,
    // miniOrange [H]: bodies are not published.
    complex_as_scalar: Accept,
    // miniOrange [H]: `emails[type eq "work"].value` is a required mapping.
    create_on_filtered_path: Accept,
    // miniOrange [H]: `name.givenName` and `name.familyName` are required mappings.
    dotted_key: Accept,
    // miniOrange [H]: bodies are not published.
    urn_key: Accept,
    // miniOrange [H]: bodies are not published.
    unqualified_extension: Accept,
    // miniOrange [H]: bodies are not published.
    read_only_in_value: Accept,
    // miniOrange [H]: membership has a toggle; how it is removed is not published.
    remove_with_value: Accept,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_attribute: Accept,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_schema: Accept,
    // No source shows the wire: members that are deleted meanwhile are left out, not failed on.
    unknown_member: Accept,
    schema_alias: Refuse,
    // miniOrange [H]: bodies are not published.
    missing_schemas: Accept,
    // miniOrange [H]: bodies are not published.
    unknown_message_member: Accept,
    // miniOrange [H]: filters are not published.
    unquoted_literal: Accept,
    // miniOrange [H]: filters are not published.
    value_path_sub_attribute: Accept,
    // miniOrange [H]: bodies are not published.
    empty_string: Accept,
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
