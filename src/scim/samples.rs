//! What several tests of the core need: the two dialects at the ends, and a resource type with every kind of attribute.
//! It knows nothing of any identity provider.

use super::dialect::{Dialect, Quirks, Stance};
use super::schema::{
    Attribute, ENTERPRISE_USER, Extension, Kind, Mutability, ResourceType, Returned, Schema, Uniqueness,
};
use proptest::prelude::*;
use serde_json::Value;
use std::sync::Arc;

/// The misspelt URN of Entra's second example.
pub(crate) const MISSPELT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User";

/// Takes every quirk.
pub(crate) const TOLERANT: Dialect =
    Dialect { schema_aliases: &[(MISSPELT, ENTERPRISE_USER)], ..all("tolerant", Stance::Accept) };

/// Takes none.
pub(crate) const STRICT: Dialect = all("strict", Stance::Refuse);

const fn all(name: &'static str, stance: Stance) -> Dialect {
    Dialect {
        name,
        title: name,
        op_case: stance,
        boolean_as_string: stance,
        scalar_as_array: stance,
        array_as_scalar: stance,
        complex_as_scalar: stance,
        create_on_filtered_path: stance,
        dotted_key: stance,
        urn_key: stance,
        unqualified_extension: stance,
        read_only_in_value: stance,
        remove_with_value: stance,
        unknown_attribute: stance,
        unknown_schema: stance,
        unknown_member: stance,
        schema_alias: stance,
        missing_schemas: stance,
        unknown_message_member: stance,
        unquoted_literal: stance,
        value_path_sub_attribute: stance,
        empty_string: stance,
        unaccepted_media: stance,
        schema_aliases: &[],
        unique_group_names: false,
        unique_external_ids: false,
        members_in_answers: true,
        announces_async: false,
        refused: Quirks::NONE,
    }
}

/// The URN of [`gadget`]'s schema.
pub(crate) const GADGET: &str = "urn:example:params:scim:schemas:1.0:Gadget";
/// The URN of [`gadget`]'s extension.
pub(crate) const WARRANTY: &str = "urn:example:params:scim:schemas:extension:1.0:Warranty";

/// A resource type as a tenant could define one, with what User and Group do not have.
pub(crate) fn gadget() -> ResourceType {
    let part = |name: &str, kind: Kind| attribute(name, kind);
    let parts = Attribute {
        multi_valued: true,
        sub_attributes: vec![
            Attribute { required: true, ..part("value", Kind::String) },
            part("type", Kind::String),
            part("count", Kind::Integer),
            part("primary", Kind::Boolean),
            Attribute { mutability: Mutability::ReadOnly, ..part("owner", Kind::String) },
            Attribute { returned: Returned::Never, ..part("key", Kind::String) },
        ],
        ..part("parts", Kind::Complex)
    };
    let attributes = vec![
        Attribute { required: true, ..attribute("label", Kind::String) },
        Attribute { mutability: Mutability::Immutable, case_exact: true, ..attribute("serial", Kind::String) },
        attribute("level", Kind::Integer),
        attribute("ratio", Kind::Decimal),
        attribute("madeAt", Kind::DateTime),
        attribute("image", Kind::Binary),
        attribute("page", Kind::Reference),
        Attribute { multi_valued: true, required: true, ..attribute("tags", Kind::String) },
        Attribute { returned: Returned::Request, ..attribute("note", Kind::String) },
        Attribute { mutability: Mutability::ReadOnly, ..attribute("state", Kind::String) },
        parts,
    ];
    let warranty = vec![
        Attribute { required: true, ..attribute("number", Kind::String) },
        attribute("until", Kind::DateTime),
        Attribute { mutability: Mutability::ReadOnly, ..attribute("status", Kind::String) },
    ];
    ResourceType {
        id: "Gadget".to_owned(),
        name: "Gadget".to_owned(),
        endpoint: "/Gadgets".to_owned(),
        description: String::new(),
        schema: schema(GADGET, "Gadget", attributes),
        extensions: vec![Extension { schema: schema(WARRANTY, "Warranty", warranty), required: false, bit: 0 }],
        code: 3,
    }
}

/// Any JSON at all.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["", " ", "x", "work", "True", "2026-01-01T00:00:00Z"]).prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any_name(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// The name of an attribute, mostly.
pub(crate) fn any_name() -> impl Strategy<Value = String> {
    let names = [
        "userName",
        "externalId",
        "title",
        "active",
        "name",
        "givenName",
        "name.familyName",
        "emails",
        "value",
        "Type",
        "primary",
        "addresses",
        "x509Certificates",
        "schemas",
        "id",
        "groups",
        "manager",
        "department",
        "password",
        "urn:x:y",
        ENTERPRISE_USER,
    ];
    prop_oneof![9 => prop::sample::select(names.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,6}"]
}

fn schema(id: &str, name: &str, attributes: Vec<Attribute>) -> Arc<Schema> {
    Arc::new(Schema { id: id.to_owned(), name: name.to_owned(), description: String::new(), attributes })
}

fn attribute(name: &str, kind: Kind) -> Attribute {
    Attribute {
        name: name.to_owned(),
        kind,
        multi_valued: false,
        description: String::new(),
        required: false,
        canonical_values: Vec::new(),
        case_exact: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Default,
        uniqueness: Uniqueness::None,
        reference_types: Vec::new(),
        sub_attributes: Vec::new(),
        indexed: false,
        index_code: None,
    }
}
