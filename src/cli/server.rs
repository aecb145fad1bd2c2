//! `scimd server`: shows how the running server is doing and which release it is.

use std::io::Write;

use super::client::Connection;
use super::error::Error;
use super::{Output, print};
use crate::server::admin::api::v1::{GetStatusRequest, GetVersionRequest};

/// The flags of `server`.
#[derive(Debug, clap::Args)]
pub struct Server {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Shows whether the server is ready, since when it runs and where it listens.
    Status,
    /// Shows which release is running.
    Version,
}

impl Server {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        self.connection.run(env, async |server| match &self.verb {
            Verb::Status => {
                let answer = server.server().get_status(server.ask(GetStatusRequest {})).await?.into_inner();
                if server.output == Output::Json {
                    return print::json(out, &answer);
                }
                let ready = match answer.ready {
                    true => "yes".to_owned(),
                    false => format!("no: {}", answer.not_ready_reason),
                };
                let until = answer.certificate_not_after.as_ref();
                print::fields(
                    out,
                    &[
                        ("Ready", ready),
                        ("Version", answer.version),
                        ("Started", print::time_and_distance(answer.start_time.as_ref(), "-")),
                        ("SCIM address", answer.scim_addr),
                        ("Public URL", answer.public_url),
                        ("Crowd address", print::text(&answer.crowd_addr)),
                        ("Crowd URL", print::text(&answer.crowd_url)),
                        ("Certificate until", print::time_and_distance(until, "TLS is off")),
                    ],
                )
            }
            Verb::Version => {
                let answer = server.server().get_version(server.ask(GetVersionRequest {})).await?.into_inner();
                match server.output {
                    Output::Json => print::json(out, &answer),
                    Output::Table => Ok(writeln!(out, "{}", print::clean(&answer.version))?),
                }
            }
        })
    }
}
