//! Targets, their steps and what waits, for people.

use std::collections::BTreeMap;
use std::io::Write;

use crate::cli::error::Error;
use crate::cli::{outbound, print};
use crate::server::admin::api::v1::{
    DeadLetter, GetTargetStatusResponse, HeldStep, Target, TargetCall, TargetKind, TargetLeavers, TargetProgress,
    TargetState, TargetStep,
};

/// A target's settings.
pub(super) fn target(out: &mut impl Write, target: &Target) -> Result<(), Error> {
    let policy = target.policy.clone().unwrap_or_default();
    let leavers = match policy.leavers() {
        TargetLeavers::Unspecified | TargetLeavers::Deactivate => "are deactivated",
        TargetLeavers::Release => "are deactivated and lose their licence",
        TargetLeavers::Delete => "are deleted",
        TargetLeavers::Never => "stay as they are",
    };
    let credentials = match target.user.as_str() {
        "" => "a bearer token, sealed".to_owned(),
        user => format!("the password of {user}, sealed"),
    };
    let members = if policy.additive_memberships { "additive" } else { "authoritative" };
    let every = target.check_every.as_ref().map_or_else(
        || "never".to_owned(),
        |every| {
            format!(
                "every {} minutes{}",
                every.seconds / 60,
                if target.check_reports_only { ", only told" } else { "" }
            )
        },
    );
    let mut rows = vec![
        ("Name", target.name.clone()),
        ("Tenant", target.tenant.clone()),
        ("Description", print::text(&target.description)),
        ("Kind", kind(target.kind()).to_owned()),
        ("URL", target.url.clone()),
        ("Credentials", credentials),
        ("Authorities", if target.ca_pem.is_empty() { "the machine's" } else { "its own" }.to_owned()),
        ("State", if target.disabled { "disabled" } else { "active" }.to_owned()),
    ];
    let mapping = target.mapping.clone().unwrap_or_default();
    rows.extend(outbound::rows(&target.filter.clone().unwrap_or_default(), &mapping));
    rows.extend([
        ("Users who leave", leavers.to_owned()),
        ("Deletes groups", print::yes(policy.delete_groups)),
        ("Makes groups", print::yes(!policy.keep_groups)),
        ("Memberships", members.to_owned()),
        ("Takes over what is there", print::yes(!policy.adopt_nothing)),
        ("Applications", print::list(&policy.applications)),
        ("Licence groups", print::list(&policy.licence_groups)),
        ("Project lead", print::text(&policy.project_lead)),
        ("Component lead", print::text(&policy.component_lead)),
        ("Mails to new users", print::yes(policy.notify_users)),
        ("Requests", print::rate(target.requests_per_second_max, "no limit")),
        ("Requests at once", target.concurrency.to_string()),
        ("Ceiling", format!("{} destructive steps a run", target.destructive_max.unwrap_or_default())),
        ("Is compared", every),
        ("Created", print::time(target.create_time.as_ref())),
        ("Changed", print::time(target.update_time.as_ref())),
        ("Etag", target.etag.clone()),
    ]);
    print::fields(out, &rows)
}

/// What speaks at a target.
pub(super) fn kind(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Unspecified => "-",
        TargetKind::Jira => "jira",
        TargetKind::Confluence => "confluence",
        TargetKind::Bitbucket => "bitbucket",
        TargetKind::Scim => "scim",
        TargetKind::AtlassianCloud => "atlassian-cloud",
    }
}

/// One step of a plan.
pub(super) fn step(out: &mut impl Write, step: &TargetStep) -> Result<(), Error> {
    let mark = match (step.destructive, step.held) {
        (_, true) => "held",
        (true, false) => "!",
        (false, false) => "",
    };
    let (kind, display) = (print::clean(&step.kind), print::clean(&step.display));
    Ok(writeln!(out, "{mark:4} {kind:20} {display}  {}", print::clean(&step.description))?)
}

/// The counts at the end of a plan.
pub(super) fn planned(out: &mut impl Write, progress: &TargetProgress) -> Result<(), Error> {
    if progress.steps.is_empty() {
        writeln!(out, "Nothing is to be done: the target has everything.")?;
    } else {
        writeln!(out, "\nNothing was sent. It would be:")?;
        counts(out, progress)?;
    }
    if progress.held > 0 {
        writeln!(out, "{} of these steps are beyond the ceiling and would wait for an approval.", progress.held)?;
    }
    if progress.failed > 0 {
        writeln!(out, "{} users or groups cannot be sent as they are.", progress.failed)?;
    }
    Ok(())
}

/// The counts at the end of a synchronisation.
pub(super) fn synced(out: &mut impl Write, progress: &TargetProgress) -> Result<(), Error> {
    writeln!(
        out,
        "The target has everything that could be sent; {} resources were looked at.",
        progress.resources_done
    )?;
    counts(out, progress)?;
    if progress.held > 0 {
        writeln!(out, "{} steps wait for an approval: scimd target held", progress.held)?;
    }
    Ok(())
}

fn counts(out: &mut impl Write, progress: &TargetProgress) -> Result<(), Error> {
    let steps: BTreeMap<&String, &i64> = progress.steps.iter().collect();
    for (kind, count) in steps {
        writeln!(out, "  {count:8}  {}", print::clean(kind))?;
    }
    Ok(())
}

/// How a target is doing.
pub(super) fn status(out: &mut impl Write, status: &GetTargetStatusResponse) -> Result<(), Error> {
    let state = match status.state() {
        TargetState::Unspecified => "starting",
        TargetState::Idle => "has everything",
        TargetState::Following => "is sent changes",
        TargetState::Reconciling => "is reconciled",
        TargetState::Pausing => "pauses after a failure",
        TargetState::Blocked => "waits for an admin",
        TargetState::Disabled => "disabled",
    };
    let lag = match &status.lag {
        Some(lag) => format!("{} changes, {} seconds", status.lag_changes, lag.seconds),
        None => "none".to_owned(),
    };
    let mut rows = vec![
        ("State", state.to_owned()),
        ("Lag", lag),
        ("Last error", print::text(&status.last_error)),
        ("Failed", print::time_and_distance(status.last_error_time.as_ref(), "-")),
        ("Next attempt", print::time_and_distance(status.resume_time.as_ref(), "-")),
        ("Had everything", print::time_and_distance(status.last_success_time.as_ref(), "never")),
        ("Last full sync", print::time_and_distance(status.last_full_sync_time.as_ref(), "never")),
        ("Last comparison", print::time_and_distance(status.last_check_time.as_ref(), "never")),
        ("Differences found", status.drift.to_string()),
        ("Users there", status.users.to_string()),
        ("Groups there", status.groups.to_string()),
        ("Dead letters", status.dead_letters.to_string()),
        ("Retrying", status.retrying.to_string()),
        ("Held", status.held.to_string()),
    ];
    if let Some(progress) = &status.progress {
        let (done, total) = (progress.resources_done, progress.resources_total);
        rows.push(("Progress", format!("{}: {done} of {total}", progress.phase)));
    }
    print::fields(out, &rows)
}

/// Resources that could not be sent.
pub(super) fn dead_letters(out: &mut impl Write, letters: &[DeadLetter]) -> Result<(), Error> {
    let row = |letter: &DeadLetter| {
        let next = letter.next_time.as_ref().map_or_else(|| "given up".to_owned(), |time| print::relative(Some(time)));
        [
            letter.resource_type.clone(),
            letter.resource_id.clone(),
            print::text(&letter.display),
            letter.attempts.to_string(),
            print::time(letter.last_time.as_ref()),
            next,
            letter.reason.clone(),
        ]
    };
    let rows: Vec<_> = letters.iter().map(row).collect();
    print::table(out, ["TYPE", "ID", "NAME", "ATTEMPTS", "LAST", "NEXT", "REASON"], &rows)
}

/// Steps that wait for an approval.
pub(super) fn held(out: &mut impl Write, held: &[HeldStep]) -> Result<(), Error> {
    let row = |step: &HeldStep| {
        [
            step.resource_type.clone(),
            step.resource_id.clone(),
            print::text(&step.display),
            print::time(step.since_time.as_ref()),
            print::yes(step.approved),
            step.description.clone(),
        ]
    };
    let rows: Vec<_> = held.iter().map(row).collect();
    print::table(out, ["TYPE", "ID", "NAME", "SINCE", "APPROVED", "STEP"], &rows)
}

/// Requests that were sent.
pub(super) fn calls(out: &mut impl Write, calls: &[TargetCall]) -> Result<(), Error> {
    let row = |call: &TargetCall| {
        [
            print::time(call.time.as_ref()),
            if call.status == 0 { "-".to_owned() } else { call.status.to_string() },
            call.method.clone(),
            call.path.clone(),
            print::milliseconds(call.duration.as_ref()),
            print::text(&call.error),
        ]
    };
    let rows: Vec<_> = calls.iter().map(row).collect();
    print::table(out, ["TIME", "STATUS", "METHOD", "PATH", "TOOK", "ERROR"], &rows)
}
