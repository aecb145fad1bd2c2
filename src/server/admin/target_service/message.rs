//! How targets are doing, and what is told of work on them, as messages.

use std::collections::HashMap;

use prost_types::Duration;

use crate::directory::keys;
use crate::directory::target::calls::Sent;
use crate::directory::target::live::Doing;
use crate::directory::target::progress::{Finding, Progress, Step, Told};
use crate::directory::target::standing::Standing;
use crate::server::admin::api::v1::{
    GetTargetStatusResponse, PlanTargetResponse, SyncTargetResponse, TargetCall, TargetFinding, TargetProgress,
    TargetState, TargetStep,
};
use crate::server::admin::wire;
use crate::server::exchange::mask;

/// What is told of a plan.
pub(super) fn planned(told: Told) -> PlanTargetResponse {
    match told {
        Told::Step(step) => PlanTargetResponse { step: Some(self::step(step)), ..PlanTargetResponse::default() },
        Told::Progress(progress) => {
            PlanTargetResponse { progress: Some(self::progress(progress)), ..PlanTargetResponse::default() }
        }
        Told::Done(counts) => PlanTargetResponse { progress: Some(progress(counts)), done: true, step: None },
        Told::Finding(_) => PlanTargetResponse::default(),
    }
}

/// What is told of a synchronisation; steps are counted and not told.
pub(super) fn synced(told: Told) -> Option<SyncTargetResponse> {
    match told {
        Told::Progress(progress) => Some(SyncTargetResponse { progress: Some(self::progress(progress)), done: false }),
        Told::Done(counts) => Some(SyncTargetResponse { progress: Some(progress(counts)), done: true }),
        Told::Step(_) | Told::Finding(_) => None,
    }
}

/// What a test found.
pub(super) fn finding(finding: Finding) -> TargetFinding {
    TargetFinding { subject: finding.what, fine: finding.fine, detail: finding.detail }
}

/// How a target is doing.
pub(super) fn status(standing: Standing, now_ms: i64) -> GetTargetStatusResponse {
    let Standing { now, state, users, groups } = standing;
    let doing = match now.doing {
        Doing::Starting => TargetState::Unspecified,
        Doing::Idle => TargetState::Idle,
        Doing::Following => TargetState::Following,
        Doing::Reconciling => TargetState::Reconciling,
        Doing::Pausing => TargetState::Pausing,
        Doing::Blocked => TargetState::Blocked,
        Doing::Disabled => TargetState::Disabled,
    };
    let (last_error, last_error_ms) = now.error.map_or((String::new(), None), |(why, ms)| (why, Some(ms)));
    GetTargetStatusResponse {
        state: doing.into(),
        lag_changes: wire::number(now.lag_changes),
        lag: now.oldest_ms.map(|oldest| milliseconds(now_ms.saturating_sub(oldest).max(0))),
        last_error,
        last_error_time: last_error_ms.map(wire::time),
        resume_time: now.resumes_ms.map(wire::time),
        last_success_time: now.success_ms.map(wire::time),
        last_full_sync_time: state.full_ms.map(wire::time),
        last_check_time: state.checked_ms.map(wire::time),
        drift: wire::number(state.drifted),
        dead_letters: wire::number(now.dead),
        retrying: wire::number(now.waiting),
        held: wire::number(now.held),
        users: wire::number(users),
        groups: wire::number(groups),
        progress: now.progress.map(progress),
    }
}

/// A call, with its values masked unless they may be seen.
pub(super) fn call(sent: &Sent, is_open: bool) -> TargetCall {
    let body = |text: &str| match is_open {
        true => text.to_owned(),
        false => mask::body(text.as_bytes()).unwrap_or_default(),
    };
    TargetCall {
        time: Some(wire::time(sent.time_ms)),
        duration: Some(Duration {
            seconds: i64::try_from(sent.took.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(sent.took.subsec_nanos()).unwrap_or(0),
        }),
        method: sent.method.clone(),
        path: if is_open { sent.path.clone() } else { masked_path(&sent.path) },
        status: i32::from(sent.status),
        error: sent.error.clone(),
        request_body: body(&sent.body),
        response_body: body(&sent.answer),
    }
}

/// What a type is called.
pub(super) fn type_name(code: u8) -> &'static str {
    if code == keys::GROUP { "Group" } else { "User" }
}

/// The path with the values of its query replaced. A path's own segments may be names of users and groups, as Confluence has them; they are
/// what an error is about, as ids are.
fn masked_path(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let part = |part: &str| match part.split_once('=') {
        Some((name, _)) => format!("{name}=***"),
        None => part.to_owned(),
    };
    format!("{path}?{}", query.split('&').map(part).collect::<Vec<_>>().join("&"))
}

fn step(step: Step) -> TargetStep {
    TargetStep {
        kind: step.kind,
        resource_id: step.resource,
        display: step.display,
        description: step.what,
        destructive: step.destructive,
        held: step.held,
    }
}

fn progress(progress: Progress) -> TargetProgress {
    let steps: HashMap<String, i64> =
        progress.steps.into_iter().map(|(kind, count)| (kind, wire::number(count))).collect();
    TargetProgress {
        phase: progress.phase,
        resources_done: wire::number(progress.done),
        resources_total: wire::number(progress.total),
        steps,
        failed: wire::number(progress.failed),
        held: wire::number(progress.held),
    }
}

fn milliseconds(ms: i64) -> Duration {
    Duration { seconds: ms / 1_000, nanos: i32::try_from(ms % 1_000 * 1_000_000).unwrap_or(0) }
}
