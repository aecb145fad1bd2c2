//! The attributes of a Group (RFC 7643 sections 4.2 and 8.7.1).

use super::row::{Row, complex, reference, string};

pub(super) const ATTRIBUTES: &[Row] = &[
    // Section 4.2 and the description itself say REQUIRED while the JSON of section 8.7.1 says false. A group without
    // a name is of no use to anybody, and clients' own tables have it required too.
    string("displayName", "A human-readable name for the Group. REQUIRED.").required().indexed(4),
    complex("members", MEMBERS, "A list of members of the Group.").multi_valued(),
];

const MEMBERS: &[Row] = &[
    string("value", "Identifier of the member of this Group.").immutable(),
    reference("$ref", &["User", "Group"], "The URI corresponding to a SCIM resource that is a member of this Group.")
        .immutable(),
    string("type", "A label indicating the type of resource, e.g., 'User' or 'Group'.")
        .canonical(&["User", "Group"])
        .immutable(),
    // In section 2.4's sub-attributes of every multi-valued attribute, and in no member of section 8.7.1. A client may give
    // it with the member; otherwise, and when the member is renamed, it is the member's own name.
    string("display", "A human-readable name of the member.").immutable(),
];
