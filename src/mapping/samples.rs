//! Resources for the tests of the mapping language: of the type User with an extension that has the attributes of Entra's reference.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::scim::schema::{Attribute, Extension, Kind, Mutability, ResourceType, Returned, Schema, Uniqueness, user};
use serde_json::{Map, Value};
use std::sync::Arc;

/// 2021-07-02T15:33:38Z, the reference's example of `Now`.
pub(super) const NOW_MS: i64 = 1_625_240_018_000;

const URN: &str = "urn:example:entra";

const TEXTS: &[&str] = &[
    "userPrincipalName",
    "mail",
    "mailNickname",
    "objectId",
    "givenName",
    "surname",
    "country",
    "state",
    "companyName",
    "mobile",
    "telephoneNumber",
    "extensionAttribute1",
    "extensionAttribute5",
    "firstName",
    "lastName",
    "prefix",
    "activeFlag",
    "statusFlag",
    "BusinessTitle",
    "UserID",
    "AddressLineData",
    "StatusHireDate",
    "ContractEndDate",
    "endDate",
    "directManager",
    "skiplevelManager",
    "director",
    "PreferredFirstName",
    "PreferredLastName",
    "attribute1",
    "attribute2",
    "dn",
    "text",
];

/// The resource type.
pub(super) fn source() -> ResourceType {
    let mut attributes: Vec<Attribute> = TEXTS.iter().map(|name| attribute(name, Kind::String, false)).collect();
    attributes.push(attribute("flag", Kind::Boolean, false));
    attributes.push(attribute("number", Kind::Integer, false));
    attributes.push(attribute("ratio", Kind::Decimal, false));
    attributes.push(attribute("when", Kind::DateTime, false));
    attributes.push(attribute("proxyAddresses", Kind::String, true));
    attributes.push(attribute("numbers", Kind::Integer, true));
    let schema = Schema { id: URN.to_owned(), name: "Entra".to_owned(), description: String::new(), attributes };
    let mut source = (**user()).clone();
    source.extensions.push(Extension { schema: Arc::new(schema), required: false, bit: 9 });
    source
}

/// A resource with these attributes, given as a JSON object without regard to schemas.
pub(super) fn resource(source: &ResourceType, attributes: &str) -> Map<String, Value> {
    let attributes: Map<String, Value> = match attributes {
        "" => Map::new(),
        text => serde_json::from_str(text).expect(text),
    };
    let mut resource = Map::new();
    for (name, value) in attributes {
        let extension = source.extensions.iter().find(|extension| extension.schema.attribute(&name).is_some());
        match extension.filter(|_| source.attribute(&name).is_none()) {
            None => {
                resource.insert(name, value);
            }
            Some(extension) => {
                let part = resource.entry(extension.schema.id.clone()).or_insert_with(|| Value::Object(Map::new()));
                part.as_object_mut().unwrap().insert(name, value);
            }
        }
    }
    resource
}

fn attribute(name: &str, kind: Kind, multi_valued: bool) -> Attribute {
    Attribute {
        name: name.to_owned(),
        kind,
        multi_valued,
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
