//! The cycles as data: complete, sourced, and unable to touch what is not theirs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::step::{Body, Step};
use super::text::{self, Form};
use super::*;
use crate::{limits, profile};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_profile_has_its_cycle() {
    let names: Vec<&str> = ALL.iter().map(|cycle| cycle.name).collect();
    assert_eq!(names, profile::names().collect::<Vec<_>>());
    for cycle in ALL {
        assert_eq!(by_name(cycle.name).unwrap().name, cycle.name);
        assert!(!cycle.unauthorized.is_empty() && !cycle.broken.is_empty(), "{}", cycle.name);
        assert!(cycle.steps.len() < limits::PROBE_REQUESTS_MAX, "{}", cycle.name);
    }
    assert!(by_name("Entra").is_none());
}

#[test]
fn every_cycle_is_whole() {
    for cycle in ALL {
        let does = |method: &str, path: &str| {
            cycle.steps.iter().any(|step| step.method == method && step.path.starts_with(path))
        };
        assert!(does("GET", "/Users") && does("POST", "/Users"), "{}", cycle.name);
        // Okta deletes no users, and Oracle knows no groups.
        assert!(does("DELETE", "/Users/") || cycle.name == "okta", "{}", cycle.name);
        assert!(does("POST", "/Groups") && does("DELETE", "/Groups/") || cycle.name == "oracle", "{}", cycle.name);
        let changes = |truth: &str| {
            cycle.steps.iter().any(|step| match step.body {
                Body::Text(text) | Body::Operations(text) => {
                    step.method != "POST" && text.to_lowercase().replace("[\"", "\"").contains(truth)
                }
                Body::None => false,
            })
        };
        for truth in ["alse", "rue"] {
            assert!(changes(truth) || cycle.name == "strict", "{}: nobody becomes active={truth}", cycle.name);
        }
        for step in cycle.steps {
            assert!(!step.otherwise.is_empty(), "{}: {}", cycle.name, step.name);
            assert!(!step.wants.is_empty());
        }
    }
}

/// What a run makes has its prefix, and what it changes or deletes is what it made, or nobody.
#[test]
fn nothing_else_is_touched() {
    for cycle in ALL {
        let mut made = BTreeSet::from(["uuid1", "uuid2", "uuid3"]);
        for step in cycle.steps {
            let place = format!("{}: {}", cycle.name, step.name);
            match step.method {
                "GET" => assert!(step.body == Body::None, "{place}"),
                "POST" if step.path.ends_with("/.search") => {}
                "POST" => {
                    assert!(matches!(step.path, "/Users" | "/Groups"), "{place}");
                    let Body::Text(body) = step.body else { panic!("{place}") };
                    let name = body.split("\"userName\":\"").nth(1).or(body.split("\"displayName\":\"").nth(1));
                    let name = name.unwrap_or_default().to_lowercase();
                    assert!(name.starts_with("{{p}}"), "{place}");
                    if !step.saves.is_empty() {
                        assert!(made.insert(step.saves) != step.instead, "{place}: the name is taken, or is not yet");
                    }
                }
                "PUT" | "PATCH" | "DELETE" => {
                    let id = step.path.strip_prefix("/Users/{{").or(step.path.strip_prefix("/Groups/{{"));
                    assert!(made.contains(id.unwrap().strip_suffix("}}").unwrap()), "{place}");
                    assert!(!(step.method == "DELETE" && id.unwrap().starts_with("uuid")), "{place}");
                }
                other => panic!("{place}: {other}"),
            }
        }
    }
}

fn variables(cycle: &Cycle) -> BTreeMap<String, String> {
    let fixed = ["p", "P", "uuid1", "uuid2", "uuid3", "User", "Group", "Enterprise", "PatchOp"];
    let saved = cycle.steps.iter().map(|step| step.saves);
    fixed.into_iter().chain(saved).map(|name| (name.to_owned(), format!("<{name}>"))).collect()
}

#[test]
fn bodies_are_json_with_known_variables() {
    let parses = |step: &Step, text: &str, variables: &BTreeMap<String, String>| {
        let text = text::fill(text, variables, Form::Json).unwrap_or_else(|name| panic!("{}: {name}", step.name));
        serde_json::from_str::<serde_json::Value>(&text).map_err(|error| format!("{}: {error}: {text}", step.name))
    };
    for cycle in ALL {
        let variables = variables(cycle);
        for step in cycle.steps {
            text::fill(step.path, &variables, Form::Path).unwrap();
            match step.body {
                Body::None => {}
                Body::Operations(text) => assert!(parses(step, text, &variables).unwrap().is_array(), "{}", step.name),
                // The one that is meant to be cut.
                Body::Text(text) if step.name == "a body that is cut" => {
                    assert!(parses(step, text, &variables).is_err())
                }
                Body::Text(text) => assert!(parses(step, text, &variables).unwrap().is_object(), "{}", step.name),
            }
        }
    }
}
