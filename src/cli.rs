//! The command line: one file a command. It knows how to ask and how to print, nothing of how things are done: all but a few
//! commands are clients of the admin plane.

pub mod error;
pub mod client;
pub mod values;
pub mod print;
pub mod pages;
pub mod outbound;
pub mod watch;
pub mod bar;
pub mod files;
pub mod doctor;
pub mod probe;
pub mod serve;
pub mod welcome;
pub mod check_config;
pub mod tenant;
pub mod profile;
pub mod token;
pub mod schema;
pub mod resource_type;
pub mod mapping;
pub mod user;
pub mod group;
pub mod deleted;
pub mod resource;
pub mod change;
pub mod transaction;
pub mod audit;
pub mod exchange;
pub mod application;
pub mod target;
pub mod metrics;
pub mod backup;
pub mod verify;
pub mod restore;
pub mod export;
pub mod import;
pub mod admin_cert;
pub mod certificate;
pub mod server;
pub mod guide;
pub mod completions;

use std::io::Write;

use self::error::Error;

/// A SCIM 2.0 server in one binary: identity providers push users and groups into it, scimd keeps them.
#[derive(Debug, clap::Parser)]
#[command(
    name = "scimd",
    version,
    disable_help_subcommand = true,
    max_term_width = 120,
    after_help = error::EXIT_CODES
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Runs the server until SIGTERM or SIGINT.
    ///
    /// Without any setting it creates ./scimd-data, a certificate authority, a certificate and the tenant `default`, and
    /// prints the Tenant URL and, once, the Secret Token. The environment variable SCIMD_BOOTSTRAP_TOKEN, of 32 to 512
    /// printable ASCII characters without spaces, sets the value of that first token instead; it is used only when the
    /// data directory is created. On SIGTERM requests in flight are answered, within 10 seconds.
    Serve(serve::Serve),
    /// Checks the configuration and prints it with the origin of each value.
    ///
    /// The configuration is the one that `serve` would have with the same flags and environment. The exit code is 1 when
    /// something is wrong with it. Nothing is written and no port opens.
    CheckConfig(check_config::CheckConfig),
    /// Shows the steps at an identity provider, or at a product that is fed, with this server's URLs.
    Guide(guide::Guide),
    /// Makes, shows, changes and removes tenants: isolated directories, each with its own Tenant URL.
    Tenant(tenant::Tenant),
    /// Shows how each kind of identity provider speaks, what is done with each quirk, and where that is known from.
    Profile(profile::Profile),
    /// Makes, shows, rotates and revokes a tenant's Secret Tokens.
    Token(token::Token),
    /// Defines, shows and removes a tenant's own schemas.
    Schema(schema::Schema),
    /// Defines, lists and removes a tenant's own resource types, and extends User and Group.
    ResourceType(resource_type::ResourceType),
    /// Sets, tries and takes back what is made of the attributes that the identity provider sends, and what it may do.
    Mapping(mapping::Mapping),
    /// Shows a tenant's users.
    User(user::User),
    /// Shows a tenant's groups and their members.
    Group(group::Group),
    /// Shows a tenant's resources of any type.
    Resource(resource::Resource),
    /// Shows what was done to a tenant's resources.
    Change(change::Change),
    /// Shows what became of requests whose client did not wait (`Prefer: respond-async`).
    Transaction(transaction::Transaction),
    /// Shows and explains the last SCIM requests of a tenant, and tries them again without writing.
    Exchange(exchange::Exchange),
    /// Makes, shows, changes and deletes Crowd applications: products, such as Jira, that read a tenant's users and groups.
    Application(application::Application),
    /// Makes, shows and serves targets: Jira, Confluence, Bitbucket and SCIM servers that get a tenant's users and groups.
    Target(target::Target),
    /// Shows what was done through the admin plane, and verifies that nothing of it was removed.
    Audit(audit::Audit),
    /// Shows the server's metrics as OpenMetrics text.
    Metrics(metrics::Metrics),
    /// Copies the whole database into a file while the server works.
    ///
    /// The file is whole or not there at all. It has neither certificates nor their keys in it.
    Backup(backup::Backup),
    /// Checks a backup file from its first byte to its last, or the database of the running server.
    ///
    /// The exit code is 1 when something is damaged, or does not agree: records, indexes, memberships and counters.
    Verify(verify::Verify),
    /// Makes the database of a new data directory from a backup. No server is asked, and none may run there.
    ///
    /// The data directory (--data-dir) may have the directory tls in it and nothing else. It is all or nothing.
    Restore(restore::Restore),
    /// Writes a tenant's users, groups and memberships as lines of JSON (NDJSON), as they are at one commit.
    Export(export::Export),
    /// Reads lines of JSON, as an export has them, into a tenant.
    ///
    /// Each line is all or nothing, and one that fails stops no other one; the exit code is 7 then. Repeating an import is
    /// safe: what is there already with the same content stays as it is.
    Import(import::Import),
    /// Makes, lists and revokes client certificates for the admin plane over the network.
    AdminCert(admin_cert::AdminCert),
    /// Shows the server's certificate, and has it read again.
    Certificate(certificate::Certificate),
    /// Shows how the running server is doing, and which release it is.
    Server(server::Server),
    /// Prints what a shell needs to complete commands and flags.
    ///
    /// For bash: scimd completions bash > /etc/bash_completion.d/scimd
    Completions(completions::Completions),
    /// Examines this machine for what keeps the server from working, and says what to do about each finding.
    ///
    /// It takes the settings that `serve` would have, with the same flags and environment, and works whether the server runs or
    /// not: configuration, data directory, permissions, database (all of it, when the server is stopped), disk space,
    /// certificate, TLS, clock, open files and addresses. Nothing is written. The exit code is 1 when there is a problem, and 0
    /// when there are warnings at most.
    Doctor(doctor::Doctor),
    /// Plays an identity provider's whole cycle against any SCIM server, and says what that provider would trip over.
    ///
    /// It tests the connection, makes users and groups, looks for them, changes, disables, renames and deletes them with the
    /// provider's own requests. Everything that it makes has a name that begins with scimd-probe-, is removed at the end, also
    /// after a failure or an interruption, and nothing else is touched. The exit code is 0 when all steps passed (warnings are
    /// allowed), 1 when one failed, and 6 when the server cannot be reached.
    Probe(probe::Probe),
}

/// How a command prints its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// A table for a person.
    Table,
    /// JSON for a program.
    Json,
}

/// Does what the command line says. Answers go to `out`; `env` answers for an environment variable.
///
/// # Errors
/// Whatever made the command fail, see [`Error`].
pub fn run(cli: &Cli, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
    match &cli.command {
        Command::Serve(serve) => serve.run(env, out),
        Command::CheckConfig(check) => check.run(env, out),
        Command::Guide(guide) => guide.run(env, out),
        Command::Tenant(tenant) => tenant.run(env, out),
        Command::Profile(profile) => profile.run(env, out),
        Command::Token(token) => token.run(env, out),
        Command::Schema(schema) => schema.run(env, out),
        Command::ResourceType(resource_type) => resource_type.run(env, out),
        Command::Mapping(mapping) => mapping.run(env, out),
        Command::User(user) => user.run(env, out),
        Command::Group(group) => group.run(env, out),
        Command::Resource(resource) => resource.run(env, out),
        Command::Change(change) => change.run(env, out),
        Command::Transaction(transaction) => transaction.run(env, out),
        Command::Exchange(exchange) => exchange.run(env, out),
        Command::Application(application) => application.run(env, out),
        Command::Target(target) => target.run(env, out),
        Command::Audit(audit) => audit.run(env, out),
        Command::Metrics(metrics) => metrics.run(env, out),
        Command::Backup(backup) => backup.run(env, out),
        Command::Verify(verify) => verify.run(env, out),
        Command::Restore(restore) => restore.run(env, out),
        Command::Export(export) => export.run(env, out),
        Command::Import(import) => import.run(env, out),
        Command::AdminCert(admin_cert) => admin_cert.run(env, out),
        Command::Certificate(certificate) => certificate.run(env, out),
        Command::Server(server) => server.run(env, out),
        Command::Completions(completions) => completions.run(out),
        Command::Doctor(doctor) => doctor.run(env, out),
        Command::Probe(probe) => probe.run(env, out),
    }
}

#[cfg(test)]
mod tests;
