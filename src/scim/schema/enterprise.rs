//! The attributes of the enterprise extension of User (RFC 7643 sections 4.3 and 8.7.1).

use super::row::{Row, complex, reference, string};

pub(super) const ATTRIBUTES: &[Row] = &[
    string(
        "employeeNumber",
        "Numeric or alphanumeric identifier assigned to a person, typically based on order of hire or association with \
         an organization.",
    ),
    string("costCenter", "Identifies the name of a cost center."),
    string("organization", "Identifies the name of an organization."),
    string("division", "Identifies the name of a division."),
    string("department", "Identifies the name of a department."),
    complex(
        "manager",
        MANAGER,
        "The User's manager. A complex type that optionally allows service providers to represent organizational \
         hierarchy by referencing the 'id' attribute of another User.",
    ),
];

// Section 4.3 recommends `value` and `$ref`; the descriptions of section 8.7.1 call them REQUIRED beside
// `"required": false`. Identity providers send either alone, so neither is required.
const MANAGER: &[Row] = &[
    string("value", "The id of the SCIM resource representing the User's manager. RECOMMENDED."),
    reference("$ref", &["User"], "The URI of the SCIM resource representing the User's manager. RECOMMENDED."),
    string("displayName", "The displayName of the User's manager. OPTIONAL and READ-ONLY.").read_only(),
];
