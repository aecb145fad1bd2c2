//! The tests that stand beside a mapping: a resource as an identity provider would create it, and what must be stored of it. Pure but
//! for the time, which it is given.

use crate::directory::keys;
use crate::directory::tenant::Tenant;
use crate::limits;
use crate::mapping::document::Test;
use crate::mapping::policy::{Context, Policy, names};
use crate::profile;
use crate::scim::dialect::Reading;
use crate::scim::errors::clip;
use crate::scim::schema::ResourceType;
use crate::scim::{json, resource};
use serde_json::{Map, Value};

/// Runs one test.
///
/// # Errors
/// What was expected and what came instead, as a clause.
pub fn run(tenant: &Tenant, policy: &Policy, test: &Test, now_ms: i64) -> Result<(), String> {
    let name = if test.resource_type.is_empty() { "User" } else { test.resource_type.as_str() };
    let resource_type =
        tenant.types.named(name).ok_or_else(|| format!("the tenant has no resource type '{}'", clip(name)))?;
    let outcome = stored(tenant, policy, resource_type, &test.input, now_ms);
    match (test.output.trim(), outcome?) {
        ("", Ok(got)) => {
            Err(format!("a refusal was expected, and this would be stored: {}", shown(&Value::Object(got))))
        }
        ("", Err(_)) => Ok(()),
        (_, Err(why)) => Err(format!("it is refused: {why}")),
        (output, Ok(got)) => {
            let expected = json::parse(output.as_bytes()).map_err(|error| format!("its output: {}", error.detail))?;
            if !expected.is_object() {
                return Err("its output is not a JSON object".to_owned());
            }
            match first_difference("", &expected, &Value::Object(got)) {
                None => Ok(()),
                Some(difference) => Err(difference),
            }
        }
    }
}

/// What would be stored of a new resource, or why it is refused. What is no resource at all is an error of the test.
fn stored(
    tenant: &Tenant,
    policy: &Policy,
    resource_type: &ResourceType,
    input: &str,
    now_ms: i64,
) -> Result<Result<Map<String, Value>, String>, String> {
    let body = json::parse(input.as_bytes()).map_err(|error| format!("its input: {}", error.detail))?;
    let mut reading = Reading::new(&tenant.dialect);
    let incoming = resource::read(resource_type, body, &mut reading).and_then(|incoming| {
        resource::is_complete(resource_type, &incoming.attributes)?;
        reading.is_clean().map(|()| incoming)
    });
    let sent = incoming.map_err(|error| format!("its input: {}", error.detail))?.attributes;
    let switches = policy.switches;
    let is_off = match resource_type.code {
        keys::USER => switches.refuse_user_create,
        keys::GROUP => switches.refuse_group_create,
        _ => false,
    };
    if is_off {
        return Ok(Err(format!("the rule '{}' refuses it", names::SWITCHES)));
    }
    let context = Context { resource_type, dialect: &profile::custom::DIALECT, now_ms };
    let made = match policy.apply(&context, &sent, None) {
        Ok(outcome) => outcome.attributes,
        Err(refusal) => return Ok(Err(format!("{}, by the rule '{}'", refusal.why, refusal.rule))),
    };
    if let Err(error) = resource::is_complete(resource_type, &made) {
        return Ok(Err(error.detail));
    }
    let forms = [&sent, &made];
    let is_protected = match resource_type.code {
        keys::USER => policy.protects_user(None, &forms),
        keys::GROUP => policy.protects_group(None, &forms),
        _ => false,
    };
    Ok(if is_protected { Err("it is protected".to_owned()) } else { Ok(made) })
}

/// Where what came is not what was expected. Of objects only the members that are named count, and null is absence.
fn first_difference(path: &str, expected: &Value, got: &Value) -> Option<String> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => expected.iter().find_map(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let found = got.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
            first_difference(&path, value, found.unwrap_or(&Value::Null))
        }),
        (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => {
            let pairs = expected.iter().zip(got).enumerate();
            pairs
                .into_iter()
                .find_map(|(at, (expected, got))| first_difference(&format!("{path}[{at}]"), expected, got))
        }
        (expected, got) if expected == got => None,
        (expected, got) => {
            Some(format!("{path}: {} was expected, and {} would be stored", shown(expected), shown(got)))
        }
    }
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "nothing".to_owned(),
        value => value.to_string(),
    };
    match text.char_indices().nth(limits::MAPPING_SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests;
