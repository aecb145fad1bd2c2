//! `scimd guide`: the steps at each identity provider, and at each product that is fed. The texts lie beside this file, one a profile
//! or product; this puts the server's URLs into them.

mod product;

use std::io::Write;

use serde_json::json;

use super::client::Connection;
use super::error::{Error, Exit};
use super::{Output, print, tenant, values};
use crate::profile;

/// The text of each profile, in the order of the registry.
const GUIDES: [(&str, &str); 14] = [
    ("custom", include_str!("guide/custom.txt")),
    ("strict", include_str!("guide/strict.txt")),
    ("entra", include_str!("guide/entra.txt")),
    ("okta", include_str!("guide/okta.txt")),
    ("onelogin", include_str!("guide/onelogin.txt")),
    ("oracle", include_str!("guide/oracle.txt")),
    ("keycloak", include_str!("guide/keycloak.txt")),
    ("google", include_str!("guide/google.txt")),
    ("aws", include_str!("guide/aws.txt")),
    ("jumpcloud", include_str!("guide/jumpcloud.txt")),
    ("ping", include_str!("guide/ping.txt")),
    ("miniorange", include_str!("guide/miniorange.txt")),
    ("authentik", include_str!("guide/authentik.txt")),
    ("rauthy", include_str!("guide/rauthy.txt")),
];

/// The flags of `guide`.
#[derive(Debug, clap::Args)]
pub struct Guide {
    #[command(flatten)]
    connection: Connection,

    /// The identity provider's profile, or the product: jira, confluence, bitbucket or atlassian-cloud. Without it, the command
    /// lists them.
    profile: Option<String>,

    /// The tenant that it is to push into.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Takes this as the tenant's URL; no server is asked then.
    #[arg(long, value_name = "URL", value_parser = values::url)]
    tenant_url: Option<String>,

    /// The name of the product's application. [default: the product's own name]
    #[arg(long, value_name = "NAME", value_parser = values::application)]
    application: Option<String>,

    /// Takes this as the URL of the Crowd listener; no server is asked then.
    #[arg(long, value_name = "URL", value_parser = values::url)]
    crowd_url: Option<String>,
}

/// The tenant, as far as it is known.
struct Place {
    url: String,
    profile: Option<String>,
}

impl Guide {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        let Some(profile) = &self.profile else { return self.list(out) };
        if let Some(found) = product::find(profile) {
            return self.product(env, found, out);
        }
        let Some((profile, text)) = GUIDES.iter().find(|(name, _)| name == profile) else {
            let names = profile::names().chain(product::names()).collect::<Vec<_>>().join(", ");
            let message = format!("there is no guide for \"{}\"", print::clean(profile));
            return Err(Error::refused(Exit::NotFound, message, format!("it is one of {names}")));
        };
        let place = self.place(env)?;
        let text = text
            .replace("{tenant_url}", &print::clean(&place.url))
            .replace("{create_token}", &self.create_token(profile))
            .replace("{tenant}", &print::clean(&self.tenant));
        match self.connection.output {
            Output::Json => {
                let answer = json!({"profile": profile, "tenant": self.tenant, "tenant_url": place.url, "guide": text});
                Ok(writeln!(out, "{answer:#}")?)
            }
            Output::Table => {
                out.write_all(text.as_bytes())?;
                self.more(out, profile, &place)
            }
        }
    }

    fn list(&self, out: &mut impl Write) -> Result<(), Error> {
        let guides = GUIDES.iter().chain(product::GUIDES.iter());
        let guides: Vec<_> = guides.map(|(name, text)| [(*name).to_owned(), title(text).to_owned()]).collect();
        match self.connection.output {
            Output::Json => {
                let guides: Vec<_> =
                    guides.iter().map(|[profile, title]| json!({"profile": profile, "title": title})).collect();
                Ok(writeln!(out, "{:#}", json!({"guides": guides}))?)
            }
            Output::Table => {
                print::table(out, ["NAME", "FOR"], &guides)?;
                Ok(writeln!(out, "\nShow one with: scimd guide NAME")?)
            }
        }
    }

    fn place(&self, env: impl Fn(&str) -> Option<String>) -> Result<Place, Error> {
        if let Some(url) = &self.tenant_url {
            return Ok(Place { url: url.clone(), profile: None });
        }
        let fetched = self.connection.run(env, async |server| tenant::fetch(&server, &self.tenant).await);
        let tenant = fetched.map_err(|error| without_server(error, "--tenant-url"))?.tenant.unwrap_or_default();
        Ok(Place { url: tenant.tenant_url, profile: Some(tenant.profile) })
    }

    /// What every identity provider has in common, below its own steps.
    fn more(&self, out: &mut impl Write, profile: &str, place: &Place) -> Result<(), Error> {
        let tenant = print::clean(&self.tenant);
        writeln!(out, "\nThis server")?;
        match place.profile.as_deref() {
            Some(set) if set == profile => writeln!(out, " - The tenant {tenant} has the profile {profile}.")?,
            Some(set) => writeln!(
                out,
                " - The tenant {tenant} has the profile {}. To change that: scimd tenant update {tenant} --profile {profile}",
                print::clean(set)
            )?,
            None => writeln!(out, " - Give the tenant its profile: scimd tenant update {tenant} --profile {profile}")?,
        }
        writeln!(out, " - When a request is refused: scimd exchange list --tenant {tenant} --status 4xx")?;
        writeln!(out, "   and, with an id from there: scimd exchange get ID --tenant {tenant}")?;
        writeln!(
            out,
            " - Before the token ends, replace it without a failed request: scimd token rotate ID --overlap 24h"
        )?;
        Ok(())
    }

    fn create_token(&self, profile: &str) -> String {
        format!("scimd token create --tenant {} --description {profile}", print::clean(&self.tenant))
    }
}

/// A guide can be read without a server.
fn without_server(mut error: Error, flag: &str) -> Error {
    if let Error::Refused { more, .. } = &mut error {
        more.push(format!("or give the URL yourself, with {flag}"));
    }
    error
}

fn title(text: &'static str) -> &'static str {
    text.lines().next().unwrap_or_default()
}
