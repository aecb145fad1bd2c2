//! The kinds of identity providers: one const [`Dialect`] each, in a file of its own, and the registry of them. Only data: what an
//! answer makes the server do is in `scim/`, and nothing here knows a tenant or a request.
//!
//! Every file answers every question; there is no default to fall back to, so that a new question is put to every provider. An
//! answer other than [`strict`]'s names where it comes from: the provider's behaviour (numbered where there are many) and, in
//! brackets, the source that the head of the file lists; "inferred" marks what no source says outright. Where the sources show
//! what a provider sends, it may send that and no more. Where they leave it open, its profile accepts, because a refused request
//! stops a provider's synchronisation and an accepted one is only counted.
//!
//! Attributes and schemas that nobody here knows are dropped by all but [`strict`]: administrators map what the server does not have.

use crate::scim::dialect::{Dialect, Quirk, Stance};

pub mod authentik;
pub mod aws;
pub mod custom;
pub mod entra;
pub mod google;
pub mod jumpcloud;
pub mod keycloak;
pub mod miniorange;
pub mod okta;
pub mod onelogin;
pub mod oracle;
pub mod ping;
pub mod rauthy;
pub mod strict;
pub mod quirk;
pub mod source;
pub mod detect;

/// Every profile, the default first.
pub const ALL: [&Dialect; 14] = [
    &custom::DIALECT,
    &strict::DIALECT,
    &entra::DIALECT,
    &okta::DIALECT,
    &onelogin::DIALECT,
    &oracle::DIALECT,
    &keycloak::DIALECT,
    &google::DIALECT,
    &aws::DIALECT,
    &jumpcloud::DIALECT,
    &ping::DIALECT,
    &miniorange::DIALECT,
    &authentik::DIALECT,
    &rauthy::DIALECT,
];

/// The profile that settings call `name`, in exactly this spelling.
pub fn by_name(name: &str) -> Option<&'static Dialect> {
    ALL.into_iter().find(|dialect| dialect.name == name)
}

/// A profile with a tenant's own answers. A tenant that has one about misspelt schema URIs means those that are known to anybody.
pub fn with(dialect: &Dialect, overrides: &[(Quirk, Stance)]) -> Dialect {
    let mut own = dialect.with(overrides);
    if own.schema_aliases.is_empty() && overrides.iter().any(|(quirk, _)| *quirk == Quirk::SchemaAlias) {
        own.schema_aliases = custom::DIALECT.schema_aliases;
    }
    own
}

/// The names of all profiles, in the order of [`ALL`].
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.into_iter().map(|dialect| dialect.name)
}

#[cfg(test)]
mod tests;
