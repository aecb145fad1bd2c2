//! `scimd mapping`: sets, tries and takes back a tenant's mapping.

mod show;

use std::io::Write;
use std::path::{Path, PathBuf};

use super::client::{Connection, Server};
use super::error::{Error, Exit};
use super::pages::Pages;
use super::{Output, bar, files, print};
use crate::limits;
use crate::server::admin::api::v1::preview_mapping_request::Subject;
use crate::server::admin::api::v1::preview_mapping_response::Part;
use crate::server::admin::api::v1::{
    DiffMappingsRequest, EvaluateExpressionRequest, GetMappingRequest, GetMappingResponse,
    ListExpressionFunctionsRequest, ListMappingVersionsRequest, ListMappingVersionsResponse, ListSeenGroupsRequest,
    ListSeenGroupsResponse, Mapping as Message, MappingRefusal, PreviewMappingRequest, PreviewSample,
    ReapplyMappingRequest, RollbackMappingRequest, SetMappingRequest,
};

/// The flags of `mapping`.
#[derive(Debug, clap::Args)]
pub struct Mapping {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Shows the mapping in force, or an earlier version. With --output json it prints what `set` reads.
    Get {
        /// The version; 0 is the one in force.
        #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        version: i64,

        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
    /// Puts a mapping in force: for every request from then on, not for what is stored (see `reapply`).
    ///
    /// The tests in it are run and must pass, and what would give two stored resources the same userName is refused.
    Set(Set),
    /// Shows what a mapping does to a sample, to a recorded exchange, or to everything that is stored. Nothing is written.
    Preview(Preview),
    /// Works the mapping in force out again for everything that is stored, and writes what differs.
    ///
    /// Interrupted, it goes on with --resume, and to begin anew does no harm. The exit code is 7 when some resources failed.
    Reapply(Reapply),
    /// Lists the versions, the newest first.
    History {
        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,

        #[command(flatten)]
        pages: Pages,
    },
    /// Shows what differs between two versions.
    Diff {
        /// The earlier version; 0 is the one before the later one.
        #[arg(default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        from: i64,

        /// The later version; 0 is the one in force.
        #[arg(default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        to: i64,

        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
    /// Puts what an earlier version says in force again, as a new version.
    Rollback(Rollback),
    /// Shows what an expression results in for a resource.
    Evaluate(Evaluate),
    /// Lists the functions that expressions may use.
    Functions,
    /// Lists the groups that the identity provider has sent, also those that the policy refused.
    Groups {
        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,

        #[command(flatten)]
        pages: Pages,
    },
}

#[derive(Debug, clap::Args)]
struct Set {
    /// The mapping as JSON, as `get --output json` prints it; - reads standard input.
    file: PathBuf,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Why, for the history. Without it, as the file says.
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,

    /// Only if this version is in force now.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    expected_version: Option<i64>,

    /// Only if it is what a preview saw, which printed this fingerprint.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    fingerprint: String,
}

#[derive(Debug, clap::Args)]
struct Preview {
    /// The mapping to try, as JSON; - reads standard input. Without it, the one in force.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Tries it on this resource, as if it were created: the JSON body of a POST; - reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "exchange")]
    sample: Option<PathBuf>,

    /// The sample's resource type.
    #[arg(long = "type", value_name = "NAME", default_value = "User", requires = "sample")]
    resource_type: String,

    /// Tries it on this recorded exchange, by its id.
    #[arg(long, value_name = "ID")]
    exchange: Option<String>,

    /// Of everything that is stored, shows so many resources that would be others. All are counted.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=limits::PREVIEW_DIFFERENCES_MAX as i64))]
    limit: i32,

    /// Shows personal values.
    #[arg(long)]
    unmasked: bool,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,
}

#[derive(Debug, clap::Args)]
struct Reapply {
    /// The version that must be in force; without it, the one that is.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    version: Option<i64>,

    /// Goes on where an interrupted one ended.
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    resume: String,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,
}

#[derive(Debug, clap::Args)]
struct Rollback {
    /// The version; 0, with --expected-version, takes every rule and policy away.
    #[arg(value_parser = clap::value_parser!(i64).range(0..))]
    version: i64,

    /// Only if this version is in force now.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    expected_version: Option<i64>,

    /// Why, for the history.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,
}

#[derive(Debug, clap::Args)]
struct Evaluate {
    /// The expression, such as 'Join(" ", [name.givenName], [name.familyName])'.
    expression: String,

    /// The resource as JSON; - reads standard input. Without it, one without attributes.
    #[arg(long, value_name = "FILE")]
    resource: Option<PathBuf>,

    /// Its resource type.
    #[arg(long = "type", value_name = "NAME", default_value = "User")]
    resource_type: String,

    /// The attribute that it is for, such as 'emails[type eq "work"].value'.
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true)]
    target: String,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,
}

impl Mapping {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::Get { version, tenant } => {
                let answer = get(&server, tenant, *version).await?;
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => show::mapping(out, &answer.mapping.unwrap_or_default()),
                }
            }
            Verb::Set(set) => set.run(&server, out).await,
            Verb::Preview(preview) => preview.run(&server, out).await,
            Verb::Reapply(reapply) => reapply.run(&server, out).await,
            Verb::History { tenant, pages } => history(&server, tenant, pages, out).await,
            Verb::Diff { from, to, tenant } => {
                let request = DiffMappingsRequest { tenant: tenant.clone(), from: *from, to: *to };
                let answer = server.mappings().diff_mappings(server.ask(request)).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => show::changes(out, &answer),
                }
            }
            Verb::Rollback(rollback) => rollback.run(&server, out).await,
            Verb::Evaluate(evaluate) => evaluate.run(&server, out).await,
            Verb::Functions => {
                let request = ListExpressionFunctionsRequest {};
                let answer = server.mappings().list_expression_functions(server.ask(request)).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => show::functions(out, &answer),
                }
            }
            Verb::Groups { tenant, pages } => groups(&server, tenant, pages, out).await,
        })
    }
}

impl Set {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let mut mapping = read(&self.file)?;
        mapping.tenant.clone_from(&self.tenant);
        if let Some(comment) = &self.comment {
            mapping.comment.clone_from(comment);
        }
        let request = SetMappingRequest {
            mapping: Some(mapping),
            expected_version: self.expected_version,
            fingerprint: self.fingerprint.clone(),
        };
        // All that is stored may have to be looked at.
        let answer = server.mappings().set_mapping(server.ask_long(request)).await?.into_inner();
        if server.output == Output::Json {
            return print::json(out, &answer);
        }
        let mapping = answer.mapping.unwrap_or_default();
        writeln!(out, "Version {} of the mapping of {} is in force.", mapping.version, print::clean(&self.tenant))?;
        for warning in &answer.warnings {
            writeln!(out, "Note: {}.", print::clean(warning))?;
        }
        Ok(())
    }
}

impl Preview {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let subject = match (&self.sample, &self.exchange) {
            (Some(file), _) => {
                let body = files::text(file, limits::REQUEST_BODY_BYTES_MAX)?;
                Some(Subject::Sample(PreviewSample { resource_type: self.resource_type.clone(), body }))
            }
            (None, Some(id)) => Some(Subject::ExchangeId(id.clone())),
            (None, None) => None,
        };
        let is_one = subject.is_some();
        let request = PreviewMappingRequest {
            mapping: self.file.as_deref().map(read).transpose()?,
            tenant: self.tenant.clone(),
            subject,
            differences_max: self.limit,
            unmasked: self.unmasked,
        };
        let mut parts = server.mappings().preview_mapping(server.ask_long(request)).await?.into_inner();
        let bar = bar::begin("resources");
        let mut summary = None;
        let mut is_masked = false;
        while let Some(message) = parts.message().await? {
            if server.output == Output::Json {
                bar.aside(|| print::json_line(out, &message))?;
            }
            is_masked |= !self.unmasked && print::value(&message)?.to_string().contains("***");
            match message.part {
                Some(Part::Progress(progress)) => bar.set(progress.done, progress.total),
                Some(Part::Summary(last)) => {
                    summary = Some(last);
                    break;
                }
                Some(part) if server.output == Output::Table => bar.aside(|| show::part(out, &part))?,
                _ => {}
            }
        }
        bar.end();
        let Some(summary) = summary else {
            let message = "the preview ended before everything was looked at";
            return Err(Error::refused(Exit::Unreachable, message, "repeat it"));
        };
        if server.output == Output::Json {
            return Ok(());
        }
        show::summary(out, &summary, is_one)?;
        if let Some(file) = &self.file {
            let (file, fingerprint) = (file.display().to_string(), &summary.fingerprint);
            writeln!(out, "\nNothing was written. To put it in force:")?;
            writeln!(out, "  scimd mapping set {} --fingerprint {}", print::clean(&file), print::clean(fingerprint))?;
        }
        match is_masked {
            true => Ok(writeln!(out, "\n*** stands for personal values; --unmasked shows them.")?),
            false => Ok(()),
        }
    }
}

impl Reapply {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let version = match self.version {
            Some(version) => version,
            None => get(server, &self.tenant, 0).await?.mapping.unwrap_or_default().version,
        };
        let request = ReapplyMappingRequest { tenant: self.tenant.clone(), version, resume_token: self.resume.clone() };
        let mut steps = server.mappings().reapply_mapping(server.ask_long(request)).await?.into_inner();
        let bar = bar::begin("resources");
        let mut resume = self.resume.clone();
        let mut last = None;
        loop {
            let step = match steps.message().await {
                Ok(Some(step)) => step,
                Ok(None) => return Err(Error::stream_ended().resumable(&resume)),
                Err(status) => return Err(Error::from(status).resumable(&resume)),
            };
            let progress = step.progress.unwrap_or_default();
            bar.set(progress.done, progress.total);
            match server.output {
                Output::Json => bar.aside(|| print::json_line(out, &step))?,
                Output::Table => bar.aside(|| failures(out, &step.failures))?,
            }
            resume.clone_from(&step.resume_token);
            if step.done {
                last = Some(step);
                break;
            }
        }
        bar.end();
        let last = last.unwrap_or_default();
        if server.output == Output::Table {
            print::fields(
                out,
                &[
                    ("Resources", last.progress.unwrap_or_default().done.to_string()),
                    ("Changed", last.changed.to_string()),
                    ("Failed", last.failed.to_string()),
                ],
            )?;
        }
        match last.failed {
            0 => Ok(()),
            failed => {
                let next = "they stay as they were; `scimd mapping preview` shows why";
                Err(Error::refused(Exit::Incomplete, format!("{failed} resources could not be changed"), next))
            }
        }
    }
}

impl Rollback {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let request = RollbackMappingRequest {
            tenant: self.tenant.clone(),
            version: self.version,
            expected_version: self.expected_version,
            comment: self.comment.clone(),
        };
        let answer = server.mappings().rollback_mapping(server.ask_long(request)).await?.into_inner();
        if server.output == Output::Json {
            return print::json(out, &answer);
        }
        let now = answer.mapping.unwrap_or_default().version;
        writeln!(out, "Version {now} is in force, and says what version {} said.", self.version)?;
        Ok(writeln!(out, "What is stored stays as it is; `scimd mapping reapply` works it out again.")?)
    }
}

impl Evaluate {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let resource = match &self.resource {
            Some(file) => files::text(file, limits::REQUEST_BODY_BYTES_MAX)?,
            None => String::new(),
        };
        let request = EvaluateExpressionRequest {
            tenant: self.tenant.clone(),
            expression: self.expression.clone(),
            resource_type: self.resource_type.clone(),
            resource,
            target: self.target.clone(),
        };
        let answer = server.mappings().evaluate_expression(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => Ok(writeln!(out, "{}", print::clean(&answer.value))?),
        }
    }
}

async fn get(server: &Server, tenant: &str, version: i64) -> Result<GetMappingResponse, Error> {
    let request = GetMappingRequest { tenant: tenant.to_owned(), version };
    Ok(server.mappings().get_mapping(server.ask(request)).await?.into_inner())
}

async fn history(server: &Server, tenant: &str, pages: &Pages, out: &mut impl Write) -> Result<(), Error> {
    let (versions, next_page_token) = pages
        .gather(async |page_size, page_token| {
            let request = ListMappingVersionsRequest { tenant: tenant.to_owned(), page_size, page_token };
            let page = server.mappings().list_mapping_versions(server.ask(request)).await?.into_inner();
            Ok((page.versions, page.next_page_token))
        })
        .await?;
    if server.output == Output::Json {
        return print::json(out, &ListMappingVersionsResponse { versions, next_page_token });
    }
    show::versions(out, &versions)?;
    pages.mention_rest(&next_page_token)
}

async fn groups(server: &Server, tenant: &str, pages: &Pages, out: &mut impl Write) -> Result<(), Error> {
    let (groups, next_page_token) = pages
        .gather(async |page_size, page_token| {
            let request = ListSeenGroupsRequest { tenant: tenant.to_owned(), page_size, page_token };
            let page = server.mappings().list_seen_groups(server.ask(request)).await?.into_inner();
            Ok((page.groups, page.next_page_token))
        })
        .await?;
    if server.output == Output::Json {
        return print::json(out, &ListSeenGroupsResponse { groups, next_page_token });
    }
    show::groups(out, &groups)?;
    pages.mention_rest(&next_page_token)
}

/// A mapping in a file: by itself, or as the answer of `get` has it.
fn read(file: &Path) -> Result<Message, Error> {
    let text = files::text(file, limits::MAPPING_FILE_BYTES_MAX)?;
    let is_answer = serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|json| json.get("mapping").is_some());
    let mapping = match is_answer {
        true => print::parse::<GetMappingResponse>(&text).map(|answer| answer.mapping.unwrap_or_default()),
        false => print::parse(&text),
    };
    mapping.map_err(|why| {
        let message = format!("{}: {}", file.display(), print::clean(&why));
        Error::refused(Exit::Usage, message, "`scimd mapping get --output json` shows what it looks like")
    })
}

fn failures(out: &mut impl Write, failures: &[MappingRefusal]) -> Result<(), Error> {
    failures.iter().try_for_each(|failure| show::refusal(out, failure))
}
