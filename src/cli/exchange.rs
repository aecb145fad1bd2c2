//! `scimd exchange`: shows what an identity provider sent and was answered, explains it, and runs it again without writing.

use std::io::Write;

use super::client::{Connection, Server};
use super::error::Error;
use super::pages::Pages;
use super::{Output, change, print, values};
use crate::server::admin::api::v1::{
    ExchangeBody, GetExchangeRequest, GetExchangeResponse, Header, ListExchangesRequest, ListExchangesResponse,
    ReplayExchangeRequest, ReplayExchangeResponse, ResourceDifference,
};

/// The flags of `exchange`.
#[derive(Debug, clap::Args)]
pub struct Exchange {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists the last exchanges, the newest first. The server keeps them in memory, the last ones of each tenant.
    List(List),
    /// Shows an exchange with its bodies, and says in words what happened and what to do about it.
    Get(One),
    /// Runs the request again on the data as it is now, writes nothing, and shows what it would answer and change.
    Replay(One),
}

#[derive(Debug, clap::Args)]
struct List {
    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Only exchanges with this status, such as 409, or of this class, such as 4xx.
    #[arg(long, value_name = "STATUS", value_parser = status, default_value = "0", hide_default_value = true)]
    status: i32,

    /// Only exchanges about the resource with this id.
    #[arg(long = "resource", value_name = "ID", default_value = "", hide_default_value = true)]
    resource_id: String,

    /// Only exchanges of the token with this id.
    #[arg(long = "token", value_name = "ID", default_value = "", hide_default_value = true)]
    token_id: String,

    /// Only exchanges with this method, such as PATCH.
    #[arg(long, value_name = "METHOD", default_value = "", hide_default_value = true)]
    method: String,

    /// Exchanges from this time on: 2026-01-31T12:00:00Z, 2026-01-31, or 1h (an hour ago).
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    since: Option<i64>,

    /// Exchanges before this time.
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    until: Option<i64>,

    /// Shows the values in filters.
    #[arg(long)]
    unmasked: bool,

    #[command(flatten)]
    pages: Pages,
}

#[derive(Debug, clap::Args)]
struct One {
    /// The exchange's id, which is the X-Request-Id of the answer.
    id: String,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Shows personal values.
    #[arg(long)]
    unmasked: bool,
}

impl Exchange {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::List(list) => list.run(&server, out).await,
            Verb::Get(one) => {
                let request =
                    GetExchangeRequest { tenant: one.tenant.clone(), id: one.id.clone(), unmasked: one.unmasked };
                let answer = server.exchanges().get_exchange(server.ask(request)).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => show(out, &answer),
                }
            }
            Verb::Replay(one) => {
                let request =
                    ReplayExchangeRequest { tenant: one.tenant.clone(), id: one.id.clone(), unmasked: one.unmasked };
                let answer = server.exchanges().replay_exchange(server.ask(request)).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => replayed(out, &answer),
                }
            }
        })
    }
}

impl List {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (exchanges, next_page_token) = self
            .pages
            .gather(async |page_size, page_token| {
                let request = ListExchangesRequest {
                    tenant: self.tenant.clone(),
                    start_time: self.since.map(values::timestamp),
                    end_time: self.until.map(values::timestamp),
                    status: self.status,
                    resource_id: self.resource_id.clone(),
                    token_id: self.token_id.clone(),
                    method: self.method.clone(),
                    page_size,
                    page_token,
                    unmasked: self.unmasked,
                };
                let page = server.exchanges().list_exchanges(server.ask(request)).await?.into_inner();
                Ok((page.exchanges, page.next_page_token))
            })
            .await?;
        if server.output == Output::Json {
            return print::json(out, &ListExchangesResponse { exchanges, next_page_token });
        }
        let rows: Vec<_> = exchanges
            .iter()
            .map(|exchange| {
                [
                    print::time(exchange.time.as_ref()),
                    exchange.id.clone(),
                    exchange.status.to_string(),
                    print::text(&exchange.scim_type),
                    exchange.method.clone(),
                    exchange.target.clone(),
                    print::milliseconds(exchange.duration.as_ref()),
                    print::list(&exchange.quirks),
                ]
            })
            .collect();
        let headers = ["TIME", "ID", "STATUS", "SCIM TYPE", "METHOD", "TARGET", "TOOK", "QUIRKS"];
        print::table(out, headers, &rows)?;
        self.pages.mention_rest(&next_page_token)
    }
}

fn show(out: &mut impl Write, answer: &GetExchangeResponse) -> Result<(), Error> {
    let exchange = answer.exchange.clone().unwrap_or_default();
    print::fields(
        out,
        &[
            ("Id", exchange.id),
            ("Time", print::time_and_distance(exchange.time.as_ref(), "-")),
            ("Request", format!("{} {} (HTTP/{})", exchange.method, exchange.target, exchange.http_version)),
            ("Endpoint", print::text(&exchange.endpoint)),
            ("Status", exchange.status.to_string()),
            ("SCIM type", print::text(&exchange.scim_type)),
            ("Took", print::milliseconds(exchange.duration.as_ref())),
            ("Token id", print::text(&exchange.token_id)),
            ("From", print::text(&exchange.address)),
            ("User agent", print::text(&exchange.user_agent)),
            ("Quirks", print::list(&exchange.quirks)),
            ("Warned of", print::list(&exchange.quirks_warned)),
            ("Refused for", print::list(&exchange.quirks_refused)),
            ("Rules", print::list(&exchange.rules)),
            ("Refused by", print::list(&exchange.rules_refused)),
        ],
    )?;
    headers(out, "Request headers", &answer.request_headers)?;
    body(out, "Request body", answer.request_body.as_ref())?;
    headers(out, "Answer headers", &answer.response_headers)?;
    body(out, "Answer body", answer.response_body.as_ref())?;
    writeln!(out, "\nWhat happened")?;
    print::prose(out, &answer.explanation)?;
    masked(out, &print::value(answer)?)
}

fn replayed(out: &mut impl Write, answer: &ReplayExchangeResponse) -> Result<(), Error> {
    print::fields(
        out,
        &[
            ("Status now", answer.status.to_string()),
            ("Quirks", print::list(&answer.quirks)),
            ("Rules", print::list(&answer.rules)),
            (
                "Would change",
                match answer.differences.len() {
                    0 => "nothing".to_owned(),
                    1 => "1 resource".to_owned(),
                    many => format!("{many} resources"),
                },
            ),
        ],
    )?;
    for one in &answer.differences {
        writeln!(out)?;
        difference(out, one)?;
    }
    body(out, "Answer body", answer.response_body.as_ref())?;
    writeln!(out, "\nWhat this means")?;
    print::prose(out, &answer.explanation)?;
    masked(out, &print::value(answer)?)
}

/// What would become of a resource, attribute by attribute.
pub(super) fn difference(out: &mut impl Write, difference: &ResourceDifference) -> Result<(), Error> {
    let (verb, kind, id) = (change::kind(difference.kind()), &difference.resource_type, &difference.resource_id);
    writeln!(out, "{verb} {} {}", print::clean(kind), print::clean(id))?;
    for attribute in &difference.attributes {
        let (before, after) = (print::text(&attribute.before), print::text(&attribute.after));
        let path = print::clean(&attribute.path);
        writeln!(out, "  {path}: {} -> {}", print::clean(&before), print::clean(&after))?;
    }
    for (sign, members) in [('+', &difference.members_added), ('-', &difference.members_removed)] {
        for member in members {
            writeln!(out, "  members: {sign}{}", print::clean(member))?;
        }
    }
    Ok(())
}

/// Says how to see what is masked, where something is.
pub(super) fn masked(out: &mut impl Write, answer: &serde_json::Value) -> Result<(), Error> {
    match answer.to_string().contains("***") {
        true => Ok(writeln!(out, "\n*** stands for personal values; --unmasked shows them.")?),
        false => Ok(()),
    }
}

fn headers(out: &mut impl Write, title: &str, headers: &[Header]) -> Result<(), Error> {
    if headers.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    for header in headers {
        writeln!(out, "  {}: {}", print::clean(&header.name), print::clean(&header.value))?;
    }
    Ok(())
}

fn body(out: &mut impl Write, title: &str, body: Option<&ExchangeBody>) -> Result<(), Error> {
    let Some(body) = body.filter(|body| !body.text.is_empty()) else { return Ok(()) };
    writeln!(out, "\n{title}{}", if body.truncated { " (its beginning)" } else { "" })?;
    match serde_json::from_str::<serde_json::Value>(&body.text) {
        Ok(json) => print::block(out, &format!("{json:#}")),
        Err(_) => print::block(out, &body.text),
    }
}

/// A status, or a class of them as one digit.
pub(super) fn status(text: &str) -> Result<i32, String> {
    let digits = text.strip_suffix("xx").unwrap_or(text);
    match digits.parse::<i32>() {
        Ok(status @ (0..=5 | 100..=599)) => Ok(status),
        _ => Err("it is a status such as 409, or a class of them such as 4xx".to_owned()),
    }
}
