//! `scimd user deleted` and `scimd group deleted`: what was deleted and can come back, and bringing it back.

use std::io::Write;

use super::client::Server;
use super::error::Error;
use super::pages::Pages;
use super::{Output, print};
use crate::server::admin::api::v1::{
    ListDeletedResourcesRequest, ListDeletedResourcesResponse, RestoreResourceRequest,
};

/// What to do with the deleted ones.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Deleted {
    /// Lists those that can come back, in the order of their creation.
    List {
        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,

        #[command(flatten)]
        pages: Pages,
    },
    /// Brings one back as it was: with its id, its attributes, a group's members, and its memberships in groups that are still there.
    Restore {
        /// Its id.
        id: String,

        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
}

impl Deleted {
    /// `resource_type` is User or Group.
    pub(super) async fn run(&self, server: &Server, resource_type: &str, out: &mut impl Write) -> Result<(), Error> {
        match self {
            Deleted::List { tenant, pages } => list(server, tenant, pages, resource_type, out).await,
            Deleted::Restore { id, tenant } => restore(server, tenant, id, resource_type, out).await,
        }
    }
}

async fn list(
    server: &Server,
    tenant: &str,
    pages: &Pages,
    resource_type: &str,
    out: &mut impl Write,
) -> Result<(), Error> {
    let (resources, next_page_token) = pages
        .gather(async |page_size, page_token| {
            let (tenant, resource_type) = (tenant.to_owned(), resource_type.to_owned());
            let request = ListDeletedResourcesRequest { tenant, resource_type, page_size, page_token };
            let page = server.resources().list_deleted_resources(server.ask(request)).await?.into_inner();
            Ok((page.resources, page.next_page_token))
        })
        .await?;
    if server.output == Output::Json {
        return print::json(out, &ListDeletedResourcesResponse { resources, next_page_token });
    }
    let rows: Vec<_> = resources
        .into_iter()
        .map(|gone| {
            [
                gone.id,
                gone.name,
                print::text(&gone.external_id),
                print::time(gone.delete_time.as_ref()),
                print::time(gone.purge_time.as_ref()),
                gone.membership_count.to_string(),
                gone.member_count.to_string(),
            ]
        })
        .collect();
    let headers = ["ID", "NAME", "EXTERNAL ID", "DELETED", "KEPT UNTIL", "GROUPS", "MEMBERS"];
    print::table(out, headers, &rows)?;
    pages.mention_rest(&next_page_token)
}

async fn restore(
    server: &Server,
    tenant: &str,
    id: &str,
    resource_type: &str,
    out: &mut impl Write,
) -> Result<(), Error> {
    let (tenant, resource_type, id) = (tenant.to_owned(), resource_type.to_owned(), id.to_owned());
    let request = RestoreResourceRequest { tenant, resource_type, id };
    let answer = server.resources().restore_resource(server.ask(request)).await?.into_inner();
    if server.output == Output::Json {
        return print::json(out, &answer);
    }
    let resource = answer.resource.unwrap_or_default();
    print::fields(
        out,
        &[
            ("Id", resource.id),
            ("Name", resource.name),
            ("In groups again", answer.group_ids.len().to_string()),
            ("Memberships lost", answer.lost_memberships.len().to_string()),
        ],
    )?;
    let lost = |lost: &crate::server::admin::api::v1::LostMembership| format!("{}: {}", lost.group_id, lost.reason);
    answer.lost_memberships.iter().try_for_each(|membership| print::prose(out, &lost(membership)))
}
