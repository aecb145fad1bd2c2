//! The flags that say what a target is, and where its secret is read from: never the command line, which everybody on the machine sees.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::error::{Error, Exit};
use crate::cli::files;
use crate::cli::outbound::Outbound;
use crate::cli::values::{self, set, without_empty};
use crate::limits;
use crate::server::admin::api::v1::{Target as Message, TargetKind, TargetLeavers, TargetPolicy};

#[derive(Debug, clap::Args)]
pub(super) struct Settings {
    /// What speaks there.
    #[arg(long, value_name = "jira|confluence|bitbucket|scim|atlassian-cloud", value_parser = kind)]
    kind: Option<TargetKind>,

    /// Where it is: the product's base URL, or the SCIM base URL.
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// The user of HTTP Basic, whose password is the secret; without it, or with "", the secret is sent as a bearer token.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// The certificate authorities that are believed, and no others (PEM); "" takes the machine's again.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    #[command(flatten)]
    seen: Outbound,

    /// What becomes of users that are inactive, deleted or no longer among those it gets.
    #[arg(long, value_name = "deactivate|release|delete|never", value_parser = leavers)]
    leavers: Option<TargetLeavers>,

    /// Deletes groups there that are deleted here.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    delete_groups: Option<bool>,

    /// Makes no groups there.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    keep_groups: Option<bool>,

    /// Leaves members in groups that are not the directory's.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    additive_memberships: Option<bool>,

    /// Takes over no users and groups of the same name that are there already.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    adopt_nothing: Option<bool>,

    /// Applications whose licence new users of Jira get, such as jira-software.
    #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ',')]
    applications: Option<Vec<String>>,

    /// Groups that give a licence; users that leave are taken out of them.
    #[arg(long, value_name = "GROUP", num_args = 1.., value_delimiter = ',')]
    licence_groups: Option<Vec<String>>,

    /// Who leads the projects of a user of Jira that cannot be deactivated because of them.
    #[arg(long, value_name = "USER")]
    project_lead: Option<String>,

    /// Who leads the components of such a user.
    #[arg(long, value_name = "USER")]
    component_lead: Option<String>,

    /// Has the target tell new users of their account by mail.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    notify_users: Option<bool>,

    /// Requests a second at most; 0: as many as it answers.
    #[arg(long, value_name = "N")]
    requests_per_second: Option<u32>,

    /// Requests at once, 1 to 8.
    #[arg(long, value_name = "N")]
    concurrency: Option<u32>,

    /// Destructive steps of one run at most; what is beyond that waits for `approve`. A new target has 50.
    #[arg(long, value_name = "N")]
    ceiling: Option<u32>,

    /// How often it is read and compared, such as 24h; 0: never.
    #[arg(long, value_name = "TIME", value_parser = values::period)]
    check_every: Option<Duration>,

    /// Only tells what such a comparison finds, and repairs nothing.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    check_reports_only: Option<bool>,

    /// Sends nothing there; what is changed meanwhile is sent afterwards.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    disabled: Option<bool>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Credentials {
    /// The file with the password or token in its first line; - is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "secret_env")]
    secret_file: Option<PathBuf>,

    /// The environment variable that holds the password or token.
    #[arg(long, value_name = "VARIABLE")]
    secret_env: Option<String>,
}

impl Credentials {
    /// The secret, where one is given.
    pub(super) fn secret(&self, env: &impl Fn(&str) -> Option<String>) -> Result<Option<String>, Error> {
        if let Some(variable) = &self.secret_env {
            let missing = || {
                let message = format!("the environment variable {variable} is not set");
                Error::refused(Exit::Usage, message, "set it to the password or token")
            };
            return env(variable).filter(|secret| !secret.is_empty()).map(Some).ok_or_else(missing);
        }
        let Some(path) = &self.secret_file else { return Ok(None) };
        super::first_line(&files::text(path, limits::TARGET_SECRET_BYTES_MAX + 2)?).map(Some)
    }
}

impl Settings {
    /// The target with these settings, and the names of those that are given.
    pub(super) fn target(&self, tenant: &str, name: &str) -> Result<(Message, Vec<String>), Error> {
        let mut paths = Vec::new();
        let mut target = Message { tenant: tenant.to_owned(), name: name.to_owned(), ..Message::default() };
        set(&self.kind.map(i32::from), &mut target.kind, "kind", &mut paths);
        let url = self.url.as_ref().map(|url| url.trim_end_matches('/').to_owned());
        set(&url, &mut target.url, "url", &mut paths);
        set(&self.user, &mut target.user, "user", &mut paths);
        let ca = match &self.ca {
            Some(path) if path.as_os_str().is_empty() => Some(String::new()),
            Some(path) => {
                let most = usize::try_from(limits::PEM_FILE_BYTES_MAX).unwrap_or(usize::MAX);
                Some(files::text(path, most)?)
            }
            None => None,
        };
        set(&ca, &mut target.ca_pem, "ca_pem", &mut paths);
        set(&self.description, &mut target.description, "description", &mut paths);
        let (filter, mapping) = self.seen.messages(&mut paths);
        (target.filter, target.mapping) = (Some(filter), Some(mapping));
        target.policy = Some(self.policy(&mut paths));
        set(&self.requests_per_second, &mut target.requests_per_second_max, "requests_per_second_max", &mut paths);
        set(&self.concurrency, &mut target.concurrency, "concurrency", &mut paths);
        set(&self.ceiling.map(Some), &mut target.destructive_max, "destructive_max", &mut paths);
        let every = self.check_every.map(|every| Some(values::duration(every)));
        set(&every, &mut target.check_every, "check_every", &mut paths);
        set(&self.check_reports_only, &mut target.check_reports_only, "check_reports_only", &mut paths);
        set(&self.disabled, &mut target.disabled, "disabled", &mut paths);
        Ok((target, paths))
    }

    fn policy(&self, paths: &mut Vec<String>) -> TargetPolicy {
        let mut policy = TargetPolicy::default();
        set(&self.leavers.map(i32::from), &mut policy.leavers, "policy.leavers", paths);
        set(&self.delete_groups, &mut policy.delete_groups, "policy.delete_groups", paths);
        set(&self.keep_groups, &mut policy.keep_groups, "policy.keep_groups", paths);
        let additive = &mut policy.additive_memberships;
        set(&self.additive_memberships, additive, "policy.additive_memberships", paths);
        set(&self.adopt_nothing, &mut policy.adopt_nothing, "policy.adopt_nothing", paths);
        set(&without_empty(&self.applications), &mut policy.applications, "policy.applications", paths);
        set(&without_empty(&self.licence_groups), &mut policy.licence_groups, "policy.licence_groups", paths);
        set(&self.project_lead, &mut policy.project_lead, "policy.project_lead", paths);
        set(&self.component_lead, &mut policy.component_lead, "policy.component_lead", paths);
        set(&self.notify_users, &mut policy.notify_users, "policy.notify_users", paths);
        policy
    }
}

fn kind(text: &str) -> Result<TargetKind, String> {
    match text {
        "jira" => Ok(TargetKind::Jira),
        "confluence" => Ok(TargetKind::Confluence),
        "bitbucket" => Ok(TargetKind::Bitbucket),
        "scim" => Ok(TargetKind::Scim),
        "atlassian-cloud" => Ok(TargetKind::AtlassianCloud),
        _ => Err("it is jira, confluence, bitbucket, scim or atlassian-cloud".to_owned()),
    }
}

fn leavers(text: &str) -> Result<TargetLeavers, String> {
    match text {
        "deactivate" => Ok(TargetLeavers::Deactivate),
        "release" => Ok(TargetLeavers::Release),
        "delete" => Ok(TargetLeavers::Delete),
        "never" => Ok(TargetLeavers::Never),
        _ => Err("it is deactivate, release, delete or never".to_owned()),
    }
}
