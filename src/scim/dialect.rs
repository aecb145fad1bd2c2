//! What one identity provider's way of speaking may deviate from the RFC in: the questions. The answers are data, one const a
//! provider, in `profile/`; nothing here knows a provider.

use super::errors::{Error, Kind};
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

    /// The quirk that has this name.
    pub fn by_name(name: &str) -> Option<Quirk> {
        Quirk::ALL.into_iter().find(|quirk| quirk.name() == name)
    }

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
    /// As `Accept`, and say so in the log.
    Warn,
    /// Answer as the RFC asks.
    Refuse,
}

impl Stance {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Stance::Accept => "accept",
            Stance::Warn => "warn",
            Stance::Refuse => "refuse",
        }
    }
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
    /// See [`Quirk::SchemaAlias`].
    pub schema_alias: Stance,
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
    /// What a tenant refuses by a setting of its own; none in a profile.
    pub refused: Quirks,
}

impl Dialect {
    /// This dialect with other answers of a tenant's own. A quirk that is refused so is an error wherever it is met, even where the RFC
    /// would let the deviating part be passed over.
    #[must_use]
    pub fn with(&self, overrides: &[(Quirk, Stance)]) -> Dialect {
        let mut dialect = self.clone();
        for (quirk, stance) in overrides {
            *dialect.field(*quirk) = *stance;
            dialect.refused.0 &= !bit(*quirk);
            if *stance == Stance::Refuse {
                dialect.refused.0 |= bit(*quirk);
            }
        }
        dialect
    }

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
            Quirk::SchemaAlias => self.schema_alias,
            Quirk::MissingSchemas => self.missing_schemas,
            Quirk::UnknownMessageMember => self.unknown_message_member,
            Quirk::UnquotedLiteral => self.unquoted_literal,
            Quirk::ValuePathSubAttribute => self.value_path_sub_attribute,
            Quirk::EmptyString => self.empty_string,
            Quirk::UnacceptedMedia => self.unaccepted_media,
        }
    }

    fn field(&mut self, quirk: Quirk) -> &mut Stance {
        match quirk {
            Quirk::OpCase => &mut self.op_case,
            Quirk::BooleanAsString => &mut self.boolean_as_string,
            Quirk::ScalarAsArray => &mut self.scalar_as_array,
            Quirk::ArrayAsScalar => &mut self.array_as_scalar,
            Quirk::ComplexAsScalar => &mut self.complex_as_scalar,
            Quirk::CreateOnFilteredPath => &mut self.create_on_filtered_path,
            Quirk::DottedKey => &mut self.dotted_key,
            Quirk::UrnKey => &mut self.urn_key,
            Quirk::UnqualifiedExtension => &mut self.unqualified_extension,
            Quirk::ReadOnlyInValue => &mut self.read_only_in_value,
            Quirk::RemoveWithValue => &mut self.remove_with_value,
            Quirk::UnknownAttribute => &mut self.unknown_attribute,
            Quirk::UnknownSchema => &mut self.unknown_schema,
            Quirk::UnknownMember => &mut self.unknown_member,
            Quirk::SchemaAlias => &mut self.schema_alias,
            Quirk::MissingSchemas => &mut self.missing_schemas,
            Quirk::UnknownMessageMember => &mut self.unknown_message_member,
            Quirk::UnquotedLiteral => &mut self.unquoted_literal,
            Quirk::ValuePathSubAttribute => &mut self.value_path_sub_attribute,
            Quirk::EmptyString => &mut self.empty_string,
            Quirk::UnacceptedMedia => &mut self.unaccepted_media,
        }
    }
}

/// A set of quirks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks(u32);

impl Quirks {
    /// None.
    pub const NONE: Quirks = Quirks(0);

    /// Whether `quirk` is in it.
    pub fn contains(self, quirk: Quirk) -> bool {
        self.0 & bit(quirk) != 0
    }

    /// Those in it, in the order of the enum.
    pub fn iter(self) -> impl Iterator<Item = Quirk> {
        Quirk::ALL.into_iter().filter(move |quirk| self.contains(*quirk))
    }
}

/// The quirks that one request has used.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Taken as they were meant.
    taken: Quirks,
    /// Those of them that the log is to tell of.
    warned: Quirks,
    /// What the request failed on.
    refused: Quirks,
}

impl Used {
    /// Whether `quirk` was used.
    pub fn contains(self, quirk: Quirk) -> bool {
        self.taken.contains(quirk)
    }

    /// The names of those used, in the order of the enum.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.taken.iter().map(Quirk::name)
    }

    /// Adds what another part of the request used.
    pub fn add(&mut self, other: Used) {
        self.taken.0 |= other.taken.0;
        self.warned.0 |= other.warned.0;
        self.refused.0 |= other.refused.0;
    }

    /// The names of those that the log is to tell of.
    pub fn warned(self) -> impl Iterator<Item = &'static str> {
        self.warned.iter().map(Quirk::name)
    }

    /// The names of those that the request failed on.
    pub fn refused(self) -> impl Iterator<Item = &'static str> {
        self.refused.iter().map(Quirk::name)
    }

    /// Whether the request used none.
    pub fn is_empty(self) -> bool {
        self.taken == Quirks::NONE
    }

    /// All that were met, each with what was done with it.
    pub fn each(self) -> impl Iterator<Item = (Quirk, Stance)> {
        let all = Quirks(self.taken.0 | self.refused.0);
        all.iter().map(move |quirk| match quirk {
            _ if self.refused.contains(quirk) => (quirk, Stance::Refuse),
            _ if self.warned.contains(quirk) => (quirk, Stance::Warn),
            _ => (quirk, Stance::Accept),
        })
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
    /// The quirk that was refused last: what the request fails on, if it fails now.
    refused: Option<Quirk>,
}

impl<'a> Reading<'a> {
    /// A request that has not used any quirk yet.
    pub fn new(dialect: &'a Dialect) -> Reading<'a> {
        Reading { dialect, used: Used::default(), refused: None }
    }

    /// Whether `quirk` may be taken as it was meant; if so it counts as used. Once a quirk was met that the tenant refuses by a setting
    /// of its own, no other one makes up for it.
    pub fn allows(&mut self, quirk: Quirk) -> bool {
        if self.is_clean().is_err() {
            return false;
        }
        let stance = self.dialect.stance(quirk);
        if stance == Stance::Refuse {
            self.refused = Some(quirk);
            return false;
        }
        self.refused = None;
        self.used.taken.0 |= bit(quirk);
        if stance == Stance::Warn {
            self.used.warned.0 |= bit(quirk);
        }
        true
    }

    /// As [`Reading::allows`], where the RFC has a meaning for what is there and the caller goes on when the quirk is refused.
    ///
    /// # Errors
    /// When the tenant refuses the quirk by a setting of its own.
    pub fn prefers(&mut self, quirk: Quirk) -> Result<bool, Error> {
        if self.dialect.stance(quirk) == Stance::Refuse && !self.dialect.refused.contains(quirk) {
            return Ok(false);
        }
        let allowed = self.allows(quirk);
        self.is_clean().map(|()| allowed)
    }

    /// That no quirk was met that the tenant refuses by a setting of its own.
    ///
    /// # Errors
    /// `invalidValue` when there was one.
    pub fn is_clean(&self) -> Result<(), Error> {
        match self.refused.is_some_and(|quirk| self.dialect.refused.contains(quirk)) {
            true => Err(Error::new(Kind::InvalidValue, "the request is not spoken as this tenant asks for")),
            false => Ok(()),
        }
    }

    /// What was refused so far did no harm, unless the tenant refuses it by a setting of its own.
    pub fn pass(&mut self) {
        if self.is_clean().is_ok() {
            self.refused = None;
        }
    }

    /// The error that the request fails with, naming the quirk that it failed on and the setting that would take it.
    #[must_use]
    pub fn explained(&mut self, error: Error) -> Error {
        let is_clients = matches!(
            error.kind,
            Kind::InvalidSyntax
                | Kind::InvalidValue
                | Kind::InvalidPath
                | Kind::InvalidFilter
                | Kind::NoTarget
                | Kind::Mutability
        );
        let Some(quirk) = self.refused.take().filter(|_| is_clients) else { return error };
        self.used.refused.0 |= bit(quirk);
        let by = match self.dialect.refused.contains(quirk) {
            true => "by a setting of the tenant".to_owned(),
            false => format!("by the profile '{}'", self.dialect.name),
        };
        let name = quirk.name();
        let hint =
            format!("this is the quirk '{name}', refused {by}; the tenant's setting quirks.{name} can accept it");
        Error { detail: format!("{} ({hint})", error.detail), ..error }
    }
}

fn bit(quirk: Quirk) -> u32 {
    1 << quirk as u8
}

#[cfg(test)]
mod tests;
