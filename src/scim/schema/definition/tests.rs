//! Definitions that are taken, and those that are refused with the place of what is wrong.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::scim::schema;

#[test]
fn the_rfc_s_own_schemas_are_definitions() {
    let enterprise = &schema::user().extension(schema::ENTERPRISE_USER).unwrap().schema;
    for known in [&schema::user().schema, &schema::group().schema, enterprise] {
        let mut read = schema(&schema_json(known)).unwrap();
        for (read, known) in read.attributes.iter_mut().zip(&known.attributes) {
            assert_eq!(read.index_code, None);
            read.index_code = known.index_code;
        }
        assert_eq!(&read, &**known);
    }
}

#[test]
fn what_is_left_out_has_the_default_of_its_type() {
    let read = schema(&json!({
        "id": "urn:example:x", "name": "X",
        "attributes": [
            {"name": "plain"},
            {"name": "link", "type": "reference"},
            {"name": "secret", "mutability": "writeOnly"},
            {"name": "unique", "uniqueness": "global"},
        ],
    }))
    .unwrap();
    let [plain, link, secret, unique] = &read.attributes[..] else { panic!("four attributes") };
    assert!(plain.kind == Kind::String && !plain.required && !plain.case_exact && !plain.indexed);
    assert!(link.case_exact, "a reference is case exact (RFC 7643 section 2.3.7)");
    assert_eq!(secret.returned, Returned::Never);
    assert!(unique.indexed);
}

fn attribute_wrong(attribute: Value) -> Vec<String> {
    let definition = json!({"id": "urn:example:x", "name": "X", "attributes": [attribute]});
    schema(&definition).unwrap_err()
}

#[test]
fn attributes_that_cannot_be() {
    let sub = |attribute: Value| json!({"name": "a", "type": "complex", "subAttributes": [attribute]});
    for (attribute, wrong) in [
        (json!("a"), "'attributes[0]' must be a JSON object"),
        (json!({"type": "string"}), "'attributes[0].name' is required"),
        (json!({"name": "1a"}), "'attributes[0].name' must be a letter"),
        (json!({"name": "Not"}), "'attributes[0].name' is a word of filters"),
        (json!({"name": "a.b"}), "'attributes[0].name' must be a letter"),
        (json!({"name": "$ref"}), "'attributes[0].name' must be a letter"),
        (json!({"name": "a".repeat(129)}), "'attributes[0].name' must be a letter"),
        (json!({"name": "ID"}), "'attributes' has 'ID', which every resource has already"),
        (json!({"name": "externalId"}), "'attributes' has 'externalId'"),
        (json!({"name": "a", "type": "text"}), "'attributes[0].type' is 'text'; it must be one of string, boolean"),
        (json!({"name": "a", "type": "String"}), "'attributes[0].type' is 'String'"),
        (json!({"name": "a", "multivalued": true}), "'attributes[0].multivalued' is not known"),
        (json!({"name": "a", "required": "true"}), "'attributes[0].required' must be true or false"),
        (json!({"name": "a", "mutability": "no"}), "'attributes[0].mutability' is 'no'"),
        (json!({"name": "a", "returned": "no"}), "'attributes[0].returned' is 'no'"),
        (json!({"name": "a", "uniqueness": "tenant"}), "'attributes[0].uniqueness' is 'tenant'"),
        (json!({"name": "a", "canonicalValues": ["x", "x"]}), "'attributes[0].canonicalValues' has 'x' twice"),
        (json!({"name": "a", "canonicalValues": "x"}), "'attributes[0].canonicalValues' must be an array"),
        (
            json!({"name": "a", "type": "integer", "canonicalValues": ["1"]}),
            "'attributes[0].canonicalValues' are for text",
        ),
        (json!({"name": "a", "referenceTypes": ["User"]}), "'attributes[0].referenceTypes' are for the type reference"),
        (
            json!({"name": "a", "subAttributes": [{"name": "b"}]}),
            "'attributes[0].subAttributes' are for the type complex",
        ),
        (json!({"name": "a", "type": "complex"}), "'attributes[0].subAttributes' must be an array with an attribute"),
        (
            json!({"name": "a", "mutability": "writeOnly", "returned": "default"}),
            "'attributes[0].returned' must be never",
        ),
        (json!({"name": "a", "mutability": "readOnly", "required": true}), "'attributes[0].required' cannot be true"),
        (json!({"name": "a", "returned": "never", "required": true}), "'attributes[0].required' cannot be true"),
        (json!({"name": "a", "returned": "never", "uniqueness": "server"}), "'attributes[0].uniqueness' must be none"),
        (json!({"name": "a", "type": "boolean", "uniqueness": "server"}), "'attributes[0].uniqueness' must be none"),
        (json!({"name": "a", "type": "dateTime", "uniqueness": "server"}), "'attributes[0].uniqueness' must be none"),
        (json!({"name": "a", "type": "binary", "uniqueness": "server"}), "'attributes[0].uniqueness' must be none"),
        (json!({"name": "a", "type": "boolean", "x-scimd-indexed": true}), "'attributes[0].x-scimd-indexed' is for"),
        (sub(json!({"name": "b", "type": "complex"})), "'attributes[0].subAttributes[0].type' cannot be complex"),
        (sub(json!({"name": "b", "subAttributes": []})), "'attributes[0].subAttributes[0].subAttributes' are for"),
        (sub(json!({"name": "b", "uniqueness": "server"})), "'attributes[0].subAttributes[0].uniqueness' must be none"),
        (sub(json!({"name": "b", "x-scimd-indexed": true})), "'attributes[0].subAttributes[0].x-scimd-indexed' is for"),
        (
            json!({"name": "a", "type": "complex", "x-scimd-indexed": true, "subAttributes": [{"name": "b"}]}),
            "'attributes[0].x-scimd-indexed' is for",
        ),
    ] {
        let found = attribute_wrong(attribute.clone());
        assert!(found.iter().any(|found| found.starts_with(wrong)), "{attribute}: {found:?}");
    }
}

#[test]
fn schemas_that_cannot_be() {
    let with = |name: &str, value: Value| {
        let mut definition = json!({"id": "urn:example:x", "name": "X", "attributes": [{"name": "a"}]});
        definition.as_object_mut().unwrap().insert(name.to_owned(), value);
        definition
    };
    let twice = json!([{"name": "a"}, {"name": "A"}]);
    let many: Vec<Value> = (0..=limits::SCHEMA_ATTRIBUTES_MAX).map(|n| json!({"name": format!("a{n}")})).collect();
    for (definition, wrong) in [
        (json!([]), "it must be a JSON object"),
        (with("id", Value::Null), "'id' is required"),
        (with("id", json!("example:x")), "'id' must be a URN"),
        (with("id", json!("URN:example:x")), "'id' must be a URN"),
        (with("id", json!("urn:x:y")), "'id' must be a URN"),
        (with("id", json!("urn:example:")), "'id' must be a URN"),
        (with("id", json!("urn:example:x:")), "'id' must be a URN"),
        (with("id", json!("urn:example:a[b]")), "'id' must be a URN"),
        (with("id", json!("urn:example:a b")), "'id' must be a URN"),
        (with("name", json!(" ")), "'name' is required"),
        (with("description", json!(1)), "'description' must be a string"),
        (with("attributes", json!([])), "'attributes' must be an array with an attribute"),
        (with("attributes", twice), "'attributes' has 'A' twice"),
        (with("attributes", json!(many)), "'attributes' has more than 500 attributes"),
        (with("atributes", json!([])), "'atributes' is not known"),
    ] {
        let found = schema(&definition).unwrap_err();
        assert!(found.iter().any(|found| found.starts_with(wrong)), "{definition}: {found:?}");
    }
}

#[test]
fn resource_types_that_cannot_be() {
    let with = |name: &str, value: Value| {
        let mut definition = json!({"name": "Device", "endpoint": "/Devices", "schema": "urn:example:x"});
        assert!(resource_type(&definition).is_ok());
        definition.as_object_mut().unwrap().insert(name.to_owned(), value);
        definition
    };
    let extension = |value: Value| with("schemaExtensions", json!([value]));
    for (definition, wrong) in [
        (with("name", json!("a b")), "'name' must be a letter"),
        (with("name", json!("")), "'name' is required"),
        (with("id", json!("Other")), "'id' is 'Other'"),
        (with("endpoint", json!("Devices")), "'endpoint' must be '/'"),
        (with("endpoint", json!("/a/b")), "'endpoint' must be '/'"),
        (with("endpoint", json!("/.search")), "'endpoint' must be '/'"),
        (with("endpoint", json!("/")), "'endpoint' must be '/'"),
        (with("schema", Value::Null), "'schema' is required"),
        (with("extensions", json!([])), "'extensions' is not known"),
        (with("schemaExtensions", json!({})), "'schemaExtensions' must be an array"),
        (extension(json!("urn:example:y")), "'schemaExtensions[0]' must be a JSON object"),
        (extension(json!({"required": true})), "'schemaExtensions[0].schema' is required"),
        (extension(json!({"schema": "urn:example:y", "required": 1})), "'schemaExtensions[0].required' must be"),
        (
            with("schemaExtensions", json!([{"schema": "urn:example:y"}, {"schema": "URN:EXAMPLE:Y"}])),
            "'schemaExtensions[1].schema' comes twice",
        ),
    ] {
        let found = resource_type(&definition).unwrap_err();
        assert!(found.iter().any(|found| found.starts_with(wrong)), "{definition}: {found:?}");
    }
}
