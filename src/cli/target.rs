//! `scimd target`: makes, shows, changes and deletes targets, shows what would be sent to them, sends it, and shows what became of it.

mod settings;
mod show;

use std::io::{self, Write};

use self::settings::{Credentials, Settings};
use super::client::{Connection, Server};
use super::error::{Error, Exit};
use super::pages::{self, Pages};
use super::{Output, bar, print, values};
use crate::server::admin::api::v1::{
    ApproveHeldRequest, CreateTargetRequest, DeleteTargetRequest, GetTargetRequest, GetTargetStatusRequest,
    ListDeadLettersRequest, ListDeadLettersResponse, ListHeldRequest, ListHeldResponse, ListTargetCallsRequest,
    ListTargetCallsResponse, ListTargetsRequest, ListTargetsResponse, PlanTargetRequest, RetryDeadLettersRequest,
    SyncTargetRequest, TestTargetRequest, UpdateTargetRequest,
};

/// The flags of `target`.
#[derive(Debug, clap::Args)]
pub struct Target {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Makes a target; it is read, and sent what it lacks, at once.
    ///
    /// With --disabled it waits, so that `test` and `plan` can show first what would be done. The password or token is read from a
    /// file, standard input or an environment variable, and never shown again. Repeating the command with the same settings
    /// changes nothing and succeeds.
    Create(Create),
    /// Lists a tenant's targets.
    List {
        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
    /// Shows a target's settings.
    Get(Named),
    /// Changes settings of a target, all that are given or none; in force at once.
    Update(Update),
    /// Deletes a target and what is kept of it; what it was sent stays there.
    Delete(Named),
    /// Shows each step that would be taken now, and the counts of all; nothing is sent.
    Plan {
        #[command(flatten)]
        named: Named,

        /// Plans by what is known of the target instead of reading it first.
        #[arg(long)]
        from_known: bool,
    },
    /// Sends now what is to be sent, and shows how far it is; when it is interrupted, the server goes on.
    Sync {
        #[command(flatten)]
        named: Named,

        /// Reads the whole target first, and repairs whatever differs.
        #[arg(long)]
        full: bool,
    },
    /// Shows how a target is doing: lag, the last error, what waits.
    Status(Named),
    /// Lists the users and groups that could not be sent, and why.
    DeadLetters(Waiting),
    /// Tries again what could not be sent.
    Retry(Chosen),
    /// Lists the destructive steps beyond the ceiling, which wait for `approve`.
    Held(Waiting),
    /// Lets the destructive steps that wait be taken.
    Approve(Chosen),
    /// Sees whether the target can be reached, and whether the credentials and their rights suffice; nothing is changed there.
    Test(Named),
    /// Lists the last requests that were sent to a target, the newest first, without secrets.
    Exchanges(Exchanges),
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The target's name.
    name: String,

    /// The tenant.
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    settings: Settings,

    #[command(flatten)]
    credentials: Credentials,
}

#[derive(Debug, clap::Args)]
struct Update {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    settings: Settings,

    #[command(flatten)]
    credentials: Credentials,

    /// Changes it only if its etag is still this one.
    #[arg(long, value_name = "ETAG", default_value = "", hide_default_value = true)]
    etag: String,
}

#[derive(Debug, clap::Args)]
struct Waiting {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    pages: Pages,
}

#[derive(Debug, clap::Args)]
struct Chosen {
    #[command(flatten)]
    named: Named,

    /// Only the user or group with this id.
    #[arg(long = "resource", value_name = "ID", default_value = "", hide_default_value = true)]
    resource_id: String,
}

#[derive(Debug, clap::Args)]
struct Exchanges {
    #[command(flatten)]
    named: Named,

    /// Only requests with this status, such as 409, or of this class, such as 4xx.
    #[arg(long, value_name = "STATUS", value_parser = super::exchange::status, default_value = "0", hide_default_value = true)]
    status: i32,

    /// Shows personal values.
    #[arg(long)]
    unmasked: bool,

    #[command(flatten)]
    pages: Pages,
}

impl Target {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        let secret = match &self.verb {
            Verb::Create(Create { credentials, .. }) | Verb::Update(Update { credentials, .. }) => {
                credentials.secret(&env)?
            }
            _ => None,
        };
        self.connection.run(env, async |server| match &self.verb {
            Verb::Create(create) => create.run(&server, secret, out).await,
            Verb::List { tenant } => list(&server, tenant, out).await,
            Verb::Get(named) => named.get(&server, out).await,
            Verb::Update(update) => update.run(&server, secret, out).await,
            Verb::Delete(named) => named.delete(&server, out).await,
            Verb::Plan { named, from_known } => named.plan(&server, *from_known, out).await,
            Verb::Sync { named, full } => named.sync(&server, *full, out).await,
            Verb::Status(named) => named.status(&server, out).await,
            Verb::DeadLetters(waiting) => waiting.dead_letters(&server, out).await,
            Verb::Retry(chosen) => chosen.retry(&server, out).await,
            Verb::Held(waiting) => waiting.held(&server, out).await,
            Verb::Approve(chosen) => chosen.approve(&server, out).await,
            Verb::Test(named) => named.test(&server, out).await,
            Verb::Exchanges(exchanges) => exchanges.run(&server, out).await,
        })
    }
}

impl Create {
    async fn run(&self, server: &Server, secret: Option<String>, out: &mut impl Write) -> Result<(), Error> {
        let (target, _) = self.settings.target(&self.named.tenant, &self.named.name)?;
        let Some(secret) = secret else {
            let next = "give it with --secret-file FILE (- is standard input) or --secret-env VARIABLE";
            return Err(Error::refused(Exit::Usage, "the target's password or token is missing", next));
        };
        let request = CreateTargetRequest { target: Some(target), secret };
        let answer = server.targets().create_target(server.ask(request)).await?.into_inner();
        if server.output == Output::Json {
            return print::json(out, &answer);
        }
        show::target(out, &answer.target.clone().unwrap_or_default())?;
        let name = print::clean(&self.named.name);
        match answer.created {
            true => writeln!(out, "\nSee whether it works: scimd target test {name}")?,
            false => writeln!(out, "\nIt was there already, with these settings.")?,
        }
        Ok(())
    }
}

impl Update {
    async fn run(&self, server: &Server, secret: Option<String>, out: &mut impl Write) -> Result<(), Error> {
        let (mut target, paths) = self.settings.target(&self.named.tenant, &self.named.name)?;
        if paths.is_empty() && secret.is_none() {
            let next = "`scimd target update --help` lists what can be changed";
            return Err(Error::refused(Exit::Usage, "nothing is given that is to be changed", next));
        }
        target.etag.clone_from(&self.etag);
        let request = UpdateTargetRequest {
            target: Some(target),
            update_mask: Some(values::mask(&paths)),
            secret: secret.unwrap_or_default(),
        };
        let answer = server.targets().update_target(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => show::target(out, &answer.target.unwrap_or_default()),
        }
    }
}

impl Named {
    async fn get(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let request = GetTargetRequest { tenant: self.tenant.clone(), name: self.name.clone() };
        let answer = server.targets().get_target(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => show::target(out, &answer.target.unwrap_or_default()),
        }
    }

    async fn delete(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let request = DeleteTargetRequest { tenant: self.tenant.clone(), name: self.name.clone() };
        let answer = server.targets().delete_target(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => Ok(writeln!(
                out,
                "The target {} is deleted; the users and groups that it was sent are still there.",
                print::clean(&self.name)
            )?),
        }
    }

    async fn plan(&self, server: &Server, from_known: bool, out: &mut impl Write) -> Result<(), Error> {
        let request = PlanTargetRequest { tenant: self.tenant.clone(), name: self.name.clone(), from_known };
        let mut steps = server.targets().plan_target(server.ask_long(request)).await?.into_inner();
        let bar = bar::begin("resources");
        while let Some(told) = steps.message().await? {
            if let Some(progress) = &told.progress {
                bar.set(progress.resources_done, progress.resources_total);
            }
            match server.output {
                Output::Json => bar.aside(|| print::json_line(out, &told))?,
                Output::Table => {
                    if let Some(step) = &told.step {
                        bar.aside(|| show::step(out, step))?;
                    }
                }
            }
            if told.done {
                bar.end();
                return match server.output {
                    Output::Json => Ok(()),
                    Output::Table => show::planned(out, &told.progress.unwrap_or_default()),
                };
            }
        }
        let next = "repeat the command";
        Err(Error::refused(Exit::Unreachable, "the plan ended before it was complete", next))
    }

    async fn sync(&self, server: &Server, full: bool, out: &mut impl Write) -> Result<(), Error> {
        let request = SyncTargetRequest { tenant: self.tenant.clone(), name: self.name.clone(), full };
        let mut steps = server.targets().sync_target(server.ask_long(request)).await?.into_inner();
        let bar = bar::begin("resources");
        while let Some(told) = steps.message().await? {
            let progress = told.progress.clone().unwrap_or_default();
            bar.set(progress.resources_done, progress.resources_total);
            if server.output == Output::Json {
                bar.aside(|| print::json_line(out, &told))?;
            }
            if told.done {
                bar.end();
                if server.output == Output::Table {
                    show::synced(out, &progress)?;
                }
                return match progress.failed {
                    0 => Ok(()),
                    failed => {
                        let next = format!("see them with `scimd target dead-letters {}`", print::clean(&self.name));
                        Err(Error::refused(Exit::Incomplete, format!("{failed} users or groups failed"), &next))
                    }
                };
            }
        }
        let next = "the server goes on; see `scimd target status`";
        Err(Error::refused(Exit::Incomplete, "the server tells no more", next))
    }

    async fn status(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let request = GetTargetStatusRequest { tenant: self.tenant.clone(), name: self.name.clone() };
        let answer = server.targets().get_target_status(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => show::status(out, &answer),
        }
    }

    async fn test(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let request = TestTargetRequest { tenant: self.tenant.clone(), name: self.name.clone() };
        let answer = server.targets().test_target(server.ask_long(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer)?,
            Output::Table => {
                for finding in &answer.findings {
                    let word = if finding.fine { "fine" } else { "PROBLEM" };
                    writeln!(out, "{word:8} {}", print::clean(&finding.subject))?;
                    if !finding.detail.is_empty() {
                        print::prose(out, &finding.detail)?;
                    }
                }
            }
        }
        match answer.fine {
            true => Ok(()),
            false => Err(Error::refused(Exit::Failed, "the target cannot be served as it is", "see above")),
        }
    }
}

impl Waiting {
    async fn dead_letters(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (dead_letters, next_page_token) = self
            .pages
            .gather(async |page_size, page_token| {
                let (tenant, name) = (self.named.tenant.clone(), self.named.name.clone());
                let request = ListDeadLettersRequest { tenant, name, page_size, page_token };
                let page = server.targets().list_dead_letters(server.ask(request)).await?.into_inner();
                Ok((page.dead_letters, page.next_page_token))
            })
            .await?;
        if server.output == Output::Json {
            return print::json(out, &ListDeadLettersResponse { dead_letters, next_page_token });
        }
        show::dead_letters(out, &dead_letters)?;
        self.pages.mention_rest(&next_page_token)
    }

    async fn held(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (held, next_page_token) = self
            .pages
            .gather(async |page_size, page_token| {
                let (tenant, name) = (self.named.tenant.clone(), self.named.name.clone());
                let request = ListHeldRequest { tenant, name, page_size, page_token };
                let page = server.targets().list_held(server.ask(request)).await?.into_inner();
                Ok((page.held, page.next_page_token))
            })
            .await?;
        if server.output == Output::Json {
            return print::json(out, &ListHeldResponse { held, next_page_token });
        }
        show::held(out, &held)?;
        self.pages.mention_rest(&next_page_token)
    }
}

impl Chosen {
    async fn retry(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (tenant, name) = (self.named.tenant.clone(), self.named.name.clone());
        let request = RetryDeadLettersRequest { tenant, name, resource_id: self.resource_id.clone() };
        let answer = server.targets().retry_dead_letters(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => Ok(writeln!(out, "{} users and groups are tried again.", answer.resources)?),
        }
    }

    async fn approve(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (tenant, name) = (self.named.tenant.clone(), self.named.name.clone());
        let request = ApproveHeldRequest { tenant, name, resource_id: self.resource_id.clone() };
        let answer = server.targets().approve_held(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => Ok(writeln!(out, "The steps of {} users and groups are taken now.", answer.resources)?),
        }
    }
}

impl Exchanges {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (calls, next_page_token) = self
            .pages
            .gather(async |page_size, page_token| {
                let request = ListTargetCallsRequest {
                    tenant: self.named.tenant.clone(),
                    name: self.named.name.clone(),
                    status: self.status,
                    page_size,
                    page_token,
                    unmasked: self.unmasked,
                };
                let page = server.targets().list_target_calls(server.ask(request)).await?.into_inner();
                Ok((page.calls, page.next_page_token))
            })
            .await?;
        if server.output == Output::Json {
            return print::json(out, &ListTargetCallsResponse { calls, next_page_token });
        }
        show::calls(out, &calls)?;
        self.pages.mention_rest(&next_page_token)
    }
}

async fn list(server: &Server, tenant: &str, out: &mut impl Write) -> Result<(), Error> {
    let targets = pages::all(async |page_size, page_token| {
        let request = ListTargetsRequest { tenant: tenant.to_owned(), page_size, page_token };
        let page = server.targets().list_targets(server.ask(request)).await?.into_inner();
        Ok((page.targets, page.next_page_token))
    })
    .await?;
    if server.output == Output::Json {
        return print::json(out, &ListTargetsResponse { targets, next_page_token: String::new() });
    }
    let rows: Vec<_> = targets
        .iter()
        .map(|target| {
            [
                target.name.clone(),
                show::kind(target.kind()).to_owned(),
                target.url.clone(),
                if target.disabled { "disabled" } else { "active" }.to_owned(),
                print::text(&target.description),
            ]
        })
        .collect();
    print::table(out, ["NAME", "KIND", "URL", "STATE", "DESCRIPTION"], &rows)
}

/// A secret from a stream: its first line.
fn first_line(text: &str) -> Result<String, Error> {
    let line = text.lines().next().unwrap_or_default().trim_end_matches('\r');
    match line.is_empty() {
        true => Err(Error::Output(io::Error::other("the secret is empty"))),
        false => Ok(line.to_owned()),
    }
}
