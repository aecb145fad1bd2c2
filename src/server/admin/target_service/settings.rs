//! A target's settings as messages, and messages as settings.

use prost_types::Duration;
use tonic::Status;

use crate::directory::target::Shown;
use crate::directory::target::stored::{Kind, Leavers, Memberships, Policy, Target};
use crate::limits;
use crate::server::admin::api::v1::{Target as Message, TargetKind, TargetLeavers, TargetPolicy};
use crate::server::admin::{outbound, refusal, wire};

/// The fields that an update may set, beside those that applications have too.
pub(super) const FIELDS: [&str; 22] = [
    "description",
    "kind",
    "url",
    "user",
    "ca_pem",
    "policy",
    "policy.leavers",
    "policy.delete_groups",
    "policy.keep_groups",
    "policy.additive_memberships",
    "policy.adopt_nothing",
    "policy.applications",
    "policy.licence_groups",
    "policy.project_lead",
    "policy.component_lead",
    "policy.notify_users",
    "requests_per_second_max",
    "concurrency",
    "destructive_max",
    "check_every",
    "check_reports_only",
    "disabled",
];

/// Sets one field.
pub(super) fn set(kept: &mut Target, path: &str, wanted: &Target) {
    match path {
        "description" => kept.description.clone_from(&wanted.description),
        "kind" => kept.kind = wanted.kind,
        "url" => kept.url.clone_from(&wanted.url),
        "user" => kept.user.clone_from(&wanted.user),
        "ca_pem" => kept.ca_pem.clone_from(&wanted.ca_pem),
        "filter" => {
            kept.groups_include.clone_from(&wanted.groups_include);
            kept.groups_exclude.clone_from(&wanted.groups_exclude);
            kept.users = wanted.users;
        }
        "filter.include_groups" => kept.groups_include.clone_from(&wanted.groups_include),
        "filter.exclude_groups" => kept.groups_exclude.clone_from(&wanted.groups_exclude),
        "filter.users" => kept.users = wanted.users,
        "policy" => kept.policy.clone_from(&wanted.policy),
        "requests_per_second_max" => kept.requests_per_s_max = wanted.requests_per_s_max,
        "concurrency" => kept.concurrency = wanted.concurrency,
        "destructive_max" => kept.destructive_max = wanted.destructive_max,
        "check_every" => kept.check_every_ms = wanted.check_every_ms,
        "check_reports_only" => kept.check_reports_only = wanted.check_reports_only,
        "disabled" => kept.disabled = wanted.disabled,
        other => {
            set_policy(&mut kept.policy, other, &wanted.policy);
            outbound::set(&mut kept.mapping, other, &wanted.mapping);
        }
    }
}

/// Sets one member of the policy. The mask was checked against the list above.
fn set_policy(kept: &mut Policy, path: &str, wanted: &Policy) {
    match path {
        "policy.leavers" => kept.leavers = wanted.leavers,
        "policy.delete_groups" => kept.delete_groups = wanted.delete_groups,
        "policy.keep_groups" => kept.create_groups = wanted.create_groups,
        "policy.additive_memberships" => kept.memberships = wanted.memberships,
        "policy.adopt_nothing" => kept.adopt = wanted.adopt,
        "policy.applications" => kept.applications.clone_from(&wanted.applications),
        "policy.licence_groups" => kept.licence_groups.clone_from(&wanted.licence_groups),
        "policy.project_lead" => kept.project_lead.clone_from(&wanted.project_lead),
        "policy.component_lead" => kept.component_lead.clone_from(&wanted.component_lead),
        "policy.notify_users" => kept.notify = wanted.notify,
        _ => {}
    }
}

/// A message as settings.
pub(super) fn stored(target: Message, is_kind_needed: bool) -> Result<Target, Status> {
    let kind = match TargetKind::try_from(target.kind) {
        // Only where a target is made, or its kind is changed, it has to be told.
        Ok(TargetKind::Unspecified) if is_kind_needed => return Err(refusal::field("target.kind", "it is required")),
        Ok(TargetKind::Unspecified | TargetKind::Jira) => Kind::Jira,
        Ok(TargetKind::Confluence) => Kind::Confluence,
        Ok(TargetKind::Bitbucket) => Kind::Bitbucket,
        Ok(TargetKind::Scim) => Kind::Scim,
        Ok(TargetKind::AtlassianCloud) => Kind::AtlassianCloud,
        Err(_) => return Err(refusal::field("target.kind", "it is none of the values that there are")),
    };
    let check_every = target.check_every.as_ref();
    let filter = target.filter.unwrap_or_default();
    Ok(Target {
        name: target.name,
        description: target.description,
        kind,
        url: target.url,
        user: target.user,
        sealed: Vec::new(),
        ca_pem: target.ca_pem,
        users: outbound::users("target.filter.users", &filter)?,
        groups_include: filter.include_groups,
        groups_exclude: filter.exclude_groups,
        mapping: outbound::definition(target.mapping.unwrap_or_default()),
        policy: policy(target.policy.unwrap_or_default())?,
        requests_per_s_max: target.requests_per_second_max,
        concurrency: target.concurrency.max(1),
        destructive_max: target.destructive_max.unwrap_or(limits::TARGET_DESTRUCTIVE_DEFAULT),
        check_every_ms: check_every.map_or(Ok(0), |every| wire::duration_ms("target.check_every", every))?,
        check_reports_only: target.check_reports_only,
        disabled: target.disabled,
        created_ms: 0,
    })
}

fn policy(policy: TargetPolicy) -> Result<Policy, Status> {
    let leavers = match TargetLeavers::try_from(policy.leavers) {
        Ok(TargetLeavers::Unspecified | TargetLeavers::Deactivate) => Leavers::Deactivate,
        Ok(TargetLeavers::Release) => Leavers::Release,
        Ok(TargetLeavers::Delete) => Leavers::Delete,
        Ok(TargetLeavers::Never) => Leavers::Never,
        Err(_) => return Err(refusal::field("target.policy", "leavers is none of the values that there are")),
    };
    Ok(Policy {
        leavers,
        delete_groups: policy.delete_groups,
        create_groups: !policy.keep_groups,
        memberships: if policy.additive_memberships { Memberships::Additive } else { Memberships::Authoritative },
        adopt: !policy.adopt_nothing,
        applications: policy.applications,
        licence_groups: policy.licence_groups,
        project_lead: policy.project_lead,
        component_lead: policy.component_lead,
        notify: policy.notify_users,
    })
}

/// Settings as a message.
pub(super) fn message(shown: Shown) -> Message {
    let Shown { target, tenant_name, revision, updated_ms, .. } = shown;
    let kind = match target.kind {
        Kind::Jira => TargetKind::Jira,
        Kind::Confluence => TargetKind::Confluence,
        Kind::Bitbucket => TargetKind::Bitbucket,
        Kind::Scim => TargetKind::Scim,
        Kind::AtlassianCloud => TargetKind::AtlassianCloud,
    };
    let every = (target.check_every_ms > 0).then_some(Duration { seconds: target.check_every_ms / 1_000, nanos: 0 });
    Message {
        tenant: tenant_name,
        name: target.name,
        description: target.description,
        kind: kind.into(),
        url: target.url,
        user: target.user,
        ca_pem: target.ca_pem,
        filter: Some(outbound::filter(target.groups_include, target.groups_exclude, target.users)),
        mapping: Some(outbound::mapping(target.mapping)),
        policy: Some(policy_message(target.policy)),
        requests_per_second_max: target.requests_per_s_max,
        concurrency: target.concurrency,
        destructive_max: Some(target.destructive_max),
        check_every: every,
        check_reports_only: target.check_reports_only,
        disabled: target.disabled,
        create_time: Some(wire::time(target.created_ms)),
        update_time: Some(wire::time(updated_ms)),
        etag: revision.to_string(),
    }
}

fn policy_message(policy: Policy) -> TargetPolicy {
    let leavers = match policy.leavers {
        Leavers::Deactivate => TargetLeavers::Deactivate,
        Leavers::Release => TargetLeavers::Release,
        Leavers::Delete => TargetLeavers::Delete,
        Leavers::Never => TargetLeavers::Never,
    };
    TargetPolicy {
        leavers: leavers.into(),
        delete_groups: policy.delete_groups,
        keep_groups: !policy.create_groups,
        additive_memberships: policy.memberships == Memberships::Additive,
        adopt_nothing: !policy.adopt,
        applications: policy.applications,
        licence_groups: policy.licence_groups,
        project_lead: policy.project_lead,
        component_lead: policy.component_lead,
        notify_users: policy.notify,
    }
}
