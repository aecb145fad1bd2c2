//! `scimd transaction`: shows what became of requests whose client did not wait for the outcome.

use std::io::Write;

use super::client::{Connection, Server};
use super::error::Error;
use super::pages::Pages;
use super::{Output, print};
use crate::server::admin::api::v1::{
    GetTransactionRequest, ListTransactionsRequest, ListTransactionsResponse, Transaction as Answer, TransactionState,
};

/// The flags of `transaction`.
#[derive(Debug, clap::Args)]
pub struct Transaction {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists transactions, the oldest first. The last 1000 of each tenant are kept, for a week.
    List(List),
    /// Shows a transaction and how it ended.
    ///
    /// What it changed is shown by `scimd change list --request ID`.
    Get(One),
}

/// How a transaction is doing.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum State {
    /// At work, or waiting for its turn.
    Running,
    /// With an outcome.
    Done,
    /// Without an outcome: the server ended before it was written down.
    Interrupted,
}

#[derive(Debug, clap::Args)]
struct List {
    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Only transactions in this state.
    #[arg(long, value_name = "STATE")]
    state: Option<State>,

    #[command(flatten)]
    pages: Pages,
}

#[derive(Debug, clap::Args)]
struct One {
    /// The transaction's id, which is the Set-Txn of the answer.
    id: String,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,
}

impl Transaction {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::List(list) => list.run(&server, out).await,
            Verb::Get(one) => {
                let request = GetTransactionRequest { tenant: one.tenant.clone(), id: one.id.clone() };
                let answer = server.transactions().get_transaction(server.ask(request)).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => show(out, &answer.transaction.unwrap_or_default()),
                }
            }
        })
    }
}

impl List {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let state = self.state.map_or(TransactionState::Unspecified, |state| match state {
            State::Running => TransactionState::Running,
            State::Done => TransactionState::Done,
            State::Interrupted => TransactionState::Interrupted,
        });
        let (transactions, next_page_token) = self
            .pages
            .gather(async |page_size, page_token| {
                let tenant = self.tenant.clone();
                let request = ListTransactionsRequest { tenant, state: state.into(), page_size, page_token };
                let page = server.transactions().list_transactions(server.ask(request)).await?.into_inner();
                Ok((page.transactions, page.next_page_token))
            })
            .await?;
        if server.output == Output::Json {
            return print::json(out, &ListTransactionsResponse { transactions, next_page_token });
        }
        let rows: Vec<_> = transactions
            .iter()
            .map(|one| {
                [
                    print::time(one.start_time.as_ref()),
                    one.id.clone(),
                    word(one.state()).to_owned(),
                    status(one),
                    one.method.clone(),
                    one.path.clone(),
                ]
            })
            .collect();
        print::table(out, ["TIME", "ID", "STATE", "STATUS", "METHOD", "PATH"], &rows)?;
        self.pages.mention_rest(&next_page_token)
    }
}

fn word(state: TransactionState) -> &'static str {
    match state {
        TransactionState::Unspecified => "-",
        TransactionState::Running => "running",
        TransactionState::Done => "done",
        TransactionState::Interrupted => "interrupted",
    }
}

fn status(one: &Answer) -> String {
    if one.status == 0 { "-".to_owned() } else { one.status.to_string() }
}

fn show(out: &mut impl Write, one: &Answer) -> Result<(), Error> {
    print::fields(
        out,
        &[
            ("Id", one.id.clone()),
            ("State", word(one.state()).to_owned()),
            ("Request", format!("{} {}", one.method, one.path)),
            ("Token id", print::text(&one.token_id)),
            ("Asked", print::time_and_distance(one.start_time.as_ref(), "-")),
            ("Ended", print::time_and_distance(one.end_time.as_ref(), "-")),
            ("Status", status(one)),
            ("Location", print::text(&one.location)),
            ("Version", print::text(&one.version)),
        ],
    )?;
    if one.response.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nAnswer")?;
    match serde_json::from_str::<serde_json::Value>(&one.response) {
        Ok(json) => print::block(out, &format!("{json:#}")),
        Err(_) => print::block(out, &one.response),
    }
}
