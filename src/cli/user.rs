//! `scimd user`: shows what a tenant's users are now.

use std::io::Write;

use super::client::{Connection, Server};
use super::deleted::Deleted;
use super::error::Error;
use super::pages::Pages;
use super::{Output, print};
use crate::server::admin::api::v1::{GetUserRequest, ListUsersRequest, ListUsersResponse};

/// The flags of `user`.
#[derive(Debug, clap::Args)]
pub struct User {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists users in the order of their creation.
    List(List),
    /// Shows a user with all attributes.
    Get {
        /// The user's id or userName.
        user: String,

        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
    /// Shows users that were deleted, and brings them back; the tenant says for how long (`tenant update --deleted-kept-days`).
    #[command(subcommand)]
    Deleted(Deleted),
}

#[derive(Debug, clap::Args)]
struct List {
    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Only users that this SCIM filter matches, such as 'userName eq "anna@example.com"'.
    #[arg(long, value_name = "FILTER", default_value = "", hide_default_value = true)]
    filter: String,

    #[command(flatten)]
    pages: Pages,
}

impl User {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::Deleted(deleted) => deleted.run(&server, "User", out).await,
            Verb::List(list) => list.run(&server, out).await,
            Verb::Get { user, tenant } => get(&server, user, tenant, out).await,
        })
    }
}

impl List {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let mut total_size = 0;
        let (users, next_page_token) = self
            .pages
            .gather(async |page_size, page_token| {
                let (tenant, filter) = (self.tenant.clone(), self.filter.clone());
                let request = ListUsersRequest { tenant, filter, page_size, page_token };
                let page = server.resources().list_users(server.ask(request)).await?.into_inner();
                total_size = page.total_size;
                Ok((page.users, page.next_page_token))
            })
            .await?;
        if server.output == Output::Json {
            return print::json(out, &ListUsersResponse { users, next_page_token, total_size });
        }
        let rows: Vec<_> = users
            .iter()
            .map(|user| {
                [
                    user.id.clone(),
                    user.name.clone(),
                    print::yes(user.active),
                    print::text(&user.external_id),
                    print::time(user.update_time.as_ref()),
                ]
            })
            .collect();
        print::table(out, ["ID", "USERNAME", "ACTIVE", "EXTERNAL ID", "CHANGED"], &rows)?;
        self.pages.mention_rest(&next_page_token)
    }
}

async fn get(server: &Server, user: &str, tenant: &str, out: &mut impl Write) -> Result<(), Error> {
    let request = GetUserRequest { tenant: tenant.to_owned(), user: user.to_owned() };
    let answer = server.resources().get_user(server.ask(request)).await?.into_inner();
    if server.output == Output::Json {
        return print::json(out, &answer);
    }
    let user = answer.user.unwrap_or_default();
    print::fields(
        out,
        &[
            ("Id", user.id),
            ("userName", user.name),
            ("externalId", print::text(&user.external_id)),
            ("Active", print::yes(user.active)),
            ("Created", print::time_and_distance(user.create_time.as_ref(), "-")),
            ("Changed", print::time_and_distance(user.update_time.as_ref(), "-")),
            ("Version", user.version),
        ],
    )?;
    writeln!(out, "Attributes")?;
    print::block(out, &print::object(&user.attributes.unwrap_or_default())?)
}
