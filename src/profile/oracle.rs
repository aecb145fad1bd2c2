//! The GenericScim templates of Oracle's application catalogue (IDCS, OCI IAM identity domains). It does not know the bodies: the
//! pages list operations on users (POST, GET, PUT, DELETE) and say nothing of groups, filters and PATCH, so that all forms are taken.
//!
//! Sources:
//! - `[A]` <https://docs.public.content.oci.oraclecloud.com/en-us/iaas/Content/Identity/scim/supported-operations.htm>
//! - `[B]` <https://docs.public.content.oci.oraclecloud.com/en-us/iaas/Content/Identity/api-getstarted/OCISRequestBody.htm>

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What the GenericScim templates may send.
pub const DIALECT: Dialect = Dialect {
    name: "oracle",
    title: "Oracle Identity Cloud Service and OCI IAM",
    // Oracle 2 [A]: whether and how groups are changed is not described.
    op_case: Accept,
    // Oracle 2 [A]: bodies are not shown.
    boolean_as_string: Accept,
    // Oracle 2 [A]: bodies are not shown.
    scalar_as_array: Accept,
    // Oracle 2 [A]: bodies are not shown.
    array_as_scalar: Accept,
    // Oracle 2 [A]: bodies are not shown.
    complex_as_scalar: Accept,
    // Oracle 2 [A]: PUT is documented, PATCH neither shown nor ruled out.
    create_on_filtered_path: Accept,
    // Oracle 2 [A]: bodies are not shown.
    dotted_key: Accept,
    // Oracle 2 [A]: bodies are not shown.
    urn_key: Accept,
    // Oracle 2 [A]: bodies are not shown.
    unqualified_extension: Accept,
    // Oracle 2 [A]: PATCH is neither shown nor ruled out.
    read_only_in_value: Accept,
    // Oracle 2 [A]: whether and how groups are changed is not described.
    remove_with_value: Accept,
    // Oracle 4 [B]: `ocid`, `emails[].verified`, `emails[].secondary`.
    unknown_attribute: Accept,
    // Oracle 4 [B]: `urn:ietf:params:scim:schemas:oracle:idcs:extension:…`.
    unknown_schema: Accept,
    // No source shows the wire: members that are deleted meanwhile are left out, not failed on.
    unknown_member: Accept,
    schema_alias: Refuse,
    // Oracle 2 [A]: bodies are not shown.
    missing_schemas: Accept,
    // Oracle 2 [A]: PATCH is neither shown nor ruled out.
    unknown_message_member: Accept,
    // Oracle 3 [A]: users are listed and matched; filters are neither shown nor ruled out.
    unquoted_literal: Accept,
    // Oracle 3 [A]: users are listed and matched; filters are neither shown nor ruled out.
    value_path_sub_attribute: Accept,
    // Oracle 2 [A]: bodies are not shown.
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
