//! The SCIM provisioner of PingFederate, and PingOne. It does not know the bodies, which no page shows: they are taken in any form.
//! Users are replaced by PUT and never patched.
//!
//! Sources:
//! - `[F]` <https://docs.pingidentity.com/integrations/scim/pf_scim_connector.html>
//! - `[R]` <https://docs.pingidentity.com/integrations/scim/setup/pf_scim_connector_scim_connector_settings_reference.html>

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What Ping sends, or may send.
pub const DIALECT: Dialect = Dialect {
    name: "ping",
    title: "PingFederate and PingOne",
    // Ping 3 [F]: PATCH of groups is an option; its body is not shown.
    op_case: Accept,
    // Ping 3 [F]: bodies are not shown.
    boolean_as_string: Accept,
    // Ping 3 [F]: bodies are not shown.
    scalar_as_array: Accept,
    // Ping 3 [F]: bodies are not shown.
    array_as_scalar: Accept,
    // Ping 3 [F]: bodies are not shown.
    complex_as_scalar: Accept,
    create_on_filtered_path: Refuse,
    // Ping 3 [F]: bodies are not shown.
    dotted_key: Accept,
    // Ping 3 [F]: bodies are not shown.
    urn_key: Accept,
    // Ping 3 [F]: bodies are not shown.
    unqualified_extension: Accept,
    // Ping 3 [F]: PATCH of groups is an option; its body is not shown.
    read_only_in_value: Accept,
    // Ping 3 [F]: PATCH of groups is an option; its body is not shown.
    remove_with_value: Accept,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_attribute: Accept,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_schema: Accept,
    unknown_member: Refuse,
    schema_alias: Refuse,
    // Ping 3 [F]: bodies are not shown.
    missing_schemas: Accept,
    // Ping 3 [F]: PATCH of groups is an option; its body is not shown.
    unknown_message_member: Accept,
    // Ping 2 [R]: the match filter `userName eq <v>`; whether it is quoted on the wire is not documented.
    unquoted_literal: Accept,
    // Ping 2 [R]: the administrator may write any filter expression.
    value_path_sub_attribute: Accept,
    // Ping 3 [F]: bodies are not shown.
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
