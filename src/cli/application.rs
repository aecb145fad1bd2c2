//! `scimd application`: makes, shows, changes and deletes Crowd applications, and gives them other passwords.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use super::client::{Connection, Server};
use super::error::{Error, Exit};
use super::outbound::{self, Outbound};
use super::values::set;
use super::{Output, pages, print, values};
use crate::limits;
use crate::server::admin::api::v1::{
    Application as Answer, ApplicationProduct, CreateApplicationRequest, CreateApplicationResponse,
    DeleteApplicationRequest, ExpireApplicationTokensRequest, GetApplicationRequest, ListApplicationsRequest,
    ListApplicationsResponse, RotateApplicationPasswordRequest, UpdateApplicationRequest,
};

/// The flags of `application`.
#[derive(Debug, clap::Args)]
pub struct Application {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Makes an application and shows its password, this once.
    ///
    /// Repeating it with the same settings changes nothing and succeeds, without a password; with other settings it fails with
    /// 4. The product is given the Crowd URL, the application's name and the password; `scimd guide` shows where.
    Create(Create),
    /// Lists a tenant's applications.
    List {
        /// The tenant.
        #[arg(long, value_name = "NAME", default_value = "default")]
        tenant: String,
    },
    /// Shows an application.
    Get(Named),
    /// Changes settings of an application, all that are given or none; in force on the next request.
    ///
    /// Where the filter or the mapping changes, the product reads everything anew at its next synchronisation.
    Update(Update),
    /// Deletes an application: the product is refused, and keeps what it has read.
    Delete(Delete),
    /// Gives an application another password and shows it, this once.
    RotatePassword(RotatePassword),
    /// Ends all event tokens of an application: the product's next synchronisation is a full one.
    ExpireTokens(Named),
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The application's name.
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

    /// Takes the password from this file ("-": standard input), 16 to 256 visible characters. Without it one is made, which is
    /// better.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Update {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    settings: Settings,

    /// Refuses the application, or no longer.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    disabled: Option<bool>,

    /// Changes it only if its etag is still this one.
    #[arg(long, value_name = "ETAG")]
    etag: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Delete {
    #[command(flatten)]
    named: Named,

    /// Deletes it only if its etag is still this one.
    #[arg(long, value_name = "ETAG", default_value = "", hide_default_value = true)]
    etag: String,
}

#[derive(Debug, clap::Args)]
struct RotatePassword {
    #[command(flatten)]
    named: Named,

    /// How long the old password is taken too; at most 7d, and 0 ends it at once.
    #[arg(long, value_name = "TIME", value_parser = values::period, default_value = "0")]
    overlap: Duration,

    /// Takes the password from this file ("-": standard input), 16 to 256 visible characters. Without it one is made, which is
    /// better.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Settings {
    /// Which product it is for: jira, confluence, bitbucket or other. It changes nothing but what people are told.
    #[arg(long, value_name = "PRODUCT", value_parser = product)]
    product: Option<ApplicationProduct>,

    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    #[command(flatten)]
    seen: Outbound,

    /// Accepts it from these networks alone, such as 192.0.2.0/24; may be repeated, and "" is none of them.
    #[arg(long, value_name = "NET", num_args = 1.., value_delimiter = ',')]
    allow_from: Option<Vec<String>>,
}

impl Application {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        // Read before anything is asked: a person may be typing it.
        let password = match &self.verb {
            Verb::Create(Create { password_file: Some(path), .. })
            | Verb::RotatePassword(RotatePassword { password_file: Some(path), .. }) => read(path)?,
            _ => Zeroizing::default(),
        };
        self.connection.run(env, async |server| match &self.verb {
            Verb::Create(create) => create.run(&server, &password, out).await,
            Verb::List { tenant } => list(&server, tenant, out).await,
            Verb::Get(named) => named.get(&server, out).await,
            Verb::Update(update) => update.run(&server, out).await,
            Verb::Delete(delete) => delete.run(&server, out).await,
            Verb::RotatePassword(rotate) => rotate.run(&server, &password, out).await,
            Verb::ExpireTokens(named) => named.expire_tokens(&server, out).await,
        })
    }
}

impl Create {
    async fn run(&self, server: &Server, password: &str, out: &mut impl Write) -> Result<(), Error> {
        let (application, _) = self.settings.application(&self.named);
        let request = CreateApplicationRequest { application: Some(application), password: password.to_owned() };
        let answer = server.applications().create_application(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => created(&answer, out),
        }
    }
}

impl Named {
    async fn get(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let request = GetApplicationRequest { tenant: self.tenant.clone(), name: self.name.clone() };
        let answer = server.applications().get_application(server.ask(request)).await?.into_inner();
        if server.output == Output::Json {
            return print::json(out, &answer);
        }
        let mut rows = rows(&answer.application.unwrap_or_default());
        rows.push(("Crowd URL", url(&answer.url)));
        print::fields(out, &rows)
    }

    async fn expire_tokens(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let request = ExpireApplicationTokensRequest { tenant: self.tenant.clone(), name: self.name.clone() };
        let answer = server.applications().expire_application_tokens(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => {
                let name = print::clean(&self.name);
                Ok(writeln!(out, "The next synchronisation of {name} reads everything.")?)
            }
        }
    }
}

impl Update {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let (mut application, mut paths) = self.settings.application(&self.named);
        if let Some(disabled) = self.disabled {
            application.disabled = disabled;
            paths.push("disabled".to_owned());
        }
        application.etag = self.etag.clone().unwrap_or_default();
        if paths.is_empty() {
            let next = "`scimd application update --help` lists what can be changed";
            return Err(Error::refused(Exit::Usage, "nothing is given that is to be changed", next));
        }
        let update_mask = Some(values::mask(&paths));
        let request = UpdateApplicationRequest { application: Some(application), update_mask };
        let answer = server.applications().update_application(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => print::fields(out, &rows(&answer.application.unwrap_or_default())),
        }
    }
}

impl Delete {
    async fn run(&self, server: &Server, out: &mut impl Write) -> Result<(), Error> {
        let Named { name, tenant } = &self.named;
        let request = DeleteApplicationRequest { tenant: tenant.clone(), name: name.clone(), etag: self.etag.clone() };
        let answer = server.applications().delete_application(server.ask(request)).await?.into_inner();
        match server.output {
            Output::Json => print::json(out, &answer),
            Output::Table => Ok(writeln!(out, "The application {} is gone.", print::clean(name))?),
        }
    }
}

impl RotatePassword {
    async fn run(&self, server: &Server, password: &str, out: &mut impl Write) -> Result<(), Error> {
        let request = RotateApplicationPasswordRequest {
            tenant: self.named.tenant.clone(),
            name: self.named.name.clone(),
            password: password.to_owned(),
            overlap: Some(values::duration(self.overlap)),
        };
        let answer = server.applications().rotate_application_password(server.ask(request)).await?.into_inner();
        if server.output == Output::Json {
            return print::json(out, &answer);
        }
        let application = answer.application.unwrap_or_default();
        writeln!(out, "Application password  {}", print::clean(&answer.password))?;
        writeln!(out, "                      shown this once: store it now")?;
        let end = print::time_and_distance(application.old_password_expire_time.as_ref(), "at once");
        writeln!(out, "The old one ends      {end}")?;
        Ok(())
    }
}

impl Settings {
    /// The application with these settings, and the names of those that are given.
    fn application(&self, named: &Named) -> (Answer, Vec<String>) {
        let mut paths = Vec::new();
        let mut application = Answer { tenant: named.tenant.clone(), name: named.name.clone(), ..Answer::default() };
        set(&self.product.map(i32::from), &mut application.product, "product", &mut paths);
        set(&self.description, &mut application.description, "description", &mut paths);
        let (filter, mapping) = self.seen.messages(&mut paths);
        (application.filter, application.mapping) = (Some(filter), Some(mapping));
        let networks = values::without_empty(&self.allow_from);
        set(&networks, &mut application.allowed_networks, "allowed_networks", &mut paths);
        (application, paths)
    }
}

/// The URL that products are given; `None` where the server does not serve the Crowd API.
///
/// # Errors
/// What the admin plane refuses.
pub(super) async fn crowd_url(server: &Server) -> Result<Option<String>, Error> {
    let request = server.ask(crate::server::admin::api::v1::GetStatusRequest {});
    let url = server.server().get_status(request).await?.into_inner().crowd_url;
    Ok((!url.is_empty()).then_some(url))
}

/// The first line of a file.
fn read(path: &PathBuf) -> Result<Zeroizing<String>, Error> {
    let mut text = Zeroizing::new(String::new());
    let most = u64::try_from(limits::APPLICATION_PASSWORD_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(2);
    let outcome = match path.as_os_str() == "-" {
        true => std::io::stdin().lock().take(most).read_to_string(&mut text),
        false => std::fs::File::open(path).and_then(|file| file.take(most).read_to_string(&mut text)),
    };
    let failed = |error| {
        let next = "name a file that holds nothing but the password";
        Error::refused(Exit::Usage, format!("the password cannot be read from {}: {error}", path.display()), next)
    };
    outcome.map_err(failed)?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The password first: whatever fails afterwards must not keep it from being seen.
fn created(answer: &CreateApplicationResponse, out: &mut impl Write) -> Result<(), Error> {
    let application = answer.application.clone().unwrap_or_default();
    if !answer.created {
        print::fields(out, &rows(&application))?;
        let told = "It was there already, with these settings. Its password was shown when it was made; only its hash is kept.";
        return Ok(writeln!(out, "\n{told}")?);
    }
    writeln!(out, "Application password  {}", print::clean(&answer.password))?;
    writeln!(out, "                      shown this once: store it now")?;
    out.flush()?;
    writeln!(out, "Application name      {}", print::clean(&application.name))?;
    writeln!(out, "Crowd URL             {}", url(&answer.url))?;
    let guide = match application.product() {
        ApplicationProduct::Other | ApplicationProduct::Unspecified => return Ok(()),
        product => word(product),
    };
    Ok(writeln!(out, "\nWhere to put them: scimd guide {guide} --application {}", print::clean(&application.name))?)
}

async fn list(server: &Server, tenant: &str, out: &mut impl Write) -> Result<(), Error> {
    let applications = pages::all(async |page_size, page_token| {
        let request = ListApplicationsRequest { tenant: tenant.to_owned(), page_size, page_token };
        let page = server.applications().list_applications(server.ask(request)).await?.into_inner();
        Ok((page.applications, page.next_page_token))
    })
    .await?;
    if server.output == Output::Json {
        return print::json(out, &ListApplicationsResponse { applications, next_page_token: String::new() });
    }
    let rows: Vec<_> = applications
        .iter()
        .map(|application| {
            let filter = application.filter.clone().unwrap_or_default();
            [
                application.name.clone(),
                word(application.product()).to_owned(),
                if application.disabled { "disabled" } else { "active" }.to_owned(),
                outbound::scope(&filter).to_owned(),
                outbound::patterns(&filter),
                print::relative(application.last_use_time.as_ref()),
                print::text(&application.last_use_address),
                print::text(&application.description),
            ]
        })
        .collect();
    let headers = ["NAME", "PRODUCT", "STATE", "USERS", "GROUPS", "LAST USED", "FROM", "DESCRIPTION"];
    print::table(out, headers, &rows)
}

fn rows(application: &Answer) -> Vec<(&'static str, String)> {
    let filter = application.filter.clone().unwrap_or_default();
    let mapping = application.mapping.clone().unwrap_or_default();
    let networks = match application.allowed_networks.is_empty() {
        true => "anywhere".to_owned(),
        false => print::list(&application.allowed_networks),
    };
    let mut rows = vec![
        ("Name", application.name.clone()),
        ("Tenant", application.tenant.clone()),
        ("Product", word(application.product()).to_owned()),
        ("Description", print::text(&application.description)),
        ("State", if application.disabled { "disabled" } else { "active" }.to_owned()),
    ];
    rows.extend(outbound::rows(&filter, &mapping));
    rows.extend([
        ("Allowed from", networks),
        ("Created", print::time(application.create_time.as_ref())),
        ("Changed", print::time(application.update_time.as_ref())),
        ("Password set", print::time(application.password_time.as_ref())),
        ("Old password ends", print::time_and_distance(application.old_password_expire_time.as_ref(), "-")),
        ("Last used", print::time_and_distance(application.last_use_time.as_ref(), "not since the server's start")),
        ("Last used from", print::text(&application.last_use_address)),
        ("Etag", application.etag.clone()),
    ]);
    rows
}

fn url(url: &str) -> String {
    match url {
        "" => "the server does not serve the Crowd API; start it with --crowd-addr".to_owned(),
        url => print::clean(url),
    }
}

fn word(product: ApplicationProduct) -> &'static str {
    match product {
        ApplicationProduct::Jira => "jira",
        ApplicationProduct::Confluence => "confluence",
        ApplicationProduct::Bitbucket => "bitbucket",
        ApplicationProduct::Unspecified | ApplicationProduct::Other => "other",
    }
}

fn product(text: &str) -> Result<ApplicationProduct, String> {
    match text {
        "jira" => Ok(ApplicationProduct::Jira),
        "confluence" => Ok(ApplicationProduct::Confluence),
        "bitbucket" => Ok(ApplicationProduct::Bitbucket),
        "other" => Ok(ApplicationProduct::Other),
        _ => Err("it is one of jira, confluence, bitbucket and other".to_owned()),
    }
}
