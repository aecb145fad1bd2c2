//! `scimd schema`: defines, shows and removes a tenant's own schemas.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::client::{Connection, Server};
use super::error::Error;
use super::{Output, files, print};
use crate::limits;
use crate::server::admin::api::v1::{
    DefinitionOutcome, DeleteSchemaRequest, GetSchemaRequest, ListSchemasRequest, PutSchemaRequest,
};

/// The flags of `schema`.
#[derive(Debug, clap::Args)]
pub struct Schema {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Defines a schema, or defines it anew.
    ///
    /// The file is the JSON of RFC 7643 section 7. The schema is of use once a resource type has it, see `resource-type put`. What
    /// resources have can neither be removed nor change its type.
    Put {
        /// The definition; - reads standard input.
        file: PathBuf,

        #[command(flatten)]
        terms: Terms,
    },
    /// Lists all schemas.
    List {
        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
    /// Prints a schema's definition, as `put` reads it.
    Get {
        /// The schema's URN.
        id: String,

        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
    /// Removes a schema that no resource type has.
    Delete {
        /// The schema's URN.
        id: String,

        #[command(flatten)]
        terms: Terms,
    },
}

/// Where a definition is changed.
#[derive(Debug, clap::Args)]
pub(super) struct Terms {
    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(super) tenant: String,

    /// Only checks; nothing is written.
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl Schema {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::Put { file, terms } => put(&server, file, terms, out).await,
            Verb::List { tenant } => list(&server, tenant, out).await,
            Verb::Get { id, tenant } => {
                let request = GetSchemaRequest { tenant: tenant.clone(), id: id.clone() };
                let answer = server.schemas().get_schema(server.ask(request)).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => definition(out, &answer.schema.unwrap_or_default().schema_json),
                }
            }
            Verb::Delete { id, terms } => {
                let Terms { tenant, dry_run } = terms;
                let request = DeleteSchemaRequest { tenant: tenant.clone(), id: id.clone(), dry_run: *dry_run };
                let answer = server.schemas().delete_schema(server.ask_long(request)).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => gone(out, id, *dry_run),
                }
            }
        })
    }
}

async fn put(server: &Server, file: &Path, terms: &Terms, out: &mut impl Write) -> Result<(), Error> {
    let schema_json = files::text(file, limits::DEFINITION_BYTES_MAX)?;
    let Terms { tenant, dry_run } = terms;
    let request = PutSchemaRequest { tenant: tenant.clone(), schema_json, dry_run: *dry_run };
    let answer = server.schemas().put_schema(server.ask_long(request)).await?.into_inner();
    if server.output == Output::Json {
        return print::json(out, &answer);
    }
    let schema = answer.schema.clone().unwrap_or_default();
    outcome(out, &schema.id, answer.outcome(), *dry_run)?;
    match schema.resource_types.is_empty() {
        true => Ok(writeln!(out, "No resource type has it; give it to one with `scimd resource-type put`.")?),
        false => Ok(writeln!(out, "It is one of {}.", print::list(&schema.resource_types))?),
    }
}

async fn list(server: &Server, tenant: &str, out: &mut impl Write) -> Result<(), Error> {
    let request = ListSchemasRequest { tenant: tenant.to_owned() };
    let answer = server.schemas().list_schemas(server.ask(request)).await?.into_inner();
    if server.output == Output::Json {
        return print::json(out, &answer);
    }
    let rows: Vec<_> = answer
        .schemas
        .iter()
        .map(|schema| {
            [
                schema.id.clone(),
                schema.name.clone(),
                origin(schema.built_in),
                print::text(&print::list(&schema.resource_types)),
                print::time(schema.update_time.as_ref()),
            ]
        })
        .collect();
    print::table(out, ["ID", "NAME", "ORIGIN", "RESOURCE TYPES", "CHANGED"], &rows)
}

/// A definition as it is, so that it can be put again.
pub(super) fn definition(out: &mut impl Write, json: &str) -> Result<(), Error> {
    for line in json.lines() {
        writeln!(out, "{}", print::clean(line))?;
    }
    Ok(())
}

/// What became of a definition.
pub(super) fn outcome(
    out: &mut impl Write,
    name: &str,
    outcome: DefinitionOutcome,
    dry_run: bool,
) -> Result<(), Error> {
    let word = match (outcome, dry_run) {
        (DefinitionOutcome::Created, false) => "is defined",
        (DefinitionOutcome::Created, true) => "would be defined",
        (DefinitionOutcome::Changed, false) => "is defined anew",
        (DefinitionOutcome::Changed, true) => "would be defined anew",
        (DefinitionOutcome::Unchanged | DefinitionOutcome::Unspecified, _) => "is as it was",
    };
    Ok(writeln!(out, "{} {word}.", print::clean(name))?)
}

/// That a definition is gone.
pub(super) fn gone(out: &mut impl Write, name: &str, dry_run: bool) -> Result<(), Error> {
    let word = if dry_run { "can be removed" } else { "is removed" };
    Ok(writeln!(out, "{} {word}.", print::clean(name))?)
}

/// Where a definition comes from.
pub(super) fn origin(built_in: bool) -> String {
    if built_in { "built in".to_owned() } else { "tenant".to_owned() }
}
