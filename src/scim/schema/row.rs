//! The row of a schema table: an attribute as a constant, with what most attributes share left unsaid. It knows no
//! attribute by name.

use super::{Attribute, Kind, Mutability, Returned, Uniqueness};

/// One attribute as a constant. A row starts with a kind and the defaults of RFC 7643 section 2.2 (optional, singular,
/// caseExact false, readWrite, returned by default, not unique); what differs is said behind it.
#[derive(Clone, Copy)]
pub(super) struct Row {
    name: &'static str,
    kind: Kind,
    multi_valued: bool,
    description: &'static str,
    required: bool,
    canonical_values: &'static [&'static str],
    case_exact: bool,
    mutability: Mutability,
    returned: Returned,
    uniqueness: Uniqueness,
    reference_types: &'static [&'static str],
    sub_attributes: &'static [Row],
    index_code: Option<u8>,
}

/// A string.
pub(super) const fn string(name: &'static str, description: &'static str) -> Row {
    Row {
        name,
        kind: Kind::String,
        multi_valued: false,
        description,
        required: false,
        canonical_values: &[],
        case_exact: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Default,
        uniqueness: Uniqueness::None,
        reference_types: &[],
        sub_attributes: &[],
        index_code: None,
    }
}

/// A boolean.
pub(super) const fn boolean(name: &'static str, description: &'static str) -> Row {
    Row { kind: Kind::Boolean, ..string(name, description) }
}

/// An integer.
pub(super) const fn integer(name: &'static str, description: &'static str) -> Row {
    Row { kind: Kind::Integer, ..string(name, description) }
}

/// A time.
pub(super) const fn date_time(name: &'static str, description: &'static str) -> Row {
    Row { kind: Kind::DateTime, ..string(name, description) }
}

/// Base64 text.
pub(super) const fn binary(name: &'static str, description: &'static str) -> Row {
    Row { kind: Kind::Binary, ..string(name, description) }
}

/// A URI, with what it may point to.
pub(super) const fn reference(
    name: &'static str,
    reference_types: &'static [&'static str],
    description: &'static str,
) -> Row {
    Row { kind: Kind::Reference, reference_types, ..string(name, description) }
}

/// A complex attribute, with its sub-attributes.
pub(super) const fn complex(name: &'static str, sub_attributes: &'static [Row], description: &'static str) -> Row {
    Row { kind: Kind::Complex, sub_attributes, ..string(name, description) }
}

impl Row {
    pub(super) const fn multi_valued(self) -> Row {
        Row { multi_valued: true, ..self }
    }

    pub(super) const fn required(self) -> Row {
        Row { required: true, ..self }
    }

    pub(super) const fn canonical(self, canonical_values: &'static [&'static str]) -> Row {
        Row { canonical_values, ..self }
    }

    pub(super) const fn case_exact(self) -> Row {
        Row { case_exact: true, ..self }
    }

    pub(super) const fn mutability(self, mutability: Mutability) -> Row {
        Row { mutability, ..self }
    }

    pub(super) const fn read_only(self) -> Row {
        self.mutability(Mutability::ReadOnly)
    }

    pub(super) const fn immutable(self) -> Row {
        self.mutability(Mutability::Immutable)
    }

    pub(super) const fn returned(self, returned: Returned) -> Row {
        Row { returned, ..self }
    }

    pub(super) const fn unique(self, uniqueness: Uniqueness) -> Row {
        Row { uniqueness, ..self }
    }

    /// Numbers are never used again for another attribute.
    pub(super) const fn indexed(self, code: u8) -> Row {
        Row { index_code: Some(code), ..self }
    }
}

/// The attributes that a table describes, in its order.
pub(super) fn attributes(rows: &[Row]) -> Vec<Attribute> {
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    rows.iter()
        .map(|row| Attribute {
            name: row.name.to_owned(),
            kind: row.kind,
            multi_valued: row.multi_valued,
            description: row.description.to_owned(),
            required: row.required,
            canonical_values: owned(row.canonical_values),
            case_exact: row.case_exact,
            mutability: row.mutability,
            returned: row.returned,
            uniqueness: row.uniqueness,
            reference_types: owned(row.reference_types),
            sub_attributes: attributes(row.sub_attributes),
            indexed: row.index_code.is_some(),
            index_code: row.index_code,
        })
        .collect()
}
