//! `scimd tenant`: makes, shows, changes and removes tenants.

use std::io::{self, BufRead, IsTerminal, Write};

use super::client::{Connection, Server};
use super::error::{Error, Exit};
use super::values::set;
use super::{Output, bar, pages, print, values};
use crate::server::admin::api::v1::{
    CreateTenantRequest, DeleteTenantRequest, GetTenantRequest, GroupNames, ListTenantsRequest, ListTenantsResponse,
    QuirkStance, Tenant as Answer, UpdateTenantRequest,
};

/// The flags of `tenant`.
#[derive(Debug, clap::Args)]
pub struct Tenant {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Makes a tenant.
    ///
    /// Repeating it with the same settings changes nothing and succeeds; with other settings it fails with 4.
    Create(Create),
    /// Lists all tenants.
    List,
    /// Shows a tenant.
    Get {
        /// The tenant's name.
        name: String,
    },
    /// Changes settings of a tenant, all that are given or none; in force on the next request.
    Update(Update),
    /// Removes a tenant with its users, groups, tokens and logs.
    ///
    /// Its name has to be written again, as an answer or after --confirm. At once its tokens are refused; then its data is
    /// removed, which goes on when this command is interrupted.
    Delete(Delete),
}

#[derive(Debug, clap::Args)]
struct Create {
    /// The name in the Tenant URL: 1 to 63 characters a-z, 0-9 and "-".
    name: String,

    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, clap::Args)]
struct Update {
    /// The tenant's name.
    name: String,

    #[command(flatten)]
    settings: Settings,

    /// Refuses all SCIM requests of the tenant, or no longer; its data stays.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    disabled: Option<bool>,

    /// Changes it only if its etag is still this one.
    #[arg(long, value_name = "ETAG")]
    etag: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Delete {
    /// The tenant's name.
    name: String,

    /// The tenant's name again; without it the command asks for it.
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Settings {
    /// The way in which its identity provider speaks; `scimd guide` lists the profiles. A new tenant has "custom".
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// What people call it.
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,

    /// Begins its Tenant URL instead of the server's own public URL; "" takes that again.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,

    /// Answers /ServiceProviderConfig, /ResourceTypes and /Schemas without a token too.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    discovery_without_token: Option<bool>,

    /// Refuses PUT, PATCH and DELETE that have no If-Match header.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    if_match_required: Option<bool>,

    /// Whether two groups may have the same displayName: as the profile says, never, or always.
    #[arg(long, value_name = "profile|unique|shared", value_parser = group_names)]
    group_names: Option<GroupNames>,

    /// Requests a second that the whole tenant may make; 0: no limit.
    #[arg(long, value_name = "N")]
    requests_per_second: Option<u32>,

    /// Requests a second that each token may make that has no limit of its own; 0: no limit.
    #[arg(long, value_name = "N")]
    token_requests_per_second: Option<u32>,

    /// What to do with a quirk; "profile" takes the profile's stance again. `scimd profile get` lists the quirks. May be repeated.
    #[arg(long = "quirk", value_name = "NAME=accept|warn|refuse|profile", value_parser = quirk)]
    quirks: Vec<(String, QuirkStance)>,

    /// Days for which a deleted user or group can come back; 0: not at all.
    #[arg(long, value_name = "DAYS")]
    deleted_kept_days: Option<u32>,
}

impl Tenant {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        if let Verb::Delete(delete) = &self.verb {
            let confirmed = delete.confirmed()?;
            return self.connection.run(env, async |server| delete.run(&server, confirmed, out).await);
        }
        self.connection.run(env, async |server| match &self.verb {
            Verb::Create(create) => create.run(&server, out).await,
            Verb::List => list(&server, out).await,
            Verb::Get { name } => {
                let answer = fetch(&server, name).await?;
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => {
                        let tenant = answer.tenant.unwrap_or_default();
                        let mut rows = rows(&tenant);
                        // Only this call and the list count them.
                        rows.push(("Users", tenant.user_count.to_string()));
                        rows.push(("Groups", tenant.group_count.to_string()));
                        rows.push(("Suggested profile", suggested(&tenant)));
                        print::fields(out, &rows)
                    }
                }
            }
            Verb::Update(update) => update.run(&server, out).await,
            Verb::Delete(_) => Ok(()),
        })
    }
}

/// A tenant with its Tenant URL.
///
/// # Errors
/// What the admin plane refuses.
pub(super) async fn fetch(
    server: &Server,
    name: &str,
) -> Result<crate::server::admin::api::v1::GetTenantResponse, Error> {
    let request = GetTenantRequest { name: name.to_owned() };
    Ok(server.tenants().get_tenant(server.ask(request)).await?.into_inner())
}

impl Create {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (mut tenant, _) = self.settings.tenant(&self.name);
        if tenant.profile.is_empty() {
            tenant.profile = crate::config::key::PROFILE.to_owned();
        }
        let request = CreateTenantRequest { tenant: Some(tenant) };
        let answer = server.tenants().create_tenant(server.ask(request)).await?.into_inner();
        if server.output == Output::Json {
            return print::json(out, &answer);
        }
        show(out, &answer.tenant.unwrap_or_default())?;
        match answer.created {
            true => writeln!(out, "\nMake its Secret Token with: scimd token create --tenant {}", self.name)?,
            false => writeln!(out, "\nIt was there already, with these settings.")?,
        }
        Ok(())
    }
}

impl Update {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (mut tenant, mut paths) = self.settings.tenant(&self.name);
        if let Some(disabled) = self.disabled {
            tenant.disabled = disabled;
            paths.push("disabled".to_owned());
        }
        tenant.etag = self.etag.clone().unwrap_or_default();
        if paths.is_empty() {
            let next = "`scimd tenant update --help` lists what can be changed";
            return Err(Error::refused(Exit::Usage, "nothing is given that is to be changed", next));
        }
        let request = UpdateTenantRequest { tenant: Some(tenant), update_mask: Some(values::mask(&paths)) };
        let answer = server.tenants().update_tenant(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => show(out, &answer.tenant.unwrap_or_default()),
        }
    }
}

impl Delete {
    /// The name as it was written again.
    fn confirmed(&self) -> Result<String, Error> {
        if let Some(confirmed) = &self.confirm {
            return Ok(confirmed.clone());
        }
        if !io::stdin().is_terminal() {
            let message = format!("tenant {} is not deleted: nobody is there to be asked", print::clean(&self.name));
            return Err(Error::refused(Exit::Usage, message, "confirm it with --confirm NAME"));
        }
        write!(
            io::stderr(),
            "This removes the tenant {} with all its users, groups, tokens and logs, for good.\nWrite its name to confirm: ",
            print::clean(&self.name)
        )?;
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    async fn run(&self, server: &Server, confirm_name: String, out: &mut impl Write) -> Result<(), Error> {
        let request = DeleteTenantRequest { name: self.name.clone(), confirm_name };
        let mut progress = server.tenants().delete_tenant(server.ask_long(request)).await?.into_inner();
        let bar = bar::begin("rows removed");
        while let Some(step) = progress.message().await? {
            bar.set(step.rows_deleted, 0);
            if server.output == Output::Json {
                print::json_line(out, &step)?;
            }
            if step.done {
                bar.end();
                if server.output == Output::Table {
                    let name = print::clean(&self.name);
                    writeln!(out, "The tenant {name} is gone; {} rows were removed.", step.rows_deleted)?;
                }
                return Ok(());
            }
        }
        let next = "repeat the command to follow it";
        Err(Error::refused(Exit::Incomplete, "the server goes on removing it, but tells no more", next))
    }
}

impl Settings {
    /// The tenant with these settings, and the names of those that are given.
    fn tenant(&self, name: &str) -> (Answer, Vec<String>) {
        let mut paths = Vec::new();
        let mut tenant = Answer { name: name.to_owned(), ..Answer::default() };
        set(&self.profile, &mut tenant.profile, "profile", &mut paths);
        set(&self.display_name, &mut tenant.display_name, "display_name", &mut paths);
        set(&self.public_url, &mut tenant.public_url, "public_url", &mut paths);
        let open = &mut tenant.discovery_without_token;
        set(&self.discovery_without_token, open, "discovery_without_token", &mut paths);
        set(&self.if_match_required, &mut tenant.if_match_required, "if_match_required", &mut paths);
        set(&self.group_names.map(i32::from), &mut tenant.group_names, "group_names", &mut paths);
        let most = &mut tenant.requests_per_second_max;
        set(&self.requests_per_second, most, "requests_per_second_max", &mut paths);
        let most = &mut tenant.token_requests_per_second_max;
        set(&self.token_requests_per_second, most, "token_requests_per_second_max", &mut paths);
        set(&self.deleted_kept_days, &mut tenant.deleted_kept_days, "deleted_kept_days", &mut paths);
        for (name, stance) in &self.quirks {
            paths.push(format!("quirks.{name}"));
            tenant.quirks.insert(name.clone(), (*stance).into());
        }
        (tenant, paths)
    }
}

async fn list(server: &Server, out: &mut impl Write) -> Result<(), Error> {
    let tenants = pages::all(async |page_size, page_token| {
        let request = ListTenantsRequest { page_size, page_token };
        let page = server.tenants().list_tenants(server.ask(request)).await?.into_inner();
        Ok((page.tenants, page.next_page_token))
    })
    .await?;
    if server.output == Output::Json {
        return print::json(out, &ListTenantsResponse { tenants, next_page_token: String::new() });
    }
    let rows: Vec<_> = tenants
        .iter()
        .map(|tenant| {
            [
                tenant.name.clone(),
                tenant.profile.clone(),
                tenant.user_count.to_string(),
                tenant.group_count.to_string(),
                state(tenant).to_owned(),
                tenant.tenant_url.clone(),
                print::text(&tenant.display_name),
            ]
        })
        .collect();
    print::table(out, ["NAME", "PROFILE", "USERS", "GROUPS", "STATE", "TENANT URL", "DISPLAY NAME"], &rows)
}

fn show(out: &mut impl Write, tenant: &Answer) -> Result<(), Error> {
    print::fields(out, &rows(tenant))
}

fn rows(tenant: &Answer) -> Vec<(&'static str, String)> {
    vec![
        ("Name", tenant.name.clone()),
        ("Tenant URL", tenant.tenant_url.clone()),
        ("Display name", print::text(&tenant.display_name)),
        ("Profile", tenant.profile.clone()),
        ("State", state(tenant).to_owned()),
        ("Public URL", if tenant.public_url.is_empty() { "the server's".into() } else { tenant.public_url.clone() }),
        ("Discovery without token", print::yes(tenant.discovery_without_token)),
        ("If-Match required", print::yes(tenant.if_match_required)),
        ("Group names", group_names_text(tenant.group_names()).to_owned()),
        ("Requests of the tenant", print::rate(tenant.requests_per_second_max, "no limit")),
        ("Quirks", quirks_text(tenant)),
        ("Deleted ones are kept", kept_text(tenant.deleted_kept_days)),
        ("Requests of a token", print::rate(tenant.token_requests_per_second_max, "no limit")),
        ("Created", print::time(tenant.create_time.as_ref())),
        ("Changed", print::time(tenant.update_time.as_ref())),
        ("Etag", tenant.etag.clone()),
    ]
}

fn state(tenant: &Answer) -> &'static str {
    match (tenant.deleting, tenant.disabled) {
        (true, _) => "deleting",
        (false, true) => "disabled",
        (false, false) => "active",
    }
}

fn group_names(text: &str) -> Result<GroupNames, String> {
    match text {
        "profile" => Ok(GroupNames::Unspecified),
        "unique" => Ok(GroupNames::Unique),
        "shared" => Ok(GroupNames::Shared),
        _ => Err("it is profile, unique or shared".to_owned()),
    }
}

fn quirk(text: &str) -> Result<(String, QuirkStance), String> {
    let (name, stance) = text.split_once('=').ok_or("it is NAME=accept, warn, refuse or profile")?;
    let stance = match stance {
        "profile" => QuirkStance::Unspecified,
        "accept" => QuirkStance::Accept,
        "warn" => QuirkStance::Warn,
        "refuse" => QuirkStance::Refuse,
        _ => return Err("the stance is accept, warn, refuse or profile".to_owned()),
    };
    Ok((name.to_owned(), stance))
}

/// The word for a stance.
pub(super) fn stance_text(stance: QuirkStance) -> &'static str {
    match stance {
        QuirkStance::Unspecified => "profile",
        QuirkStance::Accept => "accept",
        QuirkStance::Warn => "warn",
        QuirkStance::Refuse => "refuse",
    }
}

fn quirks_text(tenant: &Answer) -> String {
    let stance = |stance: &i32| stance_text(QuirkStance::try_from(*stance).unwrap_or_default());
    let mut quirks: Vec<String> = tenant.quirks.iter().map(|(name, kept)| format!("{name}={}", stance(kept))).collect();
    quirks.sort_unstable();
    if quirks.is_empty() { "as the profile says".to_owned() } else { quirks.join(", ") }
}

fn kept_text(days: u32) -> String {
    match days {
        0 => "no".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

fn suggested(tenant: &Answer) -> String {
    match tenant.suggested_profile.as_str() {
        "" => print::text(""),
        profile => format!("{profile}: {}", tenant.suggested_profile_reason),
    }
}

fn group_names_text(names: GroupNames) -> &'static str {
    match names {
        GroupNames::Unspecified => "as the profile says",
        GroupNames::Unique => "unique",
        GroupNames::Shared => "shared",
    }
}
