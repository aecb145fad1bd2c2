//! `scimd resource`: shows what resources of any type a tenant has now.

use std::io::Write;

use super::client::{Connection, Server};
use super::error::Error;
use super::pages::Pages;
use super::{Output, print};
use crate::server::admin::api::v1::{GetResourceRequest, ListResourcesRequest, ListResourcesResponse};

/// The flags of `resource`.
#[derive(Debug, clap::Args)]
pub struct Resource {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists the resources of a type in the order of their creation.
    List(List),
    /// Shows a resource with all attributes.
    Get {
        /// The name of its type, as `scimd resource-type list` shows it.
        resource_type: String,

        /// The resource's id.
        id: String,

        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    /// The name of the type, as `scimd resource-type list` shows it.
    resource_type: String,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Only resources that this SCIM filter matches, such as 'externalId eq "4711"'.
    #[arg(long, value_name = "FILTER", default_value = "", hide_default_value = true)]
    filter: String,

    #[command(flatten)]
    pages: Pages,
}

impl Resource {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::List(list) => list.run(&server, out).await,
            Verb::Get { resource_type, id, tenant } => {
                let (resource_type, id, tenant) = (resource_type.clone(), id.clone(), tenant.clone());
                get(&server, GetResourceRequest { tenant, resource_type, id }, out).await
            }
        })
    }
}

impl List {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let mut total_size = 0;
        let (resources, next_page_token) = self
            .pages
            .gather(async |page_size, page_token| {
                let (tenant, resource_type) = (self.tenant.clone(), self.resource_type.clone());
                let filter = self.filter.clone();
                let request = ListResourcesRequest { tenant, resource_type, filter, page_size, page_token };
                let page = server.resources().list_resources(server.ask(request)).await?.into_inner();
                total_size = page.total_size;
                Ok((page.resources, page.next_page_token))
            })
            .await?;
        if server.output == Output::Json {
            return print::json(out, &ListResourcesResponse { resources, next_page_token, total_size });
        }
        let rows: Vec<_> = resources
            .iter()
            .map(|resource| {
                [
                    resource.id.clone(),
                    print::text(&resource.name),
                    print::text(&resource.external_id),
                    print::time(resource.update_time.as_ref()),
                ]
            })
            .collect();
        print::table(out, ["ID", "NAME", "EXTERNAL ID", "CHANGED"], &rows)?;
        self.pages.mention_rest(&next_page_token)
    }
}

async fn get(server: &Server, request: GetResourceRequest, out: &mut impl Write) -> Result<(), Error> {
    let answer = server.resources().get_resource(server.ask(request)).await?.into_inner();
    if server.output == Output::Json {
        return print::json(out, &answer);
    }
    let resource = answer.resource.unwrap_or_default();
    print::fields(
        out,
        &[
            ("Id", resource.id),
            ("Type", resource.resource_type),
            ("Name", print::text(&resource.name)),
            ("externalId", print::text(&resource.external_id)),
            ("Created", print::time_and_distance(resource.create_time.as_ref(), "-")),
            ("Changed", print::time_and_distance(resource.update_time.as_ref(), "-")),
            ("Version", resource.version),
        ],
    )?;
    writeln!(out, "Attributes")?;
    print::block(out, &print::object(&resource.attributes.unwrap_or_default())?)
}
