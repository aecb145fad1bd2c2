//! `scimd probe`: plays an identity provider's cycle against any SCIM server and says what that provider would trip over. It carries
//! the requests of a run; which they are and what their answers mean is in `probe/`.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::error::{Error, Exit};
use super::{Output, print, values};
use crate::outbound::client::{self, Ask, Client, Trust};
use crate::probe::judge::{Answer, Verdict};
use crate::probe::report::{Report, Row};
use crate::probe::run::{Reply, Request, Run};
use crate::probe::step::Cycle;
use crate::{clock, limits, probe, profile};

/// The environment variable with the token.
const TOKEN: &str = "SCIMD_PROBE_TOKEN";

/// How much of a path stands in the table, in characters.
const PATH_CHARS: usize = 56;

/// The flags of `probe`.
#[derive(Debug, clap::Args)]
pub struct Probe {
    /// The Tenant URL of a SCIM server, this one or any other: what `/Users` is appended to. Its query is not used.
    tenant_url: String,

    /// The identity provider to play; `strict` asks what the RFCs want.
    #[arg(long, value_name = "NAME", default_value = "custom", value_parser = clap::builder::PossibleValuesParser::new(profile::names()))]
    profile: String,

    /// The bearer token. Others on this machine can see it among the processes: better take one of the two other ways.
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_file")]
    token: Option<String>,

    /// A file with the bearer token. Without both it is taken from SCIMD_PROBE_TOKEN, and without that none is sent.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// The authorities (PEM) of the server's certificate, in place of those of this machine.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Believes any certificate. Whoever is in between can read the token.
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,

    /// How long to wait for each answer, from 1s to 2m.
    #[arg(long, value_name = "TIME", value_parser = values::period, default_value = "10s")]
    timeout: Duration,

    /// Prints a table for a person, or one JSON object with every step.
    #[arg(long, value_enum, value_name = "table|json", default_value = "table", hide_possible_values = true)]
    output: Output,
}

impl Probe {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        let token = self.token(env)?;
        let trust = match (&self.ca, self.insecure) {
            (_, true) => Trust::Anybody,
            (Some(path), false) => Trust::File(path.clone()),
            (None, false) => Trust::System,
        };
        let longest = Duration::from_secs(limits::PROBE_ANSWER_S_MAX);
        let patience = self.timeout.clamp(Duration::from_secs(1), longest);
        let client = Client::new(&self.tenant_url, &trust, token.as_deref(), patience);
        let client = client.map_err(|error| Error::refused(Exit::Usage, error.to_string(), ""))?;
        let Some(cycle) = probe::by_name(&self.profile) else {
            return Err(Error::refused(Exit::Usage, format!("there is no profile \"{}\"", self.profile), ""));
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
        let started = Instant::now();
        let mut report = runtime.block_on(play(client, cycle))?;
        if let Some(token) = &token {
            mask(&mut report, token);
        }
        match (self.output, &report.unreachable) {
            (Output::Json, _) => self.json(&report, started.elapsed(), out)?,
            (Output::Table, None) => self.table(cycle, &report, out)?,
            (Output::Table, Some(_)) => {}
        }
        self.outcome(&report)
    }

    /// The token without the white space around it.
    fn token(&self, env: impl Fn(&str) -> Option<String>) -> Result<Option<String>, Error> {
        let text = match (&self.token, &self.token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(path)) => {
                let mut text = String::new();
                let read = |file: File| file.take(limits::TOKEN_FILE_BYTES_MAX).read_to_string(&mut text);
                File::open(path).and_then(read).map_err(|error| Error::file(path, "read the token in it", &error))?;
                Some(text)
            }
            (None, None) => env(TOKEN),
        };
        Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    fn json(&self, report: &Report, took: Duration, out: &mut impl Write) -> Result<(), Error> {
        let mut json = report.json();
        if let Some(members) = json.as_object_mut() {
            members.insert("tenant_url".to_owned(), self.tenant_url.clone().into());
            members.insert("milliseconds".to_owned(), whole_ms(took).into());
            members.insert("unreachable".to_owned(), report.unreachable.clone().into());
        }
        Ok(writeln!(out, "{json:#}")?)
    }

    fn table(&self, cycle: &Cycle, report: &Report, out: &mut impl Write) -> Result<(), Error> {
        let url = print::clean(&self.tenant_url);
        writeln!(out, "{} against {url}; all names begin with {}\n", cycle.title, report.prefix)?;
        // What was removed without trouble is not what anybody asked about.
        let rows: Vec<&Row> = report.rows.iter().filter(|row| !row.cleaning || row.verdict != Verdict::Pass).collect();
        let widest = rows.iter().map(|row| row.step.chars().count()).max().unwrap_or(0);
        let widths = [7, widest, 7 + PATH_CHARS, 6];
        print::line(out, &["RESULT", "STEP", "REQUEST", "STATUS"], &widths)?;
        for row in rows {
            let request = format!("{:6} {}", row.method, print::clean(&shortened(&row.path)));
            let status = row.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
            let verdict = match row.verdict {
                Verdict::Fail => "FAIL",
                other => other.name(),
            };
            print::line(out, &[verdict, &print::clean(&row.step), &request, &status], &widths)?;
            for finding in &row.findings {
                writeln!(out, "         {}", print::clean(finding))?;
            }
            for consequence in &row.consequences {
                writeln!(out, "         > {}", print::clean(consequence))?;
            }
        }
        writeln!(
            out,
            "\n{} passed, {} with warnings, {} failed, {} skipped",
            report.count(Verdict::Pass),
            report.count(Verdict::Warn),
            report.count(Verdict::Fail),
            report.count(Verdict::Skipped)
        )?;
        if report.left_behind.is_empty() {
            writeln!(out, "Everything that was made has been removed.")?;
        }
        for left in &report.left_behind {
            writeln!(out, "Left behind, remove it yourself: {}", print::clean(left))?;
        }
        Ok(())
    }

    fn outcome(&self, report: &Report) -> Result<(), Error> {
        if let Some(reason) = &report.unreachable {
            let advice = "is the Tenant URL right? For a certificate of a private authority give its file with --ca";
            return Err(Error::refused(Exit::Unreachable, reason.clone(), advice));
        }
        let failed = report.count(Verdict::Fail);
        match report.verdict() {
            Verdict::Fail if !report.stopped.is_empty() => {
                Err(Error::refused(Exit::Failed, format!("the cycle has not come to its end: {}", report.stopped), ""))
            }
            Verdict::Fail => Err(Error::refused(Exit::Failed, format!("steps that failed: {failed}"), "")),
            _ => Ok(()),
        }
    }
}

/// Plays the cycle and removes what it made, also after an interruption; a second one ends that too.
async fn play(mut client: Client, cycle: &'static Cycle) -> Result<Report, Error> {
    let mut interruptions = interruptions()?;
    // The random part of a UUID of version 7 is at its end.
    let random: String = clock::new_id().simple().to_string().chars().skip(20).collect();
    let strangers = std::array::from_fn(|_| clock::new_id().to_string());
    let mut run = Run::new(cycle, &random, strangers);
    let (started, mut cleaning) = (Instant::now(), None);
    while let Some(request) = run.next_request() {
        let over = |from: Instant, ms: u64| from.elapsed() > Duration::from_millis(ms);
        if run.is_cleaning() && over(*cleaning.get_or_insert_with(Instant::now), limits::PROBE_CLEANING_MS_MAX) {
            run.give_up("the time for cleaning up is over");
            break;
        }
        let reply = tokio::select! {
            reply = ask(&mut client, &request) => reply,
            _ = interruptions.wait_for(|times| *times > 1) => {
                run.give_up("interrupted twice");
                break;
            }
        };
        let wait = run.replied(reply);
        if let Some(wait) = wait.filter(|_| *interruptions.borrow() == 0) {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = interruptions.wait_for(|times| *times > 0) => {}
            }
        }
        if *interruptions.borrow() > 0 {
            run.stop("interrupted");
        } else if over(started, limits::PROBE_CYCLE_MS_MAX) {
            run.stop("the time for the cycle is over");
        }
    }
    Ok(run.report())
}

async fn ask(client: &mut Client, request: &Request) -> Reply {
    let Request { method, path, headers, authorized, body } = request;
    let mut headers = headers.clone();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("User-Agent")) {
        headers.push(("User-Agent".to_owned(), concat!("scimd-probe/", env!("CARGO_PKG_VERSION")).to_owned()));
    }
    let ask = Ask {
        method,
        path,
        headers: &headers,
        authorized: *authorized,
        body: body.as_deref(),
        answer_bytes_max: limits::PROBE_ANSWER_BYTES_MAX,
    };
    match client.send(&ask).await {
        Ok(client::Answer { status, headers, body, took }) => {
            Reply::Answer(Answer { status, headers, body: body.to_vec() }, whole_ms(took))
        }
        Err(error) => Reply::Silence(error.to_string()),
    }
}

/// Takes the token out of what the server said: one that echoes it must not bring it into the report.
fn mask(report: &mut Report, token: &str) {
    for row in &mut report.rows {
        for text in row.findings.iter_mut().chain([&mut row.answer_body]) {
            if text.contains(token) {
                *text = text.replace(token, "(the token)");
            }
        }
    }
}

/// How often somebody has asked for the end, by SIGINT or SIGTERM.
fn interruptions() -> Result<watch::Receiver<u32>, Error> {
    let on = |kind| signal(kind).map_err(Error::Runtime);
    let (mut int, mut term): (Signal, Signal) = (on(SignalKind::interrupt())?, on(SignalKind::terminate())?);
    let (counter, interruptions) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = int.recv() => {}
                _ = term.recv() => {}
            }
            counter.send_modify(|times| *times += 1);
        }
    });
    Ok(interruptions)
}

fn shortened(path: &str) -> String {
    match path.char_indices().nth(PATH_CHARS) {
        Some(_) => format!("{}…", path.chars().take(PATH_CHARS - 1).collect::<String>()),
        None => path.to_owned(),
    }
}

fn whole_ms(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
