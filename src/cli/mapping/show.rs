//! Mappings and what became of trying them, for a person. It does not know where they come from.

use std::io::Write;

use crate::cli::error::Error;
use crate::cli::{exchange, print};
use crate::server::admin::api::v1::preview_mapping_response::Part;
use crate::server::admin::api::v1::{
    DiffMappingsResponse, ListExpressionFunctionsResponse, Mapping, MappingRefusal, MappingVersion, NameRule,
    PreviewSummary, ProvisioningPolicy, SeenGroup,
};

/// A mapping: what it is, its rules, what of its policy is set, and its tests.
pub(super) fn mapping(out: &mut impl Write, mapping: &Mapping) -> Result<(), Error> {
    if mapping.version == 0 {
        return Ok(writeln!(out, "There is no mapping: everything is stored as it is sent.")?);
    }
    print::fields(
        out,
        &[
            ("Version", mapping.version.to_string()),
            ("Set", print::time_and_distance(mapping.create_time.as_ref(), "-")),
            ("By", print::text(&mapping.author)),
            ("Comment", print::text(&mapping.comment)),
            ("Tests", mapping.tests.len().to_string()),
        ],
    )?;
    if !mapping.rules.is_empty() {
        let rows: Vec<_> = mapping
            .rules
            .iter()
            .map(|rule| {
                let of = if rule.resource_type.is_empty() { "User" } else { rule.resource_type.as_str() };
                let when = word(rule.when().as_str_name(), "MAPPING_WHEN_");
                let otherwise = word(rule.otherwise().as_str_name(), "MAPPING_OTHERWISE_");
                [rule.name.clone(), of.to_owned(), rule.target.clone(), when, otherwise, rule.expression.clone()]
            })
            .collect();
        writeln!(out)?;
        print::table(out, ["RULE", "TYPE", "TARGET", "WHEN", "OTHERWISE", "EXPRESSION"], &rows)?;
    }
    let policy = mapping.policy.clone().unwrap_or_default();
    let set = policy_fields(&policy);
    if !set.is_empty() {
        writeln!(out, "\nPolicy")?;
        let set: Vec<(&str, String)> = set.into_iter().collect();
        print::fields(out, &set)?;
    }
    Ok(())
}

/// What of a policy is set, by the names of its fields.
fn policy_fields(policy: &ProvisioningPolicy) -> Vec<(&'static str, String)> {
    let switches = policy.switches.unwrap_or_default();
    let groups = policy.groups.clone().unwrap_or_default();
    let switched = [
        ("user create", switches.refuse_user_create),
        ("user update", switches.refuse_user_update),
        ("user delete", switches.refuse_user_delete),
        ("group create", switches.refuse_group_create),
        ("group update", switches.refuse_group_update),
        ("group delete", switches.refuse_group_delete),
    ];
    let refused: Vec<String> =
        switched.iter().filter(|(_, refused)| *refused).map(|(what, _)| (*what).to_owned()).collect();
    let rule = |rule: &Option<NameRule>| {
        rule.as_ref().map_or_else(String::new, |rule| format!("{} -> {}", rule.pattern, quoted(&rule.replacement)))
    };
    let count = |count: usize, what: &str| if count == 0 { String::new() } else { format!("{count} {what}") };
    let only = if groups.table_only { ", no others" } else { "" };
    let fields = [
        ("username_rule", rule(&policy.username_rule)),
        ("refused", refused.join(", ")),
        ("on_inactive", word(policy.on_inactive().as_str_name(), "ON_INACTIVE_")),
        ("deleted_kept_days", policy.deleted_kept_days.map(|days| days.to_string()).unwrap_or_default()),
        ("existing_user", word(policy.existing_user().as_str_name(), "EXISTING_USER_")),
        ("default_groups", policy.default_groups.join(", ")),
        ("default_groups_for", word(policy.default_groups_for().as_str_name(), "DEFAULT_GROUPS_FOR_")),
        ("groups.include", groups.include.join(", ")),
        ("groups.exclude", groups.exclude.join(", ")),
        ("groups.table", count(groups.table.len(), &format!("names{only}"))),
        ("groups.rename", rule(&groups.rename)),
        ("membership", word(policy.membership().as_str_name(), "MEMBERSHIP_MODE_")),
        ("protected_users", policy.protected_users.join(", ")),
        ("protected_groups", policy.protected_groups.join(", ")),
    ];
    fields.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// One part of a preview but its progress and its end.
pub(super) fn part(out: &mut impl Write, part: &Part) -> Result<(), Error> {
    match part {
        Part::Difference(difference) => exchange::difference(out, difference),
        Part::Refusal(refusal) => self::refusal(out, refusal),
        Part::Collision(collision) => {
            let (of, attribute) = (print::clean(&collision.resource_type), print::clean(&collision.attribute));
            let value = print::clean(&collision.value);
            Ok(writeln!(out, "collision {of}.{attribute} {value}: {}", collision.resource_ids.join(", "))?)
        }
        Part::Progress(_) | Part::Summary(_) => Ok(()),
    }
}

/// A resource that a rule refuses, or that could not be changed.
pub(super) fn refusal(out: &mut impl Write, refusal: &MappingRefusal) -> Result<(), Error> {
    let by = if refusal.rule.is_empty() { String::new() } else { format!(" by {}", print::clean(&refusal.rule)) };
    let (of, id) = (print::clean(&refusal.resource_type), print::clean(&refusal.resource_id));
    Ok(writeln!(out, "refused {of} {id}{by}: {}", print::clean(&refusal.reason))?)
}

/// What a preview came to. `is_one`: of one request, and not of what is stored.
pub(super) fn summary(out: &mut impl Write, summary: &PreviewSummary, is_one: bool) -> Result<(), Error> {
    writeln!(out)?;
    if is_one {
        print::fields(
            out,
            &[
                ("Status", summary.status.to_string()),
                ("Rules", print::list(&summary.rules)),
                ("Resources", summary.resources.to_string()),
            ],
        )?;
        if !summary.response_body.is_empty() {
            writeln!(out, "\nAnswer body")?;
            let json: Option<serde_json::Value> = serde_json::from_str(&summary.response_body).ok();
            let text = json.map_or_else(|| summary.response_body.clone(), |json| format!("{json:#}"));
            print::block(out, &text)?;
        }
        return Ok(());
    }
    print::fields(
        out,
        &[
            ("Resources", summary.resources.to_string()),
            ("Would change", summary.changed.to_string()),
            ("Would stay", summary.unchanged.to_string()),
            ("Refused", summary.refused.to_string()),
            ("Collisions", summary.collisions.to_string()),
        ],
    )?;
    let mut rules: Vec<_> = summary.changed_by_rule.iter().collect();
    if rules.is_empty() {
        return Ok(());
    }
    rules.sort();
    let rows: Vec<_> = rules.into_iter().map(|(rule, count)| [rule.clone(), count.to_string()]).collect();
    writeln!(out)?;
    print::table(out, ["RULE", "CHANGES"], &rows)
}

/// The versions of a mapping.
pub(super) fn versions(out: &mut impl Write, versions: &[MappingVersion]) -> Result<(), Error> {
    let rows: Vec<_> = versions
        .iter()
        .map(|version| {
            let state = match (version.in_force, version.rollback_of) {
                (true, 0) => "in force".to_owned(),
                (true, old) => format!("in force, as {old}"),
                (false, 0) => "-".to_owned(),
                (false, old) => format!("as {old}"),
            };
            [
                version.version.to_string(),
                print::time(version.create_time.as_ref()),
                version.author.clone(),
                version.rules.to_string(),
                state,
                print::text(&version.comment),
            ]
        })
        .collect();
    print::table(out, ["VERSION", "SET", "BY", "RULES", "STATE", "COMMENT"], &rows)
}

/// What differs between two versions.
pub(super) fn changes(out: &mut impl Write, diff: &DiffMappingsResponse) -> Result<(), Error> {
    writeln!(out, "From version {} to version {}", diff.from, diff.to)?;
    if diff.changes.is_empty() {
        return Ok(writeln!(out, "Nothing differs.")?);
    }
    for change in &diff.changes {
        writeln!(out, "{}", print::clean(&change.path))?;
        for (sign, value) in [('-', &change.before), ('+', &change.after)] {
            if !value.is_empty() {
                writeln!(out, "  {sign} {}", print::clean(value))?;
            }
        }
    }
    Ok(())
}

/// The functions of the mapping language.
pub(super) fn functions(out: &mut impl Write, list: &ListExpressionFunctionsResponse) -> Result<(), Error> {
    for function in &list.functions {
        writeln!(out, "{}", print::clean(&function.signature))?;
        print::prose(out, &function.description)?;
        writeln!(out, "  Example: {}\n", print::clean(&function.example))?;
    }
    Ok(())
}

/// The groups that were seen.
pub(super) fn groups(out: &mut impl Write, groups: &[SeenGroup]) -> Result<(), Error> {
    let rows: Vec<_> = groups
        .iter()
        .map(|group| {
            [
                group.name.clone(),
                print::text(&group.stored_name),
                print::text(&group.resource_id),
                print::time(group.refuse_time.as_ref()),
            ]
        })
        .collect();
    print::table(out, ["SENT AS", "STORED AS", "ID", "REFUSED"], &rows)
}

/// The word of an enum's value; empty for the one that says nothing.
fn word(name: &str, prefix: &str) -> String {
    match name.strip_prefix(prefix).unwrap_or(name) {
        "UNSPECIFIED" => String::new(),
        word => word.to_ascii_lowercase().replace('_', " "),
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "\"\"".to_owned() } else { text.to_owned() }
}
