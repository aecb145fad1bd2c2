//! Why an admin's call is refused, in a form that the admin plane can tell a program and a person.

use crate::scim::errors::{Error, clip};

/// What the call was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A tenant, by its name.
    Tenant,
    /// A token, by its id.
    Token,
    /// A user or group, by its id or name.
    Resource,
    /// A recorded exchange, by its id.
    Exchange,
    /// A write whose client did not wait, by its id.
    Transaction,
    /// An admin's client certificate, by its serial number or name.
    AdminCertificate,
    /// A profile, by its name.
    Profile,
    /// A schema, by its URN.
    Schema,
    /// A resource type, by its name.
    ResourceType,
    /// A target, by its name.
    Target,
    /// A version of a mapping, by its number.
    MappingVersion,
    /// A Crowd application, by its name.
    Application,
}

/// A field of the call that cannot be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field, as the proto calls it.
    pub name: &'static str,
    /// What is wrong with it, as a clause.
    pub why: String,
}

/// One of several things that stand in a call's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What it is about: a field as the proto calls it, or a thing by its name.
    pub subject: String,
    /// What is wrong with it, as a clause.
    pub why: String,
}

/// Why an admin's call is refused; nothing of it was done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such thing.
    #[error("there is no {noun} '{name}'", noun = .0.text(), name = .1)]
    NotFound(Noun, String),
    /// There is such a thing already, and it is another one.
    #[error("there is {noun} '{name}' already: {why}", noun = .0.one(), name = .1, why = .2)]
    Exists(Noun, String, String),
    /// Fields that cannot be so.
    #[error("{}", fields(.0))]
    Fields(Vec<Field>),
    /// Fields that cannot be so, whose names are made as the call has them, such as `rules[display].target`.
    #[error("{}", obstacles(.0))]
    Named(Vec<Obstacle>),
    /// Not in the state that things are in, because of each of these.
    #[error("{why}")]
    Obstacles {
        /// A stable word for programs, such as `MAPPING_COLLIDES`.
        reason: &'static str,
        /// A sentence for a person.
        why: String,
        /// What stands in the way, as far as there is room.
        obstacles: Vec<Obstacle>,
    },
    /// Something else is in force than the caller expects.
    #[error("{0}")]
    Meanwhile(String),
    /// What was to be changed has changed since the caller looked.
    #[error("it has changed since the etag was read; read it again")]
    Changed,
    /// Not in the state that things are in. The reason is a stable word for programs.
    #[error("{why}")]
    State {
        /// A stable word for programs, such as `TOKEN_ROTATED`.
        reason: &'static str,
        /// A sentence for a person.
        why: String,
    },
    /// There are as many as there may be.
    #[error("{why}")]
    Exhausted {
        /// A stable word for programs, such as `TOO_MANY_TOKENS`.
        reason: &'static str,
        /// A sentence for a person.
        why: String,
    },
    /// A place in a log that the log no longer goes back to.
    #[error("{why}")]
    Trimmed {
        /// A stable word for programs.
        reason: &'static str,
        /// A sentence for a person.
        why: String,
    },
    /// The directory refused or failed.
    #[error("{0}")]
    Directory(#[from] Error),
}

impl Refused {
    /// That there is no such thing; what the caller named is told back shortened.
    pub fn not_found(noun: Noun, name: &str) -> Refused {
        Refused::NotFound(noun, clip(name))
    }

    /// One field that cannot be so.
    pub fn field(name: &'static str, why: impl Into<String>) -> Refused {
        Refused::Fields(vec![Field { name, why: why.into() }])
    }
}

impl Noun {
    /// The word in sentences.
    pub fn text(self) -> &'static str {
        match self {
            Noun::Tenant => "tenant",
            Noun::Token => "token",
            Noun::Resource => "resource",
            Noun::Exchange => "exchange",
            Noun::Transaction => "transaction",
            Noun::AdminCertificate => "admin certificate",
            Noun::Profile => "profile",
            Noun::Schema => "schema",
            Noun::ResourceType => "resource type",
            Noun::Target => "target",
            Noun::MappingVersion => "mapping version",
            Noun::Application => "application",
        }
    }

    /// The word with its article.
    pub fn one(self) -> String {
        let word = self.text();
        let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {word}")
    }
}

fn fields(fields: &[Field]) -> String {
    fields.iter().map(|field| format!("{}: {}", field.name, field.why)).collect::<Vec<_>>().join("; ")
}

fn obstacles(obstacles: &[Obstacle]) -> String {
    obstacles.iter().map(|one| format!("{}: {}", one.subject, one.why)).collect::<Vec<_>>().join("; ")
}
