//! Jira refuses to deactivate a user who leads projects or components. Where the policy names others who are to lead, those are put in his
//! place: his projects are looked up, then his components, and then he is deactivated again.

use super::super::errand::{Errand, Phase, Verdict};
use super::super::plan::{Act, KnownUser};
use super::super::reading::Seen;
use super::super::request::{Reply, Request, encoded, text};
use super::{deactivate, read, write};
use crate::limits;
use serde_json::{Value, json};

/// Whether a request in this phase is one of these.
pub(super) fn concerns(phase: Phase) -> bool {
    matches!(phase, Phase::Projects | Phase::Project | Phase::Components(_) | Phase::Component)
}

/// After the deactivation was refused: looks what he leads, once.
pub(super) fn begin(errand: &mut Errand<'_>) -> Verdict {
    if errand.relieved {
        return errand.dead();
    }
    errand.relieved = true;
    errand.ask(Phase::Projects, read("/rest/api/2/project", &[("expand", "lead")]))
}

/// What an answer means.
pub(super) fn hear(errand: &mut Errand<'_>, reply: &Reply<'_>) -> Verdict {
    let user = match &errand.step.act {
        Act::Deactivate(user) | Act::Revoke(user) | Act::Lock(user) => user.clone(),
        _ => return errand.otherwise(reply),
    };
    match errand.phase {
        Phase::Projects if reply.is_fine() => {
            errand.waiting = led(reply.json().as_array(), &user, "key");
            if errand.policy.project_lead.is_empty() && !errand.waiting.is_empty() {
                let projects: Vec<_> = errand.waiting.iter().map(|project| project.id.as_str()).collect();
                return Verdict::Dead(format!(
                    "\"{}\" leads projects ({}), and the policy names no other lead; Jira {}",
                    user.name,
                    projects.join(", "),
                    errand.reason
                ));
            }
            next_project(errand)
        }
        // A project that is gone meanwhile has no lead.
        Phase::Project if reply.is_fine() || reply.status == 404 => next_project(errand),
        Phase::Components(from) if reply.is_fine() => {
            let json = reply.json();
            let page = json["values"].as_array();
            let more = json["isLast"].as_bool() != Some(true) && page.is_some_and(|page| !page.is_empty());
            let next = from + page.map_or(0, Vec::len);
            errand.waiting.extend(led(page, &user, "id"));
            if more {
                return errand.ask(Phase::Components(next), components(next));
            }
            if errand.policy.component_lead.is_empty() && !errand.waiting.is_empty() {
                return Verdict::Dead(format!(
                    "\"{}\" leads {} components, and the policy names no other lead; Jira {}",
                    user.name,
                    errand.waiting.len(),
                    errand.reason
                ));
            }
            next_component(errand, &user)
        }
        Phase::Component if reply.is_fine() || reply.status == 404 => next_component(errand, &user),
        _ => errand.otherwise(reply),
    }
}

fn next_project(errand: &mut Errand<'_>) -> Verdict {
    match errand.waiting.pop() {
        Some(project) => {
            let path = format!("/rest/api/2/project/{}", encoded(&project.id));
            let body = json!({ "lead": errand.policy.project_lead });
            errand.ask(Phase::Project, write("PUT", &path, &[], Some(body)))
        }
        None => errand.ask(Phase::Components(0), components(0)),
    }
}

fn next_component(errand: &mut Errand<'_>, user: &KnownUser) -> Verdict {
    match errand.waiting.pop() {
        Some(component) => {
            let path = format!("/rest/api/2/component/{}", encoded(&component.id));
            let body = json!({ "leadUserName": errand.policy.component_lead });
            errand.ask(Phase::Component, write("PUT", &path, &[], Some(body)))
        }
        None => errand.ask(Phase::Main, deactivate(user)),
    }
}

fn components(from: usize) -> Request {
    let (from, limit) = (from.to_string(), limits::TARGET_PAGE.to_string());
    read("/rest/api/2/component/page", &[("startAt", &from), ("maxResults", &limit)])
}

/// Those of the projects or components that a user leads, by the field that names them.
fn led(all: Option<&Vec<Value>>, user: &KnownUser, name: &str) -> Vec<Seen> {
    let is_his = |thing: &&Value| {
        let lead = &thing["lead"];
        let (key, lead) = (text(lead, "key"), text(lead, "name"));
        !key.is_empty() && key == user.id || !lead.is_empty() && lead.to_lowercase() == user.name.to_lowercase()
    };
    let named = |thing: &Value| Seen { id: text(thing, name), name: String::new() };
    all.into_iter().flatten().filter(is_his).map(named).collect()
}
