//! What an attribute is: the types that parsing, validating, filtering, patching and `/Schemas` read, and the schemas
//! that every tenant has. The rows are in the tables below this module, one row an attribute; schemas that a tenant
//! defines at run time are values of the same types. It knows nothing of JSON, resources or storage.

use std::sync::{Arc, LazyLock};

pub mod definition;
pub mod types;

mod common;
mod enterprise;
mod group;
mod provider;
mod row;
mod user;

/// The URN of the User schema (RFC 7643 section 4.1).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The URN of the Group schema (RFC 7643 section 4.2).
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The URN of the enterprise extension of User (RFC 7643 section 4.3).
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The URN of the service provider's configuration (RFC 7643 section 5).
pub const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// The URN of a resource type's description (RFC 7643 section 6).
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// The URN of a schema's description (RFC 7643 section 7).
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// The URN of a list answer (RFC 7644 section 3.4.2).
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The URN of a search sent as POST (RFC 7644 section 3.4.3).
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The URN of a PATCH body (RFC 7644 section 3.5.2).
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The URN of a bulk request (RFC 7644 section 3.7).
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The URN of a bulk answer (RFC 7644 section 3.7).
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// The URN of an error answer (RFC 7644 section 3.12).
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The data type of an attribute (RFC 7643 section 2.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Unicode text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A number with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// An xsd:dateTime.
    DateTime,
    /// Base64 text.
    Binary,
    /// A URI.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

/// Who may change an attribute, and when (RFC 7643 section 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutability {
    /// Only the server.
    ReadOnly,
    /// The client, at any time.
    ReadWrite,
    /// The client, once.
    Immutable,
    /// The client, and nobody reads it.
    WriteOnly,
}

/// When an attribute is part of an answer (RFC 7643 section 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Returned {
    /// In every answer, whatever the client asked for.
    Always,
    /// In none.
    Never,
    /// Unless the client asked for other attributes or excluded it.
    Default,
    /// Only when the client names it.
    Request,
}

/// Within what bounds two resources may not share a value (RFC 7643 section 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Uniqueness {
    /// Values may repeat.
    None,
    /// No two resources of the tenant share the value.
    Server,
    /// No two resources anywhere share the value; enforced as [`Uniqueness::Server`].
    Global,
}

/// One attribute or sub-attribute with all its characteristics (RFC 7643 sections 2.2 and 7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// The name as published; compared without regard to ASCII case.
    pub name: String,
    /// The data type.
    pub kind: Kind,
    /// Whether the value is an array.
    pub multi_valued: bool,
    /// For people; may be empty.
    pub description: String,
    /// Whether a resource without it is refused.
    pub required: bool,
    /// Suggested values; others are accepted.
    pub canonical_values: Vec<String>,
    /// Whether upper and lower case differ in comparisons.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is part of an answer.
    pub returned: Returned,
    /// Whether its values may repeat.
    pub uniqueness: Uniqueness,
    /// What a reference may point to: resource type names, `external` or `uri`.
    pub reference_types: Vec<String>,
    /// The parts of a complex attribute.
    pub sub_attributes: Vec<Attribute>,
    /// scimd's own: an index entry is kept for it (for a complex attribute: for its `value`).
    pub indexed: bool,
    /// scimd's own: the number of that index within the resource type; `None` while the schema is of no type.
    pub index_code: Option<u8>,
}

/// A set of attributes under one URN (RFC 7643 section 7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schema {
    /// The URN; compared without regard to ASCII case.
    pub id: String,
    /// For people: `User`.
    pub name: String,
    /// For people; may be empty.
    pub description: String,
    /// The attributes in the order of answers.
    pub attributes: Vec<Attribute>,
}

/// A schema that extends a resource type (RFC 7643 section 3.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Extension {
    /// The extending schema.
    pub schema: Arc<Schema>,
    /// Whether a resource without the extension is refused.
    pub required: bool,
    /// scimd's own: the number by which stored records say that they have the extension, below 32.
    pub bit: u8,
}

/// A kind of resource with its endpoint and schemas (RFC 7643 section 6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceType {
    /// The id under `/ResourceTypes`; the same as `name`.
    pub id: String,
    /// The name in `meta.resourceType`.
    pub name: String,
    /// The path below the base URL, with its slash: `/Users`.
    pub endpoint: String,
    /// For people; may be empty.
    pub description: String,
    /// The core schema.
    pub schema: Arc<Schema>,
    /// The extensions in the order of answers.
    pub extensions: Vec<Extension>,
    /// scimd's own: the number of the type in the store.
    pub code: u8,
}

impl Attribute {
    /// The sub-attribute of this name, ASCII case aside.
    pub fn sub(&self, name: &str) -> Option<&Attribute> {
        named(&self.sub_attributes, name)
    }

    /// Whether it is complex with a `value`, which is what a bare value in a filter or PATCH then means
    /// (RFC 7643 section 2.4).
    pub fn has_value_sub(&self) -> bool {
        self.kind == Kind::Complex && self.sub("value").is_some()
    }
}

impl Schema {
    /// The attribute of this name, ASCII case aside. Common attributes are in no schema.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        named(&self.attributes, name)
    }
}

impl ResourceType {
    /// The common attribute of this name, ASCII case aside: `schemas`, `id`, `externalId` or `meta`.
    pub fn common(name: &str) -> Option<&'static Attribute> {
        named(common(), name)
    }

    /// The attribute of the core schema, or else the common attribute, of this name, ASCII case aside. Common
    /// attributes come first: RFC 7643 section 3.1 gives them precedence over a schema that lists its own.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        ResourceType::common(name).or_else(|| self.schema.attribute(name))
    }

    /// The extension whose schema has this URN, ASCII case aside.
    pub fn extension(&self, urn: &str) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.schema.id.eq_ignore_ascii_case(urn))
    }
}

/// The attributes that every resource has and no schema lists (RFC 7643 sections 3 and 3.1), in the order of answers:
/// `schemas`, `id`, `externalId`, `meta`.
pub fn common() -> &'static [Attribute] {
    static COMMON: LazyLock<Vec<Attribute>> = LazyLock::new(|| row::attributes(common::ATTRIBUTES));
    &COMMON
}

/// The resource type User with the enterprise extension.
pub fn user() -> &'static Arc<ResourceType> {
    static USER_TYPE: LazyLock<Arc<ResourceType>> = LazyLock::new(|| {
        Arc::new(ResourceType {
            id: "User".to_owned(),
            name: "User".to_owned(),
            endpoint: "/Users".to_owned(),
            description: "User Account".to_owned(),
            schema: schema(USER, "User", "User Account", user::ATTRIBUTES),
            extensions: vec![Extension {
                schema: schema(ENTERPRISE_USER, "EnterpriseUser", "Enterprise User", enterprise::ATTRIBUTES),
                required: false,
                bit: 0,
            }],
            code: 1,
        })
    });
    &USER_TYPE
}

/// The resource type Group.
pub fn group() -> &'static Arc<ResourceType> {
    static GROUP_TYPE: LazyLock<Arc<ResourceType>> = LazyLock::new(|| {
        Arc::new(ResourceType {
            id: "Group".to_owned(),
            name: "Group".to_owned(),
            endpoint: "/Groups".to_owned(),
            description: "Group".to_owned(),
            schema: schema(GROUP, "Group", "Group", group::ATTRIBUTES),
            extensions: Vec::new(),
            code: 2,
        })
    });
    &GROUP_TYPE
}

/// The schemas of the discovery documents themselves (RFC 7643 section 8.7.2): ServiceProviderConfig, ResourceType and
/// Schema.
pub fn provider() -> &'static [Arc<Schema>] {
    static PROVIDER: LazyLock<[Arc<Schema>; 3]> = LazyLock::new(|| {
        [
            // Section 8.7.2 names it "Service Provider Configuration"; clients look for the resource's own name, which
            // the two other schemas have.
            schema(
                SERVICE_PROVIDER_CONFIG,
                "ServiceProviderConfig",
                "Schema for representing the service provider's configuration",
                provider::SERVICE_PROVIDER_CONFIG,
            ),
            schema(
                RESOURCE_TYPE,
                "ResourceType",
                "Specifies the schema that describes a SCIM resource type",
                provider::RESOURCE_TYPE,
            ),
            schema(SCHEMA, "Schema", "Specifies the schema that describes a SCIM schema", provider::SCHEMA),
        ]
    });
    &*PROVIDER
}

fn schema(id: &str, name: &str, description: &str, rows: &[row::Row]) -> Arc<Schema> {
    Arc::new(Schema {
        id: id.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        attributes: row::attributes(rows),
    })
}

fn named<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
