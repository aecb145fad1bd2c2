//! A target's settings as messages, and messages as settings.

use prost_types::Duration;
use tonic::Status;

use crate::directory::target::Shown;
use crate::directory::target::stored::{Kind, Leavers, Memberships, Policy, Target, Users};
use crate::limits;
use crate::mapping::outbound::Definition;
use crate::scim::errors::clip;
use crate::server::admin::api::v1::{
    Target as Message, TargetKind, TargetLeavers, TargetMapping, TargetPolicy, TargetUsers,
};
use crate::server::admin::{refusal, wire};

/// The fields that an update may set.
const FIELDS: [&str; 32] = [
    "description",
    "kind",
    "url",
    "user",
    "ca_pem",
    "groups_include",
    "groups_exclude",
    "users",
    "mapping",
    "mapping.user_name",
    "mapping.display_name",
    "mapping.first_name",
    "mapping.last_name",
    "mapping.email",
    "mapping.group_name",
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

/// Refuses a mask that names nothing, or what cannot be changed.
pub(super) fn check_mask(paths: &[String], has_secret: bool) -> Result<(), Status> {
    if paths.is_empty() && !has_secret {
        return Err(refusal::field("update_mask", "it names no field"));
    }
    match paths.iter().find(|path| !FIELDS.contains(&path.as_str())) {
        Some(path) => Err(refusal::field("update_mask", format!("'{}' is none of {}", clip(path), FIELDS.join(", ")))),
        None => Ok(()),
    }
}

/// Sets one field.
pub(super) fn set(kept: &mut Target, path: &str, wanted: &Target) {
    match path {
        "description" => kept.description.clone_from(&wanted.description),
        "kind" => kept.kind = wanted.kind,
        "url" => kept.url.clone_from(&wanted.url),
        "user" => kept.user.clone_from(&wanted.user),
        "ca_pem" => kept.ca_pem.clone_from(&wanted.ca_pem),
        "groups_include" => kept.groups_include.clone_from(&wanted.groups_include),
        "groups_exclude" => kept.groups_exclude.clone_from(&wanted.groups_exclude),
        "users" => kept.users = wanted.users,
        "mapping" => kept.mapping.clone_from(&wanted.mapping),
        "policy" => kept.policy.clone_from(&wanted.policy),
        "requests_per_second_max" => kept.requests_per_s_max = wanted.requests_per_s_max,
        "concurrency" => kept.concurrency = wanted.concurrency,
        "destructive_max" => kept.destructive_max = wanted.destructive_max,
        "check_every" => kept.check_every_ms = wanted.check_every_ms,
        "check_reports_only" => kept.check_reports_only = wanted.check_reports_only,
        "disabled" => kept.disabled = wanted.disabled,
        other => set_member(kept, other, wanted),
    }
}

/// Sets one member of the mapping or the policy. The mask was checked against the list above.
fn set_member(kept: &mut Target, path: &str, wanted: &Target) {
    let (mapping, policy) = (&mut kept.mapping, &mut kept.policy);
    match path {
        "mapping.user_name" => mapping.user_name.clone_from(&wanted.mapping.user_name),
        "mapping.display_name" => mapping.display_name.clone_from(&wanted.mapping.display_name),
        "mapping.first_name" => mapping.first_name.clone_from(&wanted.mapping.first_name),
        "mapping.last_name" => mapping.last_name.clone_from(&wanted.mapping.last_name),
        "mapping.email" => mapping.email.clone_from(&wanted.mapping.email),
        "mapping.group_name" => mapping.group_name.clone_from(&wanted.mapping.group_name),
        "policy.leavers" => policy.leavers = wanted.policy.leavers,
        "policy.delete_groups" => policy.delete_groups = wanted.policy.delete_groups,
        "policy.keep_groups" => policy.create_groups = wanted.policy.create_groups,
        "policy.additive_memberships" => policy.memberships = wanted.policy.memberships,
        "policy.adopt_nothing" => policy.adopt = wanted.policy.adopt,
        "policy.applications" => policy.applications.clone_from(&wanted.policy.applications),
        "policy.licence_groups" => policy.licence_groups.clone_from(&wanted.policy.licence_groups),
        "policy.project_lead" => policy.project_lead.clone_from(&wanted.policy.project_lead),
        "policy.component_lead" => policy.component_lead.clone_from(&wanted.policy.component_lead),
        "policy.notify_users" => policy.notify = wanted.policy.notify,
        _ => {}
    }
}

/// A message as settings.
pub(super) fn stored(target: Message, is_kind_needed: bool) -> Result<Target, Status> {
    let none = |name| refusal::field(name, "it is none of the values that there are");
    let kind = match TargetKind::try_from(target.kind) {
        // Only where a target is made, or its kind is changed, it has to be told.
        Ok(TargetKind::Unspecified) if is_kind_needed => return Err(refusal::field("target.kind", "it is required")),
        Ok(TargetKind::Unspecified | TargetKind::Jira) => Kind::Jira,
        Ok(TargetKind::Confluence) => Kind::Confluence,
        Ok(TargetKind::Bitbucket) => Kind::Bitbucket,
        Ok(TargetKind::Scim) => Kind::Scim,
        Ok(TargetKind::AtlassianCloud) => Kind::AtlassianCloud,
        Err(_) => return Err(none("target.kind")),
    };
    let users = match TargetUsers::try_from(target.users) {
        Ok(TargetUsers::Unspecified | TargetUsers::All) => Users::All,
        Ok(TargetUsers::Members) => Users::Members,
        Err(_) => return Err(none("target.users")),
    };
    let check_every = target.check_every.as_ref();
    let mapping = target.mapping.unwrap_or_default();
    Ok(Target {
        name: target.name,
        description: target.description,
        kind,
        url: target.url,
        user: target.user,
        sealed: Vec::new(),
        ca_pem: target.ca_pem,
        groups_include: target.groups_include,
        groups_exclude: target.groups_exclude,
        users,
        mapping: Definition {
            user_name: mapping.user_name,
            display_name: mapping.display_name,
            first_name: mapping.first_name,
            last_name: mapping.last_name,
            email: mapping.email,
            group_name: mapping.group_name,
        },
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
    let users = match target.users {
        Users::All => TargetUsers::All,
        Users::Members => TargetUsers::Members,
    };
    let every = (target.check_every_ms > 0).then(|| Duration { seconds: target.check_every_ms / 1_000, nanos: 0 });
    Message {
        tenant: tenant_name,
        name: target.name,
        description: target.description,
        kind: kind.into(),
        url: target.url,
        user: target.user,
        ca_pem: target.ca_pem,
        groups_include: target.groups_include,
        groups_exclude: target.groups_exclude,
        users: users.into(),
        mapping: Some(mapping_message(target.mapping)),
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

fn mapping_message(mapping: Definition) -> TargetMapping {
    TargetMapping {
        user_name: mapping.user_name,
        display_name: mapping.display_name,
        first_name: mapping.first_name,
        last_name: mapping.last_name,
        email: mapping.email,
        group_name: mapping.group_name,
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

/// The revision in an etag; `None`: any.
pub(super) fn revision(etag: &str) -> Result<Option<u64>, Status> {
    match etag {
        "" => Ok(None),
        etag => etag.parse().map(Some).map_err(|_| refusal::field("target.etag", "it is no etag of a target")),
    }
}
