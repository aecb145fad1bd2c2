//! Whether a mapping may be put in force: it can be used, the groups in it are there, its tests pass, and no two stored resources
//! would have a value that only one may have. Nothing is written.

use super::survey::{Collision, Survey};
use super::trial;
use crate::directory::refused::{Obstacle, Refused};
use crate::directory::tenant::{self, Tenant};
use crate::directory::{Actor, Call, Directory, index, keys, provision, write};
use crate::limits;
use crate::mapping::document::{DefaultGroupsFor, Document, OnInactive, Rule, When};
use crate::mapping::policy::Policy;
use crate::profile;
use crate::scim::dialect::Reading;
use crate::scim::errors::clip;
use crate::scim::path::{self, Path};
use std::sync::Arc;

/// Checks a mapping that is to take the place of `old`; gives warnings, in words.
///
/// # Errors
/// `Named` with everything that is wrong with it, `Obstacles` with `MAPPING_TEST_FAILED` or `MAPPING_COLLIDES`.
pub async fn check(
    directory: &Directory,
    tenant: &Arc<Tenant>,
    old: &Document,
    new: &Document,
) -> Result<Vec<String>, Refused> {
    let policy = Arc::new(compiled(tenant, new)?);
    let actor = Actor::new("", "");
    let call = Call { directory, tenant, base: "", actor: &actor };
    groups_are_there(&call, &policy).await?;
    tests_pass(&call, &policy, new)?;
    if names(tenant, old) != names(tenant, new) {
        let mut survey = Survey::begin(&call, policy.clone(), new).await?;
        while survey.next().await?.is_some() {}
        nothing_collides(survey.collisions())?;
    }
    Ok(warnings(tenant, old, new))
}

/// The mapping in the form that requests use.
///
/// # Errors
/// `Named` with everything that is wrong with it.
pub fn compiled(tenant: &Tenant, document: &Document) -> Result<Policy, Refused> {
    tenant::mapped(tenant, document).map_err(|wrong| {
        let obstacle = |one: crate::mapping::policy::Wrong| Obstacle {
            subject: format!("mapping.{}", one.field),
            why: match one.column {
                Some(column) => format!("column {column}: {}", one.why),
                None => one.why,
            },
        };
        Refused::Named(wrong.into_iter().take(limits::MAPPING_PROBLEMS_MAX).map(obstacle).collect())
    })
}

/// That every default group is there; one that is not would be passed over.
pub async fn groups_are_there(call: &Call<'_>, policy: &Policy) -> Result<(), Refused> {
    let snapshot = call.directory.snapshot().await?;
    let mut missing = Vec::new();
    for name in &policy.default_groups {
        if provision::group_called(call, &snapshot, name).await?.is_none() {
            let subject = format!("mapping.policy.default_groups[{}]", clip(name));
            missing.push(Obstacle { subject, why: "there is no group with this displayName or id".to_owned() });
        }
    }
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Refused::Named(missing)),
    }
}

fn tests_pass(call: &Call<'_>, policy: &Policy, document: &Document) -> Result<(), Refused> {
    let now_ms = call.directory.clock().now_ms();
    let tests = document.tests.iter().enumerate();
    let failed = tests.filter_map(|(at, test)| {
        let why = trial::run(call.tenant, policy, test, now_ms).err()?;
        let subject = if test.name.is_empty() { format!("tests[{at}]") } else { clip(&test.name) };
        Some(Obstacle { subject, why })
    });
    let obstacles: Vec<Obstacle> = failed.collect();
    let why = match obstacles.len() {
        0 => return Ok(()),
        1 => "a test of the mapping fails".to_owned(),
        many => format!("{many} of {} tests of the mapping fail", document.tests.len()),
    };
    Err(Refused::Obstacles { reason: "MAPPING_TEST_FAILED", why, obstacles })
}

fn nothing_collides(collisions: Vec<Collision>) -> Result<(), Refused> {
    let why = match collisions.len() {
        0 => return Ok(()),
        1 => "several stored resources would have the same value where only one may have it".to_owned(),
        many => format!("{many} values would be those of several stored resources, where only one may have each"),
    };
    let obstacle = |one: Collision| {
        let ids: Vec<String> = one.ids.iter().map(ToString::to_string).collect();
        let subject = format!("{}.{}", one.resource_type, one.attribute);
        Obstacle { subject, why: format!("'{}' of {}", clip(&one.value), ids.join(", ")) }
    };
    let told = collisions.into_iter().take(limits::MAPPING_COLLISIONS_TOLD_MAX);
    Err(Refused::Obstacles { reason: "MAPPING_COLLIDES", why, obstacles: told.map(obstacle).collect() })
}

/// What a mapping says of values that only one resource may have.
fn names<'a>(tenant: &Tenant, document: &'a Document) -> impl PartialEq + use<'a> {
    let rules: Vec<&Rule> = document.rules.iter().filter(|rule| is_unique(tenant, rule)).collect();
    let groups = tenant.unique_group_names.then_some(&document.policy.groups);
    (rules, &document.policy.username_rule, groups)
}

/// Whether the rule gives a value that only one resource may have.
fn is_unique(tenant: &Tenant, rule: &Rule) -> bool {
    let name = if rule.resource_type.is_empty() { "User" } else { rule.resource_type.as_str() };
    let Some(resource_type) = tenant.types.named(name) else { return false };
    let mut reading = Reading::new(&profile::custom::DIALECT);
    let Ok(Path::Attr { attr, .. }) = path::parse(resource_type, &rule.target, &mut reading) else { return false };
    let is_group_name = resource_type.code == keys::GROUP && attr.is_core(write::GROUP_NAME);
    index::is_unique(attr.attribute) || (is_group_name && tenant.unique_group_names)
}

fn warnings(tenant: &Tenant, old: &Document, new: &Document) -> Vec<String> {
    let mut warnings = Vec::new();
    let (was, is) = (&old.policy, &new.policy);
    if new.rules != old.rules || was.username_rule != is.username_rule || was.groups != is.groups {
        warnings
            .push("what is stored stays as it is until it is written again, or the mapping is reapplied".to_owned());
    }
    let all_users = is.default_groups_for == DefaultGroupsFor::AllUsers && !is.default_groups.is_empty();
    if all_users && (was.default_groups != is.default_groups || was.default_groups_for != is.default_groups_for) {
        let why =
            "users who are there join the default groups when they are written again, or the mapping is reapplied";
        warnings.push(why.to_owned());
    }
    let kept = is.deleted_kept_days.map_or(tenant.deleted_kept_ms > 0, |days| days > 0);
    if is.on_inactive == OnInactive::Delete && !kept {
        let why = "a user who is set inactive is deleted and cannot be restored: deleted_kept_days is 0";
        warnings.push(why.to_owned());
    }
    if is.on_inactive == OnInactive::Delete && is.switches.refuse_user_delete {
        let why = "who is set inactive would be deleted, and switches refuse that: such requests are refused";
        warnings.push(why.to_owned());
    }
    for (at, rule) in new.rules.iter().enumerate() {
        if let Some(later) = new.rules.iter().skip(at + 1).find(|later| overrides(later, rule)) {
            let why = format!(
                "rules '{}' and '{}' give '{}' a value; the later one counts",
                rule.name, later.name, rule.target
            );
            warnings.push(why);
        }
    }
    let unused = is.default_groups.is_empty() && is.default_groups_for == DefaultGroupsFor::AllUsers;
    if unused {
        warnings.push("default_groups_for says which users join the default groups, and there are none".to_owned());
    }
    warnings
}

/// Whether both rules may give the same attribute a value in one request.
fn overrides(later: &Rule, rule: &Rule) -> bool {
    let type_of =
        |rule: &Rule| if rule.resource_type.is_empty() { "User".to_owned() } else { rule.resource_type.clone() };
    let apart = matches!((later.when, rule.when), (When::Create, When::Update) | (When::Update, When::Create));
    !apart && type_of(later) == type_of(rule) && later.target.eq_ignore_ascii_case(&rule.target)
}
