//! Playing an identity provider against any SCIM server: each provider's whole cycle as data, the judgement of the answers, and the
//! run that strings them together and cleans up. It makes no connection: whoever holds a [`run::Run`] carries its requests.
//!
//! A cycle has a file of its own, which names where its requests come from. What every step asks is what the provider sends; what
//! a failure would make the provider do is told in words, from the same sources.

use self::step::Cycle;

pub mod step;
pub mod text;
pub mod judge;
pub mod report;
pub mod run;
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

/// Every cycle, by the names of the profiles.
pub const ALL: [&Cycle; 14] = [
    &custom::CYCLE,
    &strict::CYCLE,
    &entra::CYCLE,
    &okta::CYCLE,
    &onelogin::CYCLE,
    &oracle::CYCLE,
    &keycloak::CYCLE,
    &google::CYCLE,
    &aws::CYCLE,
    &jumpcloud::CYCLE,
    &ping::CYCLE,
    &miniorange::CYCLE,
    &authentik::CYCLE,
    &rauthy::CYCLE,
];

/// The cycle of the profile with this name.
pub fn by_name(name: &str) -> Option<&'static Cycle> {
    ALL.into_iter().find(|cycle| cycle.name == name)
}

#[cfg(test)]
mod tests;
