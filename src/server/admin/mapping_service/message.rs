//! Mappings as messages and as the directory has them: one function for each direction. It does not know whether a mapping makes sense.

use tonic::Status;

use super::super::api::v1::{
    DefaultGroupsFor, ExistingUser, GroupMapping, GroupName, Mapping, MappingOtherwise, MappingRule, MappingTest,
    MappingWhen, MembershipMode, NameRule, OnInactive, PolicySwitches, ProvisioningPolicy,
};
use super::super::{refusal, wire};
use crate::directory::mapping::Version;
use crate::directory::refused::{Obstacle, Refused};
use crate::mapping::document::{self, Document, Policy, Rule, Switches, Test};

/// A version as a message.
pub(super) fn mapping(tenant: &str, version: Version) -> Mapping {
    let stored = version.stored;
    let Document { rules, policy, tests } = stored.document;
    Mapping {
        tenant: tenant.to_owned(),
        version: wire::number(version.number),
        create_time: (version.number > 0).then(|| wire::time(stored.created_ms)),
        author: stored.author,
        comment: stored.comment,
        rules: rules.into_iter().map(rule).collect(),
        policy: Some(self::policy(policy)),
        tests: tests.into_iter().map(test).collect(),
    }
}

/// What a message says. Values that an enum does not have are refused.
///
/// # Errors
/// INVALID_ARGUMENT with each field that cannot be so.
pub(super) fn document(mapping: Mapping) -> Result<Document, Status> {
    let mut wrong = Vec::new();
    let rules = mapping.rules.into_iter().enumerate().map(|(at, rule)| rule_of(at, rule, &mut wrong)).collect();
    let policy = policy_of(mapping.policy.unwrap_or_default(), &mut wrong);
    let tests = mapping.tests.into_iter().map(|test| {
        let MappingTest { name, resource_type, input, output } = test;
        Test { name, resource_type, input, output }
    });
    let document = Document { rules, policy, tests: tests.collect() };
    match wrong.is_empty() {
        true => Ok(document),
        false => Err(refusal::status(Refused::Named(wrong))),
    }
}

fn rule(rule: Rule) -> MappingRule {
    let when = match rule.when {
        document::When::Always => MappingWhen::Always,
        document::When::Create => MappingWhen::Create,
        document::When::Update => MappingWhen::Update,
    };
    let otherwise = match rule.otherwise {
        document::Otherwise::Keep => MappingOtherwise::Keep,
        document::Otherwise::Clear => MappingOtherwise::Clear,
        document::Otherwise::Refuse => MappingOtherwise::Refuse,
    };
    MappingRule {
        name: rule.name,
        resource_type: rule.resource_type,
        target: rule.target,
        expression: rule.expression,
        when: when.into(),
        otherwise: otherwise.into(),
    }
}

fn rule_of(at: usize, rule: MappingRule, wrong: &mut Vec<Obstacle>) -> Rule {
    let name = if rule.name.is_empty() { at.to_string() } else { rule.name.clone() };
    let holder = format!("mapping.rules[{name}]");
    let when = match known(&holder, "when", rule.when, wrong) {
        MappingWhen::Unspecified | MappingWhen::Always => document::When::Always,
        MappingWhen::Create => document::When::Create,
        MappingWhen::Update => document::When::Update,
    };
    let otherwise = match known(&holder, "otherwise", rule.otherwise, wrong) {
        MappingOtherwise::Unspecified | MappingOtherwise::Keep => document::Otherwise::Keep,
        MappingOtherwise::Clear => document::Otherwise::Clear,
        MappingOtherwise::Refuse => document::Otherwise::Refuse,
    };
    // "User" and nothing are the same, and are stored as one.
    let resource_type = if rule.resource_type == "User" { String::new() } else { rule.resource_type };
    Rule { name: rule.name, resource_type, target: rule.target, expression: rule.expression, when, otherwise }
}

fn policy(policy: Policy) -> ProvisioningPolicy {
    let on_inactive = match policy.on_inactive {
        document::OnInactive::Deactivate => OnInactive::Deactivate,
        document::OnInactive::Delete => OnInactive::Delete,
        document::OnInactive::Keep => OnInactive::Keep,
    };
    let existing_user = match policy.existing_user {
        document::ExistingUser::Refuse => ExistingUser::Refuse,
        document::ExistingUser::Link => ExistingUser::Link,
    };
    let default_groups_for = match policy.default_groups_for {
        document::DefaultGroupsFor::NewUsers => DefaultGroupsFor::NewUsers,
        document::DefaultGroupsFor::AllUsers => DefaultGroupsFor::AllUsers,
    };
    let membership = match policy.membership {
        document::Membership::Authoritative => MembershipMode::Authoritative,
        document::Membership::Additive => MembershipMode::Additive,
    };
    let switches = policy.switches;
    let groups = policy.groups;
    ProvisioningPolicy {
        username_rule: policy.username_rule.map(name_rule),
        switches: Some(PolicySwitches {
            refuse_user_create: switches.refuse_user_create,
            refuse_user_update: switches.refuse_user_update,
            refuse_group_create: switches.refuse_group_create,
            refuse_group_update: switches.refuse_group_update,
            refuse_user_delete: switches.refuse_user_delete,
            refuse_group_delete: switches.refuse_group_delete,
        }),
        on_inactive: on_inactive.into(),
        deleted_kept_days: policy.deleted_kept_days.map(|days| i32::try_from(days).unwrap_or(i32::MAX)),
        existing_user: existing_user.into(),
        default_groups: policy.default_groups,
        default_groups_for: default_groups_for.into(),
        groups: Some(GroupMapping {
            include: groups.include,
            exclude: groups.exclude,
            table: groups.table.into_iter().map(|row| GroupName { from: row.from, to: row.to }).collect(),
            table_only: groups.table_only,
            rename: groups.rename.map(name_rule),
        }),
        membership: membership.into(),
        protected_users: policy.protected_users,
        protected_groups: policy.protected_groups,
    }
}

fn policy_of(policy: ProvisioningPolicy, wrong: &mut Vec<Obstacle>) -> Policy {
    let on_inactive = match known("mapping.policy", "on_inactive", policy.on_inactive, wrong) {
        OnInactive::Unspecified | OnInactive::Deactivate => document::OnInactive::Deactivate,
        OnInactive::Delete => document::OnInactive::Delete,
        OnInactive::Keep => document::OnInactive::Keep,
    };
    let existing_user = match known("mapping.policy", "existing_user", policy.existing_user, wrong) {
        ExistingUser::Unspecified | ExistingUser::Refuse => document::ExistingUser::Refuse,
        ExistingUser::Link => document::ExistingUser::Link,
    };
    let default_groups_for = match known("mapping.policy", "default_groups_for", policy.default_groups_for, wrong) {
        DefaultGroupsFor::Unspecified | DefaultGroupsFor::NewUsers => document::DefaultGroupsFor::NewUsers,
        DefaultGroupsFor::AllUsers => document::DefaultGroupsFor::AllUsers,
    };
    let membership = match known("mapping.policy", "membership", policy.membership, wrong) {
        MembershipMode::Unspecified | MembershipMode::Authoritative => document::Membership::Authoritative,
        MembershipMode::Additive => document::Membership::Additive,
    };
    let deleted_kept_days = policy.deleted_kept_days.map(|days| {
        u32::try_from(days).unwrap_or_else(|_| {
            wrong.push(Obstacle {
                subject: "mapping.policy.deleted_kept_days".to_owned(),
                why: "it must not be negative".to_owned(),
            });
            0
        })
    });
    Policy {
        username_rule: policy.username_rule.map(name_rule_of),
        switches: switches_of(policy.switches.unwrap_or_default()),
        on_inactive,
        deleted_kept_days,
        existing_user,
        default_groups: policy.default_groups,
        default_groups_for,
        groups: groups_of(policy.groups.unwrap_or_default()),
        membership,
        protected_users: policy.protected_users,
        protected_groups: policy.protected_groups,
    }
}

fn switches_of(switches: PolicySwitches) -> Switches {
    Switches {
        refuse_user_create: switches.refuse_user_create,
        refuse_user_update: switches.refuse_user_update,
        refuse_group_create: switches.refuse_group_create,
        refuse_group_update: switches.refuse_group_update,
        refuse_user_delete: switches.refuse_user_delete,
        refuse_group_delete: switches.refuse_group_delete,
    }
}

fn groups_of(groups: GroupMapping) -> document::Groups {
    let row = |row: GroupName| document::GroupName { from: row.from, to: row.to };
    document::Groups {
        include: groups.include,
        exclude: groups.exclude,
        table: groups.table.into_iter().map(row).collect(),
        table_only: groups.table_only,
        rename: groups.rename.map(name_rule_of),
    }
}

fn name_rule(rule: document::NameRule) -> NameRule {
    NameRule { pattern: rule.pattern, replacement: rule.replacement }
}

fn name_rule_of(rule: NameRule) -> document::NameRule {
    document::NameRule { pattern: rule.pattern, replacement: rule.replacement }
}

fn test(test: Test) -> MappingTest {
    MappingTest { name: test.name, resource_type: test.resource_type, input: test.input, output: test.output }
}

/// A value of an enum; what is none of them is noted as wrong and read as not given.
fn known<T: TryFrom<i32> + Default>(holder: &str, field: &str, value: i32, wrong: &mut Vec<Obstacle>) -> T {
    T::try_from(value).unwrap_or_else(|_| {
        let why = "it must be one of the enum's values".to_owned();
        wrong.push(Obstacle { subject: format!("{holder}.{field}"), why });
        T::default()
    })
}
