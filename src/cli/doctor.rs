//! `scimd doctor`: examines the machine for what keeps the server from working, and says what to do. It runs the checks of its
//! folder and prints what they found; it repairs nothing.

mod certificate;
mod data;
mod machine;

use std::io::Write;

use serde_json::{Value, json};

use self::machine::Server;
use super::{Error, Output};
use crate::config;
use crate::config::args::ServeArgs;
use crate::serve::settings::Settings;
use crate::server::admin::ask;

/// The flags of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    #[command(flatten)]
    settings: ServeArgs,

    /// Prints a table for a person, or one JSON array of objects with `check`, `result`, `finding` and `what_to_do`.
    #[arg(long, value_enum, value_name = "table|json", default_value = "table", hide_possible_values = true)]
    output: Output,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    check: &'static str,
    result: Verdict,
    /// A sentence without its full stop.
    text: String,
    /// What to do about it; empty when it is good.
    advice: String,
}

/// How a finding is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and may not do so for ever or for everyone.
    Warning,
    /// It keeps the server from working.
    Problem,
}

impl Doctor {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        let findings = match config::resolve(&self.settings, env, config::PROFILES) {
            Ok(config) => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.map_err(Error::Runtime)?.block_on(examine(&config.settings))
            }
            Err(error) => {
                let advice = "correct the setting; `scimd check-config` shows where each value comes from";
                vec![problem("configuration", error.to_string(), advice)]
            }
        };
        match self.output {
            Output::Table => table(&findings, out)?,
            Output::Json => json_array(&findings, out)?,
        }
        match findings.iter().filter(|finding| finding.result == Verdict::Problem).count() {
            0 => Ok(()),
            problems => Err(Error::Doctor(problems)),
        }
    }
}

/// All checks, in the order in which a person would look.
async fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![ok("configuration", "no setting is wrong")];
    let asked = ask::status(&settings.data_dir.join("admin").join("admin.sock")).await;
    let server = Server { running: asked.ok() };
    findings.push(machine::server(&server));
    findings.extend(data::directory(&settings.data_dir));
    let database = data::database(settings, &server);
    findings.push(database.finding.clone());
    findings.push(data::space(&settings.data_dir));
    findings.extend(data::private_files(settings));
    let now_ms = crate::clock::now_ms();
    let chain = certificate::check(settings, now_ms, &mut findings);
    findings.push(machine::clock(now_ms, &database, chain.as_ref()));
    findings.push(machine::open_files());
    findings.extend(machine::addresses(settings, &server).await);
    findings
}

fn ok(check: &'static str, text: impl Into<String>) -> Finding {
    Finding { check, result: Verdict::Ok, text: text.into(), advice: String::new() }
}

fn warning(check: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding { check, result: Verdict::Warning, text: text.into(), advice: advice.into() }
}

fn problem(check: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding { check, result: Verdict::Problem, text: text.into(), advice: advice.into() }
}

impl Verdict {
    fn text(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Problem => "problem",
        }
    }
}

/// How wide the two columns of sentences are, in characters.
const SENTENCE_CHARS: usize = 56;

fn table(findings: &[Finding], out: &mut impl Write) -> Result<(), Error> {
    let checks = findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0).max("CHECK".len());
    writeln!(out, "{:checks$}  {:7}  {:SENTENCE_CHARS$}  WHAT TO DO", "CHECK", "RESULT", "FINDING")?;
    for Finding { check, result, text, advice } in findings {
        let advice = if advice.is_empty() { "-" } else { advice };
        let (texts, advices) = (wrap(text), wrap(advice));
        for line in 0..texts.len().max(advices.len()) {
            let first = if line == 0 { (*check, result.text()) } else { ("", "") };
            let part = |parts: &[String]| parts.get(line).cloned().unwrap_or_default();
            let row =
                format!("{:checks$}  {:7}  {:SENTENCE_CHARS$}  {}", first.0, first.1, part(&texts), part(&advices));
            writeln!(out, "{}", row.trim_end())?;
        }
    }
    Ok(())
}

/// Lines that fit the column, but for words that are longer.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= SENTENCE_CHARS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn json_array(findings: &[Finding], out: &mut impl Write) -> Result<(), Error> {
    let rows = findings.iter().map(|Finding { check, result, text, advice }| {
        json!({"check": check, "result": result.text(), "finding": text, "what_to_do": advice})
    });
    writeln!(out, "{:#}", Value::Array(rows.collect()))?;
    Ok(())
}

#[cfg(test)]
mod tests;
