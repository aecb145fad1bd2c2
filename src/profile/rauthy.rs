//! rauthy. It does not know which custom attributes the administrator mapped.
//!
//! Sources:
//! - `[E]` github:sebadob/rauthy src/data/src/entity/clients_scim.rs and scim_types.rs
//! - `[B]` github:sebadob/rauthy book/src/work/scim.md

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What rauthy sends: its source is open, and but for these it writes as the RFC does.
pub const DIALECT: Dialect = Dialect {
    name: "rauthy",
    title: "rauthy",
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
    // rauthy 4 [E]: members are removed by a list.
    remove_with_value: Accept,
    // rauthy 2 [E, B]: a `custom` object, when attributes are mapped.
    unknown_attribute: Accept,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_schema: Accept,
    unknown_member: Refuse,
    schema_alias: Refuse,
    missing_schemas: Refuse,
    unknown_message_member: Refuse,
    unquoted_literal: Refuse,
    value_path_sub_attribute: Refuse,
    // rauthy 2 [E]: `"familyName": ""`.
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
