//! `scimd group`: shows what a tenant's groups and their members are now, and adds and removes members.

use std::io::Write;

use super::client::{Connection, Server};
use super::deleted::Deleted;
use super::error::Error;
use super::pages::Pages;
use super::{Output, print};
use crate::server::admin::api::v1::{
    AddGroupMembersRequest, GetGroupRequest, ListGroupMembersRequest, ListGroupMembersResponse, ListGroupsRequest,
    ListGroupsResponse, RemoveGroupMembersRequest,
};

/// The flags of `group`.
#[derive(Debug, clap::Args)]
pub struct Group {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists groups in the order of their creation.
    List(List),
    /// Shows a group, without its members.
    Get {
        /// The group's id, or its displayName when only one group has it.
        group: String,

        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
    /// Lists a group's direct members.
    Members(Members),
    /// Puts users or groups into a group, as members that were added here.
    ///
    /// Where the tenant's mapping has an additive membership, the identity provider cannot take them out.
    AddMember(Who),
    /// Takes users or groups out of a group.
    RemoveMember(Who),
    /// Shows groups that were deleted, and brings them back; the tenant says for how long (`tenant update --deleted-kept-days`).
    #[command(subcommand)]
    Deleted(Deleted),
}

#[derive(Debug, clap::Args)]
struct List {
    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Only groups that this SCIM filter matches, such as 'displayName sw "jira"'.
    #[arg(long, value_name = "FILTER", default_value = "", hide_default_value = true)]
    filter: String,

    #[command(flatten)]
    pages: Pages,
}

#[derive(Debug, clap::Args)]
struct Who {
    /// The group's id, or its displayName when only one group has it.
    group: String,

    /// The ids or userNames of users, or the ids of groups.
    #[arg(required = true)]
    members: Vec<String>,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,
}

#[derive(Debug, clap::Args)]
struct Members {
    /// The group's id, or its displayName when only one group has it.
    group: String,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    #[command(flatten)]
    pages: Pages,
}

impl Group {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::Deleted(deleted) => deleted.run(&server, "Group", out).await,
            Verb::List(list) => list.run(&server, out).await,
            Verb::Get { group, tenant } => get(&server, group, tenant, out).await,
            Verb::Members(members) => members.run(&server, out).await,
            Verb::AddMember(who) => who.add(&server, out).await,
            Verb::RemoveMember(who) => who.remove(&server, out).await,
        })
    }
}

impl List {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let mut total_size = 0;
        let (groups, next_page_token) = self
            .pages
            .gather(async |page_size, page_token| {
                let (tenant, filter) = (self.tenant.clone(), self.filter.clone());
                let request = ListGroupsRequest { tenant, filter, page_size, page_token };
                let page = server.resources().list_groups(server.ask(request)).await?.into_inner();
                total_size = page.total_size;
                Ok((page.groups, page.next_page_token))
            })
            .await?;
        if server.output == Output::Json {
            return print::json(out, &ListGroupsResponse { groups, next_page_token, total_size });
        }
        let rows: Vec<_> = groups
            .iter()
            .map(|group| {
                [
                    group.id.clone(),
                    group.name.clone(),
                    print::text(&group.external_id),
                    print::time(group.update_time.as_ref()),
                ]
            })
            .collect();
        print::table(out, ["ID", "DISPLAY NAME", "EXTERNAL ID", "CHANGED"], &rows)?;
        self.pages.mention_rest(&next_page_token)
    }
}

impl Who {
    async fn add(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (tenant, group, members) = (self.tenant.clone(), self.group.clone(), self.members.clone());
        let request = AddGroupMembersRequest { tenant, group, members };
        let answer = server.resources().add_group_members(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => {
                let (added, there) = (answer.added, self.members.len() as i64 - i64::from(answer.added));
                Ok(writeln!(out, "{added} added to {}; {there} were members already.", print::clean(&self.group))?)
            }
        }
    }

    async fn remove(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (tenant, group, members) = (self.tenant.clone(), self.group.clone(), self.members.clone());
        let request = RemoveGroupMembersRequest { tenant, group, members };
        let answer = server.resources().remove_group_members(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => {
                let (removed, others) = (answer.removed, self.members.len() as i64 - i64::from(answer.removed));
                Ok(writeln!(out, "{removed} removed from {}; {others} were no members.", print::clean(&self.group))?)
            }
        }
    }
}

impl Members {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let mut total_size = 0;
        let (members, next_page_token) = self
            .pages
            .gather(async |page_size, page_token| {
                let (tenant, group) = (self.tenant.clone(), self.group.clone());
                let request = ListGroupMembersRequest { tenant, group, page_size, page_token };
                let page = server.resources().list_group_members(server.ask(request)).await?.into_inner();
                total_size = page.total_size;
                Ok((page.members, page.next_page_token))
            })
            .await?;
        if server.output == Output::Json {
            return print::json(out, &ListGroupMembersResponse { members, next_page_token, total_size });
        }
        let rows: Vec<_> = members
            .iter()
            .map(|member| [member.id.clone(), member.resource_type.clone(), print::text(&member.display)])
            .collect();
        print::table(out, ["ID", "TYPE", "NAME"], &rows)?;
        self.pages.mention_rest(&next_page_token)
    }
}

async fn get(server: &Server, group: &str, tenant: &str, out: &mut impl Write) -> Result<(), Error> {
    let request = GetGroupRequest { tenant: tenant.to_owned(), group: group.to_owned() };
    let answer = server.resources().get_group(server.ask(request)).await?.into_inner();
    if server.output == Output::Json {
        return print::json(out, &answer);
    }
    let members = answer.member_count;
    let group = answer.group.unwrap_or_default();
    print::fields(
        out,
        &[
            ("Id", group.id),
            ("displayName", group.name),
            ("externalId", print::text(&group.external_id)),
            ("Members", members.to_string()),
            ("Created", print::time_and_distance(group.create_time.as_ref(), "-")),
            ("Changed", print::time_and_distance(group.update_time.as_ref(), "-")),
            ("Version", group.version),
        ],
    )?;
    writeln!(out, "Attributes")?;
    print::block(out, &print::object(&group.attributes.unwrap_or_default())?)
}
