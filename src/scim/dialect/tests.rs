//! Two dialects for the tests of the core: one that takes everything, one that takes the RFC only.

use super::Stance::{Accept, Refuse};
use super::{Dialect, Quirk, Reading, Stance};

const fn dialect(name: &'static str, all: Stance, aliases: &'static [(&'static str, &'static str)]) -> Dialect {
    Dialect {
        name,
        title: name,
        op_case: all,
        boolean_as_string: all,
        scalar_as_array: all,
        array_as_scalar: all,
        complex_as_scalar: all,
        create_on_filtered_path: all,
        dotted_key: all,
        urn_key: all,
        unqualified_extension: all,
        read_only_in_value: all,
        remove_with_value: all,
        unknown_attribute: all,
        unknown_schema: all,
        unknown_member: all,
        missing_schemas: all,
        unknown_message_member: all,
        unquoted_literal: all,
        value_path_sub_attribute: all,
        empty_string: all,
        schema_aliases: aliases,
        unique_group_names: false,
        unique_external_ids: false,
        members_in_answers: true,
    }
}

const ALIASES: &[(&str, &str)] =
    &[("urn:ietf:params:scim:schemas:extension:enterprise:2.0User", crate::scim::schema::ENTERPRISE_USER)];

pub(crate) static LENIENT: Dialect = dialect("lenient", Accept, ALIASES);
pub(crate) static STRICT: Dialect = dialect("strict", Refuse, &[]);

#[test]
fn what_is_allowed_is_remembered_by_its_name() {
    let mut reading = Reading::new(&LENIENT);
    assert!(reading.used.is_empty());
    assert!(reading.allows(Quirk::OpCase) && reading.allows(Quirk::EmptyString));
    assert_eq!(reading.used.names().collect::<Vec<_>>(), ["op_case", "empty_string"]);
    let mut reading = Reading::new(&STRICT);
    assert!(Quirk::ALL.into_iter().all(|quirk| !reading.allows(quirk)));
    assert!(reading.used.is_empty());
}
