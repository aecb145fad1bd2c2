//! The flags that say which groups and users an application or a target sees, and how; and the same, shown.

use super::{print, values};
use crate::server::admin::api::v1::{OutboundFilter, OutboundMapping, OutboundUsers};

/// What is seen of a tenant.
#[derive(Debug, clap::Args)]
pub struct Outbound {
    /// Shows it the groups whose whole name matches this regular expression, without regard to case; may be repeated, and "" is
    /// none of them. Without any it sees all groups.
    #[arg(long, value_name = "REGEX")]
    include_groups: Option<Vec<String>>,

    /// Hides the groups whose whole name matches this regular expression all the same; may be repeated, and "" is none of them.
    #[arg(long, value_name = "REGEX")]
    exclude_groups: Option<Vec<String>>,

    /// Shows it everyone in the tenant, or only the members of the groups that it sees.
    #[arg(long, value_name = "all|members", value_parser = users)]
    users: Option<OutboundUsers>,

    /// Makes a part of users or groups by an expression of the mapping language: user_name, display_name, first_name, last_name,
    /// email or group_name. May be repeated; without an expression the part is made as usual again.
    #[arg(long = "map", value_name = "PART=EXPRESSION", value_parser = mapped)]
    mapping: Vec<(String, String)>,
}

impl Outbound {
    /// The filter and the mapping with what is given; the paths of that are added to `paths`.
    pub fn messages(&self, paths: &mut Vec<String>) -> (OutboundFilter, OutboundMapping) {
        let (mut filter, mut mapping) = (OutboundFilter::default(), OutboundMapping::default());
        let (include, exclude) =
            (values::without_empty(&self.include_groups), values::without_empty(&self.exclude_groups));
        values::set(&include, &mut filter.include_groups, "filter.include_groups", paths);
        values::set(&exclude, &mut filter.exclude_groups, "filter.exclude_groups", paths);
        values::set(&self.users.map(i32::from), &mut filter.users, "filter.users", paths);
        for (name, expression) in &self.mapping {
            if let Some(field) = part(&mut mapping, name) {
                expression.clone_into(field);
                paths.push(format!("mapping.{name}"));
            }
        }
        (filter, mapping)
    }
}

/// Names and values of all of it, for [`print::fields`].
pub fn rows(filter: &OutboundFilter, mapping: &OutboundMapping) -> [(&'static str, String); 8] {
    let expression = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
    [
        ("Users", scope(filter).to_owned()),
        ("Groups", patterns(filter)),
        ("User name", expression(&mapping.user_name, "[userName]")),
        ("Display name", expression(&mapping.display_name, "displayName, or what is nearest")),
        ("First name", expression(&mapping.first_name, "name.givenName")),
        ("Last name", expression(&mapping.last_name, "name.familyName")),
        ("E-mail", expression(&mapping.email, "the primary one")),
        ("Group name", expression(&mapping.group_name, "[displayName]")),
    ]
}

/// Which users are seen, in a word.
pub fn scope(filter: &OutboundFilter) -> &'static str {
    match filter.users() {
        OutboundUsers::Members => "members",
        OutboundUsers::Unspecified | OutboundUsers::All => "all",
    }
}

/// Which groups are seen.
pub fn patterns(filter: &OutboundFilter) -> String {
    let included = match filter.include_groups.is_empty() {
        true => "all".to_owned(),
        false => print::list(&filter.include_groups),
    };
    match filter.exclude_groups.is_empty() {
        true => included,
        false => format!("{included} without {}", print::list(&filter.exclude_groups)),
    }
}

/// The field of a mapping that makes this part of users or groups.
fn part<'a>(mapping: &'a mut OutboundMapping, name: &str) -> Option<&'a mut String> {
    match name {
        "user_name" => Some(&mut mapping.user_name),
        "display_name" => Some(&mut mapping.display_name),
        "first_name" => Some(&mut mapping.first_name),
        "last_name" => Some(&mut mapping.last_name),
        "email" => Some(&mut mapping.email),
        "group_name" => Some(&mut mapping.group_name),
        _ => None,
    }
}

fn users(text: &str) -> Result<OutboundUsers, String> {
    match text {
        "all" => Ok(OutboundUsers::All),
        "members" => Ok(OutboundUsers::Members),
        _ => Err("it is all or members".to_owned()),
    }
}

fn mapped(text: &str) -> Result<(String, String), String> {
    let (name, expression) = text.split_once('=').ok_or("it is PART=EXPRESSION, such as user_name=[userName]")?;
    let name = name.trim();
    if part(&mut OutboundMapping::default(), name).is_none() {
        let parts = "user_name, display_name, first_name, last_name, email and group_name";
        return Err(format!("before the = stands one of {parts}"));
    }
    Ok((name.to_owned(), expression.trim().to_owned()))
}
