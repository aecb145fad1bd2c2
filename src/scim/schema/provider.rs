//! The attributes of the discovery documents themselves (RFC 7643 sections 5, 6, 7 and 8.7.2): ServiceProviderConfig,
//! ResourceType and Schema.
//!
//! The JSON of section 8.7.2 forgets some of what sections 5 to 7 define; a document of ours has no attribute that its
//! schema lacks, so `etag`, `authenticationSchemes.type`, its `primary` (of section 8.5) and the type `binary` are
//! here.

use super::row::{Row, boolean, complex, integer, reference, string};

pub(super) const SERVICE_PROVIDER_CONFIG: &[Row] = &[
    reference(
        "documentationUri",
        &["external"],
        "An HTTP-addressable URL pointing to the service provider's human-consumable help documentation.",
    )
    .read_only(),
    complex("patch", SUPPORTED, "A complex type that specifies PATCH configuration options.").required().read_only(),
    complex("bulk", BULK, "A complex type that specifies bulk configuration options.").required().read_only(),
    complex("filter", FILTER, "A complex type that specifies FILTER options.").required().read_only(),
    complex(
        "changePassword",
        SUPPORTED,
        "A complex type that specifies configuration options related to changing a password.",
    )
    .required()
    .read_only(),
    complex("sort", SUPPORTED, "A complex type that specifies sort result options.").required().read_only(),
    complex("etag", SUPPORTED, "A complex type that specifies ETag configuration options.").required().read_only(),
    // RFC 9865 section 4.
    complex("pagination", PAGINATION, "A complex type that indicates pagination configuration options.").read_only(),
    complex(
        "securityEvents",
        SECURITY_EVENTS,
        "A complex type that specifies the available capabilities related to asynchronous requests and security events.",
    )
    .read_only(),
    complex(
        "authenticationSchemes",
        AUTHENTICATION_SCHEMES,
        "A complex type that specifies supported authentication scheme properties.",
    )
    .multi_valued()
    .required()
    .read_only(),
];

const SUPPORTED_ROW: Row =
    boolean("supported", "A Boolean value specifying whether or not the operation is supported.")
        .required()
        .read_only();

const SUPPORTED: &[Row] = &[SUPPORTED_ROW];

const BULK: &[Row] = &[
    SUPPORTED_ROW,
    integer("maxOperations", "An integer value specifying the maximum number of operations.").required().read_only(),
    integer("maxPayloadSize", "An integer value specifying the maximum payload size in bytes.").required().read_only(),
];

const FILTER: &[Row] = &[
    SUPPORTED_ROW,
    integer("maxResults", "An integer value specifying the maximum number of resources returned in a response.")
        .required()
        .read_only(),
];

const PAGINATION: &[Row] = &[
    boolean("cursor", "A Boolean value specifying support of cursor-based pagination.").required().read_only(),
    boolean("index", "A Boolean value specifying support of index-based pagination.").required().read_only(),
    string(
        "defaultPaginationMethod",
        "A string value specifying the type of pagination that the service provider defaults to when the client has not \
         specified which method it wishes to use.",
    )
    .canonical(&["cursor", "index"])
    .read_only(),
    integer(
        "defaultPageSize",
        "Positive integer value specifying the default number of results returned in a page when a count is not \
         specified in the query.",
    )
    .read_only(),
    integer(
        "maxPageSize",
        "Positive integer specifying the maximum number of results returned in a page regardless of what is specified \
         for the count in a query.",
    )
    .read_only(),
    integer(
        "cursorTimeout",
        "Positive integer specifying the minimum number of seconds that a cursor is valid between page requests.",
    )
    .read_only(),
];

// draft-ietf-scim-events section 4.
const SECURITY_EVENTS: &[Row] = &[
    string(
        "asyncRequest",
        "Whether requests are completed asynchronously: 'none', 'long' (at the server's discretion) or 'request' (when the \
         client asks for it).",
    )
    .canonical(&["none", "long", "request"])
    .read_only(),
    string("eventUris", "The URIs of the security events that the server can generate and deliver.")
        .multi_valued()
        .read_only(),
];

const AUTHENTICATION_SCHEMES: &[Row] = &[
    string("type", "The authentication scheme.")
        .canonical(&["oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"])
        .required()
        .read_only(),
    string("name", "The common authentication scheme name, e.g., HTTP Basic.").required().read_only(),
    string("description", "A description of the authentication scheme.").required().read_only(),
    reference(
        "specUri",
        &["external"],
        "An HTTP-addressable URL pointing to the authentication scheme's specification.",
    )
    .read_only(),
    reference(
        "documentationUri",
        &["external"],
        "An HTTP-addressable URL pointing to the authentication scheme's usage documentation.",
    )
    .read_only(),
    boolean("primary", "A Boolean value indicating the preferred authentication scheme.").read_only(),
];

pub(super) const RESOURCE_TYPE: &[Row] = &[
    string("id", "The resource type's server unique id. May be the same as the 'name' attribute.").read_only(),
    string("name", "The resource type name. When applicable, service providers MUST specify the name, e.g., 'User'.")
        .required()
        .read_only(),
    string(
        "description",
        "The resource type's human-readable description. When applicable, service providers MUST specify the \
         description.",
    )
    .read_only(),
    reference(
        "endpoint",
        &["uri"],
        "The resource type's HTTP-addressable endpoint relative to the Base URL, e.g., '/Users'.",
    )
    .required()
    .read_only(),
    reference("schema", &["uri"], "The resource type's primary/base schema URI.").required().case_exact().read_only(),
    // A list, and optional, by section 6 and by every example; the JSON of section 8.7.2 has it singular and required.
    complex("schemaExtensions", SCHEMA_EXTENSIONS, "A list of URIs of the resource type's schema extensions.")
        .multi_valued()
        .read_only(),
];

const SCHEMA_EXTENSIONS: &[Row] = &[
    reference("schema", &["uri"], "The URI of a schema extension.").required().case_exact().read_only(),
    boolean(
        "required",
        "A Boolean value that specifies whether or not the schema extension is required for the resource type. If \
         true, a resource of this type MUST include this schema extension and also include any attributes declared as \
         required in this schema extension. If false, a resource of this type MAY omit this schema extension.",
    )
    .required()
    .read_only(),
];

pub(super) const SCHEMA: &[Row] = &[
    string("id", "The unique URI of the schema. When applicable, service providers MUST specify the URI.")
        .required()
        .read_only(),
    string(
        "name",
        "The schema's human-readable name. When applicable, service providers MUST specify the name, e.g., 'User'.",
    )
    .required()
    .read_only(),
    string(
        "description",
        "The schema's human-readable description. When applicable, service providers MUST specify the description.",
    )
    .read_only(),
    complex("attributes", ATTRIBUTES, "A complex attribute that includes the attributes of a schema.")
        .multi_valued()
        .required()
        .read_only(),
];

const ATTRIBUTES: &[Row] = &[
    NAME,
    TYPE,
    MULTI_VALUED,
    DESCRIPTION,
    REQUIRED,
    CANONICAL_VALUES,
    CASE_EXACT,
    MUTABILITY,
    RETURNED,
    UNIQUENESS,
    REFERENCE_TYPES,
    complex("subAttributes", SUB_ATTRIBUTES, "Used to define the sub-attributes of a complex attribute.")
        .multi_valued()
        .read_only(),
];

// Section 7 gives sub-attributes the same parts. The description ends at this level, as in section 8.7.2.
const SUB_ATTRIBUTES: &[Row] = &[
    NAME,
    TYPE,
    MULTI_VALUED,
    DESCRIPTION,
    REQUIRED,
    CANONICAL_VALUES,
    CASE_EXACT,
    MUTABILITY,
    RETURNED,
    UNIQUENESS,
    REFERENCE_TYPES,
];

const NAME: Row = string("name", "The attribute's name.").required().case_exact().read_only();

const TYPE: Row = string(
    "type",
    "The attribute's data type. Valid values include 'string', 'complex', 'boolean', 'decimal', 'integer', 'dateTime', \
     'reference', 'binary'.",
)
.canonical(&["string", "complex", "boolean", "decimal", "integer", "dateTime", "reference", "binary"])
.required()
.read_only();

const MULTI_VALUED: Row =
    boolean("multiValued", "A Boolean value indicating an attribute's plurality.").required().read_only();

const DESCRIPTION: Row =
    string("description", "A human-readable description of the attribute.").case_exact().read_only();

const REQUIRED: Row =
    boolean("required", "A boolean value indicating whether or not the attribute is required.").read_only();

const CANONICAL_VALUES: Row = string(
    "canonicalValues",
    "A collection of canonical values. When applicable, service providers MUST specify the canonical types, e.g., \
     'work', 'home'.",
)
.multi_valued()
.case_exact()
.read_only();

const CASE_EXACT: Row =
    boolean("caseExact", "A Boolean value indicating whether or not a string attribute is case sensitive.").read_only();

const MUTABILITY: Row = string("mutability", "Indicates whether or not an attribute is modifiable.")
    .canonical(&["readOnly", "readWrite", "immutable", "writeOnly"])
    .case_exact()
    .read_only();

const RETURNED: Row = string("returned", "Indicates when an attribute is returned in a response (e.g., to a query).")
    .canonical(&["always", "never", "default", "request"])
    .case_exact()
    .read_only();

const UNIQUENESS: Row = string("uniqueness", "Indicates how unique a value must be.")
    .canonical(&["none", "server", "global"])
    .case_exact()
    .read_only();

const REFERENCE_TYPES: Row = string(
    "referenceTypes",
    "Used only with an attribute of type 'reference'. Specifies a SCIM resourceType that a reference attribute MAY \
     refer to, e.g., 'User'.",
)
.multi_valued()
.case_exact()
.read_only();
