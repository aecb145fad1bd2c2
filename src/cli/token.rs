//! `scimd token`: makes, shows, rotates and revokes the Secret Tokens of a tenant.

use std::io::Write;
use std::time::Duration;

use super::client::{Connection, Server};
use super::error::Error;
use super::{Output, pages, print, tenant, values};
use crate::server::admin::api::v1::{
    CreateTokenRequest, CreateTokenResponse, GetTokenRequest, ListTokensRequest, ListTokensResponse,
    RevokeTokenRequest, RotateTokenRequest, RotateTokenResponse, Token as Answer, TokenScope, TokenState,
};

/// The flags of `token`.
#[derive(Debug, clap::Args)]
pub struct Token {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Makes a token and shows its secret, this once.
    ///
    /// With a --name that a token has already, it answers with that token and without a secret, so that a script may
    /// repeat it.
    Create(Create),
    /// Lists a tenant's tokens, revoked and expired ones too.
    List {
        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
    /// Shows a token.
    Get {
        /// The token's id.
        id: String,
    },
    /// Makes the token that takes another one's place, and shows its secret, this once.
    ///
    /// Both are valid until the overlap ends, so that the identity provider never meets a refusal: put the new secret
    /// there, test the connection, and the old one ends by itself.
    Rotate(Rotate),
    /// Ends a token for good, on the next request.
    Revoke {
        /// The token's id.
        id: String,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// A name for automation, unique among the tenant's tokens: at most 63 characters a-z, 0-9, "-", "_" and ".".
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,

    /// What it is for.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    description: String,

    /// Lets it read only.
    #[arg(long)]
    read_only: bool,

    /// How long it is valid, such as 90d. Without it, until it is revoked.
    #[arg(long, value_name = "TIME", value_parser = values::period)]
    ttl: Option<Duration>,

    /// Accepts it from these networks alone, such as 192.0.2.0/24; may be repeated.
    #[arg(long, value_name = "NET", num_args = 1.., value_delimiter = ',')]
    allow_from: Vec<String>,

    /// Requests a second it may make; 0: as the tenant says.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    requests_per_second: u32,
}

#[derive(Debug, clap::Args)]
struct Rotate {
    /// The id of the token that is in use.
    id: String,

    /// How long the old one stays valid; at most 90d, and 0 ends it at once.
    #[arg(long, value_name = "TIME", value_parser = values::period, default_value = "24h")]
    overlap: Duration,

    /// Ends the old one this long after the new one was first used, if that is before the end of the overlap.
    #[arg(long, value_name = "TIME", value_parser = values::period)]
    retire_after_use: Option<Duration>,

    /// How long the new one is valid. Without it, as long as the old one was made for.
    #[arg(long, value_name = "TIME", value_parser = values::period)]
    ttl: Option<Duration>,
}

impl Token {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::Create(create) => create.run(&server, out).await,
            Verb::List { tenant } => list(&server, tenant, out).await,
            Verb::Get { id } => {
                let request = server.ask(GetTokenRequest { id: id.clone() });
                let answer = server.tokens().get_token(request).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => show(out, &answer.token.unwrap_or_default()),
                }
            }
            Verb::Rotate(rotate) => rotate.run(&server, out).await,
            Verb::Revoke { id } => {
                let request = server.ask(RevokeTokenRequest { id: id.clone() });
                let answer = server.tokens().revoke_token(request).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => show(out, &answer.token.unwrap_or_default()),
                }
            }
        })
    }
}

impl Create {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let scope = if self.read_only { TokenScope::ReadOnly } else { TokenScope::Full };
        let request = CreateTokenRequest {
            tenant: self.tenant.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            scope: scope.into(),
            ttl: self.ttl.map(values::duration),
            allowed_networks: self.allow_from.clone(),
            requests_per_second_max: self.requests_per_second,
        };
        let answer = server.tokens().create_token(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => created(server, &answer, out).await,
        }
    }
}

impl Rotate {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let request = RotateTokenRequest {
            id: self.id.clone(),
            overlap: Some(values::duration(self.overlap)),
            retire_after_use: self.retire_after_use.map(values::duration),
            ttl: self.ttl.map(values::duration),
        };
        let answer = server.tokens().rotate_token(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => rotated(server, &answer, out).await,
        }
    }
}

async fn created(server: &Server, answer: &CreateTokenResponse, out: &mut impl Write) -> Result<(), Error> {
    let token = answer.token.clone().unwrap_or_default();
    if !answer.created {
        show(out, &token)?;
        writeln!(
            out,
            "\nThere was a token of this name. Its secret was shown when it was made; only its hash is kept."
        )?;
        return Ok(());
    }
    secret(server, &answer.secret, &token, out).await
}

async fn rotated(server: &Server, answer: &RotateTokenResponse, out: &mut impl Write) -> Result<(), Error> {
    let token = answer.token.clone().unwrap_or_default();
    secret(server, &answer.secret, &token, out).await?;
    let old = answer.replaced.clone().unwrap_or_default();
    let end = print::time_and_distance(old.expire_time.as_ref(), "when it is revoked");
    writeln!(out, "\nThe old token {} ends {end}.", print::clean(&old.id))?;
    writeln!(
        out,
        "Put the new secret into the identity provider before that; `scimd token get` tells when it was used."
    )?;
    Ok(())
}

/// The secret first: whatever fails afterwards must not keep it from being seen.
async fn secret(server: &Server, secret: &str, token: &Answer, out: &mut impl Write) -> Result<(), Error> {
    writeln!(out, "Secret Token  {secret}")?;
    writeln!(out, "              shown this once: store it now")?;
    out.flush()?;
    // The Tenant URL is a convenience; a server that does not tell it has made the token all the same.
    if let Ok(answer) = tenant::fetch(server, &token.tenant).await {
        let url = answer.tenant.unwrap_or_default().tenant_url;
        writeln!(out, "Tenant URL    {}", print::clean(&url))?;
    }
    writeln!(out, "Token id      {}", print::clean(&token.id))?;
    writeln!(out, "Expires       {}", print::time_and_distance(token.expire_time.as_ref(), "never"))?;
    Ok(())
}

async fn list(server: &Server, tenant: &str, out: &mut impl Write) -> Result<(), Error> {
    let tokens = pages::all(async |page_size, page_token| {
        let request = ListTokensRequest { tenant: tenant.to_owned(), page_size, page_token };
        let page = server.tokens().list_tokens(server.ask(request)).await?.into_inner();
        Ok((page.tokens, page.next_page_token))
    })
    .await?;
    if server.output == Output::Json {
        return print::json(out, &ListTokensResponse { tokens, next_page_token: String::new() });
    }
    let rows: Vec<_> = tokens
        .iter()
        .map(|token| {
            [
                token.id.clone(),
                print::text(&token.name),
                scope(token.scope()).to_owned(),
                state(token.state()).to_owned(),
                print::time(token.create_time.as_ref()),
                print::relative(token.expire_time.as_ref()),
                print::relative(token.last_use_time.as_ref()),
                print::text(&token.last_use_address),
                print::text(&token.description),
            ]
        })
        .collect();
    let headers = ["ID", "NAME", "SCOPE", "STATE", "CREATED", "EXPIRES", "LAST USED", "FROM", "DESCRIPTION"];
    print::table(out, headers, &rows)
}

fn show(out: &mut impl Write, token: &Answer) -> Result<(), Error> {
    print::fields(
        out,
        &[
            ("Token id", token.id.clone()),
            ("Tenant", token.tenant.clone()),
            ("Name", print::text(&token.name)),
            ("Description", print::text(&token.description)),
            ("Prefix", token.prefix.clone()),
            ("Scope", scope(token.scope()).to_owned()),
            ("State", state(token.state()).to_owned()),
            (
                "Allowed from",
                if token.allowed_networks.is_empty() {
                    "anywhere".into()
                } else {
                    print::list(&token.allowed_networks)
                },
            ),
            ("Requests", print::rate(token.requests_per_second_max, "as the tenant says")),
            ("Created", print::time(token.create_time.as_ref())),
            ("Expires", print::time_and_distance(token.expire_time.as_ref(), "never")),
            ("Revoked", print::time(token.revoke_time.as_ref())),
            ("First used", print::time_and_distance(token.first_use_time.as_ref(), "-")),
            ("Last used", print::time_and_distance(token.last_use_time.as_ref(), "-")),
            ("Last used from", print::text(&token.last_use_address)),
            ("Replaced by", print::text(&token.replaced_by)),
            ("Replaces", print::text(&token.replaces)),
        ],
    )
}

fn scope(scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Unspecified => "-",
        TokenScope::Full => "full",
        TokenScope::ReadOnly => "read-only",
    }
}

fn state(state: TokenState) -> &'static str {
    match state {
        TokenState::Unspecified => "-",
        TokenState::Active => "active",
        TokenState::Retiring => "retiring",
        TokenState::Expired => "expired",
        TokenState::Revoked => "revoked",
    }
}
