//! Crowd applications: products that ask a tenant who its users and groups are, each under a name and a password of its own. Here is an
//! application as requests see it; what admins do with them, and how a request proves to come from one, is in this folder. It knows
//! no protocol.

pub mod access;
pub mod failures;
pub mod known;
pub mod password;
pub mod settings;

use super::record;
use super::refused::Field;
use super::tenant::Tenant;
use crate::mapping::Wrong;
use crate::mapping::outbound::{Outbound, Users};
use crate::mapping::pattern::Patterns;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An application as requests see it: its settings, read and checked.
#[derive(Clone, Debug)]
pub struct Application {
    /// Whose users and groups it sees.
    pub tenant: Arc<Tenant>,
    /// Its name, unique on the server, in lower case.
    pub name: String,
    /// What asks.
    pub product: Product,
    /// Which groups it sees, by the names that it sees.
    pub filter: Patterns,
    /// Which users it sees.
    pub users: Users,
    /// How it sees them.
    pub outbound: Outbound,
    /// Another number whenever its filter or mapping is another one; never that of an earlier application of this name.
    pub revision: u64,
    /// Counts how often an admin has ended all event tokens.
    pub tokens_epoch: u64,
}

/// Which product asks. It decides nothing; guides and lists tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    /// Jira Software, Service Management or Core, Data Center.
    Jira,
    /// Confluence Data Center.
    Confluence,
    /// Bitbucket Data Center.
    Bitbucket,
    /// Anything else that speaks to Crowd.
    #[default]
    Other,
}

impl Product {
    /// The word in lists and labels.
    pub fn text(self) -> &'static str {
        match self {
            Product::Jira => "jira",
            Product::Confluence => "confluence",
            Product::Bitbucket => "bitbucket",
            Product::Other => "other",
        }
    }
}

/// Reads what is stored of an application.
///
/// # Errors
/// The fields that cannot be read, as the admin plane calls them, each with the column where it goes wrong.
pub fn compile(tenant: Arc<Tenant>, name: &str, stored: &record::Application) -> Result<Application, Vec<Field>> {
    let mut wrong = Vec::new();
    // Each list by itself, so that the refusal names the right one.
    for (field, include, exclude) in [
        ("application.filter.include_groups", &stored.include[..], &[][..]),
        ("application.filter.exclude_groups", &[], &stored.exclude),
    ] {
        wrong.extend(Patterns::new(include, exclude).err().map(|why| located(field, &why)));
    }
    let outbound = Outbound::compile(&stored.outbound, &tenant.types);
    if let Err(fields) = &outbound {
        wrong.extend(fields.iter().filter_map(|(name, why)| Some(located(mapping_field(name)?, why))));
    }
    match (Patterns::new(&stored.include, &stored.exclude), outbound) {
        (Ok(filter), Ok(outbound)) if wrong.is_empty() => Ok(Application {
            name: name.to_owned(),
            product: stored.product,
            filter,
            users: stored.users,
            outbound,
            revision: stored.view,
            tokens_epoch: stored.tokens_epoch,
            tenant,
        }),
        _ => Err(wrong),
    }
}

fn located(name: &'static str, wrong: &Wrong) -> Field {
    Field { name, why: wrong.to_string() }
}

/// A field of the mapping as the admin plane calls it.
fn mapping_field(name: &str) -> Option<&'static str> {
    MAPPING_FIELDS.iter().copied().find(|field| field.strip_prefix("application.mapping.") == Some(name))
}

/// The fields of a mapping.
const MAPPING_FIELDS: [&str; 6] = [
    "application.mapping.user_name",
    "application.mapping.display_name",
    "application.mapping.first_name",
    "application.mapping.last_name",
    "application.mapping.email",
    "application.mapping.group_name",
];
