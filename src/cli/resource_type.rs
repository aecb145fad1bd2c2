//! `scimd resource-type`: defines, lists and removes a tenant's own resource types, and extends User and Group.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::client::{Connection, Server};
use super::error::Error;
use super::schema::{Terms, gone, origin, outcome};
use super::{Output, files, print};
use crate::limits;
use crate::server::admin::api::v1::{DeleteResourceTypeRequest, ListResourceTypesRequest, PutResourceTypeRequest};

/// The flags of `resource-type`.
#[derive(Debug, clap::Args)]
pub struct ResourceType {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Defines a resource type, or defines it anew.
    ///
    /// The file is the JSON of RFC 7643 section 6; its schemas are defined before with `schema put`. With the name User or Group it
    /// says which extensions those have.
    Put {
        /// The definition; - reads standard input.
        file: PathBuf,

        #[command(flatten)]
        terms: Terms,
    },
    /// Lists all resource types.
    List {
        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
    /// Removes a resource type of which there is no resource.
    Delete {
        /// The resource type's name.
        name: String,

        #[command(flatten)]
        terms: Terms,
    },
}

impl ResourceType {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::Put { file, terms } => put(&server, file, terms, out).await,
            Verb::List { tenant } => list(&server, tenant, out).await,
            Verb::Delete { name, terms } => {
                let Terms { tenant, dry_run } = terms;
                let request =
                    DeleteResourceTypeRequest { tenant: tenant.clone(), name: name.clone(), dry_run: *dry_run };
                let answer = server.schemas().delete_resource_type(server.ask_long(request)).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => gone(out, name, *dry_run),
                }
            }
        })
    }
}

async fn put(server: &Server, file: &Path, terms: &Terms, out: &mut impl Write) -> Result<(), Error> {
    let resource_type_json = files::text(file, limits::DEFINITION_BYTES_MAX)?;
    let Terms { tenant, dry_run } = terms;
    let request = PutResourceTypeRequest { tenant: tenant.clone(), resource_type_json, dry_run: *dry_run };
    let answer = server.schemas().put_resource_type(server.ask_long(request)).await?.into_inner();
    if server.output == Output::Json {
        return print::json(out, &answer);
    }
    let resource_type = answer.resource_type.clone().unwrap_or_default();
    outcome(out, &resource_type.name, answer.outcome(), *dry_run)
}

async fn list(server: &Server, tenant: &str, out: &mut impl Write) -> Result<(), Error> {
    let request = ListResourceTypesRequest { tenant: tenant.to_owned() };
    let answer = server.schemas().list_resource_types(server.ask(request)).await?.into_inner();
    if server.output == Output::Json {
        return print::json(out, &answer);
    }
    let rows: Vec<_> = answer
        .resource_types
        .iter()
        .map(|known| {
            [
                known.name.clone(),
                known.endpoint.clone(),
                origin(known.built_in),
                print::list(&known.schemas),
                print::time(known.update_time.as_ref()),
            ]
        })
        .collect();
    print::table(out, ["NAME", "ENDPOINT", "ORIGIN", "SCHEMAS", "CHANGED"], &rows)
}
