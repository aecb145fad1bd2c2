//! `scimd profile`: shows profiles, and what a tenant does with each quirk.

use std::io::Write;

use super::client::{Connection, Server};
use super::error::Error;
use super::tenant::stance_text;
use super::{Output, print};
use crate::server::admin::api::v1::{GetProfileRequest, GetProfileResponse, ListProfilesRequest, Quirk};

/// The flags of `profile`.
#[derive(Debug, clap::Args)]
pub struct Profile {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists all profiles.
    List,
    /// Shows what a profile does with each quirk, and where that is known from.
    ///
    /// With --tenant it shows what that tenant does, what it answers for itself, and how often each quirk was met since the
    /// server started.
    Get {
        /// The profile; without it that of the tenant.
        #[arg(required_unless_present = "tenant")]
        name: Option<String>,

        /// The tenant whose own stances are shown.
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
}

impl Profile {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::List => list(&server, out).await,
            Verb::Get { name, tenant } => {
                let (name, tenant) = (name.clone().unwrap_or_default(), tenant.clone().unwrap_or_default());
                let request = GetProfileRequest { name, tenant };
                let answer = server.profiles().get_profile(server.ask(request)).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => show(out, answer),
                }
            }
        })
    }
}

async fn list(server: &Server, out: &mut impl Write) -> Result<(), Error> {
    let answer = server.profiles().list_profiles(server.ask(ListProfilesRequest {})).await?.into_inner();
    if server.output == Output::Json {
        return print::json(out, &answer);
    }
    let rows: Vec<_> = answer
        .profiles
        .into_iter()
        .map(|profile| {
            let quirks = profile.accepted_quirk_count.to_string();
            [profile.name, profile.title, quirks, print::yes(profile.unique_group_names)]
        })
        .collect();
    print::table(out, ["NAME", "TITLE", "QUIRKS TAKEN", "UNIQUE GROUP NAMES"], &rows)
}

fn show(out: &mut impl Write, answer: GetProfileResponse) -> Result<(), Error> {
    let profile = answer.profile.unwrap_or_default();
    print::fields(
        out,
        &[
            ("Profile", format!("{} ({})", profile.name, profile.title)),
            ("Tenant", print::text(&answer.tenant)),
            ("Unique group names", print::yes(profile.unique_group_names)),
            ("Unique externalIds", print::yes(profile.unique_external_ids)),
            ("Members in answers", print::yes(profile.members_in_answers)),
        ],
    )?;
    writeln!(out)?;
    let rows: Vec<_> = profile
        .quirks
        .iter()
        .map(|quirk| {
            let met = [quirk.accepted_count, quirk.warned_count, quirk.refused_count].map(|count| count.to_string());
            [quirk.name.clone(), stance(quirk), met.join("/"), quirk.description.clone()]
        })
        .collect();
    print::table(out, ["QUIRK", "STANCE", "TAKEN/WARNED/REFUSED", "WHAT IS SENT"], &rows)?;
    writeln!(out, "\nWhere that is known from")?;
    for quirk in &profile.quirks {
        let cited = if quirk.source.is_empty() { "the profile refuses it" } else { &quirk.source };
        print::prose(out, &format!("{}: {}; {cited}", quirk.name, quirk.rfc))?;
    }
    for alias in &profile.schema_aliases {
        print::prose(out, &format!("{} is taken for {}", alias.alias, alias.meaning))?;
    }
    profile.sources.iter().try_for_each(|source| print::prose(out, source))
}

fn stance(quirk: &Quirk) -> String {
    match quirk.overridden {
        true => format!("{} (profile: {})", stance_text(quirk.stance()), stance_text(quirk.profile_stance())),
        false => stance_text(quirk.stance()).to_owned(),
    }
}
