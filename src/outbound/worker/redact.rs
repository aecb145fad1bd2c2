//! What is kept of calls to a target: without passwords, and not too long. A new password is in the query at Bitbucket, in bodies elsewhere.

use crate::limits;
use serde_json::Value;

/// A path with the values of secrets in its query replaced.
pub(super) fn path(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let part = |part: &str| match part.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}=***"),
        _ => part.to_owned(),
    };
    format!("{path}?{}", query.split('&').map(part).collect::<Vec<_>>().join("&"))
}

/// The beginning of a body with the values of secrets replaced. What may hold one and is no JSON is left out.
pub(super) fn body(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    if !SECRETS.iter().any(|word| lower.contains(word)) {
        return cut(text);
    }
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            hide(&mut value);
            cut(&value.to_string())
        }
        Err(_) => "(left out: it may hold a secret)".to_owned(),
    }
}

/// Words in the names of what is secret.
const SECRETS: [&str; 4] = ["password", "secret", "token", "credential"];

fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    SECRETS.iter().any(|word| lower.contains(word))
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| match is_secret(name) {
            true => *value = Value::from("***"),
            false => hide(value),
        }),
        Value::Array(values) => values.iter_mut().for_each(hide),
        _ => {}
    }
}

fn cut(text: &str) -> String {
    match text.len() > limits::TARGET_CALL_BODY_BYTES_MAX {
        true => format!("{}…", text.get(..text.floor_char_boundary(limits::TARGET_CALL_BODY_BYTES_MAX)).unwrap_or("")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
