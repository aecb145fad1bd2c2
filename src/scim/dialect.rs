//! What one identity provider's way of speaking may deviate from the RFC in: the questions. The answers are data, one const a
//! provider, in `profile/`; nothing here knows a provider.

use std::fmt;

/// One deviation from RFC 7643/7644 that identity providers really send. Each has a name that logs, metrics and settings use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Quirk {
    /// `"op": "Replace"`; the RFC writes operations in lower case.
    OpCase,
    /// `"active": "False"`, also inside value filters.
    BooleanAsString,
    /// `"value": ["false"]` for an attribute with one value.
    ScalarAsArray,
    /// One value, not in an array, for an attribute with many.
    ArrayAsScalar,
    /// `"manager": "<id>"`, or `"members": ["<id>"]`: the `value` of a complex attribute alone.
    ComplexAsScalar,
    /// `replace emails[type eq "work"].value` where there is no such e-mail: make it.
    CreateOnFilteredPath,
    /// `{"name.givenName": …}` as a key of a value without a path.
    DottedKey,
    /// `{"urn:…:User:employeeNumber": …}` as a key.
    UrnKey,
    /// `department` for `urn:…:enterprise:2.0:User:department`.
    UnqualifiedExtension,
    /// `id`, `schemas`, `meta` or `groups` inside a value without a path, to be ignored.
    ReadOnlyInValue,
    /// `remove members` with a list of the members to remove.
    RemoveWithValue,
    /// An attribute that no schema has, to be dropped.
    UnknownAttribute,
    /// A schema URI that nobody knows, to be dropped.
    UnknownSchema,
    /// A member of a group that is no user and no group, to be left out: its id was never given out, or is of a deleted resource.
    UnknownMember,
    /// A misspelt schema URI that is nevertheless known.
    SchemaAlias,
    /// A body without its `schemas`.
    MissingSchemas,
    /// A member of the PatchOp message that the RFC does not have, to be ignored.
    UnknownMessageMember,
    /// `userName eq jyoung`, or `userName eq 'jyoung'`.
    UnquotedLiteral,
    /// `emails[type eq "work"].value eq "x"` in a filter.
    ValuePathSubAttribute,
    /// `""` for an attribute that has no value.
    EmptyString,
    /// An `Accept` that names no media type which is served, to be answered in SCIM's own.
    UnacceptedMedia,
}

impl Quirk {
    /// All of them, in the order of the enum.
    pub const ALL: [Quirk; 21] = [
        Quirk::OpCase,
        Quirk::BooleanAsString,
        Quirk::ScalarAsArray,
        Quirk::ArrayAsScalar,
        Quirk::ComplexAsScalar,
        Quirk::CreateOnFilteredPath,
        Quirk::DottedKey,
        Quirk::UrnKey,
        Quirk::UnqualifiedExtension,
        Quirk::ReadOnlyInValue,
        Quirk::RemoveWithValue,
        Quirk::UnknownAttribute,
        Quirk::UnknownSchema,
        Quirk::UnknownMember,
        Quirk::SchemaAlias,
        Quirk::MissingSchemas,
        Quirk::UnknownMessageMember,
        Quirk::UnquotedLiteral,
        Quirk::ValuePathSubAttribute,
        Quirk::EmptyString,
        Quirk::UnacceptedMedia,
    ];

    /// The stable name, in `snake_case`.
    pub fn name(self) -> &'static str {
        match self {
            Quirk::OpCase => "op_case",
            Quirk::BooleanAsString => "boolean_as_string",
            Quirk::ScalarAsArray => "scalar_as_array",
            Quirk::ArrayAsScalar => "array_as_scalar",
            Quirk::ComplexAsScalar => "complex_as_scalar",
            Quirk::CreateOnFilteredPath => "create_on_filtered_path",
            Quirk::DottedKey => "dotted_key",
            Quirk::UrnKey => "urn_key",
            Quirk::UnqualifiedExtension => "unqualified_extension",
            Quirk::ReadOnlyInValue => "read_only_in_value",
            Quirk::RemoveWithValue => "remove_with_value",
            Quirk::UnknownAttribute => "unknown_attribute",
            Quirk::UnknownSchema => "unknown_schema",
            Quirk::UnknownMember => "unknown_member",
            Quirk::SchemaAlias => "schema_alias",
            Quirk::MissingSchemas => "missing_schemas",
            Quirk::UnknownMessageMember => "unknown_message_member",
            Quirk::UnquotedLiteral => "unquoted_literal",
            Quirk::ValuePathSubAttribute => "value_path_sub_attribute",
            Quirk::EmptyString => "empty_string",
            Quirk::UnacceptedMedia => "unaccepted_media",
        }
    }
}

/// What to do with a request that has a quirk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// Take it as it was meant, and count it.
    Accept,
    /// Answer as the RFC asks.
    Refuse,
}

/// How one kind of identity provider speaks. Plain data: every provider answers every question.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// The name that settings use.
    pub name: &'static str,
    /// The product's name, for people.
    pub title: &'static str,
    /// See [`Quirk::OpCase`].
    pub op_case: Stance,
    /// See [`Quirk::BooleanAsString`].
    pub boolean_as_string: Stance,
    /// See [`Quirk::ScalarAsArray`].
    pub scalar_as_array: Stance,
    /// See [`Quirk::ArrayAsScalar`].
    pub array_as_scalar: Stance,
    /// See [`Quirk::ComplexAsScalar`].
    pub complex_as_scalar: Stance,
    /// See [`Quirk::CreateOnFilteredPath`].
    pub create_on_filtered_path: Stance,
    /// See [`Quirk::DottedKey`].
    pub dotted_key: Stance,
    /// See [`Quirk::UrnKey`].
    pub urn_key: Stance,
    /// See [`Quirk::UnqualifiedExtension`].
    pub unqualified_extension: Stance,
    /// See [`Quirk::ReadOnlyInValue`].
    pub read_only_in_value: Stance,
    /// See [`Quirk::RemoveWithValue`].
    pub remove_with_value: Stance,
    /// See [`Quirk::UnknownAttribute`].
    pub unknown_attribute: Stance,
    /// See [`Quirk::UnknownSchema`].
    pub unknown_schema: Stance,
    /// See [`Quirk::UnknownMember`].
    pub unknown_member: Stance,
    /// See [`Quirk::MissingSchemas`].
    pub missing_schemas: Stance,
    /// See [`Quirk::UnknownMessageMember`].
    pub unknown_message_member: Stance,
    /// See [`Quirk::UnquotedLiteral`].
    pub unquoted_literal: Stance,
    /// See [`Quirk::ValuePathSubAttribute`].
    pub value_path_sub_attribute: Stance,
    /// See [`Quirk::EmptyString`].
    pub empty_string: Stance,
    /// See [`Quirk::UnacceptedMedia`].
    pub unaccepted_media: Stance,
    /// Misspelt schema URIs and the ones that are meant; see [`Quirk::SchemaAlias`].
    pub schema_aliases: &'static [(&'static str, &'static str)],
    /// Two groups may not have the same `displayName` (without regard to case).
    pub unique_group_names: bool,
    /// Two resources of one type may not have the same `externalId`.
    pub unique_external_ids: bool,
    /// Groups are answered with their `members` unless the request excludes them.
    pub members_in_answers: bool,
    /// `/ServiceProviderConfig` announces asynchronous requests in `securityEvents`.
    pub announces_async: bool,
}

impl Dialect {
    /// What this dialect does with `quirk`.
    pub fn stance(&self, quirk: Quirk) -> Stance {
        match quirk {
            Quirk::OpCase => self.op_case,
            Quirk::BooleanAsString => self.boolean_as_string,
            Quirk::ScalarAsArray => self.scalar_as_array,
            Quirk::ArrayAsScalar => self.array_as_scalar,
            Quirk::ComplexAsScalar => self.complex_as_scalar,
            Quirk::CreateOnFilteredPath => self.create_on_filtered_path,
            Quirk::DottedKey => self.dotted_key,
            Quirk::UrnKey => self.urn_key,
            Quirk::UnqualifiedExtension => self.unqualified_extension,
            Quirk::ReadOnlyInValue => self.read_only_in_value,
            Quirk::RemoveWithValue => self.remove_with_value,
            Quirk::UnknownAttribute => self.unknown_attribute,
            Quirk::UnknownSchema => self.unknown_schema,
            Quirk::UnknownMember => self.unknown_member,
            Quirk::SchemaAlias => match self.schema_aliases.is_empty() {
                true => Stance::Refuse,
                false => Stance::Accept,
            },
            Quirk::MissingSchemas => self.missing_schemas,
            Quirk::UnknownMessageMember => self.unknown_message_member,
            Quirk::UnquotedLiteral => self.unquoted_literal,
            Quirk::ValuePathSubAttribute => self.value_path_sub_attribute,
            Quirk::EmptyString => self.empty_string,
            Quirk::UnacceptedMedia => self.unaccepted_media,
        }
    }
}

/// The quirks that one request has used.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Used(u32);

impl Used {
    /// Whether `quirk` was used.
    pub fn contains(self, quirk: Quirk) -> bool {
        self.0 & (1 << quirk as u8) != 0
    }

    /// Their names, in the order of the enum.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Quirk::ALL.into_iter().filter(move |quirk| self.contains(*quirk)).map(Quirk::name)
    }

    /// Adds what another part of the request used.
    pub fn add(&mut self, other: Used) {
        self.0 |= other.0;
    }

    /// Whether the request spoke as the RFC does.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Debug for Used {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A dialect while one request is read by it: asks what is allowed, and remembers what was used.
pub struct Reading<'a> {
    /// The tenant's dialect.
    pub dialect: &'a Dialect,
    /// What this request has used so far.
    pub used: Used,
}

impl<'a> Reading<'a> {
    /// A request that has not used any quirk yet.
    pub fn new(dialect: &'a Dialect) -> Reading<'a> {
        Reading { dialect, used: Used::default() }
    }

    /// Whether `quirk` may be taken as it was meant; if so it counts as used.
    pub fn allows(&mut self, quirk: Quirk) -> bool {
        let allowed = self.dialect.stance(quirk) == Stance::Accept;
        if allowed {
            self.used.0 |= 1 << quirk as u8;
        }
        allowed
    }
}

#[cfg(test)]
mod tests;
