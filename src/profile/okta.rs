//! Okta, both kinds of integration: those of its wizard (PUT) and those of its catalogue (PATCH). It does not know the on-premises
//! agent, which speaks SCIM 1.1.
//!
//! Sources:
//! - `[O]` <https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20>
//! - `[G]` github:jelhub/scimgateway issue 113

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What Okta sends. Its documentation shows the bodies: but for these, as in the RFC.
pub const DIALECT: Dialect = Dialect {
    name: "okta",
    title: "Okta",
    op_case: Refuse,
    boolean_as_string: Refuse,
    scalar_as_array: Refuse,
    array_as_scalar: Refuse,
    complex_as_scalar: Refuse,
    create_on_filtered_path: Refuse,
    dotted_key: Refuse,
    urn_key: Refuse,
    unqualified_extension: Refuse,
    // Okta 8 [O, G]: a rename and every push of a group have `id` in the value.
    read_only_in_value: Accept,
    remove_with_value: Refuse,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_attribute: Accept,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_schema: Accept,
    unknown_member: Refuse,
    schema_alias: Refuse,
    // Okta 6 [G]: the PATCH of `active` without `schemas`.
    missing_schemas: Accept,
    unknown_message_member: Refuse,
    unquoted_literal: Refuse,
    // Inferred from Okta 2 [O]: another unique attribute than `userName` can be configured.
    value_path_sub_attribute: Accept,
    // Okta 5 [O]: `"middleName": ""`.
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
