//! The guides of products that are fed: what reads this server as a Crowd server, and what is sent everything as a target.

use std::io::Write;

use serde_json::json;

use super::Guide;
use crate::cli::error::Error;
use crate::cli::{Output, application, print, tenant};

/// The text of each product.
pub(super) const GUIDES: [(&str, &str); 4] = [
    ("jira", include_str!("jira.txt")),
    ("confluence", include_str!("confluence.txt")),
    ("bitbucket", include_str!("bitbucket.txt")),
    ("atlassian-cloud", include_str!("atlassian-cloud.txt")),
];

/// What stands in the place of a URL that there is none of yet.
const NO_LISTENER: &str = "https://HOST:8095/crowd   (start the server with --crowd-addr 0.0.0.0:8095 first)";

/// The guide of a product.
pub(super) fn find(name: &str) -> Option<(&'static str, &'static str)> {
    GUIDES.into_iter().find(|(known, _)| *known == name)
}

/// The products.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    GUIDES.into_iter().map(|(name, _)| name)
}

impl Guide {
    pub(super) fn product(
        &self,
        env: impl Fn(&str) -> Option<String>,
        (product, text): (&str, &str),
        out: &mut impl Write,
    ) -> Result<(), Error> {
        let url = match &self.crowd_url {
            // It needs no listener of this server.
            _ if !text.contains("{crowd_url}") => None,
            Some(url) => Some(url.clone()),
            None => {
                let fetched = self.connection.run(env, async |server| {
                    tenant::fetch(&server, &self.tenant).await?;
                    application::crowd_url(&server).await
                });
                fetched.map_err(|error| super::without_server(error, "--crowd-url"))?
            }
        };
        let application = self.application.as_deref().unwrap_or(product);
        let guide = text
            .replace("{crowd_url}", &url.as_deref().map_or_else(|| NO_LISTENER.to_owned(), print::clean))
            .replace("{application}", &print::clean(application))
            .replace("{tenant}", &print::clean(&self.tenant));
        match self.connection.output {
            Output::Json => {
                let answer = json!({
                    "profile": product,
                    "tenant": self.tenant,
                    "application": application,
                    "crowd_url": url,
                    "guide": guide,
                });
                Ok(writeln!(out, "{answer:#}")?)
            }
            Output::Table => Ok(out.write_all(guide.as_bytes())?),
        }
    }
}
