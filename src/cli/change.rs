//! `scimd change`: shows what was done to a tenant's users and groups, up to now or as it happens.

use std::io::Write;

use super::client::{Connection, Server};
use super::error::Error;
use super::pages::Pages;
use super::watch::{Bounds, Columns, Told};
use super::{Output, print, values};
use crate::server::admin::api::v1::{
    Change as Answer, ChangeFilter, ChangeKind, ListChangesRequest, ListChangesResponse, WatchChangesRequest,
    WatchChangesResponse,
};

/// The columns of a change, and how wide they are where rows come one by one.
const COLUMNS: Columns<6> =
    Columns { headers: ["TIME", "KIND", "TYPE", "RESOURCE", "ACTOR", "WHAT"], widths: [24, 6, 5, 36, 20, 0] };

/// The flags of `change`.
#[derive(Debug, clap::Args)]
pub struct Change {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists changes, the oldest first.
    List(List),
    /// Shows every new change as it is committed, until it is interrupted.
    ///
    /// Each JSON object has a resume_token: whoever goes on with the last one that was dealt with, by --resume, misses no
    /// change. Objects without a change only tell that the watch lives, and where it is.
    Watch(Watch),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Only changes of users, or of groups: User or Group.
    #[arg(long = "type", value_name = "TYPE", default_value = "", hide_default_value = true)]
    resource_type: String,

    /// Only changes of the resource with this id.
    #[arg(long = "resource", value_name = "ID", default_value = "", hide_default_value = true)]
    resource_id: String,

    /// Only changes by this token (its id) or admin (its name).
    #[arg(long, value_name = "ACTOR", default_value = "", hide_default_value = true)]
    actor: String,

    /// Only changes by the request with this id, which is also the id of its transaction.
    #[arg(long = "request", value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    which: Which,

    /// Changes from this time on: 2026-01-31T12:00:00Z, 2026-01-31, or 1h (an hour ago).
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    since: Option<i64>,

    /// Changes before this time.
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    until: Option<i64>,

    #[command(flatten)]
    pages: Pages,
}

#[derive(Debug, clap::Args)]
struct Watch {
    #[command(flatten)]
    which: Which,

    /// Begins with the oldest change that there is.
    #[arg(long, conflicts_with = "resume")]
    from_start: bool,

    #[command(flatten)]
    bounds: Bounds,
}

impl Change {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::List(list) => list.run(&server, out).await,
            Verb::Watch(watch) => watch.run(&server, out).await,
        })
    }
}

impl List {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (changes, next_page_token) = self
            .pages
            .gather(async |page_size, page_token| {
                let request = ListChangesRequest {
                    tenant: self.which.tenant.clone(),
                    filter: Some(self.which.filter()),
                    start_time: self.since.map(values::timestamp),
                    end_time: self.until.map(values::timestamp),
                    page_size,
                    page_token,
                };
                let page = server.changes().list_changes(server.ask(request)).await?.into_inner();
                Ok((page.changes, page.next_page_token))
            })
            .await?;
        if server.output == Output::Json {
            return print::json(out, &ListChangesResponse { changes, next_page_token });
        }
        let rows: Vec<_> = changes.iter().map(row).collect();
        print::table(out, COLUMNS.headers, &rows)?;
        self.pages.mention_rest(&next_page_token)
    }
}

impl Watch {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let request = WatchChangesRequest {
            tenant: self.which.tenant.clone(),
            filter: Some(self.which.filter()),
            resume_token: self.bounds.resume.clone(),
            from_start: self.from_start,
        };
        // A watch has no deadline: it ends when somebody ends it.
        let mut changes = server.changes().watch_changes(request).await?.into_inner();
        let told = |message: &WatchChangesResponse| Told {
            row: message.change.as_ref().map(row),
            resume: message.resume_token.clone(),
        };
        let next = async || Ok(changes.message().await?);
        self.bounds.follow(server, &COLUMNS, next, (told, print::json_line), out).await
    }
}

impl Which {
    fn filter(&self) -> ChangeFilter {
        ChangeFilter {
            resource_type: self.resource_type.clone(),
            resource_id: self.resource_id.clone(),
            actor: self.actor.clone(),
            request_id: self.request_id.clone(),
        }
    }
}

/// The name of a kind of change.
pub(super) fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Unspecified => "-",
        ChangeKind::Create => "create",
        ChangeKind::Update => "update",
        ChangeKind::Delete => "delete",
    }
}

fn row(change: &Answer) -> [String; 6] {
    [
        print::time(change.time.as_ref()),
        kind(change.kind()).to_owned(),
        change.resource_type.clone(),
        change.resource_id.clone(),
        print::text(&change.actor),
        what(change),
    ]
}

fn what(change: &Answer) -> String {
    let mut parts = change.attributes.clone();
    let more = if change.members_incomplete { " or more" } else { "" };
    for (sign, members) in [('+', &change.members_added), ('-', &change.members_removed)] {
        match members.as_slice() {
            [] => {}
            [member] => parts.push(format!("{sign}{member}{more}")),
            many => parts.push(format!("{sign}{} members{more}", many.len())),
        }
    }
    print::list(&parts)
}
