//! Following a log until somebody ends it: what `change watch` and `audit watch` share. It does not know what the entries say.

use std::io::Write;

use super::client::Server;
use super::error::Error;
use super::{Output, print};

/// Where a watch begins and ends.
#[derive(Debug, clap::Args)]
pub(super) struct Bounds {
    /// Goes on after the entry, or the message, that had this resume_token.
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    pub(super) resume: String,

    /// Ends after so many entries; 0: never.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    limit: usize,
}

/// How the entries stand in a table that grows.
pub(super) struct Columns<const N: usize> {
    /// The headers.
    pub(super) headers: [&'static str; N],
    /// The widths, in characters.
    pub(super) widths: [usize; N],
}

/// What a message tells.
pub(super) struct Told<const N: usize> {
    /// The entry in the table; a sign of life has none.
    pub(super) row: Option<[String; N]>,
    /// Where to go on after it.
    pub(super) resume: String,
}

impl Bounds {
    /// Prints what `next` gives, message after message. After a failure the error says where to go on.
    pub(super) async fn follow<M, W: Write, const N: usize>(
        &self,
        server: &Server,
        columns: &Columns<N>,
        mut next: impl AsyncFnMut() -> Result<Option<M>, Error>,
        (told, json): (impl Fn(&M) -> Told<N>, impl Fn(&mut W, &M) -> Result<(), Error>),
        out: &mut W,
    ) -> Result<(), Error> {
        let line = |cells: &[&str], out: &mut W| -> Result<(), Error> {
            print::line(out, cells, &columns.widths)?;
            Ok(out.flush()?)
        };
        if server.output == Output::Table {
            line(&columns.headers, out)?;
        }
        let (mut last, mut seen) = (String::new(), 0);
        loop {
            let message = match next().await {
                Ok(Some(message)) => message,
                Ok(None) => return Err(Error::stream_ended().resumable(&last)),
                Err(error) => return Err(error.resumable(&last)),
            };
            let Told { row, resume } = told(&message);
            seen += usize::from(row.is_some());
            let printed = match (server.output, row) {
                (Output::Json, _) => json(out, &message),
                (Output::Table, Some(row)) => {
                    let row = row.map(|cell| print::clean(&cell));
                    line(&row.each_ref().map(String::as_str), out)
                }
                (Output::Table, None) => Ok(()),
            };
            printed.map_err(|error| error.resumable(&last))?;
            last = resume;
            if self.limit > 0 && seen >= self.limit {
                return Ok(());
            }
        }
    }
}
