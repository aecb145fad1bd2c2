//! `scimd audit`: shows what was done through the admin plane, and proves that nothing of it was removed.

use std::io::Write;

use super::client::{Connection, Server};
use super::error::{Error, Exit};
use super::pages::Pages;
use super::watch::{Bounds, Columns, Told};
use super::{Output, print, values};
use crate::server::admin::api::v1::{
    AuditEntry, ListAuditEntriesRequest, ListAuditEntriesResponse, VerifyAuditRequest, WatchAuditEntriesRequest,
    WatchAuditEntriesResponse,
};

const COLUMNS: Columns<6> =
    Columns { headers: ["TIME", "ACTOR", "ACTION", "TENANT", "TARGET", "FROM"], widths: [24, 16, 20, 16, 26, 0] };

/// The flags of `audit`.
#[derive(Debug, clap::Args)]
pub struct Audit {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists entries, the oldest first. JSON has each thing as it was before and afterwards, secrets excluded.
    List(List),
    /// Shows every new entry, until it is interrupted.
    Watch(Watch),
    /// Computes the chains of the audit log and the change logs again. The exit code is 1 when one is broken.
    ///
    /// Note the heads elsewhere: a later verification whose log has another past cannot have the same ones.
    Verify {
        /// Only the change log of this tenant. Without it, the audit log and all change logs.
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        tenant: String,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    /// Only entries about this tenant.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    tenant: String,

    /// Only entries of this actor, such as cert:NAME.
    #[arg(long, value_name = "ACTOR", default_value = "", hide_default_value = true)]
    actor: String,

    /// Only entries with this action, such as token.rotate, or whose action begins with this word, such as token.
    #[arg(long, value_name = "ACTION", default_value = "", hide_default_value = true)]
    action: String,

    /// Entries from this time on: 2026-01-31T12:00:00Z, 2026-01-31, or 1h (an hour ago).
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    since: Option<i64>,

    /// Entries before this time.
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    until: Option<i64>,

    #[command(flatten)]
    pages: Pages,
}

#[derive(Debug, clap::Args)]
struct Watch {
    /// Only entries with this action, or whose action begins with this word.
    #[arg(long, value_name = "ACTION", default_value = "", hide_default_value = true)]
    action: String,

    #[command(flatten)]
    bounds: Bounds,
}

impl Audit {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::List(list) => list.run(&server, out).await,
            Verb::Watch(watch) => watch.run(&server, out).await,
            Verb::Verify { tenant } => verify(&server, tenant, out).await,
        })
    }
}

impl List {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (entries, next_page_token) = self
            .pages
            .gather(async |page_size, page_token| {
                let request = ListAuditEntriesRequest {
                    tenant: self.tenant.clone(),
                    actor: self.actor.clone(),
                    action: self.action.clone(),
                    start_time: self.since.map(values::timestamp),
                    end_time: self.until.map(values::timestamp),
                    page_size,
                    page_token,
                };
                let page = server.audit().list_audit_entries(server.ask(request)).await?.into_inner();
                Ok((page.entries, page.next_page_token))
            })
            .await?;
        if server.output == Output::Json {
            return print::json(out, &ListAuditEntriesResponse { entries, next_page_token });
        }
        let rows: Vec<_> = entries.iter().map(row).collect();
        print::table(out, COLUMNS.headers, &rows)?;
        self.pages.mention_rest(&next_page_token)
    }
}

impl Watch {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let request =
            WatchAuditEntriesRequest { resume_token: self.bounds.resume.clone(), action: self.action.clone() };
        let mut entries = server.audit().watch_audit_entries(request).await?.into_inner();
        let told = |message: &WatchAuditEntriesResponse| Told {
            row: message.entry.as_ref().map(row),
            resume: message.resume_token.clone(),
        };
        let next = async || Ok(entries.message().await?);
        self.bounds.follow(server, &COLUMNS, next, (told, print::json_line), out).await
    }
}

async fn verify(server: &Server, tenant: &str, out: &mut impl Write) -> Result<(), Error> {
    let request = server.ask_long(VerifyAuditRequest { tenant: tenant.to_owned() });
    let answer = server.audit().verify_audit(request).await?.into_inner();
    match server.output {
        Output::Json => print::json(out, &answer)?,
        Output::Table => {
            let rows: Vec<_> = answer
                .chains
                .iter()
                .map(|chain| {
                    [
                        if chain.tenant.is_empty() {
                            "audit log".to_owned()
                        } else {
                            format!("changes of {}", chain.tenant)
                        },
                        if chain.intact { "intact" } else { "BROKEN" }.to_owned(),
                        chain.entries.to_string(),
                        chain.unsealed.to_string(),
                        chain.head_revision.to_string(),
                        print::text(&chain.head),
                    ]
                })
                .collect();
            print::table(out, ["CHAIN", "STATE", "VERIFIED", "NOT YET SEALED", "UP TO REVISION", "HEAD"], &rows)?;
        }
    }
    if answer.intact {
        return Ok(());
    }
    let more = answer.chains.iter().filter(|chain| !chain.intact).map(|chain| print::clean(&chain.problem)).collect();
    Err(Error::Refused { exit: Exit::Failed, message: "a chain is broken".to_owned(), more })
}

fn row(entry: &AuditEntry) -> [String; 6] {
    [
        print::time(entry.time.as_ref()),
        entry.actor.clone(),
        entry.action.clone(),
        print::text(&entry.tenant),
        print::text(&entry.target),
        print::text(&entry.address),
    ]
}
