//! `scimd check-config`: the effective configuration with the origin of each value.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::Output;
use super::error::Error;
use crate::config;
use crate::config::args::ServeArgs;

/// The flags of `check-config`.
#[derive(Debug, clap::Args)]
pub struct CheckConfig {
    #[command(flatten)]
    settings: ServeArgs,

    /// Prints a table for a person, or one JSON object: each setting's name with its `value` and the `origin` of it.
    #[arg(long, value_enum, value_name = "table|json", default_value = "table", hide_possible_values = true)]
    output: Output,
}

impl CheckConfig {
    pub(super) fn run(&self, env: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> Result<(), Error> {
        let rows = config::resolve(&self.settings, env, config::PROFILES)?.rows();
        match self.output {
            Output::Table => table(&rows, out),
            Output::Json => json(rows, out),
        }
    }
}

fn table(rows: &[(&'static str, Value, String)], out: &mut impl Write) -> Result<(), Error> {
    let texts: Vec<String> = rows.iter().map(|(_, value, _)| text(value)).collect();
    let names = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let values = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max("VALUE".len());
    writeln!(out, "{:names$}  {:values$}  ORIGIN", "SETTING", "VALUE")?;
    for ((name, _, origin), text) in rows.iter().zip(&texts) {
        writeln!(out, "{name:names$}  {text:values$}  {origin}")?;
    }
    Ok(())
}

fn json(rows: Vec<(&'static str, Value, String)>, out: &mut impl Write) -> Result<(), Error> {
    let object: Map<String, Value> = rows
        .into_iter()
        .map(|(name, value, origin)| (name.to_owned(), json!({"value": value, "origin": origin})))
        .collect();
    writeln!(out, "{:#}", Value::Object(object))?;
    Ok(())
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
