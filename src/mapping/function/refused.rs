//! Functions that Entra has and scimd has not, each with the reason. Nothing else is known of them.

/// Why there is no function of this name, if Entra has one.
pub(super) fn why(name: &str) -> Option<String> {
    let (name, why) = REFUSED.iter().find(|(refused, _)| refused.eq_ignore_ascii_case(name))?;
    Some(format!("{name} is not supported: {why}"))
}

const RANDOM: &str = "it gives another value each time, and what is stored must follow from what was sent";
const ROLES: &str = "it reads the app role assignments of Entra's own directory, which are not part of what is sent; \
     use [roles], which Entra fills when it provisions";

/// The names, each with the reason.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("Guid", RANDOM),
    ("RandomString", RANDOM),
    ("AppRoleAssignments", ROLES),
    ("AppRoleAssignmentsComplex", ROLES),
    ("SingleAppRoleAssignment", ROLES),
    (
        "SelectUniqueValue",
        "an expression does not see other resources; what must be unique is refused with 409 when it is not",
    ),
];
