//! authentik, in its default vendor mode. It does not know what the administrator's property mappings add.
//!
//! Sources:
//! - `[C]` github:goauthentik/authentik authentik/providers/scim/clients (users.py, groups.py) and authentik/providers/scim/tests
//! - `[I]` github:goauthentik/authentik issues 16455 and 16677

use crate::scim::dialect::Stance::{Accept, Refuse};
use crate::scim::dialect::{Dialect, Quirks};

/// What authentik sends: its source is open, and but for these it writes as the RFC does.
pub const DIALECT: Dialect = Dialect {
    name: "authentik",
    title: "authentik",
    op_case: Refuse,
    boolean_as_string: Refuse,
    scalar_as_array: Refuse,
    array_as_scalar: Refuse,
    complex_as_scalar: Refuse,
    create_on_filtered_path: Refuse,
    dotted_key: Refuse,
    urn_key: Refuse,
    unqualified_extension: Refuse,
    // authentik 4 [C, groups.py]: a group is patched with the whole of it, `id` and `schemas` too.
    read_only_in_value: Accept,
    // authentik 4 [C, groups.py]: members are removed by a list.
    remove_with_value: Accept,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_attribute: Accept,
    // No source shows one; what an administrator maps beyond the schemas is dropped, not failed on.
    unknown_schema: Accept,
    unknown_member: Refuse,
    schema_alias: Refuse,
    // authentik 2 [C, test_membership.py]: older releases send users without `schemas`.
    missing_schemas: Accept,
    unknown_message_member: Refuse,
    // authentik 3 [I]: `filter=userName+eq+akadmin` after a 409; a 400 here blocks the sync.
    unquoted_literal: Accept,
    value_path_sub_attribute: Refuse,
    // authentik 2 [C, users.py]: the parts of `name` are `""`.
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
