//! The attributes of every resource (RFC 7643 sections 3 and 3.1), which no schema lists.

use super::row::{Row, complex, date_time, reference, string};
use super::{Returned, Uniqueness};

pub(super) const ATTRIBUTES: &[Row] = &[
    // URNs are compared without regard to case, hence not caseExact.
    reference("schemas", &["uri"], "The URNs of the schemas whose attributes the resource has.")
        .multi_valued()
        .required()
        .returned(Returned::Always),
    // Not required of a client, who must not send it; the server always assigns it.
    string("id", "The server's unique identifier of the resource.")
        .case_exact()
        .read_only()
        .returned(Returned::Always)
        .unique(Uniqueness::Server),
    string("externalId", "The provisioning client's identifier of the resource.").case_exact().indexed(2),
    complex("meta", META, "What the server records about the resource.").read_only(),
];

const META: &[Row] = &[
    string("resourceType", "The name of the resource type.").case_exact().read_only(),
    date_time("created", "When the resource was added.").read_only(),
    date_time("lastModified", "When the resource was last changed.").read_only(),
    reference("location", &["uri"], "The URI of the resource.").case_exact().read_only(),
    string("version", "The entity tag of the resource.").case_exact().read_only(),
];
