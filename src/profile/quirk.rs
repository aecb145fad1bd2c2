//! What each quirk is in words, and where the RFCs say otherwise. It knows no provider.

use crate::scim::dialect::Quirk;

/// What is sent, as a clause.
pub fn description(quirk: Quirk) -> &'static str {
    match quirk {
        Quirk::OpCase => "the operations of a PATCH are not in lower case",
        Quirk::BooleanAsString => "a boolean is sent as text",
        Quirk::ScalarAsArray => "the value of an attribute that has one stands in an array",
        Quirk::ArrayAsScalar => "one value of an attribute that has many stands in no array",
        Quirk::ComplexAsScalar => "the value of a complex attribute is sent alone, without its object",
        Quirk::CreateOnFilteredPath => {
            "a PATCH replaces a value that a filter selects and that is not there, to make it"
        }
        Quirk::DottedKey => "a key of a value names a sub-attribute with a dot",
        Quirk::UrnKey => "a key of a value begins with the URN of its schema",
        Quirk::UnqualifiedExtension => "an attribute of an extension is named without the URN",
        Quirk::ReadOnlyInValue => "readOnly attributes stand in the value of a PATCH, to be ignored",
        Quirk::RemoveWithValue => "a PATCH lists the values to be removed instead of selecting them with a filter",
        Quirk::UnknownAttribute => "an attribute that no schema has is sent, to be dropped",
        Quirk::UnknownSchema => "a schema that nobody knows is named, to be dropped",
        Quirk::UnknownMember => "a member of a group is no user and no group, to be left out",
        Quirk::SchemaAlias => "the URI of a schema is misspelt in a known way",
        Quirk::MissingSchemas => "a body does not name its schemas",
        Quirk::UnknownMessageMember => "a PATCH message has a member that the RFC does not have",
        Quirk::UnquotedLiteral => "a value in a filter has no quotes, or apostrophes",
        Quirk::ValuePathSubAttribute => "a filter goes on after the bracket of a value path",
        Quirk::EmptyString => "an empty text stands for no value",
        Quirk::UnacceptedMedia => "the Accept header names no media type that is served",
    }
}

/// The section that says otherwise.
pub fn rfc(quirk: Quirk) -> &'static str {
    match quirk {
        Quirk::OpCase | Quirk::UnknownMessageMember => "RFC 7644 section 3.5.2",
        Quirk::BooleanAsString => "RFC 7643 section 2.3.2",
        Quirk::ScalarAsArray | Quirk::ArrayAsScalar => "RFC 7643 section 2.4",
        Quirk::ComplexAsScalar => "RFC 7643 section 2.3.8",
        Quirk::CreateOnFilteredPath => "RFC 7644 section 3.5.2.3",
        Quirk::DottedKey => "RFC 7643 section 2.1",
        Quirk::UrnKey | Quirk::UnqualifiedExtension => "RFC 7643 section 3.3",
        Quirk::ReadOnlyInValue => "RFC 7644 section 3.5.2",
        Quirk::RemoveWithValue => "RFC 7644 section 3.5.2.2",
        Quirk::UnknownAttribute => "RFC 7643 section 2.1",
        Quirk::UnknownSchema | Quirk::SchemaAlias | Quirk::MissingSchemas => "RFC 7643 section 3",
        Quirk::UnknownMember => "RFC 7643 section 4.2",
        Quirk::UnquotedLiteral | Quirk::ValuePathSubAttribute => "RFC 7644 section 3.4.2.2",
        Quirk::EmptyString => "RFC 7643 section 2.5",
        Quirk::UnacceptedMedia => "RFC 7644 section 3.8",
    }
}
